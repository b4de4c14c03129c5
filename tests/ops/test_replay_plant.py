"""A replay's plant is registered whole or not at all, and a refusal says what to do."""

import stat
from pathlib import Path

import numpy as np
import pytest

from guatu.ops.errors import OperatorError
from guatu.ops.house import House, house_from
from guatu.ops.replay_plant import KEYS, plant_for
from guatu.simulator.learn import LearnedLimits
from guatu.simulator.recordings import CellCounts, RecordedSensor, Recording
from guatu.web.monitoring.models import Plant
from guatu.web.people.models import Organisation
from tests.cast import Cast

ANNING = "530181"


@pytest.fixture
def house(tmp_path: Path) -> House:
    return house_from({"GUATU_HOME": str(tmp_path)})


def run(*codes: str, name: str = "run") -> Recording:
    return Recording(
        name=name,
        path=Path("run.csv"),
        sensors=tuple(RecordedSensor(name=code, code=code, decimals=1) for code in codes),
        times_ms=np.arange(2, dtype=np.int64) * 1000,
        values=np.zeros((len(codes), 2)),
        counts=CellCounts(rows=2, samples=2 * len(codes)),
    )


def limits(high: float) -> LearnedLimits:
    return LearnedLimits(
        low_low=-2.0, low=-1.0, high=high, high_high=2.0, deadband=0.1, samples=100
    )


def register(
    house: House,
    *codes: str,
    plant: str = "R",
    region: str = ANNING,
    learned: dict[str, LearnedLimits] | None = None,
) -> tuple[Plant, str]:
    return plant_for(
        house, code=plant, region=region, recordings=[run(*codes)], learned=learned or {}
    )


def test_a_plant_is_registered_once_and_found_again(cast: Cast, house: House) -> None:
    first, key = register(house, "a", "b")
    again, same_key = register(house, "a")

    assert (again, same_key) == (first, key)
    assert stat.S_IMODE((house.home / KEYS).stat().st_mode) == 0o600


@pytest.mark.parametrize(
    ("plant", "codes", "learned"),
    [
        pytest.param("x" * 41, ("a",), {}, id="its code is too long"),
        pytest.param("R", ("c" * 300,), {}, id="a sensor's name is no point code"),
        pytest.param("R", ("a",), {"a": limits(high=1e30)}, id="a limit is no number that we keep"),
    ],
)
def test_a_refused_plant_leaves_nothing_and_is_told_in_a_sentence(
    cast: Cast,
    house: House,
    plant: str,
    codes: tuple[str, ...],
    learned: dict[str, LearnedLimits],
) -> None:
    organisations = Organisation.objects.count()

    with pytest.raises(OperatorError, match="--plant"):
        register(house, *codes, plant=plant, learned=learned)

    assert Organisation.objects.count() == organisations
    assert not Plant.objects.filter(code=plant).exists()
    assert not (house.home / KEYS).exists()
    register(house, "a")  # the refusal is in nobody's way


def test_a_key_that_cannot_be_kept_leaves_no_plant(cast: Cast, house: House) -> None:
    (house.home / KEYS).mkdir()

    with pytest.raises(OSError, match=KEYS):
        register(house, "a")

    assert not Plant.objects.filter(code="R").exists()


def test_an_unknown_region_is_told(cast: Cast, house: House) -> None:
    with pytest.raises(OperatorError, match=r"999999.*--region"):
        register(house, "a", region="999999")


def test_a_plant_that_others_registered_is_not_taken(cast: Cast, house: House) -> None:
    register(house, "a")
    (house.home / KEYS).unlink()

    with pytest.raises(OperatorError, match="--plant"):
        register(house, "a")


def test_sensors_that_the_plant_does_not_have_are_named(cast: Cast, house: House) -> None:
    register(house, "a")

    with pytest.raises(OperatorError, match="new_sensor"):
        register(house, "a", "new_sensor")
