"""Count what history holds of some points, in a process that knows nothing else.

Reads `{"points": [ids], "partition": n}` on standard input and prints
`{"rows": …, "distinct": …, "merged_away": …}`.
"""

import json
import sys
from pathlib import Path
from typing import NamedTuple

import duckdb
import pyarrow.parquet as pq

from guatu.telemetry.history.layout import partition_folder, segments
from guatu.telemetry.history.merge import doubled_in
from guatu.telemetry.history.read import persistently
from guatu.telemetry.settings import history_folder


def main() -> None:
    """Count rows, distinct pairs of point and time, and what merges left out of the partition."""
    wanted = json.load(sys.stdin)
    folder, points = partition_folder(history_folder(), wanted["partition"]), wanted["points"]
    print(json.dumps(persistently(lambda: count(folder, points))._asdict()))


class Counted(NamedTuple):
    """What history holds.

    Attributes:
        rows: samples of the points.
        distinct: of these, how many differ in point or time.
        merged_away: samples of any point of the partition that merges have left out.
    """

    rows: int
    distinct: int
    merged_away: int


def count(folder: Path, points: list[int]) -> Counted:
    """Count what a partition holds of some points.

    Args:
        folder: of the partition.
        points: database ids.

    Raises:
        FileNotFoundError: if a merge takes a file away meanwhile.
    """
    files = [str(segment.path) for segment in segments(folder)]
    merged_away = 0
    for path in files:
        with pq.ParquetFile(path) as file:
            merged_away += doubled_in(file)
    rows = distinct = 0
    if files and points:
        with duckdb.connect(":memory:") as connection:
            found = connection.execute(
                "SELECT count(*), count(DISTINCT (point, at_ms)) FROM read_parquet(?) "
                "WHERE point IN (SELECT unnest(?))",
                [files, points],
            ).fetchone()
        rows, distinct = found or (0, 0)
    return Counted(rows, distinct, merged_away)


if __name__ == "__main__":
    main()
