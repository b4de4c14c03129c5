"""What the engine last heard of several plants: for lists."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import pgettext

from guatu.web.monitoring import doors, words
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Plant, Point

SILENT_AFTER = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class LastWord:
    """A plant's last word.

    Attributes:
        units: the states of its units, in words; empty where none is told.
        last_at: when its newest sample was taken; None where the engine has none.
        is_silent: whether that is too long ago.
    """

    units: str
    last_at: datetime | None
    is_silent: bool


def last_words(plants: Sequence[Plant], *, at: datetime) -> dict[int, LastWord]:
    """Ask the engine for the last word of each plant.

    Args:
        plants: those on a page.
        at: now.

    Returns:
        By plant; those that could not be asked are left out, and after the first failure no other
        is asked, so that a page does not wait for each.
    """
    points: dict[int, list[Point]] = {}
    rows = Point.objects.filter(unit__plant__in=plants, retired_at=None).select_related("unit")
    for point in rows.order_by("id"):
        points.setdefault(point.unit.plant_id, []).append(point)
    found: dict[int, LastWord] = {}
    for plant in plants:
        own = points.get(plant.pk, [])
        try:
            seen = doors.last_values(plant, [point.pk for point in own]) if own else {}
        except UnreachableError:
            return found
        found[plant.pk] = _word(own, seen, at)
    return found


def _word(points: Sequence[Point], seen: dict[int, doors.Seen], at: datetime) -> LastWord:
    last_at = max((value.at for value in seen.values()), default=None)
    states = [
        words.unit_state(round(seen[point.pk].value), point.unit.kind)
        for point in points
        if point.role == "unit_state" and point.pk in seen
    ]
    return LastWord(
        units=pgettext("between names", ", ").join(states),
        last_at=last_at,
        is_silent=last_at is None or at - last_at > SILENT_AFTER,
    )
