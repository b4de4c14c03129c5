"""Plants a user may see."""

from __future__ import annotations

from django.contrib.auth.models import AnonymousUser
from django.db.models import QuerySet

from guatu.web.monitoring.models import Plant
from guatu.web.people.models import User
from guatu.web.people.queries import sight_of, visible


def visible_to(user: User | AnonymousUser | None) -> QuerySet[Plant]:
    """The plants that this user may see."""
    return visible(Plant.objects.select_related("organisation", "region"), user)


def plant_ids_of(user: User | AnonymousUser | None) -> list[int]:
    """The plants whose live values this user hears beyond those of the user's region."""
    if not isinstance(user, User) or sight_of(user).organisation is None:
        return []
    return list(visible_to(user).order_by().values_list("pk", flat=True))
