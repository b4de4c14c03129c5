"""The keeper's process: merges, rolls up and gives up history, beside everything else."""

import logging
import os
import signal
import time
from types import FrameType
from typing import NoReturn

from guatu.telemetry.history.keep import KeptElsewhere, keep
from guatu.telemetry.history.merge import warm_up
from guatu.telemetry.settings import KeeperSettings

logger = logging.getLogger("keeper")

NICENESS = 10
"""Whoever judges or answers goes first: a merge can wait."""


class _Told(BaseException):
    """The process was told to end; raised out of whatever it does, for all of that may be cut."""


def run_keeper(settings: KeeperSettings) -> None:
    """Keep history until SIGTERM or SIGINT; a merge cut short is done again next time.

    Args:
        settings: where history is, how often to look, how long to keep what.
    """
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, _end)
    try:
        os.nice(NICENESS)
        warm_up()
        while True:
            look(settings)
            time.sleep(settings.every_ms / 1000)
    except _Told:
        logger.info("stopped")


def _end(number: int, frame: FrameType | None) -> NoReturn:  # noqa: ARG001 - as signals call
    raise _Told


def look(settings: KeeperSettings) -> None:
    """Do what is due once; what cannot be done now is told and tried again next time."""
    try:
        keep(settings.history, time.time_ns() // 1_000_000)
    except KeptElsewhere as error:
        logger.warning("%s is kept by another process; waiting", error)
    except OSError as error:
        # A full disk: nothing was taken away before its successor stood.
        logger.exception("history cannot be kept now: %s", error)  # noqa: TRY401
