"""Lets each request be known to the record while it is answered."""

from collections.abc import Callable
from typing import Any

from django.http import HttpRequest, HttpResponseBase

from guatu.web.audit import acting


class ActingMiddleware:
    """Stands after the sessions, so that who is signed in can be asked."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Answer, known to the record."""
        with acting.answering(request):
            return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., Any],
        _args: tuple[Any, ...],
        _named: dict[str, Any],
    ) -> None:
        """Note by which door it came."""
        current = acting.now()
        if current is not None and request.resolver_match is not None:
            current.door = request.resolver_match.view_name[:80]
