"""A log that was lost and made anew is noticed by all who read it, and read from its beginning."""

import asyncio
import json
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from django.db import IntegrityError, OperationalError
from nats.aio.client import Client

from guatu.access.messages import Key, PlantConfig
from guatu.ops import worker
from guatu.ops.database import Database
from guatu.ops.recorder import Place, Recorder
from guatu.telemetry import log
from guatu.telemetry.follow import LogReader, follow_plants
from guatu.telemetry.served import ended
from guatu.telemetry.settings import StreamSettings
from tests.telemetry.conftest import until

pytestmark = pytest.mark.engine


def plant(number: int, version: int = 1) -> bytes:
    config = PlantConfig(
        plant=number,
        code=f"P{number}",
        version=version,
        region="530181",
        keys=(Key(id="k", sha256="0" * 64),),
        units=(),
        points=(),
    )
    return json.dumps(config.as_json()).encode()


async def make_anew(client: Client, streams: StreamSettings, *names: str) -> None:
    js = client.jetstream()
    for name in names:
        await js.delete_stream(name)
    await log.ensure_shared(js, streams)


async def test_processes_that_make_the_streams_at_once_agree_on_their_identities(
    client: Client, streams: StreamSettings
) -> None:
    js = client.jetstream()
    await asyncio.gather(*(log.ensure_shared(js, streams) for _ in range(8)))

    for name in (log.EVENTS_STREAM, log.PLANTS_STREAM):
        assert log.identity(await js.stream_info(name)) not in {"", "00000000"}


async def test_plants_of_a_log_made_anew_are_learned_while_the_gateway_runs(
    client: Client, streams: StreamSettings
) -> None:
    js = client.jetstream()
    await log.ensure_shared(js, streams)
    for number in (1, 2, 3):
        await log.publish(js, log.plants_subject(number), plant(number))
    taken: dict[int, int] = {}
    loaded = asyncio.Event()
    following = asyncio.ensure_future(
        follow_plants(client, streams, lambda c: taken.update({c.plant: c.version}), loaded)
    )
    await asyncio.wait_for(loaded.wait(), 20)
    assert set(taken) == {1, 2, 3}

    await make_anew(client, streams, log.PLANTS_STREAM)
    # The new stream's first sequence is far behind the place that was reached in the old one.
    await log.publish(js, log.plants_subject(4), plant(4))
    await until(lambda: 4 in taken)
    await log.publish(js, log.plants_subject(1), plant(1, version=2))
    await until(lambda: taken[1] == 2)
    await ended(following)


async def test_a_reader_of_a_deleted_stream_does_not_ask_in_a_circle(
    client: Client, streams: StreamSettings
) -> None:
    js = client.jetstream()
    await log.ensure_shared(js, streams)
    await log.publish(js, log.plants_subject(1), plant(1))
    reader = LogReader(client, log.PLANTS_STREAM, after=0, contiguous=False)
    assert len(await reader.read()) == 1
    reading = asyncio.ensure_future(reader.read())

    await js.delete_stream(log.PLANTS_STREAM)
    await until(lambda: reader._subscription is None)
    asked = client.stats["out_msgs"]
    await until(lambda: client.stats["out_msgs"] > asked + 2)
    assert not reading.done()

    await ended(reading)
    await reader.stop()


class Register:
    """What a database would hold."""

    def __init__(self) -> None:
        self.events: defaultdict[str, list[int]] = defaultdict(list)
        self.positions: dict[str, int] = {}

    async def record(self, place: Place, events: list[dict[str, Any]]) -> None:
        self.events[place.stream] += [event["n"] for event in events]
        self.positions = {place.stream: place.sequence}

    async def position(self, stream: str) -> int:
        return self.positions.get(stream, 0)


async def tell(client: Client, numbers: range) -> str:
    js = client.jetstream()
    for number in numbers:
        await log.publish(js, log.events_subject(0), json.dumps([{"n": number}]).encode())
    return log.identity(await js.stream_info(log.EVENTS_STREAM))


class Plants(Database):
    """A database with so many plants."""

    def __init__(self, count: int) -> None:
        super().__init__()
        self.count = count
        self.queued = 0

    async def do(self, work: Callable[..., Any], **_facts: object) -> Any:
        if work is worker._count_plants:
            return self.count
        assert work is worker._queue_all
        self.queued += 1
        return 0


async def test_a_log_made_anew_is_told_of_all_plants_also_where_one_was_changed_before(
    client: Client, streams: StreamSettings
) -> None:
    js = client.jetstream()
    await log.ensure_shared(js, streams)
    database = Plants(3)
    introducer = worker.Introducer(client, streams, database)
    await introducer.introduce()
    assert database.queued == 1
    await introducer.introduce()
    assert database.queued == 1
    for there, wanted in ((1, 2), (3, 2)):
        await make_anew(client, streams, log.PLANTS_STREAM)
        for number in range(1, there + 1):
            await log.publish(js, log.plants_subject(number), plant(number))
        await introducer.introduce()
        assert database.queued == wanted


async def test_a_recorder_that_was_away_while_the_log_was_made_anew_misses_nothing(
    client: Client, streams: StreamSettings, tmp_path: Path
) -> None:
    await log.ensure_shared(client.jetstream(), streams)
    register = Register()
    recorder = Recorder(client, register.record, register.position, tmp_path)
    first = await tell(client, range(5))
    running = asyncio.ensure_future(recorder.run())
    await until(lambda: register.events[first] == list(range(5)))
    await ended(running)

    await make_anew(client, streams, log.EVENTS_STREAM)
    # More than before, so that the old position lies inside the new stream.
    second = await tell(client, range(100, 110))
    running = asyncio.ensure_future(recorder.run())
    await until(lambda: len(register.events[second]) == 10)
    assert register.events == {first: list(range(5)), second: list(range(100, 110))}

    # And while it runs.
    await make_anew(client, streams, log.EVENTS_STREAM)
    third = await tell(client, range(200, 220))
    await until(lambda: len(register.events[third]) == 20)
    await ended(running)


async def test_a_recorder_goes_on_from_its_position_in_the_same_log(
    client: Client, streams: StreamSettings, tmp_path: Path
) -> None:
    await log.ensure_shared(client.jetstream(), streams)
    stream = await tell(client, range(6))
    register = Register()
    register.positions = {stream: 4}
    running = asyncio.ensure_future(
        Recorder(client, register.record, register.position, tmp_path).run()
    )
    await until(lambda: register.events[stream] == [4, 5])
    await ended(running)


class Choosy(Register):
    """Refuses what is unlucky, in its own way, each time it comes."""

    def __init__(self, problem: Exception, times: int) -> None:
        super().__init__()
        self.problem, self.times = problem, times

    async def record(self, place: Place, events: list[dict[str, Any]]) -> None:
        if events[0]["n"] == 3 and self.times:
            self.times -= 1
            raise self.problem
        await super().record(place, events)


@dataclass
class Refusal:
    """How the database refuses the third event, how often, and whether that one is lost to it."""

    problem: Exception
    times: int
    is_final: bool


@pytest.mark.parametrize(
    "refusal",
    [
        Refusal(IntegrityError("too long"), 10**9, is_final=True),
        Refusal(IntegrityError("another was faster"), 1, is_final=False),
        Refusal(OperationalError("database is locked"), 4, is_final=False),
        Refusal(KeyError("plant"), 10**9, is_final=True),
    ],
)
async def test_what_the_database_never_takes_is_set_aside_and_all_behind_it_recorded(
    client: Client, streams: StreamSettings, tmp_path: Path, refusal: Refusal
) -> None:
    await log.ensure_shared(client.jetstream(), streams)
    register = Choosy(refusal.problem, refusal.times)
    recorder = Recorder(client, register.record, register.position, tmp_path / "aside")
    stream = await tell(client, range(6))
    running = asyncio.ensure_future(recorder.run())
    await until(lambda: register.events[stream][-1:] == [5])
    await ended(running)
    left = [0, 1, 2, 4, 5] if refusal.is_final else [0, 1, 2, 3, 4, 5]
    assert register.events[stream] == left
    aside = [json.loads(path.read_bytes()) for path in (tmp_path / "aside").glob("*.json")]
    assert aside == ([[{"n": 3}]] if refusal.is_final else [])


async def test_a_plant_that_cannot_be_read_keeps_no_other_from_being_taken(
    client: Client, streams: StreamSettings
) -> None:
    js = client.jetstream()
    await log.ensure_shared(js, streams)
    odd = json.loads(plant(2))
    odd["units"] = [{"id": 1, "code": "a"}]
    odd["points"] = [{"id": 1, "code": "p", "unit": {"id": 1}, "decimals": 1}]
    for payload in (b"[]", b"7", json.dumps(odd).encode(), b"\xff"):
        await log.publish(js, log.plants_subject(2), payload)
        await log.publish(js, log.plants_subject(1), plant(1))
    await log.publish(js, log.plants_subject(3), plant(3))
    taken: set[int] = set()
    follow = follow_plants(client, streams, lambda c: taken.add(c.plant), asyncio.Event())
    running = asyncio.ensure_future(follow)
    await until(lambda: 3 in taken)
    await ended(running)
    assert taken == {1, 3}
