"""What a backup says of itself."""

import json
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from guatu.ops.errors import OperatorError
from guatu.ops.words import say
from guatu.telemetry.log_copy import StreamCopy

FORMAT = 1
MANIFEST = "manifest.json"


class BackupFailed(OperatorError):
    """A backup could not be taken; an older one stays as it is."""


class RestoreFailed(OperatorError):
    """A backup could not be put up; says what does not fit."""


@dataclass(frozen=True, slots=True)
class Kept:
    """A file of a backup.

    Attributes:
        size: in bytes.
        sha256: of its content.
        mtime_ns: of the file it was copied from; with the size it tells whether it changed.
        mode: permission bits.
    """

    size: int
    sha256: str
    mtime_ns: int
    mode: int


@dataclass(slots=True)
class Manifest:
    """Everything in a backup.

    Attributes:
        taken_at: when it was begun, ISO 8601 in UTC.
        version: of the program.
        partitions: of the log.
        database: `sqlite` or `postgresql`.
        counts: rows by table.
        streams: copies of the log's streams; the file of one is `log/<name>`.
        positions: partition to (stream's identity, last sequence stored in history).
        rows: samples in history.
        files: by path below the backup.
        format: of this file.
    """

    taken_at: str
    version: str
    partitions: int
    database: str
    counts: dict[str, int] = field(default_factory=dict)
    streams: list[StreamCopy] = field(default_factory=list)
    positions: dict[str, tuple[str, int]] = field(default_factory=dict)
    rows: int = 0
    files: dict[str, Kept] = field(default_factory=dict)
    format: int = FORMAT

    @property
    def size(self) -> int:
        """Bytes of all files."""
        return sum(kept.size for kept in self.files.values())

    def write(self, folder: Path) -> None:
        """Write it into a backup's folder."""
        text = json.dumps(asdict(self), ensure_ascii=False, indent=1)
        (folder / MANIFEST).write_text(text, encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read what a backup says of itself.

    Raises:
        RestoreFailed: if it cannot be understood.
    """
    path = folder / MANIFEST
    try:
        facts: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        if facts["format"] != FORMAT:
            raise RestoreFailed(_other_format(path, facts))
        facts["streams"] = [StreamCopy(**stream) for stream in facts["streams"]]
        facts["files"] = {name: Kept(**kept) for name, kept in facts["files"].items()}
        facts["positions"] = {name: (s, int(n)) for name, (s, n) in facts["positions"].items()}
        return Manifest(**facts)
    except (OSError, ValueError, KeyError, TypeError) as problem:
        raise RestoreFailed(
            say(
                f"备份清单 {path} 无法读取（{problem}）。请换一份备份。",
                f"The manifest {path} cannot be read ({problem}). Use another backup.",
            )
        ) from problem


def _other_format(path: Path, facts: dict[str, Any]) -> str:
    return say(
        f"备份 {path.parent} 由版本 {facts.get('version')} 生成，格式不同。请用该版本恢复。",
        f"The backup {path.parent} has the format of version {facts.get('version')}. "
        "Restore it with that version.",
    )


def complete_backups(folder: Path) -> list[Path]:
    """List the complete backups in a folder, the oldest first."""
    if not folder.is_dir():
        return []
    found = (path.parent for path in folder.glob(f"*/{MANIFEST}"))
    return sorted(path for path in found if not path.name.startswith("."))
