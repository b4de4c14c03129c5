"""The load: seeded plants whose values change with every sample, and who exceeds a limit when.

The same numbers feed both sides; each side's encoder is in its own module. Nothing repeats: every
sample's value is drawn anew from (seed, round, plant).
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

LIMIT = 850.0
"""The one limit of every point, on both sides: an alarm is due where a value is above it."""

QUIET_ROUNDS = 2
"""The first rounds create series on both sides and show the rate; nothing exceeds in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """A nation of plants.

    Attributes:
        plants: how many.
        points: points of each plant.
        times: samples of each point in one beat.
        step_ms: time between two samples of a point.
        rounds: beats each plant sends.
        alarms: points that exceed their limit, each once, for one whole beat.
        seed: where the numbers come from.
    """

    plants: int
    points: int
    times: int
    step_ms: int
    rounds: int
    alarms: int
    seed: int

    @property
    def samples_per_beat(self) -> int:
        """Samples in one plant's beat."""
        return self.points * self.times

    @property
    def samples(self) -> int:
        """Samples in all."""
        return self.plants * self.samples_per_beat * self.rounds

    def excursions(self) -> NDArray[np.int64]:
        """Give who exceeds when, as rows of (round, plant, point); no point twice."""
        dice = np.random.default_rng(self.seed)
        chosen = dice.choice(self.plants * self.points, self.alarms, replace=False)
        rounds = dice.integers(QUIET_ROUNDS, max(self.rounds, QUIET_ROUNDS + 1), self.alarms)
        rows = np.stack([rounds, chosen // self.points, chosen % self.points], axis=1)
        return rows[np.lexsort((rows[:, 2], rows[:, 1], rows[:, 0]))].astype(np.int64)

    def tenths(self, round_: int, plant: int) -> NDArray[np.int32]:
        """Draw one beat's values in tenths: shape (points, times), 100.0 to 799.9."""
        dice = np.random.default_rng((self.seed, round_, plant))
        return dice.integers(1_000, 8_000, (self.points, self.times), dtype=np.int32)

    def times_ms(self, round_: int, start_ms: int) -> NDArray[np.int64]:
        """Give the moments of a round's samples, in milliseconds: shape (times,)."""
        first = start_ms + round_ * self.times * self.step_ms
        return first + np.arange(self.times, dtype=np.int64) * self.step_ms


def beats(load: Load, round_: int) -> list[NDArray[np.int32]]:
    """Draw the values of every plant in one round, with its excursions lifted over the limit."""
    drawn = [load.tenths(round_, plant) for plant in range(load.plants)]
    for _, plant, point in load.excursions()[load.excursions()[:, 0] == round_]:
        drawn[plant][point] += 8_000
    return drawn
