"""Short runs over the number of points, the encoding and the size of a beat: a table."""

import asyncio
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bench.spine import ours
from bench.spine.load import Load
from bench.spine.sender import Sent
from bench.telemetry.options import Options, environment
from bench.telemetry.processes import cpu_s, peak_mb

PARTS = ("log", "gateway", "engine", "keeper")
JUDGED_WITHIN_S = 120.0
NO_LIMIT = {"GUATU_PLANT_SAMPLES_S": 1 << 40, "GUATU_PLANT_REQUESTS_S": 1 << 20}
"""Few plants that send as fast as they can would be held back as a flood."""
MOST_BEATS = 300_000


@dataclass(frozen=True, slots=True)
class _Row:
    """A row of the tables: plants × points, times a beat, JSON or raw."""

    plants: int
    points: int
    times: int
    raw: bool = False

    def load(self, rounds: int, seed: int) -> Load:
        return Load(
            plants=self.plants,
            points=self.points,
            times=self.times,
            step_ms=100,
            rounds=rounds,
            alarms=0,
            seed=seed,
        )


def _rows(options: Options) -> Iterator[_Row]:
    """By points, then by encoding and size of a beat; what is the same is not run twice."""
    points = 1_000
    while points <= options.sweep_points:
        yield _Row(points // 250, 250, 12)
        points *= 10
    total = min(300_000, options.sweep_points)
    for shape in ((100, 1), (100, 10), (300, 10), (500, 20)):
        for raw in (False, True):
            yield _Row(max(total // shape[0], 1), *shape, raw)


async def measure(options: Options) -> None:
    """Run each row and print all of them."""
    lines = ["  points     form  samples a beat    samples/s   CPU s a million   memory MB"]
    for row in _rows(options):
        with tempfile.TemporaryDirectory(prefix="bench-sweep-") as folder:
            lines.append(await _measure(Path(folder), row, options))
    print("\n".join(lines), flush=True)


async def _measure(home: Path, row: _Row, options: Options) -> str:
    with environment(**NO_LIMIT), ours.running(home, PARTS) as standing:
        pids, per_round = standing.supervisor.pids(), row.plants * row.points * row.times
        trial = row.load(2 * MOST_BEATS // row.plants, options.seed)
        await ours.configure(trial, standing.house)
        await ours.wait_for_keys(trial, standing.house)
        done, rate, used = 0, 0.0, 0.0
        # The first turns create what is created once, and show how much fills the time.
        for seconds in (0.0, 1.0, options.sweep_seconds):
            rounds = max(1, round(seconds * rate / per_round))
            rounds = min(rounds, max(1, MOST_BEATS // row.plants))
            before = sum(cpu_s(pids).values())
            taken_s = await _turn(standing, trial, range(done, done + rounds), raw=row.raw)
            done += rounds
            rate = rounds * per_round / taken_s
            used = (sum(cpu_s(pids).values()) - before) / (rounds * per_round) * 1e6
        return (
            f"  {row.plants * row.points:9,} {'raw' if row.raw else 'JSON':>5s} "
            f"{row.points * row.times:12,} {rate:15,.0f} {used:15.3f} "
            f"{sum(peak_mb(pids).values()):13,.0f}"
        )


async def _turn(standing: ours.Standing, load: Load, rounds: range, *, raw: bool) -> float:
    """Send some rounds; gives the seconds until all of them are answered and judged."""
    start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
    requests, outcome = ours.encode_rounds(load, rounds, start_ms, raw=raw), Sent()
    began = time.perf_counter()
    await ours.drive(standing.house, requests, outcome, plants=load.plants)
    await _until_judged(standing)
    taken_s = time.perf_counter() - began
    if outcome.accepted != len(requests) or outcome.rejected:
        raise RuntimeError(f"{outcome.refused[:1]} of {len(requests)} beats")
    return taken_s


async def _until_judged(standing: ours.Standing) -> None:
    """Wait until the engine has judged all that was answered."""
    deadline = time.monotonic() + JUDGED_WITHIN_S
    while await ours.unjudged(standing.house):
        if time.monotonic() > deadline:
            raise TimeoutError("the engine does not keep up")
        await asyncio.sleep(0.02)
