"""From the body of a request to a beat for the log: checked, sifted, counted.

The usual JSON body is read by `digits`; every other one by orjson and `check_beat`, with the same
outcome; the raw form by `intake_raw`, with the same outcome again (property tests hold the three
together).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import orjson
from numpy.typing import NDArray

from guatu.access.beats import ANCIENT_MS, FAR_AHEAD_MS, MAX_SAMPLES, check_beat
from guatu.access.fields import MAX_COUNT
from guatu.access.messages import SAMPLE_REASONS, Beat, PlantConfig, Point
from guatu.access.problems import Problem, RefusedError
from guatu.access.quality import GOOD, MOST
from guatu.telemetry.cells import Cells, cells_of
from guatu.telemetry.digits import read_head, read_rows, read_tail, sift, sift_scaled
from guatu.telemetry.frame import FrameBeat
from guatu.telemetry.plant_door import Bounds, Layout, PlantDoor

MOST_TIMES = 4096
MOST_PLACES = 20
SHORTEST_MARK = 7
"""Bytes of ``[0,0,1]``."""
_NO_MARKS: NDArray[np.int64] = np.empty((0, 3), np.int64)


@dataclass(slots=True)
class Rejected:
    """Samples left out of an accepted beat, for one reason."""

    reason: str
    count: int
    where: list[str]

    def as_json(self) -> dict[str, Any]:
        """Give what the plant is told."""
        message = Problem(self.reason).message()
        where = self.where[:MOST_PLACES]
        return {"reason": self.reason, "count": self.count, "where": where, "message": message}


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
        rejected = [group.as_json() for group in self.rejected]
        return orjson.dumps(
            {"beat": self.beat.beat, "accepted": self.accepted, "rejected": rejected}
        )


@dataclass(slots=True)
class Said:
    """A beat with everything in it but the samples, as both forms say it.

    Args:
        now_ms: the gateway's clock.
        times: int64 (times,), rising.
        marks: place in the points, place in the times, quality; int64 (marks, 3), none twice.
    """

    now_ms: int
    epoch: int
    beat: int
    times: NDArray[np.int64]
    sent_ms: int = 0
    backfill: bool = False
    marks: NDArray[np.int64] = field(default_factory=lambda: _NO_MARKS)


def take_beat(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read one beat in JSON form.

    Args:
        plant: who sent it.
        body: the request's body.
        now_ms: the gateway's clock.

    Raises:
        RefusedError: if the beat cannot be taken as a whole.
    """
    return take_usual(plant, body, now_ms) or take_any(plant, body, now_ms)


def are_usual(times: NDArray[np.int64], now_ms: int) -> bool:
    """Tell whether no time is ancient or far ahead."""
    return bool(len(times) and times[0] >= ANCIENT_MS and times[-1] <= now_ms + FAR_AHEAD_MS)


def take_usual(plant: PlantDoor, body: bytes, now_ms: int) -> Taken | None:
    """Read a beat in canonical form; None if it is not, or if anything may be wrong with it."""
    text = np.frombuffer(body, np.uint8)
    numbers = np.empty(3, np.int64)
    times = np.empty(MOST_TIMES, np.int64)
    begin = read_head(text, numbers, times) if body.endswith(b"}") else -1
    if begin < 0:
        return None
    epoch, number, count = numbers.tolist()
    layout, end = plant.layout_at(body, begin)
    if layout is None or epoch > MAX_COUNT or number > MAX_COUNT:
        return None
    said = Said(now_ms, epoch, number, times=times[:count].copy())
    if len(layout.codes) * count > MAX_SAMPLES or not are_usual(said.times, now_ms):
        return None
    return _usual_rows(plant, body, end, layout, said)


def _usual_rows(plant: PlantDoor, body: bytes, at: int, layout: Layout, said: Said) -> Taken | None:
    text = np.frombuffer(body, np.uint8)
    points, shape = len(layout.codes), (len(layout.codes), len(said.times))
    scaled, values = np.empty(shape, np.int32), np.empty(shape, np.float64)
    rows = np.empty(points, np.int32)
    out_of_range = np.zeros(points, np.int32)
    tally = np.zeros(5, np.int64)
    end = read_rows(text, at, layout.bounds, scaled, values, rows, out_of_range, tally)
    if end < 0 or (end != len(body) - 1 and not _usual_tail(body, end, said, shape)):
        return None
    exact, others, accepted, strange, impossible = tally.tolist()
    ids, decimals, order = layout.ids, layout.decimals, rows
    if exact < points:
        order = np.concatenate([rows[:exact], rows[points - others :][::-1]])
        ids, decimals = ids[order], decimals[order]
    cells = Cells(decimals, said.times, scaled[:exact], values[:others])
    beat = frame_beat(plant, said, cells, ids, order)
    if not (strange or impossible):
        return Taken(beat, accepted)
    return taken(beat, accepted, rejected_of(layout, strange, out_of_range))


def _usual_tail(body: bytes, at: int, said: Said, shape: tuple[int, int]) -> bool:
    """Read what stands behind the values; False if anything about it is unusual."""
    room = (len(body) - at) // SHORTEST_MARK + 1 if body[at : at + 8].find(b'"q"') >= 0 else 0
    marks, numbers = np.empty((room, 3), np.int64), np.empty(3, np.int64)
    if read_tail(np.frombuffer(body, np.uint8), at, marks, numbers) < 0:
        return False
    count, backfill, sent_ms = numbers.tolist()
    said.marks, said.backfill, said.sent_ms = marks[:count], backfill == 1, sent_ms
    return sent_ms <= MAX_COUNT and are_usual_marks(said.marks, shape)


def are_usual_marks(marks: NDArray[np.int64], shape: tuple[int, int]) -> bool:
    """Tell whether marks lie inside, none of them twice, in the order of points and times."""
    if not len(marks):
        return True
    inside = marks.min() >= 0 and bool(np.all(marks.max(axis=0) <= (*np.subtract(shape, 1), MOST)))
    return inside and bool(np.all(np.diff(marks[:, 0] * shape[1] + marks[:, 1]) > 0))


def take_any(plant: PlantDoor, body: bytes, now_ms: int) -> Taken:
    """Read a beat in whatever form JSON allows.

    Raises:
        RefusedError: with the first thing that is wrong.
    """
    try:
        data = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise RefusedError(Problem("bad_json", "$", {"detail": str(error)})) from error
    check_beat(data)
    values, no_numbers = _numbers(data["v"], len(data["p"]), len(data["t"]))
    said = Said(
        now_ms,
        data.get("epoch", 0),
        data["beat"],
        np.array(data["t"], np.int64),
        data.get("sent", 0),
        data.get("backfill", False),
        np.array(data.get("q", []), np.int64).reshape(-1, 3),
    )
    return assemble(plant, plant.layout(data["p"]), said, values, no_numbers)


def assemble(
    plant: PlantDoor,
    layout: Layout,
    said: Said,
    values: NDArray[np.float64],
    no_numbers: list[int],
) -> Taken:
    """Make a beat of values that may be anything.

    Args:
        plant: who sent it.
        layout: of its points.
        said: the rest of it.
        values: float64 (points, times); NaN is no sample.
        no_numbers: the row of every value that is no number; NaN in `values`.
    """
    known = layout.ids >= 0
    strange = int(np.count_nonzero(~np.isnan(values[~known])))
    strange += sum(not known[i] for i in no_numbers)
    # A sample of an unknown point is told once, as unknown.
    rejected = _no_numbers([layout.codes[i] for i in no_numbers if known[i]])
    values, mistimed = _within_time(said, values, known, layout)
    rows = np.flatnonzero(known) if len(said.times) else np.empty(0, np.intp)
    cells, order = cells_of(said.times, values[rows], layout.decimals[rows])
    order, out_of_range = rows[order], np.zeros(len(layout.codes), np.int32)
    accepted = _sift(cells, layout.bounds, order, out_of_range)
    rejected += [*rejected_of(layout, strange, out_of_range), *mistimed]
    return taken(frame_beat(plant, said, cells, layout.ids[order], order), accepted, rejected)


def _within_time(
    said: Said, values: NDArray[np.float64], known: NDArray[np.bool_], layout: Layout
) -> tuple[NDArray[np.float64], list[Rejected]]:
    """Leave out the columns whose time cannot be; times rise, so these are the first and last."""
    first = int(np.searchsorted(said.times, ANCIENT_MS))
    last = int(np.searchsorted(said.times, said.now_ms + FAR_AHEAD_MS, side="right"))
    last = max(first, last)
    rejected: list[Rejected] = []
    for reason, columns in (("future_time", values[:, last:]), ("ancient_time", values[:, :first])):
        there = known & (~np.isnan(columns)).any(axis=1)
        count = int(np.count_nonzero(~np.isnan(columns[there])))
        _tell(rejected, reason, count, [layout.codes[i] for i in np.flatnonzero(there)])
    said.times = said.times[first:last]
    marks = said.marks - np.array([0, first, 0])
    said.marks = marks[(marks[:, 1] >= 0) & (marks[:, 1] < last - first)]
    return values[:, first:last], rejected


def frame_beat(
    plant: PlantDoor, said: Said, cells: Cells, ids: NDArray[np.int32], order: NDArray[np.integer]
) -> FrameBeat:
    """Put a beat together; `order` tells which of the plant's points each row of the cells is."""
    beat = FrameBeat(
        plant.config.plant, said.epoch, said.beat, said.now_ms, said.backfill, ids, cells
    )
    beat.sent_ms = said.sent_ms
    if len(said.marks):
        beat.marks = _marks_of_rows(said.marks, order)
    return beat


def _marks_of_rows(marks: NDArray[np.int64], order: NDArray[np.integer]) -> NDArray[np.int32]:
    """Let marks name rows of the cells instead of points, in the order of rows and times."""
    row_of = np.full(max(int(marks[:, 0].max()), int(order.max(initial=0))) + 1, -1)
    row_of[order] = np.arange(len(order))
    found = np.column_stack((row_of[marks[:, 0]], marks[:, 1:])).astype(np.int32)
    found = found[(found[:, 0] >= 0) & (found[:, 2] != GOOD)]
    return np.ascontiguousarray(found[np.lexsort((found[:, 1], found[:, 0]))])


def taken(beat: FrameBeat, accepted: int, rejected: list[Rejected]) -> Taken:
    """Let a beat carry the counts of what was left out of it."""
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


def rejected_of(layout: Layout, strange: int, out_of_range: NDArray[np.int32]) -> list[Rejected]:
    """Tell the samples of unknown points and those that cannot have been measured."""
    rejected: list[Rejected] = []
    if strange:
        codes = [layout.codes[i] for i in np.flatnonzero(layout.ids < 0)]
        _tell(rejected, "unknown_point", strange, codes)
    impossible = np.flatnonzero(out_of_range)
    if len(impossible):
        codes = [layout.codes[i] for i in impossible]
        _tell(rejected, "out_of_physical_range", int(out_of_range.sum()), codes)
    return rejected


def _no_numbers(codes: list[str]) -> list[Rejected]:
    rejected: list[Rejected] = []
    _tell(rejected, "not_a_number", len(codes), codes)
    return rejected


def _tell(rejected: list[Rejected], reason: str, count: int, where: list[str]) -> None:
    if count:
        rejected.append(Rejected(reason, count, list(dict.fromkeys(where))))


def warm_up() -> None:
    """Compile, or load from the cache, what reads beats; call it before the first one counts."""
    config = PlantConfig(plant=1, code="a", version=1, region="", points=(Point(id=1, code="a"),))
    beat = Beat(beat=1, t=(ANCIENT_MS,), p=("a",), v=((1.5,),), q=((0, 0, 1),))
    take_beat(PlantDoor(config, 0), beat.to_bytes(), ANCIENT_MS)
