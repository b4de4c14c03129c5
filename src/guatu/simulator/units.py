"""Units of the quiet plants: small point tables with default limits, as metallurgy has them.

The points of a deep-well casting line are not here: their table belongs to the room that
judges them.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Final

from guatu.simulator.signals import Signal

if TYPE_CHECKING:
    from collections.abc import Mapping

RUNNING = 1
"""What a furnace or a gas holder tells while it is at work; 0 is stopped, 2 is maintenance."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoLimit:
    """One limit; the slot it belongs to is its key: LL, L, H or HH."""

    value: float
    deadband: float
    on_delay_s: float = 2.0
    off_delay_s: float = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPoint:
    """A point of a quiet unit.

    Attributes:
        key: name inside its unit; the code is ``<unit code>.<key>``.
        name_zh: Chinese name.
        name_en: English name.
        quantity: what is measured.
        measure: unit of measure.
        signal: how it moves.
        decimals: resolution.
        physical_low: below which the sensor cannot tell.
        physical_high: above which it cannot tell.
        kind: analog, state or counter.
        core: a key point of the plant.
        limits: by slot.
        missing_after_s: silence that is an alarm; None for never.
    """

    key: str
    name_zh: str
    name_en: str
    quantity: str
    measure: str
    signal: Signal
    decimals: int
    physical_low: float
    physical_high: float
    kind: str = "analog"
    core: bool = False
    limits: Mapping[str, DemoLimit] = field(default_factory=dict)
    missing_after_s: float | None = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoUnit:
    """A unit; ``points`` is empty where the unit's kind brings its own model (``dwc``)."""

    code: str
    kind: str
    name_zh: str
    name_en: str
    points: tuple[DemoPoint, ...] = ()


def _two_stage(h: float, hh: float, deadband: float) -> dict[str, DemoLimit]:
    return {
        "H": DemoLimit(value=h, deadband=deadband),
        "HH": DemoLimit(value=hh, deadband=deadband),
    }


def _both_sides(ll: float, lo: float, h: float, hh: float, deadband: float) -> dict[str, DemoLimit]:
    lows = {
        "LL": DemoLimit(value=ll, deadband=deadband),
        "L": DemoLimit(value=lo, deadband=deadband),
    }
    return lows | _two_stage(h, hh, deadband)


def _point(
    key: str,
    names: tuple[str, str],
    of: tuple[str, str],
    span: tuple[float, float, int],
    signal: Signal,
    *,
    limits: Mapping[str, DemoLimit] | None = None,
    core: bool = False,
) -> DemoPoint:
    return DemoPoint(
        key=key,
        name_zh=names[0],
        name_en=names[1],
        quantity=of[0],
        measure=of[1],
        signal=signal,
        decimals=span[2],
        physical_low=span[0],
        physical_high=span[1],
        core=core,
        limits=limits or {},
    )


_STATE: Final = DemoPoint(
    key="unit_state",
    name_zh="机组状态",
    name_en="Unit state",
    quantity="state",
    measure="",
    signal=Signal(mean=RUNNING),
    decimals=0,
    physical_low=0,
    physical_high=2,
    kind="state",
)


def _carbon_monoxide(key: str, zh: str, en: str) -> DemoPoint:
    return _point(
        key,
        (zh, en),
        ("gas", "ppm"),
        (0, 500, 0),
        Signal(mean=6, spread=1.2, noise=0.5),
        limits=_two_stage(24, 160, 2),
        core=True,
    )


_BLAST_FURNACE: Final = (
    _STATE,
    _point(
        "top_pressure",
        ("炉顶压力", "Top pressure"),
        ("pressure", "kPa"),
        (0, 400, 1),
        Signal(mean=205, spread=2.5, noise=1.0),
        limits=_two_stage(230, 250, 3),
        core=True,
    ),
    _point(
        "top_temperature",
        ("炉顶温度", "Top temperature"),
        ("temperature", "°C"),
        (0, 600, 0),
        Signal(mean=160, spread=8, swing=15, swing_s=900, noise=1),
        limits=_two_stage(250, 300, 5),
    ),
    _point(
        "stave_flow",
        ("冷却壁水流量", "Stave water flow"),
        ("flow", "m³/h"),
        (0, 6000, 0),
        Signal(mean=4200, spread=20, noise=8),
        limits={
            "LL": DemoLimit(value=3400, deadband=40),
            "L": DemoLimit(value=3800, deadband=40),
        },
        core=True,
    ),
    _point(
        "stave_rise",
        ("冷却壁水温差", "Stave water temperature rise"),
        ("temperature", "°C"),
        (0, 50, 2),
        Signal(mean=4.2, spread=0.2, noise=0.05),
        limits=_two_stage(8, 10, 0.3),
        core=True,
    ),
    _point(
        "hearth_temperature",
        ("炉缸侧壁温度", "Hearth side wall temperature"),
        ("temperature", "°C"),
        (0, 1000, 0),
        Signal(mean=285, spread=4, settle_s=3600, noise=0.5),
        limits=_two_stage(450, 550, 5),
        core=True,
    ),
    _point(
        "tuyere_leak",
        ("风口进出水流量差", "Tuyere water in/out difference"),
        ("flow", "m³/h"),
        (-5, 20, 2),
        Signal(mean=0.05, spread=0.05, noise=0.03),
        limits=_two_stage(1.0, 2.0, 0.2),
    ),
    _carbon_monoxide("platform_co", "炉台一氧化碳", "CO at the platform"),
)


def blast_furnace(code: str, name_zh: str, name_en: str) -> DemoUnit:
    """A blast furnace: top, staves, hearth, tuyeres, gas."""
    return DemoUnit(
        code=code, kind="blast_furnace", name_zh=name_zh, name_en=name_en, points=_BLAST_FURNACE
    )


_GAS_HOLDER: Final = (
    _STATE,
    _point(
        "level",
        ("柜位", "Level"),
        ("level", "%"),
        (0, 100, 1),
        Signal(mean=52, spread=2, swing=16, swing_s=1500, noise=0.1),
        limits=_both_sides(10, 15, 85, 90, 1),
        core=True,
    ),
    _point(
        "pressure",
        ("柜内压力", "Pressure"),
        ("pressure", "kPa"),
        (0, 20, 2),
        Signal(mean=8.5, spread=0.15, noise=0.03),
        limits=_both_sides(5.5, 6.5, 10.5, 11.5, 0.2),
        core=True,
    ),
    _point(
        "piston_tilt",
        ("活塞倾斜", "Piston tilt"),
        ("position", "mm"),
        (0, 500, 0),
        Signal(mean=35, spread=3, noise=1),
        limits=_two_stage(80, 120, 5),
    ),
    _point(
        "seal_oil",
        ("密封油位", "Seal oil level"),
        ("level", "mm"),
        (0, 1500, 0),
        Signal(mean=820, spread=6, noise=2),
        limits={
            "LL": DemoLimit(value=600, deadband=15),
            "L": DemoLimit(value=700, deadband=15),
        },
    ),
    _carbon_monoxide("roof_co", "柜顶一氧化碳", "CO above the piston"),
)


def gas_holder(code: str, name_zh: str, name_en: str) -> DemoUnit:
    """A gas holder: level, pressure, piston, seal oil, gas around it."""
    return DemoUnit(
        code=code, kind="gas_holder", name_zh=name_zh, name_en=name_en, points=_GAS_HOLDER
    )


_ARC_FURNACE: Final = (
    _STATE,
    _point(
        "panel_temperature",
        ("炉壁水冷板出水温度", "Wall panel outlet temperature"),
        ("temperature", "°C"),
        (0, 120, 1),
        Signal(mean=41, spread=0.6, swing=2, swing_s=2700, noise=0.2),
        limits=_two_stage(55, 65, 1),
        core=True,
    ),
    _point(
        "roof_temperature",
        ("炉盖出水温度", "Roof outlet temperature"),
        ("temperature", "°C"),
        (0, 120, 1),
        Signal(mean=39, spread=1, swing=3, swing_s=2700, noise=0.2),
        limits=_two_stage(55, 65, 1),
        core=True,
    ),
    _point(
        "panel_flow_difference",
        ("水冷板进出水流量差", "Panel water in/out difference"),
        ("flow", "m³/h"),
        (-10, 40, 1),
        Signal(mean=0.3, spread=0.2, noise=0.1),
        limits=_two_stage(3, 6, 0.5),
        core=True,
    ),
    _point(
        "electrode_current",
        ("电极电流", "Electrode current"),
        ("current", "kA"),
        (0, 120, 1),
        Signal(mean=52, spread=2, swing=6, swing_s=2700, noise=1.5),
    ),
    _point(
        "tilt",
        ("炉体倾角", "Tilt"),
        ("angle", "°"),
        (-20, 50, 1),
        Signal(mean=0.5, spread=0.2, noise=0.05),
        limits=_two_stage(18, 25, 1),
    ),
)


def arc_furnace(code: str, name_zh: str, name_en: str) -> DemoUnit:
    """An electric arc furnace: cooled panels, roof, current."""
    return DemoUnit(
        code=code, kind="arc_furnace", name_zh=name_zh, name_en=name_en, points=_ARC_FURNACE
    )


_REHEATING_FURNACE: Final = (
    _STATE,
    _point(
        "soaking_temperature",
        ("均热段温度", "Soaking zone temperature"),
        ("temperature", "°C"),
        (0, 1600, 0),
        Signal(mean=1215, spread=5, noise=1.5),
        limits=_two_stage(1280, 1320, 5),
    ),
    _point(
        "gas_pressure",
        ("煤气总管压力", "Gas main pressure"),
        ("pressure", "kPa"),
        (0, 30, 2),
        Signal(mean=11, spread=0.3, noise=0.05),
        limits=_both_sides(5, 7, 15, 17, 0.3),
        core=True,
    ),
    _point(
        "skid_flow",
        ("水梁流量", "Skid water flow"),
        ("flow", "m³/h"),
        (0, 800, 1),
        Signal(mean=360, spread=4, noise=1),
        limits={
            "LL": DemoLimit(value=250, deadband=8),
            "L": DemoLimit(value=300, deadband=8),
        },
        core=True,
    ),
    _point(
        "rolling_speed",
        ("轧制速度", "Rolling speed"),
        ("speed", "m/s"),
        (0, 60, 2),
        Signal(mean=12, spread=0.2, swing=1.5, swing_s=240, noise=0.05),
    ),
    _carbon_monoxide("area_co", "炉区一氧化碳", "CO around the furnace"),
)


def reheating_furnace(code: str, name_zh: str, name_en: str) -> DemoUnit:
    """A rolling mill's reheating furnace: zones, gas, skid water."""
    return DemoUnit(
        code=code, kind="generic", name_zh=name_zh, name_en=name_en, points=_REHEATING_FURNACE
    )


def patient(unit: DemoUnit, missing_after_s: float) -> DemoUnit:
    """The same unit, of whose points a longer silence is no alarm yet."""
    points = tuple(replace(point, missing_after_s=missing_after_s) for point in unit.points)
    return replace(unit, points=points)
