"""The day by hour as bars: what came of what should have come, drawn by the server."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.utils import timezone

WIDTH, HEIGHT, FOOT = 960.0, 180.0, 18.0
STEP = WIDTH / 24


@dataclass(frozen=True, slots=True, kw_only=True)
class Bar:
    """One part of an hour's column."""

    css: str
    x: float
    y: float
    width: float
    height: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Hour:
    """An hour with its column.

    Attributes:
        label: as the axis says it.
        figures: its figures; None where there are none.
        bars: from the bottom up.
        due: height of the line that the expected samples reach; None where none were expected.
        x: where its column begins.
    """

    label: str
    figures: Any
    bars: list[Bar]
    due: float | None
    x: float

    @property
    def middle(self) -> float:
        """Where its label stands."""
        return round(self.x + STEP / 2, 1)

    @property
    def right(self) -> float:
        """Where its column ends."""
        return round(self.x + STEP - 4, 1)


def hours_of(begins: datetime, figures: Mapping[datetime, Any]) -> list[Hour]:
    """Lay out a day of 24 hours.

    Args:
        begins: the day's midnight.
        figures: by hour; anything with expected, stored, bad, uncertain and rejected.
    """
    shown = [(begins + timedelta(hours=hour), hour) for hour in range(24)]
    most = max((max(f.expected, f.stored + f.rejected) for at, f in figures.items()), default=0.0)
    return [_hour(at, hour, figures.get(at), most) for at, hour in shown]


def _hour(at: datetime, hour: int, figures: Any, most: float) -> Hour:  # noqa: ANN401 - see above
    x = hour * STEP + 4
    label = f"{timezone.localtime(at):%H}"
    if figures is None or not most:
        return Hour(label=label, figures=figures, bars=[], due=None, x=x)
    parts = [
        ("good", figures.stored - figures.bad - figures.uncertain),
        ("attention", figures.uncertain),
        ("bad", figures.bad),
        ("idle", figures.rejected),
    ]
    bars, top = [], HEIGHT
    for css, count in parts:
        height = max(count, 0) / most * HEIGHT
        top -= height
        if height > 0:
            bars.append(
                Bar(
                    css=css, x=round(x, 1), y=round(top, 1), width=STEP - 8, height=round(height, 1)
                )
            )
    due = round(HEIGHT * (1 - figures.expected / most), 1) if figures.expected else None
    return Hour(label=label, figures=figures, bars=bars, due=due, x=round(x - 2, 1))
