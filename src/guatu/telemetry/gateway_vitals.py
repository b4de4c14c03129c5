"""What a gateway tells of itself: nothing of it is counted on the way of a beat but its answer."""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Protocol

from nats.aio.client import Client
from prometheus_client import Histogram

from guatu.telemetry import vitals, vitals_words
from guatu.telemetry.disk import DiskWatch
from guatu.telemetry.plant_door import PlantDoor
from guatu.telemetry.settings import GatewaySettings

PUBLISH_S = Histogram(
    "guatu_log_publish_seconds",
    "Until the log has a message on its disk.",
    buckets=(0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


class Gateway(Protocol):
    """What is read of a gateway."""

    settings: GatewaySettings
    client: Client
    plants: dict[int, PlantDoor]
    answers: dict[str, int]
    disk: DiskWatch

    def backlog(self, partition: int) -> int:
        """Messages that no engine has judged yet."""
        ...

    def waiting_bytes(self, partition: int) -> int:
        """Bytes on their way into the log."""
        ...


@asynccontextmanager
async def timed() -> AsyncIterator[None]:
    """Note how long the log takes for one message."""
    began = time.monotonic()
    try:
        yield
    finally:
        PUBLISH_S.observe(time.monotonic() - began)


def facts_of(gateway: Gateway) -> vitals.Facts:
    """What a gateway knows of itself, for metrics and roll calls."""
    samples: dict[str, int] = {"accepted": 0}
    for plant in list(gateway.plants.values()):
        for outcome, count in list(plant.counts.items()):
            if not outcome.startswith("refused_"):  # those are requests, not samples
                samples[outcome] = samples.get(outcome, 0) + count
    partitions = range(gateway.settings.streams.partitions)
    return {
        "plants": len(gateway.plants),
        "samples": samples,
        "answers": dict(gateway.answers),
        "backlog": [gateway.backlog(partition) for partition in partitions],
        "waiting_bytes": [gateway.waiting_bytes(partition) for partition in partitions],
        "disks": [[str(d.folder), d.free, d.total, int(d.room)] for d in gateway.disk.disks],
    }


async def tell_of(gateway: Gateway, loaded: asyncio.Event) -> None:
    """Answer roll calls, scrapes and questions for readiness from now on.

    Args:
        gateway: of whom.
        loaded: set once the plants are known.
    """
    client = gateway.client
    await vitals.answer_roll_calls(client, "gateway", lambda: facts_of(gateway))
    vitals.publish_metrics("gateway", lambda: vitals_words.of_gateway(facts_of(gateway)))
    vitals.ready_when(
        "gateway", lambda: {"log": client.is_connected, "plants_known": loaded.is_set()}
    )
