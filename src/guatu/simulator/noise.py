"""Noise with a memory and with bounds."""

from __future__ import annotations

from dataclasses import dataclass, field
from math import exp, sqrt
from random import Random


@dataclass(slots=True)
class Wander:
    """A quantity that wanders around its mean and never leaves three spreads of it.

    An Ornstein-Uhlenbeck process, stepped exactly, folded back at its bounds: a healthy
    line's slow quantities must not, once in a million seeds, walk past a limit.

    Attributes:
        mean: where it returns to.
        spread: its standard deviation over long times.
        settle_s: time constant of the return.
        random: where its draws come from.
        now: its value.
    """

    mean: float
    spread: float
    settle_s: float
    random: Random
    now: float = field(init=False)

    def __post_init__(self) -> None:
        """Start where a long run might have left it."""
        self.now = self.mean + self._bounded(self.random.gauss(0.0, self.spread))

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds."""
        keep = exp(-dt / self.settle_s)
        kick = self.random.gauss(0.0, self.spread * sqrt(1.0 - keep * keep))
        self.now = self.mean + self._bounded((self.now - self.mean) * keep + kick)

    def _bounded(self, away: float) -> float:
        edge = 3.0 * self.spread
        return max(-edge, min(edge, away))
