"""A plant whose clock steps and whose beats come twice and in any order: none of it may be lost."""

import logging
import random
import ssl
import threading
import time
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import numpy as np

from guatu.simulator.beats import Batch, encode, said_sent

STEP_MS, TIMES_A_BEAT = 100, 5
MOST_HELD = 12
LONGEST_STEP_MS = 60_000


@dataclass(slots=True)
class Troubled:
    """Sends a beat each half second, some late, some twice, until all are acknowledged.

    Attributes:
        url, key, authority: the gateway and how to be known by it.
        point: what it measures; its values stay inside all limits.
        normal: such a value.
        seed: of its troubles.
        steps_clock: whether its clock steps.
        samples: how many different (point, time) it has sent.
        repeated: beats that were sent again although they had been acknowledged.
        steps: of its clock.
    """

    url: str
    key: str
    authority: Path
    point: str
    normal: float
    seed: int
    steps_clock: bool
    samples: int = 0
    repeated: int = 0
    steps: int = 0
    _held: list[bytes] = field(default_factory=list)
    _ahead_ms: int = 0
    _used: set[int] = field(default_factory=set)

    def run(self, until: threading.Event) -> None:
        """Send until told, and what is held back then."""
        logging.getLogger("httpx").setLevel(logging.WARNING)
        dice, beat, epoch = random.Random(self.seed), 0, int(time.time())
        trust = ssl.create_default_context(cafile=str(self.authority))
        with httpx.Client(
            base_url=self.url,
            verify=trust,
            trust_env=False,
            timeout=httpx.Timeout(10.0, connect=3.0),
            headers={"authorization": f"Bearer {self.key}"},
        ) as client:
            while not until.is_set():
                beat += 1
                self._held.append(self._body(dice, epoch, beat))
                dice.shuffle(self._held)
                while self._held and (len(self._held) > MOST_HELD or dice.random() < 0.5):
                    self._send(client, dice, self._held.pop())
                time.sleep(STEP_MS * TIMES_A_BEAT / 1000)
            while self._held:
                self._send(client, dice, self._held.pop())

    def _body(self, dice: random.Random, epoch: int, beat: int) -> bytes:
        if self.steps_clock and dice.random() < 0.02:
            self._ahead_ms = dice.randrange(-LONGEST_STEP_MS, LONGEST_STEP_MS)
            self.steps += 1
        now_ms = time.time_ns() // 1_000_000 + self._ahead_ms
        times: list[int] = []
        for place in range(TIMES_A_BEAT):
            at_ms = now_ms + place * STEP_MS
            while at_ms in self._used or (times and at_ms <= times[-1]):
                at_ms += 1  # a clock that stepped back must not show a moment twice
            self._used.add(at_ms)
            times.append(at_ms)
        self.samples += len(times)
        values = np.round(self.normal + np.array([[dice.uniform(-1, 1) for _ in times]]), 2)
        batch = Batch(points=(self.point,), times_ms=np.array(times, dtype=np.int64), values=values)
        return encode(batch, epoch=epoch, beat=beat)

    def _send(self, client: httpx.Client, dice: random.Random, body: bytes) -> None:
        """Send until it is acknowledged; now and then once more, or hold it for a second time."""
        while True:
            said = said_sent(body, time.time_ns() // 1_000_000 + self._ahead_ms)
            try:
                answer = client.post("/v1/beats", content=said)
            except httpx.TransportError:
                time.sleep(0.2)
                continue
            if answer.status_code == 200:
                break
            # A key may still be on its way to a gateway that has just begun.
            assert answer.status_code in {401, 408, 429, 500, 502, 503, 504}, answer.text
            time.sleep(0.2)
        if dice.random() < 0.3:
            self.repeated += 1
            self._held.append(body)
