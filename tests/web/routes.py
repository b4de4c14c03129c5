"""Every route of the web, found by walking the URLconf."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver

FOR_PROGRAMS = "/api/"


def routes() -> Iterator[tuple[str, str]]:
    """Give each page's name with its namespaces, and its route as it is written."""
    return ((name, route) for name, route in _all() if not route.startswith(FOR_PROGRAMS))


def routes_for_programs() -> Iterator[tuple[str, str]]:
    """The same of what is asked with a token."""
    return ((name, route) for name, route in _all() if route.startswith(FOR_PROGRAMS))


def _all() -> Iterator[tuple[str, str]]:
    return _walk(get_resolver().url_patterns, "/", "")


def _walk(
    patterns: list[URLPattern | URLResolver], prefix: str, space: str
) -> Iterator[tuple[str, str]]:
    for pattern in patterns:
        route = prefix + str(pattern.pattern)
        if isinstance(pattern, URLResolver):
            yield from _walk(pattern.url_patterns, route, f"{pattern.namespace or ''}:")
        else:
            yield f"{space}{pattern.name}", route
