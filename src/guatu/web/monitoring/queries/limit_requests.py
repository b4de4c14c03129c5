"""Requests of plants to protect a core point less."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.contrib.auth.models import AnonymousUser
from django.db.models import Q, QuerySet

from guatu.web.monitoring.models import LimitRequest, Plant
from guatu.web.monitoring.queries.plants import visible_to
from guatu.web.people.models import User
from guatu.web.people.permission import may

ANSWERS_SHOWN_FOR = timedelta(days=7)


def limit_requests(plant: Plant, *, at: datetime) -> QuerySet[LimitRequest]:
    """A plant's requests: those that wait, and those lately decided, so that it sees the answer."""
    rows = LimitRequest.objects.filter(point__unit__plant=plant)
    lately = Q(decided_at__gte=at - ANSWERS_SHOWN_FOR)
    rows = rows.filter(Q(decided_at=None) | lately)
    people = ("asked_by__organisation", "decided_by__organisation")
    return rows.select_related("point__unit", *people).order_by("-decided_at", "-asked_at", "-id")


def plants_asking(user: User | AnonymousUser | None) -> list[Plant]:
    """The plants whose requests wait for this user's word."""
    if not may(user, "monitoring.decide_limit"):
        return []
    waiting = LimitRequest.objects.waiting().values("point__unit__plant")
    return [
        plant
        for plant in visible_to(user).filter(pk__in=waiting)
        if may(user, "monitoring.decide_limit", plant)
    ]
