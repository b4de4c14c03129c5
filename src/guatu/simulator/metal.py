"""Molten metal on its way from the furnace to the moulds: levels and temperatures.

Two basins in a row, each with a controller on what enters it: the launder at the furnace's
outlet (the tilt lets metal in) and the distribution trough at the moulds' entrance (the pin
lets metal in). Volumes are kept: what enters and does not leave raises the level.
Units: m³/s inside, mm for levels, °C, s.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp

CAST_AREA_M2 = 1.5
"""Two slabs of 1500 by 500 mm."""
SOLID_KG_M3 = 2700.0
LIQUID_KG_M3 = 2350.0
LAUNDER_M2 = 0.9
TROUGH_M2 = 0.5
LAUNDER_SET_MM = 150.0
TROUGH_SET_MM = 100.0

MELTING_C = 660.0
LATENT_KJ_KG = 397.0
LIQUID_KJ_KG_K = 1.08
SOLID_KJ_KG_K = 1.0
SLAB_LEAVES_C = 250.0
"""Temperature at which the slab leaves the reach of the water."""

LOSS_AT_REFERENCE_K = 26.0
REFERENCE_M3_S = CAST_AREA_M2 * 0.080 / 60.0 * SOLID_KG_M3 / LIQUID_KG_M3
AMBIENT_C = 35.0


def heat_kj_per_kg(metal_c: float) -> float:
    """Heat a kilogram gives the water: superheat, solidification, cooling of the slab."""
    return (
        LIQUID_KJ_KG_K * max(0.0, metal_c - MELTING_C)
        + LATENT_KJ_KG
        + SOLID_KJ_KG_K * (MELTING_C - SLAB_LEAVES_C)
    )


def cast_kg_s(speed_mm_min: float) -> float:
    """Metal that becomes slab each second at a casting speed."""
    return CAST_AREA_M2 * speed_mm_min / 60_000.0 * SOLID_KG_M3


@dataclass(slots=True)
class Metal:
    """State of the metal.

    Attributes:
        launder_mm: level at the furnace's outlet.
        trough_mm: level at the moulds' entrance.
        furnace_c: metal in the furnace.
        trough_c: what the thermocouple in the trough reads.
        poured_m3: metal that left the furnace, for the balance.
        drained_m3: metal that went down the drain, for the balance.
        taken_m3: metal that went into or past the moulds, for the balance.
    """

    launder_mm: float = 0.0
    trough_mm: float = 0.0
    furnace_c: float = 728.0
    trough_c: float = AMBIENT_C
    poured_m3: float = 0.0
    drained_m3: float = 0.0
    taken_m3: float = 0.0

    def step(
        self,
        dt: float,
        *,
        demand_m3_s: float,
        bleed_m3_s: float,
        pouring: float,
        extra_m3_s: float,
        gate_open: bool,
        draining: bool,
        ripple: float,
    ) -> None:
        """Advance by ``dt`` seconds (at most one).

        Args:
            dt: seconds.
            demand_m3_s: metal the cast takes now, which the controllers know.
            bleed_m3_s: metal running out below the moulds, which they do not know.
            pouring: 0 where the furnace stands back, 1 at its casting angle, more where it
                tilts too far.
            extra_m3_s: metal that runs whatever the controllers want.
            gate_open: the cut-off valve lets metal into the trough.
            draining: the emergency drain is open.
            ripple: disturbance of the pour, as a share of the reference flow.
        """
        # The drain comes first: what has run off cannot be passed on in the same step.
        self.drained_m3 += self._drain(dt, draining)
        poured = self._from_the_furnace(demand_m3_s + ripple * REFERENCE_M3_S, pouring)
        poured += extra_m3_s
        available = self.launder_mm / 1000.0 * LAUNDER_M2 / dt + poured
        passed = self._past_the_pin(demand_m3_s, available) if gate_open else 0.0
        leaving = demand_m3_s + bleed_m3_s
        taken = min(leaving, self.trough_mm / 1000.0 * TROUGH_M2 / dt + passed)
        self.launder_mm += (poured - passed) * dt / LAUNDER_M2 * 1000.0
        self.trough_mm += (passed - taken) * dt / TROUGH_M2 * 1000.0
        self.poured_m3 += poured * dt
        self.taken_m3 += taken * dt
        self._move_heat(dt, taken)

    def _from_the_furnace(self, demand_m3_s: float, pouring: float) -> float:
        # Feed forward what the moulds take, correct by the level: time constant about 12 s.
        level_error = LAUNDER_SET_MM - self.launder_mm
        wanted = demand_m3_s + level_error / 1000.0 * LAUNDER_M2 / 12.0
        # A tilt that is off by a factor keeps pouring: the controller is what failed.
        if pouring > 1.0:
            wanted = max(wanted, REFERENCE_M3_S)
        return max(0.0, min(3.0 * REFERENCE_M3_S, wanted)) * pouring

    def _past_the_pin(self, demand_m3_s: float, available_m3_s: float) -> float:
        trough_error = TROUGH_SET_MM - self.trough_mm
        passed = demand_m3_s + trough_error / 1000.0 * TROUGH_M2 / 8.0
        # A full launder presses metal past the pin however far it is shut.
        passed += max(0.0, self.launder_mm - LAUNDER_SET_MM - 15.0) / 1000.0 * 0.02
        return max(0.0, min(passed, available_m3_s))

    def held_m3(self) -> float:
        """Metal lying in launder and trough."""
        return (self.launder_mm * LAUNDER_M2 + self.trough_mm * TROUGH_M2) / 1000.0

    def _drain(self, dt: float, draining: bool) -> float:  # noqa: FBT001 - private, one caller
        if not draining:
            return 0.0
        before = self.held_m3()
        self.launder_mm *= exp(-dt / 4.0)
        self.trough_mm *= exp(-dt / 3.0)
        return before - self.held_m3()

    def _move_heat(self, dt: float, taken_m3_s: float) -> None:
        if self.trough_mm < 15.0:
            # The thermocouple hangs in air and cools towards the hall.
            target, settle_s = AMBIENT_C, 90.0
        else:
            # The slower the metal, the longer it cools on its way.
            share = max(0.35, taken_m3_s / REFERENCE_M3_S)
            target, settle_s = self.furnace_c - LOSS_AT_REFERENCE_K / share**0.5, 6.0
        self.trough_c += (target - self.trough_c) * (1.0 - exp(-dt / settle_s))
