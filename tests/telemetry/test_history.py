"""What was sent is what is read back: every sample once, equal to the last bit."""

import math
import os
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.telemetry.cells import LARGEST, cells_of
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import SegmentName, day_folder, partition_folder, segments
from guatu.telemetry.history.read import Columns, count_stored, read_samples, thinned
from guatu.telemetry.history.sort import Block, Part, sort_blocks
from guatu.telemetry.history.steps import cells_of_steps, steps_of
from guatu.telemetry.history.verify import verify
from guatu.telemetry.history.write import OTHERS, SCALED, PartWriter, write_part

IDS = np.array([30, 10, 20], np.int32)
DECIMALS = np.array([1, 3, 0], np.int8)


def block(rows: list[int], times: list[int], values: list[list[float]]) -> Block:
    at = np.array(rows, np.int32)
    cells, order = cells_of(np.array(times), np.array(values, np.float64), DECIMALS[at])
    return Block(1, 7, at[order], cells)


def store(history: Path, blocks: list[Block], first: int = 1, last: int = 9) -> list[Path]:
    rows = sort_blocks(blocks, IDS)
    folder = day_folder(history, 0, 0)
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for part, schema in ((rows.scaled, SCALED), (rows.others, OTHERS)):
        if len(part):
            name = SegmentName("00000000", first, last, *rows.span_ms, schema is OTHERS)
            written.append(folder / str(name))
            write_part(written[-1], part, schema)
    return written


values = st.one_of(
    st.just(math.nan),
    st.decimals(-1000, 1000, places=1).map(float),
    st.floats(allow_nan=False, allow_infinity=False),
)


@st.composite
def blocks(draw: st.DrawFn) -> Block:
    rows = draw(st.lists(st.integers(0, 2), min_size=1, unique=True))
    times = sorted(draw(st.sets(st.integers(0, 50), min_size=1, max_size=5)))
    cells = draw(st.lists(values, min_size=len(rows) * len(times), max_size=len(rows) * len(times)))
    return block(rows, times, np.array(cells).reshape(len(rows), len(times)).tolist())


@given(st.lists(blocks(), min_size=1, max_size=6))
@settings(max_examples=60, deadline=None)
def test_every_sample_is_read_back_once_and_equal(
    tmp_path_factory: pytest.TempPathFactory, sent: list[Block]
) -> None:
    history = tmp_path_factory.mktemp("history")
    expected: dict[tuple[int, int], float] = {}
    for one in sent:
        for i, row in enumerate(one.rows):
            for time, value in zip(one.cells.times, one.cells.row(i), strict=True):
                place = (int(IDS[row]), int(time))
                if not math.isnan(value):
                    expected.setdefault(place, float(value))  # of two of one time the first
    if not expected:
        return
    store(history, sent)
    found = read_samples(history, [10, 20, 30], 0, 100)
    pairs = list(zip(found.point.tolist(), found.at_ms.tolist(), strict=True))
    assert pairs == sorted(expected)
    assert dict(zip(pairs, found.value.tolist(), strict=True)) == expected
    counted = count_stored(history)
    assert (counted.rows, counted.distinct) == (len(expected), len(expected))


def test_the_same_blocks_give_the_same_bytes(tmp_path: Path) -> None:
    sent = [block([0, 1], [1, 2], [[1.5, 2.5], [0.1, math.pi]]), block([2], [5], [[7]])]
    one = [path.read_bytes() for path in store(tmp_path / "a", sent)]
    assert len(one) == 2
    assert one == [path.read_bytes() for path in store(tmp_path / "b", sent)]


def test_merged_points_and_their_uneven_times_take_next_to_nothing(tmp_path: Path) -> None:
    seconds = np.cumsum(1 + (np.random.default_rng(1).random(20_000) < 0.05))  # one in 20 is late
    cells = np.zeros(8 * len(seconds), np.int32)
    part = Part(
        np.repeat(np.arange(1, 9, dtype=np.int32), len(seconds)),
        np.tile(1_700_000_000_000 + 1000 * seconds, 8),
        np.ones(len(cells), np.int8),
        cells,
    )
    with PartWriter(tmp_path / "merged", SCALED, merged=True) as writer:
        writer.add(part)
    group = pq.read_metadata(tmp_path / "merged").row_group(0)
    point, at_ms = (group.column(i).total_compressed_size / len(part) for i in (0, 1))
    assert point < 0.01
    assert at_ms < 0.2


@given(st.data())
def test_steps_lead_back_to_every_cell_from_any_row_group(drawn: st.DataObject) -> None:
    runs = drawn.draw(st.lists(st.lists(st.integers(-LARGEST, LARGEST), min_size=1, max_size=9)))
    every = drawn.draw(st.integers(1, 12))
    point = np.repeat(np.arange(len(runs), dtype=np.int32), [len(run) for run in runs])
    cell = np.array([one for run in runs for one in run], np.int32)
    steps = steps_of(point, cell, every)
    for begin in range(0, len(cell), every):
        alone = slice(begin, begin + every)
        np.testing.assert_array_equal(cells_of_steps(point[alone], steps[alone]), cell[alone])


def test_files_from_before_there_were_steps_are_read_and_become_steps(tmp_path: Path) -> None:
    times = np.arange(6, dtype=np.int64)
    before = pa.table(
        {
            "point": np.array([3, 3, 3, 5, 5, 5], np.int32),
            "at_ms": times % 3,
            "decimals": np.ones(6, np.int8),
            "scaled": np.array([11, -12, 13, 21, 22, 23], np.int32),
        }
    )
    folder = day_folder(tmp_path, 0, 0)
    folder.mkdir(parents=True)
    pq.write_table(before, folder / str(SegmentName("00000000", 1, 2, 0, 2)))
    later = Part(
        np.array([3, 5], np.int32), times[3:5], np.ones(2, np.int8), np.array([-14, 24], np.int32)
    )
    write_part(folder / str(SegmentName("00000000", 3, 4, 3, 4)), later, SCALED)
    for merges in (0, 1):
        if merges:
            assert keep(tmp_path, 1 << 50, at_once=True).merges == 1
        assert "damaged" not in {finding.kind for finding in verify(tmp_path).findings}
        read = read_samples(tmp_path, [3, 5], 0, 9).value.tolist()
        assert read == [1.1, -1.2, 1.3, -1.4, 2.1, 2.2, 2.3, 2.4]
    (path,) = folder.glob("*.parquet")
    assert pq.read_schema(path).names[-1] == "step"


def test_a_file_whose_disk_stops_reading_hides_itself_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, [block([0], [1, 2], [[0.5, 0.7]])])
    noise = (np.random.default_rng(2).integers(0, 1 << 30, 200_000) / 1000).tolist()
    (failing,) = store(tmp_path, [block([1], list(range(200_000)), [noise])], 10, 19)
    read_group = pq.ParquetFile.read_row_group

    def cut_short(file: pq.ParquetFile, group: int, **how: Any) -> pa.Table:
        # As a bad sector does: the file is open already, and its bytes are not to be had.
        if file.metadata.num_rows == len(noise):
            os.truncate(failing, 64)
        return read_group(file, group, **how)

    monkeypatch.setattr(pq.ParquetFile, "read_row_group", cut_short)
    assert read_samples(tmp_path, [10, 30], 0, 9).value.tolist() == [0.5, 0.7]


def test_samples_of_one_time_in_two_beats_are_stored_once_and_told() -> None:
    sent = [
        block([0], [5], [[1.0]]),
        block([0], [3, 5], [[2.0, 9.0]]),
        block([0, 1], [5, 7], [[0.25, 0.75], [1.0, 1.5]]),
    ]
    rows = sort_blocks(sent, IDS)
    assert (rows.scaled.at_ms.tolist(), rows.scaled.point.tolist()) == (
        [5, 7, 3, 5],
        [10, 10, 30, 30],
    )
    assert rows.scaled.cell.tolist() == [1000, 1500, 20, 10]
    assert (rows.others.at_ms.tolist(), rows.others.cell.tolist()) == ([7], [0.75])
    assert rows.doubled_rows.tolist() == [0, 0]


def test_segments_inside_a_merged_one_are_left_out(tmp_path: Path) -> None:
    for first, last in ((1, 9), (10, 19), (1, 19), (20, 29)):
        store(tmp_path, [block([0], [first], [[1.0]])], first, last)
    kept = segments(partition_folder(tmp_path, 0))
    assert [(s.name.first, s.name.last) for s in kept] == [(1, 19), (20, 29)]


def test_only_the_span_and_points_asked_for_are_read(tmp_path: Path) -> None:
    store(tmp_path, [block([0, 1], [1, 2, 3], [[1, 2, 3], [4, 5, 6]])])
    found = read_samples(tmp_path, [10], 2, 3)
    assert (found.at_ms.tolist(), found.value.tolist()) == ([2, 3], [5, 6])
    assert len(read_samples(tmp_path, [10], 4, 9)) == 0
    assert len(read_samples(tmp_path / "nowhere", [10], 0, 9)) == 0


def test_thinning_keeps_the_peaks() -> None:
    times = np.arange(1000)
    value = np.sin(times / 50.0)
    value[500], value[501] = 9.0, -9.0
    full = Columns(np.full(1000, 10, np.int32), times, value, np.zeros(1000, np.int8))
    thin = thinned(full, 0, 999, 40)
    assert len(thin) <= 42
    assert thin.value.max() == 9.0
    assert thin.value.min() == -9.0
    assert np.all(np.diff(thin.at_ms) > 0)
    assert thinned(full, 0, 999, 1000) is full
