"""The point table: what a plant registers, as one JSON object or as rows of a sheet.

Read here for a vendor's check of his own table and messages. Every problem is told, not only the
first, so that a table is mended in one round.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from guatu.access.messages import PlantConfig, Point, Unit
from guatu.access.problems import Facts, Problem

KINDS = ("analog", "state", "counter", "event")
SLOTS = ("LL", "L", "H", "HH", "MISSING")
LONGEST_CODE = 80
BOUND = 1e9

HEADINGS: dict[str, tuple[str, ...]] = {
    "unit": ("unit", "单元", "装置", "单元编码"),
    "unit_kind": ("unit_kind", "单元类型", "装置类型"),
    "code": ("code", "point", "测点编码", "编码"),
    "name": ("name", "测点名称", "名称"),
    "kind": ("kind", "类型", "测点类型"),
    "quantity": ("quantity", "被测量"),
    "measure": ("measure", "unit_of_measure", "计量单位", "单位"),
    "physical_low": ("physical_low", "量程下限"),
    "physical_high": ("physical_high", "量程上限"),
    "decimals": ("decimals", "小数位", "小数位数"),
    "sampling_s": ("sampling_s", "采样周期", "采样周期(s)", "采样周期（s）"),
    "core": ("core", "核心测点", "是否核心"),
    "linkage": ("linkage", "联锁", "联锁关系"),
    "LL": ("LL", "低低限", "二级低限"),
    "L": ("L", "低限", "一级低限"),
    "H": ("H", "高限", "一级高限"),
    "HH": ("HH", "高高限", "二级高限"),
    "deadband": ("deadband", "回差"),
    "on_delay_s": ("on_delay_s", "报警延时", "报警延时(s)", "报警延时（s）"),
    "off_delay_s": ("off_delay_s", "恢复延时", "恢复延时(s)", "恢复延时（s）"),
    "missing_s": ("missing_s", "中断判定", "中断判定(s)", "中断判定（s）"),
}
"""Columns of a sheet by the names they may have."""
KIND_WORDS = {"模拟量": "analog", "开关量": "state", "状态量": "state", "计数": "counter"}
KIND_WORDS |= {"累计量": "counter", "视频事件": "event"}
YES = ("1", "true", "yes", "y", "是", "√")


@dataclass(frozen=True, slots=True)
class PointTable:
    """A point table as far as it could be read.

    Args:
        points: by code.
        problems: all that is wrong with it.
    """

    points: Mapping[str, Point] = field(default_factory=dict)
    problems: tuple[Problem, ...] = ()

    def config(self) -> PlantConfig:
        """Give the table as a plant's configuration, under a number that means nothing."""
        units = (Unit(id=1, code="unit"),)
        points = tuple(self.points.values())
        return PlantConfig(plant=1, code="plant", version=1, region="000000", units=units,
                           points=points)  # fmt: skip


def read_description(data: object) -> PointTable:
    """Read the JSON form: ``{"units": [{"code": …, "points": […]}]}``."""
    reader = _Reader()
    if not isinstance(data, dict) or not isinstance(data.get("units"), list):
        reader.tell("bad_shape", "$.units", expected_zh="数组", expected_en="an array")
        return reader.table()
    for i, unit in enumerate(data["units"]):
        where = f"$.units[{i}]"
        if not isinstance(unit, dict):
            reader.tell("bad_shape", where, expected_zh="对象", expected_en="an object")
            continue
        reader.code(unit, where, limit=40)
        if "points" not in unit and "kind" in unit:
            continue  # a unit of a model brings the model's points
        points = unit.get("points")
        if not isinstance(points, list) or not points:
            reader.tell(
                "bad_shape", f"{where}.points", expected_zh="非空数组",
                expected_en="a non-empty array",
            )  # fmt: skip
            continue
        for j, point in enumerate(points):
            reader.point(point, f"{where}.points[{j}]")
    return reader.table()


def read_sheet(rows: Iterable[Sequence[object]]) -> PointTable:
    """Read the rows of a sheet, the first of which names the columns, in Chinese or English."""
    reader = _Reader()
    columns: dict[str, int] = {}
    for number, cells in enumerate(rows, start=1):
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not any(texts):
            continue
        if not columns:
            columns = {
                name: i
                for i, text in enumerate(texts)
                for name, known in HEADINGS.items()
                if text in known
            }
            missing = [name for name in ("code",) if name not in columns]
            for name in missing:
                reader.tell("missing_column", f"row {number}", allowed="/".join(HEADINGS[name]))
            if missing:
                return reader.table()
            continue
        row = {name: texts[i] for name, i in columns.items() if i < len(texts) and texts[i]}
        reader.point(_described(row), f"row {number}")
    if not columns:
        reader.tell("missing_column", "row 1", allowed="/".join(HEADINGS["code"]))
    return reader.table()


def description_of(rows: Iterable[Sequence[object]]) -> str:
    """Turn the rows of a sheet into the JSON form, for registering the plant with it."""
    units: dict[str, dict[str, Any]] = {}
    columns: list[str] = []
    for cells in rows:
        texts = ["" if cell is None else str(cell).strip() for cell in cells]
        if not columns:
            by_text = {text: name for name, known in HEADINGS.items() for text in known}
            columns = [by_text.get(text, "") for text in texts]
            continue
        row = {name: text for name, text in zip(columns, texts, strict=False) if name and text}
        if "code" in row:
            code = row.get("unit", "U1")
            unit = units.setdefault(
                code, {"code": code, "kind": row.get("unit_kind", "generic"), "points": []}
            )
            unit["points"].append(_described(row))
    return json.dumps({"units": list(units.values())}, ensure_ascii=False, indent=2)


def _described(row: Mapping[str, str]) -> dict[str, Any]:
    """Turn a row of a sheet into a point of the JSON form."""
    plain = ("code", "name", "quantity", "measure", "linkage")
    point: dict[str, Any] = {name: row[name] for name in plain if name in row}
    for name in ("physical_low", "physical_high", "decimals", "sampling_s"):
        if name in row:
            point[name] = row[name]
    if "kind" in row:
        point["kind"] = KIND_WORDS.get(row["kind"], row["kind"])
    if "core" in row:
        point["core"] = row["core"].lower() in YES
    delays = {name: row[name] for name in ("deadband", "on_delay_s", "off_delay_s") if name in row}
    limits = {slot: {"value": row[slot], **delays} for slot in SLOTS[:4] if slot in row}
    if "missing_s" in row:
        limits["MISSING"] = {"value": row["missing_s"]}
    return {**point, "limits": limits} if limits else point


class _Reader:
    """Reads points and remembers what is wrong."""

    def __init__(self) -> None:
        self.points: dict[str, Point] = {}
        self.problems: list[Problem] = []

    def tell(self, code: str, where: str, **facts: str | float) -> None:
        found: Facts = dict(facts)
        self.problems.append(Problem(code, where, found))

    def table(self) -> PointTable:
        return PointTable(self.points, tuple(self.problems))

    def code(self, row: Mapping[str, Any], where: str, *, limit: int) -> str:
        code = row.get("code")
        is_plain = isinstance(code, str) and 0 < len(code) <= limit and code.isprintable()
        if not is_plain:
            self.tell("bad_code", f"{where}.code", limit=limit)
            return ""
        return str(code)

    def point(self, row: object, where: str) -> None:
        if not isinstance(row, dict):
            self.tell("bad_shape", where, expected_zh="对象", expected_en="an object")
            return
        code = self.code(row, where, limit=LONGEST_CODE)
        if code in self.points:
            self.tell("doubled_point", f"{where}.code")
        if row.get("kind", "analog") not in KINDS:
            self.tell("unknown_kind", f"{where}.kind", allowed="/".join(KINDS))
        low = self._number(row, "physical_low", where, default=-BOUND)
        high = self._number(row, "physical_high", where, default=BOUND)
        if low >= high:
            self.tell("bad_limit", where, detail=f"physical_low {low:g} >= physical_high {high:g}")
        decimals = self._number(row, "decimals", where, low=0, high=9, default=3)
        if decimals != int(decimals):
            self.tell("bad_number", f"{where}.decimals", low=0, high=9)
        self._number(row, "sampling_s", where, low=0.001, high=86_400, default=1)
        if not isinstance(row.get("core", False), bool):
            self.tell(
                "bad_shape", f"{where}.core", expected_zh=" true 或 false",
                expected_en="true or false",
            )  # fmt: skip
        self._limits(row.get("limits", {}), f"{where}.limits")
        if code:
            self.points[code] = Point(
                id=len(self.points) + 1, code=code, unit=1, kind=str(row.get("kind", "analog")),
                decimals=int(decimals), physical_low=low, physical_high=high,
                core=row.get("core") is True,
            )  # fmt: skip

    def _limits(self, limits: object, where: str) -> None:
        if not isinstance(limits, dict):
            self.tell("bad_shape", where, expected_zh="对象", expected_en="an object")
            return
        values: dict[str, float] = {}
        for slot, limit in limits.items():
            place = f"{where}.{slot}"
            if slot not in SLOTS or not isinstance(limit, dict):
                self.tell("unknown_kind", place, allowed="/".join(SLOTS))
                continue
            values[slot] = self._number(limit, "value", place)
            for name in ("deadband", "on_delay_s", "off_delay_s"):
                self._number(limit, name, place, low=0, default=0)
        order = [values[slot] for slot in SLOTS[:4] if slot in values]
        if order != sorted(order):
            self.tell("bad_limit", where, detail="LL <= L < H <= HH")

    def _number(
        self,
        row: Mapping[str, Any],
        name: str,
        where: str,
        *,
        low: float = -BOUND,
        high: float = BOUND,
        default: float | None = None,
    ) -> float:
        value = row.get(name, default)
        try:
            found = math.nan if isinstance(value, bool) else float(value)
        except (TypeError, ValueError):
            found = math.nan
        if not low <= found <= high:
            self.tell("bad_real", f"{where}.{name}", low=low, high=high)
            return default if default is not None else 0.0
        return found
