"""A chart of any span: the right resolution, every peak, and no more places than asked for."""

from pathlib import Path

import numpy as np
import pytest

from guatu.telemetry.history.course import (
    course_of_rolled,
    course_of_samples,
    read_rolled,
    resolution_for,
)
from guatu.telemetry.history.export import Order, stock, stretches
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.read import EMPTY, Columns, Through, read_samples
from guatu.telemetry.history.rollup import WIDTHS
from tests.telemetry.test_keep import NOW_MS, SENT, STREAM, expected, store

SECOND, MINUTE, HOUR, DAY = 1000, 60_000, 3_600_000, 86_400_000


@pytest.mark.parametrize(
    ("span", "places", "chosen"),
    [
        (15 * MINUTE, 900, "raw"),
        (3 * HOUR, 900, "raw"),
        (8 * HOUR, 900, "minute"),
        (7 * DAY, 900, "minute"),
        (30 * DAY, 900, "hour"),
        (3650 * DAY, 900, "hour"),
        (2 * HOUR, 10, "hour"),
        (0, 900, "raw"),
    ],
)
def test_the_coarsest_resolution_that_shows_enough_is_chosen(
    span: int, places: int, chosen: str
) -> None:
    assert resolution_for(span, places) == chosen


def test_roll_ups_are_added_up_into_the_places_there_are(tmp_path: Path) -> None:
    for number in range(3):
        rows = {(3, (number * 400 + i) * MINUTE): float(i % 7) for i in range(400)}
        rows[3, (number * 400 + 17) * MINUTE] = 99.0
        store(tmp_path, number, rows)
    keep(tmp_path, NOW_MS, at_once=True)
    span = 1200 * MINUTE
    rolled = read_rolled(tmp_path, [3], 0, span - 1, "minute")
    assert len(rolled) == 1200
    course = course_of_rolled(rolled, MINUTE, span, 100)
    assert len(course) == 100
    assert course.width_ms == 12 * MINUTE
    assert course.count.sum() == 1200
    assert sorted(np.flatnonzero(course.high == 99.0).tolist()) == [1, 34, 68]
    assert np.all((course.low <= course.value) & (course.value <= course.high))


def test_samples_in_memory_are_part_of_the_roll_ups(tmp_path: Path) -> None:
    store(tmp_path, 0, {(3, 0): 1.0, (3, 1000): 3.0})
    newest = Columns(
        np.array([3, 3], np.int32),
        np.array([1000, 2000]),
        np.array([3.0, 8.0]),
        np.zeros(2, np.int8),
    )
    rolled = read_rolled(tmp_path, [3], 0, 5000, "minute", newest=newest)
    assert (rolled.count.tolist(), rolled.high.tolist(), rolled.last.tolist()) == (
        [3],
        [8.0],
        [8.0],
    )


def test_what_an_engine_still_holds_is_not_read_from_disk_and_other_streams_are(
    tmp_path: Path,
) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    through = {0: Through(STREAM, 20)}
    assert len(read_samples(tmp_path, [3, 5, 9], 0, DAY, through=through)) == len(
        expected(SENT[:2])
    )
    # A log made anew counts from one again; what was stored of the old one is all wanted.
    through = {0: Through("ffffffff", 5)}
    assert len(read_samples(tmp_path, [3, 5, 9], 0, DAY, through=through)) == len(expected(SENT))


def test_bad_samples_are_not_drawn() -> None:
    columns = Columns(
        np.full(3, 3, np.int32), np.arange(3), np.array([1.0, -9999.0, 2.0]),
        np.array([0, 64, 1], np.int8),
    )  # fmt: skip
    assert course_of_samples(columns, 0, 10, 900).value.tolist() == [1.0, 2.0]
    assert len(course_of_samples(EMPTY, 0, 10, 900)) == 0


@pytest.mark.parametrize("resolution", ["raw", "minute", "hour"])
@pytest.mark.parametrize("merged", [False, True])
def test_an_export_gives_all_there_is_point_after_point(
    *, tmp_path: Path, resolution: str, merged: bool
) -> None:
    sent = [
        {(p, d * DAY + i * 20 * MINUTE): d + i / 10 for p in (3, 5) for i in range(72)}
        for d in range(4)
    ]
    for number, rows in enumerate(sent):
        store(tmp_path, number, rows, day_ms=number * DAY)
    if merged:
        keep(tmp_path, NOW_MS, at_once=True)
    begin, end = 7 * HOUR, 3 * DAY
    found = list(stretches(tmp_path, Order([5, 3], begin, end, resolution)))
    assert [one.point for one in found] == sorted((one.point for one in found), reverse=True)
    wide = WIDTHS.get(resolution, 1)
    wanted = {
        at // wide * wide
        for _, at in expected(sent)
        if begin <= at <= end // wide * wide + wide - 1
    }
    times = np.concatenate([one.at_ms for one in found if one.point == 3])
    assert times.tolist() == sorted(wanted)
    assert sum(int(one.count.sum()) for one in found if one.point == 5) == sum(
        begin <= at <= (end // wide * wide + wide - 1) for p, at in expected(sent) if p == 5
    )


def test_the_stock_tells_files_rows_and_spans_of_each_day(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    (row,) = stock(tmp_path)
    assert (row.kind, row.period, row.files, row.rows) == ("raw", "1970-01-01", 6, 8)
    assert (row.from_ms, row.to_ms, row.damaged) == (500, 61_000, 0)
    keep(tmp_path, NOW_MS, at_once=True)
    found = {one.kind: one for one in stock(tmp_path)}
    assert (found["raw"].files, found["raw"].rows) == (2, 6)
    assert found["hour"].period == "1970-01"
    assert found["minute"].rows == 4
