"""What a plant asks to be connected with: its units and points, read from a file or chosen.

The file is the plant description of the access specification: one JSON object with ``plant`` and
``units``; each unit brings its ``points``, or only a ``kind`` that has a model. Every problem is
told with its place, all of them at once: a vendor mends a file in one round, not in twenty.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from typing import Any

from guatu.web.connection.errors import DeedRefused, Problem
from guatu.web.monitoring.models import PointKind, Slot
from guatu.web.monitoring.specs import (
    LimitSpec,
    PointSpec,
    UnitSpec,
    unit_from_model,
    unit_kinds,
)

MOST_BYTES = 4 << 20
MOST_UNITS, MOST_POINTS = 200, 20_000
MOST_PROBLEMS = 50
LONGEST_TEXT = {"code": 40, "name": 120, "measure": 20, "quantity": 60, "point": 80}
GENERIC = "generic"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """What is asked for.

    Attributes:
        units: with their points and limits.
        plant: what the file says of the plant itself: code, name, address, contact.
    """

    units: tuple[UnitSpec, ...]
    plant: Mapping[str, str] = field(default_factory=dict)

    @property
    def points(self) -> int:
        """How many points in all."""
        return sum(len(unit.points) for unit in self.units)

    def as_json(self) -> dict[str, Any]:
        """Give the form that is stored, which is the form of the file."""
        return {"units": [_unit_json(unit) for unit in self.units]}


def read_file(content: bytes) -> Application:
    """Read a plant description.

    Raises:
        DeedRefused: with every problem found, at most `MOST_PROBLEMS`.
    """
    if len(content) > MOST_BYTES:
        facts = {"megabytes": MOST_BYTES >> 20}
        raise DeedRefused([Problem(code="file_too_large", where="file", facts=facts)])
    try:
        data = json.loads(content.decode("utf-8-sig"), parse_float=Decimal)
    except (ValueError, RecursionError) as error:
        detail = {"detail": str(error)[:120]}
        raise DeedRefused([Problem(code="not_json", where="file", facts=detail)]) from error
    return read_description(data)


def read_description(data: object) -> Application:
    """Read a description that is decoded already; raises as `read_file`."""
    reader = _Reader()
    application = reader.application(data)
    if reader.problems:
        raise DeedRefused(reader.problems[:MOST_PROBLEMS])
    return application


def from_models(chosen: Sequence[tuple[str, str, str]], *, language: str) -> Application:
    """Make an application of units that have a model.

    Args:
        chosen: code, name and kind of each unit.
        language: of the points' names, ``zh`` or ``en``.
    """
    return Application(
        units=tuple(
            unit_from_model(kind, code=code, name=name, language=language)
            for code, name, kind in chosen
        )
    )


class _Reader:
    """Reads and remembers what is wrong."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def tell(self, code: str, where: str, /, **facts: object) -> None:
        self.problems.append(Problem(code=code, where=where, facts=facts))

    def application(self, data: object) -> Application:
        if not isinstance(data, dict):
            self.tell("not_an_object", "$")
            return Application(units=())
        units = tuple(self._units(data.get("units")))
        _tell_doubled(self, [unit.code for unit in units], "units")
        if units and not any(unit.points for unit in units) and not self.problems:
            self.tell("no_points", "units")
        return Application(units=units, plant=self._plant(data.get("plant", {})))

    def _plant(self, data: object) -> dict[str, str]:
        if not isinstance(data, dict):
            self.tell("not_an_object", "plant")
            return {}
        known = ("code", "name", "address", "contact")
        return {name: text for name in known if isinstance(text := data.get(name), str)}

    def _rows(self, data: object, where: str, most: int) -> Iterator[tuple[str, dict[str, Any]]]:
        if not isinstance(data, list) or not data:
            self.tell("empty_list", where)
            return
        if len(data) > most:
            self.tell("too_many", where, most=most, count=len(data))
            return
        for index, row in enumerate(data):
            place = f"{where}[{index}]"
            if isinstance(row, dict):
                yield place, row
            else:
                self.tell("not_an_object", place)

    def _units(self, data: object) -> Iterator[UnitSpec]:
        for where, row in self._rows(data, "units", MOST_UNITS):
            code = self._text(row, "code", where, most=LONGEST_TEXT["code"])
            name = self._text(row, "name", where, most=LONGEST_TEXT["name"], default=code)
            kind = self._text(row, "kind", where, most=40, default=GENERIC)
            if "points" not in row and kind in unit_kinds():
                yield unit_from_model(kind, code=code, name=name)
                continue
            if "points" not in row and kind != GENERIC:
                self.tell("no_model", f"{where}.kind", kind=kind)
                continue
            points = tuple(self._points(row.get("points"), f"{where}.points"))
            _tell_doubled(self, [point.code for point in points], f"{where}.points")
            yield UnitSpec(code=code, name=name, kind=kind, points=points)

    def _points(self, data: object, place: str) -> Iterator[PointSpec]:
        for where, row in self._rows(data, place, MOST_POINTS):
            before = len(self.problems)
            point = self._point(row, where)
            if len(self.problems) == before:
                yield point
            if len(self.problems) > MOST_PROBLEMS:
                return

    def _point(self, row: dict[str, Any], where: str) -> PointSpec:
        code = self._text(row, "code", where, most=LONGEST_TEXT["point"])
        low, high = self._range(row, where)
        kind = row.get("kind", PointKind.ANALOG)
        if kind not in PointKind.values:
            self.tell("unknown_kind", f"{where}.kind", allowed=", ".join(PointKind.values))
            kind = PointKind.ANALOG
        return PointSpec(
            code=code,
            name=self._text(row, "name", where, most=LONGEST_TEXT["name"], default=code),
            quantity=self._text(row, "quantity", where, most=LONGEST_TEXT["quantity"], default=""),
            measure=self._text(row, "measure", where, most=LONGEST_TEXT["measure"], default=""),
            kind=PointKind(kind),
            role=self._text(row, "role", where, most=40, default=""),
            decimals=int(self._number(row, "decimals", where, low=0, high=9, default=3)),
            physical_low=low,
            physical_high=high,
            sampling_s=self._number(row, "sampling_s", where, low="0.001", high=86400, default=1),
            core=row.get("core") is True,
            linkage=self._text(row, "linkage", where, most=40, default=""),
            state_words=self._words(row.get("state_words", {}), f"{where}.state_words"),
            limits=dict(self._limits(row, where)),
        )

    def _range(self, row: dict[str, Any], where: str) -> tuple[Decimal, Decimal]:
        bound = 1_000_000_000
        low = self._number(row, "physical_low", where, low=-bound, high=bound, default=-bound)
        high = self._number(row, "physical_high", where, low=-bound, high=bound, default=bound)
        if low >= high:
            self.tell("range_upside_down", where, low=low, high=high)
        return low, high

    def _words(self, data: object, where: str) -> dict[str, str]:
        if not isinstance(data, dict) or not all(isinstance(word, str) for word in data.values()):
            self.tell("not_an_object", where)
            return {}
        return {str(number): word[:40] for number, word in data.items()}

    def _limits(self, row: dict[str, Any], point: str) -> Iterator[tuple[Slot, LimitSpec]]:
        given = row.get("limits", {})
        if not isinstance(given, dict):
            self.tell("not_an_object", f"{point}.limits")
            return
        for name, limit in given.items():
            where = f"{point}.limits.{name}"
            if name not in Slot.__members__ or not isinstance(limit, dict):
                self.tell("unknown_kind", where, allowed=", ".join(Slot.__members__))
                continue
            yield (
                Slot[name],
                LimitSpec(
                    value=self._number(limit, "value", where),
                    deadband=self._number(limit, "deadband", where, low=0, default=0),
                    on_delay_s=self._number(limit, "on_delay_s", where, low=0, default=0),
                    off_delay_s=self._number(limit, "off_delay_s", where, low=0, default=0),
                    states=self._states(limit.get("states", []), f"{where}.states"),
                ),
            )

    def _states(self, data: object, where: str) -> tuple[int, ...]:
        if not isinstance(data, list) or not all(
            isinstance(s, int) and not isinstance(s, bool) and 0 <= s <= 5 for s in data
        ):
            self.tell("unknown_state", where)
            return ()
        return tuple(sorted(set(data)))

    def _text(
        self, row: dict[str, Any], name: str, where: str, *, most: int, default: str | None = None
    ) -> str:
        value = row.get(name, default)
        if not isinstance(value, str) or len(value) > most or (default is None and not value):
            self.tell("not_a_text", f"{where}.{name}", most=most)
            return ""
        return value.strip()

    def _number(
        self,
        row: dict[str, Any],
        name: str,
        where: str,
        *,
        low: int | str = -1_000_000_000,
        high: int | str = 1_000_000_000,
        default: int | None = None,
    ) -> Decimal:
        value = row.get(name, default)
        found = _decimal(value)
        if found is None or not Decimal(low) <= found <= Decimal(high):
            self.tell("not_a_number", f"{where}.{name}", low=low, high=high)
            return Decimal(default or 0)
        return found


def _decimal(value: object) -> Decimal | None:
    """A finite number, given as one or as text with all its digits."""
    if isinstance(value, bool) or not isinstance(value, int | float | str | Decimal):
        return None
    try:
        found = Decimal(str(value))
    except InvalidOperation:
        return None
    return found if found.is_finite() else None


def _tell_doubled(reader: _Reader, codes: Sequence[str], where: str) -> None:
    seen: set[str] = set()
    for code in codes:
        if code and code in seen:
            reader.tell("doubled_code", where, code=code)
        seen.add(code)


def _unit_json(unit: UnitSpec) -> dict[str, Any]:
    return {
        "code": unit.code,
        "name": unit.name,
        "kind": unit.kind,
        "points": [_point_json(point) for point in unit.points],
    }


def _point_json(point: PointSpec) -> dict[str, Any]:
    """Numbers as texts: JSON of a database keeps no decimals."""
    return {
        "code": point.code,
        "name": point.name,
        "quantity": point.quantity,
        "measure": point.measure,
        "kind": point.kind.value,
        "role": point.role,
        "decimals": point.decimals,
        "physical_low": str(point.physical_low),
        "physical_high": str(point.physical_high),
        "sampling_s": str(point.sampling_s),
        "core": point.core,
        "linkage": point.linkage,
        "state_words": dict(point.state_words),
        "limits": {
            slot.name: {
                "value": str(limit.value),
                "deadband": str(limit.deadband),
                "on_delay_s": str(limit.on_delay_s),
                "off_delay_s": str(limit.off_delay_s),
                "states": list(limit.states),
            }
            for slot, limit in point.limits.items()
            if limit.value is not None
        },
    }
