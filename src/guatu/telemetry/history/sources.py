"""Files sorted by point, read side by side: a row group of each at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any, Generic, Protocol, Self, TypeVar

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from guatu.telemetry.history.damage import DamagedError, reading
from guatu.telemetry.history.rollup import AS_LAST
from guatu.telemetry.history.steps import cells_of_steps

NO_LIMIT = 1 << 40


class Piece(Protocol):
    """Rows sorted by point."""

    @property
    def point(self) -> NDArray[np.int32]:
        """Database ids."""
        ...

    def __len__(self) -> int: ...

    def cut(self, begin: int, end: int) -> Self:
        """Give a stretch of the rows, without copying."""
        ...


P = TypeVar("P", bound=Piece)


def array_of(column: pa.ChunkedArray) -> NDArray[Any]:
    """Give a column as an array, without copying where it lies in one piece and has no nulls."""
    one = column.chunk(0) if column.num_chunks == 1 else column.combine_chunks()
    array: NDArray[Any] = one.to_numpy(zero_copy_only=False)
    return array


def columns_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """Give the columns of one row group, as if no file left out what others of them say."""
    columns = {name: array_of(table.column(name)) for name in table.column_names}
    for name in AS_LAST:
        if name in columns and table.column(name).null_count:
            columns[name] = np.where(np.isnan(columns[name]), columns["last"], columns[name])
    # What was written before there were steps holds the cells themselves.
    if "step" in columns:
        columns["scaled"] = cells_of_steps(columns["point"], columns.pop("step"))
    return columns


class Source(Generic[P]):
    """A file being read: the row groups that are open now, less what was taken.

    Opened with `page_checksum_verification`, lest a damaged page be written again as sound; and
    not mapped into memory, where a disk that cannot read ends the process.

    Args:
        path: what is read.
        make: makes a piece of the columns of a row group.
        join: puts pieces behind each other.
    """

    def __init__(
        self, path: Path, make: Callable[..., P], join: Callable[[Sequence[P]], P]
    ) -> None:
        self._path, self._make, self._join = path, make, join
        with reading(path):
            self._file = pq.ParquetFile(path, page_checksum_verification=True)
        self._next = 0
        self._held: P | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()

    @property
    def is_read(self) -> bool:
        """Whether no row group is left to be opened."""
        return self._next >= int(self._file.num_row_groups)

    @property
    def last_point(self) -> int | None:
        """The last point held; None if nothing is."""
        return int(self._held.point[-1]) if self._held is not None else None

    def begins_before(self, point: int) -> bool:
        """Whether it holds rows of a point before one."""
        return self._held is not None and int(self._held.point[0]) < point

    def open_next(self) -> None:
        """Open the next row group that has rows, if any.

        Raises:
            DamagedError: if it cannot be read, or its points are not in order.
        """
        while not self.is_read:
            with reading(self._path):
                table = self._file.read_row_group(self._next, use_threads=False)
            self._next += 1
            if table.num_rows:
                piece = self._make(*columns_of(table).values())
                if (piece.point[1:] < piece.point[:-1]).any():
                    # Cut by point, it would lose rows.
                    raise DamagedError(self._path, "points are not in order")
                self._held = piece if self._held is None else self._join([self._held, piece])
                return

    def take(self, before: int) -> P | None:
        """Take the rows of the points before one."""
        held = self._held
        if held is None:
            return None
        end = len(held)
        if before <= int(held.point[-1]):
            # As wide as the points, lest all of these be widened to be compared.
            end = int(np.searchsorted(held.point, np.int32(before)))
        self._held = held.cut(end, len(held)) if end < len(held) else None
        return held.cut(0, end) if end else None


def frontier(sources: Sequence[Source[Any]]) -> int | None:
    """Open what must be opened, and give the point before which every source is complete.

    None where nothing is left.
    """
    for source in sources:
        if source.last_point is None:
            source.open_next()
    while True:
        unread = [source for source in sources if not source.is_read]
        limit = min((s.last_point for s in unread if s.last_point is not None), default=NO_LIMIT)
        if any(source.begins_before(limit) for source in sources):
            return limit
        # One point fills whole row groups: it is complete only with the next ones.
        stuck = [source for source in unread if source.last_point == limit]
        if not stuck:
            return None
        for source in stuck:
            source.open_next()
