"""A disk of 300 MB that fills up and is freed: nothing acknowledged is lost, nobody has to help."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from guatu.telemetry.disk import Room, glance, reserve_of
from guatu.telemetry.settings import DiskSettings
from tests.faults.account import STORED, until_equal
from tests.faults.disk import leave, own_disk
from tests.faults.house import Standing, a_house
from tests.ops.sender import Sender
from tests.waiting import wait_until

SIZE = 300 << 20

pytestmark = [pytest.mark.faults, pytest.mark.engine, pytest.mark.xdist_group("faults")]


@pytest.fixture
def small_disk(tmp_path: Path) -> Iterator[Path]:
    """A disk of its own in memory; only root may make one."""
    place = tmp_path / "disk"
    place.mkdir()
    with own_disk(place, SIZE) as problem:
        if problem:
            pytest.skip(f"no disk of its own can be made here: {problem}")
        yield place


def room(disk: Path) -> Room:
    return glance(DiskSettings(folders=(disk,)))


def test_what_was_acknowledged_is_stored_after_the_disk_was_full(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GUATU_CUT_MS", "2000")
    until = threading.Event()
    reserve = reserve_of(SIZE)
    with a_house(small_disk / "home") as standing, ThreadPoolExecutor(1) as threads:
        sender = Sender(
            url=standing.house.gateway_url,
            key=standing.keys["YN-ST-003"],
            authority=standing.house.home / "tls" / "ca.pem",
            point="BF2.top_pressure",
            epoch=1,
        )
        with sender:
            running = threads.submit(send_until, sender, until)
            wait_until(lambda: sender.accepted > 20_000)

            # It fills up slowly: intake stops in time, and the log never meets a full disk.
            logs = standing.supervisor.pids()["log"]
            filler = leave(small_disk, reserve // 2)
            wait_until(lambda: 503 in sender.answers)
            assert room(small_disk) is Room.CLOSED
            filler = leave(small_disk, reserve // 8)
            assert room(small_disk) is Room.FULL
            held = sender.accepted
            refused = sender.answers[503]
            wait_until(lambda: sender.answers[503] > refused + 20)
            assert sender.accepted <= held + 1000  # at most the beat that was on its way
            filler.unlink()
            wait_until(lambda: sender.accepted > held + 20_000)
            assert standing.supervisor.pids()["log"] == logs

            # It fills up at once, to the last byte, and the log may meet it.
            before = sender.answers[503]
            filler = leave(small_disk, 0)
            wait_until(lambda: sender.answers[503] > before + 20)
            held = sender.accepted
            filler.unlink()
            wait_until(lambda: sender.accepted > held + 20_000, patience_s=120)

            until.set()
            running.result()
        expected = [sender.accepted, sender.accepted]
        print(f"{sender.accepted} accepted, answers {sender.answers}, {restarts(standing)}")
        assert until_equal(lambda: standing.ask(STORED), expected) == expected


def send_until(sender: Sender, until: threading.Event) -> None:
    while not until.is_set():
        sender.send(1000)


def restarts(standing: Standing) -> list[str]:
    """What the supervisor said of processes that it started again."""
    lines = standing.lines.getvalue().splitlines()
    return [line for line in lines if "restarting" in line or "must be started" in line]
