"""Bytes a sample of the same recording, ours merged and VictoriaMetrics' merged by force."""

import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from bench.telemetry import victoria
from bench.telemetry.options import Options
from guatu.simulator.plants import DEMO_PLANTS
from guatu.simulator.recordings import ReadOptions, Recording
from guatu.simulator.replay import read_recordings
from guatu.simulator.sources import DemoConfig, sources_of
from guatu.telemetry.cells import TENS, cells_of
from guatu.telemetry.history.keep import keep
from guatu.telemetry.history.layout import SegmentName, day_folder
from guatu.telemetry.history.sort import Block, sort_blocks
from guatu.telemetry.history.write import OTHERS, SCALED, write_part

RECORDINGS = {"skab": ReadOptions(), "tep": ReadOptions(period_s=180)}
"""By folder; the second has no times, and was sampled every three minutes."""
STREAM = "0000beac"
START_MS = 1_763_000_000_000
"""Where a recording without dates is put."""
TIMES_A_BEAT = 60
SIMULATED_S = 2 * 3_600
MOST_DECIMALS = 9


@dataclass(frozen=True, slots=True)
class Series:
    """The course of some points with common times.

    Attributes:
        name: of the recording.
        codes: of the points.
        times_ms: int64 (times,).
        values: float64 (points, times); NaN is no sample.
        decimals: of each point, int8.
    """

    name: str
    codes: tuple[str, ...]
    times_ms: NDArray[np.int64]
    values: NDArray[np.float64]
    decimals: NDArray[np.int8]

    @property
    def samples(self) -> int:
        """How many there are."""
        return int(np.count_nonzero(~np.isnan(self.values)))


@dataclass(frozen=True, slots=True)
class Sizes:
    """Bytes a sample.

    Attributes:
        ours: of the merged samples.
        ours_rolled: of the roll-ups beside them, a sample.
        victoria: of its samples.
        victoria_all: of these and its index.
    """

    ours: float
    ours_rolled: float
    victoria: float
    victoria_all: float


def measure(options: Options) -> Sizes:
    """Measure all kinds of recordings there are and print them; gives the first, a real one.

    Where the recordings are absent, the simulator's own signals take their place.
    """
    kinds = {name: _recorded(options.data / name, read) for name, read in RECORDINGS.items()}
    kinds = {name: series for name, series in kinds.items() if series}
    if kinds:
        kinds = {"+".join(kinds): [one for series in kinds.values() for one in series], **kinds}
    else:
        print(f"no recordings in {options.data}: the simulator's own signals instead")
    kinds["simulator"] = list(_simulated(options.seed))
    found = {}
    for name, series in kinds.items():
        found[name] = sizes = _sizes(series)
        points = sum(len(one.codes) for one in series)
        print(
            f"  {name:10s} {sum(one.samples for one in series):>10,} samples of {points:,} points:"
            f" ours {sizes.ours:.3f} bytes a sample (+ {sizes.ours_rolled:.3f} of roll-ups),"
            f" VictoriaMetrics {sizes.victoria:.3f} ({sizes.victoria_all:.3f} with its index)",
            flush=True,
        )
    return next(iter(found.values()))


def _recorded(folder: Path, read: ReadOptions) -> list[Series]:
    """Read recordings as `guatu replay` does."""
    if not folder.is_dir():
        return []
    return [_series_of(one) for one in read_recordings([folder], read) if one.counts.samples]


def _series_of(recording: Recording) -> Series:
    return Series(
        name=recording.name,
        codes=tuple(sensor.code for sensor in recording.sensors),
        times_ms=recording.times_ms + (START_MS if recording.elapsed else 0),
        values=recording.values,
        decimals=np.array([min(s.decimals, MOST_DECIMALS) for s in recording.sensors], np.int8),
    )


def _simulated(seed: int) -> Iterator[Series]:
    """Let the demo's plants run for some hours, a reading a second."""
    config = DemoConfig(seed=seed, compression=1.0, accident_at_s=None)
    times_ms = START_MS + 1000 * np.arange(SIMULATED_S, dtype=np.int64)
    for plant in DEMO_PLANTS:
        sources = sources_of(plant, config, accident=False)
        rows: list[list[float | None]] = []
        codes: tuple[str, ...] = ()
        for _ in range(SIMULATED_S):
            read = []
            for source in sources:
                source.step(1.0)
                read += source.read()
            codes = tuple(code for code, _ in read)
            rows.append([value for _, value in read])
        values = np.array(rows, float).T.copy()
        yield Series(plant.code, codes, times_ms, values, _decimals(values))


def _decimals(values: NDArray[np.float64]) -> NDArray[np.int8]:
    """Find the least decimals with which all values of each row are exact."""
    found = np.full(len(values), MOST_DECIMALS, np.int8)
    for decimals in range(MOST_DECIMALS - 1, -1, -1):
        there = np.isnan(values)
        ten = TENS[decimals]
        exact = (there | (np.rint(values * ten) / ten == values)).all(axis=1)
        found[exact] = decimals
    return found


def _sizes(series: list[Series]) -> Sizes:
    samples = sum(one.samples for one in series)
    with tempfile.TemporaryDirectory(prefix="bench-recording-") as folder:
        _lay_down(Path(folder), series)
        files = list(Path(folder).rglob("*.parquet"))
        rolled = sum(file.stat().st_size for file in files if "rollup=" in str(file))
        whole = sum(file.stat().st_size for file in files)
    with victoria.running() as peer:
        victoria.load(peer.port, _lines(series))
        victoria.settle(peer.port)
        rows, data, index = victoria.held(peer.port)
    if rows != samples:
        raise RuntimeError(f"VictoriaMetrics holds {rows} samples of {samples}")
    return Sizes(
        (whole - rolled) / samples, rolled / samples, data / samples, (data + index) / samples
    )


def _lay_down(history: Path, series: list[Series]) -> None:
    """Store and merge, as engine and keeper do: two cuts, then a merge with roll-ups."""
    point = 0
    halves: tuple[list[Block], list[Block]] = ([], [])
    for one in series:
        rows = np.arange(point, point + len(one.codes), dtype=np.int32)
        point += len(rows)
        for at in range(0, len(one.times_ms), TIMES_A_BEAT):
            times = np.ascontiguousarray(one.times_ms[at : at + TIMES_A_BEAT])
            values = np.ascontiguousarray(one.values[:, at : at + TIMES_A_BEAT])
            cells, order = cells_of(times, values, one.decimals)
            half = halves[2 * at > len(one.times_ms)]
            half.append(Block(len(half) + 1, 1, rows[order], cells))
    ids, stored = np.arange(1, point + 1, dtype=np.int32), 0
    for number, blocks in enumerate(halves):
        found = sort_blocks(blocks, ids)
        folder = day_folder(history, 0, START_MS)
        folder.mkdir(parents=True, exist_ok=True)
        for part, schema in ((found.scaled, SCALED), (found.others, OTHERS)):
            if len(part):
                first, last = number * 1_000_000 + 1, (number + 1) * 1_000_000
                name = SegmentName(STREAM, first, last, *found.span_ms, schema is OTHERS)
                write_part(folder / str(name), part, schema)
                stored += len(part)
    kept = keep(history, time.time_ns() // 1_000_000, at_once=True)
    if stored - kept.doubled != sum(one.samples for one in series):
        raise RuntimeError(f"history holds {stored - kept.doubled} samples")


def _lines(series: list[Series]) -> Iterator[bytes]:
    """Lay the same down as JSON lines."""
    for number, one in enumerate(series):
        for code, values in zip(one.codes, one.values, strict=True):
            there = ~np.isnan(values)
            labels: dict[str, Any] = {"plant": f"{number}/{one.name}", "point": code}
            times_ms, found = one.times_ms[there].tolist(), values[there].tolist()
            if found:
                yield victoria.line(labels, times_ms, found)
