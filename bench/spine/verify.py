"""Read history back in a fresh process and hold it against the numbers that were sent.

Arguments: history folder, the load's fields, rounds sent, start in ms. Prints one line of JSON.
"""

import json
import sys
from pathlib import Path

import duckdb
import numpy as np
from numpy.typing import NDArray

from bench.spine.load import Load, beats
from guatu.telemetry.history.layout import Segment
from guatu.telemetry.history.read import samples_of, stored_segments

EVER = 1 << 62
POINTS_AT_ONCE = 30_000
CHECKED_ROUNDS = 2
DAY_MS = 86_400_000


def main() -> None:
    """Count rows, doubles and wrong values."""
    history, fields, rounds, start_ms = sys.argv[1:]
    load, sent_rounds = Load(**json.loads(fields)), json.loads(rounds)
    found = stored_segments(Path(history), -EVER, EVER)
    if any(one.name.other for one in found):
        raise SystemExit("history holds samples that are no tenths; none was sent")
    files = [str(one.path) for one in found]
    rows = doubled = 0
    with duckdb.connect(":memory:") as connection:
        connection.execute("SET threads = 2")
        for first in range(1, load.plants * load.points + 1, POINTS_AT_ONCE):
            keys = _keys(connection, files, first, int(start_ms))
            rows += len(keys)
            keys.sort()
            doubled += int(np.count_nonzero(keys[1:] == keys[:-1]))
        wrong = sum(
            _wrong_values(found, load, round_, int(start_ms))
            for round_ in sent_rounds[:: max(1, len(sent_rounds) // CHECKED_ROUNDS)]
        )
    print(json.dumps({"rows": rows, "doubled": doubled, "wrong": wrong}))


def _keys(
    connection: duckdb.DuckDBPyConnection, files: list[str], first: int, start_ms: int
) -> NDArray[np.int64]:
    """Give one number for each row of some points; equal ones only for the same point and time."""
    # Rows before start_ms are a day older at most: the quiet rounds.
    base = start_ms - 2 * DAY_MS
    found = connection.execute(
        "SELECT (point - ?) * 1099511627776 + (at_ms - ?) AS key FROM read_parquet(?) "
        "WHERE point BETWEEN ? AND ?",
        [first, base, files, first, first + POINTS_AT_ONCE - 1],
    ).fetchnumpy()
    keys: NDArray[np.int64] = np.asarray(found["key"], np.int64)
    assert not len(keys) or keys.min() >= 0
    return keys


def _wrong_values(found: list[Segment], load: Load, round_: int, start_ms: int) -> int:
    """Compare every value of one round with the number drawn for it."""
    times = load.times_ms(round_, start_ms)
    span = int(times[0]), int(times[-1])
    expected = np.concatenate([one.ravel() for one in beats(load, round_)]) / 10.0
    wrong = 0
    for first in range(0, load.plants * load.points, POINTS_AT_ONCE):
        # Points are counted from 1.
        points = range(first + 1, min(first + POINTS_AT_ONCE, load.plants * load.points) + 1)
        value = samples_of(found, points, *span).value
        drawn = expected[first * load.times :][: len(points) * load.times]
        if len(value) != len(drawn):
            wrong += abs(len(value) - len(drawn))
        else:
            wrong += int(np.count_nonzero(value != drawn))
    return wrong


if __name__ == "__main__":
    main()
