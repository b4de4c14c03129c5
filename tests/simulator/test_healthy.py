"""A healthy line is quiet: in hours of casts no default limit is broken, not for one reading."""

import pytest

from guatu.simulator.plant import CastingLine, LineConfig, UnitState
from guatu.simulator.points import DWC_NAMES
from guatu.web.monitoring.specs import unit_from_model
from tests.simulator.limits import default_limits

NORMAL_WHILE_STEADY = {
    "inlet_pressure": (0.15, 0.35),
    "inlet_flow": (100, 400),
    "inlet_temperature": (25, 35),
    "outlet_temperature": (40, 60),
    "furnace_level": (140, 160),
    "trough_level": (95, 105),
    "metal_temperature": (680, 720),
    "casting_speed": (60, 120),
}


def test_the_line_sends_exactly_the_points_of_its_model() -> None:
    model = unit_from_model("dwc", code="DWC1")
    assert {point.role for point in model.points} == set(DWC_NAMES)
    assert {point.code for point in model.points} == {f"DWC1.{name}" for name in DWC_NAMES}


def test_the_line_tells_no_finer_and_no_further_than_its_model_takes() -> None:
    line = CastingLine(1, LineConfig(start_in=UnitState.STEADY, compression=9))
    line.step(1.0)
    told = line.read()
    for point in unit_from_model("dwc", code="DWC1").points:
        value = told[point.role]
        assert value is not None
        assert value == round(value, point.decimals)
        assert point.physical_low <= value <= point.physical_high


@pytest.mark.no_cover
@pytest.mark.parametrize(
    ("seed", "compression", "hours"),
    [(1, 9, 1.0), (2, 10, 1.0), (3, 4, 1.0), (4, 1, 2.5), (20261123, 9, 1.0)],
)
def test_no_default_limit_is_broken_in_hours_of_healthy_casts(
    seed: int, compression: float, hours: float
) -> None:
    limits = default_limits()
    assert len(limits) > 20, "the model has limits to break"
    line = CastingLine(seed, LineConfig(compression=compression, idle_s=600))
    phases = set()
    for second in range(round(hours * 3600)):
        line.step(1.0)
        told = line.read()
        phases.add(line.state)
        for limit in limits:
            value = told[limit.point]
            assert value is not None
            assert not limit.broken_by(value, line.state), (second, line.state, limit, value)
        if line.state is UnitState.STEADY:
            for name, (low, high) in NORMAL_WHILE_STEADY.items():
                value = told[name]
                assert value is not None
                assert low <= value <= high, (second, name, value)
    assert phases == set(UnitState)
