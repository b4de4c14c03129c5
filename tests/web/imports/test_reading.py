"""Files as people bring them: every odd one is told what it is, and none breaks anything."""

import io
import zipfile
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from guatu.web.imports import reading
from guatu.web.imports.fields import WrongCellError, as_text, choice, figure, flag, whole
from guatu.web.imports.judging import find_headings, letter, read_rows
from guatu.web.imports.reading import UnreadableError, read_sheet
from guatu.web.imports.wording import file_sentence
from guatu.web.monitoring.point_columns import POINT
from tests.web.imports.sheets import HEADINGS, book, point


def refusal(content: bytes) -> str:
    with pytest.raises(UnreadableError) as refused:
        read_sheet(content)
    assert file_sentence(refused.value.code, refused.value.facts)
    return refused.value.code


def zipped(**files: bytes) -> bytes:
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in files.items():
            archive.writestr(name.replace("__", "/").replace("_dot_", "."), content)
    return file.getvalue()


def test_what_is_no_table_is_told_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    assert refusal(b"") == "empty"
    assert refusal(book([])) == "empty"
    assert refusal(bytes.fromhex("d0cf11e0a1b11ae1") + bytes(600)) == "old_or_locked"
    assert refusal(b"PK\x03\x04 cut short") == "damaged"
    assert refusal(book([HEADINGS, point(0)])[:-40]) == "damaged"
    assert refusal(zipped(readme_dot_txt=b"x")) == "no_workbook"
    assert refusal(bytes(range(256))) == "no_workbook"
    assert refusal(zipped(xl__workbook_dot_xml=b"<x/>", xl__vbaProject_dot_bin=b"x")) == "macros"
    assert refusal(zipped(xl__workbook_dot_xml=b"<not a workbook")) == "damaged"
    bomb = zipped(xl__workbook_dot_xml=bytes(reading.MOST_UNPACKED + 1))
    assert len(bomb) < 1 << 20
    assert refusal(bomb) == "too_large_unpacked"
    monkeypatch.setattr(reading, "MOST_ROWS", 3)
    assert refusal(book([HEADINGS, *(point(n) for n in range(9))])) == "too_many_rows"
    monkeypatch.setattr(reading, "MOST_BYTES", 100)
    assert refusal(bytes(101)) == "too_large"


@given(st.binary(max_size=400), st.booleans())
@settings(max_examples=200, deadline=None)
def test_no_bytes_break_the_reader(content: bytes, as_book: bool) -> None:  # noqa: FBT001
    with suppress(UnreadableError):
        read_sheet(b"PK\x03\x04" + content if as_book else content)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_a_table_as_text_is_read_like_a_workbook(encoding: str, delimiter: str) -> None:
    lines = [HEADINGS, *(point(n) for n in range(3))]
    text = "\r\n".join(
        delimiter.join("" if cell is None else str(cell) for cell in line) for line in lines
    )
    rows = [_values(content) for content in (text.encode(encoding), book(lines))]
    assert rows[0] == rows[1]
    assert rows[0][0]["physical_high"] == 1200


def _values(content: bytes) -> list[dict[str, Any]]:
    sheet = read_sheet(content)
    found = read_rows(sheet, find_headings(sheet, POINT), POINT)
    assert not [row.problems for row in found if row.problems]
    return [row.values for row in found]


def test_headings_are_known_in_any_order_language_case_and_below_a_title() -> None:
    head = ["Physical High", "CODE *", "所在地", "量程下限（°C）", "unit"]
    content = book([head, [10, "A.1", "昆明", 0, "A"]], above=[["表一"], [], ["单位：℃"]])
    sheet = read_sheet(content)
    found = find_headings(sheet, POINT)
    assert (found.row, list(found.unknown)) == (4, ["所在地"])
    assert found.columns == {"physical_high": 0, "code": 1, "physical_low": 3, "unit": 4}
    (row,) = read_rows(sheet, found, POINT)
    assert (row.number, row.values["code"], row.values["physical_high"]) == (5, "A.1", 10)


@pytest.mark.parametrize(
    ("head", "code"),
    [
        (["甲", "乙"], "no_headings"),
        (["单元", "测点名称"], "missing_columns"),
        (["测点编码", "编码", "单元"], "doubled_column"),
    ],
)
def test_headings_that_do_not_do_are_told(head: list[str], code: str) -> None:
    with pytest.raises(UnreadableError) as refused:
        find_headings(read_sheet(book([head, ["x"] * len(head)])), POINT)
    assert refused.value.code == code
    assert file_sentence(code, refused.value.facts)


def test_cells_are_taken_as_people_write_them() -> None:
    number = figure(low=-1000, high=1000, places=3, may_be_none=True)
    for typed, value in (
        (12.5, "12.5"), ("１２．５", "12.5"), (" −12.5 ", "-12.5"), ("1,000", "1000"), (3.0, "3"),
    ):  # fmt: skip
        assert str(number(typed)) in {value, f"{value}E+3", "1E+3"}, typed
    for typed in ("无", "-", "None"):
        assert number(typed) is None
    for typed in ("12.5m", "12,5", "1,00", "nan", "inf", True, "1e9", 0.0001):
        with pytest.raises(WrongCellError):
            number(typed)
    assert whole(0, 9)("３") == 3
    assert [flag(typed) for typed in ("是", "YES", 1.0, True, "否", "×", 0)] == [
        True, True, True, True, False, False, False
    ]  # fmt: skip
    assert choice({"模拟量": "analog"})(" 模拟量 ") == "analog"
    assert as_text(13812345678.0) == "13812345678"
    assert [letter(place) for place in (0, 25, 26, 701, 702)] == ["A", "Z", "AA", "ZZ", "AAA"]
