"""Reading a matrix of numbers: no header, no times, only rows and columns.

Which side is time is not written in such a file. A recording has more samples than sensors,
so the longer side is taken as time unless told otherwise (the Tennessee Eastman file
``d00.dat`` has sensors as rows, its sisters as columns); how it was taken is noted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from guatu.simulator.columns import ABSENT, decimals_of, number
from guatu.simulator.recordings import (
    CellCounts,
    FileProblem,
    ProblemList,
    ReadOptions,
    RecordedSensor,
    Recording,
)
from guatu.simulator.tables import decode, is_binary

if TYPE_CHECKING:
    from pathlib import Path

    from guatu.simulator.beats import Values


def read_matrix(path: Path, name: str, options: ReadOptions) -> Recording:
    """Read a whitespace-separated matrix; faults are counted and told, never raised."""
    try:
        text, encoding = decode(path.read_bytes())
    except OSError as error:
        return _refuse(path, name, "unreadable", error.strerror or str(error))
    if is_binary(text):
        return _refuse(path, name, "binary", "")
    lines = [(at, line.split()) for at, line in enumerate(text.splitlines(), start=1)]
    lines = [(at, cells) for at, cells in lines if cells and not cells[0].startswith(("#", "%"))]
    if not lines:
        return _refuse(path, name, "nothing_here", "")
    if options.period_s is None:
        return _refuse(path, name, "no_period", "")
    problems = ProblemList(str(path), options.most_problems)
    counts = CellCounts()
    cells, decimals = _numbers(lines, counts, problems)
    rows, columns = cells.shape
    across = rows < columns if options.transpose is None else options.transpose
    values: Values = cells if across else np.ascontiguousarray(cells.T)
    counts.rows = values.shape[1]
    counts.samples = int(np.count_nonzero(~np.isnan(values)))
    if counts.samples == 0:
        return _refuse(path, name, "no_sensors", "")
    return Recording(
        name=name,
        path=path,
        sensors=_sensors(decimals.max(axis=1 if across else 0).astype(int).tolist()),
        times_ms=np.round(np.arange(counts.rows) * options.period_s * 1000.0).astype(np.int64),
        values=values,
        elapsed=True,
        counts=counts,
        problems=tuple(problems.kept),
        more_problems=problems.more,
        notes=(
            f"encoding {encoding}",
            f"{'transposed ' if across else ''}{rows}×{columns}",
            f"period {options.period_s:g} s",
        ),
    )


def _sensors(decimals: list[int]) -> tuple[RecordedSensor, ...]:
    """Name the sensors by their place: x01, x02 and so on."""
    width = len(str(len(decimals)))
    codes = [f"x{at:0{width}d}" for at in range(1, len(decimals) + 1)]
    return tuple(
        RecordedSensor(name=code, code=code, decimals=most)
        for code, most in zip(codes, decimals, strict=True)
    )


def _refuse(path: Path, name: str, code: str, text: str) -> Recording:
    return Recording(
        name=name, path=path, refused=FileProblem(code=code, file=str(path), text=text)
    )


def _numbers(
    lines: list[tuple[int, list[str]]], counts: CellCounts, problems: ProblemList
) -> tuple[Values, Values]:
    """Read all cells; returns values and written decimals, both as the file lies."""
    width = max(len(cells) for _, cells in lines)
    values: Values = np.full((len(lines), width), np.nan)
    decimals: Values = np.zeros((len(lines), width))
    for at, (row, cells) in enumerate(lines):
        if len(cells) < width:
            problems.add("short_row", row, text=f"{len(cells)} < {width}")
            counts.empty += width - len(cells)
        for column, cell in enumerate(cells):
            if cell.lower() in ABSENT:
                counts.empty += 1
                continue
            value = number(cell.rstrip(",;"), comma=False)
            if value is None:
                counts.bad += 1
                problems.add("bad_value", row, f"c{column + 1}", cell)
                continue
            values[at, column] = value
            decimals[at, column] = decimals_of(cell.rstrip(",;"))
    return values, decimals
