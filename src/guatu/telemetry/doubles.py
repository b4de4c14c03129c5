"""Which beats were seen already: a high-water mark and gaps, for each plant and epoch."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

MOST_GAPS = 64
MOST_EPOCHS = 16


@dataclass(slots=True)
class Series:
    """One numbering series of a plant.

    Args:
        high: the highest beat seen.
        gaps: ranges below it not seen yet, both ends in them, rising. When there are too many,
            the lowest is given up: its beats then count as doubled, never twice as new.
    """

    high: int = -1
    gaps: list[list[int]] = field(default_factory=list)

    def is_new(self, beat: int) -> bool:
        """Note a beat; False if it was seen before."""
        if beat > self.high:
            if beat > self.high + 1:
                self.gaps.append([self.high + 1, beat - 1])
                if len(self.gaps) > MOST_GAPS:
                    del self.gaps[0]
            self.high = beat
            return True
        at = bisect_right(self.gaps, [beat, 2**63]) - 1
        if at < 0 or self.gaps[at][1] < beat:
            return False
        first, last = self.gaps[at]
        left = [[a, b] for a, b in ((first, beat - 1), (beat + 1, last)) if a <= b]
        self.gaps[at : at + 1] = left
        if len(self.gaps) > MOST_GAPS:
            del self.gaps[0]
        return True


@dataclass(slots=True)
class PlantBeats:
    """All numbering series of one plant.

    Args:
        floor: epochs up to here are given up; their beats are refused as old.
        series: by epoch.
    """

    floor: int = -1
    series: dict[int, Series] = field(default_factory=dict)

    def reason_against(self, epoch: int, beat: int) -> str:
        """Note a beat; gives why it must not be taken, or an empty text if it is new."""
        series = self.series.get(epoch)
        if series is None:
            if epoch <= self.floor:
                return "old_epoch"
            series = self.series[epoch] = Series()
            if len(self.series) > MOST_EPOCHS:
                self.floor = min(self.series)
                del self.series[self.floor]
                if epoch == self.floor:
                    return "old_epoch"
        return "" if series.is_new(beat) else "doubled_beat"

    def as_json(self) -> list[Any]:
        """Give a form for the checkpoint."""
        return [self.floor, [[e, s.high, s.gaps] for e, s in sorted(self.series.items())]]

    @classmethod
    def from_json(cls, data: list[Any]) -> PlantBeats:
        """Read what `as_json` gave."""
        floor, rows = data
        return cls(floor, {epoch: Series(high, gaps) for epoch, high, gaps in rows})
