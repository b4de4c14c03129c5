"""The partition's time is the ticks in its log: also where the clock behind them was set back."""

from __future__ import annotations

import itertools
from dataclasses import replace

import pytest

from guatu.access.messages import Beat, Limit, PlantConfig, Point
from guatu.telemetry import intake, kernels
from guatu.telemetry.counted import COUNTED
from guatu.telemetry.follow import Entry
from guatu.telemetry.frame import HEAD, VERSION, OtherVersion
from guatu.telemetry.step import SET_BACK_TICKS
from tests.telemetry.driven import Driven

T0 = 1_790_000_000_000
HOUR = 3_600_000
FLOW = Point(id=12, code="flow", unit=None, decimals=1, limits=(), missing_after_ms=10_000)
PLANT = PlantConfig(plant=1, code="YN-AL-001", version=1, region="530181", units=(), points=(FLOW,))


@pytest.fixture(autouse=True, scope="module")
def _compiled() -> None:
    kernels.warm_up()
    intake.warm_up()


@pytest.fixture
def world() -> Driven:
    world = Driven(T0)
    world.tick(T0)
    world.configure(PLANT)
    world.send(PLANT.code, Beat(beat=1, t=(T0,), p=("flow",), v=((1.0,),)).to_bytes())
    world.tick(T0 + 1000)
    return world


def set_back(world: Driven, by_ms: int) -> int:
    """Let the clock run on from before; gives what it shows then."""
    begins = T0 + 1000 - by_ms
    for second in range(SET_BACK_TICKS):
        world.tick(begins + 1000 * second)
    return world.now_ms


def ticks_until_cut(world: Driven) -> int:
    """Let seconds pass until a cut is due; gives how many did."""
    for seconds in range(1, 200):
        world.tick(world.state.tick_ms + 1000)
        if world.engine.cut_due:
            return seconds
    raise AssertionError("no cut became due")


def test_after_a_few_ticks_time_follows_a_clock_that_was_set_back(world: Driven) -> None:
    world.engine.cut_ms = 60_000
    back = set_back(world, HOUR)
    assert world.state.tick_ms == back
    seconds = ticks_until_cut(world)
    assert 30 <= seconds <= 90
    world.engine.take_cut()
    assert [tick for tick, _ in world.state.cuts] == [back + 1000 * seconds]


def test_after_a_cut_in_between_a_partition_finds_back_to_its_own_moment(world: Driven) -> None:
    world.engine.cut_ms = 60_000
    ticks_until_cut(world)
    world.engine.take_cut()
    for _ in range(10):
        world.tick(world.state.tick_ms + 1000)
    world.engine.take_cut()  # as where memory is full
    assert ticks_until_cut(world) == 50
    world.engine.take_cut()
    assert ticks_until_cut(world) == 60


def test_no_two_partitions_are_cut_at_the_same_tick() -> None:
    # Each holds up the others while it is cut.
    moments = set()
    for partition in range(8):
        world = Driven(T0)
        world.engine.cut_ms = 60_000
        world.engine.partition = partition
        world.tick(T0)
        ticks_until_cut(world)
        world.engine.take_cut()
        ticks_until_cut(world)
        moments.add(world.state.tick_ms % 60_000)
    assert len(moments) == 8


def test_before_that_a_segment_is_cut_when_it_is_full(world: Driven) -> None:
    world.engine.cut_samples = 1
    world.tick(T0 + 1000 - HOUR)
    assert world.engine.cut_due


def test_silence_counts_from_the_time_that_holds_now(world: Driven) -> None:
    back = set_back(world, HOUR)
    for second in range(1, 10):
        world.tick(back + 1000 * second)
    assert not world.said("raised")
    world.tick(back + 10_000)
    assert world.said("raised") == [("raised", FLOW.id, "MISSING", back + 10_000, "")]


def test_words_of_plants_are_not_left_in_the_future_where_nothing_was_cut(world: Driven) -> None:
    assert not world.state.cuts
    back = set_back(world, HOUR)
    assert set(world.state.heard_ms.values()) == {back}


def test_times_of_past_cuts_are_not_left_in_the_future(world: Driven) -> None:
    # Else the log would keep what lies before them until that future comes.
    world.engine.take_cut()
    back = set_back(world, HOUR)
    assert [tick for tick, _ in world.state.cuts] == [back]


def test_a_restart_between_does_not_begin_to_count_anew(world: Driven) -> None:
    for second in range(SET_BACK_TICKS - 1):
        world.tick(T0 - HOUR + 1000 * second)
    world.restart()
    world.tick(T0 - HOUR + 60_000)
    assert world.state.tick_ms == T0 - HOUR + 60_000


def test_two_gateways_whose_clocks_differ_set_nothing_back(world: Driven) -> None:
    for second in range(2, 60):
        world.tick(T0 + 1000 * second)
        world.tick(T0 + 1000 * second - 10_000)
    assert world.state.tick_ms == T0 + 59_000
    # The one that is ahead stays away for a moment.
    for second in range(SET_BACK_TICKS - 2):
        world.tick(T0 + 50_000 + second * 1000)
    assert world.state.tick_ms == T0 + 59_000


def test_beats_that_another_version_wrote_are_never_passed_over(world: Driven) -> None:
    before = world.state.sequence
    with pytest.raises(OtherVersion, match=f"version {VERSION - 1}"):
        world.engine.step(Entry(before + 1, T0, HEAD.pack(ord("F"), VERSION - 1, 1, 0)))
    assert world.state.sequence == before


# --- a plant's clock -------------------------------------------------------------------------

LOW = Limit(side="low", stage=2, value=70.0, on_delay_ms=60_000)
WATCHED = replace(PLANT, points=(replace(FLOW, limits=(LOW,)),))


class Plant:
    """A plant that samples each second by its own clock, and says when it sends."""

    def __init__(self) -> None:
        self.world = Driven(T0)
        self.world.tick(T0)
        self.world.configure(WATCHED)
        self.number = self.second = 0

    def speak(self, value: float, *, ahead_ms: int = 0, sent_off_ms: int = 0) -> None:
        """Let a second pass.

        Args:
            value: of the sample.
            ahead_ms: how far the plant's clock is ahead.
            sent_off_ms: how far beside that is what it says of when it sent.
        """
        self.second += 1
        self.number += 1
        self.world.tick(T0 + 1000 * self.second)
        there = self.world.now_ms + ahead_ms
        beat = Beat(
            beat=self.number, t=(there,), p=("flow",), v=((value,),), sent=there + sent_off_ms
        )
        self.world.send(PLANT.code, beat.to_bytes())

    def raised_after(self) -> list[int]:
        """Seconds of the house's clock at which alarms were raised."""
        return [
            round((event["logged_ms"] - T0) / 1000)
            for event in self.world.events
            if event["kind"] == "raised"
        ]


@pytest.mark.parametrize("jump_ms", [-HOUR, -20_000, 20_000, 300_000])
@pytest.mark.parametrize("after", [1, 30])
def test_a_limit_is_judged_by_time_passed_through_a_jump_of_the_plants_clock(
    jump_ms: int, after: int
) -> None:
    plant = Plant()
    plant.speak(100)
    for _ in range(after):
        plant.speak(50)  # below from second 2 on
    while not plant.raised_after() and plant.second < 120:
        plant.speak(50, ahead_ms=jump_ms)
    # A clock set back is believed at the third message; until then time stood still.
    assert plant.raised_after()[0] in range(62, 66)


@pytest.mark.parametrize("wrong_ms", [20_000, 300_000, HOUR])
def test_one_wrong_word_of_when_it_sent_neither_hastens_nor_silences_a_limit(wrong_ms: int) -> None:
    plant = Plant()
    plant.speak(100)
    plant.speak(50)
    plant.speak(50, sent_off_ms=wrong_ms)
    while not plant.raised_after() and plant.second < 120:
        plant.speak(50)
    assert plant.raised_after() == [62]


def test_a_slow_network_is_no_clock_set_back() -> None:
    plant = Plant()
    plant.speak(100)
    for _ in range(10):
        plant.speak(50, sent_off_ms=-8_000)
    while not plant.raised_after() and plant.second < 120:
        plant.speak(50)
    assert plant.raised_after() == [62]


@pytest.mark.parametrize("jump_ms", [-HOUR, -20_000, 20_000])
@pytest.mark.parametrize("delays", list(itertools.product((0, 400, 800), repeat=4)))
def test_no_sample_after_a_jump_is_taken_for_a_double_of_one_before(
    jump_ms: int, delays: tuple[int, ...]
) -> None:
    world = Driven(T0)
    world.tick(T0)
    world.configure(WATCHED)
    # The clock jumps after the first beat; one set back is believed at the third message after.
    for number, delay_ms in enumerate(delays):
        there = T0 + 2000 * (number + 1) + (jump_ms if number else 0)
        world.tick(T0 + 2000 * (number + 1) + delay_ms)
        times = tuple(there - 400 * back for back in (4, 3, 2, 1, 0))
        beat = Beat(beat=number + 1, t=times, p=("flow",), v=((100.0,) * 5,), sent=there)
        world.send(PLANT.code, beat.to_bytes())
    counts = dict(zip(COUNTED, world.state.counts_of(PLANT.plant), strict=True))
    assert (counts["stored"], counts["doubled_time"]) == (20, 0)
