"""What is wrong with a file, a row or a cell, and how to mend it, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from django.utils.translation import gettext as _

Facts = Mapping[str, Any]

_FILE: dict[str, Callable[[Facts], str]] = {
    "empty": lambda _f: _("The file is empty. Fill in the template and bring it again."),
    "too_large": lambda f: _("The file is larger than %(most)s MB. Part it into several.") % f,
    "too_large_unpacked": lambda f: (
        _("Unpacked, the file is larger than %(most)s MB. Keep only the sheet with the table.") % f
    ),
    "too_many_rows": lambda f: (
        _("The table has %(rows)s rows, and one file may have %(most)s. Part it into several.") % f
    ),
    "old_or_locked": lambda _f: _(
        "The file is locked with a password or of the old kind .xls. Take the password away, and "
        "save it as .xlsx."
    ),
    "macros": lambda _f: _("The file holds macros. Save it as .xlsx, without them."),
    "no_workbook": lambda _f: _(
        "This is neither an Excel file (.xlsx) nor a table as text (.csv)."
    ),
    "damaged": lambda _f: _("The file is damaged. Open it in Excel, save it anew and try again."),
    "no_headings": lambda f: (
        _(
            "No row names the columns. Among the first rows there must be one with: %(needed)s. "
            "Take the template."
        )
        % f
    ),
    "missing_columns": lambda f: (
        _("Row %(row)s names the columns, but not: %(missing)s. Add what is missing.") % f
    ),
    "doubled_column": lambda f: (
        _("Row %(row)s names “%(column)s” twice. Take one of the columns away.") % f
    ),
    "no_rows": lambda f: _("Below the headings in row %(row)s there is nothing.") % f,
    "reason_missing": lambda _f: _("Say why, in 2 to 400 characters: the reason stays with it."),
    "done_already": lambda _f: _("This file has been imported already."),
    "not_done": lambda _f: _("There is nothing to undo: this file was not imported."),
    "nothing_to_do": lambda _f: _("No row is new or changed: there is nothing to import."),
    "changed_meanwhile": lambda _f: _(
        "Meanwhile the records have changed, and something else would come of the file. Look at it "
        "again."
    ),
    "changed_since": lambda f: (
        _("It cannot be undone: %(count)s records were changed since, such as %(keys)s.") % f
    ),
    "no_kind": lambda _f: _("Tables of this kind are no longer taken."),
}
_CELL: dict[str, Callable[[Facts], str]] = {
    "missing": lambda _f: _("This is missing: fill it in."),
    "too_long": lambda f: (
        _("At most %(most)s characters; this has %(length)s. Make it shorter.") % f
    ),
    "no_code": lambda _f: _("A code has no blanks: take them out."),
    "no_figure": lambda _f: _("This is no number: write it as 12.5, without a unit."),
    "out_of_range": lambda f: _("This must lie between %(low)s and %(high)s.") % f,
    "too_exact": lambda f: _("At most %(places)s digits after the point: round it.") % f,
    "no_flag": lambda _f: _("Write yes or no."),
    "no_choice": lambda f: _("This must be one of: %(allowed)s.") % f,
    "doubled_row": lambda f: _("Row %(row)s has the same one: keep one of the two.") % f,
}


def add(sentences: Mapping[str, Callable[[Facts], str]]) -> None:
    """Let a kind say what can be wrong with its rows."""
    _CELL.update(sentences)


def file_sentence(code: str, facts: Facts) -> str:
    """What is wrong with a file, or why something cannot be done with it."""
    return _FILE[code](facts)


def cell_sentence(code: str, facts: Facts) -> str:
    """What is wrong with a cell or a row."""
    return _CELL[code](facts)
