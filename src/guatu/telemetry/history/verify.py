"""Looking through history file by file: is all of it there, readable, in order, and once?"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from guatu.access.quality import LEAST_BAD
from guatu.telemetry.counted import STORED
from guatu.telemetry.history import ledger
from guatu.telemetry.history.keep import BESIDE
from guatu.telemetry.history.layout import (
    CHECKPOINT,
    ROLLED_WITHIN,
    Segment,
    all_segments,
    partition_folder,
    partitions,
    rolled_folder,
    uncovered,
    units,
)
from guatu.telemetry.history.merge import DOUBLED
from guatu.telemetry.history.plan import Head, HeadUnknownError, checkpoint_meta, head_of
from guatu.telemetry.history.retain import THINNED
from guatu.telemetry.history.rollup import ROLLED
from guatu.telemetry.history.sources import columns_of
from guatu.telemetry.history.write import BEFORE_STEPS, OTHERS, SCALED

ENGINES = ".writing"
QUARANTINE = "quarantine"


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that is not as it should be.

    Args:
        kind: ``damaged``, ``disorder``, ``doubled``, ``misnamed``, ``covered``, ``leftover``,
            ``rolled`` (roll-ups tell of other samples), ``missing`` (samples that the engine
            stored are nowhere), ``checkpoint`` (unreadable)
            or ``gap`` (sequences of no file, where missing ones may have been).
        where: the file or folder, below history.
        facts: numbers and words for a sentence about it.
        mended: what a repair did, ``removed``, ``quarantined`` or ``rewritten``; empty for nothing.
    """

    kind: str
    where: str
    facts: dict[str, int | str] = field(default_factory=dict)
    mended: str = ""


@dataclass(slots=True)
class Seen:
    """What a file holds.

    Args:
        rows: samples, or rows of roll-ups.
        usable: samples that roll-ups tell of.
        doubled: samples that its making left out.
        is_thinned: whether only lasting points are left.
    """

    rows: int = 0
    usable: int = 0
    doubled: int = 0
    is_thinned: bool = False


@dataclass(slots=True)
class Account:
    """The samples of a partition: stored = found + doubled + given up, or some are missing.

    Args:
        stored: as the engine counted them up to its checkpoint; None without a checkpoint.
        found: on disk.
        doubled: left out by merges, because their point had one of the same time.
        given_up: gone by age.
    """

    stored: int | None = None
    found: int = 0
    doubled: int = 0
    given_up: int = 0

    @property
    def missing(self) -> int:
        """Samples of which nothing tells what became; negative if there are too many."""
        if self.stored is None:
            return 0
        return self.stored - self.found - self.doubled - self.given_up


@dataclass(slots=True)
class Report:
    """What looking through history found.

    Args:
        files: files read.
        rows: rows in them.
        findings: what is not as it should be.
        accounts: of each partition.
    """

    files: int = 0
    rows: int = 0
    findings: list[Finding] = field(default_factory=list)
    accounts: dict[int, Account] = field(default_factory=dict)


Progress = Callable[[int, int], None]


def verify(history: Path, progress: Progress | None = None) -> Report:
    """Read every file of history, and change nothing.

    Args:
        history: its folder.
        progress: told how many of how many files were read.
    """
    report = Report()
    total = sum(1 for _ in history.rglob("*.parquet"))
    for partition in partitions(history):
        look = _Look(history, partition, report, lambda: progress and progress(report.files, total))
        look.through()
    return report


class DisorderError(Exception):
    """A file's rows are not in order, or not once."""

    def __init__(self, kind: str, row: int) -> None:
        super().__init__(kind)
        self.kind, self.row = kind, row


def look_into(path: Path, schema: pa.Schema) -> Iterator[dict[str, np.ndarray]]:
    """Read a file row group by row group, and make sure of its order.

    Raises:
        DisorderError: if a row does not follow the one before.
        pyarrow.ArrowException: if it cannot be read.
        OSError: if the disk cannot.
    """
    last = (-1, -(2**63))
    seen = 0
    with pq.ParquetFile(path, page_checksum_verification=True) as file:
        names = file.schema_arrow.names
        if names != schema.names and not (schema is SCALED and names == BEFORE_STEPS):
            raise pa.ArrowInvalid(f"columns {names}")
        for group in range(file.num_row_groups):
            table = file.read_row_group(group, use_threads=False)
            table.validate(full=True)
            columns = columns_of(table)
            point = np.concatenate([[last[0]], columns["point"].astype(np.int64)])
            at_ms = np.concatenate([[last[1]], columns["at_ms"]])
            same = point[1:] == point[:-1]
            wrong = (point[1:] < point[:-1]) | (same & (at_ms[1:] < at_ms[:-1]))
            twice = same & (at_ms[1:] == at_ms[:-1])
            for kind, bad in (("disorder", wrong), ("doubled", twice)):
                if bad.any():
                    raise DisorderError(kind, seen + int(np.argmax(bad)))
            last, seen = (int(point[-1]), int(at_ms[-1])), seen + table.num_rows
            yield columns


class _Look:
    """One partition being looked through."""

    def __init__(
        self, history: Path, partition: int, report: Report, tick: Callable[[], object]
    ) -> None:
        self._history, self._partition, self._report, self._tick = history, partition, report, tick
        self._folder = partition_folder(history, partition)
        self._stored: int | None = None
        self._head = self._read_head()
        self._seen: dict[Path, Seen] = {}

    def _read_head(self) -> Head:
        try:
            meta = checkpoint_meta(self._folder)
            if meta is not None:
                self._stored = sum(int(row[STORED]) for _, row in meta.get("counts", ()))
            return head_of(self._history, self._partition)
        except HeadUnknownError:
            self._say("checkpoint", self._folder / CHECKPOINT)
            return Head()

    def through(self) -> None:
        found = all_segments(self._folder)
        kept = self._uncovered(found)
        for segment in kept:
            self._look_at(segment, OTHERS if segment.name.other else SCALED)
        for width, within in ROLLED_WITHIN.items():
            folder = rolled_folder(self._history, self._partition, width)
            rolled = self._uncovered(all_segments(folder, within))
            for segment in rolled:
                self._look_at(segment, ROLLED)
            self._compare(rolled, kept)
        for leftover in sorted(self._folder.rglob("*")):
            if leftover.suffix in {BESIDE, ENGINES}:
                self._say("leftover", leftover, bytes=leftover.stat().st_size)
        self._account(kept)

    def _uncovered(self, found: list[Segment]) -> list[Segment]:
        kept = uncovered(found)
        for segment in set(found) - set(kept):
            self._say("covered", segment.path)
        return kept

    def _say(self, kind: str, where: Path, **facts: int | str) -> None:
        place = str(where.relative_to(self._history))
        self._report.findings.append(Finding(kind, place, facts))

    def _look_at(self, segment: Segment, schema: pa.Schema) -> None:
        seen, low, high = Seen(), 2**62, -(2**62)
        try:
            for columns in look_into(segment.path, schema):
                seen.rows += len(columns["point"])
                low = min(low, int(columns["at_ms"].min(initial=low)))
                high = max(high, int(columns["at_ms"].max(initial=high)))
                seen.usable += _usable(columns)
            facts = pq.read_metadata(segment.path).metadata or {}
        except DisorderError as error:
            self._say(error.kind, segment.path, row=error.row)
        except FileNotFoundError:
            return  # merged meanwhile
        except (pa.ArrowException, OSError) as error:
            self._say("damaged", segment.path, **self._fate(segment), why=str(error)[:200])
        else:
            seen.doubled, seen.is_thinned = _facts(facts)
            self._seen[segment.path] = seen
            self._report.rows += seen.rows
            if schema is not ROLLED and not _named(segment, low, high):
                self._say("misnamed", segment.path, from_ms=low, to_ms=high)
        self._report.files += 1
        self._tick()

    def _fate(self, segment: Segment) -> dict[str, int | str]:
        """Say what is lost with a file: nothing where the engine will write it again."""
        name, head = segment.name, self._head
        again = name.stream == head.stream and name.last > head.sequence
        return {"from_ms": name.from_ms, "to_ms": name.to_ms, "again": int(again)}

    def _compare(self, rolled: list[Segment], samples: list[Segment]) -> None:
        """Find roll-ups that tell of another number of samples than there are."""
        gone = {one.name for one in ledger.given_up(self._history, self._partition)}
        for segment in rolled:
            told = self._seen.get(segment.path)
            inside = [
                one
                for one in samples
                if one.name.stream == segment.name.stream
                and segment.name.first <= one.name.first <= segment.name.last
            ]
            seen = [self._seen.get(one.path) for one in inside]
            lost = any(one is None or one.is_thinned for one in seen) or any(
                _is_inside(name, segment) for name in gone
            )
            usable = sum(one.usable for one in seen if one is not None)
            # Rows of days that overlap may count a doubled sample twice until they are merged.
            if told is not None and inside and not lost and told.usable < usable:
                self._say("rolled", segment.path, told=told.usable, found=usable)

    def _account(self, samples: list[Segment]) -> None:
        account = self._report.accounts[self._partition] = Account()
        account.stored = self._stored
        names = {segment.path.name for segment in samples}
        for segment in samples:
            seen, name = self._seen.get(segment.path), segment.name
            if seen and not (name.stream == self._head.stream and name.last > self._head.sequence):
                account.found += seen.rows
                account.doubled += seen.doubled
        for gone in ledger.given_up(self._history, self._partition):
            is_done = gone.name not in names or gone.why == "thinned"
            account.given_up += gone.samples if is_done else 0
        if account.missing:
            self._say("missing", self._folder, samples=account.missing)
            self._gaps(samples)

    def _gaps(self, samples: list[Segment]) -> None:
        for one, next_ in pairwise(units(samples)):
            if one.stream == next_.stream and next_.first > one.last + 1:
                self._say(
                    "gap", self._folder, first=one.last + 1, last=next_.first - 1,
                    from_ms=one.span_ms[1], to_ms=next_.span_ms[0],
                )  # fmt: skip


def _usable(columns: dict[str, np.ndarray]) -> int:
    if "count" in columns:
        return int(columns["count"].sum())
    if "quality" in columns:
        return int((columns["quality"] < LEAST_BAD).sum())
    return len(columns["point"])


def _facts(facts: dict[bytes, bytes]) -> tuple[int, bool]:
    return int(facts.get(DOUBLED.encode(), b"0")), THINNED.encode() in facts


def _named(segment: Segment, low: int, high: int) -> bool:
    return low > high or (segment.name.from_ms <= low and high <= segment.name.to_ms)


def _is_inside(name: str, segment: Segment) -> bool:
    read = type(segment.name).read(name)
    return (
        read is not None
        and read.stream == segment.name.stream
        and segment.name.first <= read.first <= segment.name.last
    )
