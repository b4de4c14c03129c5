"""Copies of the log's streams: taken while they are written to, put back with every sequence.

A copy is the log server's own snapshot, so sequences, times and the stream's identity come back as
they were, and an engine's checkpoint goes on fitting to them.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import orjson
from nats.aio.client import Client
from nats.aio.msg import Msg
from nats.errors import Error as NatsError
from nats.js.api import Header

CHUNK = 512 << 10
SILENCE_S = 30.0
ANSWER_S = 30.0

Told = Callable[[int], None]


class CopyFailed(Exception):  # named for what happened
    """The log server did not give or take a stream; says which and why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamCopy:
    """A stream as it was copied.

    Args:
        name: of the stream.
        config: as the log server tells it.
        state: the log server's when the copy began: messages, first_seq, last_seq and others.
        size: bytes of the copy's file.
        sha256: of the copy's file.
    """

    name: str
    config: dict[str, Any]
    state: dict[str, Any]
    size: int
    sha256: str


async def copy_stream(client: Client, name: str, path: Path, told: Told) -> StreamCopy:
    """Copy a stream into a file, while it is written to and read from.

    Args:
        client: a connection to the log.
        name: of the stream.
        path: of the file, made anew.
        told: hears the bytes written so far.

    Raises:
        CopyFailed: if there is no such stream, or the server stops sending.
    """
    arrived: asyncio.Queue[Msg] = asyncio.Queue()
    inbox = client.new_inbox()
    subscription = await client.subscribe(inbox, cb=arrived.put)
    try:
        question = {"deliver_subject": inbox, "no_consumers": True, "chunk_size": CHUNK}
        answer = await _ask(client, f"$JS.API.STREAM.SNAPSHOT.{name}", question)
        size, digest = 0, hashlib.sha256()
        with path.open("wb") as file:
            while chunk := await _next(arrived, name):
                file.write(chunk.data)
                digest.update(chunk.data)
                size += len(chunk.data)
                told(size)
                if chunk.reply:  # the server sends only so much ahead of our answers
                    await client.publish(chunk.reply, b"")
    finally:
        await subscription.unsubscribe()
    return StreamCopy(
        name=name,
        config=answer["config"],
        state=answer["state"],
        size=size,
        sha256=digest.hexdigest(),
    )


async def _next(arrived: asyncio.Queue[Msg], name: str) -> Msg | None:
    """Give the next piece; None at the end."""
    try:
        message = await asyncio.wait_for(arrived.get(), SILENCE_S)
    except TimeoutError:
        raise CopyFailed(f"{name}: the log server stopped sending") from None
    status = (message.headers or {}).get(Header.STATUS, "")
    if status.startswith(("4", "5")):
        raise CopyFailed(f"{name}: {(message.headers or {}).get(Header.DESCRIPTION, status)}")
    return message if message.data else None


async def put_back(
    client: Client, copy: StreamCopy, path: Path, *, max_bytes: int, told: Told
) -> dict[str, Any]:
    """Make a stream from its copy.

    Args:
        client: a connection to a log without a stream of this name.
        copy: what is to be put back.
        path: the copy's file.
        max_bytes: bound of the stream here, for the disk may be another; never less than what
            is in it.
        told: hears the bytes sent so far.

    Returns:
        The state of the stream that was made.

    Raises:
        CopyFailed: if the server refuses it.
    """
    config = dict(copy.config)
    if config.get("max_bytes", -1) > 0:
        config["max_bytes"] = max(max_bytes, 2 * int(copy.state["bytes"]))
    subject = f"$JS.API.STREAM.RESTORE.{copy.name}"
    answer = await _ask(client, subject, {"config": config, "state": copy.state})
    sent = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            _refused(await _request(client, answer["deliver_subject"], chunk), copy.name)
            sent += len(chunk)
            told(sent)
    made = _refused(await _request(client, answer["deliver_subject"], b""), copy.name)
    state: dict[str, Any] = made["state"]
    return state


async def stream_names(client: Client) -> list[str]:
    """Name all streams of the log.

    Raises:
        CopyFailed: if the log server does not answer.
    """
    names: list[str] = []
    while True:
        page = await _ask(client, "$JS.API.STREAM.NAMES", {"offset": len(names)})
        names += page.get("streams") or []
        if len(names) >= int(page["total"]):
            return sorted(names)


async def _ask(client: Client, subject: str, question: dict[str, Any]) -> dict[str, Any]:
    return _refused(await _request(client, subject, orjson.dumps(question)), subject)


async def _request(client: Client, subject: str, payload: bytes) -> bytes:
    try:
        return (await client.request(subject, payload, timeout=ANSWER_S)).data
    except (NatsError, OSError, TimeoutError) as error:
        raise CopyFailed(f"{subject}: the log server does not answer: {error!r}") from error


def _refused(data: bytes, what: str) -> dict[str, Any]:
    """Give an answer's content, none for an empty one; raises CopyFailed for a refusal."""
    answer: dict[str, Any] = orjson.loads(data) if data else {}
    if "error" in answer:
        raise CopyFailed(f"{what}: {answer['error'].get('description', answer['error'])}")
    return answer
