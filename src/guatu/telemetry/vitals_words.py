"""Names and helps of the metrics that processes make of what they know anyway."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from guatu.telemetry.disk import Disk, Room
from guatu.telemetry.vitals import Facts, counter, disk_metrics, gauge, number


def of_gateway(facts: Facts) -> Iterator[Metric]:
    """Tell of a gateway."""
    yield counter(
        "guatu_gateway_samples", "Samples by what came of them.", "outcome", facts["samples"]
    )
    yield counter(
        "guatu_gateway_requests", "Requests taken, or why not.", "answer", facts["answers"]
    )
    yield gauge(
        "guatu_backlog_messages",
        "Messages of the log that no engine has judged yet.",
        "partition",
        dict(enumerate(facts["backlog"])),
    )
    yield gauge(
        "guatu_gateway_waiting_bytes",
        "Beats on their way into the log.",
        "partition",
        dict(enumerate(facts["waiting_bytes"])),
    )
    yield number("guatu_gateway_plants", "Plants whose keys are known.", facts["plants"])
    yield from disk_metrics(
        Disk(Path(folder), free, total, Room(room)) for folder, free, total, room in facts["disks"]
    )


_OF_PARTITION = {
    "plants": ("guatu_engine_plants", "Plants whose configuration is in effect."),
    "points": ("guatu_engine_points", "Points known."),
    "active_alarms": ("guatu_engine_active_alarms", "Alarms that stand."),
    "events_waiting": ("guatu_engine_events_waiting", "Messages of events not in the log yet."),
    "unstored": ("guatu_engine_unstored_samples", "Samples in memory since the last cut."),
}


def of_engine(facts: Facts) -> Iterator[Metric]:
    """Tell of an engine's partitions."""
    parts = facts["partitions"]
    samples = CounterMetricFamily(
        "guatu_engine_samples", "Samples by what came of them.", labels=["partition", "outcome"]
    )
    for part in parts:
        for outcome, count in part["samples"].items():
            samples.add_metric([str(part["partition"]), outcome], count)
    yield samples
    sequence = GaugeMetricFamily(
        "guatu_engine_sequence", "Last message judged, or stored.", labels=["partition", "through"]
    )
    for part in parts:
        sequence.add_metric([str(part["partition"]), "judged"], part["sequence"])
        sequence.add_metric([str(part["partition"]), "stored"], part["stored_sequence"])
    yield sequence
    yield gauge(
        "guatu_engine_behind_seconds",
        "Since the latest tick that was judged.",
        "partition",
        {p["partition"]: max(time.time() - p["tick_ms"] / 1000, 0) for p in parts if p["tick_ms"]},
    )
    for name, (metric, words) in _OF_PARTITION.items():
        yield gauge(metric, words, "partition", {p["partition"]: p[name] for p in parts})


def of_live(facts: Facts) -> Iterator[Metric]:
    """Tell of the live process."""
    yield number("guatu_live_streams", "Pages that listen.", facts["streams"])
    yield number("guatu_live_watched_plants", "Plants whose values are sent.", facts["watched"])
