"""What happened, who was told, by which way, and what each person wants to be told."""

import uuid
from typing import ClassVar, Self

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.core.nouns.warning import Level
from guatu.web.people.models import Organisation
from guatu.web.shell.recorded import RecordedManager


class FromLevel(models.IntegerChoices):
    """From which level on somebody wants to be told by a way."""

    EVERYTHING = 0, pgettext_lazy("from level", "Everything")
    BLUE = Level.BLUE.value, pgettext_lazy("from level", "Blue and graver")
    YELLOW = Level.YELLOW.value, pgettext_lazy("from level", "Yellow and graver")
    ORANGE = Level.ORANGE.value, pgettext_lazy("from level", "Orange and red")
    RED = Level.RED.value, pgettext_lazy("from level", "Red only")
    NEVER = 9, pgettext_lazy("from level", "Never")


class Happened(models.Model):
    """An event that is still to be told: written with it, in one transaction, so none is lost."""

    source = models.CharField(max_length=20)
    event = models.PositiveBigIntegerField()
    tries = models.PositiveSmallIntegerField(default=0)
    # None: at once.
    due_at = models.DateTimeField(null=True)

    class Meta:
        """In the order in which it happened."""

        ordering = ["id"]

    def __str__(self) -> str:
        """Which event."""
        return f"{self.source} {self.event}"


class Preference(models.Model):
    """What a person wants to be told by which way; who has none gets what stands here."""

    user = models.OneToOneField(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="notice_preference",
        verbose_name=_("user"),
    )
    email_from = models.PositiveSmallIntegerField(
        _("by e-mail"), choices=FromLevel, default=FromLevel.ORANGE
    )
    gateway_from = models.PositiveSmallIntegerField(
        _("by text message"), choices=FromLevel, default=FromLevel.RED
    )
    quiet_from = models.TimeField(_("quiet from"), null=True, blank=True)
    quiet_until = models.TimeField(_("quiet until"), null=True, blank=True)
    language = models.CharField(
        _("language of messages"),
        max_length=10,
        choices=settings.LANGUAGES,
        default=settings.LANGUAGE_CODE,
    )

    class Meta:
        """How people and the database see it."""

        verbose_name = _("notice preference")
        verbose_name_plural = _("notice preferences")
        constraints = [
            models.CheckConstraint(
                condition=Q(quiet_from=None, quiet_until=None)
                | Q(quiet_from__isnull=False, quiet_until__isnull=False),
                name="notices_quiet_has_two_ends",
            )
        ]

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    def __str__(self) -> str:
        """Whose it is."""
        return str(self.user)


class Message(models.Model):
    """One event told to one person: what the bell counts and lists.

    What it says is not kept: it is read from its source when it is shown, in the reader's
    language, and not at all to who no longer sees it.
    """

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="notices",
        verbose_name=_("addressee"),
    )
    source = models.CharField(max_length=20)
    event = models.PositiveBigIntegerField()
    # 0 tells something; 1 to 4 calls for something at a warning of that level.
    level = models.PositiveSmallIntegerField(_("level"), default=0)
    at = models.DateTimeField(_("time"))
    read_at = models.DateTimeField(_("read at"), null=True, blank=True)

    class Meta:
        """One event, one message."""

        verbose_name = pgettext_lazy("bell", "notice")
        verbose_name_plural = pgettext_lazy("bell", "notices")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "source", "event"], name="notices_one_message_an_event"
            )
        ]
        indexes = [
            models.Index(fields=["user", "-at", "-id"], name="notices_message_user_at"),
            models.Index(fields=["user"], condition=Q(read_at=None), name="notices_message_unread"),
        ]

    def __str__(self) -> str:
        """Who was told what."""
        return f"{self.user_id} ← {self.source} {self.event}"


class Hook(models.Model):
    """An address of another system that is told what happens: a robot, a gateway, a program."""

    class Audience(models.TextChoices):
        """Whom one call is about."""

        EVENTS = "events", pgettext_lazy("hook", "Once for each event (a program, a group robot)")
        PEOPLE = "people", pgettext_lazy("hook", "For each person told (a text-message gateway)")

    name = models.CharField(_("name"), max_length=60)
    organisation = models.ForeignKey(
        Organisation,
        on_delete=models.PROTECT,
        related_name="hooks",
        verbose_name=_("organisation"),
    )
    audience = models.CharField(_("told"), max_length=8, choices=Audience)
    url = models.CharField(pgettext_lazy("hook", "address"), max_length=500)
    sealed_secret = models.TextField(_("secret"))
    # JSON with ${…} in its texts; empty sends the standard body.
    template = models.TextField(_("template"), blank=True)
    from_level = models.PositiveSmallIntegerField(
        _("from level"), choices=FromLevel, default=FromLevel.EVERYTHING
    )
    made_at = models.DateTimeField(_("made at"))
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="+",
        verbose_name=_("made by"),
    )
    failing_since = models.DateTimeField(_("failing since"), null=True, blank=True)
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("ended by"),
    )
    ended_why = models.CharField(_("reason for ending"), max_length=200, blank=True)

    class Meta:
        """The newest first."""

        verbose_name = _("hook")
        verbose_name_plural = _("hooks")
        ordering = ["-made_at", "-id"]

    objects: ClassVar[RecordedManager[Self]] = RecordedManager()

    def __str__(self) -> str:
        """What it is called."""
        return self.name

    @property
    def is_grouped(self) -> bool:
        """Whether what waits together goes in one call: where people read it, not programs."""
        return bool(self.template)


class Delivery(models.Model):
    """One message by one way, with how it went: the delivery log."""

    class State(models.TextChoices):
        """How far it is."""

        WAITING = "waiting", pgettext_lazy("delivery", "Waiting")
        SENT = "sent", pgettext_lazy("delivery", "Sent")
        DROPPED = "dropped", pgettext_lazy("delivery", "Not needed any more")
        FAILED = "failed", pgettext_lazy("delivery", "Given up")

    # The receiver knows a repeat by it.
    uid = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    # By e-mail where there is no hook; about an event, to nobody, where there is no message.
    message = models.ForeignKey(
        Message, on_delete=models.CASCADE, null=True, blank=True, related_name="deliveries"
    )
    hook = models.ForeignKey(
        Hook, on_delete=models.PROTECT, null=True, blank=True, related_name="deliveries"
    )
    source = models.CharField(max_length=20)
    event = models.PositiveBigIntegerField()
    level = models.PositiveSmallIntegerField(default=0)
    # What a program is told, as it was when it happened.
    body = models.JSONField(default=dict, blank=True)
    state = models.CharField(_("state"), max_length=8, choices=State, default=State.WAITING)
    tries = models.PositiveSmallIntegerField(_("tries"), default=0)
    at = models.DateTimeField(_("time"))
    due_at = models.DateTimeField(_("due"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    error = models.CharField(_("trouble"), max_length=300, blank=True)

    class Meta:
        """One event goes once by one way."""

        verbose_name = _("delivery")
        verbose_name_plural = _("deliveries")
        ordering = ["-at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["message", "hook"],
                condition=Q(message__isnull=False, hook__isnull=False),
                name="notices_once_a_person_and_hook",
            ),
            models.UniqueConstraint(
                fields=["message"],
                condition=Q(hook=None),
                name="notices_once_a_mail",
            ),
            models.UniqueConstraint(
                fields=["hook", "source", "event"],
                condition=Q(message=None),
                name="notices_once_a_hook",
            ),
            models.CheckConstraint(
                condition=Q(message__isnull=False) | Q(hook__isnull=False),
                name="notices_delivery_has_a_way",
            ),
        ]
        indexes = [
            models.Index(
                fields=["due_at"], condition=Q(state="waiting"), name="notices_delivery_due"
            ),
            models.Index(fields=["-at", "-id"], name="notices_delivery_at"),
        ]

    def __str__(self) -> str:
        """What by which way."""
        return f"{self.source} {self.event} → {self.hook_id or 'e-mail'}: {self.state}"
