"""The nouns that travel: a plant's configuration, its beats, commands to it and events from it.

All times are whole milliseconds since the epoch, UTC. Ids are the database's and never reused.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass
from typing import Any

IDLE, FILL, START, STEADY, END, EMPTY = range(6)
CASTING = frozenset({FILL, START, STEADY, END})
"""Unit states in which metal flows and a core limit may open a warning."""

SLOTS = ("LL", "L", "H", "HH", "MISSING")
"""Alarm slots of a point; the index is the engine's number for it."""

SLOT_OF_LIMIT = {("low", 2): 0, ("low", 1): 1, ("high", 1): 2, ("high", 2): 3}
STAGE_OF_SLOT = (2, 1, 1, 2, 1)
MISSING = 4

SAMPLE_REASONS = (
    "unknown_point",
    "not_a_number",
    "out_of_physical_range",
    "future_time",
    "ancient_time",
)
"""Why the gateway leaves a single sample out of an accepted beat. The place in this list is the
reason's number in the log, so new ones go to the end."""

ENGINE_REASONS = ("doubled_beat", "doubled_time", "unknown_point", "old_epoch")
"""Why the engine leaves out samples that were acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """A plant's key, by the hash of its text only."""

    id: str
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """A piece of equipment with a running state, such as one casting line."""

    id: int
    code: str
    kind: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """One side and stage of a point's limits, active in some unit states.

    Args:
        side: ``low`` or ``high``.
        stage: 1 (warns) or 2 (endangers).
        value: in the point's unit.
        deadband: how far back inside the value must come to count as returned.
        on_delay_ms: how long it must stay beyond before the alarm is raised.
        off_delay_ms: how long it must stay back before the alarm is cleared.
        states: unit states in which it is judged; empty means every state.
    """

    side: str
    stage: int
    value: float
    deadband: float = 0.0
    on_delay_ms: int = 0
    off_delay_ms: int = 0
    states: tuple[int, ...] = ()

    @property
    def slot(self) -> int:
        """The engine's slot for this side and stage."""
        return SLOT_OF_LIMIT[self.side, self.stage]


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """One measured point of a plant.

    Args:
        unit: id of the unit whose state decides which limits are active, or None.
        kind: ``analog``, ``state`` or ``counter``.
        role: ``unit_state`` where this point says the state of its unit, else empty.
        decimals: digits after the point that the instrument gives; history is exact anyway.
        physical_low: below this a sample is rejected as impossible; None for no bound.
        physical_high: above this a sample is rejected as impossible; None for no bound.
        missing_after_ms: silence after which the point counts as missing; None for never.
        missing_states: unit states in which silence counts; empty means every state.
    """

    id: int
    code: str
    unit: int | None = None
    kind: str = "analog"
    role: str = ""
    decimals: int = 3
    physical_low: float | None = None
    physical_high: float | None = None
    core: bool = False
    limits: tuple[Limit, ...] = ()
    missing_after_ms: int | None = None
    missing_states: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """A stop of production that the plant declared: while it holds, silence raises nothing.

    Args:
        id: database id.
        from_ms: when it begins, gateway's clock.
        to_ms: when it is over.
        units: ids of the units that stop; empty means the whole plant.
        suppressed: ids of points under maintenance, whose limits are not judged either.
    """

    id: int
    from_ms: int
    to_ms: int
    units: tuple[int, ...] = ()
    suppressed: tuple[int, ...] = ()

    def holds_at(self, at_ms: int) -> bool:
        """Whether it has begun and is not over."""
        return self.from_ms <= at_ms < self.to_ms

    def covers(self, point: Point) -> bool:
        """Whether the point belongs to what stops."""
        return not self.units or point.unit in self.units


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantConfig:
    """Everything the gateway and the engine know about a plant, as of a version.

    Args:
        plant: database id.
        code: the plant's public code; decides its partition.
        version: rises with every change; an older one is ignored.
        region: six-digit division code.
        stops: declared ones that are not over.
    """

    plant: int
    code: str
    version: int
    region: str
    keys: tuple[Key, ...] = ()
    units: tuple[Unit, ...] = ()
    points: tuple[Point, ...] = ()
    stops: tuple[Stop, ...] = ()

    def as_json(self) -> dict[str, Any]:
        """Give plain lists, numbers and texts, as `read_plant_config` takes."""
        return asdict(self)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """One message of a plant: samples by point and time, under the plant's own number.

    Args:
        beat: number inside the epoch; the same number sent again is the same beat.
        epoch: numbering series; a plant that lost its count takes a higher one.
        t: strictly rising times, milliseconds.
        p: point codes.
        v: one row a point, one value a time; None where there is no sample.
        q: place in ``p``, place in ``t`` and quality of each sample that is not good.
        backfill: history only; stored, not judged.
        sent: the plant's clock at this very sending; 0 where it does not say.
    """

    beat: int
    t: tuple[int, ...]
    p: tuple[str, ...]
    v: tuple[tuple[float | None, ...], ...]
    epoch: int = 0
    q: tuple[tuple[int, int, int], ...] = ()
    backfill: bool = False
    sent: int = 0

    def to_bytes(self) -> bytes:
        """Encode in the canonical key order, which the gateway reads fastest."""
        body: dict[str, object] = {
            "epoch": self.epoch,
            "beat": self.beat,
            "t": self.t,
            "p": self.p,
            "v": self.v,
        }
        if self.q:
            body["q"] = self.q
        if self.backfill:
            body["backfill"] = True
        if self.sent:
            body["sent"] = self.sent
        return json.dumps(body, separators=(",", ":"), allow_nan=False).encode()


@dataclass(frozen=True, slots=True, kw_only=True)
class Configure:
    """The command that gives a plant a new configuration."""

    config: PlantConfig

    def as_json(self) -> dict[str, Any]:
        """Give the command as it lies in the log."""
        return {"command": "configure", "config": self.config.as_json()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Acknowledge:
    """The command that marks one alarm as seen by a person."""

    alarm: str
    by: str
    at_ms: int

    def as_json(self) -> dict[str, Any]:
        """Give the command as it lies in the log."""
        return {"command": "acknowledge", "alarm": self.alarm, "by": self.by, "at_ms": self.at_ms}


@dataclass(frozen=True, slots=True, kw_only=True)
class ForgetQuarantine:
    """The command that throws away the examples kept of a plant's left-out samples."""

    plant: int
    by: str

    def as_json(self) -> dict[str, Any]:
        """Give the command as it lies in the log."""
        return {"command": "forget_quarantine", "plant": self.plant, "by": self.by}


Command = Configure | Acknowledge | ForgetQuarantine


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing the engine decided, in the order of its partition's log.

    Args:
        id: ``partition:sequence:n``; the same for ever, also when the engine repeats itself.
        kind: raised, cleared, acknowledged, configured, refused_command, or own_alarm for what
            the plant's own system said.
        alarm: the alarm's key; empty for configured and refused_command.
        slot: name in `SLOTS`; empty where there is no alarm.
        stage: 1 or 2; 0 where there is no alarm.
        value: the sample that decided; None where time alone decided or none was seen.
        at_ms: time of the process, that is of the sample or the tick.
        logged_ms: the gateway's stamp.
        why: returned, inactive, limit_changed or planned_stop (cleared), or the problem's code
            (refused).
        by: who acknowledged.
        version: which configuration took effect.
        own: what the plant's own system said, as `OwnAlarm.as_json`; None for all other kinds.
    """

    id: str
    kind: str
    plant: int
    at_ms: int
    logged_ms: int
    alarm: str = ""
    unit: int | None = None
    point: int | None = None
    slot: str = ""
    stage: int = 0
    value: float | None = None
    limit: float | None = None
    unit_state: int | None = None
    why: str = ""
    by: str = ""
    version: int | None = None
    own: dict[str, Any] | None = None

    def as_json(self) -> dict[str, Any]:
        """Give the event as it lies in the log."""
        return asdict(self)


def read_event(data: dict[str, Any]) -> Event:
    """Read an event the engine wrote; fields of a later version are left out."""
    return Event(**{name: data[name] for name in Event.__slots__ if name in data})


def alarm_key(point: int, slot: int, began: int) -> str:
    """Name an alarm for ever: point, slot, and the sequence in its partition where it began."""
    return f"{point}:{SLOTS[slot]}:{began}"


def read_alarm_key(key: str) -> tuple[int, int, int] | None:
    """Take an alarm's key apart into point, slot and sequence; None if it is no key."""
    parts = key.split(":")
    if len(parts) != 3 or parts[1] not in SLOTS:
        return None
    if not all(part.isascii() and part.isdigit() for part in (parts[0], parts[2])):
        return None
    return int(parts[0]), SLOTS.index(parts[1]), int(parts[2])
