"""The doctor names what is wrong and what to do; what is sound he says is sound."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterable
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np
import pytest

from guatu.ops import serve
from guatu.ops.certificates import VALID_DAYS, server_certificate
from guatu.ops.doctor import machine, stores
from guatu.ops.doctor.told import Told, Tone
from guatu.ops.errors import CannotStart
from guatu.ops.house import HOST, House, house_on_free_ports
from guatu.ops.last_backup import LastBackup, note_backup
from guatu.ops.last_verify import LastVerify, note_verify
from guatu.ops.preflight import hold_folder
from guatu.telemetry import checkpoint, engine
from guatu.telemetry.history.damage import DamagedError, note_damaged
from guatu.telemetry.history.layout import CHECKPOINT, partition_folder
from guatu.telemetry.settings import DiskSettings


@pytest.fixture
def house(tmp_path: Path) -> House:
    return house_on_free_ports(tmp_path)


def only(found: Iterable[Told]) -> Told:
    (told,) = found
    return told


def test_a_new_house_has_nothing_wrong(house: House) -> None:
    environ = {name: text for name, text in os.environ.items() if not name.startswith("GUATU_")}
    done = subprocess.run(
        [sys.executable, "-m", "guatu", "doctor"],
        env={**environ, **house.environment(), "GUATU_LANG": "en"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
    assert "■" not in done.stdout
    assert "no backup yet" in done.stdout
    assert "checks" in done.stdout.splitlines()[-1]


def test_a_port_that_somebody_holds_is_named_while_the_house_is_down(house: House) -> None:
    assert only(machine.ports(house, up=False)).tone is Tone.GOOD
    with closing(socket.create_server((HOST, house.web_port))):
        told = only(machine.ports(house, up=False))
    assert told.tone is Tone.BAD
    assert "GUATU_WEB_PORT" in told.do


def test_a_port_that_does_not_answer_is_named_while_the_house_is_up(house: House) -> None:
    told = list(machine.ports(house, up=True))
    assert len(told) == len(house.ports)
    assert all(one.tone is Tone.BAD for one in told)


def test_a_house_is_known_to_be_up_by_its_lock(house: House) -> None:
    assert not machine.is_up(house.home)
    with hold_folder(house.home):
        assert machine.is_up(house.home)
    assert not machine.is_up(house.home)


def test_a_secret_that_others_can_read_is_named(house: House) -> None:
    secret = house.home / "secret_key"
    secret.write_text("x")
    secret.chmod(0o644)
    assert "chmod 600" in list(machine.folders(house))[-1].do
    secret.chmod(0o600)
    assert only(machine.folders(house)).tone is Tone.GOOD


def test_a_disk_without_the_room_to_keep_free_is_bad(tmp_path: Path) -> None:
    settings = DiskSettings(folders=(tmp_path,), reserve=1 << 60)
    assert only(machine.disks(settings)).tone is Tone.BAD
    assert only(machine.disks(replace(settings, reserve=1))).tone is not Tone.BAD


@pytest.mark.parametrize(
    "content",
    [
        pytest.param({"meta": np.frombuffer(b"{}", np.uint8)}, id="another layout"),
        pytest.param({"other": np.zeros(3)}, id="no meta at all"),
    ],
)
def test_a_checkpoint_of_another_layout_is_one_sentence(
    content: dict[str, np.ndarray], tmp_path: Path
) -> None:
    folder = partition_folder(tmp_path, 0)
    folder.mkdir(parents=True)
    np.savez(folder / CHECKPOINT, allow_pickle=False, **content)
    told = only(stores.checkpoints(tmp_path))
    assert told.tone is Tone.BAD
    assert str(folder / CHECKPOINT) in told.what
    assert "restore" in told.do
    with pytest.raises(checkpoint.CheckpointUnreadable):
        checkpoint.load(tmp_path, 0)


def test_a_checkpoint_that_was_cut_short_is_the_same_sentence(tmp_path: Path) -> None:
    folder = partition_folder(tmp_path, 0)
    folder.mkdir(parents=True)
    (folder / CHECKPOINT).write_bytes(b"PK\x03\x04 torn")
    assert only(stores.checkpoints(tmp_path)).tone is Tone.BAD


def test_an_engine_that_cannot_read_its_checkpoint_says_so_without_a_traceback(
    house: House, monkeypatch: pytest.MonkeyPatch
) -> None:
    def cannot(_settings: object) -> None:
        raise checkpoint.CheckpointUnreadable(house.home / CHECKPOINT)

    monkeypatch.setattr(engine, "run_engine", cannot)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    with pytest.raises(CannotStart, match="restore"):
        serve.serve("engine", replace(house, metrics_port=0))


def test_a_certificate_is_good_then_to_be_renewed_then_over(house: House) -> None:
    assert only(stores.certificates(house)).tone is Tone.GOOD
    ages = {0: Tone.GOOD, VALID_DAYS - 10: Tone.REMARK, VALID_DAYS + 1: Tone.BAD}
    for days_old, tone in ages.items():
        at = datetime.now(UTC) - timedelta(days=days_old)
        for path in (house.home / "tls").glob("*"):
            path.unlink()
        server_certificate(house.home / "tls", host=HOST, at=at)
        assert only(stores.certificates(house)).tone is tone


@pytest.mark.parametrize(
    ("hours", "where", "tone"),
    [
        (1, "another disk", Tone.GOOD),
        (1, "same disk", Tone.REMARK),
        (30, "another disk", Tone.REMARK),
    ],
)
def test_an_old_backup_or_one_beside_the_data_is_a_remark(
    hours: int, where: str, tone: Tone, house: House
) -> None:
    at = datetime.now(UTC) - timedelta(hours=hours)
    made = LastBackup(
        at=at.isoformat(),
        folder="/b",
        size=1,
        copied=1,
        seconds=1,
        same_disk=where == "same disk",
    )
    note_backup(house.home, made)
    assert only(stores.backups(house)).tone is tone


def test_the_clock_is_only_asked_never_set() -> None:
    before = datetime.now(UTC)
    assert only(machine.clock()).tone in {Tone.GOOD, Tone.REMARK}
    assert timedelta() <= datetime.now(UTC) - before < timedelta(seconds=10)


def test_what_the_last_check_of_history_left_open_is_bad_and_an_old_one_a_remark(
    house: House,
) -> None:
    history = house.home / "history"
    assert only(stores.verified(house, history)).tone is Tone.REMARK
    now = datetime.now(UTC)
    for days, open_, tone in ((0, 0, Tone.GOOD), (0, 3, Tone.BAD), (9, 0, Tone.REMARK)):
        at = (now - timedelta(days=days)).isoformat()
        note_verify(house.home, LastVerify(at=at, files=5, open=open_))
        assert only(stores.verified(house, history)).tone is tone


def test_a_file_of_history_that_the_keeper_could_not_read_is_bad_until_it_is_gone(
    house: House,
) -> None:
    history = house.home / "history"
    path = partition_folder(history, 3) / "day=2026-11-24" / "a.parquet"
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not one page")
    note_damaged(history, DamagedError(path, "no magic bytes"), 3, 1)
    told, _ = stores.verified(house, history)
    assert (told.tone, "guatu history verify" in told.do) == (Tone.BAD, True)
    path.unlink()
    assert only(stores.verified(house, history)).tone is Tone.REMARK
