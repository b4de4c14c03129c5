"""A wall with plants, warnings and an engine that says what a test wants."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from guatu.core.nouns.warning import Level
from guatu.web.monitoring.models import Plant, Point, Unit
from guatu.web.people.models import Organisation
from guatu.web.regions.actions import load_divisions
from guatu.web.wall import board
from guatu.web.wall.engine import AWAY, EngineNow
from guatu.web.warnings.actions import raise_warning
from guatu.web.warnings.models import Warning  # noqa: A004
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)

Raise = Callable[..., Warning]
AddPlant = Callable[..., Plant]


@pytest.fixture
def whole_cast(cast: Cast) -> Cast:
    """The cast in a table of all divisions."""
    load_divisions(at=NOON)
    return cast


@pytest.fixture
def raise_one(cast: Cast) -> Raise:
    """`raise_one(level=..., organisation=..., at=..., title=...)`, all of them optional."""
    made = 0

    def make(**given: Any) -> Warning:
        nonlocal made
        made += 1
        organisation = given.get("organisation", cast.plant)
        return raise_warning(
            source_kind="test",
            source_key=f"source {made}",
            source_url="",
            title=given.get("title", f"进水流量低低 {made}"),
            level=given.get("level", Level.ORANGE),
            organisation=organisation,
            region=given.get("region", organisation.region),
            facts={},
            at=given.get("at", NOON),
        )

    return make


@pytest.fixture
def add_plant() -> AddPlant:
    """`add_plant(organisation, points=3)`: a plant with one casting line."""
    made = 0

    def make(organisation: Organisation, *, points: int = 3) -> Plant:
        nonlocal made
        made += 1
        plant = Plant.objects.create(
            organisation=organisation,
            region=organisation.region,
            code=f"T-{made}",
            name=f"{organisation.name} {made}",
        )
        unit = Unit.objects.create(plant=plant, code="DWC1", name="1号铸造线", kind="dwc")
        span = {"physical_low": 0, "physical_high": 100}
        for at in range(points):
            Point.objects.create(unit=unit, code=f"DWC1.p{at}", name="流量", **span)
        Point.objects.create(
            unit=unit, code="DWC1.state", name="工况", kind="state", role="unit_state", **span
        )
        return plant

    return make


@pytest.fixture(autouse=True)
def says(monkeypatch: pytest.MonkeyPatch) -> Callable[[EngineNow], None]:
    """`says(EngineNow(...))` makes the engine say this; until then it is away."""
    answer = [AWAY]
    monkeypatch.setattr(board, "engine_now", lambda *_: answer[0])

    def say(now: EngineNow) -> None:
        answer[0] = now

    return say
