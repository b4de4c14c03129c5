"""Whether a unit runs: what its state means, by its kind.

A casting line tells its phase by number. Every other kind tells no more than whether it stands,
runs or is being mended; and a unit that tells no state at all is taken to run, for what it sends
comes from somewhere.
"""

from typing import Final

CASTING: Final = frozenset({1, 2, 3, 4})
"""Fill, start, steady and end of a cast: metal is, or may be, where water is."""

CASTING_KINDS: Final = frozenset({"dwc"})
"""The kinds of unit whose states are phases of a cast."""

STOPPED, RUNNING, MAINTENANCE = 0, 1, 2
"""The states of every other kind."""


def is_running(kind: str, state: int | None) -> bool:
    """Tell whether a unit of this kind is at work in this state; None is a state never told."""
    if kind in CASTING_KINDS:
        return state in CASTING
    return state not in {STOPPED, MAINTENANCE}
