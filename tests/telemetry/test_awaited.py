"""A plant that was approved and has not been connected yet is silent, and that is no alarm."""

from __future__ import annotations

from dataclasses import replace

import pytest

from guatu.access.messages import Beat, PlantConfig, Point
from guatu.telemetry import intake, kernels
from tests.telemetry.driven import Driven

T0 = 1_790_000_000_000
HOUR = 3_600_000
FLOW = Point(id=12, code="flow", unit=None, decimals=1, limits=(), missing_after_ms=10_000)
PLANT = PlantConfig(plant=1, code="YN-AL-001", version=1, region="530181", units=(), points=(FLOW,))
BEAT = Beat(beat=1, t=(T0 + HOUR,), p=("flow",), v=((1.0,),)).to_bytes()


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    kernels.warm_up()
    intake.warm_up()


@pytest.fixture
def world() -> Driven:
    world = Driven(T0)
    world.tick(T0)
    world.configure(PLANT)
    return world


def silent_for(world: Driven, seconds: int) -> None:
    for _ in range(seconds):
        world.tick(world.now_ms + 1000)


def test_silence_before_the_first_word_raises_nothing(world: Driven) -> None:
    silent_for(world, 3600)
    world.restart()
    silent_for(world, 60)
    assert not world.said("raised")


def test_after_its_first_word_its_silence_counts(world: Driven) -> None:
    silent_for(world, 3600)
    world.send(PLANT.code, BEAT)
    silent_for(world, 9)
    assert not world.said("raised")
    silent_for(world, 1)
    assert world.said("raised") == [("raised", 12, "MISSING", T0 + HOUR + 10_000, "")]


def test_a_heartbeat_is_a_word_too(world: Driven) -> None:
    silent_for(world, 60)
    world.live(PLANT.plant)
    silent_for(world, 10)
    assert [kind for kind, *_ in world.said("raised")] == ["raised"]


def test_a_restart_forgets_neither_that_it_is_awaited_nor_that_it_spoke(world: Driven) -> None:
    world.restart()
    world.send(PLANT.code, BEAT)
    world.restart()
    silent_for(world, 10)
    assert len(world.said("raised")) == 1


def test_a_newer_configuration_of_a_plant_that_spoke_is_watched_at_once(world: Driven) -> None:
    world.send(PLANT.code, BEAT)
    more = replace(FLOW, id=13, code="level")
    world.configure(replace(PLANT, version=2, points=(FLOW, more)))
    silent_for(world, 10)
    assert {point for _, point, *_ in world.said("raised")} == {12, 13}


def test_a_newer_configuration_of_an_awaited_plant_is_awaited(world: Driven) -> None:
    world.configure(replace(PLANT, version=2))
    silent_for(world, 60)
    assert not world.said("raised")
    world.send(PLANT.code, BEAT)
    silent_for(world, 10)
    assert len(world.said("raised")) == 1
