"""Every route of the web, found by walking the URLconf."""

from collections.abc import Iterator

from django.urls import URLPattern, URLResolver, get_resolver


def routes() -> Iterator[tuple[str, str]]:
    """Give each route's name with its namespaces, and the route as it is written."""
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
