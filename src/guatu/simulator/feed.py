"""A demo plant's line to its gateway: a bounded queue, a thread, an honest count."""

from __future__ import annotations

import logging
import threading
from collections import deque
from dataclasses import dataclass

import numpy as np

from guatu.simulator.beats import Batch
from guatu.simulator.client import Acknowledged, GaveUp, PlantClient, Refused

logger = logging.getLogger("demo-plants")

MOMENTS_A_BEAT = 60
CALM_BACKLOG = 5
"""So many moments may wait while the gateway takes its time; more is worth a line."""


@dataclass(slots=True)
class FeedCounts:
    """What one plant made and what became of it.

    ``made`` = sent samples in acknowledged, refused and unknown beats + dropped + waiting.

    Attributes:
        made: samples measured.
        accepted: on disk.
        rejected: refused with a reason.
        unknown: in a beat that was on its way when the demo stopped.
        dropped: fell over the bound of the buffer.
        waiting: still in the buffer at the end.
    """

    made: int = 0
    accepted: int = 0
    rejected: int = 0
    unknown: int = 0
    dropped: int = 0
    waiting: int = 0


class Feeder:
    """Sends one plant's moments in its own thread, in order, catching up after a gap."""

    def __init__(self, code: str, client: PlantClient, *, most_moments: int) -> None:
        self.code = code
        self.counts = FeedCounts()
        self._client = client
        self._most = most_moments
        self._waiting: deque[Batch] = deque()
        self._changed = threading.Condition()
        self._closing = False
        self._told_lost = 0
        self._thread = threading.Thread(target=self._run, name=f"feed-{code}", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def put(self, moment: Batch) -> None:
        """Hand over one moment; the oldest one falls out of a full buffer."""
        with self._changed:
            self.counts.made += moment.samples
            self._waiting.append(moment)
            if len(self._waiting) > self._most:
                self.counts.dropped += self._waiting.popleft().samples
            self._changed.notify()

    def backlog(self) -> int:
        """How many moments wait."""
        with self._changed:
            return len(self._waiting)

    def is_troubled(self) -> bool:
        """Whether samples were lost, or wait, since this was last asked."""
        lost = self.counts.rejected + self.counts.dropped
        worse, self._told_lost = lost > self._told_lost, lost
        return worse or self.backlog() > CALM_BACKLOG

    def close(self, *, within_s: float) -> None:
        """Stop after the beat that is on its way; what waits is counted."""
        with self._changed:
            self._closing = True
            self._changed.notify()
        self._thread.join(within_s)
        self._client.close()
        with self._changed:
            self.counts.waiting = sum(moment.samples for moment in self._waiting)

    def _take(self) -> Batch | None:
        with self._changed:
            while not self._waiting and not self._closing:
                self._changed.wait()
            if self._closing:
                return None
            count = min(len(self._waiting), MOMENTS_A_BEAT)
            return joined([self._waiting.popleft() for _ in range(count)])

    def _run(self) -> None:
        while (batch := self._take()) is not None:
            match self._client.send(batch):
                case Acknowledged(accepted=accepted, rejected=rejected):
                    self.counts.accepted += accepted
                    self.counts.rejected += sum(rejected.values())
                case Refused(code=code, status=status, where=where, samples=samples):
                    self.counts.rejected += samples
                    logger.warning("%s: refused %s %s %s", self.code, status, code, where)
                case GaveUp():
                    self.counts.unknown += batch.samples
                    return


def joined(moments: list[Batch]) -> Batch:
    """Put moments of the same points behind one another, into one batch."""
    return Batch(
        points=moments[0].points,
        times_ms=np.concatenate([moment.times_ms for moment in moments]),
        values=np.concatenate([moment.values for moment in moments], axis=1),
    )
