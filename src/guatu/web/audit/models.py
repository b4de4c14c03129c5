"""The record itself: only ever added to, by the database's own word (guards.py).

People, organisations and regions stand here as numbers and as the names of that day, not as
foreign keys: the record must hold whatever becomes of them.
"""

from typing import ClassVar

from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy


class Act(models.TextChoices):
    """What was done."""

    CREATED = "created", pgettext_lazy("audit", "created")
    CHANGED = "changed", pgettext_lazy("audit", "changed")
    DELETED = "deleted", pgettext_lazy("audit", "deleted")
    ENTERED = "entered", pgettext_lazy("audit", "entered")
    SEEN = "seen", pgettext_lazy("audit", "read")
    EXPORTED = "exported", pgettext_lazy("audit", "exported")
    DONE = "done", pgettext_lazy("audit", "done")
    PRUNED = "pruned", pgettext_lazy("audit", "pruned")


class Change(models.Model):
    """One act upon one record."""

    at = models.DateTimeField(_("time"))
    act = models.CharField(_("act"), max_length=8, choices=Act)
    # Who: the person, or what ran where nobody was signed in.
    actor = models.BigIntegerField(_("person"), null=True, blank=True)
    actor_name = models.CharField(_("name"), max_length=120, blank=True)
    actor_account = models.CharField(_("account"), max_length=150, blank=True)
    actor_organisation = models.CharField(_("organisation"), max_length=120, blank=True)
    # Where from, and by which door.
    address = models.GenericIPAddressField(_("address"), null=True, blank=True)
    request = models.CharField(_("request"), max_length=32, blank=True)
    door = models.CharField(_("door"), max_length=80, blank=True)
    # Which record, and the record on whose page it is shown.
    kind = models.CharField(_("kind"), max_length=60)
    record = models.CharField(_("record"), max_length=40, blank=True)
    record_name = models.CharField(_("record"), max_length=200, blank=True)
    page_kind = models.CharField(max_length=60, blank=True)
    page_record = models.CharField(max_length=40, blank=True)
    # Whose it is: who may read this.
    region = models.CharField(_("region"), max_length=6, blank=True)
    organisation = models.BigIntegerField(_("organisation"), null=True, blank=True)
    # [{"field": …, "from": …, "to": …}, …]; a secret's field says only "secret".
    changes = models.JSONField(_("changes"), default=list, blank=True)
    why = models.CharField(_("reason"), max_length=400, blank=True)
    # Of an entry in a history of its own: what it said, as a digest.
    digest = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager["Change"]] = models.Manager()

    class Meta:
        """The latest first."""

        verbose_name = _("audit record")
        verbose_name_plural = _("audit records")
        ordering = ["-id"]
        indexes = [
            # In the order of time, with all that the scope of a reader asks for.
            models.Index(fields=["at", "region", "organisation"], name="audit_scope"),
            models.Index(fields=["page_kind", "page_record", "id"], name="audit_page"),
            models.Index(fields=["kind", "at", "region", "organisation"], name="audit_kind_scope"),
        ]

    def __str__(self) -> str:
        """One line."""
        return f"{self.at:%Y-%m-%d %H:%M:%S} {self.actor_name} {self.act} {self.record_name}"


class Unsealed(models.Model):
    """A record that its transaction left to be sealed; gone once it is."""

    change = models.BigIntegerField(primary_key=True)

    objects: ClassVar[models.Manager["Unsealed"]] = models.Manager()

    def __str__(self) -> str:
        return str(self.change)


class Seal(models.Model):
    """A link of the chain: each seal is made of its record and of the seal before it."""

    number = models.BigIntegerField(primary_key=True)
    change = models.BigIntegerField(unique=True)
    seal = models.CharField(max_length=64)

    objects: ClassVar[models.Manager["Seal"]] = models.Manager()

    class Meta:
        """From the first."""

        ordering = ["number"]

    def __str__(self) -> str:
        return f"{self.number} {self.seal[:12]}"


class Head(models.Model):
    """Where the chain ends: whoever seals holds this row meanwhile."""

    number = models.BigIntegerField(default=0)
    seal = models.CharField(max_length=64, blank=True)

    objects: ClassVar[models.Manager["Head"]] = models.Manager()

    def __str__(self) -> str:
        return f"{self.number} {self.seal[:12]}"


class Pruning(models.Model):
    """That records older than the retention were given up; while it stands, theirs may go."""

    at = models.DateTimeField(_("time"))
    before = models.DateTimeField(_("older than"))
    first = models.BigIntegerField()
    last = models.BigIntegerField()
    # The seal of the last one: where what remains begins.
    seal = models.CharField(max_length=64)
    by = models.CharField(_("by"), max_length=120)
    why = models.CharField(_("reason"), max_length=400)

    objects: ClassVar[models.Manager["Pruning"]] = models.Manager()

    class Meta:
        """In their order."""

        ordering = ["id"]

    def __str__(self) -> str:
        return f"{self.first}–{self.last}"
