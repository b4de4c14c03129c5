"""Reading a plant's configuration and commands from plain JSON."""

from __future__ import annotations

from typing import Any

from guatu.access.fields import (
    array,
    each,
    mapping,
    number,
    optional_number,
    refuse,
    states,
    text,
    whole,
)
from guatu.access.messages import (
    SLOT_OF_LIMIT,
    Acknowledge,
    Command,
    Configure,
    ForgetQuarantine,
    Key,
    Limit,
    PlantConfig,
    Point,
    Stop,
    Unit,
)
from guatu.access.problems import Problem, RefusedError

POINT_KINDS = ("analog", "state", "counter", "event")


def _read_limit(row: dict[str, Any]) -> Limit:
    side, stage = row.get("side"), row.get("stage")
    if (
        not isinstance(side, str)
        or not isinstance(stage, int)
        or (side, stage) not in SLOT_OF_LIMIT
    ):
        refuse("unknown_kind", ".side", allowed="low/high × 1/2")
    deadband = number(row.get("deadband", 0.0), ".deadband")
    if deadband < 0:
        refuse("bad_limit", ".deadband", detail="deadband < 0")
    return Limit(
        side=side,
        stage=stage,
        value=number(row.get("value"), ".value"),
        deadband=deadband,
        on_delay_ms=whole(row.get("on_delay_ms", 0), ".on_delay_ms"),
        off_delay_ms=whole(row.get("off_delay_ms", 0), ".off_delay_ms"),
        states=states(row.get("states", ()), ".states"),
    )


def _read_limits(data: object) -> tuple[Limit, ...]:
    limits = each(data, ".limits", _read_limit)
    if len(limits) > 1 and len({limit.slot for limit in limits}) != len(limits):
        refuse("bad_limit", ".limits", detail="side and stage given twice")
    return limits


def _read_point(row: dict[str, Any], units: frozenset[int]) -> Point:
    if row.get("kind", "analog") not in POINT_KINDS:
        refuse("unknown_kind", ".kind", allowed="/".join(POINT_KINDS))
    if row.get("role", "") not in ("", "unit_state"):
        refuse("unknown_kind", ".role", allowed="unit_state")
    unit = row.get("unit")
    if unit is not None and unit not in units:
        refuse("unknown_unit", ".unit")
    missing = row.get("missing_after_ms")
    return Point(
        id=whole(row.get("id"), ".id", low=1, high=2**31 - 1),
        code=text(row.get("code"), ".code"),
        unit=unit,
        kind=row.get("kind", "analog"),
        role=row.get("role", ""),
        decimals=whole(row.get("decimals", 3), ".decimals", high=9),
        physical_low=optional_number(row, "physical_low"),
        physical_high=optional_number(row, "physical_high"),
        core=bool(row.get("core", False)),
        limits=_read_limits(row.get("limits", ())),
        missing_after_ms=None if missing is None else whole(missing, ".missing_after_ms", low=1),
        missing_states=states(row.get("missing_states", ()), ".missing_states"),
    )


def _read_unit(row: dict[str, Any]) -> Unit:
    return Unit(
        id=whole(row.get("id"), ".id", low=1, high=2**31 - 1),
        code=text(row.get("code"), ".code"),
        kind=str(row.get("kind", "")),
    )


def _read_key(row: dict[str, Any]) -> Key:
    return Key(id=text(row.get("id"), ".id"), sha256=text(row.get("sha256"), ".sha256"))


def _read_stop(row: dict[str, Any], units: frozenset[int]) -> Stop:
    begins = whole(row.get("from_ms"), ".from_ms")
    ids = [
        tuple(
            whole(one, f".{name}[{i}]", low=1, high=2**31 - 1)
            for i, one in enumerate(array(row.get(name, ()), f".{name}"))
        )
        for name in ("units", "suppressed")
    ]
    for i, unit in enumerate(ids[0]):
        if unit not in units:
            refuse("unknown_unit", f".units[{i}]")
    return Stop(
        id=whole(row.get("id"), ".id", low=1, high=2**31 - 1),
        from_ms=begins,
        to_ms=whole(row.get("to_ms"), ".to_ms", low=begins + 1),
        units=ids[0],
        suppressed=ids[1],
    )


def read_plant_config(data: object) -> PlantConfig:
    """Read a plant's configuration from plain JSON.

    Raises:
        RefusedError: with the first problem and its place.
    """
    row = mapping(data, "$")
    units = each(row.get("units", ()), "$.units", _read_unit)
    known = frozenset(unit.id for unit in units)
    points = each(row.get("points", ()), "$.points", lambda point: _read_point(point, known))
    if len(known) != len(units):
        refuse("doubled_id", "$.units")
    if len({p.id for p in points}) != len(points):
        refuse("doubled_id", "$.points")
    if len({p.code for p in points}) != len(points):
        refuse("doubled_point", "$.points")
    return PlantConfig(
        plant=whole(row.get("plant"), "$.plant", low=1, high=2**31 - 1),
        code=text(row.get("code"), "$.code"),
        version=whole(row.get("version"), "$.version"),
        region=text(row.get("region"), "$.region"),
        keys=each(row.get("keys", ()), "$.keys", _read_key),
        units=units,
        points=points,
        stops=each(row.get("stops", ()), "$.stops", lambda stop: _read_stop(stop, known)),
    )


def read_command(data: object) -> Command:
    """Read a command from plain JSON.

    Raises:
        RefusedError: if it is none of the commands, or a field is wrong.
    """
    row = mapping(data, "$")
    match row.get("command"):
        case "configure":
            return Configure(config=read_plant_config(row.get("config")))
        case "acknowledge":
            return Acknowledge(
                alarm=text(row.get("alarm"), "$.alarm"),
                by=text(row.get("by"), "$.by", limit=300),
                at_ms=whole(row.get("at_ms"), "$.at_ms"),
            )
        case "forget_quarantine":
            return ForgetQuarantine(
                plant=whole(row.get("plant"), "$.plant", low=1, high=2**31 - 1),
                by=text(row.get("by"), "$.by", limit=300),
            )
        case _:
            allowed = "configure/acknowledge/forget_quarantine"
            raise RefusedError(Problem("unknown_kind", "$.command", {"allowed": allowed}))
