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
        pa.field("point", pa.int32(), nullable=False),
        pa.field("at_ms", pa.int64(), nullable=False),
        ("decimals", pa.int8()),
        ("scaled", pa.int32()),
        ("value", pa.float64()),
    ]
)
ENCODING = {
    "point": "PLAIN",
    "at_ms": "PLAIN",
    "scaled": "BYTE_STREAM_SPLIT",
    "value": "BYTE_STREAM_SPLIT",
}
# Points stand in runs, and a plant's points share their times: repeats that lz4 finds at half the
# cost of delta encoding, and in less space. zstd's fast levels overlook them.
COMPRESSION = {
    "point": "lz4",
    "at_ms": "lz4",
    "decimals": "zstd",
    "scaled": "zstd",
    "value": "zstd",
}
ZSTD_LEVEL = {"decimals": 1, "scaled": 1, "value": 1}


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
def _scatter(  # type: ignore[no-untyped-def] # noqa: ANN202, PLR0917
    rows,  # noqa: ANN001
    times,  # noqa: ANN001
    times_each,  # noqa: ANN001
    points_each,  # noqa: ANN001
    values,  # noqa: ANN001
    tables,  # noqa: ANN001
    out,  # noqa: ANN001
):
    """Put each sample at its point's next place; give how many points are out of order there."""
    ids, decimals, exact, places, last = tables
    point, at_ms, digits, scaled, value = out
    exacts = len(scaled)
    at, row_at, time_at, disorder = 0, 0, 0, 0
    for block in range(len(points_each)):
        for i in range(points_each[block]):
            row = rows[row_at + i]
            place, before, ten = places[row], last[row], TENS[decimals[row]]
            for j in range(times_each[block]):
                sample, time = values[at], times[time_at + j]
                at += 1
                if np.isnan(sample):
                    continue
                point[place], at_ms[place] = ids[row], time
                if exact[row]:
                    digits[place], scaled[place] = decimals[row], np.int32(np.rint(sample * ten))
                else:
                    value[place - exacts] = sample
                disorder += time <= before
                before = time
                place += 1
            places[row], last[row] = place, before
        row_at += points_each[block]
        time_at += times_each[block]
    return disorder


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
    places = np.zeros(len(ids), np.int64)
    ends = np.cumsum(counts[present])
    places[present] = ends - counts[present]
    total, exacts = int(counts.sum()), int(counts[exact].sum())
    out = (
        np.empty(total, np.int32),
        np.empty(total, np.int64),
        np.empty(exacts, np.int8),
        np.empty(exacts, np.int32),
        np.empty(total - exacts, np.float64),
    )
    last = np.full(len(ids), -(2**62), np.int64)
    tables = (ids, decimals, exact, places, last)
    disorder = _scatter(rows, times, times_each, points_each, values, tables, out)
    found = Sorted(*out, np.empty(0, np.int32))
    return _put_right(found, np.repeat(present, counts[present])) if disorder else found


def _put_right(found: Sorted, rows: NDArray[np.intp]) -> Sorted:
    """Sort by time within each point, and leave out samples of a time already there."""
    exacts = len(found.scaled)
    # Stable, and by the part first: of two samples of one time the one logged first stays.
    order = np.lexsort((found.at_ms, found.point, np.arange(len(rows)) >= exacts))
    point, at_ms = found.point[order], found.at_ms[order]
    again = np.zeros(len(order), np.bool_)
    again[1:] = (point[1:] == point[:-1]) & (at_ms[1:] == at_ms[:-1])
    kept = order[~again]
    first, rest = kept[kept < exacts], kept[kept >= exacts] - exacts
    return Sorted(
        found.point[kept],
        found.at_ms[kept],
        found.decimals[first],
        found.scaled[first],
        found.value[rest],
        rows[order[again]].astype(np.int32),
    )


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
            compression=COMPRESSION,
            compression_level=ZSTD_LEVEL,
            use_dictionary=["decimals"],
            write_statistics=["point", "at_ms"],
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
