"""Every acknowledged beat counts once: in any order, however torn, across checkpoints."""

import json
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.telemetry import doubles
from guatu.telemetry.doubles import PlantBeats


@given(
    st.lists(st.tuples(st.integers(0, 3), st.integers(0, 40)), max_size=120),
    st.sets(st.integers(0, 119)),
)
def test_a_beat_is_new_exactly_once_in_any_order(
    sent: list[tuple[int, int]], restarts: set[int]
) -> None:
    beats, seen = PlantBeats(), set[tuple[int, int]]()
    for number, (epoch, beat) in enumerate(sent):
        if number in restarts:
            beats = PlantBeats.from_json(json.loads(json.dumps(beats.as_json())))
        reason = beats.reason_against(epoch, beat)
        assert reason == ("doubled_beat" if (epoch, beat) in seen else "")
        seen.add((epoch, beat))


def test_hundreds_of_beats_in_random_order_are_all_new_once() -> None:
    order = list(range(4000))
    random.Random(7).shuffle(order)  # noqa: S311 # an order, no secret
    beats = PlantBeats()
    assert [beats.reason_against(0, beat) for beat in order] == [""] * 4000
    assert {beats.reason_against(0, beat) for beat in order} == {"doubled_beat"}


def test_where_gaps_were_given_up_a_beat_counts_as_new_rather_than_lost(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(doubles, "MOST_GAPS", 3)
    beats = PlantBeats()
    for beat in range(1, 11, 2):  # gaps 0, 2, 4, 6, 8: two of them given up
        assert beats.reason_against(0, beat) == ""
    assert [beats.reason_against(0, beat) for beat in (0, 2, 4, 6, 8)] == [""] * 5
    assert [beats.reason_against(0, beat) for beat in (4, 6, 8, 9)] == ["doubled_beat"] * 4
