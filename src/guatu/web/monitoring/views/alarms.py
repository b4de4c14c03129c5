"""A plant's alarms: their history, and acknowledging one."""

from __future__ import annotations

from django.contrib import messages
from django.core.exceptions import PermissionDenied
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_POST

from guatu.web.monitoring import queries, words
from guatu.web.monitoring.actions import acknowledge_alarm, acknowledge_alarms
from guatu.web.monitoring.alarm_export import EXPORTED
from guatu.web.monitoring.alarm_filter import AlarmsForm
from guatu.web.monitoring.errors import AlreadyAcknowledgedError, LimitRefusedError
from guatu.web.monitoring.models import Alarm, Plant
from guatu.web.monitoring.source import standing
from guatu.web.monitoring.views.common import alarms_shown, deliver, seen_plant
from guatu.web.monitoring.wording import alarm_words, problem, reading
from guatu.web.people.permission import may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.requests import is_htmx
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state
from guatu.web.shell.words import duration


def _tone(alarm: Alarm) -> str:
    if alarm.cleared_at is not None:
        return "idle"
    return "bad" if alarm.stage == 2 else "attention"


def _lasted(alarm: Alarm) -> str:
    return duration((alarm.cleared_at or timezone.now()) - alarm.began_at)


_COLUMNS: list[Column[Alarm]] = [
    Column(
        key="standing",
        label=gettext_lazy("Status"),
        value=standing,
        cell=lambda a: state(_tone(a), standing(a)),
    ),
    Column(key="began", label=gettext_lazy("Began"), value=lambda a: a.began_at, sort="began_at"),
    Column(
        key="ended", label=gettext_lazy("Ended"), value=lambda a: a.cleared_at, sort="cleared_at"
    ),
    Column(key="unit", label=gettext_lazy("Unit"), value=lambda a: a.unit.name, phone=False),
    Column(
        key="point", label=gettext_lazy("Point"), value=lambda a: a.point.name, sort="point__name"
    ),
    Column(key="code", label=gettext_lazy("Code"), value=lambda a: a.point.code, phone=False),
    Column(key="alarm", label=gettext_lazy("Alarm"), value=alarm_words, sort="slot"),
    Column(
        key="stage", label=gettext_lazy("Stage"), value=lambda a: str(words.STAGES.get(a.stage, ""))
    ),
    Column(key="value", label=gettext_lazy("Value"), value=lambda a: reading(a, a.value)),
    Column(key="limit", label=gettext_lazy("Limit"), value=lambda a: reading(a, a.limit)),
    Column(
        key="state",
        label=gettext_lazy("Unit state"),
        value=lambda a: words.unit_state(a.unit_state, a.unit.kind),
        phone=False,
    ),
    Column(key="lasted", label=gettext_lazy("Lasted"), value=_lasted),
    Column(
        key="acknowledged",
        label=gettext_lazy("Time of acknowledgement"),
        value=lambda a: a.acknowledged_at,
    ),
    Column(key="by", label=gettext_lazy("By"), value=lambda a: a.acknowledged_by),
    Column(
        key="why",
        label=gettext_lazy("Remark"),
        value=lambda a: a.acknowledged_why,
        phone=False,
    ),
]


@require_GET
def alarms(request: SignedInRequest, plant_id: int) -> HttpResponseBase:
    """A plant's alarms, open ones first, as a page or a file."""
    plant = seen_plant(request, plant_id)
    form = AlarmsForm(request.GET, plant=plant)
    rows = form.narrow(queries.alarms_of(plant), at=timezone.now())
    table = Table(
        request,
        columns=EXPORTED if "export" in request.GET else _COLUMNS,
        rows=rows,
        name=_("Alarms of %(plant)s") % {"plant": plant.name},
        empty=_("No alarm in this time."),
        live=True,
    )
    if (file := table.export()) is not None:
        return file
    context = {"plant": plant, "table": table, "form": form}
    return render(request, "monitoring/alarms.html", context)


@require_POST
def acknowledge(request: SignedInRequest, plant_id: int, alarm_id: int) -> HttpResponse:
    """Acknowledge an alarm and answer with the plant's alarms, for htmx to swap in."""
    plant = seen_plant(request, plant_id)
    alarm = get_object_or_404(Alarm, pk=alarm_id, plant=plant)
    if not may(request.user, "monitoring.acknowledge_alarm", plant):
        raise PermissionDenied
    try:
        acknowledge_alarm(alarm.pk, by=request.user, at=timezone.now())
    except AlreadyAcknowledgedError:
        messages.info(request, _("Somebody has acknowledged this alarm already."))
    else:
        deliver(request, plant, _("Alarm acknowledged."))
    return _answer(request, plant)


@require_POST
def acknowledge_all(request: SignedInRequest, plant_id: int) -> HttpResponse:
    """Acknowledge all alarms that were shown, with a reason, and answer with the plant's alarms."""
    plant = seen_plant(request, plant_id)
    if not may(request.user, "monitoring.acknowledge_alarm", plant):
        raise PermissionDenied
    ids = [int(one) for one in request.POST.getlist("alarm") if one.isdecimal() and len(one) < 19]
    shown = Alarm.objects.filter(plant=plant, pk__in=ids).values_list("pk", flat=True)
    try:
        done = acknowledge_alarms(
            list(shown), why=request.POST.get("why", ""), by=request.user, at=timezone.now()
        )
    except LimitRefusedError as refused:
        for told in refused.problems:
            messages.error(request, problem(told))
    else:
        deliver(request, plant, _("%(count)s alarms acknowledged.") % {"count": len(done)})
    return _answer(request, plant)


def _answer(request: SignedInRequest, plant: Plant) -> HttpResponse:
    if not is_htmx(request):
        return redirect("monitoring:plant", plant_id=plant.pk)
    context = {
        "plant": plant,
        **alarms_shown(plant),
        "may_acknowledge": True,
        "say_messages": True,
    }
    return render(request, "monitoring/_alarms.html", context)
