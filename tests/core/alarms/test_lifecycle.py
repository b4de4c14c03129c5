"""The state table of an alarm, walked whole."""

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.alarms.errors import LifecycleProblem
from guatu.core.alarms.lifecycle import STEPS, AlarmState, AlarmStep, can_take, state_after, take

TABLE = {
    ("normal", "raised"): "unacknowledged",
    ("unacknowledged", "acknowledged"): "acknowledged",
    ("unacknowledged", "cleared"): "returned_unacknowledged",
    ("acknowledged", "cleared"): "normal",
    ("returned_unacknowledged", "acknowledged"): "normal",
    ("returned_unacknowledged", "raised"): "unacknowledged",
}


@pytest.mark.parametrize(("state", "step"), list(itertools.product(AlarmState, AlarmStep)))
def test_every_cell_of_the_table_holds_or_is_refused(state: AlarmState, step: AlarmStep) -> None:
    expected = TABLE.get((state.value, step.value))
    assert can_take(state, step) == (expected is not None)
    if expected is not None:
        assert take(state, step) == expected
        return
    with pytest.raises(LifecycleProblem) as refused:
        take(state, step)
    assert (refused.value.code, refused.value.where) == ("no_such_step", state.value)


def test_every_state_can_be_reached_and_left() -> None:
    assert {state for state, _ in STEPS} == set(AlarmState) == set(STEPS.values())


@given(st.lists(st.sampled_from(AlarmStep), max_size=20))
def test_two_facts_tell_the_state_wherever_a_walk_ends(steps: list[AlarmStep]) -> None:
    """Active and acknowledged, as a database keeps them, say the same as the walk."""
    state, active, acknowledged = AlarmState.NORMAL, False, True
    for step in steps:
        if not can_take(state, step):
            continue
        state = take(state, step)
        if step is AlarmStep.ACKNOWLEDGED:
            acknowledged = True
        else:
            active = step is AlarmStep.RAISED
            acknowledged = acknowledged and not active
        assert state_after(active=active, acknowledged=acknowledged) == state
        assert state.is_active == active
        assert state.is_open == (active or not acknowledged)
