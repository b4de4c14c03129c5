"""How a plain signal moves, and what small trouble it may have."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Signal:
    """How a quiet point moves; it never leaves ``reach``.

    Attributes:
        mean: around this.
        spread: standard deviation of the slow wander, bounded at three.
        settle_s: time constant of the wander.
        swing: amplitude of a cycle of the process, such as heats of a furnace.
        swing_s: length of that cycle.
        noise: standard deviation of one reading, bounded at three.
    """

    mean: float
    spread: float = 0.0
    settle_s: float = 600.0
    swing: float = 0.0
    swing_s: float = 1800.0
    noise: float = 0.0

    @property
    def reach(self) -> tuple[float, float]:
        """Lowest and highest value it can ever tell."""
        away = 3.0 * (self.spread + self.noise) + self.swing
        return self.mean - away, self.mean + away


@dataclass(frozen=True, slots=True, kw_only=True)
class Incident:
    """A small trouble of one point, by the plant's own time.

    Attributes:
        point: code of the point.
        start_s: when it begins.
        end_s: when it is over.
        towards: value that the signal climbs to; None where the point falls silent.
        climb_s: how long the climb takes, and the way back.
    """

    point: str
    start_s: float
    end_s: float
    towards: float | None = None
    climb_s: float = 60.0

    def share(self, now_s: float) -> float:
        """How far it has climbed, 0 to 1."""
        up = (now_s - self.start_s) / self.climb_s
        down = (self.end_s + self.climb_s - now_s) / self.climb_s
        return max(0.0, min(1.0, up, down))
