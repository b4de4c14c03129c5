"""A point's course over a span of time, with its limits and alarms: what a chart draws from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring import doors, queries, words
from guatu.web.monitoring.models import Point, Slot

SPANS: Mapping[str, tuple[timedelta, Promise]] = {
    "15m": (timedelta(minutes=15), _("15 min")),
    "1h": (timedelta(hours=1), _("1 h")),
    "8h": (timedelta(hours=8), _("8 h")),
    "24h": (timedelta(hours=24), _("24 h")),
}
DEFAULT_SPAN = "15m"
MOST = 900
"""Samples in one chart: about one a pixel."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """What one chart shows."""

    point: Point
    series: doors.Series
    limits: list[dict[str, Any]]
    alarms: list[dict[str, Any]]
    start: datetime
    end: datetime

    def as_json(self) -> dict[str, Any]:
        """For the page's script; times in milliseconds."""
        return {
            "point": self.point.pk,
            "name": self.point.name,
            "measure": words.measure(self.point.measure),
            "decimals": min(self.point.decimals, 6),
            "start": _ms(self.start),
            "end": _ms(self.end),
            "t": list(self.series.at_ms),
            "v": list(self.series.values),
            "limits": self.limits,
            "alarms": self.alarms,
        }


def trend(point: Point, *, span: str, at: datetime) -> Trend:
    """A point's course up to now.

    Raises:
        UnreachableError: if history cannot be read.
    """
    length, _word = SPANS.get(span, SPANS[DEFAULT_SPAN])
    start = at - length
    series = doors.history([point.pk], start, at, most=MOST).get(point.pk, doors.Series())
    return Trend(
        point=point,
        series=series,
        limits=[
            {
                "slot": Slot(version.slot).name,
                "word": str(words.SLOTS[version.slot]),
                "value": float(version.value or 0),
                "from": _ms(max(version.valid_from, start)),
                "to": None if version.valid_to is None else _ms(version.valid_to),
            }
            for version in queries.limits_between(point.pk, start, at)
        ],
        alarms=[
            {
                "slot": Slot(alarm.slot).name,
                "word": str(words.SLOTS[alarm.slot]),
                "stage": alarm.stage,
                "from": _ms(max(alarm.began_at, start)),
                "to": _ms(alarm.cleared_at or at),
            }
            for alarm in queries.alarms_between(point.pk, start, at)
        ],
        start=start,
        end=at,
    )


def _ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)
