"""Each stage of a sample's way alone: what it costs, and so the limit of one core.

Parsing, judging, writing and merging are timed by calling the product's own functions on the
load's own beats; receiving and the log in processes of their own, whose CPU the kernel tells.
"""

import asyncio
import math
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np

from bench.spine import ours
from bench.spine.encode import Encoder
from bench.spine.load import Load, beats
from bench.spine.sender import Sent
from bench.telemetry.options import Options
from bench.telemetry.processes import cpu_s
from guatu.ops.house import free_ports, house_on_free_ports
from guatu.telemetry import intake, kernels, log
from guatu.telemetry.follow import Entry
from guatu.telemetry.frame import beat_bytes, frame_bytes
from guatu.telemetry.history import merge, write
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import SegmentName, day_folder
from guatu.telemetry.history.sort import sort_blocks
from guatu.telemetry.intake import take_beat
from guatu.telemetry.kernels import EventBuffer
from guatu.telemetry.plant_door import PlantDoor
from guatu.telemetry.state import PartitionState
from guatu.telemetry.step import Engine

MOST_PLANTS = 500
BEATS_A_MESSAGE = 30
ROUNDS_A_SEGMENT = 2
IN_FLIGHT = 3
STREAM = "0000beac"
PROCESS_OF = {
    "receive": "gateway",
    "parse": "gateway",
    "frame": "gateway",
    "log": "log",
    "judge": "engine",
    "write": "engine",
    "compact": "keeper",
}


@dataclass(slots=True)
class _Costs:
    """CPU seconds and samples of each stage."""

    cpu_s: dict[str, float] = field(default_factory=dict)
    samples: dict[str, int] = field(default_factory=dict)

    def add(self, stage: str, seconds: float, samples: int) -> None:
        self.cpu_s[stage] = self.cpu_s.get(stage, 0.0) + seconds
        self.samples[stage] = self.samples.get(stage, 0) + samples

    def ms_per_million(self, stage: str) -> float:
        return self.cpu_s[stage] / self.samples[stage] * 1e9


class _Line:
    """Parse, frame, judge, write and compact, one after another in this process."""

    def __init__(self, load: Load, history: Path, costs: _Costs) -> None:
        self._load, self._history, self._costs = load, history, costs
        self._start_ms = time.time_ns() // 1_000_000 - load.rounds * load.times * load.step_ms
        self._encoder = Encoder(load, [ours.plant_key(p) for p in range(load.plants)], "bench")
        self._state = PartitionState()
        self._engine = Engine(0, self._state, 30_000, 1 << 40)
        configs = [ours.config_of(load, plant) for plant in range(load.plants)]
        self._doors = [PlantDoor(config, 0) for config in configs]
        self._sequence = len(configs)
        for number, config in enumerate(configs, 1):
            self._state.configure(config, now_ms=self._start_ms, sequence=number, out=EventBuffer())
        self.frames: list[bytes] = []

    def run(self) -> None:
        """Go through all rounds; the first of them is not counted, for it creates things."""
        for round_ in range(self._load.rounds):
            self._round(round_, self._costs if round_ else _Costs())
            if round_ % ROUNDS_A_SEGMENT == ROUNDS_A_SEGMENT - 1:
                self._cut(self._costs if round_ >= ROUNDS_A_SEGMENT else _Costs())
        began = time.process_time()
        kept = keep(self._history, time.time_ns() // 1_000_000, at_once=True)
        self._costs.add("compact", time.process_time() - began, kept.samples)

    def _round(self, round_: int, costs: _Costs) -> None:
        times_ms = self._load.times_ms(round_, self._start_ms)
        bodies = [
            self._encoder.request(plant, round_ + 1, times_ms, tenths).partition(b"\r\n\r\n")[2]
            for plant, tenths in enumerate(beats(self._load, round_))
        ]
        now_ms = time.time_ns() // 1_000_000
        moments = [time.process_time()]
        taken = [take_beat(*one, now_ms) for one in zip(self._doors, bodies, strict=True)]
        moments.append(time.process_time())
        self.frames = [
            frame_bytes([beat_bytes(one.beat) for one in taken[at : at + BEATS_A_MESSAGE]])
            for at in range(0, len(taken), BEATS_A_MESSAGE)
        ]
        moments.append(time.process_time())
        for message in self.frames:
            self._sequence += 1
            self._engine.step(Entry(self._sequence, now_ms, message))
        moments.append(time.process_time())
        samples = len(bodies) * self._load.samples_per_beat
        for stage, seconds in zip(("parse", "frame", "judge"), np.diff(moments), strict=True):
            costs.add(stage, float(seconds), samples)

    def _cut(self, costs: _Costs) -> None:
        """Sort and write what arrived, as the engine does at a cut."""
        first = self._state.cut_sequence + 1
        arrivals = self._engine.take_cut()
        began = time.process_time()
        rows = sort_blocks(arrivals.blocks, self._state.ids[: self._state.points])
        name = SegmentName(STREAM, first, self._state.cut_sequence, *rows.span_ms)
        folder = day_folder(self._history, 0, self._start_ms)
        folder.mkdir(parents=True, exist_ok=True)
        write.write_part(folder / str(name), rows.scaled, write.SCALED)
        costs.add("write", time.process_time() - began, len(rows))


async def _receive(load: Load, costs: _Costs) -> None:
    """Send a few rounds to the HTTP server alone."""
    port = free_ports(1)
    process = subprocess.Popen([sys.executable, "-m", "bench.telemetry.receiver", str(port)])
    house = replace(house_on_free_ports(Path()), gateway_port=port)
    try:
        await ours.wait_for_keys(replace(load, plants=0), house)
        for round_ in range(3):
            requests = ours.encode_rounds(load, range(round_, round_ + 1), 0)
            before = cpu_s({"receive": process.pid})["receive"]
            sent = Sent()
            await ours.drive(house, requests, sent, plants=load.plants)
            after = cpu_s({"receive": process.pid})["receive"]
            if sent.accepted != len(requests):
                raise RuntimeError(f"{sent.accepted} of {len(requests)} beats were received")
            if round_:
                costs.add("receive", after - before, load.plants * load.samples_per_beat)
    finally:
        process.kill()
        process.wait(30)


async def _log(home: Path, frames: list[bytes], samples: int, costs: _Costs) -> float:
    """Write messages into a log of its own, each synced; gives samples a second."""
    with ours.running(home, ("log",)) as standing:
        streams = ours.streams_of(standing.house)
        pids = standing.supervisor.pids()
        async with log.connection(streams, "bench") as client:
            js = client.jetstream()
            await log.ensure_streams(js, streams)
            room = asyncio.Semaphore(IN_FLIGHT * streams.partitions)

            async def one(number: int, message: bytes) -> None:
                async with room:
                    subject = log.beats_subject(number % streams.partitions)
                    await log.publish(js, subject, message, timeout_s=30)

            before, began = cpu_s(pids)["log"], time.perf_counter()
            await asyncio.gather(*(one(*pair) for pair in enumerate(frames)))
            taken_s = time.perf_counter() - began
            costs.add("log", cpu_s(pids)["log"] - before, samples)
    return samples / taken_s


def measure(options: Options, by_process: Mapping[str, float], keeper_s: float) -> None:
    """Measure every stage alone and print it beside what its process used in the full run.

    Args:
        options: of the bench.
        by_process: CPU seconds a million samples of each process in the full run, if there was.
        keeper_s: of the keeper, a million samples merged.
    """
    whole = options.load(options.stage_rounds, alarms=0)
    load = replace(whole, plants=min(options.plants, MOST_PLANTS))
    for warm_up in (intake.warm_up, kernels.warm_up, write.warm_up, merge.warm_up):
        warm_up()
    costs = _Costs()
    with tempfile.TemporaryDirectory(prefix="bench-stages-") as folder:
        # All that is compiled at its first use is compiled here.
        few = replace(load, plants=min(load.plants, 10), rounds=2 * ROUNDS_A_SEGMENT)
        _Line(few, Path(folder) / "few", _Costs()).run()
        line = _Line(load, Path(folder) / "line", costs)
        line.run()
        samples = load.plants * load.samples_per_beat
        synced = asyncio.run(_log(Path(folder) / "house", line.frames * 3, 3 * samples, costs))
    asyncio.run(_receive(load, costs))
    used = dict(by_process)
    if "keeper" in used and not math.isnan(keeper_s):
        used["keeper"] = keeper_s
    print(_table(costs, used))
    print(f"the log alone, waiting for the disk: {synced:,.0f} samples/s", flush=True)


def _table(costs: _Costs, used: Mapping[str, float]) -> str:
    lines = [
        "  stage     CPU ms a million   limit of a core, M/s   its process in the full run, ms"
    ]
    total = 0.0
    for stage, process in PROCESS_OF.items():
        each = costs.ms_per_million(stage)
        total += each
        beside = f"{process} {used[process] * 1e3:.1f}" if process in used else process
        lines.append(f"  {stage:8s} {each:17.1f} {1e3 / each:22.1f}   {beside}")
    lines.append(f"  all      {total:17.1f} {1e3 / total:22.1f}   two cores: {2e3 / total:.1f}")
    return "\n".join(lines)
