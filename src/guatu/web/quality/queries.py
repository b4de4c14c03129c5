"""The figures of a day: by plant, by hour, and of one plant."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import Any

from django.db.models import Count, Max, Min, QuerySet, Sum
from django.utils import timezone

from guatu.web.monitoring.models import Alarm, Plant, Slot
from guatu.web.quality.looks import Counts
from guatu.web.quality.models import PlantHour

SUMS = (
    "expected",
    "received",
    "stored",
    "rejected",
    "doubled",
    "uncertain",
    "bad",
    "late",
    "backfilled",
    "beats",
    "doubled_beats",
    "refused",
    "clock_steps",
    "given_up_beats",
    "missing_beats",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """What came in a span; shares are in percent, None where nothing can be shared."""

    expected: float = 0.0
    received: int = 0
    stored: int = 0
    rejected: int = 0
    doubled: int = 0
    uncertain: int = 0
    bad: int = 0
    late: int = 0
    backfilled: int = 0
    beats: int = 0
    doubled_beats: int = 0
    refused: int = 0
    clock_steps: int = 0
    given_up_beats: int = 0
    missing_beats: int = 0
    clock_least_ms: int | None = None
    clock_most_ms: int | None = None

    @property
    def good(self) -> int:
        """Samples stored that are neither old archives nor of doubtful quality."""
        return max(self.arrived - self.uncertain - self.bad, 0)

    @property
    def arrived(self) -> int:
        """Samples stored, old archives aside: nobody expected those in this span."""
        return max(self.stored - self.backfilled, 0)

    @property
    def usable(self) -> int:
        """Good samples that came in time."""
        return max(self.good - self.late, 0)

    @property
    def absent(self) -> int:
        """Samples that were due and were never sent, beyond what may still be on its way."""
        came = self.received - self.doubled - self.backfilled
        absent = round(self.expected - came)
        return absent if absent > self.expected * ABSENT_SHARE else 0

    @property
    def missing(self) -> int:
        """Messages that went missing in the span and have not come by its end."""
        return max(self.missing_beats, 0)

    @property
    def arrived_share(self) -> float | None:
        """Stored samples of those expected; more than all is all."""
        return _share(min(self.arrived, self.expected), self.expected)

    @property
    def usable_share(self) -> float | None:
        """Good samples that came in time, of those expected: what plants are ranked by."""
        return _share(min(self.usable, self.expected), self.expected)

    @property
    def rejected_share(self) -> float | None:
        """Samples left out, doubled ones aside, of those received."""
        return _share(self.rejected - self.doubled, self.received)

    @property
    def doubled_share(self) -> float | None:
        """Samples that came again, of those received."""
        return _share(self.doubled, self.received)

    @property
    def late_share(self) -> float | None:
        """Samples that came late, of those stored."""
        return _share(self.late, self.stored)

    @property
    def doubtful_share(self) -> float | None:
        """Samples of bad or uncertain quality, of those stored."""
        return _share(self.bad + self.uncertain, self.stored)


NOTHING = Figures()
NEARLY_AN_HOUR = timedelta(minutes=55)
ABSENT_SHARE = 0.01
"""A share of absent samples below this is told by the percentages alone."""


def _share(part: float, whole: float) -> float | None:
    return 100 * part / whole if whole > 0 else None


def day_span(day: date) -> tuple[datetime, datetime]:
    """A day as it is lived here, from midnight to midnight."""
    begins = timezone.make_aware(datetime.combine(day, time_of_day()))
    return begins, begins + timedelta(days=1)


def _rows(day: date) -> QuerySet[PlantHour]:
    begins, ends = day_span(day)
    return PlantHour.objects.filter(hour__gte=begins, hour__lt=ends).order_by()


def _summed() -> dict[str, Any]:
    return {
        **{name: Sum(name) for name in SUMS},
        "clock_least_ms": Min("clock_least_ms"),
        "clock_most_ms": Max("clock_most_ms"),
    }


def _figures(row: Mapping[str, Any]) -> Figures:
    """Figures of a row of sums; the sum of nothing is nothing."""
    names = Figures.__slots__
    return Figures(**{name: row[name] for name in names if row.get(name) is not None})


def by_plant(plants: QuerySet[Plant], day: date) -> Mapping[int, Figures]:
    """The day's figures of each plant that has any, in one query."""
    rows = _rows(day).filter(plant__in=plants.order_by()).values("plant").annotate(**_summed())
    return {row["plant"]: _figures(row) for row in rows}


def by_hour(plants: QuerySet[Plant] | Iterable[Plant], day: date) -> Mapping[datetime, Figures]:
    """The figures of each hour of a day, over all plants together, in one query."""
    rows = _rows(day).filter(plant__in=plants).values("hour").annotate(**_summed())
    return {row["hour"]: _figures(row) for row in rows}


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantDay:
    """A plant's day: each hour's row, and the reasons over all of them."""

    hours: Mapping[datetime, PlantHour]
    whole: Figures
    counts: Counts

    @property
    def dark(self) -> list[datetime]:
        """Hours in which samples were due and none came."""
        rows = self.hours.items()
        return [
            hour
            for hour, row in rows
            if row.until - row.since >= NEARLY_AN_HOUR and row.expected > 0 and not row.received
        ]

    @property
    def gaps_in_looking(self) -> list[PlantHour]:
        """Rows whose figures reach back into hours in which nobody looked."""
        return [row for row in self.hours.values() if row.since < row.hour - timedelta(minutes=5)]


def plant_day(plant: Plant, day: date) -> PlantDay:
    """A plant's day, in two queries."""
    rows = list(_rows(day).filter(plant=plant).order_by("hour"))
    whole = _rows(day).filter(plant=plant).aggregate(**_summed())
    counts = Counts()
    for row in rows:
        counts = counts.plus(Counts(rejected=row.by_reason, refused=row.by_refusal))
    return PlantDay(hours={r.hour: r for r in rows}, whole=_figures(whole), counts=counts)


def reasons_by_plant(plants: Iterable[int], day: date) -> Mapping[int, Counts]:
    """Why samples and messages of some plants were left out or refused on a day, in one query."""
    found: dict[int, Counts] = {}
    rows = _rows(day).filter(plant__in=list(plants))
    for plant, reasons, refusals in rows.values_list("plant", "by_reason", "by_refusal"):
        counts = Counts(rejected=reasons, refused=refusals)
        found[plant] = found.get(plant, Counts()).plus(counts)
    return found


def silent_points(plants: QuerySet[Plant]) -> Mapping[int, int]:
    """How many points are said to be silent now, by plant, in one query."""
    rows = Alarm.objects.filter(
        plant__in=plants.order_by(), slot=Slot.MISSING, cleared_at=None, raise_seen=True
    )
    counted = rows.order_by().values_list("plant").annotate(points=Count("point", distinct=True))
    return dict(counted)
