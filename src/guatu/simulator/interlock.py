"""What acts on a casting line without a person: interlock, gates, emergency water."""

from __future__ import annotations

from dataclasses import dataclass, field

WATER_LOW_SHARE = 0.70
PRESSURE_LOW_MPA = 0.08
LAUNDER_OFF_MM = 40.0
TROUGH_OFF_MM = 30.0
CONFIRM_S = 1.0
"""A cause must hold this long: one bad reading must not stop a cast."""
EMERGENCY_WATER_AFTER_S = 18.0
"""The crew opens the emergency tank's valve by hand."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What the interlock's own sensors see.

    Attributes:
        flow_share: cooling water against its set value.
        inlet_mpa: cooling water pressure.
        launder_off_mm: how far the launder's level is from its set value.
        trough_off_mm: the same of the trough.
        water_matters: a lack of water is dangerous now.
        levels_matter: levels have settled, so that leaving them means something.
    """

    flow_share: float
    inlet_mpa: float
    launder_off_mm: float
    trough_off_mm: float
    water_matters: bool
    levels_matter: bool

    @property
    def danger(self) -> bool:
        """Whether one of the three linkages holds."""
        water = self.flow_share < WATER_LOW_SHARE or self.inlet_mpa < PRESSURE_LOW_MPA
        levels = self.launder_off_mm > LAUNDER_OFF_MM or self.trough_off_mm > TROUGH_OFF_MM
        return (self.water_matters and water) or (self.levels_matter and levels)


@dataclass(slots=True)
class Gate:
    """Something that takes time to go from one end to the other.

    Attributes:
        stroke_s: from end to end.
        share: where it is, 0 to 1.
    """

    stroke_s: float
    share: float = 0.0

    def move(self, dt: float, target: float) -> None:
        """Move towards 0 or 1 for ``dt`` seconds."""
        reach = dt / self.stroke_s
        self.share += max(-reach, min(reach, target - self.share))

    @property
    def shown(self) -> float:
        """Its state on the wire: 0 and 1 at the ends, 2 between."""
        if self.share < 0.01:
            return 0.0
        return 1.0 if self.share > 0.99 else 2.0


@dataclass(slots=True)
class Interlock:
    """Gates and the logic that moves them.

    Attributes:
        tripped: it has acted, and stays so until reset.
        cutoff: quick cut-off valve, 1 open.
        drain: emergency drain, 1 open.
        disconnect: launder disconnect, 1 parted.
        tilt: tilting furnace, 1 at its casting angle.
    """

    tripped: bool = False
    cutoff: Gate = field(default_factory=lambda: Gate(stroke_s=1.5))
    drain: Gate = field(default_factory=lambda: Gate(stroke_s=2.0))
    disconnect: Gate = field(default_factory=lambda: Gate(stroke_s=2.0))
    tilt: Gate = field(default_factory=lambda: Gate(stroke_s=4.0))
    _danger_s: float = 0.0
    _tripped_s: float = 0.0

    @property
    def emergency_water(self) -> bool:
        """Whether the emergency tank's valve stands open."""
        return self.tripped and self._tripped_s >= EMERGENCY_WATER_AFTER_S

    def reset(self) -> None:
        """The crew has looked and sets it back."""
        self.tripped = False
        self._danger_s = self._tripped_s = 0.0

    def set_for_casting(self) -> None:
        """Bring the gates to where a running cast has them."""
        self.cutoff.share, self.tilt.share = 1.0, 1.0

    def step(self, dt: float, seen: Seen, *, pouring: bool, emptying: bool, dead: bool) -> None:
        """Judge and move the gates for ``dt`` seconds.

        Args:
            dt: seconds.
            seen: what its sensors see.
            pouring: the phase wants metal to run.
            emptying: the phase wants what is left in the launder to run off.
            dead: it is bypassed or broken and cannot act.
        """
        self._danger_s = self._danger_s + dt if seen.danger else 0.0
        if self._danger_s >= CONFIRM_S and not dead:
            self.tripped = True
        if self.tripped:
            self._tripped_s += dt
        run = pouring and not self.tripped
        self.cutoff.move(dt, float(run))
        self.tilt.move(dt, float(run))
        self.drain.move(dt, float(self.tripped or (emptying and not run)))
        self.disconnect.move(dt, float(self.tripped))
