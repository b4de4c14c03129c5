"""What the wall asks the engine: rates and last data. Where it is away, the wall says so."""

from __future__ import annotations

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final, NamedTuple
from zlib import crc32

from django.core.cache import cache

from guatu.core.alarms.running import is_running
from guatu.web.wall.queries import PulsePoint

logger = logging.getLogger(__name__)

# Two counts nearer than this give no steady rate; farther apart they say nothing of now.
LEAST_S: Final = 2.0
MOST_S: Final = 60.0
KNOWN_FOR_S: Final = 3600
# A page waits no longer than this for the engine, and after it was away asks again only then.
PATIENCE_S: Final = 1.0
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
    """A plant as the engine sees it: each unit's state by its name, and when data last came."""

    units: Mapping[str, UnitState] = field(default_factory=dict)
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNow:
    """The engine's figures of the moment; `reached` is False where it did not answer."""

    reached: bool
    samples_per_s: float | None = None
    plants: Mapping[int, PlantNow] = field(default_factory=dict)


AWAY = EngineNow(reached=False)


def engine_now(
    counted: Sequence[int],
    plants: Mapping[int, str],
    points: Iterable[PulsePoint],
    at: datetime,
) -> EngineNow:
    """Ask the engine for the rate at which plants send, and for the state of some of them.

    Args:
        counted: ids of the plants whose samples are counted: those the reader may see.
        plants: plant id to plant code.
        points: the points of these plants that tell their pulse.
        at: now, to tell a rate from two counts.
    """
    # Imported late: engine code is loaded only by a page that asks something.
    from guatu.telemetry.query import EngineUnavailable  # noqa: PLC0415

    if cache.get(AWAY_KEY):
        return AWAY
    try:
        return EngineNow(
            reached=True,
            samples_per_s=_rate(_received(counted), at, of=_name(counted)),
            plants=_pulse(plants, points),
        )
    except EngineUnavailable as error:
        logger.info("the engine does not answer: %s", error)
        cache.set(AWAY_KEY, True, AWAY_FOR_S)  # noqa: FBT003 - the cache's own signature
        return AWAY


def _received(plants: Sequence[int]) -> int:
    """Samples received by the engine from these plants since it first started."""
    from guatu.telemetry.query import received  # noqa: PLC0415 - as above

    return received(plants)


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


def _pulse(plants: Mapping[int, str], points: Iterable[PulsePoint]) -> dict[int, PlantNow]:
    """Each plant's unit states and the time of its latest sample, while patience lasts."""
    from guatu.telemetry.query import last_values  # noqa: PLC0415 - as above

    of_plant: dict[int, list[PulsePoint]] = defaultdict(list)
    for point in points:
        of_plant[point.plant].append(point)
    until = time.monotonic() + PATIENCE_S
    found = {}
    for plant, asked in of_plant.items():
        if time.monotonic() > until:
            break
        values = {v.point: v for v in last_values(plants[plant], [p.point for p in asked])}
        heard = [v.at_ms for v in values.values() if v.at_ms]
        units = {
            p.unit: UnitState(p.kind, int(values[p.point].value or 0))
            for p in asked
            if p.tells_state and p.point in values and values[p.point].value is not None
        }
        last = datetime.fromtimestamp(max(heard) / 1000, UTC) if heard else None
        found[plant] = PlantNow(units=units, last_at=last)
    return found
