"""`make bench-spine`: the whole path beside Prometheus, on the same cores, from the same numbers.

Ends with one line of JSON. Our clock runs from the first byte sent until the last sample is judged
and stored in history; every beat was acknowledged after a synced write. Prometheus' clock stops at
its last answer.
"""

import argparse
import asyncio
import json
import subprocess
import sys
import tempfile
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from bench.spine import ours, prometheus
from bench.spine.load import Load
from bench.spine.sender import Sent
from guatu.ops.house import House
from guatu.telemetry import log

PACE = 1_000_000
"""Samples a second at which the delay to an alarm is measured."""
PACED_ROUNDS = 3
STORED_WITHIN_S = 300.0


@dataclass(slots=True)
class Measured:
    """Our side."""

    samples_per_s: float
    answered_per_s: float
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


async def _measure(home: Path, load_of, seconds: float) -> Measured:  # type: ignore[no-untyped-def]  # noqa: ANN001
    with ours.running(home) as house:
        trial = load_of(PACED_ROUNDS + 2)
        print("configuring plants", flush=True)
        await ours.configure(trial, house)
        await ours.wait_for_keys(trial, house)
        # How many rounds fill the time is known only by trying two.
        started = time.perf_counter()
        rate = await _trial_rate(house, trial)
        rounds = max(5, round(seconds * rate * 1.1 / (trial.plants * trial.samples_per_beat)))
        print(f"trial {rate:,.0f} samples/s in {time.perf_counter() - started:.1f} s", flush=True)
        load = load_of(2 + rounds + PACED_ROUNDS)
        start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
        print(f"encoding {rounds} rounds", flush=True)
        listener = ours.Listener(load, ours.streams_of(house))
        listening = asyncio.create_task(listener.run())
        full, paced = Sent(), Sent()
        try:
            requests = ours.encode_rounds(load, range(2, 2 + rounds), start_ms)
            print(f"sending {len(requests):,} beats", flush=True)
            began = time.perf_counter()
            answered_s = await ours.drive(house, requests, full)
            await _stored(house, load)
            whole_s = time.perf_counter() - began
            requests = ours.encode_rounds(load, range(2 + rounds, load.rounds), start_ms, PACE)
            print(f"pacing {len(requests):,} beats at {PACE:,} samples/s", flush=True)
            await ours.drive(house, requests, paced)
            await _stored(house, load)
        finally:
            listening.cancel()
            with suppress(asyncio.CancelledError):
                await listening
    return _result(
        home, load, listener.heard, (full, paced), rounds, (answered_s, whole_s), start_ms
    )
