"""From the body of a request to a beat for the log: checked, sifted, counted.

The usual body is read by `digits`; every other one by orjson and `check_beat`, with the same
outcome (a property test holds the two together).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from guatu.access.messages import SAMPLE_REASONS, Beat, PlantConfig, Point
from guatu.access.problems import Problem, RefusedError
from guatu.access.validate import FAR_AHEAD_MS, MAX_COUNT, MAX_SAMPLES, check_beat
from guatu.telemetry.cells import LARGEST, TENS, Cells, cells_of
from guatu.telemetry.digits import (
    UNKNOWN,
    read_head,
    read_rows,
    sift,
    sift_scaled,
)
from guatu.telemetry.frame import FrameBeat

MOST_TIMES = 4096
MOST_LAYOUTS = 64
MOST_PLACES = 20


Bounds = tuple[
    NDArray[np.int8],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.int64],
]
"""Of each point: decimals, least and greatest possible value, both again scaled."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A plant's list of point codes, looked up once and kept while the plant repeats it.

    Args:
        codes: as sent.
        ids: database ids, -1 for a point that the plant does not have.
        bounds: see there.
    """

    codes: list[str]
    ids: NDArray[np.int32]
    bounds: Bounds

    @property
    def decimals(self) -> NDArray[np.int8]:
        """Decimals of each point, UNKNOWN for one that the plant does not have."""
        return self.bounds[0]


def bounds_of(points: list[Point | None]) -> Bounds:
    """Lay out what the values of points can be; None is a point that the plant does not have."""
    infinity = math.inf
    decimals = np.array([UNKNOWN if p is None else p.decimals for p in points], np.int8)
    low = [-infinity if p is None or p.physical_low is None else p.physical_low for p in points]
    high = [infinity if p is None or p.physical_high is None else p.physical_high for p in points]
    scaled = [
        (least_scaled(least, d), -least_scaled(-most, d))
        for least, most, d in zip(low, high, np.maximum(decimals, 0).tolist(), strict=True)
    ]
    return (
        decimals,
        np.array(low),
        np.array(high),
        np.array([least for least, _ in scaled], np.int64),
        np.array([most for _, most in scaled], np.int64),
    )


def least_scaled(bound: float, decimals: int) -> int:
    """Give the least scaled value whose value is not below a bound; exactly, rounding included."""
    ten = float(TENS[decimals])
    if not abs(bound) * ten < LARGEST:
        return -LARGEST if bound < 0 else LARGEST + 1
    scaled = math.ceil(bound * ten)
    while (scaled - 1) / ten >= bound:
        scaled -= 1
    while scaled / ten < bound:
        scaled += 1
    return scaled


@dataclass(slots=True)
class Rejected:
    """Samples left out of an accepted beat, for one reason."""

    reason: str
    count: int
    where: list[str]


@dataclass(slots=True)
class Taken:
    """A beat ready for the log, and what was left out of it."""

    beat: FrameBeat
    accepted: int
    rejected: list[Rejected] = field(default_factory=list)

    def reply(self) -> bytes:
        """Give the body of the answer."""
        if not self.rejected:
            return b'{"beat":%d,"accepted":%d,"rejected":[]}' % (self.beat.beat, self.accepted)
        rejected = [
            {"reason": r.reason, "count": r.count, "where": r.where[:MOST_PLACES]}
            for r in self.rejected
        ]
        return orjson.dumps(
            {"beat": self.beat.beat, "accepted": self.accepted, "rejected": rejected}
        )


class PlantDoor:
    """What the gateway knows of one plant, ready for reading its beats.

    Args:
        config: the plant's latest configuration.
        partition: where its beats go.
    """

    def __init__(self, config: PlantConfig, partition: int) -> None:
        self.config = config
        self.partition = partition
        self.counts: dict[str, int] = {}
        self._points = {point.code: point for point in config.points}
        self._layouts: dict[bytes, Layout] = {}

    def count(self, reason: str, samples: int) -> None:
        """Add to the plant's counts since the gateway started."""
        self.counts[reason] = self.counts.get(reason, 0) + samples

    def layout(self, codes: list[str]) -> Layout:
        """Look up point codes."""
        points = [self._points.get(code) for code in codes]
        ids = np.array([-1 if p is None else p.id for p in points], np.int32)
        return Layout(codes, ids, bounds_of(points))

    def layout_of_bytes(self, text: bytes) -> Layout | None:
        """Look up point codes by their JSON text, None if that text is no list of codes."""
        found = self._layouts.get(text)
        if found is None:
            try:
                codes = orjson.loads(b"[" + text + b"]")
            except orjson.JSONDecodeError:
                return None
            if not all(isinstance(c, str) for c in codes) or len(set(codes)) != len(codes):
                return None
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            found = self._layouts[text] = self.layout(codes)
        return found


def take_beat(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read one beat.

    Args:
        plant: who sent it.
        body: the request's body.
        now_ms: the gateway's clock.

    Raises:
        RefusedError: if the beat cannot be taken as a whole.
    """
    return take_usual(plant, body, now_ms) or take_any(plant, body, now_ms)


def take_usual(plant: PlantDoor, body: bytes, now_ms: int) -> Taken | None:
    """Read a beat in canonical form; None if it is not, or if anything may be wrong with it."""
    text = np.frombuffer(body, np.uint8)
    numbers = np.empty(3, np.int64)
    times = np.empty(MOST_TIMES, np.int64)
    begin = read_head(text, numbers, times) if body.endswith(b"}") else -1
    if begin < 0 or numbers[:2].max() > MAX_COUNT:
        return None
    # The values follow the first `],"v"`, spaces aside. Were that inside a code, what lies
    # before would be no valid list of codes.
    end = body.find(b"]", begin)
    while end >= 0 and not body[end + 1 : end + 40].lstrip(b", \t\r\n").startswith(b'"v"'):
        end = body.find(b"]", end + 1)
    layout = plant.layout_of_bytes(body[begin:end]) if end >= 0 else None
    if layout is None:
        return None
    count = int(numbers[2])
    times = times[:count].copy()
    if len(layout.codes) * count > MAX_SAMPLES or times[-1] > now_ms + FAR_AHEAD_MS:
        return None
    return _usual_rows(plant, text, end, layout, times, (int(numbers[0]), int(numbers[1]), now_ms))


def _usual_rows(  # noqa: PLR0917 (what has been read so far)
    plant: PlantDoor,
    text: NDArray[np.uint8],
    at: int,
    layout: Layout,
    times: NDArray[np.int64],
    numbers: tuple[int, int, int],
) -> Taken | None:
    points, shape = len(layout.codes), (len(layout.codes), len(times))
    scaled, values = np.empty(shape, np.int32), np.empty(shape, np.float64)
    rows = np.empty(points, np.int32)
    out_of_range = np.zeros(points, np.int32)
    tally = np.zeros(4, np.int64)
    backfill = read_rows(text, at, layout.bounds, scaled, values, rows, out_of_range, tally)
    if backfill < 0:
        return None
    exact, others, accepted, strange = tally.tolist()
    ids, decimals = layout.ids, layout.decimals
    if exact < points:
        kept = np.concatenate([rows[:exact], rows[points - others :][::-1]])
        ids, decimals = ids[kept], decimals[kept]
    cells = Cells(decimals, times, scaled[:exact], values[:others])
    epoch, number, now_ms = numbers
    beat = FrameBeat(plant.config.plant, epoch, number, now_ms, backfill == 1, ids, cells)
    return _taken(beat, accepted, _rejected(layout, strange, out_of_range))


def take_any(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read a beat in whatever form JSON allows.

    Raises:
        RefusedError: with the first thing that is wrong.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(Problem("bad_json", "$", {"detail": str(error)})) from error
    check_beat(data, now_ms=now_ms)
    layout = plant.layout(data["p"])
    values, no_numbers = _numbers(data["v"], len(data["p"]), len(data["t"]))
    known = layout.ids >= 0
    strange = int(np.count_nonzero(~np.isnan(values[~known])))
    strange += sum(not known[i] for i in no_numbers)
    out_of_range = np.zeros(len(layout.codes), np.int32)
    cells, order = cells_of(np.array(data["t"], np.int64), values[known], layout.decimals[known])
    order = np.flatnonzero(known)[order]
    accepted = _sift(cells, layout.bounds, order, out_of_range)
    beat = FrameBeat(
        plant.config.plant,
        data.get("epoch", 0),
        data["beat"],
        now_ms,
        data.get("backfill", False),
        layout.ids[order],
        cells,
    )
    # A sample of an unknown point is told once, as unknown.
    told = [layout.codes[i] for i in no_numbers if known[i]]
    return _taken(beat, accepted, _rejected(layout, strange, out_of_range, told))


def _taken(beat: FrameBeat, accepted: int, rejected: list[Rejected]) -> Taken:
    if rejected:
        counts = [(SAMPLE_REASONS.index(r.reason), r.count) for r in rejected]
        beat.rejected = np.array(counts, np.int32)
    return Taken(beat, accepted, rejected)


def _sift(
    cells: Cells, bounds: Bounds, order: NDArray[np.intp], out_of_range: NDArray[np.int32]
) -> int:
    """Leave out what cannot have been measured; give how many samples remain."""
    _, low, high, low_scaled, high_scaled = bounds
    accepted, exact = 0, len(cells.scaled)
    for row, i in enumerate(order.tolist()):
        if row < exact:
            kept, left_out = sift_scaled(cells.scaled[row], low_scaled[i], high_scaled[i])
        else:
            kept, left_out = sift(cells.values[row - exact], low[i], high[i])
        accepted += kept
        out_of_range[i] = left_out
    return accepted


def _numbers(
    rows: list[list[Any]], points: int, times: int
) -> tuple[NDArray[np.float64], list[int]]:
    """Lay rows into an array; gives with it the row of every value that is no number."""
    values = np.empty((points, times), np.float64)
    wrong = []
    for i, row in enumerate(rows):
        for j, value in enumerate(row):
            if isinstance(value, float | int) and not isinstance(value, bool):
                values[i, j] = value
            else:
                values[i, j] = math.nan
                if value is not None:
                    wrong.append(i)
    return values, wrong


def _rejected(
    layout: Layout,
    strange: int,
    out_of_range: NDArray[np.int32],
    no_numbers: list[str] | None = None,
) -> list[Rejected]:
    rejected: list[Rejected] = []
    _tell(rejected, "not_a_number", len(no_numbers or ()), no_numbers or [])
    if strange:
        codes = [layout.codes[i] for i in np.flatnonzero(layout.ids < 0)]
        _tell(rejected, "unknown_point", strange, codes)
    impossible = np.flatnonzero(out_of_range)
    if len(impossible):
        codes = [layout.codes[i] for i in impossible]
        _tell(rejected, "out_of_physical_range", int(out_of_range.sum()), codes)
    return rejected


def _tell(rejected: list[Rejected], reason: str, count: int, where: list[str]) -> None:
    if count:
        rejected.append(Rejected(reason, count, list(dict.fromkeys(where))))


def warm_up() -> None:
    """Compile, or load from the cache, what reads beats; call it before the first one counts."""
    config = PlantConfig(plant=1, code="a", version=1, region="", points=(Point(id=1, code="a"),))
    take_beat(PlantDoor(config, 0), Beat(beat=1, t=(1,), p=("a",), v=((1.5,),)).to_bytes(), 1)
