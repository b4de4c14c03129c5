"""The keeper changes how history lies on the disk, and nothing of what it says."""

import errno
import math
import shutil
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from guatu.telemetry.history import keep as keeper
from guatu.telemetry.history import layout, merge, plan
from guatu.telemetry.history.course import read_rolled
from guatu.telemetry.history.damage import DamagedError, count_damaged, damaged_in, reading
from guatu.telemetry.history.keep import BESIDE, keep
from guatu.telemetry.history.layout import (
    SegmentName,
    day_folder,
    partition_folder,
    rolled_folder,
    segments,
)
from guatu.telemetry.history.merge import Input, together
from guatu.telemetry.history.read import Columns, count_stored, read_samples
from guatu.telemetry.history.repair import repair
from guatu.telemetry.history.rollup import WIDTHS
from guatu.telemetry.history.sort import Part
from guatu.telemetry.history.verify import verify
from guatu.telemetry.history.write import OTHERS, SCALED, write_part

STREAM = "0000000a"
NOW_MS = 1_800_000_000_000
POINTS = [3, 5, 9]
HOUR_MS = WIDTHS["hour"]
FAR = 1 << 50


def part(rows: dict[tuple[int, int], float], cell: Callable[[float], float], tag: int) -> Part:
    order = sorted(rows)
    return Part(
        np.array([point for point, _ in order], np.int32),
        np.array([at for _, at in order], np.int64),
        np.full(len(order), tag, np.int8),
        np.array([cell(rows[place]) for place in order]),
    )


def quality(value: float) -> int:
    """What the samples here say of themselves: a few of those that cannot be scaled are bad."""
    if round(value * 10) / 10 == value:
        return 0
    return 64 if value > 5e5 else 1 if value < -5e5 else 0


def store(history: Path, number: int, rows: dict[tuple[int, int], float], day_ms: int = 0) -> None:
    """Write a segment as a cut does: tenths are scaled, the rest lies beside."""
    exact = {place: v for place, v in rows.items() if round(v * 10) / 10 == v}
    rest = {place: v for place, v in rows.items() if place not in exact}
    times = [at for _, at in rows]
    folder = day_folder(history, 0, day_ms)
    folder.mkdir(parents=True, exist_ok=True)
    first, last = number * 10 + 1, number * 10 + 10
    for kept, other in ((exact, False), (rest, True)):
        if kept:
            name = SegmentName(STREAM, first, last, min(times), max(times), other)
            found = part(kept, float if other else lambda v: round(v * 10), 0 if other else 1)
            found.cell = found.cell.astype(np.float64 if other else np.int32)
            if other:
                found.tag = np.array([quality(value) for value in found.cell], np.int8)
            write_part(folder / str(name), found, OTHERS if other else SCALED)


values = st.one_of(
    st.integers(-50, 50).map(lambda n: n / 10), st.floats(-1e6, 1e6, allow_subnormal=False)
)
cuts = st.lists(
    st.dictionaries(
        st.tuples(st.sampled_from(POINTS), st.integers(0, 40).map(lambda n: n * 17_000)),
        values,
        min_size=1,
        max_size=25,
    ),
    min_size=1,
    max_size=6,
)


def expected(sent: list[dict[tuple[int, int], float]]) -> dict[tuple[int, int], float]:
    """Of each point and time the sample that was logged first, of the usable ones if any is."""
    first: dict[tuple[int, int], float] = {}
    for rows in sent:
        for place, value in rows.items():
            if place not in first or quality(first[place]) == 64 != quality(value):
                first[place] = value
    return first


def read(history: Path) -> dict[tuple[int, int], float]:
    found = read_samples(history, POINTS, 0, FAR)
    places = zip(found.point.tolist(), found.at_ms.tolist(), strict=True)
    return dict(zip(places, found.value.tolist(), strict=True))


def assert_rolled(history: Path, samples: dict[tuple[int, int], float]) -> None:
    for width, wide in WIDTHS.items():
        rolled = read_rolled(history, POINTS, 0, HOUR_MS, width)
        groups: dict[tuple[int, int], list[tuple[int, float]]] = {}
        for (point, at), value in sorted(samples.items()):
            if quality(value) == 64:
                continue
            groups.setdefault((point, at // wide * wide), []).append((at, value))
        keys = list(zip(rolled.point.tolist(), rolled.at_ms.tolist(), strict=True))
        assert keys == sorted(groups)
        for i, key in enumerate(keys):
            rows = groups[key]
            only = [value for _, value in rows]
            assert rolled.count[i] == len(rows)
            assert (rolled.low[i], rolled.high[i]) == (min(only), max(only))
            assert (rolled.first_ms[i], rolled.last_ms[i]) == (rows[0][0], rows[-1][0])
            assert rolled.last[i] == rows[-1][1]
            assert rolled.total[i] == pytest.approx(math.fsum(only), rel=1e-12, abs=1e-6)


@given(cuts, st.integers(0, 5))
# Each example writes dozens of files: shrinking one would take minutes.
@settings(max_examples=25, deadline=None, phases=set(Phase) - {Phase.shrink})
def test_merging_keeps_every_sample_once_and_rolls_it_up_exactly(
    tmp_path_factory: pytest.TempPathFactory, sent: list[dict[tuple[int, int], float]], late: int
) -> None:
    history = tmp_path_factory.mktemp("history")
    early = len(sent) - min(late, len(sent) - 1)
    for number, rows in enumerate(sent[:early]):
        store(history, number, rows)
    samples = expected(sent[:early])
    assert_rolled(history, samples)
    keep(history, NOW_MS, at_once=True)
    assert read(history) == samples
    assert_rolled(history, samples)
    # Late and doubled samples come afterwards: first as they arrive, then merged too.
    for number, rows in enumerate(sent[early:], start=early):
        store(history, number, rows)
    samples = expected(sent)
    assert read(history) == samples
    assert_rolled(history, samples)
    keep(history, NOW_MS, at_once=True)
    counted = count_stored(history)
    assert (counted.rows, counted.distinct) == (len(samples), len(samples))
    assert read(history) == samples
    assert_rolled(history, samples)
    kinds = [segment.name.other for segment in segments(partition_folder(history, 0))]
    assert kinds in ([False], [True], [False, True])


class Killed(BaseException):
    """The process ends here."""


@pytest.fixture
def kill(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[int], list[str]]]:
    """Let the keeper be killed at its nth step on the disk; tells the steps that it came to."""
    steps: list[str] = []
    left = [0]

    def step(name: str, real: Any) -> Any:
        def done(*args: Any, **kwargs: Any) -> Any:
            if left[0] <= 0:
                raise Killed
            left[0] -= 1
            steps.append(name)
            return real(*args, **kwargs)

        return done

    monkeypatch.setattr(Path, "replace", step("replace", Path.replace))
    monkeypatch.setattr(Path, "unlink", step("unlink", Path.unlink))
    monkeypatch.setattr(keeper, "sync_folder", step("sync", layout.sync_folder))
    monkeypatch.setattr(keeper, "merge", step("write", merge.merge))

    def arm(steps_allowed: int) -> list[str]:
        left[0] = steps_allowed
        steps.clear()
        return steps

    yield arm
    left[0] = 1 << 30


SENT: list[dict[tuple[int, int], float]] = [
    {(3, 1000): 1.5, (3, 2000): 0.123, (5, 1000): 7.0},
    {(3, 2000): 2.5, (3, 3000): 2.5, (9, 500): 0.777},
    {(3, 1000): 0.999, (5, 61_000): 7.5},
]


def test_a_keeper_killed_at_any_step_loses_and_doubles_nothing(
    tmp_path: Path, kill: Callable[[int], list[str]]
) -> None:
    allowed = 0
    while True:
        history = tmp_path / str(allowed)
        for number, rows in enumerate(SENT):
            store(history, number, rows)
        counted = kill(allowed)
        with suppress(Killed):
            keep(history, NOW_MS, at_once=True)
        steps = list(counted)
        finished = len(steps) < allowed
        assert read(history) == expected(SENT), steps
        assert_rolled(history, expected(SENT))
        kill(1 << 30)
        keep(history, NOW_MS, at_once=True)
        assert read(history) == expected(SENT), steps
        assert_rolled(history, expected(SENT))
        assert count_stored(history).rows == len(expected(SENT))
        assert list(history.rglob(f"*{BESIDE}")) == []
        if finished:
            break
        allowed += 1
    assert {"write", "replace", "sync", "unlink"} <= set(steps)


def test_what_is_young_or_beyond_the_checkpoint_is_left_to_the_engine(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    paths = [segment.path for segment in segments(partition_folder(tmp_path, 0))]
    youngest_ms = max(path.stat().st_mtime_ns for path in paths) // 1_000_000
    assert keep(tmp_path, youngest_ms + 30_000).merges == 0
    checkpoint(tmp_path, sequence=20)
    kept = keep(tmp_path, youngest_ms + 2 * HOUR_MS)
    assert kept.merges == 1
    ranges = {(s.name.first, s.name.last) for s in segments(partition_folder(tmp_path, 0))}
    assert ranges == {(1, 20), (21, 30)}
    assert read(tmp_path) == expected(SENT)


def checkpoint(history: Path, *, sequence: int, tick_ms: int = 1000) -> None:
    import orjson  # noqa: PLC0415 - only here

    meta = {"identity": STREAM, "cut_sequence": sequence, "cut_tick_ms": tick_ms}
    np.savez(
        partition_folder(history, 0) / "checkpoint.npz",
        meta=np.frombuffer(orjson.dumps(meta), np.uint8),
    )


def test_days_that_are_over_become_one_file_and_hours_one_a_month(tmp_path: Path) -> None:
    day_ms = 24 * HOUR_MS
    for day in range(3):
        for cut in range(4):
            at = day * day_ms + cut * HOUR_MS
            store(tmp_path, day * 4 + cut, {(3, at): 1.0, (5, at): 2.0}, day_ms=at)
    checkpoint(tmp_path, sequence=1 << 30, tick_ms=2 * day_ms + HOUR_MS)
    # A day's cuts become its file at once, then its roll-ups the month's; today waits its hour.
    now_ms = max(p.stat().st_mtime_ns for p in tmp_path.rglob("*.parquet")) // 1_000_000
    keep(tmp_path, now_ms + 2 * plan.AGE_MS)
    days = [
        (s.path.parent.name, s.name.first, s.name.last)
        for s in segments(partition_folder(tmp_path, 0))
    ]
    assert days[:2] == [("day=1970-01-01", 1, 40), ("day=1970-01-02", 41, 80)]
    assert len(days) == 6
    hours = segments(rolled_folder(tmp_path, 0, "hour"), "month=")
    assert [(s.name.first, s.name.last) for s in hours] == [(1, 80)]
    minutes = segments(rolled_folder(tmp_path, 0, "minute"))
    assert [(s.name.first, s.name.last) for s in minutes] == [(1, 40), (41, 80)]
    found = read_rolled(tmp_path, [3], 0, 3 * day_ms, "hour")
    assert len(found) == 12


def test_a_point_that_fills_whole_row_groups_is_merged_as_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guatu.telemetry.history.write.ROW_GROUP", 8)
    for number in range(3):
        store(
            tmp_path,
            number,
            {(p, 1000 * (number * 30 + i)): 1.0 for p in POINTS for i in range(30)},
        )
    files = segments(partition_folder(tmp_path, 0))
    inputs = [Input(s.path, rank, s.name.other) for rank, s in enumerate(files)]
    scaled = [one for one, _ in together(inputs)]
    assert sum(len(one) for one in scaled) == 270
    for one in scaled:
        assert np.all(
            (np.diff(one.point) > 0) | ((np.diff(one.point) == 0) & (np.diff(one.at_ms) > 0))
        )


def test_two_keepers_do_not_share_a_partition(tmp_path: Path) -> None:
    store(tmp_path, 0, SENT[0])
    with keeper.own(tmp_path, 0), pytest.raises(keeper.KeptElsewhere):
        keep(tmp_path, NOW_MS, at_once=True)
    assert keep(tmp_path, NOW_MS, at_once=True).merges == 1


def spoil(path: Path, damage: str) -> None:
    whole = path.read_bytes()
    if damage == "footer":
        path.write_bytes(whole[:-20])
    elif damage == "emptied":
        path.write_bytes(b"")
    else:
        # The last bytes of the last column's only page.
        chunk = pq.read_metadata(path).row_group(0).column(3)
        end = chunk.data_page_offset + chunk.total_compressed_size
        path.write_bytes(
            whole[: end - 3] + bytes(b ^ 255 for b in whole[end - 3 : end]) + whole[end:]
        )


@pytest.mark.parametrize("damage", ["footer", "emptied", "page"])
def test_a_damaged_segment_stops_no_other_from_being_merged_and_read(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    folder = partition_folder(tmp_path, 0)
    for number in range(7):
        day_ms = 24 * HOUR_MS * (number // 5)
        store(tmp_path, number, {(3, number * 1000): 1.0, (5, number * 1000): 0.123}, day_ms)
    shutil.copytree(folder, partition_folder(tmp_path, 1))
    sent = read(tmp_path)
    broken = next(s.path for s in segments(folder) if s.name.first == 21 and not s.name.other)
    spoil(broken, damage)
    content = broken.read_bytes()
    kept = keep(tmp_path, NOW_MS, at_once=True)
    assert kept.damaged == 1
    assert sum(str(broken) in line for line in caplog.messages) == 1
    # Before it, behind it, the next day, and the other partition: all is merged.
    ranges = {(s.name.first, s.name.last) for s in segments(folder)}
    assert ranges == {(1, 20), (21, 30), (31, 50), (51, 70)}
    others = {(s.name.first, s.name.last) for s in segments(partition_folder(tmp_path, 1))}
    assert others == {(1, 50), (51, 70)}
    shutil.rmtree(partition_folder(tmp_path, 1))
    sent.pop((3, 2000))
    assert read(tmp_path) == sent
    assert_rolled(tmp_path, sent)
    assert broken.read_bytes() == content
    # It is told of until it is set aside, and not tried again and again.
    assert [one.where for one in damaged_in(tmp_path, 0)] == [str(broken.relative_to(folder))]
    assert keep(tmp_path, NOW_MS, at_once=True).damaged == 0
    report = verify(tmp_path)
    assert {one.where for one in report.findings if one.kind == "damaged"} == {
        str(broken.relative_to(tmp_path))
    }
    repair(tmp_path, report.findings, lambda *_: None)
    assert count_damaged(tmp_path) == 0
    keep(tmp_path, NOW_MS, at_once=True)
    assert {(s.name.first, s.name.last) for s in segments(folder)} == {(1, 50), (51, 70)}
    assert read(tmp_path) == sent
    assert_rolled(tmp_path, sent)


def test_a_damaged_row_group_hides_none_of_the_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("guatu.telemetry.history.write.ROW_GROUP", 2)
    rows: dict[tuple[int, int], float] = {(3, at): 1.0 for at in range(1000, 1006)}
    store(tmp_path, 0, rows)
    spoil(segments(partition_folder(tmp_path, 0))[0].path, "page")
    assert sorted(read(tmp_path)) == [(3, at) for at in range(1002, 1006)]


def test_damaged_roll_ups_are_made_good_from_samples(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    keep(tmp_path, NOW_MS, at_once=True)
    for width in WIDTHS:
        (rolled,) = rolled_folder(tmp_path, 0, width).rglob("*.parquet")
        spoil(rolled, "page")
    assert_rolled(tmp_path, expected(SENT))


def test_a_damaged_roll_up_stops_no_other_from_being_merged(tmp_path: Path) -> None:
    day_ms = 24 * HOUR_MS
    sent: list[dict[tuple[int, int], float]] = [{(3, day * day_ms): 1.0} for day in range(5)]
    for day, rows in enumerate(sent):
        store(tmp_path, day, rows, day_ms=day * day_ms)
    keep(tmp_path, NOW_MS, at_once=True)
    found = segments(rolled_folder(tmp_path, 0, "hour"), "month=")
    assert len(found) == 5
    spoil(found[2].path, "page")
    checkpoint(tmp_path, sequence=1 << 30, tick_ms=9 * day_ms)
    kept = keep(tmp_path, NOW_MS)
    assert (kept.damaged, kept.rolled_merges) == (1, 2)
    hours = segments(rolled_folder(tmp_path, 0, "hour"), "month=")
    assert [(s.name.first, s.name.last) for s in hours] == [(1, 20), (21, 30), (31, 50)]
    assert len(read_rolled(tmp_path, [3], 0, 9 * day_ms, "hour")) == 5


def test_a_full_disk_is_no_damage_of_the_file_that_is_read(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="full"), reading(tmp_path):
        raise OSError(errno.ENOSPC, "full")
    with pytest.raises(DamagedError), reading(tmp_path):
        raise OSError(errno.EIO, "the disk cannot read")


def test_no_merge_reaches_across_what_lies_in_another_days_folder(tmp_path: Path) -> None:
    day_ms = 24 * HOUR_MS
    # The clock ran ahead over midnight for one cut and was set right.
    sent: list[dict[tuple[int, int], float]] = [{(3, number): 1.0} for number in range(5)]
    for number, rows in enumerate(sent):
        store(tmp_path, number, rows, day_ms=day_ms if number == 2 else 0)
    for _ in range(2):
        keep(tmp_path, NOW_MS, at_once=True)
        assert read(tmp_path) == expected(sent)


def test_reading_goes_on_when_a_merge_takes_files_away(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    from guatu.telemetry.history import read as reading  # noqa: PLC0415 - to put something between

    real = reading.samples_of
    calls: list[int] = []

    def between(*args: Any) -> Columns:
        if not calls:
            keep(tmp_path, NOW_MS, at_once=True)
        calls.append(1)
        return real(*args)

    monkeypatch.setattr(reading, "samples_of", between)
    assert read(tmp_path) == expected(SENT)
    assert len(calls) == 2
