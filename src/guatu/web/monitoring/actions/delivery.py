"""The outbox: commands are written with their cause, and placed in the log afterwards."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Min, Q

from guatu.access.messages import Acknowledge, Command, Configure
from guatu.access.problems import RefusedError
from guatu.access.validate import read_command, read_plant_config
from guatu.web.monitoring import doors
from guatu.web.monitoring.models import Alarm, CommandKind, Outbox, Plant
from guatu.web.monitoring.queries.configuration import plant_config

_log = logging.getLogger(__name__)

Publish = Callable[[Command, str], object]
"""Places one command of a plant, named by its code: `telemetry.command.place`."""

_CLAIM = timedelta(seconds=30)
_LONGEST_WAIT_S = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What one round of delivering did.

    Attributes:
        placed: commands that the log confirmed.
        failed: plants at whose first waiting command the round stopped.
        error: the last error, in the log's words; empty where there was none.
    """

    placed: int = 0
    failed: int = 0
    error: str = ""


def queue_configuration(plant_id: int, *, at: datetime) -> Outbox:
    """Queue the plant's whole configuration under its next version, in the running transaction.

    Raises:
        RefusedError: if gateway and engine would refuse it; the cause is then rolled back too.
    """
    Plant.objects.filter(pk=plant_id).update(config_version=F("config_version") + 1)
    plant = Plant.objects.get(pk=plant_id)
    config = plant_config(plant, at=at)
    read_plant_config(config.as_json())
    return Outbox.objects.create(
        plant=plant,
        kind=CommandKind.CONFIGURE,
        payload=Configure(config=config).as_json(),
        version=plant.config_version,
        created_at=at,
    )


def queue_acknowledgement(alarm: Alarm, *, at: datetime) -> Outbox:
    """Queue the word to the engine that a person has seen an alarm."""
    command = Acknowledge(
        alarm=alarm.key, by=alarm.acknowledged_by, at_ms=round(at.timestamp() * 1000)
    )
    return Outbox.objects.create(
        plant_id=alarm.plant_id,
        kind=CommandKind.ACKNOWLEDGE,
        payload=command.as_json(),
        created_at=at,
    )


def publish_outbox(
    *,
    at: datetime,
    publish: Publish | None = None,
    plants: Sequence[int] | None = None,
    most: int = 500,
) -> Delivery:
    """Place waiting commands in the log, a plant's own in their order.

    Where the log refuses, the plant's later commands wait behind the refused one and it is tried
    again after a pause that grows to a minute. A command may be placed twice when a process dies
    between placing and writing so; its effect is once, for the engine passes over a configuration
    that is not newer and an acknowledgement that it has.

    Args:
        at: the moment.
        publish: places one command; the command door by default.
        plants: only these, and without waiting for the pause to end: somebody is looking.
        most: commands in one round.
    """
    place = publish or doors.place
    placed = failed = 0
    error = ""
    for head in _heads(at, plants):
        message: Outbox | None = head
        while message is not None and placed < most:
            error_now = _deliver(message, place, at)
            if error_now is not None:
                failed, error = failed + 1, error_now or error
                break
            placed += 1
            message = _next(message.plant_id)
    return Delivery(placed=placed, failed=failed, error=error)


def _heads(at: datetime, plants: Sequence[int] | None) -> list[Outbox]:
    """The first waiting command of each plant, where its pause is over."""
    waiting = Outbox.objects.filter(placed_at__isnull=True)
    if plants is not None:
        waiting = waiting.filter(plant_id__in=plants)
    firsts = waiting.order_by().values("plant").annotate(first=Min("id")).values("first")
    heads = Outbox.objects.filter(pk__in=firsts).select_related("plant").order_by("id")
    if plants is None:
        heads = heads.filter(Q(next_try_at__isnull=True) | Q(next_try_at__lte=at))
    return list(heads)


def _next(plant_id: int) -> Outbox | None:
    waiting = Outbox.objects.filter(placed_at__isnull=True, plant_id=plant_id)
    return waiting.select_related("plant").order_by("id").first()


def _deliver(message: Outbox, place: Publish, at: datetime) -> str | None:
    """Claim, place and tick off one command.

    Returns:
        None when it is placed; else the error, empty where another process has it in hand.
    """
    mine = Outbox.objects.filter(pk=message.pk, placed_at__isnull=True).filter(
        Q(claimed_until__isnull=True) | Q(claimed_until__lte=at)
    )
    if not mine.update(claimed_until=at + _CLAIM):
        return ""
    refused: tuple[type[Exception], ...] = (RefusedError, *doors.not_placed())
    try:
        place(read_command(message.payload), message.plant.code)
    except refused as problem:
        return _note_failure(message, str(problem), at)
    with transaction.atomic():
        Outbox.objects.filter(pk=message.pk).update(
            placed_at=at, claimed_until=None, last_error="", attempts=F("attempts") + 1
        )
        _mend_order(message, at)
    return None


def _note_failure(message: Outbox, error: str, at: datetime) -> str:
    pause_s = min(2 ** min(message.attempts, 10), _LONGEST_WAIT_S)
    Outbox.objects.filter(pk=message.pk).update(
        attempts=F("attempts") + 1,
        next_try_at=at + timedelta(seconds=pause_s),
        claimed_until=None,
        last_error=error[:300],
    )
    _log.warning("command %s of plant %s is not placed: %s", message.pk, message.plant_id, error)
    return error or "?"


def _mend_order(message: Outbox, at: datetime) -> None:
    """Send the newest configuration once more if this one was placed after it.

    That takes a process that slept through its claim between asking and placing. The engine
    passes over the older version, but whoever starts later reads the last one placed.
    """
    overtaken = Outbox.objects.filter(
        plant_id=message.plant_id, version__gt=message.version or 0, placed_at__isnull=False
    )
    if message.kind == CommandKind.CONFIGURE and overtaken.exists():
        queue_configuration(message.plant_id, at=at)
