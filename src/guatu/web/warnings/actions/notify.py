"""Telling people that they were urged, and noting that they know."""

from collections.abc import Sequence
from datetime import datetime

from guatu.web.people.models import User
from guatu.web.warnings.errors import NOBODY_THERE, NOT_CONCERNED, RefusedError
from guatu.web.warnings.ladder import addressees
from guatu.web.warnings.models import (
    Notice,
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
)


def demand_addressees(warning: Warning, whom: User | None, *, by: User) -> list[User]:
    """The people an urging reaches.

    Args:
        warning: what it is about.
        whom: one of them; None means all who answer for the owner.
        by: who urges.

    Raises:
        RefusedError: if that person has nothing to do with it, or the owner has nobody.
    """
    open_to = addressees(by, warning)
    if whom is not None:
        found = list(open_to.filter(pk=whom.pk))
        if not found:
            raise RefusedError(NOT_CONCERNED)
        return found
    found = list(open_to.filter(organisation=warning.organisation_id))
    if not found:
        raise RefusedError(NOBODY_THERE, owner=warning.organisation.name)
    return found


def notify(warning: Warning, entry: WarningEntry, people: Sequence[User], *, at: datetime) -> None:
    """Leave each person a notice of the entry."""
    Notice.objects.bulk_create(
        Notice(user=person, warning=warning, entry=entry, at=at) for person in people
    )


def mark_seen(warning: Warning, *, by: User, at: datetime) -> int:
    """Note that a person knows what was asked about a warning; returns how many notices."""
    unseen = Notice.objects.filter(user=by, warning=warning, seen_at=None)
    return unseen.update(seen_at=at)
