"""Declared stops: silence raises nothing while one holds, danger does, and replay agrees."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.access.messages import Beat, Limit, PlantConfig, Point, Stop, Unit
from guatu.telemetry import intake, kernels
from tests.telemetry.driven import Driven

T0 = 1_790_000_000_000
MINUTE = 60_000
LEVEL, FLOW, OTHER = 11, 12, 21
HIGH = Limit(side="high", stage=2, value=100.0)


def point(number: int, unit: int) -> Point:
    return Point(
        id=number, code=f"p{number}", unit=unit, decimals=1, limits=(HIGH,), missing_after_ms=10_000
    )


PLANT = PlantConfig(
    plant=1,
    code="YN-AL-001",
    version=1,
    region="530181",
    units=(Unit(id=1, code="A"), Unit(id=2, code="B")),
    points=(point(LEVEL, 1), point(FLOW, 1), point(OTHER, 2)),
)


def at(minutes: float) -> int:
    return T0 + round(minutes * MINUTE)


def stop(begins: float, ends: float, **more: tuple[int, ...]) -> Stop:
    return Stop(id=7, from_ms=at(begins), to_ms=at(ends), **more)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    kernels.warm_up()
    intake.warm_up()


class World(Driven):
    """A plant whose sensors speak or are silent, minute by minute."""

    def __init__(self, *stops: Stop) -> None:
        super().__init__(T0)
        self.beat = 0
        self.tick(T0)
        self.configure(replace(PLANT, stops=stops))

    def say(self, value: float, *codes: str) -> None:
        self.beat += 1
        rows = tuple((value,) for _ in codes)
        beat = Beat(beat=self.beat, t=(self.now_ms,), p=codes, v=rows)
        self.send("YN-AL-001", beat.to_bytes())

    def until(self, minutes: float, *speaking: str) -> None:
        """Let time pass second by second; some points speak every five seconds."""
        while self.now_ms < at(minutes):
            self.tick(self.now_ms + 1000)
            if speaking and self.now_ms % 5000 == 0:
                self.say(50.0, *speaking)

    def silent(self) -> set[int | None]:
        """Points that are said to be silent now."""
        now: set[int | None] = set()
        for kind, number, slot, _at, _why in self.said("raised", "cleared"):
            if slot == "MISSING":
                (now.add if kind == "raised" else now.discard)(number)
        return now


ALL = ("p11", "p12", "p21")


def test_silence_in_a_declared_stop_raises_nothing_and_again_something_after_it() -> None:
    world = World(stop(2, 10))
    world.until(2, *ALL)
    world.until(10)
    assert world.said("raised") == []
    world.until(10.1)
    assert world.said("raised") == []
    world.until(11)
    assert {(number, when) for _, number, slot, when, _ in world.said("raised")} == {
        (number, at(10) + 10_000) for number in (LEVEL, FLOW, OTHER)
    }


def test_without_a_stop_the_same_silence_is_told() -> None:
    world = World()
    world.until(2, *ALL)
    world.until(10)
    assert world.silent() == {LEVEL, FLOW, OTHER}


def test_a_stop_of_one_unit_leaves_the_others_watched() -> None:
    world = World(stop(2, 10, units=(1,)))
    world.until(2, *ALL)
    world.until(5)
    assert world.silent() == {OTHER}


def test_danger_in_a_stop_is_told_unless_the_point_is_under_maintenance() -> None:
    world = World(stop(1, 10, suppressed=(FLOW,)))
    world.until(2, *ALL)
    world.until(2.05)
    world.say(120.0, "p11", "p12")
    raised = world.said("raised")
    assert [(number, slot) for _, number, slot, _, _ in raised] == [(LEVEL, "HH")]


def test_a_point_under_maintenance_is_judged_again_when_the_stop_is_over() -> None:
    world = World(stop(1, 3, suppressed=(FLOW,)))
    world.until(2, *ALL)
    world.until(2.05)
    world.say(120.0, "p12")
    world.until(3)
    assert [(number, slot) for _, number, slot, _, _ in world.said("raised")] == [(FLOW, "HH")]


def test_a_silence_that_was_told_before_is_cleared_by_the_stop_in_its_name() -> None:
    world = World(stop(2, 10))
    world.until(1, *ALL)
    world.until(1.5)
    assert world.silent() == {LEVEL, FLOW, OTHER}
    world.until(3)
    cleared = world.said("cleared")
    assert world.silent() == set()
    assert {(when, why) for _, _, _, when, why in cleared} == {(at(2), "planned_stop")}


def test_a_stop_declared_while_silent_clears_at_once_in_its_name() -> None:
    world = World()
    world.until(1, *ALL)
    world.until(2)
    world.configure(replace(PLANT, version=2, stops=(stop(1, 5),)))
    assert {why for *_, why in world.said("cleared")} == {"planned_stop"}
    world.until(4)
    assert world.silent() == set()


def test_a_stop_ended_early_is_watched_from_that_moment() -> None:
    world = World(stop(1, 60))
    world.until(1, *ALL)
    world.until(5)
    world.configure(replace(PLANT, version=2, stops=(stop(1, 5),)))
    world.until(5.1)
    assert world.silent() == set()
    world.until(6)
    assert world.silent() == {LEVEL, FLOW, OTHER}


def test_two_stops_that_overlap_hold_together() -> None:
    first, second = stop(1, 4), replace(stop(3, 6, units=(1,)), id=8)
    world = World(first, second)
    world.until(1, *ALL)
    world.until(5)
    assert world.silent() == {OTHER}
    world.until(7)
    assert world.silent() == {LEVEL, FLOW, OTHER}


def test_a_stop_that_passes_wholly_between_two_ticks_leaves_nothing_behind() -> None:
    world = World(stop(2, 3))
    world.until(1, *ALL)
    world.tick(at(30))
    world.until(31)
    assert world.silent() == {LEVEL, FLOW, OTHER}
    assert world.state.stopping == {}


@settings(max_examples=12)
@given(
    begins=st.floats(0, 4),
    lasts=st.floats(0.1, 4),
    quiet_from=st.floats(0, 4),
    restarts=st.sets(st.integers(1, 60), max_size=4),
)
def test_replay_and_restarts_at_any_moment_tell_the_same(
    begins: float, lasts: float, quiet_from: float, restarts: set[int]
) -> None:
    """The log alone decides: the same messages give the same events through every checkpoint."""
    world = World(stop(begins, begins + lasts, suppressed=(FLOW,)))
    world.until(quiet_from, *ALL)
    world.say(120.0, *ALL)
    world.until(9)
    again = Driven(T0)
    for number, entry in enumerate(world.messages):
        if number % 60 in restarts:
            again.restart()
        again.events += again.engine.step(entry)
    assert again.events == world.events
    assert again.state.turn_ms == world.state.turn_ms
