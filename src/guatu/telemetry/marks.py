"""Samples that are not good on their way through the engine: out of the cells, with their quality.

Bad ones leave before judging, so that judging never sees them and a point that says nothing else
counts as silent. Uncertain ones are judged like good ones and leave afterwards.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD, LEAST_UNCERTAIN, MOST
from guatu.telemetry.cells import ABSENT, Cells, cells_of, take_marked
from guatu.telemetry.conduct import Conduct
from guatu.telemetry.counted import RECEIVED, STORED, UNKNOWN_POINT
from guatu.telemetry.frame import FrameBeat
from guatu.telemetry.history.sort import Marked
from guatu.telemetry.state import PartitionState

LATE_MS = 60_000


def set_aside_bad(beat: FrameBeat) -> NDArray[np.float64]:
    """Take the bad samples out of a beat's cells; gives their values, NaN for every other mark."""
    return _taken(beat.cells, beat.marks, LEAST_BAD, MOST)


def _taken(cells: Cells, marks: NDArray[np.int32], least: int, most: int) -> NDArray[np.float64]:
    taken = np.empty(len(marks), np.float64)
    take_marked(cells.scaled, cells.values, cells.decimals, marks, least, most, taken)
    return taken


@dataclass(frozen=True, slots=True)
class Account:
    """What came of a beat's marked samples.

    Args:
        marked: those to be stored, None for none.
        bad: how many of these are bad, which judging has not counted.
        uncertain: how many are uncertain.
    """

    marked: Marked | None
    bad: int = 0
    uncertain: int = 0


NONE = Account(None)
"""Of a beat in which every sample is good."""


def account_for(
    state: PartitionState, beat: FrameBeat, bad: NDArray[np.float64], rows: NDArray[np.int32]
) -> Account:
    """Take the uncertain samples out after judging, note qualities, and count.

    Args:
        state: noted and counted in.
        beat: judged.
        bad: what `set_aside_bad` gave.
        rows: the engine's rows of the beat's points.
    """
    cells, marks = beat.cells, beat.marks
    uncertain = _taken(cells, marks, LEAST_UNCERTAIN, LEAST_BAD - 1)
    values = np.where(np.isnan(bad), uncertain, bad)
    marked_rows, at_ms = rows[marks[:, 0]], cells.times[marks[:, 1]]
    _note(state, marked_rows, at_ms, marks[:, 2])
    kept, known = ~np.isnan(values), marked_rows >= 0
    is_bad = kept & (marks[:, 2] >= LEAST_BAD)
    counts = state.counts_of(beat.plant)
    stored = int(np.count_nonzero(is_bad & known))
    counts[RECEIVED] += int(np.count_nonzero(is_bad))
    counts[UNKNOWN_POINT] += int(np.count_nonzero(is_bad & ~known))
    counts[STORED] += stored
    kept &= known
    if not kept.any():
        return NONE
    quality = marks[kept, 2].astype(np.int8)
    marked = Marked(marked_rows[kept], at_ms[kept], quality, values[kept])
    return Account(marked, stored, int(np.count_nonzero(kept & ~is_bad)))


def _note(
    state: PartitionState,
    rows: NDArray[np.int32],
    at_ms: NDArray[np.int64],
    quality: NDArray[np.int32],
) -> None:
    """Remember of each point its last sample that was not good; marks are sorted by row, time."""
    last = np.append(np.flatnonzero(np.diff(rows)), len(rows) - 1)
    for row, at, said in zip(
        rows[last].tolist(), at_ms[last].tolist(), quality[last].tolist(), strict=True
    ):
        if row >= 0 and at >= state.noted.get(row, (at, 0))[0]:
            state.noted[row] = (at, said)


def late_samples(beat: FrameBeat, conduct: Conduct) -> int:
    """Count the samples that came long after their time, by the plant's own clock if known.

    Once those that are not good are out of the beat, so that each sample is told of once.
    """
    times = beat.cells.times
    from_ms = conduct.now_there_ms(beat.received_ms) - LATE_MS
    if not len(times) or times[0] >= from_ms:
        return 0
    late = int(np.searchsorted(times, from_ms))
    return count_present(beat.cells, late)


def count_present(cells: Cells, times: int) -> int:
    """Count the samples of the first so many times."""
    exact = np.count_nonzero(cells.scaled[:, :times] != ABSENT)
    return int(exact + np.count_nonzero(~np.isnan(cells.values[:, :times])))


def warm_up() -> None:
    """Compile, or load from the cache, what handles marks; call it before the first beat counts."""
    cells, _ = cells_of(np.ones(1, np.int64), np.zeros((1, 1)), np.zeros(1, np.int8))
    _taken(cells, np.array([[0, 0, LEAST_BAD]], np.int32), LEAST_BAD, MOST)
