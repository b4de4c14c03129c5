"""What a process tells of itself: metrics for Prometheus, readiness, and its answer to roll calls.

Counting costs nothing on the way of a sample: whatever a process knows anyway is read when
somebody asks.
"""

from __future__ import annotations

import contextlib
import os
import resource
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from prometheus_client import REGISTRY
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from guatu import __version__
from guatu.telemetry.disk import Disk

ROLL_CALL = "ask.processes"
STARTED_MS = time.time_ns() // 1_000_000

Facts = dict[str, Any]
Checks = Mapping[str, bool]


class _Read(Collector):
    """Metrics that are read when they are asked for."""

    def __init__(self, read: Callable[[], Iterable[Metric]]) -> None:
        self._read = read

    def collect(self) -> Iterable[Metric]:
        """Read them."""
        return self._read()

    def describe(self) -> Iterable[Metric]:
        """Name none: reading them for their names alone would be too early."""
        return ()


_collectors: dict[str, _Read] = {}
_checks: dict[str, Callable[[], Checks]] = {}


def publish_metrics(name: str, read: Callable[[], Iterable[Metric]]) -> None:
    """Give metrics to whoever scrapes this process; the same name again replaces the earlier."""
    if name in _collectors:
        REGISTRY.unregister(_collectors[name])
    _collectors[name] = _Read(read)
    REGISTRY.register(_collectors[name])


def ready_when(name: str, checks: Callable[[], Checks]) -> None:
    """Say what must hold for this process to do its work; the same name again replaces it."""
    _checks[name] = checks


def readiness() -> dict[str, bool]:
    """Each thing that must hold, and whether it does; empty where nothing was said."""
    return {name: holds for ask in list(_checks.values()) for name, holds in ask().items()}


def counter(name: str, help_: str, label: str, values: Mapping[str, float]) -> Metric:
    """Make a counter with one label."""
    family = CounterMetricFamily(name, help_, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family


def gauge(name: str, help_: str, label: str, values: Mapping[Any, float]) -> Metric:
    """Make a gauge with one label."""
    family = GaugeMetricFamily(name, help_, labels=[label])
    for key, value in values.items():
        family.add_metric([str(key)], value)
    return family


def number(name: str, help_: str, value: float) -> Metric:
    """Make a gauge without labels."""
    return GaugeMetricFamily(name, help_, value=value)


def disk_metrics(disks: Iterable[Disk]) -> Iterator[Metric]:
    """Tell of disks."""
    seen = {str(disk.folder): disk for disk in disks}
    free = {folder: disk.free for folder, disk in seen.items()}
    yield gauge("guatu_disk_free_bytes", "Free on the disk of a folder.", "folder", free)
    room = {folder: int(disk.room) for folder, disk in seen.items()}
    words = "What may be written: 0 all, 1 low, 2 no beats, 3 nothing."
    yield gauge("guatu_disk_room", words, "folder", room)


# --- roll calls ------------------------------------------------------------------------------


def own_facts(process: str) -> Facts:
    """What every process can say of itself."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "process": process,
        "pid": os.getpid(),
        "started_ms": STARTED_MS,
        "version": __version__,
        "memory": memory(),
        "cpu_s": round(used.ru_utime + used.ru_stime, 2),
    }


def memory() -> int:
    """Bytes of memory that this process holds."""
    with open("/proc/self/statm", encoding="ascii") as file:  # noqa: PTH123 # not a file of ours
        return int(file.read().split()[1]) * resource.getpagesize()


async def answer_roll_calls(client: Client, process: str, facts: Callable[[], Facts]) -> None:
    """Answer whoever asks which processes there are, from now on.

    Args:
        client: a connection to the log.
        process: our name.
        facts: what else we know; read at each question.
    """

    async def asked(message: Msg) -> None:
        with contextlib.suppress(NatsError, OSError):
            await message.respond(orjson.dumps({**own_facts(process), **facts()}))

    await client.subscribe(ROLL_CALL, cb=asked)
