"""Points as a page shows them: the value in words, how it stands against its limits, its line."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from guatu.core.alarms.running import CASTING_KINDS
from guatu.web.monitoring import doors, queries, specs, words
from guatu.web.monitoring.errors import UnreachableError
from guatu.web.monitoring.models import Alarm, Plant, Point, PointKind, Unit
from guatu.web.shell.words import NOTHING, number

STALE_AFTER = timedelta(seconds=30)
SPARK_SPAN = timedelta(minutes=15)
_SPARK_POINTS = 60
_SPARK_WIDTH, _SPARK_HEIGHT = 120.0, 28.0
UNIT_STATE = "unit_state"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """One point now.

    Attributes:
        point: which.
        seen: its last value; None where none is known.
        alarm: the gravest open alarm on it.
        limits: by slot name.
        stale: whether the value is too old to be called present.
        spark: its last quarter of an hour as the points of a polyline.
    """

    point: Point
    seen: doors.Seen | None = None
    alarm: Alarm | None = None
    limits: Mapping[str, float] = field(default_factory=dict)
    stale: bool = False
    spark: str = ""

    @property
    def text(self) -> str:
        """The value as shown: a figure, or the word of a state."""
        return NOTHING if self.seen is None else value_words(self.point, self.seen.value)

    @property
    def stage(self) -> int:
        """0 without an alarm, else 1 or 2."""
        return self.alarm.stage if self.alarm else 0

    @property
    def alarm_word(self) -> str:
        """The alarm's side and stage in words; empty without one."""
        return str(words.SLOTS.get(self.alarm.slot, "")) if self.alarm else ""

    @property
    def tone(self) -> str:
        """How the point stands, as the shell's state marks know it."""
        if self.alarm:
            return "bad" if self.alarm.stage == 2 else "attention"
        return "idle" if self.seen is None or self.stale else "good"

    @property
    def standing(self) -> str:
        """The same in a word."""
        if self.alarm:
            return self.alarm_word
        if self.seen is None:
            return _("No data")
        return _("Not current") if self.stale else _("Normal")

    @property
    def limits_json(self) -> str:
        """The limits for the page's script."""
        return json.dumps(self.limits)

    @property
    def words_json(self) -> str:
        """The words of its states for the page's script."""
        return json.dumps(state_words(self.point), ensure_ascii=False)

    @property
    def has_chart(self) -> bool:
        """Whether its course is worth a line."""
        return self.point.kind != PointKind.STATE


def state_words(point: Point) -> dict[str, str]:
    """The words of a point's states by number, in the reader's language where its model has it."""
    if point.role == UNIT_STATE:
        return {str(n): str(word) for n, word in words.states_of(point.unit.kind).items()}
    language = "zh" if (get_language() or "zh").startswith("zh") else "en"
    return specs.state_words(point.unit.kind, point.role, point.state_words, language)


def value_words(point: Point, value: float) -> str:
    """A point's value as a figure with its decimals, or as the word of its state."""
    if point.role == UNIT_STATE:
        return words.unit_state(round(value), point.unit.kind)
    if point.state_words:
        return state_words(point).get(str(round(value)), number(value, point.decimals))
    return number(value, min(point.decimals, 6))


@dataclass(frozen=True, slots=True, kw_only=True)
class UnitNow:
    """A unit with its points now."""

    unit: Unit
    readings: Sequence[Reading]

    @property
    def by_role(self) -> dict[str, Reading]:
        """Its points by their place in the process picture."""
        return {reading.point.role: reading for reading in self.readings if reading.point.role}

    @property
    def kind_word(self) -> str:
        """What kind of unit it is."""
        return words.unit_kind(self.unit.kind)

    @property
    def has_picture(self) -> bool:
        """Whether a process picture is drawn for its kind, and its points fill it."""
        return self.unit.kind == "dwc" and {"inlet_flow", "trough_level"} <= set(self.by_role)

    @property
    def state(self) -> int | None:
        """The unit's state; None where it is not known."""
        reading = self.by_role.get(UNIT_STATE)
        return round(reading.seen.value) if reading and reading.seen else None

    @property
    def state_point(self) -> int | None:
        """The id of the point that tells the state."""
        reading = self.by_role.get(UNIT_STATE)
        return reading.point.pk if reading else None

    @property
    def has_phases(self) -> bool:
        """Whether its states are phases of a cast, to be shown as steps."""
        return self.unit.kind in CASTING_KINDS and self.state_point is not None

    @property
    def phases(self) -> list[tuple[int, str, bool]]:
        """Every unit state with its word, and whether it is the present one."""
        return [
            (n, str(word), n == self.state) for n, word in words.states_of(self.unit.kind).items()
        ]

    @property
    def charted(self) -> list[Point]:
        """The points charted at first sight."""
        return queries.trend_points([r.point for r in self.readings if r.has_chart])


@dataclass(frozen=True, slots=True, kw_only=True)
class PlantNow:
    """A plant with its units now; `reached` is False where the engine did not answer."""

    units: Sequence[UnitNow]
    reached: bool
    last_at: datetime | None

    @property
    def last_at_ms(self) -> int:
        """When its newest sample was taken, in milliseconds for the page's script; 0 for never."""
        return round(self.last_at.timestamp() * 1000) if self.last_at else 0

    @property
    def readings(self) -> list[Reading]:
        """All its points."""
        return [reading for unit in self.units for reading in unit.readings]


def plant_now(plant: Plant, alarms: Sequence[Alarm], *, at: datetime, sparks: bool) -> PlantNow:
    """How a plant's points stand, from the database and one or two questions to the engine.

    Args:
        plant: which.
        alarms: its open alarms.
        at: now.
        sparks: whether to draw the last quarter of an hour of units without a picture.
    """
    points = list(
        Point.objects.filter(unit__plant=plant, retired_at=None)
        .select_related("unit")
        .order_by("unit_id", "id")
    )
    ids = [point.pk for point in points]
    seen, lines, reached = _asked(plant, points, at, sparks=sparks)
    worst = queries.worst_by_point(alarms)
    limits = queries.current_limits(ids)
    units: dict[int, list[Reading]] = {}
    for point in points:
        last = seen.get(point.pk)
        reading = Reading(
            point=point,
            seen=last,
            alarm=worst.get(point.pk),
            limits=limits.get(point.pk, {}),
            stale=last is not None and at - last.at > STALE_AFTER,
            spark=_polyline(lines.get(point.pk)),
        )
        units.setdefault(point.unit_id, []).append(reading)
    return PlantNow(
        units=[UnitNow(unit=rs[0].point.unit, readings=rs) for rs in units.values()],
        reached=reached,
        last_at=max((s.at for s in seen.values()), default=None),
    )


def _asked(
    plant: Plant, points: Sequence[Point], at: datetime, *, sparks: bool
) -> tuple[dict[int, doors.Seen], dict[int, doors.Series], bool]:
    ids = [point.pk for point in points]
    drawn = [p.pk for p in points if p.kind != PointKind.STATE and p.unit.kind != "dwc"]
    try:
        seen = doors.last_values(plant, ids)
        lines = (
            doors.history(drawn, at - SPARK_SPAN, at, most=_SPARK_POINTS)
            if sparks and drawn
            else {}
        )
    except UnreachableError:
        return {}, {}, False
    return seen, lines, True


def _polyline(line: doors.Series | None) -> str:
    """A line for the eye: the whole span across, least to greatest from bottom to top."""
    if line is None or len(line.values) < 2:
        return ""
    low, high = min(line.values), max(line.values)
    start, end = line.at_ms[0], line.at_ms[-1]
    width = _SPARK_WIDTH / max(end - start, 1)
    height = (_SPARK_HEIGHT - 4) / (high - low) if high > low else 0.0
    return " ".join(
        f"{(at - start) * width:.1f},{_SPARK_HEIGHT - 2 - (value - low) * height:.1f}"
        for at, value in zip(line.at_ms, line.values, strict=True)
    )
