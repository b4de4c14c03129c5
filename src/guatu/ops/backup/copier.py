"""Copying files into a backup: what has not changed since the last one is linked, not copied."""

import errno
import hashlib
import os
import stat
from collections.abc import Callable
from pathlib import Path

import pyarrow.parquet as pq

from guatu.ops.backup.manifest import Kept, Manifest

BLOCK = 4 << 20
NO_LINK = (errno.EXDEV, errno.EPERM, errno.EMLINK, errno.ENOTSUP)
"""Another disk, a file system without links, too many links: the file is copied instead."""


class Copier:
    """Copies files into one backup.

    Args:
        target: the backup's folder.
        previous: the last complete backup and what it holds, if there is one.
        told: hears the bytes read or linked so far.
    """

    def __init__(
        self, target: Path, previous: tuple[Path, Manifest] | None, told: Callable[[int], None]
    ) -> None:
        self.files: dict[str, Kept] = {}
        self.copied = 0
        self._target = target
        self._previous = previous
        self._told = told
        self._done = 0

    def keep(self, source: Path, name: str, *, immutable: bool = False) -> None:
        """Put one file into the backup; nothing is done where it is there already.

        Args:
            source: the file.
            name: its path below the backup.
            immutable: nobody ever writes into it, so it may share its bytes with the backup.

        Raises:
            FileNotFoundError: if it is gone.
        """
        facts = source.stat()
        kept = self.files.get(name)
        if kept is not None and _same(kept, facts):
            return
        target = self._target / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)
        before = self._of_previous(name, facts, target)
        if before is not None:
            self.files[name] = before
        else:
            self.files[name] = self._copy(source, target, facts, immutable=immutable)
            self.copied += facts.st_size
        self._done += facts.st_size
        self._told(self._done)

    def forget(self, name: str) -> None:
        """Take a file out of the backup again."""
        del self.files[name]
        (self._target / name).unlink()

    def _of_previous(self, name: str, facts: os.stat_result, target: Path) -> Kept | None:
        """Take a file from the last backup, if it has not changed since."""
        if self._previous is None:
            return None
        folder, manifest = self._previous
        kept = manifest.files.get(name)
        if kept is None or not _same(kept, facts):
            return None
        try:
            os.link(folder / name, target)
        except FileNotFoundError:
            return None  # somebody took it out of that backup
        except OSError as problem:
            if problem.errno not in NO_LINK:
                raise
            return None
        return kept

    def _copy(self, source: Path, target: Path, facts: os.stat_result, *, immutable: bool) -> Kept:
        linked = immutable and _linked(source, target)
        digest, size = hashlib.sha256(), 0
        with source.open("rb") as file:
            copy = None if linked else target.open("wb")
            try:
                while block := file.read(BLOCK):
                    digest.update(block)
                    size += len(block)
                    if copy is not None:
                        copy.write(block)
            finally:
                if copy is not None:
                    copy.close()
        if not linked:
            target.chmod(stat.S_IMODE(facts.st_mode))
            os.utime(target, ns=(facts.st_atime_ns, facts.st_mtime_ns))
        return Kept(
            size,
            digest.hexdigest(),
            facts.st_mtime_ns,
            stat.S_IMODE(facts.st_mode),
        )


def rows_of(path: Path) -> int:
    """Count the rows of a Parquet file by its foot."""
    return int(pq.read_metadata(path).num_rows)


def _linked(source: Path, target: Path) -> bool:
    try:
        os.link(source, target)
    except OSError as problem:
        if problem.errno not in NO_LINK:
            raise
        return False
    return True


def _same(kept: Kept, facts: os.stat_result) -> bool:
    return (kept.size, kept.mtime_ns) == (facts.st_size, facts.st_mtime_ns)
