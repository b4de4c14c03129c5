"""What the columns of an unknown table are: time, sensors, labels, remarks."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import Final

from guatu.simulator.clocks import (
    day_comes_first,
    looks_like_number,
    looks_like_time_of_day,
    parse_time,
)
from guatu.simulator.recordings import ReadOptions

ABSENT: Final = frozenset(
    {"", "nan", "null", "none", "na", "n/a", "#n/a", "nil", "-", "--", "—", "无", "空"}
)
# fmt: off
TIME_NAMES: Final = frozenset(
    [
        "datetime", "timestamp", "time", "date", "ts", "t", "utc", "时间", "日期", "时刻",
        "时间戳", "采集时间", "采样时间", "记录时间", "数据时间", "datetimeutc", "timeutc",
        "eventtime", "recordtime", "sampletime", "localtime", "dateandtime", "日期时间",
        "elapsed", "seconds", "times", "timems", "timemin",
    ]
)
# fmt: on
# fmt: off
LABEL_NAMES: Final = frozenset(
    [
        "anomaly", "anomalies", "isanomaly", "anomalous", "changepoint", "changepoints",
        "label", "labels", "class", "classes", "target", "fault", "faulty", "faultnumber",
        "attack", "attacks", "outlier", "outliers", "groundtruth", "normalattack", "标签",
        "异常", "类别", "故障", "标注", "异常标签", "故障标签",
    ]
)
# fmt: on
COMMA_NUMBER: Final = re.compile(r"[+-]?\d+,\d+(?:[eE][+-]?\d+)?")
_ELAPSED_UNITS: Final = {"ms": 1.0, "min": 60_000.0, "h": 3_600_000.0}
Line = tuple[int, list[str]]


@dataclass(slots=True)
class Table:
    """A file as text cells: ``columns`` names, ``lines`` of (line number, cells)."""

    columns: list[str]
    lines: list[Line]
    decimal_comma: bool
    notes: list[str]


@dataclass(slots=True)
class TimeColumns:
    """Which columns make the time, and whether it counts from the run's own start."""

    at: tuple[int, ...]
    elapsed_ms: float | None = None


def _plain(name: str) -> str:
    return re.sub(r"[\W_]+", "", name.lower())


def _sample(table: Table, column: int) -> list[str]:
    step = max(1, len(table.lines) // 200)
    cells = [row[column].strip() for _, row in table.lines[::step] if column < len(row)]
    return [cell for cell in cells if cell.lower() not in ABSENT]


def _share_of_times(cells: list[str], options: ReadOptions) -> float:
    day_first = day_comes_first(cells)
    good = sum(parse_time(c, options.zone, day_first=day_first) is not None for c in cells)
    return good / len(cells) if cells else 0.0


def find_time(table: Table, options: ReadOptions) -> TimeColumns | None:
    """Find the time by name, then by content; None where there is none."""
    names = [_plain(name) for name in table.columns]
    if options.time_column is not None:
        asked = [at for at, name in enumerate(table.columns) if name == options.time_column]
    else:
        asked = [at for at, name in enumerate(names) if name in TIME_NAMES]
    times = [at for at in asked if _share_of_times(_sample(table, at), options) >= 0.6]
    clocks = [
        at
        for at in range(len(names))
        if (cells := _sample(table, at)) and all(looks_like_time_of_day(c) for c in cells)
    ]
    if times and clocks and not any(":" in cell for cell in _sample(table, times[0])):
        return TimeColumns((times[0], clocks[0]))
    if times:
        return TimeColumns((times[0],))
    if options.time_column is None:
        for at in range(len(names)):
            cells = _sample(table, at)
            texts = [cell for cell in cells if not looks_like_number(cell)]
            if len(texts) > 0.9 * len(cells) and _share_of_times(cells, options) >= 0.9:
                return TimeColumns((at,))
    return _find_elapsed(table, asked, options)


def _find_elapsed(table: Table, asked: list[int], options: ReadOptions) -> TimeColumns | None:
    """A named column of rising numbers counts from the run's start; a rising epoch is a time."""
    for at in asked or range(min(1, len(table.columns))):
        cells = [number(cell, comma=table.decimal_comma) for cell in _sample(table, at)]
        numbers = [cell for cell in cells if cell is not None]
        rising = len(numbers) == len(cells) > 1 and numbers == sorted(set(numbers))
        if rising and asked:
            unit = re.search(r"(ms|min|h)\W*$", table.columns[at].lower())
            plain = _plain(table.columns[at])
            return TimeColumns(
                (at,), _ELAPSED_UNITS[unit[1]] if unit and plain not in {"ms", "h"} else 1000.0
            )
        if rising and _share_of_times(_sample(table, at), options) == 1.0:
            return TimeColumns((at,))
    return None


def number(cell: str, *, comma: bool) -> float | None:
    """Read a cell as a finite number; None where it is not one."""
    text = cell.strip()
    if comma and COMMA_NUMBER.fullmatch(text):
        text = text.replace(",", ".")
    if text.lower() in {"true", "false"}:
        return float(text.lower() == "true")
    if "_" in text:
        return None  # Python would read 1_000; no plant writes it
    try:
        value = float(text)
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def decimals_of(cell: str) -> int:
    """How many digits after the point a number was written with.

    With an exponent it was printed to a fixed length: its last zeros were never measured.
    """
    mantissa, _, exponent = cell.strip().lower().replace(",", ".").partition("e")
    after = mantissa.partition(".")[2]
    digits = len(after.rstrip("0") if exponent else after)
    try:
        return max(0, digits - int(exponent or 0))
    except ValueError:
        return digits


def why_left_out(table: Table, time: TimeColumns | None, options: ReadOptions) -> list[str]:
    """For each column: an empty string where it is a sensor, else why it is left out."""
    why: list[str] = []
    for at, name in enumerate(table.columns):
        is_label = _plain(name) in LABEL_NAMES if options.labels is None else name in options.labels
        if time is not None and at in time.at:
            why.append("time")
        elif is_label:
            why.append("label")
        else:
            why.append(_empty_or_text(table, at))
    return why


def _empty_or_text(table: Table, at: int) -> str:
    seen = False
    for _, cells in table.lines:
        cell = cells[at].strip() if at < len(cells) else ""
        if cell.lower() in ABSENT:
            continue
        if number(cell, comma=table.decimal_comma) is not None:
            return ""
        seen = True
    return "text" if seen else "empty"
