"""Organisations and the people in them. History and its triggers join here with their own work."""

from typing import ClassVar

from django.contrib.auth.models import AbstractUser, UserManager
from django.db import models
from django.utils.translation import gettext_lazy as _


class Organisation(models.Model):
    """A bureau, a supervision office, a plant: whoever owns duties."""

    class Kind(models.TextChoices):
        """What an organisation is."""

        BUREAU = "bureau", _("Emergency management bureau")
        SUPERVISION_OFFICE = "supervision_office", _("Supervision office")
        COMMAND_POST = "command_post", _("Command post")
        PLANT = "plant", _("Plant")

    name = models.CharField(_("name"), max_length=120, unique=True)
    kind = models.CharField(_("kind"), max_length=24, choices=Kind.choices)
    region = models.ForeignKey(
        "regions.Region",
        on_delete=models.PROTECT,
        related_name="organisations",
        verbose_name=_("region"),
    )
    parent = models.ForeignKey(
        "self",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="children",
        verbose_name=_("superior"),
    )
    phone = models.CharField(_("telephone of the duty room"), max_length=40, blank=True)

    class Meta:
        """How people and the database see it."""

        verbose_name = _("organisation")
        verbose_name_plural = _("organisations")
        ordering = ["region_id", "kind", "name"]

    def __str__(self) -> str:
        """The name as people say it."""
        return self.name


class User(AbstractUser):
    """Someone who signs in, in one role, at one organisation."""

    class Role(models.TextChoices):
        """What someone does; every verb names its roles in people/verbs.py and its kin."""

        PLANT_SAFETY_OFFICER = "plant_safety_officer", _("Plant safety officer")
        DUTY_OFFICER = "duty_officer", _("Duty officer")
        SUPERVISOR = "supervisor", _("Supervisor")
        ADMINISTRATOR = "administrator", _("Administrator")

    # One field for a person's name: Chinese names have no first and last to be glued together.
    first_name = None  # type: ignore[assignment]
    last_name = None  # type: ignore[assignment]
    name = models.CharField(_("name"), max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="users",
        verbose_name=_("organisation"),
    )
    role = models.CharField(_("role"), max_length=24, choices=Role.choices)
    phone = models.CharField(_("telephone"), max_length=40, blank=True)

    REQUIRED_FIELDS: ClassVar[list[str]] = []
    objects: ClassVar[UserManager["User"]] = UserManager()  # type: ignore[assignment]

    class Meta:
        """How people and the database see it."""

        verbose_name = _("user")
        verbose_name_plural = _("users")
        ordering = ["username"]

    def __str__(self) -> str:
        """The person's name, or the sign-in name where none is known."""
        return self.get_full_name()

    def get_full_name(self) -> str:
        """The person's name as it is said and written."""
        return self.name or self.username

    def get_short_name(self) -> str:
        """The same: Chinese names are short."""
        return self.get_full_name()


class SignInEvent(models.Model):
    """Who came, who left, who was refused: kept for audit, and the brake on guessing reads it."""

    class Outcome(models.TextChoices):
        """How an attempt ended."""

        SIGNED_IN = "signed_in", _("signed in")
        REFUSED = "refused", _("refused")
        SIGNED_OUT = "signed_out", _("signed out")
        PASSWORD_CHANGED = "password_changed", _("password changed")

    username = models.CharField(_("sign-in name"), max_length=150)
    user = models.ForeignKey(
        User,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="sign_in_events",
        verbose_name=_("user"),
    )
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    browser = models.CharField(_("known browser"), max_length=32, blank=True)
    outcome = models.CharField(_("outcome"), max_length=20, choices=Outcome.choices)
    at = models.DateTimeField(_("time"))

    class Meta:
        """How people and the database see it."""

        verbose_name = _("sign-in event")
        verbose_name_plural = _("sign-in events")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(fields=["username", "at"], name="signin_username_at"),
            models.Index(fields=["address", "at"], name="signin_address_at"),
        ]

    def __str__(self) -> str:
        """One line of the record."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.username} {self.outcome}"
