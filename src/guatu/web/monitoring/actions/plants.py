"""Registering plants, and taking them off the line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.actions.keys import make_key
from guatu.web.monitoring.models import Bearing, LimitVersion, Plant, Point, Unit
from guatu.web.monitoring.specs import PointSpec, UnitSpec
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.regions.models import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A plant and its key in plain text, which is shown once and kept nowhere.

    The key is empty where none was issued.
    """

    plant: Plant
    key: str


@transaction.atomic
def register_plant(  # noqa: PLR0913 - a plant begins with this much
    *,
    code: str,
    name: str,
    organisation: Organisation,
    region: Region,
    units: Sequence[UnitSpec],
    by: User | None,
    at: datetime,
    address: str = "",
    contact: str = "",
    key: str | None = None,
    with_key: bool = True,
) -> Registered:
    """Take a plant in, with its units, points and limits, and issue its first key.

    Args:
        code: the plant's public code, unique; it decides the plant's partition for ever.
        name: as people say it.
        organisation: whose plant it is.
        region: where it lies.
        units: with their points and limits; `specs.unit_from_model` makes one from a model.
        by: who registers; None only for the installation itself, never for a request.
        at: the moment, from which the limits hold.
        address: where to go.
        contact: whom to call.
        key: a key already agreed upon; a fresh one by default.
        with_key: False where the plant takes its first key itself, see `keys.issue_key`.

    Raises:
        PermissionDenied: if `by` may not.
        ValidationError: if a field does not hold, such as a code that is taken.
        RefusedError: if the points or limits make no configuration that the engine would take.
    """
    plant = Plant(
        code=code,
        name=name,
        organisation=organisation,
        region=region,
        address=address,
        contact=contact,
        registered_at=at,
    )
    if by is not None:
        permission.demand(by, "monitoring.register_plant", plant)
    plant.full_clean()
    plant.save()
    for unit in units:
        _add_unit(plant, unit, by=by, at=at)
    plain = make_key(plant, key, by=by, at=at) if with_key else ""
    queue_configuration(plant.pk, at=at)
    plant.refresh_from_db()
    return Registered(plant=plant, key=plain)


def _add_unit(plant: Plant, spec: UnitSpec, *, by: User | None, at: datetime) -> None:
    unit = Unit.objects.create(plant=plant, code=spec.code, name=spec.name, kind=spec.kind)
    points = Point.objects.bulk_create([_point(unit, point) for point in spec.points])
    LimitVersion.objects.bulk_create(
        [
            LimitVersion(
                point=point,
                slot=slot,
                value=limit.value,
                deadband=limit.deadband,
                on_delay_s=limit.on_delay_s,
                off_delay_s=limit.off_delay_s,
                states=list(limit.states),
                valid_from=at,
                changed_by=by,
                bearing=Bearing.FIRST,
            )
            for point, given in zip(points, spec.points, strict=True)
            for slot, limit in given.limits.items()
        ]
    )


def _point(unit: Unit, spec: PointSpec) -> Point:
    return Point(
        unit=unit,
        code=spec.code,
        name=spec.name,
        quantity=spec.quantity,
        measure=spec.measure,
        kind=spec.kind,
        role=spec.role,
        decimals=spec.decimals,
        physical_low=spec.physical_low,
        physical_high=spec.physical_high,
        sampling_s=spec.sampling_s,
        core=spec.core,
        linkage=spec.linkage,
        state_words=dict(spec.state_words),
    )


@transaction.atomic
def suspend_plant(plant_id: int, *, by: User, at: datetime) -> Plant:
    """Let the gateway refuse the plant from now on; its silence is then not watched.

    Raises:
        Plant.DoesNotExist: if there is no such plant.
        PermissionDenied: if `by` may not.
    """
    return _set_standing(plant_id, by=by, at=at, suspended_at=at)


@transaction.atomic
def resume_plant(plant_id: int, *, by: User, at: datetime) -> Plant:
    """Let the gateway take the plant's beats again, by the keys that it had; else as above."""
    return _set_standing(plant_id, by=by, at=at, suspended_at=None)


@transaction.atomic
def end_plant(plant_id: int, *, by: User, at: datetime) -> Plant:
    """Take the plant off the line for good: history stays, keys and points leave the wire.

    Raises:
        Plant.DoesNotExist: if there is no such plant.
        PermissionDenied: if `by` may not.
    """
    plant = _set_standing(plant_id, by=by, at=at, ended_at=at)
    plant.keys.filter(revoked_at=None).update(revoked_at=at, revoked_by=by)
    return plant


def _set_standing(plant_id: int, *, by: User, at: datetime, **columns: datetime | None) -> Plant:
    plant = Plant.objects.select_for_update().get(pk=plant_id)
    permission.demand(by, "monitoring.shut_plant", plant)
    for name, value in columns.items():
        setattr(plant, name, value)
    plant.save(update_fields=list(columns))
    queue_configuration(plant.pk, at=at)
    plant.refresh_from_db()
    return plant
