"""A disk that fills up: plants are asked to wait in time, and let in again by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.telemetry.disk import DiskWatch, Room, glance, low_mark, reserve_of
from guatu.telemetry.settings import DiskSettings

TOTAL = 1000 << 20
RESERVE = 100 << 20


class Seen(NamedTuple):
    total: int
    free: int


class Faked:
    """A disk whose free space the test turns."""

    def __init__(self, free: int = TOTAL) -> None:
        self.free = free
        self.watch = DiskWatch(DiskSettings(folders=(Path("/"),), reserve=RESERVE), self.usage)

    def usage(self, _: Path) -> Seen:
        return Seen(TOTAL, self.free)

    def look(self, free: int) -> Room:
        self.free = free
        return self.watch.look()


def test_a_disk_that_fills_is_low_then_closed_then_full() -> None:
    disk = Faked()
    free = [TOTAL, 2 * RESERVE - 1, RESERVE - 1, RESERVE // 4 - 1]
    assert [disk.look(f) for f in free] == [Room.PLENTY, Room.LOW, Room.CLOSED, Room.FULL]


def test_what_is_closed_opens_only_with_room_to_spare() -> None:
    disk = Faked()
    disk.look(RESERVE - 1)
    assert disk.look(RESERVE + 1) is Room.CLOSED
    assert disk.look(int(RESERVE * 1.2) + 1) is Room.LOW
    assert disk.look(RESERVE + 1) is Room.LOW


def test_the_fullest_disk_decides() -> None:
    free = {Path("/"): TOTAL, Path("/usr"): 0}
    watch = DiskWatch(
        DiskSettings(folders=tuple(free), reserve=RESERVE), lambda folder: Seen(TOTAL, free[folder])
    )
    assert watch.look() is Room.FULL


def test_a_folder_that_is_not_there_yet_is_judged_by_the_disk_it_will_be_on(tmp_path: Path) -> None:
    asked: list[Path] = []

    def usage(folder: Path) -> Seen:
        asked.append(folder)
        return Seen(TOTAL, TOTAL)

    DiskWatch(DiskSettings(folders=(tmp_path / "not" / "yet",)), usage).look()
    assert asked == [tmp_path]


def test_a_disk_that_does_not_answer_is_closed() -> None:
    def usage(_: Path) -> Seen:
        raise OSError(5, "input/output error")

    assert DiskWatch(DiskSettings(folders=(Path("/"),)), usage).look() is Room.CLOSED


def test_without_folders_nothing_is_ever_closed() -> None:
    assert glance(DiskSettings()) is Room.PLENTY


@given(st.integers(1 << 28, 1 << 50))
def test_every_disk_warns_before_it_closes_and_closes_before_it_is_full(total: int) -> None:
    reserve = reserve_of(total)
    assert 0 < reserve * 0.25 < reserve < low_mark(total, reserve) <= total


def test_a_change_is_told_once(caplog: pytest.LogCaptureFixture) -> None:
    disk = Faked()
    for free in (RESERVE - 1, RESERVE - 2, RESERVE - 3):
        disk.look(free)
    assert len([r for r in caplog.records if "closed" in r.message]) == 1
