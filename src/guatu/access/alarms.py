"""Alarms of a plant's own system: recorded beside ours, never mixed with them."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from guatu.access.fields import array, bad_shape, mapping, number, refuse, text, whole
from guatu.access.problems import Problem, RefusedError

KINDS = ("raised", "cleared", "acknowledged", "interlock")
MOST_ALARMS = 500
MOST_LEVEL = 4
LATEST_MS = 4_102_444_800_000
"""2100-01-01: later no clock can be meant."""


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnAlarm:
    """One thing that a plant's own system said.

    Args:
        id: the plant's own name for the alarm; the same at its raising and its clearing. Sent
            again with the same kind and time it is recorded once.
        kind: one of `KINDS`; ``interlock`` says that an interlock has acted.
        at: when, UTC milliseconds by the plant's clock.
        text: what its operators read.
        point: code of the point, empty where it concerns none.
        unit: code of the unit, empty where it concerns none.
        level: the plant's own priority, 1 the gravest to 4; 0 where it has none.
        value: the measured value that decided.
        limit: the limit that was crossed.
    """

    id: str
    kind: str
    at: int
    text: str = ""
    point: str = ""
    unit: str = ""
    level: int = 0
    value: float | None = None
    limit: float | None = None

    def as_json(self) -> dict[str, Any]:
        """Give what `read_alarm` takes."""
        return asdict(self)


def read_alarm(row: dict[str, Any]) -> OwnAlarm:
    """Read one alarm.

    Raises:
        RefusedError: with the first problem and its place inside the alarm.
    """
    for name in ("id", "kind", "at"):
        if name not in row:
            refuse("missing_field", f".{name}")
    if row["kind"] not in KINDS:
        refuse("unknown_kind", ".kind", allowed="/".join(KINDS))
    return OwnAlarm(
        id=text(row["id"], ".id"),
        kind=row["kind"],
        at=whole(row["at"], ".at", high=LATEST_MS),
        text=_optional_text(row, "text", limit=400),
        point=_optional_text(row, "point"),
        unit=_optional_text(row, "unit"),
        level=whole(row.get("level", 0), ".level", high=MOST_LEVEL),
        value=_optional_number(row, "value"),
        limit=_optional_number(row, "limit"),
    )


def _optional_text(row: dict[str, Any], name: str, *, limit: int = 120) -> str:
    value = row.get(name, "")
    return "" if value == "" or value is None else text(value, f".{name}", limit=limit)


def _optional_number(row: dict[str, Any], name: str) -> float | None:
    value = row.get(name)
    return None if value is None else number(value, f".{name}")


@dataclass(frozen=True, slots=True)
class AlarmsRead:
    """A message of alarms.

    Args:
        alarms: those that can be taken.
        problems: of each other one, with its place.
        sent: the plant's clock at this sending; 0 where it does not say.
    """

    alarms: list[OwnAlarm]
    problems: list[Problem]
    sent: int


def read_alarms(data: object) -> AlarmsRead:
    """Read a message of alarms; one that is wrong does not harm the others.

    Raises:
        RefusedError: if the message is none.
    """
    message = mapping(data, "$")
    if "alarms" not in message:
        refuse("missing_field", "$.alarms")
    rows = array(message["alarms"], "$.alarms")
    if len(rows) > MOST_ALARMS:
        bad_shape(
            "$.alarms", f"至多 {MOST_ALARMS} 条的数组", f"an array of at most {MOST_ALARMS} alarms"
        )
    read = AlarmsRead([], [], whole(message.get("sent", 0), "$.sent"))
    for i, row in enumerate(rows):
        try:
            read.alarms.append(read_alarm(mapping(row, "")))
        except RefusedError as refused:
            inner = refused.problem
            where = f"$.alarms[{i}]{inner.where}"
            read.problems.append(Problem(inner.code, where, inner.facts))
    return read


def read_heartbeat(data: object) -> int:
    """Read a heartbeat; gives the plant's clock at this sending, 0 where it does not say.

    Raises:
        RefusedError: if it is none.
    """
    return whole(mapping(data, "$").get("sent", 0), "$.sent")
