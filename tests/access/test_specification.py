"""The examples, the schemas and the validators say the same."""

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from guatu.access import schemas as schemas_folder
from guatu.access.alarms import read_alarm, read_alarms, read_heartbeat
from guatu.access.beats import check_beat, read_beat
from guatu.access.messages import SAMPLE_REASONS
from guatu.access.points import SLOTS, read_description
from guatu.access.problems import Problem, RefusedError
from guatu.access.quality import NAMES
from guatu.access.raw import read_raw, to_raw

ROOT = Path(__file__).parents[2]
EXAMPLES = ROOT / "docs" / "access" / "examples"
SPECIFICATIONS = [ROOT / "docs" / "access" / f"specification{s}.md" for s in ("", ".zh-CN")]


def schema(name: str) -> Draft202012Validator:
    text = (schemas_folder.FOLDER / f"{name}.schema.json").read_text("utf-8")
    loaded = json.loads(text)
    Draft202012Validator.check_schema(loaded)
    return Draft202012Validator(loaded)


def example(name: str) -> Any:
    return json.loads((EXAMPLES / name).read_text("utf-8"))


READERS: dict[str, Callable[[Any], object]] = {
    "beat": check_beat,
    "heartbeat": read_heartbeat,
    "alarms": read_alarms,
    "points": read_description,
    "answer": lambda _: None,
    "refusal": lambda _: None,
}


@pytest.mark.parametrize("path", sorted(EXAMPLES.glob("*.json")), ids=lambda path: path.name)
def test_each_example_is_good_by_schema_and_by_validator(path: Path) -> None:
    kind = path.stem.partition("-")[0]
    data = example(path.name)
    schema(kind).validate(data)
    READERS[kind](data)
    if kind == "points":
        assert read_description(data).problems == ()
    if kind == "alarms":
        assert read_alarms(data).problems == []
        for alarm in data["alarms"]:
            schema("alarm").validate(alarm)


def test_the_raw_example_is_the_same_message_as_the_json_one() -> None:
    raw = (EXAMPLES / "beat.raw").read_bytes()
    assert read_raw(raw) == read_beat(example("beat.json"))
    assert to_raw(read_beat(example("beat.json"))) == raw


def test_examples_of_answers_say_what_the_code_says() -> None:
    (group,) = example("answer-rejected.json")["rejected"]
    assert group["message"] == Problem(group["reason"]).message()
    refusal = example("refusal.json")
    assert refusal["message"] == Problem(refusal["code"], refusal["where"]).message()


MUTANTS: list[Any] = [None, True, -1, 0, 1.5, 2**60, "x", "", [], [1], {}, [[0, 0, 1]], 128]


@st.composite
def broken(draw: st.DrawFn, name: str, into: tuple[str, ...]) -> Any:
    """An example with one or two of its parts replaced or taken away."""
    data = example(name)
    for _ in range(draw(st.integers(1, 2))):
        key = draw(st.sampled_from(into))
        if draw(st.booleans()):
            data.pop(key, None)
        else:
            data[key] = draw(st.sampled_from(MUTANTS))
    return data


def is_refused(read: Callable[[Any], object], data: Any) -> bool:
    try:
        read(data)
    except RefusedError:
        return True
    return False


@pytest.mark.no_cover
@given(broken("beat-quality.json", ("epoch", "beat", "t", "p", "v", "q", "backfill", "sent")))
@settings(max_examples=120, deadline=None)
def test_what_the_schema_of_beats_refuses_the_validator_refuses(data: Any) -> None:
    is_good = schema("beat").is_valid(data)
    if not is_good:
        assert is_refused(check_beat, data)
    if not is_refused(check_beat, data):
        assert is_good


ALARM = ("id", "kind", "at", "text", "point", "unit", "level", "value", "limit")


@given(st.data())
@settings(max_examples=120, deadline=None)
def test_the_schema_of_alarms_and_the_validator_agree(data: st.DataObject) -> None:
    alarm = dict(example("alarms.json")["alarms"][0])
    key = data.draw(st.sampled_from(ALARM))
    alarm[key] = data.draw(st.sampled_from([*MUTANTS, "raised", 4_102_444_800_000]))
    assert schema("alarm").is_valid(alarm) is not is_refused(read_alarm, alarm)


@given(st.sampled_from(MUTANTS))
def test_the_schema_of_heartbeats_and_the_validator_agree(sent: Any) -> None:
    data = {"sent": sent}
    assert schema("heartbeat").is_valid(data) is not is_refused(read_heartbeat, data)


POINT = ("code", "kind", "decimals", "physical_low", "sampling_s", "core", "limits")


@pytest.mark.no_cover
@given(st.data())
@settings(max_examples=120, deadline=None)
def test_what_the_schema_of_point_tables_refuses_the_validator_refuses(data: st.DataObject) -> None:
    table = example("points.json")
    point = table["units"][0]["points"][1]
    point[data.draw(st.sampled_from(POINT))] = data.draw(st.sampled_from(MUTANTS))
    if not schema("points").is_valid(table):
        assert read_description(table).problems


@pytest.mark.parametrize("path", SPECIFICATIONS, ids=lambda path: path.name)
def test_the_specification_names_everything_that_the_code_knows(path: Path) -> None:
    text = path.read_text("utf-8")
    for word in (*SAMPLE_REASONS, *(slot for slot in SLOTS if slot == "MISSING")):
        assert word in text
    for number in NAMES:
        assert re.search(rf"\b{number}\b", text), number
    for name in schema("beat").schema["properties"]:
        assert f"`{name}`" in text
    for link in re.findall(r"\]\((?!http)([^)]+)\)", text):
        assert (path.parent / link).exists(), link
    (block,) = re.findall(r"```json\n(.*?)```", text, flags=re.DOTALL)
    check_beat(json.loads(block))


def test_the_validator_in_these_tests_can_fail() -> None:
    with pytest.raises(jsonschema.ValidationError):
        schema("beat").validate({"beat": -1})
