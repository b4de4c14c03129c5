"""The plant that stands for replayed recordings: registered on first use, counted afterwards."""

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Collection
from decimal import Decimal, InvalidOperation

from django.core.exceptions import ValidationError
from django.db import DataError, transaction
from django.utils import timezone, translation
from nats.errors import Error as NatsError

from guatu.access.messages import SAMPLE_REASONS
from guatu.access.problems import RefusedError
from guatu.ops.errors import OperatorError
from guatu.ops.house import House
from guatu.ops.own_file import write_own
from guatu.ops.stations import Stored, is_stored
from guatu.ops.words import language, say
from guatu.simulator.learn import LearnedLimits
from guatu.simulator.recordings import Recording
from guatu.telemetry import log, query
from guatu.telemetry.settings import StreamSettings
from guatu.web.connection.actions import adopt_plants
from guatu.web.monitoring.actions import register_plant
from guatu.web.monitoring.models import Alarm, Plant, Point, Slot
from guatu.web.monitoring.specs import LimitSpec, PointSpec, UnitSpec
from guatu.web.people.actions import create_organisation
from guatu.web.people.models import Organisation
from guatu.web.regions.models import Region
from guatu.web.warnings.models import Warning as RaisedWarning

UNIT = "R1"
KEYS = "replay-keys.json"
LONGEST_CODE, LONGEST_NAME = 40, 120


def plant_for(
    house: House,
    *,
    code: str,
    region: str,
    recordings: list[Recording],
    learned: dict[str, LearnedLimits],
) -> tuple[Plant, str]:
    """Give the plant with these sensors, registering it on first use, and its key.

    Args:
        house: keeps the key, readable by its owner only.
        code: the plant's code.
        region: GB/T 2260 code of where it is registered.
        recordings: their sensors are its points.
        learned: limits by sensor code; empty for none.

    Raises:
        OperatorError: if the plant exists with other points, or without a key that we know, or
            cannot be registered; then nothing of it is left behind.
    """
    keys = _known_keys(house)
    sensors = {sensor.code: sensor for one in recordings for sensor in one.sensors}
    existing = Plant.objects.filter(code=code).first()
    if existing is not None:
        _demand_reusable(existing, sensors, known=code in keys, learned=bool(learned))
        return existing, keys[code]
    points = tuple(
        _point(one, sensor.name, _decimals(one, recordings), learned.get(one))
        for one, sensor in sensors.items()
    )
    name = "Recordings" if language() == "en" else "回放记录"
    unit = UnitSpec(code=UNIT, name=name, kind="recording", points=points)
    place = _region(region)
    try:
        return _register(house, code, place, unit, keys)
    except (ValidationError, RefusedError, DataError, InvalidOperation) as problem:
        raise OperatorError(_refused(code, problem)) from problem


def _region(code: str) -> Region:
    place = Region.objects.filter(pk=code).first()
    if place is None:
        raise OperatorError(
            say(
                f"没有行政区划 {code}。请用 --region 给出六位区划代码，例如 530181。",
                f"There is no region with the code {code}. "
                "Give a code of six digits with --region, such as 530181.",
            )
        )
    return place


def _demand_reusable(plant: Plant, sensors: Collection[str], *, known: bool, learned: bool) -> None:
    points = set(Point.objects.filter(unit__plant=plant).values_list("code", flat=True))
    missing = sorted(set(sensors) - points)
    if missing or not known:
        raise OperatorError(_cannot_reuse(plant.code, missing))
    if learned:
        raise OperatorError(
            say(
                f"企业 {plant.code} 已登记，限值不会改变。请用 --plant 换一个企业编码。",
                f"The plant {plant.code} is registered; its limits would not change. "
                "Name another with --plant.",
            )
        )


@transaction.atomic
def _register(
    house: House, code: str, place: Region, unit: UnitSpec, keys: dict[str, str]
) -> tuple[Plant, str]:
    """Register the plant with an organisation of its own, both or neither, and keep its key."""
    at = timezone.now()
    organisation = create_organisation(
        name=_named(code),
        kind=Organisation.Kind.PLANT,
        region=place,
        parent=None,
        by=None,
        at=at,
    )
    registered = register_plant(
        code=code,
        name=organisation.name,
        organisation=organisation,
        region=place,
        units=[unit],
        by=None,
        at=at,
    )
    adopt_plants(at=at, note=say("回放记录所用", "for replayed recordings", separator=" "))
    # Inside the transaction: a plant whose key could not be kept would be of no use to anybody.
    write_own(house.home / KEYS, {**keys, code: registered.key})
    return registered.plant, registered.key


def _named(code: str) -> str:
    """What pages call the plant: kept once, so in one language; Chinese where none is chosen."""
    short = code.removeprefix("REPLAY-")
    return f"Replay {short}" if language() == "en" else f"回放 {short}"


def _known_keys(house: House) -> dict[str, str]:
    kept = house.home / KEYS
    keys: dict[str, str] = json.loads(kept.read_text()) if kept.exists() else {}
    return keys


def _decimals(code: str, recordings: list[Recording]) -> int:
    return max(s.decimals for one in recordings for s in one.sensors if s.code == code)


def _refused(code: str, problem: Exception) -> str:
    """Say why a plant was not registered; nothing of it is left behind."""
    match problem:
        case RefusedError():
            told = problem.problem.message()
            zh, en = told["zh"], told["en"]
        case ValidationError():
            zh, en = (_in_language(one, problem) for one in ("zh-hans", "en"))
        case _:
            zh = en = repr(problem)
    return say(
        f"企业 {code} 未能登记：{zh} 请用 --plant 换一个不超过 {LONGEST_CODE} 个字符的编码；"
        "若问题出在某一列，请用 --labels 不发送该列。未留下任何登记。",
        f"The plant {code} was not registered: {en} Name one of at most {LONGEST_CODE} characters "
        "with --plant; if a column is at fault, leave it out with --labels. "
        "Nothing was left behind.",
    )


def _point(code: str, name: str, decimals: int, learned: LearnedLimits | None) -> PointSpec:
    limits: dict[Slot, LimitSpec] = {}
    if learned is not None:
        for slot, value in (
            (Slot.LL, learned.low_low),
            (Slot.L, learned.low),
            (Slot.H, learned.high),
            (Slot.HH, learned.high_high),
        ):
            limits[slot] = LimitSpec(value=_exact(value), deadband=_exact(learned.deadband))
    return PointSpec(
        code=code,
        name=name[:LONGEST_NAME],
        decimals=min(decimals, 9),
        core=learned is not None,
        limits=limits,
    )


def _exact(number: float) -> Decimal:
    return Decimal(str(round(number, 6)))


def _cannot_reuse(code: str, missing: list[str]) -> str:
    if missing:
        listed = ", ".join(missing[:10])
        return say(
            f"企业 {code} 没有这些测点：{listed}。请用 --plant 换一个企业编码。",
            f"The plant {code} has no points {listed}. Name another plant with --plant.",
        )
    return say(
        f"企业 {code} 已存在，但不是由 replay 登记的。请用 --plant 换一个企业编码。",
        f"The plant {code} exists, but replay did not register it. Name another with --plant.",
    )


def _in_language(language: str, problem: ValidationError) -> str:
    with translation.override(language):
        return " ".join(problem.messages)


def stored(plant: Plant) -> Stored:
    """Count what is stored of a plant, each station by its own means.

    Raises:
        OperatorError: if the engine or the log does not answer.
    """
    points = list(Point.objects.filter(unit__plant=plant).values_list("pk", flat=True))
    partition = log.partition_of(plant.code, StreamSettings.from_env().partitions)
    counted = subprocess.run(
        [sys.executable, "-m", "guatu.ops.count_history"],
        input=json.dumps({"points": points, "partition": partition}),
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(counted.stdout)
    try:
        engine = query.counts(plant.code)
        told = asyncio.run(_told(plant.pk))
    except (query.EngineUnavailable, NatsError, OSError, TimeoutError) as problem:
        raise OperatorError(
            say(
                f"引擎没有应答（{problem}）。请先运行 guatu up 或 guatu demo。",
                f"The engine does not answer ({problem}). First run guatu up or guatu demo.",
            )
        ) from problem
    return Stored(
        rows=found["rows"],
        distinct=found["distinct"],
        merged_away=found["merged_away"],
        # What the gateway left out is no longer among what the engine could keep.
        received=engine.received - sum(engine.rejected.get(r, 0) for r in SAMPLE_REASONS),
        accepted=engine.accepted,
        left_out=engine.rejected,
        told=told,
        alarms=Alarm.objects.filter(plant=plant).count(),
        warnings=RaisedWarning.objects.filter(organisation=plant.organisation).count(),
    )


async def _told(plant: int) -> int:
    """Count the different alarms of a plant that the engine has told of."""
    streams = StreamSettings.from_env()
    client = await asyncio.wait_for(log.connect(streams, "replay"), 5)
    try:
        js = client.jetstream()
        left = (await js.stream_info(log.EVENTS_STREAM)).state.messages
        keys: set[str] = set()
        if left:
            subscription = await js.subscribe("events.*", ordered_consumer=True)
            for _ in range(left):
                message = await subscription.next_msg(timeout=5)
                keys.update(
                    event["alarm"]
                    for event in json.loads(message.data)
                    if event["kind"] == "raised" and event["plant"] == plant
                )
        return len(keys)
    finally:
        await client.close()


def settled(plant: Plant, *, before: Stored, accepted: int, patience_s: float) -> Stored:
    """Wait until all that was acknowledged is stored and recorded, and count it.

    Args:
        plant: whose rows.
        before: what was stored before the first was sent.
        accepted: how many samples were acknowledged since.
        patience_s: after this, what is there is given as it is.
    """
    deadline = time.monotonic() + patience_s
    while True:
        now = stored(plant)
        arrived = now.received - before.received >= accepted
        stored_all = is_stored(before, now)
        recorded_all = now.told - before.told == now.alarms - before.alarms
        if (arrived and stored_all and recorded_all) or time.monotonic() > deadline:
            return now
        time.sleep(1.0)
