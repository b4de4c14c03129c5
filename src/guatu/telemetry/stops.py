"""Declared stops of plants, judged at ticks: what is watched while one holds.

Pure: a configuration and a moment in, the limits that hold at that moment out. So a stop begins
and ends by the log's own time, whoever is late or away.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from guatu.access.messages import PlantConfig, Point, Stop

NEVER_MS = 2**62
"""A moment that no tick reaches."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Stopping:
    """A plant with stops that hold or are still to come.

    Args:
        config: as it was given; what is watched is made from it.
        held: ids of the stops that hold.
    """

    config: PlantConfig
    held: tuple[int, ...]

    def turn_ms(self) -> int:
        """When the next stop begins or ends, as seen from those that hold."""
        stops = self.config.stops
        return min(
            (stop.to_ms if stop.id in self.held else stop.from_ms for stop in stops),
            default=NEVER_MS,
        )


def stopping_at(config: PlantConfig, at_ms: int) -> Stopping | None:
    """See what of a plant's stops holds or is to come; None where all are over."""
    ahead = tuple(stop for stop in config.stops if at_ms < stop.to_ms)
    if not ahead:
        return None
    held = tuple(stop.id for stop in ahead if stop.holds_at(at_ms))
    return Stopping(config=replace(config, stops=ahead), held=held)


def holding(stopping: Stopping | None) -> tuple[Stop, ...]:
    """Give the stops that hold."""
    if stopping is None:
        return ()
    return tuple(stop for stop in stopping.config.stops if stop.id in stopping.held)


def as_watched(point: Point, stops: Sequence[Stop]) -> Point:
    """Give a point as it is watched while stops hold.

    Nobody waits for its samples. Its limits are judged as ever, for danger does not read
    declarations; only a point that a declaration names as under maintenance is left alone.
    """
    concerning = [stop for stop in stops if stop.covers(point)]
    if not concerning:
        return point
    limits = () if any(point.id in stop.suppressed for stop in concerning) else point.limits
    return replace(point, missing_after_ms=None, limits=limits)
