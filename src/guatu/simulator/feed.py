"""A demo plant's line to the platform: an outbox, a thread, an honest count."""

from __future__ import annotations

import logging
import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from guatu.simulator.beats import Batch
from guatu.simulator.client import Acknowledged, GaveUp, Outcome, PlantClient, Refused

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


class Message(Protocol):
    """What leaves an outbox: what it carries, its number (None for the next), sent before?"""

    @property
    def batch(self) -> Batch: ...  # noqa: D102 - see above
    @property
    def beat(self) -> int | None: ...  # noqa: D102
    @property
    def again(self) -> bool: ...  # noqa: D102


class Outbox(Protocol):
    """Holds what was measured until it may leave: `Orderly`, or `wire.Wire`."""

    def put(self, moment: Batch) -> int:
        """Take one moment; gives how many older samples were lost for want of room."""

    def take(self, true_ms: int) -> Message | None:
        """Give the next message that is due at a moment; None where none is."""

    def wait_s(self, true_ms: int) -> float | None:
        """Seconds until something is due; None where nothing waits."""

    @property
    def moments(self) -> int: ...  # noqa: D102 - that wait
    @property
    def samples(self) -> int: ...  # noqa: D102 - in them


@dataclass(frozen=True, slots=True)
class Next:
    """A message that takes the next number."""

    batch: Batch
    beat: None = None
    again: bool = False


class Orderly:
    """An outbox as it should be: all at once and in order, catching up in larger messages.

    Args:
        most_moments: how many it holds; the oldest falls out of a full one.
    """

    def __init__(self, most_moments: int) -> None:
        self._most = most_moments
        self._waiting: deque[Batch] = deque()

    def put(self, moment: Batch) -> int:
        """Take one moment; gives how many older samples were lost for want of room."""
        self._waiting.append(moment)
        return self._waiting.popleft().samples if len(self._waiting) > self._most else 0

    def take(self, _true_ms: int) -> Next | None:
        """Give everything that waits, up to a bound; None where nothing does."""
        count = min(len(self._waiting), MOMENTS_A_BEAT)
        if not count:
            return None
        return Next(joined([self._waiting.popleft() for _ in range(count)]))

    def wait_s(self, _true_ms: int) -> float | None:
        """Nothing waits for its time."""
        return 0.0 if self._waiting else None

    @property
    def moments(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @property
    def samples(self) -> int:
        """How many samples wait."""
        return sum(moment.samples for moment in self._waiting)


def now_ms() -> int:
    """The true time, as far as this machine knows it."""
    return time.time_ns() // 1_000_000


class Feeder:
    """Sends what a plant measures in a thread of its own.

    Args:
        code: of the plant.
        client: sends.
        outbox: holds what waits.
        clock: gives the true time in milliseconds.
    """

    def __init__(
        self,
        code: str,
        client: PlantClient,
        outbox: Outbox,
        *,
        clock: Callable[[], int] = now_ms,
    ) -> None:
        self.code = code
        self.counts = FeedCounts()
        self._client = client
        self._outbox = outbox
        self._clock = clock
        self._changed = threading.Condition()
        self._closing = False
        self._told_lost = 0
        self._thread = threading.Thread(target=self._run, name=f"feed-{code}", daemon=True)

    def start(self) -> None:
        """Begin sending."""
        self._thread.start()

    def put(self, moment: Batch) -> None:
        """Hand over one moment."""
        with self._changed:
            self.counts.made += moment.samples
            self.counts.dropped += self._outbox.put(moment)
            self._changed.notify()

    def backlog(self) -> int:
        """How many moments wait."""
        with self._changed:
            return self._outbox.moments

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
            self.counts.waiting = self._outbox.samples

    def _take(self) -> Message | None:
        with self._changed:
            while not self._closing:
                message = self._outbox.take(self._clock())
                if message is not None:
                    return message
                self._changed.wait(self._outbox.wait_s(self._clock()))
            return None

    def _run(self) -> None:
        while (message := self._take()) is not None:
            outcome = self._client.send(message.batch, beat=message.beat)
            if not message.again:
                self._count(outcome, message.batch.samples)
            if isinstance(outcome, GaveUp):
                return

    def _count(self, outcome: Outcome, samples: int) -> None:
        match outcome:
            case Acknowledged(accepted=accepted, rejected=rejected):
                self.counts.accepted += accepted
                self.counts.rejected += sum(rejected.values())
            case Refused(code=code, status=status, where=where):
                self.counts.rejected += samples
                logger.warning("%s: refused %s %s %s", self.code, status, code, where)
            case GaveUp():
                self.counts.unknown += samples


def joined(moments: list[Batch]) -> Batch:
    """Put moments of the same points behind one another, into one batch."""
    return Batch(
        points=moments[0].points,
        times_ms=np.concatenate([moment.times_ms for moment in moments]),
        values=np.concatenate([moment.values for moment in moments], axis=1),
    )
