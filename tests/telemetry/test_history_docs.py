"""The queries of docs/history.md do what it says."""

import re
from datetime import UTC
from pathlib import Path

import duckdb
import numpy as np

from guatu.telemetry.cells import LARGEST
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import SegmentName, day_folder
from guatu.telemetry.history.read import read_samples
from guatu.telemetry.history.sort import Part
from guatu.telemetry.history.write import ROW_GROUP, SCALED, PartWriter
from tests.telemetry.test_keep import NOW_MS, SENT, expected, quality, store

DOCS = Path(__file__).resolve().parents[2] / "docs" / "history.md"


def queries(history: Path) -> list[str]:
    found = re.findall(r"```sql\n(.*?)```", DOCS.read_text(), re.DOTALL)
    return [query.replace("'history/", f"'{history}/") for query in found]


def test_the_examples_read_samples_and_hours(tmp_path: Path) -> None:
    for number, rows in enumerate(SENT):
        store(tmp_path, number, rows)
    keep(tmp_path, NOW_MS, at_once=True)
    samples, hours = queries(tmp_path)
    with duckdb.connect() as connection:
        found_samples = connection.execute(samples).fetchall()
        found_hours = connection.execute(hours).fetchall()
    usable = {at: v for at, v in expected(SENT).items() if quality(v) < 64}
    assert {
        (p, round(at.replace(tzinfo=UTC).timestamp() * 1000)): v for p, at, v in found_samples
    } == {place: value for place, value in usable.items() if place[0] in {3, 5}}
    assert [(row[0], row[5]) for row in found_hours] == [
        (point, sum(p == point for p, _ in usable)) for point in (3, 5, 9)
    ]
    lows = {point: min(v for (p, _), v in usable.items() if p == point) for point in (3, 5, 9)}
    assert {row[0]: row[2] for row in found_hours} == lows


def test_the_example_follows_steps_over_row_groups_and_the_whole_range(tmp_path: Path) -> None:
    point = np.repeat(np.array([3, 5], np.int32), ROW_GROUP - 7)
    cell = np.random.default_rng(4).integers(-LARGEST, LARGEST, len(point)).astype(np.int32)
    cell[:3] = LARGEST, -LARGEST, LARGEST
    at_ms = np.tile(np.arange(ROW_GROUP - 7), 2)
    folder = day_folder(tmp_path, 0, 0)
    folder.mkdir(parents=True)
    part = Part(point, at_ms, np.full(len(point), 2, np.int8), cell)
    for merged in (False, True):
        path = folder / str(SegmentName("00000000", 1, 2, 0, ROW_GROUP))
        with PartWriter(path, SCALED, merged=merged) as writer:
            writer.add(part)
        samples = queries(tmp_path)[0].partition("UNION ALL")[0] + "ORDER BY point, moment"
        with duckdb.connect() as connection:
            found = connection.execute(samples).fetchnumpy()
        np.testing.assert_array_equal(found["point"], point)
        np.testing.assert_array_equal(found["value"], cell / 100)
        read = read_samples(tmp_path, [3, 5], 0, ROW_GROUP)
        np.testing.assert_array_equal(read.value, cell / 100)


def test_every_column_and_variable_named_is_there(tmp_path: Path) -> None:
    store(tmp_path, 0, SENT[0])
    keep(tmp_path, NOW_MS, at_once=True)
    text = DOCS.read_text()
    for path in tmp_path.rglob("*.parquet"):
        for column in duckdb.read_parquet(str(path), hive_partitioning=False).columns:
            assert f"`{column}`" in text, column
    settings = (DOCS.parents[1] / "src/guatu/telemetry/settings.py").read_text()
    for name in re.findall(r"`(GUATU_KEEP\w+)`", text):
        assert f'"{name}"' in settings
