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

MOST_AWAITED = 20
"""So many plants without data are asked about in one round; the next round asks for others."""


class Tender:
    """Tends to connections.

    Args:
        database: where it writes.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._used: dict[str, datetime] = {}
        self._after = 0

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
        """Ask the engine about some of the plants whose first data is awaited."""
        awaited = await self._database.do(_awaited, after=self._after)
        # The engine is asked beside the database's thread: what waits for an answer must not
        # hold up the alarms.
        for connection_id, code in awaited:
            heard_at = await asyncio.to_thread(_heard_at, code)
            if heard_at is not None:
                await self._database.do(
                    actions.note_first_beat,
                    connection_id=connection_id,
                    seen_at=heard_at,
                    at=timezone.now(),
                )
        self._after = awaited[-1][0] if awaited else 0


def _awaited(*, after: int) -> list[tuple[int, str]]:
    rows = Connection.objects.filter(state=life.State.APPROVED.value, pk__gt=after)
    return list(rows.order_by("pk").values_list("pk", "code")[:MOST_AWAITED])


def _heard_at(code: str) -> datetime | None:
    """When the plant last sent; None where it never did, or nobody can say now."""
    try:
        heard_ms = query.counts(code).last_ms
    except query.EngineUnavailable as error:
        logger.debug("no word of %s: %s", code, error)
        return None
    return None if heard_ms is None else datetime.fromtimestamp(heard_ms / 1000, UTC)
