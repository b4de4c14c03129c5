"""Which of a plant's alarms are wanted: days, a point, a stage."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any, cast

from django import forms
from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from guatu.web.monitoring.forms import EARLIEST, LATEST
from guatu.web.monitoring.models import Alarm, Plant, Point


class PointField(forms.ModelChoiceField):  # type: ignore[type-arg]  # Django has no brackets here
    """One of a plant's points, named with its unit."""

    def label_from_instance(self, obj: Point) -> str:
        """Unit and point, for two units have points of one name."""
        return f"{obj.unit.name} · {obj.name}"


class AlarmsForm(forms.Form):
    """Which of a plant's alarms are wanted; what cannot be read narrows nothing and is told."""

    days = forms.ChoiceField(
        label=_("Span of time"),
        required=False,
        choices=[
            ("7", _("Last 7 days")),
            ("1", _("Last 24 hours")),
            ("30", _("Last 30 days")),
            ("365", _("Last year")),
            ("all", _("All the time")),
        ],
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    first = forms.DateField(
        label=_("From day"),
        required=False,
        error_messages={"invalid": _("This is no day: choose one, such as 2026-11-24.")},
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    last = forms.DateField(
        label=_("To day"),
        required=False,
        error_messages={"invalid": _("This is no day: choose one, such as 2026-11-24.")},
        widget=forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d"),
    )
    point = PointField(
        label=_("Point"),
        required=False,
        queryset=Point.objects.none(),
        empty_label=_("All points"),
        widget=forms.Select(attrs={"class": "form-select"}),
    )
    stage = forms.ChoiceField(
        label=_("Stage"),
        required=False,
        choices=[("", _("Both stages")), ("2", _("Stage 2 alarm")), ("1", _("Stage 1 alarm"))],
        widget=forms.Select(attrs={"class": "form-select"}),
    )

    def __init__(self, *args: Any, plant: Plant, **kwargs: Any) -> None:  # noqa: ANN401 - as Django's
        super().__init__(*args, **kwargs)
        cast("PointField", self.fields["point"]).queryset = Point.objects.filter(
            unit__plant=plant
        ).select_related("unit")

    def clean_first(self) -> date | None:
        """Refuse a year in which nothing was ever measured."""
        return _known_day(self.cleaned_data["first"])

    def clean_last(self) -> date | None:
        """The same for the last day."""
        return _known_day(self.cleaned_data["last"])

    def narrow(self, rows: QuerySet[Alarm], *, at: datetime) -> QuerySet[Alarm]:
        """The rows that are wanted: days of the calendar before a span that ends now."""
        self.is_valid()
        wanted = self.cleaned_data
        first, last = wanted.get("first"), wanted.get("last")
        if first:
            rows = rows.filter(began_at__gte=_midnight(first))
        if last:
            rows = rows.filter(began_at__lt=_midnight(last + timedelta(days=1)))
        days = wanted.get("days") or "7"
        if not first and not last and days != "all":
            rows = rows.filter(began_at__gte=at - timedelta(days=int(days)))
        if wanted.get("point"):
            rows = rows.filter(point=wanted["point"])
        if wanted.get("stage"):
            rows = rows.filter(stage=int(wanted["stage"]))
        return rows


def _known_day(day: date | None) -> date | None:
    if day is not None and not EARLIEST <= day.year <= LATEST:
        raise forms.ValidationError(
            _("Please choose a day between the years %(first)s and %(last)s."),
            params={"first": EARLIEST, "last": LATEST},
        )
    return day


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time()))
