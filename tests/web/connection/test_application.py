"""Reading what a plant asks for: all problems at once, each with its place."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.web.connection.application import (
    MOST_PROBLEMS,
    from_models,
    read_description,
    read_file,
)
from guatu.web.connection.errors import DeedRefused
from guatu.web.monitoring.models import Slot

POINT = {
    "code": "F1.level",
    "name": "炉口液位",
    "kind": "analog",
    "quantity": "level",
    "measure": "mm",
    "decimals": 1,
    "physical_low": 0,
    "physical_high": 220.5,
    "sampling_s": 0.5,
    "core": True,
    "limits": {
        "H": {"value": 150.25, "deadband": 2, "on_delay_s": 1, "states": [3, 1]},
        "MISSING": {"value": 5},
    },
}
UNIT = {"code": "F1", "name": "1号炉", "kind": "generic", "points": [POINT]}


def problems(data: object) -> set[tuple[str, str]]:
    with pytest.raises(DeedRefused) as refused:
        read_description(data)
    return {(problem.code, problem.where) for problem in refused.value.problems}


def test_a_file_is_read_with_every_digit() -> None:
    application = read_file(json.dumps({"units": [UNIT]}).encode())
    (point,) = application.units[0].points
    assert (point.physical_high, point.sampling_s, point.core) == (
        Decimal("220.5"),
        Decimal("0.5"),
        True,
    )
    assert point.limits[Slot.H].value == Decimal("150.25")
    assert point.limits[Slot.H].states == (1, 3)
    assert point.limits[Slot.MISSING].value == 5


def test_what_is_stored_reads_back_the_same() -> None:
    application = from_models([("DWC1", "1号机", "dwc")], language="zh")
    stored = json.loads(json.dumps(application.as_json()))
    assert read_description(stored) == application
    assert application.points > 10


def test_a_unit_of_a_known_kind_needs_no_points() -> None:
    data = {"units": [{"code": "DWC1", "kind": "dwc"}]}
    assert (
        read_description(data).units == from_models([("DWC1", "DWC1", "dwc")], language="zh").units
    )


def test_all_problems_are_told_with_their_places() -> None:
    wrong = {
        **POINT,
        "code": "",
        "kind": "analogue",
        "physical_low": 300,
        "sampling_s": "often",
        "limits": {"H": {"value": "NaN"}, "HHH": {}},
    }
    found = problems({"units": [{**UNIT, "points": [POINT, wrong]}, {"code": "F2", "kind": "x"}]})
    assert found == {
        ("not_a_text", "units[0].points[1].code"),
        ("unknown_kind", "units[0].points[1].kind"),
        ("range_upside_down", "units[0].points[1]"),
        ("not_a_number", "units[0].points[1].sampling_s"),
        ("not_a_number", "units[0].points[1].limits.H.value"),
        ("unknown_kind", "units[0].points[1].limits.HHH"),
        ("no_model", "units[1].kind"),
    }


@pytest.mark.parametrize(
    ("data", "code"),
    [
        ([], "not_an_object"),
        ({}, "empty_list"),
        ({"units": []}, "empty_list"),
        ({"units": "DWC1"}, "empty_list"),
        ({"units": [1]}, "not_an_object"),
        ({"units": [UNIT, UNIT]}, "doubled_code"),
        ({"units": [{**UNIT, "points": [POINT, POINT]}]}, "doubled_code"),
        ({"units": [{**UNIT, "points": []}]}, "empty_list"),
        ({"units": [{"code": str(n), "points": [POINT]} for n in range(300)]}, "too_many"),
    ],
)
def test_what_is_no_description_is_refused(data: object, code: str) -> None:
    assert code in {found for found, _where in problems(data)}


@pytest.mark.parametrize("content", [b"", b"\xff\xfe", b"{", b"[" * 100_000, b'{"units": NaN}'])
def test_a_file_that_is_no_json_is_refused(content: bytes) -> None:
    with pytest.raises(DeedRefused):
        read_file(content)


def test_problems_are_bounded() -> None:
    data = {"units": [{**UNIT, "points": [{} for _ in range(5000)]}]}
    with pytest.raises(DeedRefused) as refused:
        read_description(data)
    assert len(refused.value.problems) == MOST_PROBLEMS


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from([*POINT, *UNIT, "units", "plant", "value", "H"]), inner, max_size=6
        )
    ),
    max_leaves=30,
)


@given(units=st.lists(JSON, max_size=3), point=st.dictionaries(st.sampled_from(list(POINT)), JSON))
def test_whatever_comes_is_read_or_refused(units: list[Any], point: dict[str, Any]) -> None:
    """No shape of JSON breaks the reader."""
    for data in ({"units": units}, {"units": [{**UNIT, "points": [{**POINT, **point}]}]}):
        try:
            read = read_description(data)
        except DeedRefused as refused:
            told: int = len(refused.problems)
        else:
            told = read.points
        assert told > 0
