"""A registered casting line, and events as its engine would write them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import pytest

from guatu.access.messages import SLOTS, STAGE_OF_SLOT, Event
from guatu.web.monitoring.actions import register_plant
from guatu.web.monitoring.models import Plant, Point
from guatu.web.monitoring.specs import unit_from_model
from tests.cast import Cast

NOON = datetime(2026, 11, 23, 4, 0, tzinfo=UTC)


def ms(at: datetime) -> int:
    return round(at.timestamp() * 1000)


@dataclass(frozen=True, slots=True)
class Line:
    """The plant of the cast with one casting line."""

    plant: Plant
    key: str
    points: dict[str, Point]

    def event(self, kind: str, role: str, slot: str, began: int, **facts: object) -> Event:
        """An event about the alarm that began on a point at a sequence."""
        point = self.points[role]
        at = facts.pop("at", NOON + timedelta(seconds=began))
        assert isinstance(at, datetime)
        given: dict[str, object] = {
            "id": f"0:{began}:0",
            "kind": kind,
            "plant": self.plant.pk,
            "unit": point.unit_id,
            "point": point.pk,
            "alarm": f"{point.pk}:{slot}:{began}",
            "slot": slot,
            "stage": STAGE_OF_SLOT[SLOTS.index(slot)],
            "at_ms": ms(at),
            "logged_ms": ms(at),
            "value": 82.0 if kind == "raised" else None,
            "limit": 140.0 if kind == "raised" else None,
            "unit_state": 3,
            "why": "returned" if kind == "cleared" else "",
            "by": "王芳" if kind == "acknowledged" else "",
        }
        return Event(**{**given, **facts})  # type: ignore[arg-type]


def register_line(cast: Cast, *, code: str = "YN-AN-001") -> Line:
    registered = register_plant(
        code=code,
        name="安宁示范铝业",
        organisation=cast.plant,
        region=cast.county,
        units=[unit_from_model("dwc", code="DWC1", name="1#深井铸造机")],
        by=None,
        at=NOON - timedelta(days=1),
    )
    points = Point.objects.filter(unit__plant=registered.plant)
    return Line(registered.plant, registered.key, {point.role: point for point in points})


@pytest.fixture
def line(cast: Cast) -> Line:
    return register_line(cast)


EventMaker = Callable[..., Event]
