"""How the house did, minute by minute."""

from django.db import models
from django.utils.translation import gettext_lazy as _


class Pulse(models.Model):
    """The house's figures of one minute; None where who knows it did not answer."""

    at = models.DateTimeField(_("time"), unique=True)
    accepted = models.BigIntegerField(null=True)
    left_out = models.BigIntegerField(null=True)
    backlog = models.BigIntegerField(null=True)
    behind_s = models.FloatField(null=True)
    disk_free = models.BigIntegerField(null=True)
    disk_total = models.BigIntegerField(null=True)
    log_bytes = models.BigIntegerField(null=True)

    class Meta:
        """How people and the database see it."""

        verbose_name = _("pulse")
        verbose_name_plural = _("pulses")
        ordering = ["at"]

    def __str__(self) -> str:
        """One line."""
        return f"{self.at:%Y-%m-%d %H:%M} {self.accepted}"
