"""What the wall asks: one question a partition for any number of plants."""

from __future__ import annotations

from dataclasses import replace

import orjson

from guatu.access.messages import Beat, PlantConfig, Point, Unit
from guatu.telemetry import answers
from tests.telemetry.driven import Driven

T0 = 1_795_500_000_000
PLANTS = 200


def _config(plant: int) -> PlantConfig:
    """A plant with a unit that tells its state, and one that never does."""
    return PlantConfig(
        plant=plant,
        code=f"P{plant}",
        version=1,
        region="530181",
        units=(Unit(id=10 * plant, code="A", kind="dwc"), Unit(id=10 * plant + 1, code="B")),
        points=(
            Point(id=10 * plant, code="state", unit=10 * plant, role="unit_state", decimals=0),
            Point(id=10 * plant + 1, code="flow", unit=10 * plant + 1, decimals=1),
        ),
    )


def test_every_plant_has_its_pulse_in_one_answer() -> None:
    driven = Driven(T0)
    for plant in range(1, PLANTS + 1):
        driven.configure(_config(plant))
    for plant in range(1, PLANTS):
        v = ((plant % 6,), (1.5,))
        driven.now_ms = T0 + plant
        beat = Beat(beat=1, t=(T0,), p=("state", "flow"), v=v)
        driven.send(f"P{plant}", beat.to_bytes())
    asked = [*range(2, PLANTS + 1), 9999]
    told = answers.answer(driven.state, {"ask": "pulse", "plants": asked})["plants"]
    assert told == [
        *([plant, 2, T0 + plant, [[10 * plant, plant % 6]]] for plant in range(2, PLANTS)),
        [PLANTS, 0, None, []],
    ], "unknown ones, and those not asked for, are left out"
    assert orjson.loads(orjson.dumps(told)) == told


def test_the_pulse_is_the_time_at_which_data_came_whatever_the_plants_clock_says() -> None:
    driven = Driven(T0)
    driven.configure(_config(1))
    slow = Beat(beat=1, t=(T0 - 300_000,), p=("state", "flow"), v=((3,), (1.5,)))
    driven.send("P1", slow.to_bytes())
    driven.now_ms = T0 + 5000
    driven.send("P1", replace(slow, beat=2, t=(), p=(), v=()).to_bytes())
    (told,) = answers.answer(driven.state, {"ask": "pulse", "plants": [1]})["plants"]
    assert told == [1, 2, T0, [[10, 3]]], "an empty message shows life, not data"


def test_a_question_that_nobody_knows_is_answered_with_an_error() -> None:
    assert "error" in answers.answer(Driven(T0).state, {"ask": "tea"})
