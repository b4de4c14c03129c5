"""How long pages take, by view, and a name for each request that its log lines carry."""

import contextvars
import re
import secrets
import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponseBase
from prometheus_client import Histogram

HEADER = "X-Request-ID"
GIVEN = re.compile(r"[A-Za-z0-9._-]{8,64}")
REQUEST_S = Histogram(
    "guatu_web_request_seconds",
    "Until a page was made.",
    ["view", "method", "status"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10),
)
METHODS = {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"}

request_id: contextvars.ContextVar[str] = contextvars.ContextVar("request_id", default="")
"""The name of the request that is answered in this thread; empty outside of one."""


class MeasureMiddleware:
    """Names each request and notes how long it took."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer a request. A proxy's name for it is kept where it is harmless."""
        given = request.headers.get(HEADER, "")
        name = given if GIVEN.fullmatch(given) else secrets.token_hex(6)
        token = request_id.set(name)
        began = time.perf_counter()
        try:
            response = self.get_response(request)
        finally:
            request_id.reset(token)
        view = request.resolver_match.view_name if request.resolver_match else "none"
        # Whatever a stranger may invent must not become a series of its own.
        method = request.method if request.method in METHODS else "other"
        status = f"{response.status_code // 100}xx"
        REQUEST_S.labels(view, method, status).observe(time.perf_counter() - began)
        response.headers[HEADER] = name
        return response
