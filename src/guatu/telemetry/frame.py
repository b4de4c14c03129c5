"""A log message of beats: how the gateway lays them down and the engine takes them up.

Little endian, every array at a multiple of its own size, so that the engine reads them in place:
``F``, version, u16 count, u32 zero; then a beat: the head below, times i64, values f64 (a row a
point, NaN is no sample), point ids i32, scaled i32 (likewise, ABSENT is no sample), marks i32
(row, time, quality), decimals i8, padded to eight. Rows: the scaled ones first.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.cells import Cells

VERSION = 2
HEAD = struct.Struct("<BBHI")
BEAT_HEAD = struct.Struct("<IIqqqIIII")
BACKFILL = 1
MAX_BEATS = 65_535


class FrameError(ValueError):
    """A log message that is no frame of a version known here."""


def no_marks() -> NDArray[np.int32]:
    """Give the marks of a beat whose samples are all good."""
    return np.empty((0, 3), np.int32)


@dataclass(slots=True)
class FrameBeat:
    """One beat inside a frame; the arrays lie in the message's own memory.

    Args:
        ids: database ids of the points, int32 (points,), in the order of the cells' rows.
        marks: int32 (marks, 3): row, time and quality code of each sample that is not good.
    """

    plant: int
    epoch: int
    beat: int
    received_ms: int
    backfill: bool
    ids: NDArray[np.int32]
    cells: Cells
    marks: NDArray[np.int32] = field(default_factory=no_marks)


def beat_bytes(beat: FrameBeat) -> bytes:
    """Lay down one beat."""
    cells, points = beat.cells, len(beat.ids)
    head = BEAT_HEAD.pack(
        beat.plant,
        BACKFILL if beat.backfill else 0,
        beat.epoch,
        beat.beat,
        beat.received_ms,
        points,
        len(cells.scaled),
        len(cells.times),
        len(beat.marks),
    )
    used = 4 * points + 4 * cells.scaled.size + 4 * beat.marks.size + points
    return b"".join(
        (
            head,
            cells.times.tobytes(),
            cells.values.tobytes(),
            beat.ids.tobytes(),
            cells.scaled.tobytes(),
            beat.marks.tobytes(),
            cells.decimals.tobytes(),
            b"\0" * (-used % 8),
        )
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
            beat, at = _read_beat(payload, at)
            yield beat
    except (struct.error, ValueError) as error:
        raise FrameError(str(error)) from error


def _read_beat(payload: bytearray, at: int) -> tuple[FrameBeat, int]:
    plant, flags, epoch, number, received, points, exact, times, marks = BEAT_HEAD.unpack_from(
        payload, at
    )
    part = np.frombuffer
    at += BEAT_HEAD.size
    moments = part(payload, np.int64, times, at)
    at += 8 * times
    values = part(payload, np.float64, (points - exact) * times, at).reshape(points - exact, times)
    at += 8 * values.size
    ids = part(payload, np.int32, points, at)
    at += 4 * points
    scaled = part(payload, np.int32, exact * times, at).reshape(exact, times)
    at += 4 * scaled.size
    marked = part(payload, np.int32, 3 * marks, at).reshape(marks, 3)
    at += 4 * marked.size
    decimals = part(payload, np.int8, points, at)
    at += points
    cells = Cells(decimals, moments, scaled, values)
    beat = FrameBeat(plant, epoch, number, received, bool(flags & BACKFILL), ids, cells, marked)
    return beat, at + -at % 8
