"""What was brought: the file, what it would do, what it did, and what undoing needs."""

from __future__ import annotations

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.web.imports import judging


class Stage(models.TextChoices):
    """How far it came."""

    TRIED = "tried", pgettext_lazy("import", "Tried")
    DONE = "done", pgettext_lazy("import", "Imported")
    UNDONE = "undone", pgettext_lazy("import", "Undone")


class Outcome(models.TextChoices):
    """What comes of a row."""

    NEW = judging.NEW, pgettext_lazy("row", "New")
    CHANGED = judging.CHANGED, pgettext_lazy("row", "Changed")
    SAME = judging.SAME, pgettext_lazy("row", "Unchanged")
    WRONG = judging.WRONG, pgettext_lazy("row", "To be mended")


class Import(models.Model):
    """A file that somebody brought."""

    kind = models.CharField(_("kind"), max_length=40)
    # Of what the table is about, such as a plant; none where it is about no one thing.
    target = models.PositiveBigIntegerField(null=True, blank=True)
    about = models.CharField(_("about"), max_length=200, blank=True)
    filename = models.CharField(_("file"), max_length=120)
    sha256 = models.CharField(max_length=64)
    content = models.BinaryField()
    sheet = models.CharField(max_length=64, blank=True)
    heading_row = models.PositiveIntegerField(default=1)
    columns = models.JSONField(default=dict)
    unknown = models.JSONField(default=list)
    stage = models.CharField(_("status"), max_length=8, choices=Stage, default=Stage.TRIED)
    counts = models.JSONField(default=dict)
    uploaded_at = models.DateTimeField(_("uploaded at"))
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="imports"
    )
    why = models.CharField(_("reason"), max_length=400, blank=True)
    done_at = models.DateTimeField(_("imported at"), null=True, blank=True)
    undone_at = models.DateTimeField(_("undone at"), null=True, blank=True)
    undone_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
    )

    class Meta:
        """The latest first."""

        ordering = ["-id"]
        indexes = [models.Index(fields=["kind", "target", "sha256"], name="import_same_file")]

    def __str__(self) -> str:
        """Which file of whom."""
        return f"{self.filename} {self.uploaded_at:%Y-%m-%d %H:%M}"


class ImportedRow(models.Model):
    """A row of it."""

    of = models.ForeignKey(Import, on_delete=models.CASCADE, related_name="rows")
    number = models.PositiveIntegerField()
    outcome = models.CharField(max_length=8, choices=Outcome)
    key = models.CharField(max_length=120, blank=True)
    cells = models.JSONField(default=dict)
    problems = models.JSONField(default=list)
    changes = models.JSONField(default=list)
    record = models.PositiveBigIntegerField(null=True, blank=True)
    before = models.JSONField(default=dict)

    class Meta:
        """In the order of the sheet."""

        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["of", "number"], name="imported_row_once")]
        indexes = [models.Index(fields=["of", "outcome"], name="imported_row_outcome")]

    def __str__(self) -> str:
        """Which row."""
        return f"{self.of_id}: {self.number}"
