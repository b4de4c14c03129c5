"""How much room the disks of log and history have, and what may still be written on them.

The log server does not come back by itself from a full disk, so it must never meet one: plants are
asked to keep their beats while there is still room for everything taken already, and below the
last quarter of that room nothing at all goes into the log.
"""

from __future__ import annotations

import enum
import logging
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NamedTuple, Protocol

from guatu.telemetry.settings import DiskSettings

logger = logging.getLogger("disk")

MEGABYTE = 1 << 20
LARGEST_RESERVE = 2 << 30
RESERVE_SHARE, LOW_SHARE = 0.1, 0.1
LARGEST_LOW = 50 << 30
OPEN_AGAIN = 1.2
FLOOR = 0.25


class Room(enum.IntEnum):
    """What may be written, from everything to nothing."""

    PLENTY = 0
    LOW = 1
    """Somebody should free space; the log keeps only what it must."""
    CLOSED = 2
    """Plants are asked to keep their beats; what was taken is judged and stored."""
    FULL = 3
    """Nothing goes into the log, not even the time."""


class Usage(Protocol):
    """What `shutil.disk_usage` gives."""

    @property
    def total(self) -> int:
        """Bytes of the disk."""
        ...

    @property
    def free(self) -> int:
        """Bytes that are free."""
        ...


class Disk(NamedTuple):
    """A disk as it was seen.

    Attributes:
        folder: on it.
        free, total: bytes.
        room: what may be written.
    """

    folder: Path
    free: int
    total: int
    room: Room


UsageOf = Callable[[Path], Usage]


class DiskWatch:
    """Looks at the disks, tells the log when what may be written changes, and does not waver.

    Args:
        settings: which disks.
        usage: tells of a folder's disk.
    """

    def __init__(self, settings: DiskSettings, usage: UsageOf = shutil.disk_usage) -> None:
        self.room = Room.PLENTY
        self.disks: Sequence[Disk] = ()
        self._settings = settings
        self._usage = usage

    def look(self) -> Room:
        """Look at the disks; gives what may be written, of the fullest of them."""
        self.disks = look_at(self._settings, self.room, self._usage)
        room = _fullest(self.disks)
        if room != self.room:
            self._tell(room)
            self.room = room
        return room

    def _tell(self, room: Room) -> None:
        free = ", ".join(f"{disk.folder}: {disk.free // MEGABYTE} MB free" for disk in self.disks)
        if room > self.room:
            logger.warning("disk %s (%s)", room.name.lower(), free)
        else:
            logger.info("disk %s again (%s)", room.name.lower(), free)


def glance(settings: DiskSettings, before: Room = Room.PLENTY) -> Room:
    """Say what may be written now, see `look_at`."""
    return _fullest(look_at(settings, before))


def look_at(
    settings: DiskSettings, before: Room = Room.PLENTY, usage: UsageOf = shutil.disk_usage
) -> list[Disk]:
    """Look at each disk.

    A disk that cannot be looked at counts as closed: what is written there is not safe.

    Args:
        settings: which disks.
        before: what was said last; what is closed opens only with some room to spare.
        usage: tells of a folder's disk.
    """
    return [_disk(folder, settings.reserve, before, usage) for folder in settings.folders]


def _fullest(disks: Sequence[Disk]) -> Room:
    return max((disk.room for disk in disks), default=Room.PLENTY)


def _disk(folder: Path, reserve: int, before: Room, usage: UsageOf) -> Disk:
    while not folder.exists() and folder != folder.parent:
        folder = folder.parent
    try:
        found = usage(folder)
    except OSError:
        return Disk(folder, 0, 0, Room.CLOSED)
    room = _judge(found.free, found.total, reserve_of(found.total, reserve), before)
    return Disk(folder, found.free, found.total, room)


def _judge(free: int, total: int, reserve: int, before: Room) -> Room:
    if free < reserve * FLOOR:
        return Room.FULL
    if free < reserve * (OPEN_AGAIN if before >= Room.CLOSED else 1):
        return Room.CLOSED
    if free < low_mark(total, reserve):
        return Room.LOW
    return Room.PLENTY


def reserve_of(total: int, wanted: int = 0) -> int:
    """Say how many bytes of a disk stay free of beats."""
    return wanted or min(LARGEST_RESERVE, int(total * RESERVE_SHARE))


def low_mark(total: int, reserve: int) -> int:
    """Say below how many free bytes somebody should free space."""
    return max(2 * reserve, min(LARGEST_LOW, int(total * LOW_SHARE)))
