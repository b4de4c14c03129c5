"""How far the setting of an alarm may be drawn out before it protects nobody any more."""

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True, kw_only=True)
class Caps:
    """The most that a point's alarms may be given.

    Attributes:
        delay_s: of delays before raising and clearing, and of silence, in seconds.
    """

    delay_s: int


CORE: Final = Caps(delay_s=60)
"""Points whose loss is danger within minutes."""

OTHERS: Final = Caps(delay_s=3600)

MOST_DEADBAND_SHARE: Final = 0.2
"""Of the range of the sensor: a wider deadband keeps an alarm from ever clearing."""


def caps_of(*, core: bool) -> Caps:
    """The caps of a core point, or of another."""
    return CORE if core else OTHERS
