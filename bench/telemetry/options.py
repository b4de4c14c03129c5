"""What the bench measures, and how large."""

import argparse
import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from bench.spine.load import Load

PARTS = ("peers", "full", "stages", "recording", "sweep", "charts")
DATA = Path("../shared/data")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """Sizes of the bench; the defaults are those that count.

    Attributes:
        seconds: how long the full speed is measured.
        warm_up: seconds at full speed before that, until the keeper works, too.
        settle: seconds at most until the keeper has caught up.
        plants, points, times: of the load; times are the samples of a point in a beat.
        alarms: points that exceed their limit.
        peer_seconds: how long each batch size of a peer is measured.
        stage_rounds: beats of each plant when a stage is measured alone.
        sweep_seconds: how long each row of the tables is measured.
        sweep_points: the greatest number of points in them.
        days: of the charts' history.
        chart_points: of it, each with a sample a second.
        queries: of each kind of chart.
        victoria_charts: whether VictoriaMetrics answers the same charts.
        data: where recordings are.
        seed: where the numbers come from.
        only: the parts to be measured.
    """

    seconds: float
    warm_up: float
    settle: float
    plants: int
    points: int
    times: int
    alarms: int
    peer_seconds: float
    stage_rounds: int
    sweep_seconds: float
    sweep_points: int
    days: int
    chart_points: int
    queries: int
    victoria_charts: bool
    data: Path
    seed: int
    only: tuple[str, ...]

    def load(self, rounds: int, *, alarms: int | None = None) -> Load:
        """Give the load with so many beats of each plant."""
        return Load(
            plants=self.plants,
            points=self.points,
            times=self.times,
            step_ms=200,
            rounds=rounds,
            alarms=self.alarms if alarms is None else alarms,
            seed=self.seed,
        )


def read_options() -> Options:
    """Read the command line."""
    parser = argparse.ArgumentParser(prog="bench.telemetry")
    parser.add_argument("--seconds", type=float, default=120.0)
    parser.add_argument("--warm-up", type=float, default=75.0)
    parser.add_argument("--settle", type=float, default=180.0)
    parser.add_argument("--plants", type=int, default=3_000)
    parser.add_argument("--points", type=int, default=300)
    parser.add_argument("--times", type=int, default=10)
    parser.add_argument("--alarms", type=int, default=30_000)
    parser.add_argument("--peer-seconds", type=float, default=15.0)
    parser.add_argument("--stage-rounds", type=int, default=9)
    parser.add_argument("--sweep-seconds", type=float, default=10.0)
    parser.add_argument("--sweep-points", type=int, default=1_000_000)
    parser.add_argument("--days", type=int, default=30)
    parser.add_argument("--chart-points", type=int, default=40)
    parser.add_argument("--queries", type=int, default=200)
    parser.add_argument("--victoria-charts", action=argparse.BooleanOptionalAction, default=True)
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--seed", type=int, default=20261124)
    parser.add_argument("--only", action="append", choices=PARTS)
    read = vars(parser.parse_args())
    read["only"] = tuple(read["only"] or PARTS)
    return Options(**read)


@contextmanager
def environment(**settings: object) -> Iterator[None]:
    """Set what processes started in a block find in their environment."""
    before = {name: os.environ.get(name) for name in settings}
    os.environ.update({name: str(value) for name, value in settings.items()})
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
