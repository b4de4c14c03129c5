"""Points to be explored: those a user may see, of whichever plant, retired ones too."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import Q, QuerySet

from guatu.web.monitoring.models import Alarm, Plant, Point
from guatu.web.monitoring.queries.plants import Someone, visible_to


def explorable(user: Someone) -> QuerySet[Point]:
    """The points that this user may see, each with its unit and plant."""
    points = Point.objects.filter(unit__plant__in=visible_to(user).order_by())
    return points.select_related("unit__plant")


def found_points(
    user: Someone, *, text: str, plant: int | None, but: Collection[int], most: int
) -> list[Point]:
    """Points that fit a text, in the order of plants and units, core ones first.

    Args:
        user: who looks.
        text: words, each of which must stand in a name or code of point, unit or plant.
        plant: only of this one.
        but: points that are chosen already.
        most: how many at most.
    """
    rows = explorable(user).exclude(pk__in=but)
    if plant is not None:
        rows = rows.filter(unit__plant=plant)
    for word in text.split()[:6]:
        rows = rows.filter(
            Q(name__icontains=word)
            | Q(code__icontains=word)
            | Q(quantity__icontains=word)
            | Q(unit__name__icontains=word)
            | Q(unit__plant__name__icontains=word)
            | Q(unit__plant__code__icontains=word)
        )
    order = ("unit__plant__code", "-core", "unit_id", "id")
    return list(rows.order_by(*order)[:most])


def plants_to_explore(user: Someone) -> list[tuple[int, str]]:
    """Id and name of the plants whose points a user may see, for a filter."""
    return list(visible_to(user).order_by("code").values_list("pk", "name"))


def alarms_of_points(
    point_ids: Sequence[int], start: datetime, end: datetime, *, most: int
) -> list[Alarm]:
    """Alarms of points that touch a span of time, the newest first."""
    rows = Alarm.objects.filter(point__in=point_ids, raise_seen=True, began_at__lte=end)
    rows = rows.filter(Q(cleared_at=None) | Q(cleared_at__gte=start))
    return list(rows.order_by("-began_at")[:most])


def first_points(plant: Plant, *, most: int) -> list[Point]:
    """The points of a plant that a look at its history begins with: core ones."""
    points = Point.objects.filter(unit__plant=plant, retired_at=None)
    return list(points.select_related("unit__plant").order_by("-core", "unit_id", "id")[:most])
