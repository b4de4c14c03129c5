"""The gateway: takes beats from plants and answers only once they are on the log's disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from functools import partial

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from guatu.access.messages import PlantConfig
from guatu.access.problems import Problem, RefusedError
from guatu.telemetry import log
from guatu.telemetry.coalesce import Coalescer
from guatu.telemetry.follow import follow_plants
from guatu.telemetry.frame import beat_bytes
from guatu.telemetry.intake import take_beat, warm_up
from guatu.telemetry.plant_door import PlantDoor
from guatu.telemetry.served import (
    Header,
    Receive,
    Scope,
    Send,
    answer,
    ended,
    read_body,
    serve,
    stop_signal,
)
from guatu.telemetry.settings import GatewaySettings

logger = logging.getLogger("gateway")

TICK_S = 1.0
KEY_USE_S = 5.0
MOST_WAITING_BYTES = 64 << 20
SLOW_DOWN_S = 2
TRY_AGAIN_S = 1


def now_ms() -> int:
    """The gateway's clock: the only one that ticks and stamps come from."""
    return time.time_ns() // 1_000_000


class Gateway:
    """The ASGI application.

    Args:
        settings: limits and layout.
        client: a connection to the log, kept connected.
    """

    def __init__(self, settings: GatewaySettings, client: Client) -> None:
        self.settings = settings
        self.client = client
        self.js = client.jetstream()
        self.plants: dict[int, PlantDoor] = {}
        self._by_key: dict[str, PlantDoor] = {}
        self._key_used_ms: dict[str, int] = {}
        self._evaluated = [0] * settings.streams.partitions
        self._partitions = [
            Coalescer(
                partial(self._publish, log.beats_subject(partition)),
                wait_s=settings.coalesce_ms / 1000,
                enough_bytes=settings.coalesce_bytes,
            )
            for partition in range(settings.streams.partitions)
        ]

    async def _publish(self, subject: str, payload: bytes) -> int:
        return await log.publish(self.js, subject, payload)

    # --- what the gateway follows ----------------------------------------------------------

    def take_config(self, config: PlantConfig) -> None:
        """Put a plant's newer configuration into effect."""
        known = self.plants.get(config.plant)
        if known is not None and known.config.version >= config.version:
            return
        partition = log.partition_of(config.code, self.settings.streams.partitions)
        plant = PlantDoor(config, partition)
        if known is not None:
            plant.counts = known.counts
            for key in known.config.keys:
                self._by_key.pop(key.sha256, None)
        self.plants[config.plant] = plant
        for key in config.keys:
            self._by_key[key.sha256] = plant

    async def follow_progress(self) -> None:
        """Hear how far the engines have judged, and where the log stood before we came."""

        async def heard(message: Msg) -> None:
            partition = int(message.subject.rpartition(".")[2])
            if partition < len(self._evaluated):
                evaluated = int(orjson.loads(message.data)["evaluated"])
                self._evaluated[partition] = max(self._evaluated[partition], evaluated)

        await self.client.subscribe("progress.*", cb=heard)
        for partition in range(self.settings.streams.partitions):
            stream = log.beats_stream(partition)
            try:
                state = (await self.js.stream_info(stream)).state
            except (JetStreamError, NatsError, TimeoutError):
                continue
            # Until an engine speaks, all that the log still holds may be unevaluated.
            self._evaluated[partition] = max(self._evaluated[partition], state.first_seq - 1)
            self._partitions[partition].last_sequence = state.last_seq

    async def tell_key_use(self) -> None:
        """Say every few seconds which keys were shown since the last time, for ever."""
        while True:
            await asyncio.sleep(KEY_USE_S)
            used, self._key_used_ms = self._key_used_ms, {}
            if used:
                with contextlib.suppress(NatsError, OSError):
                    await self.client.publish(log.KEY_USE, orjson.dumps(used))

    async def tick(self) -> None:
        """Put the time into every partition once a second, for ever."""
        while True:
            await asyncio.sleep(TICK_S - time.time() % TICK_S)
            tick = b"T" + orjson.dumps({"at_ms": now_ms()})
            results = await asyncio.gather(
                *(
                    log.publish(self.js, log.beats_subject(partition), tick, timeout_s=0.9)
                    for partition in range(self.settings.streams.partitions)
                ),
                return_exceptions=True,
            )
            for problem in results:
                if isinstance(problem, Exception):
                    logger.debug("tick not logged: %r", problem)

    def backlog(self, partition: int) -> int:
        """Log messages of a partition that no engine has judged yet, as far as known here."""
        return self._partitions[partition].last_sequence - self._evaluated[partition]

    # --- requests --------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, path = scope["method"], scope["path"]
        if path == "/v1/beats":
            if method != "POST":
                await _refuse(send, 405, Problem("wrong_method", path, {"method": method}))
            else:
                await self._beats(scope, receive, send)
        elif path == "/v1/counts" and method == "GET":
            await self._counts(scope, send)
        elif path == "/healthz":
            await self._health(send)
        else:
            await _refuse(send, 404, Problem("not_found", path))

    def _plant_of(self, scope: Scope) -> PlantDoor | None:
        for name, value in scope["headers"]:
            if name == b"authorization":
                scheme, _, key = value.partition(b" ")
                if scheme.lower() != b"bearer":
                    return None
                digest = hashlib.sha256(key.strip()).hexdigest()
                plant = self._by_key.get(digest)
                if plant is not None:
                    self._key_used_ms[digest] = now_ms()
                return plant
        return None

    async def _beats(self, scope: Scope, receive: Receive, send: Send) -> None:
        plant = self._plant_of(scope)
        body = await read_body(receive, self.settings.max_body)
        if plant is None:
            await _refuse(send, 401, Problem("unknown_key", "authorization"))
            return
        if body is None:
            problem = Problem("too_large", "$", {"limit": self.settings.max_body})
            await _refuse(send, 413, problem)
            return
        partition = self._partitions[plant.partition]
        if (
            self.backlog(plant.partition) > self.settings.backlog_messages
            or partition.waiting_bytes > MOST_WAITING_BYTES
        ):
            await _refuse(send, 429, Problem("slow_down", "$", {"seconds": SLOW_DOWN_S}))
            return
        try:
            taken = take_beat(plant, body, now_ms())
        except RefusedError as refused:
            plant.count(f"refused_{refused.problem.code}", 1)
            await _refuse(send, 400, refused.problem)
            return
        if not await partition.add(beat_bytes(taken.beat)):
            await _refuse(send, 503, Problem("log_unavailable", "$", {"seconds": TRY_AGAIN_S}))
            return
        plant.count("accepted", taken.accepted)
        for rejected in taken.rejected:
            plant.count(rejected.reason, rejected.count)
        await answer(send, 200, taken.reply())

    async def _counts(self, scope: Scope, send: Send) -> None:
        plant = self._plant_of(scope)
        if plant is None:
            await _refuse(send, 401, Problem("unknown_key", "authorization"))
            return
        rejected = {r: n for r, n in plant.counts.items() if r != "accepted"}
        body = {"accepted": plant.counts.get("accepted", 0), "rejected": rejected}
        await answer(send, 200, orjson.dumps(body))

    async def _health(self, send: Send) -> None:
        body = {
            "log": self.client.is_connected,
            "plants": len(self.plants),
            "backlog": [self.backlog(p) for p in range(len(self._partitions))],
        }
        await answer(send, 200 if self.client.is_connected else 503, orjson.dumps(body))

    async def drain(self) -> None:
        """Wait until every beat taken has its answer."""
        await asyncio.gather(*(partition.drain() for partition in self._partitions))


async def _refuse(send: Send, status: int, problem: Problem) -> None:
    headers: tuple[Header, ...] = ()
    if status in (429, 503):
        headers = ((b"retry-after", b"%d" % int(problem.facts["seconds"])),)
    elif status == 401:
        headers = ((b"www-authenticate", b"Bearer"),)
    await answer(send, status, orjson.dumps(problem.as_json()), headers)


async def _first(*events: asyncio.Event) -> None:
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def _run(settings: GatewaySettings) -> None:
    stop = stop_signal()
    warm_up()
    async with log.connection(settings.streams, "gateway") as client:
        gateway = Gateway(settings, client)
        loaded = asyncio.Event()
        follow = follow_plants(client, settings.streams, gateway.take_config, loaded)
        tasks = [
            asyncio.ensure_future(follow),
            asyncio.ensure_future(gateway.tick()),
            asyncio.ensure_future(gateway.tell_key_use()),
        ]
        await gateway.follow_progress()
        # A plant that is told 401 may stop for good, so no door opens before all keys are known.
        await _first(loaded, stop)
        scheme = "https" if settings.certificate and settings.private_key else "http"
        logger.info("taking beats at %s://%s:%d", scheme, settings.host, settings.port)
        await serve(
            gateway,
            stop,
            host=settings.host,
            port=settings.port,
            certificate=settings.certificate,
            private_key=settings.private_key,
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gateway.drain(), 6)
        await ended(*tasks)
    logger.info("stopped")


def run_gateway(settings: GatewaySettings) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    asyncio.run(_run(settings))
