"""What alarms and warnings say: silence in seconds, and a state only where its kind has it."""

from datetime import timedelta

import pytest
from django.utils import translation

from guatu.web.monitoring.models import Alarm, Slot
from guatu.web.monitoring.readings import state_words
from guatu.web.monitoring.source import title, title_facts, warning_facts
from guatu.web.monitoring.wording import reading
from guatu.web.monitoring.words import unit_state
from tests.web.monitoring.conftest import NOON, Line


def _silent(line: Line, role: str) -> Alarm:
    point = line.points[role]
    return Alarm(
        plant=line.plant,
        unit=point.unit,
        point=point,
        slot=Slot.MISSING,
        stage=1,
        began_at=NOON,
        limit=30.0,
        unit_state=None,
    )


def test_the_limit_of_silence_is_said_in_seconds_whatever_the_point_measures(line: Line) -> None:
    alarm = _silent(line, "inlet_pressure")
    assert reading(alarm, alarm.limit) == "30 秒"
    alarm.slot = Slot.H
    assert reading(alarm, alarm.limit) == "30.000 MPa"


def test_only_a_casting_line_is_said_to_be_casting(line: Line) -> None:
    alarm = _silent(line, "inlet_pressure")
    unit = alarm.unit
    told = title_facts(unit, "core_point_silent", [alarm])
    assert "铸造中" in title(told)
    unit.kind = "blast_furnace"
    told = title_facts(unit, "core_point_silent", [alarm])
    assert "铸造" not in title(told).removeprefix(unit.name)


def test_a_state_that_was_never_told_is_not_among_the_facts(line: Line) -> None:
    alarm = _silent(line, "inlet_pressure")
    assert "unit_state" not in warning_facts(alarm.unit, [], [alarm], None)


def test_alarms_that_an_older_version_kept_stay_told_in_their_order(line: Line) -> None:
    alarm = _silent(line, "inlet_pressure")
    alarm.key = "7:MISSING:9"
    later, earlier = NOON + timedelta(hours=1), NOON - timedelta(hours=1)
    kept = {
        "unit": "1#",
        "alarms": [
            {"key": "later", "at": later.isoformat(timespec="seconds")},
            {"key": "earlier", "at": earlier.isoformat(timespec="seconds")},
            {"key": "never said when", "alarm": "HH"},
            {"key": "not a time", "at": "yesterday"},
        ],
    }
    told = warning_facts(alarm.unit, [], [alarm], kept)["alarms"]
    assert [one["key"] for one in told] == [
        "never said when",
        "not a time",
        "earlier",
        "7:MISSING:9",
        "later",
    ]
    # No time is made up for those.
    assert all("at_ms" not in one for one in told if one["key"] != "7:MISSING:9")


@pytest.mark.parametrize(
    ("kind", "number", "word"),
    [
        ("dwc", 3, "稳态"),
        ("blast_furnace", 1, "运行"),
        ("gas_holder", 0, "停运"),
        ("generic", 2, "检修"),
        ("recording", 9, "状态 9"),
        ("recording", None, "–"),
    ],
)
def test_a_state_is_named_by_the_kind_of_its_unit(kind: str, number: int | None, word: str) -> None:
    assert unit_state(number, kind) == word


def test_the_words_of_a_model_follow_the_reader_and_a_plants_own_stay(line: Line) -> None:
    point = line.points["cutoff_valve"]
    with translation.override("en"):
        assert all(word.isascii() for word in state_words(point).values())
        point.state_words = {"0": "甲", "1": "乙"}
        assert state_words(point) == {"0": "甲", "1": "乙"}
