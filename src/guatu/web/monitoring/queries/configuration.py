"""A plant's configuration as gateway and engine take it."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

from guatu.access import messages
from guatu.web.monitoring.models import LimitVersion, PlannedStop, Plant, Point, Slot

_ROLE_ON_THE_WIRE = "unit_state"


def _ms(seconds: Decimal) -> int:
    return int(seconds * 1000)


def _limit(version: LimitVersion) -> messages.Limit:
    slot = Slot(version.slot)
    return messages.Limit(
        side=slot.side,
        stage=slot.stage,
        value=float(version.value or 0),
        deadband=float(version.deadband),
        on_delay_ms=_ms(version.on_delay_s),
        off_delay_ms=_ms(version.off_delay_s),
        states=tuple(version.states),
    )


def _point(point: Point, versions: dict[int, LimitVersion]) -> messages.Point:
    missing = versions.get(Slot.MISSING)
    return messages.Point(
        id=point.pk,
        code=point.code,
        unit=point.unit_id,
        kind=point.kind,
        role=point.role if point.role == _ROLE_ON_THE_WIRE else "",
        decimals=point.decimals,
        physical_low=float(point.physical_low),
        physical_high=float(point.physical_high),
        core=point.core,
        limits=tuple(_limit(v) for slot, v in sorted(versions.items()) if slot != Slot.MISSING),
        missing_after_ms=_ms(missing.value) if missing and missing.value is not None else None,
        missing_states=tuple(missing.states) if missing else (),
    )


def _at_ms(moment: datetime) -> int:
    return round(moment.timestamp() * 1000)


def _stop(stop: PlannedStop) -> messages.Stop:
    return messages.Stop(
        id=stop.pk,
        from_ms=_at_ms(stop.begins_at),
        to_ms=_at_ms(stop.over_at),
        units=() if stop.unit_id is None else (stop.unit_id,),
        suppressed=tuple(stop.suppressed),
    )


def plant_config(plant: Plant, *, at: datetime | None = None) -> messages.PlantConfig:
    """Everything the gateway and the engine must know about a plant now, in five queries.

    A suspended plant has no keys, and nobody waits for its samples; of an ended one only the
    name is left.

    Args:
        plant: which.
        at: stops that are over by then are left out.
    """
    if plant.ended_at is not None:
        return messages.PlantConfig(
            plant=plant.pk,
            code=plant.code,
            version=plant.config_version,
            region=plant.region_id,
        )
    versions: dict[int, dict[int, LimitVersion]] = defaultdict(dict)
    current = LimitVersion.objects.current().filter(point__unit__plant=plant, value__isnull=False)
    for version in current:
        versions[version.point_id][version.slot] = version
    points = Point.objects.filter(unit__plant=plant, retired_at__isnull=True).order_by("id")
    return messages.PlantConfig(
        plant=plant.pk,
        code=plant.code,
        version=plant.config_version,
        region=plant.region_id,
        keys=() if plant.suspended_at else _keys(plant),
        units=tuple(
            messages.Unit(id=unit.pk, code=unit.code, kind=unit.kind)
            for unit in plant.units.order_by("id")
        ),
        points=tuple(
            replace(found, missing_after_ms=None) if plant.suspended_at else found
            for found in (_point(point, versions[point.pk]) for point in points)
        ),
        stops=tuple(_stop(stop) for stop in _stops(plant, at)),
    )


def _stops(plant: Plant, at: datetime | None) -> list[PlannedStop]:
    rows = PlannedStop.objects.filter(plant=plant).order_by("begins_at", "id")
    if at is not None:
        rows = rows.filter(ends_at__gt=at)
    return [
        stop for stop in rows if stop.over_at > stop.begins_at and (at is None or stop.over_at > at)
    ]


def _keys(plant: Plant) -> tuple[messages.Key, ...]:
    return tuple(
        messages.Key(id=key.wire_id, sha256=key.sha256)
        for key in plant.keys.filter(revoked_at__isnull=True)
    )
