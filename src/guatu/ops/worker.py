"""The worker: records events, delivers commands, and lets time raise what is due."""

import asyncio
import json
import logging
import signal
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import partial
from pathlib import Path
from typing import Any

from django.db.models import Max
from django.utils import timezone
from nats.aio.client import Client

from guatu.ops.database import Database
from guatu.ops.messenger import Messenger
from guatu.ops.quality_keeper import Keeper
from guatu.ops.recorder import Place, Recorder
from guatu.ops.tender import Tender
from guatu.ops.worker_vitals import LOOK_EVERY_S, PULSE_EVERY_S, WorkerVitals
from guatu.telemetry import log, vitals
from guatu.telemetry.served import ended, first_to_end
from guatu.telemetry.settings import StreamSettings
from guatu.web.monitoring import actions as monitoring
from guatu.web.monitoring.models import EventPosition, Plant
from guatu.web.warnings import actions as warnings
from guatu.web.warnings.models import WarningEntry

logger = logging.getLogger("worker")

OUTBOX_EVERY_S, TIME_EVERY_S, ANNOUNCE_EVERY_S, SEND_EVERY_S = 0.5, 2.0, 0.3, 0.5


async def run_worker(environ: Mapping[str, str]) -> None:
    """Work until SIGTERM or SIGINT.

    Args:
        environ: where the log and the data folder are.
    """
    streams = StreamSettings.from_env(environ)
    database = Database()
    loop = asyncio.get_running_loop()
    stop: asyncio.Future[None] = loop.create_future()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _finish, stop)
    async with log.connection(streams, "worker") as client:
        introducer = Introducer(client, streams, database)
        await introducer.introduce()
        messenger = Messenger(database)
        announcer = Announcer(client, database)
        tender = Tender(database)
        await tender.listen(client)
        recorder = Recorder(
            client=client,
            record=partial(_record, database, announcer),
            position=partial(_position, database),
            aside=Path(environ.get("GUATU_HOME", ".guatu")) / "unrecorded",
        )
        seen = WorkerVitals(environ, recorder, database)
        await vitals.answer_roll_calls(client, "worker", seen.facts)
        vitals.publish_metrics("worker", seen.metrics)
        vitals.ready_when("worker", lambda: {"log": client.is_connected})
        works: list[asyncio.Future[None]] = [
            asyncio.create_task(recorder.run()),
            asyncio.create_task(_every(OUTBOX_EVERY_S, partial(_deliver, database))),
            asyncio.create_task(_every(TIME_EVERY_S, partial(_let_time_act, database))),
            asyncio.create_task(
                _every(ANNOUNCE_EVERY_S, partial(_tell_and_announce, messenger, announcer))
            ),
            asyncio.create_task(_every(SEND_EVERY_S, messenger.send)),
            asyncio.create_task(_every(TIME_EVERY_S, introducer.introduce)),
            asyncio.create_task(_every(TIME_EVERY_S, tender.tend)),
            asyncio.create_task(_every(TIME_EVERY_S, Keeper(database).keep)),
            asyncio.create_task(_every(LOOK_EVERY_S, seen.look)),
            asyncio.create_task(_every(PULSE_EVERY_S, seen.note_pulse)),
        ]
        logger.info("recording, delivering, watching the clock")
        try:
            # A loop that ended of itself failed: let the supervisor see it.
            await first_to_end(stop, *works)
        finally:
            await ended(*works)


class Introducer:
    """Tells a log made anew of every plant: gateway and engine know plants from there alone."""

    def __init__(self, client: Client, streams: StreamSettings, database: Database) -> None:
        self._js = client.jetstream()
        self._streams = streams
        self._database = database
        self._known = ""

    async def introduce(self) -> None:
        """Queue all configurations, once for each log that has not all of them."""
        await log.ensure_shared(self._js, self._streams)
        plants = await self._js.stream_info(log.PLANTS_STREAM)
        if log.identity(plants) == self._known:
            return
        # Not only where there are none: a plant that was changed in between may be there already.
        if plants.state.messages < await self._database.do(_count_plants):
            await self._database.do(_queue_all, at=timezone.now())
        self._known = log.identity(plants)


def _count_plants() -> int:
    return Plant.objects.count()


def _queue_all(*, at: datetime) -> None:
    for plant in Plant.objects.values_list("pk", flat=True):
        monitoring.queue_configuration(plant, at=at)


def _finish(stop: asyncio.Future[None]) -> None:
    if not stop.done():
        stop.set_result(None)


async def _record(
    database: Database,
    announcer: "Announcer",
    place: Place,
    events: list[dict[str, Any]],
) -> None:
    await database.do(
        monitoring.record_events,
        partition=place.partition,
        stream=place.stream,
        stream_seq=place.sequence,
        events=events,
        at=timezone.now(),
    )
    announcer.plants.update(event["plant"] for event in events if event.get("plant"))


async def _position(database: Database, stream: str) -> int:
    return await database.do(_last_recorded, stream=stream)


def _last_recorded(*, stream: str) -> int:
    positions = EventPosition.objects.filter(stream=stream)
    return positions.aggregate(last=Max("stream_seq"))["last"] or 0


async def _deliver(database: Database) -> None:
    await database.do(monitoring.publish_outbox, at=timezone.now())


async def _let_time_act(database: Database) -> None:
    await database.do(monitoring.raise_overdue_alarms, at=timezone.now())
    await database.do(warnings.escalate_overdue, at=timezone.now())


async def _tell_and_announce(messenger: Messenger, announcer: "Announcer") -> None:
    """Fill the bells before open pages are told to look at them; neither holds up the other."""
    try:
        await messenger.collect()
    finally:
        await announcer.announce()


class Announcer:
    """Tells open pages that something changed, whichever process changed it.

    It watches the warnings' history, which every change writes into, so no other place needs to
    remember to announce.
    """

    def __init__(self, client: Client, database: Database) -> None:
        self.plants: set[int] = set()
        self._client = client
        self._database = database
        self._last: int | None = None

    async def announce(self) -> None:
        """Publish what changed since the last time."""
        plants, self.plants = self.plants, set()
        for alarmed in sorted(plants):
            await self._say({"kind": "alarm", "plant": alarmed, "region": None})
        if self._last is None:
            self._last = await self._database.do(_last_entry)
        touched, self._last = await self._database.do(_touched, after=self._last)
        for region, plant in touched:
            await self._say({"kind": "warning", "plant": plant, "region": region})

    async def _say(self, change: dict[str, Any]) -> None:
        await self._client.publish(log.CHANGED, json.dumps(change).encode())


def _last_entry() -> int:
    return WarningEntry.objects.aggregate(last=Max("pk"))["last"] or 0


def _touched(*, after: int) -> tuple[list[tuple[str, int | None]], int]:
    """Give the regions and plants whose warnings changed, and the last change seen.

    A plant's officer hears of plants, not of regions: the plants of the owner and of where the
    warning arose are named.
    """
    rows = list(
        WarningEntry.objects.filter(pk__gt=after)
        .order_by("pk")
        .values_list("pk", "warning__region_id", "warning__organisation_id", "warning__origin_id")
    )
    plants: dict[int, list[int]] = {}
    concerned = {organisation for _, _, *both in rows for organisation in both}
    for plant, organisation in Plant.objects.filter(organisation__in=concerned).values_list(
        "pk", "organisation_id"
    ):
        plants.setdefault(organisation, []).append(plant)
    touched: set[tuple[str, int | None]] = set()
    for _, region, owner, origin in rows:
        named: list[int | None] = [*plants.get(owner, []), *plants.get(origin, [])]
        touched.update((region, plant) for plant in named or [None])
    return sorted(touched, key=str), rows[-1][0] if rows else after


async def _every(seconds: float, work: Callable[[], Any]) -> None:
    """Do work again and again; a failure is told, and the next turn tries anew."""
    while True:
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except Exception:
            logger.exception("a periodic work failed, next try in %.1f s", seconds)
        await asyncio.sleep(seconds)
