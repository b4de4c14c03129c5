"""The frame's own views: switches, the pass to live data, health, and pages for what went wrong."""

import logging
import sys
from typing import Any

from django.conf import settings
from django.contrib.auth.decorators import login_not_required
from django.db import DatabaseError, connection
from django.http import (
    HttpRequest,
    HttpResponse,
    HttpResponseRedirect,
    JsonResponse,
)
from django.shortcuts import render
from django.utils import timezone, translation
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import requires_csrf_token
from django.views.decorators.http import require_POST, require_safe

from guatu.web.shell import live, requests
from guatu.web.shell.shortage import shortage_of

_log = logging.getLogger(__name__)
_YEAR_S = 365 * 24 * 60 * 60


def _back(request: HttpRequest) -> HttpResponseRedirect:
    """To the page that the switch stood on, never to another site."""
    wanted = request.POST.get("next", "/")
    safe = url_has_allowed_host_and_scheme(
        wanted, allowed_hosts={request.get_host()}, require_https=request.is_secure()
    )
    return HttpResponseRedirect(wanted if safe else "/")


@login_not_required
@require_POST
def set_theme(request: HttpRequest) -> HttpResponse:
    """Keep the chosen theme in a cookie."""
    response = _back(request)
    theme = request.POST.get("theme", "")
    if theme in requests.THEMES:
        response.set_cookie(
            requests.THEME_COOKIE,
            theme,
            max_age=_YEAR_S,
            secure=settings.HTTPS,
            httponly=True,
            samesite="Lax",
        )
    return response


@login_not_required
@require_POST
def set_language(request: HttpRequest) -> HttpResponse:
    """Keep the chosen language in a cookie."""
    response = _back(request)
    language = request.POST.get("language", "")
    if language in {code for code, _name in settings.LANGUAGES}:
        response.set_cookie(
            settings.LANGUAGE_COOKIE_NAME,
            language,
            max_age=settings.LANGUAGE_COOKIE_AGE,
            secure=settings.LANGUAGE_COOKIE_SECURE,
            httponly=settings.LANGUAGE_COOKIE_HTTPONLY,
            samesite="Lax",
        )
    return response


@require_safe
@never_cache
def live_pass(request: HttpRequest) -> HttpResponse:
    """A fresh ticket, for a page that stayed open longer than its first one holds."""
    given = live.pass_for(request, at=timezone.now())
    if given is None:
        return JsonResponse({}, status=503)
    return JsonResponse({"url": given.url, "ticket": given.ticket, "renew_s": given.renew_s})


@login_not_required
@require_safe
@never_cache
def healthz(_request: HttpRequest) -> HttpResponse:
    """Tell the supervisor that pages can be served: the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        _log.exception("the database does not answer")
        return JsonResponse({"ok": False, "database": False}, status=503)
    return JsonResponse({"ok": True, "database": True})


def _error(request: HttpRequest, code: int, *, template: str | None = None) -> HttpResponse:
    return render(request, f"shell/{template or code}.html", {"code": code}, status=code)


def bad_request(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """400: the request could not be understood, or came under a name that is not ours."""
    return _plain(request, 400)


@requires_csrf_token
def permission_denied(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """403: what one may not do, and whom to ask."""
    return _error(request, 403)


@requires_csrf_token
def page_not_found(request: HttpRequest, exception: Exception) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """404: not there, or not for this reader; which of both is not told."""
    return _error(request, 404)


@requires_csrf_token
def server_error(request: HttpRequest) -> HttpResponse:
    """500: our mistake; 503 where the house is short of room or time.

    These pages need no database, session or user.
    """
    # Django calls this while it handles what was raised, and hands it over by no other way.
    shortage = shortage_of(sys.exc_info()[1])
    if shortage is None:
        return _plain(request, 500)
    response = _plain(request, 503, shortage=shortage.value)
    response["Retry-After"] = str(shortage.come_again_s)
    return response


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:
    """The page stayed open too long, or cookies are off: what to do."""
    _log.info("form refused at %s: %s", request.path, reason)
    return _error(request, 403, template="csrf")


def _plain(request: HttpRequest, code: int, **more: str) -> HttpResponse:
    """An error page without the frame, for nothing the frame needs can be relied on."""
    context: dict[str, Any] = {
        "code": code,
        "LANGUAGE_CODE": translation.get_language(),
        "theme": requests.theme_of(request),
        "theme_follows": requests.follows_system(request),
        **more,
    }
    return render(None, f"shell/{code}.html", context, status=code)
