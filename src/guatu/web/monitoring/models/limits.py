"""Limits as versions: what held, from when to when, by whose word and why."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring.models.plant import Point
from guatu.web.shell.recorded import RecordedQuerySet

if TYPE_CHECKING:
    from datetime import datetime


class Slot(models.IntegerChoices):
    """The five alarms that a point can have; the numbers are the engine's."""

    LL = 0, "LL"
    L = 1, "L"
    H = 2, "H"
    HH = 3, "HH"
    MISSING = 4, "MISSING"

    @property
    def side(self) -> str:
        """``low``, ``high``, or empty for missing data."""
        return ("low", "low", "high", "high", "")[self.value]

    @property
    def stage(self) -> int:
        """1 or 2; missing data counts as the first stage."""
        return (2, 1, 1, 2, 1)[self.value]


class Bearing(models.TextChoices):
    """What a change did to the protection that a limit gives."""

    FIRST = "first", _("First set")
    SAFER = "safer", _("Stricter")
    LOOSER = "looser", _("Looser")
    MIXED = "mixed", _("Stricter and looser")
    SAME = "same", _("Same strictness")


class LimitVersionQuerySet(RecordedQuerySet["LimitVersion"]):
    """Questions about versions."""

    def known_on(self, at: datetime) -> LimitVersionQuerySet:
        """Versions that held at a moment."""
        return self.filter(valid_from__lte=at).filter(Q(valid_to__isnull=True) | Q(valid_to__gt=at))

    def current(self) -> LimitVersionQuerySet:
        """Versions that hold until somebody changes them."""
        return self.filter(valid_to__isnull=True)


class Setting(models.Model):
    """The setting of one alarm on one point.

    ``value`` is the limit in the point's unit; in slot MISSING it is the silence in seconds.
    A value of null says "no limit here".
    """

    slot = models.PositiveSmallIntegerField(choices=Slot)
    value = models.DecimalField(max_digits=16, decimal_places=6, null=True, blank=True)
    deadband = models.DecimalField(max_digits=16, decimal_places=6, default=0)
    on_delay_s = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    off_delay_s = models.DecimalField(max_digits=9, decimal_places=3, default=0)
    # Unit states in which the limit judges; empty means every state.
    states = models.JSONField(default=list, blank=True)
    why = models.CharField(max_length=400, blank=True)
    bearing = models.CharField(max_length=10, choices=Bearing, default=Bearing.FIRST)

    class Meta:
        """No table of its own."""

        abstract = True


class LimitVersion(Setting):
    """One version of one alarm's setting on one point.

    Taking a limit away is a version without a value, so that it has a name and a reason like any
    other change.
    """

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="limits")
    valid_from = models.DateTimeField()
    valid_to = models.DateTimeField(null=True, blank=True)
    changed_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )

    objects = LimitVersionQuerySet.as_manager()

    class Meta:
        """Order and keys."""

        ordering = ["point_id", "slot", "id"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "slot"],
                condition=Q(valid_to__isnull=True),
                name="monitoring_one_current_limit",
            )
        ]
        indexes = [models.Index(fields=["point", "valid_from"])]

    def __str__(self) -> str:
        return f"{self.point_id} {Slot(self.slot).label} {self.value}"


class Verdict(models.TextChoices):
    """What became of a request."""

    WAITING = "waiting", _("Waiting for the bureau")
    APPROVED = "approved", _("Agreed")
    REFUSED = "refused", _("Refused")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class LimitRequestQuerySet(RecordedQuerySet["LimitRequest"]):
    """Questions about requests."""

    def waiting(self) -> LimitRequestQuerySet:
        """Those that nobody has decided."""
        return self.filter(verdict=Verdict.WAITING)


class LimitRequest(Setting):
    """A setting that protects a core point less, which a plant asks its bureau for."""

    point = models.ForeignKey(Point, on_delete=models.CASCADE, related_name="limit_requests")
    asked_by = models.ForeignKey("people.User", on_delete=models.PROTECT, related_name="+")
    asked_at = models.DateTimeField()
    verdict = models.CharField(max_length=10, choices=Verdict, default=Verdict.WAITING)
    decided_by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    decided_at = models.DateTimeField(null=True, blank=True)
    answer = models.CharField(max_length=400, blank=True)
    # What an agreed request became.
    version = models.OneToOneField(
        LimitVersion, on_delete=models.PROTECT, null=True, blank=True, related_name="request"
    )

    objects = LimitRequestQuerySet.as_manager()

    class Meta:
        """Order and keys."""

        ordering = ["-asked_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["point", "slot"],
                condition=Q(verdict=Verdict.WAITING),
                name="monitoring_one_waiting_request",
            )
        ]

    def __str__(self) -> str:
        return f"{self.point_id} {Slot(self.slot).label} {self.value} {self.verdict}"
