"""Reading a stream from a sequence on, in order, through every kind of interruption.

A consumer here is disposable: its position is ours, not the server's. Whenever messages stay
away or jump, a new one is made at the next sequence we expect.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.aio.subscription import Subscription
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, Header, StreamInfo
from nats.js.errors import Error as JetStreamError
from nats.js.errors import NotFoundError

from guatu.access.messages import PlantConfig
from guatu.access.problems import RefusedError
from guatu.access.validate import read_plant_config
from guatu.telemetry import log
from guatu.telemetry.settings import StreamSettings

logger = logging.getLogger(__name__)

MOST_MESSAGES = 128
MOST_BYTES = 16 << 20
REQUEST_S = 1.0
SILENCE_S = 2.0
PAUSE_S = 0.25
FORGOTTEN_S = 30.0
NANOSECONDS = 1_000_000_000
NOBODY, REFUSED, DELETED = "503", "409", "consumer deleted"


@dataclass(frozen=True, slots=True)
class Entry:
    """One message of a stream.

    Args:
        sequence: its place in the stream.
        logged_ms: the log server's clock when it was stored; part of the log, so replay sees
            the same.
    """

    sequence: int
    logged_ms: int
    payload: bytes


class LogReplaced(Exception):  # named for what happened, not as an error of ours
    """The stream is not the one that was read before: the log was lost and made anew."""


class LogWentBack(Exception):  # named for what was met, not as an error of ours
    """The stream ends before what was read from it: somebody put back an older copy of it.

    What it takes in from now on would be numbered like messages that were judged already, and so
    be passed over.

    Args:
        stream: its name.
        last: its last sequence.
        judged: the last sequence already judged.
    """

    def __init__(self, stream: str, last: int, judged: int) -> None:
        super().__init__(f"{stream} ends at {last}, but {judged} was judged already")
        self.stream, self.last, self.judged = stream, last, judged


class LogReader:
    """Reads a stream's messages in order.

    Args:
        client: a connection to the log, kept connected.
        stream: its name.
        after: the last sequence already read.
        contiguous: whether a jump in the sequences is a loss.
        identity: the stream's own name for itself, if known; another raises LogReplaced.
    """

    def __init__(
        self,
        client: Client,
        stream: str,
        *,
        after: int,
        contiguous: bool = True,
        identity: str = "",
    ) -> None:
        self.last = after
        self._client = client
        self._js = client.jetstream()
        self._stream = stream
        self._contiguous = contiguous
        self._identity = identity
        self._subscription: Subscription | None = None
        self._consumer = ""
        self._arrived: deque[Msg] = deque()
        self._bell = asyncio.Event()
        self._due = 0
        self._stale = False
        self._inbox = ""

    async def read(self) -> list[Entry]:
        """Wait for the next messages.

        Raises:
            LogReplaced: see the class.
        """
        while True:
            if self._subscription is None and not await self._begin():
                await asyncio.sleep(PAUSE_S)
                continue
            entries = self._take()
            if self._stale:
                await self.stop()
            elif self._due <= 0:
                await self._request()
            if entries:
                return entries
            if self._arrived or self._subscription is None:
                continue
            self._bell.clear()
            try:
                await asyncio.wait_for(self._bell.wait(), SILENCE_S)
            except TimeoutError:
                await self.stop()

    async def stop(self) -> None:
        """Give up the consumer; reading again makes another."""
        subscription, self._subscription = self._subscription, None
        self._arrived.clear()
        self._stale = False
        if subscription is not None:
            with contextlib.suppress(NatsError, OSError):
                await subscription.unsubscribe()

    async def _begin(self) -> bool:
        try:
            info = await self._js.stream_info(self._stream)
            if self._identity and log.identity(info) != self._identity:
                raise LogReplaced(self._stream)
            if self._contiguous and info.state.first_seq > self.last + 1:
                logger.error(
                    "%s: sequences %d to %d are gone",
                    self._stream,
                    self.last + 1,
                    info.state.first_seq - 1,
                )
                self.last = info.state.first_seq - 1
            consumer = await self._js.add_consumer(
                self._stream,
                ConsumerConfig(
                    deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
                    opt_start_seq=self.last + 1,
                    ack_policy=AckPolicy.NONE,
                    inactive_threshold=FORGOTTEN_S,
                    mem_storage=True,
                    num_replicas=1,
                ),
            )
            self._consumer = consumer.name
            inbox = self._client.new_inbox()
            self._subscription = await self._client.subscribe(inbox, cb=self._on)
            self._inbox = inbox
            self._due = 0
        except NotFoundError as error:
            if self._identity:
                raise LogReplaced(self._stream) from error
            return False
        except (JetStreamError, NatsError, OSError, TimeoutError) as error:
            logger.debug("%s: no consumer yet: %r", self._stream, error)
            return False
        return True

    async def _request(self) -> None:
        request = {
            "batch": MOST_MESSAGES,
            "max_bytes": MOST_BYTES,
            "expires": int(REQUEST_S * NANOSECONDS),
        }
        subject = f"$JS.API.CONSUMER.MSG.NEXT.{self._stream}.{self._consumer}"
        self._due = MOST_MESSAGES
        with contextlib.suppress(NatsError, OSError):
            await self._client.publish(subject, orjson.dumps(request), reply=self._inbox)

    async def _on(self, message: Msg) -> None:
        if message.subject == self._inbox:  # a status: this request is over
            self._due = 0
            # Without this a reader of a deleted stream would ask its dead consumer for ever.
            self._stale |= _is_gone(message.header or {})
        else:
            self._due -= 1
            self._arrived.append(message)
        self._bell.set()

    def _take(self) -> list[Entry]:
        entries = []
        while self._arrived:
            message = self._arrived.popleft()
            # $JS.ACK.<stream>.<consumer>.<deliveries>.<stream seq>.<consumer seq>.<time>.<pending>
            parts = message.reply.split(".")
            sequence, stamp = int(parts[-4]), int(parts[-2])
            if sequence <= self.last:
                continue
            if self._contiguous and sequence != self.last + 1:
                # Something between was lost on the way, or trimmed: a new consumer finds out.
                self._stale = True
                break
            self.last = sequence
            entries.append(Entry(sequence, stamp // 1_000_000, message.data))
        return entries


def _is_gone(status: Mapping[str, str]) -> bool:
    """Tell whether a consumer was deleted, or nobody answers for it any more."""
    code, description = status.get(Header.STATUS), status.get(Header.DESCRIPTION, "")
    return code == NOBODY or (code == REFUSED and description.lower() == DELETED)


async def follow_plants(
    client: Client,
    streams: StreamSettings,
    take: Callable[[PlantConfig], None],
    loaded: asyncio.Event,
) -> None:
    """Give every plant's latest configuration, then each newer one, for ever.

    A stream that was lost and made anew is read from its beginning.

    Args:
        client: a connection to the log.
        streams: the layout.
        take: puts a configuration into effect; older versions may come again.
        loaded: set once everything that was there at the beginning has been given.
    """
    while True:
        info = await _plants_stream(client, streams)
        reader = LogReader(
            client,
            log.PLANTS_STREAM,
            after=0,
            contiguous=False,
            identity=log.identity(info),
        )
        wanted = info.state.last_seq if info.state.messages else 0
        try:
            await _read_plants(reader, wanted, take, loaded)
        except LogReplaced:
            logger.warning("the log of plants was made anew: reading it from its beginning")
        finally:
            await reader.stop()


async def _read_plants(
    reader: LogReader,
    wanted: int,
    take: Callable[[PlantConfig], None],
    loaded: asyncio.Event,
) -> None:
    while True:
        if reader.last >= wanted:
            loaded.set()
        for entry in await reader.read():
            try:
                take(read_plant_config(orjson.loads(entry.payload)))
            except (RefusedError, LookupError, TypeError, ValueError) as error:
                # Whatever is wrong with one plant must keep no other from being taken.
                logger.warning("plant configuration %d not understood: %r", entry.sequence, error)


async def _plants_stream(client: Client, streams: StreamSettings) -> StreamInfo:
    js = client.jetstream()
    while True:
        try:
            await log.ensure_shared(js, streams)
            return await js.stream_info(log.PLANTS_STREAM)
        except (NotFoundError, JetStreamError, NatsError, OSError, TimeoutError):
            await asyncio.sleep(PAUSE_S)
