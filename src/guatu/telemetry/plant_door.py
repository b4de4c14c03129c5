"""What the gateway knows of a plant, laid out for reading its beats at speed."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import orjson
from numpy.typing import NDArray

from guatu.access.messages import PlantConfig, Point
from guatu.access.raw import read_codes
from guatu.telemetry.cells import LARGEST, TENS
from guatu.telemetry.digits import UNKNOWN

MOST_LAYOUTS = 64

Bounds = tuple[
    NDArray[np.int8],
    NDArray[np.float64],
    NDArray[np.float64],
    NDArray[np.int64],
    NDArray[np.int64],
]
"""Of each point: decimals, least and greatest possible value, both again scaled."""


@dataclass(frozen=True, slots=True)
class Layout:
    """A plant's list of point codes, looked up once and kept while the plant repeats it.

    Args:
        codes: as sent.
        ids: database ids, -1 for a point that the plant does not have.
        bounds: see there.
        tail: the end of a raw beat in which every point is known and scaled by its own decimals;
            empty where there is no such beat.
        narrow: the least and greatest possible value, scaled, as int32.
    """

    codes: list[str]
    ids: NDArray[np.int32]
    bounds: Bounds
    tail: bytes = b""
    narrow: tuple[NDArray[np.int32], NDArray[np.int32]] | None = None

    @property
    def decimals(self) -> NDArray[np.int8]:
        """Decimals of each point, UNKNOWN for one that the plant does not have."""
        return self.bounds[0]


def bounds_of(points: list[Point | None]) -> Bounds:
    """Lay out what the values of points can be; None is a point that the plant does not have."""
    infinity = math.inf
    decimals = np.array([UNKNOWN if p is None else p.decimals for p in points], np.int8)
    low = [-infinity if p is None or p.physical_low is None else p.physical_low for p in points]
    high = [infinity if p is None or p.physical_high is None else p.physical_high for p in points]
    scaled = [
        (least_scaled(least, d), -least_scaled(-most, d))
        for least, most, d in zip(low, high, np.maximum(decimals, 0).tolist(), strict=True)
    ]
    return (
        decimals,
        np.array(low),
        np.array(high),
        np.array([least for least, _ in scaled], np.int64),
        np.array([most for _, most in scaled], np.int64),
    )


def least_scaled(bound: float, decimals: int) -> int:
    """Give the least scaled value whose value is not below a bound; exactly, rounding included.

    One more than the largest where none is. `kernels.compiled` has the same for its own calls.
    """
    ten = float(TENS[decimals])
    if not abs(bound) * ten < LARGEST + 1:
        return -LARGEST if bound < 0 else LARGEST + 1
    scaled = math.ceil(bound * ten)
    while (scaled - 1) / ten >= bound:
        scaled -= 1
    while scaled / ten < bound:
        scaled += 1
    return max(scaled, -LARGEST)


class PlantDoor:
    """What the gateway knows of one plant, ready for reading its beats.

    Args:
        config: the plant's latest configuration.
        partition: where its beats go.
    """

    def __init__(self, config: PlantConfig, partition: int) -> None:
        self.config = config
        self.partition = partition
        self.counts: dict[str, int] = {}
        self.looked_ms = 0
        self._points = {point.code: point for point in config.points}
        self._layouts: dict[bytes, Layout] = {}
        self._raw_layouts: dict[bytes, Layout] = {}
        self._plain: Layout | None = None
        self._usual: tuple[bytes, Layout] | None = None

    def count(self, reason: str, samples: int) -> None:
        """Add to the plant's counts since the gateway started."""
        self.counts[reason] = self.counts.get(reason, 0) + samples

    def point(self, code: str) -> Point | None:
        """Give a point by its code."""
        return self._points.get(code)

    def layout(self, codes: list[str]) -> Layout:
        """Look up point codes."""
        points = [self._points.get(code) for code in codes]
        ids = np.array([-1 if p is None else p.id for p in points], np.int32)
        return Layout(codes, ids, bounds_of(points))

    def layout_at(self, body: bytes, begin: int) -> tuple[Layout | None, int]:
        """Look up the point codes of a beat in JSON.

        Args:
            body: the beat.
            begin: the place of the first code's quote.

        Returns:
            The layout, None if what stands there is no list of codes; and the place of the
            bracket behind it.
        """
        if self._usual is not None and body.startswith(self._usual[0], begin):
            return self._usual[1], begin + len(self._usual[0]) - 1
        # The values follow the first `],"v"`, spaces aside. Were that inside a code, what lies
        # before would be no valid list of codes.
        end = body.find(b"]", begin)
        while end >= 0 and not body[end + 1 : end + 40].lstrip(b", \t\r\n").startswith(b'"v"'):
            end = body.find(b"]", end + 1)
        found = self.layout_of_bytes(body[begin:end]) if end >= 0 else None
        if found is not None:
            self._usual = body[begin : end + 1], found
        return found, end

    def layout_of_bytes(self, text: bytes) -> Layout | None:
        """Look up point codes by their JSON text, None if that text is no list of codes."""
        found = self._layouts.get(text)
        if found is None:
            try:
                codes = orjson.loads(b"[" + text + b"]")
            except orjson.JSONDecodeError:
                return None
            if not all(isinstance(c, str) for c in codes) or len(set(codes)) != len(codes):
                return None
            if len(self._layouts) >= MOST_LAYOUTS:
                self._layouts.clear()
            found = self._layouts[text] = self.layout(codes)
        return found

    def plain_layout(self, body: bytes) -> Layout | None:
        """Give the layout of a raw beat that ends as the plant's last plain one did, else None."""
        last = self._plain
        return last if last is not None and body.endswith(last.tail) else None

    def layout_of_raw(self, text: bytes, points: int) -> Layout:
        """Look up point codes by their text in a raw beat.

        Raises:
            RefusedError: if that text is no list of so many codes.
        """
        found = self._raw_layouts.get(text)
        if found is None or len(found.codes) != points:
            codes = read_codes(text, points)
            if len(self._raw_layouts) >= MOST_LAYOUTS:
                self._raw_layouts.clear()
            found = self._raw_layouts[text] = _with_tail(self.layout(codes), text)
        if found.tail:
            self._plain = found
        return found


def _with_tail(layout: Layout, text: bytes) -> Layout:
    decimals, _, _, low, high = layout.bounds
    if not len(decimals) or decimals.min() < 0 or low.max() > LARGEST or high.min() < -LARGEST:
        return layout
    narrow = low.astype(np.int32), high.clip(max=LARGEST).astype(np.int32)
    return replace(layout, tail=decimals.tobytes() + text, narrow=narrow)
