"""What the explorer draws: courses of chosen points over any span, with alarms and limits."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from django.http import QueryDict
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring import doors, queries, words
from guatu.web.monitoring.models import Alarm, Point, Slot

if TYPE_CHECKING:
    from guatu.telemetry.query import Course

MOST_POINTS = 20
MOST_ALARMS = 400
PLACES, FEWEST_PLACES, MOST_PLACES = 900, 50, 3000
LONGEST = timedelta(days=40 * 366)
SHORTEST = timedelta(seconds=1)
BESIDE = timedelta(minutes=10)
"""At least so much is shown before an alarm, and after it."""
PRESETS: Mapping[str, tuple[timedelta, Promise]] = {
    "15m": (timedelta(minutes=15), _("15 min")),
    "1h": (timedelta(hours=1), _("1 h")),
    "8h": (timedelta(hours=8), _("8 h")),
    "24h": (timedelta(hours=24), _("24 h")),
    "7d": (timedelta(days=7), _("7 days")),
    "30d": (timedelta(days=30), _("30 days")),
    "1y": (timedelta(days=366), _("1 year")),
}
DEFAULT_PRESET = "8h"
RESOLUTIONS: Mapping[str, Promise] = {
    "raw": _("Every sample"),
    "minute": _("By minute"),
    "hour": _("By hour"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time, and the preset that it came from, if any."""

    start: datetime
    end: datetime
    preset: str = ""


def span_from(given: Mapping[str, str], *, at: datetime) -> tuple[Span, bool]:
    """Read a span: a preset, or ``from`` and ``to`` in milliseconds or as local times.

    Args:
        given: the request's words.
        at: now, where a preset ends.

    Returns:
        The span, and whether it was what was asked for: what cannot be read or is no span
        becomes the default.
    """
    asked, begin, end = (given.get(name, "") for name in ("span", "from", "to"))
    if asked in PRESETS:
        return _preset(asked, at), True
    if not begin and not end:
        return _preset(DEFAULT_PRESET, at), not asked
    first, last = _moment(begin), _moment(end)
    if first is not None and last is not None and SHORTEST <= last - first <= LONGEST:
        return Span(start=first, end=last), True
    return _preset(DEFAULT_PRESET, at), False


def around(alarm: Alarm) -> str:
    """The address of the explorer's page that shows an alarm's point, some time before to after."""
    ended_at = alarm.cleared_at or timezone.now()
    beside = max((ended_at - alarm.began_at) / 4, BESIDE)
    query = QueryDict(mutable=True)
    query["points"] = str(alarm.point_id)
    query["from"] = str(round((alarm.began_at - beside).timestamp() * 1000))
    query["to"] = str(round((ended_at + beside).timestamp() * 1000))
    return f"{reverse('monitoring:history')}?{query.urlencode()}"


def _preset(name: str, at: datetime) -> Span:
    return Span(start=at - PRESETS[name][0], end=at, preset=name)


def _moment(text: str) -> datetime | None:
    try:
        if text.lstrip("-").isdecimal() and len(text) < 16:
            return datetime(1970, 1, 1, tzinfo=UTC) + timedelta(milliseconds=int(text))
        read = datetime.fromisoformat(text)
        return timezone.make_aware(read) if timezone.is_naive(read) else read
    except (ValueError, OverflowError):
        return None


def places_from(text: str) -> int:
    """Read how many places a chart has."""
    wanted = int(text) if text.isdecimal() and len(text) < 6 else PLACES
    return min(max(wanted, FEWEST_PLACES), MOST_PLACES)


def course_json(points: Sequence[Point], span: Span, places: int) -> dict[str, Any]:
    """For the page's script: courses, alarms and limits; times in milliseconds.

    Args:
        points: in the order chosen.
        span: of time.
        places: about how many a point.
    """
    ids = [point.pk for point in points]
    drawn = doors.course(ids, span.start, span.end, most=places)
    limits = queries.current_limits(ids)
    alarms = queries.alarms_of_points(ids, span.start, span.end, most=MOST_ALARMS)
    return {
        "from": _ms(span.start),
        "to": _ms(span.end),
        "width": drawn.course.width_ms,
        "newest": drawn.has_newest,
        "points": [_point_json(point, drawn.course, limits.get(point.pk, {})) for point in points],
        "alarms": [_alarm_json(alarm, span) for alarm in alarms],
        "more_alarms": len(alarms) == MOST_ALARMS,
    }


def _point_json(point: Point, course: Course, limits: Mapping[str, float]) -> dict[str, Any]:
    own = np.asarray(course.point) == point.pk
    digits = min(point.decimals, 6) + (2 if course.width_ms else 0)
    figures = {"v": course.value, "low": course.low, "high": course.high, "n": course.count}
    if not course.width_ms:
        figures = {"v": course.value}
    return {
        "id": point.pk,
        "t": np.asarray(course.at_ms)[own].tolist(),
        **{
            name: np.round(np.asarray(column)[own], digits).tolist()
            for name, column in figures.items()
        },
        "limits": [
            {"slot": slot, "word": str(words.SLOTS[Slot[slot]]), "value": value}
            for slot, value in sorted(limits.items(), key=lambda row: row[1])
        ],
    }


def _alarm_json(alarm: Alarm, span: Span) -> dict[str, Any]:
    return {
        "point": alarm.point_id,
        "word": str(words.SLOTS[alarm.slot]),
        "stage": alarm.stage,
        "from": _ms(max(alarm.began_at, span.start)),
        "to": _ms(min(alarm.cleared_at or span.end, span.end)),
    }


def described(point: Point) -> dict[str, Any]:
    """A chosen point for the page's script."""
    return {
        "id": point.pk,
        "name": point.name,
        "code": point.code,
        "unit": point.unit.name,
        "plant": point.unit.plant.name,
        "measure": point.measure,
        "decimals": min(point.decimals, 6),
        "step": point.kind != "analog",
        "words": point.state_words,
    }


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A point's figures over the span, for the table."""

    point: Point
    least: float | None
    mean: float | None
    greatest: float | None
    last: float | None
    count: int


def summary(points: Sequence[Point], span: Span) -> list[Row]:
    """Least, mean, greatest and last of each point over a span."""
    drawn = doors.course([p.pk for p in points], span.start, span.end, most=PLACES)
    return [_row(point, drawn.course) for point in points]


def _row(point: Point, course: Course) -> Row:
    own = np.asarray(course.point) == point.pk
    count, value = np.asarray(course.count)[own], np.asarray(course.value)[own]
    if not len(value):
        return Row(point=point, least=None, mean=None, greatest=None, last=None, count=0)
    is_state = bool(point.state_words)  # states have no mean, nor a least
    return Row(
        point=point,
        least=None if is_state else float(np.asarray(course.low)[own].min()),
        mean=None if is_state else float((value * count).sum() / count.sum()),
        greatest=None if is_state else float(np.asarray(course.high)[own].max()),
        last=float(value[-1]),
        count=int(count.sum()),
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
