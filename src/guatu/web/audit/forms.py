"""Which records are wanted."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext_lazy as _
from django.utils.translation import pgettext_lazy

from guatu.core.nouns.place import RegionCode
from guatu.web.audit.models import Act, Change
from guatu.web.audit.wording import KINDS

_NO_DAY = {"invalid": _("This is no day: choose one, such as 2026-11-24.")}


def _text(label: Any) -> forms.CharField:  # noqa: ANN401 - a lazy text
    box = forms.TextInput(attrs={"class": "form-control", "autocomplete": "off"})
    return forms.CharField(label=label, required=False, max_length=100, widget=box)


def _choice(label: Any, choices: list[tuple[str, Any]]) -> forms.ChoiceField:  # noqa: ANN401 - the same
    box = forms.Select(attrs={"class": "form-select"})
    return forms.ChoiceField(label=label, required=False, choices=choices, widget=box)


def _day(label: Any) -> forms.DateField:  # noqa: ANN401 - the same
    box = forms.DateInput(attrs={"type": "date", "class": "form-control"}, format="%Y-%m-%d")
    return forms.DateField(label=label, required=False, error_messages=_NO_DAY, widget=box)


class AuditFilter(forms.Form):
    """Narrows the record; what cannot be read narrows nothing and is told."""

    who = _text(pgettext_lazy("audit", "Who"))
    record = _text(pgettext_lazy("audit", "Record"))
    kind = _choice(_("Kind"), [("", _("All kinds")), *KINDS.items()])
    act = _choice(
        pgettext_lazy("audit", "Act"), [("", pgettext_lazy("audit", "All acts")), *Act.choices]
    )
    region = _choice(_("Region"), [])
    first = _day(_("From day"))
    last = _day(_("To day"))

    def __init__(self, *args: Any, regions: list[tuple[str, str]], **kwargs: Any) -> None:  # noqa: ANN401 - as Django's
        super().__init__(*args, **kwargs)
        choices = [("", _("All regions")), *regions]
        self.fields["region"].choices = choices  # type: ignore[attr-defined]

    def narrow(self, rows: QuerySet[Change]) -> QuerySet[Change]:
        """The rows that are wanted."""
        self.is_valid()
        wanted = self.cleaned_data
        if who := wanted.get("who"):
            rows = rows.filter(Q(actor_name__icontains=who) | Q(actor_account__icontains=who))
        if record := wanted.get("record"):
            rows = rows.filter(record_name__icontains=record)
        for name in ("kind", "act"):
            if wanted.get(name):
                rows = rows.filter(**{name: wanted[name]})
        if region := wanted.get("region"):
            rows = rows.filter(region__range=RegionCode(region).span)
        return self._days(rows, wanted.get("first"), wanted.get("last"))

    @staticmethod
    def _days(rows: QuerySet[Change], first: date | None, last: date | None) -> QuerySet[Change]:
        if first:
            rows = rows.filter(at__gte=_midnight(first))
        if last and last < date.max:
            rows = rows.filter(at__lt=_midnight(last + timedelta(days=1)))
        return rows


def _midnight(day: date) -> datetime:
    # The calendar's first and last days have no moment everywhere.
    day = min(max(day, date(1900, 1, 1)), date(9000, 1, 1))
    return timezone.make_aware(datetime.combine(day, time()))
