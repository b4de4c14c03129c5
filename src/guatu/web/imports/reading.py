"""Files as people bring them, to rows of cells: .xlsx and .csv, bounded, whatever is inside."""

from __future__ import annotations

import csv
import io
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import python_calamine

MOST_BYTES: Final = 10 << 20
MOST_UNPACKED: Final = 200 << 20
MOST_ROWS: Final = 20_000
MOST_COLUMNS: Final = 200
_OLD_OFFICE = bytes.fromhex("d0cf11e0a1b11ae1")


class UnreadableError(Exception):
    """A file that cannot be read at all.

    Attributes:
        code: why, for `wording`.
        facts: what its sentence names.
    """

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


@dataclass(frozen=True, slots=True)
class Sheet:
    """The sheet that is read.

    Args:
        name: as in the file; empty for a CSV.
        rows: cells from column A on: text, numbers, moments, yes/no; "" for nothing.
    """

    name: str
    rows: list[list[Any]]


def read_sheet(content: bytes) -> Sheet:
    """Read the first sheet that has anything.

    Raises:
        UnreadableError: if there is none, or the file is not what can be read.
    """
    if not content:
        raise UnreadableError("empty")
    if len(content) > MOST_BYTES:
        raise UnreadableError("too_large", most=MOST_BYTES >> 20)
    if content.startswith(_OLD_OFFICE):
        # Both an .xls and an encrypted .xlsx begin so.
        raise UnreadableError("old_or_locked")
    sheet = _workbook(content) if content.startswith(b"PK") else Sheet("", list(_text(content)))
    if len(sheet.rows) > MOST_ROWS:
        raise UnreadableError("too_many_rows", most=MOST_ROWS, rows=len(sheet.rows))
    if not any(cell != "" for row in sheet.rows for cell in row):
        raise UnreadableError("empty")
    return sheet


def _workbook(content: bytes) -> Sheet:
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            names = {one.filename for one in archive.infolist()}
            unpacked = sum(one.file_size for one in archive.infolist())
    except zipfile.BadZipFile as error:
        raise UnreadableError("damaged") from error
    if unpacked > MOST_UNPACKED:
        raise UnreadableError("too_large_unpacked", most=MOST_UNPACKED >> 20)
    if "xl/vbaProject.bin" in names:
        raise UnreadableError("macros")
    if "xl/workbook.xml" not in names:
        raise UnreadableError("no_workbook")
    try:
        book = python_calamine.CalamineWorkbook.from_filelike(io.BytesIO(content))
        for index, name in enumerate(book.sheet_names):
            rows = book.get_sheet_by_index(index).to_python(skip_empty_area=False)
            if any(cell != "" for row in rows for cell in row):
                return Sheet(name, [row[:MOST_COLUMNS] for row in rows])
    except python_calamine.CalamineError as error:
        raise UnreadableError("damaged") from error
    raise UnreadableError("empty")


def _text(content: bytes) -> Iterator[list[str]]:
    text = ""
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = content.decode(encoding)
        except UnicodeDecodeError:
            continue
        break
    if not text or "\x00" in text:
        raise UnreadableError("no_workbook")
    first = text.split("\n", 1)[0]
    delimiter = max(",\t;", key=first.count)
    try:
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            yield [cell.strip() for cell in row[:MOST_COLUMNS]]
    except csv.Error as error:
        raise UnreadableError("damaged") from error
