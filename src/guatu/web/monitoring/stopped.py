"""Declared stops beside what a plant sends: does the one agree with the other?"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.utils.translation import gettext as _
from django.utils.translation import pgettext

from guatu.core.alarms.running import is_running
from guatu.web.monitoring.models import PlannedStop
from guatu.web.monitoring.readings import PlantNow, UnitNow

GRACE = timedelta(minutes=5)
"""How long after its beginning data may still come: nobody stops to the second."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopNow:
    """A stop that holds, and what speaks against it.

    Attributes:
        stop: which.
        running: units that run although they are declared stopped.
        sending: how many points of what stopped still send.
    """

    stop: PlannedStop
    running: Sequence[str] = ()
    sending: int = 0

    @property
    def tone(self) -> str:
        """As the shell's state marks know it."""
        if self.running:
            return "bad"
        return "attention" if self.sending else "idle"

    @property
    def contradiction(self) -> str:
        """What does not agree, in words; empty where all does."""
        if self.running:
            facts = {"units": pgettext("between names", ", ").join(self.running)}
            return _("Declared stopped, but running: %(units)s") % facts
        if self.sending:
            facts = {"points": str(self.sending)}
            return _("Declared stopped, but %(points)s points still send") % facts
        return ""


def stop_now(stop: PlannedStop, now: PlantNow, *, at: datetime) -> StopNow:
    """Hold a stop against what its units say now.

    Args:
        stop: one that holds.
        now: the plant's points, as the engine knows them.
        at: the present.
    """
    units = [unit for unit in now.units if stop.unit_id in (None, unit.unit.pk)]
    if at < stop.begins_at + GRACE:
        return StopNow(stop=stop)
    return StopNow(
        stop=stop,
        running=[unit.unit.name for unit in units if _runs(unit, stop)],
        sending=sum(_sent_since(unit, stop) for unit in units),
    )


def _runs(unit: UnitNow, stop: PlannedStop) -> bool:
    """Whether a unit told, after the beginning, that it is at work."""
    reading = unit.by_role.get("unit_state")
    said = reading.seen if reading else None
    if said is None or said.at <= stop.begins_at + GRACE:
        return False
    return is_running(unit.unit.kind, unit.state)


def _sent_since(unit: UnitNow, stop: PlannedStop) -> int:
    since = stop.begins_at + GRACE
    return sum(r.seen is not None and r.seen.at > since for r in unit.readings)
