"""The real log server on ports of its own, and a small spine around it."""

from __future__ import annotations

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from pathlib import Path

import pytest
from nats.aio.client import Client
from nats.js.errors import NotFoundError

from guatu.ops.house import free_ports
from guatu.telemetry import intake, kernels, log
from guatu.telemetry.history import write
from guatu.telemetry.settings import LogSettings, StreamSettings

PATIENCE_S = 30.0


def free_port() -> int:
    """A port that nobody has right now, nor is handed soon."""
    return free_ports(1)


async def until(
    happens: Callable[[], Awaitable[bool] | bool], within_s: float = PATIENCE_S
) -> None:
    """Wait until a condition holds."""
    end = time.monotonic() + within_s
    while True:
        outcome = happens()
        if outcome if isinstance(outcome, bool) else await outcome:
            return
        assert time.monotonic() < end, "waited too long"
        await asyncio.sleep(0.02)


class LogServer:
    """A log server that can be killed and started again on its store."""

    def __init__(self, home: Path) -> None:
        self.settings = LogSettings(home=home, port=free_port(), monitor_port=free_port())
        self.process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"nats://127.0.0.1:{self.settings.port}"

    def start(self) -> None:
        write = log.write_log_config(self.settings)
        with (write.parent / "nats.log").open("ab") as output:
            self.process = subprocess.Popen(
                log.log_server_command(self.settings), stdout=output, stderr=output
            )
        end = time.monotonic() + PATIENCE_S
        while log.sync_problem(self.settings) is not None:
            assert time.monotonic() < end, log.sync_problem(self.settings)
            time.sleep(0.02)

    def kill(self) -> None:
        if self.process is not None:
            self.process.kill()
            self.process.wait()
            self.process = None


@pytest.fixture(scope="session")
def compiled() -> None:
    """Whatever must be compiled is compiled before anybody waits for an answer."""
    kernels.warm_up()
    intake.warm_up()
    write.warm_up()


@pytest.fixture(scope="session")
def shared_log(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LogServer]:
    server = LogServer(tmp_path_factory.mktemp("log"))
    server.start()
    yield server
    server.kill()


@pytest.fixture
def own_log(tmp_path: Path) -> Iterator[LogServer]:
    server = LogServer(tmp_path)
    server.start()
    yield server
    server.kill()


@pytest.fixture
async def streams(
    shared_log: LogServer, compiled: None, tmp_path: Path
) -> AsyncIterator[StreamSettings]:
    settings = StreamSettings(
        log_url=shared_log.url, partitions=1, max_bytes=256 << 20, disk=tmp_path
    )
    yield settings
    async with log.connection(settings, "cleaner") as client:
        js = client.jetstream()
        for stream in (log.beats_stream(0), log.EVENTS_STREAM, log.PLANTS_STREAM):
            try:
                await js.delete_stream(stream)
            except NotFoundError:
                continue


@pytest.fixture
async def client(streams: StreamSettings) -> AsyncIterator[Client]:
    async with log.connection(streams, "test") as connected:
        yield connected
