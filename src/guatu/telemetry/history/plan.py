"""What is due to be merged: decided from names, footers and the engine's checkpoint alone."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any
from zipfile import BadZipFile

import numpy as np
import orjson

from guatu.telemetry.history.footers import footer
from guatu.telemetry.history.layout import (
    CHECKPOINT,
    ROLLED_WITHIN,
    Segment,
    SegmentName,
    Unit,
    all_segments,
    partition_folder,
    rolled_folder,
    segments,
    uncovered,
    units,
)
from guatu.telemetry.history.write import ROW_GROUP

AGE_MS = 60_000
"""What is younger is left alone: a reader may know only the checkpoint before it."""
FRESH_MS = 3_600_000
FRESH_UNITS = 120
FRESH_ROWS, MOST_FRESH_ROWS, DAY_SHARE = 32_000_000, 256_000_000, 8
"""Fresh segments are merged once there are so many, or once they are an eighth of their day."""
DAY_ROWS = 200_000_000
"""A day of no more than this is merged into one file when it is over."""
OPEN_ROWS = 12_000_000
"""Rows that a merge may hold at a time, a row group of each file; about 200 megabytes."""
MOST_FILES = 400


@dataclass(frozen=True, slots=True)
class Head:
    """How far a partition's engine is, by its checkpoint.

    Args:
        stream: identity of its stream; empty where there is no checkpoint.
        sequence: the last one in a segment that stays; the engine writes later ones again.
        day: the day of the cut, yyyy-mm-dd; empty where there is no checkpoint.
        written_ms: when it was written.
    """

    stream: str = ""
    sequence: int = 0
    day: str = ""
    written_ms: float = 0.0

    def settles(self, unit: Unit) -> bool:
        """Whether a unit stays as it is, whatever happens to the engine."""
        if not self.stream:
            return True
        if unit.stream == self.stream:
            return unit.last <= self.sequence
        # A log made anew has cut its first segment before its first checkpoint.
        return all(changed_ms(file.path) < self.written_ms for file in unit.files)


@dataclass(frozen=True, slots=True)
class Day:
    """The units of one day's folder that are there to be merged.

    Args:
        name: yyyy-mm-dd.
        units: in order.
        rolled: names of the roll-ups of minutes and hours that there are.
        begins: stream and first sequence of all segments of all days, sorted.
        damaged: files that cannot be read.
    """

    name: str
    units: list[Unit]
    rolled: tuple[list[SegmentName], ...]
    begins: Sequence[tuple[str, int]]
    damaged: Collection[Path]

    def is_fresh(self, unit: Unit) -> bool:
        """Whether a unit was never merged, or its merge was interrupted."""
        kinds = [file.name.other for file in unit.files]
        ranges = {(file.name.first, file.name.last) for file in unit.files}
        is_whole = len(set(kinds)) == len(kinds) and len(ranges) == 1
        return not is_whole or not all(is_told_of(unit, names) for names in self.rolled)


def is_told_of(unit: Unit | SegmentName, names: Sequence[SegmentName]) -> bool:
    """Whether sorted roll-ups tell of sequences."""
    place = bisect_right(names, (unit.stream, unit.first), key=lambda n: (n.stream, n.first)) - 1
    return place >= 0 and names[place].stream == unit.stream and unit.last <= names[place].last


def changed_ms(path: Path) -> float:
    """When a file was written."""
    return path.stat().st_mtime_ns / 1e6


class HeadUnknownError(Exception):
    """A partition's checkpoint cannot be read, so what its engine will write again is not known."""


def checkpoint_meta(folder: Path) -> dict[str, Any] | None:
    """Read what the checkpoint of a partition's folder says; None where there is none.

    Raises:
        HeadUnknownError: if it cannot be read.
    """
    path = folder / CHECKPOINT
    try:
        with np.load(path) as file:
            meta: dict[str, Any] = orjson.loads(file["meta"].tobytes())
    except FileNotFoundError:
        return None
    except (BadZipFile, EOFError, KeyError, ValueError) as error:
        raise HeadUnknownError(str(path)) from error
    return meta


def head_of(history: Path, partition: int) -> Head:
    """Read how far the engine of a partition is.

    Raises:
        HeadUnknownError: if its checkpoint cannot be read.
    """
    path = partition_folder(history, partition) / CHECKPOINT
    meta = checkpoint_meta(path.parent)
    if meta is None:
        return Head()
    day = np.datetime64(int(meta["cut_tick_ms"]), "ms").astype("datetime64[D]")
    return Head(str(meta["identity"]), int(meta["cut_sequence"]), str(day), changed_ms(path))


def days_of(history: Path, partition: int, damaged: Collection[Path] = ()) -> list[Day]:
    """List the days of a partition, oldest first.

    Args:
        history: its folder.
        partition: its number.
        damaged: files that cannot be read.
    """
    folder = partition_folder(history, partition)
    rolled = tuple(
        sorted(s.name for s in segments(rolled_folder(history, partition, width), within))
        for width, within in ROLLED_WITHIN.items()
    )
    found = sorted(all_segments(folder), key=lambda segment: segment.path.parent.name)
    begins = sorted((segment.name.stream, segment.name.first) for segment in found)
    return [
        Day(name.removeprefix("day="), units(uncovered(list(group))), rolled, begins, damaged)
        for name, group in groupby(found, key=lambda segment: segment.path.parent.name)
    ]


def due(day: Day, head: Head, now_ms: int, *, at_once: bool = False) -> list[list[Unit]]:
    """Give the groups of a day's units that are to be merged now, each into one.

    Args:
        day: its units.
        head: how far the engine is.
        now_ms: the time now.
        at_once: also what is not due yet.

    Raises:
        DamagedError: if a file cannot be read that was not known to be damaged.
    """
    is_over = bool(head.day) and day.name < head.day
    groups: list[list[Unit]] = []
    for run in _runs(day, head, now_ms, at_once=at_once):
        rows = sum(_rows(unit) for unit in run)
        if (is_over or at_once) and rows <= DAY_ROWS:
            if len(run) > 1 or day.is_fresh(run[0]):
                groups += _bounded(run)
            continue
        fresh_runs = [list(g) for fresh, g in groupby(run, key=day.is_fresh) if fresh]
        for fresh in fresh_runs:
            if is_over or at_once or _is_due(fresh, rows, now_ms):
                groups += _bounded(fresh)
    return groups


def _runs(day: Day, head: Head, now_ms: int, *, at_once: bool) -> list[list[Unit]]:
    """Part a day's units where a merge must not reach across."""

    def mark(unit: Unit) -> tuple[str, bool]:
        is_old = at_once or all(changed_ms(f.path) <= now_ms - AGE_MS for f in unit.files)
        is_sound = not any(file.path in day.damaged for file in unit.files)
        return unit.stream, is_old and is_sound and head.settles(unit) and _is_there(unit)

    return [
        run
        for (_, may), group in groupby(day.units, key=mark)
        if may
        for run in _unbroken(group, day.begins)
    ]


def _unbroken(found: Iterable[Unit], begins: Sequence[tuple[str, int]]) -> list[list[Unit]]:
    """Part units where a segment of another day lies between.

    A clock that was set back brings an earlier day again. What is merged across would seem to
    cover that segment too, and take it away.
    """
    runs: list[list[Unit]] = []
    for unit in found:
        before = runs[-1][-1] if runs else None
        if before is None or (
            bisect_right(begins, (unit.stream, before.last))
            < bisect_left(begins, (unit.stream, unit.first))
        ):
            runs.append([])
        runs[-1].append(unit)
    return runs


def _is_there(unit: Unit) -> bool:
    """Whether all files of a unit are still there and their footers can be read."""
    try:
        for file in unit.files:
            footer(file.path)
    except FileNotFoundError:
        return False
    return True


def _rows(unit: Unit) -> int:
    return sum(footer(file.path).rows for file in unit.files)


def _is_due(fresh: Sequence[Unit], day_rows: int, now_ms: int) -> bool:
    enough = min(max(day_rows // DAY_SHARE, FRESH_ROWS), MOST_FRESH_ROWS)
    oldest_ms = min(changed_ms(file.path) for file in fresh[0].files)
    return (
        len(fresh) >= FRESH_UNITS
        or sum(_rows(unit) for unit in fresh) >= enough
        or now_ms - oldest_ms >= FRESH_MS
    )


def _bounded(run: Sequence[Unit]) -> list[list[Unit]]:
    """Part a run into groups that a merge can hold, each of two at least where there are two."""
    groups: list[list[Unit]] = []
    open_rows = files = 0
    for unit in run:
        opens = sum(min(footer(file.path).rows, ROW_GROUP) for file in unit.files)
        full = open_rows + opens > OPEN_ROWS or files + len(unit.files) > MOST_FILES
        if not groups or (full and len(groups[-1]) > 1):
            groups.append([])
            open_rows = files = 0
        groups[-1].append(unit)
        open_rows, files = open_rows + opens, files + len(unit.files)
    return groups


def due_rolled(
    history: Path, partition: int, width: str, head: Head, damaged: Collection[Path] = ()
) -> list[list[Segment]]:
    """Give the roll-ups of days that are over which are to be merged, each group into one.

    Nothing lies between those of a group that they do not tell of.

    Args:
        history: its folder.
        partition: its number.
        width: ``minute`` or ``hour``.
        head: how far the engine is.
        damaged: files that cannot be read.
    """
    folder, within = rolled_folder(history, partition, width), ROLLED_WITHIN[width]
    raw = segments(partition_folder(history, partition))
    day_of = {(s.name.stream, s.name.first): s.path.parent.name.removeprefix("day=") for s in raw}
    groups: list[list[Segment]] = []
    found = sorted(segments(folder, within), key=lambda s: (s.path.parent.name, s.name))
    for _, inside in groupby(found, key=lambda s: (s.path.parent.name, s.name.stream)):
        group: list[Segment] = []
        for segment in inside:
            told = [key for key in day_of if _tells(segment.name, key)]
            is_over = bool(head.day) and all(day_of[key] < head.day for key in told)
            may = is_over and segment.path not in damaged
            if group and (not may or _between(group[-1].name, segment.name, day_of)):
                groups.append(group)
                group = []
            if may:
                group.append(segment)
        groups.append(group)
    return [group for group in groups if len(group) > 1]


def _tells(name: SegmentName, key: tuple[str, int]) -> bool:
    return name.stream == key[0] and name.first <= key[1] <= name.last


def _between(one: SegmentName, next_: SegmentName, found: Iterable[tuple[str, int]]) -> bool:
    return any(stream == one.stream and one.last < first < next_.first for stream, first in found)
