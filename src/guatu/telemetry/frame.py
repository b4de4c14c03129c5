"""A log message of beats: how the gateway lays them down and the engine takes them up.

Little endian, every array at a multiple of its own size, so that the engine reads them in place:
``F``, version, u16 count, u32 zero; then a beat: the head below, times i64, values f64 (a row a
point, NaN is no sample), point ids i32, scaled i32 (likewise, ABSENT is no sample), marks i32
(row, time, quality), rejected i32 (reason, samples), decimals i8, padded to eight. Rows: the
scaled ones first.

What the gateway left out of a beat travels in it as counts, so that they are counted exactly
once, whatever dies and however often the beat is sent again.
"""

from __future__ import annotations

import struct
from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from guatu.telemetry.cells import Cells

VERSION = 3
HEAD = struct.Struct("<BBHI")
BEAT_HEAD = struct.Struct("<IIqqqqIIIIII")
BACKFILL, HEARTBEAT = 1, 2
MAX_BEATS = 65_535


class FrameError(ValueError):
    """A log message that is no frame."""


class OtherVersion(Exception):  # named for what was met, not as an error of ours
    """A frame that another version of the program laid down.

    Its samples are acknowledged, so nobody may pass over it.

    Args:
        version: of the frame.
    """

    def __init__(self, version: int) -> None:
        super().__init__(f"frame of version {version}, this program reads {VERSION}")
        self.version = version


def no_marks() -> NDArray[np.int32]:
    """Give the marks of a beat whose samples are all good."""
    return _NO_MARKS


def none_rejected() -> NDArray[np.int32]:
    """Give the counts of a beat of which nothing was left out."""
    return _NONE_REJECTED


_NO_MARKS, _NONE_REJECTED = np.empty((0, 3), np.int32), np.empty((0, 2), np.int32)


@dataclass(slots=True)
class FrameBeat:
    """One beat inside a frame; the arrays lie in the message's own memory.

    Args:
        ids: database ids of the points, int32 (points,), in the order of the cells' rows.
        marks: int32 (marks, 3): row, time and quality code of each sample that is not good.
        rejected: int32 (reasons, 2): place in SAMPLE_REASONS, and samples left out.
        sent_ms: the plant's clock when it sent; 0 where it did not say.
        is_heartbeat: only a sign of life, with no number of its own and no samples.
    """

    plant: int
    epoch: int
    beat: int
    received_ms: int
    backfill: bool
    ids: NDArray[np.int32]
    cells: Cells
    marks: NDArray[np.int32] = field(default_factory=no_marks)
    rejected: NDArray[np.int32] = field(default_factory=none_rejected)
    sent_ms: int = 0
    is_heartbeat: bool = False


def heartbeat(plant: int, received_ms: int, sent_ms: int) -> FrameBeat:
    """Make the sign of life of a plant."""
    none = np.empty(0, np.int64)
    cells = Cells(
        np.empty(0, np.int8), none, np.empty((0, 0), np.int32), np.empty((0, 0), np.float64)
    )
    ids = np.empty(0, np.int32)
    return FrameBeat(
        plant=plant, epoch=0, beat=0, received_ms=received_ms, backfill=False, ids=ids,
        cells=cells, sent_ms=sent_ms, is_heartbeat=True,
    )  # fmt: skip


def beat_bytes(beat: FrameBeat) -> bytes:
    """Lay down one beat."""
    cells, points = beat.cells, len(beat.ids)
    head = BEAT_HEAD.pack(
        beat.plant,
        BACKFILL * beat.backfill | HEARTBEAT * beat.is_heartbeat,
        beat.epoch,
        beat.beat,
        beat.received_ms,
        beat.sent_ms,
        points,
        len(cells.scaled),
        len(cells.times),
        len(beat.marks),
        len(beat.rejected),
        0,
    )
    quarters = points + cells.scaled.size + beat.marks.size + beat.rejected.size
    used = 4 * quarters + points
    return b"".join(
        (
            head,
            cells.times.tobytes(),
            cells.values.tobytes(),
            beat.ids.tobytes(),
            cells.scaled.tobytes(),
            beat.marks.tobytes(),
            beat.rejected.tobytes(),
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
        OtherVersion: if another version of the program wrote it.
    """
    try:
        _, version, count, _ = HEAD.unpack_from(payload, 0)
        if version != VERSION:
            raise OtherVersion(version)
        at = HEAD.size
        for _ in range(count):
            beat, at = _read_beat(payload, at)
            yield beat
    except (struct.error, ValueError) as error:
        raise FrameError(str(error)) from error


def _read_beat(payload: bytearray, at: int) -> tuple[FrameBeat, int]:
    (
        plant, flags, epoch, number, received, sent, points, exact, times, marks, reasons, _
    ) = BEAT_HEAD.unpack_from(payload, at)  # fmt: skip
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
    marked, rejected = _NO_MARKS, _NONE_REJECTED
    if marks:
        marked = part(payload, np.int32, 3 * marks, at).reshape(marks, 3)
        at += 4 * marked.size
    if reasons:
        rejected = part(payload, np.int32, 2 * reasons, at).reshape(reasons, 2)
        at += 4 * rejected.size
    decimals = part(payload, np.int8, points, at)
    at += points
    cells = Cells(decimals, moments, scaled, values)
    beat = FrameBeat(
        plant, epoch, number, received, bool(flags & BACKFILL), ids, cells, marked, rejected,
        sent, bool(flags & HEARTBEAT),
    )  # fmt: skip
    return beat, at + -at % 8
