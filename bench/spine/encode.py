"""Our side's payloads: whole HTTP requests of beats, JSON or raw, made before the clock runs."""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from bench.spine.load import Load
from guatu.access.raw import HEAD, MAGIC, MEDIA_TYPE

WIDEST = 7
"""Bytes of the longest value with its comma: 1599.9 and a comma."""


@numba.njit(cache=True)
def write_rows(tenths: NDArray[np.int32], out: NDArray[np.uint8]) -> int:
    """Write rows of tenths as [[12.3,…],…]; give the number of bytes."""
    at = 0
    out[at] = 91
    at += 1
    for row in range(tenths.shape[0]):
        out[at] = 91
        at += 1
        for column in range(tenths.shape[1]):
            number = tenths[row, column]
            if number >= 10000:
                out[at] = 48 + number // 10000
                at += 1
            out[at] = 48 + number // 1000 % 10
            out[at + 1] = 48 + number // 100 % 10
            out[at + 2] = 48 + number // 10 % 10
            out[at + 3] = 46
            out[at + 4] = 48 + number % 10
            out[at + 5] = 44
            at += 6
        out[at - 1] = 93
        out[at] = 44
        at += 1
    out[at - 1] = 93
    return at


class Encoder:
    """Encodes the beats of one load for one gateway."""

    def __init__(self, load: Load, keys: Sequence[str], host: str, *, raw: bool = False) -> None:
        self._raw = raw
        self._load = load
        self._host = host
        self._keys = keys
        self._codes = ",".join(f'"DWC1.point_{point:04d}"' for point in range(load.points))
        self._room = np.empty(load.samples_per_beat * WIDEST + 2 * load.points + 16, np.uint8)

    def request(
        self, plant: int, beat: int, times_ms: NDArray[np.int64], tenths: NDArray[np.int32]
    ) -> bytes:
        """Encode one beat as a whole HTTP request.

        Args:
            plant: index of the plant, which chooses its key.
            beat: the beat's number.
            times_ms: shape (times,).
            tenths: values in tenths, shape (points, times).
        """
        body = (self._raw_body if self._raw else self._json_body)(beat, times_ms, tenths)
        head = (
            f"POST /v1/beats HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Authorization: Bearer {self._keys[plant]}\r\n"
            f"Content-Type: {MEDIA_TYPE if self._raw else 'application/json'}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body

    def _json_body(
        self, beat: int, times_ms: NDArray[np.int64], tenths: NDArray[np.int32]
    ) -> bytes:
        rows = self._room[: write_rows(tenths, self._room)].tobytes()
        moments = ",".join(map(str, times_ms.tolist()))
        return b'{"epoch":0,"beat":%d,"t":[%s],"p":[%s],"v":%s}' % (
            beat,
            moments.encode(),
            self._codes.encode(),
            rows,
        )

    def _raw_body(self, beat: int, times_ms: NDArray[np.int64], tenths: NDArray[np.int32]) -> bytes:
        points, times = tenths.shape
        codes = self._codes.replace('"', "").replace(",", "\n").encode()
        head = HEAD.pack(MAGIC, 0, 0, beat, 0, points, 0, times, 0, len(codes), 0)
        return b"".join((head, times_ms.tobytes(), tenths.tobytes(), b"\x01" * points, codes))
