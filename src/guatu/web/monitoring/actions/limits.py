"""Changing a limit: a new version, never an edit of the old one."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from guatu.core.alarms.errors import LimitProblem
from guatu.core.alarms.limits import LONGEST_DELAY_MS, AlarmLimit, Side, problems_of
from guatu.core.nouns.text import plain
from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.errors import LimitRefusedError, Problem
from guatu.web.monitoring.models import Bearing, LimitVersion, Plant, Point, Slot
from guatu.web.monitoring.specs import LimitSpec
from guatu.web.people import permission
from guatu.web.people.models import User

_FIELD = {"on_delay_ms": "on_delay_s", "off_delay_ms": "off_delay_s"}
_TICK = timedelta(microseconds=1)


@transaction.atomic
def change_limit(
    point_id: int, slot: Slot, limit: LimitSpec, *, why: str, by: User, at: datetime
) -> LimitVersion:
    """Set what holds for one alarm of a point from now on.

    Args:
        point_id: whose limit.
        slot: which of its alarms.
        limit: the new setting; ``value=None`` takes the limit away.
        why: the reason, which stays with the version.
        by: who changes it.
        at: from when it holds.

    Returns:
        The version that now holds; the plant's new configuration waits in the outbox.

    Raises:
        Point.DoesNotExist: if there is no such point.
        PermissionDenied: if `by` may not.
        LimitRefusedError: if the setting cannot hold, changes nothing, or has no reason.
    """
    point = Point.objects.select_related("unit__plant").get(pk=point_id)
    permission.demand(by, "monitoring.change_limit", point.unit.plant)
    Plant.objects.select_for_update().get(pk=point.unit.plant_id)
    current = {v.slot: v for v in LimitVersion.objects.current().filter(point=point)}
    before = current.get(slot)
    why = plain(why)
    problems = [*_reason_problems(why), *_problems(point, slot, limit, current)]
    if before is not None and spec_of(before) == limit:
        problems.append(Problem(code="unchanged", where="value"))
    if problems:
        raise LimitRefusedError(problems)
    if before is not None:
        # A clock set back must not make a version that ends before it began.
        at = max(at, before.valid_from + _TICK)
        before.valid_to = at
        before.save(update_fields=["valid_to"])
    version = LimitVersion.objects.create(
        point=point,
        slot=slot,
        value=limit.value,
        deadband=limit.deadband,
        on_delay_s=limit.on_delay_s,
        off_delay_s=limit.off_delay_s,
        states=sorted(limit.states),
        valid_from=at,
        changed_by=by,
        why=why,
        bearing=bearing(slot, spec_of(before) if before else None, limit),
    )
    queue_configuration(point.unit.plant_id, at=at)
    return version


def spec_of(version: LimitVersion) -> LimitSpec:
    """A version's setting as a value."""
    return LimitSpec(
        value=version.value,
        deadband=version.deadband,
        on_delay_s=version.on_delay_s,
        off_delay_s=version.off_delay_s,
        states=tuple(version.states),
    )


def bearing(slot: Slot, before: LimitSpec | None, after: LimitSpec) -> Bearing:
    """Tell whether a change protects more or less than what held before.

    A limit nearer to normal, a shorter delay and more unit states are stricter. Deadband and
    off-delay decide only when an alarm ends, so they count neither way.
    """
    if before is None:
        return Bearing.FIRST
    if before.value is None or after.value is None:
        if before.value == after.value:
            return Bearing.SAME
        return Bearing.SAFER if before.value is None else Bearing.LOOSER
    inwards = -1 if slot.side == Side.HIGH or slot == Slot.MISSING else 1
    steps = {
        _sign((after.value - before.value) * inwards),
        _sign(before.on_delay_s - after.on_delay_s),
    }
    steps |= _states_steps(frozenset(before.states), frozenset(after.states))
    if {1, -1} <= steps:
        return Bearing.MIXED
    if 1 in steps:
        return Bearing.SAFER
    return Bearing.LOOSER if -1 in steps else Bearing.SAME


def _sign(difference: Decimal) -> int:
    return (difference > 0) - (difference < 0)


def _states_steps(before: frozenset[int], after: frozenset[int]) -> set[int]:
    """What a change of unit states does: 1 adds some, -1 takes some; no states mean all."""
    if before == after:
        return {0}
    if not after:
        return {1}
    if not before:
        return {-1}
    return ({1} if after - before else set()) | ({-1} if before - after else set())


def _reason_problems(why: str) -> Iterable[Problem]:
    if len(why) < 2:
        yield Problem(code="reason_missing", where="why")
    elif len(why) > 400:
        yield Problem(code="reason_too_long", where="why", facts={"most": 400})


def _problems(
    point: Point, slot: Slot, limit: LimitSpec, current: dict[int, LimitVersion]
) -> list[Problem]:
    if limit.value is None:
        return []
    if slot == Slot.MISSING:
        return list(_missing_problems(limit.value))
    if not point.physical_low <= limit.value <= point.physical_high:
        facts = {"low": point.physical_low, "high": point.physical_high}
        return [Problem(code="outside_physical_range", where="value", facts=facts)]
    others = [
        spec_of(v)
        for other, v in sorted(current.items())
        if other not in (slot, Slot.MISSING) and v.value is not None
    ]
    slots = [
        Slot(other)
        for other, v in sorted(current.items())
        if other not in (slot, Slot.MISSING) and v.value is not None
    ]
    try:
        new = core_limit(slot, limit)
    except LimitProblem as problem:
        return [_told(problem)]
    beside = [core_limit(s, other) for s, other in zip(slots, others, strict=True)]
    return [_told(problem) for problem in problems_of([*beside, new])]


def _missing_problems(after_s: Decimal) -> Iterable[Problem]:
    if not 1 <= after_s <= LONGEST_DELAY_MS / 1000:
        yield Problem(code="silence_out_of_range", where="value")


def core_limit(slot: Slot, limit: LimitSpec) -> AlarmLimit:
    """A setting as the core knows it.

    Raises:
        LimitProblem: if it cannot hold by itself.
    """
    return AlarmLimit(
        side=Side(slot.side),
        stage=slot.stage,
        value=float(limit.value or 0),
        deadband=float(limit.deadband),
        on_delay_ms=int(limit.on_delay_s * 1000),
        off_delay_ms=int(limit.off_delay_s * 1000),
        states=frozenset(limit.states),
    )


def _told(problem: LimitProblem) -> Problem:
    where = _FIELD.get(problem.where, problem.where)
    facts = {"slot": where, **problem.facts} if where in Slot.__members__ else problem.facts
    return Problem(
        code=problem.code, where="value" if where in Slot.__members__ else where, facts=facts
    )
