"""A fault is a cause; what follows comes in the time it takes in a real plant."""

from collections.abc import Iterator

import pytest

from guatu.simulator.faults import Disturbances, Fault, FaultKind, FaultScript
from guatu.simulator.plant import CastingLine, LineConfig, UnitState
from tests.simulator.limits import default_limits

START = 20.0
CASTING_NOW = LineConfig(compression=9, start_in=UnitState.STEADY, start_length_mm=1500)


def line_with(*faults: Fault, seed: int = 1) -> CastingLine:
    return CastingLine(seed, CASTING_NOW, FaultScript(faults))


def readings(line: CastingLine, seconds: int) -> Iterator[tuple[float, dict[str, float]]]:
    """(seconds since the fault began, what the sensors tell; silent ones left out)."""
    for _ in range(seconds):
        line.step(1.0)
        told = {name: value for name, value in line.read().items() if value is not None}
        yield line.time_s - START, told


def first(rows: list[tuple[float, dict[str, float]]], name: str, low: float, high: float) -> float:
    """When a point first lies between two values after the fault."""
    return next(at for at, told in rows if at >= 0 and low <= told[name] <= high)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_a_tripped_pump_takes_the_water_away_within_eight_seconds(seed: int) -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START), seed=seed)
    rows = list(readings(line, 40))
    assert first(rows, "inlet_flow", 0, 0.3 * 200) <= 8
    assert 3 <= first(rows, "inlet_flow", 0, 5) <= 9
    assert first(rows, "inlet_pressure", 0, 0.08) <= 8
    before = rows[int(START) - 1][1]["outlet_temperature"]
    assert max(told["outlet_temperature"] for _, told in rows) > before + 10


def test_the_interlock_answers_a_water_loss_with_all_four_actions() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START))
    rows = list(readings(line, 45))
    assert rows[10][1]["cutoff_valve"] == 1
    told = rows[-1][1]
    assert (told["cutoff_valve"], told["drain_valve"]) == (0, 1)
    assert (told["launder_disconnect"], told["furnace_tilt"]) == (1, 0)
    assert told["casting_speed"] < 1
    assert told["unit_state"] == UnitState.END
    assert first(rows, "drain_valve", 1, 1) < 10
    assert told["trough_level"] < 10, "the trough has run empty"


def test_a_water_loss_breaks_the_second_limits_of_two_core_points_long_enough_to_alarm() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START))
    seconds: dict[str, int] = {}
    for _, told in readings(line, 60):
        state = int(told["unit_state"])
        for limit in default_limits():
            if limit.slot in {"LL", "HH"} and limit.core:
                broken = limit.broken_by(told[limit.point], state)
                seconds[limit.point] = seconds.get(limit.point, 0) + broken
    lasting = {point for point, count in seconds.items() if count >= 10}
    assert {"inlet_flow", "inlet_pressure"} <= lasting


def test_nothing_is_amiss_before_the_pump_trips() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START))
    for _, told in readings(line, int(START) - 1):
        assert not [
            limit
            for limit in default_limits()
            if limit.broken_by(told[limit.point], int(told["unit_state"]))
        ]


def test_after_a_trip_the_emergency_tank_gives_water_and_its_level_falls() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START))
    rows = list(readings(line, 120))
    assert 40 < rows[-1][1]["inlet_flow"] < 50
    assert rows[-1][1]["tank_level"] < 5.6
    outlet = [told["outlet_temperature"] for _, told in rows]
    assert outlet[-1] < max(outlet) - 10


def test_the_line_waits_for_the_repair_and_then_casts_again() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START, end_s=START + 200))
    states = []
    for at, told in readings(line, 900):
        states.append((at, int(told["unit_state"])))
    assert all(state == UnitState.END for at, state in states if 10 < at < 199)
    after = [state for at, state in states if at > 150]
    assert list(dict.fromkeys(after)) == [4, 5, 0, 1, 2, 3]
    assert not line.interlock.tripped


def test_a_level_surge_lifts_the_launder_by_thirty_millimetres_in_five_to_fifteen_seconds() -> None:
    line = line_with(Fault(kind=FaultKind.LEVEL_SURGE, start_s=START))
    rows = list(readings(line, 60))
    assert 5 <= first(rows, "furnace_level", 180, 400) <= 15
    assert first(rows, "unit_state", 4, 4) <= 20
    assert rows[-1][1]["furnace_level"] < 20


def test_a_lost_plug_is_quicker_than_a_surge() -> None:
    surge = list(readings(line_with(Fault(kind=FaultKind.LEVEL_SURGE, start_s=START)), 60))
    plug = list(readings(line_with(Fault(kind=FaultKind.PLUG_LOST, start_s=START)), 60))
    assert first(plug, "furnace_level", 190, 400) < first(surge, "furnace_level", 190, 400)
    assert plug[-1][1]["unit_state"] == UnitState.END


def test_a_bleed_out_shows_in_the_trough_and_in_the_water() -> None:
    rows = list(readings(line_with(Fault(kind=FaultKind.BLEED_OUT, start_s=START)), 60))
    assert first(rows, "trough_level", 0, 85) <= 20
    assert first(rows, "outlet_temperature", 65, 150) <= 30


def test_a_clogging_filter_first_raises_the_pressure_and_then_lowers_the_flow() -> None:
    line = line_with(Fault(kind=FaultKind.FILTER_CLOGGING, start_s=0.0))
    rows = [told for _, told in readings(line, 400)]
    assert rows[100]["inlet_pressure"] > rows[0]["inlet_pressure"] + 0.03
    assert rows[100]["inlet_flow"] > 195
    assert rows[-1]["inlet_flow"] < 175

    def openness(told: dict[str, float]) -> float:
        return float(told["inlet_flow"] / told["inlet_pressure"] ** 0.5)

    assert openness(rows[-1]) < 0.8 * openness(rows[0]), "less flow at equal pressure"


def test_a_stuck_sensor_repeats_itself_and_a_silent_one_says_nothing() -> None:
    line = line_with(
        Fault(kind=FaultKind.SENSOR_STUCK, start_s=START, end_s=40, point="inlet_flow"),
        Fault(kind=FaultKind.SENSOR_SILENT, start_s=START, end_s=40, point="metal_temperature"),
    )
    told: list[dict[str, float | None]] = []
    for _ in range(60):
        line.step(1.0)
        told.append(line.read())
    assert len({row["inlet_flow"] for row in told[19:39]}) == 1
    assert len({row["inlet_flow"] for row in told[:19]}) > 5
    assert all(row["metal_temperature"] is None for row in told[19:38])
    assert told[45]["metal_temperature"] is not None
    assert told[30]["inlet_pressure"] is not None


def test_a_sensor_fault_leaves_every_other_sensors_noise_as_it_was() -> None:
    plain = [told for _, told in readings(line_with(), 30)]
    fault = Fault(kind=FaultKind.SENSOR_SILENT, start_s=5, point="inlet_flow")
    silent = [told for _, told in readings(line_with(fault), 30)]
    for one, other in zip(plain, silent, strict=True):
        assert {k: v for k, v in one.items() if k != "inlet_flow"} == {
            k: v for k, v in other.items() if k != "inlet_flow"
        }


@pytest.mark.parametrize("kind", [FaultKind.BYPASS, FaultKind.INTERLOCK_DEAD])
def test_without_its_interlock_the_line_casts_on_into_danger(kind: FaultKind) -> None:
    line = line_with(Fault(kind=kind, start_s=0.0), Fault(kind=FaultKind.WATER_LOSS, start_s=START))
    rows = list(readings(line, 80))
    told = rows[-1][1]
    assert told["unit_state"] == UnitState.STEADY
    assert told["outlet_temperature"] > 95
    assert told["interlock_bypass"] == (kind is FaultKind.BYPASS)


def test_a_short_dip_of_the_water_does_not_stop_a_cast() -> None:
    line = line_with(Fault(kind=FaultKind.WATER_LOSS, start_s=START, end_s=START + 0.6))
    rows = list(readings(line, 60))
    assert min(told["inlet_flow"] for _, told in rows) < 190
    assert rows[-1][1]["unit_state"] == UnitState.STEADY


def test_the_script_says_what_holds_at_a_moment() -> None:
    script = FaultScript(
        (
            Fault(kind=FaultKind.LEVEL_SURGE, start_s=1, end_s=5, strength=2.0),
            Fault(kind=FaultKind.LEVEL_SURGE, start_s=3, end_s=4, strength=3.0),
        )
    )
    gains = [script.at(second).furnace_gain for second in (0.5, 1, 3, 4, 5)]
    assert gains == [1.0, 2.0, 3.0, 2.0, 1.0]
    assert script.at(9) == Disturbances()


def test_a_fault_that_makes_no_sense_is_refused() -> None:
    with pytest.raises(ValueError, match="before it starts"):
        Fault(kind=FaultKind.WATER_LOSS, start_s=5, end_s=5)
    with pytest.raises(ValueError, match="go together"):
        Fault(kind=FaultKind.SENSOR_STUCK, start_s=5)
    with pytest.raises(ValueError, match="go together"):
        Fault(kind=FaultKind.WATER_LOSS, start_s=5, point="inlet_flow")
