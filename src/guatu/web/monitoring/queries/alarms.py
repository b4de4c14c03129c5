"""Alarms: open ones first, and their history."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection
from datetime import datetime

from django.db.models import F, Q, QuerySet

from guatu.web.monitoring.models import Alarm, OwnAlarm, Plant


def alarms_of(plant: Plant) -> QuerySet[Alarm]:
    """All alarms of a plant: open ones first, the newest first among them."""
    rows = Alarm.objects.filter(plant=plant, raise_seen=True)
    rows = rows.select_related("point", "unit", "plant")
    return rows.order_by(F("cleared_at").desc(nulls_first=True), "-began_at", "-id")


def own_alarms_of(plant: Plant) -> QuerySet[OwnAlarm]:
    """What a plant's own system said, the newest first."""
    return OwnAlarm.objects.filter(plant=plant).select_related("point", "unit")


def open_alarms(plant: Plant) -> list[Alarm]:
    """Alarms whose condition still holds, the second stage first, then the newest."""
    rows = Alarm.objects.filter(plant=plant, raise_seen=True, cleared_at=None)
    return list(rows.select_related("point", "unit").order_by("-stage", "-began_at", "-id"))


def returned(plant: Plant) -> QuerySet[Alarm]:
    """Alarms that returned before anybody acknowledged them, the newest first."""
    rows = Alarm.objects.filter(plant=plant, raise_seen=True, acknowledged_at=None)
    rows = rows.filter(cleared_at__isnull=False)
    return rows.select_related("point", "unit").order_by("-began_at", "-id")


def to_acknowledge(plant: Plant, *, limit: int = 20) -> list[Alarm]:
    """The newest of those that returned before anybody acknowledged them."""
    return list(returned(plant)[:limit])


def worst_by_point(alarms: Collection[Alarm]) -> dict[int, Alarm]:
    """The gravest of the given alarms on each point."""
    worst: dict[int, list[Alarm]] = defaultdict(list)
    for alarm in alarms:
        worst[alarm.point_id].append(alarm)
    return {point: max(found, key=lambda a: (a.stage, a.slot)) for point, found in worst.items()}


def alarms_between(point_id: int, start: datetime, end: datetime) -> QuerySet[Alarm]:
    """A point's alarms that touch a span of time, oldest first; at most the last 200."""
    rows = Alarm.objects.filter(point=point_id, raise_seen=True, began_at__lte=end)
    rows = rows.filter(Q(cleared_at=None) | Q(cleared_at__gte=start))
    return rows.order_by("-began_at")[:200]
