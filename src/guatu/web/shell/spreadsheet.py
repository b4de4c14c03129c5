"""Excel files: plain values in, a file out, and never a formula."""

import itertools
import re
import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from decimal import Decimal
from typing import IO, Any

import xlsxwriter
from django.utils import timezone
from django.utils.translation import gettext as _

MAX_ROWS = 1_048_575  # Excel's, less the heading
MAX_TEXT = 32_767  # Excel's longest cell
LOOKED_AT = 100  # rows that say how wide columns are
WIDEST = 48  # digits
_FORMULA = re.compile(r"^[=+\-@\t\r]")
_FORBIDDEN_IN_NAME = re.compile(r"[\[\]:*?/\\]")


def write(*, name: str, headings: Sequence[str], lines: Iterable[Sequence[object]]) -> IO[bytes]:
    """Write one sheet, row by row, so that its size is no matter of memory.

    Args:
        name: of the sheet; what Excel forbids there is left out.
        headings: the first row, kept in sight.
        lines: values: text, figures, moments (shown in local time), yes/no, None.

    Returns:
        A file at its beginning, gone when closed.
    """
    file = tempfile.TemporaryFile()  # noqa: SIM115 - the caller closes it
    book = xlsxwriter.Workbook(
        file,
        {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "strings_to_numbers": False,
            "default_date_format": "yyyy-mm-dd",
        },
    )
    sheet = book.add_worksheet(_sheet_name(name))
    writer = _Writer(book, sheet)
    sheet.freeze_panes(1, 0)
    lines = iter(lines)
    first = list(itertools.islice(lines, LOOKED_AT))
    # Widths stand before the rows in the file, so they are set from the first rows.
    for column, heading in enumerate(headings):
        below = (line[column] for line in first if column < len(line))
        sheet.set_column(column, column, _width(heading, below))
        sheet.write_string(0, column, heading, writer.bold)
    last = 0
    rows = itertools.islice(itertools.chain(first, lines), MAX_ROWS)
    for last, line in enumerate(rows, start=1):
        for column, value in enumerate(line):
            writer.cell(last, column, value)
    if headings:
        sheet.autofilter(0, 0, last, len(headings) - 1)
    book.close()
    file.seek(0)
    return file


def _width(heading: str, below: Iterable[object]) -> float:
    """How wide a column must be, in digits: a moment that does not fit is shown as ########."""
    widest = max((_places(value) for value in below), default=0)
    return max(12, 2.2 * len(heading), min(widest + 2, WIDEST))


def _places(value: object) -> int:
    """About how many digits wide a value is shown: a Chinese character is as wide as two."""
    if isinstance(value, datetime):
        return 23 if value.microsecond else 19
    return sum(2 if ord(letter) > 0x2E7F else 1 for letter in str(value))


def _sheet_name(name: str) -> str:
    """A name that Excel takes: 31 units of UTF-16 at most, some signs not at all."""
    plain = _FORBIDDEN_IN_NAME.sub(" ", name).encode("utf-16-le", "ignore")[: 31 * 2]
    return plain.decode("utf-16-le", "ignore").strip(" '") or "1"


class _Writer:
    """Writes a value by its type, never by its looks."""

    def __init__(self, book: Any, sheet: Any) -> None:  # noqa: ANN401 - the library has no types
        self.sheet = sheet
        self.bold = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.moment = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        self.instant = book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss.000"})
        self.day = book.add_format({"num_format": "yyyy-mm-dd"})
        # Text that looks like a formula stays text in Excel, and after someone edits it too.
        self.quoted = book.add_format({"quote_prefix": True})

    def cell(self, row: int, column: int, value: object) -> None:
        if value is None or value == "":
            return
        if isinstance(value, bool):
            self.sheet.write_string(row, column, _("yes") if value else _("no"))
        elif isinstance(value, int | float | Decimal):
            self._figure(row, column, value)
        elif isinstance(value, datetime):
            naive = timezone.make_naive(value) if timezone.is_aware(value) else value
            style = self.instant if value.microsecond else self.moment
            self.sheet.write_datetime(row, column, naive, style)
        elif isinstance(value, date):
            self.sheet.write_datetime(row, column, value, self.day)
        else:
            text = str(value)[:MAX_TEXT]
            style = self.quoted if _FORMULA.match(text) else None
            self.sheet.write_string(row, column, text, style)

    def _figure(self, row: int, column: int, value: float | Decimal) -> None:
        """A figure, unless Excel could not hold it: not a number, or more digits than it keeps."""
        exact = not isinstance(value, int) or abs(value) < 10**15
        if exact and abs(float(value)) < float("inf"):
            self.sheet.write_number(row, column, value)
        else:
            self.sheet.write_string(row, column, str(value))
