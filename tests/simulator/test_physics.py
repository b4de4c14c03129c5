"""The casting line obeys its own laws: water and metal are kept, heat is carried away."""

from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.simulator.metal import (
    LAUNDER_SET_MM,
    REFERENCE_M3_S,
    TROUGH_SET_MM,
    Metal,
    cast_kg_s,
    heat_kj_per_kg,
)
from guatu.simulator.noise import Wander
from guatu.simulator.plant import CASTING, CastingLine, LineConfig, UnitState
from guatu.simulator.points import DWC_NAMES, DWC_SENSORS, show
from guatu.simulator.water import (
    FULL_FLOW_M3_H,
    JACKET_M3,
    TANK_AREA_M2,
    WATER_KJ_PER_M3_K,
    CoolingWater,
)

CASTING_NOW = LineConfig(compression=9, start_in=UnitState.STEADY, start_length_mm=1500)


def run_water(water: CoolingWater, seconds: float, **changes: Any) -> None:
    given_now = {
        "wanted_m3_h": FULL_FLOW_M3_H,
        "inlet_c": 30.0,
        "metal_kw": 0.0,
        "driven": True,
        "emergency_open": False,
        "clogging": 1.0,
    } | changes
    for _ in range(round(seconds * 2)):
        water.step(0.5, **given_now)


def test_the_flow_controller_brings_the_water_to_its_set_value_before_metal_may_come() -> None:
    water = CoolingWater()
    run_water(water, 25)
    assert water.through_moulds_m3_h == pytest.approx(FULL_FLOW_M3_H, rel=0.02)
    assert water.inlet_mpa(1.0) == pytest.approx(0.25, abs=0.01)


def test_in_the_steady_state_the_water_carries_away_what_the_metal_brings() -> None:
    water = CoolingWater(opening=0.6, flow_m3_h=FULL_FLOW_M3_H)
    brought = cast_kg_s(80.0) * heat_kj_per_kg(700.0)
    run_water(water, 400, metal_kw=brought)
    carried = water.through_moulds_m3_h / 3600 * WATER_KJ_PER_M3_K * (water.outlet_c - 30.0)
    assert carried == pytest.approx(brought, rel=0.01)
    assert 40 < water.outlet_c < 60


@settings(deadline=None, max_examples=30)
@given(
    metal_kw=st.floats(0, 8000),
    seconds=st.integers(1, 20),
    pump=st.sampled_from(["driven", "tripped", "tank"]),
)
def test_heat_is_neither_made_nor_lost(metal_kw: float, seconds: int, pump: str) -> None:
    """Below the boil: brought in = carried out + kept in shell and jacket."""
    water = CoolingWater(opening=0.6, flow_m3_h=FULL_FLOW_M3_H, shell_kj=20_000, outlet_c=40)
    store = JACKET_M3 * WATER_KJ_PER_M3_K
    before = water.shell_kj + water.outlet_c * store
    brought, carried = 0.0, 0.0
    for _ in range(seconds * 8):
        water.step(
            0.125,
            wanted_m3_h=FULL_FLOW_M3_H,
            inlet_c=30.0,
            metal_kw=metal_kw,
            driven=pump == "driven",
            emergency_open=pump == "tank",
            clogging=1.0,
        )
        rate = water.through_moulds_m3_h / 3600 * WATER_KJ_PER_M3_K
        carried += rate * (water.outlet_c - 30.0) * 0.125
        brought += metal_kw * 0.125
    assert water.outlet_c < 100
    after = water.shell_kj + water.outlet_c * store
    assert after - before == pytest.approx(brought - carried, abs=1e-6 * (before + brought))


def test_without_water_the_outlet_rises_to_the_boil_and_stays_there() -> None:
    water = CoolingWater(opening=0.6, flow_m3_h=FULL_FLOW_M3_H)
    brought = cast_kg_s(80.0) * heat_kj_per_kg(700.0)
    run_water(water, 200, metal_kw=brought)
    seen = []
    for _ in range(120):
        run_water(water, 1, metal_kw=brought, driven=False)
        seen.append(water.outlet_c)
    assert seen == sorted(seen)
    assert seen[-1] == 100.0
    assert water.steam_kj > 0


def test_the_emergency_tank_gives_what_it_loses() -> None:
    water = CoolingWater()
    run_water(water, 20, driven=False)
    level, given_m3 = water.tank_m, 0.0
    for _ in range(600):
        water.step(
            0.125,
            wanted_m3_h=FULL_FLOW_M3_H,
            inlet_c=30,
            metal_kw=0,
            driven=False,
            emergency_open=True,
            clogging=1,
        )
        given_m3 += water.emergency_m3_h * 0.125 / 3600
    lost = (level - water.tank_m) * TANK_AREA_M2
    made_up = 8.0 * 75 / 3600
    assert given_m3 - made_up <= lost <= given_m3
    assert 40 < water.through_moulds_m3_h < 50


WHATEVER = st.fixed_dictionaries(
    {
        "demand_m3_s": st.floats(0, 2 * REFERENCE_M3_S),
        "bleed_m3_s": st.floats(0, REFERENCE_M3_S),
        "pouring": st.floats(0, 3),
        "extra_m3_s": st.floats(0, 4 * REFERENCE_M3_S),
        "gate_open": st.booleans(),
        "draining": st.booleans(),
        "ripple": st.floats(-0.3, 0.3),
    }
)


@settings(deadline=None, max_examples=60)
@given(phases=st.lists(WHATEVER, min_size=1, max_size=3))
def test_metal_is_neither_made_nor_lost(phases: list[dict[str, Any]]) -> None:
    """Poured = in launder and trough + cast + drained, whatever goes wrong."""
    metal = Metal(launder_mm=LAUNDER_SET_MM, trough_mm=TROUGH_SET_MM)
    before = metal.held_m3()
    for at in range(60):
        metal.step(0.25, **phases[at % len(phases)])
        assert metal.launder_mm >= -1e-9
        assert metal.trough_mm >= -1e-9
    kept = metal.held_m3() - before
    assert kept == pytest.approx(metal.poured_m3 - metal.taken_m3 - metal.drained_m3, abs=1e-9)


def test_metal_is_cooler_the_slower_it_comes() -> None:
    def settled(speed: float) -> float:
        metal = Metal(launder_mm=LAUNDER_SET_MM, trough_mm=TROUGH_SET_MM, trough_c=700)
        for _ in range(1000):
            metal.step(
                0.25,
                demand_m3_s=cast_kg_s(speed) / 2350,
                bleed_m3_s=0,
                pouring=1,
                extra_m3_s=0,
                gate_open=True,
                draining=False,
                ripple=0,
            )
        return metal.trough_c

    assert 660 < settled(40) < settled(60) < settled(80) < 728


def test_the_same_seed_gives_the_same_data_and_another_seed_does_not() -> None:
    def told(seed: int) -> list[dict[str, float | None]]:
        line = CastingLine(seed, CASTING_NOW)
        readings = []
        for _ in range(60):
            line.step(1.0)
            readings.append(line.read())
        return readings

    assert told(4) == told(4)
    assert told(4) != told(5)


def test_a_cast_goes_through_all_its_phases_in_order_and_begins_again() -> None:
    line = CastingLine(2, LineConfig(compression=10))
    phases = [line.state]
    for _ in range(1500):
        line.step(1.0)
        if line.state != phases[-1]:
            phases.append(line.state)
    assert phases[:7] == [*UnitState, UnitState.IDLE]


def test_the_demo_cycle_takes_ten_to_fifteen_minutes() -> None:
    line = CastingLine(2, LineConfig(compression=9))
    fills = []
    before = line.state
    for second in range(2000):
        line.step(1.0)
        if line.state is UnitState.FILL and before is not UnitState.FILL:
            fills.append(second)
        before = line.state
    assert 600 <= fills[1] - fills[0] <= 900


def test_the_slab_grows_as_the_speed_says_times_the_compression() -> None:
    for compression in (1.0, 9.0):
        config = LineConfig(compression=compression, start_in=UnitState.STEADY)
        line = CastingLine(1, config)
        for _ in range(60):
            line.step(1.0)
        assert line.length_mm == pytest.approx(80.0 * compression, rel=0.01)
        assert line.platform_mm == line.length_mm


def test_the_rope_carries_the_platform_and_the_slab() -> None:
    line = CastingLine(1, LineConfig(start_in=UnitState.STEADY, start_length_mm=6000))
    line.step(1.0)
    load = line.read()["rope_load"]
    assert load == pytest.approx(40 + 1.5 * 6.0 * 2700 * 9.81 / 1000, abs=3)


def test_every_reading_has_its_sensors_resolution_and_range() -> None:
    line = CastingLine(9, CASTING_NOW)
    line.step(1.0)
    told = line.read()
    assert tuple(told) == DWC_NAMES
    for sensor in DWC_SENSORS:
        value = told[sensor.name]
        assert value is not None
        assert sensor.low <= value <= sensor.high
        assert value == round(value, sensor.decimals)


@given(true=st.floats(-1e6, 1e6), draw=st.floats(-50, 50))
def test_a_sensor_never_tells_beyond_its_range(true: float, draw: float) -> None:
    for sensor in DWC_SENSORS:
        assert sensor.low <= show(sensor, true, draw) <= sensor.high


def test_a_wander_keeps_its_mean_and_its_bounds() -> None:
    wander = Wander(mean=10.0, spread=2.0, settle_s=30, random=Random(1))  # noqa: S311 - noise is no secret
    seen = []
    for _ in range(20_000):
        wander.step(10.0)
        seen.append(wander.now)
    assert 9.8 < sum(seen) / len(seen) < 10.2
    assert 4.0 <= min(seen) < 5.5
    assert 14.5 < max(seen) <= 16.0


@pytest.mark.parametrize("compression", [0, -1, 11])
def test_an_impossible_compression_is_refused(compression: float) -> None:
    with pytest.raises(ValueError, match="compression"):
        LineConfig(compression=compression)


def test_time_does_not_go_backwards() -> None:
    with pytest.raises(ValueError, match="forward"):
        CastingLine(1).step(0)


def test_casting_is_what_lies_between_the_first_metal_and_the_end() -> None:
    assert {int(state) for state in CASTING} == {1, 2, 3, 4}
