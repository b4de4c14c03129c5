"""Plane geometry of outlines: pure functions over rings of points.

A ring is an array of shape (n, 2), its last point joined to its first. Degrees or drawing units,
the functions do not care; distances come in the unit of the ring.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


def area(ring: Floats) -> float:
    """Of a ring, in square units, whatever its direction."""
    x, y = ring[:, 0], ring[:, 1]
    return float(abs(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1))) / 2)


def contains(rings: Sequence[Floats], points: Floats) -> NDArray[np.bool_]:
    """Which of the points (shape (p, 2)) lie in the shape, by the even-odd rule: holes count."""
    inside = np.zeros(len(points), dtype=bool)
    px, py = points[:, 0, None], points[:, 1, None]
    for ring in rings:
        x, y = ring[:, 0], ring[:, 1]
        next_x, next_y = np.roll(x, -1), np.roll(y, -1)
        spans = (y > py) != (next_y > py)
        rise = np.where(next_y == y, 1.0, next_y - y)
        crossing = (next_x - x) * (py - y) / rise + x
        inside ^= (np.count_nonzero(spans & (px < crossing), axis=1) % 2).astype(bool)
    return inside


def distance_to_border(rings: Sequence[Floats], points: Floats) -> Floats:
    """From each point (shape (p, 2)) to the nearest border of the shape, always positive."""
    best = np.full(len(points), np.inf)
    for ring in rings:
        step = np.roll(ring, -1, axis=0) - ring
        length2 = np.maximum((step**2).sum(axis=1), 1e-12)
        offset = points[:, None, :] - ring[None, :, :]
        along = np.clip((offset * step).sum(axis=2) / length2, 0.0, 1.0)
        gap = offset - along[:, :, None] * step
        best = np.minimum(best, np.sqrt((gap**2).sum(axis=2)).min(axis=1))
    return best


def roomiest_point(rings: Sequence[Floats], *, steps: int = 24) -> tuple[float, float]:
    """Where a label has most room: far from every border, wide rather than high.

    Args:
        rings: the shape; it must not be empty.
        steps: how fine to look, in cells across the shape.
    """
    largest = max(rings, key=area)
    low, high = largest.min(axis=0), largest.max(axis=0)
    marks = (np.arange(steps) + 0.5) / steps
    grid = np.array([[x, y] for y in marks for x in marks]) * (high - low) + low
    # A label is about three times as wide as high, so room to the sides counts more.
    squeeze = np.array([0.6, 1.0])
    room = distance_to_border([ring * squeeze for ring in rings], grid * squeeze)
    room[~contains(rings, grid)] = -1.0
    x, y = grid[int(np.argmax(room))]
    return float(x), float(y)


@dataclass(frozen=True, slots=True, kw_only=True)
class Projection:
    """Degrees to drawing units: equirectangular at the shape's middle latitude, y downwards."""

    west: float
    north: float
    x_scale: float
    y_scale: float
    width: int
    height: int

    @classmethod
    def fitting(cls, rings: Sequence[Floats], *, width: int, margin: int) -> Projection:
        """A drawing of a given width that holds all rings, with a margin around them."""
        low = np.min([ring.min(axis=0) for ring in rings], axis=0)
        high = np.max([ring.max(axis=0) for ring in rings], axis=0)
        squeeze = math.cos(math.radians(float(low[1] + high[1]) / 2))
        y_scale = (width - 2 * margin) / (float(high[0] - low[0]) * squeeze)
        return cls(
            west=float(low[0]) - margin / (y_scale * squeeze),
            north=float(high[1]) + margin / y_scale,
            x_scale=y_scale * squeeze,
            y_scale=y_scale,
            width=width,
            height=math.ceil(float(high[1] - low[1]) * y_scale) + 2 * margin,
        )

    def apply(self, ring: Floats) -> Floats:
        """A ring in drawing units."""
        scaled: Floats = (ring - [self.west, self.north]) * [self.x_scale, -self.y_scale]
        return scaled


def svg_path(rings: Sequence[Floats]) -> str:
    """The rings as an SVG path in whole units, relative steps, points that fall together once."""
    parts = []
    for ring in rings:
        whole = np.rint(ring).astype(int)
        steps = np.diff(whole, axis=0)
        steps = steps[np.any(steps != 0, axis=1)]
        line = "".join(f"l{dx},{dy}" if dy >= 0 else f"l{dx}{dy}" for dx, dy in steps.tolist())
        parts.append(f"M{whole[0][0]},{whole[0][1]}{line}z")
    return "".join(parts)
