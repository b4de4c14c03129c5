"""Stops of production that plants declare: while one holds, silence raises nothing."""

from __future__ import annotations

from datetime import datetime
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.monitoring.models.plant import Plant, Unit
from guatu.web.shell.recorded import RecordedManager


class StopKind(models.TextChoices):
    """Why production stops."""

    HALT = "halt", pgettext_lazy("stop", "Production halt")
    MAINTENANCE = "maintenance", pgettext_lazy("stop", "Maintenance")
    FAULT = "fault", pgettext_lazy("stop", "Equipment failure")
    POWER = "power", pgettext_lazy("stop", "Power cut")
    NETWORK = "network", pgettext_lazy("stop", "Work on gateway or network")


class StopStanding(models.TextChoices):
    """Where a stop stands at a moment."""

    AHEAD = "ahead", pgettext_lazy("stop", "Declared")
    HOLDS = "holds", pgettext_lazy("stop", "Stopped now")
    OVER = "over", pgettext_lazy("stop", "Over")
    WITHDRAWN = "withdrawn", pgettext_lazy("stop", "Withdrawn")


class PlannedStop(models.Model):
    """A declared stop of a plant or one of its units; never edited, only ended early.

    ``suppressed`` holds the ids of points under maintenance, whose limits are not judged either.
    """

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="stops")
    unit = models.ForeignKey(
        Unit, on_delete=models.CASCADE, null=True, blank=True, related_name="stops"
    )
    kind = models.CharField(max_length=12, choices=StopKind)
    begins_at = models.DateTimeField()
    ends_at = models.DateTimeField()
    reason = models.CharField(max_length=400)
    suppressed = models.JSONField(default=list, blank=True)
    declared_at = models.DateTimeField()
    declared_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    ended_why = models.CharField(max_length=400, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["-begins_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(begins_at__lt=models.F("ends_at")),
                name="monitoring_stop_begins_before_it_ends",
            )
        ]
        indexes = [models.Index(fields=["plant", "ends_at"], name="monitoring_stop_of_plant")]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.begins_at:%Y-%m-%d %H:%M} {self.kind}"

    @property
    def over_at(self) -> datetime:
        """When it is over: as declared, or when somebody ended it."""
        return self.ends_at if self.ended_at is None else min(self.ends_at, self.ended_at)

    @property
    def scope(self) -> str:
        """What stops: the unit's name, or the whole plant."""
        return self.unit.name if self.unit is not None else str(_("Whole plant"))

    def holds_at(self, at: datetime) -> bool:
        """Whether it has begun and is not over."""
        return self.begins_at <= at < self.over_at

    def standing_at(self, at: datetime) -> StopStanding:
        """Where it stands."""
        if self.over_at <= self.begins_at:
            return StopStanding.WITHDRAWN
        if at < self.begins_at:
            return StopStanding.AHEAD
        return StopStanding.HOLDS if at < self.over_at else StopStanding.OVER
