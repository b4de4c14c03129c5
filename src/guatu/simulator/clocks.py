"""Reading times as people and machines write them, without a format being given."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone, tzinfo
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Sequence

_CLOCK = (
    r"(?:[ T　]*(?P<early>上午|下午|中午|凌晨|晚上|[AaPp]\.?[Mm]\.?)?\s*"
    r"(?P<h>\d{1,2})\s*[:时点：]\s*(?P<min>\d{1,2})"
    r"(?:\s*[:分：]\s*(?P<s>\d{1,2})(?:[.,](?P<f>\d+))?)?\s*[秒分]?"
    r"\s*(?P<late>[AaPp]\.?[Mm]\.?)?\s*(?P<zone>Z|UTC|GMT|[+-]\d{2}:?\d{2})?)?"
)
_YEAR_FIRST: Final = re.compile(
    r"(?P<y>\d{4})\s*[-/.年]\s*(?P<m>\d{1,2})\s*[-/.月]\s*(?P<d>\d{1,2})日?" + _CLOCK
)
_YEAR_LAST: Final = re.compile(
    r"(?P<a>\d{1,2})\s*(?P<sep>[-/.])\s*(?P<b>\d{1,2})\s*[-/.]\s*(?P<y>\d{4})" + _CLOCK
)
_COMPACT: Final = re.compile(
    r"(?P<y>(?:19|20)\d{2})(?P<m>\d{2})(?P<d>\d{2})[ T_-]?(?P<h>\d{2})(?P<min>\d{2})"
    r"(?P<s>\d{2})?(?:\.?(?P<f>\d{1,6}))?"
)
_TIME_OF_DAY: Final = re.compile(r"\d{1,2}:\d{2}(:\d{2}([.,]\d+)?)?(\s*[AaPp]\.?[Mm]\.?)?")
_NUMBER: Final = re.compile(r"[+-]?\d+(?:\.\d*)?(?:[eE][+-]?\d+)?")
_EPOCH_UNITS: Final = ((1e8, 1e11, 1000.0), (1e11, 1e14, 1.0), (1e14, 1e17, 1e-3))
_NANOSECONDS: Final = (1e17, 1e20, 1e-6)
EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)


def looks_like_time_of_day(text: str) -> bool:
    """Whether a text is a time without a date, such as ``13:30:47``."""
    return _TIME_OF_DAY.fullmatch(text.strip()) is not None


def looks_like_number(text: str) -> bool:
    """Whether a text is a plain number, which alone does not make it a time."""
    return _NUMBER.fullmatch(text.strip()) is not None


def day_comes_first(cells: Sequence[str]) -> bool:
    """Decide for a whole column whether 02/08/2020 is the second of August.

    A first part above 12 anywhere says yes, a second part above 12 says no. Where nothing
    tells, a dot or a dash means the day (German, Dutch), a slash the month (American).
    """
    dotted = False
    for cell in cells:
        found = _YEAR_LAST.fullmatch(cell.strip())
        if found is None:
            continue
        if int(found["a"]) > 12:
            return True
        if int(found["b"]) > 12:
            return False
        dotted = dotted or found["sep"] != "/"
    return dotted


def parse_time(text: str, zone: tzinfo, *, day_first: bool = False) -> int | None:
    """Read one time as UTC milliseconds since 1970; None where it is not a time.

    Args:
        text: ISO 8601 in all its forms, year-first and year-last dates with any of ``-/.``,
            Chinese dates, compact digits, or seconds, milliseconds, microseconds or
            nanoseconds since 1970.
        zone: where a text without an offset was written.
        day_first: what a year-last date begins with.
    """
    text = text.strip().strip("\"'")
    if not text:
        return None
    try:
        return _to_ms(datetime.fromisoformat(text), zone)
    except (ValueError, OverflowError):
        pass
    for pattern in (_YEAR_FIRST, _YEAR_LAST, _COMPACT):
        found = pattern.fullmatch(text)
        if found is not None:
            ms = _from_parts(found.groupdict(), zone, day_first=day_first)
            if ms is not None:
                return ms
    return _from_number(text)


def _from_number(text: str) -> int | None:
    if not looks_like_number(text):
        return None
    value = float(text)
    for low, high, factor in (*_EPOCH_UNITS, _NANOSECONDS):
        if low <= value < high:
            return round(value * factor)
    return None


def _from_parts(part: dict[str, str | None], zone: tzinfo, *, day_first: bool) -> int | None:
    month, day = part.get("m"), part.get("d")
    if month is None:
        first, second = part.get("a"), part.get("b")
        day, month = (first, second) if day_first else (second, first)
    hour = _hour(int(part.get("h") or 0), part.get("early") or part.get("late") or "")
    micro = int((part.get("f") or "0")[:6].ljust(6, "0"))
    try:
        moment = datetime(  # noqa: DTZ001 - the zone is put on in _to_ms
            int(part.get("y") or 0),
            int(month or 0),
            int(day or 0),
            hour,
            int(part.get("min") or 0),
            int(part.get("s") or 0),
            micro,
        )
        return _to_ms(moment, _offset(part.get("zone")) or zone)
    except (ValueError, OverflowError):
        return None


def _hour(hour: int, half: str) -> int:
    half = half.lower().replace(".", "")
    if half in {"pm", "下午", "晚上"} and hour < 12:
        return hour + 12
    if half in {"am", "上午", "凌晨"} and hour == 12:
        return 0
    return hour


def _offset(text: str | None) -> tzinfo | None:
    if text is None:
        return None
    if text in {"Z", "UTC", "GMT"}:
        return UTC
    digits = text[1:].replace(":", "")
    ahead = timedelta(hours=int(digits[:2]), minutes=int(digits[2:]))
    return timezone(-ahead if text[0] == "-" else ahead)


def _to_ms(moment: datetime, zone: tzinfo) -> int:
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=zone)
    # Whole numbers all the way: a float of microseconds would round some milliseconds wrong.
    return (moment - EPOCH) // timedelta(milliseconds=1)
