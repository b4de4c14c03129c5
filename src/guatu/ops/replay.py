"""`guatu replay`: recordings sent as a plant would, and counted at every station on the way."""

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from guatu.ops.errors import CannotStart, OperatorError
from guatu.ops.house import House
from guatu.ops.stations import account
from guatu.ops.words import language, say
from guatu.simulator.client import PlantClient
from guatu.simulator.learn import LearnedLimits, learn_recording
from guatu.simulator.recordings import FileProblem, ReadOptions, Recording
from guatu.simulator.replay import (
    CannotKeepTimeError,
    PlannedBeat,
    Tally,
    plan,
    read_recordings,
    send,
)

SETTLE_S = 120.0
"""How long the engine may take to judge and store what was acknowledged."""
PROBLEMS_SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """What the operator asked for; `guatu replay --help` tells each."""

    paths: tuple[Path, ...]
    plant: str | None
    region: str
    separator: str | None
    time_column: str | None
    labels: tuple[str, ...] | None
    period_s: float | None
    transpose: bool | None
    speed: float
    keep_time: bool
    limits_from: Path | None
    rows_per_beat: int


def replay(order: ReplayOrder, house: House) -> int:
    """Replay recordings into a running installation.

    Args:
        order: what to send and how.
        house: the installation; its plants' register is written, its gateway is sent to.

    Returns:
        0 where the counts of all stations agree, 1 where they do not.

    Raises:
        OperatorError: where nothing can be sent.
    """
    recordings = _read(order)
    _connect(house)
    from guatu.ops import replay_plant  # noqa: PLC0415  needs Django's set-up

    learned = _learn(order)
    code = order.plant or _plant_code(order.paths[0])
    plant, key = replay_plant.plant_for(
        house, code=code, region=order.region, recordings=recordings, learned=learned
    )
    before = replay_plant.stored(plant)
    tally = _send(order, house, recordings, key)
    after = replay_plant.settled(plant, before=before, accepted=tally.accepted, patience_s=SETTLE_S)
    return account(recordings, tally, before, after)


def _options(order: ReplayOrder) -> ReadOptions:
    """How files are to be read: those to be sent and the normal one alike."""
    return ReadOptions(
        labels=frozenset(order.labels) if order.labels is not None else None,
        time_column=order.time_column,
        period_s=order.period_s,
        transpose=order.transpose,
        separator=order.separator,
    )


def _read(order: ReplayOrder) -> list[Recording]:
    for path in order.paths:
        if not path.exists():
            raise OperatorError(
                say(f"{path}：文件或目录不存在。", f"{path}: no such file or folder.")
            )
    recordings = read_recordings(
        order.paths,
        _options(order),
    )
    for recording in recordings:
        _tell_recording(recording)
    if not any(recording.counts.samples for recording in recordings):
        raise OperatorError(
            say("没有可发送的样本。", "There is nothing to send in what was named.")
        )
    return recordings


def _tell_recording(recording: Recording) -> None:
    if recording.refused is not None:
        print(f"✗ {_sentence(recording.refused)}")
        return
    counts = recording.counts
    left = ", ".join(f"{column.name} ({column.why})" for column in recording.left_out)
    print(
        f"  {recording.name}: {counts.rows} × {len(recording.sensors)} = {counts.samples} "
        + say("个样本", "samples", separator=" ")
        + (f"；{say('未发送的列', 'left out', separator=' ')}: {left}" if left else "")
    )
    for problem in recording.problems[:PROBLEMS_SHOWN]:
        print(f"    ! {_sentence(problem)}")
    more = recording.more_problems + max(0, len(recording.problems) - PROBLEMS_SHOWN)
    if more:
        print(f"    … {more}")


def _sentence(problem: FileProblem) -> str:
    message = problem.message()
    return message.get(language()) or f"{message['zh']} / {message['en']}"


def _connect(house: House) -> None:
    """Find the running installation and let Django know it."""
    if not (house.home / "guatu.sqlite3").exists() and "GUATU_DATABASE_URL" not in os.environ:
        raise CannotStart(
            say(
                f"{house.home} 中没有挂图的数据。请先在另一个终端运行 guatu up 或 guatu demo。",
                f"There is no Guatu in {house.home}. "
                "First run guatu up or guatu demo in another terminal.",
            )
        )
    for name, value in house.environment().items():
        os.environ.setdefault(name, value)
    import django  # noqa: PLC0415  not needed for reading files

    django.setup()
    # The operator reads the account, not one line a beat.
    logging.getLogger("httpx").setLevel(logging.WARNING)


def _learn(order: ReplayOrder) -> dict[str, LearnedLimits]:
    if order.limits_from is None:
        return {}
    normal = read_recordings(
        [order.limits_from],
        _options(order),
    )
    learned: dict[str, LearnedLimits] = {}
    for recording in normal:
        learned.update(learn_recording(recording))
    if not learned:
        raise OperatorError(
            say(
                f"{order.limits_from}：样本太少，学不出限值。",
                f"{order.limits_from}: too few samples to learn limits from.",
            )
        )
    return learned


def _plant_code(path: Path) -> str:
    name = (path if path.is_dir() else path.parent).resolve().name
    return f"REPLAY-{name}"[:40]


def _send(order: ReplayOrder, house: House, recordings: list[Recording], key: str) -> Tally:
    try:
        planned = plan(
            recordings,
            speed=order.speed,
            now_ms=time.time_ns() // 1_000_000,
            rows_per_beat=order.rows_per_beat,
            keep_time=order.keep_time,
        )
    except CannotKeepTimeError as problem:
        raise OperatorError(
            say(
                f"{problem}：记录没有日期，无法保留原时间。请去掉 --keep-time。",
                f"{problem}: these have no dates that could be kept. Leave out --keep-time.",
            )
        ) from problem
    authority = house.home / "tls" / "ca.pem"
    ours = not os.environ.keys() & {"GUATU_GATEWAY_URL", "GUATU_GATEWAY_CERT"}
    shown = 0.0

    def progress(tally: Tally, beat: PlannedBeat) -> None:
        nonlocal shown
        now = time.monotonic()
        if now - shown >= 1.0 or tally.sent == planned.samples:
            shown = now
            share = tally.sent / planned.samples
            print(f"\r  {share:4.0%}  {tally.sent:,}/{planned.samples:,}  {beat.run:<30}", end="")

    with PlantClient(
        os.environ.get("GUATU_GATEWAY_URL", house.gateway_url),
        key,
        ca_file=authority if ours and authority.exists() else None,
        on_trouble=lambda pause_s, reason: print(
            f"\r  {say('网关', 'gateway', separator=' ')}: {reason}, {pause_s:.1f} s", end=""
        ),
        # The key of a plant registered a moment ago is still on its way to the gateway.
        also_retry=frozenset({401}),
    ) as client:
        tally = send(planned, client, progress)
    print()
    return tally
