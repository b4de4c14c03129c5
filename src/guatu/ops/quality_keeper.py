"""The worker's looks at how data comes in: every minute, at its beginning, into the database."""

import asyncio
import logging
import time

from django.utils import timezone

from guatu.ops.database import Database
from guatu.telemetry import query
from guatu.web.quality import actions
from guatu.web.quality.looks import look_at

logger = logging.getLogger("worker")

EVERY_S = 60.0
AT_ONCE = 200
"""Plants in one transaction: the database's thread is soon free for alarms again."""


class Keeper:
    """Keeps the hourly figures.

    Args:
        database: where it writes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    async def keep(self) -> None:
        """Look, and wait for the next minute to begin, so that looks keep to the hours."""
        await self.look()
        await asyncio.sleep(EVERY_S - time.time() % EVERY_S)

    async def look(self) -> None:
        """Look once at all plants and write down what has come since the last time."""
        try:
            # Beside the database's thread: waiting for an answer must not hold up the alarms.
            qualities = await asyncio.to_thread(query.all_qualities)
        except query.EngineUnavailable as error:
            # The counts go on growing in the engine, so the next look has all of it.
            logger.debug("no look at the data's quality: %s", error)
            return
        at = timezone.now()
        looks = [look_at(quality) for quality in qualities]
        for begin in range(0, len(looks), AT_ONCE):
            part = looks[begin : begin + AT_ONCE]
            await self._database.do(actions.record_looks, looks=part, at=at)
        if at.hour == 20 and at.minute == 0:  # four in the morning where the plants are
            await self._database.do(actions.forget_old_hours, at=at)
