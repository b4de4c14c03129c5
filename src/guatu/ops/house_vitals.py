"""Metrics of the supervisor: which processes it keeps, and what the log server says of itself."""

import json
import urllib.error
from collections.abc import Callable, Iterator
from typing import Any

from prometheus_client.core import GaugeMetricFamily, Metric

from guatu.ops.supervise import Supervisor
from guatu.telemetry import vitals
from guatu.telemetry.log import direct_opener
from guatu.telemetry.settings import LogSettings


def measure(supervisor: Supervisor, log: LogSettings) -> None:
    """Give the supervisor's and the log's metrics to whoever scrapes this process."""
    vitals.publish_metrics("supervisor", lambda: _processes(supervisor))
    vitals.publish_metrics("log", lambda: _log(_reader(log)))
    vitals.ready_when(
        "supervisor",
        lambda: {name: fact["alive"] for name, fact in supervisor.facts().items()},
    )


def _processes(supervisor: Supervisor) -> Iterator[Metric]:
    facts = supervisor.facts()
    starts = {name: fact["starts"] - 1 for name, fact in facts.items()}
    yield vitals.counter("guatu_process_restarts", "Starts after the first.", "process", starts)
    alive = {name: int(fact["alive"]) for name, fact in facts.items()}
    yield vitals.gauge("guatu_process_up", "Whether a process runs.", "process", alive)


def _reader(log: LogSettings) -> Callable[[str], dict[str, Any]]:
    direct = direct_opener()

    def read(path: str) -> dict[str, Any]:
        with direct.open(f"http://127.0.0.1:{log.monitor_port}{path}", timeout=2) as reply:
            found: dict[str, Any] = json.load(reply)
        return found

    return read


_OF_STREAM = {
    "messages": ("guatu_log_stream_messages", "Messages in a stream."),
    "bytes": ("guatu_log_stream_bytes", "Bytes of a stream."),
    "first_seq": ("guatu_log_stream_first_sequence", "First sequence in a stream."),
    "last_seq": ("guatu_log_stream_last_sequence", "Last sequence of a stream."),
}


def _log(read: Callable[[str], dict[str, Any]]) -> Iterator[Metric]:
    try:
        varz, jsz = read("/varz"), read("/jsz?streams=true&config=true")
    except (urllib.error.URLError, OSError, ValueError):
        yield vitals.number("guatu_log_up", "Whether the log server answers.", 0)
        return
    yield vitals.number("guatu_log_up", "Whether the log server answers.", 1)
    synced = varz.get("jetstream", {}).get("config", {}).get("sync_always") is True
    yield vitals.number("guatu_log_synced", "Whether each write is synced.", int(synced))
    yield vitals.number("guatu_log_memory_bytes", "Memory of the log server.", varz["mem"])
    yield vitals.number("guatu_log_connections", "Connections to it.", varz["connections"])
    yield vitals.number("guatu_log_slow_consumers", "Seen so far.", varz["slow_consumers"])
    streams = [
        stream
        for account in jsz.get("account_details") or []
        for stream in account.get("stream_detail") or []
    ]
    for key, (name, words) in _OF_STREAM.items():
        values = {stream["name"]: stream["state"][key] for stream in streams}
        yield vitals.gauge(name, words, "stream", values)
    most = GaugeMetricFamily("guatu_log_stream_max_bytes", "Bound of a stream.", labels=["stream"])
    for stream in streams:
        most.add_metric([stream["name"]], stream["config"].get("max_bytes", -1))
    yield most
