"""Alarm limits: a target for one point, in two stages on each side.

A limit is met while the value stays on its good side. Three rules of exactness, the same
in the reference judge and in the kernel:

* beyond means strictly beyond: a value equal to the limit is still good;
* returned means strictly inside the release level, which is the limit drawn inwards by its
  deadband; a value equal to the release level has not returned;
* what is neither keeps an active alarm active and does not let a delay begin.
"""

import math
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal
from enum import IntEnum, StrEnum
from itertools import pairwise

from guatu.core.alarms.errors import LimitProblem

LAST_UNIT_STATE = 30
"""Unit states are small numbers, 0 to 30, so that a set of them fits one word."""

LONGEST_DELAY_MS = 7 * 24 * 3600 * 1000
"""A delay beyond a week is a mistake of units, not a wish."""


class Side(StrEnum):
    """The bad side of a limit."""

    LOW = "low"
    HIGH = "high"


class Slot(IntEnum):
    """The five places a point has for an alarm, in the order of their numbers on the wire."""

    LL = 0
    L = 1
    H = 2
    HH = 3
    MISSING = 4

    @property
    def stage(self) -> int:
        """1 or 2 for limits; silence counts as a first stage."""
        return 2 if self in (Slot.LL, Slot.HH) else 1


LIMIT_SLOTS = (Slot.LL, Slot.L, Slot.H, Slot.HH)

_SLOT_OF = {
    (Side.LOW, 2): Slot.LL,
    (Side.LOW, 1): Slot.L,
    (Side.HIGH, 1): Slot.H,
    (Side.HIGH, 2): Slot.HH,
}


def slot_of(side: str, stage: int) -> Slot:
    """Tell which slot a limit of this side and stage takes.

    Raises:
        LimitProblem: ``unknown_side`` or ``unknown_stage``.
    """
    if side not in set(Side):
        raise LimitProblem("unknown_side", "side", side=side)
    if stage not in (1, 2):
        raise LimitProblem("unknown_stage", "stage", stage=stage)
    return _SLOT_OF[Side(side), stage]


def release_level(side: str, value: float, deadband: float) -> float:
    """Give the level beyond which a value has returned.

    Computed in decimal, so that 0.15 with a deadband of 0.02 releases at 0.13 and not a
    rounding error beside it: people compare these numbers with what the screen shows.
    """
    drawn_in = Decimal(repr(float(deadband))) * (1 if side == Side.LOW else -1)
    return float(Decimal(repr(float(value))) + drawn_in)


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmLimit:
    """One limit of one point.

    Attributes:
        side: which side is bad.
        stage: 1 warns, 2 is the last before danger.
        value: the limit, in the point's unit.
        deadband: how far inside the limit a value must be to have returned, same unit.
        on_delay_ms: how long the value must stay beyond before the alarm is raised.
        off_delay_ms: how long it must have returned before the alarm is cleared.
        states: the unit states in which the limit is active; empty means all of them.

    Raises:
        LimitProblem: with the field's name as address.
    """

    side: Side
    stage: int
    value: float
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0
    states: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        slot_of(self.side, self.stage)
        if not math.isfinite(self.value):
            raise LimitProblem("not_a_number", "value", value=self.value)
        if not (math.isfinite(self.deadband) and self.deadband >= 0):
            raise LimitProblem("negative_deadband", "deadband", deadband=self.deadband)
        for name, delay in (("on_delay_ms", self.on_delay_ms), ("off_delay_ms", self.off_delay_ms)):
            if not 0 <= delay <= LONGEST_DELAY_MS:
                raise LimitProblem("delay_out_of_range", name, delay_ms=delay)
        unknown = [state for state in self.states if not 0 <= state <= LAST_UNIT_STATE]
        if unknown:
            raise LimitProblem("unknown_state", "states", states=sorted(unknown))

    @property
    def slot(self) -> Slot:
        """The place this limit takes at its point."""
        return slot_of(self.side, self.stage)

    @property
    def release(self) -> float:
        """The level beyond which a value has returned."""
        return release_level(self.side, self.value, self.deadband)

    def is_beyond(self, value: float) -> bool:
        """Tell whether a value lies strictly on the bad side."""
        return value < self.value if self.side == Side.LOW else value > self.value

    def has_returned(self, value: float) -> bool:
        """Tell whether a value lies strictly inside the release level."""
        return value > self.release if self.side == Side.LOW else value < self.release

    def is_active_in(self, unit_state: int | None) -> bool:
        """Tell whether the limit holds in this unit state; None is a state not yet reported."""
        return not self.states or unit_state in self.states


def problems_of(limits: Iterable[AlarmLimit]) -> list[LimitProblem]:
    """Check the limits of one point against each other: LL < L < H < HH, one a slot.

    Also told: a deadband so wide that its alarm could clear only once the opposite side's
    limit is already passed.

    Returns:
        All problems, in the order of the slots; empty when the set holds together.
    """
    taken: dict[Slot, AlarmLimit] = {}
    problems = []
    for limit in limits:
        if limit.slot in taken:
            problems.append(LimitProblem("slot_taken_twice", limit.slot.name))
        taken.setdefault(limit.slot, limit)
    present = [taken[slot] for slot in LIMIT_SLOTS if slot in taken]
    for lower, upper in pairwise(present):
        if lower.value >= upper.value:
            facts = {"other": upper.slot.name, "value": lower.value, "other_value": upper.value}
            problems.append(LimitProblem("out_of_order", lower.slot.name, **facts))
    return problems + _never_clearing(present)


def _never_clearing(present: list[AlarmLimit]) -> list[LimitProblem]:
    lows = [limit for limit in present if limit.side == Side.LOW]
    highs = [limit for limit in present if limit.side == Side.HIGH]
    pairs = [(limit, other) for limit in lows for other in highs[:1]]
    pairs += [(limit, other) for limit in highs for other in lows[-1:]]
    problems = []
    for limit, other in pairs:
        side = 1 if limit.side == Side.LOW else -1
        # An out-of-order pair is told once, as such.
        if (other.value - limit.value) * side > 0 and (limit.release - other.value) * side >= 0:
            facts = {"release": limit.release, "other": other.slot.name}
            problems.append(LimitProblem("deadband_too_wide", limit.slot.name, **facts))
    return problems
