"""The nation at full speed, with the keeper at work, then at a pace."""

import asyncio
import json
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path

from bench.spine import ours
from bench.spine.load import QUIET_ROUNDS, Load
from bench.spine.run import PACED_ROUNDS, Run, stored, trial_rate
from bench.spine.sender import Request
from bench.telemetry.options import Options, environment
from bench.telemetry.processes import available_bytes, cpu_s, peak_mb
from bench.telemetry.watch import Mark, Watch, due, table
from guatu.ops.house import House
from guatu.telemetry.history.plan import AGE_MS

PARTS = ("log", "gateway", "engine", "keeper")
KEEPER_MS = 5_000
"""How often the keeper looks; it still leaves alone what is younger than a minute."""
JSON_BYTES = 7.2
"""A sample takes no more in a beat of 3,000."""
SHARE_OF_MEMORY = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class Full:
    """What the run came to.

    Attributes:
        samples_per_s: stored in the measured time, by its length.
        p99_ms: from sending to an alarm, at a million samples a second.
        cpu_s_per_million: of all processes together, in the measured time.
        by_process: CPU seconds of each a million samples.
        keeper_s_per_million: CPU seconds of the keeper a million samples merged, in the whole run.
    """

    samples_per_s: float
    p99_ms: float
    cpu_s_per_million: float
    by_process: Mapping[str, float]
    keeper_s_per_million: float


async def measure(home: Path, options: Options) -> Full:
    """Run and print all of it."""
    with environment(GUATU_KEEPER_MS=KEEPER_MS), ours.running(home, PARTS) as standing:
        house, pids = standing.house, standing.supervisor.pids()
        trial = options.load(QUIET_ROUNDS, alarms=0)
        print("configuring plants", flush=True)
        await ours.configure(trial, house)
        await ours.wait_for_keys(trial, house)
        run, requests = await _prepared(house, options, trial)
        per_beat = trial.samples_per_beat
        watch = Watch(house, pids, lambda: run.full_sent.accepted * per_beat, stored(house))
        async with run.listening():
            watching = asyncio.create_task(watch.run())
            await run.full(requests)
            requests.clear()
            watching.cancel()
            with suppress(asyncio.CancelledError):
                await watching
            await watch.take()
            await run.drain()
            keeper_s = await _settle(watch, options)
            await run.paced()
        print("memory, at most, MB: " + _words(peak_mb(pids), "{:.0f}"), flush=True)
        print("CPU in all, s: " + _words(cpu_s(pids), "{:.1f}"), flush=True)
    found = run.result(home)
    print(json.dumps(asdict(found)), flush=True)
    return _figures(watch.marks, options, found.p99_ms, keeper_s)


async def _prepared(house: House, options: Options, trial: Load) -> tuple[Run, list[Request]]:
    """See how fast it is, and encode as many beats as fill the time."""
    rate = await trial_rate(house, trial)
    round_samples = trial.plants * trial.samples_per_beat
    rounds = max(5, round((options.seconds + options.warm_up) * rate / round_samples))
    room = round(available_bytes() * SHARE_OF_MEMORY / JSON_BYTES / round_samples)
    if rounds > room:
        print(f"memory holds only {room} rounds of {rounds}: the run is shorter", flush=True)
        rounds = room
    load = options.load(QUIET_ROUNDS + rounds + PACED_ROUNDS)
    start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
    print(f"trial: {rate:,.0f} samples/s; encoding {rounds} rounds", flush=True)
    run = Run(house, load, start_ms, range(QUIET_ROUNDS, QUIET_ROUNDS + rounds))
    return run, run.encode_full()


async def _settle(watch: Watch, options: Options) -> float:
    """Wait until the keeper has caught up; gives its CPU seconds a million samples merged."""
    history, began = watch.house.home / "history", time.monotonic()
    quiet_s = AGE_MS / 1000 + 2 * KEEPER_MS / 1000
    while (waited := time.monotonic() - began) < options.settle:
        if waited >= quiet_s and not due(history):
            break
        await asyncio.sleep(1)
    mark = await watch.take()
    there = mark.stored + watch.before
    merged = there - mark.unmerged
    print(table(watch.marks), flush=True)
    print(
        f"keeper: caught up {waited:.0f} s after the last answer, with {mark.due:,} samples due "
        f"and {merged:,} of {there:,} merged",
        flush=True,
    )
    return mark.cpu_s["keeper"] / merged * 1e6 if merged else float("nan")


def _figures(marks: list[Mark], options: Options, p99_ms: float, keeper_s: float) -> Full:
    """Put together what lies between the end of the warm-up and the last answer."""
    # The very last mark was taken when the keeper had caught up.
    end = marks[-2]
    begin = next((one for one in marks if one.at_s >= options.warm_up), marks[0])
    begin = begin if begin.at_s < end.at_s else marks[0]
    # Of a backlog that shrank only what came meanwhile counts.
    samples = min(end.stored - begin.stored, end.answered - begin.answered)
    taken_s = end.at_s - begin.at_s
    if not samples:
        print("too short: nothing was stored meanwhile; what was answered counts", flush=True)
        samples = end.answered - begin.answered
    used = {name: (end.cpu_s[name] - begin.cpu_s[name]) / samples * 1e6 for name in end.cpu_s}
    print(
        f"measured from second {begin.at_s:.1f} to {end.at_s:.1f}: {samples:,} samples stored; "
        f"backlog at its begin and end: not judged {begin.unjudged} and {end.unjudged} messages, "
        f"not stored {begin.answered - begin.stored:,} and {end.answered - end.stored:,}, "
        f"not merged {begin.unmerged:,} and {end.unmerged:,}, "
        f"due {begin.due:,} and {end.due:,} samples",
        flush=True,
    )
    print("CPU s a million samples: " + _words(used, "{:.4f}"), flush=True)
    return Full(
        samples_per_s=samples / taken_s,
        p99_ms=p99_ms,
        cpu_s_per_million=sum(used.values()),
        by_process=used,
        keeper_s_per_million=keeper_s,
    )


def _words(figures: Mapping[str, float], form: str) -> str:
    return ", ".join(f"{name} {form.format(figure)}" for name, figure in figures.items())
