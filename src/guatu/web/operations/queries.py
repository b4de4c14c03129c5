"""Courses of the last day, and when the disk will be full."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from guatu.web.operations.models import Pulse

DAY = timedelta(days=1)
LOOK_BACK = timedelta(days=7)
LEAST_SPAN = timedelta(hours=2)
LEAST_PULSES = 20
DAY_S = 86_400.0
MOST_DAYS = 3650.0


@dataclass(frozen=True, slots=True)
class Step:
    """A minute of the day's courses; None where nobody knew."""

    at: datetime
    rate: float | None
    left_out: float | None
    backlog: int | None
    disk_free: int | None


def courses(until: datetime, span: timedelta = DAY) -> list[Step]:
    """The minutes of a span: samples a second, left out a second, backlog, free disk."""
    rows = list(Pulse.objects.filter(at__gt=until - span, at__lte=until))
    steps = []
    for before, row in pairwise(rows):
        passed = (row.at - before.at).total_seconds()
        steps.append(
            Step(
                at=row.at,
                rate=_rate(before.accepted, row.accepted, passed),
                left_out=_rate(before.left_out, row.left_out, passed),
                backlog=row.backlog,
                disk_free=row.disk_free,
            )
        )
    return steps


def _rate(before: int | None, after: int | None, seconds: float) -> float | None:
    if before is None or after is None or after < before or seconds <= 0:
        return None
    return (after - before) / seconds


def disk_days_left(at: datetime) -> float | None:
    """Days until the disk is full if it goes on filling as it did; None if it does not, or is new.

    The slope is that of the straight line nearest to the free bytes of the last week.
    """
    rows = list(
        Pulse.objects.filter(at__gt=at - LOOK_BACK, at__lte=at, disk_free__isnull=False)
        .order_by("at")
        .values_list("at", "disk_free")
    )
    known = [(moment.timestamp(), free) for moment, free in rows if free is not None]
    if len(known) < LEAST_PULSES or known[-1][0] - known[0][0] < LEAST_SPAN.total_seconds():
        return None
    slope = _slope(known)
    if slope >= 0:
        return None
    return min(known[-1][1] / -slope / DAY_S, MOST_DAYS)


def _slope(known: Sequence[tuple[float, int]]) -> float:
    """Bytes a second of the straight line nearest to the points."""
    mean_t = sum(t for t, _ in known) / len(known)
    mean_y = sum(y for _, y in known) / len(known)
    spread = sum((t - mean_t) ** 2 for t, _ in known)
    return sum((t - mean_t) * (y - mean_y) for t, y in known) / spread
