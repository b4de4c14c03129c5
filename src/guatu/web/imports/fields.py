"""Fields of a table that is brought: their headings, and how a cell becomes a value."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from django.utils.functional import Promise

from guatu.core.nouns.text import plain

NONE_WORDS: Final = frozenset({"无", "none", "-", "—", "–", "/"})
"""Written into a cell, they take away what is there; an empty cell leaves it as it is."""
YES: Final = frozenset({"是", "yes", "y", "true", "1", "√", "✓"})
_THOUSANDS = re.compile(r"-?[0-9]{1,3}(,[0-9]{3})+(\.[0-9]+)?")
NO: Final = frozenset({"否", "no", "n", "false", "0", "×", "✗"})


class WrongCellError(Exception):
    """A cell that does not hold what its column asks for."""

    def __init__(self, code: str, **facts: object) -> None:
        super().__init__(code)
        self.code, self.facts = code, facts


Read = Callable[[Any], Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """A column.

    Attributes:
        name: in the program.
        label: its heading in templates and sentences.
        names: headings that say the same, in Chinese or English, whatever their case and unit.
        read: makes a value of a cell that is not empty.
        required: whether a new record needs it.
        help: what belongs there, for the template.
        choices: what may stand there, for the template's list.
        shown: makes of a value what people read.
    """

    name: str
    label: str | Promise
    names: Sequence[str]
    read: Read
    required: bool = False
    help: str | Promise = ""
    choices: Sequence[str | Promise] = ()
    shown: Callable[[Any], str] = field(default=str)


def as_text(cell: object) -> str:
    """Give a cell as people see it: a whole number without a point, plain characters."""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and cell.is_integer() and abs(cell) < 10**15:
        return str(int(cell))
    if isinstance(cell, datetime):
        return cell.isoformat(sep=" ", timespec="seconds")
    return plain(str(cell)).strip()


def text(most: int) -> Read:
    """A text of at most so many characters."""

    def read(cell: object) -> str:
        found = " ".join(as_text(cell).split())
        if len(found) > most:
            raise WrongCellError("too_long", most=most, length=len(found))
        return found

    return read


def code(most: int) -> Read:
    """A text without blanks, of plain letters whatever width they were typed in."""

    def read(cell: object) -> str:
        found = unicodedata.normalize("NFKC", as_text(cell))
        if len(found) > most:
            raise WrongCellError("too_long", most=most, length=len(found))
        if not found or any(letter.isspace() or not letter.isprintable() for letter in found):
            raise WrongCellError("no_code")
        return found

    return read


def figure(
    *,
    low: Decimal | int | str,
    high: Decimal | int | str,
    places: int,
    may_be_none: bool = False,
) -> Read:
    """A number between two others, with so many digits after the point; None where taken away."""
    least, most = Decimal(low), Decimal(high)

    def read(cell: object) -> Decimal | None:
        if isinstance(cell, bool | datetime):
            raise WrongCellError("no_figure")
        typed = unicodedata.normalize("NFKC", as_text(cell)).replace("\u2212", "-")
        typed = typed.replace(" ", "")
        if _THOUSANDS.fullmatch(typed):
            # Any other comma might be meant for the point: 12,5 is not taken for 125.
            typed = typed.replace(",", "")
        if may_be_none and typed.lower() in NONE_WORDS:
            return None
        try:
            found = Decimal(repr(cell) if isinstance(cell, float) else typed)
        except InvalidOperation as error:
            raise WrongCellError("no_figure") from error
        if not found.is_finite():
            raise WrongCellError("no_figure")
        if not least <= found <= most:
            raise WrongCellError("out_of_range", low=str(low), high=str(high))
        if found != round(found, places):
            raise WrongCellError("too_exact", places=places)
        return round(found, places).normalize() + 0

    return read


def whole(low: int, high: int) -> Read:
    """A whole number between two others."""
    read_figure = figure(low=low, high=high, places=0)
    return lambda cell: int(read_figure(cell))


def flag(cell: object) -> bool:
    """Yes or no."""
    typed = unicodedata.normalize("NFKC", as_text(cell)).lower()
    if typed in YES:
        return True
    if typed in NO:
        return False
    raise WrongCellError("no_flag")


def choice(words: Mapping[str, Any]) -> Read:
    """One of several, by any of its names, in small letters."""

    def read(cell: object) -> Any:  # noqa: ANN401 - what the words stand for
        typed = unicodedata.normalize("NFKC", as_text(cell)).lower()
        if typed not in words:
            raise WrongCellError("no_choice", allowed="、".join(dict.fromkeys(words)))
        return words[typed]

    return read
