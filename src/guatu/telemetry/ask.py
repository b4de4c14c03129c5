"""One question to the engine of a partition, over the door's connection."""

from __future__ import annotations

from typing import Any

import orjson
from nats.aio.client import Client
from nats.errors import Error as NatsError

from guatu.telemetry import log
from guatu.telemetry.door import DoorClosed, EngineUnavailable, door


def ask(partition: int, question: dict[str, Any]) -> dict[str, Any]:
    """Ask the engine of a partition.

    Raises:
        EngineUnavailable: if it does not answer, or cannot.
    """
    payload = orjson.dumps(question)

    async def put(client: Client) -> bytes:
        subject = log.ask_subject(partition)
        answer = await client.request(subject, payload, timeout=door().settings.timeout_s)
        return answer.data

    try:
        answer: dict[str, Any] = orjson.loads(door().run(put))
    except (DoorClosed, NatsError, OSError) as error:
        told = str(error) or type(error).__name__
        raise EngineUnavailable(f"partition {partition}: {told}") from error
    if "error" in answer:
        raise EngineUnavailable(f"partition {partition}: {answer['error']}")
    return answer
