"""Points of plants that only have to be there, brought to life."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import pi, sin
from random import Random
from typing import TYPE_CHECKING

from guatu.simulator.noise import Wander

if TYPE_CHECKING:
    from guatu.simulator.signals import Incident, Signal
    from guatu.simulator.units import DemoPoint


@dataclass(slots=True)
class QuietPoint:
    """One point that lives."""

    code: str
    point: DemoPoint
    signal: Signal
    random: Random
    _wander: Wander = field(init=False)
    _phase: float = field(init=False)

    def __post_init__(self) -> None:
        """Begin somewhere in its cycle."""
        self._wander = Wander(
            mean=0.0,
            spread=self.signal.spread,
            settle_s=self.signal.settle_s,
            random=self.random,
        )
        self._phase = self.random.random()

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds."""
        self._wander.step(dt)
        self._phase = (self._phase + dt / self.signal.swing_s) % 1.0

    def read(self, now_s: float, incidents: tuple[Incident, ...]) -> float | None:
        """What the sensor tells now; None where it is silent."""
        signal, point = self.signal, self.point
        noise = signal.noise * max(-3.0, min(3.0, self.random.gauss(0.0, 1.0)))
        value = signal.mean + self._wander.now + signal.swing * sin(2 * pi * self._phase) + noise
        for incident in incidents:
            if incident.point != self.code:
                continue
            if incident.towards is None:
                if incident.start_s <= now_s < incident.end_s:
                    return None
                continue
            value += (incident.towards - signal.mean) * incident.share(now_s)
        return round(max(point.physical_low, min(point.physical_high, value)), point.decimals)
