"""A person says that an alarm was seen."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from guatu.web.monitoring.actions.delivery import queue_acknowledgement
from guatu.web.monitoring.errors import AlreadyAcknowledgedError
from guatu.web.monitoring.models import Alarm
from guatu.web.people import permission
from guatu.web.people.models import User


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
    alarm.acknowledged_at = at
    alarm.acknowledged_by = by.get_full_name()
    alarm.save(update_fields=["acknowledged_at", "acknowledged_by"])
    queue_acknowledgement(alarm, at=at)
    return alarm
