"""Where changes and readings are told, for an app above to write them down.

The shell and the apps that own the records know no audit. A model whose changes matter takes
`RecordedManager` (or a query set below `RecordedQuerySet`), so that changes of many rows at once,
which send no signals of Django's, are told like the others::

    class Plant(models.Model):
        objects: ClassVar[RecordedManager[Plant]] = RecordedManager()

and a page that shows or gives away what should be on record says so::

    tell(SEEN, what=_("Telephone"), record=person)
"""

from collections.abc import Iterable, Sequence
from contextlib import AbstractContextManager, nullcontext
from typing import Any, Final, Protocol, TypeVar

from django.db import models

Row = TypeVar("Row", bound=models.Model)
SEEN: Final = "seen"
EXPORTED: Final = "exported"
DONE: Final = "done"


class Recorder(Protocol):
    """Who writes down."""

    def updating(
        self, rows: models.QuerySet[Any], fields: frozenset[str]
    ) -> AbstractContextManager[models.QuerySet[Any]]:
        """Note rows before they are updated, and after: give the very rows to update."""
        ...

    def created(self, rows: Sequence[models.Model]) -> None:
        """Note rows that were made at once."""
        ...

    def told(
        self,
        act: str,
        *,
        what: str,
        record: models.Model | None,
        rows: int | None,
    ) -> None:
        """Note that something was shown, given away or done."""
        ...


_RECORDER: list[Recorder] = []


def record_with(recorder: Recorder) -> None:
    """Say who writes down."""
    _RECORDER[:] = [recorder]


def tell(
    act: str,
    *,
    what: str,
    record: models.Model | None = None,
    rows: int | None = None,
) -> None:
    """Tell what no row tells: shown (`SEEN`), given away as a file (`EXPORTED`), `DONE`.

    Args:
        act: which of them.
        what: what it is, in the reader's words.
        record: the record, where it is one.
        rows: how many rows a file holds.
    """
    for recorder in _RECORDER:
        recorder.told(act, what=what, record=record, rows=rows)


class RecordedQuerySet(models.QuerySet[Row]):
    """Rows whose changes are written down, also those of many at once."""

    def update(self, **columns: Any) -> int:  # noqa: ANN401 - Django's signature
        """As Django's; each row's change is told."""
        noting: AbstractContextManager[models.QuerySet[Any]] = nullcontext(self)
        for recorder in _RECORDER:
            noting = recorder.updating(self, frozenset(columns))
        with noting as rows:
            return models.QuerySet.update(rows, **columns)

    update.alters_data = True  # type: ignore[attr-defined] # as Django marks its own

    def bulk_create(self, objs: Iterable[Row], *args: Any, **options: Any) -> list[Row]:  # noqa: ANN401 - Django's signature
        """As Django's; each row is told.

        Raises:
            ValueError: if rows that clash are to be ignored or overwritten: which ones were made
                could not be told.
        """
        if options.get("ignore_conflicts") or options.get("update_conflicts"):
            raise ValueError("recorded rows are made or refused, never half of them silently")
        made = super().bulk_create(objs, *args, **options)
        for recorder in _RECORDER:
            recorder.created(made)
        return made


class RecordedManager(models.Manager[Row]):
    """Gives rows whose changes are written down."""

    def get_queryset(self) -> RecordedQuerySet[Row]:
        """All rows."""
        return RecordedQuerySet(self.model, using=self._db)
