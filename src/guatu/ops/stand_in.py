"""A stand-in gateway: answers as the real one would, keeps nothing, and notes what was wrong."""

import json
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from guatu.access.conform.judge import Conformance
from guatu.access.packing import unpacked
from guatu.access.problems import Facts, Problem, RefusedError

PATHS = ("/v1/beats", "/v1/heartbeat", "/v1/alarms")
MOST_BODY = 4 << 20
PATIENCE_S = 20


class StandIn(ThreadingHTTPServer):
    """The server.

    Args:
        checked: takes every message.
        place: host and port; port 0 for any free one.
    """

    daemon_threads = True

    def __init__(self, checked: Conformance, place: tuple[str, int]) -> None:
        super().__init__(place, _Handler)
        self.checked = checked
        self.one_at_a_time = threading.Lock()
        self.counted = 0

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self.server_address[1])

    def judge(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Judge one message; gives the status and body of the answer."""
        with self.one_at_a_time:
            self.counted += 1
            now_ms = time.time_ns() // 1_000_000
            verdict = self.checked.take(f"#{self.counted} {path}", body, now_ms, path=path)
        if verdict.refused is not None:
            return 400, verdict.refused.as_json()
        return 200, verdict.answer


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE_S
    server: StandIn

    def do_POST(self) -> None:  # the library's name
        length = self.headers.get("content-length", "")
        if not length.isdigit() or int(length) > MOST_BODY:
            self.close_connection = True
            self._refuse(413, Problem("too_large", "$", {"limit": MOST_BODY}))
            return
        body = self.rfile.read(int(length))
        scheme, _, key = self.headers.get("authorization", "").partition(" ")
        if self.path not in PATHS:
            self._refuse(404, Problem("not_found", self.path))
        elif scheme.lower() != "bearer" or not key.strip():
            self._refuse(401, Problem("unknown_key", "authorization"))
        else:
            self._take(body)

    def _take(self, body: bytes) -> None:
        if self.headers.get("content-encoding", "") == "gzip":
            try:
                body = unpacked(body, MOST_BODY)
            except RefusedError as refused:
                self._refuse(400, refused.problem)
                return
        self._answer(*self.server.judge(self.path, body))

    def do_GET(self) -> None:  # the library's name
        facts: Facts = {"method": "GET"}
        self._refuse(405, Problem("wrong_method", self.path, facts))

    def _refuse(self, status: int, problem: Problem) -> None:
        self.server.checked.note(problem, f"{self.command} {self.path}")
        self._answer(status, problem.as_json())

    def _answer(self, status: int, said: dict[str, Any]) -> None:
        body = json.dumps(said, ensure_ascii=False).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        """Say nothing: the report says it all."""
