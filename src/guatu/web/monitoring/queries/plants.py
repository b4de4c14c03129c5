"""Plants a user may see, and how they stand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib.auth.models import AnonymousUser
from django.db.models import (
    CharField,
    Count,
    F,
    IntegerField,
    Max,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Cast, Coalesce

from guatu.web.monitoring.models import Alarm, Plant, Point, Unit
from guatu.web.people.models import User
from guatu.web.people.posts import among, sight_of
from guatu.web.people.queries import visible
from guatu.web.regions.queries import subtree_filter
from guatu.web.warnings.models import Warning as RaisedWarning
from guatu.web.warnings.queries import visible_to as warnings_visible_to

Someone = User | AnonymousUser | None

SOURCE_KIND = "unit"
"""What warnings of this app arise from; the source's key is the unit's id."""


def visible_to(user: Someone) -> QuerySet[Plant]:
    """The plants that this user may see."""
    return visible(Plant.objects.select_related("organisation", "region"), user)


def plant_ids_of(user: Someone) -> list[int]:
    """The plants whose live values this user hears beyond those of the user's region."""
    own = sight_of(user).organisations
    if not own:
        return []
    rows = Plant.objects.filter(among("organisation", own)).order_by()
    return list(rows.values_list("pk", flat=True))


def _count(rows: QuerySet[Alarm] | QuerySet[Point], group: str) -> Coalesce:
    counted = rows.order_by().values(group).annotate(n=Count("pk")).values("n")
    return Coalesce(Subquery(counted, output_field=IntegerField()), 0)


def plant_rows(user: Someone) -> QuerySet[Plant]:
    """The user's plants, each with counts of points and open alarms and its gravest warning.

    Adds ``points_count``, ``stage_1``, ``stage_2``, ``warning_level`` (0 for none) and
    ``unread`` (alarms, open or returned, that nobody acknowledged). One query, whatever
    the number of plants.
    """
    alarms = Alarm.objects.filter(plant=OuterRef("pk"), cleared_at=None, raise_seen=True)
    unread = Alarm.objects.filter(plant=OuterRef("pk"), acknowledged_at=None, raise_seen=True)
    points = Point.objects.filter(unit__plant=OuterRef("pk"), retired_at=None)
    units = Unit.objects.filter(plant=OuterRef(OuterRef("pk")))
    keys = units.order_by().annotate(key=Cast("pk", CharField())).values("key")
    warnings = RaisedWarning.objects.filter(
        source_kind=SOURCE_KIND, source_key__in=keys, closed_at=None
    )
    gravest = warnings.order_by().values("source_kind").annotate(n=Max("level")).values("n")
    return visible_to(user).annotate(
        points_count=_count(points, "unit__plant"),
        stage_1=_count(alarms.filter(stage=1), "plant"),
        stage_2=_count(alarms.filter(stage=2), "plant"),
        unread=_count(unread, "plant"),
        warning_level=Coalesce(Subquery(gravest, output_field=IntegerField()), 0),
    )


STANDINGS = ("bad", "attention", "good")
LONGEST_TEXT = 80


def filtered(
    rows: QuerySet[Any], *, text: str = "", region: str = "", standing: str = ""
) -> QuerySet[Any]:
    """Narrow `plant_rows` by a text in name or code, a region, and how the plant stands.

    Args:
        rows: from `plant_rows`.
        text: part of name or code; cut at `LONGEST_TEXT`, for databases refuse longer patterns.
        region: six-digit code; all inside it count. What is no code narrows to nothing.
        standing: one of `STANDINGS`; anything else does not narrow.
    """
    text = text.replace("\x00", "")[:LONGEST_TEXT]
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__icontains=text))
    if region:
        try:
            rows = rows.filter(subtree_filter(region))
        except ValueError:
            rows = rows.none()
    if standing == "bad":
        rows = rows.filter(stage_2__gt=0)
    elif standing == "attention":
        rows = rows.filter(stage_2=0, stage_1__gt=0)
    elif standing == "good":
        rows = rows.filter(stage_2=0, stage_1=0)
    return rows


def standing(plant: Plant) -> str:
    """How a plant of `plant_rows` stands: the tone of the shell's state mark."""
    if getattr(plant, "stage_2", 0):
        return "bad"
    return "attention" if getattr(plant, "stage_1", 0) else "good"


def regions_of_plants(user: Someone) -> list[tuple[str, str]]:
    """Code and name of the divisions where the user has plants, for a filter."""
    rows = visible_to(user).order_by("region__sort")
    return list(rows.values_list("region_id", F("region__name")).distinct())


def warnings_of(plant: Plant, user: Someone) -> QuerySet[RaisedWarning]:
    """The warnings that arose from a plant's units, of those the user may see."""
    keys = [str(pk) for pk in plant.units.values_list("pk", flat=True)]
    return warnings_visible_to(user).filter(source_kind=SOURCE_KIND, source_key__in=keys)


@dataclass(frozen=True, slots=True, kw_only=True)
class Counters:
    """What a user's plants come to.

    Attributes:
        plants: how many.
        addressed: how many of them tell where they are.
        points: measured points in use.
        in_alarm: plants with an open alarm.
        alarms: open alarms.
        unread: alarms, open or returned, that nobody acknowledged.
    """

    plants: int
    addressed: int
    points: int
    in_alarm: int
    alarms: int
    unread: int


def counters(user: Someone) -> Counters:
    """Count the user's plants, points and open alarms, in three queries."""
    own = visible_to(user).order_by()
    held = Q(cleared_at=None)
    alarms = (
        Alarm.objects.filter(held | Q(acknowledged_at=None), plant__in=own, raise_seen=True)
    ).aggregate(
        alarms=Count("pk", filter=held),
        unread=Count("pk", filter=Q(acknowledged_at=None)),
        in_alarm=Count("plant", distinct=True, filter=held),
    )
    points = Point.objects.filter(unit__plant__in=own, retired_at=None).count()
    plants = own.aggregate(plants=Count("pk"), addressed=Count("pk", filter=~Q(address="")))
    return Counters(points=points, **plants, **alarms)
