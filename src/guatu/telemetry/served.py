"""Serving an ASGI application in this very process, until told to stop.

One process and no worker children: what is killed is gone, and leaves no port taken.
"""

from __future__ import annotations

import asyncio
import atexit
import contextlib
import gc
import logging
import resource
import signal
from collections.abc import Awaitable, Callable, Collection, MutableMapping
from pathlib import Path
from typing import Any

from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server.embed import Server

logger = logging.getLogger(__name__)

Scope = MutableMapping[str, Any]
Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]
Header = tuple[bytes, bytes]
MOST_FILES = 1 << 16
YOUNG = 50_000
"""Objects made, and not gone again by themselves, after which the garbage collector looks."""


def allow_connections() -> None:
    """Let this process hold as many connections open as the machine allows it, up to 65,536.

    A login shell's soft limit of 1,024 files would turn away the thousandth plant.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    most = MOST_FILES if hard == resource.RLIM_INFINITY else min(hard, MOST_FILES)
    if soft != resource.RLIM_INFINITY and soft < most:
        resource.setrlimit(resource.RLIMIT_NOFILE, (most, hard))


def stop_signal() -> asyncio.Event:
    """Give an event that SIGTERM or SIGINT sets."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def let_stay() -> None:
    """Let the garbage collector look no more at what is there now.

    Libraries and configurations are millions of objects that stay: looking at all of them again
    and again held up everything for a tenth of a second, and a gateway of a nation for one.
    """
    gc.freeze()
    # Few objects are left to count, and among so few it would look at all of them all the time.
    gc.set_threshold(YOUNG, 20, 100)


# At the end of the process all is garbage, and libraries complain of what nobody collected.
atexit.register(gc.unfreeze)


async def ended(*tasks: asyncio.Future[Any]) -> None:
    """Cancel tasks until they have ended.

    More than once, because up to Python 3.11 `asyncio.wait_for` may swallow a cancellation that
    meets the result it waits for, and a loop around it would then go on for ever.
    """
    running = {task for task in tasks if not task.done()}
    while running:
        for task in running:
            task.cancel()
        _, running = await asyncio.wait(running, timeout=0.5)


async def first_to_end(*tasks: asyncio.Future[Any]) -> None:
    """Wait until one of several tasks ends, and raise what it raised.

    Args:
        tasks: those that should go on for ever, and perhaps one that may end.
    """
    done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    for task in done:
        task.result()


async def first_set(*events: asyncio.Event) -> None:
    """Wait until one of several events is set."""
    waits = [asyncio.ensure_future(event.wait()) for event in events]
    await asyncio.wait(waits, return_when=asyncio.FIRST_COMPLETED)
    for wait in waits:
        wait.cancel()


async def serve(
    app: App,
    stop: asyncio.Event,
    *,
    host: str,
    port: int,
    beside: Collection[asyncio.Future[Any]] = (),
    certificate: Path | None = None,
    private_key: Path | None = None,
    before_end: Callable[[], Awaitable[None]] | None = None,
) -> None:
    """Serve until the event is set.

    Args:
        app: the application.
        stop: ends it.
        host: address to listen at.
        port: port to listen at.
        beside: work that goes on for ever; should any of it fail, serving ends.
        certificate: for HTTPS, together with the key.
        private_key: for HTTPS.
        before_end: run once it is told to stop, while answers can still be sent.

    Raises:
        RuntimeError: when the server ended by itself, such as for a port already taken.
        Exception: whatever work beside it failed with.
    """
    server = Server(
        app,
        address=host,
        port=port,
        interface=Interfaces.ASGINL,
        websockets=False,
        backlog=2048,
        log_level=LogLevels.warning,
        ssl_cert=certificate if private_key else None,
        ssl_key=private_key if certificate else None,
    )
    serving = asyncio.ensure_future(server.serve())
    stopping = asyncio.ensure_future(stop.wait())
    try:
        # What fails beside it is raised: the supervisor sees it and starts the process again.
        await first_to_end(serving, stopping, *beside)
        if not stop.is_set():
            raise RuntimeError(f"the server at {host}:{port} ended; is the port taken?")
        if before_end is not None:
            await before_end()
    finally:
        stopping.cancel()
        if not serving.done():
            server.stop()  # type: ignore[no-untyped-call] # the server publishes no types
            with contextlib.suppress(TimeoutError, asyncio.CancelledError):
                await asyncio.wait_for(serving, 5)


async def answer(send: Send, status: int, body: bytes, headers: tuple[Header, ...] = ()) -> None:
    """Send a whole JSON answer."""
    await send(
        {
            "type": "http.response.start",
            "status": status,
            "headers": [
                (b"content-type", b"application/json"),
                (b"content-length", b"%d" % len(body)),
                *headers,
            ],
        }
    )
    await send({"type": "http.response.body", "body": body, "more_body": False})
