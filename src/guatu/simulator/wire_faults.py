"""What a plant's gateway may do badly: parameters of `wire`.

A fault here is a cause, as in `faults`: a clock without NTP, a loose contact, a link that goes
away, a device that gives up waiting for its answers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from math import inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Spells:
    """Times at which something holds, in seconds of the plant's own time.

    Attributes:
        first_s: when it begins for the first time.
        lasts_s: how long.
        every_s: from one beginning to the next; once, by default.
    """

    first_s: float
    lasts_s: float
    every_s: float = inf

    def __post_init__(self) -> None:
        """A spell that begins before the last is over, or never holds, is a slip."""
        if not 0 < self.lasts_s < self.every_s:
            raise ValueError(f"spells of {self.lasts_s} s every {self.every_s} s")

    def end_s(self, now_s: float) -> float | None:
        """When the spell that holds now is over; None where none holds."""
        if now_s < self.first_s:
            return None
        begun = self.first_s
        if self.every_s != inf:
            begun += (now_s - self.first_s) // self.every_s * self.every_s
        return begun + self.lasts_s if now_s < begun + self.lasts_s else None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockStep:
    """The gateway's clock is set by hand.

    Attributes:
        at_s: when.
        by_ms: by how much; below zero for back.
    """

    at_s: float
    by_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PoorClock:
    """The gateway's own clock.

    Attributes:
        offset_ms: how far it is ahead at the beginning.
        drift_ppm: how much it gains, in millionths; below zero for loses.
        steps: times at which somebody set it.
    """

    offset_ms: int = 0
    drift_ppm: float = 0.0
    steps: tuple[ClockStep, ...] = ()

    def ahead_ms(self, now_s: float) -> int:
        """How far it is ahead of the true time."""
        stepped = sum(step.by_ms for step in self.steps if step.at_s <= now_s)
        return round(self.offset_ms + self.drift_ppm * now_s / 1000.0) + stepped


@dataclass(frozen=True, slots=True, kw_only=True)
class LooseContact:
    """A sensor whose line hangs loose at times.

    While it does, a third of the readings is that of an open current loop, a third is text that
    the driver writes for want of a number, and a third is the last good value marked as a fault.

    Attributes:
        point: code of the point.
        when: it hangs loose.
        open_value: what the open loop reads: 0 mA of 4 to 20 is a quarter of the span below it.
    """

    point: str
    when: Spells
    open_value: float


@dataclass(frozen=True, slots=True, kw_only=True)
class WireFaults:
    """How badly a gateway does its work; by default it does it well.

    Attributes:
        clock: stamps samples and sendings.
        late_share: share of beats that get stuck in the device and leave later.
        late_s: how long these are held, from and to, seconds.
        twice_share: share of beats that are sent again although they were acknowledged.
        twice_s: how long afterwards, from and to, seconds.
        loose: sensors with a loose contact.
        marked: quality that the gateway puts on every sample of a point, by its code.
        misnamed: what the vendor calls a point, by its true code.
        outages: the link is away; beats are kept, and leave afterwards.
        resend_s: how long it takes until what was kept has left, in any order.
        keeps: beats that the device can keep; beyond, the oldest is lost.
    """

    clock: PoorClock = PoorClock()
    late_share: float = 0.0
    late_s: tuple[float, float] = (70.0, 150.0)
    twice_share: float = 0.0
    twice_s: tuple[float, float] = (2.0, 15.0)
    loose: tuple[LooseContact, ...] = ()
    marked: Mapping[str, int] = field(default_factory=dict)
    misnamed: Mapping[str, str] = field(default_factory=dict)
    outages: tuple[Spells, ...] = ()
    resend_s: float = 20.0
    keeps: int = 3600
