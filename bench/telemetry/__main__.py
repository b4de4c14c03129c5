"""`make bench-telemetry`: the telemetry core at full strength, beside its peers, on the same cores.

Ends with one line of JSON; what was not measured, by `--only`, is null in it. Both sides' payloads
are encoded beforehand. Each of our answers comes after a synced write, every sample is judged, and
only those count that lie in history's files; the peers judge nothing or rarely, and all of theirs
count once answered.
"""

import json
import tempfile
import time
from pathlib import Path

import uvloop

from bench.spine import peers, prometheus
from bench.telemetry import charts, full, recording, stages, sweep, victoria
from bench.telemetry.options import Options, read_options

PEERS = (victoria.PEER, prometheus.PEER)
PEER_ROUNDS = 1_000


def main() -> None:
    """Measure what was asked for, and print."""
    options = read_options()
    print(f"seed {options.seed}", flush=True)
    rates = _peers(options) if "peers" in options.only else {}
    run = _full(options) if "full" in options.only else None
    if "stages" in options.only:
        _title("where the time goes: each stage alone, beside its process in the full run")
        stages.measure(
            options,
            run.by_process if run else {},
            run.keeper_s_per_million if run else float("nan"),
        )
    sizes = None
    if "recording" in options.only:
        _title("bytes a sample")
        sizes = recording.measure(options)
    if "sweep" in options.only:
        _title("by number of points, encoding and size of a beat")
        uvloop.run(sweep.measure(options))
    chart_ms = None
    if "charts" in options.only:
        _title("charts")
        chart_ms = charts.measure(options)
    speed = run.samples_per_s if run else None
    print(
        json.dumps(
            {
                "samples_per_s": _rounded(speed, 0),
                "ratio_victoriametrics": _ratio(victoria.PEER.name, speed, rates),
                "ratio_prometheus": _ratio(prometheus.PEER.name, speed, rates),
                "p99_ms_at_1m": _rounded(run.p99_ms if run else None, 1),
                "bytes_per_sample": _rounded(sizes.ours if sizes else None, 3),
                "bytes_per_sample_victoriametrics": _rounded(sizes.victoria if sizes else None, 3),
                "chart_p95_ms": _rounded(chart_ms, 1),
                "cpu_s_per_million": _rounded(run.cpu_s_per_million if run else None, 3),
            }
        )
    )


def _title(text: str) -> None:
    print(f"== {text}", flush=True)


def _peers(options: Options) -> dict[str, dict[str, float]]:
    """Measure each peer's best at each of its doors."""
    _title("peers")
    load = options.load(PEER_ROUNDS, alarms=0)
    start_ms = time.time_ns() // 1_000_000 - 3_000_000
    return {
        peer.name: peers.best_rates(peer, load, start_ms, options.peer_seconds) for peer in PEERS
    }


def _full(options: Options) -> full.Full:
    _title("full speed, then a million a second")
    with tempfile.TemporaryDirectory(prefix="bench-telemetry-") as folder:
        return uvloop.run(full.measure(Path(folder), options))


def _rounded(figure: float | None, digits: int) -> float | int | None:
    if figure is None:
        return None
    return round(figure, digits) if digits else round(figure)


def _ratio(name: str, ours: float | None, measured: dict[str, dict[str, float]]) -> float | None:
    """How many times a peer's best we are; that of each of its doors is printed."""
    rates = measured.get(name)
    if not ours or not rates:
        return None
    for door, rate in rates.items():
        print(f"  {ours / rate:.2f} times {name}, {door}", flush=True)
    return round(ours / max(rates.values()), 2)


if __name__ == "__main__":
    main()
