"""Alarms as the engine reported them."""

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring.models.limits import Slot
from guatu.web.monitoring.models.plant import Plant, Point, Unit

UNNAMED_STREAM = "00000000"


class Cleared(models.TextChoices):
    """Why an alarm ended."""

    RETURNED = "returned", _("Back to normal")
    INACTIVE = "inactive", _("Unit state left the limit's states")
    LIMIT_CHANGED = "limit_changed", _("Limit changed")
    PLANNED_STOP = "planned_stop", _("Planned stop began")


class Alarm(models.Model):
    """One alarm, from its raising to its clearing; ``key`` is the engine's and unique for ever."""

    key = models.CharField(max_length=80, unique=True)
    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="alarms")
    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="alarms")
    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="alarms")
    slot = models.PositiveSmallIntegerField(choices=Slot)
    stage = models.PositiveSmallIntegerField()
    began_at = models.DateTimeField()
    # False while only the clearing or acknowledging has arrived: began_at is then a guess.
    raise_seen = models.BooleanField(default=True)
    cleared_at = models.DateTimeField(null=True, blank=True)
    why = models.CharField(max_length=20, choices=Cleared, blank=True)
    acknowledged_at = models.DateTimeField(null=True, blank=True)
    acknowledged_by = models.CharField(max_length=300, blank=True)
    # Said by who acknowledged several at once: they were not looked at one by one.
    acknowledged_why = models.CharField(max_length=400, blank=True)
    value = models.FloatField(null=True, blank=True)
    limit = models.FloatField(null=True, blank=True)
    unit_state = models.SmallIntegerField(null=True, blank=True)
    # The highest warning level this alarm has been a reason for: a warning that was closed is
    # not opened again by an alarm that it already answered.
    warned_level = models.PositiveSmallIntegerField(default=0)

    class Meta:
        """Order and keys."""

        ordering = ["-began_at", "-id"]
        indexes = [
            models.Index(fields=["plant", "-began_at"]),
            models.Index(fields=["point", "-began_at"]),
            models.Index(
                fields=["unit"], condition=Q(cleared_at__isnull=True), name="monitoring_open_alarm"
            ),
        ]

    def __str__(self) -> str:
        return self.key


class EventPosition(models.Model):
    """How far the events of one partition have been recorded."""

    partition = models.PositiveIntegerField(primary_key=True)
    # Identity of the stream that the sequence counts in: a log made anew has another. Streams
    # older than identities count as the default.
    stream = models.CharField(max_length=32, default=UNNAMED_STREAM)
    stream_seq = models.PositiveBigIntegerField(default=0)
    recorded_at = models.DateTimeField(null=True, blank=True)

    def __str__(self) -> str:
        return f"{self.partition}: {self.stream_seq}"
