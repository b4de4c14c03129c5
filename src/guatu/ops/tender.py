"""The worker's care for connections: keys that end, first data, the last use of keys."""

import asyncio
import json
import logging
from datetime import UTC, datetime

from django.utils import timezone
from nats.aio.client import Client
from nats.aio.msg import Msg

from guatu.ops.database import Database
from guatu.telemetry import log, query
from guatu.web.connection import actions, life
from guatu.web.connection.models import Connection
from guatu.web.monitoring import actions as monitoring

logger = logging.getLogger("worker")


class Tender:
    """Tends to connections.

    Args:
        database: where it writes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, datetime] = {}

    async def listen(self, client: Client) -> None:
        """Hear from every gateway which keys are shown."""
        await client.subscribe(log.KEY_USE, cb=self._heard)

    async def _heard(self, message: Msg) -> None:
        try:
            used = {
                str(sha256): datetime.fromtimestamp(at_ms / 1000, UTC)
                for sha256, at_ms in json.loads(message.data).items()
            }
        except (ValueError, TypeError, AttributeError, OverflowError) as error:
            logger.warning("what a gateway says of keys is not understood: %r", error)
            return
        for sha256, moment in used.items():
            self._used[sha256] = max(moment, self._used.get(sha256, moment))

    async def tend(self) -> None:
        """Do what is due."""
        await self._database.do(actions.end_old_keys, at=timezone.now())
        used, self._used = self._used, {}
        if used:
            await self._database.do(monitoring.note_key_use, used=used)
        await self._note_first_beats()

    async def _note_first_beats(self) -> None:
        """Look whether plants whose first data is awaited have sent."""
        awaited = await self._database.do(_awaited)
        if not awaited:
            return
        try:
            # Beside the database's thread: waiting for an answer must not hold up the alarms.
            qualities = await asyncio.to_thread(query.all_qualities)
        except query.EngineUnavailable as error:
            logger.debug("no word of first data: %s", error)
            return
        for quality in qualities:
            if quality.plant in awaited and quality.heard_ms is not None:
                await self._database.do(
                    actions.note_first_beat,
                    connection_id=awaited[quality.plant],
                    seen_at=datetime.fromtimestamp(quality.heard_ms / 1000, UTC),
                    at=timezone.now(),
                )


def _awaited() -> dict[int, int]:
    """Connections without data yet, by plant."""
    rows = Connection.objects.filter(state=life.State.APPROVED.value, plant__isnull=False)
    return dict(rows.values_list("plant_id", "pk"))
