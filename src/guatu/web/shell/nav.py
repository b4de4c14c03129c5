"""The navigation: each app registers its entries at start, the header shows what a user may open.

The shell lies below people and must not know permission, so people says who decides::

    nav.register(
        Entry(label=_("Warnings"), url_name="warnings:desk", verb="warnings.see", order=20)
    )
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from django.http import HttpRequest
from django.urls import reverse
from django.utils.functional import Promise

Decision = Callable[[object, str], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A place in the navigation.

    Attributes:
        label: lazily translated, two to four Chinese characters.
        url_name: a URL name without arguments.
        verb: what one must be allowed to do to see it; "" shows it to everyone signed in.
        order: small comes first; 10, 20, 30 leave room.
    """

    label: str | Promise
    url_name: str
    verb: str = ""
    order: int = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """An entry as one page shows it."""

    label: str | Promise
    url: str
    current: bool


_ENTRIES: dict[str, Entry] = {}
_decision: list[Decision] = []


def register(entry: Entry) -> None:
    """Add an entry; the same URL name again replaces it."""
    _ENTRIES[entry.url_name] = entry


def decide_with(decision: Decision) -> None:
    """Say who decides whether a user sees an entry: `may(user, verb)`."""
    _decision[:] = [decision]


def entries() -> list[Entry]:
    """All entries in their order."""
    return sorted(_ENTRIES.values(), key=lambda entry: (entry.order, entry.url_name))


def _may_see(user: object, entry: Entry) -> bool:
    if not getattr(user, "is_authenticated", False):
        return False
    return not entry.verb or any(decide(user, entry.verb) for decide in _decision)


def shown_to(request: HttpRequest) -> list[Shown]:
    """The entries that this request's user may open, the current one marked.

    The current one is that whose address is the longest beginning of the page's address, so
    /plants/7/limits/ lies under /plants/.
    """
    open_to_user = [
        (entry, reverse(entry.url_name))
        for entry in entries()
        if _may_see(getattr(request, "user", None), entry)
    ]
    current = _longest_beginning((url for _, url in open_to_user), request.path)
    return [
        Shown(label=entry.label, url=url, current=url == current) for entry, url in open_to_user
    ]


def _longest_beginning(urls: Iterable[str], path: str) -> str | None:
    fitting = [url for url in urls if path == url or (url != "/" and path.startswith(url))]
    return max(fitting, key=len, default=None)
