"""Roll-ups: what the samples of a minute or an hour come to, point by point.

A row tells how many samples there were (bad ones are left out, as they are in judging), the
least, the greatest, their sum, the first and the last time and the last value. Rows of one point
and stretch of time are added up, so late samples only bring one more row; two rows whose times run
into each other may tell of the same samples, and are then counted anew from the samples.
"""
# ruff: noqa: ANN001, ANN202, PLR0913, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from guatu.telemetry.cells import TENS
from guatu.telemetry.history.rule import compiled
from guatu.telemetry.history.sort import Part

MINUTE_MS, HOUR_MS = 60_000, 3_600_000
WIDTHS = {"minute": MINUTE_MS, "hour": HOUR_MS}
ROLLED_GROUP = 1 << 15
"""Rows in a row group: a chart of one point reads little else."""


@dataclass(slots=True)
class Rolled:
    """Rows by point and begin.

    Args:
        point: database ids, int32.
        at_ms: begin of the stretch, int64.
        count: samples in it, int64.
        low: the least, float64.
        high: the greatest, float64.
        total: their sum, float64.
        last: the latest, float64.
        first_ms: time of the first sample, int64.
        last_ms: time of the latest, int64.
    """

    point: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    count: NDArray[np.int64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    total: NDArray[np.float64]
    last: NDArray[np.float64]
    first_ms: NDArray[np.int64]
    last_ms: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.point)

    @property
    def columns(self) -> list[NDArray[Any]]:
        """All columns in their order."""
        return [getattr(self, name) for name in COLUMNS]

    def only(self, kept: NDArray[Any] | slice) -> Rolled:
        """Choose rows, by a mask, places or a slice."""
        return Rolled(*(column[kept] for column in self.columns))

    def cut(self, begin: int, end: int) -> Rolled:
        """Give a stretch of the rows, without copying."""
        return self.only(slice(begin, end))


COLUMNS = tuple(field.name for field in fields(Rolled))
_KINDS = (pa.int32(), pa.int64(), pa.int32(), *(pa.float64(),) * 4, pa.int64(), pa.int64())
AS_LAST = ("low", "high", "total")
"""Columns that are null in a file where one sample is all there is: then `last` says the same."""
ROLLED = pa.schema(
    [
        pa.field(name, kind, nullable=name in AS_LAST)
        for name, kind in zip(COLUMNS, _KINDS, strict=True)
    ]
)
DTYPES = (np.int32, np.int64, np.int64, *(np.float64,) * 4, np.int64, np.int64)


def none_rolled() -> Rolled:
    """Give no rows."""
    columns: list[NDArray[Any]] = [np.empty(0, kind) for kind in DTYPES]
    return Rolled(*columns)


@compiled
def _end_of_row(point, at_ms, begin, end_ms, guess):
    """Find where the samples of a point before a time end; most rows are as long as the last."""
    end = begin + guess
    if not (end <= len(point) and point[end - 1] == point[begin] and at_ms[end - 1] < end_ms):
        end = begin + 1
    while end < len(point) and point[end] == point[begin] and at_ms[end] < end_ms:
        end += 1
    return end


@compiled
def _roll(point, at_ms, tag, cell, width, ints, extremes, totals):
    """Add samples up; gives how many rows there are, or -1 where they have no room."""
    row, begin, guess = 0, 0, 1
    while begin < len(point):
        if row == len(totals):
            return -1
        begin_ms = at_ms[begin] // width * width
        end = _end_of_row(point, at_ms, begin, begin_ms + width, guess)
        guess = end - begin
        for i in range(begin, end):
            if tag[i] != tag[begin]:
                end = i
                break
        low = high = cell[begin]
        total = totals.dtype.type(0)
        for i in range(begin, end):
            low, high = min(low, cell[i]), max(high, cell[i])
            total += cell[i]
        extremes[0, row], extremes[1, row], extremes[2, row] = low, high, cell[end - 1]
        ints[0, row], ints[1, row], ints[2, row] = begin, begin_ms, end - begin
        ints[3, row], ints[4, row], totals[row] = at_ms[begin], at_ms[end - 1], total
        row, begin = row + 1, end
    return row


def roll(part: Part, width_ms: int, *, scaled: bool) -> Rolled:
    """Roll samples up.

    Args:
        part: sorted by point and time, each time of a point once.
        width_ms: of a row.
        scaled: whether the cells are scaled, the tag telling their decimals.
    """
    # Only decimals part rows: the quality of the others says nothing of how to add them.
    tag = part.tag if scaled else np.zeros(len(part), np.int8)
    room = len(part) // 32 + 1024
    while True:
        ints = np.empty((5, room), np.int64)
        extremes = np.empty((3, room), part.cell.dtype)
        totals = np.empty(room, np.int64 if scaled else np.float64)
        rows = _roll(part.point, part.at_ms, tag, part.cell, width_ms, ints, extremes, totals)
        if rows >= 0:
            break
        room *= 6
    places, begins, counts, firsts, lasts = ints[:, :rows]
    figures: list[NDArray[Any]] = [
        extremes[0, :rows],
        extremes[1, :rows],
        totals[:rows],
        extremes[2, :rows],
    ]
    if scaled:
        ten = TENS[tag[places]]
        figures = [column / ten for column in figures]
    low, high, total, last = figures
    rolled = Rolled(part.point[places], begins, counts, low, high, total, last, firsts, lasts)
    if scaled and rows and (tag[places] != tag[0]).any():
        rolled = add_up([rolled]).rolled
    return rolled


def widened(rolled: Rolled, width_ms: int) -> Rolled:
    """Add rows up to wider ones.

    Args:
        rolled: sorted, one row for each point and begin.
        width_ms: of the wider ones, a multiple of the width that they have.
    """
    begins = rolled.at_ms // width_ms * width_ms
    return add_up([replace(rolled, at_ms=begins)]).rolled


@compiled
def _add_up(point, at_ms, source, count, low, high, total, last, first_ms, last_ms, doubtful, most):
    """Add sorted rows into the first of each point and begin; gives how many remain."""
    row, mixed = -1, False
    for i in range(len(point)):
        if row < 0 or point[i] != point[row] or at_ms[i] != at_ms[row]:
            row += 1
            point[row], at_ms[row], count[row], most[row] = point[i], at_ms[i], count[i], count[i]
            low[row], high[row], total[row], last[row] = low[i], high[i], total[i], last[i]
            first_ms[row], last_ms[row] = first_ms[i], last_ms[i]
            source[row], doubtful[row], mixed = source[i], False, False
            continue
        mixed |= source[i] != source[row]
        # Sorted by the first time: what begins after all before it has ended shares nothing.
        doubtful[row] |= mixed and first_ms[i] <= last_ms[row]
        most[row] = max(most[row], count[i])
        count[row] += count[i]
        total[row] += total[i]
        low[row], high[row] = min(low[row], low[i]), max(high[row], high[i])
        if last_ms[i] >= last_ms[row]:
            last[row], last_ms[row] = last[i], last_ms[i]
    return row + 1


@dataclass(frozen=True, slots=True)
class Sum:
    """Rows added up.

    Args:
        rolled: sorted, one row for each point and begin.
        doubtful: whether two parts may have told of the same samples.
        most: the greatest count that a single row told of.
    """

    rolled: Rolled
    doubtful: NDArray[np.bool_]
    most: NDArray[np.int64]


def joined_rolled(parts: Sequence[Rolled]) -> Rolled:
    """Put parts behind each other."""
    columns = zip(*(part.columns for part in parts), strict=True)
    return Rolled(*(np.concatenate(same) for same in columns))


def add_up(parts: Sequence[Rolled]) -> Sum:
    """Add rows of the same point and begin.

    Args:
        parts: each sorted, telling of samples that no other row of the same part tells of.
    """
    whole = joined_rolled([none_rolled(), *parts])
    source = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    if len(parts) > 1:
        order = np.lexsort((whole.first_ms, whole.at_ms, whole.point))
        whole, source = whole.only(order), source[order]
    doubtful, most = np.empty(len(whole), np.bool_), np.empty(len(whole), np.int64)
    rows = _add_up(
        whole.point, whole.at_ms, source, whole.count, whole.low, whole.high, whole.total,
        whole.last, whole.first_ms, whole.last_ms, doubtful, most,
    )  # fmt: skip
    return Sum(whole.cut(0, rows), doubtful[:rows], most[:rows])


class RolledWriter:
    """Writes a file of rows, piece by piece, and makes its contents durable.

    Args:
        path: where; not yet the name readers look for.
    """

    def __init__(self, path: Path) -> None:
        self._waiting: list[Rolled] = []
        self._file = path.open("wb")
        self._writer = pq.ParquetWriter(
            self._file,
            ROLLED,
            compression="zstd",
            compression_level=1,
            use_dictionary=False,
            write_page_checksum=True,
            write_statistics=["point", "at_ms"],
            column_encoding={
                field.name: "BYTE_STREAM_SPLIT" if field.type == pa.float64() else "PLAIN"
                for field in ROLLED
            },
        )

    def add(self, rolled: Rolled) -> None:
        """Take rows that follow those before, in order."""
        self._waiting += [rolled] if len(rolled) else []
        if sum(len(one) for one in self._waiting) >= ROLLED_GROUP:
            self._flush()

    def _flush(self) -> None:
        rolled = joined_rolled(self._waiting)
        alone = rolled.count == 1
        arrays = [
            pa.array(
                column.astype(field.type.to_pandas_dtype(), copy=False),
                mask=alone if field.name in AS_LAST else None,
            )
            for column, field in zip(rolled.columns, ROLLED, strict=True)
        ]
        table = pa.Table.from_arrays(arrays, schema=ROLLED)
        self._writer.write_table(table, row_group_size=ROLLED_GROUP)
        self._waiting.clear()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        with self._file:
            if kind is None and self._waiting:
                self._flush()
            self._writer.close()
            self._file.flush()
            os.fsync(self._file.fileno())
