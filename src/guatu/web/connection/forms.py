"""Forms of connections."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from django import forms
from django.core.files.uploadedfile import UploadedFile
from django.forms import BoundField
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from guatu.web.connection.actions import Wish, record_problems
from guatu.web.connection.application import Application, from_models, read_file
from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.connection.models import Connection
from guatu.web.connection.wording import placed
from guatu.web.monitoring.specs import unit_kinds
from guatu.web.monitoring.words import unit_kind
from guatu.web.shell.fields import PlainField

ROWS = 4
_TEXT = {"class": "form-control", "autocomplete": "off"}

OVERLAPS: tuple[tuple[str, Any], ...] = (
    ("0", gettext_lazy("end now")),
    ("1", gettext_lazy("for 1 hour")),
    ("24", gettext_lazy("for 24 hours")),
    ("168", gettext_lazy("for 7 days")),
    ("720", gettext_lazy("for 30 days")),
)
"""How long old keys go on beside a new one, in hours."""


def _text(label: Any, *, most: int, required: bool = True) -> PlainField:  # noqa: ANN401
    return PlainField(
        label=label, max_length=most, required=required, widget=forms.TextInput(attrs=_TEXT)
    )


class AskForm(forms.Form):
    """The application: the plant's record, and its units as a file or by their kinds."""

    code = _text(gettext_lazy("Plant code"), most=40)
    name = _text(gettext_lazy("Plant name"), most=120)
    address = _text(gettext_lazy("Plant address"), most=200, required=False)
    contact = _text(gettext_lazy("Contact, reachable day and night"), most=120)
    file = forms.FileField(
        label=gettext_lazy("Units and points as a file (JSON)"),
        required=False,
        widget=forms.FileInput(attrs={"class": "form-control", "accept": ".json"}),
    )
    note = _text(gettext_lazy("What was mended"), most=2000, required=False)

    def __init__(self, *args: Any, mending: bool = False, **kwargs: Any) -> None:  # noqa: ANN401
        super().__init__(*args, **kwargs)
        self.problems: list[str] = []
        self.application: Application | None = None
        if not mending:
            del self.fields["note"]
        kinds = [("", "–"), *((kind, unit_kind(kind)) for kind in unit_kinds())]
        for row in range(1, ROWS + 1):
            self.fields[f"unit{row}_code"] = _text(_("Unit code"), most=40, required=False)
            self.fields[f"unit{row}_name"] = _text(_("Unit name"), most=120, required=False)
            self.fields[f"unit{row}_kind"] = forms.ChoiceField(
                label=_("Kind of unit"),
                choices=kinds,
                required=False,
                widget=forms.Select(attrs={"class": "form-select"}),
            )

    @property
    def unit_rows(self) -> Iterator[tuple[int, list[BoundField]]]:
        """The rows in which units are chosen by kind."""
        for row in range(1, ROWS + 1):
            yield row, [self[f"unit{row}_{part}"] for part in ("code", "name", "kind")]

    @property
    def record(self) -> Iterator[BoundField]:
        """The fields of the plant itself."""
        return (self[name] for name in ("code", "name", "address", "contact"))

    @staticmethod
    def of(connection: Connection) -> AskForm:
        """The form filled with what was asked before."""
        names = ("code", "name", "address", "contact")
        return AskForm(mending=True, initial={name: getattr(connection, name) for name in names})

    def clean(self) -> dict[str, Any]:
        """Check the record and read the units, so that all that is wrong is told at once."""
        cleaned = super().clean() or self.cleaned_data
        names = ("code", "name", "address", "contact")
        record = {name: str(cleaned.get(name, "")).strip() for name in names}
        wrong = [p for p in record_problems(**record) if p.where in cleaned]
        self.refuse(DeedRefused(wrong))
        try:
            self.application = self._application(cleaned)
        except DeedRefused as refused:
            self.refuse(refused)
        return cleaned

    def _application(self, cleaned: dict[str, Any]) -> Application | None:
        if isinstance(file := cleaned.get("file"), UploadedFile):
            return read_file(file.read())
        chosen = [
            tuple(cleaned.get(f"unit{row}_{part}", "").strip() for part in ("code", "name", "kind"))
            for row in range(1, ROWS + 1)
        ]
        filled = [(code, name, kind) for code, name, kind in chosen if code and kind]
        codes = [code for code, _name, _kind in filled]
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            facts = {"code": code}
            raise DeedRefused([Problem(code="doubled_code", facts=facts)])
        if not filled:
            return None
        language = "zh" if (get_language() or "zh").startswith("zh") else "en"
        return from_models(filled, language=language)

    def refuse(self, refused: DeedRefused) -> None:
        """Show what was refused: at its field where it has one, else in a list with its place."""
        for problem in refused.problems:
            if problem.where in self.fields:
                self.add_error(
                    problem.where, placed(Problem(code=problem.code, facts=problem.facts))
                )
            else:
                self.problems.append(placed(problem))
        if self.problems and not self.non_field_errors():
            self.add_error(None, _("The application cannot be taken as it is."))

    def wish(self, before: Application | None = None) -> Wish:
        """What is asked for, from a valid form.

        Args:
            before: the units asked for before, where no new ones are given.
        """
        given = self.cleaned_data
        return Wish(
            code=given["code"].strip(),
            name=given["name"].strip(),
            address=given["address"].strip(),
            contact=given["contact"].strip(),
            application=self.application or before or Application(units=()),
        )


class NoteForm(forms.Form):
    """The reason of a deed."""

    note = PlainField(
        label=gettext_lazy("Reason"),
        max_length=2000,
        required=False,
        widget=forms.Textarea(attrs={"class": "form-control", "rows": 2}),
    )


class KeyForm(NoteForm):
    """A new key: how long the old ones go on."""

    overlap = forms.ChoiceField(
        label=gettext_lazy("Old keys go on"),
        choices=OVERLAPS,
        initial="24",
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def span(self) -> timedelta:
        """How long, from a valid form."""
        return timedelta(hours=int(self.cleaned_data["overlap"]))
