"""A plant's beat from the gateway's door to history and alarms, with the real log server."""

from __future__ import annotations

import asyncio
import contextlib
import hashlib
import json
import threading
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from nats.aio.client import Client

from guatu.access.messages import Acknowledge, Beat, Configure, Key, Limit, PlantConfig, Point, Unit
from guatu.telemetry import checkpoint, log
from guatu.telemetry.disk import Room
from guatu.telemetry.engine import PartitionRunner
from guatu.telemetry.follow import LogWentBack, follow_plants
from guatu.telemetry.gateway import Gateway, now_ms
from guatu.telemetry.history.layout import CHECKPOINT, partition_folder
from guatu.telemetry.history.read import count_stored, read_samples
from guatu.telemetry.outbox import EventOutbox
from guatu.telemetry.request import Request
from guatu.telemetry.served import ended
from guatu.telemetry.settings import EngineSettings, GatewaySettings, StreamSettings
from guatu.telemetry.state import PartitionState
from tests.telemetry.conftest import PATIENCE_S, until

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

KEY = "a-key-of-the-plant"
PLANT = PlantConfig(
    plant=7,
    code="YN-AN-001",
    version=1,
    region="530181",
    keys=(Key(id="k1", sha256=hashlib.sha256(KEY.encode()).hexdigest()),),
    units=(Unit(id=3, code="DWC1", kind="dwc"),),
    points=(
        Point(id=100, code="state", unit=3, kind="state", role="unit_state", decimals=0),
        Point(
            id=101,
            code="flow",
            unit=3,
            decimals=1,
            physical_low=0,
            physical_high=600,
            limits=(Limit(side="low", stage=2, value=70, deadband=2, states=(1, 2, 3, 4)),),
        ),
    ),
)


class Door:
    """The gateway's application, called without a socket."""

    def __init__(self, gateway: Gateway) -> None:
        self.gateway = gateway

    async def request(
        self, method: str, path: str, body: bytes = b"", key: str = KEY, **head: str
    ) -> tuple[int, Any, dict[bytes, bytes]]:
        said = {name.replace("_", "-").encode(): value.encode() for name, value in head.items()}
        headers = {b"authorization": b"Bearer " + key.encode(), **said}
        request = Request(method, path, headers)
        request.feed(body)
        request.end()
        answer = await self.gateway(request)
        return answer.status, json.loads(answer.body), dict(answer.headers)

    async def beat(self, number: int, times: list[int], **rows: list[float | None]) -> Any:
        beat = Beat(
            beat=number,
            t=tuple(times),
            p=tuple(rows),
            v=tuple(tuple(row) for row in rows.values()),
        )
        status, answer, _ = await self.request("POST", "/v1/beats", beat.to_bytes())
        assert status == 200, answer
        return answer


class Spine:
    """A gateway and an engine in this process."""

    def __init__(self, streams: StreamSettings, client: Client, history: Path) -> None:
        self.settings = EngineSettings(
            streams=streams, history=history, mine=(0,), cut_ms=3_600_000, keep_log_ms=0
        )
        self.client = client
        self.js = client.jetstream()
        self.door = Door(Gateway(GatewaySettings(streams=streams), client))
        self.runner: PartitionRunner | None = None
        self._running: asyncio.Task[None] | None = None

    async def start_engine(self) -> None:
        lock = checkpoint.own(self.settings.history, 0)
        assert lock is not None
        with lock:
            state = checkpoint.load(self.settings.history, 0)
        self.runner = PartitionRunner(self.settings, self.client, 0, state)
        self._running = asyncio.ensure_future(self.runner.run())
        await until(self.is_answering)

    async def stop_engine(self) -> None:
        """Stop at once, as a kill would: nothing is stored on the way out."""
        if self._running is not None:
            await ended(self._running)
            self._running = None

    async def is_answering(self) -> bool:
        with contextlib.suppress(Exception):
            return bool(await self.ask({"ask": "status"}))
        return False

    async def ask(self, question: dict[str, Any]) -> Any:
        answer = await self.client.request("ask.0", json.dumps(question).encode(), timeout=2)
        return json.loads(answer.data)

    async def command(self, command: Configure | Acknowledge) -> int:
        return await log.publish(self.js, "beats.0", b"C" + json.dumps(command.as_json()).encode())

    async def configure(self, config: PlantConfig) -> None:
        await self.command(Configure(config=config))
        self.door.gateway.take_config(config)

    async def tick(self, at_ms: int) -> int:
        return await log.publish(self.js, "beats.0", b"T" + json.dumps({"at_ms": at_ms}).encode())

    async def judged(self) -> None:
        """Wait until the engine has judged all that is in the log."""
        info = await self.js.stream_info("BEATS_0")

        async def there() -> bool:
            return bool((await self.ask({"ask": "status"}))["sequence"] >= info.state.last_seq)

        await until(there)

    async def cut(self, at_ms: int) -> None:
        """Let time pass beyond the next cut, and wait until it is stored."""
        sequence = await self.tick(at_ms)

        async def there() -> bool:
            return bool((await self.ask({"ask": "status"}))["stored_sequence"] >= sequence)

        await until(there)
        assert self.runner is not None
        await self.runner._until_stored()

    async def events(self) -> list[dict[str, Any]]:
        """Everything in the stream of events."""
        info = await self.js.stream_info(log.EVENTS_STREAM)
        found = []
        for sequence in range(max(info.state.first_seq, 1), info.state.last_seq + 1):
            message = await self.js.get_msg(log.EVENTS_STREAM, sequence)
            found += json.loads(message.data or b"[]")
        return found

    async def alarms(self, count: int) -> list[dict[str, Any]]:
        """Wait for so many events of alarms."""
        found: list[dict[str, Any]] = []

        async def there() -> bool:
            found[:] = [e for e in await self.events() if e["alarm"]]
            return len(found) >= count

        await until(there)
        return found


@pytest.fixture
async def spine(streams: StreamSettings, client: Client, tmp_path: Path) -> AsyncIterator[Spine]:
    spine = Spine(streams, client, tmp_path / "history")
    await spine.start_engine()
    await spine.configure(PLANT)
    yield spine
    await spine.stop_engine()


async def test_a_sample_below_its_limit_while_casting_becomes_one_alarm(spine: Spine) -> None:
    t = now_ms()
    answer = await spine.door.beat(1, [t, t + 1], state=[3, None], flow=[120.5, 60.0])
    assert answer == {"beat": 1, "accepted": 3, "rejected": []}
    (raised,) = await spine.alarms(1)
    assert raised["kind"] == "raised"
    assert (raised["point"], raised["slot"], raised["stage"]) == (101, "LL", 2)
    assert (raised["value"], raised["limit"], raised["unit_state"]) == (60.0, 70.0, 3)
    assert raised["at_ms"] == t + 1
    assert (raised["plant"], raised["unit"]) == (7, 3)
    values = (await spine.ask({"ask": "plant", "plant": 7}))["values"]
    assert values == [[100, 3.0, t, "good", False], [101, 60.0, t + 1, "good", True]]


async def test_the_same_beat_sent_again_is_acknowledged_and_stored_once(spine: Spine) -> None:
    t = now_ms()
    for _ in range(3):
        answer = await spine.door.beat(5, [t], flow=[60.0], state=[3])
        assert answer["accepted"] == 2
    await spine.judged()
    counts = (await spine.ask({"ask": "counts"}))["counts"]
    assert counts["received"] == 6
    assert (counts["stored"], counts["doubled_beat"]) == (2, 4)
    assert len(await spine.alarms(1)) == 1


async def test_after_a_cut_history_holds_what_was_sent_and_the_log_is_trimmed(
    spine: Spine,
) -> None:
    t = now_ms()
    for number in range(5):
        await spine.door.beat(number, [t + number], flow=[100.5 + number])
    await spine.tick(t)
    await spine.judged()
    recent = await spine.ask({"ask": "recent", "points": [101], "start_ms": t, "end_ms": t + 2})
    assert recent["samples"] == [[101, t + i, 100.5 + i, 0] for i in range(3)]
    await spine.cut(t + 4_000_000)
    found = read_samples(spine.settings.history, [101], 0, t + 10)
    assert found.value.tolist() == [100.5, 101.5, 102.5, 103.5, 104.5]
    assert count_stored(spine.settings.history).distinct == 5
    recent = await spine.ask({"ask": "recent", "points": [101], "start_ms": t, "end_ms": t + 9})
    assert recent["samples"] == []

    async def is_trimmed() -> bool:
        return bool((await spine.js.stream_info("BEATS_0")).state.messages == 0)

    await until(is_trimmed)


async def test_an_engine_that_starts_again_redoes_its_range_to_the_same_bytes_and_alarms(
    spine: Spine,
) -> None:
    t = now_ms()
    await spine.tick(t)
    await spine.door.beat(1, [t], state=[3], flow=[50])
    await spine.judged()
    await spine.stop_engine()
    spine.settings = replace(spine.settings, keep_log_ms=1 << 40)
    await spine.door.beat(2, [t + 1000], flow=[51.25])
    await spine.start_engine()
    await spine.cut(t + 4_000_000)
    # Flow has one decimal, so that 51.25 lies in the file of samples that cannot be scaled.
    files = sorted(spine.settings.history.rglob("*.parquet"))
    content = [path.read_bytes() for path in files]
    assert len(files) == 2
    await spine.stop_engine()
    assert len(await spine.alarms(1)) == 1
    assert count_stored(spine.settings.history).rows == 3
    # The checkpoint is lost, the log is not trimmed: everything is done a second time.
    (spine.settings.history / "partition=0" / "checkpoint.npz").unlink()
    for path in files:
        path.unlink()
    await spine.start_engine()
    await spine.judged()
    assert spine.runner is not None
    await spine.runner._until_stored()
    assert [path.read_bytes() for path in files] == content
    assert len({event["alarm"] for event in await spine.alarms(1)}) == 1


async def test_a_checkpoint_keeps_what_moved_since_the_last_configuration(spine: Spine) -> None:
    def stills() -> set[str]:
        return {path.name for path in spine.settings.history.rglob("still-*.npz")}

    t = now_ms()
    await spine.tick(t)
    await spine.door.beat(1, [t], state=[3], flow=[120])
    await spine.cut(t + 4_000_000)
    written = stills()
    await spine.door.beat(2, [t + 5], flow=[50])
    await spine.cut(t + 8_000_000)
    assert stills() == written
    (raised,) = await spine.alarms(1)
    await spine.stop_engine()
    await spine.start_engine()
    values = (await spine.ask({"ask": "plant", "plant": 7}))["values"]
    assert values == [[100, 3.0, t, "good", False], [101, 50.0, t + 5, "good", True]]
    await spine.command(Acknowledge(alarm=raised["alarm"], by="duty", at_ms=t + 6))
    await spine.alarms(2)
    await spine.configure(replace(PLANT, version=2, points=PLANT.points[:1]))
    await spine.cut(t + 12_000_000)
    assert len(stills()) == 1
    assert stills() != written


async def test_silence_of_the_house_itself_is_not_blamed_on_the_plants(spine: Spine) -> None:
    points = (PLANT.points[0], replace(PLANT.points[1], missing_after_ms=3000))
    await spine.configure(replace(PLANT, version=2, points=points))
    t = now_ms()
    await spine.door.beat(1, [t], state=[3], flow=[120])
    await spine.tick(t + 1000)
    # No tick for a minute: nobody could be heard. Then nobody speaks although all could.
    for second in (61, 62, 63):
        await spine.tick(t + second * 1000)
    await spine.judged()
    assert [e["kind"] for e in await spine.events()] == ["configured", "configured"]
    await spine.tick(t + 64_000)
    (raised,) = await spine.alarms(1)
    assert (raised["slot"], raised["at_ms"]) == ("MISSING", t + 64_000)


async def test_a_changed_limit_takes_effect_in_the_order_of_the_log(spine: Spine) -> None:
    t = now_ms()
    await spine.door.beat(1, [t], state=[3], flow=[60])
    limit = replace(PLANT.points[1].limits[0], value=50.0)
    points = (PLANT.points[0], replace(PLANT.points[1], limits=(limit,)))
    await spine.configure(replace(PLANT, version=2, points=points))
    await spine.configure(PLANT)  # an older version is ignored
    await spine.door.beat(2, [t + 1], flow=[55])
    raised, cleared = await spine.alarms(2)
    assert (cleared["kind"], cleared["why"]) == ("cleared", "limit_changed")
    assert cleared["alarm"] == raised["alarm"]
    kinds = [e["kind"] for e in await spine.events()]
    assert kinds == ["configured", "raised", "cleared", "configured"]


async def test_an_alarm_is_acknowledged_by_name_once(spine: Spine) -> None:
    t = now_ms()
    await spine.door.beat(1, [t], state=[3], flow=[60])
    (raised,) = await spine.alarms(1)
    for _ in range(2):
        await spine.command(Acknowledge(alarm=raised["alarm"], by="duty", at_ms=t + 5))
    events = await spine.alarms(3)
    assert [(e["kind"], e["by"], e["why"]) for e in events[1:]] == [
        ("acknowledged", "duty", ""),
        ("refused_command", "duty", "unknown_alarm"),
    ]


async def test_a_bad_message_stops_neither_its_plant_nor_the_others(spine: Spine) -> None:
    t = now_ms()
    for bad in (b"", b"X", b"F", b"F\x09\x01", b"T{}", b"T[", b"C[]", b'C{"command":"x"}'):
        await log.publish(spine.js, "beats.0", bad)
    await spine.door.beat(1, [t], flow=[100])
    await spine.judged()
    assert (await spine.ask({"ask": "counts"}))["counts"]["stored"] == 1


async def test_backfill_is_stored_and_not_judged(spine: Spine) -> None:
    t = now_ms()
    beat = Beat(beat=1, t=(t,), p=("state", "flow"), v=((3,), (10,)), backfill=True)
    assert (await spine.door.request("POST", "/v1/beats", beat.to_bytes()))[0] == 200
    await spine.tick(t)
    await spine.cut(t + 4_000_000)
    assert count_stored(spine.settings.history).rows == 2
    assert [e for e in await spine.events() if e["alarm"]] == []


async def test_the_door_says_no_in_two_languages(spine: Spine) -> None:
    for method, path, body, key, status, code in (
        ("POST", "/v1/beats", b"{", KEY, 400, "bad_json"),
        ("POST", "/v1/beats", b"{}", "wrong", 401, "unknown_key"),
        ("GET", "/v1/beats", b"", KEY, 405, "wrong_method"),
        ("GET", "/v1/counts", b"", "wrong", 401, "unknown_key"),
        ("GET", "/nowhere", b"", KEY, 404, "not_found"),
        ("POST", "/v1/beats", b" " * (5 << 20), KEY, 413, "too_large"),
    ):
        found, answer, _ = await spine.door.request(method, path, body, key)
        assert (found, answer["code"]) == (status, code)
        assert answer["message"]["zh"]
        assert answer["message"]["en"]
    status, counts, _ = await spine.door.request("GET", "/v1/counts")
    assert counts["rejected"] == {"refused_bad_json": 1, "refused_too_large": 1}


async def test_a_backlog_makes_plants_wait_and_nothing_is_lost(spine: Spine) -> None:
    gateway = spine.door.gateway
    gateway._partitions[0].last_sequence = 10_000
    beat = Beat(beat=1, t=(now_ms(),), p=("flow",), v=((100.0,),))
    status, answer, headers = await spine.door.request("POST", "/v1/beats", beat.to_bytes())
    assert (status, answer["code"]) == (429, "slow_down")
    assert int(headers[b"retry-after"]) >= 1
    gateway._evaluated[0] = 10_000
    assert (await spine.door.request("POST", "/v1/beats", beat.to_bytes()))[0] == 200


async def test_a_nearly_full_disk_keeps_beats_out_and_lets_them_in_again(spine: Spine) -> None:
    gateway = spine.door.gateway
    beat = Beat(beat=1, t=(now_ms(),), p=("flow",), v=((100.0,),))
    gateway.disk.room = Room.CLOSED
    status, answer, headers = await spine.door.request("POST", "/v1/beats", beat.to_bytes())
    assert (status, answer["code"]) == (503, "disk_nearly_full")
    assert int(headers[b"retry-after"]) >= 1
    gateway.disk.look()
    assert (await spine.door.request("POST", "/v1/beats", beat.to_bytes()))[0] == 200


async def test_beats_arriving_together_share_a_log_message(spine: Spine) -> None:
    before = (await spine.js.stream_info("BEATS_0")).state.last_seq
    t = now_ms()
    await asyncio.gather(*(spine.door.beat(n, [t + n], flow=[100]) for n in range(50)))
    after = (await spine.js.stream_info("BEATS_0")).state.last_seq
    assert after - before <= 5
    await spine.judged()
    assert (await spine.ask({"ask": "counts"}))["counts"]["stored"] == 50


async def test_a_gateway_learns_plants_from_the_log(spine: Spine, streams: StreamSettings) -> None:
    gateway = Gateway(GatewaySettings(streams=streams), spine.client)
    await log.publish(spine.js, "plants.7", json.dumps(PLANT.as_json()).encode())
    loaded = asyncio.Event()
    following = asyncio.ensure_future(
        follow_plants(spine.client, streams, gateway.take_config, loaded)
    )
    await asyncio.wait_for(loaded.wait(), 20)
    assert gateway.plants[7].config == PLANT
    await log.publish(
        spine.js, "plants.7", json.dumps(replace(PLANT, version=2).as_json()).encode()
    )
    await until(lambda: gateway.plants[7].config.version == 2)
    following.cancel()


async def test_history_is_equal_to_what_a_busy_plant_sent(spine: Spine) -> None:
    t, seeded = now_ms(), np.random.default_rng(7)
    sent: dict[int, float] = {}
    for number in range(40):
        values = np.round(seeded.uniform(80, 500, 25), 1)
        times = [t + 1000 * number + 10 * i for i in range(25)]
        await spine.door.beat(number, times, flow=values.tolist())
        sent.update(zip(times, values.tolist(), strict=True))
    await spine.tick(t)
    await spine.cut(t + 4_000_000)
    found = read_samples(spine.settings.history, [101], 0, t + 10**9)
    assert dict(zip(found.at_ms.tolist(), found.value.tolist(), strict=True)) == sent


async def test_a_partition_whose_helper_fails_ends_and_says_so(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A partition that went on without it would judge, and tell nobody.
    await spine.stop_engine()

    async def fail(_self: EventOutbox) -> None:
        raise MemoryError

    monkeypatch.setattr(EventOutbox, "run", fail)
    runner = PartitionRunner(spine.settings, spine.client, 0, PartitionState())
    with pytest.raises(MemoryError):
        await asyncio.wait_for(runner.run(), PATIENCE_S)
    assert not await spine.is_answering()


async def test_a_stopped_partition_leaves_no_thread_that_still_writes(
    spine: Spine, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, let_go, over = threading.Event(), threading.Event(), []
    write = checkpoint.Cut.write

    def slow(cut: checkpoint.Cut) -> None:
        begun.set()
        let_go.wait(PATIENCE_S)
        write(cut)
        over.append(cut)

    monkeypatch.setattr(checkpoint.Cut, "write", slow)
    await spine.door.beat(1, [now_ms()], state=[3], flow=[120])
    await spine.tick(now_ms())
    await spine.tick(now_ms() + 4_000_000)
    await until(begun.is_set)
    stopping = asyncio.ensure_future(spine.stop_engine())
    await asyncio.sleep(0)
    asyncio.get_running_loop().call_later(0.2, let_go.set)
    await stopping
    assert over


async def test_an_older_copy_of_the_log_is_refused_and_never_read_as_if_it_were_new(
    spine: Spine,
) -> None:
    await spine.tick(now_ms())
    await spine.judged()
    await spine.stop_engine()
    assert spine.runner is not None
    state = spine.runner._engine.state
    state.sequence += 1
    runner = PartitionRunner(spine.settings, spine.client, 0, state)
    with pytest.raises(LogWentBack, match="BEATS_0"):
        await asyncio.wait_for(runner.run(), PATIENCE_S)
    state.sequence -= 1
    await spine.start_engine()  # from its checkpoint, which the log still reaches


async def test_an_engine_that_lost_its_checkpoint_refuses_to_begin_anew(spine: Spine) -> None:
    await spine.door.beat(1, [now_ms()], state=[3], flow=[120])
    await spine.tick(now_ms())
    await spine.cut(now_ms() + 4_000_000)
    await spine.stop_engine()
    stored = count_stored(spine.settings.history)
    path = partition_folder(spine.settings.history, 0) / CHECKPOINT
    path.unlink()
    runner = PartitionRunner(spine.settings, spine.client, 0, PartitionState())
    with pytest.raises(checkpoint.CheckpointMissing, match=str(path)):
        await asyncio.wait_for(runner.run(), PATIENCE_S)
    assert count_stored(spine.settings.history) == stored
    assert not path.exists()
