"""Connections and their history."""

from __future__ import annotations

from typing import Any, ClassVar, Self

from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.connection import life
from guatu.web.shell.recorded import RecordedManager


class ConnectionState(models.TextChoices):
    """The states of ``life.State``, in words."""

    REQUESTED = life.State.REQUESTED.value, pgettext_lazy("connection", "Requested")
    SENT_BACK = life.State.SENT_BACK.value, pgettext_lazy("connection", "Sent back")
    APPROVED = life.State.APPROVED.value, pgettext_lazy("connection", "Approved, no data yet")
    CONNECTED = life.State.CONNECTED.value, pgettext_lazy("connection", "Connected")
    SUSPENDED = life.State.SUSPENDED.value, pgettext_lazy("connection", "Suspended")
    ENDED = life.State.ENDED.value, pgettext_lazy("connection", "Ended")


class Connection(models.Model):
    """A plant's connection, from the asking to the end.

    Until it is approved there is no plant: ``application`` holds what was asked for, as
    ``application.Application.as_json`` writes it.
    """

    organisation = models.ForeignKey(
        "people.Organisation", on_delete=models.PROTECT, related_name="connections"
    )
    region = models.ForeignKey(
        "regions.Region", on_delete=models.PROTECT, related_name="connections"
    )
    plant = models.OneToOneField(
        "monitoring.Plant",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="connection",
    )
    code = models.CharField(_("plant code"), max_length=40)
    name = models.CharField(_("plant name"), max_length=120)
    address = models.CharField(_("plant address"), max_length=200, blank=True)
    contact = models.CharField(_("contact"), max_length=120, blank=True)
    application = models.JSONField(default=dict, blank=True)
    state = models.CharField(
        max_length=12, choices=ConnectionState, default=ConnectionState.REQUESTED
    )
    # Rises with every change; a change that was made on an older page is refused.
    revision = models.PositiveIntegerField(default=0)
    requested_at = models.DateTimeField()
    decided_at = models.DateTimeField(null=True, blank=True)
    connected_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """Order and keys."""

        ordering = ["-requested_at", "-id"]
        verbose_name = _("connection")
        verbose_name_plural = _("connections")
        constraints = [
            models.UniqueConstraint(
                fields=["code"],
                condition=~Q(state=ConnectionState.ENDED),
                name="connection_one_open_for_a_code",
            )
        ]
        indexes = [models.Index(fields=["region", "state"], name="connection_region_state")]

    def __str__(self) -> str:
        """Its code and name."""
        return f"{self.code} {self.name}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("connection:detail", args=[self.pk])

    @property
    def standing(self) -> life.State:
        """Its state as the table of ``life`` knows it."""
        return life.State(self.state)


class ConnectionEntry(models.Model):
    """One step of a connection's history: written once (a trigger refuses updates)."""

    class Deed(models.TextChoices):
        """The deeds of ``life.Deed``, in words."""

        REQUEST = life.Deed.REQUEST.value, pgettext_lazy("connection", "Asked for connection")
        ADOPT = life.Deed.ADOPT.value, pgettext_lazy("connection", "Registered")
        RESUBMIT = life.Deed.RESUBMIT.value, pgettext_lazy("connection", "Mended and sent again")
        WITHDRAW = life.Deed.WITHDRAW.value, pgettext_lazy("connection", "Withdrawn")
        SEND_BACK = life.Deed.SEND_BACK.value, pgettext_lazy("connection", "Sent back")
        APPROVE = life.Deed.APPROVE.value, pgettext_lazy("connection", "Approved")
        CONNECT = life.Deed.CONNECT.value, pgettext_lazy("connection", "First data came")
        SUSPEND = life.Deed.SUSPEND.value, pgettext_lazy("connection", "Suspended")
        RESUME = life.Deed.RESUME.value, pgettext_lazy("connection", "Resumed")
        END = life.Deed.END.value, pgettext_lazy("connection", "Ended")
        ISSUE_KEY = life.Deed.ISSUE_KEY.value, pgettext_lazy("connection", "Key issued")
        REVOKE_KEY = life.Deed.REVOKE_KEY.value, pgettext_lazy("connection", "Key revoked")
        KEY_ENDED = life.Deed.KEY_ENDED.value, pgettext_lazy("connection", "Old key ended")

    connection = models.ForeignKey(Connection, on_delete=models.PROTECT, related_name="entries")
    at = models.DateTimeField()
    by = models.ForeignKey(
        "people.User", on_delete=models.PROTECT, null=True, blank=True, related_name="+"
    )
    # Names as they were that day: people move and organisations are renamed.
    by_name = models.CharField(max_length=60, blank=True)
    by_organisation = models.CharField(max_length=120, blank=True)
    deed = models.CharField(max_length=12, choices=Deed)
    from_state = models.CharField(max_length=12, choices=ConnectionState, blank=True)
    to_state = models.CharField(max_length=12, choices=ConnectionState)
    note = models.TextField(blank=True)
    facts = models.JSONField(default=dict, blank=True)

    objects: ClassVar[models.Manager[ConnectionEntry]] = models.Manager()

    class Meta:
        """In the order in which it happened."""

        ordering = ["at", "id"]
        verbose_name = _("entry of a connection")
        verbose_name_plural = _("history of a connection")
        indexes = [models.Index(fields=["connection", "at"], name="connection_entry_at")]

    def __str__(self) -> str:
        """One line of history."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.by_name} {self.deed}"

    def save(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401 - Django's signature
        """Write it, once.

        Raises:
            TypeError: if it is written already.
        """
        if self.pk is not None:
            raise TypeError("history is only ever added to")
        super().save(*args, **kwargs)

    def delete(self, *_args: object, **_kwargs: object) -> tuple[int, dict[str, int]]:
        """Refuse.

        Raises:
            TypeError: always.
        """
        raise TypeError("history is only ever added to")
