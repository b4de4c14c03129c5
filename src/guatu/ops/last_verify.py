"""The note of the last check of history, in the data folder: for the page and the doctor."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from guatu.ops.own_file import write_own

NOTE = "verified.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastVerify:
    """The last check that came to its end.

    Attributes:
        at: when it began, ISO 8601 in UTC.
        files: looked at.
        open: findings that are not mended.
    """

    at: str
    files: int
    open: int


def note_verify(home: Path, found: LastVerify) -> None:
    """Remember a check."""
    write_own(home / NOTE, asdict(found))


def last_verify(home: Path) -> LastVerify | None:
    """Give the last check; None if there was none or its note cannot be read."""
    try:
        return LastVerify(**json.loads((home / NOTE).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
