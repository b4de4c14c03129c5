"""Whether a plant is connected now, and what is wrong with its data, as values for pages."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING

from django.utils.translation import gettext as _

from guatu.web.monitoring.models import PlannedStop, Plant
from guatu.web.monitoring.stopped import GRACE
from guatu.web.quality.looks import Counts, moment
from guatu.web.quality.queries import Figures
from guatu.web.quality.wording import Reason, reason

if TYPE_CHECKING:
    from guatu.telemetry.query import PlantQuality

ONLINE_FOR = timedelta(seconds=60)
"""A plant is connected while a message or a heartbeat came within this time."""

MOST_CHIEF = 3
CLOCK_OFF_MS = 2000
"""An offset beyond this is told as a fault."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """How a plant stands now.

    Attributes:
        tone: as the shell's state marks know it.
        word: the same in words.
        heard_at: last message or heartbeat; None for never.
        sampled_at: last message with a sample.
        clock_offset_ms: the plant's clock minus the platform's.
        contradicts: data comes although the whole plant is declared stopped.
    """

    tone: str
    word: str
    heard_at: datetime | None = None
    sampled_at: datetime | None = None
    clock_offset_ms: int | None = None
    contradicts: bool = False


def standing(
    plant: Plant,
    quality: PlantQuality | None,
    stops: Sequence[PlannedStop],
    *,
    at: datetime,
    reached: bool = True,
) -> Standing:
    """Say how a plant stands.

    Args:
        plant: which.
        quality: what the engine says of it; None where it knows no such plant.
        stops: declared ones that hold.
        at: now.
        reached: whether the engine answered at all.
    """
    if not reached:
        return Standing(tone="idle", word=_("Engine away"))
    heard, sampled = (
        (moment(quality.heard_ms), moment(quality.sampled_ms)) if quality else (None, None)
    )
    tone, word = _connected(plant, heard, stops, at)
    whole = [stop for stop in stops if stop.unit_id is None]
    contradicts = sampled is not None and any(sampled > s.begins_at + GRACE for s in whole)
    if contradicts:
        tone, word = "attention", _("Declared stopped, but data comes")
    return Standing(
        tone=tone,
        word=word,
        heard_at=heard,
        sampled_at=sampled,
        clock_offset_ms=quality.clock_offset_ms if quality else None,
        contradicts=contradicts,
    )


def _connected(
    plant: Plant, heard: datetime | None, stops: Sequence[PlannedStop], at: datetime
) -> tuple[str, str]:
    if plant.ended_at is not None:
        return "idle", _("Connection ended")
    if plant.suspended_at is not None:
        return "idle", _("Connection suspended")
    if heard is not None and at - heard <= ONLINE_FOR:
        return "good", _("On line")
    if any(stop.unit_id is None for stop in stops):
        return "idle", _("Stopped as declared")
    if heard is None:
        return "bad", _("Never sent")
    return "bad", _("Interrupted")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, how often, where, and how to mend it."""

    code: str
    reason: Reason
    count: int
    unit: str
    where: Sequence[str] = ()


def findings(
    figures: Figures,
    counts: Counts,
    *,
    offset_ms: int | None = None,
    where: Mapping[str, Sequence[str]] | None = None,
) -> list[Finding]:
    """List what is wrong with a plant's day, the gravest and most frequent first.

    Args:
        figures: of the day.
        counts: of the day, by reason.
        offset_ms: how far the plant's clock is off now, if the day is today.
        where: by code, the points, hours or numbers concerned, as far as known. What counts them
            alone, ``silent`` and ``dark``, is as often as it has places.
    """
    places = where or {}
    found = [
        Finding(code=code, reason=reason(code), count=n, unit=unit, where=places.get(code, ()))
        for code, n, unit in _wrong(figures, counts, places, offset_ms)
        if n
    ]
    gravity = {"bad": 0, "attention": 1, "idle": 2}
    return sorted(found, key=lambda f: (gravity[f.reason.tone], -f.count))


def chief(found: Sequence[Finding]) -> list[Finding]:
    """The few that cost most, for a list in which each plant has a line."""
    costly = [finding for finding in found if finding.reason.tone != "idle"]
    return sorted(costly, key=lambda finding: -finding.count)[:MOST_CHIEF]


def _wrong(
    figures: Figures, counts: Counts, where: Mapping[str, Sequence[str]], offset_ms: int | None
) -> Iterator[tuple[str, int, str]]:
    samples, messages = _("samples"), _("messages")
    yield from ((code, count, samples) for code, count in _sorted(counts.rejected))
    yield from ((code, count, messages) for code, count in _sorted(counts.refused))
    for name in ("late", "uncertain", "bad"):
        yield name, getattr(figures, name), samples
    yield "absent", figures.absent, samples
    yield "missing_beats", figures.missing, messages
    yield "given_up_beats", figures.given_up_beats, messages
    yield "dark", len(where.get("dark", ())), _("hours")
    yield "silent", len(where.get("silent", ())), _("points")
    yield "clock_steps", figures.clock_steps, _("times")
    off = max(
        abs(ms)
        for ms in (offset_ms, figures.clock_least_ms, figures.clock_most_ms, 0)
        if ms is not None
    )
    yield "clock", round(off / 1000) if off > CLOCK_OFF_MS else 0, _("seconds")


def _sorted(counts: Mapping[str, int]) -> list[tuple[str, int]]:
    return sorted(counts.items(), key=lambda pair: -pair[1])
