"""What a plant's own alarm system said: kept beside our alarms, never mixed with them."""

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.monitoring.models.plant import Plant, Point, Unit


class OwnKind(models.TextChoices):
    """What happened; the names are the wire's."""

    RAISED = "raised", pgettext_lazy("own alarm", "Raised")
    CLEARED = "cleared", pgettext_lazy("own alarm", "Cleared")
    ACKNOWLEDGED = "acknowledged", pgettext_lazy("own alarm", "Acknowledged")
    INTERLOCK = "interlock", _("Interlock acted")


class OwnAlarm(models.Model):
    """One thing that a plant's own system said."""

    plant = models.ForeignKey(Plant, on_delete=models.CASCADE, related_name="own_alarms")
    own_id = models.CharField(max_length=120)
    kind = models.CharField(max_length=12, choices=OwnKind)
    at = models.DateTimeField()
    heard_at = models.DateTimeField()
    text = models.CharField(max_length=400, blank=True)
    # As sent; unit and point are set where the codes are registered.
    point_code = models.CharField(max_length=120, blank=True)
    unit_code = models.CharField(max_length=120, blank=True)
    point = models.ForeignKey(
        Point, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    unit = models.ForeignKey(
        Unit, on_delete=models.SET_NULL, null=True, blank=True, related_name="+"
    )
    level = models.PositiveSmallIntegerField(default=0)
    value = models.FloatField(null=True, blank=True)
    limit = models.FloatField(null=True, blank=True)

    class Meta:
        """Order and keys."""

        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["plant", "own_id", "kind", "at"], name="monitoring_own_alarm_once"
            )
        ]
        indexes = [models.Index(fields=["plant", "-at"])]

    def __str__(self) -> str:
        return f"{self.own_id} {self.kind}"
