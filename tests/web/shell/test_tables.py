"""Tables as pages and as files."""

import io
import re
import zipfile
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any
from typing import cast as cast_to

import pytest
from django.http import FileResponse
from django.template import Context, Template
from django.test import RequestFactory
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from guatu.web.people.models import Organisation
from guatu.web.shell import spreadsheet
from guatu.web.shell.tables import Column, Table
from tests.cast import Cast


@dataclass(frozen=True)
class Row:
    name: str
    size: float | None


ROWS = [Row("b", 2.0), Row("a", None), Row("c", 1234.5), Row("<i>", -1.0)]
COLUMNS: list[Column[Row]] = [
    Column(key="name", label="Name", value=lambda r: r.name, sort="name"),
    Column(key="size", label="Size", value=lambda r: r.size, sort="size", unit="m", decimals=1),
    Column(key="fixed", label="Fixed", value=lambda _row: True),
]


def _table(query: str = "", **options: Any) -> Table[Row]:
    request = RequestFactory().get(f"/list/{query}")
    return Table(request, **{"columns": COLUMNS, "rows": ROWS, "name": "清单", **options})


def _html(table: Table[Any]) -> str:
    return Template("{% table table %}").render(Context({"table": table}))


def _names(table: Table[Row]) -> list[str]:
    return [row.name for row in table.page.object_list]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("", ["b", "a", "c", "<i>"]),
        ("?sort=name", ["<i>", "a", "b", "c"]),
        ("?sort=-name", ["c", "b", "a", "<i>"]),
        ("?sort=size", ["<i>", "b", "c", "a"]),
        ("?sort=-size", ["c", "b", "<i>", "a"]),
        ("?sort=fixed", ["b", "a", "c", "<i>"]),
        ("?sort=password", ["b", "a", "c", "<i>"]),
    ],
)
def test_rows_come_in_the_wanted_order_where_it_is_offered(query: str, names: list[str]) -> None:
    assert _names(_table(query)) == names


def test_a_sorted_heading_says_so_and_offers_the_reverse() -> None:
    name, size, fixed = _table("?sort=name&page=2&q=x", page_size=1).headings
    assert (name.direction, name.sort_url) == ("ascending", "?sort=-name&page=1&q=x")
    assert (size.direction, size.sort_url) == ("none", "?sort=size&page=1&q=x")
    assert fixed.sort_url == ""


@pytest.mark.parametrize(
    ("page", "names"),
    [("1", ["b", "a"]), ("2", ["c", "<i>"]), ("99", ["c", "<i>"]), ("x", ["b", "a"])],
)
def test_pages_hold_what_fits(page: str, names: list[str]) -> None:
    assert _names(_table(f"?page={page}", page_size=2)) == names


def test_a_page_escapes_what_it_shows_and_sets_figures_to_the_end() -> None:
    page = _html(_table())
    assert "&lt;i&gt;" in page
    assert "<i>" not in page
    assert 'class="num">1,234.5</td>' in page
    assert "–" in page


def test_two_tables_on_a_page_do_not_meet() -> None:
    query = "?first-sort=name&second-page=2"
    first, second = _table(query, prefix="first"), _table(query, prefix="second", page_size=2)
    assert _names(first)[0] == "<i>"
    assert _names(second) == ["c", "<i>"]
    assert first.element_id != second.element_id


def test_an_empty_table_says_so() -> None:
    assert "暂无数据" in _html(_table(rows=[]))
    assert "没有预警" in _html(_table(rows=[], empty="没有预警"))


def test_a_query_is_sorted_by_the_database(cast: Cast) -> None:
    table: Table[Organisation] = Table(
        RequestFactory().get("/?sort=-name"),
        name="单位",
        rows=Organisation.objects.all(),
        columns=[Column(key="name", label="名称", value=lambda o: o.name, sort="name")],
        page_size=3,
    )
    expected = sorted(Organisation.objects.values_list("name", flat=True), reverse=True)
    assert [o.name for o in table.page.object_list] == expected[:3]
    assert [line[0] for line in _opened(table)[1:]] == expected


def _put_away(file: FileResponse) -> None:
    """Close the file alone: closing the answer asks the database, which few tests here have."""
    assert file.file_to_stream is not None
    file.file_to_stream.close()


def _bytes(table: Table[Any]) -> bytes:
    wish = table.request.GET.copy()
    wish["export"] = "xlsx"
    table.request.GET = wish  # type: ignore[assignment]
    file = table.export()
    assert file is not None
    content = b"".join(cast_to("Iterable[bytes]", file.streaming_content))
    _put_away(file)
    return content


def _opened(table: Table[Any]) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(_bytes(table)))
    return book.get_sheet_by_index(0).to_python()


@pytest.mark.django_db
def test_a_file_holds_all_rows_in_the_wanted_order() -> None:
    assert _opened(_table("?sort=name", page_size=1)) == [
        ["Name", "Size (m)", "Fixed"],
        ["<i>", -1.0, "是"],
        ["a", "", "是"],
        ["b", 2.0, "是"],
        ["c", 1234.5, "是"],
    ]


def test_without_the_wish_there_is_no_file() -> None:
    assert _table("?export=csv").export() is None


@pytest.mark.django_db
def test_a_file_is_named_after_the_table() -> None:
    file = _table("?export=xlsx").export()
    assert file is not None
    assert "filename*=utf-8''%E6%B8%85%E5%8D%95-" in file["Content-Disposition"]
    _put_away(file)


DANGEROUS = [
    "=1+1",
    "+A1",
    "-2+3",
    "@SUM(A1)",
    "\t=1",
    '=HYPERLINK("http://x")',
    "http://x",
    "1e5",
    "{=1}",
]


@pytest.mark.django_db
@pytest.mark.parametrize("text", DANGEROUS)
def test_no_text_becomes_a_formula_or_a_link(text: str) -> None:
    content = _bytes(_table(rows=[Row(text, 1.0)]))
    with zipfile.ZipFile(io.BytesIO(content)) as parts:
        sheet = parts.read("xl/worksheets/sheet1.xml").decode()
    assert "<f>" not in sheet
    assert "<hyperlink" not in sheet
    cell = _opened(_table(rows=[Row(text, 1.0)]))[1][0]
    assert cell == text


@pytest.mark.parametrize(
    ("value", "seen"),
    [
        (datetime(2026, 11, 23, 6, 52, 8, tzinfo=UTC), datetime(2026, 11, 23, 14, 52, 8)),  # noqa: DTZ001 - Excel knows no zones
        (date(2026, 11, 23), date(2026, 11, 23)),
        (Decimal("1382.6"), 1382.6),
        (10**17 + 1, "100000000000000001"),
        (float("nan"), "nan"),
        (None, ""),
        (False, "否"),
        ("x" * 40_000, "x" * 32_767),
    ],
)
def test_a_value_arrives_as_what_it_is(value: object, seen: object) -> None:
    file = spreadsheet.write(name="a", headings=["v", "end"], lines=[[value, "."]])
    with file:
        rows = CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python()
    assert rows[1] == [seen, "."]


def test_a_column_is_as_wide_as_its_first_rows_need() -> None:
    at = datetime(2026, 11, 23, 6, 52, 8, 250_000, tzinfo=UTC)
    lines = [[at, "结晶器进水压力", 1, "x" * 900]]
    with spreadsheet.write(name="a", headings=["t", "p", "v", "w"], lines=lines) as file:
        book = zipfile.ZipFile(file)
        sheet = book.read("xl/worksheets/sheet1.xml").decode()
        styles = book.read("xl/styles.xml").decode()
    widths = [float(width) for width in re.findall(r' width="([\d.]+)"', sheet)]
    # Excel shows a moment that does not fit as ########.
    assert widths[0] >= len("2026-11-23 14:52:08.250")
    assert widths[1] >= 14
    assert widths[2] >= 12
    assert 40 < widths[3] < 60
    assert "hh:mm:ss.000" in styles


@given(st.text(max_size=60))
def test_no_name_of_a_table_breaks_its_file(name: str) -> None:
    with spreadsheet.write(name=name, headings=["a"], lines=[["b"]]) as file:
        assert CalamineWorkbook.from_filelike(file).get_sheet_by_index(0).to_python() == [
            ["a"],
            ["b"],
        ]
