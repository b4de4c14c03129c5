"""Files given back: the very one that was brought, with what is wrong marked in it; templates."""

from __future__ import annotations

import io
from collections.abc import Iterable, Sequence
from typing import Any, Final

import openpyxl
import xlsxwriter
from django.utils.translation import gettext as _
from openpyxl.comments import Comment
from openpyxl.styles import Font, PatternFill
from openpyxl.utils import get_column_letter

from guatu.web.imports.fields import Field
from guatu.web.imports.models import Import, ImportedRow, Outcome
from guatu.web.imports.reading import read_sheet
from guatu.web.imports.wording import cell_sentence

_WRONG = PatternFill("solid", fgColor="FFC7CE")
_FORMULA: Final = ("=", "+", "-", "@", "\t", "\r")
CHOICES_TO_ROW: Final = 2000


def annotated(of: Import, rows: Iterable[ImportedRow]) -> bytes:
    """Give the file with every wrong cell coloured and commented, and a column that sums up.

    Of a workbook everything else stays as it was; a CSV becomes a workbook.

    Args:
        of: the import.
        rows: those with problems.
    """
    content = bytes(of.content)
    if content.startswith(b"PK"):
        book = openpyxl.load_workbook(io.BytesIO(content))
        sheet: Any = book[of.sheet] if of.sheet in book.sheetnames else book.worksheets[0]
    else:
        book = openpyxl.Workbook()
        sheet = book.active
        for line in read_sheet(content).rows:
            sheet.append([_safe(cell) for cell in line])
    beside = sheet.max_column + 1
    heading = sheet.cell(of.heading_row, beside, _("To be mended"))
    heading.font = Font(bold=True)
    sheet.column_dimensions[get_column_letter(beside)].width = 60
    for row in rows:
        told = []
        for problem in row.problems:
            said = cell_sentence(problem["code"], problem["facts"])
            place = of.columns.get(problem["name"])
            if place is not None:
                cell = sheet.cell(row.number, place + 1)
                if type(cell).__name__ != "MergedCell":
                    cell.fill = _WRONG
                    cell.comment = Comment(said, "Guatu")
                said = f"{get_column_letter(place + 1)}{row.number}: {said}"
            told.append(said)
        sheet.cell(row.number, beside, "\n".join(told)).fill = _WRONG
    file = io.BytesIO()
    book.save(file)
    return file.getvalue()


def _safe(cell: object) -> object:
    """Text that looks like a formula must stay text when somebody opens the file."""
    return f"'{cell}" if isinstance(cell, str) and cell.startswith(_FORMULA) else cell


def template(name: str, fields: Sequence[Field]) -> bytes:
    """Give an empty table: headings, lists to choose from, and a sheet of what belongs where.

    Args:
        name: of the sheet.
        fields: its columns.
    """
    file = io.BytesIO()
    book = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet, notes = book.add_worksheet(name[:31]), book.add_worksheet(_("Notes"))
    bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
    needed = book.add_format({"bold": True, "bottom": 1, "bg_color": "#FFF2CC", "text_wrap": True})
    wrapped = book.add_format({"text_wrap": True, "valign": "top"})
    sheet.freeze_panes(1, 0)
    for place, heading in enumerate((_("Column"), _("Needed"), _("What belongs there"))):
        notes.write_string(0, place, heading, bold)
    notes.set_column(0, 1, 16)
    notes.set_column(2, 2, 80)
    for place, one in enumerate(fields):
        label = str(one.label)
        sheet.write_string(0, place, label, needed if one.required else bold)
        sheet.set_column(place, place, max(10, 2.2 * len(label)))
        if one.choices:
            source = [str(word) for word in one.choices]
            rule = {"validate": "list", "source": source, "error_type": "warning"}
            sheet.data_validation(1, place, CHOICES_TO_ROW, place, rule)
        notes.write_string(place + 1, 0, label)
        notes.write_string(place + 1, 1, _("yes") if one.required else "")
        notes.write_string(place + 1, 2, str(one.help), wrapped)
    last = len(fields) + 2
    notes.write_string(
        last, 2,
        _("An empty cell leaves what is there as it is; “无” or “-” takes a limit away."),
        wrapped,
    )  # fmt: skip
    book.close()
    return file.getvalue()


def wrong_rows(of: Import) -> Iterable[ImportedRow]:
    """The rows of an import that are to be mended."""
    return of.rows.filter(outcome=Outcome.WRONG).iterator()
