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

from guatu.access.messages import Beat, PlantConfig, Point
from guatu.access.problems import Problem, RefusedError
from guatu.access.validate import FAR_AHEAD_MS, MAX_SAMPLES, check_beat
from guatu.telemetry.digits import read_head, read_rows, sift
from guatu.telemetry.frame import FrameBeat

MOST_TIMES = 4096
MOST_LAYOUTS = 64
MOST_PLACES = 20


@dataclass(frozen=True, slots=True)
class Layout:
    """A plant's list of point codes, looked up once and kept while the plant repeats it.

    Args:
        codes: as sent.
        known: rows of the points this plant has.
        unknown: rows of the others.
        ids: database ids of the known ones.
        low: physical bounds of the known ones.
        high: physical bounds of the known ones.
    """

    codes: list[str]
    known: NDArray[np.intp]
    unknown: NDArray[np.intp]
    ids: NDArray[np.int32]
    low: NDArray[np.float64]
    high: NDArray[np.float64]


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
        known = [point for point in points if point is not None]
        infinity = math.inf
        return Layout(
            codes,
            np.array([i for i, p in enumerate(points) if p is not None], np.intp),
            np.array([i for i, p in enumerate(points) if p is None], np.intp),
            np.array([p.id for p in known], np.int32),
            np.array([-infinity if p.physical_low is None else p.physical_low for p in known]),
            np.array([infinity if p.physical_high is None else p.physical_high for p in known]),
        )

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
    begin = read_head(text, numbers, times)
    if begin < 0:
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
    values = np.empty((len(layout.codes), count), np.float64)
    backfill = read_rows(text, end, values)
    if backfill < 0:
        return None
    beat = FrameBeat(
        plant.config.plant,
        int(numbers[0]),
        int(numbers[1]),
        now_ms,
        backfill == 1,
        layout.ids,
        times,
        values,
    )
    return _sifted(beat, layout, [])


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
    beat = FrameBeat(
        plant.config.plant,
        data.get("epoch", 0),
        data["beat"],
        now_ms,
        data.get("backfill", False),
        layout.ids,
        np.array(data["t"], np.int64),
        values,
    )
    return _sifted(beat, layout, no_numbers)


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


def _sifted(beat: FrameBeat, layout: Layout, no_numbers: list[int]) -> Taken:
    rejected: list[Rejected] = []
    if no_numbers:
        # A sample of an unknown point is told once, as unknown.
        known = set(layout.known.tolist())
        told = [i for i in no_numbers if i in known]
        _tell(rejected, "not_a_number", len(told), [layout.codes[i] for i in told])
    if len(layout.unknown):
        strange = beat.values[layout.unknown]
        lost = int(np.count_nonzero(~np.isnan(strange)))
        lost += len(no_numbers) - sum(r.count for r in rejected)
        _tell(rejected, "unknown_point", lost, [layout.codes[i] for i in layout.unknown])
        beat.values = np.ascontiguousarray(beat.values[layout.known])
    out_of_range = np.zeros(len(layout.ids), np.int32)
    accepted = int(sift(beat.values, layout.low, layout.high, out_of_range))
    impossible = int(out_of_range.sum())
    if impossible:
        rows = layout.known[np.flatnonzero(out_of_range)]
        _tell(rejected, "out_of_physical_range", impossible, [layout.codes[i] for i in rows])
    return Taken(beat, accepted, rejected)


def _tell(rejected: list[Rejected], reason: str, count: int, where: list[str]) -> None:
    if count:
        rejected.append(Rejected(reason, count, list(dict.fromkeys(where))))


def warm_up() -> None:
    """Compile, or load from the cache, what reads beats; call it before the first one counts."""
    config = PlantConfig(plant=1, code="a", version=1, region="", points=(Point(id=1, code="a"),))
    take_beat(PlantDoor(config, 0), Beat(beat=1, t=(1,), p=("a",), v=((1.5,),)).to_bytes(), 1)
