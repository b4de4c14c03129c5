"""History and its checkpoints, copied so that they fit although the engine goes on.

Every folder of it is copied again and again, each time only what is new, until nothing changed
between the listing before and the listing after. Files of history are never written into, so a
link is as good as a copy.
"""

import time
from collections.abc import Iterable
from pathlib import Path

from guatu.ops.backup.copier import Copier, rows_of
from guatu.ops.backup.manifest import BackupFailed
from guatu.ops.words import say
from guatu.telemetry.checkpoint import CheckpointUnreadable, Position, position
from guatu.telemetry.history.layout import SegmentName, partition_folder, partitions, segments

TRIES = 200
PAUSE_S = 0.1
PASSING = (".writing", ".merging", ".lock", ".tmp")
"""Ends of names of files that are on their way, or mean nothing elsewhere."""


def copy_history(copier: Copier, history: Path) -> dict[str, tuple[str, int]]:
    """Copy everything below the history folder.

    Args:
        copier: of the backup; files lie below `history/` in it.
        history: the folder.

    Returns:
        Of each partition that has a checkpoint, the stream's identity and the last sequence
        stored.

    Raises:
        BackupFailed: if a folder never holds still, or a checkpoint cannot be read.
    """
    positions: dict[str, tuple[str, int]] = {}
    for folder in sorted(history.iterdir()) if history.is_dir() else ():
        found = _copy_still(copier, history, folder)
        if found is not None:
            positions[folder.name.partition("=")[2]] = (found.stream, found.sequence)
    return positions


def _copy_still(copier: Copier, history: Path, folder: Path) -> Position | None:
    """Copy a folder as it stood at one moment; gives where its checkpoint stands."""
    for _ in range(TRIES):
        try:
            stands = _listing(folder)
            found = position(folder)
            _copy_listed(copier, history, stands, found)
            if stands == _listing(folder):
                _forget_gone(copier, history, folder, stands)
                return found
        except FileNotFoundError:
            pass  # a cut or a merge came between: look again
        except CheckpointUnreadable as problem:
            raise BackupFailed(
                say(
                    f"{problem.path} 无法读取，备份中止。请运行 guatu doctor。",
                    f"{problem.path} cannot be read, so there is no backup. Run guatu doctor.",
                )
            ) from problem
        time.sleep(PAUSE_S)
    raise BackupFailed(
        say(
            f"{folder} 一直在变化，无法得到一致的备份。请稍后重试。",
            f"{folder} did not hold still long enough. Try again later.",
        )
    )


def stored_rows(history: Path) -> int:
    """Count the samples that readers of a history see, by the feet of its files."""
    return sum(
        rows_of(segment.path)
        for partition in partitions(history)
        for segment in segments(partition_folder(history, partition))
    )


def _listing(folder: Path) -> dict[Path, tuple[int, int]]:
    """Each file with what tells whether it is still the same."""
    listed = {}
    for path in sorted(folder.rglob("*")) if folder.is_dir() else [folder]:
        if path.is_file() and not path.name.endswith(PASSING):
            facts = path.stat()
            listed[path] = (facts.st_ino, facts.st_mtime_ns)
    return listed


def _copy_listed(
    copier: Copier, history: Path, listed: Iterable[Path], found: Position | None
) -> None:
    """Copy files; not the segments beyond the checkpoint, for the log holds them."""
    for path in listed:
        name = SegmentName.read(path.name)
        beyond = (
            name is not None
            and found is not None
            and name.stream == found.stream
            and name.last > found.sequence
        )
        if not beyond:
            copier.keep(path, _name(history, path), immutable=path.suffix == ".parquet")


def _forget_gone(copier: Copier, history: Path, folder: Path, stands: Iterable[Path]) -> None:
    """Take out of the backup what an earlier try copied and a cut or merge has replaced."""
    prefix = _name(history, folder) + "/"
    wanted = {_name(history, path) for path in stands}
    for name in [name for name in copier.files if name.startswith(prefix) and name not in wanted]:
        copier.forget(name)


def _name(history: Path, path: Path) -> str:
    return (Path("history") / path.relative_to(history)).as_posix()
