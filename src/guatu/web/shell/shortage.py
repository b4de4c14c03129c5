"""Failures that are no mistake of ours: the disk is full, or the database is too busy to write."""

import errno
import sqlite3
from enum import StrEnum

from django.db import DatabaseError

_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT})
_SQLITE_FULL = frozenset(
    {sqlite3.SQLITE_FULL, sqlite3.SQLITE_IOERR_WRITE, sqlite3.SQLITE_IOERR_SHMSIZE}
)
"""The latter two are how a full disk shows where SQLite lengthens its files beside the database."""
_SQLITE_BUSY = frozenset({sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED})
# PostgreSQL: disk full; too many connections, lock not to be had, deadlock, cancelled for its time.
_POSTGRES_FULL = frozenset({"53100"})
_POSTGRES_BUSY = frozenset({"53300", "55P03", "40P01", "40001", "57014"})


class Shortage(StrEnum):
    """What the house is short of."""

    ROOM = "room"
    TIME = "time"

    @property
    def come_again_s(self) -> int:
        """When to try again, in seconds: room must be made by somebody, time comes by itself."""
        return 60 if self is Shortage.ROOM else 5


def shortage_of(error: BaseException | None) -> Shortage | None:
    """Tell what was short where a request failed, or None where it failed of something else.

    Args:
        error: what was raised.
    """
    if isinstance(error, OSError) and error.errno in _ROOM:
        return Shortage.ROOM
    if not isinstance(error, DatabaseError):
        return None
    cause = error.__cause__
    if isinstance(cause, sqlite3.Error):
        return _of_sqlite(getattr(cause, "sqlite_errorcode", 0))
    state = getattr(cause, "sqlstate", None)
    if state in _POSTGRES_FULL:
        return Shortage.ROOM
    return Shortage.TIME if state in _POSTGRES_BUSY else None


def _of_sqlite(code: int) -> Shortage | None:
    if code in _SQLITE_FULL:
        return Shortage.ROOM
    # The lowest byte is the kind, those above say more of it.
    return Shortage.TIME if code & 0xFF in _SQLITE_BUSY else None
