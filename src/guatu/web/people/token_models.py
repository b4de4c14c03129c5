"""Tokens: what a program shows instead of a password, and the answers kept for its repeats."""

from datetime import datetime
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.shell.recorded import RecordedManager


class Scope(models.TextChoices):
    """What a token opens; beyond that its holder's own permissions bound it."""

    WARNINGS_READ = "warnings.read", pgettext_lazy("scope", "Read warnings")
    WARNINGS_WRITE = "warnings.write", pgettext_lazy("scope", "Act on warnings")
    PLANTS_READ = "plants.read", pgettext_lazy("scope", "Read plants, limits, alarms and stops")
    PLANTS_WRITE = "plants.write", pgettext_lazy("scope", "Acknowledge alarms, declare stops")
    READINGS_READ = "readings.read", pgettext_lazy("scope", "Read what points measured")


class ApiToken(models.Model):
    """A program's way in on behalf of a person; only its digest is kept."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="api_tokens",
        verbose_name=_("user"),
    )
    name = models.CharField(_("name"), max_length=60)
    # The first characters, shown in lists: by them an owner knows which of his tokens it is.
    prefix = models.CharField(_("begins with"), max_length=16)
    digest = models.CharField(_("digest"), max_length=64, unique=True)
    scopes = models.JSONField(_("scopes"), default=list)
    made_at = models.DateTimeField(_("made at"))
    expires_at = models.DateTimeField(_("expires at"))
    last_used_at = models.DateTimeField(_("last used"), null=True, blank=True)
    last_address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )

    class Meta:
        """How people and the database see it."""

        verbose_name = _("API token")
        verbose_name_plural = _("API tokens")
        ordering = ["-made_at", "-id"]
        constraints = [
            models.CheckConstraint(
                condition=Q(expires_at__gt=models.F("made_at")), name="token_expires_after_made"
            )
        ]

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    def __str__(self) -> str:
        """Whose it is and what it is called, never what it is."""
        return f"{self.name} ({self.prefix}…)"

    def holds_at(self, at: datetime) -> bool:
        """Whether it opens anything at a moment."""
        return self.ended_at is None and at < self.expires_at

    @property
    def scope_words(self) -> list[str]:
        """Its scopes in the reader's words."""
        return [str(Scope(scope).label) for scope in self.scopes if scope in Scope.values]


class KeptAnswer(models.Model):
    """What a change was answered with, by the key that a program gave it, for its repeat."""

    token = models.ForeignKey(ApiToken, on_delete=models.CASCADE, related_name="kept_answers")
    key = models.CharField(max_length=200)
    # Of method, address and body: the same key with another request is a mistake.
    fingerprint = models.CharField(max_length=64)
    body = models.TextField(blank=True)
    at = models.DateTimeField()

    class Meta:
        """Once each."""

        constraints = [
            models.UniqueConstraint(fields=["token", "key"], name="kept_answer_once_a_key")
        ]
        indexes = [models.Index(fields=["at"], name="kept_answer_at")]

    def __str__(self) -> str:
        """Which request it answers."""
        return f"{self.token_id}: {self.key}"
