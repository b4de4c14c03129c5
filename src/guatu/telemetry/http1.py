"""HTTP/1.1 as plants speak it: many lasting connections, small requests, one after another.

Node's parser (httptools) reads heads, the loop that everything else runs in moves the bytes: no
other thread takes part, so nothing waits for Python's lock, and a beat costs a quarter of what a
server for everything takes. The live pages' server is `served`.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
import ssl
import time
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any, cast
from urllib.parse import unquote

import httptools

from guatu.telemetry.request import Answer, Request
from guatu.telemetry.served import first_to_end

logger = logging.getLogger(__name__)

BACKLOG = 2048
MOST_HEAD = 64 << 10
UNASKED_BODY = 512 << 10
"""Bytes of a body, or of requests behind one, kept before the application has asked for them."""
PASSED_BODY = 1 << 20
"""Bytes of a body announced, that are let pass once it was refused, so that the connection can
live on; one that is longer, or of unknown length, ends with the answer."""
HEAD_S, IDLE_S, LINGER_S, HANDSHAKE_S, END_S = 30.0, 75.0, 10.0, 15.0, 5.0
LOOK_S = 1.0
MOST_STRANGERS = 8192
"""Connections that never sent anything that was taken; of more, those that wait longest make room.
A nation's plants, all coming back at once, are fewer."""
CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


App = Callable[[Request], Awaitable[Answer]]


class _Connection(asyncio.Protocol):
    """One connection, whose requests are answered in their order, one at a time."""

    def __init__(
        self, app: App, connections: set[_Connection], strangers: dict[_Connection, None]
    ) -> None:
        self._app, self._connections, self._strangers = app, connections, strangers
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._is_in_head = self._is_ending = self._is_full = self._is_paused = False
        self._is_deaf = False
        self._head_bytes = 0
        self._url = b""
        self._headers: dict[bytes, bytes] = {}
        self._arriving: Request | None = None
        self._current: Request | None = None
        self._behind: deque[Request] = deque()
        self._task: asyncio.Task[None] | None = None
        self._since_s = self._loop.time()

    # --- what the transport says ---------------------------------------------------------------

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        # uvloop's is one in all but its class.
        self._transport = cast(asyncio.Transport, transport)
        self._connections.add(self)
        self._strangers[self] = None
        if len(self._strangers) > MOST_STRANGERS:
            self._make_room()

    def _make_room(self) -> None:
        """Close the oldest connection that is given no answer just now, or just the oldest.

        Whoever opens connections and sends nothing must not shut the door for the rest.
        """
        waiting = (one for one in self._strangers if one._current is None)  # noqa: SLF001 - its kin
        next(waiting, next(iter(self._strangers))).abort()

    def connection_lost(self, _: Exception | None) -> None:
        self._connections.discard(self)
        self._strangers.pop(self, None)
        self._behind.clear()
        if self._arriving is not None:
            self._arriving.lose()

    def data_received(self, data: bytes) -> None:
        if self._is_deaf or self._transport.is_closing():
            return
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            self._is_deaf = True  # what follows would be another protocol
            self.end()
        except httptools.HttpParserError as error:
            self._refuse(str(error))
            return
        if self._is_in_head:
            # The first piece of a head is not counted: it may be the end of a body for the most.
            self._head_bytes = max(self._head_bytes + len(data), 0) if self._head_bytes >= 0 else 0
            if self._head_bytes > MOST_HEAD:
                self._refuse("the head is too long")
        if self._arriving is not None or self._behind:
            self._set_pace()

    def pause_writing(self) -> None:
        self._is_full = True
        self._set_pace()

    def resume_writing(self) -> None:
        self._is_full = False
        self._set_pace()

    def _set_pace(self) -> None:
        """Read on, unless there is more already than can be worked on."""
        arriving = self._arriving
        paused = (
            self._is_full
            or bool(self._behind)
            or (arriving is not None and arriving.is_unasked and arriving.size > UNASKED_BODY)
        )
        if paused != self._is_paused and not self._transport.is_closing():
            self._is_paused = paused
            if paused:
                self._transport.pause_reading()
            else:
                self._transport.resume_reading()

    # --- what the parser says ------------------------------------------------------------------

    def on_message_begin(self) -> None:
        self._is_in_head, self._head_bytes, self._headers, self._url = True, -1, {}, b""
        if self._current is None:
            self._since_s = self._loop.time()

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers[name.lower()] = value

    def on_headers_complete(self) -> None:
        self._is_in_head = False
        method = self._parser.get_method().decode()
        request = Request(method, _path(self._url), self._headers, self._wanted)
        request.lasts = self._parser.should_keep_alive() and self._parser.get_http_version() > "1.0"
        self._arriving = request
        if self._current is None:
            self._begin(request)
        else:
            self._behind.append(request)

    def on_body(self, part: bytes) -> None:
        if self._arriving is not None:
            self._arriving.feed(part)

    def on_message_complete(self) -> None:
        request, self._arriving = self._arriving, None
        if request is not None:
            request.end()
            if request.is_answered:
                self._go_on(request)

    # --- answering -----------------------------------------------------------------------------

    def _begin(self, request: Request) -> None:
        self._current = request
        self._task = self._loop.create_task(self._answer(request))

    def _wanted(self) -> None:
        request = self._current
        if request is not None and b"expect" in request.headers and not request.size:
            self._transport.write(CONTINUE)
        self._set_pace()

    async def _answer(self, request: Request) -> None:
        try:
            answer = await self._app(request)
        except Exception:  # one request's trouble is not the others'
            logger.exception("%s %s found no answer", request.method, request.path)
            answer = Answer(500, b'{"code":"internal"}')
        if self._transport.is_closing():
            return
        if answer.status < HTTPStatus.BAD_REQUEST and request.method == "POST":
            # Only who has a key gets so far; whether all is well is told to anybody.
            self._strangers.pop(self, None)
        if not request.is_whole:
            length = request.headers.get(b"content-length", b"")
            request.lasts &= length.isdigit() and int(length) <= PASSED_BODY
            request.lasts &= b"expect" not in request.headers
        request.lasts &= not self._is_ending
        self._transport.write(
            _head(answer, lasts=request.lasts) + (b"" if request.method == "HEAD" else answer.body)
        )
        request.forget()
        self._since_s = self._loop.time()
        if request.is_whole or self._is_deaf:
            self._go_on(request)
        else:
            self._set_pace()

    def _go_on(self, answered: Request) -> None:
        self._current = self._task = None
        if self._is_ending or not answered.lasts:
            self._transport.close()
        elif self._behind:
            self._begin(self._behind.popleft())
            self._set_pace()

    def _refuse(self, why: str) -> None:
        """Answer what is no request; what came before it gets its own answer, and that is all."""
        logger.debug("no request: %s", why)
        self._is_deaf = True
        self._behind.clear()
        if self._current is None:
            self._transport.write(_head(Answer(400, b""), lasts=False))
        if self._arriving is not None:
            self._arriving.lose()
        self.end()

    # --- what the server says ------------------------------------------------------------------

    def look(self, now_s: float) -> None:
        """Give up who begins a request and does not go on, or says nothing for long."""
        if self._current is None:
            allowed_s = HEAD_S if self._is_in_head else IDLE_S
        elif self._current.is_answered:
            allowed_s = LINGER_S
        else:
            return
        if now_s - self._since_s > allowed_s:
            self._transport.abort()

    def end(self) -> None:
        """Close, once what is being answered has its answer."""
        self._is_ending = True
        if self._current is None:
            self._transport.close()

    def abort(self) -> None:
        """Close at once."""
        self._strangers.pop(self, None)
        self._transport.abort()


def _path(url: bytes) -> str:
    if url.startswith(b"/") and b"?" not in url and b"%" not in url and b"#" not in url:
        return url.decode("latin-1")
    # What is no address raises, and the parser passes it on.
    return unquote((httptools.parse_url(url).path or b"/").decode("latin-1"))


@lru_cache(maxsize=64)
def _first_lines(status: int) -> bytes:
    reason = HTTPStatus(status).phrase
    return f"HTTP/1.1 {status} {reason}\r\ncontent-type: application/json\r\n".encode()


@lru_cache(maxsize=2)
def _date_line(second: int) -> bytes:
    return b"date: %s\r\n" % formatdate(second, usegmt=True).encode()


def _head(answer: Answer, *, lasts: bool) -> bytes:
    return b"%s%s%scontent-length: %d\r\n%s\r\n" % (
        _first_lines(answer.status),
        _date_line(int(time.time())),
        b"".join(b"%s: %s\r\n" % header for header in answer.headers),
        len(answer.body),
        b"" if lasts else b"connection: close\r\n",
    )


def tls(certificate: Path, private_key: Path) -> ssl.SSLContext:
    """Make what a server with TLS needs: 1.2 or later, as the specification promises."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(certificate, private_key)
    context.set_alpn_protocols(["http/1.1"])
    return context


async def _look(connections: set[_Connection]) -> None:
    """Look at every connection once a second, for ever."""
    while True:
        await asyncio.sleep(LOOK_S)
        now_s = asyncio.get_running_loop().time()
        for connection in tuple(connections):
            connection.look(now_s)


async def _end(connections: set[_Connection]) -> None:
    """Let every connection end with its answer; those that take too long at once."""
    for connection in tuple(connections):
        connection.end()
    deadline_s = time.monotonic() + END_S
    while connections and time.monotonic() < deadline_s:
        await asyncio.sleep(0.02)
    for connection in tuple(connections):
        connection.abort()


async def serve(
    app: App,
    stop: asyncio.Event,
    *,
    host: str,
    port: int,
    beside: Collection[asyncio.Future[Any]] = (),
    certificate: Path | None = None,
    private_key: Path | None = None,
) -> None:
    """Serve until the event is set; whatever is being answered then gets its answer.

    Args:
        app: the application.
        stop: ends it.
        host: address to listen at.
        port: port to listen at.
        beside: work that goes on for ever; should any of it fail, serving ends.
        certificate: for HTTPS, together with the key.
        private_key: for HTTPS.

    Raises:
        RuntimeError: when the port cannot be had.
        Exception: whatever work beside it failed with.
    """
    connections: set[_Connection] = set()
    strangers: dict[_Connection, None] = {}
    context = tls(certificate, private_key) if certificate and private_key else None
    try:
        server = await asyncio.get_running_loop().create_server(
            lambda: _Connection(app, connections, strangers),
            host,
            port,
            backlog=BACKLOG,
            ssl=context,
            ssl_handshake_timeout=HANDSHAKE_S if context else None,
        )
    except OSError as error:
        raise RuntimeError(f"no server at {host}:{port}; is the port taken?") from error
    looking = asyncio.ensure_future(_look(connections))
    stopping = asyncio.ensure_future(stop.wait())
    try:
        # What fails beside it is raised: the supervisor sees it and starts the process again.
        await first_to_end(stopping, looking, *beside)
    finally:
        stopping.cancel()
        looking.cancel()
        server.close()
        with contextlib.suppress(asyncio.CancelledError):
            await _end(connections)
