"""Limits for a sensor nobody knows, learned from a recording of normal running."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil, floor
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from guatu.simulator.beats import Values
    from guatu.simulator.recordings import Recording

OUTER_SHARE = 0.001
"""Share of the normal samples left beyond either quantile, so that a few freaks set nothing."""
FIRST_MARGIN = 1.5
SECOND_MARGIN = 4.0
FEWEST_SAMPLES = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedLimits:
    """Two stages on both sides, in the sensor's own unit.

    Attributes:
        low_low: second stage below.
        low: first stage below.
        high: first stage above.
        high_high: second stage above.
        deadband: how far a value must come back before an alarm is over.
        samples: how many samples they rest on.
    """

    low_low: float
    low: float
    high: float
    high_high: float
    deadband: float
    samples: int


def learn_limits(values: Values, *, decimals: int) -> LearnedLimits | None:
    """Learn the limits of one sensor from its normal samples.

    The first stage lies 1.5 spreads beyond the outer per-mille quantiles, the second 4. The
    spread is robust: the quartile distance over 1.349 (that of a normal distribution), or
    the tenth of the outer range where the quartiles coincide, or one last digit where the
    sensor never moved.

    Args:
        values: samples in any order; NaN is ignored.
        decimals: digits after the point that the sensor tells.

    Returns:
        Limits that are multiples of the last digit, rising strictly from low_low to
        high_high; None below 30 samples, which tell too little.
    """
    there = values[~np.isnan(values)]
    if len(there) < FEWEST_SAMPLES:
        return None
    outer_low, quarter, three_quarters, outer_high = (
        float(q) for q in np.quantile(there, [OUTER_SHARE, 0.25, 0.75, 1 - OUTER_SHARE])
    )
    digit = 10.0 ** -min(decimals, 9)
    spread = max((three_quarters - quarter) / 1.349, (outer_high - outer_low) / 10.0, digit)

    def below(margin: float) -> float:
        return round(floor((outer_low - margin * spread) / digit) * digit, decimals)

    def above(margin: float) -> float:
        return round(ceil((outer_high + margin * spread) / digit) * digit, decimals)

    return LearnedLimits(
        low_low=below(SECOND_MARGIN),
        low=below(FIRST_MARGIN),
        high=above(FIRST_MARGIN),
        high_high=above(SECOND_MARGIN),
        deadband=max(digit, round(spread / 2.0, decimals)),
        samples=len(there),
    )


def learn_recording(recording: Recording) -> dict[str, LearnedLimits]:
    """Learn the limits of each sensor of a normal recording, by point code."""
    learned: dict[str, LearnedLimits] = {}
    for at, sensor in enumerate(recording.sensors):
        limits = learn_limits(recording.values[at], decimals=sensor.decimals)
        if limits is not None:
            learned[sensor.code] = limits
    return learned
