"""Reading history back: by any process, with no engine running, straight from the segments."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import duckdb
import numpy as np
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD
from guatu.telemetry.cells import TENS
from guatu.telemetry.history.damage import DamagedError
from guatu.telemetry.history.footers import Wanted, read_wanted
from guatu.telemetry.history.layout import (
    Segment,
    SegmentName,
    partition_folder,
    partitions,
    segments,
)

logger = logging.getLogger(__name__)

TRIES = 4
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Columns:
    """Samples, sorted by point and time.

    Args:
        point: database ids, int32.
        at_ms: int64.
        value: float64, equal to what was sent.
        quality: int8: 0 good, 1 to 63 uncertain, 64 and above bad.
    """

    point: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    quality: NDArray[np.int8]

    def __len__(self) -> int:
        return len(self.point)

    def only(self, kept: NDArray[Any]) -> Columns:
        """Choose samples, by a mask or by places."""
        return Columns(self.point[kept], self.at_ms[kept], self.value[kept], self.quality[kept])


EMPTY = Columns(
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int8)
)


@dataclass(frozen=True, slots=True)
class Through:
    """How far a partition is wanted from disk, because what comes after was read elsewhere.

    Args:
        stream: identity of the stream that the sequence counts in.
        sequence: the last one wanted; segments of other streams are wanted wholly.
    """

    stream: str
    sequence: int


def sorted_columns(parts: Sequence[Columns]) -> Columns:
    """Join parts and sort them by point and time, each of these once: see `rule` for which stays.

    Args:
        parts: in the order of the log.
    """
    parts = [part for part in parts if len(part)]
    if not parts:
        return EMPTY
    point = np.concatenate([part.point for part in parts])
    at_ms = np.concatenate([part.at_ms for part in parts])
    value = np.concatenate([part.value for part in parts])
    quality = np.concatenate([part.quality for part in parts])
    same, later = point[1:] == point[:-1], at_ms[1:] > at_ms[:-1]
    if np.all((point[1:] > point[:-1]) | (same & later)):
        return Columns(point, at_ms, value, quality)
    order = np.lexsort((quality >= LEAST_BAD, at_ms, point))
    point, at_ms, value, quality = point[order], at_ms[order], value[order], quality[order]
    kept = np.ones(len(point), np.bool_)
    kept[1:] = (point[1:] != point[:-1]) | (at_ms[1:] != at_ms[:-1])
    return Columns(point[kept], at_ms[kept], value[kept], quality[kept])


def stored_segments(
    history: Path, start_ms: int, end_ms: int, *, through: Mapping[int, Through] | None = None
) -> list[Segment]:
    """List segments that may hold samples of a span.

    Args:
        history: its folder.
        start_ms: earliest sample time wanted.
        end_ms: latest sample time wanted, itself included.
        through: for each partition, how far it is wanted; others wholly.
    """
    return [
        segment
        for partition in partitions(history)
        for segment in in_span(segments(partition_folder(history, partition)), start_ms, end_ms)
        if is_wanted(segment.name, (through or {}).get(partition))
    ]


def in_span(found: Iterable[Segment], start_ms: int, end_ms: int) -> list[Segment]:
    """Choose the segments whose names say that they may hold samples of a span."""
    return [one for one in found if one.name.from_ms <= end_ms and one.name.to_ms >= start_ms]


def is_wanted(name: SegmentName, through: Through | None) -> bool:
    """Whether a segment is wanted from disk."""
    return through is None or name.stream != through.stream or name.last <= through.sequence


def read_samples(
    history: Path,
    points: Sequence[int],
    start_ms: int,
    end_ms: int,
    *,
    through: Mapping[int, Through] | None = None,
) -> Columns:
    """Read the samples of some points, each point and time once: see `rule` for which stays.

    Args:
        history: its folder.
        points: database ids.
        start_ms: earliest time.
        end_ms: latest time, itself included.
        through: see `stored_segments`.
    """

    def read() -> Columns:
        found = stored_segments(history, start_ms, end_ms, through=through)
        return samples_of(found, points, start_ms, end_ms)

    return persistently(read)


def persistently(read: Callable[[], T]) -> T:
    """Read again where a merge took a file away between listing and opening it.

    Raises:
        FileNotFoundError: if files vanish faster than they can be opened.
    """
    for _ in range(TRIES - 1):
        try:
            return read()
        except FileNotFoundError:
            continue
    return read()


def samples_of(
    found: Sequence[Segment], points: Sequence[int], start_ms: int, end_ms: int
) -> Columns:
    """Read the samples of some points from some segments, each point and time once.

    Raises:
        FileNotFoundError: if a segment is not there any more.
    """
    wanted = Wanted.of(points, start_ms, end_ms)
    parts = []
    # In the order of the log, as the rule of two samples of one time wants it.
    for segment in sorted(found, key=lambda one: (one.name.stream, one.name.first, one.name.other)):
        try:
            parts += [_columns(piece) for piece in read_wanted(segment.path, wanted, _passed_over)]
        except DamagedError as error:
            _passed_over(error)
    return sorted_columns(parts)


def _passed_over(error: DamagedError) -> None:
    """Tell of what cannot be read: it must not hide all the rest."""
    logger.error("cannot be read and is left out; run guatu history verify: %s", error)


def _columns(found: dict[str, NDArray[Any]]) -> Columns:
    is_scaled = "scaled" in found
    value = found["scaled"] / TENS[found["decimals"]] if is_scaled else found["value"]
    quality = np.zeros(len(value), np.int8) if is_scaled else found["quality"]
    return Columns(found["point"], found["at_ms"], value, quality)


@dataclass(frozen=True, slots=True)
class StoredCount:
    """How much is on disk.

    Args:
        rows: samples.
        distinct: distinct pairs of point and time; equal to rows when nothing was doubled.
    """

    rows: int
    distinct: int


def count_stored(history: Path) -> StoredCount:
    """Count every sample on disk, and every distinct one."""
    rows = distinct = 0
    for partition in partitions(history):
        files = [str(s.path) for s in segments(partition_folder(history, partition))]
        if files:
            with duckdb.connect(":memory:") as connection:
                found = connection.execute(
                    "SELECT count(*), count(DISTINCT (point, at_ms)) "
                    "FROM read_parquet(?, union_by_name = true)",
                    [files],
                ).fetchone()
            if found is not None:
                rows += found[0]
                distinct += found[1]
    return StoredCount(rows, distinct)


def thinned(columns: Columns, start_ms: int, end_ms: int, most: int) -> Columns:
    """Keep at most so many samples a point, so that every peak of the curve stays to be seen.

    Args:
        columns: sorted by point and time.
        start_ms: begin of the span shown.
        end_ms: end of it.
        most: samples a point, at least 4; of each stretch of time the least and the greatest stay.
    """
    counts = np.unique_counts(columns.point) if len(columns) else None
    if counts is None or counts.counts.max() <= most:
        return columns
    width = max((end_ms - start_ms) // max(most // 2, 2), 1)
    crowded = np.isin(columns.point, counts.values[counts.counts > most])
    stretch = (columns.at_ms - start_ms) // width
    order = np.lexsort((columns.value, stretch, columns.point))
    group = np.stack((columns.point[order], stretch[order]))
    change = np.any(group[:, 1:] != group[:, :-1], axis=0)
    first = order[np.concatenate(([True], change))]
    last = order[np.concatenate((change, [True]))]
    keep = np.union1d(np.union1d(first, last), np.flatnonzero(~crowded))
    return columns.only(keep)
