"""Reading history back: by any process, with no engine running, by DuckDB over the segments."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.cells import TENS
from guatu.telemetry.history.layout import Segment, partition_folder, partitions, segments

TRIES = 3


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


EMPTY = Columns(
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.float64), np.empty(0, np.int8)
)


def sorted_columns(parts: Sequence[Columns]) -> Columns:
    """Join parts and sort them by point and time."""
    if not parts:
        return EMPTY
    point = np.concatenate([part.point for part in parts])
    at_ms = np.concatenate([part.at_ms for part in parts])
    value = np.concatenate([part.value for part in parts])
    quality = np.concatenate([part.quality for part in parts])
    order = np.lexsort((at_ms, point))
    return Columns(point[order], at_ms[order], value[order], quality[order])


def stored_segments(
    history: Path, start_ms: int, end_ms: int, *, through: dict[int, int] | None = None
) -> list[Segment]:
    """List segments that may hold samples of a span.

    Args:
        history: its folder.
        start_ms: earliest sample time wanted.
        end_ms: latest sample time wanted, itself included.
        through: for each partition, the last sequence wanted from disk; others wholly.
    """
    through = through or {}
    return [
        segment
        for partition in partitions(history)
        for segment in segments(partition_folder(history, partition))
        if segment.name.from_ms <= end_ms
        and segment.name.to_ms >= start_ms
        and segment.name.last <= through.get(partition, segment.name.last)
    ]


def read_samples(
    history: Path,
    points: Sequence[int],
    start_ms: int,
    end_ms: int,
    *,
    through: dict[int, int] | None = None,
) -> Columns:
    """Read the samples of some points.

    Args:
        history: its folder.
        points: database ids.
        start_ms: earliest time.
        end_ms: latest time, itself included.
        through: see `stored_segments`.
    """
    for attempt in range(TRIES):
        found = stored_segments(history, start_ms, end_ms, through=through)
        if not found or not points:
            return EMPTY
        try:
            return _read(found, points, start_ms, end_ms)
        except duckdb.IOException:
            # A merge took a file away between listing and opening; its samples lie elsewhere now.
            if attempt + 1 == TRIES:
                raise
    return EMPTY


def _read(found: list[Segment], points: Sequence[int], start_ms: int, end_ms: int) -> Columns:
    parts = []
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 2")
        for other in (False, True):
            files = [str(segment.path) for segment in found if segment.name.other == other]
            if files:
                columns = connection.execute(
                    f"SELECT point, at_ms, {'quality, value' if other else 'decimals, scaled'} "  # noqa: S608 # two literals
                    "FROM read_parquet(?) "
                    "WHERE point IN (SELECT unnest(?)) AND point BETWEEN ? AND ? "
                    "AND at_ms BETWEEN ? AND ? ORDER BY point, at_ms",
                    [files, list(points), min(points), max(points), start_ms, end_ms],
                ).fetchnumpy()
                parts.append(_columns(columns))
    return parts[0] if len(parts) == 1 else sorted_columns(parts)


def _columns(found: dict[str, np.ndarray]) -> Columns:
    whole = {name: np.ma.getdata(column) for name, column in found.items()}
    if "scaled" in whole:
        value = whole["scaled"] / TENS[whole["decimals"].astype(np.intp)]
        quality = np.zeros(len(value), np.int8)
    else:
        value = whole["value"].astype(np.float64)
        quality = whole["quality"].astype(np.int8)
    point, at_ms = whole["point"].astype(np.int32), whole["at_ms"].astype(np.int64)
    return Columns(point, at_ms, value, quality)


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
    return Columns(
        columns.point[keep], columns.at_ms[keep], columns.value[keep], columns.quality[keep]
    )
