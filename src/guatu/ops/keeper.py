"""The keeper's process: merges, rolls up and gives up history, beside everything else."""

import logging
import os
import signal
import time
from types import FrameType
from typing import NoReturn

from guatu.telemetry.history.keep import KeptElsewhere, keep
from guatu.telemetry.history.merge import warm_up
from guatu.telemetry.history.retain import Wish, give_up
from guatu.telemetry.settings import KeeperSettings

logger = logging.getLogger("keeper")

NICENESS = 10
"""Whoever judges or answers goes first: a merge can wait."""
RARELY_S = 3600.0
DAY_MS = 86_400_000


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
        looked_for_old = -RARELY_S
        while True:
            look(settings)
            if time.monotonic() - looked_for_old >= RARELY_S:
                look_for_old(settings)
                looked_for_old = time.monotonic()
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


def look_for_old(settings: KeeperSettings) -> None:
    """Give up what is older than wished for."""
    wish = Wish(
        raw_ms=settings.raw_days * DAY_MS,
        lasting_ms=settings.core_days * DAY_MS,
        minute_ms=settings.minute_days * DAY_MS,
        hour_ms=settings.hour_days * DAY_MS,
        lasting=lasting_points,
    )
    try:
        freed = give_up(settings.history, time.time_ns() // 1_000_000, wish)
    except KeptElsewhere as error:
        logger.warning("%s is kept by another process; waiting", error)
    except OSError as error:
        logger.exception("old history cannot be given up now: %s", error)  # noqa: TRY401
    else:
        if freed.files or freed.thinned:
            logger.info(
                "given up for age: %d files, %d thinned out, %d samples, %d bytes",
                freed.files, freed.thinned, freed.samples, freed.freed_bytes,
            )  # fmt: skip


def lasting_points() -> list[int]:
    """Give the ids of the points that are kept longest: core points and states of devices."""
    import django  # noqa: PLC0415  only where such points are kept longer, and then rarely

    django.setup()
    from django.db.models import Q  # noqa: PLC0415  needs Django's set-up

    from guatu.web.monitoring.models import Point, PointKind  # noqa: PLC0415  the same

    lasting = Point.objects.filter(Q(core=True) | Q(kind=PointKind.STATE))
    return list(lasting.values_list("pk", flat=True))
