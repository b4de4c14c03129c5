"""What a demo plant measures: its units, live, each readable as a list of point values."""

from __future__ import annotations

from dataclasses import dataclass, field
from random import Random
from typing import Protocol
from zlib import crc32

from guatu.simulator.faults import Fault, FaultKind, FaultScript
from guatu.simulator.plant import CastingLine, LineConfig, UnitState
from guatu.simulator.plants import DEMO_PLANTS, DemoPlant
from guatu.simulator.quiet import QuietPoint
from guatu.simulator.signals import Incident
from guatu.simulator.units import DemoUnit


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoConfig:
    """How the demo runs.

    Attributes:
        plants: who sends.
        seed: of all noise.
        period_s: one reading of every point each so many seconds.
        compression: of the casts.
        accident_at_s: when the first casting line's water pump trips; None for never.
        repair_after_s: how long until it runs again.
        incidents: small troubles of the other plants happen too.
        buffer_moments: readings that wait for a gateway that is away.
        report_every_s: a line of the log for each plant each so many seconds.
    """

    plants: tuple[DemoPlant, ...] = DEMO_PLANTS
    seed: int = 3
    period_s: float = 1.0
    compression: float = 9.0
    accident_at_s: float | None = 75.0
    repair_after_s: float = 240.0
    incidents: bool = True
    buffer_moments: int = 1800
    report_every_s: float = 30.0


class Source(Protocol):
    """A unit that can be read."""

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds."""

    def read(self) -> list[tuple[str, float | None]]:
        """(point code, value or None) of all its points, always in the same order."""

    def news(self) -> list[str]:
        """What a reader of the log should hear, once each."""


@dataclass(slots=True)
class CastingSource:
    """A deep-well casting line as a source."""

    code: str
    line: CastingLine
    incidents: tuple[Incident, ...] = ()
    _told_state: UnitState | None = None
    _told_faults: frozenset[str] = frozenset()
    _told_trip: bool = False

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds."""
        self.line.step(dt)

    def read(self) -> list[tuple[str, float | None]]:
        """Read all points."""
        now = self.line.time_s
        silent = {i.point for i in self.incidents if i.start_s <= now < i.end_s}
        told = ((f"{self.code}.{name}", value) for name, value in self.line.read().items())
        return [(code, None if code in silent else value) for code, value in told]

    def news(self) -> list[str]:
        """Phases, faults, the interlock."""
        line, said = self.line, []
        holding = frozenset(
            fault.kind.value
            for fault in line.script.faults
            if fault.start_s <= line.time_s < fault.end_s
        )
        said += [f"FAULT {kind.replace('_', ' ')}" for kind in sorted(holding - self._told_faults)]
        said += [
            f"repaired: {kind.replace('_', ' ')}" for kind in sorted(self._told_faults - holding)
        ]
        if line.interlock.tripped and not self._told_trip:
            said.append("INTERLOCK acts: cut-off closes, drain opens, launder parts, furnace back")
        if line.state != self._told_state:
            said.append(f"{line.state.name.lower()}, {line.length_mm:.0f} mm cast")
        self._told_faults, self._told_state = holding, line.state
        self._told_trip = line.interlock.tripped
        return [f"{self.code}: {text}" for text in said]


@dataclass(slots=True)
class QuietSource:
    """A unit of plain signals as a source."""

    unit: DemoUnit
    incidents: tuple[Incident, ...]
    random: Random
    time_s: float = 0.0
    _points: list[QuietPoint] = field(init=False)

    def __post_init__(self) -> None:
        """Bring its points to life."""
        self._points = [
            QuietPoint(f"{self.unit.code}.{point.key}", point, point.signal, self.random)
            for point in self.unit.points
        ]

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds."""
        self.time_s += dt
        for point in self._points:
            point.step(dt)

    def read(self) -> list[tuple[str, float | None]]:
        """Read all points."""
        return [(point.code, point.read(self.time_s, self.incidents)) for point in self._points]

    def news(self) -> list[str]:
        """Nothing happens here that the log should tell."""
        return []


def sources_of(plant: DemoPlant, config: DemoConfig, *, accident: bool) -> list[Source]:
    """Make a plant's units live.

    Args:
        plant: whose.
        config: of the demo.
        accident: its first casting line has the water accident.
    """
    made: list[Source] = []
    incidents = plant.incidents if config.incidents else ()
    for unit in plant.units:
        # crc32 and not hash(): the same seed gives the same plants in every process.
        seed = config.seed ^ crc32(f"{plant.code}.{unit.code}".encode())
        if unit.kind != "dwc":
            made.append(QuietSource(unit, incidents, Random(seed)))
            continue
        faults: tuple[Fault, ...] = ()
        if accident and config.accident_at_s is not None:
            until = config.accident_at_s + config.repair_after_s
            loss = Fault(kind=FaultKind.WATER_LOSS, start_s=config.accident_at_s, end_s=until)
            faults, accident = (loss,), False
        length = 1200.0 if faults else 2600.0
        setting = LineConfig(
            compression=config.compression,
            start_in=UnitState.STEADY,
            start_length_mm=length,
        )
        line = CastingLine(seed, setting, FaultScript(faults))
        made.append(CastingSource(unit.code, line, incidents))
    return made
