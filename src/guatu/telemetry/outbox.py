"""Events on their way into the log: in order, each until it is there."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import orjson
from nats.js import JetStreamContext

from guatu.telemetry import log
from guatu.telemetry.disk import Room, glance
from guatu.telemetry.settings import DiskSettings

logger = logging.getLogger("engine")

MOST_WAITING = 256
MOST_IN_ONE = 4000
PAUSE_S = 0.25


class EventOutbox:
    """Publishes one partition's events.

    Args:
        js: the log.
        partition: whose events.
        disk: nothing is published while it is full.
    """

    def __init__(self, js: JetStreamContext, partition: int, disk: DiskSettings) -> None:
        self._js = js
        self._disk = disk
        self._partition = partition
        self._waiting: asyncio.Queue[tuple[str, bytes]] = asyncio.Queue(MOST_WAITING)

    @property
    def waiting(self) -> int:
        """Messages of events that are not in the log yet."""
        return self._waiting.qsize()

    async def put(self, sequence: int, events: list[dict[str, Any]]) -> None:
        """Take the events of one step; waits while too many are on their way."""
        for begin in range(0, len(events), MOST_IN_ONE):
            name = f"{self._partition}:{sequence}"
            if begin:
                name += f":{begin}"
            await self._waiting.put((name, orjson.dumps(events[begin : begin + MOST_IN_ONE])))

    async def empty(self) -> None:
        """Wait until everything taken is in the log."""
        await self._waiting.join()

    async def run(self) -> None:
        """Publish for ever."""
        subject = log.events_subject(self._partition)
        while True:
            name, payload = await self._waiting.get()
            while True:
                while glance(self._disk) is Room.FULL:
                    await asyncio.sleep(PAUSE_S)
                try:
                    await log.publish(self._js, subject, payload, once_as=name)
                    break
                except log.LogUnavailable as error:
                    logger.debug("events %s not in the log yet: %s", name, error)
                    await asyncio.sleep(PAUSE_S)
            self._waiting.task_done()
