"""Reading what others wrote: every field is checked once, here, and refused with its place."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NoReturn, TypeVar

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
    Unit,
)
from guatu.access.problems import Facts, Problem, RefusedError

MAX_SAMPLES = 200_000
MAX_COUNT = 2**53 - 1
FAR_AHEAD_MS = 600_000
POINT_KINDS = ("analog", "state", "counter")
STATE_COUNT = 6


def refuse(code: str, where: str, **facts: str | float) -> NoReturn:
    """Raise `RefusedError` with one problem."""
    collected: Facts = dict(facts)
    raise RefusedError(Problem(code, where, collected))


def _shape(where: str, expected_zh: str, expected_en: str) -> NoReturn:
    refuse("bad_shape", where, expected_zh=expected_zh, expected_en=expected_en)


def _whole(value: object, where: str, *, low: int = 0, high: int = MAX_COUNT) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not low <= value <= high:
        refuse("bad_number", where, low=low, high=high)
    return value


def _number(value: object, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or value - value != 0:
        _shape(where, "数值", "a number")
    return float(value)


def _text(value: object, where: str, *, limit: int = 120) -> str:
    if not isinstance(value, str) or not 1 <= len(value) <= limit:
        refuse("bad_code", where, limit=limit)
    return value


def _mapping(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        _shape(where, "对象", "an object")
    return value


def _rows(value: object, where: str) -> list[Any]:
    if not isinstance(value, list | tuple):
        _shape(where, "数组", "an array")
    return list(value)


def _optional(source: dict[str, Any], name: str) -> float | None:
    value = source.get(name)
    return None if value is None else _number(value, f".{name}")


def _states(value: object, where: str) -> tuple[int, ...]:
    if not value and isinstance(value, list | tuple):
        return ()
    rows = _rows(value, where)
    return tuple(_whole(s, f"{where}[{i}]", high=STATE_COUNT - 1) for i, s in enumerate(rows))


def check_beat(data: object, *, now_ms: int) -> None:
    """Refuse a decoded beat whose frame is wrong; single samples are not looked at here.

    Args:
        data: what a JSON decoder gave for the whole body.
        now_ms: the receiver's clock, against times far ahead.

    Raises:
        RefusedError: with the first problem and its place.
    """
    beat = _mapping(data, "$")
    for name in ("beat", "t", "p", "v"):
        if name not in beat:
            refuse("missing_field", f"$.{name}")
    _whole(beat["beat"], "$.beat")
    _whole(beat.get("epoch", 0), "$.epoch")
    if not isinstance(beat.get("backfill", False), bool):
        _shape("$.backfill", " true 或 false", "true or false")
    _check_times(beat["t"], now_ms)
    _check_points(beat["p"])
    _check_rows(beat["v"], len(beat["p"]), len(beat["t"]))


def _check_times(times: object, now_ms: int) -> None:
    if not isinstance(times, list) or not times:
        _shape("$.t", "非空的时间数组", "a non-empty array of times")
    last = -1
    for i, time in enumerate(times):
        if isinstance(time, bool) or not isinstance(time, int):
            refuse("bad_time", f"$.t[{i}]")
        if not last < time <= now_ms + FAR_AHEAD_MS:
            refuse("bad_time", f"$.t[{i}]")
        last = time


def _check_points(points: object) -> None:
    if not isinstance(points, list) or not points:
        _shape("$.p", "非空的测点编码数组", "a non-empty array of point codes")
    seen: set[str] = set()
    for i, point in enumerate(points):
        if not isinstance(point, str):
            _shape(f"$.p[{i}]", "测点编码文本", "a point code")
        if point in seen:
            refuse("doubled_point", f"$.p[{i}]")
        seen.add(point)


def _check_rows(rows: object, points: int, times: int) -> None:
    if not isinstance(rows, list) or len(rows) != points:
        _shape("$.v", f" {points} 行的数组,每个测点一行", f"an array of {points} rows, one a point")
    for i, row in enumerate(rows):
        if not isinstance(row, list) or len(row) != times:
            _shape(f"$.v[{i}]", f" {times} 个值的数组(每个时间一个)", f"an array of {times} values")
    if points * times > MAX_SAMPLES:
        refuse("too_many_samples", "$.v", limit=MAX_SAMPLES, count=points * times)


T = TypeVar("T")


def _each(rows: object, where: str, read: Callable[[dict[str, Any]], T]) -> tuple[T, ...]:
    """Read each row; a problem inside one is given the row's place, built only then."""
    found = []
    for i, row in enumerate(_rows(rows, where)):
        try:
            found.append(read(_mapping(row, "")))
        except RefusedError as refused:
            inner = refused.problem
            problem = Problem(inner.code, f"{where}[{i}]{inner.where}", inner.facts)
            raise RefusedError(problem) from None
    return tuple(found)


def _read_limit(row: dict[str, Any]) -> Limit:
    side, stage = row.get("side"), row.get("stage")
    if (
        not isinstance(side, str)
        or not isinstance(stage, int)
        or (side, stage) not in SLOT_OF_LIMIT
    ):
        refuse("unknown_kind", ".side", allowed="low/high × 1/2")
    deadband = _number(row.get("deadband", 0.0), ".deadband")
    if deadband < 0:
        refuse("bad_limit", ".deadband", detail="deadband < 0")
    return Limit(
        side=side,
        stage=stage,
        value=_number(row.get("value"), ".value"),
        deadband=deadband,
        on_delay_ms=_whole(row.get("on_delay_ms", 0), ".on_delay_ms"),
        off_delay_ms=_whole(row.get("off_delay_ms", 0), ".off_delay_ms"),
        states=_states(row.get("states", ()), ".states"),
    )


def _read_limits(data: object) -> tuple[Limit, ...]:
    limits = _each(data, ".limits", _read_limit)
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
        id=_whole(row.get("id"), ".id", low=1, high=2**31 - 1),
        code=_text(row.get("code"), ".code"),
        unit=unit,
        kind=row.get("kind", "analog"),
        role=row.get("role", ""),
        decimals=_whole(row.get("decimals", 3), ".decimals", high=9),
        physical_low=_optional(row, "physical_low"),
        physical_high=_optional(row, "physical_high"),
        core=bool(row.get("core", False)),
        limits=_read_limits(row.get("limits", ())),
        missing_after_ms=None if missing is None else _whole(missing, ".missing_after_ms", low=1),
        missing_states=_states(row.get("missing_states", ()), ".missing_states"),
    )


def _read_unit(row: dict[str, Any]) -> Unit:
    return Unit(
        id=_whole(row.get("id"), ".id", low=1, high=2**31 - 1),
        code=_text(row.get("code"), ".code"),
        kind=str(row.get("kind", "")),
    )


def _read_key(row: dict[str, Any]) -> Key:
    return Key(id=_text(row.get("id"), ".id"), sha256=_text(row.get("sha256"), ".sha256"))


def read_plant_config(data: object) -> PlantConfig:
    """Read a plant's configuration from plain JSON.

    Raises:
        RefusedError: with the first problem and its place.
    """
    row = _mapping(data, "$")
    units = _each(row.get("units", ()), "$.units", _read_unit)
    known = frozenset(unit.id for unit in units)
    points = _each(row.get("points", ()), "$.points", lambda point: _read_point(point, known))
    if len(known) != len(units):
        refuse("doubled_id", "$.units")
    if len({p.id for p in points}) != len(points):
        refuse("doubled_id", "$.points")
    if len({p.code for p in points}) != len(points):
        refuse("doubled_point", "$.points")
    return PlantConfig(
        plant=_whole(row.get("plant"), "$.plant", low=1, high=2**31 - 1),
        code=_text(row.get("code"), "$.code"),
        version=_whole(row.get("version"), "$.version"),
        region=_text(row.get("region"), "$.region"),
        keys=_each(row.get("keys", ()), "$.keys", _read_key),
        units=units,
        points=points,
    )


def read_command(data: object) -> Command:
    """Read a command from plain JSON.

    Raises:
        RefusedError: if it is none of the commands, or a field is wrong.
    """
    row = _mapping(data, "$")
    match row.get("command"):
        case "configure":
            return Configure(config=read_plant_config(row.get("config")))
        case "acknowledge":
            return Acknowledge(
                alarm=_text(row.get("alarm"), "$.alarm"),
                by=_text(row.get("by"), "$.by", limit=300),
                at_ms=_whole(row.get("at_ms"), "$.at_ms"),
            )
        case "forget_quarantine":
            return ForgetQuarantine(
                plant=_whole(row.get("plant"), "$.plant", low=1, high=2**31 - 1),
                by=_text(row.get("by"), "$.by", limit=300),
            )
        case _:
            refuse("unknown_kind", "$.command", allowed="configure/acknowledge/forget_quarantine")
