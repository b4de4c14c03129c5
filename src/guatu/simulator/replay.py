"""Sending recordings as plants would: read, put on the wall clock, send beat by beat.

Times. Without ``keep_time`` the runs are laid one behind the other, real spacing kept inside
each, and shifted so that the last sample of all falls on the moment the replay ends (at
``speed`` below one: the first on the moment it begins, for otherwise a sample would be sent
before its time). No sample is ever sent with a time in the future. With ``keep_time`` the
recorded times stay and the beats are marked as backfill: stored, not judged.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np

from guatu.simulator.beats import Batch
from guatu.simulator.client import Acknowledged, GaveUp, PlantClient, Refused
from guatu.simulator.matrices import read_matrix
from guatu.simulator.recordings import ReadOptions, Recording
from guatu.simulator.tables import read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from pathlib import Path

__all__ = [
    "MAX_SPEED",
    "CannotKeepTimeError",
    "Plan",
    "PlannedBeat",
    "ReadOptions",
    "Recording",
    "Tally",
    "find_files",
    "plan",
    "read_recordings",
    "send",
]

SUFFIXES: Final = frozenset({".csv", ".tsv", ".dat"})
MOST_SAMPLES_A_BEAT: Final = 50_000
MAX_SPEED: Final = float("inf")


class CannotKeepTimeError(ValueError):
    """Recordings that count from their own start have no time that could be kept."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(", ".join(names))
        self.names = names


@dataclass(frozen=True, slots=True, kw_only=True)
class Placed:
    """A recording with its place on the wall clock.

    Attributes:
        recording: what is sent.
        shift_ms: added to its times.
        offset_ms: from the start of the replay's data to this run's first sample.
    """

    recording: Recording
    shift_ms: int
    offset_ms: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedBeat:
    """One message to send.

    Attributes:
        run: name of its recording.
        due_s: seconds after the replay's start at which its last sample is due.
        batch: what it carries.
    """

    run: str
    due_s: float
    batch: Batch


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A replay that could begin at ``start_ms``.

    Attributes:
        placed: the runs in the order they are sent.
        start_ms: the wall clock when it was planned.
        speed: seconds of recording a second; infinite sends as fast as is acknowledged.
        rows_per_beat: sample times in one beat.
        backfill: beats are marked as history only.
    """

    placed: tuple[Placed, ...]
    start_ms: int
    speed: float
    rows_per_beat: int
    backfill: bool

    @property
    def samples(self) -> int:
        """How many samples will be sent."""
        return sum(one.recording.counts.samples for one in self.placed)

    @property
    def doubled(self) -> int:
        """How many samples are left out because their run has another of the same time."""
        return sum(one.recording.counts.doubled for one in self.placed)

    @property
    def overlap(self) -> int:
        """How many samples at most have a time that another run of the same sensors has too."""
        times = [one.recording.times_ms + one.shift_ms for one in self.placed]
        if not times:
            return 0
        different = len(np.unique(np.concatenate(times)))
        most = max(len(one.recording.sensors) for one in self.placed)
        return most * (sum(map(len, times)) - different)

    @property
    def seconds(self) -> float:
        """How long it takes if nothing holds it up; 0 at full speed."""
        if not self.placed:
            return 0.0
        last = self.placed[-1]
        return (last.offset_ms + last.recording.duration_ms) / 1000.0 / self.speed

    def beats(self) -> Iterator[PlannedBeat]:
        """Make the beats in sending order; a beat never spans two runs."""
        for one in self.placed:
            recording = one.recording
            codes = tuple(sensor.code for sensor in recording.sensors)
            rows = max(1, min(self.rows_per_beat, MOST_SAMPLES_A_BEAT // max(1, len(codes))))
            for first in range(0, len(recording.times_ms), rows):
                times = recording.times_ms[first : first + rows]
                into_run = int(times[-1] - recording.times_ms[0])
                batch = Batch(
                    points=codes,
                    times_ms=times + one.shift_ms,
                    values=recording.values[:, first : first + rows],
                    backfill=self.backfill,
                )
                if batch.samples:
                    due_s = (one.offset_ms + into_run) / 1000.0 / self.speed
                    yield PlannedBeat(run=recording.name, due_s=due_s, batch=batch)


@dataclass(slots=True, kw_only=True)
class Tally:
    """What became of a replay, in samples unless said otherwise.

    ``sent`` = ``accepted`` + the sum of ``rejected`` + ``unknown``.

    Attributes:
        beats: messages sent.
        sent: samples sent, each counted once however often resent.
        accepted: on disk.
        rejected: not taken, by reason.
        unknown: in a beat whose answer never came because the replay was stopped.
        doubled: never sent, because their run has another of the same point and time.
        retries: how often a beat was sent again.
        seconds: how long it took.
        stopped: it was stopped before its end.
        by_run: samples sent, by name of the run.
    """

    beats: int = 0
    sent: int = 0
    accepted: int = 0
    rejected: Counter[str] = field(default_factory=Counter)
    unknown: int = 0
    doubled: int = 0
    retries: int = 0
    seconds: float = 0.0
    stopped: bool = False
    by_run: Counter[str] = field(default_factory=Counter)


def natural(path: Path) -> list[tuple[int, int, str]]:
    """Key for sorting as people count: 2.csv before 10.csv."""
    parts = re.split(r"(\d+)", path.as_posix().lower())
    return [(0, int(part), "") if part.isdigit() else (1, 0, part) for part in parts]


def find_files(paths: Sequence[Path]) -> list[tuple[Path, str]]:
    """Walk what was asked for: (file, run name) in natural order; a named file is never skipped.

    In folders, .csv, .tsv and .dat files count, hidden ones do not. A file asked for twice
    is read once.
    """
    found: dict[Path, str] = {}
    for path in paths:
        if not path.is_dir():
            found.setdefault(path, path.stem)
            continue
        below = [
            file
            for file in path.rglob("*")
            if file.suffix.lower() in SUFFIXES
            and file.is_file()
            and not any(part.startswith(".") for part in file.relative_to(path).parts)
        ]
        for file in sorted(below, key=natural):
            found.setdefault(file, file.relative_to(path).with_suffix("").as_posix())
    return list(found.items())


def read_recordings(paths: Sequence[Path], options: ReadOptions | None = None) -> list[Recording]:
    """Read files and folders, one run a file.

    Returns:
        One recording a file, in order; a file that cannot be used is there with ``refused``.
    """
    options = options or ReadOptions()
    return [
        read_matrix(file, name, options)
        if file.suffix.lower() == ".dat"
        else read_table(file, name, options)
        for file, name in find_files(paths)
    ]


def plan(
    recordings: Sequence[Recording],
    *,
    speed: float,
    now_ms: int,
    rows_per_beat: int = 60,
    keep_time: bool = False,
    gap_ms: int = 60_000,
) -> Plan:
    """Put recordings on the wall clock.

    Args:
        recordings: what to send, in order; refused and empty ones are passed over.
        speed: seconds of recording a second; ``MAX_SPEED`` for as fast as possible.
        now_ms: the wall clock.
        rows_per_beat: sample times in one beat.
        keep_time: leave times as recorded and mark the beats as backfill.
        gap_ms: pause between two runs.

    Raises:
        ValueError: if speed, rows_per_beat or gap_ms is not above zero.
        CannotKeepTimeError: if times are to be kept and a run has none.
    """
    if not speed > 0 or rows_per_beat < 1 or gap_ms < 1:
        raise ValueError("speed, rows per beat and gap must be above zero")
    used = [recording for recording in recordings if len(recording.times_ms)]
    if keep_time and any(recording.elapsed for recording in used):
        raise CannotKeepTimeError(tuple(r.name for r in used if r.elapsed))
    return Plan(
        placed=_place(used, speed, now_ms, gap_ms, keep_time=keep_time),
        start_ms=now_ms,
        speed=speed,
        rows_per_beat=rows_per_beat,
        backfill=keep_time,
    )


def _place(
    used: Sequence[Recording], speed: float, now_ms: int, gap_ms: int, *, keep_time: bool
) -> tuple[Placed, ...]:
    offsets = [0]
    for recording in used:
        offsets.append(offsets[-1] + recording.duration_ms + gap_ms)
    first_ms = _first_ms(offsets[-1] - gap_ms, speed, now_ms)
    return tuple(
        Placed(
            recording=recording,
            shift_ms=0 if keep_time else first_ms + offset - int(recording.times_ms[0]),
            offset_ms=offset,
        )
        for recording, offset in zip(used, offsets, strict=False)
    )


def _first_ms(length_ms: int, speed: float, now_ms: int) -> int:
    """The moment of the first sample, so that none is sent before its time."""
    if speed < 1:
        return now_ms
    # Rounded down, so that the last sample is never even a millisecond early.
    takes_ms = 0 if speed == MAX_SPEED else int(length_ms / speed)
    return now_ms + takes_ms - length_ms


def send(
    planned: Plan,
    client: PlantClient,
    on_progress: Callable[[Tally, PlannedBeat], None] | None = None,
    *,
    wait: Callable[[float], bool] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Tally:
    """Send a plan's beats in order, each when it is due and acknowledged before the next.

    Args:
        planned: what to send.
        client: the plant's sender.
        on_progress: told after each beat.
        wait: pauses for so many seconds, True to stop; ``threading.Event.wait`` fits.
        clock: seconds of a clock that only goes forward.
    """
    pause = wait or _sleep
    tally = Tally(doubled=planned.doubled)
    began = clock()
    retries_before = client.counts.retries
    for beat in planned.beats():
        ahead_s = began + beat.due_s - clock()
        if ahead_s > 0 and pause(ahead_s):
            tally.stopped = True
            break
        _add(tally, client.send(beat.batch), beat)
        tally.seconds = clock() - began
        tally.retries = client.counts.retries - retries_before
        if on_progress is not None:
            on_progress(tally, beat)
        if tally.stopped:
            break
    tally.seconds = clock() - began
    return tally


def _add(tally: Tally, outcome: Acknowledged | Refused | GaveUp, beat: PlannedBeat) -> None:
    samples = beat.batch.samples
    tally.beats += 1
    tally.sent += samples
    tally.by_run[beat.run] += samples
    match outcome:
        case Acknowledged():
            tally.accepted += outcome.accepted
            tally.rejected.update(outcome.rejected)
        case Refused():
            tally.rejected[outcome.code] += samples
        case GaveUp():
            tally.unknown += samples
            tally.stopped = True


def _sleep(pause_s: float) -> bool:
    time.sleep(pause_s)
    return False
