"""`make bench-spine`: the whole path beside Prometheus, on the same cores, from the same numbers.

Ends with one line of JSON. Both clocks run from the first byte sent to the last answer; each of our
answers comes after a synced write. Of ours only those samples count that are judged and lie in
history's files at that moment; what is still in memory does not. Prometheus' all count.
"""

import argparse
import json
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path

import uvloop

from bench.spine import ours, peers, prometheus
from bench.spine.load import QUIET_ROUNDS, Load
from bench.spine.run import PACED_ROUNDS, Measured, Run, trial_rate

FASTER = 1.5
"""The trial is short and creates what is created once: what follows is up to so much faster."""


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

    peer_rates = peers.best_rates(
        prometheus.PEER,
        load_of(200),
        time.time_ns() // 1_000_000 - 3_000_000,
        options.peer_seconds,
    )
    with tempfile.TemporaryDirectory(prefix="bench-spine-") as folder:
        found = uvloop.run(_measure(Path(folder), load_of, options.seconds))
    print(json.dumps(asdict(found)), flush=True)
    print(
        json.dumps(
            {
                "samples_per_s": round(found.samples_per_s),
                "prometheus_samples_per_s": round(max(peer_rates.values())),
                "ratio": round(found.samples_per_s / max(peer_rates.values()), 2),
                "p50_ms": round(found.p50_ms, 1),
                "p99_ms": round(found.p99_ms, 1),
                "sent": found.sent,
                "stored": found.stored,
                "rejected": found.rejected,
            }
        )
    )


async def _measure(home: Path, load_of: Callable[[int], Load], seconds: float) -> Measured:
    with ours.running(home) as standing:
        house = standing.house
        trial = load_of(QUIET_ROUNDS)
        print("configuring plants", flush=True)
        await ours.configure(trial, house)
        await ours.wait_for_keys(trial, house)
        # How many rounds fill the time is known only by trying.
        rate = await trial_rate(house, trial)
        rounds = max(5, round(seconds * rate * FASTER / (trial.plants * trial.samples_per_beat)))
        load = load_of(QUIET_ROUNDS + rounds + PACED_ROUNDS)
        start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
        print(f"trial: {rate:,.0f} samples/s; encoding {rounds} rounds", flush=True)
        run = Run(house, load, start_ms, range(QUIET_ROUNDS, QUIET_ROUNDS + rounds))
        async with run.listening():
            await run.full(run.encode_full())
            await run.drain()
            await run.paced()
    return run.result(home)


if __name__ == "__main__":
    main()
