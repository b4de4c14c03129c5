"""Where history lies and how its files are named.

``partition=<p>/day=<yyyy-mm-dd>/<stream>-<first>-<last>-<from ms>_<to ms>.parquet``: the stream's
identity, the sequences between two cuts, and the sample times inside, so that a reader opens only
what it needs. Beside it ``….other.parquet`` where samples could not be scaled. Merged files cover
the sequences of the segments that they replace. Roll-ups lie in ``partition=<p>/rollup=minute/
day=…`` and ``rollup=hour/month=…``, under the names of the segments that they tell of.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

CHECKPOINT = "checkpoint.npz"
NAME = re.compile(
    r"(?P<stream>[0-9a-f]{8})-(?P<first>\d+)-(?P<last>\d+)-(?P<from_ms>-?\d+)_(?P<to_ms>-?\d+)(?P<other>\.other)?\.parquet"
)


@dataclass(frozen=True, slots=True, order=True)
class SegmentName:
    """What a segment's name says.

    Args:
        stream: identity of the stream.
        first: first sequence covered.
        last: last sequence covered.
        from_ms: earliest sample time inside.
        to_ms: latest sample time inside.
        other: whether it holds the samples that could not be scaled.
    """

    stream: str
    first: int
    last: int
    from_ms: int
    to_ms: int
    other: bool = False

    def __str__(self) -> str:
        range_ = f"{self.first:012d}-{self.last:012d}-{self.from_ms}_{self.to_ms}"
        return f"{self.stream}-{range_}{'.other' if self.other else ''}.parquet"

    @classmethod
    def read(cls, name: str) -> SegmentName | None:
        """Read a file's name; None if it is no segment."""
        found = NAME.fullmatch(name)
        if found is None:
            return None
        first, last, from_ms, to_ms = (
            int(found[part]) for part in ("first", "last", "from_ms", "to_ms")
        )
        return cls(found["stream"], first, last, from_ms, to_ms, found["other"] is not None)


def partition_folder(history: Path, partition: int) -> Path:
    """Folder of one partition."""
    return history / f"partition={partition}"


def day_folder(history: Path, partition: int, at_ms: int) -> Path:
    """Folder of the segments cut on a day, UTC."""
    day = datetime.fromtimestamp(at_ms / 1000, UTC).date()
    return partition_folder(history, partition) / f"day={day:%Y-%m-%d}"


def rolled_folder(history: Path, partition: int, width: str) -> Path:
    """Folder of a partition's roll-ups of a width, ``minute`` or ``hour``."""
    return partition_folder(history, partition) / f"rollup={width}"


ROLLED_WITHIN = {"minute": "day=", "hour": "month="}
"""How the folders of roll-ups begin: hours are so few that a file holds a month of them."""


def rolled_path(history: Path, partition: int, width: str, day: str, name: SegmentName) -> Path:
    """Where the roll-ups of a segment lie.

    Args:
        history: its folder.
        partition: its number.
        width: ``minute`` or ``hour``.
        day: the day of the folder of the segment, yyyy-mm-dd.
        name: the segment's.
    """
    inside = f"day={day}" if width == "minute" else f"month={day[:7]}"
    return rolled_folder(history, partition, width) / inside / str(name)


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on disk."""

    path: Path
    name: SegmentName


@dataclass(frozen=True, slots=True)
class Unit:
    """What is merged as one: a cut, or an earlier merge, with the files of both kinds.

    Args:
        stream: identity of the stream.
        first: first sequence covered.
        last: last sequence covered.
        files: usually one of a kind; more only where a merge was interrupted, or cuts overlap.
    """

    stream: str
    first: int
    last: int
    files: tuple[Segment, ...]

    @property
    def span_ms(self) -> tuple[int, int]:
        """Earliest and latest sample time."""
        names = [file.name for file in self.files]
        return min(name.from_ms for name in names), max(name.to_ms for name in names)

    def covers(self, other: SegmentName) -> bool:
        """Whether the sequences of a segment lie inside."""
        return self.stream == other.stream and self.first <= other.first <= other.last <= self.last


def segments(folder: Path, within: str = "day=") -> list[Segment]:
    """List a partition's segments in order, without those that a merged one covers.

    Args:
        folder: of the partition, or of one of its roll-ups.
        within: how the names of the folders inside begin.
    """
    return uncovered(all_segments(folder, within))


def all_segments(folder: Path, within: str = "day=") -> list[Segment]:
    """List segments, those too that a merged one covers."""
    return [segment for inside in _folders(folder, within) for segment in _listed(inside)]


def uncovered(found: list[Segment]) -> list[Segment]:
    """Leave out the segments that another of their kind covers, and put the rest in order."""
    # The widest first among those that begin together: what lies inside it is covered by it.
    found = sorted(found, key=lambda s: (s.name.other, s.name.stream, s.name.first, -s.name.last))
    kept: list[Segment] = []
    for segment in found:
        before = kept[-1].name if kept else None
        covered = (
            before is not None
            and (before.other, before.stream) == (segment.name.other, segment.name.stream)
            and segment.name.last <= before.last
        )
        if not covered:
            kept.append(segment)
    return kept


def units(found: list[Segment]) -> list[Unit]:
    """Group segments of both kinds by the sequences that they share, in order."""
    grouped: list[list[Segment]] = []
    stream, last = "", -1
    for segment in sorted(found, key=lambda s: (s.name.stream, s.name.first, s.name.other)):
        if grouped and segment.name.stream == stream and segment.name.first <= last:
            grouped[-1].append(segment)
            last = max(last, segment.name.last)
        else:
            grouped.append([segment])
            stream, last = segment.name.stream, segment.name.last
    return [
        Unit(
            group[0].name.stream,
            group[0].name.first,
            max(segment.name.last for segment in group),
            tuple(group),
        )
        for group in grouped
    ]


_seen: dict[str, tuple[int, list[Segment]]] = {}
SETTLED_NS = 2_000_000_000
"""A folder's time of change tells only to a clock's turn: one changed this lately is read again."""


def _listed(folder: str) -> list[Segment]:
    """List the segments of one folder; from memory where it has not changed."""
    try:
        changed = Path(folder).stat().st_mtime_ns
        known = _seen.get(folder)
        if known is not None and known[0] == changed:
            return known[1]
        found = [
            Segment(Path(entry.path), name)
            for entry in os.scandir(folder)
            if (name := SegmentName.read(entry.name)) is not None
        ]
    except FileNotFoundError:  # an emptied folder was taken away meanwhile
        return []
    if time.time_ns() - changed > SETTLED_NS:
        _seen[folder] = changed, found
    return found


def _folders(folder: Path, within: str) -> Iterator[str]:
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.name.startswith(within) and entry.is_dir():
                yield entry.path


def partitions(history: Path) -> list[int]:
    """List the partitions that have a folder."""
    return sorted(int(path.name.partition("=")[2]) for path in history.glob("partition=*"))


def sync_folder(folder: Path) -> None:
    """Make the names in a folder durable, not only the files' contents."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
