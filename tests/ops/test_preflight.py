"""Each thing that can stop a start is told in a sentence that says what to do."""

import errno
import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from guatu.ops import preflight, serve
from guatu.ops.errors import CannotStart
from guatu.ops.house import House, house_from


def test_a_taken_port_is_named_with_the_variable_that_moves_it() -> None:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        port = holder.getsockname()[1]

        with pytest.raises(CannotStart, match=rf"{port}.*GUATU_WEB_PORT"):
            preflight.check_ports([("GUATU_WEB_PORT", port, "web")], "127.0.0.1")


def test_free_ports_pass() -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]

    preflight.check_ports([("GUATU_WEB_PORT", port, "web")], "127.0.0.1")


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CannotStart, match="GUATU_HOME"):
        preflight.check_folder(tmp_path / "file" / "home")


def test_a_nearly_full_disk_is_told_with_what_is_left(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "ROOM_NEEDED", 1 << 60)

    with pytest.raises(CannotStart, match=r"MB.*GUATU_HOME"):
        preflight.check_folder(tmp_path)


def test_a_single_process_comes_back_on_a_disk_too_full_for_a_first_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(preflight, "ROOM_NEEDED", 1 << 60)
    monkeypatch.setattr(os, "environ", dict(os.environ))
    served: list[House] = []
    monkeypatch.setitem(serve._PROCESSES, "worker", served.append)
    house = house_from({"GUATU_HOME": str(tmp_path / "home")})

    assert serve.serve("worker", house) == 0

    assert served == [house]
    with pytest.raises(CannotStart, match="MB"):
        preflight.check_folder(house.home)


def test_a_full_disk_leaves_no_probe_behind_and_stops_no_single_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(path: Path, _data: bytes) -> int:
        path.touch()
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)

    preflight.check_writable(tmp_path)

    assert list(tmp_path.iterdir()) == []


def test_a_single_process_does_not_start_where_it_may_not_write(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")

    with pytest.raises(CannotStart, match="GUATU_HOME"):
        preflight.check_writable(tmp_path / "file" / "home")


def test_a_folder_is_held_by_one_run_at_a_time(tmp_path: Path) -> None:
    first = preflight.hold_folder(tmp_path)
    with pytest.raises(CannotStart, match=str(tmp_path)):
        preflight.hold_folder(tmp_path)

    first.close()
    preflight.hold_folder(tmp_path).close()


@pytest.mark.parametrize("text", ["0", "65536", "eighty", "-1", ""])
def test_a_port_that_is_none_is_told(text: str) -> None:
    with pytest.raises(CannotStart, match="GUATU_WEB_PORT"):
        house_from({"GUATU_WEB_PORT": text})


@pytest.mark.parametrize("check", [preflight.check_folder, preflight.check_writable])
def test_a_disk_too_full_for_the_data_folder_is_told_in_the_sentence_of_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Callable[[Path], None]
) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "mkdir", full)
    with pytest.raises(CannotStart, match=r"MB.*GUATU_HOME"):
        check(tmp_path / "below" / "home")


def test_a_standing_house_passes_on_a_full_disk(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    preflight.check_writable(tmp_path)
