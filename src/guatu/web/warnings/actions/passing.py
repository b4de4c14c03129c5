"""Passing on: who leaves gives what he had to see to the end to another of the same duty."""

from datetime import datetime

from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.people.models import User
from guatu.web.warnings.models import Warning, WarningEntry  # noqa: A004 - the house's noun

from .notify import mark_seen, notify
from .record import enter, store


@transaction.atomic
def pass_on(
    warning_id: int, leaver: User, heir: User, *, note: str, by: User | None, at: datetime
) -> Warning:
    """Write down that another answers for a warning from now on, and let him know at once.

    A part of closing an account or ending a grant, whose actions demand permission and that the
    heir may take it: it is never done by itself.

    Args:
        warning_id: which.
        leaver: who answered for it.
        heir: who answers for it from now on.
        note: why.
        by: who closes the account or ends the grant; None for the installation itself.
        at: when.

    Raises:
        Warning.DoesNotExist: if there is none.
        RefusedError: if it was changed at the same moment.
    """
    warning = Warning.objects.select_for_update(of=("self",)).get(pk=warning_id)
    before = warning.life
    store(warning, before, {})
    facts = {
        "from_user": leaver.pk,
        "from_name": leaver.get_full_name(),
        "to_user": heir.pk,
        "to_name": heir.get_full_name(),
        "to_organisation": heir.organisation.name,
    }
    deed = WarningEntry.Deed.PASS_ON
    entry = enter(warning, deed, before, by=by, at=at, note=plain(note), facts=facts)
    mark_seen(warning, by=leaver, at=at)
    notify(warning, entry, [heir], at=at)
    return warning
