"""Commands on their way to the engine."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring.models.plant import Plant
from guatu.web.shell.recorded import RecordedManager


class CommandKind(models.TextChoices):
    """What the engine is asked to do."""

    CONFIGURE = "configure", _("Plant configuration")
    ACKNOWLEDGE = "acknowledge", _("Alarm acknowledgement")


class Outbox(models.Model):
    """A command written in the transaction of its cause, and placed in the log afterwards."""

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="outbox")
    kind = models.CharField(max_length=20, choices=CommandKind)
    payload = models.JSONField()
    version = models.PositiveIntegerField(null=True, blank=True)
    created_at = models.DateTimeField()
    placed_at = models.DateTimeField(null=True, blank=True)
    attempts = models.PositiveIntegerField(default=0)
    next_try_at = models.DateTimeField(null=True, blank=True)
    claimed_until = models.DateTimeField(null=True, blank=True)
    last_error = models.CharField(max_length=300, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["id"]
        verbose_name_plural = "outbox"
        indexes = [
            models.Index(
                fields=["plant", "id"],
                condition=Q(placed_at__isnull=True),
                name="monitoring_outbox_waiting",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} {self.plant_id} {self.pk}"
