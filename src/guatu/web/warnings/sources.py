"""What warnings arise from: the seam at which the app above says what it knows of a source.

This app keeps a warning's life and asks for nothing but facts; what a title says in the reader's
language, how the alarms behind it stand now, and whether a reader may open the source's page is
known by the app that raised it. It says so once, at its start::

    sources.register("unit", UnitSource())
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Protocol

from guatu.web.people.models import User


@dataclass(frozen=True, slots=True, kw_only=True)
class AlarmNow:
    """How an alarm behind a warning stands now.

    Attributes:
        returned_at: when its condition ceased; None while it holds.
        word: the same in the reader's words.
        url: of the page that shows what was read around it; empty where there is none.
    """

    returned_at: datetime | None
    word: str
    url: str = ""


class Source(Protocol):
    """What an app that raises warnings knows of their sources."""

    def title(self, facts: Mapping[str, Any]) -> str:
        """The title in the reader's language; "" where the facts do not tell enough."""

    def reading(self, value: float, told: Mapping[str, Any]) -> str:
        """A figure of an alarm with its unit, in the reader's language.

        Args:
            value: what was seen, or the limit.
            told: the alarm as the source told it.
        """

    def unit_state(self, number: int, facts: Mapping[str, Any]) -> str:
        """A state of the unit in the reader's words."""

    def alarms_now(self, keys: Sequence[str]) -> Mapping[str, AlarmNow]:
        """How these alarms stand now, by key; those that are not kept any more are left out."""

    def may_open(self, user: User, source_key: str) -> bool:
        """Whether this user may open the page of the source."""


_SOURCES: dict[str, Source] = {}


def register(kind: str, source: Source) -> None:
    """Say who knows a kind of source; the same kind again replaces it."""
    _SOURCES[kind] = source


def source_of(kind: str) -> Source | None:
    """Who knows this kind of source; None where nobody said so."""
    return _SOURCES.get(kind)
