"""The plant's own client says the same in either form, and stamps each sending."""

import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.access.beats import read_beat
from guatu.access.conform.judge import Conformance
from guatu.access.messages import PlantConfig, Point
from guatu.access.points import PointTable
from guatu.access.problems import RefusedError
from guatu.access.raw import raw_length, read_raw, to_raw
from guatu.simulator.beats import Batch, encode, encode_raw, said_sent
from guatu.telemetry.intake import take_beat
from guatu.telemetry.intake_raw import take_raw
from guatu.telemetry.plant_door import PlantDoor

T = 1_795_536_000_000
values = st.one_of(
    st.just(float("nan")), st.floats(-1e12, 1e12), st.decimals(-1000, 1000, places=2).map(float)
)


@given(st.lists(st.lists(values, min_size=3, max_size=3), min_size=1, max_size=4), st.booleans())
@settings(max_examples=200, deadline=None)
def test_a_sender_says_the_same_in_both_forms(rows: list[list[float]], late: bool) -> None:  # noqa: FBT001
    batch = Batch(
        points=tuple(f"p{i}" for i in range(len(rows))),
        times_ms=np.arange(T, T + 3),
        values=np.array(rows),
        backfill=late,
    )
    json_form = said_sent(encode(batch, epoch=4, beat=5), T + 7)
    raw_form = said_sent(encode_raw(batch, epoch=4, beat=5), T + 7)
    beat = read_raw(raw_form)
    assert beat == read_beat(json.loads(json_form))
    assert beat.sent == T + 7
    assert raw_length(b"x" + raw_form + to_raw(beat), 1) == len(raw_form)


POINTS = {
    "a": Point(id=1, code="a", decimals=1, physical_low=-50, physical_high=50),
    "b": Point(id=2, code="b", decimals=3),
}
CONFIG = PlantConfig(plant=1, code="P", version=1, region="", points=tuple(POINTS.values()))
anything = st.one_of(st.none(), st.booleans(), st.text(max_size=2), st.floats(-100, 100))
numbers = st.one_of(st.integers(-2, 9), st.just(T), st.none(), st.text(max_size=1))


@st.composite
def messages(draw: st.DrawFn) -> dict[str, object]:
    codes = draw(st.lists(st.sampled_from(["a", "b", "c"]), unique=True, max_size=3))
    times = draw(st.lists(st.sampled_from([5, T - 1, T, T + 10**9]), max_size=3))
    rows = [[draw(anything) for _ in times] for _ in codes]
    body: dict[str, object] = {"beat": draw(numbers), "t": times, "p": codes, "v": rows}
    if draw(st.booleans()):
        body["q"] = [[draw(numbers), 0, 64]]
    return body


@given(messages())
@settings(max_examples=250, deadline=None)
def test_the_vendors_check_says_what_the_gateway_says(message: dict[str, object]) -> None:
    body = json.dumps(message).encode()
    verdict = Conformance(PointTable(POINTS)).take("x", body, T)
    if verdict.refused is not None:
        with pytest.raises(RefusedError) as refused:
            take_beat(PlantDoor(CONFIG, 0), body, T)
        assert refused.value.problem == verdict.refused
        return
    taken = take_beat(PlantDoor(CONFIG, 0), body, T)
    assert verdict.answer["accepted"] == taken.accepted
    said = {g["reason"]: (g["count"], g["where"]) for g in verdict.answer["rejected"]}
    assert said == {r.reason: (r.count, r.where) for r in taken.rejected}


@given(st.binary(max_size=200), st.integers(0, 400), st.binary(min_size=1, max_size=4))
@settings(max_examples=150, deadline=None)
def test_no_raw_bytes_crash_a_reader_and_both_readers_agree(
    noise: bytes, at: int, patch: bytes
) -> None:
    batch = Batch(points=("a", "b"), times_ms=np.arange(T, T + 3), values=np.ones((2, 3)) / 3)
    good = encode_raw(batch, epoch=4, beat=5)
    for body in (noise, good[:at], good[:at] + patch + good[at + len(patch) :]):
        outcomes = []
        for read in (read_raw, lambda raw: take_raw(PlantDoor(CONFIG, 0), raw, T + 10)):
            try:
                read(body)
                outcomes.append("")
            except RefusedError as refused:
                outcomes.append(refused.problem.code)
        assert outcomes[0] == outcomes[1]
