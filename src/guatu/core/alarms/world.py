"""One unit and its points under judgement, for those who test or try rules.

``Judging`` is what any judge of a unit can do; ``ReferenceWorld`` does it with the reference
judge. The compiled kernel takes the same place in tests, and must say the same.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Protocol

from guatu.core.alarms.judge import (
    Acknowledged,
    AlarmEvent,
    Configured,
    Happening,
    PointConfig,
    PointState,
    Sample,
    SlotState,
    StateEntered,
    Tick,
    begin,
    judge,
    supersedes,
)
from guatu.core.alarms.limits import LAST_UNIT_STATE, Slot

Said = tuple[int, AlarmEvent]
"""A point, and what was said of it."""

STATE_POINT = 0
"""The point that tells the unit's state; the others are numbered from 1."""


class Judging(Protocol):
    """A judge of one unit: point 0 tells its state, the others are measured."""

    def configure(self, point: int, config: PointConfig, *, now_ms: int, seq: int) -> list[Said]:
        """Give a point its limits, at first or anew."""
        ...

    def block(
        self,
        times_ms: Sequence[int],
        values: Mapping[int, Sequence[float | None]],
        *,
        logged_ms: int,
        seq: int,
    ) -> list[Said]:
        """Judge one message: for each point as many values as there are times, None absent."""
        ...

    def tick(self, tick_ms: int, *, seq: int) -> list[Said]:
        """Let time pass."""
        ...

    def acknowledge(self, point: int, slot: Slot, began: int, *, at_ms: int) -> list[Said]:
        """Note that a person has seen an alarm."""
        ...

    def slot(self, point: int, slot: Slot) -> SlotState:
        """Tell where a slot stands."""
        ...


class ReferenceWorld:
    """A unit judged by the reference judge."""

    def __init__(self) -> None:
        self.points: dict[int, PointState] = {}

    def configure(self, point: int, config: PointConfig, *, now_ms: int, seq: int) -> list[Said]:
        """See ``Judging``; a point is born with its first configuration."""
        if point not in self.points:
            states = [other.unit_state for other in self.points.values()]
            newborn = begin(PointConfig(), now_ms=now_ms)
            self.points[point] = replace(newborn, unit_state=states[0] if states else None)
        return self._let(point, Configured(config=config, now_ms=now_ms, seq=seq))

    def block(
        self,
        times_ms: Sequence[int],
        values: Mapping[int, Sequence[float | None]],
        *,
        logged_ms: int,
        seq: int,
    ) -> list[Said]:
        """See ``Judging``: time by time, at each time the unit's state first."""
        said = []
        for place, at_ms in enumerate(times_ms):
            for point in sorted(values):
                value = values[point][place]
                if value is None:
                    continue
                if point == STATE_POINT:
                    said += self._tell_state(value, at_ms, logged_ms, seq)
                sample = Sample(at_ms=at_ms, value=value, logged_ms=logged_ms, seq=seq)
                said += self._let(point, sample)
        return said

    def tick(self, tick_ms: int, *, seq: int) -> list[Said]:
        """See ``Judging``."""
        tick = Tick(tick_ms=tick_ms, seq=seq)
        return [one for point in sorted(self.points) for one in self._let(point, tick)]

    def acknowledge(self, point: int, slot: Slot, began: int, *, at_ms: int) -> list[Said]:
        """See ``Judging``."""
        return self._let(point, Acknowledged(slot=slot, began=began, at_ms=at_ms))

    def slot(self, point: int, slot: Slot) -> SlotState:
        """See ``Judging``."""
        return self.points[point].slots[slot]

    def _tell_state(self, value: float, at_ms: int, logged_ms: int, seq: int) -> list[Said]:
        """What names no state changes nothing: the last one holds."""
        last_ms = self.points[STATE_POINT].last_ms
        is_news = supersedes(at_ms, logged_ms, last_ms)
        if not (is_news and 0 <= value <= LAST_UNIT_STATE and value == int(value)):
            return []
        entered = StateEntered(unit_state=int(value), at_ms=at_ms, logged_ms=logged_ms, seq=seq)
        return [one for point in sorted(self.points) for one in self._let(point, entered)]

    def _let(self, point: int, happening: Happening) -> list[Said]:
        self.points[point], events = judge(self.points[point], happening)
        return [(point, event) for event in events]
