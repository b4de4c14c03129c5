"""Merging: many files, each sorted by point and time, into one, with its roll-ups.

All files are read side by side, a row group of each at a time: whatever lies before the last
point that every open row group has reached is complete, is brought together, and written. So
memory holds about one row group of each file, however large they are.
"""
# ruff: noqa: ANN001, ANN202, PLR0913, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD
from guatu.telemetry.history.damage import reading
from guatu.telemetry.history.rollup import (
    HOUR_MS,
    MINUTE_MS,
    Rolled,
    RolledWriter,
    Sum,
    add_up,
    joined_rolled,
    roll,
    widened,
)
from guatu.telemetry.history.rule import compiled, decide, meet, settle
from guatu.telemetry.history.sort import Part, joined
from guatu.telemetry.history.sources import Source, frontier
from guatu.telemetry.history.write import OTHERS, SCALED, PartWriter

DOUBLED = "guatu.doubled"
"""In a merged file: how many samples its making left out, in all merges behind it."""


@dataclass(frozen=True, slots=True)
class Input:
    """A file to be merged.

    Args:
        path: where it is.
        rank: its place in the order of the log, by which `rule` goes.
        other: whether it holds the samples that could not be scaled.
    """

    path: Path
    rank: int
    other: bool


@dataclass(frozen=True, slots=True)
class Targets:
    """Where a merge writes; not yet the names readers look for.

    Args:
        scaled: the scaled samples; None where they stay as they are.
        others: the others; None where no input holds any, or they stay as they are.
        minute: roll-ups of minutes.
        hour: roll-ups of hours.
    """

    scaled: Path | None
    others: Path | None
    minute: Path
    hour: Path


@dataclass(slots=True)
class Merged:
    """What a merge came to.

    Args:
        read: samples in the inputs.
        doubled: samples left out.
    """

    read: int = 0
    doubled: int = 0


def doubled_in(file: pq.ParquetFile) -> int:
    """How many samples were left out on the way to this file."""
    facts = file.metadata.metadata or {}
    return int(facts.get(DOUBLED.encode(), b"0"))


@compiled
def _runs(point):
    """Where each point's run begins, and one place more for the end."""
    runs = 1
    for i in range(1, len(point)):
        runs += point[i] != point[i - 1]
    begins = np.empty(runs + 1, np.int64)
    begins[0], begins[runs], run = 0, len(point), 1
    for i in range(1, len(point)):
        if point[i] != point[i - 1]:
            begins[run] = i
            run += 1
    return begins


@compiled
def _place(
    begins, rows, from_ms, from_tag, from_cell, rank, places, last, unsettled,
    point_of, point, at_ms, tag, cell, ranks,
):  # fmt: skip
    """Put each run at its point's next place; note the points where times do not rise."""
    for run in range(len(rows)):
        row, begin, end = rows[run], begins[run], begins[run + 1]
        place, size = places[row], end - begin
        if from_ms[begin] <= last[row]:
            unsettled[row] = True
        # Apart, and counted without a sign, so that each becomes one copy of memory.
        source, target, whole = np.uint64(begin), np.uint64(place), np.uint64(size)
        for j in range(whole):
            at_ms[target + j] = from_ms[source + j]
        for j in range(whole):
            cell[target + j] = from_cell[source + j]
        for j in range(whole):
            tag[target + j] = from_tag[source + j]
        for j in range(whole):
            point[target + j] = point_of[row]
        if len(ranks):
            for j in range(whole):
                ranks[target + j] = rank
        places[row] = place + size
        last[row] = max(last[row], from_ms[end - 1])


@compiled
def _order_ranks(unsettled, ends, counts, at_ms, ranks):
    """Bring ranks into the order that `settle` is about to give."""
    for row in np.flatnonzero(unsettled):
        begin, end = ends[row] - counts[row], ends[row]
        order = np.argsort(at_ms[begin:end], kind="mergesort")
        ranks[begin:end] = ranks[begin:end][order]


class _Gathered:
    """The samples of one kind that a stretch of points has in all inputs, brought together.

    Args:
        slices: rank and samples of each input, in the order of the log.
        ranked: whether the rank of each sample is wanted.
    """

    def __init__(
        self, slices: list[tuple[int, Part]], cell: np.dtype[Any], *, ranked: bool
    ) -> None:
        begins = [_runs(part.point) for _, part in slices]
        points = [part.point[b[:-1]] for (_, part), b in zip(slices, begins, strict=True)]
        self.points = np.unique(np.concatenate([np.empty(0, np.int32), *points]))
        rows = [np.searchsorted(self.points, one) for one in points]
        self.counts = np.zeros(len(self.points), np.int64)
        for row, begin in zip(rows, begins, strict=True):
            self.counts[row] += np.diff(begin)
        self.ends = np.cumsum(self.counts)
        total = int(self.counts.sum())
        self.part = Part(
            np.empty(total, np.int32),
            np.empty(total, np.int64),
            np.empty(total, np.int8),
            np.empty(total, cell),
        )
        self.kept = np.ones(total, np.bool_)
        self.ranks = np.empty(total if ranked else 0, np.int32)
        self._place(slices, begins, rows)

    def _place(
        self,
        slices: list[tuple[int, Part]],
        begins: list[NDArray[np.int64]],
        rows: list[NDArray[np.intp]],
    ) -> None:
        part, places = self.part, self.ends - self.counts
        last = np.full(len(self.points), -(2**62), np.int64)
        unsettled = np.zeros(len(self.points), np.bool_)
        for (rank, piece), begin, row in zip(slices, begins, rows, strict=True):
            _place(
                begin, row, piece.at_ms, piece.tag, piece.cell, rank, places, last, unsettled,
                self.points, part.point, part.at_ms, part.tag, part.cell, self.ranks,
            )  # fmt: skip
        if unsettled.any():
            if len(self.ranks):
                _order_ranks(unsettled, self.ends, self.counts, part.at_ms, self.ranks)
            settle(unsettled, self.ends, self.counts, part.at_ms, part.tag, part.cell, self.kept)

    def settled(self) -> Part:
        """Give the samples that stay."""
        return self.part if self.kept.all() else self.part.only(self.kept)


def _together(
    inputs: Sequence[Input], sources: Sequence[Source[Part]], limit: int
) -> tuple[Part, Part]:
    """Take everything before a point from all sources, each point and time once."""
    slices: tuple[list[tuple[int, Part]], list[tuple[int, Part]]] = ([], [])
    for one, source in zip(inputs, sources, strict=True):
        part = source.take(limit)
        if part is not None:
            slices[one.other].append((one.rank, part))
    ranked = bool(slices[0] and slices[1])
    scaled = _Gathered(slices[0], np.dtype(np.int32), ranked=ranked)
    others = _Gathered(slices[1], np.dtype(np.float64), ranked=ranked)
    if ranked:
        _settle_between(scaled, others)
    return scaled.settled(), others.settled()


def _settle_between(scaled: _Gathered, others: _Gathered) -> None:
    """Of a scaled and another sample of one point and time leave one out."""
    _, mine, theirs = np.intersect1d(
        scaled.points, others.points, assume_unique=True, return_indices=True
    )
    _, exact, other = meet(
        (scaled.ends - scaled.counts)[mine], scaled.ends[mine], scaled.part.at_ms, scaled.kept,
        (others.ends - others.counts)[theirs], others.ends[theirs], others.part.at_ms, others.kept,
    )  # fmt: skip
    tag = others.part.tag[other]
    stays = decide(tag, scaled.ranks[exact], others.ranks[other])
    scaled.kept[exact[stays]], others.kept[other[~stays]] = False, False


def together(inputs: Sequence[Input]) -> Iterator[tuple[Part, Part]]:
    """Read files side by side and give their samples, scaled and others, stretch by stretch.

    Args:
        inputs: files, each sorted by point and time.

    Yields:
        Samples of ever greater points, sorted by point and time, each of these once.

    Raises:
        DamagedError: if a file cannot be read.
    """
    inputs = sorted(inputs, key=lambda one: (one.rank, one.other))
    with ExitStack() as stack:
        sources = [stack.enter_context(Source(one.path, Part, joined)) for one in inputs]
        while (limit := frontier(sources)) is not None:
            yield _together(inputs, sources, limit)


def merge(inputs: Sequence[Input], targets: Targets) -> Merged:
    """Merge files into one of each kind, and roll their samples up.

    Args:
        inputs: files, each sorted by point and time.
        targets: what is written.

    Raises:
        DamagedError: if a file cannot be read.
        OSError: such as for a full disk.
    """
    merged, before = Merged(), 0
    for one in inputs:
        with reading(one.path), pq.ParquetFile(one.path) as file:
            merged.read += file.metadata.num_rows
            before += doubled_in(file)
    written = 0
    with ExitStack() as stack:
        enter = stack.enter_context
        scaled_out = _writer(stack, targets.scaled, SCALED)
        others_out = _writer(stack, targets.others, OTHERS)
        minute_out, hour_out = (
            enter(RolledWriter(targets.minute)),
            enter(RolledWriter(targets.hour)),
        )
        for scaled, others in together(inputs):
            for out, part in ((scaled_out, scaled), (others_out, others)):
                if out is not None:
                    out.add(part)
            written += len(scaled) + len(others)
            rolled = rolled_of(scaled, others, MINUTE_MS)
            minute_out.add(rolled)
            hour_out.add(widened(rolled, HOUR_MS))
        merged.doubled = merged.read - written
        teller = scaled_out or others_out
        if teller is not None:
            teller.tell({DOUBLED: str(before + merged.doubled)})
    return merged


def _writer(stack: ExitStack, path: Path | None, schema: pa.Schema) -> PartWriter | None:
    return stack.enter_context(PartWriter(path, schema, merged=True)) if path else None


def rolled_of(scaled: Part, others: Part, width_ms: int) -> Rolled:
    """Roll up samples of both kinds that hold each point and time once; bad ones count nowhere.

    Args:
        scaled: sorted by point and time.
        others: sorted by point and time.
        width_ms: of a row.
    """
    rolled = roll(scaled, width_ms, scaled=True)
    if not len(others):
        return rolled
    usable = others.only(others.tag < LEAST_BAD)
    return add_up([rolled, roll(usable, width_ms, scaled=False)]).rolled


def merge_rolled(paths: Sequence[Path], target: Path, recount: Callable[[Sum], Rolled]) -> None:
    """Merge files of roll-ups into one.

    Args:
        paths: files of rows of one width, each sorted by point and begin.
        target: what is written; not yet the name readers look for.
        recount: counts doubtful rows anew.

    Raises:
        DamagedError: if a file cannot be read.
    """
    with ExitStack() as stack:
        sources = [stack.enter_context(Source(path, Rolled, joined_rolled)) for path in paths]
        out = stack.enter_context(RolledWriter(target))
        while (limit := frontier(sources)) is not None:
            pieces = [piece for source in sources if (piece := source.take(limit)) is not None]
            out.add(recount(add_up(pieces)))


def warm_up() -> None:
    """Compile, or load from the cache, what merges and rolls up."""
    point, times = np.zeros(2, np.int32), np.array([1, 2])
    none = Part(point[:0], times[:0], np.empty(0, np.int8), np.empty(0))
    part = Part(point, times, np.zeros(2, np.int8), np.zeros(2, np.int32))
    other = Part(point, times, np.zeros(2, np.int8), np.zeros(2))
    for rank in (0, 1):
        gathered = _Gathered([(rank, part), (1, part)], np.dtype(np.int32), ranked=True)
        others = _Gathered([(2, other), (3, other)], np.dtype(np.float64), ranked=True)
        _settle_between(gathered, others)
        rolled_of(gathered.settled(), none, MINUTE_MS)
