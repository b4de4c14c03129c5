"""A deep-well aluminium casting line: one cast after another, with the physics that matters.

Water and metal run in real seconds. ``compression`` speeds up only what a crew waits for:
the growth of the slab and the length of the phases. At 1 a cast takes near two hours; the
demo's 9 makes it about thirteen minutes. The shown casting speed is the true one, so under
compression the length grows ``compression`` times faster than the speed says.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum
from random import Random
from typing import Final

from guatu.simulator.faults import Disturbances, FaultScript
from guatu.simulator.interlock import Interlock, Seen
from guatu.simulator.metal import (
    LAUNDER_SET_MM,
    LIQUID_KG_M3,
    REFERENCE_M3_S,
    TROUGH_SET_MM,
    Metal,
    cast_kg_s,
    heat_kj_per_kg,
)
from guatu.simulator.noise import Wander
from guatu.simulator.points import DWC_SENSORS, show
from guatu.simulator.water import FULL_FLOW_M3_H, STANDBY_M3_H, CoolingWater

PLATFORM_KN: Final = 40.0
SLAB_KN_PER_MM: Final = 1.5 * 2700.0 * 9.81 / 1e6
START_SPEED: Final = 60.0
STEADY_SPEED: Final = 80.0
START_LENGTH_MM: Final = 400.0
WATER_BEFORE_FILL_S: Final = 25.0
"""Water is on and checked before metal may come: real seconds, never compressed."""
LONGEST_STEP_S: Final = 0.25
LARGEST_COMPRESSION: Final = 10.0
"""Beyond this the launder is not full and warm before the slab has left its start."""


class UnitState(IntEnum):
    """Phases of a cast, as numbers on the wire."""

    IDLE = 0
    FILL = 1
    START = 2
    STEADY = 3
    END = 4
    EMPTY = 5


CASTING: Final = frozenset({UnitState.FILL, UnitState.START, UnitState.STEADY, UnitState.END})
METAL_RUNS: Final = frozenset({UnitState.FILL, UnitState.START, UnitState.STEADY})


@dataclass(frozen=True, slots=True, kw_only=True)
class LineConfig:
    """How a line is set.

    Attributes:
        compression: how much faster slabs grow and phases pass than in a real cast.
        final_mm: length of a slab.
        idle_s: time between casts (as all times here: of a real cast, before compression).
        fill_s: metal fills launder and trough.
        end_s: end ramp.
        empty_s: slabs are lifted out.
        start_in: phase the line begins in.
        start_length_mm: length already cast where it begins in START or STEADY.
    """

    compression: float = 1.0
    final_mm: float = 6500.0
    idle_s: float = 900.0
    fill_s: float = 90.0
    end_s: float = 180.0
    empty_s: float = 480.0
    start_in: UnitState = UnitState.IDLE
    start_length_mm: float = 0.0

    def __post_init__(self) -> None:
        """A clock that stands still or runs backwards would never finish a cast."""
        if not 0 < self.compression <= LARGEST_COMPRESSION:
            raise ValueError(f"compression must be above 0 and at most {LARGEST_COMPRESSION}")
        if self.start_in not in {UnitState.IDLE, UnitState.START, UnitState.STEADY}:
            raise ValueError("a line begins idle, starting or steady")


@dataclass(slots=True)
class _Slow:
    """Quantities that wander slowly around their mean."""

    inlet_c: Wander
    furnace_c: Wander
    ripple: Wander
    hydrogen: Wander
    well_m: Wander
    people: Wander


@dataclass(slots=True)
class CastingLine:
    """One line. Deterministic: the same seed, settings, script and steps give the same data.

    Attributes:
        seed: of all noise.
        config: how it is set.
        script: what goes wrong, and when.
        time_s: the line's own time, from 0.
        state: phase of the cast.
        length_mm: slab cast so far.
        platform_mm: where the platform stands below the moulds.
        speed: casting speed, mm/min.
        water: cooling water.
        metal: molten metal.
        interlock: what acts without a person.
    """

    seed: int
    config: LineConfig = field(default_factory=LineConfig)
    script: FaultScript = field(default_factory=FaultScript)
    time_s: float = 0.0
    state: UnitState = UnitState.IDLE
    length_mm: float = 0.0
    platform_mm: float = 0.0
    speed: float = 0.0
    water: CoolingWater = field(default_factory=CoolingWater)
    metal: Metal = field(default_factory=Metal)
    interlock: Interlock = field(default_factory=Interlock)
    _phase_s: float = 0.0
    _random: Random = field(init=False)
    _slow: _Slow = field(init=False)
    _shown: dict[str, float] = field(init=False, default_factory=dict)

    def __post_init__(self) -> None:
        """Bring the line into the phase it begins in, warm where it is casting."""
        self._random = Random(self.seed)
        draw = self._random
        self._slow = _Slow(
            inlet_c=Wander(mean=29.5, spread=0.8, settle_s=1800, random=draw),
            furnace_c=Wander(mean=728.0, spread=2.5, settle_s=900, random=draw),
            ripple=Wander(mean=0.0, spread=0.06, settle_s=8, random=draw),
            hydrogen=Wander(mean=0.3, spread=0.1, settle_s=600, random=draw),
            well_m=Wander(mean=1.25, spread=0.05, settle_s=1200, random=draw),
            people=Wander(mean=3.2, spread=0.8, settle_s=240, random=draw),
        )
        self.water.outlet_c = self._slow.inlet_c.now
        if self.config.start_in != UnitState.IDLE:
            self._begin_casting()

    def step(self, dt: float) -> None:
        """Advance by ``dt`` seconds of real time, above zero.

        Raises:
            ValueError: if dt is not above zero.
        """
        if dt <= 0:
            raise ValueError("time goes forward")
        steps = max(1, round(dt / LONGEST_STEP_S))
        for _ in range(steps):
            self._small_step(dt / steps)

    def read(self) -> dict[str, float | None]:
        """What the sensors tell now, by point name; None where a sensor is silent."""
        now = self.script.at(self.time_s)
        true = self._true_values(now)
        told: dict[str, float | None] = {}
        for sensor in DWC_SENSORS:
            # The draw is made for every sensor, so a silent one does not shift the others' noise.
            value = show(sensor, true[sensor.name], self._random.gauss(0.0, 1.0))
            if sensor.name in now.stuck:
                value = self._shown.get(sensor.name, value)
            self._shown[sensor.name] = value
            told[sensor.name] = None if sensor.name in now.silent else value
        return told

    @property
    def casting(self) -> bool:
        """Whether the line is between the first metal and the end of the cast."""
        return self.state in CASTING

    def _small_step(self, dt: float) -> None:
        now = self.script.at(self.time_s)
        self.time_s += dt
        for wander in (
            self._slow.inlet_c,
            self._slow.furnace_c,
            self._slow.ripple,
            self._slow.hydrogen,
            self._slow.well_m,
            self._slow.people,
        ):
            wander.step(dt)
        self._phase_s += dt * self.config.compression
        self._next_phase(now)
        self._drive_platform(dt)
        self._move_metal(dt, now)
        self._move_water(dt, now)
        self._watch(dt, now)

    def _next_phase(self, now: Disturbances) -> None:
        config, state = self.config, self.state
        match state:
            case UnitState.IDLE if self._phase_s >= self._idle_s() and not now.forbid_casting:
                self._enter(UnitState.FILL)
            case UnitState.FILL if self._phase_s >= config.fill_s:
                self._enter(UnitState.START)
            case UnitState.START if self.length_mm >= START_LENGTH_MM:
                self._enter(UnitState.STEADY)
            case UnitState.STEADY if self.length_mm >= config.final_mm:
                self._enter(UnitState.END)
            case UnitState.END if self._phase_s >= config.end_s and self._safe_to_empty(now):
                self._enter(UnitState.EMPTY)
            case UnitState.EMPTY if self._phase_s >= config.empty_s and not now.forbid_casting:
                self._enter(UnitState.IDLE)
            case _:
                pass

    def _idle_s(self) -> float:
        return max(self.config.idle_s, (WATER_BEFORE_FILL_S + 5.0) * self.config.compression)

    def _safe_to_empty(self, now: Disturbances) -> bool:
        """After a trip the crew keeps away from the pit until the cause is gone."""
        return not (self.interlock.tripped and now.forbid_casting)

    def _enter(self, state: UnitState) -> None:
        self.state = state
        self._phase_s = 0.0
        if state is UnitState.IDLE:
            self.interlock.reset()
            self.length_mm = self.platform_mm = 0.0

    def _drive_platform(self, dt: float) -> None:
        wanted = {UnitState.START: START_SPEED, UnitState.STEADY: STEADY_SPEED}.get(self.state, 0.0)
        if self.state is UnitState.START and self.length_mm > START_LENGTH_MM / 2:
            share = (self.length_mm - START_LENGTH_MM / 2) / (START_LENGTH_MM / 2)
            wanted = START_SPEED + (STEADY_SPEED - START_SPEED) * min(1.0, share)
        quick = 20.0 if self.interlock.tripped else 4.0  # mm/min a second
        change = max(-quick * dt, min(quick * dt, wanted - self.speed))
        self.speed = max(0.0, self.speed + change)
        if self.state is UnitState.EMPTY:
            self.platform_mm = max(0.0, self.platform_mm - 25.0 * dt * self.config.compression)
            return
        grown = self.speed / 60.0 * dt * self.config.compression
        self.length_mm += grown
        self.platform_mm += grown

    def _move_metal(self, dt: float, now: Disturbances) -> None:
        demand = cast_kg_s(self.speed) / LIQUID_KG_M3
        running = self.state in METAL_RUNS and not self.interlock.tripped
        bleeding = now.bleed if self.state in {UnitState.START, UnitState.STEADY} else 0.0
        extra = now.uncontrolled_inflow * REFERENCE_M3_S if self.casting else 0.0
        self.metal.furnace_c = self._slow.furnace_c.now
        self.metal.step(
            dt,
            demand_m3_s=demand,
            bleed_m3_s=bleeding * REFERENCE_M3_S,
            pouring=self.interlock.tilt.share * now.furnace_gain if running else 0.0,
            extra_m3_s=extra,
            gate_open=self.interlock.cutoff.share > 0.5,
            draining=self.interlock.drain.share > 0.5,
            ripple=self._slow.ripple.now,
        )

    def _move_water(self, dt: float, now: Disturbances) -> None:
        ready = (self._idle_s() - self._phase_s) / self.config.compression < WATER_BEFORE_FILL_S
        full = self.casting or (self.state is UnitState.IDLE and ready and not now.forbid_casting)
        heat = cast_kg_s(self.speed) * heat_kj_per_kg(self.metal.trough_c) if self.casting else 0.0
        if self.casting and self.metal.trough_mm > 5.0 and self.speed > 0:
            heat *= 1.0 + 3.0 * now.bleed  # bare metal under the mould heats the water too
        self.water.step(
            dt,
            wanted_m3_h=FULL_FLOW_M3_H if full else STANDBY_M3_H,
            inlet_c=self._slow.inlet_c.now,
            metal_kw=heat,
            driven=not now.pump_tripped,
            emergency_open=self.interlock.emergency_water,
            clogging=now.clogging,
        )

    def _watch(self, dt: float, now: Disturbances) -> None:
        was_tripped = self.interlock.tripped
        self.interlock.step(
            dt,
            Seen(
                flow_share=self.water.through_moulds_m3_h / FULL_FLOW_M3_H,
                inlet_mpa=self.water.inlet_mpa(now.clogging),
                launder_off_mm=abs(self.metal.launder_mm - LAUNDER_SET_MM),
                trough_off_mm=abs(self.metal.trough_mm - TROUGH_SET_MM),
                water_matters=self.state in METAL_RUNS,
                levels_matter=self.state is UnitState.STEADY,
            ),
            pouring=self.state in METAL_RUNS,
            emptying=self.state in {UnitState.END, UnitState.EMPTY},
            dead=now.bypassed or now.interlock_dead,
        )
        if self.interlock.tripped and not was_tripped:
            self._enter(UnitState.END)

    def _begin_casting(self) -> None:
        config = self.config
        self.state = config.start_in
        self.length_mm = self.platform_mm = config.start_length_mm
        self.speed = START_SPEED if config.start_in is UnitState.START else STEADY_SPEED
        self.metal.launder_mm, self.metal.trough_mm = LAUNDER_SET_MM, TROUGH_SET_MM
        self.metal.trough_c = 700.0
        self.interlock.set_for_casting()
        # Found by letting the loop settle: a line that is casting has been warm for long.
        heat = cast_kg_s(self.speed) * heat_kj_per_kg(700.0)
        self.water.opening, self.water.flow_m3_h = 0.6, FULL_FLOW_M3_H
        for _ in range(600):
            self.water.step(
                0.5,
                wanted_m3_h=FULL_FLOW_M3_H,
                inlet_c=self._slow.inlet_c.now,
                metal_kw=heat,
                driven=True,
                emergency_open=False,
                clogging=1.0,
            )

    def _true_values(self, now: Disturbances) -> dict[str, float]:
        lock, slow = self.interlock, self._slow
        hanging = self.length_mm if self.platform_mm > 0 else 0.0
        return {
            "inlet_pressure": self.water.inlet_mpa(now.clogging),
            "inlet_flow": self.water.through_moulds_m3_h,
            "inlet_temperature": slow.inlet_c.now,
            "outlet_temperature": self.water.outlet_c,
            "tank_level": self.water.tank_m,
            "furnace_level": self.metal.launder_mm,
            "trough_level": self.metal.trough_mm,
            "metal_temperature": self.metal.trough_c,
            "casting_speed": self.speed,
            "cast_length": self.length_mm,
            "platform_position": self.platform_mm,
            "rope_load": PLATFORM_KN + hanging * SLAB_KN_PER_MM,
            "cutoff_valve": lock.cutoff.shown,
            "drain_valve": lock.drain.shown,
            "launder_disconnect": lock.disconnect.shown,
            "furnace_tilt": lock.tilt.shown,
            "interlock_bypass": float(now.bypassed),
            "well_level": slow.well_m.now,
            "pit_hydrogen": max(0.0, slow.hydrogen.now),
            "people_count": float(max(1, min(5, round(slow.people.now)))),
            "unit_state": float(self.state),
        }
