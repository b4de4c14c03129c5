"""What the views of one plant share."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.shortcuts import get_object_or_404
from django.utils import timezone
from django.utils.translation import gettext as _

from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import publish_outbox
from guatu.web.monitoring.models import Plant
from guatu.web.people.signed_in import SignedInRequest


def seen_plant(request: SignedInRequest, plant_id: int) -> Plant:
    """The plant, if the reader may see it.

    Raises:
        Http404: if not; whether it exists is not told.
    """
    return get_object_or_404(queries.visible_to(request.user), pk=plant_id)


def alarms_shown(plant: Plant) -> dict[str, Any]:
    """What the plant's list of alarms shows."""
    active, returned = queries.open_alarms(plant), queries.to_acknowledge(plant)
    return {
        "open_alarms": active,
        "returned_alarms": returned,
        "returned_count": queries.returned(plant).count(),
        "any_unread": bool(returned) or any(one.acknowledged_at is None for one in active),
    }


def deliver(request: SignedInRequest, plant: Plant, done: str) -> None:
    """Try at once to bring a change to the engine, and say how far it came."""
    delivery = publish_outbox(at=timezone.now(), plants=[plant.pk])
    if delivery.error:
        messages.warning(
            request,
            _("%(done)s It has not reached the engine yet; it is tried again by itself.")
            % {"done": done},
        )
    else:
        messages.success(request, done)
