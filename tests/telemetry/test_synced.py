"""An acknowledged beat lies on the disk: the log's system calls say so, not only its settings."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from guatu.telemetry import log
from guatu.telemetry.gateway import Gateway
from guatu.telemetry.settings import GatewaySettings, StreamSettings
from tests.telemetry.conftest import LogServer, until
from tests.telemetry.test_spine import PLANT, Door

pytestmark = [
    pytest.mark.engine,
    pytest.mark.xdist_group("engine"),
    pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace (apt: strace)"),
]

BEATS = 20
CALL = re.compile(r"(?P<pid>\d+) +(?P<at>\d+\.\d+) f(data)?sync\(\d+<(?P<path>[^>]*)>(?P<end>.*)")
RESUMED = re.compile(r"(?P<pid>\d+) +(?P<at>\d+\.\d+) <\.\.\. f(data)?sync resumed>(?P<end>.*)")
MESSAGES = re.compile(r".*/msgs/\d+\.blk")


class TracedLog(LogServer):
    """A log server whose syncs are written down.

    Args:
        home: the installation's folder.
        sync: what its configuration says of syncing.
    """

    def __init__(self, home: Path, sync: str) -> None:
        super().__init__(home)
        self.trace = home / "trace"
        self._sync = sync

    def start(self) -> None:
        path = log.write_log_config(self.settings)
        always = 'sync_interval: "always"'
        text = path.read_text()
        assert always in text
        path.write_text(text.replace(always, f'sync_interval: "{self._sync}"'))
        strace = ["strace", "-f", "-y", "-ttt", "-e", "trace=fsync,fdatasync", "-o"]
        self.process = subprocess.Popen(
            [*strace, str(self.trace), *log.log_server_command(self.settings)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )

    def kill(self) -> None:
        if self.process is not None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
            self.process = None

    def syncs(self) -> list[float]:
        """The moments at which syncs of a stream's messages were seen to have ended well."""
        found, open_calls = [], {}
        for line in self.trace.read_text().splitlines():
            if call := CALL.match(line):
                open_calls[call["pid"]] = call["path"]
            call = call or RESUMED.match(line)
            ended_well = call is not None and call["end"].endswith("= 0")
            if call and ended_well and MESSAGES.match(open_calls.get(call["pid"], "")):
                found.append(float(call["at"]))
        return found


@pytest.fixture(params=["always", "2m"])
def traced(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[TracedLog]:
    server = TracedLog(tmp_path, request.param)
    server.start()
    yield server
    server.kill()


async def test_each_beat_is_synced_between_its_arrival_and_its_answer(
    traced: TracedLog, compiled: None, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    is_synced = request.node.callspec.params["traced"] == "always"
    streams = StreamSettings(
        log_url=traced.url, partitions=1, max_bytes=256 << 20, disk=tmp_path / "log"
    )
    async with log.connection(streams, "test") as client:
        js = client.jetstream()
        await log.ensure_streams(js, streams)
        gateway = Gateway(GatewaySettings(streams=streams), client)
        gateway.take_config(PLANT)
        door = Door(gateway)
        spans = []
        for number in range(BEATS):
            began = time.time()
            await door.beat(number, [int(began * 1000)], flow=[100.5])
            spans.append((began, time.time()))
    # The log says of itself what the trace shows: /varz is asked at every start of the product.
    assert (log.sync_problem(traced.settings) is None) == is_synced

    def bare() -> int:
        syncs = traced.syncs()
        return sum(not any(began <= at <= ended for at in syncs) for began, ended in spans)

    if is_synced:
        await until(lambda: bare() == 0)
    else:
        # The same run, syncing off: were nothing seen missing here, nothing were shown above.
        assert bare() == BEATS
