"""Samples as they travel from the gateway into history: a matrix of points and times.

A row whose samples are all whole multiples of its point's last decimal is kept as scaled int32,
half the size and cheaper at every step; any other row as float64. Either way the value is exactly
the one sent: a sample is scaled only where dividing it again gives the same double.
"""
# mypy: disable-error-code="untyped-decorator"

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numba import njit
from numpy.typing import NDArray

TENS = np.array([10.0**e for e in range(16)])
LARGEST = 2**31 - 1
ABSENT = -(2**31)
"""In a scaled row: no sample."""


@dataclass(slots=True)
class Cells:
    """A matrix of samples, scaled rows first.

    Args:
        decimals: of every row, int8 (points,).
        times: milliseconds, rising, int64 (times,).
        scaled: int32 (scaled rows, times); ABSENT is no sample.
        values: float64 (other rows, times); NaN is no sample.
    """

    decimals: NDArray[np.int8]
    times: NDArray[np.int64]
    scaled: NDArray[np.int32]
    values: NDArray[np.float64]

    @property
    def size(self) -> int:
        """How many cells there are, absent ones counted too."""
        return self.scaled.size + self.values.size

    def row(self, i: int) -> NDArray[np.float64]:
        """Give a row's values; NaN is no sample."""
        exact = len(self.scaled)
        if i >= exact:
            values: NDArray[np.float64] = self.values[i - exact]
            return values
        row: NDArray[np.float64] = self.scaled[i] / TENS[self.decimals[i]]
        row[self.scaled[i] == ABSENT] = np.nan
        return row


@njit(cache=True, nogil=True)
def _scale(values, decimals, scaled, is_scaled):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN202
    for i in range(values.shape[0]):
        ten, exact = TENS[decimals[i]], True
        for j in range(values.shape[1]):
            value = values[i, j]
            if np.isnan(value):
                scaled[i, j] = ABSENT
                continue
            whole = np.rint(value * ten)
            exact &= abs(whole) <= LARGEST and whole / ten == value
            scaled[i, j] = np.int32(whole) if exact else ABSENT
        is_scaled[i] = exact


def cells_of(
    times: NDArray[np.int64], values: NDArray[np.float64], decimals: NDArray[np.int8]
) -> tuple[Cells, NDArray[np.intp]]:
    """Scale what can be scaled.

    Args:
        times: int64 (times,).
        values: float64 (points, times); NaN is no sample.
        decimals: int8 (points,).

    Returns:
        The cells, and for each of their rows which one it was.
    """
    scaled = np.empty(values.shape, np.int32)
    is_scaled = np.empty(len(values), np.bool_)
    _scale(values, decimals, scaled, is_scaled)
    if is_scaled.all():
        none = np.empty((0, len(times)), np.float64)
        return Cells(decimals, times, scaled, none), np.arange(len(values))
    order = np.concatenate([np.flatnonzero(is_scaled), np.flatnonzero(~is_scaled)])
    cells = Cells(decimals[order], times, scaled[is_scaled], values[~is_scaled])
    return cells, order


@njit(cache=True, nogil=True)
def take_marked(scaled, values, decimals, marks, least, most, taken):  # type: ignore[no-untyped-def] # noqa: ANN001, ANN201, PLR0917
    """Take the samples marked with a quality of a band out of their cells.

    Args:
        scaled: of `Cells`; what is taken becomes ABSENT.
        values: likewise; becomes NaN.
        decimals: likewise.
        marks: of `FrameBeat`.
        least: of the band.
        most: of the band.
        taken: takes the value of each mark, NaN for one of another band or without a sample;
            float64 (marks,).
    """
    exact = len(scaled)
    for k in range(len(marks)):
        row, time = marks[k, 0], marks[k, 1]
        taken[k] = np.nan
        if not least <= marks[k, 2] <= most:
            continue
        if row >= exact:
            taken[k], values[row - exact, time] = values[row - exact, time], np.nan
        elif scaled[row, time] != ABSENT:
            taken[k] = scaled[row, time] / TENS[decimals[row]]
            scaled[row, time] = ABSENT
