"""What the wall asks the engine: rates and last data. Where it is away, the wall says so."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from guatu.web.wall.queries import StatePoint

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantNow:
    """A plant as the engine sees it: each unit's state by its name, and when data last came."""

    units: Mapping[str, int] = field(default_factory=dict)
    last_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class EngineNow:
    """The engine's figures of the moment; `reached` is False where it did not answer."""

    reached: bool
    samples_per_s: float | None = None
    plants: Mapping[int, PlantNow] = field(default_factory=dict)


AWAY = EngineNow(reached=False)


def engine_now(plants: Mapping[int, str], points: Iterable[StatePoint], at: datetime) -> EngineNow:
    """Ask the engine for its rate and for the state of some plants.

    Args:
        plants: plant id to plant code.
        points: the unit-state points of these plants.
        at: now, to tell a rate from two counts.
    """
    return AWAY
