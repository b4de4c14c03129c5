"""Templates that apps above put on every page of a signed-in user, and on the account's.

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
_ACCOUNTS: list[str] = []


def register(*, banner: str = "", tools: str = "", account: str = "") -> None:
    """Add a part under the header, in it, on one's account page; the same again changes nothing.

    Args:
        banner: template of what stands between header and content.
        tools: template of what stands first among the header's tools.
        account: template of a pair of dt and dd among the facts of one's account.
    """
    for template, place in ((banner, _BANNERS), (tools, _TOOLS), (account, _ACCOUNTS)):
        if template and template not in place:
            place.append(template)


def banners() -> list[str]:
    """The templates under the header."""
    return list(_BANNERS)


def tools() -> list[str]:
    """The templates in the header."""
    return list(_TOOLS)


def accounts() -> list[str]:
    """The templates on one's account page."""
    return list(_ACCOUNTS)


def tell_history_with(part: HistoryPart) -> None:
    """Say who tells on a record's page what was done to it."""
    _HISTORY[:] = [part]


def history_of(record: Model, only: Sequence[str]) -> SafeString:
    """The part of a record's page that tells what was done to it; nothing where nobody does."""
    return SafeString("".join(part(record, only) for part in _HISTORY))
