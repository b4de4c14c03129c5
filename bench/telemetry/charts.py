"""Charts over a month: history laid down by the product's own writer and keeper, in a live house.

Then asked through the door that the web asks through, with the engine's memory in every answer.
"""

import asyncio
import json
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from bench.spine import ours
from bench.spine.load import Load
from bench.spine.sender import Sent
from bench.telemetry import victoria
from bench.telemetry.options import Options, environment
from guatu.ops.house import House
from guatu.telemetry import door, query
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    SegmentName,
    day_folder,
    rolled_folder,
    segments,
)
from guatu.telemetry.history.sort import Part
from guatu.telemetry.history.write import SCALED, write_part
from guatu.telemetry.log import partition_of
from guatu.telemetry.settings import DoorSettings

PARTS = ("log", "gateway", "engine", "keeper")
STREAM = "0000beac"
DAY_MS, DAY_S = 86_400_000, 86_400
SEGMENTS_A_DAY = 4
PLACES = 900
"""As many as the explorer page asks for."""
MONTH_POINTS = 20
MERGED_WITHIN_S = 120.0


@dataclass(frozen=True, slots=True)
class _Plan:
    """What lies where.

    Attributes:
        points: how many; their ids are 1, 2, ….
        days: how many.
        start_ms: midnight of the first, UTC.
        seed: where the numbers come from.
    """

    points: int
    days: int
    start_ms: int
    seed: int

    @property
    def end_ms(self) -> int:
        return self.start_ms + self.days * DAY_MS

    @property
    def samples(self) -> int:
        return self.points * self.days * DAY_S

    def tenths(self, day: int) -> NDArray[np.int32]:
        """Draw a day: around a level of its own each point swings, wanders, and trembles."""
        dice = np.random.default_rng((self.seed, day))
        seconds = day * DAY_S + np.arange(DAY_S)
        level = 300 + 150 * np.arange(self.points)[:, None]
        swing = 200 * np.sin(seconds / (600 + 60 * np.arange(self.points)[:, None]))
        wander = np.cumsum(dice.normal(0, 0.4, (self.points, DAY_S)), axis=1)
        noise = dice.normal(0, 1.5, (self.points, DAY_S))
        tenths: NDArray[np.int32] = np.rint(level + swing + wander + noise).astype(np.int32)
        return tenths


def measure(options: Options) -> float:
    """Lay down, ask and print; gives the worst p95 in milliseconds."""
    today_ms = time.time_ns() // 1_000_000 // DAY_MS * DAY_MS
    plan = _Plan(options.chart_points, options.days, today_ms - options.days * DAY_MS, options.seed)
    with tempfile.TemporaryDirectory(prefix="bench-charts-") as folder:
        _lay_down(Path(folder) / "history", plan)
        found = asyncio.run(_live(Path(folder), plan, options))
    if options.victoria_charts:
        _ask_victoria(plan, options)
    return found


def _lay_down(history: Path, plan: _Plan) -> None:
    """Write segments of six hours, then merge and roll up."""
    began = time.monotonic()
    partition = partition_of(_plant_code(), 2)
    points = np.arange(1, plan.points + 1, dtype=np.int32)
    size = DAY_S // SEGMENTS_A_DAY
    for day in range(plan.days):
        day_ms, tenths = plan.start_ms + day * DAY_MS, plan.tenths(day)
        folder = day_folder(history, partition, day_ms)
        folder.mkdir(parents=True)
        for number in range(SEGMENTS_A_DAY):
            at = slice(number * size, (number + 1) * size)
            times = day_ms + 1000 * np.arange(at.start, at.stop, dtype=np.int64)
            part = Part(
                np.repeat(points, size),
                np.tile(times, plan.points),
                np.ones(size * plan.points, np.int8),
                tenths[:, at].ravel(),
            )
            sequence = 1000 * (day * SEGMENTS_A_DAY + number)
            span = int(times[0]), int(times[-1])
            name = SegmentName(STREAM, sequence + 1, sequence + 1000, *span)
            write_part(folder / str(name), part, SCALED)
    written_s = time.monotonic() - began
    kept = keep(history, time.time_ns() // 1_000_000, at_once=True)
    print(
        f"{plan.samples:,} samples of {plan.points} points and {plan.days} days: written in "
        f"{written_s:.0f} s, merged and rolled up in {time.monotonic() - began - written_s:.0f} s "
        f"({kept.samples:,} samples)",
        flush=True,
    )


def _plant_code() -> str:
    return ours.config_of(_load(1, 0), 0).code


def _load(points: int, seed: int) -> Load:
    return Load(plants=1, points=points, times=60, step_ms=1000, rounds=2, alarms=0, seed=seed)


async def _live(home: Path, plan: _Plan, options: Options) -> float:
    """Stand the house up over that history, let its plant send, and ask."""
    load = _load(plan.points, plan.seed)
    with (
        environment(GUATU_KEEPER_MS=1_000, GUATU_CUT_MS=2_000),
        ours.running(home, PARTS) as standing,
    ):
        house = standing.house
        await ours.configure(load, house)
        await ours.wait_for_keys(load, house)
        start_ms = time.time_ns() // 1_000_000 - 120_000
        await ours.drive(house, ours.encode_rounds(load, range(1), start_ms), Sent(), plants=1)
        await _until_merged(home / "history")
        # What comes now stays in the engine's memory for a while.
        await ours.drive(house, ours.encode_rounds(load, range(1, 2), start_ms), Sent(), plants=1)
        return await asyncio.to_thread(_ask, house, plan, options.queries)


async def _until_merged(history: Path) -> None:
    """Wait until the keeper has joined the hours of days that are over."""
    deadline = time.monotonic() + MERGED_WITHIN_S
    folder = rolled_folder(history, partition_of(_plant_code(), 2), "hour")
    while True:
        found = segments(folder, ROLLED_WITHIN["hour"])
        laid = [one for one in found if one.name.stream == STREAM]
        if len(laid) <= len({one.path.parent for one in laid}):
            return
        if time.monotonic() > deadline:
            raise TimeoutError(f"the keeper leaves {len(laid)} files of hours")
        await asyncio.sleep(0.5)


def _ask(house: House, plan: _Plan, queries: int) -> float:
    """Ask each kind of question and print how long the answers took."""
    settings = {"GUATU_HOME": str(house.home), "GUATU_LOG_PORT": str(house.log_port)}
    door.use(DoorSettings.from_env(settings))
    try:
        dice = np.random.default_rng(plan.seed)
        spans = list(_spans(plan, dice, queries))
        everyone = range(1, plan.points + 1)

        def day(number: int) -> int:
            point, start_ms = spans[number]
            return len(query.history([point], start_ms, start_ms + DAY_MS - 1, PLACES))

        def raw_day(number: int) -> int:
            point, start_ms = spans[number]
            return len(query.history([point], start_ms, start_ms + DAY_MS - 1, PLACES, "raw"))

        def month(number: int) -> int:
            some = _some_points(plan, number)
            return len(query.history(some, plan.start_ms, plan.end_ms - 1, PLACES, "hour"))

        def last(_number: int) -> int:
            values = query.last_values(_plant_code(), list(everyone))
            return sum(one.value is not None for one in values)

        months = min(MONTH_POINTS, plan.points)
        kinds = {
            "a day of one point": _p95(day, queries, least=200),
            f"a month by hour of {months} points": _p95(
                month, queries, least=months * plan.days * 24
            ),
            "last value of all points": _p95(last, queries, least=plan.points),
        }
        _p95_raw = _p95(raw_day, queries, least=500)
        for name, took in {**kinds, "a day of one point, from every sample": _p95_raw}.items():
            print(f"  {name}: {_quantiles(took)}", flush=True)
        return max(float(np.percentile(took, 95)) for took in kinds.values())
    finally:
        door.use(None)


def _spans(plan: _Plan, dice: np.random.Generator, queries: int) -> Iterator[tuple[int, int]]:
    for _ in range(queries):
        point = int(dice.integers(1, plan.points + 1))
        yield point, plan.start_ms + int(dice.integers(0, plan.days)) * DAY_MS


def _some_points(plan: _Plan, number: int) -> list[int]:
    dice = np.random.default_rng((plan.seed, number))
    chosen = dice.choice(plan.points, min(MONTH_POINTS, plan.points), replace=False)
    return sorted(int(one) + 1 for one in chosen)


def _p95(ask: Callable[[int], int], queries: int, *, least: int) -> list[float]:
    """Time a question; each answer must hold enough.

    Raises:
        RuntimeError: if an answer holds less.
    """
    took = []
    for number in range(queries):
        began = time.perf_counter()
        found = ask(number)
        took.append((time.perf_counter() - began) * 1000)
        if found < least:
            raise RuntimeError(f"an answer of {found} places, {least} at least were due")
    return took


def _quantiles(took: list[float]) -> str:
    p50, p95 = np.percentile(took, (50, 95))
    return f"p50 {p50:.1f} ms, p95 {p95:.1f} ms, most {max(took):.1f} ms of {len(took)}"


def _ask_victoria(plan: _Plan, options: Options) -> None:
    """Let VictoriaMetrics hold the same and answer the same."""
    with victoria.running() as peer:
        began = time.monotonic()
        for day in range(plan.days):
            times = plan.start_ms + day * DAY_MS + 1000 * np.arange(DAY_S)
            tenths, moments = plan.tenths(day), times.tolist()
            victoria.load(
                peer.port,
                (
                    victoria.line({"point": str(point)}, moments, (row / 10).tolist())
                    for point, row in enumerate(tenths, 1)
                ),
            )
        victoria.settle(peer.port)
        rows, data, _ = victoria.held(peer.port)
        print(
            f"VictoriaMetrics {peer.version}: {rows:,} samples taken and merged in "
            f"{time.monotonic() - began:.0f} s, {data / rows:.3f} bytes a sample",
            flush=True,
        )
        for name, took in _victoria_answers(peer.port, plan, options.queries):
            print(f"  {name}: {_quantiles(took)}", flush=True)


def _victoria_answers(port: int, plan: _Plan, queries: int) -> Iterator[tuple[str, list[float]]]:
    spans = list(_spans(plan, np.random.default_rng(plan.seed), queries))

    def asked(path: str, **facts: object) -> int:
        result = json.loads(victoria.get(port, path, nocache=1, **facts))["data"]["result"]
        return sum(len(one.get("values", [0])) for one in result)

    def range_of(selector: str, start_ms: int, end_ms: int, step: int) -> int:
        query_ = f"avg_over_time(v{{{selector}}}[{step}s])"
        span = {"start": start_ms / 1000 + step, "end": end_ms / 1000, "step": step}
        return asked("/api/v1/query_range", query=query_, **span)

    def day(number: int) -> int:
        point, start_ms = spans[number]
        return range_of(f'point="{point}"', start_ms, start_ms + DAY_MS, 240)

    def month(number: int) -> int:
        some = "|".join(map(str, _some_points(plan, number)))
        return range_of(f'point=~"{some}"', plan.start_ms, plan.end_ms, 3600)

    def last(_number: int) -> int:
        at = plan.end_ms / 1000 - 1
        return asked("/api/v1/query", query='v{point!=""}', time=at)

    yield "a day of one point", _p95(day, queries, least=200)
    months = min(MONTH_POINTS, plan.points)
    yield (
        f"a month by hour of {months} points",
        _p95(month, queries, least=months * (plan.days * 24 - 1)),
    )
    yield "last value of all points", _p95(last, queries, least=plan.points)
