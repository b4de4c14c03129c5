"""Limits as they hold now, and as they were known on a day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from django.db.models import Q, QuerySet

from guatu.web.monitoring.models import LimitVersion, Plant, Point, PointKind, Slot, Unit


@dataclass(frozen=True, slots=True, kw_only=True)
class PointLimits:
    """A point and what holds for it, by slot; a slot without a limit is left out."""

    point: Point
    versions: dict[Slot, LimitVersion]

    @property
    def free_slots(self) -> list[Slot]:
        """Alarms that could still be set: states and counters take them all, too."""
        return [slot for slot in Slot if slot not in self.versions]


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitLimits:
    """A unit and its points with their limits."""

    unit: Unit
    points: list[PointLimits]


def limits_of(plant: Plant, *, at: datetime | None = None) -> list[UnitLimits]:
    """Units, points and limits of a plant in three queries.

    Args:
        plant: whose.
        at: the limits as they held then; None for now.
    """
    versions = LimitVersion.objects.known_on(at) if at else LimitVersion.objects.current()
    found: dict[int, dict[Slot, LimitVersion]] = {}
    rows = versions.filter(point__unit__plant=plant, value__isnull=False)
    for version in rows.select_related("changed_by").order_by("slot"):
        found.setdefault(version.point_id, {})[Slot(version.slot)] = version
    points: dict[int, list[PointLimits]] = {}
    for point in (
        Point.objects.filter(unit__plant=plant, retired_at=None)
        .select_related("unit")
        .order_by("id")
    ):
        limits = PointLimits(point=point, versions=found.get(point.pk, {}))
        points.setdefault(point.unit_id, []).append(limits)
    return [
        UnitLimits(unit=unit, points=points.get(unit.pk, [])) for unit in plant.units.order_by("id")
    ]


def history_of(point: Point) -> QuerySet[LimitVersion]:
    """Every version of a point's limits, the newest first."""
    rows = LimitVersion.objects.filter(point=point).select_related("changed_by__organisation")
    return rows.order_by("-valid_from", "-id")


def current_limits(point_ids: list[int]) -> dict[int, dict[str, float]]:
    """The limits that hold now, by point and slot name, missing data left out."""
    rows = LimitVersion.objects.current().filter(point__in=point_ids, value__isnull=False)
    limits: dict[int, dict[str, float]] = {}
    for point, slot, value in rows.values_list("point", "slot", "value"):
        if slot != Slot.MISSING and value is not None:
            limits.setdefault(point, {})[Slot(slot).name] = float(value)
    return limits


def limits_between(point_id: int, start: datetime, end: datetime) -> list[LimitVersion]:
    """The versions of a point's limits that held within a span of time, silence left out."""
    rows = LimitVersion.objects.filter(point=point_id, valid_from__lte=end, value__isnull=False)
    rows = rows.filter(Q(valid_to__isnull=True) | Q(valid_to__gt=start)).exclude(slot=Slot.MISSING)
    return list(rows.order_by("slot", "valid_from", "id"))


def trend_points(points: list[Point], *, most: int = 4) -> list[Point]:
    """The points worth a chart at first sight: core analog ones, then analog ones."""
    analog = [point for point in points if point.kind == PointKind.ANALOG]
    return sorted(analog, key=lambda point: not point.core)[:most]
