"""A segment and the checkpoint at its end: written beside, then put in place together.

A checkpoint is two files: the still part, everything as it was at the first cut after a
configuration, and the moving part of every cut, which names the still part that it belongs to.

Between the renames a crash leaves a segment whose checkpoint is older. The engine that comes
next takes such a segment away and writes its range again from the log, which is trimmed only once
the checkpoint stands. It does so only where this very log holds the range: of a log that was lost
such a segment is all that is left.
"""

from __future__ import annotations

import fcntl
import logging
import os
import zipfile
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import numpy as np
import orjson
from numpy.typing import NDArray

from guatu.telemetry.counted import DOUBLED_TIME, STORED
from guatu.telemetry.history.layout import (
    CHECKPOINT,
    SegmentName,
    day_folder,
    partition_folder,
    segments,
    sync_folder,
)
from guatu.telemetry.history.sort import Sorted, sort_blocks
from guatu.telemetry.history.write import OTHERS, SCALED, write_part
from guatu.telemetry.snapshot import Part, Snapshot
from guatu.telemetry.state import PartitionState
from guatu.telemetry.step import Arrivals

logger = logging.getLogger("engine")

META = "meta"
BESIDE = ".writing"


UNREADABLE = (KeyError, ValueError, TypeError, IndexError, EOFError, OSError, zipfile.BadZipFile)
"""What reading a file of another layout, or a damaged one, may raise."""


class CheckpointUnreadable(Exception):  # named for what happened
    """A checkpoint that is damaged, or was written by a version with another layout.

    Args:
        path: the checkpoint, or the still part that it names.
    """

    def __init__(self, path: Path) -> None:
        super().__init__(f"the checkpoint {path} cannot be read")
        self.path = path


class CheckpointMissing(CheckpointUnreadable):
    """There is history of this very log, and no checkpoint that says how far it goes."""


def own(history: Path, partition: int) -> IO[bytes] | None:
    """Take a partition for this process alone; None while another one has it.

    The lock goes with the process, however it ends. Keep what this gives.
    """
    folder = partition_folder(history, partition)
    folder.mkdir(parents=True, exist_ok=True)
    file = (folder / "owner.lock").open("ab")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.close()
        return None
    return file


def load(history: Path, partition: int) -> PartitionState:
    """Give the state at the last checkpoint, a new one if there is none.

    What an interrupted engine left half written is taken away; see also `settle`.

    Raises:
        CheckpointUnreadable: if it is damaged or was written by another layout.
    """
    folder = partition_folder(history, partition)
    for leftover in folder.rglob(f"*{BESIDE}"):
        leftover.unlink(missing_ok=True)
    state = examine(folder)
    if state is None:
        return PartitionState()
    still = folder / still_name(state.configurations)
    _drop_stills(folder, but=still)
    return state


@dataclass(frozen=True, slots=True)
class Held:
    """What the log holds of a partition.

    Args:
        stream: its identity.
        first: the first sequence that is still there.
        last: the last one.
    """

    stream: str
    first: int
    last: int

    def holds(self, name: SegmentName) -> bool:
        """Whether all that went into a segment can be read again."""
        return name.stream == self.stream and self.first <= name.first and name.last <= self.last


def settle(history: Path, partition: int, state: PartitionState, held: Held) -> None:
    """Take away the segments of the log that the checkpoint does not know of.

    Call it before the log is read: the engine writes them again.

    Args:
        history: folder of all partitions.
        partition: which.
        state: as `load` gave it, or later.
        held: what the log holds.

    Raises:
        CheckpointMissing: if there is no checkpoint though there must have been one.
    """
    folder = partition_folder(history, partition)
    stored = state.cut_sequence if state.identity == held.stream else 0
    found = [one for one in segments(folder) if one.name.stream == held.stream]
    beyond = [one for one in found if one.name.last > stored]
    if not state.identity and beyond:
        ranges = {(one.name.first, one.name.last) for one in beyond}
        # Killed within its very first cut, an engine leaves one segment and no checkpoint.
        if len(ranges) > 1 or not all(held.holds(one.name) for one in beyond):
            raise CheckpointMissing(folder / CHECKPOINT)
    for segment in beyond:
        if held.holds(segment.name):
            logger.warning("segment %s lies beyond the checkpoint; writing it again", segment.name)
            segment.path.unlink()
        else:
            logger.error("segment %s is beyond checkpoint and log; it stays", segment.name)


@dataclass(frozen=True, slots=True)
class Position:
    """Where a partition's checkpoint stands, and which files it is.

    Args:
        stream: identity of the stream.
        sequence: of the last message whose samples are stored.
        files: of the checkpoint, their names in the partition's folder.
    """

    stream: str
    sequence: int
    files: tuple[str, ...]


def position(folder: Path) -> Position | None:
    """Say where a partition's checkpoint stands; None if there is none.

    Args:
        folder: of the partition.

    Raises:
        FileNotFoundError: if a new one takes its place just now.
        CheckpointUnreadable: if it cannot be read.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    try:
        meta = _read_part(path).meta
        still = still_name(meta["configurations"])
        return Position(meta["identity"], int(meta["cut_sequence"]), (CHECKPOINT, still))
    except FileNotFoundError:
        raise
    except UNREADABLE as error:
        raise CheckpointUnreadable(path) from error


def examine(folder: Path) -> PartitionState | None:
    """Read a partition's checkpoint and change nothing; None if there is none.

    Raises:
        CheckpointUnreadable: if it is damaged or was written by another layout.
    """
    path = folder / CHECKPOINT
    if not path.exists():
        return None
    still = path
    try:
        moving = _read_part(path)
        still = folder / still_name(moving.meta["configurations"])
        return PartitionState.restored(_read_part(still), moving)
    except UNREADABLE as error:
        raise CheckpointUnreadable(still) from error


def still_name(version: int) -> str:
    """Name of the still part of a version, see `PartitionState.configurations`."""
    return f"still-{version:012d}.npz"


def _read_part(path: Path) -> Part:
    # Opened here: of a torn file the library would forget to close it.
    with path.open("rb") as content, np.load(content) as file:
        arrays: dict[str, NDArray[Any]] = {name: file[name] for name in file.files}
    return Part(arrays, orjson.loads(arrays.pop(META).tobytes()))


def _write_part(path: Path, part: Part) -> None:
    meta = np.frombuffer(orjson.dumps(part.meta), np.uint8)
    with path.open("wb") as file:
        np.savez(file, allow_pickle=False, **{META: meta}, **part.arrays)
        file.flush()
        os.fsync(file.fileno())


def _drop_stills(folder: Path, *, but: Path) -> None:
    for path in folder.glob("still-*.npz"):
        if path != but:
            path.unlink(missing_ok=True)


class Cut:
    """One cut on its way to disk.

    Args:
        history: folder of all partitions.
        partition: whose cut.
        first: first sequence of the segment.
        arrivals: the samples in it.
        snapshot: the state at its end.
    """

    def __init__(
        self, history: Path, partition: int, first: int, arrivals: Arrivals, snapshot: Snapshot
    ) -> None:
        self.arrivals = arrivals
        self.first = first
        self.doubled: dict[int, int] = {}
        self._snapshot = snapshot
        self._folder = partition_folder(history, partition)
        meta = snapshot.moving.meta
        self.last = int(meta["cut_sequence"])
        self._day = day_folder(history, partition, int(meta["cut_tick_ms"]))
        self._still = self._folder / still_name(snapshot.version)
        self._segments: list[Path] = []
        self._is_noted = False

    @property
    def still_version(self) -> int:
        """The version whose still part is on disk once this cut is in place."""
        return self._snapshot.version

    def write(self) -> None:
        """Write both files beside their places; slow, runs on a thread."""
        self._folder.mkdir(parents=True, exist_ok=True)
        if self.arrivals.blocks:
            tables = self._snapshot.tables
            rows = sort_blocks(self.arrivals.blocks, tables.ids)
            self._note_doubled(rows)
            self._write_segment(rows)
        if self._snapshot.still is not None:
            _write_part(_beside(self._still), self._snapshot.still)
        _write_part(_beside(self._folder / CHECKPOINT), self._snapshot.moving)

    def _note_doubled(self, rows: Sorted) -> None:
        plants = self._snapshot.tables.plant_of[rows.doubled_rows]
        found = np.unique_counts(plants)
        self.doubled = dict(zip(found.values.tolist(), found.counts.tolist(), strict=True))
        if self._is_noted:
            return
        self._is_noted = True
        for plant, counts in self._snapshot.moving.meta["counts"]:
            move_doubled(counts, self.doubled.get(plant, 0))

    def _write_segment(self, rows: Sorted) -> None:
        self._segments.clear()
        self._day.mkdir(parents=True, exist_ok=True)
        stream = str(self._snapshot.moving.meta["identity"])
        for part, schema in ((rows.scaled, SCALED), (rows.others, OTHERS)):
            if len(part):
                other = schema is OTHERS
                name = SegmentName(stream, self.first, self.last, *rows.span_ms, other)
                self._segments.append(self._day / str(name))
                write_part(_beside(self._segments[-1]), part, schema)

    def put_in_place(self) -> None:
        """Make both visible and durable. Events of the range must be in the log before."""
        for segment in self._segments:
            _beside(segment).replace(segment)
        if self._segments:
            sync_folder(self._day)
            sync_folder(self._folder)
        if self._snapshot.still is not None:
            _beside(self._still).replace(self._still)
            # Never a moving part without the still part that it names.
            sync_folder(self._folder)
        checkpoint = self._folder / CHECKPOINT
        _beside(checkpoint).replace(checkpoint)
        sync_folder(self._folder)
        if self._snapshot.still is not None:
            _drop_stills(self._folder, but=self._still)

    def give_up(self) -> None:
        """Take away what was written beside."""
        for path in (*self._segments, self._still, self._folder / CHECKPOINT):
            with suppress(OSError):
                _beside(path).unlink()


def move_doubled(counts: list[int], samples: int) -> None:
    """Count samples, stored until now, as doubled."""
    counts[STORED] -= samples
    counts[DOUBLED_TIME] += samples


def _beside(path: Path) -> Path:
    return path.with_name(path.name + BESIDE)
