"""The live process: server-sent events for browsers, each hearing what its ticket allows."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from guatu.telemetry import log, vitals, vitals_words
from guatu.telemetry.served import Header, Receive, Scope, Send, answer, ended, serve, stop_signal
from guatu.telemetry.settings import LiveSettings
from guatu.telemetry.ticket import Ticket, read_ticket

logger = logging.getLogger("live")

EACH_S = 1.0
HEARTBEAT_S = 15.0
ASK_S = 0.8
CLOSING_S, LEAVING_S = 2.0, 0.5
MOST_WAITING = 200
MOST_STREAMS = 5000
LOOK_AGAIN = b'{"kind":"several","plant":null,"region":null}'


@dataclass(eq=False, slots=True)
class Listener:
    """One browser page.

    Args:
        ticket: what it may hear.
        plant: which plant's values it wants, if any.
        waiting: what is on its way to it; a page that does not read loses changes, and is told
            once to look at everything again.
    """

    ticket: Ticket
    plant: int | None
    waiting: asyncio.Queue[bytes] = field(default_factory=lambda: asyncio.Queue(MOST_WAITING))

    def tell(self, event: str, data: bytes) -> None:
        """Send an event; instead of too many, one that says to look at everything again."""
        if self.waiting.full():
            while not self.waiting.empty():
                self.waiting.get_nowait()
            event, data = "changed", LOOK_AGAIN
        self.waiting.put_nowait(b"event: %s\ndata: %s\n\n" % (event.encode(), data))


@dataclass(slots=True)
class PlantNow:
    """A plant's region and last values, as its engine told last."""

    region: str
    values: list[list[Any]]


class Live:
    """The ASGI application.

    Args:
        settings: of the process.
        client: a connection to the log, kept connected.
    """

    def __init__(self, settings: LiveSettings, client: Client) -> None:
        self._settings = settings
        self._client = client
        self._listeners: set[Listener] = set()
        self._partition_of: dict[int, int] = {}
        self._region_of: dict[int, str] = {}
        self._closing = False

    async def close(self) -> None:
        """End every stream in order, before the server under them goes.

        A stream that the server has to break off leaves its task cancelled half-way and its
        browser with half a line.
        """
        self._closing = True
        for listener in self._listeners:
            listener.tell("changed", LOOK_AGAIN)
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(CLOSING_S):
                while self._listeners:
                    await asyncio.sleep(0.01)

    # --- what is going on ------------------------------------------------------------------

    async def follow_changes(self) -> None:
        """Hand on what the worker says has changed."""

        async def heard(message: Msg) -> None:
            try:
                change = orjson.loads(message.data)
                plant, region = change.get("plant"), change.get("region")
            except (orjson.JSONDecodeError, AttributeError):
                return
            if region is None and plant is not None:
                now = await self._plant(plant)
                region = now.region if now is not None else self._region_of.get(plant, "")
            for listener in list(self._listeners):
                if _concerns(listener.ticket, plant, region or ""):
                    listener.tell("changed", message.data)

        await self._client.subscribe(log.CHANGED, cb=heard)

    async def tell_values(self) -> None:
        """Send each watched plant's values once a second, for ever."""
        while True:
            await asyncio.sleep(EACH_S - time.time() % EACH_S)
            watched: dict[int, list[Listener]] = {}
            for listener in self._listeners:
                if listener.plant is not None:
                    watched.setdefault(listener.plant, []).append(listener)
            await asyncio.gather(*(self._tell_plant(p, who) for p, who in watched.items()))

    async def _tell_plant(self, plant: int, listeners: list[Listener]) -> None:
        now = await self._plant(plant)
        if now is None:
            return
        rows = [[point, value, at_ms, alarm] for point, value, at_ms, _, alarm in now.values]
        data = orjson.dumps(rows)
        for listener in listeners:
            listener.tell("values", data)

    async def _plant(self, plant: int) -> PlantNow | None:
        """Ask for a plant; None while nobody knows it or its engine does not answer."""
        known = self._partition_of.get(plant)
        everywhere = range(self._settings.streams.partitions)
        question = orjson.dumps({"ask": "plant", "plant": plant})
        for partition in everywhere if known is None else [known]:
            with contextlib.suppress(NatsError, OSError, TimeoutError, orjson.JSONDecodeError):
                subject = log.ask_subject(partition)
                message = await self._client.request(subject, question, timeout=ASK_S)
                found = orjson.loads(message.data)
                if "values" in found:
                    self._partition_of[plant] = partition
                    self._region_of[plant] = found["region"]
                    return PlantNow(found["region"], found["values"])
        return None

    def facts(self) -> vitals.Facts:
        """What the process knows of itself, for metrics and roll calls."""
        watched = {one.plant for one in list(self._listeners) if one.plant is not None}
        return {"streams": len(self._listeners), "watched": len(watched)}

    # --- requests --------------------------------------------------------------------------

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        origin = self._origin_headers(scope)
        if scope["path"] == "/healthz":
            body = {"log": self._client.is_connected, "streams": len(self._listeners)}
            await answer(send, 200, orjson.dumps(body), origin)
        elif scope["path"] != "/live" or scope["method"] != "GET":
            await answer(send, 404, b'{"code":"not_found"}', origin)
        else:
            await self._stream(scope, receive, send, origin)

    def _origin_headers(self, scope: Scope) -> tuple[Header, ...]:
        asked = dict(scope["headers"]).get(b"origin", b"")
        allowed = self._settings.origins
        if asked and ("*" in allowed or asked.decode("latin-1") in allowed):
            return ((b"access-control-allow-origin", asked), (b"vary", b"origin"))
        return ()

    async def _stream(
        self, scope: Scope, receive: Receive, send: Send, origin: tuple[Header, ...]
    ) -> None:
        asked = parse_qs(scope["query_string"].decode("latin-1"))
        ticket = read_ticket(asked.get("ticket", [""])[0], self._settings.secret, time.time())
        wanted = asked.get("plant", [""])[0]
        plant = int(wanted) if wanted.isascii() and wanted.isdigit() and len(wanted) < 12 else None
        if ticket is None:
            await answer(send, 401, b'{"code":"bad_ticket"}', origin)
            return
        if len(self._listeners) >= MOST_STREAMS:
            await answer(send, 503, b'{"code":"too_many"}', (*origin, (b"retry-after", b"10")))
            return
        if plant is not None and not await self._may_watch(ticket, plant):
            # The same answer whether it exists elsewhere or not at all.
            await answer(send, 404, b'{"code":"not_found"}', origin)
            return
        headers = (
            (b"content-type", b"text/event-stream; charset=utf-8"),
            (b"cache-control", b"no-store"),
            (b"x-accel-buffering", b"no"),
            *origin,
        )
        await send({"type": "http.response.start", "status": 200, "headers": list(headers)})
        listener = Listener(ticket, plant)
        self._listeners.add(listener)
        leaving = asyncio.ensure_future(_left(receive))
        try:
            await self._feed(listener, send, leaving)
        finally:
            self._listeners.discard(listener)
            # The server says when the browser is gone; what still waits for its word must not be
            # cancelled under it, or it says it to nobody and complains.
            await asyncio.wait({leaving}, timeout=LEAVING_S)
            leaving.cancel()
            self._listeners.discard(listener)

    async def _may_watch(self, ticket: Ticket, plant: int) -> bool:
        if plant in ticket.plants:
            return True
        now = await self._plant(plant)
        region = now.region if now is not None else self._region_of.get(plant, "")
        return ticket.covers_plant(plant, region)

    async def _feed(self, listener: Listener, send: Send, leaving: asyncio.Future[None]) -> None:
        await _send_part(send, b": hello\n\n")
        if listener.plant is not None:
            await self._tell_plant(listener.plant, [listener])
        while not (leaving.done() or self._closing or time.time() >= listener.ticket.until):
            try:
                part = await asyncio.wait_for(listener.waiting.get(), HEARTBEAT_S)
            except TimeoutError:
                part = b": still here\n\n"
            await _send_part(send, part)
        await send({"type": "http.response.body", "body": b"", "more_body": False})


def _concerns(ticket: Ticket, plant: int | None, region: str) -> bool:
    if plant is not None and plant in ticket.plants:
        return True
    # A change without a place concerns everybody: it carries nothing but "look again".
    return ticket.covers_region(region) if region else plant is None


async def _send_part(send: Send, part: bytes) -> None:
    await send({"type": "http.response.body", "body": part, "more_body": True})


async def _left(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass


async def _run(settings: LiveSettings) -> None:
    stop = stop_signal()
    async with log.connection(settings.streams, "live") as client:
        live = Live(settings, client)
        await live.follow_changes()
        await vitals.answer_roll_calls(client, "live", live.facts)
        vitals.publish_metrics("live", lambda: vitals_words.of_live(live.facts()))
        vitals.ready_when("live", lambda: {"log": client.is_connected})
        telling = asyncio.ensure_future(live.tell_values())
        logger.info("live at http://%s:%d", settings.host, settings.port)
        await serve(
            live,
            stop,
            host=settings.host,
            port=settings.port,
            before_end=live.close,
            beside=[telling],
        )
        await ended(telling)
    logger.info("stopped")


def run_live(settings: LiveSettings) -> None:
    """Run the live process until SIGTERM or SIGINT."""
    asyncio.run(_run(settings))
