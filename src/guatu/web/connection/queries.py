"""Connections a user may see, and how they stand."""

from __future__ import annotations

from collections.abc import Mapping

from django.contrib.auth.models import AnonymousUser
from django.db.models import Count, Q, QuerySet

from guatu.web.connection.models import Connection, ConnectionState
from guatu.web.monitoring.models import Plant, PlantKey
from guatu.web.people.models import User
from guatu.web.people.queries import visible

Someone = User | AnonymousUser | None


def visible_to(user: Someone) -> QuerySet[Connection]:
    """The connections that this user may see: of the own plant, or of the own region."""
    return visible(Connection.objects.select_related("organisation", "region", "plant"), user)


def filtered(rows: QuerySet[Connection], *, text: str, state: str) -> QuerySet[Connection]:
    """Narrow by a part of name or code, and by a state; what is no state does not narrow."""
    if text:
        rows = rows.filter(Q(name__icontains=text) | Q(code__icontains=text))
    if state in ConnectionState.values:
        rows = rows.filter(state=state)
    return rows


def tally(user: Someone) -> Mapping[str, int]:
    """How many of the user's connections are in each state; every state is named."""
    counted = dict(visible_to(user).order_by().values_list("state").annotate(count=Count("pk")))
    return {state: counted.get(state, 0) for state in ConnectionState.values}


def keys_of(plant: Plant) -> QuerySet[PlantKey]:
    """A plant's keys, those that hold first, then the newest."""
    rows = PlantKey.objects.filter(plant=plant).select_related("issued_by", "revoked_by")
    return rows.order_by("revoked_at", "-issued_at", "-id")


def without_connection() -> QuerySet[Plant]:
    """Plants that were registered past this app: by the installation itself."""
    return Plant.objects.filter(connection=None).select_related("organisation", "region")
