"""The plants' HTTP server over sockets: what comes in pieces, too much, too slowly, or not."""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import AsyncIterator, Callable

import pytest
import uvloop

from guatu.access.problems import RefusedError
from guatu.telemetry import http1
from guatu.telemetry.http1 import serve
from guatu.telemetry.reception import answer_to
from guatu.telemetry.request import Answer, Request
from tests.telemetry.conftest import free_port, until

MOST, WITHIN_S = 3_000_000, 0.5


class App:
    """Echoes bodies; what a path says, it does before."""

    def __init__(self) -> None:
        self.open = asyncio.Event()
        self.broken_off = 0
        self.begun = 0

    async def __call__(self, request: Request) -> Answer:
        self.begun += 1
        if request.path == "/refuse":
            return Answer(429, b"no", ((b"retry-after", b"3"),))
        if request.path == "/fail":
            raise MemoryError
        if request.path == "/wait":
            await self.open.wait()
        try:
            return Answer(200, await request.body(MOST, WITHIN_S))
        except RefusedError as refused:
            self.broken_off += refused.problem.code == "bad_json"
            return answer_to(refused.problem)


class Wire:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader, self.writer = reader, writer

    def send(self, *parts: bytes) -> None:
        self.writer.writelines(parts)

    async def answer(self) -> tuple[int, bytes, bytes]:
        """Give status, head and body of the next answer."""
        head = (await self.reader.readuntil(b"\r\n\r\n")).lower()
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        return int(head[9:12]), head, await self.reader.readexactly(length)

    async def is_closed(self, within_s: float = 5) -> bool:
        return not await asyncio.wait_for(self.reader.read(1), within_s)


class Served:
    """The application behind the server."""

    def __init__(self) -> None:
        self.wires: list[Wire] = []
        self.app, self.stop, self.port = App(), asyncio.Event(), free_port()
        self.serving = asyncio.ensure_future(
            serve(self.app, self.stop, host="127.0.0.1", port=self.port)
        )

    async def wire(self) -> Wire:
        while True:
            try:
                wire = Wire(*await asyncio.open_connection("127.0.0.1", self.port))
            except ConnectionError:
                await asyncio.sleep(0.01)
            else:
                self.wires.append(wire)
                return wire

    async def end(self) -> None:
        for wire in self.wires:
            wire.writer.close()
            with contextlib.suppress(ConnectionError):
                await wire.writer.wait_closed()
        self.stop.set()
        await asyncio.wait_for(self.serving, 10)


@pytest.fixture
async def served() -> AsyncIterator[Served]:
    one = Served()
    yield one
    await one.end()


def post(body: bytes, path: bytes = b"/", *, length: int | None = None, more: bytes = b"") -> bytes:
    size = len(body) if length is None else length
    return b"POST %s HTTP/1.1\r\nHost: x\r\n%sContent-Length: %d\r\n\r\n%s" % (
        path, more, size, body,
    )  # fmt: skip


async def test_requests_in_one_piece_and_in_single_bytes_are_the_same(served: Served) -> None:
    wire = await served.wire()
    text = post(b"first") + post(b"", b"/x%79?z=1") + post(b"third" * 100)
    wire.send(text)
    whole = [await wire.answer() for _ in range(3)]
    assert [(status, body) for status, _, body in whole] == [
        (200, b"first"), (200, b""), (200, b"third" * 100)
    ]  # fmt: skip
    for at in range(len(text)):
        wire.send(text[at : at + 1])
        await asyncio.sleep(0)
    assert [(await wire.answer())[2] for _ in range(3)] == [body for _, _, body in whole]


async def test_a_large_body_arrives_whole_and_a_chunked_one_too(served: Served) -> None:
    wire = await served.wire()
    large = bytes(range(256)) * 8_000
    wire.send(post(large))
    assert (await wire.answer())[2] == large
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    for part in (b"5\r\nhello\r\n", b"6\r\n plant\r\n", b"0\r\n\r\n"):
        wire.send(part)
        await asyncio.sleep(0.01)
    assert (await wire.answer())[2] == b"hello plant"


async def test_who_asks_whether_to_go_on_is_told(served: Served) -> None:
    wire = await served.wire()
    wire.send(post(b"", length=2, more=b"Expect: 100-continue\r\n"))
    assert await wire.reader.readuntil(b"\r\n\r\n") == http1.CONTINUE
    wire.send(b"ok")
    assert (await wire.answer())[2] == b"ok"
    wire.send(post(b"", b"/refuse", length=2, more=b"Expect: 100-continue\r\n"))
    status, head, _ = await wire.answer()
    assert (status, b"connection: close" in head) == (429, True)


async def test_a_refused_body_is_let_pass_and_the_connection_lives_on(served: Served) -> None:
    wire = await served.wire()
    wire.send(post(b"a", b"/refuse", length=100_000))
    status, head, body = await wire.answer()
    assert (status, body, b"retry-after: 3" in head) == (429, b"no", True)
    wire.send(b"b" * 99_999, post(b"next"))
    assert (await wire.answer())[2] == b"next"


async def test_a_long_body_that_was_refused_ends_with_its_answer(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "LOOK_S", 0.05)
    monkeypatch.setattr(http1, "LINGER_S", 0.1)
    wire = await served.wire()
    wire.send(post(b"a", b"/refuse", length=100_000_000))
    status, head, _ = await wire.answer()
    assert (status, b"connection: close" in head) == (429, True)
    assert await wire.is_closed()


async def test_too_much_and_too_slow_are_told_so(served: Served) -> None:
    wire = await served.wire()
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n")
    wire.send(*[b"100000\r\n" + bytes(1 << 20) + b"\r\n"] * 4)
    assert (await wire.answer())[0] == 413
    wire = await served.wire()
    wire.send(post(b"a", length=2))
    assert (await wire.answer())[0] == 408


async def test_half_a_body_and_a_closed_connection_are_heard_of(served: Served) -> None:
    wire = await served.wire()
    wire.send(post(b"a", length=2))
    await until(lambda: served.app.begun == 1)
    wire.writer.close()
    await until(lambda: served.app.broken_off == 1)


async def test_no_more_is_read_than_is_worked_on(served: Served) -> None:
    """While a request waits, what is piled up behind it stays in the socket."""
    wire = await served.wire()
    wire.send(post(b"", b"/wait"))
    await until(lambda: served.app.begun == 1)
    many = post(b"x" * 50_000) * 400
    wire.send(many)
    other = await served.wire()
    for _ in range(200):  # the server has had time enough, had it wanted to read on
        other.send(post(b"x"))
        await other.answer()
    assert wire.writer.transport.get_write_buffer_size() > len(many) // 2
    assert served.app.begun == 1 + 200
    served.app.open.set()
    for _ in range(401):
        assert (await wire.answer())[0] == 200


@pytest.mark.parametrize(
    "said",
    [
        b"no HTTP at all\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"CONNECT x:443 HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"y" * 500_000,
        b"GET / HTTP/1.1\r\n" + b"X: y\r\n" * 100_000,
    ],
)
async def test_what_is_no_request_is_refused_and_harms_no_other(
    served: Served, said: bytes
) -> None:
    good, bad = await served.wire(), await served.wire()
    first = asyncio.ensure_future(bad.reader.read(12))
    for at in range(0, len(said), 60_000):
        bad.send(said[at : at + 60_000])
        await asyncio.sleep(0.02)
        if first.done():
            break
    else:
        assert len(said) < http1.MOST_HEAD, "a head without end is not read without end"
    assert await asyncio.wait_for(first, 5) == b"HTTP/1.1 400"
    good.send(post(b"still here"))
    assert (await good.answer())[2] == b"still here"


async def test_what_came_before_nonsense_gets_its_answer(served: Served) -> None:
    wire = await served.wire()
    wire.send(post(b"good", b"/wait") + b"no HTTP at all\r\n\r\n")
    await until(lambda: served.app.begun == 1)
    served.app.open.set()
    status, head, body = await wire.answer()
    assert (status, body, b"connection: close" in head) == (200, b"good", True)
    assert await wire.is_closed()


async def test_a_body_that_turns_into_nonsense_is_refused(served: Served) -> None:
    wire = await served.wire()
    wire.send(b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n")
    await until(lambda: served.app.begun == 1)
    wire.send(b"no length\r\n")
    assert (await wire.answer())[0] == 400
    assert await wire.is_closed()


async def test_an_upgrade_is_not_made(served: Served) -> None:
    wire = await served.wire()
    wire.send(b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\nPRI *")
    assert (await wire.answer())[0] == 200
    assert await wire.is_closed()


async def test_an_old_client_and_one_that_says_so_get_their_answer_and_the_end(
    served: Served,
) -> None:
    for text in (b"GET / HTTP/1.0\r\n\r\n", b"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"):
        wire = await served.wire()
        wire.send(text)
        assert (await wire.answer())[0] == 200
        assert await wire.is_closed()


async def test_a_failure_is_one_requests_own(
    served: Served, caplog: pytest.LogCaptureFixture
) -> None:
    wire = await served.wire()
    with caplog.at_level(logging.ERROR):
        wire.send(post(b"", b"/fail"))
        assert (await wire.answer())[0] == 500
    assert "/fail" in caplog.text
    wire.send(post(b"next"))
    assert (await wire.answer())[2] == b"next"


async def test_who_says_nothing_or_half_a_head_is_given_up(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "LOOK_S", 0.05)
    monkeypatch.setattr(http1, "IDLE_S", 0.2)
    monkeypatch.setattr(http1, "HEAD_S", 0.2)
    silent, half, working = [await served.wire() for _ in range(3)]
    working.send(post(b"w", b"/wait"))
    half.send(b"POST / HT")
    assert await silent.is_closed()
    assert await half.is_closed()
    served.app.open.set()
    assert (await working.answer())[2] == b"w"


async def test_connections_that_send_nothing_make_room_and_no_plants_does(
    served: Served, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(http1, "MOST_STRANGERS", 3)
    plant, asking = await served.wire(), await served.wire()
    plant.send(post(b"a"))
    assert (await plant.answer())[0] == 200
    asking.send(post(b"b", b"/wait"))
    await until(lambda: served.app.begun == 2)
    looking = await served.wire()
    looking.send(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
    assert (await looking.answer())[0] == 200
    silent = [await served.wire() for _ in range(3)]
    # The one that only looked is the oldest that waits; then those that never spoke.
    assert await looking.is_closed()
    assert await silent[0].is_closed()
    served.app.open.set()
    assert (await asking.answer())[2] == b"b"
    plant.send(post(b"c"))
    assert (await plant.answer())[2] == b"c"
    silent[2].send(post(b"d"))
    assert (await silent[2].answer())[2] == b"d"


async def test_at_the_end_what_is_being_answered_gets_its_answer(served: Served) -> None:
    idle, working = await served.wire(), await served.wire()
    working.send(post(b"late", b"/wait"))
    await until(lambda: served.app.begun == 1)
    served.stop.set()
    assert await idle.is_closed()
    served.app.open.set()
    status, head, body = await working.answer()
    assert (status, body, b"connection: close" in head) == (200, b"late", True)
    await asyncio.wait_for(served.serving, 5)
    with pytest.raises(ConnectionError):
        await asyncio.open_connection("127.0.0.1", served.port)


async def test_a_port_that_is_taken_is_said_so(served: Served) -> None:
    await served.wire()
    with pytest.raises(RuntimeError, match="is the port taken"):
        await serve(served.app, asyncio.Event(), host="127.0.0.1", port=served.port)


def test_it_works_in_the_loop_that_the_gateway_runs_in() -> None:
    async def talk() -> None:
        served = Served()
        wire = await served.wire()
        wire.send(post(b"a" * 100_000), post(b"b"))
        assert [(await wire.answer())[2] for _ in range(2)] == [b"a" * 100_000, b"b"]
        wire.send(post(b"a", length=2))
        assert (await wire.answer())[0] == 408
        await served.end()

    make: Callable[[], asyncio.AbstractEventLoop] = uvloop.new_event_loop
    with asyncio.Runner(loop_factory=make) as runner:
        runner.run(talk())
