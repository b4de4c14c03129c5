"""Giving up records that are older than they must be kept, as an act on record itself."""

from datetime import datetime, timedelta

from django.conf import settings
from django.core.exceptions import ValidationError
from django.db import transaction
from django.db.models import Min
from django.utils.translation import gettext as _

from guatu.core.nouns.text import plain
from guatu.web.audit import acting, chain
from guatu.web.audit.models import Act, Change, Head, Pruning, Seal
from guatu.web.audit.recorder import aim, blank, write
from guatu.web.audit.registry import NOWHERE
from guatu.web.audit.values import digest_of


@transaction.atomic
def prune(*, why: str, at: datetime) -> Pruning | None:
    """Give up what is older than the setting GUATU_AUDIT_DAYS; only the machine itself may.

    The oldest part of the chain goes as a whole; its last seal is kept, so what remains still
    proves itself, and the act is a record like any other.

    Args:
        why: the reason; it is kept.
        at: now.

    Returns:
        What was given up; None where nothing is old enough.

    Raises:
        ValidationError: if the reason is missing.
    """
    if not plain(why).strip():
        raise ValidationError(_("Give the reason: it is kept in the record."))
    chain.seal()
    before = at - timedelta(days=settings.AUDIT_DAYS)
    head = Head.objects.select_for_update().get_or_create(pk=1)[0]
    earlier = Pruning.objects.order_by("last").last()
    first = earlier.last + 1 if earlier else 1
    young = Change.objects.filter(at__gte=before).values("pk")
    least = Seal.objects.filter(change__in=young).aggregate(least=Min("number"))["least"]
    last = head.number if least is None else least - 1
    if last < first:
        return None
    pruning = Pruning.objects.create(
        at=at,
        before=before,
        first=first,
        last=last,
        seal=Seal.objects.get(number=last).seal,
        by=acting.machine_account()[:120],
        why=plain(why)[:400],
    )
    _note(pruning)
    old = Seal.objects.filter(number__range=(first, last))
    Change.objects.filter(pk__in=old.values("change")).delete()
    old.delete()
    return pruning


def _note(pruning: Pruning) -> None:
    change = blank(Act.PRUNED)
    pruning.refresh_from_db()
    name = f"{pruning.first}–{pruning.last}"
    aim(change, pruning, None, name, NOWHERE)
    change.changes = [
        {"field": "before", "from": None, "to": pruning.before.isoformat()},
        {"field": "rows", "from": pruning.last - pruning.first + 1, "to": 0},
    ]
    change.why, change.digest = pruning.why, digest_of(pruning)
    write([change])
