"""The gateway: takes beats from plants and answers only once they are on the log's disk."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import logging
import time
from functools import partial

import orjson
import uvloop
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.errors import Error as JetStreamError

from guatu.access.alarms import read_alarms, read_heartbeat
from guatu.access.fields import refuse
from guatu.access.messages import PlantConfig
from guatu.access.problems import RefusedError
from guatu.telemetry import gateway_vitals, intake, intake_raw, log
from guatu.telemetry.coalesce import Coalescer
from guatu.telemetry.counted import NOBODY
from guatu.telemetry.disk import DiskWatch, Room
from guatu.telemetry.examples import examples_of
from guatu.telemetry.follow import follow_plants
from guatu.telemetry.frame import FrameBeat, beat_bytes, heartbeat
from guatu.telemetry.http1 import serve
from guatu.telemetry.intake import take_beat
from guatu.telemetry.intake_raw import take_raw
from guatu.telemetry.notes import Notes
from guatu.telemetry.pace import ALARMS_COST, Pace
from guatu.telemetry.plant_door import PlantDoor
from guatu.telemetry.reception import (
    Head,
    answer_to,
    let_pass,
    parsed,
    read_head,
    receive_body,
    refuse_early,
)
from guatu.telemetry.request import Answer, Request
from guatu.telemetry.served import ended, first_set, let_stay, stop_signal
from guatu.telemetry.settings import GatewaySettings

logger = logging.getLogger("gateway")

TICK_S = 1.0
KEY_USE_S = 5.0
LOOK_S = 0.25
MOST_WAITING_BYTES = 64 << 20
SLOW_DOWN_S = 2
TRY_AGAIN_S = 1
KEEP_IT_S = 10


def now_ms() -> int:
    """The gateway's clock: the only one that ticks and stamps come from."""
    return time.time_ns() // 1_000_000


class Gateway:
    """The application behind the plants' door.

    Args:
        settings: limits and layout.
        client: a connection to the log, kept connected.
    """

    def __init__(self, settings: GatewaySettings, client: Client) -> None:
        self.settings = settings
        self.client = client
        self.js = client.jetstream()
        self.plants: dict[int, PlantDoor] = {}
        self.answers: dict[str, int] = {}
        self._by_key: dict[str, PlantDoor] = {}
        self._is_newer = True
        self._key_used_ms: dict[str, int] = {}
        self._paces: dict[int, Pace] = {}
        self._notes = [Notes() for _ in range(settings.streams.partitions)]
        self.disk = DiskWatch(settings.disk)
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
        async with gateway_vitals.timed():
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
        self._is_newer = True

    async def follow_progress(self) -> None:
        """Hear how far the engines have judged, and where the log stood before we came."""

        async def heard(message: Msg) -> None:
            partition = int(message.subject.rpartition(".")[2])
            if partition < len(self._evaluated):
                evaluated = int(orjson.loads(message.data)["evaluated"])
                self._evaluated[partition] = max(self._evaluated[partition], evaluated)
                self._partitions[partition].take_progress(evaluated)

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
            if self._is_newer:
                self._is_newer = False
                let_stay()
            await self.tell_time()

    async def tell_time(self) -> None:
        """Put the time, and what there is to note, into every partition."""
        if self.disk.room is Room.FULL:
            return
        at_ms = now_ms()
        await asyncio.gather(*(self._tell_time(p, at_ms) for p in range(len(self._partitions))))

    async def _tell_time(self, partition: int, at_ms: int) -> None:
        note = self._notes[partition].next()
        tick = {"at_ms": at_ms} if note is None else {"at_ms": at_ms, "note": note}
        payload = b"T" + orjson.dumps(tick)
        try:
            await log.publish(self.js, log.beats_subject(partition), payload, timeout_s=0.9)
        except log.LogUnavailable as problem:
            logger.debug("tick not logged: %r", problem)
        else:
            if note is not None:
                self._notes[partition].told()

    async def watch_disk(self) -> None:
        """Look at the disks four times a second, for ever."""
        while True:
            self.disk.look()
            await asyncio.sleep(LOOK_S)

    def backlog(self, partition: int) -> int:
        """Log messages of a partition that no engine has judged yet, as far as known here."""
        return self._partitions[partition].last_sequence - self._evaluated[partition]

    def waiting_bytes(self, partition: int) -> int:
        """Bytes of a partition's beats that are on their way into the log."""
        return self._partitions[partition].waiting_bytes

    # --- requests --------------------------------------------------------------------------

    async def __call__(self, request: Request) -> Answer:
        """Answer one request."""
        path = request.path
        if path == "/healthz":
            return self._health()
        try:
            wanted = _METHODS.get(path)
            if wanted is None:
                refuse("not_found", path)
            if request.method != wanted:
                refuse("wrong_method", path, method=request.method)
            body = await self._plant_request(request)
        except RefusedError as refused:
            self._count_answer(refused.problem.code)
            return answer_to(refused.problem)
        self._count_answer("taken")
        return Answer(200, body)

    def _count_answer(self, code: str) -> None:
        self.answers[code] = self.answers.get(code, 0) + 1

    async def _plant_request(self, request: Request) -> bytes:
        """Take one request of a plant.

        Raises:
            RefusedError: and the refusal is counted.
        """
        head, path = read_head(request), request.path
        plant = self._plant_of(head.key)
        try:
            if plant is None:
                await let_pass(request, head)
                refuse("unknown_key", "authorization")
            if path == "/v1/counts":
                return _counts(plant)
            pace = await self._admitted(plant, ALARMS_COST if path == "/v1/alarms" else 1)
            try:
                self._refuse_early(plant, head)
                most, within_s = self.settings.max_body, self.settings.body_s
                body = await receive_body(request, head, most=most, within_s=within_s)
                match path:
                    case "/v1/beats":
                        return await self._beat(plant, pace, head, body)
                    case "/v1/heartbeat":
                        return await self._heartbeat(plant, head, body)
                    case _:
                        return await self._alarms(plant, head, body)
            finally:
                pace.at_once -= 1
        except RefusedError as refused:
            self._note_refusal(plant, refused.problem.code)
            raise

    def _refuse_early(self, plant: PlantDoor, head: Head) -> None:
        """Refuse a body against which its head alone or our own backlog speaks."""
        refuse_early(head, self.settings.max_body)
        if self.disk.room >= Room.CLOSED:
            refuse("disk_nearly_full", "$", seconds=KEEP_IT_S)
        if (
            self.backlog(plant.partition) > self.settings.backlog_messages
            or self._partitions[plant.partition].waiting_bytes > MOST_WAITING_BYTES
        ):
            refuse("slow_down", "$", seconds=SLOW_DOWN_S)

    def _plant_of(self, key: bytes) -> PlantDoor | None:
        digest = hashlib.sha256(key).hexdigest()
        plant = self._by_key.get(digest)
        if plant is not None:
            self._key_used_ms[digest] = now_ms()
        return plant

    async def _admitted(self, plant: PlantDoor, cost: int) -> Pace:
        """Let one request in, and count it as one being worked on.

        Raises:
            RefusedError: too_fast; a while after it is known.
        """
        pace = self._paces.get(plant.config.plant)
        if pace is None:
            pace = self._paces[plant.config.plant] = Pace(self.settings, time.monotonic())
        try:
            pace.admit(time.monotonic(), cost=cost)
        except RefusedError:
            hold_s = pace.hold_s()
            pace.held += 1
            try:
                await asyncio.sleep(hold_s)
            finally:
                pace.held -= 1
            raise
        pace.at_once += 1
        return pace

    def _note_refusal(self, plant: PlantDoor | None, code: str) -> None:
        if plant is None:
            self._notes[0].refuse(NOBODY, code)
        else:
            plant.count(f"refused_{code}", 1)
            self._notes[plant.partition].refuse(plant.config.plant, code)

    async def _beat(self, plant: PlantDoor, pace: Pace, head: Head, body: bytes) -> bytes:
        now, read = now_ms(), take_raw if head.is_raw else take_beat
        taken = read(plant, body, now)
        beat = taken.beat
        beat.sent_ms = beat.sent_ms or head.date_ms
        pace.charge(beat.cells.size + sum(rejected.count for rejected in taken.rejected))
        await self._into_log(plant, beat)
        plant.count("accepted", taken.accepted)
        if taken.rejected:
            for rejected in taken.rejected:
                plant.count(rejected.reason, rejected.count)
            notes = self._notes[plant.partition]
            notes.set_aside(plant.config.plant, examples_of(plant, body, taken, now))
        return taken.reply()

    async def _into_log(self, plant: PlantDoor, beat: FrameBeat) -> None:
        if not await self._partitions[plant.partition].add(beat_bytes(beat)):
            refuse("log_unavailable", "$", seconds=TRY_AGAIN_S)

    async def _heartbeat(self, plant: PlantDoor, head: Head, body: bytes) -> bytes:
        now, sent_ms = now_ms(), read_heartbeat(parsed(body)) or head.date_ms
        await self._into_log(plant, heartbeat(plant.config.plant, now, sent_ms))
        return orjson.dumps({"received": now})

    async def _alarms(self, plant: PlantDoor, head: Head, body: bytes) -> bytes:
        now, read = now_ms(), read_alarms(parsed(body))
        if read.alarms:
            message = {
                "plant": plant.config.plant,
                "received_ms": now,
                "sent_ms": read.sent or head.date_ms,
                "alarms": [alarm.as_json() for alarm in read.alarms],
            }
            payload = bytes([log.OWN_ALARMS]) + orjson.dumps(message)
            try:
                await self._publish(log.beats_subject(plant.partition), payload)
            except log.LogUnavailable:
                refuse("log_unavailable", "$", seconds=TRY_AGAIN_S)
        for problem in read.problems:
            self._note_refusal(plant, f"alarm_{problem.code}")
        rejected = [problem.as_json() for problem in read.problems]
        return orjson.dumps({"accepted": len(read.alarms), "rejected": rejected})

    def _health(self) -> Answer:
        body = {
            "log": self.client.is_connected,
            "plants": len(self.plants),
            "backlog": [self.backlog(p) for p in range(len(self._partitions))],
        }
        return Answer(200 if self.client.is_connected else 503, orjson.dumps(body))

    async def drain(self) -> None:
        """Wait until every beat taken has its answer."""
        await asyncio.gather(*(partition.drain() for partition in self._partitions))


_METHODS = {
    "/v1/beats": "POST",
    "/v1/heartbeat": "POST",
    "/v1/alarms": "POST",
    "/v1/counts": "GET",
}


def _counts(plant: PlantDoor) -> bytes:
    rejected = {r: n for r, n in plant.counts.items() if r != "accepted"}
    body = {"accepted": plant.counts.get("accepted", 0), "rejected": rejected}
    return orjson.dumps(body)


async def _run(settings: GatewaySettings) -> None:
    stop = stop_signal()
    logger.info("getting ready; the first start on a machine compiles, which takes a while")
    intake.warm_up()
    intake_raw.warm_up()
    async with log.connection(settings.streams, "gateway") as client:
        gateway = Gateway(settings, client)
        loaded = asyncio.Event()
        follow = follow_plants(client, settings.streams, gateway.take_config, loaded)
        gateway.disk.look()
        loops = (follow, gateway.tick(), gateway.tell_key_use(), gateway.watch_disk())
        tasks = [asyncio.ensure_future(loop) for loop in loops]
        await gateway.follow_progress()
        await gateway_vitals.tell_of(gateway, loaded)
        # A plant that is told 401 may stop for good, so no door opens before all keys are known.
        await first_set(loaded, stop)
        scheme = "https" if settings.certificate and settings.private_key else "http"
        logger.info("taking beats at %s://%s:%d", scheme, settings.host, settings.port)
        await serve(
            gateway,
            stop,
            host=settings.host,
            port=settings.port,
            certificate=settings.certificate,
            private_key=settings.private_key,
            beside=tasks,
        )
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(gateway.drain(), 6)
        await ended(*tasks)
        await gateway.tell_time()  # with what the last second's requests left to note
    logger.info("stopped")


def run_gateway(settings: GatewaySettings) -> None:
    """Run the gateway until SIGTERM or SIGINT."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(_run(settings))
