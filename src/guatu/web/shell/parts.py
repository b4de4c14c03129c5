"""Templates that apps above put on every page of a signed-in user.

The shell knows no warnings; the app that must call a user wherever he is says so at its start::

    parts.register(banner="warnings/_alert_place.html", tools="warnings/_alert_tools.html")
"""

_BANNERS: list[str] = []
_TOOLS: list[str] = []


def register(*, banner: str, tools: str) -> None:
    """Add a part under the header and one in it; the same again changes nothing.

    Args:
        banner: template of what stands between header and content.
        tools: template of what stands first among the header's tools.
    """
    if banner not in _BANNERS:
        _BANNERS.append(banner)
        _TOOLS.append(tools)


def banners() -> list[str]:
    """The templates under the header."""
    return list(_BANNERS)


def tools() -> list[str]:
    """The templates in the header."""
    return list(_TOOLS)
