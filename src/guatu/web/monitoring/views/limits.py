"""Points and limits of a plant: now, on an earlier day, and every version."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpResponse, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from guatu.access.problems import RefusedError
from guatu.web.monitoring import queries, words
from guatu.web.monitoring.actions import (
    approve_limit,
    change_limit,
    refuse_limit,
    request_limit,
    withdraw_limit,
)
from guatu.web.monitoring.errors import (
    AlreadyDecidedError,
    ConsentNeededError,
    LimitRefusedError,
)
from guatu.web.monitoring.forms import AnswerForm, AsKnownForm, LimitForm
from guatu.web.monitoring.limit_rows import export_table, row_words
from guatu.web.monitoring.models import LimitRequest, LimitVersion, Plant, Point, Slot, Verdict
from guatu.web.monitoring.views.common import deliver, seen_plant
from guatu.web.monitoring.wording import problem
from guatu.web.people.permission import demand, may
from guatu.web.people.signed_in import SignedInRequest


@require_GET
def limits(request: SignedInRequest, plant_id: int) -> HttpResponseBase:
    """All points with their limits, as they hold now or were known on a day; also as a file."""
    plant = seen_plant(request, plant_id)
    asked = AsKnownForm(request.GET)
    at = asked.moment()
    if not asked.is_valid():  # a file of another day than was asked for would pass for that day
        return _page(request, plant, asked=asked, status=422)
    units = queries.limits_of(plant, at=at)
    if (file := export_table(request, plant, units).export()) is not None:
        return file
    return _page(request, plant, at=at, units=units, asked=asked)


def _page(
    request: SignedInRequest,
    plant: Plant,
    *,
    at: datetime | None = None,
    units: Sequence[queries.UnitLimits] | None = None,
    asked: AsKnownForm | None = None,
    editing: tuple[Point, Slot] | None = None,
    form: LimitForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "plant": plant,
        "units": units if units is not None else queries.limits_of(plant, at=at),
        "at": at,
        "asked": asked or AsKnownForm(),
        "may_change": at is None and may(request.user, "monitoring.change_limit", plant),
        "may_change_points": at is None
        and plant.ended_at is None
        and may(request.user, "monitoring.change_points", plant),
        "editing_point": editing[0].pk if editing else None,
        "editing_slot": editing[1] if editing else None,
        "form": form,
        "waiting": queries.waiting(plant),
        "requests": [] if at else list(_requests(plant)),
        "may_decide": may(request.user, "monitoring.decide_limit", plant),
    }
    return render(request, "monitoring/limits.html", context, status=status)


def _requests(plant: Plant) -> Iterable[dict[str, Any]]:
    """What the plant asks for, beside what holds."""
    rows = list(queries.limit_requests(plant, at=timezone.now()))
    points = [row.point_id for row in rows]
    held = {
        (v.point_id, v.slot): v for v in LimitVersion.objects.current().filter(point__in=points)
    }
    for row in rows:
        present = held.get((row.point_id, row.slot))
        yield {
            "request": row,
            "is_open": row.verdict == Verdict.WAITING,
            "words": row_words(row.point, row),
            "present": row_words(row.point, present) if present else None,
        }


@require_http_methods(["GET", "POST"])
def change(request: SignedInRequest, plant_id: int, point_id: int, slot: str) -> HttpResponse:
    """The page with one limit open for editing; on POST, a new version of it."""
    plant = seen_plant(request, plant_id)
    point = get_object_or_404(
        Point.objects.select_related("unit"), pk=point_id, unit__plant=plant, retired_at=None
    )
    if slot not in Slot.__members__:
        raise Http404
    demand(request.user, "monitoring.change_limit", plant)
    which = Slot[slot]
    if request.method == "POST":
        return _change(request, plant, point, which)
    current = LimitVersion.objects.current().filter(point=point, slot=which).first()
    form = LimitForm.of(current, slot=which, kind=point.unit.kind)
    return _page(request, plant, editing=(point, which), form=form)


def _change(request: SignedInRequest, plant: Plant, point: Point, slot: Slot) -> HttpResponse:
    form = LimitForm(request.POST, slot=slot, kind=point.unit.kind)
    if form.is_valid():
        try:
            change_limit(
                point.pk,
                slot,
                form.spec(),
                why=form.cleaned_data["why"],
                by=request.user,
                at=timezone.now(),
            )
        except ConsentNeededError:
            return _ask(request, plant, point, slot, form)
        except LimitRefusedError as refused:
            _say_problems(form, refused)
        except RefusedError:
            form.add_error(None, _("The engine would not take this configuration."))
        else:
            done = _("%(point)s, %(slot)s: changed.") % {
                "point": point.name,
                "slot": words.SLOTS[slot],
            }
            deliver(request, plant, done)
            return redirect(f"{reverse('monitoring:limits', args=[plant.pk])}#point-{point.pk}")
    return _page(request, plant, editing=(point, slot), form=form, status=422)


def _ask(
    request: SignedInRequest, plant: Plant, point: Point, slot: Slot, form: LimitForm
) -> HttpResponse:
    """Put before the bureau what the plant may not do alone."""
    request_limit(
        point.pk,
        slot,
        form.spec(),
        why=form.cleaned_data["why"],
        by=request.user,
        at=timezone.now(),
    )
    messages.info(
        request,
        _(
            "%(point)s, %(slot)s: this protects a core point less, so the bureau must agree first. "
            "It was asked; until then the present limit holds."
        )
        % {"point": point.name, "slot": words.SLOTS[slot]},
    )
    return redirect("monitoring:limits", plant_id=plant.pk)


@require_POST
def answer(request: SignedInRequest, plant_id: int, request_id: int, verb: str) -> HttpResponse:
    """Agree to a request, refuse it with a reason, or withdraw it."""
    plant = seen_plant(request, plant_id)
    asked = get_object_or_404(LimitRequest, pk=request_id, point__unit__plant=plant)
    at = timezone.now()
    try:
        if verb == "approve":
            approve_limit(asked.pk, by=request.user, at=at)
            deliver(request, plant, _("Agreed: the limit holds from now on."))
        elif verb == "refuse":
            form = AnswerForm(request.POST)
            why = form.cleaned_data["why"] if form.is_valid() else ""
            refuse_limit(asked.pk, why=why, by=request.user, at=at)
            messages.success(request, _("Refused: the present limit goes on holding."))
        elif verb == "withdraw":
            withdraw_limit(asked.pk, by=request.user, at=at)
            messages.success(request, _("The request was withdrawn."))
        else:
            raise Http404
    except AlreadyDecidedError:
        messages.info(request, _("Somebody has decided this request already."))
    except LimitRefusedError as refused:
        for told in refused.problems:
            messages.error(request, problem(told))
    return redirect("monitoring:limits", plant_id=plant.pk)


def _say_problems(form: LimitForm, refused: LimitRefusedError) -> None:
    for told in refused.problems:
        form.add_error(told.where if told.where in form.fields else None, problem(told))


@require_GET
def limit_history(request: SignedInRequest, plant_id: int, point_id: int) -> HttpResponse:
    """Every version of a point's limits: what, when, by whom, why, stricter or looser."""
    plant = seen_plant(request, plant_id)
    point = get_object_or_404(Point.objects.select_related("unit"), pk=point_id, unit__plant=plant)
    context = {"plant": plant, "point": point, "versions": list(_versions(point))}
    return render(request, "monitoring/limit_history.html", context)


def _versions(point: Point) -> Iterable[dict[str, Any]]:
    for version in queries.history_of(point):
        yield {"version": version, "words": row_words(point, version)}
