"""A file of keys is written whole or stays as it was, and only its owner reads it."""

import json
import stat
from pathlib import Path

import pytest

from guatu.ops.own_file import write_own


def test_it_is_written_for_its_owner_alone(tmp_path: Path) -> None:
    path = tmp_path / "keys.json"
    write_own(path, {"a": "1"})
    write_own(path, {"a": "2"})
    assert json.loads(path.read_text()) == {"a": "2"}
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert list(tmp_path.iterdir()) == [path]


@pytest.mark.parametrize("step", ["fsync", "dump"])
def test_cut_short_it_leaves_what_was_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    path = tmp_path / "keys.json"
    write_own(path, {"a": "1"})

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(f"guatu.ops.own_file.{'os' if step == 'fsync' else 'json'}.{step}", fail)
    with pytest.raises(OSError, match="space"):
        write_own(path, {"a": "1", "b": "2"})
    assert json.loads(path.read_text()) == {"a": "1"}
    assert list(tmp_path.iterdir()) == [path]
