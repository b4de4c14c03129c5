"""What makes no sense for `guatu replay` is refused in a sentence, before anything is sent."""

from pathlib import Path

import pytest

from guatu.ops.cli import run
from guatu.ops.errors import OperatorError
from guatu.ops.replay_files import Reading, learn, read

READING = Reading(separator=None, time_column=None, labels=None, period_s=None, transpose=None)
ROWS = "time,pressure,fault\n" + "".join(
    f"2020-02-08 13:30:{second:02},{second % 7}.5,0\n" for second in range(60)
)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "run.csv").write_text(ROWS)
    return tmp_path


@pytest.mark.parametrize(
    ("word", "value"),
    [
        *(("--period", value) for value in ("0", "-1", "nan", "inf", "1e9", "soon")),
        *(("--rows", value) for value in ("0", "-1", "100000000", "many")),
        *(("--speed", value) for value in ("0", "0.5", "nan", "quick")),
        *(("--separator", value) for value in ("", ";;", '"')),
    ],
)
def test_a_word_without_sense_is_refused_with_what_would_do(
    folder: Path, word: str, value: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        run(["replay", str(folder), f"{word}={value}"])

    told = capsys.readouterr().err.splitlines()[-1]
    assert ended.value.code == 2
    assert word in told
    assert "invalid" not in told  # argparse's own words name our function


def test_a_folder_without_recordings_is_told(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"\.csv"):
        read([tmp_path], READING)


def test_a_label_that_no_file_has_is_refused_with_the_columns_there_are(folder: Path) -> None:
    reading = Reading(
        separator=None, time_column=None, labels=("fualt",), period_s=None, transpose=None
    )
    with pytest.raises(OperatorError, match=r"fualt.*pressure"):
        read([folder], reading)


def test_limits_are_learned_for_the_sensors_that_will_be_sent(folder: Path) -> None:
    assert set(learn(folder / "run.csv", READING, ["pressure", "flow"])) == {"pressure"}


@pytest.mark.parametrize(
    ("text", "sensors", "told"),
    [
        pytest.param(ROWS, ["flow"], "pressure", id="none of the sensors"),
        pytest.param("time,pressure\n2020-02-08 13:30:00,1\n", ["pressure"], "30", id="too few"),
        pytest.param("", ["pressure"], "run.csv", id="nothing"),
    ],
)
def test_a_normal_recording_that_teaches_nothing_is_refused(
    tmp_path: Path, text: str, sensors: list[str], told: str
) -> None:
    (tmp_path / "run.csv").write_text(text)
    with pytest.raises(OperatorError, match=told):
        learn(tmp_path / "run.csv", READING, sensors)


@pytest.mark.parametrize(
    ("shape", "transpose", "told"),
    [((3, 40), None, "--no-transpose"), ((3, 40), False, "--transpose"), ((40, 3), None, "")],
)
def test_the_side_taken_as_time_is_told_where_it_might_be_the_other(
    tmp_path: Path,
    shape: tuple[int, int],
    transpose: bool | None,  # noqa: FBT001  a case of the table
    told: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    rows, columns = shape
    (tmp_path / "m.dat").write_text("\n".join(" ".join(["1.5"] * columns) for _ in range(rows)))
    reading = Reading(
        separator=None, time_column=None, labels=None, period_s=180.0, transpose=transpose
    )
    read([tmp_path], reading)

    shown = capsys.readouterr().out
    assert told in shown
    assert ("transpose" in shown) == bool(told)
