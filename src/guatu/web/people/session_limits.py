"""Each request of someone signed in: whether the session still holds, and what is due first."""

from collections.abc import Callable
from typing import Any, Final

from django.contrib.auth import SESSION_KEY, logout
from django.contrib.auth.signals import user_logged_in
from django.http import HttpRequest, HttpResponse, HttpResponseBase
from django.shortcuts import redirect
from django.urls import reverse
from django.utils import timezone

from guatu.web.people import second_factor, sessions
from guatu.web.people.models import User
from guatu.web.people.password_history import must_change
from guatu.web.shell.requests import is_htmx

DUE: Final = "guatu_due"
PASSWORD_DUE: Final = "password"  # noqa: S105 - the name of a step
FACTOR_DUE: Final = "factor"
_PAGES = {PASSWORD_DUE: "people:account", FACTOR_DUE: "people:second-factor"}
_ALWAYS = {"people:signout", "shell:language", "shell:theme", "shell:healthz"}


class SessionLimitsMiddleware:
    """Ends sessions that are over, and leads to what someone must do before anything else."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self._get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        """Let a request pass; one of a session that is over is a stranger's."""
        session = request.session
        if SESSION_KEY in session:
            now = timezone.now()
            if sessions.is_over(session, at=now):
                sessions.expire(session, at=now)
                logout(request)
            else:
                sessions.see(session, at=now)
        return self._get_response(request)

    def process_view(
        self,
        request: HttpRequest,
        _view: Callable[..., Any],
        _args: tuple[Any, ...],
        _named: dict[str, Any],
    ) -> HttpResponseBase | None:
        """Lead to the step that is due, from every page but its own and the way out."""
        due = due_of(request)
        match = request.resolver_match
        if not due or match is None or match.view_name in {*_ALWAYS, _PAGES[due]}:
            return None
        if is_htmx(request):
            response = HttpResponse(status=401)
            response["HX-Redirect"] = reverse(_PAGES[due])
            return response
        return redirect(_PAGES[due])


def due_of(request: HttpRequest) -> str:
    """The step that is due first in this session, or ""."""
    if SESSION_KEY not in request.session:
        return ""
    due = request.session.get(DUE, [])
    return str(due[0]) if due else ""


def done(request: HttpRequest, step: str) -> None:
    """Note that a step was taken."""
    request.session[DUE] = [one for one in request.session.get(DUE, []) if one != step]


def _begin(*, request: HttpRequest, user: User, **_: object) -> None:
    now = timezone.now()
    sessions.begin(request, user, at=now)
    due = []
    if must_change(user, at=now):
        due.append(PASSWORD_DUE)
    if second_factor.is_required(user) and not second_factor.is_on(user):
        due.append(FACTOR_DUE)
    request.session[DUE] = due


def connect() -> None:
    """Have every way of signing in begin a session of ours."""
    user_logged_in.connect(_begin, dispatch_uid="guatu.people.session_limits")
