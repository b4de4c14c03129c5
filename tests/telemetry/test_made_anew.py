"""A log that was lost and made anew is noticed by all who read it, and read from its beginning."""

import asyncio
import json
from collections import defaultdict
from pathlib import Path
from typing import Any

import pytest
from nats.aio.client import Client

from guatu.access.messages import Key, PlantConfig
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
