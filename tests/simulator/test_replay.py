"""A replay keeps the spacing, never sends from the future, and accounts for every sample."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.simulator.beats import BeatNumbers
from guatu.simulator.client import PlantClient
from guatu.simulator.learn import learn_limits, learn_recording
from guatu.simulator.recordings import CellCounts, RecordedSensor, Recording
from guatu.simulator.replay import (
    MAX_SPEED,
    CannotKeepTimeError,
    Plan,
    PlannedBeat,
    Tally,
    plan,
    read_recordings,
    send,
)
from tests.simulator.gateway import KEY, Answer, FakeGateway

NOW = 1_795_000_000_000
SHARED = Path(__file__).parents[2].parent / "shared" / "data"


def recording(
    steps_ms: list[int], *, name: str = "run", start_ms: int = 0, elapsed: bool = False
) -> Recording:
    """A run of two sensors whose samples follow each other by the given steps."""
    times = start_ms + np.cumsum([0, *steps_ms]).astype(np.int64)
    rows = np.arange(len(times), dtype=np.float64)
    values = np.stack([rows, rows * 0.1])
    values[1, ::3] = np.nan
    return Recording(
        name=name,
        path=Path(f"{name}.csv"),
        sensors=(
            RecordedSensor(name="A", code="A", decimals=0),
            RecordedSensor(name="B", code="B", decimals=1),
        ),
        times_ms=times,
        values=values,
        elapsed=elapsed,
        counts=CellCounts(
            rows=len(times), samples=int(np.count_nonzero(~np.isnan(values))), doubled=3
        ),
    )


class Wall:
    """A clock that moves when someone waits."""

    def __init__(self) -> None:
        self.s = 0.0

    def __call__(self) -> float:
        return self.s

    def wait(self, pause_s: float) -> bool:
        self.s += pause_s
        return False


RUNS = st.lists(st.lists(st.integers(1, 90_000), max_size=40), min_size=1, max_size=4).map(
    lambda runs: [recording(steps, name=f"run{at}") for at, steps in enumerate(runs)]
)
SPEEDS = st.sampled_from([0.25, 0.5, 1.0, 1.5, 10.0, 600.0, MAX_SPEED])


@settings(deadline=None, max_examples=100)
@given(runs=RUNS, speed=SPEEDS, rows=st.integers(1, 50), gap_ms=st.integers(1, 100_000))
def test_no_sample_is_sent_before_its_time(
    runs: list[Recording], speed: float, rows: int, gap_ms: int
) -> None:
    planned = plan(runs, speed=speed, now_ms=NOW, rows_per_beat=rows, gap_ms=gap_ms)
    for beat in planned.beats():
        assert beat.batch.times_ms[-1] <= NOW + beat.due_s * 1000 + 1e-3


@settings(deadline=None, max_examples=100)
@given(runs=RUNS, speed=SPEEDS, rows=st.integers(1, 50))
def test_spacing_inside_a_run_is_kept_and_runs_follow_one_another(
    runs: list[Recording], speed: float, rows: int
) -> None:
    planned = plan(runs, speed=speed, now_ms=NOW, rows_per_beat=rows, gap_ms=5_000)
    sent: dict[str, list[int]] = {}
    for beat in planned.beats():
        sent.setdefault(beat.run, []).extend(beat.batch.times_ms.tolist())
    ends = []
    for run in runs:
        assert np.diff(sent[run.name]).tolist() == np.diff(run.times_ms).tolist()
        ends += [sent[run.name][0], sent[run.name][-1]]
    assert ends == sorted(ends)
    assert [after - before for before, after in zip(ends[1::2], ends[2::2], strict=False)] == [
        5_000
    ] * (len(runs) - 1)


@pytest.mark.parametrize(("speed", "seconds"), [(1.0, 90.0), (10.0, 9.0), (MAX_SPEED, 0.0)])
def test_the_last_sample_falls_on_the_end_of_the_replay(speed: float, seconds: float) -> None:
    runs = [recording([1000] * 10, name="a"), recording([1000] * 20, name="b")]
    planned = plan(runs, speed=speed, now_ms=NOW, rows_per_beat=7)
    assert planned.seconds == seconds
    last = list(planned.beats())[-1]
    assert last.due_s == seconds
    assert last.batch.times_ms[-1] == NOW + seconds * 1000


def test_slow_motion_begins_now_and_ends_behind_the_clock() -> None:
    planned = plan([recording([1000] * 10)], speed=0.5, now_ms=NOW, rows_per_beat=1)
    beats = list(planned.beats())
    assert beats[0].batch.times_ms[0] == NOW
    assert beats[-1].due_s == 20.0


def test_kept_times_are_the_recorded_ones_and_are_history_only() -> None:
    planned = plan(
        [recording([500] * 9, start_ms=1_000_000)], speed=MAX_SPEED, now_ms=NOW, keep_time=True
    )
    [beat] = planned.beats()
    assert beat.batch.backfill
    assert beat.batch.times_ms.tolist() == [1_000_000 + 500 * at for at in range(10)]


def test_times_that_nobody_wrote_cannot_be_kept() -> None:
    runs = [recording([1], name="dated"), recording([1], name="counted", elapsed=True)]
    with pytest.raises(CannotKeepTimeError) as caught:
        plan(runs, speed=1, now_ms=NOW, keep_time=True)
    assert caught.value.names == ("counted",)


@pytest.mark.parametrize(
    "wrong", [{"speed": 0.0}, {"speed": -1.0}, {"speed": float("nan")}, {"rows_per_beat": 0}]
)
def test_an_impossible_pace_is_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="above zero"):
        plan([recording([1])], **({"speed": 1.0, "now_ms": NOW} | wrong))  # type: ignore[arg-type]


def test_a_plan_of_nothing_sends_nothing() -> None:
    nothing = Recording(name="x", path=Path("x.csv"))
    planned = plan([nothing], speed=1, now_ms=NOW)
    assert (planned.samples, planned.seconds, list(planned.beats())) == (0, 0.0, [])


def replay(planned: Plan, gateway: FakeGateway, wall: Wall | None = None) -> Tally:
    wall = wall or Wall()
    client = PlantClient(
        "http://gateway",
        KEY,
        numbers=BeatNumbers(epoch=1),
        wait=wall.wait,
        transport=gateway.transport(),
    )
    return send(planned, client, wait=wall.wait, clock=wall)


@settings(deadline=None, max_examples=40)
@given(runs=RUNS, speed=SPEEDS, rows=st.integers(1, 20), data=st.data())
def test_every_sample_sent_is_stored_or_rejected_with_a_reason_whatever_the_gateway_does(
    runs: list[Recording], speed: float, rows: int, data: st.DataObject
) -> None:
    planned = plan(runs, speed=speed, now_ms=NOW, rows_per_beat=rows)
    trouble: st.SearchStrategy[Answer | Exception | str] = st.sampled_from(
        [(503, {}, b""), (429, {"retry-after": "1"}, b""), "lost", "none", (400, {}, b"{}")]
    )
    gateway = FakeGateway(
        mood=data.draw(st.lists(trouble, max_size=10)), reject=data.draw(st.sampled_from([_B, _N]))
    )
    tally = replay(planned, gateway)
    assert tally.sent == planned.samples == tally.accepted + tally.rejected.total()
    assert tally.sent == tally.by_run.total()
    assert tally.doubled == 3 * len(runs)
    # A beat whose answer was lost may be stored and then refused by this moody gateway.
    assert gateway.samples >= tally.sent - tally.rejected["http_400"]
    assert tally.rejected["http_400"] or gateway.samples == tally.sent


_B: frozenset[str] = frozenset({"B"})
_N: frozenset[str] = frozenset()


def test_beats_are_sent_when_they_are_due_and_progress_is_told() -> None:
    planned = plan([recording([1000] * 9)], speed=2.0, now_ms=NOW, rows_per_beat=5)
    wall, told = Wall(), list[tuple[float, int, str]]()
    client = PlantClient("http://gateway", KEY, transport=FakeGateway().transport())

    def hear(tally: Tally, beat: PlannedBeat) -> None:
        told.append((wall.s, tally.beats, beat.run))

    send(planned, client, hear, wait=wall.wait, clock=wall)
    assert told == [(2.0, 1, "run"), (4.5, 2, "run")]


def test_a_replay_can_be_stopped_while_it_waits() -> None:
    planned = plan([recording([1000] * 9)], speed=1.0, now_ms=NOW, rows_per_beat=5)
    client = PlantClient("http://gateway", KEY, transport=FakeGateway().transport())
    tally = send(planned, client, wait=lambda _: True, clock=Wall())
    assert tally.stopped
    assert tally.sent == 0


def test_a_replay_stopped_while_the_gateway_is_away_says_what_it_does_not_know() -> None:
    planned = plan([recording([1000] * 9)], speed=MAX_SPEED, now_ms=NOW, rows_per_beat=5)
    gateway = FakeGateway(mood=[(503, {}, b"")])
    client = PlantClient("http://gateway", KEY, wait=lambda _: True, transport=gateway.transport())
    tally = send(planned, client, clock=Wall())
    assert tally.stopped
    assert tally.unknown == tally.sent > 0
    assert tally.beats == 1


@settings(deadline=None, max_examples=60)
@given(
    values=st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=300),
    decimals=st.integers(0, 4),
)
def test_learned_limits_rise_strictly_and_stand_outside_nearly_all_normal_samples(
    values: list[float], decimals: int
) -> None:
    normal = np.round(np.array(values), decimals)
    limits = learn_limits(normal, decimals=decimals)
    assert limits is not None
    assert limits.low_low < limits.low < limits.high < limits.high_high
    assert limits.deadband > 0
    outside = np.count_nonzero((normal < limits.low) | (normal > limits.high))
    assert outside <= 2


def test_a_sensor_that_never_moved_still_gets_room() -> None:
    limits = learn_limits(np.full(100, 20.0), decimals=1)
    assert limits is not None
    assert (limits.low_low, limits.low) == (19.6, 19.8)
    assert (limits.high, limits.high_high) == (20.2, 20.4)


def test_too_few_samples_teach_nothing() -> None:
    assert learn_limits(np.array([1.0] * 29 + [np.nan] * 50), decimals=1) is None


def test_one_freak_in_a_thousand_does_not_move_the_limits_far() -> None:
    calm = np.sin(np.arange(5000.0))
    freak = calm.copy()
    freak[100] = 1e6
    plain, moved = learn_limits(calm, decimals=3), learn_limits(freak, decimals=3)
    assert plain is not None
    assert moved is not None
    assert moved.high == pytest.approx(plain.high, rel=0.05)


@pytest.mark.skipif(not (SHARED / "skab").exists(), reason="the bench recordings are not here")
def test_limits_learned_from_the_benchs_normal_run_are_quiet_there_and_speak_in_faults() -> None:
    [normal] = read_recordings([SHARED / "skab" / "anomaly-free"])
    limits = learn_recording(normal)
    assert set(limits) == {sensor.code for sensor in normal.sensors}

    def share_outside(one: Recording) -> float:
        outside = [
            np.count_nonzero((row < limits[sensor.code].low) | (row > limits[sensor.code].high))
            for sensor, row in zip(one.sensors, one.values, strict=True)
        ]
        return sum(outside) / one.counts.samples

    assert share_outside(normal) < 0.002
    faulty = read_recordings([SHARED / "skab" / "other"])
    assert max(map(share_outside, faulty)) > 0.02


@pytest.mark.no_cover
@pytest.mark.skipif(not (SHARED / "skab").exists(), reason="the bench recordings are not here")
def test_the_whole_bench_is_replayed_to_the_last_sample() -> None:
    runs = read_recordings([SHARED / "skab"])
    planned = plan(runs, speed=MAX_SPEED, now_ms=NOW, rows_per_beat=600)
    gateway = FakeGateway()
    tally = replay(planned, gateway)
    in_files = sum(run.counts.samples for run in runs)
    assert tally.sent == tally.accepted == gateway.samples == in_files > 200_000
