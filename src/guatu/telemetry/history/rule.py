"""Which of two samples of one point and time stays.

Of two samples of one point and time one stays: a usable one rather than a bad one, and of two
usable or two bad ones that which was logged first. So what was judged and acknowledged stays as it
was, however often it is sent again, and a bad sample, such as a value held while a line was down,
gives way to the true one that is sent later. This is the only rule, wherever two meet: in judging
(`kernels` leaves out what has its point's last time again), in a cut (`sort`), in a merge and in
reading; so cuts and merges change nothing of what history says. `settle` is the rule among samples
of one kind, `decide` that between a scaled one and another.
"""
# ruff: noqa: ANN001, ANN201, PLR0913, PLR0917 (types are numba's)
# mypy: disable-error-code="no-untyped-def, no-untyped-call, untyped-decorator"

from __future__ import annotations

from typing import Any

import numpy as np
from numba import njit
from numpy.typing import NDArray

from guatu.access.quality import LEAST_BAD

compiled = njit(cache=True, nogil=True, error_model="numpy")


@compiled
def settle(unsettled, ends, counts, at_ms, tag, cell, kept) -> None:
    """Sort the unsettled points by time, and note which of several samples of one time stays.

    Samples of a point come in the order of the log. Decimals, the tag of scaled ones, are below
    every bad quality.
    """
    for row in np.flatnonzero(unsettled):
        begin, end = ends[row] - counts[row], ends[row]
        order = np.argsort(at_ms[begin:end], kind="mergesort")
        at_ms[begin:end] = at_ms[begin:end][order]
        tag[begin:end] = tag[begin:end][order]
        cell[begin:end] = cell[begin:end][order]
        stays = begin
        for at in range(begin + 1, end):
            if at_ms[at] != at_ms[stays]:
                stays = at
            elif tag[stays] >= LEAST_BAD and tag[at] < LEAST_BAD:
                kept[stays], stays = False, at
            else:
                kept[at] = False


@compiled
def meet(begins, ends, at_ms, kept, other_begins, other_ends, other_at_ms, other_kept):
    """Find where points have a scaled and another sample of one time.

    Gives three arrays: which of the points, the place of the scaled one, and that of the other.
    """
    most = (other_ends - other_begins).sum()
    which, exact, others = (
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
    )
    found = 0
    for one in range(len(begins)):
        at = begins[one]
        for other in range(other_begins[one], other_ends[one]):
            while at < ends[one] and (at_ms[at] < other_at_ms[other] or not kept[at]):
                at += 1
            if at == ends[one]:
                break
            if other_kept[other] and at_ms[at] == other_at_ms[other]:
                which[found], exact[found], others[found] = one, at, other
                found += 1
    return which[:found], exact[:found], others[:found]


def decide(
    quality: NDArray[np.int8], logged: NDArray[Any], other_logged: NDArray[Any]
) -> NDArray[np.bool_]:
    """Say where the other sample stays, and not the scaled one, which is always usable.

    Args:
        quality: of the others.
        logged: places of the scaled ones in the order of the log.
        other_logged: of the others.
    """
    return (quality < LEAST_BAD) & (other_logged < logged)


@compiled
def find_logged(
    rows, tags, blocks, times, time_from, cells, cell_from, absent, first, at_ms, logged
):  # fmt: skip
    """Find the block that samples came first with; bad ones are none of those looked for.

    Those looked for are sorted by row and time; a row's begin at ``first``.
    """
    for run in range(len(rows)):
        row = rows[run]
        if row < 0 or tags[run] >= LEAST_BAD or first[row] == first[row + 1]:
            continue
        begin, moments = cell_from[run], time_from[run]
        for j in range(cell_from[run + 1] - begin):
            if cells[begin + j] == absent or cells[begin + j] != cells[begin + j]:
                continue
            low, high = first[row], first[row + 1]
            place = low + np.searchsorted(at_ms[low:high], times[moments + j])
            if place < high and at_ms[place] == times[moments + j] and logged[place] < 0:
                logged[place] = blocks[run]
