"""Workbooks as people bring them."""

import io
from collections.abc import Sequence
from typing import Any

import xlsxwriter

HEADINGS = (
    "测点编码", "单元", "单元类型", "测点名称", "类型", "计量单位", "量程下限", "量程上限",
    "小数位", "采样周期(s)", "核心测点", "低低限", "低限", "高限", "高高限", "回差",
    "报警延时(s)", "中断判定(s)",
)  # fmt: skip


def book(rows: Sequence[Sequence[Any]], *, above: Sequence[Sequence[Any]] = ()) -> bytes:
    """A workbook of one sheet, with rows above the headings where a title stands."""
    file = io.BytesIO()
    made = xlsxwriter.Workbook(file, {"in_memory": True})
    sheet = made.add_worksheet("测点表")
    for number, row in enumerate([*above, *rows]):
        for place, cell in enumerate(row):
            if cell is not None and cell != "":
                sheet.write(number, place, cell)
    made.close()
    return file.getvalue()


def point(number: int, **changes: Any) -> list[Any]:
    """A good row of the point table."""
    row = {
        "code": f"F{number // 500 + 1}.T{number}",
        "unit": f"F{number // 500 + 1}",
        "unit_kind": "furnace",
        "name": f"炉温{number}",
        "kind": "模拟量",
        "measure": "°C",
        "low": 0,
        "high": 1200,
        "decimals": 1,
        "sampling": 1,
        "core": "是" if number % 10 == 0 else "否",
        "LL": None,
        "L": 100,
        "H": 900,
        "HH": 1000.5,
        "deadband": 2,
        "on_delay": 3,
        "missing": 30,
    }
    return list({**row, **changes}.values())
