"""Recording what the engine decided, and raising the warnings that follow from it."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Q

from guatu.access.messages import Event, read_event
from guatu.web.monitoring.actions.ledger import OF_ALARMS, WRITTEN, Ledger
from guatu.web.monitoring.actions.own import record_own
from guatu.web.monitoring.actions.warn import raise_due, raise_overdue
from guatu.web.monitoring.models import Alarm, EventPosition, Plant, Point
from guatu.web.monitoring.models.alarms import UNNAMED_STREAM

_log = logging.getLogger(__name__)

CONFIGURED, REFUSED = "configured", "refused_command"
_BATCH = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """What a message of events did.

    Attributes:
        changed: alarms that it altered; 0 for a message that was recorded before.
        warned: warnings that it raised or lifted.
        unknown: events about points that we do not know.
    """

    changed: int = 0
    warned: int = 0
    unknown: int = 0


@transaction.atomic
def record_events(
    *,
    partition: int,
    stream_seq: int,
    events: Sequence[Event | Mapping[str, Any]],
    at: datetime,
    stream: str = UNNAMED_STREAM,
) -> Recorded:
    """Record one message of the EVENTS stream; doing it again, or out of order, is harmless.

    A message behind the recorded position is still written: what it says is filled into the
    alarms by their keys, which changes nothing if it was there, and loses nothing if it was not.

    Args:
        partition: whose events they are.
        stream_seq: the message's place in the stream; the position moves up to it, never back.
        events: as the engine wrote them.
        at: the moment of recording.
        stream: identity of the stream that the place is in; in another one the position moves
            to wherever the message stands.
    """
    read = [e if isinstance(e, Event) else read_event(dict(e)) for e in events]
    ledger = _ledger(read)
    ledger.enter(read)
    _save(ledger)
    record_own(read)
    _note_configurations(read)
    _move_position(partition, stream, stream_seq, at)
    if ledger.unknown:
        _log.warning(
            "%d events of message %d name points that are not registered",
            ledger.unknown,
            stream_seq,
        )
    units = {ledger.alarms[key].unit_id for key in ledger.changed}
    warned = raise_due(units, at=at, just_raised=ledger.just_raised) if units else 0
    return Recorded(changed=len(ledger.changed), warned=warned, unknown=ledger.unknown)


@transaction.atomic
def raise_overdue_alarms(*, at: datetime) -> int:
    """Raise the warnings that are due by time alone.

    Returns:
        How many warnings were raised or lifted.
    """
    return raise_overdue(at=at)


def _ledger(events: Iterable[Event]) -> Ledger:
    about = [event for event in events if event.kind in OF_ALARMS]
    points = Point.objects.select_related("unit").in_bulk({e.point for e in about if e.point})
    keys = {event.alarm for event in about if event.alarm}
    known = Alarm.objects.select_for_update().filter(key__in=keys).order_by("id")
    return Ledger(points=points, alarms={alarm.key: alarm for alarm in known})


def _save(ledger: Ledger) -> None:
    begun = [ledger.alarms[key] for key in sorted(ledger.begun)]
    kept = [ledger.alarms[key] for key in sorted(ledger.changed - ledger.begun)]
    Alarm.objects.bulk_create(begun, batch_size=_BATCH)
    Alarm.objects.bulk_update(kept, WRITTEN, batch_size=_BATCH)


def _note_configurations(events: Iterable[Event]) -> None:
    for event in events:
        if event.kind == CONFIGURED and event.version is not None:
            Plant.objects.filter(pk=event.plant, applied_version__lt=event.version).update(
                applied_version=event.version
            )
        elif event.kind == REFUSED:
            _log.warning("the engine refused a command for plant %s: %s", event.plant, event.why)


def _move_position(partition: int, stream: str, stream_seq: int, at: datetime) -> None:
    EventPosition.objects.get_or_create(partition=partition)
    EventPosition.objects.filter(
        Q(stream_seq__lt=stream_seq) | ~Q(stream=stream), partition=partition
    ).update(stream=stream, stream_seq=stream_seq, recorded_at=at)
