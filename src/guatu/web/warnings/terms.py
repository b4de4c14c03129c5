"""The table of deadlines as its page shows it: how long each level has, and when it climbs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from guatu.core.nouns.warning import DEADLINES, Deadlines, Level, Rung, deadlines_in_force

STEPS = (Rung.COUNTY, Rung.PREFECTURE, Rung.PROVINCE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """One deadline, and after how long a warning that misses it has climbed to each rung.

    Attributes:
        within: how long the owner has, from the moment it is raised.
        climbs: to county, prefecture and province, from the same moment.
    """

    within: timedelta
    climbs: Sequence[timedelta]


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """What holds for one level."""

    level: Level
    acknowledge: Course
    handle: Course


@dataclass(frozen=True, slots=True, kw_only=True)
class Version:
    """One version of the table, gravest level first."""

    number: int
    since: datetime
    in_force: bool
    lines: Sequence[Line]


def versions(at: datetime, table: tuple[Deadlines, ...] = DEADLINES) -> list[Version]:
    """Every version of the table, the newest first.

    Args:
        at: the moment for which one of them is in force.
        table: the versions, oldest first.
    """
    current = deadlines_in_force(at, table).version
    return [
        Version(
            number=one.version,
            since=one.in_force_from,
            in_force=one.version == current,
            lines=[
                Line(
                    level=level,
                    acknowledge=_course(one.terms[level].acknowledge),
                    handle=_course(one.terms[level].handle),
                )
                for level in sorted(one.terms, reverse=True)
            ],
        )
        for one in reversed(table)
    ]


def _course(term: timedelta) -> Course:
    return Course(within=term, climbs=[term * rung for rung in STEPS])
