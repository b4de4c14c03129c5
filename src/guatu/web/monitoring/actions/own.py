"""Recording what plants' own alarm systems said."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

from guatu.access.messages import Event
from guatu.web.monitoring.models import OwnAlarm, Plant, Point, Unit

OWN_ALARM = "own_alarm"
_BATCH = 500


def record_own(events: Sequence[Event]) -> int:
    """Record them inside the caller's transaction; doing it again changes nothing.

    Returns:
        How many were told of plants that are registered.
    """
    told = [event for event in events if event.kind == OWN_ALARM and event.own is not None]
    if not told:
        return 0
    plants = Plant.objects.in_bulk({event.plant for event in told})
    points = {
        (point.unit.plant_id, point.code): point
        for point in Point.objects.select_related("unit").filter(
            unit__plant__in=plants, code__in={str(_own(e)["point"]) for e in told}
        )
    }
    codes = {str(_own(event)["unit"]) for event in told}
    units = {(u.plant_id, u.code): u for u in Unit.objects.filter(plant__in=plants, code__in=codes)}
    rows = [_row(event, points, units) for event in told if event.plant in plants]
    OwnAlarm.objects.bulk_create(rows, batch_size=_BATCH, ignore_conflicts=True)
    return len(rows)


def _own(event: Event) -> dict[str, Any]:
    return event.own or {}


def _row(
    event: Event, points: dict[tuple[int, str], Point], units: dict[tuple[int, str], Unit]
) -> OwnAlarm:
    own = _own(event)
    point = points.get((event.plant, str(own["point"])))
    unit = units.get((event.plant, str(own["unit"]))) or (point.unit if point else None)
    return OwnAlarm(
        plant_id=event.plant,
        own_id=own["id"],
        kind=own["kind"],
        at=_moment(event.at_ms),
        heard_at=_moment(event.logged_ms),
        text=own["text"],
        point_code=own["point"],
        unit_code=own["unit"],
        point=point,
        unit=unit,
        level=own["level"],
        value=own["value"],
        limit=own["limit"],
    )


def _moment(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)
