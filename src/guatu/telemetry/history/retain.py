"""Giving up what is older than wanted: samples first, roll-ups much later.

A file goes when its youngest sample is too old, never before, and samples only once their
roll-ups stand. Where core and state points are kept longer, a file is first thinned out to them.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection
from contextlib import ExitStack, suppress
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from guatu.telemetry.history import ledger
from guatu.telemetry.history.footers import footer
from guatu.telemetry.history.keep import beside, own
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    Segment,
    partition_folder,
    partitions,
    rolled_folder,
    segments,
    sync_folder,
)
from guatu.telemetry.history.merge import DOUBLED
from guatu.telemetry.history.plan import HeadUnknownError, head_of, is_told_of
from guatu.telemetry.history.rollup import WIDTHS
from guatu.telemetry.history.sort import Part, joined
from guatu.telemetry.history.sources import Source
from guatu.telemetry.history.write import OTHERS, SCALED, PartWriter

logger = logging.getLogger("keeper")

DAY_MS = 86_400_000
THINNED = "guatu.thinned"
"""In a file: only core and state points are left in it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How long what is kept.

    Args:
        raw_ms: samples.
        lasting_ms: samples of the lasting points; not less.
        minute_ms: what minutes come to.
        hour_ms: what hours come to.
        lasting: gives the ids of the lasting points; asked only when a file is to be thinned out.
    """

    raw_ms: int
    lasting_ms: int
    minute_ms: int
    hour_ms: int
    lasting: Callable[[], Collection[int]]


@dataclass(slots=True)
class Freed:
    """What a pass gave up.

    Args:
        files: files taken away.
        thinned: files of which only the lasting points are left.
        samples: samples that went.
        freed_bytes: room on the disk.
    """

    files: int = 0
    thinned: int = 0
    samples: int = 0
    freed_bytes: int = 0


def give_up(history: Path, now_ms: int, wish: Wish) -> Freed:
    """Give up what is older than wished for.

    Args:
        history: its folder.
        now_ms: the time now.
        wish: how long what is kept.

    Raises:
        KeptElsewhere: if another process works on a partition.
    """
    freed = Freed()
    for partition in partitions(history):
        work = _Partition(history, partition, now_ms, wish, freed)
        try:
            with own(history, partition):
                work.samples()
                for width, kept_ms in (("minute", wish.minute_ms), ("hour", wish.hour_ms)):
                    work.rolled(width, now_ms - kept_ms - WIDTHS[width])
        except HeadUnknownError as error:
            logger.error("%s cannot be read: partition %d is left alone", error, partition)  # noqa: TRY400
    return freed


@dataclass(slots=True)
class _Partition:
    history: Path
    partition: int
    now_ms: int
    wish: Wish
    freed: Freed

    def samples(self) -> None:
        head = head_of(self.history, self.partition)
        rolled = [
            sorted(s.name for s in segments(self._rolled_folder(width), within))
            for width, within in ROLLED_WITHIN.items()
        ]
        for segment in segments(partition_folder(self.history, self.partition)):
            name = segment.name
            if name.to_ms >= self.now_ms - self.wish.raw_ms:
                continue
            is_engines = name.stream == head.stream and name.last > head.sequence
            if is_engines or not all(is_told_of(name, names) for names in rolled):
                continue
            try:
                self._give_up(segment)
            except pa.ArrowException:
                logger.exception("%s is damaged; run guatu history verify", segment.path)

    def _rolled_folder(self, width: str) -> Path:
        return rolled_folder(self.history, self.partition, width)

    def _give_up(self, segment: Segment) -> None:
        facts = footer(segment.path).metadata.metadata or {}
        if segment.name.to_ms < self.now_ms - self.wish.lasting_ms:
            samples = footer(segment.path).rows + int(facts.get(DOUBLED.encode(), b"0"))
            self._note(segment, samples, "age")
            self._drop(segment)
            self.freed.samples += samples
        elif THINNED.encode() not in facts:
            self._thin(segment, facts)

    def _note(self, segment: Segment, samples: int, why: str) -> None:
        gone = ledger.GivenUp(segment.path.name, samples, why, self.now_ms)
        ledger.note(self.history, self.partition, gone)

    def _drop(self, segment: Segment) -> None:
        self.freed.freed_bytes += segment.path.stat().st_size
        self.freed.files += 1
        segment.path.unlink()
        with suppress(OSError):  # not empty yet
            segment.path.parent.rmdir()

    def _thin(self, segment: Segment, facts: dict[bytes, bytes]) -> None:
        """Leave only the lasting points in a file."""
        lasting = np.array(sorted(self.wish.lasting()), np.int32)
        before, size = footer(segment.path).rows, segment.path.stat().st_size
        left = _write_thinned(segment, lasting, facts)
        self._note(segment, before - left, "thinned")
        beside(segment.path).replace(segment.path)
        sync_folder(segment.path.parent)
        self.freed.thinned += 1
        self.freed.samples += before - left
        self.freed.freed_bytes += size - segment.path.stat().st_size

    def rolled(self, width: str, before_ms: int) -> None:
        """Give up roll-ups whose youngest sample is before a time."""
        for segment in segments(self._rolled_folder(width), ROLLED_WITHIN[width]):
            if segment.name.to_ms < before_ms:
                self._drop(segment)


def _write_thinned(segment: Segment, lasting: NDArray[np.int32], facts: dict[bytes, bytes]) -> int:
    """Write the lasting points of a file beside it; gives how many samples these have."""
    schema, left = OTHERS if segment.name.other else SCALED, 0
    with ExitStack() as stack:
        source = stack.enter_context(Source(segment.path, Part, joined))
        out = stack.enter_context(PartWriter(beside(segment.path), schema, merged=True))
        while not source.is_read:
            source.open_next()
            part = source.take(1 << 40)
            if part is not None:
                kept = part.only(np.isin(part.point, lasting))
                out.add(kept)
                left += len(kept)
        told = {key.decode(): value.decode() for key, value in facts.items() if b"guatu" in key}
        out.tell({**told, THINNED: "1"})
    return left
