"""The log of a house that is up, or of one that is down: then its server is started for a while."""

import ctypes
import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from urllib.parse import urlsplit

from guatu.ops.errors import CannotStart, OperatorError
from guatu.ops.house import House
from guatu.ops.preflight import hold_folder
from guatu.ops.supervise import PR_SET_PDEATHSIG
from guatu.ops.words import say
from guatu.telemetry.log import (
    log_server_command,
    server_program,
    sync_problem,
    write_log_config,
)
from guatu.telemetry.settings import LogSettings, StreamSettings

PATIENCE_S = 60.0
ITS_CHOICE = -1
"""A port that the log server picks itself."""


@contextmanager
def log_of(house: House) -> Iterator[StreamSettings]:
    """Reach the log of a house for a block, whether the house is up or not.

    Args:
        house: its folder is held for the block where it is down, so that nobody starts it.

    Raises:
        OperatorError: if the log cannot be started.
    """
    streams = StreamSettings.from_env({**os.environ, **house.environment()})
    if streams.log_url != house.own_log_url:
        yield streams  # a log that is kept elsewhere
        return
    try:
        held = hold_folder(house.home)
    except CannotStart:
        yield streams
        return
    with held, log_server(house.home) as url:
        yield StreamSettings(
            log_url=url,
            partitions=streams.partitions,
            replicas=streams.replicas,
            max_bytes=streams.max_bytes,
            disk=house.home,
        )


@contextmanager
def log_server(home: Path) -> Iterator[str]:
    """Run a log server on a folder, on ports that nobody else knows; gives its address.

    Raises:
        OperatorError: if it cannot be started.
    """
    # The server chooses its ports itself: one that we found free could be taken meanwhile.
    settings = LogSettings(home=home, port=ITS_CHOICE, monitor_port=ITS_CHOICE)
    said = write_log_config(settings).with_name("nats-for-backup.log")
    with said.open("wb") as output:
        process = subprocess.Popen(
            [*log_server_command(settings), "--ports_file_dir", str(settings.folder)],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            preexec_fn=_die_with_parent,  # noqa: PLW1509  only our main thread starts it
        )
    try:
        yield _address(settings, process, said)
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _address(settings: LogSettings, process: "subprocess.Popen[bytes]", said: Path) -> str:
    """Wait until the server stores and syncs, and give where it listens."""
    until = time.monotonic() + PATIENCE_S
    ports = settings.folder / f"{Path(server_program()).name}_{process.pid}.ports"
    while process.poll() is None and time.monotonic() < until:
        with suppress(FileNotFoundError, json.JSONDecodeError):  # not yet, or not wholly there
            found = json.loads(ports.read_text(encoding="utf-8"))
            monitor = urlsplit(found["monitoring"][0]).port or 0
            if sync_problem(replace(settings, monitor_port=monitor)) is None:
                return str(found["nats"][0])
        time.sleep(0.05)
    last = said.read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
    raise OperatorError(
        say(
            f"消息日志服务未能启动（{said}）：{''.join(last)}",
            f"The log server did not start ({said}): {''.join(last)}",
        )
    )
