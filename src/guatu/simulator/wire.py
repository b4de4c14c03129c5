"""A plant's gateway that does its work badly: what becomes of good readings on the way out.

The causes are in `wire_faults`. What a platform says of the plant (late, doubled, left out, off
time) follows from them, and `Ledger` says what was really done, so that the two can be held
against each other.

Deterministic: the same faults, seed and readings give the same messages.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from heapq import heapify, heappop, heappush
from random import Random
from typing import TYPE_CHECKING, Final

import numpy as np

from guatu.simulator.beats import Batch, Values
from guatu.simulator.wire_faults import LooseContact, WireFaults

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

LATE_MS: Final = 60_000
"""What leaves so long after it was measured comes late, whatever the network does."""
SENSOR_FAULT: Final = 65
FILLER: Final = "NaN"


@dataclass(slots=True)
class Ledger:
    """What was done to a plant's data.

    ``measured`` = ``sent`` + ``lost`` + what still waits, and ``sent`` is the sum of what a
    platform should store and all of ``spoilt``.

    Attributes:
        measured: samples read from the sensors.
        lost: of those, how many fell out of the full buffer.
        lost_beats: numbers that will never come.
        beats: messages that left, each counted once.
        sent: samples in them.
        again_beats: messages that left once more.
        again: samples in those.
        spoilt: samples that no platform can store, by the platform's word for it.
        marked: samples sent with a quality, by that quality.
        late: good samples that left a minute or more after they were measured.
    """

    measured: int = 0
    lost: int = 0
    lost_beats: int = 0
    beats: int = 0
    sent: int = 0
    again_beats: int = 0
    again: int = 0
    spoilt: Counter[str] = field(default_factory=Counter)
    marked: Counter[int] = field(default_factory=Counter)
    late: int = 0

    @property
    def storable(self) -> int:
        """Samples that left and that a platform should store, each once."""
        return self.sent - self.spoilt.total()


@dataclass(frozen=True, slots=True, kw_only=True)
class Parcel:
    """A message that is to leave.

    Attributes:
        beat: its number.
        batch: what it carries.
        again: it left before under the same number.
        measured_ms: the true time at which its samples were measured.
        spoilt: samples in it that no platform can store, by reason.
    """

    beat: int
    batch: Batch
    again: bool
    measured_ms: int
    spoilt: Mapping[str, int]


class Wire:
    """What leaves a poor gateway, and when.

    Args:
        faults: how poor it is.
        number: gives each message its number.
        seed: of all chance.
    """

    def __init__(self, faults: WireFaults, number: Callable[[], int], *, seed: int) -> None:
        self.faults = faults
        self.ledger = Ledger()
        self._number = number
        self._random = Random(seed)
        self._begin_ms: int | None = None
        self._order = 0
        self._waiting: list[tuple[float, int, Parcel]] = []
        self._held: dict[str, float] = {}

    def clock_ms(self, true_ms: int) -> int:
        """What the gateway's clock shows at a true time."""
        return true_ms + self.faults.clock.ahead_ms(self._own_s(true_ms))

    def put(self, moment: Batch) -> int:
        """Take what was measured at a moment, stamped with the true time.

        Args:
            moment: of one time.

        Returns:
            How many older samples were lost for want of room.
        """
        true_ms = int(moment.times_ms[0])
        if self._begin_ms is None:
            self._begin_ms = true_ms
        self.ledger.measured += moment.samples
        parcel = self._parcel(moment, true_ms)
        leaves_ms = self._leaves_ms(true_ms)
        self._push(leaves_ms, parcel)
        if self._random.random() < self.faults.twice_share:
            after_ms = 1000.0 * self._random.uniform(*self.faults.twice_s)
            again_ms = self._when_linked(leaves_ms + after_ms)
            self._push(max(again_ms, leaves_ms + after_ms), replace(parcel, again=True))
        return self._make_room()

    def take(self, true_ms: int) -> Parcel | None:
        """Give the next message that is due at a true time and count it; None where none is."""
        if not self._waiting or self._waiting[0][0] > true_ms:
            return None
        _, _, parcel = heappop(self._waiting)
        self._count(parcel, true_ms)
        return parcel

    def wait_s(self, true_ms: int) -> float | None:
        """Seconds until something is due; None where nothing waits."""
        if not self._waiting:
            return None
        return max(0.0, (self._waiting[0][0] - true_ms) / 1000.0)

    @property
    def moments(self) -> int:
        """Messages that wait and did not leave yet."""
        return sum(not parcel.again for _, _, parcel in self._waiting)

    @property
    def samples(self) -> int:
        """Samples in those."""
        return sum(p.batch.samples for _, _, p in self._waiting if not p.again)

    def _own_s(self, true_ms: int) -> float:
        return 0.0 if self._begin_ms is None else (true_ms - self._begin_ms) / 1000.0

    def _leaves_ms(self, true_ms: int) -> float:
        stuck = self._random.random() < self.faults.late_share
        after_s = self._random.uniform(*self.faults.late_s) if stuck else 0.0
        return self._when_linked(true_ms + 1000.0 * after_s)

    def _when_linked(self, leaves_ms: float) -> float:
        """Put what would leave during an outage off until some moment soon after it."""
        own_s = (leaves_ms - (self._begin_ms or 0)) / 1000.0
        ends = [end for one in self.faults.outages if (end := one.end_s(own_s)) is not None]
        if not ends:
            return leaves_ms
        wait_s = max(ends) - own_s + self._random.uniform(0.0, self.faults.resend_s)
        return leaves_ms + 1000.0 * wait_s

    def _push(self, leaves_ms: float, parcel: Parcel) -> None:
        self._order += 1
        heappush(self._waiting, (leaves_ms, self._order, parcel))

    def _make_room(self) -> int:
        lost = 0
        while len(self._waiting) > self.faults.keeps:
            oldest = min(parcel.beat for _, _, parcel in self._waiting)
            for _, _, parcel in self._waiting:
                if parcel.beat == oldest and not parcel.again:
                    lost += parcel.batch.samples
                    self.ledger.lost_beats += 1
            self._waiting = [one for one in self._waiting if one[2].beat != oldest]
            heapify(self._waiting)
        self.ledger.lost += lost
        return lost

    def _count(self, parcel: Parcel, true_ms: int) -> None:
        ledger, batch = self.ledger, parcel.batch
        if parcel.again:
            ledger.again_beats += 1
            ledger.again += batch.samples
            return
        ledger.beats += 1
        ledger.sent += batch.samples
        ledger.spoilt.update(parcel.spoilt)
        ledger.marked.update(quality for _, _, quality in batch.marks)
        if true_ms - parcel.measured_ms >= LATE_MS:
            ledger.late += batch.samples - sum(parcel.spoilt.values()) - len(batch.marks)

    # --- what the gateway makes of readings --------------------------------------------------

    def _parcel(self, moment: Batch, true_ms: int) -> Parcel:
        faults, now_s = self.faults, self._own_s(true_ms)
        loose = {one.point: one for one in faults.loose if one.when.end_s(now_s) is not None}
        made = _Made(moment.values.copy())
        for row, code in enumerate(moment.points):
            value = float(moment.values[row, 0])
            if np.isnan(value):
                continue
            if code in faults.misnamed:
                made.spoilt["unknown_point"] += 1
            elif code in loose:
                self._hang_loose(made, row, loose[code])
            else:
                self._held[code] = value
                if code in faults.marked:
                    made.marks.append((row, 0, faults.marked[code]))
        batch = Batch(
            points=tuple(faults.misnamed.get(code, code) for code in moment.points),
            times_ms=np.array([self.clock_ms(true_ms)], np.int64),
            values=made.values,
            marks=tuple(made.marks),
            fillers=made.fillers,
        )
        return Parcel(
            beat=self._number(), batch=batch, again=False, measured_ms=true_ms, spoilt=made.spoilt
        )

    def _hang_loose(self, made: _Made, row: int, contact: LooseContact) -> None:
        match self._random.randrange(3):
            case 0:
                made.values[row, 0] = contact.open_value
                made.spoilt["out_of_physical_range"] += 1
            case 1:
                made.values[row, 0] = np.nan
                made.fillers[row, 0] = FILLER
                made.spoilt["not_a_number"] += 1
            case _:
                made.values[row, 0] = self._held.get(contact.point, made.values[row, 0])
                made.marks.append((row, 0, SENSOR_FAULT))


@dataclass(slots=True)
class _Made:
    """What the gateway has made of a moment's readings so far."""

    values: Values
    spoilt: Counter[str] = field(default_factory=Counter)
    marks: list[tuple[int, int, int]] = field(default_factory=list)
    fillers: dict[tuple[int, int], str] = field(default_factory=dict)
