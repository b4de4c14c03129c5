"""Ways out of the house that a test can look at: a web server and a mail server of its own."""

import json
import socketserver
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest

from guatu.web.notices.actions import make_hook
from guatu.web.notices.models import Hook
from tests.cast import Cast
from tests.web.warnings.conftest import NOON, raise_one, warning  # noqa: F401 - fixtures


@dataclass
class Receiver:
    """What came, and what is answered."""

    url: str
    status: int = 200
    answer: bytes = b"{}"
    headers: dict[str, str] = field(default_factory=dict)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    def bodies(self) -> list[Any]:
        return [json.loads(body) for _headers, body in self.came]


@contextmanager
def serving(server: socketserver.BaseServer) -> Iterator[None]:
    """Let a server answer in a thread of its own."""
    thread = threading.Thread(target=server.serve_forever, args=(0.02,), daemon=True)
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


@pytest.fixture
def receiver(settings: Any) -> Iterator[Receiver]:
    settings.HOOK_HOSTS = ["localhost"]

    class Answering(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            found.came.append((dict(self.headers.items()), body))
            self.send_response(found.status)
            for name, value in found.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(found.answer)))
            self.end_headers()
            self.wfile.write(found.answer)

        def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
            pass

    server = ThreadingHTTPServer(("localhost", 0), Answering)
    found = Receiver(f"http://localhost:{server.server_port}/in?key=1")
    with serving(server):
        yield found


@pytest.fixture
def mailbox(settings: Any) -> Iterator[list[str]]:
    """A mail server; what it was given, whole."""
    came: list[str] = []

    class Talking(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            self._say("220 test")
            while line := self.rfile.readline().decode().strip():
                verb = line.partition(" ")[0].upper()
                if verb == "DATA":
                    self._say("354 go on")
                    lines = []
                    while (text := self.rfile.readline().decode().rstrip("\r\n")) != ".":
                        lines.append(text)
                    came.append("\n".join(lines))
                self._say("221 bye" if verb == "QUIT" else "250 fine")
                if verb == "QUIT":
                    return

        def _say(self, text: str) -> None:
            self.wfile.write(f"{text}\r\n".encode())

    server = socketserver.ThreadingTCPServer(("localhost", 0), Talking)
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "localhost", server.server_address[1]
    settings.DEFAULT_FROM_EMAIL = "挂图 <guatu@example.test>"
    with serving(server):
        yield came


MakeHook = Callable[..., Hook]


@pytest.fixture
def hook(cast: Cast, receiver: Receiver) -> MakeHook:
    """`hook(audience=..., template=..., organisation=...)`: one that leads to the receiver."""

    def make(**given: Any) -> Hook:
        made, secret = make_hook(
            name=given.get("name", "群机器人"),
            organisation=given.get("organisation", cast.county_bureau),
            audience=given.get("audience", Hook.Audience.EVENTS),
            url=given.get("url", receiver.url),
            template=given.get("template", ""),
            from_level=given.get("from_level", 0),
            by=cast.administrator,
            at=NOON,
        )
        made.secret = secret  # type: ignore[attr-defined]
        return made

    return make
