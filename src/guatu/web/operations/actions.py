"""Keeping the house's pulse."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.utils import timezone

from guatu.web.operations.models import Pulse
from guatu.web.operations.standing import Standing, stand

KEPT = timedelta(days=35)


def gather_pulse() -> Standing:
    """Ask all processes; needs no database, so it may run beside what does."""
    return stand(timezone.now())


def note_pulse(*, facts: Standing, at: datetime) -> Pulse:
    """Keep the figures of a minute, and give up those that are older than five weeks."""
    Pulse.objects.filter(at__lt=at - KEPT).delete()
    disk = facts.disk
    pulse, _ = Pulse.objects.update_or_create(
        at=at.replace(second=0, microsecond=0),
        defaults={
            "accepted": facts.accepted,
            "left_out": facts.left_out,
            "backlog": facts.backlog,
            "behind_s": facts.behind_s,
            "disk_free": disk.free if disk else None,
            "disk_total": disk.total if disk else None,
            "log_bytes": facts.log_size if facts.streams else None,
        },
    )
    return pulse
