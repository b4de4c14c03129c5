"""How a change is written: the row as it was read, a line of history, an announcement."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import IntegrityError, transaction
from django.db.models import F

from guatu.core.nouns.warning import Life
from guatu.web.notices.happened import note as note_happened
from guatu.web.people.models import User
from guatu.web.warnings.changed import Changed, announce
from guatu.web.warnings.errors import ANOTHER_OPEN, CHANGED_MEANWHILE, RefusedError
from guatu.web.warnings.models import (
    NOTICES,
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
    life_columns,
)


def store(warning: Warning, life: Life, columns: Mapping[str, Any]) -> None:
    """Write the new life where the row is still as it was read.

    Raises:
        RefusedError: if another change came first (only without row locks), or if the source
            has another warning open.
    """
    changes = {**life_columns(life), **columns}
    try:
        with transaction.atomic():
            changed = Warning.objects.filter(pk=warning.pk, revision=warning.revision).update(
                **changes, revision=F("revision") + 1
            )
    except IntegrityError as error:
        raise RefusedError(ANOTHER_OPEN) from error
    if not changed:
        raise RefusedError(CHANGED_MEANWHILE)
    warning.refresh_from_db()


def enter(  # noqa: PLR0913 - an entry has this many columns
    warning: Warning,
    deed: WarningEntry.Deed,
    before: Life | None,
    *,
    by: User | None,
    at: datetime,
    note: str = "",
    verdict: str = "",
    due: datetime | None = None,
    facts: Mapping[str, Any] | None = None,
) -> WarningEntry:
    """Add to the history, note it for those whom it concerns, announce it once committed."""
    entry = WarningEntry.objects.create(
        warning=warning,
        at=at,
        by=by,
        by_name=by.get_full_name() if by else "",
        by_organisation=by.organisation.name if by else "",
        deed=deed,
        from_state=before.state.value if before else "",
        to_state=warning.state,
        verdict=verdict,
        note=note,
        due=due,
        facts=dict(facts or {}),
    )
    note_happened(NOTICES, entry.pk)
    announce(
        Changed(
            warning=warning.pk,
            verb=deed.value,
            level=warning.level,
            organisation=warning.organisation_id,
            origin=warning.origin_id,
            region=warning.region_id,
            source_kind=warning.source_kind,
            source_key=warning.source_key,
            at=at,
        )
    )
    return entry
