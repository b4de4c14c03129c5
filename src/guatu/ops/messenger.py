"""Tells people and programs outside the pages: takes what is due, sends it, notes how it went.

Sending waits for strangers' machines, so it happens in threads of its own; a slow or dead address
holds up nothing but itself.
"""

import asyncio
import itertools
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

from django.utils import timezone

from guatu.ops.database import Database
from guatu.web.notices import collecting, delivering, sending
from guatu.web.notices.delivering import Outcome
from guatu.web.notices.parcels import Parcel, Way

logger = logging.getLogger("worker")

AT_ONCE = 8
PRUNE_EVERY_S = 3600.0


class Messenger:
    """Collects, sends and settles; each turn is short."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._threads = ThreadPoolExecutor(AT_ONCE, thread_name_prefix="sending")
        self._busy: dict[Way, asyncio.Task[None]] = {}
        self._prune_next = 0.0

    async def collect(self) -> None:
        """Tell what happened: fill the bells and the queue."""
        while await self._database.do(collecting.collect, at=timezone.now()) >= collecting.AT_ONCE:
            pass

    async def send(self) -> None:
        """Begin to send what is due and not on its way."""
        room = AT_ONCE - len(self._busy)
        if room > 0:
            busy = frozenset(self._busy)
            parcels = await self._database.do(
                delivering.take, at=timezone.now(), busy=busy, most=room
            )
            for way, those in itertools.groupby(parcels, key=lambda parcel: parcel.way):
                self._busy[way] = asyncio.create_task(self._send_in_order(way, list(those)))
        if time.monotonic() >= self._prune_next:
            self._prune_next = time.monotonic() + PRUNE_EVERY_S
            await self._database.do(delivering.prune, at=timezone.now())

    async def _send_in_order(self, way: Way, parcels: Sequence[Parcel]) -> None:
        """Send what goes by one way; where one fails, those after it wait as it does."""
        outcome = Outcome()
        try:
            for parcel in parcels:
                if not outcome.error or outcome.is_final:
                    outcome = await self._outcome(parcel)
                await self._database.do(
                    delivering.settle, parcel=parcel, outcome=outcome, at=timezone.now()
                )
        except Exception:
            # Not settled, it is due again when its lease ends.
            logger.exception("a delivery could not be written down")
        finally:
            self._busy.pop(way, None)

    async def _outcome(self, parcel: Parcel) -> Outcome:
        loop = asyncio.get_running_loop()
        try:
            return await loop.run_in_executor(self._threads, sending.send, parcel)
        except Exception as error:
            logger.exception("sending %s failed of itself", parcel.way)
            return Outcome(error=type(error).__name__)
