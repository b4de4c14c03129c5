"""Warnings and their history. What a warning's life allows is decided in core/nouns/warning."""

from datetime import datetime
from typing import Any, ClassVar

from django.db import models
from django.urls import reverse
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext, pgettext_lazy

from guatu.core.nouns import warning as noun
from guatu.web.warnings.sources import source_of

NOTICES = "warning"
"""What the notices call the source whose events are entries of warnings' histories."""


class WarningLevel(models.IntegerChoices):
    """Levels of the noun, with words."""

    BLUE = noun.Level.BLUE.value, _("Blue")
    YELLOW = noun.Level.YELLOW.value, _("Yellow")
    ORANGE = noun.Level.ORANGE.value, _("Orange")
    RED = noun.Level.RED.value, _("Red")


class WarningState(models.TextChoices):
    """States of the noun, with words."""

    RAISED = noun.State.RAISED.value, _("To be acknowledged")
    ACKNOWLEDGED = noun.State.ACKNOWLEDGED.value, _("Acknowledged")
    VERIFIED = noun.State.VERIFIED.value, _("Verified")
    HANDLED = noun.State.HANDLED.value, _("Handled")
    FED_BACK = noun.State.FED_BACK.value, _("Fed back")
    CLOSED = noun.State.CLOSED.value, pgettext_lazy("warning", "Closed")


class WarningVerdict(models.TextChoices):
    """Verdicts of the noun, with words."""

    TRUE = noun.Verdict.TRUE.value, _("True danger")
    FALSE = noun.Verdict.FALSE.value, _("False alarm")
    TEST = noun.Verdict.TEST.value, pgettext_lazy("verdict", "Test")


class WarningRung(models.IntegerChoices):
    """Rungs of the noun's ladder, with words."""

    PLANT = noun.Rung.PLANT.value, _("Plant")
    COUNTY = noun.Rung.COUNTY.value, _("County")
    PREFECTURE = noun.Rung.PREFECTURE.value, _("Prefecture")
    PROVINCE = noun.Rung.PROVINCE.value, _("Province")


class Warning(models.Model):  # noqa: A001 - the house's noun; Python's warnings are not dealt with here
    """A gap that someone must close: how grave, whose, by when, how far."""

    # YJ-YYYYMMDD-NNN: the local day it was raised and its place among those of the day.
    number = models.CharField(_("number"), max_length=24, default="", editable=False)
    level = models.PositiveSmallIntegerField(_("level"), choices=WarningLevel)
    # In the installation's language: what is searched. Readers see `headline`.
    title = models.CharField(_("title"), max_length=200)
    state = models.CharField(
        _("state"), max_length=16, choices=WarningState, default=WarningState.RAISED
    )
    verdict = models.CharField(_("verdict"), max_length=8, choices=WarningVerdict, blank=True)
    organisation = models.ForeignKey(
        "people.Organisation",
        on_delete=models.PROTECT,
        related_name="warnings",
        verbose_name=_("owner"),
    )
    origin = models.ForeignKey(
        "people.Organisation",
        on_delete=models.PROTECT,
        related_name="warnings_arisen",
        verbose_name=_("where it arose"),
    )
    region = models.ForeignKey(
        "regions.Region",
        on_delete=models.PROTECT,
        related_name="warnings",
        verbose_name=_("region"),
    )
    source_kind = models.CharField(_("kind of source"), max_length=40)
    source_key = models.CharField(_("source"), max_length=160)
    source_url = models.CharField(_("address of the source"), max_length=300, blank=True)
    facts = models.JSONField(_("facts"), default=dict, blank=True)
    raised_at = models.DateTimeField(_("raised at"))
    last_raised_at = models.DateTimeField(_("last raised at"))
    times = models.PositiveIntegerField(_("times raised"), default=1)
    acknowledge_due = models.DateTimeField(_("to be acknowledged by"))
    handle_due = models.DateTimeField(_("to be handled by"))
    deadlines_version = models.PositiveIntegerField(_("version of the deadlines"))
    rung = models.PositiveSmallIntegerField(
        _("rung"), choices=WarningRung, default=WarningRung.PLANT
    )
    acknowledged_at = models.DateTimeField(_("acknowledged at"), null=True, blank=True)
    handled_at = models.DateTimeField(_("handled at"), null=True, blank=True)
    closed_at = models.DateTimeField(_("closed at"), null=True, blank=True)
    revision = models.PositiveIntegerField(default=0)

    class Meta:
        """One open warning a source; what is closed has a time."""

        verbose_name = _("warning")
        verbose_name_plural = _("warnings")
        ordering = ["-level", "-raised_at", "-id"]
        constraints = [
            models.UniqueConstraint(
                fields=["source_kind", "source_key"],
                condition=models.Q(closed_at=None),
                name="warning_one_open_a_source",
            ),
            models.UniqueConstraint(fields=["number"], name="warning_number_is_its_own"),
            models.CheckConstraint(
                condition=models.Q(state="closed", closed_at__isnull=False)
                | (~models.Q(state="closed") & models.Q(closed_at=None)),
                name="warning_closed_has_a_time",
            ),
        ]
        indexes = [
            models.Index(fields=["closed_at", "region"], name="warning_region"),
            models.Index(fields=["closed_at", "organisation"], name="warning_owner"),
            models.Index(fields=["-raised_at"], name="warning_raised_at"),
            models.Index(fields=["source_kind", "source_key"], name="warning_source"),
            models.Index(
                fields=["handle_due"],
                condition=models.Q(state__in=["raised", "acknowledged", "verified"]),
                name="warning_handle_due",
            ),
        ]

    def __str__(self) -> str:
        """Its number and title."""
        return f"{self.number} {self.title}"

    def get_absolute_url(self) -> str:
        """Its page."""
        return reverse("warnings:detail", args=[self.pk])

    @property
    def standing(self) -> str:
        """How it stands, as a form carries it: what a person decides on when doing a verb.

        Not the revision: a source that speaks again or a rung climbed leaves a decision as it was.
        """
        return f"{self.state}.{self.verdict or '-'}.{self.level}.{self.organisation_id}"

    @property
    def headline(self) -> str:
        """Its title in the reader's language."""
        source = source_of(self.source_kind)
        facts = self.facts if isinstance(self.facts, dict) else {}
        return (source.title(facts) if source else "") or self.title

    @property
    def is_no_danger(self) -> bool:
        """Whether it was found to be a false alarm or a test."""
        return self.life.verdict in noun.NOT_A_DANGER

    @property
    def state_word(self) -> str:
        """Its state in words; what was found no danger waits for nobody, so it says that."""
        if self.is_no_danger and self.closed_at is None:
            facts = {"verdict": self.get_verdict_display()}
            return pgettext("warning", "Verified: %(verdict)s") % facts
        return self.get_state_display()

    @property
    def owed(self) -> datetime | None:
        """The nearest deadline that its owner still owes; None where nothing is owed."""
        due = noun.next_due(self.life)
        return due[1] if due else None

    @property
    def life(self) -> noun.Life:
        """What the noun needs to know of it."""
        return noun.Life(
            level=noun.Level(self.level),
            state=noun.State(self.state),
            verdict=noun.Verdict(self.verdict) if self.verdict else None,
            rung=noun.Rung(self.rung),
            acknowledge_due=self.acknowledge_due,
            handle_due=self.handle_due,
            version=self.deadlines_version,
        )


LIFE_FIELDS = ("level", "state", "verdict", "rung", "acknowledge_due", "handle_due")


def life_columns(life: noun.Life) -> dict[str, Any]:
    """The columns that store a life; the version never changes once raised."""
    return {
        "level": life.level.value,
        "state": life.state.value,
        "verdict": life.verdict.value if life.verdict else "",
        "rung": life.rung.value,
        "acknowledge_due": life.acknowledge_due,
        "handle_due": life.handle_due,
    }


class WarningEntry(models.Model):
    """One step of a warning's history: written once, never changed (a trigger refuses updates)."""

    class Deed(models.TextChoices):
        """The verbs of the noun, the two things the source does, and what leaving does."""

        RAISE = "raise", pgettext_lazy("deed", "Raised")
        LIFT = "lift", pgettext_lazy("deed", "Level lifted")
        ACKNOWLEDGE = noun.Verb.ACKNOWLEDGE.value, pgettext_lazy("deed", "Acknowledged")
        VERIFY = noun.Verb.VERIFY.value, pgettext_lazy("deed", "Verified")
        HANDLE = noun.Verb.HANDLE.value, pgettext_lazy("deed", "Handled")
        FEED_BACK = noun.Verb.FEED_BACK.value, pgettext_lazy("deed", "Fed back")
        CLOSE = noun.Verb.CLOSE.value, pgettext_lazy("deed", "Closed")
        HAND_OVER = noun.Verb.HAND_OVER.value, pgettext_lazy("deed", "Handed over")
        URGE = noun.Verb.URGE.value, pgettext_lazy("deed", "Urged")
        ESCALATE = noun.Verb.ESCALATE.value, pgettext_lazy("deed", "Escalated")
        REOPEN = noun.Verb.REOPEN.value, pgettext_lazy("deed", "Sent back")
        ADD_NOTE = noun.Verb.ADD_NOTE.value, pgettext_lazy("deed", "Note")
        PASS_ON = "pass_on", pgettext_lazy("deed", "Passed on")

    warning = models.ForeignKey(
        Warning, on_delete=models.PROTECT, related_name="entries", verbose_name=_("warning")
    )
    at = models.DateTimeField(_("time"))
    by = models.ForeignKey(
        "people.User",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("by"),
    )
    # Names as they were that day: people move and organisations are renamed.
    by_name = models.CharField(_("name"), max_length=60, blank=True)
    by_organisation = models.CharField(_("organisation"), max_length=120, blank=True)
    deed = models.CharField(_("deed"), max_length=16, choices=Deed)
    from_state = models.CharField(max_length=16, choices=WarningState, blank=True)
    to_state = models.CharField(max_length=16, choices=WarningState)
    verdict = models.CharField(max_length=8, choices=WarningVerdict, blank=True)
    note = models.TextField(_("note"), blank=True)
    due = models.DateTimeField(_("deadline met or missed"), null=True, blank=True)
    facts = models.JSONField(default=dict, blank=True)

    class Meta:
        """In the order in which it happened."""

        verbose_name = _("entry")
        verbose_name_plural = _("history")
        ordering = ["at", "id"]
        indexes = [models.Index(fields=["warning", "at"], name="warning_entry_at")]

    objects: ClassVar[models.Manager["WarningEntry"]] = models.Manager()

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


class Notice(models.Model):
    """A person urged about a warning: shown at once and until it is seen or answered."""

    user = models.ForeignKey(
        "people.User",
        on_delete=models.CASCADE,
        related_name="warning_notices",
        verbose_name=_("addressee"),
    )
    warning = models.ForeignKey(
        Warning, on_delete=models.CASCADE, related_name="notices", verbose_name=_("warning")
    )
    entry = models.ForeignKey(
        WarningEntry, on_delete=models.PROTECT, related_name="notices", verbose_name=_("entry")
    )
    at = models.DateTimeField(_("time"))
    seen_at = models.DateTimeField(_("seen at"), null=True, blank=True)

    class Meta:
        """The latest first."""

        verbose_name = _("notice")
        verbose_name_plural = _("notices")
        ordering = ["-at", "-id"]
        indexes = [
            models.Index(
                fields=["user"], condition=models.Q(seen_at=None), name="warning_notice_unseen"
            )
        ]

    def __str__(self) -> str:
        """Who was urged about what."""
        return f"{self.user_id} ← {self.warning_id}"
