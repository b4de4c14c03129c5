"""The keeper: merges arrival segments into larger files with roll-ups, rarely and cheaply.

An arrival segment is merged, and its samples rolled up, once an hour or as soon as enough of them
lie about; what a small day came to is merged once more when the day is over. Whatever is written
stands beside, gets its name when it is whole and on the disk, and only then what it covers is
taken away: killed at any moment, nothing is lost and nothing is there twice.

A file that cannot be read stays where it is, is told of and noted, and everything else goes on:
no merge reaches across it.
"""

from __future__ import annotations

import fcntl
import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import IO

from guatu.telemetry.history import plan
from guatu.telemetry.history.course import recounted
from guatu.telemetry.history.damage import DamagedError, damaged_in, note_damaged
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    Segment,
    SegmentName,
    Unit,
    all_segments,
    partition_folder,
    partitions,
    rolled_folder,
    rolled_path,
    sync_folder,
    uncovered,
)
from guatu.telemetry.history.merge import Input, Merged, Targets, merge, merge_rolled
from guatu.telemetry.history.rollup import WIDTHS

logger = logging.getLogger("keeper")

BESIDE = ".merging"
"""Not the engine's: at its start it takes away what it left half done itself."""


@dataclass(slots=True)
class Kept:
    """What a pass came to.

    Args:
        merges: files made of samples.
        samples: samples read for them.
        doubled: samples left out, because their point had one of the same time.
        rolled_merges: files made of roll-ups.
        damaged: files found damaged that were not known to be.
    """

    merges: int = 0
    samples: int = 0
    doubled: int = 0
    rolled_merges: int = 0
    damaged: int = 0


class KeptElsewhere(Exception):
    """Another keeper has this partition now."""


def own(history: Path, partition: int) -> IO[bytes]:
    """Take a partition's files for this process alone, as long as what this gives stays open.

    Raises:
        KeptElsewhere: while another process has them.
    """
    file = (partition_folder(history, partition) / "keeper.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        file.close()
        raise KeptElsewhere(f"partition {partition}") from error
    return file


def keep(history: Path, now_ms: int, *, at_once: bool = False) -> Kept:
    """Merge what is due in all partitions.

    Args:
        history: its folder.
        now_ms: the time now.
        at_once: merge also what is not due yet, such as before a measurement.

    Raises:
        KeptElsewhere: if another process does so now.
        OSError: such as for a full disk; what was not finished is done again next time.
    """
    kept = Kept()
    for partition in partitions(history):
        try:
            with own(history, partition):
                _Partition(history, partition, kept, now_ms).keep(at_once=at_once)
        except plan.HeadUnknownError as error:
            logger.error("%s cannot be read: partition %d is left alone", error, partition)  # noqa: TRY400
    return kept


@dataclass(slots=True)
class _Partition:
    history: Path
    partition: int
    kept: Kept
    now_ms: int
    damaged: set[Path] = field(default_factory=set)

    def keep(self, *, at_once: bool) -> None:
        self._clean()
        folder = partition_folder(self.history, self.partition)
        self.damaged = {folder / one.where for one in damaged_in(self.history, self.partition)}
        head = plan.head_of(self.history, self.partition)
        # Again where a file turned out to be damaged: its neighbours are grouped without it.
        while self._pass(head, at_once=at_once):
            self._clean()

    def _pass(self, head: plan.Head, *, at_once: bool) -> bool:
        """Merge what is due; tell whether a file was found damaged on the way."""
        known = len(self.damaged)
        for day in plan.days_of(self.history, self.partition, self.damaged):
            with self._around_damage():
                for group in plan.due(day, head, self.now_ms, at_once=at_once):
                    with self._around_damage():
                        self._merge(day.name, group)
        for width in WIDTHS:
            with self._around_damage():
                where = (self.history, self.partition, width)
                for rolled in plan.due_rolled(*where, head, self.damaged):
                    with self._around_damage():
                        self._merge_rolled(width, rolled)
        return len(self.damaged) > known

    @contextmanager
    def _around_damage(self) -> Iterator[None]:
        """Give up only what is done inside where a file turns out to be damaged, and tell of it."""
        try:
            yield
        except DamagedError as error:
            if error.path in self.damaged:
                return  # told already
            self.damaged.add(error.path)
            self.kept.damaged += 1
            logger.error(  # noqa: TRY400 - the operator needs the file, not our calls
                "%s cannot be read and is left out of merging (%s); run guatu history verify",
                error.path, error.why,
            )  # fmt: skip
            note_damaged(self.history, error, self.partition, self.now_ms)

    def _clean(self) -> None:
        """Take away what an interrupted pass left: files half written, and those covered."""
        folder = partition_folder(self.history, self.partition)
        for leftover in folder.rglob(f"*{BESIDE}"):
            leftover.unlink(missing_ok=True)
        self._drop_covered(folder, "day=")
        for width, within in ROLLED_WITHIN.items():
            self._drop_covered(rolled_folder(self.history, self.partition, width), within)

    @staticmethod
    def _drop_covered(folder: Path, within: str) -> None:
        found = all_segments(folder, within)
        kept = {segment.path for segment in uncovered(found)}
        for segment in found:
            if segment.path not in kept:
                segment.path.unlink(missing_ok=True)

    def _merge(self, day: str, group: Sequence[Unit]) -> None:
        """Merge units of one day into one, with its roll-ups."""
        files = [file for unit in group for file in unit.files]
        name = hull([file.name for file in files])
        targets = self._targets(day, name, files)
        inputs = [Input(file.path, rank, file.name.other) for rank, file in enumerate(files)]
        merged = self._written(targets, partial(merge, inputs, _beside(targets)))
        self._drop([file.path for file in files], but=targets)
        for width, within in ROLLED_WITHIN.items():
            self._drop_covered(rolled_folder(self.history, self.partition, width), within)
        self.kept.merges += 1
        self.kept.samples += merged.read
        self.kept.doubled += merged.doubled
        logger.info(
            "partition %d, %s: %d files, %d samples, %d doubled -> %s",
            self.partition, day, len(files), merged.read, merged.doubled, name,
        )  # fmt: skip

    def _targets(self, day: str, name: SegmentName, files: Sequence[Segment]) -> Targets:
        """Say where a merge writes; a lone cut keeps its files and only gets roll-ups."""
        kinds = {file.name.other for file in files}
        is_lone = len(files) == len(kinds) and all(hull([f.name]) == name for f in files)
        folder = files[0].path.parent
        others = folder / str(SegmentName(*_fields(name), other=True))
        minute, hour = (
            rolled_path(self.history, self.partition, width, day, name)
            for width in ("minute", "hour")
        )
        return Targets(
            scaled=folder / str(name) if False in kinds and not is_lone else None,
            others=others if True in kinds and not is_lone else None,
            minute=minute,
            hour=hour,
        )

    def _written(self, targets: Targets, write: Callable[[], Merged]) -> Merged:
        """Write beside, then give the names; roll-ups first, for they tell of the same samples."""
        finals = [targets.minute, targets.hour, targets.others, targets.scaled]
        paths = [path for path in finals if path is not None]
        for path in paths:
            path.parent.mkdir(parents=True, exist_ok=True)
        merged = write()
        self._put_in_place(paths)
        return merged

    @staticmethod
    def _put_in_place(paths: Sequence[Path]) -> None:
        for path in paths:
            beside(path).replace(path)
            sync_folder(path.parent)
            sync_folder(path.parent.parent)

    @staticmethod
    def _drop(paths: Sequence[Path], *, but: Targets) -> None:
        if but.scaled is None and but.others is None:
            return
        for path in paths:
            if path not in {but.scaled, but.others}:
                path.unlink(missing_ok=True)

    def _merge_rolled(self, width: str, group: Sequence[Segment]) -> None:
        name = hull([segment.name for segment in group])
        target = group[0].path.with_name(str(name))
        recount = partial(recounted, width_ms=WIDTHS[width], history=self.history)
        merge_rolled([segment.path for segment in group], beside(target), recount)
        self._put_in_place([target])
        for segment in group:
            if segment.path != target:
                segment.path.unlink(missing_ok=True)
        self.kept.rolled_merges += 1


def hull(names: Sequence[SegmentName]) -> SegmentName:
    """Give the name of what covers segments of one stream."""
    return SegmentName(
        names[0].stream,
        min(name.first for name in names),
        max(name.last for name in names),
        min(name.from_ms for name in names),
        max(name.to_ms for name in names),
    )


def _fields(name: SegmentName) -> tuple[str, int, int, int, int]:
    return name.stream, name.first, name.last, name.from_ms, name.to_ms


def beside(path: Path) -> Path:
    """Where a file is written before it is whole."""
    return path.with_name(path.name + BESIDE)


def _beside(targets: Targets) -> Targets:
    return Targets(
        scaled=beside(targets.scaled) if targets.scaled else None,
        others=beside(targets.others) if targets.others else None,
        minute=beside(targets.minute),
        hour=beside(targets.hour),
    )
