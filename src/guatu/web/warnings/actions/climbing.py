"""What time does: an overdue warning climbs."""

from datetime import datetime

from django.db import transaction

from guatu.core.nouns.warning import DueKind, Life, Verb, after, due_escalation, overdue_since
from guatu.web.warnings.errors import RefusedError
from guatu.web.warnings.models import Warning, WarningEntry  # noqa: A004 - the house's noun
from guatu.web.warnings.queries import overdue

from .record import enter, store

_Deed = WarningEntry.Deed


def escalate_overdue(at: datetime) -> int:
    """升级: let every overdue warning climb to where time has brought it.

    Safe to run again and in several workers: a warning climbs only from the revision that was
    read, so each rung is entered in the history once. Each is a transaction of its own, so one
    that fails holds up no other.

    Args:
        at: now.

    Returns:
        How many climbed.
    """
    late = Warning.objects.filter(overdue(at), closed_at=None).order_by("pk")
    return sum(_escalate(pk, at=at) for pk in list(late.values_list("pk", flat=True)))


@transaction.atomic
def _escalate(warning_id: int, *, at: datetime) -> bool:
    warning = Warning.objects.select_for_update().filter(pk=warning_id).first()
    if warning is None or due_escalation(warning.life, at) is None:
        return False
    before = warning.life
    try:
        store(warning, after(Verb.ESCALATE, before, at=at), {})
    except RefusedError:
        return False  # changed while we looked: the next run judges it as it then stands
    enter(
        warning,
        _Deed.ESCALATE,
        before,
        by=None,
        at=at,
        due=overdue_since(before, at),
        facts={
            "from_rung": before.rung.value,
            "to_rung": warning.rung,
            "missed": _missed(before, at).value,
        },
    )
    return True


def _missed(life: Life, at: datetime) -> DueKind:
    """Which deadline made it climb: handling, once that is missed too, is the graver."""
    return DueKind.HANDLE if life.handle_due <= at else DueKind.ACKNOWLEDGE
