"""Where history lies and how its files are named.

``partition=<p>/day=<yyyy-mm-dd>/<stream>-<first>-<last>-<from ms>_<to ms>.parquet``: the stream's
identity, the sequences between two cuts, and the sample times inside, so that a reader opens only
what it needs. Beside it ``….other.parquet`` where samples could not be scaled. Merged files cover
the sequences of the segments that they replace.
"""

from __future__ import annotations

import os
import re
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


@dataclass(frozen=True, slots=True)
class Segment:
    """A segment on disk."""

    path: Path
    name: SegmentName


def segments(folder: Path) -> list[Segment]:
    """List a partition's segments in order, without those that a merged one covers."""
    found = [
        Segment(Path(entry.path), name)
        for day in _folders(folder)
        for entry in os.scandir(day)
        if (name := SegmentName.read(entry.name)) is not None
    ]
    # The widest first among those that begin together: what lies inside it is covered by it.
    found.sort(key=lambda s: (s.name.other, s.name.stream, s.name.first, -s.name.last))
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


def _folders(folder: Path) -> Iterator[str]:
    if folder.is_dir():
        for entry in os.scandir(folder):
            if entry.is_dir() and entry.name.startswith("day="):
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
