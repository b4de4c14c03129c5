"""One measured run of a house, and what became of every sample of it."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.spine import ours
from bench.spine.load import QUIET_ROUNDS, Load
from bench.spine.sender import Request, Sent
from guatu.ops.house import House
from guatu.telemetry.history.footers import footer
from guatu.telemetry.history.read import persistently, stored_segments

PACE = 1_000_000
"""Samples a second at which the delay to an alarm is measured."""
PACED_ROUNDS = 3
STORED_WITHIN_S = 300.0
EVER = 1 << 62


@dataclass(slots=True)
class Measured:
    """Our side."""

    samples_per_s: float
    answered_per_s: float
    drained_s: float
    p50_ms: float
    p99_ms: float
    full_p50_ms: float
    full_p99_ms: float
    sent: int
    stored: int
    rejected: int
    doubled: int
    wrong: int
    alarms_due: int
    alarms_seen: int
    alarms_doubled: int
    retried: int


async def trial_rate(house: House, trial: Load) -> float:
    """Send the quiet rounds, which also create what is created once."""
    before = time.time_ns() // 1_000_000 - 86_400_000
    rate = 0.0
    for round_ in range(QUIET_ROUNDS):
        requests = ours.encode_rounds(trial, range(round_, round_ + 1), before)
        taken = await ours.drive(house, requests, Sent(), plants=trial.plants)
        rate = trial.plants * trial.samples_per_beat / taken
    await until_stored(house, trial.samples)
    return rate


async def until_stored(house: House, samples: int) -> None:
    """Wait until history holds so many rows."""
    deadline = time.monotonic() + STORED_WITHIN_S
    while (rows := stored(house)) < samples:
        if time.monotonic() > deadline:
            print(f"stored {rows:,} of {samples:,} in time", flush=True)
            return
        await asyncio.sleep(0.5)


def stored(house: House) -> int:
    """Count the rows of all history files by their footers."""

    def count() -> int:
        found = stored_segments(house.home / "history", -EVER, EVER)
        return sum(footer(segment.path).rows for segment in found)

    return persistently(count)


class Run:
    """One measured run: at full speed, then paced.

    Attributes:
        full_sent: what became of the beats at full speed.
        paced_sent: and of those at a pace.
    """

    def __init__(self, house: House, load: Load, start_ms: int, full_rounds: range) -> None:
        self._house = house
        self._load = load
        self._start_ms = start_ms
        self._full_rounds = full_rounds
        self.full_sent, self.paced_sent = Sent(), Sent()
        self._listener = ours.Listener(load, ours.streams_of(house))
        self._answered_s = self._drained_s = 0.0
        self._stored_then = 0

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Hear alarms for a block."""
        listening = asyncio.create_task(self._listener.run())
        try:
            yield
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def encode_full(self) -> list[Request]:
        """Encode what is sent at full speed."""
        return ours.encode_rounds(self._load, self._full_rounds, self._start_ms)

    async def full(self, requests: list[Request]) -> None:
        """Send as fast as answers come."""
        print(f"sending {len(requests):,} beats", flush=True)
        before = stored(self._house)
        self._answered_s = await ours.drive(
            self._house, requests, self.full_sent, plants=self._load.plants
        )
        self._stored_then = stored(self._house) - before

    async def drain(self) -> None:
        """Wait until all that was sent at full speed is stored."""
        began = time.perf_counter()
        round_samples = self._load.plants * self._load.samples_per_beat
        await until_stored(self._house, self._full_rounds.stop * round_samples)
        self._drained_s = time.perf_counter() - began

    async def paced(self) -> None:
        """Send the last rounds at a pace, and wait until all is stored."""
        paced = range(self._full_rounds.stop, self._load.rounds)
        requests = ours.encode_rounds(self._load, paced, self._start_ms, PACE)
        print(f"pacing {len(requests):,} beats at {PACE:,} samples/s", flush=True)
        await ours.drive(self._house, requests, self.paced_sent, plants=self._load.plants)
        await until_stored(self._house, self._load.samples)

    def result(self, home: Path) -> Measured:
        """Read history back in a fresh process and put all figures together."""
        load = self._load
        full_samples = len(self._full_rounds) * load.plants * load.samples_per_beat
        verified = _verify(home, load, list(range(QUIET_ROUNDS, load.rounds)), self._start_ms)
        heard = self._listener.heard
        due = {(int(plant), int(point)) for _, plant, point in load.excursions()}
        full_ms, paced_ms = self._delays_ms(self.full_sent), self._delays_ms(self.paced_sent)
        refused = len(self.full_sent.refused) + len(self.paced_sent.refused)
        for line in (self.full_sent.refused + self.paced_sent.refused)[:3]:
            print(f"refused: {line!r}", flush=True)
        return Measured(
            samples_per_s=self._stored_then / self._answered_s,
            answered_per_s=full_samples / self._answered_s,
            drained_s=self._drained_s,
            p50_ms=float(np.percentile(paced_ms, 50)),
            p99_ms=float(np.percentile(paced_ms, 99)),
            full_p50_ms=float(np.percentile(full_ms, 50)),
            full_p99_ms=float(np.percentile(full_ms, 99)),
            sent=load.samples,
            stored=verified["rows"],
            rejected=refused * load.samples_per_beat
            + self.full_sent.rejected
            + self.paced_sent.rejected,
            doubled=verified["doubled"],
            wrong=verified["wrong"],
            alarms_due=len(due),
            alarms_seen=len(due & heard.raised.keys()),
            alarms_doubled=sum(len(moments) - 1 for moments in heard.raised.values()),
            retried=self.full_sent.retried + self.paced_sent.retried,
        )

    def _delays_ms(self, sent: Sent) -> list[float]:
        """Give the time from each exceeding beat's sending until the recorder had its alarms."""
        heard = self._listener.heard.raised
        return [
            (heard[int(plant), int(point)][0] - sent.started[int(round_), int(plant)]) * 1000
            for round_, plant, point in self._load.excursions()
            if (int(round_), int(plant)) in sent.started and (int(plant), int(point)) in heard
        ] or [float("nan")]


def _verify(home: Path, load: Load, rounds: list[int], start_ms: int) -> dict[str, int]:
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.spine.verify",
            str(home / "history"),
            json.dumps(asdict(load)),
            json.dumps(rounds),
            str(start_ms),
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, int] = json.loads(done.stdout)
    return found
