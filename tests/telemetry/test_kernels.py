"""The compiled kernel says what the reference judge says, in any cutting, across restarts."""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from guatu.core.alarms.judge import PointConfig
from guatu.core.alarms.limits import AlarmLimit, Side, Slot
from guatu.core.alarms.world import Judging, ReferenceWorld, Said
from guatu.telemetry import kernels
from guatu.telemetry.cells import Cells, cells_of
from tests.telemetry.kernel_world import KernelWorld

POINTS = (0, 1, 2)
# Few values, on and around the limits: equality is where judges disagree.
LEVELS = [0.0, 1.0, 2.0, 2.5, 3.0, 5.0, 7.0, 7.5, 8.0, 9.0, 10.0]
DELAYS = st.sampled_from([0, 0, 500, 1000, 3000])
STATES = st.sampled_from([frozenset[int](), frozenset({2, 3}), frozenset({1})])


@st.composite
def limits(draw: st.DrawFn) -> tuple[AlarmLimit, ...]:
    taken = draw(
        st.lists(
            st.tuples(st.sampled_from([Side.LOW, Side.HIGH]), st.sampled_from([1, 2])),
            unique=True,
        )
    )
    return tuple(
        AlarmLimit(
            side=side,
            stage=stage,
            value=draw(st.sampled_from([2.0, 3.0] if side is Side.LOW else [7.0, 8.0])),
            deadband=draw(st.sampled_from([0.0, 0.5, 1.0])),
            on_delay_ms=draw(DELAYS),
            off_delay_ms=draw(DELAYS),
            states=draw(STATES),
        )
        for side, stage in taken
    )


configs = st.builds(
    PointConfig,
    limits=limits(),
    missing_after_ms=st.none() | st.sampled_from([1000, 4000]),
    missing_states=STATES,
)


@dataclass(frozen=True)
class Block:
    times_ms: tuple[int, ...]
    values: Mapping[int, tuple[float | None, ...]]
    logged_ms: int


@dataclass(frozen=True)
class Tick:
    at_ms: int


@dataclass(frozen=True)
class Configure:
    point: int
    config: PointConfig
    now_ms: int


@dataclass(frozen=True)
class Acknowledge:
    point: int
    slot: Slot
    back: int


@dataclass
class Story:
    """What happens to a unit, message by message."""

    configs: list[PointConfig]
    steps: list[Block | Tick | Configure | Acknowledge] = field(default_factory=list)


@st.composite
def blocks(draw: st.DrawFn, now_ms: int) -> Block:
    # Around now: some late, some doubled, some ahead, now and then too far.
    offsets = st.integers(-4, 2) | st.sampled_from([-200, 25])
    times = draw(st.lists(offsets, min_size=1, max_size=4, unique=True))
    values = {
        point: tuple(
            draw(
                st.none() | st.sampled_from([0.0, 1.0, 2.0, 3.0, 2.5, 99.0])
                if point == 0
                else st.none() | st.sampled_from(LEVELS)
            )
            for _ in times
        )
        for point in draw(st.lists(st.sampled_from(POINTS), min_size=1, unique=True))
    }
    ordered = tuple(now_ms + 500 * time for time in sorted(times))
    return Block(ordered, values, now_ms + draw(st.sampled_from([0, 0, 120])))


@st.composite
def stories(draw: st.DrawFn) -> Story:
    story = Story([draw(configs) for _ in POINTS])
    now_ms = 100_000
    for kind in draw(st.lists(st.sampled_from("bbbbbtttcaa"), max_size=30)):
        now_ms += draw(st.sampled_from([0, 500, 1000, 2500]))
        match kind:
            case "b":
                story.steps.append(draw(blocks(now_ms)))
            case "t":
                story.steps.append(Tick(now_ms))
            case "c":
                story.steps.append(Configure(draw(st.sampled_from(POINTS)), draw(configs), now_ms))
            case _:
                slot, back = draw(st.sampled_from(Slot)), draw(st.integers(0, 1))
                story.steps.append(Acknowledge(draw(st.sampled_from(POINTS)), slot, back))
    return story


def let(world: Judging, step: Block | Tick | Configure | Acknowledge, seq: int) -> list[Said]:
    match step:
        case Block():
            return world.block(step.times_ms, step.values, logged_ms=step.logged_ms, seq=seq)
        case Tick():
            return world.tick(step.at_ms, seq=seq)
        case Configure():
            return world.configure(step.point, step.config, now_ms=step.now_ms, seq=seq)
        case Acknowledge():
            began = world.slot(step.point, step.slot).began - step.back
            return world.acknowledge(step.point, step.slot, began, at_ms=seq)


def tell(
    world: Judging, story: Story, *, between: Callable[[], None] = lambda: None
) -> list[list[Said]]:
    """Tell a story to a judge; what is said at each step, sorted where order is free."""
    said = [
        world.configure(point, config, now_ms=100_000, seq=1)
        for point, config in enumerate(story.configs)
    ]
    for seq, step in enumerate(story.steps, start=2):
        between()
        events = let(world, step, seq)
        # Between two points the order is free; at one point it is not.
        said.append(sorted(events, key=lambda one: one[0]))
    return said


NOTHING = PointConfig(limits=(), missing_after_ms=None, missing_states=frozenset())
LOW = AlarmLimit(
    side=Side.LOW,
    stage=1,
    value=2.0,
    deadband=0.0,
    on_delay_ms=0,
    off_delay_ms=0,
    states=frozenset(),
)
BEFORE_IT_ARRIVED = Story(
    [NOTHING] * 3,
    [
        Block((99_500, 101_000), {2: (None, 0.0)}, 100_120),
        Configure(2, replace(NOTHING, limits=(LOW,)), 100_000),
        Tick(100_000),
    ],
)
"""A limit comes into force, and the next tick is one of a gateway whose clock is behind."""


@pytest.mark.no_cover
@given(stories())
@example(BEFORE_IT_ARRIVED)
@settings(max_examples=200, deadline=None)
def test_the_kernel_says_what_the_reference_judge_says(story: Story) -> None:
    assert tell(KernelWorld(), story) == tell(ReferenceWorld(), story)


@given(stories())
@settings(max_examples=100, deadline=None)
def test_a_restart_from_a_checkpoint_changes_nothing(story: Story) -> None:
    restarted = KernelWorld()
    assert tell(restarted, story, between=restarted.restart) == tell(KernelWorld(), story)


def cut(story: Story) -> Story:
    """The same story with each block cut into single times."""
    steps: list[Block | Tick | Configure | Acknowledge] = []
    for step in story.steps:
        if not isinstance(step, Block):
            steps.append(step)
            continue
        for place, time in enumerate(step.times_ms):
            values = {point: (row[place],) for point, row in step.values.items()}
            steps.append(Block((time,), values, step.logged_ms))
    return Story(story.configs, steps)


def without_identity(said: list[list[Said]]) -> list[tuple[object, ...]]:
    """Everything but ``began``, which names the message and so differs by cutting."""
    return sorted(
        (point, event.slot, number, event.kind, event.at_ms, event.why, repr(event.value))
        for point in POINTS
        for slot in Slot
        for number, event in enumerate(
            event for step in said for p, event in step if p == point and event.slot is slot
        )
    )


@given(stories())
@settings(max_examples=80, deadline=None)
def test_cutting_blocks_otherwise_gives_the_same_alarms(story: Story) -> None:
    story.steps = [step for step in story.steps if not isinstance(step, Acknowledge)]
    whole, pieces = KernelWorld(), KernelWorld()
    assert without_identity(tell(whole, story)) == without_identity(tell(pieces, cut(story)))
    assert (whole.judged, whole.doubled) == (pieces.judged, pieces.doubled)


@pytest.mark.no_cover
@given(stories())
@settings(max_examples=80, deadline=None)
def test_no_identity_is_used_twice_and_every_alarm_ends_at_most_once(story: Story) -> None:
    said = [one for step in tell(KernelWorld(), story) for one in step]
    by_kind = {
        kind: [(p, e.slot, e.began) for p, e in said if e.kind == kind]
        for kind in ("raised", "cleared", "acknowledged")
    }
    for keys in by_kind.values():
        assert len(set(keys)) == len(keys)
    assert set(by_kind["cleared"]) | set(by_kind["acknowledged"]) <= set(by_kind["raised"])


@given(
    st.lists(st.sampled_from(LEVELS), min_size=1, max_size=30),
    st.integers(0, 6),
    st.integers(0, 6),
    st.sampled_from(["ticks", "none"]),
)
@settings(deadline=None)
def test_an_alarm_comes_neither_before_its_delay_nor_without_cause(
    values: list[float], on_s: int, off_s: int, ticks: str
) -> None:
    """Against the definition itself, read off the series: one sample a second, held between."""
    limit = AlarmLimit(
        side=Side.HIGH,
        stage=1,
        value=7.0,
        deadband=2.0,
        on_delay_ms=on_s * 1000,
        off_delay_ms=off_s * 1000,
    )
    world = KernelWorld()
    world.configure(0, PointConfig(), now_ms=0, seq=1)
    world.configure(1, PointConfig(limits=(limit,)), now_ms=0, seq=1)
    said: list[Said] = []
    for second, value in enumerate(values):
        said += world.block([second * 1000], {1: [value]}, logged_ms=second * 1000, seq=second + 2)
        if ticks == "ticks":
            said += world.tick(second * 1000 + 500, seq=second + 2)
    for _, event in said:
        begun = event.at_ms // 1000 - (on_s if event.kind == "raised" else off_s)
        held = values[begun : event.at_ms // 1000 + (event.at_ms % 1000 > 0)] or [values[begun]]
        assert begun >= 0
        good = [v > 7.0 if event.kind == "raised" else v < 5.0 for v in held]
        assert all(good)
    kinds = [event.kind for _, event in said]
    assert kinds == ["raised", "cleared"] * (len(kinds) // 2) + ["raised"] * (len(kinds) % 2)


def flow(**changes: float) -> PointConfig:
    limit = AlarmLimit(side=Side.LOW, stage=2, value=70.0, on_delay_ms=2000, **changes)  # type: ignore[arg-type]
    return PointConfig(limits=(limit,), missing_after_ms=5000)


def test_silence_fires_and_the_next_sample_clears_it() -> None:
    world = KernelWorld()
    world.configure(1, flow(), now_ms=0, seq=1)
    assert world.tick(4999, seq=2) == []
    ((_, raised),) = world.tick(5600, seq=3)
    assert (raised.kind, raised.slot, raised.at_ms) == ("raised", Slot.MISSING, 5000)
    assert (raised.value, raised.limit, raised.began) == (None, 5.0, 3 * 1024)
    assert world.tick(60_000, seq=4) == []
    ((_, cleared),) = world.block([61_000], {1: [100.0]}, logged_ms=61_020, seq=5)
    assert (cleared.kind, cleared.at_ms, cleared.why) == ("cleared", 61_020, "returned")


def test_a_plant_clock_an_hour_behind_neither_hurries_nor_delays_an_alarm() -> None:
    world = KernelWorld()
    world.configure(1, flow(), now_ms=3_600_000, seq=1)
    world.block([1000], {1: [50.0]}, logged_ms=3_601_000, seq=2)
    assert world.tick(3_602_999, seq=3) == []
    ((_, raised),) = world.tick(3_603_000, seq=4)
    assert (raised.slot, raised.at_ms) == (Slot.LL, 3000)


@pytest.mark.parametrize("decimals", [0, 3], ids=["scaled otherwise than configured", "scaled"])
@pytest.mark.parametrize("scaled", [True, False], ids=["scaled", "as doubles"])
def test_a_doubled_time_is_blanked_and_a_late_one_is_not(*, decimals: int, scaled: bool) -> None:
    state, out = kernels.new_state(2, 1), kernels.EventBuffer()
    times = np.array([1000, 2000, 3000], np.int64)
    values = np.array([[1.0, 2.0, 3.0], [1.0, math.nan, 3.0]])
    ids, row_of = np.array([4, 9, 8], np.int32), np.full(9, -1, np.int32)
    row_of[[4, 8]] = 0, 1
    table = values[[0, 0, 1]]
    cells, _ = cells_of(times, table.copy(), np.full(3, decimals, np.int8))
    if not scaled:
        cells = Cells(cells.decimals, times, np.empty((0, 3), np.int32), table.copy())
    first = kernels.judge_block(state, row_of, ids, cells, 1, 3000, out)
    assert (first.present, first.doubled, first.unknown) == (5, 0, 3)
    assert first.rows.tolist() == [0, -1, 1]
    again = kernels.judge_block(state, row_of, ids, cells, 2, 3000, out)
    assert (again.present, again.doubled, again.unknown) == (5, 2, 3)
    left = np.array([cells.row(0), cells.row(2)])
    assert np.array_equal(left, [[1, 2, math.nan], [1, math.nan, math.nan]], equal_nan=True)
    placed = kernels.place_block(row_of, ids, cells, out)
    assert (placed.present, placed.doubled, placed.unknown) == (3, 0, 3)
    assert state.points["last_value"].tolist() == [3.0, 3.0]


def test_bars_hold_for_scaled_samples_to_the_last_digit() -> None:
    limit = AlarmLimit(side=Side.HIGH, stage=1, value=0.3)
    low = AlarmLimit(side=Side.LOW, stage=1, value=-1e12)
    world = KernelWorld()
    world.configure(0, PointConfig(limits=(limit, low)), now_ms=0, seq=1)
    world.block([1000], {0: [0.0]}, logged_ms=1000, seq=2)
    assert world.block([2000, 3000], {0: [0.3, 0.2]}, logged_ms=3000, seq=3) == []
    said = world.block([4000, 5000], {0: [0.3, 0.4]}, logged_ms=5000, seq=4)
    assert [(event.kind, event.at_ms) for _, event in said] == [("raised", 5000)]


@pytest.mark.parametrize("world", [KernelWorld(), ReferenceWorld()], ids=["kernel", "reference"])
def test_a_sample_of_the_future_does_not_silence_the_present(world: Judging) -> None:
    low = AlarmLimit(side=Side.LOW, stage=2, value=5.0, on_delay_ms=1000)
    world.configure(1, PointConfig(limits=(low,)), now_ms=0, seq=1)
    world.block([100_000], {1: [6.0]}, logged_ms=100_000, seq=2)
    world.block([690_000], {1: [4.0]}, logged_ms=101_000, seq=3)
    assert world.block([102_000], {1: [4.0]}, logged_ms=102_000, seq=4) == []
    ((_, raised),) = world.block([103_000], {1: [4.0]}, logged_ms=103_000, seq=5)
    assert (raised.kind, raised.at_ms) == ("raised", 103_000)
    # A plant that sends an old sample late does not turn its clock back.
    assert world.block([30_000], {1: [9.0]}, logged_ms=104_000, seq=6) == []
    assert world.slot(1, Slot.LL).phase.is_active


def test_an_event_buffer_too_small_for_a_block_grows_and_loses_nothing() -> None:
    config = PointConfig(
        limits=(
            AlarmLimit(side=Side.HIGH, stage=1, value=5.0),
            AlarmLimit(side=Side.LOW, stage=1, value=-5.0),
        ),
        missing_after_ms=1000,
    )
    world = KernelWorld()
    for point in range(1, 201):
        world.configure(point, config, now_ms=0, seq=1)
    times = list(range(1000, 21_000, 1000))
    values = {p: [9.0 if n % 2 else -9.0 for n in range(20)] for p in range(1, 201)}
    said = world.block(times, values, logged_ms=20_000, seq=2)
    assert len(said) == 200 * (1 + 19 * 2)
    assert world.judged == 200 * 20
    assert len(world.tick(30_000, seq=3)) == 200
    assert len({(point, e.slot, e.began) for point, e in said}) == 200 * 20


def test_a_state_change_clears_hundreds_of_alarms_through_a_small_buffer() -> None:
    limit = AlarmLimit(side=Side.HIGH, stage=1, value=5.0, states=frozenset({3}))
    world = KernelWorld()
    world.configure(0, PointConfig(), now_ms=0, seq=1)
    for point in range(1, 201):
        world.configure(point, PointConfig(limits=(limit,)), now_ms=0, seq=1)
    values = {point: [9.0] for point in range(1, 201)}
    raised = world.block([1000], {0: [3.0], **values}, logged_ms=1000, seq=2)
    assert [event.kind for _, event in raised] == ["raised"] * 200
    cleared = world.block([2000], {0: [5.0]}, logged_ms=2000, seq=3)
    assert {(e.kind, e.why, e.unit_state) for _, e in cleared} == {("cleared", "inactive", 3)}
    assert len(cleared) == 200


def test_quiet_rows_are_judged_once_though_room_runs_out_before_the_others() -> None:
    limit = AlarmLimit(side=Side.HIGH, stage=1, value=5.0)
    world = KernelWorld()
    world.configure(0, PointConfig(), now_ms=0, seq=1)
    for point in range(1, 31):
        world.configure(point, PointConfig(limits=(limit,)), now_ms=0, seq=1)
    quiet = {point: [1.0, 2.0] for point in range(1, 31)}
    world.block([1000, 2000], quiet, logged_ms=2000, seq=2)
    # The state's row comes first and wants room for the whole unit, more than there is.
    said = world.block(
        [3000, 4000], {0: [3.0, 3.0], **quiet, 30: [1.0, 9.0]}, logged_ms=4000, seq=3
    )
    assert [(point, event.kind) for point, event in said] == [(30, "raised")]
    assert (world.judged, world.doubled) == (60 + 62, 0)


def test_a_point_taken_away_leaves_its_unit_and_wakes_no_more() -> None:
    world = KernelWorld()
    for point in (0, 1, 2):
        world.configure(point, flow(), now_ms=0, seq=1)
    world.block([1000], {0: [3.0]}, logged_ms=1000, seq=2)
    nothing, tells_state = kernels.limit_rows([]), False
    for point in (1, 0):
        kernels.apply_point(
            world.state,
            point,
            -1,
            tells_state,
            1,
            nothing,
            None,
            kernels.ALWAYS,
            2000,
            3,
            world.out,
        )
    assert int(world.state.units["size"][0]) == 1
    assert int(world.state.units["state"][0]) == -1, "nobody tells the unit's state any longer"
    assert [point for point, _ in world.tick(10**6, seq=4)] == [2]


def test_arrays_of_another_layout_are_refused() -> None:
    state = kernels.new_state(1, 1)
    still = state.still()
    still["judge_points"] = np.zeros(1, [("last_ms", "i8")])
    with pytest.raises(ValueError, match="layout"):
        kernels.JudgeState.restored(still, state.moving())


def test_a_checkpoint_of_the_version_that_kept_all_slots_is_read() -> None:
    world = KernelWorld()
    world.configure(3, flow(), now_ms=0, seq=1)
    old = {**world.still, "judge_slots": world.state.slots.copy()}
    del old["judge_slot_at"]
    assert len(world.still["judge_slots"]) < world.state.slots.size
    found = kernels.JudgeState.restored(old, world.state.moving())
    assert (found.slots == world.state.slots).all()


def test_states_pack_into_a_mask_and_none_means_always() -> None:
    assert kernels.states_mask([]) == kernels.ALWAYS
    assert kernels.states_mask([0, 3]) == 0b10010
    assert kernels.states_mask(range(31)) != kernels.ALWAYS, "unknown is in none of the named"
