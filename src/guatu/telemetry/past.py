"""Questions about the past: what is stored, and what the engines hold in memory still."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from guatu.telemetry.ask import ask
from guatu.telemetry.door import EngineUnavailable, door
from guatu.telemetry.history.course import (
    RAW,
    Course,
    course_of_rolled,
    course_of_samples,
    read_rolled,
    resolution_for,
)
from guatu.telemetry.history.export import Order, Stretch, stretches
from guatu.telemetry.history.read import EMPTY, Columns, Through, read_samples, sorted_columns
from guatu.telemetry.history.rollup import WIDTHS
from guatu.telemetry.history.write import warm_up

__all__ = ["Export", "export", "history", "stored_history", "warm_up"]


def history(
    point_ids: Sequence[int],
    start_ms: int,
    end_ms: int,
    max_points: int,
    resolution: str | None = None,
) -> Course:
    """Give the course of points over a span, from what is stored and what is in memory still.

    Args:
        point_ids: database ids.
        start_ms: earliest sample time.
        end_ms: latest sample time, itself included.
        max_points: about the most places a point; of more samples each stretch keeps its least
            and greatest, and roll-ups are added up.
        resolution: ``raw``, ``minute`` or ``hour``; None chooses by span and places.

    Raises:
        EngineUnavailable: if an engine does not answer: the newest samples would be missing.
    """
    chosen = resolution or resolution_for(end_ms - start_ms, max_points)
    newest, through = _newest(point_ids, start_ms, end_ms, chosen)
    return _course(point_ids, (start_ms, end_ms), max_points, chosen, (newest, through))


def stored_history(
    point_ids: Sequence[int],
    start_ms: int,
    end_ms: int,
    max_points: int,
    resolution: str | None = None,
) -> Course:
    """As `history`, of what is stored alone: it answers also while no engine does."""
    chosen = resolution or resolution_for(end_ms - start_ms, max_points)
    return _course(point_ids, (start_ms, end_ms), max_points, chosen, (EMPTY, {}))


@dataclass(frozen=True, slots=True, kw_only=True)
class Export:
    """History on its way out.

    Args:
        stretches: what was wanted, point after point, read as it is taken.
        has_newest: whether the engines' memory is in it; False while one does not answer.
    """

    stretches: Iterator[Stretch]
    has_newest: bool


def export(point_ids: Sequence[int], start_ms: int, end_ms: int, resolution: str) -> Export:
    """Give all there is of points over a span, however much it is.

    Args:
        point_ids: database ids, in the order wanted.
        start_ms: earliest sample time.
        end_ms: latest sample time, itself included.
        resolution: ``raw``, ``minute`` or ``hour``.
    """
    try:
        newest, through = _newest(point_ids, start_ms, end_ms, resolution)
        has_newest = True
    except EngineUnavailable:
        newest, through, has_newest = EMPTY, {}, False
    order = Order(point_ids, start_ms, end_ms, resolution)
    folder = door().settings.history
    found = stretches(folder, order, through=through, newest=newest)
    return Export(stretches=found, has_newest=has_newest)


def _course(
    point_ids: Sequence[int],
    span: tuple[int, int],
    places: int,
    resolution: str,
    beside: tuple[Columns, dict[int, Through]],
) -> Course:
    folder, (start_ms, end_ms), (newest, through) = door().settings.history, span, beside
    if resolution == RAW:
        stored = read_samples(folder, point_ids, start_ms, end_ms, through=through)
        return course_of_samples(sorted_columns([stored, newest]), start_ms, end_ms, places)
    rolled = read_rolled(
        folder, point_ids, start_ms, end_ms, resolution, through=through, newest=newest
    )
    return course_of_rolled(rolled, WIDTHS[resolution], end_ms - start_ms, places)


def _newest(
    point_ids: Sequence[int], start_ms: int, end_ms: int, resolution: str
) -> tuple[Columns, dict[int, Through]]:
    """Ask the engines for what is in no segment yet, and how far each has stored."""
    wide = WIDTHS.get(resolution, 1)
    question = {
        "ask": "recent",
        "points": list(point_ids),
        "start_ms": start_ms // wide * wide,
        "end_ms": (end_ms // wide + 1) * wide - 1,
    }
    through: dict[int, Through] = {}
    parts: list[Columns] = []
    # Memory first: a segment stored after the answer is then not read a second time from disk.
    for partition in range(door().settings.streams.partitions):
        answer = ask(partition, question)
        through[partition] = Through(str(answer["stream"]), int(answer["stored"]))
        if answer["samples"]:
            point, at_ms, value, quality = zip(*answer["samples"], strict=True)
            parts.append(
                Columns(
                    np.array(point, np.int32),
                    np.array(at_ms, np.int64),
                    np.array(value, float),
                    np.array(quality, np.int8),
                )
            )
    return sorted_columns(parts), through
