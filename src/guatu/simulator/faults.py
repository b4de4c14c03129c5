"""What can go wrong on a casting line, and when: a script that the line obeys.

A fault is a cause, not a picture: a tripped pump is a pump without drive, and the falling
flow, the falling pressure and the spike of the outlet temperature follow from the physics.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from math import inf


class FaultKind(StrEnum):
    """Causes known to the line."""

    WATER_LOSS = "water_loss"
    """The cooling water pump trips and runs down."""
    LEVEL_SURGE = "level_surge"
    """The furnace tilts too far: ``strength`` times the metal wanted (default 2.5)."""
    PLUG_LOST = "plug_lost"
    """The tap-out plug is gone: metal runs whatever the controller wants (default 4 times)."""
    BLEED_OUT = "bleed_out"
    """A strand's shell breaks: metal runs out below the mould (default 0.6 of the cast)."""
    FILTER_CLOGGING = "filter_clogging"
    """The mould filter clogs; its resistance grows by ``strength`` times a minute (default 1)."""
    SENSOR_STUCK = "sensor_stuck"
    """The point ``point`` repeats its last value."""
    SENSOR_SILENT = "sensor_silent"
    """The point ``point`` sends nothing."""
    BYPASS = "bypass"
    """The interlock is bypassed: shown by its point, and the line no longer acts by itself."""
    INTERLOCK_DEAD = "interlock_dead"
    """The interlock does not act and nothing shows it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Fault:
    """One cause, from a moment to a moment of the line's own time.

    Attributes:
        kind: what breaks.
        start_s: when, seconds since the line was made.
        end_s: when it is repaired; never, by default.
        strength: how hard, in the unit of its kind; the kind's default where None.
        point: name of the point, for sensor faults.
    """

    kind: FaultKind
    start_s: float
    end_s: float = inf
    strength: float | None = None
    point: str = ""

    def __post_init__(self) -> None:
        """A fault that ends before it starts, or a sensor fault of no sensor, is a slip."""
        if self.end_s <= self.start_s:
            raise ValueError(f"{self.kind} ends at {self.end_s} s, before it starts")
        named = self.kind in {FaultKind.SENSOR_STUCK, FaultKind.SENSOR_SILENT}
        if named != bool(self.point):
            raise ValueError(f"{self.kind} and point {self.point!r} do not go together")


@dataclass(frozen=True, slots=True, kw_only=True)
class Disturbances:
    """What holds at one moment.

    Attributes:
        pump_tripped: the pump has no drive.
        furnace_gain: metal leaving the furnace, as a multiple of what is wanted.
        uncontrolled_inflow: metal from a lost plug, as a multiple of the cast's need.
        bleed: metal running out below the mould, as a share of the cast's need.
        clogging: resistance of the mould filter, as a multiple of a clean one's.
        stuck: names of points that repeat their last value.
        silent: names of points that send nothing.
        bypassed: the interlock is bypassed.
        interlock_dead: the interlock does not act.
    """

    pump_tripped: bool = False
    furnace_gain: float = 1.0
    uncontrolled_inflow: float = 0.0
    bleed: float = 0.0
    clogging: float = 1.0
    stuck: frozenset[str] = frozenset()
    silent: frozenset[str] = frozenset()
    bypassed: bool = False
    interlock_dead: bool = False

    @property
    def forbid_casting(self) -> bool:
        """Whether the crew must not start a cast now."""
        return (
            self.pump_tripped
            or self.furnace_gain != 1.0
            or self.uncontrolled_inflow > 0
            or self.bleed > 0
            or self.bypassed
        )


@dataclass(frozen=True, slots=True)
class FaultScript:
    """Faults in any order; several may hold at once."""

    faults: tuple[Fault, ...] = field(default=())

    def at(self, now_s: float) -> Disturbances:
        """Say what holds at a moment of the line's time."""
        now = [fault for fault in self.faults if fault.start_s <= now_s < fault.end_s]
        kinds = {fault.kind for fault in now}
        return Disturbances(
            pump_tripped=FaultKind.WATER_LOSS in kinds,
            furnace_gain=_strongest(now, FaultKind.LEVEL_SURGE, 2.5, otherwise=1.0),
            uncontrolled_inflow=_strongest(now, FaultKind.PLUG_LOST, 4.0, otherwise=0.0),
            bleed=_strongest(now, FaultKind.BLEED_OUT, 0.6, otherwise=0.0),
            clogging=1.0
            + sum(
                (1.0 if fault.strength is None else fault.strength) * (now_s - fault.start_s) / 60.0
                for fault in now
                if fault.kind is FaultKind.FILTER_CLOGGING
            ),
            stuck=_points(now, FaultKind.SENSOR_STUCK),
            silent=_points(now, FaultKind.SENSOR_SILENT),
            bypassed=FaultKind.BYPASS in kinds,
            interlock_dead=FaultKind.INTERLOCK_DEAD in kinds,
        )


def _strongest(now: list[Fault], kind: FaultKind, usual: float, *, otherwise: float) -> float:
    strengths = [
        usual if fault.strength is None else fault.strength for fault in now if fault.kind is kind
    ]
    return max(strengths, default=otherwise)


def _points(now: list[Fault], kind: FaultKind) -> frozenset[str]:
    return frozenset(fault.point for fault in now if fault.kind is kind)
