"""What signing in keeps beside the account: second factors, passwords set, open sessions."""

from __future__ import annotations

from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from guatu.web.shell.recorded import RecordedManager


class SecondFactor(models.Model):
    """A person's authenticator: it shows a code of six digits that changes every 30 seconds."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="second_factor",
        verbose_name=_("user"),
    )
    sealed_secret = models.CharField(_("secret, sealed"), max_length=255)
    since = models.DateTimeField(_("since"))
    last_step = models.BigIntegerField(_("last step used"))

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    class Meta:
        """How people and the database see it."""

        verbose_name = _("second factor")
        verbose_name_plural = _("second factors")

    def __str__(self) -> str:
        """Whose it is, never what it is."""
        return f"second factor of {self.user_id}"


class RecoveryCode(models.Model):
    """A code that stands in for the authenticator once; only its digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="recovery_codes",
        verbose_name=_("user"),
    )
    digest = models.CharField(_("digest"), max_length=64)
    used_at = models.DateTimeField(_("used at"), null=True, blank=True)

    class Meta:
        """How people and the database see it."""

        verbose_name = _("recovery code")
        verbose_name_plural = _("recovery codes")
        constraints = [
            models.UniqueConstraint(fields=["user", "digest"], name="recovery_code_once"),
        ]

    def __str__(self) -> str:
        """Whose it is, never what it is."""
        return f"recovery code of {self.user_id}"


class PasswordSet(models.Model):
    """A password that an account was given: its hash, against using it again."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="passwords_set",
        verbose_name=_("user"),
    )
    password = models.CharField(_("hash"), max_length=128)
    at = models.DateTimeField(_("time"))
    by_self = models.BooleanField(_("set by the person"))

    class Meta:
        """How people and the database see it."""

        verbose_name = _("password set")
        verbose_name_plural = _("passwords set")
        ordering = ["-at", "-id"]

    def __str__(self) -> str:
        """Whose and when, never what it is."""
        return f"password of {self.user_id} set {self.at:%Y-%m-%d %H:%M}"


class OpenSession(models.Model):
    """A browser in which someone is signed in; kept after its end, for the record."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="open_sessions",
        verbose_name=_("user"),
    )
    session_key = models.CharField(_("key"), max_length=40, blank=True)
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    browser = models.CharField(_("browser"), max_length=200, blank=True)
    since = models.DateTimeField(_("since"))
    last_seen = models.DateTimeField(_("last seen"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)

    class Meta:
        """How people and the database see it."""

        verbose_name = _("open session")
        verbose_name_plural = _("open sessions")
        ordering = ["-last_seen", "-id"]
        indexes = [models.Index(fields=["user", "ended_at"], name="session_user_ended")]

    def __str__(self) -> str:
        """Whose and since when, never its key."""
        return f"session of {self.user_id} since {self.since:%Y-%m-%d %H:%M}"
