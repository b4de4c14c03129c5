"""A plant's point table and limits from Excel: tried, imported, brought again, undone."""

import io
import threading
from decimal import Decimal
from typing import Any

import openpyxl
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connections
from django.test import Client

from guatu.web.imports import actions
from guatu.web.imports.annotate import annotated, wrong_rows
from guatu.web.imports.judging import letter
from guatu.web.imports.kinds import kind_of
from guatu.web.imports.models import Import, ImportedRow, Stage
from guatu.web.imports.wording import cell_sentence
from guatu.web.monitoring.models import LimitVersion, Outbox, Plant, Point, Slot
from guatu.web.people.models import User
from tests.cast import Cast
from tests.web.imports.sheets import HEADINGS, book, point
from tests.web.monitoring.conftest import NOON, Line, line  # noqa: F401 - a fixture

TITLE = [["安宁示范铝业测点表"], ["填表日期：2026-11-27"]]


def bring(user: User, plant: Plant, content: bytes, kind: str = "points") -> Import:
    found = kind_of(kind)
    assert found is not None
    target = found.target(plant.pk, user)
    return actions.try_file(
        found, target, content=content, filename="测点表.xlsx", by=user, at=NOON
    )


def outcomes(of: Import) -> dict[str, int]:
    counts: dict[str, int] = {}
    for outcome in of.rows.values_list("outcome", flat=True):
        counts[outcome] = counts.get(outcome, 0) + 1
    return counts


# What is wrong, in which column, and the problem that must be told there.
PLANTED: list[tuple[dict[str, Any], str, str]] = [
    ({"code": "F1 T"}, "code", "no_code"),
    ({"code": None}, "code", "missing"),
    ({"code": "X" * 81}, "code", "too_long"),
    ({"unit": None}, "unit", "missing"),
    ({"name": "名" * 121}, "name", "too_long"),
    ({"kind": "模拟"}, "kind", "no_choice"),
    ({"low": "零"}, "physical_low", "no_figure"),
    ({"high": None}, "physical_high", "missing"),
    ({"low": 2000}, "physical_high", "range"),
    ({"high": "1e99"}, "physical_high", "out_of_range"),
    ({"low": 0.12345678}, "physical_low", "too_exact"),
    ({"decimals": 12}, "decimals", "out_of_range"),
    ({"decimals": 1.5}, "decimals", "too_exact"),
    ({"sampling": 0}, "sampling_s", "out_of_range"),
    ({"core": "也许"}, "core", "no_flag"),
    ({"L": "低"}, "L", "no_figure"),
    ({"H": 5000}, "H", "limit"),
    ({"HH": 800}, "HH", "limit"),
    ({"L": 950}, "L", "limit"),
    ({"deadband": -1}, "deadband", "out_of_range"),
    ({"deadband": 2000}, "deadband", "limit"),
    ({"on_delay": 999_999}, "on_delay_s", "out_of_range"),
    ({"missing": 0}, "missing_s", "out_of_range"),
    ({"missing": "很久"}, "missing_s", "no_figure"),
    ({"measure": "很长的计量单位很长的计量单位很长的计量单位"}, "measure", "too_long"),
]


def table_with_errors(rows: int, errors: int) -> tuple[bytes, dict[int, tuple[str, str]]]:
    """A table whose errors are known: row of the sheet, column and problem."""
    lines: list[list[Any]] = []
    planted: dict[int, tuple[str, str]] = {}
    every = rows // errors
    for number in range(rows):
        row = point(number)
        if number % every == every // 2 and len(planted) < errors:
            changes, name, code = PLANTED[len(planted) % len(PLANTED)]
            row = point(number, **changes)
            planted[number + len(TITLE) + 2] = name, code
        lines.append(row)
    return book([HEADINGS, *lines], above=TITLE), planted


def test_of_2000_rows_each_of_50_errors_is_named_at_its_cell_and_the_rest_goes_in(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    content, planted = table_with_errors(2000, 50)
    assert len(planted) == 50
    tried = bring(cast.duty_officer, line.plant, content)
    assert outcomes(tried) == {"new": 1950, "wrong": 50}
    assert not Point.objects.filter(code="F1.T0").exists()
    told = {row.number: row.problems for row in tried.rows.filter(outcome="wrong")}
    for number, (name, code) in planted.items():
        assert (name, code) in {(one["name"], one["code"]) for one in told[number]}, number
        for one in told[number]:
            assert cell_sentence(one["code"], one["facts"])
    assert told.keys() == planted.keys()
    before = Outbox.objects.count()
    done, once = actions.import_rows(tried.pk, why="新装测点", by=cast.duty_officer, at=NOON)
    assert (done.stage, once) == (Stage.DONE, [])
    assert Point.objects.filter(unit__plant=line.plant, code__startswith="F").count() == 1950
    # The plant's whole configuration goes to the engine once, not once a row.
    assert Outbox.objects.count() == before + 1
    made = Point.objects.get(code="F1.T0")
    assert (made.core, made.decimals, int(made.physical_high)) == (True, 1, 1200)
    limits = {v.slot: v for v in LimitVersion.objects.current().filter(point=made)}
    assert {Slot(s).name: v.value for s, v in limits.items()} == {
        "L": 100, "H": 900, "HH": Decimal("1000.5"), "MISSING": 30
    }  # fmt: skip
    high = limits[Slot.H]
    assert (int(high.deadband), int(high.on_delay_s), high.why) == (2, 3, "新装测点")


def test_the_annotated_copy_marks_each_cell_and_keeps_the_rest(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    content, planted = table_with_errors(200, 25)
    tried = bring(cast.duty_officer, line.plant, content)
    sheet: Any = openpyxl.load_workbook(io.BytesIO(annotated(tried, wrong_rows(tried)))).active
    original: Any = openpyxl.load_workbook(io.BytesIO(content)).active
    beside = original.max_column + 1
    for row in range(1, original.max_row + 1):
        for place in range(1, beside):
            assert sheet.cell(row, place).value == original.cell(row, place).value
    marked = {
        (cell.row, cell.column) for cells in sheet.iter_rows() for cell in cells if cell.comment
    }
    for number, (name, _code) in planted.items():
        place = tried.columns[name]
        assert (number, place + 1) in marked
        assert sheet.cell(number, place + 1).fill.fgColor.rgb == "00FFC7CE"
        assert f"{letter(place)}{number}" in sheet.cell(number, beside).value
    assert {row for row, _ in marked} == planted.keys()


def test_brought_again_it_mends_what_is_there_and_is_undone_as_a_whole(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    officer = cast.duty_officer
    first = bring(officer, line.plant, book([HEADINGS, *(point(n) for n in range(6))]))
    actions.import_rows(first.pk, why="新装", by=officer, at=NOON)
    again = [
        point(0),
        point(1, name="改名", H=850),
        point(2, LL=50, HH="无"),
        point(3, measure=""),
        point(4, unit="F9"),
        point(9),
    ]
    second = bring(officer, line.plant, book([HEADINGS, *again]))
    rows = {row.key: row for row in second.rows.all()}
    assert [rows[f"F1.T{n}"].outcome for n in (0, 1, 2, 3, 4, 9)] == [
        "same", "changed", "changed", "same", "wrong", "new"
    ]  # fmt: skip
    assert rows["F1.T1"].changes == [["name", "炉温1", "改名"], ["H", "900", "850"]]
    assert ["HH", "1,000.5", ""] in rows["F1.T2"].changes
    assert rows["F1.T4"].problems[0]["code"] == "stays"
    actions.import_rows(second.pk, why="调整", by=officer, at=NOON)
    changed = Point.objects.get(code="F1.T1")
    assert changed.name == "改名"
    current = LimitVersion.objects.current()
    assert current.get(point=changed, slot=Slot.H).value == 850
    assert current.get(point__code="F1.T2", slot=Slot.HH).value is None
    actions.undo_import(second.pk, by=officer, at=NOON)
    assert Point.objects.get(code="F1.T1").name == "炉温1"
    assert current.get(point=changed, slot=Slot.H).value == 900
    assert current.get(point__code="F1.T2", slot=Slot.HH).value == Decimal("1000.5")
    assert Point.objects.get(code="F1.T9").retired_at == NOON
    # The same file again: what was undone is new to it again, as a point that comes back into use.
    third = bring(officer, line.plant, book([HEADINGS, point(9)]))
    assert third.rows.get().outcome == "changed"


def test_what_others_changed_since_is_not_undone(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    officer = cast.duty_officer
    tried = bring(officer, line.plant, book([HEADINGS, point(0), point(1)]))
    actions.import_rows(tried.pk, why="新装", by=officer, at=NOON)
    Point.objects.filter(code="F1.T1").update(name="别人改的")
    with pytest.raises(actions.RefusedError) as refused:
        actions.undo_import(tried.pk, by=officer, at=NOON)
    assert (refused.value.code, refused.value.facts["keys"]) == ("changed_since", "F1.T1")
    assert Point.objects.get(code="F1.T0").retired_at is None


def test_what_changed_between_trying_and_importing_is_shown_first(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    officer = cast.duty_officer
    tried = bring(officer, line.plant, book([HEADINGS, point(0)]))
    other = bring(officer, line.plant, book([HEADINGS, point(0, H=800)]))
    actions.import_rows(other.pk, why="新装", by=officer, at=NOON)
    with pytest.raises(actions.RefusedError) as refused:
        actions.import_rows(tried.pk, why="新装", by=officer, at=NOON)
    assert refused.value.code == "changed_meanwhile"
    actions.try_again(tried.pk, by=officer, at=NOON)
    assert tried.rows.get().changes == [["H", "800", "900"]]
    actions.import_rows(tried.pk, why="新装", by=officer, at=NOON)
    with pytest.raises(actions.RefusedError) as refused:
        actions.import_rows(tried.pk, why="新装", by=officer, at=NOON)
    assert refused.value.code == "done_already"


def test_a_plant_tightens_its_limits_by_excel_and_asks_before_it_loosens(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    flow = line.points["inlet_flow"]
    assert flow.core
    current = {
        Slot(v.slot).name: v.value for v in LimitVersion.objects.current().filter(point=flow)
    }
    low = current["L"]
    assert low is not None
    head = ("测点编码", "低限")
    loose = bring(
        cast.plant_officer, line.plant, book([head, (flow.code, float(low) - 1)]), "limits"
    )
    assert [one["code"] for one in loose.rows.get().problems] == ["needs_consent"]
    tight = bring(
        cast.plant_officer, line.plant, book([head, (flow.code, float(low) + 1)]), "limits"
    )
    actions.import_rows(tight.pk, why="从严", by=cast.plant_officer, at=NOON)
    held = LimitVersion.objects.current().get(point=flow, slot=Slot.L)
    assert (held.value, held.changed_by, held.why) == (low + 1, cast.plant_officer, "从严")
    bureau = bring(
        cast.duty_officer, line.plant, book([head, (flow.code, float(low) - 1)]), "limits"
    )
    assert bureau.rows.get().outcome == "changed"
    unknown = bring(cast.duty_officer, line.plant, book([head, ("NO.SUCH", 1)]), "limits")
    assert unknown.rows.get().problems[0]["code"] == "no_point"


@pytest.mark.django_db(transaction=True)
def test_one_file_imported_from_two_windows_at_once_is_imported_once(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
) -> None:
    tried = bring(cast.duty_officer, line.plant, book([HEADINGS, point(0), point(1)]))
    start, ended = threading.Barrier(3), []

    def press() -> None:
        try:
            start.wait(10)
            actions.import_rows(tried.pk, why="新装", by=cast.duty_officer, at=NOON)
            ended.append("done")
        except actions.RefusedError as refused:
            ended.append(refused.code)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=press) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert sorted(ended) == ["done", "done_already", "done_already"]
    assert Point.objects.filter(code__startswith="F1.T").count() == 2


def test_the_pages_bring_look_import_mark_and_undo(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
    client: Client,
) -> None:
    client.force_login(cast.duty_officer)
    url = f"/imports/points/?target={line.plant.pk}"
    assert "测点编码" in client.get(url).text
    file = SimpleUploadedFile("a/测点表.xlsx", book([HEADINGS, point(0), point(1, core="?")]))
    answer = client.post(url, {"file": file}, follow=True)
    page = answer.request["PATH_INFO"]
    assert "尚未写入" in answer.text
    of = Import.objects.get()
    assert of.filename == "测点表.xlsx"
    marked = client.get(f"{page}annotated/")
    assert openpyxl.load_workbook(io.BytesIO(marked.content)).active is not None
    only_new = client.get(f"{page}?outcome=new").text
    assert ("F1.T0" in only_new, "F1.T1" in only_new) == (True, False)
    refused = client.post(f"{page}do/import/", {"why": ""}, follow=True)
    assert "请说明原因" in refused.text
    client.post(f"{page}do/import/", {"why": "新装"})
    assert Point.objects.filter(code="F1.T0", retired_at=None).exists()
    client.post(f"{page}do/undo/")
    assert Import.objects.get().stage == Stage.UNDONE
    client.force_login(cast.outsider)
    for path in (page, f"{page}annotated/", url):
        assert client.get(path).status_code == 404
    assert client.post(f"{page}do/undo/").status_code == 404
    client.force_login(cast.plant_officer)
    assert client.get(url).status_code == 403
    assert ImportedRow.objects.count() == 2


def test_the_template_is_taken_back_as_it_is(
    cast: Cast,
    line: Line,  # noqa: F811 - the fixture
    client: Client,
) -> None:
    client.force_login(cast.duty_officer)
    query = f"?target={line.plant.pk}"
    given = client.get(f"/imports/points/template/{query}").content
    empty = client.post(f"/imports/points/{query}", {"file": SimpleUploadedFile("t.xlsx", given)})
    assert (empty.status_code, "没有内容" in empty.text) == (422, True)
    filled = openpyxl.load_workbook(io.BytesIO(given))
    sheet: Any = filled.worksheets[0]
    at = {cell.value: cell.column for cell in sheet[1]}
    given_cells = {"测点编码": "N.1", "生产单元编码": "N", "量程下限": 0, "量程上限": 10}
    for heading, value in given_cells.items():
        sheet.cell(2, at[heading], value)
    file = io.BytesIO()
    filled.save(file)
    brought = SimpleUploadedFile("t.xlsx", file.getvalue())
    client.post(f"/imports/points/{query}", {"file": brought})
    assert ImportedRow.objects.get().outcome == "new"
