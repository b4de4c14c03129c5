"""The one connection behind the web's two doors: a thread with a loop, for synchronous callers.

Started at the first question; begun anew in a child after a fork, because threads and sockets do
not survive one.
"""

from __future__ import annotations

import asyncio
import concurrent.futures
import os
import threading
import time
from collections.abc import Awaitable, Callable
from typing import TypeVar

from nats.aio.client import Client

from guatu.telemetry import log
from guatu.telemetry.settings import DoorSettings

T = TypeVar("T")

REST_S = 5.0
"""After so long a log that could not be reached is waited for again: a page asks many times."""


class DoorClosed(Exception):  # named for the door, not as an error of ours
    """The log cannot be reached now."""


class EngineUnavailable(Exception):  # named for what happened
    """Who should answer a question does not answer now."""


class Door:
    """Runs what needs the log, from any thread.

    Args:
        settings: where the log and history are.
    """

    def __init__(self, settings: DoorSettings) -> None:
        self.settings = settings
        self.process = os.getpid()
        self._loop = asyncio.new_event_loop()
        self._connecting: asyncio.Task[Client] | None = None
        self._rests_until = 0.0
        self._thread = threading.Thread(target=self._loop.run_forever, name="door", daemon=True)
        self._thread.start()

    async def _client(self) -> Client:
        if self._connecting is None:
            self._connecting = asyncio.ensure_future(log.connect(self.settings.streams, "door"))
        if not self._connecting.done() and time.monotonic() < self._rests_until:
            raise DoorClosed("the log cannot be reached")
        try:
            # One caller giving up must not end the connecting that others wait for.
            connecting = asyncio.shield(self._connecting)
            client = await asyncio.wait_for(connecting, self.settings.timeout_s)
        except TimeoutError as error:
            self._rests_until = time.monotonic() + REST_S
            raise DoorClosed("the log cannot be reached") from error
        if not client.is_connected:
            raise DoorClosed("the connection to the log is lost")
        return client

    def run(self, work: Callable[[Client], Awaitable[T]]) -> T:
        """Do something with the connection and give what it gives.

        Raises:
            DoorClosed: when the log cannot be reached in time.
        """

        async def whole() -> T:
            return await work(await self._client())

        future = asyncio.run_coroutine_threadsafe(whole(), self._loop)
        try:
            return future.result(4 * self.settings.timeout_s)
        except (TimeoutError, concurrent.futures.TimeoutError) as error:
            future.cancel()
            raise DoorClosed("the log does not answer") from error

    def close(self) -> None:
        """Close the connection and end the thread."""

        async def end() -> None:
            if self._connecting is None:
                return
            if self._connecting.done():
                await self._connecting.result().close()
            else:
                self._connecting.cancel()

        if self.process == os.getpid():
            asyncio.run_coroutine_threadsafe(end(), self._loop).result(5)
            self._loop.call_soon_threadsafe(self._loop.stop)
            self._thread.join(5)
            self._loop.close()


_opening = threading.Lock()
_door: Door | None = None


def door() -> Door:
    """Give this process's door; the first time it reads the environment."""
    global _door  # noqa: PLW0603 # one connection a process is the point
    with _opening:
        if _door is None or _door.process != os.getpid():
            _door = Door(DoorSettings.from_env(os.environ))
        return _door


def use(settings: DoorSettings | None) -> None:
    """Close the door and open the next one by these settings; None for the environment's."""
    global _door  # noqa: PLW0603 # see above
    with _opening:
        if _door is not None:
            _door.close()
        _door = Door(settings) if settings is not None else None


def _after_fork() -> None:
    # The lock may be held by a thread that does not exist in the child.
    global _opening, _door
    _opening, _door = threading.Lock(), None


os.register_at_fork(after_in_child=_after_fork)
