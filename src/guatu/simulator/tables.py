"""Reading a CSV of sensors whose maker told us nothing about it."""

from __future__ import annotations

import csv
import io
from collections import Counter
from typing import TYPE_CHECKING, Final

import numpy as np

from guatu.simulator.clocks import (
    day_comes_first,
    looks_like_number,
    looks_like_time_of_day,
    parse_time,
)
from guatu.simulator.columns import (
    ABSENT,
    COMMA_NUMBER,
    Line,
    Table,
    TimeColumns,
    decimals_of,
    find_time,
    number,
    why_left_out,
)
from guatu.simulator.recordings import (
    CellCounts,
    FileProblem,
    LeftOut,
    ProblemList,
    ReadOptions,
    RecordedSensor,
    Recording,
    in_time_order,
    point_codes,
)

if TYPE_CHECKING:
    from pathlib import Path

    from guatu.simulator.beats import Times, Values

LONGEST_LINE: Final = 100_000
BINARY_LOOK, BINARY_SHARE = 65_536, 0.02
SEPARATORS: Final = (";", ",", "\t", "|")


def decode(raw: bytes) -> tuple[str, str]:
    """Turn bytes into text, never failing; returns the text and the encoding taken."""
    if raw.startswith((b"\xff\xfe", b"\xfe\xff")):
        return raw.decode("utf-16", errors="replace"), "utf-16"
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return raw.decode(encoding), encoding
        except UnicodeDecodeError:
            continue
    return raw.decode("latin-1"), "latin-1"


def is_binary(text: str) -> bool:
    """Tell whether decoded bytes never were text: too many control characters.

    NUL is not counted: it is what UTF-16 without its mark looks like, and that is read.
    """
    start = text[:BINARY_LOOK]
    strange = sum(char < " " and char not in "\x00\t\n\r\f\x1a" for char in start)
    return strange > len(start) * BINARY_SHARE


def sniff_separator(lines: list[str]) -> str:
    """Find the separator that gives most lines the same number of columns, above one.

    The first rows of the file decide; a decimal comma splits rows but not the header, so
    it does not win against the true separator.
    """
    best, best_score = ",", (0.0, 0)
    for separator in SEPARATORS:
        widths = Counter(len(row) for row in csv.reader(lines, delimiter=separator))
        if not widths:
            continue
        width, agreeing = max(widths.items(), key=lambda item: (item[1], item[0]))
        score = (agreeing / max(1, sum(widths.values())), width)
        if width > 1 and score > best_score:
            best, best_score = separator, score
    return best


def read_table(path: Path, name: str, options: ReadOptions) -> Recording:
    """Read a CSV file; whatever is wrong with it is counted and told, never raised."""
    problems = ProblemList(str(path), options.most_problems)
    try:
        text, encoding = decode(path.read_bytes())
    except OSError as error:
        return _refuse(path, name, "unreadable", error.strerror or str(error))
    if is_binary(text):
        return _refuse(path, name, "binary", "")
    table = _cut(text, options, problems)
    if table is None:
        return _refuse(path, name, "nothing_here", "")
    table.notes.append(f"encoding {encoding}")
    return _assemble(path, name, table, options, problems)


def _refuse(path: Path, name: str, code: str, text: str, column: str = "") -> Recording:
    problem = FileProblem(code=code, file=str(path), column=column, text=text)
    return Recording(name=name, path=path, refused=problem)


def _cut(text: str, options: ReadOptions, problems: ProblemList) -> Table | None:
    text = text.replace("\r\n", "\n").replace("\r", "\n").replace("\x00", "")
    kept = [line for line in text.split("\n") if line.strip() and not line.startswith("#")]
    separator = options.separator or sniff_separator([line[:LONGEST_LINE] for line in kept[:60]])
    lines = _split(text, separator, problems)
    lines = [line for line in lines if any(c.strip() for c in line[1])]
    if not lines:
        return None
    head = [cell.strip() for cell in lines[0][1]]
    values = [cell for cell in head if cell]
    if any(not looks_like_number(c) and not _is_time(c) for c in values):
        columns, lines = head, lines[1:]
    else:
        columns = [f"c{at}" for at in range(1, len(head) + 1)]
    while columns and not columns[-1] and all(len(c) < len(columns) or not c[-1] for _, c in lines):
        columns.pop()  # a separator at the end of every line makes no column
    shown = {"\t": "tab"}.get(separator, separator)
    comma = separator != "," and _has_decimal_comma(lines)
    notes = [f"separator {shown}"] + (["decimal comma"] if comma else [])
    return Table(columns, lines, comma, notes) if lines else None


def _split(text: str, separator: str, problems: ProblemList) -> list[Line]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, skipinitialspace=True)
    try:
        lines = [(reader.line_num, row) for row in reader if row and not row[0].startswith("#")]
        # A sensor's cell has no line break: one that does is a quote that was never closed.
        if not any("\n" in cell for _, cells in lines for cell in cells):
            return lines
    except csv.Error:
        pass  # a cell longer than the csv module takes
    problems.add("broken_quotes")
    return [
        (at, [cell.strip().strip('"') for cell in line.split(separator)])
        for at, line in enumerate(text.split("\n"), start=1)
        if line.strip() and not line.startswith("#")
    ]


def _is_time(cell: str) -> bool:
    return looks_like_time_of_day(cell) or parse_time(cell, ReadOptions().zone) is not None


def _has_decimal_comma(lines: list[Line]) -> bool:
    cells = [cell.strip() for _, row in lines[:200] for cell in row]
    commas = sum(COMMA_NUMBER.fullmatch(cell) is not None for cell in cells)
    return commas > 0 and commas >= sum("." in c and looks_like_number(c) for c in cells)


def _times(
    table: Table, time: TimeColumns | None, options: ReadOptions, problems: ProblemList
) -> list[int | None]:
    if time is None:
        period_ms = (options.period_s or 1.0) * 1000.0
        return [round(row * period_ms) for row in range(len(table.lines))]
    texts = [
        " ".join(cells[at].strip() for at in time.at if at < len(cells)) for _, cells in table.lines
    ]
    times: list[int | None] = []
    day_first = day_comes_first(texts)
    column = " + ".join(table.columns[at] for at in time.at)
    for (row, _), text in zip(table.lines, texts, strict=True):
        if time.elapsed_ms is None:
            ms = parse_time(text, options.zone, day_first=day_first)
        else:
            since_start = number(text, comma=table.decimal_comma)
            ms = None if since_start is None else round(since_start * time.elapsed_ms)
        if ms is None:
            problems.add("bad_time", row, column, text)
        times.append(ms)
    return times


def _assemble(
    path: Path, name: str, table: Table, options: ReadOptions, problems: ProblemList
) -> Recording:
    time = find_time(table, options)
    if time is None and (options.time_column is not None or options.period_s is None):
        return _without_time(path, name, table, options)
    why = why_left_out(table, time, options)
    at_sensor = [at for at, reason in enumerate(why) if not reason]
    if not at_sensor:
        return _refuse(path, name, "no_sensors", "")
    counts = CellCounts(rows=len(table.lines))
    values, decimals = _values(table, at_sensor, counts, problems)
    told = _times(table, time, options, problems)
    has_time = np.array([ms is not None for ms in told], dtype=bool)
    counts.timeless = int(np.count_nonzero(~np.isnan(values[:, ~has_time])))
    rows = np.flatnonzero(has_time)
    times: Times = np.array([ms for ms in told if ms is not None], dtype=np.int64)
    times, values, doubled = in_time_order(times, values[:, has_time], counts)
    for at in rows[doubled]:
        problems.add("doubled_time", table.lines[at][0], text=str(told[at]))
    counts.samples = int(np.count_nonzero(~np.isnan(values)))
    return Recording(
        name=name,
        path=path,
        sensors=_sensors(table, at_sensor, decimals),
        times_ms=times,
        values=values,
        elapsed=time is None or time.elapsed_ms is not None,
        left_out=tuple(
            LeftOut(name=table.columns[at], why=reason) for at, reason in enumerate(why) if reason
        ),
        counts=counts,
        problems=tuple(problems.kept),
        more_problems=problems.more,
        notes=tuple(table.notes),
    )


def _without_time(path: Path, name: str, table: Table, options: ReadOptions) -> Recording:
    asked = options.time_column
    if asked is None:
        return _refuse(path, name, "no_time", "")
    if asked not in table.columns:
        return _refuse(path, name, "no_such_column", ", ".join(table.columns)[:200], asked)
    at = table.columns.index(asked)
    shown = next((cells[at] for _, cells in table.lines if at < len(cells)), "")
    return _refuse(path, name, "not_times", shown[:80], asked)


def _sensors(table: Table, at_sensor: list[int], decimals: list[int]) -> tuple[RecordedSensor, ...]:
    codes = point_codes(table.columns)
    return tuple(
        RecordedSensor(name=table.columns[at] or codes[at], code=codes[at], decimals=digits)
        for at, digits in zip(at_sensor, decimals, strict=True)
    )


def _values(
    table: Table, at_sensor: list[int], counts: CellCounts, problems: ProblemList
) -> tuple[Values, list[int]]:
    """Read all sensor cells; returns values (sensors, rows) and the decimals of each sensor."""
    values: Values = np.full((len(at_sensor), len(table.lines)), np.nan)
    decimals = [0] * len(at_sensor)
    width = len(table.columns)
    for at, (row, cells) in enumerate(table.lines):
        if len(cells) < width:
            problems.add("short_row", row, text=f"{len(cells)} < {width}")
        elif len(cells) > width and any(cell.strip() for cell in cells[width:]):
            counts.surplus += len(cells) - width
            problems.add("long_row", row, text=f"{len(cells)} > {width}")
        for sensor, column in enumerate(at_sensor):
            cell = cells[column] if column < len(cells) else ""
            if cell.strip().lower() in ABSENT:
                counts.empty += 1
                continue
            value = number(cell, comma=table.decimal_comma)
            if value is None:
                counts.bad += 1
                problems.add("bad_value", row, table.columns[column], cell)
                continue
            values[sensor, at] = value
            decimals[sensor] = max(decimals[sensor], decimals_of(cell))
    return values, decimals
