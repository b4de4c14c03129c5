"""The wire: what is written is read back, and what is wrong is refused with its place."""

import contextlib
import json
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.access.beats import check_beat
from guatu.access.messages import (
    SLOTS,
    Acknowledge,
    Beat,
    Configure,
    Event,
    Key,
    Limit,
    PlantConfig,
    Point,
    Unit,
    alarm_key,
    read_alarm_key,
    read_event,
)
from guatu.access.problems import SENTENCES, Problem, RefusedError
from guatu.access.validate import read_command, read_plant_config

CONFIG = PlantConfig(
    plant=7,
    code="YN-AN-001",
    version=12,
    region="530181",
    keys=(Key(id="k1", sha256="ab"),),
    units=(Unit(id=3, code="DWC1", kind="dwc"),),
    points=(
        Point(id=100, code="DWC1.state", unit=3, kind="state", role="unit_state", decimals=0),
        Point(
            id=101,
            code="DWC1.inlet_flow",
            unit=3,
            decimals=1,
            physical_low=0.0,
            physical_high=600.0,
            core=True,
            limits=(
                Limit(side="low", stage=1, value=85.0, deadband=2.0, on_delay_ms=1000),
                Limit(side="low", stage=2, value=70.0, states=(1, 2, 3, 4)),
            ),
            missing_after_ms=5000,
            missing_states=(3,),
        ),
    ),
)


def plain(value: Configure | PlantConfig | Acknowledge) -> Any:
    return json.loads(json.dumps(value.as_json()))


def test_a_configuration_is_read_back_as_it_was_written() -> None:
    assert read_plant_config(plain(CONFIG)) == CONFIG
    assert read_command(plain(Configure(config=CONFIG))) == Configure(config=CONFIG)


def test_an_acknowledgement_is_read_back_as_it_was_written() -> None:
    command = Acknowledge(alarm="101:LL:5", by="县局值班员", at_ms=5)
    assert read_command(plain(command)) == command


def broken(**changes: Any) -> Any:
    return {**plain(CONFIG), **changes}


def with_point(**changes: Any) -> Any:
    points = plain(CONFIG)["points"]
    return broken(points=[points[0], {**points[1], **changes}])


@pytest.mark.parametrize(
    ("data", "code", "where"),
    [
        (None, "bad_shape", "$"),
        (broken(plant=0), "bad_number", "$.plant"),
        (broken(plant=True), "bad_number", "$.plant"),
        (broken(code=""), "bad_code", "$.code"),
        (broken(version="1"), "bad_number", "$.version"),
        (broken(keys=[{}]), "bad_code", "$.keys[0].id"),
        (broken(units=[3]), "bad_shape", "$.units[0]"),
        (broken(units=[{"id": 3, "code": "A"}] * 2), "doubled_id", "$.units"),
        (broken(points={}), "bad_shape", "$.points"),
        (with_point(id=100), "doubled_id", "$.points"),
        (with_point(code="DWC1.state"), "doubled_point", "$.points"),
        (with_point(kind="x"), "unknown_kind", "$.points[1].kind"),
        (with_point(role="x"), "unknown_kind", "$.points[1].role"),
        (with_point(unit=4), "unknown_unit", "$.points[1].unit"),
        (with_point(decimals=10), "bad_number", "$.points[1].decimals"),
        (with_point(physical_low="x"), "bad_shape", "$.points[1].physical_low"),
        (with_point(missing_after_ms=0), "bad_number", "$.points[1].missing_after_ms"),
        (with_point(missing_states=[9]), "bad_number", "$.points[1].missing_states[0]"),
        (with_point(limits=[5]), "bad_shape", "$.points[1].limits[0]"),
        (with_point(limits=[{"side": "up"}]), "unknown_kind", "$.points[1].limits[0].side"),
        (
            with_point(limits=[{"side": ["low"], "stage": 1}]),
            "unknown_kind",
            "$.points[1].limits[0].side",
        ),
        (
            with_point(limits=[{"side": "low", "stage": 1}]),
            "bad_shape",
            "$.points[1].limits[0].value",
        ),
        (
            with_point(limits=[{"side": "low", "stage": 1, "value": 1, "deadband": -1}]),
            "bad_limit",
            "$.points[1].limits[0].deadband",
        ),
        (
            with_point(limits=[plain(CONFIG)["points"][1]["limits"][0]] * 2),
            "bad_limit",
            "$.points[1].limits",
        ),
    ],
)
def test_a_wrong_configuration_is_refused_with_its_place(data: Any, code: str, where: str) -> None:
    with pytest.raises(RefusedError) as refused:
        read_plant_config(data)
    assert (refused.value.problem.code, refused.value.problem.where) == (code, where)


@pytest.mark.parametrize("data", [None, {}, {"command": "x"}, {"command": "acknowledge"}])
def test_what_is_no_command_is_refused(data: Any) -> None:
    with pytest.raises(RefusedError):
        read_command(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
fields = st.sampled_from(["beat", "epoch", "t", "p", "v", "backfill", "plant", "points", "units"])


@pytest.mark.no_cover
@given(st.dictionaries(fields, json_values))
def test_whatever_comes_is_taken_or_refused_and_never_crashes(data: Any) -> None:
    for read in (lambda: check_beat(data), lambda: read_plant_config(data)):
        with contextlib.suppress(RefusedError):
            read()


@pytest.mark.parametrize("code", list(SENTENCES))
def test_every_problem_is_a_sentence_in_two_languages(code: str) -> None:
    names = [
        *("detail", "low", "high", "limit", "count", "seconds", "allowed", "method", "magic"),
        *("expected_zh", "expected_en", "what_zh", "what_en", "size", "expected"),
        *("quality", "epoch", "beat"),
    ]
    facts: dict[str, str | int | float] = dict.fromkeys(names, 1)
    message = Problem(code, "$.t[3]", facts).message()
    assert "{" not in message["zh"] + message["en"]
    assert all(message[language] for language in ("zh", "en"))


@given(st.integers(1, 2**31), st.integers(0, 4), st.integers(0, 2**62))
def test_an_alarms_key_is_read_back(point: int, slot: int, began: int) -> None:
    assert read_alarm_key(alarm_key(point, slot, began)) == (point, slot, began)


@pytest.mark.parametrize("key", ["", "1:LL", "1:XX:5", "a:LL:5", "1:LL:-5", "1:LL:5:6", "¹:LL:5"])
def test_what_is_no_alarms_key_is_none(key: str) -> None:
    assert read_alarm_key(key) is None


def test_an_event_is_read_back_and_what_a_later_version_adds_is_left_out() -> None:
    event = Event(id="0:5:0", kind="raised", plant=7, at_ms=1, logged_ms=2, slot=SLOTS[0])
    data = {**event.as_json(), "added_later": 1}
    assert read_event(data) == event
    assert replace(event, kind="cleared") != event


def test_a_beat_is_written_in_canonical_order() -> None:
    beat = Beat(beat=42, epoch=1, t=(5,), p=("a",), v=((None,),))
    assert beat.to_bytes() == b'{"epoch":1,"beat":42,"t":[5],"p":["a"],"v":[[null]]}'
    backfill = replace(beat, backfill=True)
    assert backfill.to_bytes().endswith(b',"backfill":true}')
