"""What the kernel remembers: plain structured arrays, so a checkpoint is one ``np.savez``.

One row a point in ``points``, five slots a point in ``slots`` (LL, L, H, HH, MISSING), one
row a unit in ``units``, and ``wake_ms``, the only array a tick has to scan.

Most of it changes only with a configuration. So a checkpoint has two parts: everything, kept
from the last configuration on, and what samples and ticks move, a tenth of it, kept each time.
"""

# ruff: noqa: ANN001, ANN202, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator, call-overload"

from collections.abc import Iterable, Mapping
from typing import Any, Protocol

import numpy as np
from numba import njit
from numpy.typing import NDArray

from guatu.core.alarms.limits import release_level, slot_of

Rows = NDArray[np.void]

NEVER_MS = 2**62
"""A moment that no tick reaches, with room to add a delay to it."""

NO_TIME_MS = -(2**62)
"""The last sample's time of a point that has none."""

UNKNOWN_STATE = np.int64(-1)

QUIET, RISING, ACTIVE, FALLING = range(4)
"""A slot's phase. RISING waits for the on delay, FALLING (still active) for the off delay."""

POINT = np.dtype(
    [
        # What one sample in good range reads and writes comes first: one cache line.
        ("last_ms", "i8"),  # time of the last judged sample, plant's clock
        ("last_value", "f8"),  # held until the next sample; NaN before the first
        ("arrived_ms", "i8"),  # when it was logged, gateway's clock
        ("low_bar", "f8"),  # the tightest limits of any state: inside, nothing can begin
        ("high_bar", "f8"),
        ("quiet_ms", "i8"),  # silence allowed in the present state, or NEVER_MS
        ("low_scaled", "i8"),  # the bars as scaled values of the point's decimals
        ("high_scaled", "i8"),
        ("decimals", "u1"),
        ("busy", "u1"),  # 1 while any slot is not QUIET
        ("is_state", "u1"),  # 1 where the point tells its unit's state
        ("configured", "u1"),
        ("unit", "i8"),  # row in units, -1 for none
        ("next", "i8"),  # the next point of the same unit, -1 at the end
        ("missing_mask", "u4"),
        ("missing_ms", "i8"),  # silence allowed while missing_mask holds; 0 is not watched
        ("armed_ms", "i8"),  # from when silence counts, if later than the last arrival
    ],
    align=True,
)

SLOT = np.dtype(
    [
        ("phase", "u1"),
        ("acked", "u1"),
        ("enabled", "u1"),
        ("mask", "u4"),
        ("since_ms", "i8"),  # when the phase began, plant's clock (MISSING: gateway's)
        ("began", "i8"),  # identity of the slot's latest alarm, 0 before the first
        ("limit", "f8"),
        ("release", "f8"),
        ("on_ms", "i8"),
        ("off_ms", "i8"),
    ],
    align=True,
)

# In the order of what `_copy_moving` takes.
MOVING_OF_POINT = ("last_ms", "last_value", "arrived_ms", "quiet_ms", "armed_ms", "busy")
MOVING_OF_SLOT = ("phase", "acked", "since_ms", "began")
"""What changes without a configuration; of slots only few have ever left rest."""

UNIT = np.dtype([("state", "i8"), ("first", "i8"), ("size", "i8")], align=True)

LIMIT = np.dtype(
    [
        ("enabled", "u1"),
        ("value", "f8"),
        ("deadband", "f8"),
        ("release", "f8"),
        ("on_delay_ms", "i8"),
        ("off_delay_ms", "i8"),
        ("states_mask", "u4"),
    ],
    align=True,
)
"""One of the four limits ``apply_point`` takes; build them with ``limit_rows``."""

EVENT = np.dtype(
    [
        ("kind", "u1"),
        ("slot", "u1"),
        ("why", "u1"),
        ("unit_state", "i2"),  # -1 while unknown
        ("point", "i4"),
        ("began", "i8"),
        ("at_ms", "i8"),
        ("value", "f8"),  # NaN for MISSING
        ("limit", "f8"),  # for MISSING the seconds of silence allowed
    ],
    align=True,
)

ALWAYS = 0xFFFFFFFF


def states_mask(states: Iterable[int]) -> int:
    """Pack unit states 0 to 30 into the word the kernel tests; none named means always.

    Bit 0 stands for a state not yet reported, which only "always" includes.
    """
    mask = 0
    for state in states:
        mask |= 1 << (state + 1)
    return mask or ALWAYS


class LimitLike(Protocol):
    """What a limit must tell to be judged: core's ``AlarmLimit`` and the wire's both do."""

    @property
    def side(self) -> str: ...  # noqa: D102
    @property
    def stage(self) -> int: ...  # noqa: D102
    @property
    def value(self) -> float: ...  # noqa: D102
    @property
    def deadband(self) -> float: ...  # noqa: D102
    @property
    def on_delay_ms(self) -> int: ...  # noqa: D102
    @property
    def off_delay_ms(self) -> int: ...  # noqa: D102
    @property
    def states(self) -> Iterable[int]: ...  # noqa: D102


def limit_rows(limits: Iterable[LimitLike]) -> Rows:
    """Lay a point's limits into their four slots, LL L H HH, for ``apply_point``.

    Raises:
        LimitProblem: if a limit names an unknown side or stage.
    """
    rows = np.zeros(4, LIMIT)
    for limit in limits:
        rows[slot_of(limit.side, limit.stage)] = (
            1,
            limit.value,
            limit.deadband,
            release_level(limit.side, limit.value, limit.deadband),
            limit.on_delay_ms,
            limit.off_delay_ms,
            states_mask(limit.states),
        )
    return rows


class JudgeState:
    """All that judging remembers between messages, for one partition.

    Attributes:
        points, slots, units, wake_ms: see this module's dtypes; shapes (P,), (P, 5), (U,), (P,).
    """

    def __init__(self, points: Rows, slots: Rows, units: Rows, wake_ms: NDArray[np.int64]) -> None:
        self.points = points
        self.slots = slots
        self.units = units
        self.wake_ms = wake_ms

    def grow(self, points: int, units: int | None = None) -> None:
        """Make room for at least so many points and units; what is known is kept."""
        more = new_state(max(points - len(self.points), 0), max((units or 0) - len(self.units), 0))
        if len(more.points):
            self.points = np.concatenate([self.points, more.points])
            self.slots = np.concatenate([self.slots, more.slots])
            self.wake_ms = np.concatenate([self.wake_ms, more.wake_ms])
        if len(more.units):
            self.units = np.concatenate([self.units, more.units])

    def forget(self, point: int) -> None:
        """Let a point that was taken away be as if it had never spoken.

        What names its alarms stays, lest a new one be named as an old one.

        Args:
            point: its row; it is in no unit.
        """
        fresh, began = new_state(1, 0), self.slots["began"][point].copy()
        self.points[point], self.slots[point] = fresh.points[0], fresh.slots[0]
        self.slots["began"][point] = began
        # Nobody can acknowledge what the point told before.
        self.slots["acked"][point] = 1
        self.wake_ms[point] = fresh.wake_ms[0]

    def still(self) -> dict[str, NDArray[Any]]:
        """Copy everything, as named plain arrays; of slots those that say anything."""
        slots = self.slots.reshape(-1)
        found = np.empty(len(slots), np.int64)
        used = found[: _find_used(slots, found)].copy()
        return {
            # As bytes: rows with gaps between their fields are otherwise copied field by field.
            "judge_points": self.points.view(np.uint8).copy().view(POINT),
            "judge_slots": slots.take(used),
            "judge_slot_at": used,
            "judge_units": self.units.copy(),
        }

    def moving(self) -> dict[str, NDArray[Any]]:
        """Copy what may have changed since the last configuration."""
        of_point = {name: np.empty(len(self.points), POINT[name]) for name in MOVING_OF_POINT}
        _copy_moving(self.points, *of_point.values())
        slots = self.slots.reshape(-1)
        found = np.empty(len(slots), np.int64)
        stirred = found[: _find_stirred(slots, found)].copy()
        return {
            **{f"point_{name}": column for name, column in of_point.items()},
            "slot_at": stirred,
            **{f"slot_{name}": slots[name][stirred] for name in MOVING_OF_SLOT},
            "unit_state": self.units["state"].copy(),
            "wake_ms": self.wake_ms.copy(),
        }

    @classmethod
    def restored(
        cls, still: Mapping[str, NDArray[Any]], moving: Mapping[str, NDArray[Any]]
    ) -> "JudgeState":
        """Rebuild from `still` and a later `moving`, no configuration between; copies its own.

        Raises:
            KeyError: if an array is absent.
            ValueError: if an array was written by another layout.
        """
        kept = {name: np.array(still[f"judge_{name}"]) for name in ("points", "slots", "units")}
        for name, dtype in (("points", POINT), ("slots", SLOT), ("units", UNIT)):
            if kept[name].dtype != dtype:
                raise ValueError(f"judge_{name} was written by another layout")
        if "judge_slot_at" in still:  # an older version kept all slots
            used, kept["slots"] = kept["slots"], np.zeros((len(kept["points"]), 5), SLOT)
            kept["slots"].reshape(-1)[still["judge_slot_at"]] = used
        for name in MOVING_OF_POINT:
            kept["points"][name] = moving[f"point_{name}"]
        slots = kept["slots"].reshape(-1)
        for name in MOVING_OF_SLOT:
            slots[name] = 0
            slots[name][moving["slot_at"]] = moving[f"slot_{name}"]
        kept["units"]["state"] = moving["unit_state"]
        return cls(kept["points"], kept["slots"], kept["units"], np.array(moving["wake_ms"]))


def new_state(points: int, units: int) -> JudgeState:
    """Make an empty state with room for so many points and units."""
    rows = np.zeros(points, POINT)
    rows["last_ms"] = NO_TIME_MS
    rows["last_value"] = np.nan
    rows["low_bar"] = -np.inf
    rows["high_bar"] = np.inf
    rows["quiet_ms"] = NEVER_MS
    rows["unit"] = rows["next"] = -1
    unit_rows = np.zeros(units, UNIT)
    unit_rows["state"] = UNKNOWN_STATE
    unit_rows["first"] = -1
    slots = np.zeros((points, 5), SLOT)
    return JudgeState(rows, slots, unit_rows, np.full(points, NEVER_MS, np.int64))


# Compiled, for a checkpoint is taken between two messages: field by field numpy goes through all
# memory of the points once each, and of the slots three times.
@njit(cache=True, nogil=True, _nrt=False)
def _copy_moving(points, last_ms, last_value, arrived_ms, quiet_ms, armed_ms, busy):
    for i in range(len(points)):
        point = points[i]
        last_ms[i], last_value[i], arrived_ms[i] = point.last_ms, point.last_value, point.arrived_ms
        quiet_ms[i], armed_ms[i], busy[i] = point.quiet_ms, point.armed_ms, point.busy


@njit(cache=True, nogil=True, _nrt=False)
def _find_stirred(slots, found):
    """Note which slots have ever left rest; gives how many."""
    count = 0
    for i in range(len(slots)):
        slot = slots[i]
        if slot.since_ms != 0 or slot.began != 0 or slot.phase != QUIET:
            found[count] = i
            count += 1
    return count


@njit(cache=True, nogil=True, _nrt=False)
def _find_used(slots, found):
    """Note which slots say anything; gives how many."""
    count = 0
    for i in range(len(slots)):
        slot = slots[i]
        if (
            slot.enabled != 0 or slot.phase != QUIET or slot.acked != 0 or slot.mask != 0
            or slot.since_ms != 0 or slot.began != 0 or slot.limit != 0 or slot.release != 0
            or slot.on_ms != 0 or slot.off_ms != 0
        ):  # fmt: skip
            found[count] = i
            count += 1
    return count


class EventBuffer:
    """Where judging writes its events; it grows and never loses one.

    Attributes:
        rows: preallocated, dtype ``EVENT``; only ``rows[:count]`` mean anything. Do not keep
            the array: growing replaces it.
    """

    def __init__(self, capacity: int = 4096) -> None:
        self.rows: Rows = np.zeros(max(capacity, 64), EVENT)
        # Written by the kernel; ``compiled`` names the places.
        self.tally: NDArray[np.int64] = np.zeros(9, np.int64)

    @property
    def count(self) -> int:
        """How many events are waiting."""
        return int(self.tally[0])

    def take(self) -> Rows:
        """Hand over a copy of the events and empty the buffer."""
        events: Rows = self.rows[: self.count].copy()
        self.tally[0] = 0
        return events

    def clear(self) -> None:
        """Forget the events, once they have been read in place."""
        self.tally[0] = 0

    def make_room(self, needed: int) -> None:
        """Grow until so many more events fit."""
        if len(self.rows) - self.count < needed:
            more = np.zeros(max(len(self.rows), needed), EVENT)
            self.rows = np.concatenate([self.rows, more])
