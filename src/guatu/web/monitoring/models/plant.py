"""A plant, its keys, units and points: what is measured, and where."""

from __future__ import annotations

from typing import ClassVar, Self

from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guatu.web.shell.recorded import RecordedManager


class PointKind(models.TextChoices):
    """How a point's values are to be read."""

    ANALOG = "analog", _("Analog")
    STATE = "state", _("State of a device")
    COUNTER = "counter", _("Counter")
    EVENT = "event", _("Event seen on video")


class Plant(models.Model):
    """An enterprise's site that sends beats; its configuration travels as one message."""

    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="plants"
    )
    region = models.ForeignKey("regions.Region", on_delete=models.PROTECT, related_name="plants")
    code = models.CharField(max_length=40, unique=True)
    name = models.CharField(max_length=120)
    address = models.CharField(max_length=200, blank=True)
    contact = models.CharField(max_length=120, blank=True)
    # Rises with every change of keys, units, points or limits; the engine ignores what is older.
    config_version = models.PositiveIntegerField(default=0)
    # The version that the engine last said it judges by.
    applied_version = models.PositiveIntegerField(default=0)
    registered_at = models.DateTimeField(default=timezone.now)
    # While suspended the gateway knows no key of the plant, and its silence is not watched.
    suspended_at = models.DateTimeField(null=True, blank=True)
    # An ended plant keeps its history; gateway and engine no longer know it.
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["region_id", "code"]

    def __str__(self) -> str:
        return self.name


class PlantKey(models.Model):
    """A key that a plant signs its beats with; only its hash is kept.

    A key that is being replaced has an end (``valid_until``); the worker revokes it then.
    """

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="keys")
    sha256 = models.CharField(max_length=64, unique=True)
    issued_at = models.DateTimeField()
    issued_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_at = models.DateTimeField(null=True, blank=True)
    revoked_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    revoked_why = models.CharField(max_length=400, blank=True)
    valid_until = models.DateTimeField(null=True, blank=True)
    last_used_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["id"]
        indexes = [
            models.Index(
                fields=["valid_until"],
                condition=Q(revoked_at__isnull=True, valid_until__isnull=False),
                name="monitoring_key_to_end",
            )
        ]

    def __str__(self) -> str:
        return f"{self.plant_id}:{self.wire_id}"

    @property
    def wire_id(self) -> str:
        """The key's name in the plant's configuration."""
        return f"k{self.pk}"


class Unit(models.Model):
    """A production unit of a plant, such as one casting line."""

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="units")
    code = models.CharField(max_length=40)
    name = models.CharField(max_length=120)
    kind = models.CharField(max_length=40)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["plant_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["plant", "code"], name="monitoring_unit_code_once")
        ]

    def __str__(self) -> str:
        return self.name


class Point(models.Model):
    """One measured quantity of a unit; its code is what the plant's beats name."""

    unit = models.ForeignKey(Unit, on_delete=models.CASCADE, related_name="points")
    code = models.CharField(max_length=80)
    name = models.CharField(max_length=120)
    quantity = models.CharField(max_length=60, blank=True)
    measure = models.CharField(max_length=20, blank=True)
    kind = models.CharField(max_length=10, choices=PointKind, default=PointKind.ANALOG)
    role = models.CharField(max_length=40, blank=True)
    decimals = models.PositiveSmallIntegerField(default=1)
    physical_low = models.DecimalField(max_digits=16, decimal_places=6)
    physical_high = models.DecimalField(max_digits=16, decimal_places=6)
    # How often it sends by design, in seconds: what arrives is measured against it.
    sampling_s = models.DecimalField(max_digits=9, decimal_places=3, default=1)
    core = models.BooleanField(default=False)
    linkage = models.CharField(max_length=40, blank=True)
    # The words of a state point's values, {"0": "open", …}; empty for analog points.
    state_words = models.JSONField(default=dict, blank=True)
    # A point taken out of use keeps its id and its history; the wire stops taking it.
    retired_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["unit_id", "id"]
        constraints = [
            models.UniqueConstraint(fields=["unit", "code"], name="monitoring_point_code_once")
        ]

    def __str__(self) -> str:
        return self.code
