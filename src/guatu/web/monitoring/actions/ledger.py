"""Events written onto alarms: in any order and any number of times, the outcome is the same.

An engine that starts again repeats events, and a recorder that stumbles takes them out of order.
So nothing here counts or trusts an order: each kind of event fills its own fields of the one row
that its alarm's key names, and filling them twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime

from guatu.access.messages import SLOTS, Event
from guatu.web.monitoring.models import Alarm, Point

RAISED, CLEARED, ACKNOWLEDGED = "raised", "cleared", "acknowledged"
OF_ALARMS = frozenset({RAISED, CLEARED, ACKNOWLEDGED})

WRITTEN = (
    "stage",
    "began_at",
    "raise_seen",
    "cleared_at",
    "why",
    "acknowledged_at",
    "acknowledged_by",
    "value",
    "limit",
    "unit_state",
)
"""The columns that events fill."""


def moment(at_ms: int) -> datetime:
    """The engine's milliseconds as a moment."""
    return datetime.fromtimestamp(at_ms / 1000, tz=UTC)


@dataclass(slots=True)
class Ledger:
    """The alarms that a message of events touches.

    Attributes:
        points: by id, those that we know.
        alarms: by key.
        changed: keys of alarms that an event altered.
        begun: keys of alarms that are not in the database yet.
        just_raised: keys of alarms whose raising was not known before.
        unknown: events about points or slots that we do not know.
    """

    points: Mapping[int, Point]
    alarms: dict[str, Alarm]
    changed: set[str] = field(default_factory=set)
    begun: set[str] = field(default_factory=set)
    just_raised: set[str] = field(default_factory=set)
    unknown: int = 0

    def enter(self, events: Iterable[Event]) -> None:
        """Write events onto their alarms."""
        for event in events:
            if event.kind in OF_ALARMS:
                self._enter(event)

    def _enter(self, event: Event) -> None:
        point = self.points.get(event.point or 0)
        if point is None or event.slot not in SLOTS or not event.alarm:
            self.unknown += 1
            return
        alarm = self.alarms.get(event.alarm)
        if alarm is None:
            alarm = self.alarms[event.alarm] = _begun_unseen(event, point)
            self.begun.add(event.alarm)
            self.changed.add(event.alarm)
        write = {RAISED: _raised, CLEARED: _cleared, ACKNOWLEDGED: _acknowledged}[event.kind]
        if write(alarm, event):
            self.changed.add(event.alarm)
            if event.kind == RAISED:
                self.just_raised.add(event.alarm)


def _begun_unseen(event: Event, point: Point) -> Alarm:
    """An alarm whose raising has not arrived: this event's time stands in for its beginning."""
    return Alarm(
        key=event.alarm,
        plant_id=point.unit.plant_id,
        unit_id=point.unit_id,
        point=point,
        slot=SLOTS.index(event.slot),
        stage=event.stage,
        began_at=moment(event.at_ms),
        raise_seen=False,
    )


def _raised(alarm: Alarm, event: Event) -> bool:
    if alarm.raise_seen:
        return False
    alarm.raise_seen = True
    alarm.began_at = moment(event.at_ms)
    alarm.stage = event.stage
    alarm.value, alarm.limit, alarm.unit_state = event.value, event.limit, event.unit_state
    return True


def _cleared(alarm: Alarm, event: Event) -> bool:
    at = moment(event.at_ms)
    if alarm.cleared_at is not None:
        return False
    alarm.cleared_at, alarm.why = at, event.why or "returned"
    if not alarm.raise_seen:
        alarm.began_at = min(alarm.began_at, at)
    return True


def _acknowledged(alarm: Alarm, event: Event) -> bool:
    at = moment(event.at_ms)
    if not alarm.raise_seen:
        alarm.began_at = min(alarm.began_at, at)
    # The first one counts, whichever way it came: by our page or by the engine's word.
    if alarm.acknowledged_at is not None and alarm.acknowledged_at <= at:
        return False
    alarm.acknowledged_at, alarm.acknowledged_by = at, event.by
    return True
