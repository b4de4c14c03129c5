"""The fast reader and the full one say the same, and numbers are exact to the last bit."""

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.access.beats import ANCIENT_MS, FAR_AHEAD_MS
from guatu.access.messages import Beat, PlantConfig, Point
from guatu.access.problems import RefusedError
from guatu.access.raw import HEAD, read_raw, to_raw
from guatu.telemetry.cells import ABSENT, LARGEST
from guatu.telemetry.digits import number
from guatu.telemetry.frame import beat_bytes, frame_bytes, read_frame
from guatu.telemetry.intake import take_any, take_beat, take_usual
from guatu.telemetry.intake_raw import take_raw
from guatu.telemetry.kernels import compiled
from guatu.telemetry.plant_door import PlantDoor, least_scaled

NOW_MS = 1_763_900_000_000
CODES = ("a", "b.流量", 'c"],"v":[[1]]')
CONFIG = PlantConfig(
    plant=7,
    code="YN-AN-001",
    version=1,
    region="530181",
    points=tuple(
        Point(id=100 + i, code=code, physical_low=-1e6, physical_high=1e6)
        for i, code in enumerate(CODES)
    ),
)


@pytest.fixture
def plant() -> PlantDoor:
    return PlantDoor(CONFIG, 0)


def body_of(**changes: Any) -> bytes:
    beat: dict[str, Any] = {
        "epoch": 1,
        "beat": 42,
        "t": [NOW_MS - 2, NOW_MS - 1],
        "p": ["a", "b.流量"],
        "v": [[1.5, -2], [None, 1e3]],
    }
    beat.update(changes)
    return json.dumps({k: v for k, v in beat.items() if v is not ...}).encode()


@pytest.mark.no_cover
@given(
    st.one_of(
        st.floats(allow_nan=False, allow_infinity=False).map(repr),
        st.decimals(-(10**9), 10**9, places=4).map(str),
        st.integers(-(10**18), 10**18).map(str),
        st.from_regex(
            r"-?(0|[1-9][0-9]{0,20})(\.[0-9]{1,22})?([eE][+-]?[0-9]{1,3})?", fullmatch=True
        ),
    )
)
@settings(max_examples=600, deadline=None)
def test_a_number_read_fast_equals_pythons_float_to_the_last_bit(text: str) -> None:
    value, end = number(np.frombuffer(text.encode() + b",", np.uint8), 0)
    if end >= 0:
        assert end == len(text)
        assert value.hex() == float(text).hex()


@pytest.mark.parametrize("text", ["01,", ".5,", "1.,", "-,", "+1,", "1e,", "nul,", "NaN,", "x", ""])
def test_what_json_forbids_is_left_to_the_full_reader(text: str) -> None:
    _, end = number(np.frombuffer(text.encode(), np.uint8), 0)
    assert end < 0 or text[end : end + 1] not in {",", ""}


samples = st.one_of(
    st.none(),
    st.floats(-1e7, 1e7),
    st.integers(-(10**7), 10**7),
    st.decimals(-1000, 1000, places=2).map(float),
)


usual_times = st.integers(NOW_MS - 5, NOW_MS)
strange_times = st.one_of(
    usual_times,
    st.integers(ANCIENT_MS - 3, ANCIENT_MS + 3),
    st.integers(NOW_MS + FAR_AHEAD_MS - 3, NOW_MS + FAR_AHEAD_MS + 3),
)
clocks = st.sampled_from([usual_times, usual_times, strange_times])


@st.composite
def beats(draw: st.DrawFn) -> Beat:
    points = draw(st.lists(st.sampled_from([*CODES, "unknown", "]"]), min_size=1, unique=True))
    times = sorted(draw(st.sets(draw(clocks), min_size=1, max_size=4)))
    rows = draw(
        st.lists(
            st.lists(samples, min_size=len(times), max_size=len(times)),
            min_size=len(points),
            max_size=len(points),
        )
    )
    places = st.tuples(st.integers(0, len(points) - 1), st.integers(0, len(times) - 1))
    marks = draw(st.dictionaries(places, st.sampled_from([0, 1, 63, 64, 127]), max_size=3))
    return Beat(
        epoch=draw(st.integers(0, 9)),
        beat=draw(st.integers(0, 2**50)),
        t=tuple(times),
        p=tuple(points),
        v=tuple(tuple(row) for row in rows),
        q=tuple((*place, quality) for place, quality in marks.items()),
        backfill=draw(st.booleans()),
        sent=draw(st.sampled_from([0, NOW_MS])),
    )


@pytest.mark.no_cover
@given(beats(), st.sampled_from([None, 1]))
@settings(max_examples=200, deadline=None)
def test_the_fast_reader_the_full_one_and_the_raw_form_agree(
    beat: Beat, indent: int | None
) -> None:
    plant = PlantDoor(CONFIG, 0)
    body = json.dumps(json.loads(beat.to_bytes()), indent=indent, ensure_ascii=False).encode()
    fast, full = take_usual(plant, body, NOW_MS), take_any(plant, body, NOW_MS)
    if fast is not None:
        assert beat_bytes(fast.beat) == beat_bytes(full.beat)
        assert (fast.accepted, fast.reply()) == (full.accepted, full.reply())
    for _ in range(2):  # from the second time on the point codes are known
        raw = take_raw(plant, to_raw(beat), NOW_MS)
        assert beat_bytes(raw.beat) == beat_bytes(full.beat)
        assert (raw.accepted, raw.reply()) == (full.accepted, full.reply())
    assert read_raw(to_raw(beat)) == beat
    present = sum(v is not None for row in beat.v for v in row)
    assert full.accepted + sum(r.count for r in full.rejected) == present


def test_a_plain_beat_takes_the_fast_way(plant: PlantDoor) -> None:
    rows = ((1.25, None), (0.1234, 3), (4, 5))
    sent = Beat(
        beat=1, t=(NOW_MS, NOW_MS + 1), p=CODES, v=rows, q=((0, 1, 64), (1, 0, 2)), sent=NOW_MS
    )
    taken = take_usual(plant, sent.to_bytes(), NOW_MS)
    assert taken is not None
    assert (taken.beat.sent_ms, taken.beat.marks.tolist()) == (NOW_MS, [[0, 1, 64], [2, 0, 2]])
    assert taken.accepted == 5
    # A point has three decimals here: the row that needs four comes last, not scaled.
    assert taken.beat.ids.tolist() == [100, 102, 101]
    assert taken.beat.cells.scaled.tolist() == [[1250, ABSENT], [4000, 5000]]
    assert taken.beat.cells.values.tolist() == [[0.1234, 3.0]]


# Where a scaled value lies exactly on the bound, or beside it by the last bit, rounding tells.
scaled_values = st.one_of(
    st.integers(-LARGEST, LARGEST),
    st.sampled_from([-LARGEST, 1 - LARGEST, -1, 0, 1, LARGEST - 1, LARGEST]),
)


@st.composite
def bounds_and_decimals(draw: st.DrawFn) -> tuple[float, int]:
    decimals = draw(st.integers(0, 9))
    on_one = draw(scaled_values) / 10.0**decimals
    beside = [on_one, math.nextafter(on_one, math.inf), math.nextafter(on_one, -math.inf)]
    return draw(st.one_of(st.sampled_from(beside), st.floats(allow_nan=False))), decimals


@given(bounds_and_decimals(), scaled_values, st.integers(-2, 2))
@settings(max_examples=250)
def test_the_least_scaled_value_parts_those_below_a_bound_from_the_others(
    bounded: tuple[float, int], any_value: int, near: int
) -> None:
    bound, decimals = bounded
    least, ten = least_scaled(bound, decimals), 10.0**decimals
    assert -LARGEST <= least <= LARGEST + 1
    for scaled in (any_value, min(max(least + near, -LARGEST), LARGEST)):
        assert (scaled >= least) == (scaled / ten >= bound)
    assert compiled.least_scaled(bound, decimals) == least


def test_a_frame_gives_back_what_was_laid_into_it(plant: PlantDoor) -> None:
    one = take_beat(plant, body_of(), NOW_MS).beat
    two = take_beat(plant, body_of(p=["a"], v=[[7, 8]], backfill=True), NOW_MS).beat
    first, second = read_frame(bytearray(frame_bytes([beat_bytes(one), beat_bytes(two)])))
    assert (first.plant, first.epoch, first.beat, first.backfill) == (7, 1, 42, False)
    for i in range(len(one.ids)):
        assert np.array_equal(first.cells.row(i), one.cells.row(i), equal_nan=True)
    assert np.array_equal(first.ids, one.ids)
    assert (second.ids.tolist(), second.cells.times.tolist()) == ([100], [NOW_MS - 2, NOW_MS - 1])
    assert second.backfill


def test_each_sample_left_out_is_told_with_its_reason(plant: PlantDoor) -> None:
    body = body_of(p=["a", "new", "b.流量"], v=[["x", True], [1, "y"], [2e6, 5]])
    taken = take_beat(plant, body, NOW_MS)
    assert taken.accepted == 1
    assert [(r.reason, r.count, r.where) for r in taken.rejected] == [
        ("not_a_number", 2, ["a"]),
        ("unknown_point", 2, ["new"]),
        ("out_of_physical_range", 1, ["b.流量"]),
    ]


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "bad_json", "$"),
        (b"{", "bad_json", "$"),
        (b"[]", "bad_shape", "$"),
        (b'\xff{"epoch":1}', "bad_json", "$"),
        (body_of(beat=...), "missing_field", "$.beat"),
        (body_of(beat=-1), "bad_number", "$.beat"),
        (body_of(beat=True), "bad_number", "$.beat"),
        (body_of(epoch="x"), "bad_number", "$.epoch"),
        (body_of(t=[]), "bad_shape", "$.t"),
        (body_of(t=[2, 1]), "bad_time", "$.t[1]"),
        (body_of(t=[1, 1]), "bad_time", "$.t[1]"),
        (body_of(t=[1, 1.5]), "bad_time", "$.t[1]"),
        (body_of(t=[-1, 1]), "bad_time", "$.t[0]"),
        (body_of(t=[1, 2**63]), "bad_time", "$.t[1]"),
        (body_of(sent=-1), "bad_number", "$.sent"),
        (body_of(q=[[2, 0, 1]]), "bad_number", "$.q[0][0]"),
        (body_of(q=[[0, 0, 1], [0, 2, 1]]), "bad_number", "$.q[1][1]"),
        (body_of(q=[[0, 0, 128]]), "bad_number", "$.q[0][2]"),
        (body_of(q=[[0, 0]]), "bad_shape", "$.q[0]"),
        (body_of(q=[[0, 0, 1], [0, 0, 2]]), "doubled_mark", "$.q[1]"),
        (body_of(p=["a", "a"]), "doubled_point", "$.p[1]"),
        (body_of(p=["a", 5]), "bad_shape", "$.p[1]"),
        (body_of(v=[[1, 2]]), "bad_shape", "$.v"),
        (body_of(v=[[1, 2], [1]]), "bad_shape", "$.v[1]"),
        (body_of(v=[[1, 2], 3]), "bad_shape", "$.v[1]"),
        (body_of(backfill="yes"), "bad_shape", "$.backfill"),
    ],
)
def test_a_wrong_beat_is_refused_with_its_place_in_two_languages(
    plant: PlantDoor, body: bytes, code: str, where: str
) -> None:
    with pytest.raises(RefusedError) as refused:
        take_beat(plant, body, NOW_MS)
    problem = refused.value.problem
    assert (problem.code, problem.where) == (code, where)
    assert all(problem.message()[language] for language in ("zh", "en"))


def test_absent_values_are_no_samples(plant: PlantDoor) -> None:
    taken = take_beat(plant, body_of(v=[[None, None], [None, None]]), NOW_MS)
    assert (taken.accepted, taken.rejected) == (0, [])
    assert np.all(taken.beat.cells.scaled == ABSENT)


def test_times_that_cannot_be_lose_their_own_samples_only(plant: PlantDoor) -> None:
    times = [1000, NOW_MS - 1, NOW_MS + FAR_AHEAD_MS + 1]
    body = body_of(t=times, v=[[1, 2, 3], [4, None, 6]], q=[[0, 1, 64], [0, 2, 65]])
    taken = take_beat(plant, body, NOW_MS)
    assert (taken.accepted, taken.beat.cells.times.tolist()) == (1, [NOW_MS - 1])
    assert taken.beat.marks.tolist() == [[0, 0, 64]]
    assert [(r.reason, r.count, r.where) for r in taken.rejected] == [
        ("future_time", 2, ["a", "b.流量"]),
        ("ancient_time", 2, ["a", "b.流量"]),
    ]


def test_a_beat_without_points_is_a_sign_of_life(plant: PlantDoor) -> None:
    beat = Beat(beat=5, t=(), p=(), v=())
    for taken in (take_beat(plant, beat.to_bytes(), 9), take_raw(plant, to_raw(beat), 9)):
        assert (taken.accepted, taken.rejected, len(taken.beat.ids)) == (0, [], 0)
        (back,) = read_frame(bytearray(frame_bytes([beat_bytes(taken.beat)])))
        assert (back.beat, len(back.cells.times)) == (5, 0)


GOOD_RAW = to_raw(Beat(beat=1, t=(5, 9), p=("a", "b.流量"), v=((1.5, 2), (0.1, None))))


@pytest.mark.parametrize(
    ("body", "code", "where"),
    [
        (b"", "raw_head", "$"),
        (b"GTB1", "raw_head", "$"),
        (b"X" + GOOD_RAW[1:], "raw_head", "$"),
        (GOOD_RAW[:-1], "raw_length", "$"),
        (GOOD_RAW + b"x", "raw_length", "$"),
        (GOOD_RAW[: HEAD.size], "raw_length", "$"),
        (GOOD_RAW[:4] + b"\x02" + GOOD_RAW[5:], "bad_number", "$.backfill"),
        (GOOD_RAW[:16] + b"\xff" * 8 + GOOD_RAW[24:], "bad_number", "$.beat"),
        (GOOD_RAW[: HEAD.size] + b"\x0a" + GOOD_RAW[HEAD.size + 1 :], "bad_time", "$.t[1]"),
        (GOOD_RAW.replace(b"\x01\x01a\n", b"\x01\x0aa\n"), "bad_number", "$.v[1]"),
        (GOOD_RAW.replace("流".encode(), b"\xff\xff\xff"), "bad_shape", "$.p"),
        (GOOD_RAW.replace(b"a\nb", b"aab"), "bad_shape", "$.p"),
    ],
)
def test_a_wrong_raw_beat_is_refused_with_its_place_by_both_readers(
    plant: PlantDoor, body: bytes, code: str, where: str
) -> None:
    assert take_raw(plant, GOOD_RAW, NOW_MS).rejected[0].reason == "ancient_time"
    for read in (read_raw, lambda raw: take_raw(plant, raw, NOW_MS)):
        with pytest.raises(RefusedError) as refused:
            read(body)
        assert (refused.value.problem.code, refused.value.problem.where) == (code, where)


def test_an_infinite_double_is_no_number(plant: PlantDoor) -> None:
    raw = to_raw(Beat(beat=1, t=(NOW_MS,), p=("a", "b.流量"), v=((float("inf"),), (2.5,))))
    taken = take_raw(plant, raw, NOW_MS)
    assert taken.accepted == 1
    assert [(r.reason, r.count, r.where) for r in taken.rejected] == [("not_a_number", 1, ["a"])]
