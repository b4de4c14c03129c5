"""`make bench-spine`: the whole path beside Prometheus, on the same cores, from the same numbers.

Ends with one line of JSON. Both clocks run from the first byte sent to the last answer; each of our
answers comes after a synced write. Of ours only those samples count that are judged and lie in
history's files at that moment; what is still in memory does not. Prometheus' all count.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from bench.spine import ours, prometheus
from bench.spine.load import QUIET_ROUNDS, Load
from bench.spine.sender import Sent
from guatu.ops.house import House
from guatu.telemetry.history.read import stored_segments

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


def main() -> None:
    """Measure both sides and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--plants", type=int, default=3_000)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--alarms", type=int, default=3_000)
    parser.add_argument("--peer-seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=20261123)
    options = parser.parse_args()
    print(f"seed {options.seed}", flush=True)

    def load_of(rounds: int) -> Load:
        return Load(
            plants=options.plants,
            points=options.points,
            times=options.times,
            step_ms=200,
            rounds=rounds,
            alarms=options.alarms,
            seed=options.seed,
        )

    peer_rate, version, rates = prometheus.best_rate(
        load_of(200), time.time_ns() // 1_000_000 - 3_000_000, options.peer_seconds
    )
    for series, rate in rates.items():
        print(f"prometheus {version}: {series} series a request: {rate:,.0f} samples/s", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-spine-") as folder:
        found = asyncio.run(_measure(Path(folder), load_of, options.seconds))
    print(json.dumps(asdict(found)), flush=True)
    print(
        json.dumps(
            {
                "samples_per_s": round(found.samples_per_s),
                "prometheus_samples_per_s": round(peer_rate),
                "ratio": round(found.samples_per_s / peer_rate, 2),
                "p50_ms": round(found.p50_ms, 1),
                "p99_ms": round(found.p99_ms, 1),
                "sent": found.sent,
                "stored": found.stored,
                "rejected": found.rejected,
            }
        )
    )


async def _measure(home: Path, load_of: Callable[[int], Load], seconds: float) -> Measured:
    with ours.running(home) as house:
        trial = load_of(QUIET_ROUNDS)
        print("configuring plants", flush=True)
        await ours.configure(trial, house)
        await ours.wait_for_keys(trial, house)
        # How many rounds fill the time is known only by trying.
        rate = await _trial_rate(house, trial)
        rounds = max(5, round(seconds * rate * 1.1 / (trial.plants * trial.samples_per_beat)))
        load = load_of(QUIET_ROUNDS + rounds + PACED_ROUNDS)
        start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
        print(f"trial: {rate:,.0f} samples/s; encoding {rounds} rounds", flush=True)
        run = _Run(house, load, start_ms, range(QUIET_ROUNDS, QUIET_ROUNDS + rounds))
        await run.go()
    return run.result(home)


async def _trial_rate(house: House, trial: Load) -> float:
    """Send the quiet rounds, which also create what is created once."""
    before = time.time_ns() // 1_000_000 - 86_400_000
    rate = 0.0
    for round_ in range(QUIET_ROUNDS):
        requests = ours.encode_rounds(trial, range(round_, round_ + 1), before)
        taken = await ours.drive(house, requests, Sent())
        rate = trial.plants * trial.samples_per_beat / taken
    await _until_stored(house, trial.samples)
    return rate


async def _until_stored(house: House, samples: int) -> None:
    """Wait until history holds so many rows."""
    deadline = time.monotonic() + STORED_WITHIN_S
    while (stored := _stored(house)) < samples:
        if time.monotonic() > deadline:
            print(f"stored {stored:,} of {samples:,} in time", flush=True)
            return
        await asyncio.sleep(0.5)


def _stored(house: House) -> int:
    """Count the rows of all history files by their footers."""
    return sum(
        pq.read_metadata(segment.path).num_rows
        for segment in stored_segments(house.home / "history", -EVER, EVER)
    )


class _Run:
    """One measured run: at full speed, then paced."""

    def __init__(self, house: House, load: Load, start_ms: int, full_rounds: range) -> None:
        self._house = house
        self._load = load
        self._start_ms = start_ms
        self._full_rounds = full_rounds
        self._full, self._paced = Sent(), Sent()
        self._listener = ours.Listener(load, ours.streams_of(house))
        self._answered_s = self._drained_s = 0.0
        self._stored_then = 0

    async def go(self) -> None:
        """Send everything and wait until it is stored."""
        load, round_samples = self._load, self._load.plants * self._load.samples_per_beat
        listening = asyncio.create_task(self._listener.run())
        try:
            requests = ours.encode_rounds(load, self._full_rounds, self._start_ms)
            print(f"sending {len(requests):,} beats", flush=True)
            began = time.perf_counter()
            before = _stored(self._house)
            self._answered_s = await ours.drive(self._house, requests, self._full)
            self._stored_then = _stored(self._house) - before
            await _until_stored(self._house, self._full_rounds.stop * round_samples)
            self._drained_s = time.perf_counter() - began - self._answered_s
            paced = range(self._full_rounds.stop, load.rounds)
            requests = ours.encode_rounds(load, paced, self._start_ms, PACE)
            print(f"pacing {len(requests):,} beats at {PACE:,} samples/s", flush=True)
            await ours.drive(self._house, requests, self._paced)
            await _until_stored(self._house, load.samples)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening

    def result(self, home: Path) -> Measured:
        """Read history back in a fresh process and put all figures together."""
        load = self._load
        full_samples = len(self._full_rounds) * load.plants * load.samples_per_beat
        verified = _verify(home, load, list(range(QUIET_ROUNDS, load.rounds)), self._start_ms)
        heard = self._listener.heard
        due = {(int(plant), int(point)) for _, plant, point in load.excursions()}
        full_ms, paced_ms = self._delays_ms(self._full), self._delays_ms(self._paced)
        refused = len(self._full.refused) + len(self._paced.refused)
        for line in (self._full.refused + self._paced.refused)[:3]:
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
            rejected=refused * load.samples_per_beat + self._full.rejected + self._paced.rejected,
            doubled=verified["doubled"],
            wrong=verified["wrong"],
            alarms_due=len(due),
            alarms_seen=len(due & heard.raised.keys()),
            alarms_doubled=sum(len(moments) - 1 for moments in heard.raised.values()),
            retried=self._full.retried + self._paced.retried,
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


if __name__ == "__main__":
    main()
