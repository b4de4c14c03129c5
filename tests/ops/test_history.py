"""`guatu history`: what it says, and what it exits with."""

import os
from pathlib import Path

import pytest

from guatu.ops.cli import run
from guatu.telemetry.history.layout import partition_folder, segments
from tests.telemetry.test_keep import SENT, read, store


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("GUATU_LANG", "zh")
    monkeypatch.setenv("GUATU_HOME", str(tmp_path))
    monkeypatch.delenv("GUATU_HISTORY", raising=False)
    return tmp_path


@pytest.fixture
def history(home: Path) -> Path:
    for number, rows in enumerate(SENT):
        store(home / "history", number, rows)
    return home / "history"


def test_an_empty_house_says_so(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(["history", "list"]) == 0
    assert "还没有历史数据" in capsys.readouterr().out
    assert run(["history", "verify"]) == 0


def test_the_list_tells_samples_and_bytes(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(["history", "list"]) == 0
    out = capsys.readouterr().out
    assert "1970-01-01" in out
    assert "共 8 个样本" in out


def test_merging_at_once_keeps_what_is_read(
    history: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = read(history)
    assert run(["history", "merge"]) == 0
    assert "去重 2 个" in capsys.readouterr().out
    assert read(history) == before


def test_damage_is_told_and_repaired(history: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = segments(partition_folder(history, 0))[0].path
    path.write_bytes(b"not parquet")
    assert run(["history", "list"]) == 1
    assert run(["history", "verify"]) == 1
    out = capsys.readouterr().out
    assert f"{path.name}：文件损坏" in out
    assert "--repair" in out
    assert path.exists()
    assert run(["history", "verify", "--repair"]) == 0
    assert "已移入 quarantine" in capsys.readouterr().out
    assert run(["history", "verify"]) == 0


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--from", "gestern", "--to", "2026-11-24"], "不是时间"),
        (["--from", "2026-11-24", "--to", "2026-11-25", "--format", "doc"], "invalid choice"),
    ],
)
def test_senseless_words_are_refused_with_a_sentence(
    home: Path, words: list[str], said: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as refused:
        run(["history", "export", "--points", "A.B", "-o", "x.csv", *words])
    assert refused.value.code == 2
    assert said in capsys.readouterr().err


@pytest.mark.django_db
def test_points_and_formats_that_are_not_there_are_told(
    home: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    span = ["--from", "2026-11-24", "--to", "2026-11-25"]
    environment = dict(os.environ)
    try:
        assert run(["history", "export", "--points", "A.B", *span, "-o", str(home / "x.csv")]) == 1
    finally:
        os.environ.clear()
        os.environ.update(environment)
    assert "没有测点“A.B”" in capsys.readouterr().err
    assert not (home / "x.csv").exists()
