"""Which records a reader may see."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from django.contrib.auth.models import AnonymousUser
from django.db.models import Model, Q, QuerySet

from guatu.web.audit.models import Act, Change
from guatu.web.connection import queries as connections
from guatu.web.monitoring import queries as monitoring
from guatu.web.people import queries as people
from guatu.web.people.models import Role, User
from guatu.web.people.permission import may
from guatu.web.people.posts import among, sight_of
from guatu.web.regions.models import Region
from guatu.web.warnings import queries as warnings

Someone = User | AnonymousUser | None


def visible_to(user: Someone) -> QuerySet[Change]:
    """The records that this auditor may read: of his scope, and of nobody's place at all."""
    sight = sight_of(user, Role.AUDITOR)
    if not sight:
        return Change.objects.none()
    seen = Q(region="", organisation=None)
    for low, high in sight.spans:
        seen |= Q(region__range=(low, high))
    if sight.organisations:
        seen |= among("organisation", sight.organisations)
    return Change.objects.filter(seen)


def regions_of(user: Someone) -> list[tuple[str, str]]:
    """The regions that an auditor can narrow to."""
    sight = sight_of(user, Role.AUDITOR)
    seen = Q(pk__in=[])
    for span in sight.spans:
        seen |= Q(code__range=span)
    rows = Region.objects.filter(seen, retired_at=None).order_by("sort")
    return list(rows.values_list("code", "name"))


def _people(user: User) -> QuerySet[User]:
    rows = people.users_visible_to(user)
    return rows if may(user, "people.see") else rows.none()


_PAGES: Final[Mapping[str, Callable[[User], QuerySet[Any]]]] = {
    "people.user": _people,
    "people.organisation": people.visible_to,
    "monitoring.plant": monitoring.visible_to,
    "connection.connection": connections.visible_to,
    "warnings.warning": warnings.visible_to,
}
"""Records that have a page with their history: whoever sees the record there sees this, too."""


def page_of(user: User, kind: str, key: str) -> Model | None:
    """A record with a page of its own, if the reader sees it there."""
    rows = _PAGES.get(kind)
    if rows is None or not (key.isascii() and key.isdigit()) or len(key) > 18:
        return None
    found: Model | None = rows(user).filter(pk=int(key)).first()
    return found


def history_for(user: User, kind: str, key: str) -> QuerySet[Change] | None:
    """What was done to a record and to what belongs to it.

    Who sees the record reads what was changed; who looked at it is for the auditor alone.

    Returns:
        The records; None where the reader sees neither the record nor its history.
    """
    of_it = Q(page_kind=kind, page_record=key)
    if page_of(user, kind, key) is not None:
        return Change.objects.filter(of_it).exclude(act=Act.SEEN)
    if may(user, "audit.see"):
        rows = visible_to(user).filter(of_it)
        return rows if rows.exists() else None
    return None
