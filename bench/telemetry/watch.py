"""The backlogs of a house while it runs: what is not judged, not stored and not merged yet."""

import asyncio
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bench.spine import ours
from bench.spine.run import stored
from bench.telemetry.processes import cpu_s
from guatu.ops.house import House
from guatu.telemetry.history import plan
from guatu.telemetry.history.course import not_told_of
from guatu.telemetry.history.footers import footer
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    partition_folder,
    partitions,
    rolled_folder,
    segments,
)
from guatu.telemetry.history.read import persistently

EVERY_S = 5.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """A moment of a run.

    Attributes:
        at_s: since its begin.
        answered: samples acknowledged so far.
        stored: samples in history's files.
        unmerged: of these, samples that the keeper has neither merged nor rolled up.
        due: of these, samples that by the keeper's own rules it should work at now.
        unjudged: messages in the log that no engine has judged.
        cpu_s: of each process so far.
    """

    at_s: float
    answered: int
    stored: int
    unmerged: int
    due: int
    unjudged: int
    cpu_s: Mapping[str, float]


def unmerged(history: Path) -> int:
    """Count the samples in files that no roll-up tells of."""

    def count() -> int:
        rows = 0
        for partition in partitions(history):
            within = ROLLED_WITHIN["minute"]
            rolled = segments(rolled_folder(history, partition, "minute"), within)
            found = not_told_of(segments(partition_folder(history, partition)), rolled)
            rows += sum(footer(segment.path).rows for segment in found)
        return rows

    return persistently(count)


def due(history: Path) -> int:
    """Count the samples that the keeper should be merging now."""

    def count() -> int:
        now_ms = time.time_ns() // 1_000_000
        return sum(
            footer(file.path).rows
            for partition in partitions(history)
            for day in plan.days_of(history, partition)
            for group in plan.due(day, plan.head_of(history, partition), now_ms)
            for unit in group
            for file in unit.files
        )

    return persistently(count)


@dataclass(slots=True)
class Watch:
    """Takes marks of a run.

    Attributes:
        house: whose.
        pids: of its processes by name.
        answered: gives the samples acknowledged so far.
        before: samples that were stored already.
        marks: taken so far.
    """

    house: House
    pids: Mapping[str, int]
    answered: Callable[[], int]
    before: int
    marks: list[Mark] = field(default_factory=list)
    _began: float = field(default_factory=time.perf_counter)

    async def run(self) -> None:
        """Take marks until cancelled."""
        while True:
            await self.take()
            await asyncio.sleep(EVERY_S)

    async def take(self) -> Mark:
        """Take a mark now."""
        history = self.house.home / "history"
        # First what costs nothing, all of one moment.
        at_s, answered = time.perf_counter() - self._began, self.answered()
        used, rows = cpu_s(self.pids), await asyncio.to_thread(stored, self.house)
        mark = Mark(
            at_s=at_s,
            answered=answered,
            stored=rows - self.before,
            unmerged=await asyncio.to_thread(unmerged, history),
            due=await asyncio.to_thread(due, history),
            unjudged=await ours.unjudged(self.house),
            cpu_s=used,
        )
        self.marks.append(mark)
        return mark


def table(marks: list[Mark]) -> str:
    """Lay marks out for people."""
    lines = ["    second    answered M   not judged   not stored M   not merged M   due M"]
    lines += [
        f"  {mark.at_s:8.1f} {mark.answered / 1e6:13.1f} {mark.unjudged:12d} "
        f"{(mark.answered - mark.stored) / 1e6:14.1f} {mark.unmerged / 1e6:14.1f} "
        f"{mark.due / 1e6:7.1f}"
        for mark in marks
    ]
    return "\n".join(lines)
