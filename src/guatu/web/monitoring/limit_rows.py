"""Limits in words: how a version reads in a table, and the table as a file."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal

from django.http import HttpRequest
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, pgettext

from guatu.core.alarms.running import CASTING, CASTING_KINDS
from guatu.web.monitoring import words
from guatu.web.monitoring.models import (
    Bearing,
    LimitRequest,
    LimitVersion,
    Plant,
    Point,
    Slot,
    Unit,
)
from guatu.web.monitoring.queries import PointLimits, UnitLimits
from guatu.web.shell.tables import Column, Table
from guatu.web.shell.words import NOTHING, number

_TONES = {Bearing.LOOSER: "attention", Bearing.MIXED: "attention", Bearing.SAFER: "good"}


@dataclass(frozen=True, slots=True, kw_only=True)
class RowWords:
    """One version in words."""

    slot: str
    slot_code: str
    stage: int
    value: str
    deadband: str
    on_delay: str
    off_delay: str
    states: str
    bearing: str
    tone: str


def _figure(value: Decimal) -> str:
    return number(Decimal(f"{value.normalize():f}"))


def states_words(states: Sequence[int], kind: str) -> str:
    """The unit states in which a limit judges: all, while casting, or each by name."""
    if not states:
        return _("Always")
    if kind in CASTING_KINDS and set(states) == CASTING:
        return _("While casting")
    return pgettext("between names", ", ").join(
        words.unit_state(state, kind) for state in sorted(states)
    )


def row_words(point: Point, version: LimitVersion | LimitRequest) -> RowWords:
    """A version as a reader sees it."""
    slot = Slot(version.slot)
    missing = slot == Slot.MISSING
    measure = _("s") if missing else words.measure(point.measure)
    value = _("None") if version.value is None else f"{_figure(version.value)} {measure}".strip()
    return RowWords(
        slot=str(words.SLOTS[slot]),
        slot_code=slot.name,
        stage=slot.stage,
        value=value,
        deadband=NOTHING if missing else _figure(version.deadband),
        on_delay=NOTHING if missing else _figure(version.on_delay_s),
        off_delay=NOTHING if missing else _figure(version.off_delay_s),
        states=states_words(version.states, point.unit.kind),
        bearing=str(Bearing(version.bearing).label),
        tone=_TONES.get(Bearing(version.bearing), "idle"),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A limit as a row of the file; a point without limits has one row of its own."""

    unit: Unit
    point: Point
    version: LimitVersion | None


def _value(version: LimitVersion | None, name: str) -> float | None:
    given = getattr(version, name, None) if version else None
    return None if given is None else float(given)


_COLUMNS: list[Column[Line]] = [
    Column(key="unit", label=gettext_lazy("Unit"), value=lambda r: r.unit.name),
    Column(key="code", label=gettext_lazy("Code"), value=lambda r: r.point.code),
    Column(key="point", label=gettext_lazy("Point"), value=lambda r: r.point.name),
    Column(key="measure", label=gettext_lazy("Unit of measure"), value=lambda r: r.point.measure),
    Column(key="core", label=gettext_lazy("Core"), value=lambda r: r.point.core),
    Column(
        key="alarm",
        label=gettext_lazy("Alarm"),
        value=lambda r: words.SLOTS[r.version.slot] if r.version else "",
    ),
    Column(key="value", label=gettext_lazy("Limit"), value=lambda r: _value(r.version, "value")),
    Column(
        key="deadband",
        label=gettext_lazy("Deadband"),
        value=lambda r: _value(r.version, "deadband"),
    ),
    Column(
        key="on",
        label=gettext_lazy("Delay before raising (s)"),
        value=lambda r: _value(r.version, "on_delay_s"),
    ),
    Column(
        key="off",
        label=gettext_lazy("Delay before clearing (s)"),
        value=lambda r: _value(r.version, "off_delay_s"),
    ),
    Column(
        key="states",
        label=gettext_lazy("Judged in"),
        value=lambda r: states_words(r.version.states, r.unit.kind) if r.version else "",
    ),
    Column(
        key="from",
        label=gettext_lazy("In force from"),
        value=lambda r: r.version.valid_from if r.version else None,
    ),
    Column(
        key="by",
        label=gettext_lazy("Changed by"),
        value=lambda r: str(r.version.changed_by or "") if r.version else "",
    ),
    Column(
        key="why", label=gettext_lazy("Why"), value=lambda r: r.version.why if r.version else ""
    ),
]


def _versions(row: PointLimits) -> list[LimitVersion | None]:
    return [*row.versions.values()] or [None]


def export_table(request: HttpRequest, plant: Plant, units: Sequence[UnitLimits]) -> Table[Line]:
    """The limits as a table for a file, a row a limit."""
    lines = [
        Line(unit=unit.unit, point=row.point, version=version)
        for unit in units
        for row in unit.points
        for version in _versions(row)
    ]
    return Table(
        request,
        columns=_COLUMNS,
        rows=lines,
        name=_("Points and limits of %(plant)s") % {"plant": plant.name},
    )
