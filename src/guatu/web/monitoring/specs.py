"""What a plant is registered with: units, points and limits as values, and unit models as data.

A unit model is a file in ``plant_models``: the points that a kind of unit usually has, with
default limits to start from. Once registered, all of it is the plant's own to set.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache
from pathlib import Path
from typing import Any

from guatu.web.monitoring.models import PointKind, Slot

_FOLDER = Path(__file__).parent / "plant_models"


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitSpec:
    """The setting of one alarm.

    Attributes:
        value: the limit in the point's unit, or for missing data the silence in seconds;
            None for no limit.
        deadband: how far back inside a value must come, in the point's unit.
        on_delay_s: how long it must stay beyond.
        off_delay_s: how long it must stay back.
        states: unit states in which it judges; empty for all.
    """

    value: Decimal | None
    deadband: Decimal = Decimal(0)
    on_delay_s: Decimal = Decimal(0)
    off_delay_s: Decimal = Decimal(0)
    states: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class PointSpec:
    """A point as it is registered.

    ``role`` says its place in the process picture, ``sampling_s`` how often it sends by design.
    """

    code: str
    name: str
    quantity: str = ""
    measure: str = ""
    kind: PointKind = PointKind.ANALOG
    role: str = ""
    decimals: int = 3
    physical_low: Decimal = Decimal(-1_000_000_000)
    physical_high: Decimal = Decimal(1_000_000_000)
    sampling_s: Decimal = Decimal(1)
    core: bool = False
    linkage: str = ""
    state_words: Mapping[str, str] = field(default_factory=dict)
    limits: Mapping[Slot, LimitSpec] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitSpec:
    """A unit with its points."""

    code: str
    name: str
    kind: str
    points: tuple[PointSpec, ...] = ()


@cache
def _model(kind: str) -> dict[str, Any]:
    read: dict[str, Any] = json.loads((_FOLDER / f"{kind}.json").read_text(encoding="utf-8"))
    return read


def unit_kinds() -> tuple[str, ...]:
    """The kinds of unit that have a model."""
    return tuple(sorted(path.stem for path in _FOLDER.glob("*.json")))


def unit_from_model(kind: str, *, code: str, name: str = "", language: str = "zh") -> UnitSpec:
    """Make a unit with all points and default limits of its model.

    Args:
        kind: one of `unit_kinds`.
        code: the unit's code; a point's code is ``<code>.<key in the model>``.
        name: the unit's name; the model's own where empty.
        language: of the names that are kept, ``zh`` or ``en``.

    Raises:
        LookupError: if no such model exists.
    """
    if kind not in unit_kinds():
        raise LookupError(kind)
    model = _model(kind)
    points = tuple(_point(row, code, language) for row in model["points"])
    return UnitSpec(code=code, name=name or model["name"][language], kind=kind, points=points)


def state_words(kind: str, role: str, kept: Mapping[str, str], language: str) -> dict[str, str]:
    """The words of a point's states, in another language where they are those of its model.

    Args:
        kind: of the unit.
        role: the point's key in the model.
        kept: the words that the point was registered with; the plant's own are left alone.
        language: ``zh`` or ``en``.
    """
    rows = _model(kind)["points"] if kept and kind in unit_kinds() else []
    for row in rows:
        by_number: dict[str, dict[str, str]] = row.get("state_words", {})
        if row["key"] == role and {n: word["zh"] for n, word in by_number.items()} == kept:
            return {n: word[language] for n, word in by_number.items()}
    return dict(kept)


def _point(row: dict[str, Any], unit: str, language: str) -> PointSpec:
    limits = {Slot[slot]: _limit(given) for slot, given in row.get("limits", {}).items()}
    if missing := row.get("missing"):
        limits[Slot.MISSING] = LimitSpec(
            value=Decimal(missing["after_s"]), states=tuple(missing["states"])
        )
    return PointSpec(
        code=f"{unit}.{row['key']}",
        name=row["name"][language],
        quantity=row["quantity"],
        measure=row["measure"],
        kind=PointKind(row["kind"]),
        role=row["key"],
        decimals=row["decimals"],
        physical_low=Decimal(row["physical_low"]),
        physical_high=Decimal(row["physical_high"]),
        sampling_s=Decimal(row.get("sampling_s", 1)),
        core=row["core"],
        linkage=row["linkage"],
        state_words={n: word[language] for n, word in row.get("state_words", {}).items()},
        limits=limits,
    )


def _limit(given: dict[str, Any]) -> LimitSpec:
    return LimitSpec(
        value=Decimal(given["value"]),
        deadband=Decimal(given["deadband"]),
        on_delay_s=Decimal(given["on_delay_s"]),
        off_delay_s=Decimal(given["off_delay_s"]),
        states=tuple(given["states"]),
    )
