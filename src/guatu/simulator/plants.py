"""The demo's plants: who they are, where they stand, what small trouble they have.

All of it is made up; the regions are real.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from guatu.simulator.signals import Incident
from guatu.simulator.units import (
    DemoUnit,
    arc_furnace,
    blast_furnace,
    gas_holder,
    patient,
    reheating_furnace,
)
from guatu.simulator.wire_faults import ClockStep, LooseContact, PoorClock, Spells, WireFaults


@dataclass(frozen=True, slots=True, kw_only=True)
class DemoPlant:
    """A plant of the demo.

    Attributes:
        code: its public code.
        name_zh: Chinese name.
        name_en: English name.
        region: GB/T 2260 code of its county.
        units: what stands in it.
        incidents: small troubles of its quiet points.
        wire: how badly its gateway does its work; None for well.
    """

    code: str
    name_zh: str
    name_en: str
    region: str
    units: tuple[DemoUnit, ...]
    incidents: tuple[Incident, ...] = ()
    wire: WireFaults | None = None


_POOR_GATEWAY: Final = WireFaults(
    # No NTP: it loses three minutes a week, until somebody sets it by his watch.
    clock=PoorClock(offset_ms=-6_400, drift_ppm=-300, steps=(ClockStep(at_s=420, by_ms=19_000),)),
    late_share=0.02,
    twice_share=0.03,
    loose=(
        LooseContact(
            point="RHF1.skid_flow",
            when=Spells(first_s=40, lasts_s=12, every_s=150),
            open_value=-200.0,
        ),
    ),
    marked={"GH1.seal_oil": 4},
    misnamed={"RHF1.rolling_speed": "RHF1.roling_speed"},
    outages=(Spells(first_s=200, lasts_s=95, every_s=1500),),
    resend_s=25.0,
)
"""All that a vendor who never read the access specification gets wrong at once."""


def _casting_line(code: str, name_zh: str, name_en: str) -> DemoUnit:
    return DemoUnit(code=code, kind="dwc", name_zh=name_zh, name_en=name_en)


DEMO_PLANTS: Final = (
    DemoPlant(
        code="YN-AL-001",
        name_zh="安宁永昌铝业有限公司（演示）",
        name_en="Anning Yongchang Aluminium (demo)",
        region="530181",
        units=(_casting_line("DWC1", "1号深井铸造机", "Deep-well casting line 1"),),
    ),
    DemoPlant(
        code="YN-AL-002",
        name_zh="砚山绿源铝材有限公司（演示）",
        name_en="Yanshan Lüyuan Aluminium (demo)",
        region="532622",
        units=(_casting_line("DWC1", "1号深井铸造机", "Deep-well casting line 1"),),
        incidents=(Incident(point="DWC1.trough_level", start_s=260, end_s=320),),
    ),
    DemoPlant(
        code="YN-ST-003",
        name_zh="安宁金方钢铁有限公司（演示）",
        name_en="Anning Jinfang Steel (demo)",
        region="530181",
        units=(
            blast_furnace("BF2", "2号高炉", "Blast furnace 2"),
            gas_holder("GH1", "1号煤气柜", "Gas holder 1"),
        ),
    ),
    DemoPlant(
        code="YN-ST-004",
        name_zh="玉溪汇新特钢有限公司（演示）",
        name_en="Yuxi Huixin Special Steel (demo)",
        region="530402",
        units=(
            arc_furnace("EAF1", "1号电弧炉", "Arc furnace 1"),
            reheating_furnace("RHF1", "轧钢加热炉", "Reheating furnace"),
        ),
        incidents=(
            Incident(point="EAF1.panel_temperature", start_s=30, end_s=900, towards=60, climb_s=60),
        ),
    ),
    DemoPlant(
        code="YN-ST-005",
        name_zh="曲靖翠峰钢铁有限公司（演示）",
        name_en="Qujing Cuifeng Steel (demo)",
        region="530302",
        units=(
            blast_furnace("BF1", "1号高炉", "Blast furnace 1"),
            gas_holder("GH1", "转炉煤气柜", "Converter gas holder"),
            reheating_furnace("RHF1", "棒材加热炉", "Bar mill reheating furnace"),
        ),
    ),
    DemoPlant(
        code="YN-NF-006",
        name_zh="个旧锡都冶炼有限公司（演示）",
        name_en="Gejiu Xidu Smelting (demo)",
        region="532501",
        units=(arc_furnace("EF1", "1号电炉", "Electric furnace 1"),),
    ),
    DemoPlant(
        code="YN-ST-007",
        name_zh="大理下关型钢有限公司（演示）",
        name_en="Dali Xiaguan Section Steel (demo)",
        region="532901",
        # Its link goes away for a minute and a half at times: nobody is to be called for that.
        units=(
            patient(reheating_furnace("RHF1", "型材加热炉", "Section mill furnace"), 300),
            patient(gas_holder("GH1", "混合煤气柜", "Mixed gas holder"), 300),
        ),
        wire=_POOR_GATEWAY,
    ),
)
