"""What the base template needs on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from guatu.web.shell import live, nav, parts, requests, words


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame's own variables: navigation, theme, big screen, the way to live data.

    Lazy, for fragments use none of it and should pay for none of it.
    """
    return {
        "nav": SimpleLazyObject(lambda: nav.shown_to(request)),
        "theme": requests.theme_of(request),
        "theme_follows": requests.follows_system(request),
        "big_screen": requests.is_big_screen(request),
        "live": SimpleLazyObject(lambda: live.pass_for(request, at=timezone.now())),
        "now": timezone.localtime(),
        "screen_url": _screen_url(request),
        "script_words": words.for_scripts,
        "part_banners": parts.banners,
        "part_tools": parts.tools,
        "part_accounts": parts.accounts,
    }


def _screen_url(request: HttpRequest) -> str:
    """This very page on the big screen, or back from it."""
    query = request.GET.copy()
    if requests.is_big_screen(request):
        del query[requests.SCREEN_PARAMETER]
    else:
        query[requests.SCREEN_PARAMETER] = "1"
    return f"{request.path}?{query.urlencode()}" if query else request.path
