"""A gateway small enough to be wrong on purpose: takes beats, keeps each number once."""

import json
import ssl
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from guatu.access.beats import check_beat

Answer = tuple[int, dict[str, str], bytes]
KEY = "k-test"


@dataclass
class FakeGateway:
    """Answers beats by ``mood`` first, honestly afterwards.

    Attributes:
        mood: answers given before the honest ones; an exception is a broken connection,
            ``"lost"`` stores the beat and then breaks the connection.
        stored: the first body of each (epoch, beat).
        seen: every body that came, in order.
        reject: points refused as unknown.
        now_ms: the gateway's clock.
    """

    mood: list[Answer | Exception | str] = field(default_factory=list)
    stored: dict[tuple[int, int], dict[str, Any]] = field(default_factory=dict)
    seen: list[bytes] = field(default_factory=list)
    reject: frozenset[str] = frozenset()
    now_ms: int = 4_000_000_000_000
    keys: frozenset[str] = frozenset({KEY})

    def answer(self, body: bytes, authorization: str) -> Answer:
        """Answer one POST."""
        self.seen.append(body)
        if self.mood:
            first = self.mood.pop(0)
            if isinstance(first, Exception):
                raise first
            if first == "lost":
                self.store(body)
                raise httpx.ReadError("the answer was lost")
            if not isinstance(first, str):
                return first
        if authorization.removeprefix("Bearer ") not in self.keys:
            return 401, {}, b'{"code":"unknown_key","where":"$"}'
        return self.store(body)

    def store(self, body: bytes) -> Answer:
        """Store a good beat and count it."""
        beat = json.loads(body)
        check_beat(beat)
        self.stored.setdefault((beat["epoch"], beat["beat"]), beat)
        counted = {
            code: sum(value is not None for value in row)
            for code, row in zip(beat["p"], beat["v"], strict=True)
        }
        refused = {code: n for code, n in counted.items() if code in self.reject}
        said = {
            "beat": beat["beat"],
            "accepted": sum(counted.values()) - sum(refused.values()),
            "rejected": [
                {"reason": "unknown_point", "count": n, "where": [code]}
                for code, n in refused.items()
            ],
        }
        return 200, {}, json.dumps(said).encode()

    @property
    def samples(self) -> int:
        """How many samples are stored, doubles not counted."""
        return sum(
            value is not None for beat in self.stored.values() for row in beat["v"] for value in row
        )

    def transport(self) -> httpx.MockTransport:
        """Reach it without a network."""

        def handle(request: httpx.Request) -> httpx.Response:
            answered = self.answer(request.content, request.headers["authorization"])
            status, headers, body = answered
            return httpx.Response(status, headers=headers, content=body)

        return httpx.MockTransport(handle)


class HttpGateway:
    """A fake gateway on a port of the loopback, which can go away and come back."""

    def __init__(self, gateway: FakeGateway, certificate: tuple[Path, Path] | None = None) -> None:
        self.gateway = gateway
        self.certificate = certificate
        self.port = 0
        self._server: ThreadingHTTPServer | None = None

    @property
    def url(self) -> str:
        """Where it is reached."""
        return f"http{'s' if self.certificate else ''}://127.0.0.1:{self.port}"

    def start(self) -> None:
        """Listen: on a free port the first time, on the same one again."""
        handler = _handler(self.gateway.answer)
        self._server = ThreadingHTTPServer(("127.0.0.1", self.port), handler)
        self.port = self._server.server_address[1]
        if self.certificate is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*self.certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        threading.Thread(target=self._server.serve_forever, args=(0.01,), daemon=True).start()

    def stop(self) -> None:
        """Go away."""
        if self._server is not None:
            self._server.shutdown()
            self._server.server_close()
            self._server = None


def _handler(answer: Callable[[bytes, str], Answer]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            status, headers, said = answer(body, self.headers["authorization"])
            self.send_response(status)
            for name, value in {**headers, "content-length": str(len(said))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(said)

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the library's name
            """Keep quiet."""

    return Handler
