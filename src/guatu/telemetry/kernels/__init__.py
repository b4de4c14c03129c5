"""Judging at speed: the same rules as ``core.alarms.judge``, over arrays, without objects.

Time. A sample is judged by its own time; between samples the last value holds. A delay that
runs out takes effect at the moment it ran out (``since + delay``), whether a tick or the next
sample lets it be known, so an event's ``at_ms`` never depends on when somebody looked.

Identity. An alarm is (point, slot, ``began``). ``began`` is ``sequence * 1024 + ordinal`` of
the beginning within that sequence, and always above the slot's last one: to everyone else an
opaque number that is unique and rises.

Order. Inside a block: time by time; at each time the points that tell a unit's state first.
A state value that is no whole number from 0 to 30 changes nothing.
"""

from guatu.telemetry.kernels.compiled import (
    ACKNOWLEDGED,
    CLEARED,
    INACTIVE,
    LIMIT_CHANGED,
    NO_WHY,
    RAISED,
    RETURNED,
)
from guatu.telemetry.kernels.judge import (
    Outcome,
    acknowledge,
    apply_point,
    judge_block,
    judge_tick,
    place_block,
    rearm,
    shift_clock,
    warm_up,
)
from guatu.telemetry.kernels.memory import (
    ALWAYS,
    EVENT,
    LIMIT,
    NO_TIME_MS,
    EventBuffer,
    JudgeState,
    limit_rows,
    new_state,
    states_mask,
)

__all__ = [
    "ACKNOWLEDGED",
    "ALWAYS",
    "CLEARED",
    "EVENT",
    "INACTIVE",
    "LIMIT",
    "LIMIT_CHANGED",
    "NO_TIME_MS",
    "NO_WHY",
    "RAISED",
    "RETURNED",
    "EventBuffer",
    "JudgeState",
    "Outcome",
    "acknowledge",
    "apply_point",
    "judge_block",
    "judge_tick",
    "limit_rows",
    "new_state",
    "place_block",
    "rearm",
    "shift_clock",
    "states_mask",
    "warm_up",
]
