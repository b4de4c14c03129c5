"""What the wall asks the database: a fixed number of questions, whatever the province's size."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from django.db.models import (
    Case,
    Count,
    Exists,
    F,
    IntegerField,
    OuterRef,
    QuerySet,
    Subquery,
    When,
)
from django.db.models.functions import Coalesce, Greatest
from django.utils import timezone

from guatu.core.nouns.warning import Level, Verb
from guatu.web.monitoring import queries as monitoring
from guatu.web.monitoring.models import Alarm, Plant, Point, Unit
from guatu.web.monitoring.words import RECORDING
from guatu.web.people.models import User
from guatu.web.warnings import queries as warnings
from guatu.web.warnings.models import Warning  # noqa: A004 - the house's noun

GRAVEST_FIRST = tuple(sorted(Level, reverse=True))
TODO_COUNTED = 60


@dataclass(slots=True, kw_only=True)
class Tally:
    """Open warnings of some region or owner: by level, and how many are overdue."""

    by_level: dict[Level, int] = field(default_factory=lambda: dict.fromkeys(GRAVEST_FIRST, 0))
    overdue: int = 0

    def add(self, level: Level, count: int, overdue: int) -> None:
        """Count some more."""
        self.by_level[level] += count
        self.overdue += overdue

    @property
    def total(self) -> int:
        """All open ones."""
        return sum(self.by_level.values())

    @property
    def highest(self) -> Level | None:
        """The gravest level among them, None where none is open."""
        return next((level for level in GRAVEST_FIRST if self.by_level[level]), None)

    @property
    def levels(self) -> list[tuple[Level, int]]:
        """Levels with their counts, the gravest first."""
        return [(level, self.by_level[level]) for level in GRAVEST_FIRST]

    @property
    def weight(self) -> tuple[int, ...]:
        """For ranking: overdue first, then the gravest levels."""
        return (self.overdue, *self.by_level.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenWarnings:
    """Open warnings counted three ways from one query."""

    whole: Tally
    by_region: Mapping[str, Tally]
    by_origin: Mapping[int, Tally]


def open_warnings(user: User, at: datetime) -> OpenWarnings:
    """Count what is open and seen by the user, by region, by plant and in all."""
    rows = (
        warnings.visible_to(user)
        .filter(closed_at=None)
        .order_by()
        .values_list("region_id", "origin_id", "level")
        .annotate(count=Count("pk"), late=Count("pk", filter=warnings.overdue(at)))
    )
    whole = Tally()
    by_region: dict[str, Tally] = defaultdict(Tally)
    by_origin: dict[int, Tally] = defaultdict(Tally)
    for region, origin, level, count, late in rows:
        for tally in (whole, by_region[region], by_origin[origin]):
            tally.add(Level(level), count, late)
    return OpenWarnings(whole=whole, by_region=dict(by_region), by_origin=dict(by_origin))


def most_pressing(user: User, at: datetime, *, limit: int) -> list[Warning]:
    """Open warnings, overdue ones first within a level, the gravest level first of all."""
    late = Case(When(warnings.overdue(at), then=0), default=1, output_field=IntegerField())
    rows = warnings.with_next_due(warnings.visible_to(user).filter(closed_at=None))
    rows = rows.annotate(late=late)
    return list(
        rows.order_by("-level", "late", F("nearest_due").asc(nulls_last=True), "-raised_at")[:limit]
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Todos:
    """What waits for the user, and how much of each verb there is among the first sixty."""

    items: list[warnings.Todo]
    by_verb: dict[Verb, int]
    more: bool


def todos(user: User, at: datetime, *, limit: int) -> Todos:
    """What to do next, the most pressing first."""
    found = warnings.todo(user, at, limit=TODO_COUNTED)
    counts: dict[Verb, int] = defaultdict(int)
    for item in found:
        counts[item.verb] += 1
    return Todos(items=found[:limit], by_verb=dict(counts), more=len(found) > limit)


def closed_today(user: User, at: datetime) -> int:
    """How many were closed since midnight, here."""
    midnight = timezone.localtime(at).replace(hour=0, minute=0, second=0, microsecond=0)
    return warnings.visible_to(user).filter(closed_at__gte=midnight, closed_at__lte=at).count()


def lately_handled(user: User, at: datetime) -> QuerySet[Warning]:
    """What was handled or closed in the last thirty days, the latest first."""
    done = Coalesce(Greatest("handled_at", "closed_at"), "closed_at", "handled_at")
    rows = warnings.visible_to(user).annotate(done_at=done)
    return rows.filter(done_at__gte=at - timedelta(days=30)).order_by("-done_at", "-id")


def plants(user: User) -> QuerySet[Plant]:
    """The plants that the user sees, with counts of their points and open alarms by stage."""
    points = Point.objects.filter(unit__plant=OuterRef("pk"), retired_at=None)
    alarms = Alarm.objects.filter(plant=OuterRef("pk"), cleared_at=None, raise_seen=True)
    units = Unit.objects.filter(plant=OuterRef("pk"))
    return monitoring.visible_to(user).annotate(
        # A recording sends while it is replayed and never again: that is no plant off line.
        replayed=Exists(units) & ~Exists(units.exclude(kind=RECORDING)),
        points=_counted(points.order_by().values("unit__plant")),
        stage_1=_counted(alarms.filter(stage=1).order_by().values("plant")),
        stage_2=_counted(alarms.filter(stage=2).order_by().values("plant")),
    )


def _counted(rows: QuerySet[Any, Any]) -> Coalesce:
    counted = rows.annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def unit_kinds(user: User) -> dict[int, str]:
    """The kind of each unit of the plants that the user sees, by its id."""
    seen = monitoring.visible_to(user).order_by().values("pk")
    return dict(Unit.objects.filter(plant__in=seen).order_by().values_list("pk", "kind"))
