"""Forms of monitoring."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import Any, cast

from django import forms
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring import words
from guatu.web.monitoring.actions import StopSpec
from guatu.web.monitoring.models import LimitVersion, Plant, Point, Slot, StopKind
from guatu.web.monitoring.specs import LimitSpec
from guatu.web.shell.fields import FigureField, PlainField

EARLIEST, LATEST = 1970, 2200
"""Years between which a day may be asked for; beyond them a moment overflows on its way to UTC."""
_FIGURE = {"class": "form-control", "inputmode": "decimal", "autocomplete": "off"}


class LimitForm(forms.Form):
    """The setting of one alarm, with the reason for changing it."""

    value = FigureField(
        label=_("Limit"),
        required=False,
        max_digits=16,
        decimal_places=6,
        widget=forms.TextInput(attrs=_FIGURE),
    )
    deadband = FigureField(
        label=_("Deadband"),
        required=False,
        max_digits=16,
        decimal_places=6,
        widget=forms.TextInput(attrs=_FIGURE),
    )
    on_delay_s = FigureField(
        label=_("Delay before raising (s)"),
        required=False,
        max_digits=9,
        decimal_places=3,
        widget=forms.TextInput(attrs=_FIGURE),
    )
    off_delay_s = FigureField(
        label=_("Delay before clearing (s)"),
        required=False,
        max_digits=9,
        decimal_places=3,
        widget=forms.TextInput(attrs=_FIGURE),
    )
    states = forms.TypedMultipleChoiceField(
        label=_("Judged in"),
        required=False,
        coerce=int,
        widget=forms.CheckboxSelectMultiple,
    )
    why = PlainField(
        label=_("Why"),
        max_length=400,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )

    def __init__(self, *args: Any, slot: Slot, kind: str, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's
        super().__init__(*args, **kwargs)
        self.slot = slot
        states = cast("forms.TypedMultipleChoiceField", self.fields["states"])
        states.choices = list(words.states_of(kind).items())
        if slot == Slot.MISSING:
            self.fields["value"].label = _("Silence before raising (s)")
            for name in ("deadband", "on_delay_s", "off_delay_s"):
                del self.fields[name]

    @staticmethod
    def of(version: LimitVersion | None, *, slot: Slot, kind: str) -> LimitForm:
        """An empty form, or one filled with what holds now."""
        if version is None:
            return LimitForm(slot=slot, kind=kind)
        initial = {
            name: _plain(getattr(version, name))
            for name in ("value", "deadband", "on_delay_s", "off_delay_s")
        }
        return LimitForm(slot=slot, kind=kind, initial={**initial, "states": version.states})

    def spec(self) -> LimitSpec:
        """The wanted setting, from a valid form; an empty limit takes it away."""
        given = self.cleaned_data
        return LimitSpec(
            value=given["value"],
            deadband=given.get("deadband") or Decimal(0),
            on_delay_s=given.get("on_delay_s") or Decimal(0),
            off_delay_s=given.get("off_delay_s") or Decimal(0),
            states=tuple(sorted(given["states"])),
        )


def _plain(value: Decimal | None) -> str | None:
    """A figure without the zeros that its column adds."""
    return None if value is None else f"{value.normalize():f}"


class AsKnownForm(forms.Form):
    """The day for which limits are wanted."""

    on = forms.DateTimeField(
        required=False,
        error_messages={"invalid": _("This is no day: choose one, such as 2026-11-24.")},
        input_formats=["%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M", "%Y-%m-%d"],
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "form-control"}, format="%Y-%m-%dT%H:%M"
        ),
    )

    def clean_on(self) -> datetime | None:
        """Refuse a year that no limit was ever known in."""
        on: datetime | None = self.cleaned_data["on"]
        if on is not None and not EARLIEST <= on.year <= LATEST:
            raise forms.ValidationError(
                _("Please choose a day between the years %(first)s and %(last)s."),
                params={"first": EARLIEST, "last": LATEST},
            )
        return on

    def moment(self) -> datetime | None:
        """The moment asked for; None for now, or for what is no moment."""
        return self.cleaned_data.get("on") if self.is_valid() else None


class AnswerForm(forms.Form):
    """Why a request is refused."""

    why = PlainField(
        label=_("Why"),
        max_length=400,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )


_LOCAL = "%Y-%m-%dT%H:%M"


def _moment(label: Any) -> forms.DateTimeField:  # noqa: ANN401 - text, or text to come
    return forms.DateTimeField(
        label=label,
        input_formats=[_LOCAL, "%Y-%m-%d %H:%M"],
        widget=forms.DateTimeInput(
            attrs={"type": "datetime-local", "class": "form-control"}, format=_LOCAL
        ),
    )


class StopForm(forms.Form):
    """The declaration of a stop."""

    unit = forms.TypedChoiceField(
        label=_("What stops"),
        required=False,
        coerce=int,
        empty_value=None,
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    kind = forms.ChoiceField(
        label=_("Kind"), choices=StopKind, widget=forms.Select(attrs={"class": "form-select"})
    )
    begins_at = _moment(_("From"))
    ends_at = _moment(_("Until"))
    reason = PlainField(
        label=_("Reason of the stop"),
        max_length=400,
        widget=forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"}),
    )
    suppressed = forms.TypedMultipleChoiceField(
        label=_("Points under maintenance, not judged at all"),
        required=False,
        coerce=int,
        widget=forms.SelectMultiple(attrs={"class": "form-select", "size": "8"}),
    )

    def __init__(self, *args: Any, plant: Plant, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's
        super().__init__(*args, **kwargs)
        units = list(plant.units.order_by("id"))
        whole: tuple[str, Any] = ("", _("Whole plant"))
        self.fields["unit"].choices = [whole, *((unit.pk, unit.name) for unit in units)]  # type: ignore[attr-defined]
        points = Point.objects.filter(unit__plant=plant, retired_at=None, core=False)
        points = points.order_by("unit_id", "id")
        self.fields["suppressed"].choices = [  # type: ignore[attr-defined]
            (
                unit.name,
                [(p.pk, f"{p.name}（{p.code}）") for p in points if p.unit_id == unit.pk],
            )
            for unit in units
        ]

    def spec(self) -> StopSpec:
        """The declaration, from a valid form."""
        given = self.cleaned_data
        return StopSpec(
            unit=given["unit"],
            kind=StopKind(given["kind"]),
            begins_at=given["begins_at"],
            ends_at=given["ends_at"],
            reason=given["reason"],
            suppressed=tuple(given["suppressed"]),
        )
