"""What the wall asks the engine: rates and last data. Where it is away, the wall says so."""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final, NamedTuple
from zlib import crc32

from django.core.cache import cache

from guatu.core.alarms.running import is_running

if TYPE_CHECKING:
    from guatu.telemetry.query import Pulse

logger = logging.getLogger(__name__)

# Two counts nearer than this give no steady rate; farther apart they say nothing of now.
LEAST_S: Final = 2.0
MOST_S: Final = 60.0
KNOWN_FOR_S: Final = 3600
# After the engine was away, pages ask again only then.
AWAY_FOR_S: Final = 5
COUNT_KEY: Final = "wall.engine.count"
RATE_KEY: Final = "wall.engine.rate"
AWAY_KEY: Final = "wall.engine.away"


class UnitState(NamedTuple):
    """What a unit is doing: its kind, which tells how to read the number, and the number."""

    kind: str
    number: int

    @property
    def is_running(self) -> bool:
        """Whether it is at work."""
        return is_running(self.kind, self.number)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantNow:
    """A plant as the engine sees it: each unit's state by its id, and when data last came."""

    units: Mapping[int, UnitState] = field(default_factory=dict)
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNow:
    """The engine's figures of the moment; `reached` is False where it did not answer."""

    reached: bool
    samples_per_s: float | None = None
    plants: Mapping[int, PlantNow] = field(default_factory=dict)


AWAY = EngineNow(reached=False)


def engine_now(plants: Sequence[int], kinds: Mapping[int, str], at: datetime) -> EngineNow:
    """Ask the engine, in one question a partition, whether plants live and what they do.

    Args:
        plants: ids of the plants that the reader may see.
        kinds: the kind of each of their units, which tells how to read its state.
        at: now, to tell a rate from two counts.
    """
    # Imported late: engine code is loaded only by a page that asks something.
    from guatu.telemetry.query import EngineUnavailable, pulse  # noqa: PLC0415

    if cache.get(AWAY_KEY):
        return AWAY
    try:
        told = pulse(plants)
    except EngineUnavailable as error:
        logger.info("the engine does not answer: %s", error)
        cache.set(AWAY_KEY, True, AWAY_FOR_S)  # noqa: FBT003 - the cache's own signature
        return AWAY
    received = sum(one.received for one in told)
    return EngineNow(
        reached=True,
        samples_per_s=_rate(received, at, of=_name(plants)),
        plants={one.plant: _plant_now(one, kinds) for one in told},
    )


def _plant_now(one: Pulse, kinds: Mapping[int, str]) -> PlantNow:
    states = one.states.items()
    units = {unit: UnitState(kinds[unit], state) for unit, state in states if unit in kinds}
    came_ms = one.sampled_ms
    last_at = None if came_ms is None else datetime.fromtimestamp(came_ms / 1000, UTC)
    return PlantNow(units=units, last_at=last_at)


def _name(plants: Sequence[int]) -> str:
    """A short name of a set of plants, by which its counts are kept."""
    return f"{len(plants)}.{crc32(repr(sorted(plants)).encode()):08x}"


def _rate(received: int, at: datetime, *, of: str) -> float | None:
    """Samples a second since the last count that is old enough.

    Each web process keeps its own last count, so a rate spans what that process saw. Until there
    are two counts, the last rate known stands, for a page just opened to say something.

    Args:
        received: the count now.
        at: now.
        of: names the plants counted; another set has another rate.
    """
    now_s = at.timestamp()
    count_key, rate_key = f"{COUNT_KEY}.{of}", f"{RATE_KEY}.{of}"
    before: tuple[float, int] | None = cache.get(count_key)
    known: float | None = cache.get(rate_key)
    if before is None or now_s - before[0] > MOST_S or received < before[1]:
        cache.set(count_key, (now_s, received), MOST_S)
        return known
    passed = now_s - before[0]
    if passed < LEAST_S:
        return known
    rate = (received - before[1]) / passed
    cache.set(count_key, (now_s, received), MOST_S)
    cache.set(rate_key, rate, KNOWN_FOR_S)
    return rate
