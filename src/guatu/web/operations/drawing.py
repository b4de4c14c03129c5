"""Courses as lines of an SVG, drawn here: nothing to load, nothing to run."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT = 600.0, 120.0
GAP_S = 300.0
"""A hole in the course where nobody knew anything for so long."""


@dataclass(frozen=True, slots=True)
class Course:
    """A line and what its edges mean.

    Attributes:
        path: for a `d` attribute in a box of WIDTH by HEIGHT; empty where nothing is known.
        area: the same, closed at the bottom.
        most: value at the upper edge.
        since, until: at the left and right edge.
    """

    path: str
    area: str
    most: float
    since: datetime
    until: datetime


def course(
    points: Sequence[tuple[datetime, float | None]], since: datetime, until: datetime
) -> Course:
    """Draw a course from zero up."""
    known = [(at, value) for at, value in points if value is not None]
    most = max((value for _, value in known), default=0.0) or 1.0
    span = max((until - since).total_seconds(), 1.0)
    runs: list[list[tuple[float, float]]] = []
    last: datetime | None = None
    for at, value in known:
        if last is None or (at - last).total_seconds() > GAP_S:
            runs.append([])
        x = (at - since).total_seconds() / span * WIDTH
        runs[-1].append((x, HEIGHT - value / most * HEIGHT * 0.92))
        last = at
    lines = [" ".join(f"{x:.1f},{y:.1f}" for x, y in run) for run in runs]
    areas = [
        f"M{run[0][0]:.1f},{HEIGHT} L{line} L{run[-1][0]:.1f},{HEIGHT} Z"
        for run, line in zip(runs, lines, strict=True)
    ]
    path = " ".join(f"M{line}" for line in lines)
    return Course(path, " ".join(areas), most, since, until)
