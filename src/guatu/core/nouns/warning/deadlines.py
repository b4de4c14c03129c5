"""The table of deadlines, by version: who judges an old warning uses the table of its day."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from types import MappingProxyType

from .words import Level


@dataclass(frozen=True, slots=True, kw_only=True)
class Term:
    """How long an owner has, counted from the moment the warning is raised (or raised anew)."""

    acknowledge: timedelta
    handle: timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadlines:
    """One version of the table of deadlines; old warnings keep the version they began under."""

    version: int
    in_force_from: datetime
    terms: Mapping[Level, Term]


DEADLINES: tuple[Deadlines, ...] = (
    Deadlines(
        version=1,
        in_force_from=datetime(2024, 1, 1, tzinfo=UTC),
        terms=MappingProxyType(
            {
                Level.RED: Term(acknowledge=timedelta(minutes=5), handle=timedelta(minutes=30)),
                Level.ORANGE: Term(acknowledge=timedelta(minutes=15), handle=timedelta(hours=2)),
                Level.YELLOW: Term(acknowledge=timedelta(hours=1), handle=timedelta(hours=24)),
                Level.BLUE: Term(acknowledge=timedelta(hours=4), handle=timedelta(hours=72)),
            }
        ),
    ),
)


def deadlines_in_force(
    at: datetime, table: tuple[Deadlines, ...] = DEADLINES, *, version: int | None = None
) -> Deadlines:
    """Find the deadlines that hold at a moment, or the version a warning began under.

    Args:
        at: the moment, aware.
        table: the versions, oldest first.
        version: a version to be found by its number instead; an unknown one falls back to `at`.

    Returns:
        The newest version in force; the oldest one for moments before them all.
    """
    for deadlines in table:
        if deadlines.version == version:
            return deadlines
    in_force = [deadlines for deadlines in table if deadlines.in_force_from <= at]
    return in_force[-1] if in_force else table[0]
