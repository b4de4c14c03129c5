"""Files that cannot be read: told apart from other trouble, and noted for whoever looks after them.

A damaged file is left out of merging and told of until it is mended or taken away; nothing else
waits for it. Its note lies in its partition's folder.
"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import orjson
import pyarrow as pa

from guatu.telemetry.history.layout import partition_folder, partitions

NOTE = "damaged.json"
LONGEST_WHY = 200


class DamagedError(pa.ArrowException):  # type: ignore[misc]  # Arrow has no types
    """A file, or a part of it, that cannot be read.

    Args:
        path: the file.
        why: as the reader put it.
    """

    def __init__(self, path: Path, why: str) -> None:
        super().__init__(f"{path}: {why}")
        self.path, self.why = path, why


@contextmanager
def reading(path: Path) -> Iterator[None]:
    """Turn what a damaged file raises into DamagedError, and let all other trouble through.

    Args:
        path: the file that is read inside.
    """
    try:
        yield
    except (MemoryError, DamagedError):
        raise
    except pa.ArrowException as error:
        raise DamagedError(path, str(error)) from error
    except OSError as error:
        # Without a number it is Arrow's: a checksum, a page that does not unpack. EIO is the
        # disk's. Every other one, such as too many open files, says nothing of this file.
        if error.errno not in (None, errno.EIO):
            raise
        raise DamagedError(path, str(error)) from error


@dataclass(frozen=True, slots=True)
class Damaged:
    """A file that was found damaged.

    Args:
        where: the file, below its partition's folder.
        why: as the reader put it.
        at_ms: when it was found.
        size: of the file then, bytes.
        changed_ns: when the file was written; one written since is another file.
    """

    where: str
    why: str
    at_ms: int
    size: int
    changed_ns: int


def damaged_in(history: Path, partition: int) -> list[Damaged]:
    """Give the files of a partition that were found damaged and are still what they were.

    Args:
        history: its folder.
        partition: its number.
    """
    folder = partition_folder(history, partition)
    try:
        noted = [Damaged(**row) for row in orjson.loads((folder / NOTE).read_bytes())]
    except (FileNotFoundError, orjson.JSONDecodeError, TypeError):
        return []  # a note that cannot be read is written again as soon as the damage is met
    return [one for one in noted if _mark(folder / one.where) == (one.size, one.changed_ns)]


def count_damaged(history: Path) -> int:
    """Count the files of all partitions that were found damaged and are still what they were."""
    return sum(len(damaged_in(history, partition)) for partition in partitions(history))


def note_damaged(history: Path, error: DamagedError, partition: int, at_ms: int) -> None:
    """Remember a damaged file beside those of its partition that are still damaged.

    Args:
        history: its folder.
        error: what was met.
        partition: the file's.
        at_ms: when.

    Raises:
        OSError: such as for a full disk.
    """
    folder = partition_folder(history, partition)
    mark = _mark(error.path)
    if mark is None:
        return
    where = str(error.path.relative_to(folder))
    others = [one for one in damaged_in(history, partition) if one.where != where]
    noted = [*others, Damaged(where, error.why[:LONGEST_WHY], at_ms, *mark)]
    draft = folder / f".{NOTE}"
    draft.write_bytes(orjson.dumps([asdict(one) for one in noted]))
    draft.replace(folder / NOTE)


def _mark(path: Path) -> tuple[int, int] | None:
    try:
        stat = path.stat()
    except FileNotFoundError:
        return None
    return stat.st_size, stat.st_mtime_ns
