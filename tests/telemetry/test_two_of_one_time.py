"""Of two samples of one point and time one rule says which stays, whatever was cut and merged."""

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from guatu.telemetry.cells import cells_of
from guatu.telemetry.history import plan
from guatu.telemetry.history.keep import Kept, _Partition
from guatu.telemetry.history.layout import SegmentName, day_folder
from guatu.telemetry.history.read import count_stored, read_samples
from guatu.telemetry.history.sort import Block, Marked, sort_blocks
from guatu.telemetry.history.write import OTHERS, SCALED, write_part

IDS = np.array([30, 10], np.int32)
DECIMALS = np.array([1, 3], np.int8)
GOOD, UNCERTAIN, BAD = 0, 1, 64

Sample = tuple[float, int]
Beat = dict[tuple[int, int], Sample]
"""Value and quality by row and time."""

# Tenths are scaled at one point and thousandths at the other; a third is scaled nowhere.
values = st.sampled_from([1.5, 2.0, 0.125, 1 / 3, 2 / 3])
samples = st.tuples(values, st.sampled_from([GOOD, GOOD, UNCERTAIN, BAD, BAD + 1]))
beats = st.dictionaries(st.tuples(st.integers(0, 1), st.integers(0, 4)), samples, min_size=1)
logs = st.lists(beats, min_size=1, max_size=8)


def block(beat: Beat) -> Block:
    """Lay a beat out as the engine keeps it: what is not good stands apart."""
    rows = np.array(sorted({row for row, _ in beat}), np.int32)
    times = np.array(sorted({at for _, at in beat}), np.int64)
    table = np.full((len(rows), len(times)), math.nan)
    marked = []
    for (row, at), (value, quality) in sorted(beat.items()):
        if quality == GOOD:
            table[np.searchsorted(rows, row), np.searchsorted(times, at)] = value
        else:
            marked.append((row, at, quality, value))
    cells, order = cells_of(times, table, DECIMALS[rows])
    columns = [np.array(column) for column in zip(*marked, strict=True)]
    kinds = (np.int32, np.int64, np.int8, np.float64)
    apart = Marked(*(c.astype(k) for c, k in zip(columns, kinds, strict=True))) if marked else None
    return Block(1, 7, rows[order], cells, apart)


def store(history: Path, first: int, cut: list[Beat]) -> None:
    rows = sort_blocks([block(beat) for beat in cut], IDS)
    folder = day_folder(history, 0, 0)
    folder.mkdir(parents=True, exist_ok=True)
    for part, schema in ((rows.scaled, SCALED), (rows.others, OTHERS)):
        if len(part):
            last = first + len(cut) - 1
            name = SegmentName("0000000a", first, last, *rows.span_ms, schema is OTHERS)
            write_part(folder / str(name), part, schema)


def that_stay(log: list[Beat]) -> dict[tuple[int, int], Sample]:
    """The rule, told once more: a usable one before a bad one, then the one logged first."""
    kept: dict[tuple[int, int], Sample] = {}
    for beat in log:
        for (row, at), sample in beat.items():
            place = int(IDS[row]), at
            if place not in kept or (kept[place][1] >= BAD and sample[1] < BAD):
                kept[place] = sample
    return kept


def read(history: Path) -> dict[tuple[int, int], Sample]:
    found = read_samples(history, IDS.tolist(), 0, 10)
    places = zip(found.point.tolist(), found.at_ms.tolist(), strict=True)
    said = zip(found.value.tolist(), found.quality.tolist(), strict=True)
    pairs = list(zip(places, said, strict=True))
    assert len(dict(pairs)) == len(pairs)
    return dict(pairs)


def merge(history: Path, begin: int, size: int) -> None:
    """Merge neighbours, as the keeper does; it may choose any."""
    (day,) = plan.days_of(history, 0)
    begin %= len(day.units)
    _Partition(history, 0, Kept(), 0)._merge(day.name, day.units[begin : begin + size])


@given(
    logs,
    st.lists(st.integers(1, 4), min_size=8, max_size=8),
    st.lists(st.tuples(st.integers(0, 7), st.integers(1, 4)), max_size=5),
)
# Each example writes many files: shrinking one would take minutes.
@settings(max_examples=60, deadline=None, phases=set(Phase) - {Phase.shrink})
def test_any_cuts_and_merges_of_the_same_log_say_the_same(
    tmp_path_factory: pytest.TempPathFactory,
    log: list[Beat],
    cuts: list[int],
    merges: list[tuple[int, int]],
) -> None:
    history, first = tmp_path_factory.mktemp("history"), 0
    for size in cuts:
        if log[first : first + size]:
            store(history, first + 1, log[first : first + size])
            first += size
    stay = that_stay(log)
    assert read(history) == stay
    for begin, size in merges:
        merge(history, begin, size)
        assert read(history) == stay
    merge(history, 0, len(log))
    assert read(history) == stay
    stored = count_stored(history)
    assert (stored.rows, stored.distinct) == (len(stay), len(stay))


@pytest.mark.parametrize(
    ("first", "second", "stays"),
    [
        pytest.param((1.5, GOOD), (2.0, GOOD), (1.5, GOOD), id="sent again otherwise"),
        pytest.param((1 / 3, GOOD), (2.0, GOOD), (1 / 3, GOOD), id="the first cannot be scaled"),
        pytest.param((1.5, UNCERTAIN), (2.0, GOOD), (1.5, UNCERTAIN), id="the first was judged"),
        pytest.param((1.5, BAD), (2.0, GOOD), (2.0, GOOD), id="bad, then right"),
        pytest.param((1.5, BAD), (2.0, UNCERTAIN), (2.0, UNCERTAIN), id="bad, then usable"),
        pytest.param((1.5, GOOD), (2.0, BAD), (1.5, GOOD), id="right, then bad"),
        pytest.param((1.5, BAD), (2.0, BAD + 1), (1.5, BAD), id="both bad"),
    ],
)
def test_a_usable_sample_stays_before_a_bad_one_and_then_the_first(
    tmp_path: Path, first: Sample, second: Sample, stays: Sample
) -> None:
    log = [{(0, 3): first}, {(0, 3): second, (1, 3): (1.5, GOOD)}]
    expected = {(30, 3): stays, (10, 3): (1.5, GOOD)}
    store(tmp_path / "one cut", 1, log)
    assert read(tmp_path / "one cut") == expected
    for number, beat in enumerate(log):
        store(tmp_path / "two cuts", number + 1, [beat])
    assert read(tmp_path / "two cuts") == expected
    merge(tmp_path / "two cuts", 0, 2)
    assert read(tmp_path / "two cuts") == expected
