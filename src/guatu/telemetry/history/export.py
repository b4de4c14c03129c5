"""Giving history away: point by point, stretch by stretch, so that its size is no matter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.history.course import RAW, read_rolled
from guatu.telemetry.history.damage import DamagedError
from guatu.telemetry.history.footers import footer
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    Segment,
    partition_folder,
    partitions,
    rolled_folder,
    segments,
)
from guatu.telemetry.history.read import (
    EMPTY,
    Columns,
    Through,
    read_samples,
    sorted_columns,
    stored_segments,
)
from guatu.telemetry.history.rollup import WIDTHS

WINDOWS_MS = {RAW: 6 * 3_600_000, "minute": 15 * 86_400_000, "hour": 366 * 86_400_000}
"""How much of a point is read at a time: some ten thousand rows."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """Rows of one point, by time.

    Args:
        point: database id.
        at_ms: times of samples, or begins of minutes or hours, int64.
        value: samples, or means, float64.
        quality: of samples, int8; zeros for means.
        low: the least of each minute or hour; the samples themselves otherwise.
        high: the greatest.
        last: the latest.
        count: how many samples, int64.
    """

    point: int
    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int8]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    last: NDArray[np.float64]
    count: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.at_ms)


@dataclass(frozen=True, slots=True)
class Order:
    """What is wanted.

    Args:
        points: database ids, in the order wanted.
        start_ms: earliest time.
        end_ms: latest time, itself included.
        resolution: ``raw``, ``minute`` or ``hour``.
    """

    points: Sequence[int]
    start_ms: int
    end_ms: int
    resolution: str


def stretches(
    history: Path,
    order: Order,
    *,
    through: Mapping[int, Through] | None = None,
    newest: Columns = EMPTY,
) -> Iterator[Stretch]:
    """Give what is wanted, of one point after the other.

    Args:
        history: its folder.
        order: what is wanted.
        through: see `stored_segments`.
        newest: samples of these points that are in no segment yet.
    """
    width = WINDOWS_MS[order.resolution]
    start_ms, end_ms = _clipped(history, order, newest)
    for point in order.points:
        own = newest.only(newest.point == point)
        for begin in range(start_ms, end_ms + 1, width):
            end = min(begin + width - 1, end_ms)
            part = own.only((own.at_ms >= begin) & (own.at_ms <= end))
            if order.resolution == RAW:
                stored = read_samples(history, [point], begin, end, through=through)
                found = _samples(point, sorted_columns([stored, part]))
            else:
                found = _rolled(history, order.resolution, (point, begin, end), through, part)
            if len(found):
                yield found


def _clipped(history: Path, order: Order, newest: Columns) -> tuple[int, int]:
    """Leave out time in which there is nothing, and begin where a minute or hour does."""
    found = stored_segments(history, order.start_ms, order.end_ms)
    low = min([one.name.from_ms for one in found] + newest.at_ms.tolist(), default=order.end_ms + 1)
    high = max([one.name.to_ms for one in found] + newest.at_ms.tolist(), default=order.end_ms)
    if order.resolution != RAW:
        # Samples may be given up long before their roll-ups.
        low, high = order.start_ms, order.end_ms
    start_ms = max(low, order.start_ms)
    wide = WIDTHS.get(order.resolution, 1)
    return start_ms // wide * wide, min(high, order.end_ms)


def _samples(point: int, columns: Columns) -> Stretch:
    value, ones = columns.value, np.ones(len(columns), np.int64)
    return Stretch(point, columns.at_ms, value, columns.quality, value, value, value, ones)


def _rolled(
    history: Path,
    resolution: str,
    span: tuple[int, int, int],
    through: Mapping[int, Through] | None,
    newest: Columns,
) -> Stretch:
    point, begin, end = span
    rolled = read_rolled(history, [point], begin, end, resolution, through=through, newest=newest)
    none = np.zeros(len(rolled), np.int8)
    mean = rolled.total / rolled.count
    return Stretch(
        point, rolled.at_ms, mean, none, rolled.low, rolled.high, rolled.last, rolled.count
    )


@dataclass(frozen=True, slots=True)
class Stock:
    """What history holds of a day, or of a month of hours.

    Args:
        partition: its number.
        kind: ``raw``, ``minute`` or ``hour``.
        period: yyyy-mm-dd or yyyy-mm.
        files: how many.
        rows: samples, or rows of roll-ups.
        size: bytes on the disk.
        from_ms: earliest sample time.
        to_ms: latest sample time.
        damaged: files that cannot be read.
    """

    partition: int
    kind: str
    period: str
    files: int
    rows: int
    size: int
    from_ms: int
    to_ms: int
    damaged: int


def stock(history: Path) -> list[Stock]:
    """Say what there is, by partition, kind and day."""
    found = []
    for partition in partitions(history):
        folders = [(RAW, partition_folder(history, partition), "day=")]
        folders += [
            (width, rolled_folder(history, partition, width), within)
            for width, within in ROLLED_WITHIN.items()
        ]
        for kind, folder, within in folders:
            files = sorted(segments(folder, within), key=lambda one: one.path.parent.name)
            for name, group in groupby(files, key=lambda one: one.path.parent.name):
                found.append(_stock(partition, kind, name.removeprefix(within), list(group)))
    return found


def _stock(partition: int, kind: str, period: str, files: list[Segment]) -> Stock:
    rows = size = damaged = 0
    for file in files:
        try:
            size += file.path.stat().st_size
            rows += footer(file.path).rows
        except FileNotFoundError:
            continue  # merged meanwhile
        except DamagedError:
            damaged += 1
    low, high = min(f.name.from_ms for f in files), max(f.name.to_ms for f in files)
    return Stock(partition, kind, period, len(files), rows, size, low, high, damaged)
