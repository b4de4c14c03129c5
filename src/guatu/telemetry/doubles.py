"""Which beats were seen already: a high-water mark and gaps, for each plant and epoch."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Any

MOST_GAPS = 8192
MOST_EPOCHS = 1024


@dataclass(slots=True)
class Series:
    """One numbering series of a plant.

    Args:
        high: the highest beat seen.
        gaps: ranges below it not seen yet, both ends in them, rising.
        given_up: how many beats were in the gaps given up, where there were too many.
        floor: the last beat of the gaps given up, -1 while there is none. Of the beats up to there
            nobody knows which were seen: all count as new, because what was acknowledged must not
            be lost. Samples that so come twice are stored twice until a merge leaves one; who reads
            history sees one.
    """

    high: int = -1
    gaps: list[list[int]] = field(default_factory=list)
    given_up: int = 0
    floor: int = -1

    @property
    def missing(self) -> int:
        """Beats between the lowest and the highest heard that have not come yet."""
        return sum(last - first + 1 for first, last in self.heard_gaps)

    @property
    def heard_gaps(self) -> list[list[int]]:
        """The gaps without what lies below the first beat ever heard: nobody announced that."""
        return self.gaps[1:] if self.gaps and self.gaps[0][0] == 0 else self.gaps

    def is_new(self, beat: int) -> bool:
        """Note a beat; False if it was seen before."""
        if beat <= self.floor:
            return True
        if beat > self.high:
            if beat > self.high + 1:
                self.gaps.append([self.high + 1, beat - 1])
                self._give_up()
            self.high = beat
            return True
        at = bisect_right(self.gaps, [beat, 2**63]) - 1
        if at < 0 or self.gaps[at][1] < beat:
            return False
        first, last = self.gaps[at]
        left = [[a, b] for a, b in ((first, beat - 1), (beat + 1, last)) if a <= b]
        self.gaps[at : at + 1] = left
        self._give_up()
        return True

    def _give_up(self) -> None:
        if len(self.gaps) > MOST_GAPS:
            first, last = self.gaps.pop(0)
            self.floor = last
            self.given_up += last - first + 1 if first else 0


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

    @property
    def missing(self) -> int:
        """Beats that have not come yet, of every epoch that is kept."""
        return sum(series.missing for series in self.series.values())

    @property
    def given_up(self) -> int:
        """Beats that are no longer waited for."""
        return sum(series.given_up for series in self.series.values())

    def newest_gaps(self, most: int) -> list[list[int]]:
        """Give gaps as epoch, first and last missing beat, the newest first."""
        found: list[list[int]] = []
        for epoch in sorted(self.series, reverse=True):
            gaps = self.series[epoch].heard_gaps
            found += [[epoch, first, last] for first, last in reversed(gaps[-most:])]
            if len(found) >= most:
                break
        return found[:most]

    def as_json(self) -> list[Any]:
        """Give a form for the checkpoint."""
        return [
            self.floor,
            [[e, s.high, s.gaps, s.given_up, s.floor] for e, s in sorted(self.series.items())],
        ]

    @classmethod
    def from_json(cls, data: list[Any]) -> PlantBeats:
        """Read what `as_json` gave."""
        floor, rows = data
        return cls(floor, {epoch: Series(*rest) for epoch, *rest in rows})
