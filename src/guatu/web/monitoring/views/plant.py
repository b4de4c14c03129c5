"""One plant: its picture, values, trends, alarms, warnings, data health."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.shortcuts import get_object_or_404, render
from django.utils import timezone
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_GET

from guatu.web.monitoring import doors, queries, trends
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Plant, Point
from guatu.web.monitoring.picture import Picture
from guatu.web.monitoring.readings import PlantNow, plant_now
from guatu.web.monitoring.stopped import stop_now
from guatu.web.monitoring.views.common import alarms_shown, seen_plant
from guatu.web.monitoring.words import REJECTIONS
from guatu.web.people.contacts import rings
from guatu.web.people.permission import may
from guatu.web.people.signed_in import SignedInRequest


@require_GET
@never_cache
def plant(request: SignedInRequest, plant_id: int) -> HttpResponse:
    """The plant's page, or one part of it (`?part=alarms`) for htmx to swap."""
    shown = seen_plant(request, plant_id)
    at = timezone.now()
    part = request.GET.get("part", "")
    makers = {"alarms": _alarms, "warnings": _warnings, "health": _health}
    context: dict[str, Any] = {"plant": shown}
    if part in makers:
        context |= makers[part](request, shown)
        return render(request, f"monitoring/_{part}.html", context)
    context |= _alarms(request, shown) | _warnings(request, shown)
    now = plant_now(shown, context["open_alarms"], at=at, sparks=True)
    # An engine that did not answer is not waited for a second time.
    context |= _health(request, shown) if now.reached else {"intake": None, "rejections": []}
    context |= {
        "now": now,
        "printed_at": at,
        "pictures": {u.unit.pk: Picture(unit=u) for u in now.units if u.has_picture},
        "trends": _charts(request, now),
        "spans": [(code, word) for code, (_length, word) in trends.SPANS.items()],
        "span": _span(request),
        "waiting": queries.waiting(shown),
        "rings": rings(shown.organisation_id, at),
        "stops_now": [
            stop_now(stop, now, at=at)
            for stop in queries.stops_holding([shown.pk], at).get(shown.pk, [])
        ],
    }
    return render(request, "monitoring/plant.html", context)


def _span(request: SignedInRequest) -> str:
    span = request.GET.get("span", trends.DEFAULT_SPAN)
    return span if span in trends.SPANS else trends.DEFAULT_SPAN


def _alarms(request: SignedInRequest, shown: Plant) -> dict[str, Any]:
    return {
        **alarms_shown(shown),
        "may_acknowledge": may(request.user, "monitoring.acknowledge_alarm", shown),
    }


def _warnings(request: SignedInRequest, shown: Plant) -> dict[str, Any]:
    rows = queries.warnings_of(shown, request.user)
    return {
        "open_warnings": rows.filter(closed_at=None).order_by("-level", "-raised_at")[:8],
        "closed_warnings": rows.exclude(closed_at=None).order_by("-closed_at")[:3],
    }


def _health(_request: SignedInRequest, shown: Plant) -> dict[str, Any]:
    try:
        intake = doors.intake(shown)
    except UnreachableError:
        return {"intake": None, "rejections": []}
    total = intake.accepted + sum(intake.rejected.values())
    return {
        "intake": intake,
        "rejections": [
            (REJECTIONS.get(reason, reason), count)
            for reason, count in sorted(intake.rejected.items(), key=lambda row: -row[1])
            if count
        ],
        "accepted_share": 100 * intake.accepted / total if total else None,
    }


def _charts(request: SignedInRequest, now: PlantNow) -> list[Point]:
    """The points charted: the one asked for first, then the core ones."""
    wanted = request.GET.get("trend", "")
    charted = [point for unit in now.units for point in unit.charted][:4]
    asked = [r.point for r in now.readings if str(r.point.pk) == wanted]
    return list(dict.fromkeys([*asked, *charted]))[:4]


@require_GET
@never_cache
def trend(request: SignedInRequest, plant_id: int) -> HttpResponse:
    """A point's course as JSON (`?point=101&span=1h`)."""
    shown = seen_plant(request, plant_id)
    wanted = request.GET.get("point", "")
    point = get_object_or_404(
        Point, unit__plant=shown, pk=int(wanted) if wanted.isdecimal() and len(wanted) < 19 else 0
    )
    return _trend_json(point, _span(request), timezone.now())


def _trend_json(point: Point, span: str, at: datetime) -> HttpResponse:
    try:
        return JsonResponse(trends.trend(point, span=span, at=at).as_json())
    except UnreachableError:
        return JsonResponse({"unreachable": True}, status=503)
