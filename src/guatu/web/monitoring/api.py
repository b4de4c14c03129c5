"""The interface of plants: how they stand, limits, alarms, stops, and what was measured."""

from datetime import datetime
from typing import Annotated, Any, Literal

import numpy as np
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.utils import timezone
from ninja import Path, Query, Router, Schema
from pydantic import Field

from guatu.web.monitoring import doors, queries
from guatu.web.monitoring.actions import (
    StopSpec,
    acknowledge_alarm,
    declare_stop,
    end_stop,
    publish_outbox,
)
from guatu.web.monitoring.errors import Problem as Refused
from guatu.web.monitoring.errors import RefusedDeedError
from guatu.web.monitoring.explore import MOST_POINTS, SHORTEST
from guatu.web.monitoring.models import (
    Alarm,
    PlannedStop,
    Plant,
    Point,
    Slot,
    StopKind,
    StopStanding,
)
from guatu.web.people import permission
from guatu.web.people.api import (
    Bearer,
    IdempotencyKey,
    OrganisationOut,
    RegionOut,
    TokenRequest,
)
from guatu.web.people.models import Scope
from guatu.web.people.once import once
from guatu.web.shell.api import (
    AWAY,
    REFUSED,
    Flag,
    Given,
    GivenNumber,
    Moment,
    Number,
    Page,
    Problem,
    Region,
    Text,
    Which,
    Whole,
    page_of,
)

FIGURES = frozenset({"low", "high", "count"})
MOST_PLACES = 20_000


class PlantOut(Schema):
    """A plant and how it stands."""

    id: int
    code: str
    name: str
    organisation: OrganisationOut
    region: RegionOut
    address: str
    points: int = Field(description="Points in use.")
    alarms_stage_1: int = Field(description="Open alarms of the first stage.")
    alarms_stage_2: int = Field(description="Open alarms of the second stage.")
    unacknowledged: int = Field(description="Alarms, open or returned, that nobody acknowledged.")
    suspended_at: datetime | None
    ended_at: datetime | None


class LimitOut(Schema):
    """A limit as it holds now."""

    slot: Literal["LL", "L", "H", "HH", "MISSING"]
    value: float = Field(description="In the point's measure; of MISSING in seconds of silence.")
    deadband: float
    on_delay_s: float
    off_delay_s: float
    states: list[int] = Field(description="Unit states in which it is judged; empty for all.")
    since: datetime


class PointOut(Schema):
    """A point with its limits."""

    id: int
    code: str
    name: str
    kind: str
    quantity: str
    measure: str
    decimals: int
    sampling_s: float
    core: bool
    limits: list[LimitOut]


class UnitOut(Schema):
    """A unit with its points."""

    id: int
    code: str
    name: str
    kind: str
    points: list[PointOut]


class PlantWhole(PlantOut):
    """A plant with its units, points and limits."""

    units: list[UnitOut]


class AlarmOut(Schema):
    """An alarm, from its raising to its clearing."""

    id: int
    plant: int
    unit: str
    point: int
    point_code: str
    slot: Literal["LL", "L", "H", "HH", "MISSING"]
    stage: int
    began_at: datetime
    cleared_at: datetime | None
    why: str
    acknowledged_at: datetime | None
    acknowledged_by: str
    value: float | None
    limit: float | None


class StopOut(Schema):
    """A declared stop."""

    id: int
    plant: int
    unit: int | None
    kind: StopKind
    standing: StopStanding
    begins_at: datetime
    ends_at: datetime
    reason: str
    suppressed: list[int]
    declared_at: datetime
    ended_at: datetime | None
    ended_why: str


class PlantsIn(Which):
    """Which plants are wanted."""

    q: Text = Field("", description="Part of a name or code.")
    region: Region = None
    standing: Literal["good", "attention", "bad"] | None = Field(
        None, description="`bad`: an alarm of the second stage is open; `attention`: of the first."
    )


class AlarmsIn(Which):
    """Which alarms are wanted."""

    open: Flag | None = None
    begin: Moment | None = Field(None, alias="from", description="Begun at this moment or later.")
    end: Moment | None = Field(None, alias="to", description="Begun before this moment.")


class ReadingsIn(Given):
    """Which readings are wanted."""

    point: list[Number] = Field(min_length=1, max_length=MOST_POINTS)
    begin: Moment = Field(alias="from")
    end: Moment = Field(alias="to")
    places: Whole = Field(900, ge=50, le=MOST_PLACES, description="About how many a point.")


class StopIn(Given):
    """A stop to be declared."""

    unit: GivenNumber | None = Field(None, description="What stops; null is the whole plant.")
    kind: StopKind
    begins_at: Moment
    ends_at: Moment
    reason: str = Field(min_length=2, max_length=400)
    suppressed: list[GivenNumber] = Field(
        [], max_length=2000, description="Points under maintenance, whose limits are not judged."
    )


class WhyIn(Given):
    """A reason."""

    why: str = Field(min_length=2, max_length=400)


class CourseOut(Schema):
    """What a point measured, by time: lists of one length, side by side."""

    point: int
    code: str
    at: list[int] = Field(description="Milliseconds since 1970, UTC.")
    value: list[float] = Field(description="The sample, or the mean of the stretch.")
    low: list[float] | None = Field(description="Of a stretch; null where samples are given.")
    high: list[float] | None
    count: list[int] | None


class ReadingsOut(Schema):
    """What points measured over a span."""

    stretch_ms: int = Field(description="How long a stretch is; 0 where samples are given.")
    newest: bool = Field(description="Whether the last half minute is in it.")
    courses: list[CourseOut]


router = Router(tags=["plants"])
readings = Router(tags=["readings"])
PlantId = Annotated[Number, Path()]


def _plant_fields(plant: Plant) -> dict[str, Any]:
    counted: Any = plant  # with what `plant_rows` counts
    return {
        "id": plant.pk,
        "code": plant.code,
        "name": plant.name,
        "organisation": plant.organisation,
        "region": plant.region,
        "address": plant.address,
        "points": counted.points_count,
        "alarms_stage_1": counted.stage_1,
        "alarms_stage_2": counted.stage_2,
        "unacknowledged": counted.unread,
        "suspended_at": plant.suspended_at,
        "ended_at": plant.ended_at,
    }


@router.get(
    "", response={200: Page[PlantOut], REFUSED: Problem}, auth=Bearer(Scope.PLANTS_READ),
    operation_id="list_plants", summary="Plants that the holder of the token sees",
)  # fmt: skip
def listed(request: TokenRequest, which: Query[PlantsIn]) -> dict[str, Any]:
    """List plants, the newest first."""
    rows = queries.filtered(
        queries.plant_rows(request.user),
        text=which.q,
        region=which.region or "",
        standing=which.standing or "",
    )
    return page_of(rows, which, lambda found: [_plant_fields(one) for one in found])


@router.get(
    "/{plant_id}", response={200: PlantWhole, REFUSED: Problem}, auth=Bearer(Scope.PLANTS_READ),
    operation_id="get_plant", summary="A plant with its units, points and limits",
)  # fmt: skip
def one(request: TokenRequest, plant_id: PlantId) -> dict[str, Any]:
    """Give a plant, whole."""
    plant = get_object_or_404(queries.plant_rows(request.user), pk=plant_id)
    units = [
        {
            "id": of.unit.pk,
            "code": of.unit.code,
            "name": of.unit.name,
            "kind": of.unit.kind,
            "points": [_point_fields(limited) for limited in of.points],
        }
        for of in queries.limits_of(plant)
    ]
    return {**_plant_fields(plant), "units": units}


def _point_fields(limited: queries.PointLimits) -> dict[str, Any]:
    point = limited.point
    return {
        **{name: getattr(point, name) for name in ("code", "name", "kind", "quantity", "measure")},
        "id": point.pk,
        "decimals": point.decimals,
        "sampling_s": point.sampling_s,
        "core": point.core,
        "limits": [
            {
                "slot": slot.name,
                "value": version.value,
                "deadband": version.deadband,
                "on_delay_s": version.on_delay_s,
                "off_delay_s": version.off_delay_s,
                "states": version.states,
                "since": version.valid_from,
            }
            for slot, version in limited.versions.items()
        ],
    }


def _plant(request: TokenRequest, plant_id: int) -> Plant:
    return get_object_or_404(queries.visible_to(request.user), pk=plant_id)


@router.get(
    "/{plant_id}/alarms", response={200: Page[AlarmOut], REFUSED: Problem},
    auth=Bearer(Scope.PLANTS_READ), operation_id="list_alarms", summary="A plant's alarms",
)  # fmt: skip
def alarms(request: TokenRequest, plant_id: PlantId, which: Query[AlarmsIn]) -> dict[str, Any]:
    """List a plant's alarms, the newest first."""
    rows = queries.alarms_of(_plant(request, plant_id))
    if which.open is not None:
        rows = rows.filter(cleared_at__isnull=which.open)
    if which.begin is not None:
        rows = rows.filter(began_at__gte=which.begin)
    if which.end is not None:
        rows = rows.filter(began_at__lt=which.end)
    return page_of(rows, which, lambda found: [_alarm_fields(alarm) for alarm in found])


def _alarm_fields(alarm: Alarm) -> dict[str, Any]:
    same = ("stage", "began_at", "cleared_at", "why", "acknowledged_at", "acknowledged_by")
    return {
        **{name: getattr(alarm, name) for name in (*same, "value", "limit")},
        "id": alarm.pk,
        "plant": alarm.plant_id,
        "unit": alarm.unit.code,
        "point": alarm.point_id,
        "point_code": alarm.point.code,
        "slot": Slot(alarm.slot).name,
    }


@router.post(
    "/{plant_id}/alarms/{alarm_id}/acknowledge", response={200: AlarmOut, REFUSED: Problem},
    auth=Bearer(Scope.PLANTS_WRITE), operation_id="acknowledge_alarm",
    summary="Say that an alarm was seen in the plant",
)  # fmt: skip
def acknowledge(
    request: TokenRequest,
    plant_id: PlantId,
    alarm_id: Annotated[Number, Path()],
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """Acknowledge an alarm; the engine hears of it at once."""

    def do() -> AlarmOut:
        plant = _plant(request, plant_id)
        alarm = get_object_or_404(Alarm, pk=alarm_id, plant=plant, raise_seen=True)
        permission.demand(request.user, "monitoring.acknowledge_alarm", plant)
        done = acknowledge_alarm(alarm.pk, by=request.user, at=timezone.now())
        return AlarmOut.model_validate(_alarm_fields(done))

    return _delivered(
        plant_id, once(request, request.auth, idempotency_key, at=timezone.now(), do=do)
    )


def _delivered(plant_id: int, response: HttpResponse) -> HttpResponse:
    """Bring what was queued to the engine now; where the log is away, the worker does so later."""
    publish_outbox(at=timezone.now(), plants=[plant_id])
    return response


@router.get(
    "/{plant_id}/stops", response={200: Page[StopOut], REFUSED: Problem},
    auth=Bearer(Scope.PLANTS_READ), operation_id="list_stops", summary="A plant's declared stops",
)  # fmt: skip
def stops(request: TokenRequest, plant_id: PlantId, which: Query[Which]) -> dict[str, Any]:
    """List a plant's stops, the latest declared first."""
    rows = queries.stops_of(_plant(request, plant_id))
    return page_of(rows, which, lambda found: [_stop_fields(stop) for stop in found])


def _stop_fields(stop: PlannedStop) -> dict[str, Any]:
    same = ("kind", "begins_at", "ends_at", "reason", "suppressed", "declared_at", "ended_at")
    return {
        **{name: getattr(stop, name) for name in (*same, "ended_why")},
        "id": stop.pk,
        "plant": stop.plant_id,
        "unit": stop.unit_id,
        "standing": stop.standing_at(timezone.now()),
    }


@router.post(
    "/{plant_id}/stops", response={200: StopOut, REFUSED: Problem},
    auth=Bearer(Scope.PLANTS_WRITE), operation_id="declare_stop", summary="Declare a stop",
)  # fmt: skip
def declare(
    request: TokenRequest, plant_id: PlantId, given: StopIn, idempotency_key: IdempotencyKey = None
) -> HttpResponse:
    """Declare that the plant or one of its units stops: its silence then raises nothing."""

    def do() -> StopOut:
        plant = _plant(request, plant_id)
        spec = StopSpec(**{**given.model_dump(), "suppressed": tuple(given.suppressed)})
        stop = declare_stop(plant.pk, spec, by=request.user, at=timezone.now())
        return StopOut.model_validate(_stop_fields(stop))

    return _delivered(
        plant_id, once(request, request.auth, idempotency_key, at=timezone.now(), do=do)
    )


@router.post(
    "/{plant_id}/stops/{stop_id}/end", response={200: StopOut, REFUSED: Problem},
    auth=Bearer(Scope.PLANTS_WRITE), operation_id="end_stop", summary="End or withdraw a stop",
)  # fmt: skip
def end(
    request: TokenRequest,
    plant_id: PlantId,
    stop_id: Annotated[Number, Path()],
    given: WhyIn,
    idempotency_key: IdempotencyKey = None,
) -> HttpResponse:
    """End a stop now, or withdraw one that is ahead; silence is watched again at once."""

    def do() -> StopOut:
        stop = get_object_or_404(queries.stops_of(_plant(request, plant_id)), pk=stop_id)
        done = end_stop(stop.pk, why=given.why, by=request.user, at=timezone.now())
        return StopOut.model_validate(_stop_fields(done))

    return _delivered(
        plant_id, once(request, request.auth, idempotency_key, at=timezone.now(), do=do)
    )


@readings.get(
    "", response={200: ReadingsOut, REFUSED | AWAY: Problem}, auth=Bearer(Scope.READINGS_READ),
    operation_id="get_readings", summary="What points measured over a span",
)  # fmt: skip
def read(request: TokenRequest, which: Query[ReadingsIn]) -> dict[str, Any]:
    """Give samples, or minutes or hours where these are enough for the places wanted.

    Of samples too many for the places, the least and the greatest of each stretch stay. For all of
    a long span, export a file from the page of history.
    """
    if which.end - which.begin < SHORTEST:
        raise RefusedDeedError(Refused(code="span_empty", where="to"))
    found = {one.pk: one for one in queries.explorable(request.user).filter(pk__in=which.point)}
    if missing := [pk for pk in which.point if pk not in found]:
        raise RefusedDeedError(
            Refused(code="unknown_point", where="point", facts={"id": missing[0]})
        )
    chosen = list(dict.fromkeys(which.point))
    drawn = doors.course(chosen, which.begin, which.end, most=which.places)
    return {
        "stretch_ms": drawn.course.width_ms,
        "newest": drawn.has_newest,
        "courses": [_course(found[pk], drawn.course) for pk in chosen],
    }


def _course(point: Point, course: Any) -> dict[str, Any]:  # noqa: ANN401 - telemetry's, imported late
    own = np.asarray(course.point) == point.pk
    figures = {name: np.asarray(getattr(course, name))[own].tolist() for name in FIGURES}
    return {
        "point": point.pk,
        "code": point.code,
        "at": np.asarray(course.at_ms)[own].tolist(),
        "value": np.asarray(course.value)[own].tolist(),
        **(figures if course.width_ms else dict.fromkeys(FIGURES)),
    }
