"""Scaled cells as steps from one sample of a point to the next, which are small.

A file keeps steps and not cells: their low bytes differ and their high bytes are zero, whichever
sign they have, so that bytes of one place compress well side by side.
"""
# ruff: noqa: ANN001, ANN201 (types are numba's)
# mypy: disable-error-code="no-untyped-def, untyped-decorator"

from __future__ import annotations

import numpy as np

from guatu.telemetry.history.rule import compiled


@compiled
def steps_of(point, cell, every):
    """Give the step to each cell from the one before.

    The first of a point, and of every so many rows that are read alone, steps from nought. Steps
    are counted modulo 2³² and told as 0, -1, 1, -2, 2…, that is 0, 1, 2, 3, 4….

    Args:
        point: int32 (samples,), sorted.
        cell: int32 (samples,).
        every: rows that are read alone.

    Returns:
        uint32 (samples,).
    """
    steps = np.empty(len(cell), np.uint32)
    for begin in range(0, len(cell), every):
        end = min(begin + every, len(cell))
        steps[begin] = np.uint32((cell[begin] << 1) ^ (cell[begin] >> 31))
        for i in range(np.uint64(begin + 1), np.uint64(end)):
            before = cell[i - np.uint64(1)] if point[i] == point[i - np.uint64(1)] else np.int32(0)
            step = np.int32(cell[i] - before)
            steps[i] = np.uint32((step << 1) ^ (step >> 31))
    return steps


@compiled
def cells_of_steps(point, steps):
    """Give the cells that rows read alone step to.

    Args:
        point: int32 (samples,), sorted.
        steps: uint32 (samples,), of `steps_of`.

    Returns:
        int32 (samples,).
    """
    cells = np.empty(len(steps), np.int32)
    cell, last = np.int32(0), np.int32(0)
    for i in range(len(steps)):
        if i == 0 or point[i] != last:
            cell, last = np.int32(0), point[i]
        cell = np.int32(cell + np.int32((steps[i] >> 1) ^ -(steps[i] & 1)))
        cells[i] = cell
    return cells
