"""The engine: reads each partition's log, judges, tells events, stores segments, answers."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import time
from collections.abc import Callable, Mapping
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import StreamInfo
from nats.js.errors import Error as JetStreamError
from prometheus_client import Histogram

from guatu.telemetry import answers, checkpoint, kernels, log, marks, vitals, vitals_words
from guatu.telemetry.disk import Room, glance
from guatu.telemetry.follow import PAUSE_S, Entry, LogReader, LogReplaced, LogWentBack
from guatu.telemetry.history.write import warm_up as warm_up_history
from guatu.telemetry.outbox import EventOutbox
from guatu.telemetry.served import ended, first_to_end, let_stay, stop_signal
from guatu.telemetry.settings import EngineSettings
from guatu.telemetry.state import PartitionState
from guatu.telemetry.step import Engine

logger = logging.getLogger("engine")

PROGRESS_S = 0.2
TURN_S = 0.01
FULL = 0.5
CUT_S = Histogram(
    "guatu_engine_cut_seconds",
    "Until a segment and its checkpoint are on disk.",
    ["partition"],
    buckets=(0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60),
)
LOST = (JetStreamError, NatsError, OSError, TimeoutError)


class PartitionRunner:
    """Runs one partition.

    Args:
        settings: of the process.
        client: a connection to the log, kept connected.
        partition: which.
        state: at the last checkpoint.
    """

    def __init__(
        self, settings: EngineSettings, client: Client, partition: int, state: PartitionState
    ) -> None:
        self._settings = settings
        self._client = client
        self._js = client.jetstream()
        self._partition = partition
        self._engine = Engine(partition, state, settings.cut_ms, settings.cut_samples)
        self._outbox = EventOutbox(self._js, partition, settings.disk)
        self._stored = state.cut_sequence
        self._closing: checkpoint.Cut | None = None
        self._storing: asyncio.Task[None] | None = None
        self._writing: asyncio.Future[None] | None = None

    async def run(self) -> None:
        """Run until cancelled."""
        await self._adopt_stream()
        subject = log.ask_subject(self._partition)
        subscription = await self._client.subscribe(subject, cb=self._asked)
        works: list[asyncio.Future[None]] = [
            asyncio.ensure_future(self._read_on()),
            asyncio.ensure_future(self._outbox.run()),
            asyncio.ensure_future(self._tell_progress()),
        ]
        try:
            await first_to_end(*works)
        finally:
            try:
                await ended(*works)
                await self._end_storing()
            finally:
                # Also where a second cancellation cuts the wait short: who asks a partition that
                # nobody runs any more must not be answered.
                with contextlib.suppress(*LOST):
                    await subscription.unsubscribe()

    async def _read_on(self) -> None:
        """Read for ever, also from a log that was made anew."""
        while True:
            with contextlib.suppress(LogReplaced):
                await self._read()
            await self._adopt_stream()

    async def _adopt_stream(self) -> None:
        """Make sure of the stream, and see whether it is still the one we know.

        Raises:
            LogWentBack: if it is, but shorter.
        """
        state = self._engine.state
        info = await self._stream()
        identity = log.identity(info)
        if state.identity == identity and info.state.last_seq < state.sequence:
            name = log.beats_stream(self._partition)
            raise LogWentBack(name, info.state.last_seq, state.sequence)
        held = checkpoint.Held(identity, int(info.state.first_seq), int(info.state.last_seq))
        await asyncio.to_thread(
            checkpoint.settle, self._settings.history, self._partition, state, held
        )
        if state.identity and state.identity != identity:
            logger.error("partition %d: the log was made anew", self._partition)
            if state.sequence > state.cut_sequence:
                # What is in memory is in no log any more, so it is stored before going on.
                await self._cut()
                await self._until_stored()
            first = int(info.state.first_seq)
            if first and first - 1 < state.sequence:
                state.sequence = state.cut_sequence = first - 1
        state.identity = identity

    async def _stream(self) -> StreamInfo:
        while True:
            try:
                await log.ensure_shared(self._js, self._settings.streams)
                return await log.ensure_beats(
                    self._js,
                    self._settings.streams,
                    self._partition,
                    after=self._engine.state.sequence,
                )
            except LOST as error:
                logger.debug("partition %d: no stream yet: %r", self._partition, error)
                await asyncio.sleep(PAUSE_S)

    async def _read(self) -> None:
        state = self._engine.state
        reader = LogReader(
            self._client,
            log.beats_stream(self._partition),
            after=state.sequence,
            identity=state.identity,
        )
        logger.info("partition %d: reading from sequence %d", self._partition, state.sequence + 1)
        try:
            while True:
                turn = time.monotonic()
                for entry in await reader.read():
                    await self._take(entry)
                    if time.monotonic() - turn > TURN_S:
                        await asyncio.sleep(0)
                        turn = time.monotonic()
        finally:
            await reader.stop()

    async def _take(self, entry: Entry) -> None:
        events = self._engine.step(entry)
        if events:
            await self._outbox.put(entry.sequence, events)
        if self._engine.cut_due:
            await self._cut()

    # --- storing ---------------------------------------------------------------------------

    async def _cut(self) -> None:
        """Begin a new segment; the last one goes to disk meanwhile."""
        await self._until_stored()
        state = self._engine.state
        first = state.cut_sequence + 1
        arrivals = self._engine.take_cut()
        cut = checkpoint.Cut(
            self._settings.history, self._partition, first, arrivals, state.snapshot()
        )
        self._closing = cut
        self._storing = asyncio.ensure_future(self._store(cut))

    async def _until_stored(self) -> None:
        if self._storing is not None:
            await self._storing

    async def _on_thread(self, work: Callable[[], None]) -> None:
        """Do slow work of a cut on a thread, which a cancellation does not end."""
        self._writing = asyncio.get_running_loop().run_in_executor(None, work)
        await asyncio.shield(self._writing)

    async def _end_storing(self) -> None:
        """Give up a cut under way; whoever owns the partition next must not meet its thread."""
        if self._storing is not None:
            await ended(self._storing)
        if self._writing is not None:
            await asyncio.wait({self._writing})

    async def _store(self, cut: checkpoint.Cut) -> None:
        began = time.monotonic()
        while True:
            try:
                await self._on_thread(cut.write)
                await self._outbox.empty()
                await self._on_thread(cut.put_in_place)
                break
            except OSError as error:
                # A full disk: judging goes on until memory of one more segment is full, then
                # the backlog grows and plants are asked to wait. Nothing is lost.
                # One line: the house needs no traceback to be told that there is no space.
                logger.error("partition %d: cannot store: %s", self._partition, error)  # noqa: TRY400
                cut.give_up()
                await asyncio.sleep(1)
        for plant, samples in cut.doubled.items():
            checkpoint.move_doubled(self._engine.state.counts_of(plant), samples)
        self._closing = None
        self._stored = cut.last
        self._engine.state.still_stored = cut.still_version
        logger.info(
            "partition %d: stored through %d, %d cells, %.2f s",
            self._partition,
            cut.last,
            cut.arrivals.samples,
            time.monotonic() - began,
        )
        CUT_S.labels(self._partition).observe(time.monotonic() - began)
        await self._trim()

    async def _trim(self) -> None:
        """Take from the log what is stored and old enough, or stored while log or disk fill up."""
        state = self._engine.state
        stream = log.beats_stream(self._partition)
        with contextlib.suppress(*LOST):
            info = await self._js.stream_info(stream)
            keep_from_ms = state.tick_ms - self._settings.keep_log_ms
            fills_up = info.state.bytes > FULL * (info.config.max_bytes or 1 << 62)
            if fills_up or glance(self._settings.disk) >= Room.LOW:
                keep_from_ms = state.tick_ms
            through = max(
                (s for tick, s in state.cuts if tick <= keep_from_ms and s <= self._stored),
                default=0,
            )
            if through >= info.state.first_seq:
                await self._js.purge_stream(stream, seq=through + 1)

    def facts(self) -> vitals.Facts:
        """What is known of this partition, for metrics and roll calls."""
        state = self._engine.state
        return {
            **answers.status(state),
            "partition": self._partition,
            "stored_sequence": self._stored,
            "samples": answers.counts(state, None)["counts"],
            "events_waiting": self._outbox.waiting,
            "unstored": self._engine.arrivals.samples,
        }

    # --- talking ---------------------------------------------------------------------------

    async def _tell_progress(self) -> None:
        subject = log.progress_subject(self._partition)
        while True:
            progress = {"evaluated": self._engine.state.sequence, "stored": self._stored}
            with contextlib.suppress(*LOST):
                await self._client.publish(subject, orjson.dumps(progress))
            await asyncio.sleep(PROGRESS_S)

    async def _asked(self, message: Msg) -> None:
        try:
            answer = self._answer(orjson.loads(message.data))
        except (orjson.JSONDecodeError, KeyError, TypeError, ValueError) as error:
            answer = {"error": repr(error)}
        with contextlib.suppress(*LOST):
            await message.respond(orjson.dumps(answer))

    def _answer(self, question: dict[str, Any]) -> dict[str, Any]:
        state = self._engine.state
        match question["ask"]:
            case "status":
                return {**answers.status(state), "partition": self._partition}
            case "recent":
                parts = [self._engine.arrivals]
                if self._closing is not None:
                    parts.insert(0, self._closing.arrivals)
                return answers.recent(state, parts, question, self._stored)
            case _:
                return answers.answer(state, question)


async def _run_partition(
    settings: EngineSettings, client: Client, partition: int, running: dict[int, PartitionRunner]
) -> None:
    told = False
    while (lock := checkpoint.own(settings.history, partition)) is None:
        if not told:
            logger.warning("partition %d belongs to another engine; waiting", partition)
            told = True
        await asyncio.sleep(PAUSE_S)
    with lock:
        state = await asyncio.to_thread(checkpoint.load, settings.history, partition)
        logger.info(
            "partition %d: %d points, checkpoint at sequence %d",
            partition,
            state.points,
            state.sequence,
        )
        let_stay()
        running[partition] = PartitionRunner(settings, client, partition, state)
        await running[partition].run()


def _facts(running: Mapping[int, PartitionRunner]) -> vitals.Facts:
    return {"partitions": [runner.facts() for _, runner in sorted(running.items())]}


async def _run(settings: EngineSettings) -> None:
    stop = stop_signal()
    logger.info("getting ready; the first start on a machine compiles, which takes a minute or so")
    kernels.warm_up()
    marks.warm_up()
    warm_up_history()
    async with log.connection(settings.streams, "engine") as client:
        running: dict[int, PartitionRunner] = {}
        partitions = [
            asyncio.ensure_future(_run_partition(settings, client, partition, running))
            for partition in settings.mine
        ]
        await vitals.answer_roll_calls(client, "engine", lambda: _facts(running))
        vitals.publish_metrics("engine", lambda: vitals_words.of_engine(_facts(running)))
        vitals.ready_when(
            "engine",
            lambda: {"log": client.is_connected, "partitions": len(running) == len(settings.mine)},
        )
        stopping = asyncio.ensure_future(stop.wait())
        try:
            # A partition that ended by itself failed: let the supervisor see it.
            await first_to_end(stopping, *partitions)
        finally:
            await ended(*partitions)
    logger.info("stopped")


def run_engine(settings: EngineSettings) -> None:
    """Run the engine until SIGTERM or SIGINT; what is not stored yet is in the log."""
    asyncio.run(_run(settings))
