"""Declared stops: of a plant, of all that a user sees, and which hold."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime

from django.contrib.auth.models import AnonymousUser
from django.db.models import F, Q, QuerySet

from guatu.web.monitoring.models import PlannedStop, Plant
from guatu.web.people.models import User
from guatu.web.people.queries import visible


def _all() -> QuerySet[PlannedStop]:
    return PlannedStop.objects.select_related(
        "plant__region", "plant__organisation", "unit", "declared_by", "ended_by"
    )


def _not_over(at: datetime) -> Q:
    return Q(ends_at__gt=at) & (Q(ended_at=None) | Q(ended_at__gt=at))


def stops_of(plant: Plant) -> QuerySet[PlannedStop]:
    """All stops of a plant, the latest first."""
    return _all().filter(plant=plant)


def stops_visible_to(user: User | AnonymousUser | None) -> QuerySet[PlannedStop]:
    """The stops of all plants that this user may see, the latest first."""
    return visible(_all(), user, region="plant__region", organisation="plant__organisation")


def stops_ahead(rows: QuerySet[PlannedStop], at: datetime) -> QuerySet[PlannedStop]:
    """Those that hold or are still to come, the next first."""
    not_withdrawn = Q(ended_at=None) | Q(ended_at__gt=F("begins_at"))
    return rows.filter(_not_over(at), not_withdrawn).order_by("begins_at", "id")


def stops_holding(plants: Iterable[int], at: datetime) -> Mapping[int, list[PlannedStop]]:
    """The stops that hold at a moment, by plant, in one query."""
    found: dict[int, list[PlannedStop]] = {}
    rows = _all().filter(_not_over(at), plant__in=list(plants), begins_at__lte=at)
    for stop in rows.order_by("begins_at", "id"):
        found.setdefault(stop.plant_id, []).append(stop)
    return found
