"""Reading single fields that others wrote: each is checked once and refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

from guatu.access.problems import Facts, Problem, RefusedError

MAX_COUNT = 2**53 - 1
STATE_COUNT = 6
T = TypeVar("T")


def refuse(code: str, where: str, **facts: str | float) -> NoReturn:
    """Raise `RefusedError` with one problem."""
    collected: Facts = dict(facts)
    raise RefusedError(Problem(code, where, collected))


def bad_shape(where: str, expected_zh: str, expected_en: str) -> NoReturn:
    """Refuse what is of another shape than expected."""
    refuse("bad_shape", where, expected_zh=expected_zh, expected_en=expected_en)


def whole(value: object, where: str, *, low: int = 0, high: int = MAX_COUNT) -> int:
    """Read a whole number, both bounds allowed."""
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse("bad_number", where, low=low, high=high)
    return value


def number(value: object, where: str) -> float:
    """Read a finite number."""
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        bad_shape(where, "数值", "a number")
    return float(value)


def text(value: object, where: str, *, limit: int = 120) -> str:
    """Read a text that is not empty, at most so many characters."""
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        refuse("bad_code", where, limit=limit)
    return value


def mapping(value: object, where: str) -> dict[str, Any]:
    """Read an object."""
    if not isinstance(value, dict):
        bad_shape(where, "对象", "an object")
    return value


def array(value: object, where: str) -> list[Any]:
    """Read an array."""
    if not isinstance(value, list | tuple):
        bad_shape(where, "数组", "an array")
    return list(value)


def optional_number(source: dict[str, Any], name: str) -> float | None:
    """Read a finite number that may be absent."""
    value = source.get(name)
    return None if value is None else number(value, f".{name}")


def states(value: object, where: str) -> tuple[int, ...]:
    """Read unit states; none means every state."""
    given = array(value, where)
    return tuple(whole(s, f"{where}[{i}]", high=STATE_COUNT - 1) for i, s in enumerate(given))


def flag(value: object, where: str) -> bool:
    """Read true or false."""
    if not isinstance(value, bool):
        bad_shape(where, " true 或 false", "true or false")
    return value


def each(rows: object, where: str, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """Read each row; a problem inside one is given the row's place, built only then."""
    found = []
    for i, row in enumerate(array(rows, where)):
        try:
            found.append(read(mapping(row, "")))
        except RefusedError as refused:
            inner = refused.problem
            problem = Problem(inner.code, f"{where}[{i}]{inner.where}", inner.facts)
            raise RefusedError(problem) from None
    return tuple(found)
