"""Templates that apps above put on every page of a signed-in user.

The shell knows no warnings; the app that must call a user wherever he is says so at its start::

    parts.register(banner="warnings/_alert_place.html", tools="warnings/_alert_tools.html")
"""

from collections.abc import Callable, Sequence

from django.db.models import Model
from django.utils.safestring import SafeString

HistoryPart = Callable[[Model, Sequence[str]], SafeString]

_HISTORY: list[HistoryPart] = []
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


def tell_history_with(part: HistoryPart) -> None:
    """Say who tells on a record's page what was done to it."""
    _HISTORY[:] = [part]


def history_of(record: Model, only: Sequence[str]) -> SafeString:
    """The part of a record's page that tells what was done to it; nothing where nobody does."""
    return SafeString("".join(part(record, only) for part in _HISTORY))
