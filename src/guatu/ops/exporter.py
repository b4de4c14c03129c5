"""Each process's metrics and health on a port of the loopback, for Prometheus and for operators."""

import json
import logging
import threading
from collections.abc import Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, generate_latest

from guatu.ops.house import HOST
from guatu.telemetry.vitals import readiness

logger = logging.getLogger("metrics")


class _Answer(BaseHTTPRequestHandler):
    """Answers /metrics, /healthz and /readyz."""

    server_version = "guatu"
    sys_version = ""

    def do_GET(self) -> None:  # the library's name
        """Answer one request."""
        path = self.path.partition("?")[0]
        if path == "/metrics":
            self._send(200, generate_latest(REGISTRY), CONTENT_TYPE_LATEST)
        elif path == "/healthz":
            # That this thread answers says that the process lives; /readyz says whether it works.
            self._json(200, {"ok": True})
        elif path == "/readyz":
            # Who has not said yet what must hold is still on its way up.
            checks = readiness() or {"started": False}
            self._json(200 if all(checks.values()) else 503, checks)
        else:
            self._json(404, {"code": "not_found"})

    def _json(self, status: int, body: Mapping[str, object]) -> None:
        self._send(status, json.dumps(body).encode(), "application/json")

    def _send(self, status: int, body: bytes, kind: str) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 # the library's name
        """Say nothing: a scrape every few seconds is not an event."""


def export(port: int) -> ThreadingHTTPServer | None:
    """Answer on a port of the loopback from a thread of its own, as long as the process lives.

    Args:
        port: 0 for none.

    Returns:
        The server; None where there is none. A port that cannot be had is told and does not stop
        the process: alarms matter more than metrics.
    """
    if not port:
        return None
    try:
        server = ThreadingHTTPServer((HOST, port), _Answer)
    except OSError as error:
        logger.warning("no metrics on port %d: %s", port, error.strerror)
        return None
    server.daemon_threads = True
    threading.Thread(target=server.serve_forever, name="metrics", daemon=True).start()
    return server
