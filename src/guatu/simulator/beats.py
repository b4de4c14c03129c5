"""A plant's message and its bytes: what goes into one POST to the gateway."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt
import orjson

from guatu.access.raw import (
    ABSENT,
    BACKFILL,
    DOUBLES,
    HEAD,
    LARGEST,
    MAGIC,
    SENT,
    SENT_AT,
    is_raw,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

MOST_DECIMALS_TRIED = 7
Times = npt.NDArray[np.int64]
Values = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """Samples that travel together, before they have a beat number.

    Attributes:
        points: the plant's point codes, in the order of the rows of ``values``.
        times_ms: sample times, UTC milliseconds since 1970, strictly rising, shape (times,).
        values: shape (points, times); NaN where a point has no sample at a time.
        backfill: for history only: stored and not judged.
        marks: (row, time, quality) of each sample that is not good, in the order of rows and times.
        fillers: by (row, time), what a poor driver writes where it has no number, such as ``NaN``;
            the value there is NaN.
    """

    points: tuple[str, ...]
    times_ms: Times
    values: Values
    backfill: bool = False
    marks: tuple[tuple[int, int, int], ...] = ()
    fillers: Mapping[tuple[int, int], str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Refuse a shape that the gateway would refuse, where the mistake was made."""
        if self.values.shape != (len(self.points), len(self.times_ms)):
            raise ValueError(
                f"values are {self.values.shape}, "
                f"points and times say {(len(self.points), len(self.times_ms))}"
            )
        if len(self.times_ms) > 1 and not bool(np.all(np.diff(self.times_ms) > 0)):
            raise ValueError("times must rise strictly")

    @property
    def samples(self) -> int:
        """How many samples are in it: an absent value is not one, a filler is a broken one."""
        return int(np.count_nonzero(~np.isnan(self.values))) + len(self.fillers)


def one_moment(at_ms: int, readings: Sequence[tuple[str, float | None]]) -> Batch:
    """Make a batch of one moment from (point code, value or None) pairs."""
    return Batch(
        points=tuple(code for code, _ in readings),
        times_ms=np.array([at_ms], dtype=np.int64),
        values=np.array(
            [[np.nan if value is None else value] for _, value in readings], dtype=np.float64
        ).reshape(len(readings), 1),
    )


def encode(batch: Batch, *, epoch: int, beat: int) -> bytes:
    """Write a beat in the canonical key order, which is the gateway's fast path.

    Floats are written shortest-exact, so the value read back is the same to the last bit.
    NaN becomes null: JSON has no other word for "no sample".
    """
    body: dict[str, object] = {
        "epoch": epoch,
        "beat": beat,
        "t": np.ascontiguousarray(batch.times_ms),
        "p": batch.points,
        "v": _with_fillers(batch) if batch.fillers else np.ascontiguousarray(batch.values),
    }
    if batch.marks:
        body["q"] = batch.marks
    if batch.backfill:
        body["backfill"] = True
    return orjson.dumps(body, option=orjson.OPT_SERIALIZE_NUMPY)


def _with_fillers(batch: Batch) -> list[list[float | str]]:
    rows: list[list[float | str]] = batch.values.tolist()
    for (row, time_), filler in batch.fillers.items():
        rows[row][time_] = filler
    return rows


def encode_raw(batch: Batch, *, epoch: int, beat: int) -> bytes:
    """Write a beat in raw form; a row goes as whole numbers where that is exact."""
    values = batch.values
    if batch.fillers:
        # Raw numbers have no text; what is no finite number is the nearest to it.
        values = values.copy()
        values[tuple(np.array(list(batch.fillers)).T)] = np.inf
    forms = np.array([_form(row) for row in values], np.int8)
    double = forms == DOUBLES
    tens = 10.0 ** np.maximum(forms, 0)[:, None]
    with np.errstate(invalid="ignore"):
        scaled = np.rint(values * tens)
    scaled[np.isnan(values)] = ABSENT
    codes = "\n".join(batch.points).encode()
    points, times = values.shape
    head = HEAD.pack(
        MAGIC,
        BACKFILL if batch.backfill else 0,
        epoch,
        beat,
        0,
        points,
        int(double.sum()),
        times,
        len(batch.marks),
        len(codes),
        0,
    )
    rows = values[double].tobytes() + scaled[~double].astype("<i4").tobytes()
    marks = np.array(batch.marks, "<i4").tobytes()
    return b"".join((head, batch.times_ms.tobytes(), rows, marks, forms.tobytes(), codes))


def _form(row: Values) -> int:
    """Give the least decimals, up to six, with which a row is exact; DOUBLES if there are none."""
    values = row[~np.isnan(row)]
    if np.isinf(values).any():
        return DOUBLES
    for decimals in range(MOST_DECIMALS_TRIED):
        ten = 10.0**decimals
        whole = np.rint(values * ten)
        if bool(np.all((whole / ten == values) & (np.abs(whole) <= LARGEST))):
            return decimals
    return DOUBLES


def said_sent(body: bytes, sent_ms: int) -> bytes:
    """Let a beat say when it is sent; called anew for each sending.

    Args:
        body: what `encode` or `encode_raw` gave.
        sent_ms: the plant's clock now.
    """
    if is_raw(body):
        stamped = bytearray(body)
        SENT.pack_into(stamped, SENT_AT, sent_ms)
        return bytes(stamped)
    return b'%s,"sent":%d}' % (body[:-1], sent_ms)


@dataclass(slots=True)
class BeatNumbers:
    """Numbers a plant's beats; an (epoch, beat) pair is never given to two messages.

    Without a file each start opens a new epoch, named by its wall-clock millisecond. With a
    file the series goes on after a restart; the number is on disk before it is used, so a
    crash can leave a gap but never a number used twice.

    Attributes:
        epoch: the numbering series.
        last: the number given last; 0 before the first.
        path: where to keep both, or None.
    """

    epoch: int
    last: int = 0
    path: Path | None = field(default=None)

    @classmethod
    def start(cls, path: Path | None = None, *, now_ms: int | None = None) -> BeatNumbers:
        """Open a series: the one kept in ``path`` if it can be read, else a new one."""
        fresh = int(time.time() * 1000) if now_ms is None else now_ms
        if path is not None and path.exists():
            try:
                kept = json.loads(path.read_text("utf-8"))
                return cls(epoch=int(kept["epoch"]), last=int(kept["last"]), path=path)
            except (ValueError, KeyError, TypeError):
                # A torn or foreign file: a new epoch is safe, guessing a number is not.
                pass
        return cls(epoch=fresh, path=path)

    def take(self) -> int:
        """Give the next number."""
        self.last += 1
        if self.path is not None:
            swap = self.path.with_name(self.path.name + ".new")
            swap.write_text(json.dumps({"epoch": self.epoch, "last": self.last}), "utf-8")
            swap.replace(self.path)
        return self.last
