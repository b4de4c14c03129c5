"""Plants under fire: seeded series with known excursions, sent until acknowledged."""

import random
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from guatu.simulator.beats import Batch
from guatu.simulator.client import Acknowledged, PlantClient, SendCounts

STEP_MS = 100
TIMES_A_BEAT = 5
EXCURSION_EVERY, EXCURSION_LENGTH = 200, 60
"""In samples: six seconds beyond the limit in every twenty; both are longer than every delay."""


@dataclass(frozen=True, slots=True)
class Watched:
    """A point with limits on its high side, and values that are surely inside and beyond.

    Attributes:
        code: of the point.
        normal: a value inside all limits.
        beyond: a value beyond both high limits.
        noise: what is added, drawn anew for each sample; too small to cross a limit.
    """

    code: str
    normal: float
    beyond: float
    noise: float


@dataclass(slots=True)
class Fighter:
    """One plant that sends for as long as it is told to, whatever happens.

    Attributes:
        url, key, authority: the gateway and how to be known by it.
        points: what it measures.
        seed: of its noise.
    """

    url: str
    key: str
    authority: Path
    points: tuple[Watched, ...]
    seed: int
    excursions: int = 0
    counts: SendCounts = field(default_factory=SendCounts)

    def run(self, until: threading.Event) -> None:
        """Send a beat each half second until told, late ones at once; give none up.

        It ends when it has caught up with the clock and finished its last excursion.
        """
        dice = random.Random(self.seed)
        at = 0
        never = threading.Event()
        with PlantClient(
            self.url,
            self.key,
            ca_file=self.authority,
            wait=never.wait,
            also_retry=frozenset({401}),
        ) as client:
            start_ms = time.time_ns() // 1_000_000
            behind = True
            while not (until.is_set() and at % EXCURSION_EVERY == 0 and not behind):
                outcome = client.send(self._batch(dice, at, start_ms))
                assert isinstance(outcome, Acknowledged), outcome
                at += TIMES_A_BEAT
                ahead_s = (start_ms + at * STEP_MS) / 1000 - time.time()
                behind = ahead_s <= 0
                if not behind:
                    time.sleep(ahead_s)
            self.counts = client.counts
        self.excursions = at // EXCURSION_EVERY

    def _batch(self, dice: random.Random, at: int, start_ms: int) -> Batch:
        beyond = at % EXCURSION_EVERY >= EXCURSION_EVERY - EXCURSION_LENGTH - TIMES_A_BEAT
        # The last beat of a cycle is back inside, so that an excursion ends where it is counted.
        beyond = beyond and at % EXCURSION_EVERY < EXCURSION_EVERY - TIMES_A_BEAT
        values = np.array(
            [
                [
                    round((p.beyond if beyond else p.normal) + dice.uniform(-p.noise, p.noise), 2)
                    for _ in range(TIMES_A_BEAT)
                ]
                for p in self.points
            ]
        )
        times = start_ms + (at + np.arange(TIMES_A_BEAT, dtype=np.int64)) * STEP_MS
        return Batch(points=tuple(p.code for p in self.points), times_ms=times, values=values)
