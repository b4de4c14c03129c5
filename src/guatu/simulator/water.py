"""The mould cooling water of a casting line: pump, valve, filter, heat, emergency tank.

Lumped and small, but every litre and joule is somewhere: pressures balance along the pipe,
and what the metal gives off is carried out by the water, stored in it, or leaves as steam.
Units: m³/h, MPa, °C, kW, kJ, s.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp, sqrt

WATER_KJ_PER_M3_K = 4180.0
"""Heat capacity of a cubic metre of water near 40 °C."""
BOILING_C = 100.0

SHUTOFF_MPA = 0.55
"""Pump pressure at full speed and no flow."""
PUMP_DROOP = 2.5e-6
"""The pump curve falls by this much a squared flow."""
LIFT_MPA = 0.03
"""Height from the water pit to the moulds, which the pump must beat before anything flows."""
PIPE = 0.4e-6
VALVE = 1.4e-6
"""Resistance of the open control valve; it grows as 1/opening²."""
FILTER = 1.25e-6
MOULD = 5.0e-6
"""Filter and moulds lie behind the pressure gauge: 0.25 MPa at 200 m³/h when clean."""
INERTIA = 2.4e-3
"""Of the water in the pipe: MPa needed to change the flow by 1 m³/h a second."""
RUN_DOWN_S = 1.4
"""Time constant of a pump without drive."""

TANK_AREA_M2 = 12.5
TANK_FULL_M = 5.6
MAKE_UP_M3_H = 8.0
EMERGENCY_M3_H = 46.0
"""What the full emergency tank gives by gravity."""

JACKET_M3 = 0.30
"""Water between the two thermometers that is heated at any time."""
SHELL_S = 14.0
"""Time in which the solid shell gives its heat to the water at full flow."""
FULL_FLOW_M3_H = 200.0
STANDBY_M3_H = 60.0

STEP_S = 0.125
"""The pipe is quick; longer steps would ring."""


@dataclass(slots=True)
class CoolingWater:
    """State of the cooling water.

    Attributes:
        flow_m3_h: what the pump sends through the moulds.
        emergency_m3_h: what the tank sends through them.
        opening: of the control valve, 0.12 to 1.
        pump_speed: share of full speed.
        outlet_c: temperature of the water leaving.
        shell_kj: heat still in the shell of the metal above inlet temperature.
        tank_m: level of the emergency tank.
        steam_kj: heat that left as steam, for the balance.
    """

    flow_m3_h: float = STANDBY_M3_H
    emergency_m3_h: float = 0.0
    opening: float = 0.15
    pump_speed: float = 1.0
    outlet_c: float = 30.0
    shell_kj: float = 0.0
    tank_m: float = TANK_FULL_M
    steam_kj: float = 0.0

    @property
    def through_moulds_m3_h(self) -> float:
        """All water through the moulds, which the flow meter sees."""
        return self.flow_m3_h + self.emergency_m3_h

    def inlet_mpa(self, clogging: float) -> float:
        """Pressure before filter and moulds."""
        flow = self.through_moulds_m3_h
        return (FILTER * clogging + MOULD) * flow * flow

    def heat_to_water_kw(self) -> float:
        """What the shell gives now: less water over it takes less heat away."""
        wetted = min(1.0, sqrt(self.through_moulds_m3_h / FULL_FLOW_M3_H))
        return self.shell_kj / SHELL_S * max(0.25, wetted)

    def step(
        self,
        dt: float,
        *,
        wanted_m3_h: float,
        inlet_c: float,
        metal_kw: float,
        driven: bool,
        emergency_open: bool,
        clogging: float,
    ) -> None:
        """Advance by ``dt`` seconds, in as many small steps as the pipe needs.

        Args:
            dt: seconds.
            wanted_m3_h: the flow controller's set value.
            inlet_c: temperature of the water arriving.
            metal_kw: heat that metal solidifying brings into the shell.
            driven: the pump has its drive.
            emergency_open: the tank's valve stands open.
            clogging: resistance of the filter against a clean one.
        """
        steps = max(1, round(dt / STEP_S))
        for _ in range(steps):
            self._move_water(dt / steps, wanted_m3_h, driven, clogging)
            self._use_tank(dt / steps, emergency_open)
            self._move_heat(dt / steps, inlet_c, metal_kw)

    def _move_water(self, dt: float, wanted: float, driven: bool, clogging: float) -> None:  # noqa: FBT001 - private, one caller
        settle_s = 2.0 if driven else RUN_DOWN_S
        self.pump_speed += ((1.0 if driven else 0.0) - self.pump_speed) * (1 - exp(-dt / settle_s))
        # The valve is moved by an integrating controller at a bounded stroke speed.
        error = (wanted - self.flow_m3_h) / FULL_FLOW_M3_H
        self.opening += max(-0.2, min(0.2, 0.5 * self.opening * error)) * dt
        self.opening = max(0.10, min(1.0, self.opening))
        resistance = (
            PUMP_DROOP + PIPE + VALVE / self.opening**2 + FILTER * clogging + MOULD
        ) * self.flow_m3_h
        drive = SHUTOFF_MPA * self.pump_speed**2 - LIFT_MPA
        # The friction term is taken implicitly, so a closing valve cannot make it swing.
        flow = (self.flow_m3_h + drive / INERTIA * dt) / (1.0 + resistance / INERTIA * dt)
        self.flow_m3_h = max(0.0, flow)  # a check valve keeps it from running back

    def _use_tank(self, dt: float, emergency_open: bool) -> None:  # noqa: FBT001 - private, one caller
        # The tank's head only enters where the pump's pressure has gone.
        room = max(0.0, 1.0 - self.flow_m3_h / EMERGENCY_M3_H)
        free = sqrt(max(0.0, self.tank_m) / TANK_FULL_M) * EMERGENCY_M3_H * room
        target = free if emergency_open else 0.0
        self.emergency_m3_h += (target - self.emergency_m3_h) * min(1.0, dt / 2.0)
        make_up = MAKE_UP_M3_H * max(0.0, min(1.0, (TANK_FULL_M - self.tank_m) / 0.05))
        self.tank_m += (make_up - self.emergency_m3_h) / 3600.0 / TANK_AREA_M2 * dt

    def _move_heat(self, dt: float, inlet_c: float, metal_kw: float) -> None:
        given = self.heat_to_water_kw()
        self.shell_kj = max(0.0, self.shell_kj + (metal_kw - given) * dt)
        carried = self.through_moulds_m3_h / 3600.0 * WATER_KJ_PER_M3_K  # kW a kelvin
        store = JACKET_M3 * WATER_KJ_PER_M3_K  # kJ a kelvin
        # Implicit for the same reason as above: the flow term may be stiff.
        outlet = (self.outlet_c + dt / store * (given + carried * inlet_c)) / (
            1.0 + dt * carried / store
        )
        if outlet > BOILING_C:
            self.steam_kj += (outlet - BOILING_C) * store
            outlet = BOILING_C
        self.outlet_c = outlet
