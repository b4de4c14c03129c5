"""A small disk of a house's own, to be filled and freed."""

import contextlib
import os
import subprocess
from collections.abc import Iterator
from pathlib import Path


@contextlib.contextmanager
def own_disk(place: Path, size: int) -> Iterator[str]:
    """Put a disk in memory on a folder for a block; only root may.

    Args:
        place: an empty folder.
        size: bytes.

    Yields:
        Why there is none, or nothing.
    """
    made = subprocess.run(
        ["/bin/mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(place)],
        capture_output=True,
        text=True,
        check=False,
    )
    if made.returncode:
        yield made.stderr.strip()
        return
    try:
        yield ""
    finally:
        subprocess.run(["/bin/umount", "--lazy", str(place)], check=True)


def leave(disk: Path, free: int) -> Path:
    """Fill a disk until so many bytes are free; gives the file to take away again."""
    filler = disk / "filler"
    facts = os.statvfs(disk)
    # It grows and is never taken away between, so that nobody sees room that is not there.
    with filler.open("ab", buffering=0) as file:
        if free:
            more = facts.f_bavail * facts.f_frsize - free
            os.posix_fallocate(file.fileno(), file.tell(), more)
            return filler
        # To the last byte, whatever the house itself takes or gives back meanwhile.
        for block in (bytes(1 << 20), bytes(4096)):
            with contextlib.suppress(OSError):
                while file.write(block) == len(block):
                    pass
    return filler
