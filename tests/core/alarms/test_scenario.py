"""Reading scenarios: what is written comes out, and a bad line says where and how to mend it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.core.alarms.limits import AlarmLimit, Side, Slot
from guatu.core.alarms.play import play
from guatu.core.alarms.scenario import ExpectStanding, Send, SetRule, read
from guatu.core.alarms.world import ReferenceWorld

RULE = "rule level above 25 for 2s\n"


def test_a_rule_line_says_all_that_a_limit_holds() -> None:
    line = (
        "rule inlet flow below 70.5 for 1m30s, second stage, deadband 2, clears after 500ms, "
        "while start or steady or 7"
    )
    scenario, _ = read(line)
    (moment,) = scenario.moments
    limit = AlarmLimit(
        side=Side.LOW,
        stage=2,
        value=70.5,
        deadband=2.0,
        on_delay_ms=90_000,
        off_delay_ms=500,
        states=frozenset({2, 3, 7}),
    )
    assert moment.what == SetRule(point="inlet flow", slot=Slot.LL, rule=limit)


def test_values_on_a_line_are_spaced_and_a_dash_is_none() -> None:
    scenario, problems = read(RULE + "every 2s\n10s 1 - -3.5\nat 14s expect quiet")
    assert problems == []
    sent = [(m.at_ms, m.what.value) for m in scenario.moments if isinstance(m.what, Send)]
    assert sent == [(10_000, 1.0), (14_000, -3.5)]
    assert isinstance(scenario.moments[-1].what, ExpectStanding), "looked at after the sample"


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ("rule level over 25", "unknown_line"),
        ("rule level above high", "unknown_line"),
        ("rule level above 25, loudly", "unknown_option"),
        ("rule level above 25, deadband wide", "unknown_option"),
        ("rule level above 25, while melting", "unknown_state"),
        ("rule level above 25, while 31", "unknown_state"),
        ("rule level above 25 for 8000h", "delay_out_of_range"),
        ("rule level silent for 5s, second stage", "unknown_option"),
        ("5s pressure: 1 2", "unknown_point"),
        ("5s one two", "unknown_line"),
        ("5s state casting", "not_one_state"),
        ("5s state asleep", "unknown_state"),
        ("at 5s expect happy", "unknown_standing"),
        ("at 5s expect purple warning", "unknown_standing"),
        ("at 5s expect pressure HH raised", "unknown_point"),
        ("core pressure", "unknown_point"),
        ("at soon expect raised", "unknown_line"),
    ],
)
def test_a_bad_line_is_told_with_its_place_and_its_mending(line: str, code: str) -> None:
    scenario, problems = read(f"{RULE}\n{line}\n1s 26\nat 1s expect pending")
    (problem,) = problems
    assert (problem.code, problem.where, problem.facts["text"]) == (code, "line 3", line)
    assert problem.facts["mend"]
    assert play(scenario, ReferenceWorld()) == [], "the good lines survive"


def test_what_is_left_out_must_be_the_only_one() -> None:
    two = RULE + "rule level above 30, second stage\nrule flow below 5\n"
    _, problems = read(
        two + "1s 5\nat 1s expect raised\nat 1s expect level raised\nat 1s expect no warning"
    )
    assert [problem.code for problem in problems] == ["which_point", "which_point", "which_slot"]


def test_a_sample_inside_a_silence_is_told() -> None:
    _, problems = read(RULE + "1s 20\nsilence 10s\n5s 26\nat 12s expect quiet")
    assert [(p.code, p.where) for p in problems] == [("sample_in_silence", "line 4")]


def test_a_scenario_that_expects_nothing_proves_nothing() -> None:
    _, problems = read(RULE + "1s 20")
    assert [problem.code for problem in problems] == ["nothing_expected"]


def test_an_expectation_not_met_tells_what_was_seen() -> None:
    text = RULE + "0s 26\nat 1s expect raised\nat 1s expect orange warning\nat 1s expect pending"
    scenario, _ = read(text)
    misses = play(scenario, ReferenceWorld())
    assert [(miss.line, miss.seen) for miss in misses] == [(3, "pending"), (4, "no warning")]


@given(st.text(alphabet="rule level above25fors0:-,#at expcknwig\n", max_size=200))
def test_no_text_crashes_the_reader_or_the_play(text: str) -> None:
    scenario, _ = read(RULE + text)
    if scenario.end_ms < 600_000:
        play(scenario, ReferenceWorld())
