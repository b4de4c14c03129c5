"""What makes a setting of an alarm refused: before it is kept, and before it is asked for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from decimal import Decimal

from guatu.core.alarms.caps import MOST_DEADBAND_SHARE, Caps, caps_of
from guatu.core.alarms.errors import LimitProblem
from guatu.core.alarms.limits import AlarmLimit, Side, problems_of
from guatu.web.monitoring.errors import Problem
from guatu.web.monitoring.models import LimitVersion, Point, Slot
from guatu.web.monitoring.specs import LimitSpec

_FIELD = {"on_delay_ms": "on_delay_s", "off_delay_ms": "off_delay_s"}


def spec_of(version: LimitVersion) -> LimitSpec:
    """A version's setting as a value."""
    return LimitSpec(
        value=version.value,
        deadband=version.deadband,
        on_delay_s=version.on_delay_s,
        off_delay_s=version.off_delay_s,
        states=tuple(version.states),
    )


def reason_problems(why: str) -> Iterable[Problem]:
    """What is wrong with a reason; its hidden characters are taken out already."""
    if len(why) < 2:
        yield Problem(code="reason_missing", where="why")
    elif len(why) > 400:
        yield Problem(code="reason_too_long", where="why", facts={"most": 400})


def problems_with(
    point: Point, slot: Slot, limit: LimitSpec, current: dict[int, LimitVersion]
) -> list[Problem]:
    """What is wrong with a setting, by itself and beside the point's other limits."""
    if limit.value is None:
        return []
    caps = caps_of(core=point.core)
    if slot == Slot.MISSING:
        return list(_missing_problems(limit.value, caps))
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
    together = [_told(problem) for problem in problems_of([*beside, new])]
    return [*together, *_disarming(point, new, beside, caps)]


def _disarming(
    point: Point, new: AlarmLimit, beside: Sequence[AlarmLimit], caps: Caps
) -> Iterable[Problem]:
    """What would leave an alarm standing on paper only: delays and deadbands beyond sense."""
    for where, delay_ms in (("on_delay_s", new.on_delay_ms), ("off_delay_s", new.off_delay_ms)):
        if delay_ms > caps.delay_s * 1000:
            yield Problem(code="delay_too_long", where=where, facts={"most": caps.delay_s})
    low, high = float(point.physical_low), float(point.physical_high)
    edge = high - new.value if new.side == Side.LOW else new.value - low
    most = min((high - low) * MOST_DEADBAND_SHARE, edge)
    # The second stage must return before the first does, or the order of stages is lost.
    inner = [one.value for one in beside if one.side == new.side and one.stage < new.stage]
    most = min([most, *(abs(value - new.value) for value in inner)])
    if new.deadband > most:
        yield Problem(code="deadband_beyond", where="deadband", facts={"most": round(most, 6)})


def _missing_problems(after_s: Decimal, caps: Caps) -> Iterable[Problem]:
    if not 1 <= after_s <= caps.delay_s:
        yield Problem(code="silence_out_of_range", where="value", facts={"most": caps.delay_s})


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
