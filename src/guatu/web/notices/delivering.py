"""Which deliveries are due, and what becomes of each: sent, tried again, given up."""

import logging
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db import transaction
from django.db.models import F, Q, QuerySet

from guatu.web.notices.models import Delivery, Hook, Message
from guatu.web.notices.parcels import Parcel, Way, packed, way_of

PAUSES: Final = tuple(
    timedelta(seconds=seconds) for seconds in (5, 30, 120, 600, 1800, 3600, 10_800, 21_600, 43_200)
)
"""How long after each failed try the next is made; after the last it is given up: about a day."""
LEASE: Final = timedelta(minutes=2)
"""How long a sender has before another may send what it took."""
LOOKED_AT: Final = 500
TOGETHER: Final = 200
IN_A_ROW: Final = 10
"""Calls of one program that one turn takes: with the time that each may last, within a lease."""
KEPT: Final = timedelta(days=180)

_SETTLED: Final = ("state", "ended_at", "due_at", "error")
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """How sending a parcel went.

    Attributes:
        error: what went wrong; empty where it arrived.
        is_final: that trying again is of no use.
        wait: how long the receiver asked to wait.
    """

    error: str = ""
    is_final: bool = False
    wait: timedelta | None = None


def take(at: datetime, *, busy: Collection[Way] = (), most: int = 8) -> list[Parcel]:
    """Take what is due, for this sender alone, packed.

    What was taken and is not settled within `LEASE` is due again: a sender that died loses
    nothing, and the receiver knows a repeat by its number.

    Args:
        at: now.
        busy: ways that are still being sent by.
        most: by how many ways at most.

    Returns:
        Parcels; those of one way stand in the order in which they must go, one after another.
    """
    # A look takes no lock: nearly always there is nothing to do.
    if not _due(at).exists():
        return []
    with transaction.atomic():
        _drop_what_was_read(at)
        return _take(at, busy, most)


def _due(at: datetime) -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=Delivery.State.WAITING, due_at__lte=at)


def _take(at: datetime, busy: Collection[Way], most: int) -> list[Parcel]:
    # What goes by a busy way would hide the rest behind it.
    is_busy = Q(hook__in=[number for kind, number in busy if kind == "hook"])
    mailed = [number for kind, number in busy if kind == "mail"]
    is_busy |= Q(hook=None, message__user__in=mailed)
    rows = (
        _due(at)
        .exclude(is_busy)
        .select_related("hook", "message__user__notice_preference")
        .select_for_update(of=("self",), skip_locked=True)
        .order_by("-level", "due_at", "pk")[:LOOKED_AT]
    )
    groups: dict[Way, list[Delivery]] = {}
    for row in rows:
        way = way_of(row)
        if way not in groups and len(groups) >= most:
            continue
        group = groups.setdefault(way, [])
        if not group or _goes_with(group[0], row):
            group.append(row)
    parts = [part for group in groups.values() for part in _parts(group)]
    parcels = [parcel for part in parts if (parcel := _packed(part, at)) is not None]
    taken = [pk for parcel in parcels for pk in parcel.deliveries]
    Delivery.objects.filter(pk__in=taken).update(due_at=at + LEASE, tries=F("tries") + 1)
    return parcels


def _packed(part: list[Delivery], at: datetime) -> Parcel | None:
    """A parcel of what goes together; None where packing fails, which is a failed try of its own.

    A secret sealed with another key, or a source that breaks, holds up no other way.
    """
    try:
        with transaction.atomic():
            return packed(part)
    except Exception as error:  # noqa: BLE001 - whatever a source raises
        _log.exception("%d deliveries could not be packed", len(part))
        for row in part:
            row.tries += 1
            _settle_one(row, Outcome(error=type(error).__name__), at)
        Delivery.objects.bulk_update(part, [*_SETTLED, "tries"])
        return None


def _drop_what_was_read(at: datetime) -> None:
    """What waited for the end of quiet hours and was read on the bell meanwhile is not sent."""
    read = _due(at).filter(message__read_at__isnull=False)
    read.update(state=Delivery.State.DROPPED, ended_at=at)


def _parts(group: list[Delivery]) -> list[list[Delivery]]:
    """What of a way goes now: all that people read in one, for programs one by one."""
    group.sort(key=lambda row: (row.at, row.pk))
    if group[0].hook is None or group[0].hook.is_grouped:
        return [group[:TOGETHER]]
    return [[row] for row in group[:IN_A_ROW]]


def _goes_with(first: Delivery, other: Delivery) -> bool:
    """Whether two deliveries of one way go at the same turn: to a program, or to one person."""
    mine = first.message.user_id if first.message else None
    return mine == (other.message.user_id if other.message else None)


@transaction.atomic
def settle(parcel: Parcel, outcome: Outcome, *, at: datetime) -> None:
    """Write down how sending went, and when to try again.

    Args:
        parcel: as it was taken.
        outcome: how it went.
        at: now.
    """
    rows = list(
        Delivery.objects.select_for_update().filter(
            pk__in=parcel.deliveries, state=Delivery.State.WAITING
        )
    )
    for row in rows:
        if parcel.content is None:
            row.state, row.ended_at = Delivery.State.DROPPED, at
        else:
            _settle_one(row, outcome, at)
    Delivery.objects.bulk_update(rows, _SETTLED)
    kind, number = parcel.way
    if kind == "hook" and parcel.content is not None:
        hook = Hook.objects.filter(pk=number)
        if outcome.error:
            hook.filter(failing_since=None).update(failing_since=at)
        else:
            hook.exclude(failing_since=None).update(failing_since=None)


def _settle_one(row: Delivery, outcome: Outcome, at: datetime) -> None:
    row.error = outcome.error[:300]
    if not outcome.error:
        row.state, row.ended_at = Delivery.State.SENT, at
    elif outcome.is_final or row.tries > len(PAUSES):
        row.state, row.ended_at = Delivery.State.FAILED, at
    else:
        row.due_at = at + max(PAUSES[row.tries - 1], outcome.wait or timedelta())


def prune(at: datetime) -> int:
    """Forget messages and deliveries that are older than half a year; returns how many rows."""
    until = at - KEPT
    ended = Delivery.objects.filter(at__lt=until).exclude(state=Delivery.State.WAITING)
    gone = ended.delete()[0]
    old = Message.objects.filter(at__lt=until).exclude(deliveries__isnull=False)
    return gone + old.delete()[0]
