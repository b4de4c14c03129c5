"""Registering plants and giving them keys."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import transaction

from guatu.web.monitoring.actions.delivery import queue_configuration
from guatu.web.monitoring.models import Bearing, LimitVersion, Plant, PlantKey, Point, Unit
from guatu.web.monitoring.specs import PointSpec, UnitSpec
from guatu.web.people import permission
from guatu.web.people.models import Organisation, User
from guatu.web.regions.models import Region


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """A plant and its key in plain text, which is shown once and kept nowhere."""

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
    plain = _issue_key(plant, key, by=by, at=at)
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
        core=spec.core,
        linkage=spec.linkage,
        state_words=dict(spec.state_words),
    )


def _issue_key(plant: Plant, plain: str | None, *, by: User | None, at: datetime) -> str:
    plain = plain or secrets.token_urlsafe(32)
    PlantKey.objects.create(
        plant=plant, sha256=hashlib.sha256(plain.encode()).hexdigest(), issued_at=at, issued_by=by
    )
    return plain


@transaction.atomic
def rotate_key(plant_id: int, *, by: User, at: datetime) -> Registered:
    """Issue a new key beside the old ones, which hold until they are revoked.

    Raises:
        Plant.DoesNotExist: if there is no such plant.
        PermissionDenied: if `by` may not.
    """
    plant = Plant.objects.select_for_update().get(pk=plant_id)
    permission.demand(by, "monitoring.manage_keys", plant)
    plain = _issue_key(plant, None, by=by, at=at)
    queue_configuration(plant.pk, at=at)
    return Registered(plant=plant, key=plain)


@transaction.atomic
def revoke_key(key_id: int, *, by: User, at: datetime) -> PlantKey:
    """Take a key's power away; revoking it again changes nothing.

    Raises:
        PlantKey.DoesNotExist: if there is no such key.
        PermissionDenied: if `by` may not.
    """
    key = PlantKey.objects.select_for_update().get(pk=key_id)
    permission.demand(by, "monitoring.manage_keys", key.plant)
    if key.revoked_at is None:
        key.revoked_at, key.revoked_by = at, by
        key.save(update_fields=["revoked_at", "revoked_by"])
        queue_configuration(key.plant_id, at=at)
    return key
