"""Count what history holds of some points, in a process that knows nothing else.

Reads a JSON list of point ids on standard input and prints `{"rows": …, "distinct": …}`.
"""

import json
import sys

import duckdb

from guatu.telemetry.history.read import stored_segments
from guatu.telemetry.settings import history_folder

EVER = 1 << 62


def main() -> None:
    """Count rows and distinct pairs of point and time."""
    points = json.load(sys.stdin)
    files = [str(segment.path) for segment in stored_segments(history_folder(), -EVER, EVER)]
    rows = distinct = 0
    if files and points:
        with duckdb.connect(":memory:") as connection:
            found = connection.execute(
                "SELECT count(*), count(DISTINCT (point, at_ms)) FROM read_parquet(?) "
                "WHERE point IN (SELECT unnest(?))",
                [files, points],
            ).fetchone()
        rows, distinct = found or (0, 0)
    print(json.dumps({"rows": rows, "distinct": distinct}))


if __name__ == "__main__":
    main()
