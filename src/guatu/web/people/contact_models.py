"""Whom to ring at a plant, at any hour."""

from __future__ import annotations

from datetime import time
from typing import ClassVar, Self

from django.db import models
from django.utils.translation import gettext_lazy as _

from guatu.web.shell.recorded import RecordedManager


class DutyContact(models.Model):
    """One of an organisation's 24-hour contacts, in the order in which they are rung."""

    organisation = models.ForeignKey(
        "people.Organisation",
        on_delete=models.CASCADE,
        related_name="duty_contacts",
        verbose_name=_("organisation"),
    )
    order = models.PositiveSmallIntegerField(_("place in the order"))
    # Who has an account is told by it, for names and telephones change; else as it was written.
    person = models.ForeignKey(
        "people.User",
        on_delete=models.SET_NULL,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("person"),
    )
    name = models.CharField(_("name"), max_length=60)
    duty = models.CharField(_("duty"), max_length=60)
    phone = models.CharField(_("telephone"), max_length=40)
    begins = models.TimeField(_("from"), null=True, blank=True)
    ends = models.TimeField(_("until"), null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """In their order."""

        verbose_name = _("24-hour contact")
        verbose_name_plural = _("24-hour contacts")
        ordering = ["organisation_id", "order"]
        constraints = [
            models.UniqueConstraint(fields=["organisation", "order"], name="duty_contact_order"),
            models.CheckConstraint(
                condition=models.Q(begins=None, ends=None)
                | models.Q(begins__isnull=False, ends__isnull=False),
                name="duty_contact_hours",
            ),
        ]

    def __str__(self) -> str:
        """Name and telephone."""
        return f"{self.name} {self.phone}"

    def answers(self, clock: time) -> bool:
        """Whether it is to be rung at a time of the local day; hours may pass midnight."""
        if self.begins is None or self.ends is None or self.begins == self.ends:
            return True
        if self.begins < self.ends:
            return self.begins <= clock < self.ends
        return clock >= self.begins or clock < self.ends
