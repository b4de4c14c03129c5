"""Plants on the wire: many kept-alive connections, each sending its next beat after its answer."""

import asyncio
import json
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from ssl import SSLContext
from typing import NamedTuple, cast


class Request(NamedTuple):
    """One beat to be sent.

    Attributes:
        payload: the whole HTTP request.
        tag: what its sending is remembered under, or None.
        due_s: seconds after the start before which it is not sent; 0 for at once.
    """

    payload: bytes
    tag: tuple[int, int] | None = None
    due_s: float = 0.0


@dataclass(slots=True)
class Sent:
    """What became of the requests.

    Attributes:
        accepted: requests answered with 200.
        rejected: samples left out of those, by the gateway's word.
        retried: answers 429 and 503, after which the same request was sent again.
        refused: the first lines of other answers.
        started: by the tag of a request, the moment (perf_counter) it was sent, or was due to be
            where it was late: a slow answer must not make the next beat look quick.
    """

    accepted: int = 0
    rejected: int = 0
    retried: int = 0
    refused: list[bytes] = field(default_factory=list)
    started: dict[tuple[int, int], float] = field(default_factory=dict)


class _Connection(asyncio.Protocol):
    """One connection that works off a queue of requests."""

    def __init__(self, queue: deque[Request], sent: Sent, zero: float) -> None:
        self._queue = queue
        self._sent = sent
        self._zero = zero
        self._inbox = b""
        self._current = b""
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one in all but its class.
        self._transport = cast(asyncio.Transport, transport)
        self._next()

    def data_received(self, data: bytes) -> None:
        self._inbox += data
        head, found, body = self._inbox.partition(b"\r\n\r\n")
        if not found or len(body) < _length(head):
            return
        self._inbox = b""
        status = head[9:12]
        if status == b"200":
            self._sent.accepted += 1
            if not body.endswith(b'"rejected":[]}'):
                self._sent.rejected += sum(one["count"] for one in json.loads(body)["rejected"])
            self._next()
        elif status in (b"429", b"503"):
            self._sent.retried += 1
            asyncio.get_running_loop().call_later(0.05, self._transport.write, self._current)
        else:
            self._sent.refused.append(head.splitlines()[0] + b" " + body[:200])
            self._next()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            self.done.set_exception(exc or ConnectionError("the gateway closed the connection"))

    def _next(self) -> None:
        if not self._queue:
            self.done.set_result(None)
            self._transport.close()
            return
        request = self._queue.popleft()
        early_s = self._zero + request.due_s - time.perf_counter()
        if request.due_s and early_s > 0:
            asyncio.get_running_loop().call_later(early_s, self._write, request)
        else:
            self._write(request)

    def _write(self, request: Request) -> None:
        if request.tag is not None:
            now = time.perf_counter()
            self._sent.started[request.tag] = (
                min(now, self._zero + request.due_s) if request.due_s else now
            )
        self._current = request.payload
        self._transport.write(request.payload)


def _length(head: bytes) -> int:
    for line in head.lower().splitlines():
        if line.startswith(b"content-length:"):
            return int(line[15:])
    return 0


async def send(
    port: int,
    requests: Sequence[Request],
    sent: Sent,
    *,
    connections: int,
    tls: SSLContext | None = None,
) -> None:
    """Send every request once and wait for every answer, each connection one after another.

    Args:
        port: of the gateway on the loopback.
        requests: each connection keeps their order among its own.
        sent: is added to.
        connections: how many plants talk at once.
        tls: for a gateway that speaks TLS.
    """
    zero = time.perf_counter()
    queues = [deque(requests[first::connections]) for first in range(connections)]
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda queue=queue: _Connection(queue, sent, zero),
            "127.0.0.1",
            port,
            ssl=tls,
        )
        for queue in queues
        if queue
    ]
    await asyncio.gather(*(protocol.done for _, protocol in made))
