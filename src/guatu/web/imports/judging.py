"""From a sheet to rows of values: which row names the columns, and what each cell says."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from guatu.web.imports.fields import Field, WrongCellError, as_text
from guatu.web.imports.reading import Sheet, UnreadableError

LOOKED_AT: Final = 20
"""Rows at the top among which the headings are looked for: a title may stand over them."""
NEW, CHANGED, SAME, WRONG = "new", "changed", "same", "wrong"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is wrong with a row.

    Args:
        code: for `wording`.
        name: of the field; empty for the whole row.
        facts: what its sentence names; plain values that JSON keeps.
    """

    code: str
    name: str = ""
    facts: Mapping[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Row:
    """A row of the sheet.

    Args:
        number: as people count, from 1.
        values: by field; a cell that is empty or wrong is left out.
        cells: what stood in the cells, as people see it, by field.
        problems: what is wrong.
        key: by what people know it.
        outcome: what would come of it.
        changes: field, what is there, what will be.
        record: of what it changes.
        before: what undoing needs.
    """

    number: int
    values: dict[str, Any]
    cells: dict[str, str]
    problems: list[Problem] = field(default_factory=list)
    key: str = ""
    outcome: str = ""
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    record: int | None = None
    before: dict[str, Any] = field(default_factory=dict)

    def wrong(self, code: str, name: str = "", /, **facts: object) -> None:
        """Note what is wrong."""
        self.problems.append(Problem(code, name, facts))


@dataclass(frozen=True, slots=True)
class Headings:
    """Where the columns are.

    Args:
        row: number of the row that names them.
        columns: place of each field found, from 0.
        unknown: headings that say nothing here.
    """

    row: int
    columns: Mapping[str, int]
    unknown: Sequence[str]


def _plain(heading: object) -> str:
    """A heading without case, blanks, its unit and the star that says it is needed."""
    typed = unicodedata.normalize("NFKC", as_text(heading)).lower()
    return re.sub(r"\(.*?\)|\[.*?\]|[\s*:_]", "", typed)


def find_headings(sheet: Sheet, fields: Sequence[Field]) -> Headings:
    """Find the row that names the columns: of the first ones that which names most.

    Raises:
        UnreadableError: if none does, a column is named twice or one that is needed is missing.
    """
    known: dict[str, str] = {}
    for one in fields:
        for name in (one.name, str(one.label), *one.names):
            known.setdefault(_plain(name), one.name)
    best: tuple[int, int, list[str]] = (0, 0, [])
    for index, row in enumerate(sheet.rows[:LOOKED_AT]):
        names = [known.get(_plain(cell), "") if cell != "" else "" for cell in row]
        count = len({name for name in names if name})
        if count > best[0]:
            best = (count, index, names)
    count, index, names = best
    needed = [one for one in fields if one.required]
    if not count:
        raise UnreadableError("no_headings", needed="、".join(str(one.label) for one in needed))
    missing = [str(one.label) for one in needed if one.name not in names]
    if missing:
        raise UnreadableError("missing_columns", row=index + 1, missing="、".join(missing))
    doubled = [name for name in dict.fromkeys(names) if name and names.count(name) > 1]
    if doubled:
        labels = {one.name: str(one.label) for one in fields}
        raise UnreadableError("doubled_column", row=index + 1, column=labels[doubled[0]])
    unknown = [
        as_text(cell)
        for cell, name in zip(sheet.rows[index], names, strict=True)
        if cell != "" and not name
    ]
    columns = {name: place for place, name in enumerate(names) if name}
    return Headings(index + 1, columns, unknown)


def read_rows(sheet: Sheet, headings: Headings, fields: Sequence[Field]) -> list[Row]:
    """Read every row below the headings that has anything; what cannot be read is told."""
    by_name = {one.name: one for one in fields}
    rows = []
    for number, cells in enumerate(sheet.rows[headings.row :], start=headings.row + 1):
        found = {
            name: cells[place]
            for name, place in headings.columns.items()
            if place < len(cells) and as_text(cells[place])
        }
        if not found:
            continue
        row = Row(number, {}, {name: as_text(cell)[:200] for name, cell in found.items()})
        for name, cell in found.items():
            try:
                row.values[name] = by_name[name].read(cell)
            except WrongCellError as wrong:
                row.wrong(wrong.code, name, **wrong.facts)
        rows.append(row)
    return rows


def tell_doubled(rows: Sequence[Row], name: str) -> None:
    """Tell of rows whose key an earlier row has, too."""
    first: dict[Any, int] = {}
    for row in rows:
        key = row.values.get(name)
        if key is None:
            continue
        if key in first:
            row.wrong("doubled_row", name, row=first[key])
        first.setdefault(key, row.number)


def letter(place: int) -> str:
    """A column's name in Excel: 0 is A, 26 is AA."""
    name = ""
    place += 1
    while place:
        place, rest = divmod(place - 1, 26)
        name = chr(ord("A") + rest) + name
    return name
