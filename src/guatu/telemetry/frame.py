"""A log message of beats: how the gateway lays them down and the engine takes them up.

Little endian, everything at a multiple of eight, so that the engine reads the arrays in place:
``F``, version, u16 count, u32 zero; then a beat: the head below, times i64, values f64 (a row
a point, NaN is no sample), point ids i32, padded.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

VERSION = 1
HEAD = struct.Struct("<BBHI")
BEAT_HEAD = struct.Struct("<IIqqqII")
BACKFILL = 1
MAX_BEATS = 65_535


class FrameError(ValueError):
    """A log message that is no frame of a version known here."""


@dataclass(slots=True)
class FrameBeat:
    """One beat inside a frame; the arrays lie in the message's own memory.

    Args:
        ids: database ids of the points, shape (points,).
        times: milliseconds, shape (times,).
        values: shape (points, times); NaN is no sample.
    """

    plant: int
    epoch: int
    beat: int
    received_ms: int
    backfill: bool
    ids: NDArray[np.int32]
    times: NDArray[np.int64]
    values: NDArray[np.float64]


def beat_bytes(beat: FrameBeat) -> bytes:
    """Lay down one beat."""
    points, times = beat.values.shape
    head = BEAT_HEAD.pack(
        beat.plant,
        BACKFILL if beat.backfill else 0,
        beat.epoch,
        beat.beat,
        beat.received_ms,
        points,
        times,
    )
    padding = b"\0" * (4 * (points & 1))
    return b"".join(
        (head, beat.times.tobytes(), beat.values.tobytes(), beat.ids.tobytes(), padding)
    )


def frame_bytes(beats: list[bytes]) -> bytes:
    """Lay down a log message of beats made by `beat_bytes`."""
    return b"".join((HEAD.pack(ord("F"), VERSION, len(beats), 0), *beats))


def read_frame(payload: bytearray) -> Iterator[FrameBeat]:
    """Take the beats up again, in order, without copying.

    Args:
        payload: the message; writable, because the engine blanks doubled samples in place.

    Raises:
        FrameError: if it is none.
    """
    try:
        _, version, count, _ = HEAD.unpack_from(payload, 0)
        if version != VERSION:
            raise FrameError(f"frame of version {version}")
        at = HEAD.size
        for _ in range(count):
            plant, flags, epoch, beat, received, points, times = BEAT_HEAD.unpack_from(payload, at)
            at += BEAT_HEAD.size
            moments = np.frombuffer(payload, np.int64, times, at)
            at += 8 * times
            values = np.frombuffer(payload, np.float64, points * times, at)
            at += 8 * points * times
            ids = np.frombuffer(payload, np.int32, points, at)
            at += 4 * (points + (points & 1))
            yield FrameBeat(
                plant,
                epoch,
                beat,
                received,
                bool(flags & BACKFILL),
                ids,
                moments,
                values.reshape(points, times),
            )
    except (struct.error, ValueError) as error:
        raise FrameError(str(error)) from error
