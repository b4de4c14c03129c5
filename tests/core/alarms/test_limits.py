"""Limits: what can hold, what cannot, and exactly where a value is beyond or returned."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.alarms.errors import LimitProblem
from guatu.core.alarms.limits import AlarmLimit, Side, Slot, problems_of, release_level, slot_of


def limit(side: str, stage: int, value: float, **more: Any) -> AlarmLimit:
    return AlarmLimit(side=Side(side), stage=stage, value=value, **more)


@pytest.mark.parametrize(
    ("changes", "code", "where"),
    [
        ({"value": float("nan")}, "not_a_number", "value"),
        ({"value": float("inf")}, "not_a_number", "value"),
        ({"stage": 3}, "unknown_stage", "stage"),
        ({"side": "middle"}, "unknown_side", "side"),
        ({"deadband": -0.1}, "negative_deadband", "deadband"),
        ({"deadband": float("nan")}, "negative_deadband", "deadband"),
        ({"on_delay_ms": -1}, "delay_out_of_range", "on_delay_ms"),
        ({"off_delay_ms": 8 * 86_400_000}, "delay_out_of_range", "off_delay_ms"),
        ({"states": frozenset({3, 31})}, "unknown_state", "states"),
    ],
)
def test_a_limit_that_cannot_hold_is_refused_with_its_address(
    changes: dict[str, Any], code: str, where: str
) -> None:
    with pytest.raises(LimitProblem) as refused:
        AlarmLimit(**{"side": Side.HIGH, "stage": 1, "value": 1.0, **changes})
    assert (refused.value.code, refused.value.where) == (code, where)


def test_slots_follow_the_numbers_of_the_wire() -> None:
    assert [slot.name for slot in sorted(Slot)] == ["LL", "L", "H", "HH", "MISSING"]
    assert [slot_of(side, stage) for side, stage in [("low", 2), ("low", 1)]] == [0, 1]
    assert [slot_of(side, stage) for side, stage in [("high", 1), ("high", 2)]] == [2, 3]
    assert [slot.stage for slot in sorted(Slot)] == [2, 1, 1, 2, 1]


def test_the_release_level_is_the_decimal_people_see() -> None:
    assert release_level("high", 0.3, 0.1) == 0.2
    assert release_level("low", 0.1, 0.2) == 0.3


@given(st.sampled_from(Side), st.decimals(-99, 99, places=2), st.decimals(0, 9, places=2))
def test_equal_is_neither_beyond_nor_returned(side: Side, value: Any, deadband: Any) -> None:
    one = limit(side, 1, float(value), deadband=float(deadband))
    assert not one.is_beyond(one.value)
    assert not one.has_returned(one.release)
    inwards = 1 if side is Side.LOW else -1
    assert one.is_beyond(one.value - inwards * 0.001)
    assert one.has_returned(one.release + inwards * 0.001)


@given(st.sampled_from(Side), st.floats(-9, 9), st.floats(0, 3), st.floats(-20, 20))
def test_no_value_is_beyond_and_returned_at_once(
    side: Side, value: float, deadband: float, seen: float
) -> None:
    one = limit(side, 1, value, deadband=deadband)
    assert not (one.is_beyond(seen) and one.has_returned(seen))


def test_no_named_state_means_all_and_an_unknown_state_is_none_of_the_named() -> None:
    assert limit("high", 1, 1.0).is_active_in(None)
    named = limit("high", 1, 1.0, states=frozenset({2}))
    assert [named.is_active_in(state) for state in (2, 3, None)] == [True, False, False]


FOUR = [limit("low", 2, 10), limit("low", 1, 20), limit("high", 1, 80), limit("high", 2, 90)]


@pytest.mark.parametrize(
    ("limits", "codes"),
    [
        pytest.param(FOUR, [], id="in order"),
        pytest.param([], [], id="none"),
        pytest.param([FOUR[0], FOUR[3]], [], id="second stages alone"),
        pytest.param([limit("low", 2, 20), FOUR[1]], [("out_of_order", "LL")], id="LL = L"),
        pytest.param([FOUR[2], limit("high", 2, 70)], [("out_of_order", "H")], id="H > HH"),
        pytest.param(
            [limit("low", 1, 85), FOUR[2]], [("out_of_order", "L")], id="low above high, told once"
        ),
        pytest.param([FOUR[2], FOUR[2]], [("slot_taken_twice", "H")], id="two in a slot"),
        pytest.param(
            [FOUR[1], limit("high", 1, 80, deadband=60)],
            [("deadband_too_wide", "H")],
            id="returns only below the low limit",
        ),
        pytest.param(
            [limit("low", 1, 20, deadband=60), FOUR[2]],
            [("deadband_too_wide", "L")],
            id="returns only above the high limit",
        ),
        pytest.param([FOUR[1], limit("high", 1, 80, deadband=59)], [], id="just narrow enough"),
    ],
)
def test_a_points_limits_are_checked_against_each_other(
    limits: list[AlarmLimit], codes: list[tuple[str, str]]
) -> None:
    assert [(p.code, p.where) for p in problems_of(limits)] == codes
    assert [(p.code, p.where) for p in problems_of(limits[::-1])] == codes


def test_a_problem_compares_by_what_it_says() -> None:
    problem = LimitProblem("out_of_order", "L", other="LL")
    assert problem == LimitProblem("out_of_order", "L", other="LL")
    assert problem != LimitProblem("out_of_order", "L", other="H")
    assert problem != "out_of_order"
    assert str(problem) == "out_of_order at L (other=LL)"
    assert len({problem, LimitProblem("out_of_order", "L", other="LL")}) == 1
