"""One plant's day: what came, what was wrong with it, and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.http import HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET, require_POST

from guatu.web.monitoring import doors as monitoring_doors
from guatu.web.monitoring import queries as monitoring
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Plant, Point
from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest
from guatu.web.quality import doors, queries
from guatu.web.quality.actions import clear_quarantine
from guatu.web.quality.chart import Hour, hours_of
from guatu.web.quality.looks import moment
from guatu.web.quality.standing import findings, standing
from guatu.web.quality.views.plants import day_of
from guatu.web.quality.wording import offset_words, reason
from guatu.web.shell.tables import Column, Table

if TYPE_CHECKING:
    from guatu.telemetry.query import PlantQuality

MOST_SILENT = 100


def _figure(key: str, label: Any) -> Column[Hour]:  # noqa: ANN401 - text, or text to come
    return Column(
        key=key,
        label=label,
        value=lambda hour: None if hour.figures is None else getattr(hour.figures, key),
        decimals=0,
    )


_HOURS: list[Column[Hour]] = [
    Column(key="hour", label=gettext_lazy("Hour"), value=lambda h: f"{h.label}:00"),
    _figure("expected", gettext_lazy("Expected")),
    _figure("received", gettext_lazy("Received")),
    _figure("stored", gettext_lazy("Stored")),
    _figure("rejected", gettext_lazy("Left out")),
    _figure("doubled", gettext_lazy("Doubled")),
    _figure("late", gettext_lazy("Late")),
    _figure("backfilled", gettext_lazy("Backfilled")),
    _figure("uncertain", gettext_lazy("Uncertain")),
    _figure("bad", gettext_lazy("Bad")),
    _figure("beats", gettext_lazy("Messages")),
    _figure("doubled_beats", gettext_lazy("Doubled messages")),
    _figure("missing_beats", gettext_lazy("Missing messages, more or fewer")),
    _figure("refused", gettext_lazy("Refused messages")),
    Column(
        key="clock",
        label=gettext_lazy("Clock offset"),
        value=lambda h: offset_words(h.figures.clock_last_ms) if h.figures else "",
        align="end",
    ),
]


@require_GET
@never_cache
def plant(request: SignedInRequest, plant_id: int) -> HttpResponseBase:
    """A plant's day, as a page or its hours as a file."""
    shown = _seen(request, plant_id)
    day, at = day_of(request), timezone.now()
    found = queries.plant_day(shown, day)
    begins, _ends = queries.day_span(day)
    hours = hours_of(begins, found.hours)
    table = Table(
        request,
        columns=_HOURS,
        rows=hours,
        name=_("Data quality of %(plant)s %(day)s") % {"plant": shown.name, "day": day.isoformat()},
    )
    if (file := table.export()) is not None:
        return file
    now = _now(shown, at)
    quality: PlantQuality | None = now["quality"]
    is_today = day == timezone.localdate()
    context = {
        "plant": shown,
        "day": day,
        "today": timezone.localdate(),
        "hours": hours,
        "table": table,
        "whole": found.whole,
        "unlooked": found.gaps_in_looking,
        "findings": findings(
            found.whole,
            found.counts,
            offset_ms=quality.clock_offset_ms if quality and is_today else None,
            where=_where(found, now, is_today=is_today),
        ),
        "clock_least": offset_words(found.whole.clock_least_ms),
        "clock_most": offset_words(found.whole.clock_most_ms),
        "may_clear": may(request.user, "quality.clear_quarantine", shown),
        **now,
    }
    return render(request, "quality/plant.html", context)


def _where(found: queries.PlantDay, now: Mapping[str, Any], *, is_today: bool) -> dict[str, Any]:
    """The places of what is wrong; what is so now is told of today only."""
    where: dict[str, list[str]] = {}
    if found.dark:
        where["dark"] = [f"{timezone.localtime(hour):%H:%M}" for hour in found.dark]
    if not is_today:
        return where
    for one, _why, _at in now["quarantine"]:
        where.setdefault(one.reason, []).append(one.where)
    if now["silent"]:
        where["silent"] = [one.point.code for one in now["silent"]]
    if now["gaps"]:
        where["missing_beats"] = [
            str(first) if first == last else f"{first}–{last}" for _, first, last in now["gaps"]
        ]
    return where


def _seen(request: SignedInRequest, plant_id: int) -> Plant:
    return get_object_or_404(monitoring.visible_to(request.user), pk=plant_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A point that should have spoken."""

    point: Point
    last_at: datetime | None


def _now(shown: Plant, at: datetime) -> dict[str, Any]:
    """What the engine says now; an engine that is away leaves the day's figures standing."""
    stops = list(monitoring.stops_holding([shown.pk], at).get(shown.pk, []))
    ahead = monitoring.stops_ahead(monitoring.stops_of(shown), at)[:5]
    try:
        quality = doors.plant_quality(shown)
        quarantine = [
            (one, reason(one.reason), moment(one.last_ms)) for one in doors.quarantine(shown)
        ]
        silent, reached = _silent(shown, at), True
    except UnreachableError:
        quality, quarantine, silent, reached = None, [], [], False
    return {
        "quality": quality,
        "reached": reached,
        "now": standing(shown, quality, stops, at=at, reached=reached),
        "clock_now": offset_words(quality.clock_offset_ms if quality else None),
        "heartbeat_at": moment(quality.heartbeat_ms) if quality else None,
        "gaps": list(quality.gaps) if quality else [],
        "quarantine": quarantine,
        "silent": silent,
        "stops": list(ahead),
    }


def _silent(shown: Plant, at: datetime) -> list[Silent]:
    """Points whose last sample is older than three of their periods, and than a minute."""
    if shown.suspended_at or shown.ended_at:
        return []
    rows = Point.objects.filter(unit__plant=shown, retired_at=None).select_related("unit")
    points = list(rows.order_by("unit_id", "id"))
    seen = monitoring_doors.last_values(shown, [point.pk for point in points])
    silent = []
    for point in points:
        patience = max(timedelta(seconds=3 * float(point.sampling_s)), timedelta(minutes=1))
        last = seen.get(point.pk)
        if last is None or at - last.at > patience:
            silent.append(Silent(point=point, last_at=last.at if last else None))
    return silent


@require_POST
def forget(request: SignedInRequest, plant_id: int) -> HttpResponse:
    """Throw away the examples of left-out samples: somebody has looked."""
    shown = _seen(request, plant_id)
    demand(request.user, "quality.clear_quarantine", shown)
    try:
        clear_quarantine(shown, by=request.user)
    except UnreachableError:
        messages.error(request, _("The engine does not answer now. Try again in a moment."))
    else:
        messages.success(request, _("The examples are thrown away; the counts stay."))
    return redirect("quality:plant", plant_id=shown.pk)
