"""The queries of docs/history.md do what it says."""

import re
from datetime import UTC
from pathlib import Path

import duckdb

from guatu.telemetry.history.keep import keep
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
