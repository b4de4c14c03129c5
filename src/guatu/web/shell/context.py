"""What the base template needs on every page."""

from typing import Any

from django.http import HttpRequest
from django.utils import timezone
from django.utils.functional import SimpleLazyObject

from guatu.web.shell import live, nav, requests


def shell(request: HttpRequest) -> dict[str, Any]:
    """The frame's own variables: navigation, theme, big screen, the way to live data.

    Lazy, for fragments use none of it and should pay for none of it.
    """
    theme = requests.theme_of(request)
    return {
        "nav": SimpleLazyObject(lambda: nav.shown_to(request)),
        "theme": theme,
        "other_theme": "light" if theme == "dark" else "dark",
        "big_screen": requests.is_big_screen(request),
        "live": SimpleLazyObject(lambda: live.pass_for(request, at=timezone.now())),
        "now": timezone.now(),
    }
