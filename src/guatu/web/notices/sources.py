"""Where notices come from: the seam at which an app above says what happened and whom it concerns.

An app notes each event in the transaction that makes it (`happened.note`), under a number of its
own, and tells about numbers when asked::

    sources.register("warning", WarningNotices())
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Protocol

from guatu.web.people.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """Something that happened.

    Attributes:
        number: by which the source knows it.
        kind: its name for programs, such as "warning.raised".
        level: 0, or 1 to 4 (blue to red) of what it is about.
        at: when.
        region: code of where.
        organisations: ids of those it concerns.
        people: ids of the users to tell, each with the level at which it calls for something; 0
            where it only tells.
        data: what a program is told: JSON, as it stood then.
    """

    number: int
    kind: str
    level: int
    at: datetime
    region: str
    organisations: frozenset[int]
    people: Mapping[int, int]
    data: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """An event in words, in the language that is active.

    Attributes:
        what: the deed in a word or two.
        title: what it is about.
        line: what more there is to say; may be empty.
        number: by which people name the record; may be empty.
        level: colour of the record, 1 to 4; 0 for none.
        url: path of the record's page.
        organisation: where it arose.
    """

    what: str
    title: str
    line: str
    url: str
    number: str = ""
    level: int = 0
    organisation: str = ""


class Source(Protocol):
    """What an app knows of its events."""

    def events(self, numbers: Collection[int]) -> Sequence[Event]:
        """Tell of these events whom they concern; those that are gone are left out."""

    def said(self, numbers: Collection[int], *, to: User | None) -> Mapping[int, Said]:
        """Put these events into words, by number.

        Args:
            numbers: which.
            to: the reader; what he may not see (any more) is left out. None reads everything: a
                hook, whose organisation was asked when the event was noted.
        """


_SOURCES: dict[str, Source] = {}


def register(name: str, source: Source) -> None:
    """Say who knows these events; the same name again replaces it."""
    _SOURCES[name] = source


def by_source(events: Iterable[tuple[str, int]]) -> dict[str, set[int]]:
    """Numbers of events, each under the name of its source."""
    found: dict[str, set[int]] = {}
    for name, number in events:
        found.setdefault(name, set()).add(number)
    return found


def said_of(events: Iterable[tuple[str, int]], *, to: User | None) -> dict[tuple[str, int], Said]:
    """Put events of several sources into words, by source and number.

    Args:
        events: source and number of each.
        to: the reader, as `Source.said` takes him.
    """
    return {
        (name, number): said
        for name, numbers in by_source(events).items()
        if (source := source_of(name)) is not None
        for number, said in source.said(numbers, to=to).items()
    }


def source_of(name: str) -> Source | None:
    """Who knows these events; None where the app is gone."""
    return _SOURCES.get(name)
