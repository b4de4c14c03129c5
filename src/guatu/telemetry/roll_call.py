"""Asking which processes there are: each that lives answers for itself."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError

from guatu.telemetry.door import DoorClosed, EngineUnavailable, door
from guatu.telemetry.vitals import ROLL_CALL, own_facts

WAIT_S = 0.6


@dataclass(frozen=True, slots=True, kw_only=True)
class ProcessNow:
    """A process as it told of itself a moment ago.

    Args:
        process: its name: gateway, engine, live, worker, keeper.
        pid: its number.
        started_at: when it began.
        version: of the program.
        memory: bytes.
        cpu_s: seconds of processor time since it began.
        facts: whatever else it knows, by its own names.
    """

    process: str
    pid: int
    started_at: datetime
    version: str
    memory: int
    cpu_s: float
    facts: Mapping[str, Any]


def processes(expected: Collection[str]) -> list[ProcessNow]:
    """Ask all processes how they are; who does not answer within a moment is not in the list.

    Args:
        expected: names of those to wait for.

    Raises:
        EngineUnavailable: if the log cannot be reached, and so nobody can be asked.
    """
    try:
        return door().run(lambda client: call_roll(client, expected))
    except (DoorClosed, NatsError, OSError) as error:
        raise EngineUnavailable(f"the log: {error!r}") from error


def myself(process: str) -> ProcessNow:
    """Tell of the process that asks."""
    found = _read(orjson.dumps(own_facts(process)))
    assert found is not None  # noqa: S101  our own facts, written just now
    return found


async def call_roll(client: Client, expected: Collection[str]) -> list[ProcessNow]:
    """Ask all processes, and wait until the expected ones have answered or time is up.

    Args:
        client: a connection to the log.
        expected: names of processes that should be there.
    """
    answers: list[ProcessNow] = []
    missing = set(expected)
    complete = asyncio.Event()

    async def heard(message: Msg) -> None:
        if (told := _read(message.data)) is not None:
            answers.append(told)
            missing.discard(told.process)
            if not missing:
                complete.set()

    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=heard)
    try:
        await client.publish(ROLL_CALL, b"", reply=inbox)
        await asyncio.wait_for(complete.wait(), WAIT_S)
    except TimeoutError:
        pass  # who has not answered by now is shown as silent
    finally:
        await subscription.unsubscribe()
    return sorted(answers, key=lambda one: (one.process, one.pid))


def _read(data: bytes) -> ProcessNow | None:
    """Read an answer; None where there is none, as when nobody listens."""
    try:
        told = orjson.loads(data)
        return ProcessNow(
            process=str(told.pop("process")),
            pid=int(told.pop("pid")),
            started_at=datetime.fromtimestamp(int(told.pop("started_ms")) / 1000, UTC),
            version=str(told.pop("version")),
            memory=int(told.pop("memory")),
            cpu_s=float(told.pop("cpu_s")),
            facts=told,
        )
    except (orjson.JSONDecodeError, KeyError, TypeError, ValueError, AttributeError):
        return None
