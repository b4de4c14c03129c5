"""From blocks in the order of the log to samples in the order of a segment: by point, then time."""
# ruff: noqa: ANN001, ANN202, PLR0913, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from operator import attrgetter
from typing import Any

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.cells import ABSENT, Cells
from guatu.telemetry.history.rule import compiled, decide, find_logged, meet, settle


@dataclass(frozen=True, slots=True)
class Marked:
    """Samples of one beat that are not good, out of its cells.

    Args:
        rows: rows of the points in the engine's tables, -1 for none, int32 (samples,).
        at_ms: int64 (samples,).
        quality: int8 (samples,).
        values: float64 (samples,), none of them NaN.
    """

    rows: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    quality: NDArray[np.int8]
    values: NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.rows)


@dataclass(frozen=True, slots=True)
class Block:
    """One beat's samples as the engine keeps them until the next cut.

    Args:
        sequence: of the log message.
        plant: database id.
        rows: rows of the points in the engine's tables, -1 for none, int32 (points,).
        cells: their good samples.
        marked: the others, None where all are good.
    """

    sequence: int
    plant: int
    rows: NDArray[np.int32]
    cells: Cells
    marked: Marked | None = None


@dataclass(slots=True)
class Part:
    """Samples of one kind, sorted by point, then time.

    Args:
        point: database ids, int32 (samples,).
        at_ms: int64 (samples,).
        tag: decimals of a scaled sample, quality of any other, int8 (samples,).
        cell: int32 or float64 (samples,).
    """

    point: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    tag: NDArray[np.int8]
    cell: NDArray[Any]

    def __len__(self) -> int:
        return len(self.point)

    def only(self, kept: NDArray[Any]) -> Part:
        """Choose samples, by a mask or by places."""
        return Part(self.point[kept], self.at_ms[kept], self.tag[kept], self.cell[kept])

    def cut(self, begin: int, end: int) -> Part:
        """Give a stretch of the samples, without copying."""
        kept = slice(begin, end)
        return Part(self.point[kept], self.at_ms[kept], self.tag[kept], self.cell[kept])


def joined(parts: Sequence[Part]) -> Part:
    """Put parts behind each other."""
    if len(parts) == 1:
        return parts[0]
    return Part(
        np.concatenate([part.point for part in parts]),
        np.concatenate([part.at_ms for part in parts]),
        np.concatenate([part.tag for part in parts]),
        np.concatenate([part.cell for part in parts]),
    )


@dataclass(slots=True)
class Sorted:
    """The samples of a segment.

    Args:
        scaled: those that are scaled.
        others: those that are not.
        doubled_rows: the engine's rows of the points of samples left out, because their point
            had one of the same time.
    """

    scaled: Part
    others: Part
    doubled_rows: NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.scaled) + len(self.others)

    @property
    def span_ms(self) -> tuple[int, int]:
        """Earliest and latest time; there must be a sample."""
        parts = [part.at_ms for part in (self.scaled, self.others) if len(part)]
        return min(int(p.min()) for p in parts), max(int(p.max()) for p in parts)


@dataclass(slots=True)
class _Runs:
    """The rows of many matrices, one below the other.

    Args:
        rows: the engine's row of each run, -1 for none.
        tags: of each run.
        times: of all blocks.
        time_from: where a run's times begin.
        cells: of all runs.
        cell_from: where a run's cells begin; one more than there are runs.
        per_block: how many of the runs are of each block, which come in the order of the log.
    """

    rows: NDArray[np.int32]
    tags: NDArray[np.int8]
    times: NDArray[np.int64]
    time_from: NDArray[np.int64]
    cells: NDArray[Any]
    cell_from: NDArray[np.int64]
    per_block: NDArray[np.int64]


@compiled
def _count(rows, cells, cell_from, absent, counts, present):
    """Count the samples of each run and of each of the engine's rows."""
    for run in range(len(rows)):
        seen = 0
        for at in range(cell_from[run], cell_from[run + 1]):
            # A scaled cell always equals itself, and nothing equals the absent mark of the others.
            seen += (cells[at] != absent) & (cells[at] == cells[at])
        present[run] = seen if rows[run] >= 0 else 0
        if rows[run] >= 0:
            counts[rows[run]] += seen


@compiled
def _pick(begin, size, moments, place, times, cells, absent, at_ms, cell):
    """Copy what samples there are of a run."""
    for j in range(size):
        if cells[begin + j] != absent and cells[begin + j] == cells[begin + j]:
            at_ms[place] = times[moments + j]
            cell[place] = cells[begin + j]
            place += 1


@compiled
def _scatter(
    rows, tags, times, time_from, cells, cell_from, absent, present, ids, places, last, unsettled,
    point, at_ms, tag, cell,
):  # fmt: skip
    """Put each sample at its point's next place; note the rows where times do not rise."""
    for run in range(len(rows)):
        if present[run] == 0:
            continue
        row, begin, moments = rows[run], cell_from[run], time_from[run]
        size, place = cell_from[run + 1] - begin, places[row]
        if times[moments] <= last[row]:
            unsettled[row] = True
        # Counted without a sign, so that each becomes one copy of memory.
        source, target, whole = np.uint64(begin), np.uint64(place), np.uint64(size)
        if present[run] == size:
            moment = np.uint64(moments)
            for j in range(whole):
                at_ms[target + j] = times[moment + j]
            for j in range(whole):
                cell[target + j] = cells[source + j]
        else:
            _pick(begin, size, moments, place, times, cells, absent, at_ms, cell)
        whole = np.uint64(present[run])
        for j in range(whole):
            point[target + j] = ids[row]
        for j in range(whole):
            tag[target + j] = tags[run]
        places[row] = place + present[run]
        last[row] = times[moments + size - 1]


class _Sorting:
    """One kind of sample on its way into order."""

    def __init__(self, runs: _Runs, absent: float, ids: NDArray[np.int32]) -> None:
        self._runs, self._absent = runs, absent
        self.counts = np.zeros(len(ids), np.int64)
        present = np.empty(len(runs.rows), np.int64)
        _count(runs.rows, runs.cells, runs.cell_from, absent, self.counts, present)
        found = np.flatnonzero(self.counts)
        found = found[np.argsort(ids[found], kind="stable")]
        self.ends = np.zeros(len(ids), np.int64)
        self.ends[found] = np.cumsum(self.counts[found])
        total = int(self.counts.sum())
        self.part = Part(
            np.empty(total, np.int32),
            np.empty(total, np.int64),
            np.empty(total, np.int8),
            np.empty(total, runs.cells.dtype),
        )
        self.kept = np.ones(total, np.bool_)
        unsettled = np.zeros(len(ids), np.bool_)
        last = np.full(len(ids), -(2**62), np.int64)
        part = self.part
        _scatter(
            runs.rows, runs.tags, runs.times, runs.time_from, runs.cells, runs.cell_from, absent,
            present, ids, self.ends - self.counts, last, unsettled,
            part.point, part.at_ms, part.tag, part.cell,
        )  # fmt: skip
        if unsettled.any():
            settle(unsettled, self.ends, self.counts, part.at_ms, part.tag, part.cell, self.kept)

    def logged(self, rows: NDArray[np.intp], places: NDArray[np.int64]) -> NDArray[np.int64]:
        """Say with which block samples came that are usable and stay.

        Args:
            rows: the engine's, of these samples, rising.
            places: of these samples, rising.
        """
        runs, at_ms = self._runs, self.part.at_ms[places]
        of_row = np.bincount(rows, minlength=len(self.counts))
        first = np.concatenate([[0], np.cumsum(of_row)])
        blocks = np.repeat(np.arange(len(runs.per_block)), runs.per_block)
        logged = np.full(len(places), -1, np.int64)
        find_logged(
            runs.rows, runs.tags, blocks, runs.times, runs.time_from, runs.cells, runs.cell_from,
            self._absent, first, at_ms, logged,
        )  # fmt: skip
        return logged

    def settled(self) -> tuple[Part, NDArray[np.int32]]:
        """Give the samples, and the database ids of those left out."""
        if self.kept.all():
            return self.part, np.empty(0, np.int32)
        return self.part.only(self.kept), self.part.point[~self.kept]


def sort_blocks(blocks: list[Block], ids: NDArray[np.int32]) -> Sorted:
    """Bring blocks into the order of a segment.

    Args:
        blocks: in the order of the log.
        ids: database id of each of the engine's rows.
    """
    # Plant by plant, each in the order of the log: its points lie side by side in what is written,
    # and stay in the processor's cache. No point is of two plants, so their order stays.
    blocks = sorted(blocks, key=attrgetter("plant"))
    times = np.concatenate([block.cells.times for block in blocks])
    time_from = np.cumsum([0, *(len(block.cells.times) for block in blocks[:-1])])
    scaled = _Sorting(_scaled_runs(blocks, times, time_from), ABSENT, ids)
    others = _Sorting(_other_runs(blocks, times, time_from), math.nan, ids)
    common = np.flatnonzero((scaled.counts > 0) & (others.counts > 0))
    if len(common):
        _settle_between(common, scaled, others)
    (exact, lost), (rest, also_lost) = scaled.settled(), others.settled()
    return Sorted(exact, rest, _rows_of(np.concatenate([lost, also_lost]), ids))


def _settle_between(common: NDArray[np.intp], scaled: _Sorting, others: _Sorting) -> None:
    """Of a scaled and another sample of one point and time leave one out."""
    which, exact, other = meet(
        (scaled.ends - scaled.counts)[common], scaled.ends[common], scaled.part.at_ms, scaled.kept,
        (others.ends - others.counts)[common], others.ends[common], others.part.at_ms, others.kept,
    )  # fmt: skip
    if not len(which):
        return
    # Only now, for the few that meet: to know of every sample when it came would cost a third.
    rows, tag = common[which], others.part.tag[other]
    stays = decide(tag, scaled.logged(rows, exact), others.logged(rows, other))
    scaled.kept[exact[stays]], others.kept[other[~stays]] = False, False


def _rows_of(points: NDArray[np.int32], ids: NDArray[np.int32]) -> NDArray[np.int32]:
    order = np.argsort(ids, kind="stable")
    return order[np.searchsorted(ids, points, sorter=order)].astype(np.int32)


def _scaled_runs(
    blocks: list[Block], times: NDArray[np.int64], time_from: NDArray[np.int64]
) -> _Runs:
    count = [len(block.cells.scaled) for block in blocks]
    rows = np.concatenate([b.rows[:n] for b, n in zip(blocks, count, strict=True)])
    tags = np.concatenate([b.cells.decimals[:n] for b, n in zip(blocks, count, strict=True)])
    cells = np.concatenate([block.cells.scaled.ravel() for block in blocks])
    return _runs(blocks, count, (rows, tags, cells), times, time_from)


def _other_runs(
    blocks: list[Block], times: NDArray[np.int64], time_from: NDArray[np.int64]
) -> _Runs:
    if any(block.marked is not None for block in blocks):
        return _with_marked(blocks, times, time_from)
    count = [len(block.cells.values) for block in blocks]
    rows = np.concatenate([b.rows[len(b.cells.scaled) :] for b in blocks])
    cells = np.concatenate([block.cells.values.ravel() for block in blocks])
    return _runs(blocks, count, (rows, np.zeros(len(rows), np.int8), cells), times, time_from)


NONE_MARKED = Marked(
    np.empty(0, np.int32), np.empty(0, np.int64), np.empty(0, np.int8), np.empty(0)
)


def _with_marked(
    blocks: list[Block], times: NDArray[np.int64], time_from: NDArray[np.int64]
) -> _Runs:
    """Put each block's samples that are not good behind its others, each a run of its own."""
    marked = [block.marked or NONE_MARKED for block in blocks]
    rows, tags, cells, moments, sizes = [], [], [], [], []
    place = len(times)
    for block, begin, own in zip(blocks, time_from.tolist(), marked, strict=True):
        count = len(block.cells.values)
        rows += [block.rows[len(block.cells.scaled) :], own.rows]
        tags += [np.zeros(count, np.int8), own.quality]
        cells += [block.cells.values.ravel(), own.values]
        moments += [np.full(count, begin), np.arange(place, place + len(own))]
        sizes += [np.full(count, len(block.cells.times)), np.ones(len(own), np.int64)]
        place += len(own)
    return _Runs(
        np.concatenate(rows),
        np.concatenate(tags),
        np.concatenate([times, *(own.at_ms for own in marked)]),
        np.concatenate(moments).astype(np.int64),
        np.concatenate(cells),
        np.concatenate([[0], np.cumsum(np.concatenate(sizes))]).astype(np.int64),
        np.array([len(b.cells.values) + len(own) for b, own in zip(blocks, marked, strict=True)]),
    )


def _runs(
    blocks: list[Block],
    count: list[int],
    laid: tuple[NDArray[np.int32], NDArray[np.int8], NDArray[Any]],
    times: NDArray[np.int64],
    time_from: NDArray[np.int64],
) -> _Runs:
    rows, tags, cells = laid
    sizes = np.repeat([len(block.cells.times) for block in blocks], count)
    cell_from = np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64)
    per_block = np.array(count, np.int64)
    return _Runs(rows, tags, times, np.repeat(time_from, count), cells, cell_from, per_block)
