"""The seam through which others hear that a warning changed.

A process that wants to tell browsers, or anybody, appends a callable at its start::

    from guatu.web.warnings import changed
    changed.on_changed.append(publish)

Each is called after the transaction committed, in the process that made the change, whether that
is the worker or the web. One that fails is logged and does not undo what was done.
"""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from django.db import transaction

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Changed:
    """What became of which warning.

    Attributes:
        warning: its id.
        verb: what was done: a verb of the life, "raise" or "lift".
        level: the level it has now, 1 to 4.
        organisation: id of its owner.
        origin: id of the organisation where it arose.
        region: code of its region.
        source_kind: which app raised it and what from.
        source_key: which of these.
        at: when.
    """

    warning: int
    verb: str
    level: int
    organisation: int
    origin: int
    region: str
    source_kind: str
    source_key: str
    at: datetime


Listener = Callable[[Changed], object]

on_changed: list[Listener] = []


def announce(change: Changed) -> None:
    """Tell every listener once the running transaction has committed."""
    transaction.on_commit(partial(_tell, change))


def _tell(change: Changed) -> None:
    for listener in on_changed:
        try:
            listener(change)
        except Exception:  # noqa: BLE001 - whatever a stranger's code raises
            # The change is in the database; a listener's trouble must not look like its failure.
            _log.exception("a listener to changed warnings failed on warning %s", change.warning)
