"""`guatu replay`: recordings sent as a plant would, and counted at every station on the way."""

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from guatu.ops import replay_files
from guatu.ops.errors import CannotStart, OperatorError
from guatu.ops.house import House
from guatu.ops.stations import account
from guatu.ops.words import say
from guatu.simulator.client import PlantClient
from guatu.simulator.recordings import Recording
from guatu.simulator.replay import CannotKeepTimeError, Plan, PlannedBeat, Tally, plan, send

SETTLE_S = 120.0
"""How long the engine may take to judge and store what was acknowledged."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplayOrder:
    """What the operator asked for; `guatu replay --help` tells each."""

    paths: tuple[Path, ...]
    plant: str | None
    region: str
    reading: replay_files.Reading
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
    recordings = replay_files.read(order.paths, order.reading)
    sensors = {sensor.code for one in recordings for sensor in one.sensors}
    learned = replay_files.learn(order.limits_from, order.reading, sensors)
    _plan(order, recordings)  # what it refuses is refused before anything is registered
    _connect(house)
    from guatu.ops import replay_plant  # noqa: PLC0415  needs Django's set-up

    code = order.plant or _plant_code(order.paths[0])
    plant, key = replay_plant.plant_for(
        house, code=code, region=order.region, recordings=recordings, learned=learned
    )
    before = replay_plant.stored(plant)
    planned = _plan(order, recordings)
    tally = _send(planned, house, key)
    print(
        say(
            "  已发送，等待引擎研判入库……",
            "  sent; waiting until the engine has judged and stored it …",
        )
    )
    after = replay_plant.settled(plant, before=before, accepted=tally.accepted, patience_s=SETTLE_S)
    status = account(recordings, tally, before, after, overlap=planned.overlap)
    page = f"{house.web_url}plants/{plant.pk}/"
    print(say(f"查看：{page}", f"See it at {page}"))
    return status


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


def _plant_code(path: Path) -> str:
    name = (path if path.is_dir() else path.parent).resolve().name
    return f"REPLAY-{name}"[:40]


def _plan(order: ReplayOrder, recordings: list[Recording]) -> Plan:
    try:
        return plan(
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


def _send(planned: Plan, house: House, key: str) -> Tally:
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
