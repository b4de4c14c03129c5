"""A replay's files: read, told to the operator one line a file, and learned from."""

from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path

from guatu.ops.errors import OperatorError
from guatu.ops.words import language, say
from guatu.simulator.learn import LearnedLimits, learn_recording
from guatu.simulator.recordings import FileProblem, ReadOptions, Recording
from guatu.simulator.replay import SUFFIXES, find_files, read_recordings

PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """How files are to be read: those to be sent and the normal one alike."""

    separator: str | None
    time_column: str | None
    labels: tuple[str, ...] | None
    period_s: float | None
    transpose: bool | None

    @property
    def options(self) -> ReadOptions:
        """The same, as the readers take it."""
        return ReadOptions(
            labels=frozenset(self.labels) if self.labels is not None else None,
            time_column=self.time_column,
            period_s=self.period_s,
            transpose=self.transpose,
            separator=self.separator,
        )


def read(paths: Collection[Path], reading: Reading) -> list[Recording]:
    """Read what was named, and tell what was found in each file.

    Raises:
        OperatorError: where a path or a label is not there, or nothing can be sent.
    """
    for path in paths:
        _demand_files(path)
    recordings = read_recordings(list(paths), reading.options)
    for recording in recordings:
        _tell(recording)
    _demand_labels(recordings, reading.labels or ())
    if not any(recording.counts.samples for recording in recordings):
        raise OperatorError(
            say("没有可发送的样本。", "There is nothing to send in what was named.")
        )
    return recordings


def learn(
    path: Path | None, reading: Reading, sensors: Collection[str]
) -> dict[str, LearnedLimits]:
    """Learn limits from a recording of normal running, and tell for how many sensors.

    Args:
        path: the recording; None to learn nothing.
        reading: how it is to be read.
        sensors: codes of the sensors that will be sent.

    Raises:
        OperatorError: where none of these sensors gets limits.
    """
    if path is None:
        return {}
    _demand_files(path)
    learned: dict[str, LearnedLimits] = {}
    for recording in read_recordings([path], reading.options):
        if recording.refused is not None:
            raise OperatorError(f"✗ --limits-from: {_sentence(recording.refused)}")
        learned.update(learn_recording(recording))
    used = {code: limits for code, limits in learned.items() if code in sensors}
    _demand_learned(path, learned, used)
    print(
        say(
            f"  {path.name}：为 {len(sensors)} 个测点中的 {len(used)} 个学得两级限值",
            f"  {path.name}: two-stage limits learned for {len(used)} of {len(sensors)} sensors",
        )
    )
    return used


def _demand_learned(path: Path, learned: Collection[str], used: Collection[str]) -> None:
    if not learned:
        raise OperatorError(
            say(
                f"{path}：样本太少，学不出限值（每个测点至少 30 个）。",
                f"{path}: too few samples to learn limits from (at least 30 a sensor).",
            )
        )
    if not used:
        raise OperatorError(
            say(
                f"{path}：其中没有所发送的测点。它有：{', '.join(sorted(learned)[:10])}。",
                f"{path}: has none of the sensors to be sent. "
                f"It has {', '.join(sorted(learned)[:10])}.",
            )
        )


def _demand_files(path: Path) -> None:
    if not path.exists():
        raise OperatorError(say(f"{path}：文件或目录不存在。", f"{path}: no such file or folder."))
    if not find_files([path]):
        kinds = ", ".join(sorted(SUFFIXES))
        raise OperatorError(
            say(
                f"{path}：目录中没有 {kinds} 文件。",
                f"{path}: there are no {kinds} files in this folder.",
            )
        )


def _demand_labels(recordings: list[Recording], labels: Collection[str]) -> None:
    """Refuse labels that no file has: what they were to keep out would be sent as a sensor."""
    if all(recording.refused is not None for recording in recordings):
        return
    left_out = {column.name for one in recordings for column in one.left_out}
    missing = sorted(set(labels) - left_out)
    if not missing:
        return
    seen = [sensor.name for one in recordings for sensor in one.sensors] + sorted(left_out)
    shown = ", ".join(dict.fromkeys(seen).keys())[:300]
    raise OperatorError(
        say(
            f"--labels：没有名为 {', '.join(missing)} 的列。现有列：{shown}。",
            f"--labels: no file has a column {', '.join(missing)}. There are: {shown}.",
        )
    )


def _tell(recording: Recording) -> None:
    if recording.refused is not None:
        print(f"✗ {_sentence(recording.refused)}")
        return
    counts = recording.counts
    left = ", ".join(f"{column.name} ({column.why})" for column in recording.left_out)
    print(
        f"  {recording.name}: {counts.rows} × {len(recording.sensors)} = {counts.samples} "
        + say("个样本", "samples", separator=" ")
        + (f"; {say('未发送的列', 'left out', separator=' ')}: {left}" if left else "")
    )
    _tell_side_of_time(recording)
    for problem in recording.problems[:PROBLEMS_SHOWN]:
        print(f"    ! {_sentence(problem)}")
    more = recording.more_problems + max(0, len(recording.problems) - PROBLEMS_SHOWN)
    if more:
        print(say(f"    … 另有 {more} 处", f"    … {more} more", separator=" "))


def _tell_side_of_time(recording: Recording) -> None:
    """Tell how a matrix was taken where that might not be what its owner meant."""
    sensors, rows = len(recording.sensors), recording.counts.rows
    if sensors > rows:
        print(
            say(
                f"    ! 测点（{sensors}）多于时刻（{rows}）：行列可能读反，"
                "请试 --transpose 或 --no-transpose",
                f"    ! more sensors ({sensors}) than moments ({rows}): rows and columns may be "
                "swapped; try --transpose or --no-transpose",
            )
        )
    elif any(note.startswith("transposed") for note in recording.notes):
        print(
            say(
                f"    每行读作一个测点（共 {sensors} 行）；若每行是一个时刻，请加 --no-transpose",
                f"    each of the {sensors} rows taken as a sensor; "
                "if a row is a moment, add --no-transpose",
            )
        )


def _sentence(problem: FileProblem) -> str:
    message = problem.message()
    return message.get(language()) or f"{message['zh']} / {message['en']}"
