"""The note of the last backup, in the data folder: for the operations page and the doctor."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from guatu.ops.own_file import write_own

RECORD = "backup.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastBackup:
    """The last backup that was completed.

    Attributes:
        at: when it was begun, ISO 8601 in UTC.
        folder: where it lies.
        size: its bytes.
        copied: bytes that were new since the one before it.
        seconds: how long it took.
        same_disk: whether it lies on the disk of the data folder, and would be lost with it.
    """

    at: str
    folder: str
    size: int
    copied: int
    seconds: float
    same_disk: bool


def note_backup(home: Path, made: LastBackup) -> None:
    """Remember a backup."""
    write_own(home / RECORD, asdict(made))


def last_backup(home: Path) -> LastBackup | None:
    """Give the last completed backup; None if there was none or its note cannot be read."""
    try:
        return LastBackup(**json.loads((home / RECORD).read_text(encoding="utf-8")))
    except (OSError, ValueError, TypeError):
        return None
