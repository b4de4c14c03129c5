"""What a recording is: one run of one plant's sensors, and an account of every cell of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import tzinfo
from typing import TYPE_CHECKING, Final
from zoneinfo import ZoneInfo

import numpy as np

if TYPE_CHECKING:
    from pathlib import Path

    from guatu.simulator.beats import Times, Values

SHANGHAI: Final = ZoneInfo("Asia/Shanghai")

SENTENCES: Final[dict[str, tuple[str, str]]] = {
    "unreadable": ("{file}：无法读取（{text}）", "{file}: cannot be read ({text})"),
    "nothing_here": ("{file}：没有数据行", "{file}: holds no rows of data"),
    "binary": (
        "{file}：不是文本文件，请先导出为 CSV（Excel 可用“另存为 CSV”）",
        "{file}: is not a text file; export it as CSV first (in Excel: save as CSV)",
    ),
    "no_such_column": (
        "{file}：没有名为“{column}”的列，现有列：{text}",
        "{file}: there is no column “{column}”; its columns are: {text}",
    ),
    "not_times": (
        "{file}：“{column}”列的内容不是时间（例如“{text}”），请用 --time-column 指定另一列",
        "{file}: the column “{column}” holds no times (such as “{text}”); "
        "name another with --time-column",
    ),
    "no_time": (
        "{file}：找不到时间列，请用 --time-column 指定，或用 --period 给出采样周期",
        "{file}: no time column found; name it with --time-column or state --period",
    ),
    "no_period": (
        "{file}：矩阵文件没有时间，请用 --period 给出采样周期（秒）",
        "{file}: a matrix has no times; state the sampling period with --period (seconds)",
    ),
    "no_sensors": ("{file}：没有数值列", "{file}: has no column of numbers"),
    "bad_value": (
        "{file} 第 {row} 行 {column}：不是数值 “{text}”",
        "{file} row {row} {column}: not a number “{text}”",
    ),
    "bad_time": (
        "{file} 第 {row} 行 {column}：不是时间 “{text}”，整行未用",
        "{file} row {row} {column}: not a time “{text}”; the row is left out",
    ),
    "doubled_time": (
        "{file} 第 {row} 行：时间重复 “{text}”，保留先出现的一行",
        "{file} row {row}: time “{text}” seen before; the first row is kept",
    ),
    "short_row": (
        "{file} 第 {row} 行：列数不足（{text}），缺少的按无数据处理",
        "{file} row {row}: too few columns ({text}); the missing ones count as absent",
    ),
    "long_row": (
        "{file} 第 {row} 行：列数过多（{text}），多出的未用",
        "{file} row {row}: too many columns ({text}); the surplus is left out",
    ),
    "broken_quotes": (
        "{file}：引号不成对或单元格过长，按普通字符读取",
        "{file}: quotes do not pair up, or a cell is huge; read as plain characters",
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class FileProblem:
    """Something wrong in a file, with its address.

    Attributes:
        code: a key of ``SENTENCES``.
        file: path as it was given.
        row: line of the file, from 1; 0 where the file as a whole is meant.
        column: name of the column, or an empty string.
        text: what was found there.
    """

    code: str
    file: str
    row: int = 0
    column: str = ""
    text: str = ""

    def message(self) -> dict[str, str]:
        """Say it in Chinese and English."""
        chinese, english = SENTENCES[self.code]
        facts = {"file": self.file, "row": self.row, "column": self.column, "text": self.text}
        return {"zh": chinese.format_map(facts), "en": english.format_map(facts)}


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedSensor:
    """A column that is replayed.

    Attributes:
        name: as the file names it.
        code: as a point code: no spaces, at most 100 characters, unique in its recording.
        decimals: most digits after the point that any cell has, so nothing is lost by rounding.
    """

    name: str
    code: str
    decimals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """A column that is not replayed, and why: ``time``, ``label``, ``text`` or ``empty``."""

    name: str
    why: str


@dataclass(slots=True, kw_only=True)
class CellCounts:
    """Where every cell of a file's sensors went.

    ``rows`` × sensors = samples + empty + bad + timeless + doubled, always.

    Attributes:
        rows: rows of data, blank lines not counted.
        samples: cells that became samples.
        empty: cells without a value.
        bad: cells that are not numbers.
        timeless: values in rows whose time cannot be read.
        doubled: values in rows whose time another row had before.
        surplus: cells beyond the header's columns; outside the equation.
        unsorted_rows: rows that were put into time order; lost to nobody.
    """

    rows: int = 0
    samples: int = 0
    empty: int = 0
    bad: int = 0
    timeless: int = 0
    doubled: int = 0
    surplus: int = 0
    unsorted_rows: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Recording:
    """One run.

    Attributes:
        name: path below what was asked for, without its suffix: ``valve1/0``.
        path: the file.
        sensors: what is replayed, in the order of the rows of ``values``.
        times_ms: UTC milliseconds, strictly rising, shape (times,).
        values: shape (sensors, times), NaN where there is no sample.
        elapsed: times count from the run's own start; there is no date to keep.
        left_out: columns not replayed.
        counts: the account of all cells.
        problems: the first ones, each with its address.
        more_problems: how many came after those.
        notes: how the file was read, such as ``separator ;`` or ``transposed 52×500``.
        refused: why nothing of the file is used, or None.
    """

    name: str
    path: Path
    sensors: tuple[RecordedSensor, ...] = ()
    times_ms: Times = field(default_factory=lambda: np.empty(0, dtype=np.int64))
    values: Values = field(default_factory=lambda: np.empty((0, 0), dtype=np.float64))
    elapsed: bool = False
    left_out: tuple[LeftOut, ...] = ()
    counts: CellCounts = field(default_factory=CellCounts)
    problems: tuple[FileProblem, ...] = ()
    more_problems: int = 0
    notes: tuple[str, ...] = ()
    refused: FileProblem | None = None

    @property
    def period_ms(self) -> int:
        """Usual spacing of the samples; a second where there are fewer than two."""
        if len(self.times_ms) < 2:
            return 1000
        return max(1, int(np.median(np.diff(self.times_ms))))

    @property
    def duration_ms(self) -> int:
        """From the first sample to the last."""
        return int(self.times_ms[-1] - self.times_ms[0]) if len(self.times_ms) else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadOptions:
    """How files are to be read where they do not say it themselves.

    Attributes:
        zone: where times without an offset were written.
        labels: names of label columns; None recognises the usual ones.
        time_column: name of the time column; None finds it.
        period_s: spacing of rows where there is no time.
        transpose: rows of a matrix are sensors; None takes the longer side as time.
        separator: of a CSV; None finds it.
        most_problems: how many problems a file keeps with their address.
    """

    zone: tzinfo = SHANGHAI
    labels: frozenset[str] | None = None
    time_column: str | None = None
    period_s: float | None = None
    transpose: bool | None = None
    separator: str | None = None
    most_problems: int = 50


@dataclass(slots=True)
class ProblemList:
    """Keeps the first problems of a file and counts the rest."""

    file: str
    most: int
    kept: list[FileProblem] = field(default_factory=list)
    more: int = 0

    def add(self, code: str, row: int = 0, column: str = "", text: str = "") -> None:
        """Note one."""
        if len(self.kept) >= self.most:
            self.more += 1
            return
        self.kept.append(
            FileProblem(code=code, file=self.file, row=row, column=column, text=text[:80])
        )


def point_codes(names: list[str]) -> list[str]:
    """Make point codes of column names: spaces to underscores, doubles numbered."""
    codes: list[str] = []
    for at, name in enumerate(names, start=1):
        code = re.sub(r"[\s\x00-\x1f]+", "_", name.strip())[:100] or f"column_{at}"
        plain, again = code, 2
        while code in codes:
            code, again = f"{plain}_{again}", again + 1
        codes.append(code)
    return codes


def in_time_order(times: Times, values: Values, counts: CellCounts) -> tuple[Times, Values, Times]:
    """Sort by time and keep the first row of each time.

    Args:
        times: shape (rows,).
        values: shape (sensors, rows).
        counts: told how many rows moved and how many samples were doubled.

    Returns:
        Times, values, and the row numbers (into ``times``) that were doubled.
    """
    order = np.argsort(times, kind="stable")
    if len(times) > 1:
        counts.unsorted_rows = int(np.count_nonzero(np.diff(times) < 0))
    ordered = times[order]
    first = np.ones(len(ordered), dtype=bool)
    first[1:] = np.diff(ordered) > 0
    doubled = np.sort(order[~first])
    counts.doubled = int(np.count_nonzero(~np.isnan(values[:, doubled])))
    return ordered[first], values[:, order[first]], doubled
