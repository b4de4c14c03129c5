"""History as a file: the same rows whatever the form, and a sentence where a form cannot."""

import csv
import io
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from django.utils import translation
from python_calamine import CalamineWorkbook

from guatu.telemetry.history.export import Stretch
from guatu.telemetry.query import Export
from guatu.web.monitoring import doors, exports
from guatu.web.monitoring.exports import TooLongForExcelError, Wanted
from guatu.web.shell import spreadsheet
from tests.web.monitoring.conftest import NOON, Line, ms

pytestmark = pytest.mark.django_db


def stretch(point: int, count: int = 3) -> Stretch:
    at = ms(NOON) + 1000 * np.arange(count)
    value = np.arange(count, dtype=np.float64) + 0.5
    quality = np.array([0, 2, 64] + [0] * (count - 3), np.int8)
    return Stretch(point, at, value, quality, value - 1, value + 1, value, np.full(count, 60))


@pytest.fixture
def history(monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    asked: list[Any] = []

    def export(ids: list[int], start: Any, end: Any, resolution: str) -> Export:
        asked.append((ids, start, end, resolution))
        found: Iterator[Stretch] = (stretch(pk) for pk in ids)
        return Export(stretches=found, has_newest=True)

    monkeypatch.setattr(doors, "export", export)
    return asked


def wanted(line: Line, resolution: str = "raw") -> Wanted:
    points = [line.points["inlet_flow"], line.points["unit_state"]]
    return Wanted(points=points, start=NOON, end=NOON + timedelta(hours=1), resolution=resolution)


def test_a_csv_file_tells_each_sample_in_the_readers_words(line: Line, history: list[Any]) -> None:
    told: list[tuple[int, int]] = []
    with translation.override("zh-hans"):
        text = b"".join(exports.write_csv(wanted(line), lambda *n: told.append(n))).decode()
    assert text.startswith("\ufeff企业,测点编码")
    rows = list(csv.reader(io.StringIO(text.removeprefix("\ufeff"))))
    flow = line.points["inlet_flow"]
    assert rows[1] == [
        "YN-AN-001", flow.code, flow.name, flow.measure,
        "2026-11-23T12:00:00.000+08:00", "0.5", "0",
    ]  # fmt: skip
    assert len(rows) == 7
    assert told[-1] == (2, 2)
    assert history[0][3] == "raw"


def test_a_parquet_file_keeps_times_and_figures_exactly(line: Line, history: list[Any]) -> None:
    file = io.BytesIO()
    exports.write_parquet(wanted(line, "minute"), file)
    table = pq.read_table(io.BytesIO(file.getvalue()))
    assert table.column_names[4:] == ["time", "mean", "low", "high", "last", "count"]
    assert table.num_rows == 6
    assert table["time"][0].as_py() == NOON
    assert table["high"].to_pylist()[:3] == [1.5, 2.5, 3.5]


def test_an_excel_file_holds_moments_figures_and_words(line: Line, history: list[Any]) -> None:
    with translation.override("zh-hans"), exports.write_xlsx(wanted(line)) as file:
        sheet = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert len(sheet) == 7
    assert sheet[1][5:] == [0.5, "正常"]
    assert [row[6] for row in sheet[2:4]] == ["人工置数", "坏值"]
    assert str(sheet[1][4]) == "2026-11-23 12:00:00"


def test_what_excel_cannot_hold_is_said_before_it_is_written(
    line: Line, history: list[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(spreadsheet, "MAX_ROWS", 100)
    with translation.override("zh-hans"), pytest.raises(TooLongForExcelError) as refused:
        exports.write_xlsx(wanted(line))
    assert "360" in str(refused.value)
    assert "CSV" in str(refused.value)


def test_a_name_that_looks_like_a_formula_is_text(
    line: Line, history: list[Any], tmp_path: Path
) -> None:
    line.points["inlet_flow"].name = "=1+1"
    text = b"".join(exports.write_csv(wanted(line))).decode()
    assert ",'=1+1," in text
