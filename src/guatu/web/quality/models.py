"""What is kept of how data comes in: the last look at each plant, and a row an hour."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class LastLook(models.Model):
    """The counts of a plant as they stood at the last look; the next one is held against it."""

    plant = models.OneToOneField(
        "monitoring.Plant", on_delete=models.CASCADE, primary_key=True, related_name="last_look"
    )
    at = models.DateTimeField()
    counts = models.JSONField()
    # Samples a second by unit, as of this version of the plant's configuration.
    rates = models.JSONField(default=dict)
    config_version = models.PositiveIntegerField(default=0)

    objects: ClassVar[models.Manager[LastLook]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.plant_id} {self.at:%Y-%m-%d %H:%M:%S}"


class PlantHour(models.Model):
    """What came of a plant's data in one hour; where nobody looked for hours, in the span told.

    The figures are sums of differences between looks, so writing the same look twice adds nothing.
    """

    plant = models.ForeignKey(
        "monitoring.Plant", on_delete=models.CASCADE, related_name="quality_hours"
    )
    hour = models.DateTimeField()
    # The span that the figures cover, which begins before the hour where nobody looked.
    since = models.DateTimeField()
    until = models.DateTimeField()
    expected = models.FloatField(default=0)
    received = models.BigIntegerField(default=0)
    stored = models.BigIntegerField(default=0)
    rejected = models.BigIntegerField(default=0)
    doubled = models.BigIntegerField(default=0)
    uncertain = models.BigIntegerField(default=0)
    bad = models.BigIntegerField(default=0)
    late = models.BigIntegerField(default=0)
    backfilled = models.BigIntegerField(default=0)
    beats = models.BigIntegerField(default=0)
    doubled_beats = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(default=0)
    clock_steps = models.IntegerField(default=0)
    # By how much the missing numbers grew in the hour; less than zero where some came after all.
    missing_beats = models.BigIntegerField(default=0)
    given_up_beats = models.BigIntegerField(default=0)
    clock_least_ms = models.BigIntegerField(null=True, blank=True)
    clock_most_ms = models.BigIntegerField(null=True, blank=True)
    clock_last_ms = models.BigIntegerField(null=True, blank=True)
    by_reason = models.JSONField(default=dict)
    by_refusal = models.JSONField(default=dict)

    objects: ClassVar[models.Manager[PlantHour]] = models.Manager()

    class Meta:
        """Order and keys."""

        ordering = ["hour", "plant_id"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "hour"], name="quality_one_row_an_hour")
        ]
        indexes = [models.Index(fields=["hour"], name="quality_hour")]

    def __str__(self) -> str:
        return f"{self.plant_id} {self.hour:%Y-%m-%d %H:00}"
