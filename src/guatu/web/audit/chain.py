"""The chain of seals: whoever alters, removes or slips in a record breaks it.

A seal is an HMAC, by the installation's key for it, of the record and of the seal before it: who
holds the database alone can make none. It is made right after the transaction of the record, in
one of its own, so that writers need not wait for one another while they work; what was not sealed
then, because the process died, is sealed with the next.
"""

import hmac
import json
import logging
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.db import DatabaseError, connection, transaction
from django.utils.crypto import salted_hmac

from guatu.web.audit.models import Change, Head, Seal, Unsealed

logger = logging.getLogger("guatu.audit")

_SALT: Final = "guatu.audit.chain"
_MOST: Final = 500
_NEVER: Final = datetime(1970, 1, 1, tzinfo=UTC)
_COLUMNS: Final = (
    "id",
    "at",
    "act",
    "actor",
    "actor_name",
    "actor_account",
    "actor_organisation",
    "address",
    "request",
    "door",
    "kind",
    "record",
    "record_name",
    "page_kind",
    "page_record",
    "region",
    "organisation",
    "changes",
    "why",
    "digest",
)
"""What is sealed, by name: a column that is added later leaves the old seals as they were."""


def text_of(change: Change) -> str:
    """A record as it is sealed: every column, in one form."""
    columns: dict[str, Any] = {name: getattr(change, name) for name in _COLUMNS}
    columns["at"] = change.at.astimezone(UTC).isoformat(timespec="microseconds")
    return json.dumps(columns, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def seal_of(before: str, number: int, change: Change) -> str:
    """The seal of a record that stands at a number, after the seal before it."""
    text = f"{number}\n{before}\n{text_of(change)}"
    return salted_hmac(_SALT, text, secret=settings.AUDIT_KEY, algorithm="sha256").hexdigest()


def fits(seal: str, before: str, number: int, change: Change) -> bool:
    """Whether a seal is that of a record."""
    return hmac.compare_digest(seal, seal_of(before, number, change))


def seal_on_commit() -> None:
    """Seal once the running transaction is committed; at most once for it."""
    if not any(hook[1] is _seal_now for hook in connection.run_on_commit):
        transaction.on_commit(_seal_now)


def _seal_now() -> None:
    try:
        seal()
    except DatabaseError:
        # What was recorded stands; it is sealed with the next, and the doctor tells if it is not.
        logger.exception("records of the audit could not be sealed now")


def seal() -> int:
    """Seal all that waits.

    Returns:
        How many were sealed.
    """
    done = 0
    while Unsealed.objects.exists():
        done += _seal_some()
    return done


@transaction.atomic
def _seal_some() -> int:
    # Whoever seals holds the head; SQLite's transactions stand one after another anyway.
    head = Head.objects.select_for_update().get_or_create(pk=1)[0]
    keys = list(Unsealed.objects.order_by("change").values_list("change", flat=True)[:_MOST])
    changes = Change.objects.in_bulk(keys)
    Seal.objects.bulk_create([_link(head, key, changes.get(key)) for key in keys])
    Unsealed.objects.filter(change__in=keys).delete()
    head.save(update_fields=["number", "seal"])
    return len(keys)


def _link(head: Head, key: int, change: Change | None) -> Seal:
    """The next link, and the head moved to it."""
    head.number += 1
    # A record that somebody took away before it was sealed keeps its place, so that it is missed.
    head.seal = seal_of(head.seal, head.number, change or Change(pk=key, at=_NEVER))
    return Seal(number=head.number, change=key, seal=head.seal)
