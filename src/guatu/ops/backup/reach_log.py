"""The log of a house that is up, or of one that is down: then its server is started for a while."""

import ctypes
import os
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from guatu.ops.errors import CannotStart, OperatorError
from guatu.ops.house import HOST, House
from guatu.ops.preflight import hold_folder
from guatu.ops.supervise import PR_SET_PDEATHSIG
from guatu.ops.words import say
from guatu.telemetry.log import log_server_command, sync_problem, write_log_config
from guatu.telemetry.settings import LogSettings, StreamSettings

PATIENCE_S = 60.0


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
    """Run a log server on a folder, on ports that nobody else knows; gives its address."""
    with ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(2)]
        for one in sockets:
            one.bind((HOST, 0))
        port, monitor = (one.getsockname()[1] for one in sockets)
    settings = LogSettings(home=home, port=port, monitor_port=monitor)
    write_log_config(settings)
    process = subprocess.Popen(
        log_server_command(settings),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=_die_with_parent,  # noqa: PLW1509  only our main thread starts it
    )
    try:
        _wait(settings, process)
        yield f"nats://{HOST}:{port}"
    finally:
        process.terminate()
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


def _wait(settings: LogSettings, process: "subprocess.Popen[bytes]") -> None:
    until = time.monotonic() + PATIENCE_S
    while problem := sync_problem(settings):
        if process.poll() is not None or time.monotonic() > until:
            raise OperatorError(
                say(
                    f"消息日志服务未能启动：{problem}",
                    f"The log server did not start: {problem}",
                )
            )
        time.sleep(0.05)
