"""Every process killed and paused under load: nothing lost, nothing doubled, each alarm once."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import numpy as np
import pytest

from guatu.access.messages import Beat, Configure, Key, Limit, PlantConfig, Point
from guatu.telemetry import log
from guatu.telemetry.gateway import now_ms
from guatu.telemetry.history.read import count_stored, read_samples
from guatu.telemetry.settings import StreamSettings
from tests.telemetry.conftest import LogServer, free_port, until

pytestmark = [pytest.mark.engine, pytest.mark.faults, pytest.mark.xdist_group("engine")]

PLANTS, POINTS, TIMES, BEATS = 3, 8, 5, 150
SEED = 20261124
HIGH, DEADBAND = 90.0, 5.0
PAUSE_S = 3.0


def plant(number: int) -> PlantConfig:
    limit = Limit(side="high", stage=2, value=HIGH, deadband=DEADBAND)
    return PlantConfig(
        plant=number,
        code=f"P{number}",
        version=1,
        region="530181",
        keys=(Key(id="k", sha256=hashlib.sha256(f"key{number}".encode()).hexdigest()),),
        points=tuple(
            Point(id=100 * number + i, code=f"p{i}", decimals=2, limits=(limit,))
            for i in range(POINTS)
        ),
    )


def values_of(number: int) -> np.ndarray:
    """A plant's values, (beats, points, times): a walk that crosses the limit now and then."""
    seeded = np.random.default_rng([SEED, number])
    steps = seeded.normal(0, 12, (POINTS, BEATS * TIMES))
    walk = np.round(50 + 45 * np.sin(np.cumsum(steps, axis=1) / 60), 2)
    return walk.reshape(POINTS, BEATS, TIMES).transpose(1, 0, 2)


def alarms_due() -> int:
    """How many alarms the values must raise, by the plainest reading of the rule."""
    due = 0
    for number in range(1, PLANTS + 1):
        for point in range(POINTS):
            is_active = False
            for value in values_of(number)[:, point, :].ravel():
                if not is_active and value > HIGH:
                    is_active, due = True, due + 1
                elif is_active and value < HIGH - DEADBAND:
                    is_active = False
    return due


class Processes:
    """The spine's processes, each in its own, started again when killed."""

    def __init__(self, home: Path) -> None:
        self.log = LogServer(home)
        self.port = free_port()
        self.environment = {
            **os.environ,
            "GUATU_HOME": str(home),
            "GUATU_LOG_URL": self.log.url,
            "GUATU_PARTITIONS": "2",
            "GUATU_GATEWAY_PORT": str(self.port),
            "GUATU_CUT_MS": "1500",
            "GUATU_LOG_KEEP_MS": "0",
        }
        self.running: dict[str, subprocess.Popen[bytes]] = {}
        self.home = home

    def start(self, name: str) -> None:
        if name == "log":
            self.log.start()
            assert self.log.process is not None
            self.running[name] = self.log.process
            return
        settings = f"{name.capitalize()}Settings"
        code = (
            "import logging; logging.basicConfig(level=logging.INFO);"
            f"from guatu.telemetry.{name} import run_{name};"
            f"from guatu.telemetry.settings import {settings};"
            f"run_{name}({settings}.from_env())"
        )
        with (self.home / f"{name}.log").open("ab") as output:
            self.running[name] = subprocess.Popen(
                [sys.executable, "-c", code], env=self.environment, stdout=output, stderr=output
            )

    async def kill(self, name: str) -> None:
        self.running[name].kill()
        await asyncio.to_thread(self.running[name].wait)
        await asyncio.to_thread(self.start, name)

    async def pause(self, name: str) -> None:
        os.kill(self.running[name].pid, signal.SIGSTOP)
        await asyncio.sleep(PAUSE_S)
        os.kill(self.running[name].pid, signal.SIGCONT)

    def end(self) -> dict[str, int]:
        for process in self.running.values():
            process.terminate()
        return {name: process.wait(20) for name, process in self.running.items()}


@pytest.fixture
async def processes(tmp_path: Path, compiled: None) -> AsyncIterator[Processes]:
    processes = Processes(tmp_path)
    for name in ("log", "engine", "gateway"):
        processes.start(name)
    yield processes
    for process in processes.running.values():
        process.kill()
        process.wait()


class Sender:
    """A plant's agent: sends each beat until it is acknowledged."""

    def __init__(self, number: int, port: int) -> None:
        self.number = number
        self.port = port
        self.acknowledged = 0
        self.tries = 0
        self.first_ms = now_ms() - 3_600_000

    def times(self, beat: int) -> tuple[int, ...]:
        return tuple(self.first_ms + 100 * (beat * TIMES + i) for i in range(TIMES))

    async def send_all(self) -> None:
        values = values_of(self.number)
        codes = tuple(f"p{i}" for i in range(POINTS))
        base = f"http://127.0.0.1:{self.port}"
        async with httpx.AsyncClient(base_url=base, timeout=2) as client:
            for number in range(BEATS):
                rows = tuple(tuple(row) for row in values[number].tolist())
                body = Beat(beat=number, t=self.times(number), p=codes, v=rows).to_bytes()
                while not await self._send(client, body):
                    await asyncio.sleep(0.05)
                await asyncio.sleep(0.1)

    async def _send(self, client: httpx.AsyncClient, body: bytes) -> bool:
        self.tries += 1
        headers = {"authorization": f"Bearer key{self.number}"}
        try:
            answer = await client.post("/v1/beats", content=body, headers=headers)
        except httpx.HTTPError:
            return False
        assert answer.status_code in {200, 429, 503}, answer.text
        if answer.status_code == 200:
            assert answer.json()["rejected"] == []
            self.acknowledged += answer.json()["accepted"]
        return answer.status_code == 200


async def events(streams: StreamSettings) -> list[dict[str, object]]:
    async with log.connection(streams, "test") as client:
        js = client.jetstream()
        info = await js.stream_info(log.EVENTS_STREAM)
        found: list[dict[str, object]] = []
        for sequence in range(1, info.state.last_seq + 1):
            found += json.loads((await js.get_msg(log.EVENTS_STREAM, sequence)).data or b"[]")
        return found


async def total_counts(streams: StreamSettings) -> dict[str, int]:
    """The engine's own counts, over both partitions."""
    total: dict[str, int] = {}
    async with log.connection(streams, "test") as client:
        for partition in range(2):
            subject = log.ask_subject(partition)
            answer = await client.request(subject, b'{"ask":"counts"}', timeout=5)
            for reason, samples in json.loads(answer.data)["counts"].items():
                total[reason] = total.get(reason, 0) + samples
    return total


async def configure(streams: StreamSettings) -> None:
    async with log.connection(streams, "test") as client:
        js = client.jetstream()
        for number in range(1, PLANTS + 1):
            config = plant(number)
            partition = log.partition_of(config.code, 2)
            command = b"C" + json.dumps(Configure(config=config).as_json()).encode()

            async def put(
                subject: str = log.beats_subject(partition), body: bytes = command
            ) -> bool:
                try:
                    await log.publish(js, subject, body)
                except log.LogUnavailable:
                    return False
                return True

            await until(put)
            await log.publish(js, f"plants.{number}", json.dumps(config.as_json()).encode())


async def test_kills_and_pauses_of_every_process_lose_and_double_nothing(
    processes: Processes, tmp_path: Path
) -> None:
    streams = StreamSettings(log_url=processes.log.url, partitions=2, disk=tmp_path)
    await configure(streams)
    senders = [Sender(number, processes.port) for number in range(1, PLANTS + 1)]
    sending = asyncio.gather(*(sender.send_all() for sender in senders))
    dice = random.Random(SEED)  # noqa: S311 # a die for moments, not for secrets
    faults = [(what, who) for what in ("kill", "pause") for who in ("engine", "gateway", "log")]
    dice.shuffle(faults)
    for what, who in [*faults, ("kill", "engine")]:
        await asyncio.sleep(dice.uniform(0.3, 1.5))
        await getattr(processes, what)(who)
    await asyncio.wait_for(sending, 120)

    history, sent = tmp_path / "history", PLANTS * BEATS * POINTS * TIMES
    await until(lambda: count_stored(history).rows >= sent, within_s=60)
    stored = count_stored(history)
    assert (stored.rows, stored.distinct) == (sent, sent)
    for sender in senders:
        values = values_of(sender.number)
        for i in range(POINTS):
            found = read_samples(history, [100 * sender.number + i], 0, now_ms())
            assert found.value.tolist() == values[:, i, :].ravel().tolist()
    counts = await total_counts(streams)
    assert counts["stored"] == sent
    assert counts["received"] == sent + counts["doubled_beat"]
    assert sum(sender.acknowledged for sender in senders) == sent
    assert sum(sender.tries for sender in senders) > PLANTS * BEATS  # the faults were felt
    raised = [event for event in await events(streams) if event["kind"] == "raised"]
    assert len({event["alarm"] for event in raised}) == len(raised) == alarms_due()
    assert alarms_due() > 20
    assert processes.end() == {"log": 0, "engine": 0, "gateway": 0}
