"""`make bench-fairness`: fifty plants send once a second, alone and beside a plant that floods.

The flood comes over several connections as fast as answers do, and takes no notice of Retry-After.
It runs in a process of its own, on the same cores. Ends with one line of JSON: for the fifty the
99th percentile from the moment a beat was due to the answer that it is on disk, in milliseconds,
without and with the flood; and what was sent, taken and refused.
"""

import argparse
import asyncio
import json
import sys
import tempfile
from collections import Counter
from pathlib import Path

import numpy as np

from bench.fairness.plants import Neighbours, requests_of
from bench.spine import ours
from bench.spine.load import Load
from guatu.ops.house import House

NEIGHBOURS = 50
POINTS = 100
SETTLE_S = 3.0


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=12, help="each half lasts so long")
    parser.add_argument("--connections", type=int, default=8, help="of the flood")
    parser.add_argument("--seed", type=int, default=20261124)
    options = parser.parse_args()
    load = Load(
        plants=NEIGHBOURS + 1,
        points=POINTS,
        times=1,
        step_ms=1000,
        rounds=2 * options.seconds + 2,
        alarms=0,
        seed=options.seed,
    )
    print(f"seed {options.seed}", flush=True)
    with tempfile.TemporaryDirectory(prefix="bench-fairness-") as folder:
        print(json.dumps(asyncio.run(_measure(Path(folder), load, options))))


async def _measure(home: Path, load: Load, options: argparse.Namespace) -> dict[str, float]:
    with ours.running(home) as standing:
        house = standing.house
        await ours.configure(load, house)
        await ours.wait_for_keys(load, house)
        # One beat of each plant first: connections, and whatever is made once.
        warm = Neighbours(house.gateway_port, requests_of(load, range(1)))
        await warm.send()
        await asyncio.sleep(SETTLE_S)
        quiet = Neighbours(house.gateway_port, requests_of(load, range(1, 1 + options.seconds)))
        await quiet.send()
        print(f"alone: {quiet.told()}", flush=True)
        rounds = range(1 + options.seconds, 1 + 2 * options.seconds)
        flooded = Neighbours(house.gateway_port, requests_of(load, rounds))
        flood = await _start_flood(house, options)
        await flooded.send()
        flood_counts = await _end_flood(flood)
        print(f"beside a flood: {flooded.told()}; the flood: {dict(flood_counts)}", flush=True)
    return {
        "quiet_p99_ms": round(float(np.percentile(quiet.delays_ms, 99)), 2),
        "flooded_p99_ms": round(float(np.percentile(flooded.delays_ms, 99)), 2),
        "flood_sent": flood_counts.total(),
        "flood_taken": flood_counts["200"],
        "flood_refused": flood_counts["429"],
        "others_sent": quiet.sent + flooded.sent,
        "others_taken": quiet.taken + flooded.taken,
    }


async def _start_flood(house: House, options: argparse.Namespace) -> asyncio.subprocess.Process:
    """Start the flood and wait until it has begun."""
    flood = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "bench.fairness.flood",
        str(house.gateway_port),
        ours.plant_key(NEIGHBOURS),
        str(POINTS),
        str(options.connections),
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert flood.stdout is not None
    await flood.stdout.readline()
    return flood


async def _end_flood(flood: asyncio.subprocess.Process) -> Counter[str]:
    """End the flood; gives its answers by status."""
    said, _ = await flood.communicate(b"\n")
    return Counter(json.loads(said))


if __name__ == "__main__":
    main()
