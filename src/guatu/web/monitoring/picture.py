"""The process picture of a deep-well casting line: where values stand, how full vessels are.

The drawing itself is a template; here is what moves in it. The page's script moves the same
elements by the same figures, which it reads from their data attributes.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from guatu.web.monitoring import words
from guatu.web.monitoring.readings import Reading, UnitNow

PLATE_WIDTH, PLATE_HEIGHT = 114, 40

_PLATES = {
    "interlock_bypass": (20, 18),
    "people_count": (142, 18),
    "furnace_tilt": (38, 224),
    "furnace_level": (188, 74),
    "cutoff_valve": (308, 74),
    "launder_disconnect": (428, 74),
    "trough_level": (548, 74),
    "metal_temperature": (668, 74),
    "drain_valve": (284, 222),
    "casting_speed": (338, 290),
    "cast_length": (338, 336),
    "platform_position": (338, 382),
    "rope_load": (338, 428),
    "tank_level": (774, 30),
    "inlet_pressure": (796, 128),
    "inlet_flow": (796, 174),
    "inlet_temperature": (796, 234),
    "pit_hydrogen": (780, 300),
    "well_level": (780, 346),
    "outlet_temperature": (780, 432),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Plate:
    """A value on the drawing."""

    x: int
    y: int
    reading: Reading


@dataclass(frozen=True, slots=True, kw_only=True)
class Fill:
    """A column that rises from its foot, or hangs from its head, with a point's value.

    Attributes:
        name: the class that colours it.
        x, width: across.
        foot: where it begins, downwards.
        most: its height at ``high``.
        low, high: the values that make it empty and full.
        hangs: whether it grows downwards from ``foot``.
        point: the id of its point; None where the line has none.
        height: now.
    """

    name: str
    x: float
    width: float
    foot: float
    most: float
    low: float
    high: float
    hangs: bool = False
    point: int | None = None
    height: float = 0.0

    @property
    def y(self) -> float:
        """The upper edge."""
        return self.foot if self.hangs else self.foot - self.height


_LAUNDER = ("furnace_level", 0.0, 220.0)
_TROUGH = ("trough_level", 0.0, 150.0)
_LENGTH = ("platform_position", 0.0, 7000.0)

_FILLS: tuple[tuple[str, float, float, float, float, tuple[str, float, float], bool], ...] = (
    ("metal", 186, 294, 184, 22, _LAUNDER, False),
    ("metal", 484, 262, 194, 20, _TROUGH, False),
    ("slab", 510, 40, 242, 200, _LENGTH, True),
    ("slab", 595, 40, 242, 200, _LENGTH, True),
    ("slab", 680, 40, 242, 200, _LENGTH, True),
    ("water", 904, 92, 107, 60, ("tank_level", 0.0, 6.0), False),
    ("pool", 479, 272, 497, 60, ("well_level", 0.0, 4.0), False),
)

PLATFORM_TOP, PLATFORM_TRAVEL, PLATFORM_HIGH = 242.0, 200.0, 7000.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Linkage:
    """One of the linkages that matter most, and how its points stand."""

    code: str
    word: str
    reading: Reading | None
    points: Sequence[Reading]

    @property
    def point_ids(self) -> str:
        """The ids of its points, for the page's script."""
        return " ".join(str(reading.point.pk) for reading in self.points)

    @property
    def tone(self) -> str:
        """The gravest of its points."""
        return self.reading.tone if self.reading else "idle"

    @property
    def standing(self) -> str:
        """The same in words, the point named where it is not normal."""
        if self.reading is None or not self.reading.alarm:
            return self.reading.standing if self.reading else ""
        return f"{self.reading.point.name} {self.reading.alarm_word}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that moves in the picture of one line."""

    unit: UnitNow

    @property
    def plates(self) -> list[Plate]:
        """The values on the drawing."""
        readings = self.unit.by_role
        return [
            Plate(x=x, y=y, reading=readings[role])
            for role, (x, y) in _PLATES.items()
            if role in readings
        ]

    @property
    def fills(self) -> list[Fill]:
        """The vessels and slabs."""
        return [self._fill(*row) for row in _FILLS]

    def _fill(  # noqa: PLR0917 - a row of the table above
        self,
        name: str,
        x: float,
        width: float,
        foot: float,
        most: float,
        source: tuple[str, float, float],
        hangs: bool,  # noqa: FBT001 - a row of the table above
    ) -> Fill:
        role, low, high = source
        reading = self.unit.by_role.get(role)
        share = _share(reading, low, high)
        return Fill(
            name=name,
            x=x,
            width=width,
            foot=foot,
            most=most,
            low=low,
            high=high,
            hangs=hangs,
            point=reading.point.pk if reading else None,
            height=round(share * most, 1),
        )

    @property
    def platform_y(self) -> float:
        """The upper edge of the platform now."""
        reading = self.unit.by_role.get("platform_position")
        return round(PLATFORM_TOP + PLATFORM_TRAVEL * _share(reading, 0, PLATFORM_HIGH), 1)

    @property
    def actuators(self) -> dict[str, tuple[int | None, str]]:
        """The point and present state of each actuator drawn, by role."""
        roles = ("cutoff_valve", "drain_valve", "launder_disconnect", "furnace_tilt")
        return {role: self._state(role) for role in roles}

    def _state(self, role: str) -> tuple[int | None, str]:
        reading = self.unit.by_role.get(role)
        if reading is None:
            return None, ""
        return reading.point.pk, str(round(reading.seen.value)) if reading.seen else ""

    @property
    def linkages(self) -> list[Linkage]:
        """The linkages that matter most, each as grave as its gravest point."""
        found: dict[str, list[Reading]] = {}
        for reading in self.unit.readings:
            if reading.point.linkage in words.LINKAGES:
                found.setdefault(reading.point.linkage, []).append(reading)
        return [
            Linkage(
                code=code,
                word=str(words.LINKAGES[code]),
                reading=max(readings, key=_gravity),
                points=readings,
            )
            for code, readings in found.items()
        ]


def _gravity(reading: Reading) -> int:
    return {"bad": 3, "attention": 2, "idle": 1}.get(reading.tone, 0)


def _share(reading: Reading | None, low: float, high: float) -> float:
    """How full, from 0 to 1; empty where nothing is known."""
    if reading is None or reading.seen is None:
        return 0.0
    return min(max((reading.seen.value - low) / (high - low), 0.0), 1.0)
