"""A plant asks to loosen a core point; the bureau agrees or refuses, the plant withdraws."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.monitoring.actions.limit_checks import reason_problems, spec_of
from guatu.web.monitoring.actions.limits import bearing, checked, keep_version
from guatu.web.monitoring.errors import AlreadyDecidedError, LimitRefusedError
from guatu.web.monitoring.models import LimitRequest, LimitVersion, Point, Slot, Verdict
from guatu.web.monitoring.specs import LimitSpec
from guatu.web.people import permission
from guatu.web.people.models import User


@transaction.atomic
def request_limit(
    point_id: int, slot: Slot, limit: LimitSpec, *, why: str, by: User, at: datetime
) -> LimitRequest:
    """Ask for a setting that the plant may not make alone; an open request for it is replaced.

    Raises:
        Point.DoesNotExist: if there is no such point.
        PermissionDenied: if `by` may not change limits here.
        LimitRefusedError: if the setting cannot hold, changes nothing, or has no reason.
    """
    point = Point.objects.select_related("unit__plant").get(pk=point_id)
    permission.demand(by, "monitoring.change_limit", point.unit.plant)
    why = plain(why)
    before = checked(point, slot, limit, why=why)
    LimitRequest.objects.waiting().filter(point=point, slot=slot).update(
        verdict=Verdict.WITHDRAWN, decided_at=at, decided_by=by
    )
    return LimitRequest.objects.create(
        point=point,
        slot=slot,
        value=limit.value,
        deadband=limit.deadband,
        on_delay_s=limit.on_delay_s,
        off_delay_s=limit.off_delay_s,
        states=sorted(limit.states),
        bearing=bearing(slot, spec_of(before) if before else None, limit),
        why=why,
        asked_by=by,
        asked_at=at,
    )


@transaction.atomic
def approve_limit(request_id: int, *, by: User, at: datetime) -> LimitVersion:
    """Agree: what was asked for holds from now on, in the name of who asked.

    Raises:
        LimitRequest.DoesNotExist: if there is no such request.
        PermissionDenied: if `by` may not decide.
        AlreadyDecidedError: if somebody was first.
        LimitRefusedError: if it cannot hold any more, for other limits have changed meanwhile.
    """
    asked = _waiting(request_id, "monitoring.decide_limit", by)
    limit = LimitSpec(
        value=asked.value,
        deadband=asked.deadband,
        on_delay_s=asked.on_delay_s,
        off_delay_s=asked.off_delay_s,
        states=tuple(asked.states),
    )
    slot = Slot(asked.slot)
    before = checked(asked.point, slot, limit, why=asked.why)
    version = keep_version(
        asked.point, slot, limit, before=before, why=asked.why, by=asked.asked_by, at=at
    )
    asked.version = version
    _decide(asked, Verdict.APPROVED, by=by, at=at)
    return version


@transaction.atomic
def refuse_limit(request_id: int, *, why: str, by: User, at: datetime) -> LimitRequest:
    """Refuse, with a reason for the plant; what holds is left as it is.

    Raises:
        LimitRequest.DoesNotExist: if there is no such request.
        PermissionDenied: if `by` may not decide.
        AlreadyDecidedError: if somebody was first.
        LimitRefusedError: if no reason is given.
    """
    asked = _waiting(request_id, "monitoring.decide_limit", by)
    asked.answer = plain(why)
    if problems := list(reason_problems(asked.answer)):
        raise LimitRefusedError(problems)
    _decide(asked, Verdict.REFUSED, by=by, at=at)
    return asked


@transaction.atomic
def withdraw_limit(request_id: int, *, by: User, at: datetime) -> LimitRequest:
    """Take a request back.

    Raises:
        LimitRequest.DoesNotExist: if there is no such request.
        PermissionDenied: if `by` may not change limits here.
        AlreadyDecidedError: if it was decided meanwhile.
    """
    asked = _waiting(request_id, "monitoring.change_limit", by)
    _decide(asked, Verdict.WITHDRAWN, by=by, at=at)
    return asked


def _waiting(request_id: int, verb: str, by: User) -> LimitRequest:
    asked = (
        LimitRequest.objects.select_for_update(of=("self",))
        .select_related("point__unit__plant", "asked_by")
        .get(pk=request_id)
    )
    permission.demand(by, verb, asked.point.unit.plant)
    if asked.verdict != Verdict.WAITING:
        raise AlreadyDecidedError
    return asked


def _decide(asked: LimitRequest, verdict: Verdict, *, by: User, at: datetime) -> None:
    asked.verdict, asked.decided_by, asked.decided_at = verdict, by, at
    asked.save(update_fields=["verdict", "decided_by", "decided_at", "answer", "version"])
