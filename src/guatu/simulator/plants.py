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
    reheating_furnace,
)


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
    """

    code: str
    name_zh: str
    name_en: str
    region: str
    units: tuple[DemoUnit, ...]
    incidents: tuple[Incident, ...] = ()


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
)
