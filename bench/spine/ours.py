"""Our side: the real log, gateway and engine of a house of its own, loaded and listened to."""

import asyncio
import hashlib
import json
import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import nats
import numpy as np

from bench.spine.encode import Encoder
from bench.spine.load import LIMIT, Load, beats
from bench.spine.sender import Request, Sent, send
from guatu.access.messages import Key, Limit, PlantConfig, Point, Unit
from guatu.ops.assemble import standing
from guatu.ops.house import House, house_on_free_ports
from guatu.ops.supervise import Supervisor
from guatu.telemetry import log
from guatu.telemetry.served import allow_connections
from guatu.telemetry.settings import StreamSettings

CONNECTIONS = 3_000
"""At most; so many as divide the plants: each stays on its connection, its beats in order. In the
field each plant has one of its own."""
PARTS = ("log", "gateway", "engine")


@dataclass(frozen=True, slots=True)
class Standing:
    """A house that stands.

    Attributes:
        house: where it lives and listens.
        supervisor: knows its processes.
    """

    house: House
    supervisor: Supervisor


@contextmanager
def running(home: Path, parts: Collection[str] = PARTS) -> Iterator[Standing]:
    """Stand up log, gateway and engine in a folder; plain HTTP, as the peer speaks."""
    house, supervisor = house_on_free_ports(home, tls=False), Supervisor()
    with standing(house, supervisor, parts):
        yield Standing(house, supervisor)


def plant_key(plant: int) -> str:
    """The key of a plant of the load."""
    return hashlib.sha256(b"bench %d" % plant).hexdigest()


def config_of(load: Load, plant: int) -> PlantConfig:
    """Describe a plant of the load: one unit, its points, one limit each without a delay."""
    key = plant_key(plant)
    return PlantConfig(
        plant=plant + 1,
        code=f"P{plant:04d}",
        version=1,
        region="530181",
        keys=(Key(id="k1", sha256=hashlib.sha256(key.encode()).hexdigest()),),
        units=(Unit(id=plant + 1, code="DWC1"),),
        points=tuple(
            Point(
                id=plant * load.points + point + 1,
                code=f"DWC1.point_{point:04d}",
                unit=plant + 1,
                decimals=1,
                core=True,
                limits=(Limit(side="high", stage=2, value=LIMIT, deadband=10.0),),
            )
            for point in range(load.points)
        ),
    )


@dataclass(slots=True)
class Heard:
    """Alarms as the recorder would get them.

    Attributes:
        raised: by (plant, point index): the moments (perf_counter) of each raising.
        keys: every alarm key that was raised.
    """

    raised: dict[tuple[int, int], list[float]] = field(default_factory=dict)
    keys: list[str] = field(default_factory=list)


class Listener:
    """Reads the events the way the recorder does, in the same process as the load."""

    def __init__(self, load: Load, streams: StreamSettings) -> None:
        self.heard = Heard()
        self._load = load
        self._streams = streams

    async def run(self) -> None:
        """Listen until cancelled."""
        client = await nats.connect(self._streams.log_url)
        try:
            await log.ensure_shared(client.jetstream(), self._streams)
            subscription = await client.jetstream().subscribe("events.*", ordered_consumer=True)
            async for message in subscription.messages:
                now = time.perf_counter()
                for event in json.loads(message.data):
                    self._take(event, now)
        finally:
            await client.close()

    def _take(self, event: dict[str, Any], now: float) -> None:
        if event["kind"] != "raised":
            return
        plant, point = divmod(event["point"] - 1, self._load.points)
        self.heard.raised.setdefault((plant, point), []).append(now)
        self.heard.keys.append(event["alarm"])


async def configure(load: Load, house: House) -> None:
    """Give every plant's configuration to the log, many at once."""
    streams = streams_of(house)
    async with log.connection(streams, "bench") as client:
        js = client.jetstream()
        await log.ensure_streams(js, streams)
        room = asyncio.Semaphore(4)

        async def one(plant: int) -> None:
            async with room:
                # Made one at a time: thousands in a row would keep the loop from its pings.
                config = config_of(load, plant).as_json()
                partition = log.partition_of(config["code"], streams.partitions)
                command = b"C" + json.dumps({"command": "configure", "config": config}).encode()
                await log.publish(js, log.beats_subject(partition), command, timeout_s=30)
                await log.publish(
                    js, log.plants_subject(plant + 1), json.dumps(config).encode(), timeout_s=30
                )

        await asyncio.gather(*(one(plant) for plant in range(load.plants)))


def streams_of(house: House) -> StreamSettings:
    """The layout of the house's log."""
    return StreamSettings.from_env(
        {"GUATU_HOME": str(house.home), "GUATU_LOG_PORT": str(house.log_port)}
    )


async def health(house: House) -> dict[str, Any]:
    """Ask the gateway how it is."""
    reader, writer = await asyncio.open_connection("127.0.0.1", house.gateway_port)
    writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
    found: dict[str, Any] = json.loads((await reader.read()).partition(b"\r\n\r\n")[2])
    writer.close()
    return found


async def unjudged(house: House) -> int:
    """Count the messages with beats that no engine has judged, as far as the gateway knows."""
    return sum(max(messages, 0) for messages in (await health(house))["backlog"])


async def wait_for_keys(load: Load, house: House) -> None:
    """Wait until the gateway knows the last plant."""
    deadline = time.monotonic() + 120
    while True:
        try:
            if (await health(house))["plants"] >= load.plants:
                return
        except (OSError, ValueError, KeyError):
            pass
        if time.monotonic() > deadline:
            raise TimeoutError("the gateway does not learn the plants' keys")
        await asyncio.sleep(0.2)


def encode_rounds(
    load: Load,
    rounds: range,
    start_ms: int,
    samples_a_second: float | None = None,
    *,
    raw: bool = False,
) -> list[Request]:
    """Encode the beats of some rounds, plant by plant within each.

    Args:
        load: whose numbers.
        rounds: which rounds.
        start_ms: moment of the load's first sample.
        samples_a_second: pace; None for as fast as answers come.
        raw: whether in raw form instead of JSON.
    """
    encoder = Encoder(load, [plant_key(p) for p in range(load.plants)], "bench", raw=raw)
    excursions = {(int(r), int(p)) for r, p, _ in load.excursions()}
    requests: list[Request] = []
    for round_ in rounds:
        times_ms = load.times_ms(round_, start_ms)
        for plant, tenths in enumerate(beats(load, round_)):
            due_s = 0.0
            if samples_a_second is not None:
                due_s = len(requests) * load.samples_per_beat / samples_a_second
            requests.append(
                Request(
                    encoder.request(plant, round_ + 1, times_ms, tenths.astype(np.int32)),
                    (round_, plant) if (round_, plant) in excursions else None,
                    due_s,
                )
            )
    return requests


async def drive(house: House, requests: list[Request], sent: Sent, *, plants: int) -> float:
    """Send requests and give the seconds until the last answer.

    A plant's beats must keep their order, so that each plant stays on one connection.
    """
    allow_connections()
    started = time.perf_counter()
    connections = max(n for n in range(1, CONNECTIONS + 1) if plants % n == 0)
    await send(house.gateway_port, requests, sent, connections=connections)
    return time.perf_counter() - started
