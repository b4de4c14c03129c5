"""Changing a limit: a new version, never an edit of the old one."""

from __future__ import annotations

from datetime import datetime, timedelta
from decimal import Decimal

from django.db import transaction

from guatu.core.alarms.limits import Side
from guatu.core.nouns.text import plain
from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.actions.limit_checks import problems_with, reason_problems, spec_of
from guatu.web.monitoring.errors import ConsentNeededError, LimitRefusedError, Problem
from guatu.web.monitoring.models import Bearing, LimitVersion, Plant, Point, Slot
from guatu.web.monitoring.specs import LimitSpec
from guatu.web.people import permission
from guatu.web.people.models import User

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
        ConsentNeededError: if it loosens a core point's protection and `by` is of the plant.
    """
    point = Point.objects.select_related("unit__plant").get(pk=point_id)
    permission.demand(by, "monitoring.change_limit", point.unit.plant)
    why = plain(why)
    before = checked(point, slot, limit, why=why)
    turn = bearing(slot, spec_of(before) if before else None, limit)
    if needs_consent(point, turn) and not permission.may(
        by, "monitoring.decide_limit", point.unit.plant
    ):
        raise ConsentNeededError
    return keep_version(point, slot, limit, before=before, why=why, by=by, at=at)


def needs_consent(point: Point, turn: Bearing) -> bool:
    """Whether a plant may not do this alone: less protection on a core point."""
    return point.core and turn in {Bearing.LOOSER, Bearing.MIXED}


def checked(point: Point, slot: Slot, limit: LimitSpec, *, why: str) -> LimitVersion | None:
    """What a setting would replace, the plant's limits held still from here to the commit.

    Raises:
        LimitRefusedError: if the setting cannot hold, changes nothing, or has no reason.
    """
    Plant.objects.select_for_update().get(pk=point.unit.plant_id)
    current = {v.slot: v for v in LimitVersion.objects.current().filter(point=point)}
    before = current.get(slot)
    problems = [*reason_problems(why), *problems_with(point, slot, limit, current)]
    if before is not None and spec_of(before) == limit:
        problems.append(Problem(code="unchanged", where="value"))
    if before is None and limit.value is None:
        problems.append(Problem(code="unchanged", where="value"))
    if problems:
        raise LimitRefusedError(problems)
    return before


def keep_version(
    point: Point,
    slot: Slot,
    limit: LimitSpec,
    *,
    before: LimitVersion | None,
    why: str,
    by: User,
    at: datetime,
) -> LimitVersion:
    """End the version before, begin the new one, and queue the plant's configuration."""
    version = next_version(point, slot, limit, before=before, why=why, by=by, at=at)
    version.save()
    queue_configuration(point.unit.plant_id, at=at)
    return version


def next_version(
    point: Point,
    slot: Slot,
    limit: LimitSpec,
    *,
    before: LimitVersion | None,
    why: str,
    by: User,
    at: datetime,
) -> LimitVersion:
    """End the version before and give the new one, for who saves many at once."""
    if before is not None:
        # A clock set back must not make a version that ends before it began.
        at = max(at, before.valid_from + _TICK)
        before.valid_to = at
        before.save(update_fields=["valid_to"])
    return LimitVersion(
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
