"""What a plant's own alarm system said."""

from __future__ import annotations

from datetime import timedelta

from django.http import HttpResponseBase
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from guatu.web.monitoring import queries, words
from guatu.web.monitoring.models import OwnAlarm, OwnKind
from guatu.web.monitoring.views.common import seen_plant
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state
from guatu.web.shell.words import number

DAYS = {"1": 1, "7": 7, "30": 30, "365": 365}
_TONES = {OwnKind.RAISED: "attention", OwnKind.INTERLOCK: "bad"}


def _point(own: OwnAlarm) -> str:
    return own.point.name if own.point else own.point_code


def _figure(own: OwnAlarm, value: float | None) -> str:
    if value is None:
        return "–"
    if own.point is None:
        return number(value)
    figure = number(value, own.point.decimals)
    return f"{figure} {words.measure(own.point.measure)}".strip()


_COLUMNS: list[Column[OwnAlarm]] = [
    Column(
        key="kind",
        label=gettext_lazy("What happened"),
        value=lambda a: OwnKind(a.kind).label,
        cell=lambda a: state(_TONES.get(OwnKind(a.kind), "idle"), OwnKind(a.kind).label),
        sort="kind",
    ),
    Column(key="at", label=gettext_lazy("Time"), value=lambda a: a.at, sort="at"),
    Column(
        key="unit",
        label=gettext_lazy("Unit"),
        value=lambda a: a.unit.name if a.unit else a.unit_code,
        phone=False,
    ),
    Column(key="point", label=gettext_lazy("Point"), value=_point),
    Column(key="text", label=gettext_lazy("Plant's own words"), value=lambda a: a.text),
    Column(
        key="level",
        label=gettext_lazy("Plant's own level"),
        value=lambda a: a.level or None,
        sort="level",
        align="start",
    ),
    Column(key="value", label=gettext_lazy("Value"), value=lambda a: _figure(a, a.value)),
    Column(key="limit", label=gettext_lazy("Limit"), value=lambda a: _figure(a, a.limit)),
    Column(
        key="own_id",
        label=gettext_lazy("Plant's own number"),
        value=lambda a: a.own_id,
        phone=False,
    ),
    Column(key="heard", label=gettext_lazy("Received"), value=lambda a: a.heard_at, phone=False),
]


@require_GET
def own_alarms(request: SignedInRequest, plant_id: int) -> HttpResponseBase:
    """What a plant's own system said, the newest first, as a page or a file."""
    plant = seen_plant(request, plant_id)
    days = request.GET.get("days", "7")
    rows = queries.own_alarms_of(plant)
    if days in DAYS:
        rows = rows.filter(at__gte=timezone.now() - timedelta(days=DAYS[days]))
    table = Table(
        request,
        columns=_COLUMNS,
        rows=rows,
        name=_("Own alarms of %(plant)s") % {"plant": plant.name},
        empty=_("The plant's own system said nothing in this time."),
        live=True,
    )
    if (file := table.export()) is not None:
        return file
    context = {"plant": plant, "table": table, "days": days, "own": True}
    return render(request, "monitoring/own_alarms.html", context)
