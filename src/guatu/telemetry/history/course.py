"""The course of points over any span: from samples, minutes or hours, whichever shows enough."""

from __future__ import annotations

import logging
from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD
from guatu.telemetry.history.damage import DamagedError
from guatu.telemetry.history.footers import Wanted, read_wanted
from guatu.telemetry.history.layout import (
    ROLLED_WITHIN,
    Segment,
    SegmentName,
    partition_folder,
    partitions,
    rolled_folder,
    segments,
)
from guatu.telemetry.history.read import (
    Columns,
    Through,
    in_span,
    is_wanted,
    persistently,
    samples_of,
    sorted_columns,
    stored_segments,
    thinned,
)
from guatu.telemetry.history.rollup import (
    COLUMNS,
    WIDTHS,
    Rolled,
    Sum,
    add_up,
    joined_rolled,
    none_rolled,
    roll,
    widened,
)
from guatu.telemetry.history.sort import Part

logger = logging.getLogger(__name__)

RAW = "raw"
DAY_MS = 86_400_000
ENOUGH = 4
"""A resolution shows enough with a quarter of the places that were asked for."""


@dataclass(frozen=True, slots=True)
class Course:
    """Places of a chart, sorted by point and time.

    Args:
        point: database ids, int32.
        at_ms: time of a sample, or begin of a stretch, int64.
        value: the sample, or the mean of the stretch, float64.
        low: the least of the stretch, float64.
        high: the greatest of the stretch, float64.
        count: samples in the stretch, int64.
        width_ms: of a stretch; 0 for samples as they are.
    """

    point: NDArray[np.int32]
    at_ms: NDArray[np.int64]
    value: NDArray[np.float64]
    low: NDArray[np.float64]
    high: NDArray[np.float64]
    count: NDArray[np.int64]
    width_ms: int

    def __len__(self) -> int:
        return len(self.point)


def resolution_for(span_ms: int, places: int) -> str:
    """Choose ``raw``, ``minute`` or ``hour``: the coarsest that shows enough of a span."""
    for width in sorted(WIDTHS, key=lambda name: -WIDTHS[name]):
        if span_ms >= WIDTHS[width] * max(places // ENOUGH, 1):
            return width
    return RAW


def usable(columns: Columns) -> Columns:
    """Leave out samples of bad quality: they were not judged, and tell nothing of the point."""
    kept = columns.quality < LEAST_BAD
    return columns if kept.all() else columns.only(kept)


def course_of_samples(columns: Columns, start_ms: int, end_ms: int, places: int) -> Course:
    """Show samples as they are, less the bad ones; if too many, each stretch's extremes stay."""
    kept = thinned(usable(columns), start_ms, end_ms, max(places, 4))
    ones = np.ones(len(kept), np.int64)
    return Course(kept.point, kept.at_ms, kept.value, kept.value, kept.value, ones, 0)


def course_of_rolled(rolled: Rolled, width_ms: int, span_ms: int, places: int) -> Course:
    """Show roll-ups, added up until they fit into the places."""
    wide = width_ms * max(-(-span_ms // (width_ms * max(places, 4))), 1)
    if wide > width_ms:
        rolled = widened(rolled, wide)
    mean = rolled.total / rolled.count
    return Course(rolled.point, rolled.at_ms, mean, rolled.low, rolled.high, rolled.count, wide)


def read_rolled(
    history: Path,
    points: Sequence[int],
    start_ms: int,
    end_ms: int,
    width: str,
    *,
    through: Mapping[int, Through] | None = None,
    newest: Columns | None = None,
) -> Rolled:
    """Read what samples come to, minute by minute or hour by hour, exactly.

    What no keeper has rolled up yet is rolled up here; where two files may tell of the same
    samples, these are counted anew.

    Args:
        history: its folder.
        points: database ids.
        start_ms: earliest time; its stretch is given wholly.
        end_ms: latest time; its stretch is given wholly.
        width: ``minute`` or ``hour``.
        through: see `stored_segments`.
        newest: samples that are in no segment yet, sorted.
    """
    wide = WIDTHS[width]
    start_ms, end_ms = start_ms // wide * wide, (end_ms // wide + 1) * wide - 1

    def read() -> Rolled:
        parts, fresh = [], []
        wanted = Wanted.of(points, start_ms, end_ms)
        for partition in partitions(history):
            samples, rolled = _stored(history, partition, width, (through or {}).get(partition))
            rows, rolled = _sound(rolled, wanted)
            parts += rows
            fresh += in_span(not_told_of(samples, rolled), start_ms, end_ms)
        parts += [rolled_columns(samples_of(fresh, points, start_ms, end_ms), wide)]
        if newest is not None:
            parts.append(rolled_columns(newest, wide))
        return recounted(add_up(parts), wide, history, newest)

    return persistently(read)


def _stored(
    history: Path, partition: int, width: str, through: Through | None
) -> tuple[list[Segment], list[Segment]]:
    """Give a partition's segments and roll-ups."""
    samples = segments(partition_folder(history, partition))
    rolled = segments(rolled_folder(history, partition, width), ROLLED_WITHIN[width])
    rolled = [one for one in rolled if is_wanted(one.name, through)]
    return [one for one in samples if is_wanted(one.name, through)], rolled


def _sound(rolled: list[Segment], wanted: Wanted) -> tuple[list[Rolled], list[Segment]]:
    """Give the rows of roll-ups, and those that tell of theirs.

    What a damaged one tells of is rolled up here instead, as long as the samples are there.
    """
    rows, sound = [], []
    for one in rolled:
        try:
            if in_span([one], wanted.start_ms, wanted.end_ms):
                rows.append(_rows(one, wanted))
        except DamagedError as error:
            logger.error("cannot be read and is made good from samples: %s", error)  # noqa: TRY400
        else:
            sound.append(one)
    return rows, sound


def not_told_of(samples: Iterable[Segment], rolled: Iterable[Segment]) -> list[Segment]:
    """Choose the segments whose sequences lie in no roll-up's."""
    told = sorted((one.name.stream, one.name.first, one.name.last) for one in rolled)

    def is_told_of(name: SegmentName) -> bool:
        place = bisect_right(told, (name.stream, name.first, 1 << 62)) - 1
        return place >= 0 and told[place][0] == name.stream and name.last <= told[place][2]

    return [segment for segment in samples if not is_told_of(segment.name)]


def _rows(segment: Segment, wanted: Wanted) -> Rolled:
    pieces = read_wanted(segment.path, wanted)
    if not pieces:
        return none_rolled()
    columns = [np.concatenate([piece[name] for piece in pieces]) for name in COLUMNS]
    return Rolled(*columns)


def rolled_columns(columns: Columns, width_ms: int) -> Rolled:
    """Roll samples up that were read already; bad ones count nowhere."""
    columns = usable(columns)
    tag = np.zeros(len(columns), np.int8)
    part = Part(columns.point, columns.at_ms, tag, columns.value)
    return roll(part, width_ms, scaled=False)


def recounted(sum_: Sum, width_ms: int, history: Path, newest: Columns | None = None) -> Rolled:
    """Count doubtful rows anew from the samples, as long as these are there.

    Args:
        sum_: what parts came to.
        width_ms: of a row.
        history: where the samples are.
        newest: samples that are in no segment yet.
    """
    rolled, doubtful = sum_.rolled, np.flatnonzero(sum_.doubtful)
    if not len(doubtful):
        return rolled
    fresh = []
    days = rolled.at_ms[doubtful] // DAY_MS
    # A day at a time: a month sent twice would not fit into memory.
    for day in np.unique(days):
        doubted = rolled.only(doubtful[days == day])
        begin, end = int(doubted.at_ms.min()), int(doubted.at_ms.max()) + width_ms - 1
        points = np.unique(doubted.point).tolist()
        columns = samples_of(stored_segments(history, begin, end), points, begin, end)
        if newest is not None:
            columns = sorted_columns([columns, newest])
        fresh.append(rolled_columns(columns, width_ms))
    return _replaced(rolled, doubtful, sum_.most, joined_rolled(fresh))


def _replaced(
    rolled: Rolled, places: NDArray[np.intp], most: NDArray[np.int64], fresh: Rolled
) -> Rolled:
    """Put fresh rows into their places, where they know of at least as many samples."""
    keys = {
        key: i for i, key in enumerate(zip(fresh.point.tolist(), fresh.at_ms.tolist(), strict=True))
    }
    result = replace(rolled)
    found = [
        (int(place), i)
        for place in places
        if (i := keys.get((int(rolled.point[place]), int(rolled.at_ms[place])))) is not None
        # Fewer samples than one part told of: some were given up to age meanwhile.
        and fresh.count[i] >= most[place]
    ]
    if found:
        to, of = (np.array(column) for column in zip(*found, strict=True))
        for name in COLUMNS:
            column = getattr(rolled, name).copy()
            column[to] = getattr(fresh, name)[of]
            setattr(result, name, column)
    return result
