"""What still waits for the engine."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from guatu.web.monitoring.models import Outbox, Plant


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """Commands of a plant on their way.

    Attributes:
        count: not yet placed in the log.
        since: when the first of them was given.
        error: why the last try failed; empty where none did.
        unapplied: the configuration is placed but the engine has not said that it judges by it.
    """

    count: int
    since: datetime | None
    error: str
    unapplied: bool


def waiting(plant: Plant) -> Waiting:
    """How far a plant's commands have come, in one query."""
    rows = list(
        Outbox.objects.filter(plant=plant, placed_at=None)
        .order_by("id")
        .values_list("created_at", "last_error")[:100]
    )
    return Waiting(
        count=len(rows),
        since=rows[0][0] if rows else None,
        error=rows[0][1] if rows else "",
        unapplied=not rows and plant.applied_version < plant.config_version,
    )
