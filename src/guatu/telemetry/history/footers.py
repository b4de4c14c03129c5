"""Reading a few points out of a large sorted file: by its footer, only the row groups that matter.

Footers are kept in memory: files never change under their name, except that an interrupted cut is
written again, which size and time of change tell.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
from numpy.typing import NDArray

from guatu.telemetry.history.damage import DamagedError, reading
from guatu.telemetry.history.sources import columns_of

MOST_GROUPS = 100_000
"""Row groups whose footers are kept in memory, about one kilobyte each."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What a file says of itself.

    Args:
        metadata: as Arrow reads it.
        points: first and last point of each row group, int64 (2, groups).
        times: earliest and latest time of each row group, int64 (2, groups).
    """

    metadata: Any
    points: NDArray[np.int64]
    times: NDArray[np.int64]

    @property
    def rows(self) -> int:
        """Rows in the file."""
        return int(self.metadata.num_rows)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is looked for.

    Args:
        points: database ids, sorted, each once.
        start_ms: earliest time.
        end_ms: latest time, itself included.
    """

    points: NDArray[np.int32]
    start_ms: int
    end_ms: int

    @classmethod
    def of(cls, points: Any, start_ms: int, end_ms: int) -> Wanted:  # noqa: ANN401 - any sequence of ids
        """Want points in any order."""
        return cls(np.unique(np.asarray(points, np.int32)), start_ms, end_ms)


_kept: OrderedDict[str, tuple[tuple[int, int], Footer]] = OrderedDict()
_lock = threading.Lock()


def footer(path: Path) -> Footer:
    """Give a file's footer.

    Raises:
        FileNotFoundError: if the file is not there.
        DamagedError: if it cannot be read.
    """
    stat = path.stat()
    mark = stat.st_mtime_ns, stat.st_size
    with _lock:
        known = _kept.get(str(path))
        if known is not None and known[0] == mark:
            _kept.move_to_end(str(path))
            return known[1]
    with reading(path):
        metadata = pq.read_metadata(path)
    found = Footer(metadata, _bounds(metadata, 0), _bounds(metadata, 1))
    with _lock:
        _kept[str(path)] = mark, found
        kept = sum(one.metadata.num_row_groups for _, one in _kept.values())
        while kept > MOST_GROUPS and len(_kept) > 1:
            kept -= _kept.popitem(last=False)[1][1].metadata.num_row_groups
    return found


def _bounds(metadata: Any, column: int) -> NDArray[np.int64]:  # noqa: ANN401 - Arrow has no types
    groups = range(metadata.num_row_groups)
    told = [metadata.row_group(i).column(column).statistics for i in groups]
    # A file that somebody else wrote may tell nothing: then anything may be inside.
    low = [-(2**62) if one is None else one.min for one in told]
    high = [2**62 if one is None else one.max for one in told]
    return np.array([low, high], np.int64)


def read_wanted(
    path: Path, wanted: Wanted, pass_over: Callable[[DamagedError], None] | None = None
) -> list[dict[str, NDArray[Any]]]:
    """Read the rows of some points and a span.

    Args:
        path: a file sorted by point and time; its first two columns are these.
        wanted: which rows.
        pass_over: told of a row group that cannot be read, which then hides none of the others;
            None to let it be raised.

    Returns:
        Pieces, in order, each a dictionary of columns.

    Raises:
        FileNotFoundError: if the file is not there.
        DamagedError: if it cannot be read.
    """
    about = footer(path)
    first = np.searchsorted(wanted.points, about.points[0])
    has_point = first < np.searchsorted(wanted.points, about.points[1], "right")
    in_span = (about.times[0] <= wanted.end_ms) & (about.times[1] >= wanted.start_ms)
    groups = np.flatnonzero(has_point & in_span)
    if not len(groups):
        return []
    pieces = []
    # Not mapped into memory: where a disk cannot read, that ends the process.
    with pq.ParquetFile(path, metadata=about.metadata, page_checksum_verification=True) as file:
        for group in groups.tolist():
            try:
                with reading(path):
                    table = file.read_row_group(group, use_threads=False)
            except DamagedError as error:
                if pass_over is None:
                    raise
                pass_over(error)
                continue
            if (piece := _rows(columns_of(table), wanted)) is not None:
                pieces.append(piece)
    return pieces


def _rows(group: dict[str, NDArray[Any]], wanted: Wanted) -> dict[str, NDArray[Any]] | None:
    """Choose the wanted rows of a row group: of each point a stretch, for it is sorted."""
    point, at_ms = group["point"], group["at_ms"]
    near = wanted.points[
        np.searchsorted(wanted.points, point[0]) : np.searchsorted(
            wanted.points, point[-1], "right"
        )
    ]
    begins = np.searchsorted(point, near)
    ends = np.searchsorted(point, near, "right")
    places = []
    for begin, end in zip(begins.tolist(), ends.tolist(), strict=True):
        times = at_ms[begin:end]
        low = begin + int(np.searchsorted(times, wanted.start_ms))
        high = begin + int(np.searchsorted(times, wanted.end_ms, "right"))
        if low < high:
            places.append(slice(low, high))
    if not places:
        return None
    if len(places) == 1:
        # Copied: a view would keep the whole row group in memory.
        return {name: column[places[0]].copy() for name, column in group.items()}
    return {
        name: np.concatenate([column[place] for place in places]) for name, column in group.items()
    }
