"""A point that was taken away and comes again has its row again, and begins afresh."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from guatu.access.messages import Beat, Limit, PlantConfig, Point, Stop, Unit
from guatu.telemetry import intake, kernels
from guatu.telemetry.kernels.memory import NO_TIME_MS, POINT
from tests.telemetry.driven import Driven

T0 = 1_790_000_000_000
LEVEL, FLOW = 11, 12
HIGH = Limit(side="high", stage=2, value=100.0)
CODE = "YN-AL-001"


def point(number: int) -> Point:
    return Point(
        id=number, code=f"p{number}", unit=1, decimals=1, limits=(HIGH,), missing_after_ms=10_000
    )


BOTH = PlantConfig(
    plant=1,
    code=CODE,
    version=1,
    region="530181",
    units=(Unit(id=1, code="A"),),
    points=(point(LEVEL), point(FLOW)),
)


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    kernels.warm_up()
    intake.warm_up()


class World(Driven):
    def __init__(self) -> None:
        super().__init__(T0)
        self.beat = 0
        self.tick(T0)
        self.configure(BOTH)
        self.version = 1

    def until(self, at_ms: int) -> None:
        """Let time pass second by second."""
        while self.now_ms < at_ms:
            self.tick(self.now_ms + 1000)

    def say(self, at_ms: int, value: float) -> None:
        self.beat += 1
        beat = Beat(beat=self.beat, t=(at_ms,), p=("p11", "p12"), v=((value,), (1.0,)))
        self.send(CODE, beat.to_bytes())

    def keep(self, *points: int) -> None:
        """Let the plant have only these points from now on."""
        self.version += 1
        kept = tuple(point(number) for number in points)
        self.configure(replace(BOTH, version=self.version, points=kept))


@pytest.mark.parametrize("restarts", [False, True])
def test_it_has_no_last_value_no_alarm_and_no_quality_from_before(*, restarts: bool) -> None:
    world = World()
    world.say(T0, 150.0)
    world.state.noted[world.state.row(LEVEL)] = (T0, 64)
    ((_, raised, slot, *_),) = world.said("raised")
    assert (raised, slot) == (LEVEL, "HH")
    world.tick(T0 + 1000)
    world.keep(FLOW)
    assert [(kind, number) for kind, number, *_ in world.said("cleared")] == [("cleared", LEVEL)]
    if restarts:
        world.restart()
    told = len(world.events)
    world.keep(LEVEL, FLOW)
    row = world.state.row(LEVEL)
    assert world.state.points == 2
    assert world.state.judge.points["last_ms"][row] == NO_TIME_MS
    assert np.isnan(world.state.judge.points["last_value"][row])
    assert row not in world.state.noted
    world.until(T0 + 9000)
    assert not [e for e in world.events[told:] if e["kind"] in {"raised", "cleared"}]
    # A sample older than the last one from before is judged, and its alarm is another one.
    world.say(T0 - 5000, 150.0)
    keys = [e["alarm"] for e in world.events if e["kind"] == "raised"]
    assert len(set(keys)) == len(keys) == 2
    # Silence counts from when it came again.
    world.until(T0 + 30_000)
    assert (LEVEL, "MISSING") in {(number, s) for _, number, s, *_ in world.said("raised")}


def test_coming_and_going_takes_no_more_memory() -> None:
    world = World()
    for _ in range(300):
        world.keep(FLOW)
        world.keep(LEVEL, FLOW)
    assert (world.state.points, len(world.state.ids)) == (2, 256)
    assert world.state.judge.units["size"][0] == 2


def test_a_stop_that_turns_leaves_a_point_alone_that_went_away_with_another_plant() -> None:
    world = World()
    stop = Stop(id=7, from_ms=T0 + 60_000, to_ms=T0 + 120_000)
    world.configure(replace(BOTH, version=2, stops=(stop,)))
    other = replace(BOTH, plant=2, code="YN-AL-002", units=(Unit(id=2, code="B"),))
    moved = replace(point(LEVEL), unit=2)
    world.configure(replace(other, version=1, points=(moved,)))
    world.configure(replace(other, version=2, points=()))
    assert world.state.row(LEVEL) == -1
    before = world.state.judge.points.tobytes()[-POINT.itemsize :]
    units = world.state.judge.units.copy()
    world.tick(T0 + 61_000)
    assert world.state.held_stops(1) == {7}
    assert world.state.judge.points.tobytes()[-POINT.itemsize :] == before
    assert np.array_equal(world.state.judge.units, units)
