"""Our side's payloads: whole HTTP requests of columnar JSON beats, made before the clock runs."""

from collections.abc import Sequence

import numba
import numpy as np
from numpy.typing import NDArray

from bench.spine.load import Load

WIDEST = 7
"""Bytes of the longest value with its comma: 1599.9 and a comma."""


@numba.njit(cache=True)
def _write_rows(tenths: NDArray[np.int32], out: NDArray[np.uint8]) -> int:
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

    def __init__(self, load: Load, keys: Sequence[str], host: str) -> None:
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
        rows = self._room[: _write_rows(tenths, self._room)].tobytes()
        moments = ",".join(map(str, times_ms.tolist()))
        body = b'{"epoch":0,"beat":%d,"t":[%s],"p":[%s],"v":%s}' % (
            beat,
            moments.encode(),
            self._codes.encode(),
            rows,
        )
        head = (
            f"POST /v1/beats HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Authorization: Bearer {self._keys[plant]}\r\n"
            f"Content-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
        )
        return head.encode() + body
