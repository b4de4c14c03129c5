"""The open warnings that a person answers for, and who may take them over when he leaves."""

from collections.abc import Sequence
from datetime import datetime

from django.db.models import OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from guatu.core.nouns.warning import Party
from guatu.web.people.leaving import Duties
from guatu.web.people.models import Grant, User
from guatu.web.people.posts import among, own_organisations
from guatu.web.warnings import actions
from guatu.web.warnings.models import (
    Warning,  # noqa: A004 - the house's noun
    WarningEntry,
)
from guatu.web.warnings.queries import ANSWERING, open_notices, parties_of

_Deed = WarningEntry.Deed
_TAKING = (_Deed.ACKNOWLEDGE, _Deed.HANDLE, _Deed.FEED_BACK, _Deed.PASS_ON)
_ANSWERS = {Party.OWNER, Party.DUTY_OFFICER, Party.SUPERVISOR}


def held_by(user: User) -> QuerySet[Warning]:
    """The open warnings that a person has to see to the end.

    What he signed for, handled or took over last; what he was urged about and has not answered;
    and all of an organisation for which nobody but he acts.
    """
    last = WarningEntry.objects.filter(warning=OuterRef("pk"), deed__in=_TAKING).order_by("-pk")
    rows = Warning.objects.filter(closed_at=None).annotate(
        taken=Subquery(last.values("pk")[:1]),
    )
    his = WarningEntry.objects.filter(Q(by=user) & ~Q(deed=_Deed.PASS_ON))
    given = WarningEntry.objects.filter(deed=_Deed.PASS_ON, facts__to_user=user.pk)
    found = Q(taken__in=his.order_by().values("pk")) | Q(taken__in=given.order_by().values("pk"))
    found |= Q(pk__in=open_notices(user).order_by().values("warning"))
    alone = _alone_in(user)
    if alone:
        found |= among("organisation", alone)
    return rows.filter(found).select_related("organisation", "origin", "region").order_by("pk")


def _alone_in(user: User) -> frozenset[int]:
    """The organisations that no other active person acts for."""
    own = own_organisations(user, *ANSWERING)
    if not own:
        return own
    others = (
        Grant.objects.get_queryset()
        .current(timezone.now())
        .filter(user__is_active=True, role__in=ANSWERING)
    )
    others = others.exclude(user=user).filter(
        among("organisation", own) | Q(region__isnull=False) & among("user__organisation", own)
    )
    staffed = {
        pk
        for grant in others.select_related("user__organisation")
        for pk in (grant.organisation_id, grant.user.organisation_id)
    }
    return own - staffed


def _open_of(user: User) -> list[Warning]:
    return [warning for warning in held_by(user) if _answers(user, warning)]


def _answers(user: User, warning: Warning) -> bool:
    return bool(parties_of(user, warning) & _ANSWERS)


def _fits(heir: User, user: User, warning: Warning) -> bool:
    """An owner's officer gives to one, somebody on duty above to one on duty above."""
    own, other = parties_of(user, warning), parties_of(heir, warning)
    if Party.OWNER in own:
        return Party.OWNER in other
    return bool(own & other & _ANSWERS)


def _pass_on(
    warnings: Sequence[Warning],
    user: User,
    heir: User,
    *,
    why: str,
    by: User | None,
    at: datetime,
) -> None:
    for warning in warnings:
        actions.pass_on(warning.pk, user, heir, note=why, by=by, at=at)


DUTIES = Duties(open_of=_open_of, answers=_answers, fits=_fits, pass_on=_pass_on)
