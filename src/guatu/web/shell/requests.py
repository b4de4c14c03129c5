"""What a request tells about its sender, and what its sender chose: theme, big screen."""

import ipaddress

from django.conf import settings
from django.http import HttpRequest

THEMES = ("light", "dark")
THEME_COOKIE = "guatu_theme"
SCREEN_PARAMETER = "screen"


def address_of(request: HttpRequest) -> str | None:
    """The sender's IP address; behind our proxy, the last address that the proxy wrote.

    Returns:
        The address, or None where it is none (a Unix socket, a forged header).
    """
    text = str(request.META.get("REMOTE_ADDR", ""))
    if settings.BEHIND_PROXY:
        # The proxy appends; what stands before its own entry was written by whoever came.
        text = request.headers.get("X-Forwarded-For", text).rsplit(",", 1)[-1].strip()
    try:
        return str(ipaddress.ip_address(text))
    except ValueError:
        return None


def theme_of(request: HttpRequest) -> str:
    """The theme of the page: chosen and kept in a cookie, dark on the big screen, else light.

    Where `follows_system`, it is only what a browser without script shows (shell/theme.js).
    """
    chosen = request.COOKIES.get(THEME_COOKIE, "")
    if chosen in THEMES:
        return chosen
    return "dark" if is_big_screen(request) else "light"


def follows_system(request: HttpRequest) -> bool:
    """Tell whether the page takes light or dark from the reader's system: nobody chose yet."""
    chosen = request.COOKIES.get(THEME_COOKIE, "") in THEMES
    return not chosen and not is_big_screen(request)


def is_big_screen(request: HttpRequest) -> bool:
    """Tell whether the page is shown on a wall: no navigation, larger type (?screen=1)."""
    return request.GET.get(SCREEN_PARAMETER) == "1"


def is_htmx(request: HttpRequest) -> bool:
    """Tell whether htmx asks for a part of a page."""
    return request.headers.get("HX-Request") == "true"
