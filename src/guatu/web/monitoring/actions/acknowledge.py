"""A person says that an alarm was seen."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from django.db import transaction

from guatu.core.nouns.text import plain
from guatu.web.monitoring.actions.delivery import queue_acknowledgement
from guatu.web.monitoring.actions.limit_checks import reason_problems
from guatu.web.monitoring.errors import AlreadyAcknowledgedError, LimitRefusedError
from guatu.web.monitoring.models import Alarm
from guatu.web.people import permission
from guatu.web.people.models import User


@transaction.atomic
def acknowledge_alarms(
    alarm_ids: Sequence[int], *, why: str, by: User, at: datetime
) -> list[Alarm]:
    """Acknowledge several alarms at once, with a reason that stays with each.

    Args:
        alarm_ids: those that were shown; what somebody acknowledged meanwhile is passed over.
        why: why they are not looked at one by one.
        by: who saw them.
        at: the moment.

    Returns:
        Those that were acknowledged.

    Raises:
        PermissionDenied: if `by` may not, for any of them; then none is acknowledged.
        LimitRefusedError: if no reason is given.
    """
    why = plain(why)
    if problems := list(reason_problems(why)):
        raise LimitRefusedError(problems)
    alarms = Alarm.objects.select_for_update().filter(pk__in=alarm_ids, acknowledged_at=None)
    found = list(alarms.select_related("plant").order_by("id"))
    for alarm in found:
        permission.demand(by, "monitoring.acknowledge_alarm", alarm.plant)
    for alarm in found:
        alarm.acknowledged_why = why
        _acknowledge(alarm, by=by, at=at)
    return found


@transaction.atomic
def acknowledge_alarm(alarm_id: int, *, by: User, at: datetime) -> Alarm:
    """Write down who saw an alarm, and tell the engine.

    Raises:
        Alarm.DoesNotExist: if there is no such alarm.
        PermissionDenied: if `by` may not.
        AlreadyAcknowledgedError: if somebody was first.
    """
    alarm = Alarm.objects.select_for_update().select_related("plant").get(pk=alarm_id)
    permission.demand(by, "monitoring.acknowledge_alarm", alarm.plant)
    if alarm.acknowledged_at is not None:
        raise AlreadyAcknowledgedError
    _acknowledge(alarm, by=by, at=at)
    return alarm


def _acknowledge(alarm: Alarm, *, by: User, at: datetime) -> None:
    alarm.acknowledged_at = at
    alarm.acknowledged_by = by.get_full_name()
    alarm.save(update_fields=["acknowledged_at", "acknowledged_by", "acknowledged_why"])
    queue_acknowledgement(alarm, at=at)
