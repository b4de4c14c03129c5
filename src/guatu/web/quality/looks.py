"""A look at a plant's counts: what the engine has counted since the plant's first beat.

The counts only grow, and the engine keeps them exact through restarts of every process. What came
in an hour is therefore the difference of two looks, and looking twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol

SUMMED = (
    "received",
    "stored",
    "uncertain",
    "bad",
    "late",
    "backfilled",
    "beats",
    "doubled_beats",
    "given_up_beats",
    "clock_steps",
    "missing_beats",
)
"""Counts since the plant's first beat."""

FALLING = frozenset({"stored", "missing_beats"})
"""Those that may fall: samples found at a cut to be doubled, and missing messages that come. All
others only grow."""

DOUBLED = ("doubled_beat", "doubled_time")
"""Reasons that say that a sample came before already."""


class Counted(Protocol):
    """What a look is taken from: `telemetry.query.PlantQuality`."""

    @property
    def plant(self) -> int: ...  # noqa: D102 - see there
    @property
    def rejected(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def refused(self) -> Mapping[str, int]: ...  # noqa: D102
    @property
    def clock_offset_ms(self) -> int | None: ...  # noqa: D102
    @property
    def clock_ms(self) -> int | None: ...  # noqa: D102


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """Counts, or the difference of two of them.

    Attributes:
        sums: by the names of `SUMMED`.
        rejected: samples left out, by reason.
        refused: whole messages, by the code of the problem.
    """

    sums: Mapping[str, int] = field(default_factory=dict)
    rejected: Mapping[str, int] = field(default_factory=dict)
    refused: Mapping[str, int] = field(default_factory=dict)

    def as_json(self) -> dict[str, dict[str, int]]:
        """Give the form that is kept."""
        return {
            "sums": dict(self.sums),
            "rejected": dict(self.rejected),
            "refused": dict(self.refused),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Mapping[str, int]]) -> Counts:
        """Read what `as_json` gave."""
        return cls(sums=data["sums"], rejected=data["rejected"], refused=data["refused"])

    def since(self, before: Counts) -> Counts:
        """What came after an earlier look.

        Where the counts have fallen the engine began anew, so all of them came since.
        """
        if self.sums.get("received", 0) < before.sums.get("received", 0):
            return self
        return Counts(
            sums=_minus(self.sums, before.sums),
            rejected=_minus(self.rejected, before.rejected),
            refused=_minus(self.refused, before.refused),
        )

    def plus(self, more: Counts) -> Counts:
        """Both together."""
        return Counts(
            sums=_plus(self.sums, more.sums),
            rejected=_plus(self.rejected, more.rejected),
            refused=_plus(self.refused, more.refused),
        )


def _minus(now: Mapping[str, int], before: Mapping[str, int]) -> dict[str, int]:
    found = {name: count - before.get(name, 0) for name, count in now.items()}
    return {name: n for name, n in found.items() if n > 0 or (n and name in FALLING)}


def _plus(one: Mapping[str, int], other: Mapping[str, int]) -> dict[str, int]:
    return {name: one.get(name, 0) + other.get(name, 0) for name in {**one, **other}}


@dataclass(frozen=True, slots=True, kw_only=True)
class Look:
    """A plant's counts as they stood at a look.

    Attributes:
        plant: database id.
        counts: since the plant's first beat.
        clock_offset_ms: the plant's clock minus the gateway's; None where it was never said.
        clock_at: when that was last measured.
    """

    plant: int
    counts: Counts
    clock_offset_ms: int | None = None
    clock_at: datetime | None = None


def moment(at_ms: int | None) -> datetime | None:
    """The engine's milliseconds as a moment."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC)


def look_at(counted: Counted) -> Look:
    """Take a look at what the engine says of a plant."""
    return Look(
        plant=counted.plant,
        counts=Counts(
            sums={name: int(getattr(counted, name)) for name in SUMMED},
            rejected=dict(counted.rejected),
            refused=dict(counted.refused),
        ),
        clock_offset_ms=counted.clock_offset_ms,
        clock_at=moment(counted.clock_ms),
    )
