"""Declared stops: of one plant, with the form; of all plants, for the bureau."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guatu.access.problems import RefusedError
from guatu.web.monitoring import queries
from guatu.web.monitoring.actions import declare_stop, end_stop
from guatu.web.monitoring.errors import RefusedDeedError
from guatu.web.monitoring.forms import StopForm
from guatu.web.monitoring.models import PlannedStop, Plant, StopStanding
from guatu.web.monitoring.views.common import deliver, seen_plant
from guatu.web.monitoring.wording import problem
from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.templatetags.guatu import state

TONES = {
    StopStanding.AHEAD: "attention",
    StopStanding.HOLDS: "attention",
    StopStanding.OVER: "idle",
    StopStanding.WITHDRAWN: "idle",
}


def _columns(at: datetime) -> list[Column[PlannedStop]]:
    def standing(stop: PlannedStop) -> str:
        return str(stop.standing_at(at).label)

    return [
        Column(
            key="standing",
            label=gettext_lazy("Status"),
            value=standing,
            cell=lambda s: state(TONES[s.standing_at(at)], standing(s)),
        ),
        Column(key="scope", label=gettext_lazy("What stops"), value=lambda s: s.scope),
        Column(key="kind", label=gettext_lazy("Kind"), value=lambda s: s.get_kind_display()),
        Column(
            key="from", label=gettext_lazy("From"), value=lambda s: s.begins_at, sort="begins_at"
        ),
        Column(key="to", label=gettext_lazy("Until"), value=lambda s: s.over_at, sort="ends_at"),
        Column(key="why", label=gettext_lazy("Reason of the stop"), value=lambda s: s.reason),
        Column(
            key="suppressed",
            label=gettext_lazy("Points under maintenance"),
            value=lambda s: len(s.suppressed),
        ),
        Column(
            key="by",
            label=gettext_lazy("Declared by"),
            value=lambda s: str(s.declared_by or ""),
            phone=False,
        ),
        Column(key="declared", label=gettext_lazy("Declared"), value=lambda s: s.declared_at),
        Column(
            key="ended",
            label=gettext_lazy("Ended early"),
            value=lambda s: f"{s.ended_by or ''} {s.ended_why}".strip(),
        ),
    ]


def _plant_column() -> Column[PlannedStop]:
    def cell(stop: PlannedStop) -> SafeString:
        url = reverse("monitoring:stops", args=[stop.plant_id])
        return format_html('<a href="{}">{}</a>', url, stop.plant.name)

    return Column(key="plant", label=gettext_lazy("Plant"), value=lambda s: s.plant.name, cell=cell)


def _region_column() -> Column[PlannedStop]:
    return Column(key="region", label=gettext_lazy("Region"), value=lambda s: s.plant.region.name)


def _mark(at: datetime) -> Callable[[PlannedStop], str]:
    return lambda stop: "row-yellow" if stop.holds_at(at) else ""


@require_GET
def all_stops(request: SignedInRequest) -> HttpResponseBase:
    """The stops of all plants the reader may see: those that hold or are ahead, or all."""
    at = timezone.now()
    rows = queries.stops_visible_to(request.user)
    if request.GET.get("which") != "all":
        rows = queries.stops_ahead(rows, at)
    first, *rest = _columns(at)
    table = Table(
        request,
        columns=[first, _plant_column(), _region_column(), *rest],
        rows=rows,
        name=_("Planned stops"),
        row_css=_mark(at),
        empty=_("No stop is declared."),
    )
    if (file := table.export()) is not None:
        return file
    context = {"table": table, "which": request.GET.get("which", "")}
    return render(request, "monitoring/all_stops.html", context)


@require_http_methods(["GET", "POST"])
def stops(request: SignedInRequest, plant_id: int) -> HttpResponseBase:
    """A plant's stops with the form to declare one; on POST a new one."""
    plant = seen_plant(request, plant_id)
    if request.method == "POST":
        return _declare(request, plant)
    return _page(request, plant, StopForm(plant=plant))


def _declare(request: SignedInRequest, plant: Plant) -> HttpResponseBase:
    demand(request.user, "monitoring.declare_stop", plant)
    form = StopForm(request.POST, plant=plant)
    if form.is_valid():
        try:
            declare_stop(plant.pk, form.spec(), by=request.user, at=timezone.now())
        except RefusedDeedError as refused:
            for told in refused.problems:
                form.add_error(told.where if told.where in form.fields else None, problem(told))
        except RefusedError:
            form.add_error(None, _("The engine would not take this configuration."))
        else:
            deliver(request, plant, _("The stop is declared."))
            return redirect("monitoring:stops", plant_id=plant.pk)
    return _page(request, plant, form, status=422)


def _page(
    request: SignedInRequest, plant: Plant, form: StopForm, *, status: int = 200
) -> HttpResponseBase:
    at = timezone.now()
    rows = queries.stops_of(plant)
    table = Table(
        request,
        columns=_columns(at),
        rows=rows,
        name=_("Planned stops of %(plant)s") % {"plant": plant.name},
        row_css=_mark(at),
        empty=_("No stop is declared."),
    )
    if (file := table.export()) is not None:
        return file
    context = {
        "plant": plant,
        "table": table,
        "form": form,
        "ahead": [(stop, stop.standing_at(at)) for stop in queries.stops_ahead(rows, at)],
        "may_declare": plant.ended_at is None
        and may(request.user, "monitoring.declare_stop", plant),
        "may_end": may(request.user, "monitoring.end_stop", plant),
        "waiting": queries.waiting(plant),
    }
    return render(request, "monitoring/stops.html", context, status=status)


@require_POST
def end(request: SignedInRequest, plant_id: int, stop_id: int) -> HttpResponse:
    """End a stop now, or withdraw one that is ahead."""
    plant = seen_plant(request, plant_id)
    stop = get_object_or_404(PlannedStop, pk=stop_id, plant=plant)
    demand(request.user, "monitoring.end_stop", plant)
    try:
        end_stop(stop.pk, why=request.POST.get("why", ""), by=request.user, at=timezone.now())
    except RefusedDeedError as refused:
        for told in refused.problems:
            messages.error(request, problem(told))
    else:
        deliver(request, plant, _("The stop is over; silence is watched again."))
    return redirect("monitoring:stops", plant_id=plant.pk)
