"""The recorder: what the engine decided, from the log into the database, each once."""

import asyncio
import json
import logging
import traceback
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from django.db import DataError, IntegrityError
from django.db import Error as DatabaseError
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy

from guatu.telemetry import log

logger = logging.getLogger("recorder")

BATCH, WAIT_S = 200, 1.0
FIRST_PAUSE_S, LONGEST_PAUSE_S = 0.2, 5.0
MOST_TRIES = 3
"""Of one message that the database refuses for what it says."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a message of events stands.

    Attributes:
        stream: identity of the stream; another after the log was lost and made anew.
        partition: whose events they are.
        sequence: in the stream.
    """

    stream: str
    partition: int
    sequence: int


InDatabase = Callable[[Place, list[dict[str, Any]]], Awaitable[None]]


@dataclass(slots=True)
class Recorder:
    """Reads the events of every partition in order and hands them on.

    Attributes:
        client: a connection to the log.
        record: writes events with their place; doing it twice changes nothing.
        position: gives the sequence up to which the stream of an identity is recorded.
        aside: folder for events that cannot be recorded, so that one cannot stop all others.
        lag: messages behind the one recorded last, as far as known.
        pause_s: how long to wait after the next failure; it grows until something is recorded.
        refused: which message the database refused last, and how often in a row.
    """

    client: Client
    record: InDatabase
    position: Callable[[str], Awaitable[int]]
    aside: Path
    pause_s: float = FIRST_PAUSE_S
    lag: int = 0
    refused: tuple[int, int] = (0, 0)

    async def run(self) -> None:
        """Record for ever; after any failure of log or database, go on where it stopped."""
        while True:
            try:
                await self._follow()
            except (NatsError, OSError, TimeoutError, DatabaseError) as problem:
                logger.warning("recording again in %.1f s: %r", self.pause_s, problem)
                await asyncio.sleep(self.pause_s)
                self.pause_s = min(self.pause_s * 2, LONGEST_PAUSE_S)

    async def _follow(self) -> None:
        """Record from the last position on, until the log or the database fails."""
        stream = await self.client.jetstream().stream_info(log.EVENTS_STREAM)
        identity = log.identity(stream)
        position = await self.position(identity)
        # A stream older than identities may yet be shorter; recording twice changes nothing.
        start = position + 1 if position <= stream.state.last_seq else 1
        subscription = await self.client.jetstream().pull_subscribe(
            "events.*",
            stream=log.EVENTS_STREAM,
            config=ConsumerConfig(
                deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                opt_start_seq=start,
                ack_policy=AckPolicy.NONE,
                inactive_threshold=60.0,
                # Its position is the database's: the log server writes nothing of it to disk.
                mem_storage=True,
                num_replicas=1,
            ),
        )
        expected = start
        while True:
            try:
                messages = await subscription.fetch(BATCH, timeout=WAIT_S)
            except TimeoutError:
                # Silence may also be a consumer that the log forgot: it then answers with an error.
                self.lag = (await subscription.consumer_info()).num_pending or 0
                continue
            for message in messages:
                sequence = message.metadata.sequence.stream
                if sequence < expected:
                    continue
                if sequence > expected and start > 1:
                    logger.warning("events %d to %d are gone", expected, sequence - 1)
                await self._record(message, identity, sequence)
                self.lag = message.metadata.num_pending
                self.pause_s = FIRST_PAUSE_S
                expected = sequence + 1

    async def _record(self, message: Msg, stream: str, sequence: int) -> None:
        place = Place(stream, int(message.subject.rsplit(".", 1)[1]), sequence)
        try:
            await self.record(place, json.loads(message.data))
        except (DataError, IntegrityError) as problem:
            # Another writer may have been in the way once; what it says does not change.
            tries = self.refused[1] + 1 if self.refused[0] == sequence else 1
            self.refused = sequence, tries
            if tries < MOST_TRIES:
                raise
            self._set_aside(message, place, problem)
        except (DatabaseError, OSError):
            raise
        except Exception as problem:  # noqa: BLE001  one message must not stop all behind it
            self._set_aside(message, place, problem)

    def _set_aside(self, message: Msg, place: Place, problem: Exception) -> None:
        """Keep a message that cannot be recorded, so that the alarms behind it can."""
        self.aside.mkdir(parents=True, exist_ok=True)
        (self.aside / f"{place.stream}-{place.sequence}.json").write_bytes(message.data)
        logger.error(
            "event %d set aside in %s: %s",
            place.sequence,
            self.aside,
            "".join(traceback.format_exception(problem)),
        )
