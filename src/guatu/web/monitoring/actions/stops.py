"""Declaring a stop of production, and ending it before its time."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db import transaction

from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.errors import Problem, RefusedDeedError
from guatu.web.monitoring.models import PlannedStop, Plant, Point, StopKind
from guatu.web.people import permission
from guatu.web.people.models import User

LONGEST = timedelta(days=180)
"""Who stops for longer asks for the connection to be suspended."""
FARTHEST = timedelta(days=365)
LATEST = timedelta(hours=24)
"""How long after its beginning a stop can still be declared."""
MOST_AHEAD = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSpec:
    """A stop as it is declared.

    Attributes:
        unit: id of the unit that stops; None for the whole plant.
        kind: why.
        begins_at: from when.
        ends_at: until when.
        reason: in words.
        suppressed: ids of points under maintenance, whose limits are not to be judged either.
    """

    unit: int | None
    kind: StopKind
    begins_at: datetime
    ends_at: datetime
    reason: str
    suppressed: tuple[int, ...] = ()


@transaction.atomic
def declare_stop(plant_id: int, spec: StopSpec, *, by: User, at: datetime) -> PlannedStop:
    """Declare that a plant, or one of its units, stops.

    It takes effect by the log's own time: the engine gets it with the plant's configuration and
    lets it begin and end at ticks.

    Raises:
        Plant.DoesNotExist: if there is no such plant.
        PermissionDenied: if `by` may not.
        RefusedDeedError: with every problem of the declaration.
    """
    plant = Plant.objects.select_for_update().get(pk=plant_id)
    permission.demand(by, "monitoring.declare_stop", plant)
    if problems := list(_problems(plant, spec, at)):
        raise RefusedDeedError(*problems)
    stop = PlannedStop.objects.create(
        plant=plant,
        unit_id=spec.unit,
        kind=spec.kind,
        begins_at=spec.begins_at,
        ends_at=spec.ends_at,
        reason=spec.reason.strip(),
        suppressed=sorted(spec.suppressed),
        declared_at=at,
        declared_by=by,
    )
    queue_configuration(plant.pk, at=at)
    return stop


def _problems(plant: Plant, spec: StopSpec, at: datetime) -> Iterator[Problem]:
    if len(spec.reason.strip()) < 2:
        yield Problem(code="stop_reason_missing", where="reason")
    if len(spec.reason) > 400:
        yield Problem(code="reason_too_long", where="reason", facts={"most": 400})
    yield from _time_problems(spec, at)
    if spec.unit is not None and not plant.units.filter(pk=spec.unit).exists():
        yield Problem(code="unknown_unit", where="unit")
    covered = Point.objects.filter(unit__plant=plant, retired_at=None)
    if spec.unit is not None:
        covered = covered.filter(unit=spec.unit)
    known = set(covered.filter(pk__in=spec.suppressed).values_list("pk", flat=True))
    if known != set(spec.suppressed):
        yield Problem(code="suppressed_elsewhere", where="suppressed")
    core = covered.filter(pk__in=spec.suppressed, core=True).values_list("name", flat=True)
    if core:
        # A plant alone never silences a core point, by whatever way.
        yield Problem(code="core_suppressed", where="suppressed", facts={"points": list(core)})
    ahead = PlannedStop.objects.filter(plant=plant, ended_at=None, ends_at__gt=at)
    same = ahead.filter(unit=spec.unit)
    if same.filter(begins_at__lt=spec.ends_at, ends_at__gt=spec.begins_at).exists():
        yield Problem(code="stops_overlap", where="begins_at")
    if ahead.count() >= MOST_AHEAD:
        yield Problem(code="too_many_stops", where="begins_at", facts={"most": MOST_AHEAD})


def _time_problems(spec: StopSpec, at: datetime) -> Iterator[Problem]:
    if spec.begins_at < at - LATEST:
        facts = {"hours": int(LATEST.total_seconds() // 3600)}
        yield Problem(code="stop_too_late", where="begins_at", facts=facts)
    if spec.begins_at > at + FARTHEST:
        yield Problem(code="stop_too_far", where="begins_at", facts={"days": FARTHEST.days})
    if spec.ends_at <= max(spec.begins_at, at):
        yield Problem(code="stop_ends_before", where="ends_at")
    elif spec.ends_at - spec.begins_at > LONGEST:
        yield Problem(code="stop_too_long", where="ends_at", facts={"days": LONGEST.days})


@transaction.atomic
def end_stop(stop_id: int, *, why: str, by: User, at: datetime) -> PlannedStop:
    """End a stop now, or withdraw one that has not begun; silence is watched again at once.

    Raises:
        PlannedStop.DoesNotExist: if there is no such stop.
        PermissionDenied: if `by` may not.
        RefusedDeedError: ``stop_over``, or ``stop_reason_missing``.
    """
    stop = (
        PlannedStop.objects.select_for_update(of=("self",)).select_related("plant").get(pk=stop_id)
    )
    permission.demand(by, "monitoring.end_stop", stop.plant)
    if stop.over_at <= at or stop.ended_at is not None:
        raise RefusedDeedError(Problem(code="stop_over", where="why"))
    if len(why.strip()) < 2:
        raise RefusedDeedError(Problem(code="stop_reason_missing", where="why"))
    stop.ended_at, stop.ended_by, stop.ended_why = at, by, why.strip()[:400]
    stop.save(update_fields=["ended_at", "ended_by", "ended_why"])
    queue_configuration(stop.plant_id, at=at)
    return stop
