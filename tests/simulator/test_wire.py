"""What the simulator writes is what the gateway reads, by its quick way, to the last bit."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.access.messages import Key, PlantConfig, Point, Unit
from guatu.simulator.beats import Batch, encode, one_moment
from guatu.simulator.plants import DEMO_PLANTS
from guatu.simulator.replay import MAX_SPEED, plan, read_recordings
from guatu.simulator.sources import DemoConfig, sources_of
from guatu.telemetry.intake import take_beat, take_usual
from guatu.telemetry.plant_door import PlantDoor

SHARED = Path(__file__).parents[2].parent / "shared" / "data"
NOW = 1_795_000_000_000


def door_for(codes: tuple[str, ...]) -> PlantDoor:
    """A gateway that knows a plant with these points and nothing of their ranges."""
    config = PlantConfig(
        plant=1,
        code="P",
        version=1,
        region="530181",
        keys=(Key(id="k1", sha256="0" * 64),),
        units=(Unit(id=1, code="U", kind="generic"),),
        points=tuple(
            Point(id=at, code=code, unit=1, kind="analog") for at, code in enumerate(codes, start=1)
        ),
    )
    return PlantDoor(config, 0)


def taken_as_sent(batch: Batch) -> None:
    door, body = door_for(batch.points), encode(batch, epoch=5, beat=9)
    taken = take_beat(door, body, NOW + 1000)
    assert (taken.beat.epoch, taken.beat.beat) == (5, 9)
    assert taken.accepted == batch.samples
    assert not taken.rejected
    cells = taken.beat.cells
    assert cells.times.tolist() == batch.times_ms.tolist()
    for row, point in enumerate(taken.beat.ids.tolist()):
        sent = batch.values.reshape(len(batch.points), -1)[point - 1]
        assert np.array_equal(cells.row(row), sent, equal_nan=True)


def test_a_whole_second_of_every_demo_plant_goes_the_quick_way() -> None:
    for plant in DEMO_PLANTS:
        readings = []
        for source in sources_of(plant, DemoConfig(), accident=True):
            source.step(1.0)
            readings += source.read()
        batch = one_moment(NOW, readings)
        taken_as_sent(batch)
        body = encode(batch, epoch=5, beat=9)
        assert take_usual(door_for(batch.points), body, NOW) is not None, plant.code


@settings(deadline=None, max_examples=100)
@given(
    values=st.lists(
        st.one_of(st.floats(allow_nan=False, allow_infinity=False), st.just(float("nan"))),
        min_size=1,
        max_size=30,
    )
)
def test_any_finite_value_arrives_as_it_was_sent(values: list[float]) -> None:
    batch = Batch(
        points=("进水流量", "B"),
        times_ms=NOW + np.arange(len(values), dtype=np.int64),
        values=np.array([values, values[::-1]]),
    )
    taken_as_sent(batch)


@pytest.mark.skipif(not (SHARED / "skab").exists(), reason="the bench recordings are not here")
def test_a_run_of_the_water_bench_arrives_as_it_was_recorded() -> None:
    runs = read_recordings([SHARED / "skab" / "valve2"])
    for beat in plan(runs, speed=MAX_SPEED, now_ms=NOW, rows_per_beat=600).beats():
        taken_as_sent(beat.batch)
