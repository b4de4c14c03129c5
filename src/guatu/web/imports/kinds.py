"""Kinds of tables that can be brought; each app that owns records registers its own."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence
from datetime import datetime
from typing import Any, ClassVar, TypeAlias

from django.utils.functional import Promise

from guatu.web.imports.fields import Field
from guatu.web.imports.judging import Row
from guatu.web.people.models import User

Target: TypeAlias = Any
"""What a table is about: the kind's own sort of record, or None."""


class Kind(ABC):
    """A kind of table.

    Attributes:
        code: its name in addresses.
        label: what it is called.
        needs_reason: whether the reason that is asked for stays with what is changed.
        most_rows: in one file.
    """

    code: ClassVar[str]
    label: ClassVar[str | Promise]
    needs_reason: ClassVar[bool] = False
    most_rows: ClassVar[int] = 20_000

    @property
    @abstractmethod
    def fields(self) -> Sequence[Field]:
        """Its columns, in the order of the template."""

    @abstractmethod
    def target(self, number: int | None, user: User) -> Target:
        """Give what the table is about, such as a plant; None where it is about no one thing.

        Raises:
            Http404: if there is none that this user sees.
            PermissionDenied: if he may not bring such a table for it.
        """

    @abstractmethod
    def about(self, target: Target) -> str:
        """Say what the table is about; empty where that goes without saying."""

    @abstractmethod
    def url(self, target: Target) -> str:
        """The page where what was brought is seen."""

    @abstractmethod
    def judge(self, rows: Sequence[Row], target: Target, *, user: User, at: datetime) -> None:
        """Say of every row what would come of it, and what is wrong with it."""

    @abstractmethod
    def apply(
        self,
        rows: Sequence[Row],
        target: Target,
        *,
        why: str,
        by: User,
        at: datetime,
    ) -> list[tuple[str, ...]]:
        """Write rows that are new or changed, in the running transaction; fill `Row.record`.

        Returns:
            What is to be shown once and kept nowhere, such as passwords: rows of a table.
        """

    @abstractmethod
    def undo(
        self,
        rows: Sequence[Row],
        target: Target,
        *,
        by: User,
        at: datetime,
    ) -> list[Row]:
        """Put back what rows changed, in the running transaction.

        Returns:
            Rows whose records changed since, each with a problem; if any, nothing may be kept.
        """

    def done(self, target: Target) -> None:  # noqa: B027 - not every kind has more to do
        """Do what follows once everything is committed."""


_KINDS: dict[str, Kind] = {}


def register(kind: Kind) -> None:
    """Let tables of a kind be brought."""
    _KINDS[kind.code] = kind


def kind_of(code: str) -> Kind | None:
    """Give a kind by its code."""
    return _KINDS.get(code)


def kinds() -> list[Kind]:
    """All kinds there are."""
    return list(_KINDS.values())
