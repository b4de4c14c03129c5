"""Segments: samples between two cuts, sorted by point and time, small and exact.

A point whose samples are all whole multiples of its last decimal is stored as scaled int32 (1.4
bytes a sample on disk); any other as float64. Either way the value read back equals the value
sent: a scaled one is taken only where dividing it again gives the same double.
"""
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numba import njit
from numpy.typing import NDArray

ROW_GROUP = 1 << 18
TENS = np.array([10.0**e for e in range(16)])
LARGEST = float(2**31 - 1)
SCHEMA = pa.schema(
    [
        ("point", pa.int32()),
        ("at_ms", pa.int64()),
        ("decimals", pa.int8()),
        ("scaled", pa.int32()),
        ("value", pa.float64()),
    ]
)
ENCODING = {
    "point": "DELTA_BINARY_PACKED",
    "at_ms": "DELTA_BINARY_PACKED",
    "scaled": "BYTE_STREAM_SPLIT",
    "value": "BYTE_STREAM_SPLIT",
}


@dataclass(frozen=True, slots=True)
class Block:
    """One beat's samples as the engine keeps them until the next cut.

    Args:
        sequence: of the log message.
        plant: database id.
        rows: rows of the points in the engine's tables, int32 (points,).
        times: int64 (times,).
        values: float64 (points, times); NaN is no sample.
    """

    sequence: int
    plant: int
    rows: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


@dataclass(slots=True)
class Sorted:
    """Samples ready to be written, exact points first; each part sorted by point, then time.

    Args:
        point: database ids, int32 (samples,).
        at_ms: int64 (samples,).
        decimals: int8 (exact samples,).
        scaled: int32 (exact samples,).
        value: float64 (the other samples,).
        doubled: samples left out because their point had one of the same time.
        doubled_rows: the engine's rows of their points.
    """

    point: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    decimals: NDArray[np.int8]
    scaled: NDArray[np.int32]
    value: NDArray[np.float64]
    doubled_rows: NDArray[np.int32]


@njit(cache=True, nogil=True)
def _count(rows, times_each, points_each, values, decimals, counts, exact):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, PLR0917
    at, row_at = 0, 0
    for block in range(len(points_each)):
        for i in range(points_each[block]):
            row = rows[row_at + i]
            ten, is_exact, seen = TENS[decimals[row]], exact[row], 0
            for _ in range(times_each[block]):
                value = values[at]
                at += 1
                if np.isnan(value):
                    continue
                seen += 1
                if is_exact:
                    scaled = np.rint(value * ten)
                    is_exact = abs(scaled) <= LARGEST and scaled / ten == value
            counts[row] += seen
            exact[row] = is_exact
        row_at += points_each[block]


@njit(cache=True, nogil=True)
def _scatter(rows, times, times_each, points_each, values, places, out_times, out_values):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202, PLR0917
    at, row_at, time_at = 0, 0, 0
    for block in range(len(points_each)):
        for i in range(points_each[block]):
            row = rows[row_at + i]
            place = places[row]
            for j in range(times_each[block]):
                value = values[at]
                at += 1
                if not np.isnan(value):
                    out_times[place] = times[time_at + j]
                    out_values[place] = value
                    place += 1
            places[row] = place
        row_at += points_each[block]
        time_at += times_each[block]


@njit(cache=True, nogil=True)
def _order(begins, ends, times, values, doubled):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    """Sort each point's stretch by time where needed; mark samples of a time already there."""
    marked = 0
    for k in range(len(begins)):
        begin, end = begins[k], ends[k]
        is_rising = True
        for at in range(begin + 1, end):
            if times[at] <= times[at - 1]:
                is_rising = False
                break
        if is_rising:
            continue
        order = np.argsort(times[begin:end], kind="mergesort")
        times[begin:end] = times[begin:end][order]
        values[begin:end] = values[begin:end][order]
        for at in range(begin + 1, end):
            if times[at] == times[at - 1]:
                doubled[at] = True
                marked += 1
    return marked


def sort_blocks(blocks: list[Block], ids: NDArray[np.int32], decimals: NDArray[np.int8]) -> Sorted:
    """Bring blocks into the order of a segment.

    Args:
        blocks: in the order of the log.
        ids: database id of each of the engine's rows.
        decimals: of each row.
    """
    rows = np.concatenate([block.rows for block in blocks])
    times = np.concatenate([block.times for block in blocks])
    values = np.concatenate([block.values.ravel() for block in blocks])
    points_each = np.array([len(block.rows) for block in blocks], np.int64)
    times_each = np.array([len(block.times) for block in blocks], np.int64)
    counts = np.zeros(len(ids), np.int64)
    exact = np.ones(len(ids), np.bool_)
    _count(rows, times_each, points_each, values, decimals, counts, exact)
    present = np.flatnonzero(counts)
    present = present[np.lexsort((ids[present], ~exact[present]))]
    ends = np.cumsum(counts[present])
    begins = ends - counts[present]
    places = np.zeros(len(ids), np.int64)
    places[present] = begins
    total = int(ends[-1]) if len(ends) else 0
    out_times, out_values = np.empty(total, np.int64), np.empty(total, np.float64)
    _scatter(rows, times, times_each, points_each, values, places, out_times, out_values)
    doubled = np.zeros(total, np.bool_)
    marked = int(_order(begins, ends, out_times, out_values, doubled))
    row_of = np.repeat(present.astype(np.int32), counts[present])
    doubled_rows = row_of[:0]
    if marked:
        doubled_rows = row_of[doubled]
        row_of, out_times, out_values = row_of[~doubled], out_times[~doubled], out_values[~doubled]
    exacts = int(np.count_nonzero(exact[row_of])) if total else 0
    digits = decimals[row_of[:exacts]]
    scaled = np.rint(out_values[:exacts] * TENS[digits]).astype(np.int32)
    return Sorted(ids[row_of], out_times, digits, scaled, out_values[exacts:], doubled_rows)


def write_segment(path: Path, rows: Sorted) -> None:
    """Write a segment and make its contents durable; same rows, same bytes.

    Args:
        path: where; not yet the name readers look for.
        rows: what.
    """
    exacts = len(rows.scaled)
    others = len(rows.value)
    with path.open("wb") as file:
        writer = pq.ParquetWriter(
            file,
            SCHEMA,
            compression="zstd",
            compression_level=1,
            use_dictionary=["decimals"],
            column_encoding=ENCODING,
        )
        for begin, end, columns in (
            (0, exacts, [rows.decimals, rows.scaled, pa.nulls(exacts, pa.float64())]),
            (
                exacts,
                exacts + others,
                [pa.nulls(others, pa.int8()), pa.nulls(others, pa.int32()), rows.value],
            ),
        ):
            if end > begin:
                arrays = [rows.point[begin:end], rows.at_ms[begin:end], *columns]
                table = pa.Table.from_arrays([pa.array(column) for column in arrays], schema=SCHEMA)
                writer.write_table(table, row_group_size=ROW_GROUP)
        writer.close()
        file.flush()
        os.fsync(file.fileno())


def warm_up() -> None:
    """Compile, or load from the cache, what sorts samples; call it before the first cut."""
    block = Block(1, 1, np.zeros(1, np.int32), np.array([2, 3]), np.ones((1, 2)))
    sort_blocks([block, block], np.zeros(1, np.int32), np.zeros(1, np.int8))
