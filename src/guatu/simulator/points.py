"""Points of the simulated lines: what a sensor is called and how finely it tells.

Deep-well aluminium casting (kind ``dwc``), one line, its set values and what is normal:

==================  ======  ===  ===========  ======================================
name                unit    dec  range        normal
==================  ======  ===  ===========  ======================================
inlet_pressure      MPa     3    0..1         0.25 while casting (0.15-0.35)
inlet_flow          m³/h    1    0..600       200 while casting, 60 standing by
inlet_temperature   °C      1    0..100       27-32
outlet_temperature  °C      1    0..150       44-54 while casting
tank_level          m       2    0..8         5.6 (full)
furnace_level       mm      1    0..400       150 ± 10 in the steady state
trough_level        mm      1    0..300       100 ± 5 in the steady state
metal_temperature   °C      1    0..1000      690-715 in the steady state
casting_speed       mm/min  1    0..300       60 at the start, 80 steady
cast_length         mm      0    0..10000     to 6500
platform_position   mm      0    0..10000     follows the length
rope_load           kN      1    0..1000      40 empty, 300 at full length
cutoff_valve        state   0    0..2         0 closed, 1 open, 2 moving
drain_valve         state   0    0..2         0 closed, 1 open, 2 moving
launder_disconnect  state   0    0..2         0 joined, 1 parted, 2 moving
furnace_tilt        state   0    0..2         0 back, 1 casting angle, 2 moving
interlock_bypass    state   0    0..1         0 off
well_level          m       2    0..10        1.1-1.4
pit_hydrogen        %LEL    1    0..100       0-1
people_count        count   0    0..200       1-5
unit_state          state   0    0..5         0 idle 1 fill 2 start 3 steady 4 end 5 empty
==================  ======  ===  ===========  ======================================

Limits are not here: they are data of the monitoring room. The small tables of the quieter
plants, limits included, are in ``plants``.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Sensor:
    """How a quantity is shown by its sensor.

    Attributes:
        name: the point's name; its code on the wire is ``<unit code>.<name>``.
        unit: unit of measure, empty for states.
        decimals: resolution.
        low: physical low, below which the sensor cannot tell.
        high: physical high.
        noise: standard deviation of one reading; noise never exceeds three of it.
    """

    name: str
    unit: str
    decimals: int
    low: float
    high: float
    noise: float = 0.0


DWC_SENSORS: Final = (
    Sensor(name="inlet_pressure", unit="MPa", decimals=3, low=0, high=1, noise=0.002),
    Sensor(name="inlet_flow", unit="m³/h", decimals=1, low=0, high=600, noise=0.8),
    Sensor(name="inlet_temperature", unit="°C", decimals=1, low=0, high=100, noise=0.05),
    Sensor(name="outlet_temperature", unit="°C", decimals=1, low=0, high=150, noise=0.15),
    Sensor(name="tank_level", unit="m", decimals=2, low=0, high=8, noise=0.005),
    Sensor(name="furnace_level", unit="mm", decimals=1, low=0, high=400, noise=0.5),
    Sensor(name="trough_level", unit="mm", decimals=1, low=0, high=300, noise=0.3),
    Sensor(name="metal_temperature", unit="°C", decimals=1, low=0, high=1000, noise=0.4),
    Sensor(name="casting_speed", unit="mm/min", decimals=1, low=0, high=300, noise=0.15),
    Sensor(name="cast_length", unit="mm", decimals=0, low=0, high=10000, noise=0.2),
    Sensor(name="platform_position", unit="mm", decimals=0, low=0, high=10000, noise=0.4),
    Sensor(name="rope_load", unit="kN", decimals=1, low=0, high=1000, noise=0.5),
    Sensor(name="cutoff_valve", unit="", decimals=0, low=0, high=2),
    Sensor(name="drain_valve", unit="", decimals=0, low=0, high=2),
    Sensor(name="launder_disconnect", unit="", decimals=0, low=0, high=2),
    Sensor(name="furnace_tilt", unit="", decimals=0, low=0, high=2),
    Sensor(name="interlock_bypass", unit="", decimals=0, low=0, high=1),
    Sensor(name="well_level", unit="m", decimals=2, low=0, high=10, noise=0.005),
    Sensor(name="pit_hydrogen", unit="%LEL", decimals=1, low=0, high=100, noise=0.05),
    Sensor(name="people_count", unit="", decimals=0, low=0, high=200),
    Sensor(name="unit_state", unit="", decimals=0, low=0, high=5),
)

DWC_NAMES: Final = tuple(sensor.name for sensor in DWC_SENSORS)


def show(sensor: Sensor, true: float, draw: float) -> float:
    """What the sensor tells of a true value.

    Args:
        sensor: the sensor.
        true: the value of the quantity.
        draw: a standard normal draw; cut at three.
    """
    noisy = true + sensor.noise * max(-3.0, min(3.0, draw))
    return round(max(sensor.low, min(sensor.high, noisy)), sensor.decimals)
