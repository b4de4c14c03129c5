"""Broken messages by the thousand at each door, a good one between every ten: none is harmed.

`make fuzz` sends 100,000 to each door; here a short form. The seed is printed: give it back in
GUATU_FUZZ_SEED to see the same again.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from guatu.access.messages import Beat
from guatu.access.raw import MEDIA_TYPE, to_raw
from guatu.telemetry import door, query
from guatu.telemetry.gateway import Gateway, now_ms
from guatu.telemetry.history.read import read_samples
from guatu.telemetry.settings import DoorSettings, GatewaySettings, StreamSettings
from tests.telemetry.conftest import until
from tests.telemetry.test_spine import PLANT, Door, Spine, spine

__all__ = ["spine"]

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

CASES = int(os.environ.get("GUATU_FUZZ_CASES", "1500"))
SEED = int(os.environ.get("GUATU_FUZZ_SEED", "0")) or random.SystemRandom().randrange(1, 2**32)
GOOD_EPOCH, BAD_EPOCH = 1_795_500_000_000, 7
BAD_FROM_MS = 1_600_000_000_000
AT_ONCE = 40
LATER_MS = 4_000_000
ANSWERED = {200, 400, 401, 404, 405, 413, 415}

TOKENS = [
    *(b"null", b"true", b"-1", b"0", b"1.5", b"1e999", b"NaN", b"-Infinity", b"0.1e-400"),
    *(b'""', b'"\\ud800"', b"\\u0000", b'"flow"', b'"q"', b'"sent"', b"[]", b"{}", b",,"),
    *(b"[" * 2000, b"}" * 9, b"9" * 400, b"\x00", b"\xff\xfe", b"\xe2\x80\xae"),
    *(b"2147483648", b"-2147483648", b"18446744073709551616"),
]


@dataclass
class Doors:
    """The gateway, and what it answered."""

    door: Door
    dice: random.Random
    answers: Counter[int] = field(default_factory=Counter)

    async def send(self, path: str, body: bytes, **head: str) -> tuple[int, Any]:
        status, answer, _ = await self.door.request("POST", path, body, **head)
        self.answers[status] += 1
        return status, answer

    async def send_all(
        self, path: str, media: str, good: list[bytes], bad: Callable[[], bytes]
    ) -> list[Any]:
        """Send ten bad ones before each good one, many at once; gives the good ones' answers."""
        answers = []
        for begin in range(0, len(good), AT_ONCE // 10):
            sending = []
            for body in good[begin : begin + AT_ONCE // 10]:
                sending += [self._send_broken(path, media, bad()) for _ in range(10)]
                sending.append(self.send(path, body, content_type=media))
            found = await asyncio.gather(*sending)
            assert {status for status, _ in found} <= ANSWERED, self.answers
            answers += found[10::11]
        assert [status for status, _ in answers] == [200] * len(good)
        return [answer for _, answer in answers]

    def _send_broken(self, path: str, media: str, body: bytes) -> Awaitable[tuple[int, Any]]:
        broken, head = mutated(body, self.dice), {"content_type": media}
        match self.dice.randrange(20):
            case 0:
                kinds = [MEDIA_TYPE, "application/json", "text/html", ""]
                head["content_type"] = self.dice.choice(kinds)
            case 1:
                head["content_encoding"] = "gzip"
                broken = mutated(gzip.compress(body, 1), self.dice)
        return self.send(path, broken, **head)


def mutated(body: bytes, dice: random.Random) -> bytes:
    """Break a message in one to four ways."""
    for _ in range(dice.choice([1, 1, 2, 4])):
        at, size = dice.randrange(len(body) + 1), dice.randrange(12)
        match dice.randrange(7):
            case 0:
                body = body[:at]
            case 1:
                body = body[:at] + dice.randbytes(size) + body[at + size :]
            case 2:
                body = body[:at] + dice.choice(TOKENS) + body[at:]
            case 3:
                body = body[:at] + dice.choice(TOKENS) + body[at + size :]
            case 4:
                body = body[:at] + body[at + size :]
            case 5:
                body = body[:at] + body[max(at - size, 0) :]
            case _:
                body = dice.randbytes(size) if dice.randrange(9) == 0 else body[::-1]
    return body


@pytest.fixture
async def doors(spine: Spine, streams: StreamSettings) -> AsyncIterator[Doors]:
    settings = GatewaySettings(
        streams=streams, plant_requests_s=10**9, plant_samples_s=10**12, backlog_messages=10**9
    )
    gateway = Gateway(settings, spine.client)
    gateway.take_config(PLANT)
    await asyncio.to_thread(
        door.use, DoorSettings(streams=streams, history=spine.settings.history, timeout_s=20)
    )
    print(f"GUATU_FUZZ_SEED={SEED} GUATU_FUZZ_CASES={CASES}")
    yield Doors(Door(gateway), random.Random(SEED))
    await asyncio.to_thread(door.use, None)


def good_beats(first_ms: int) -> list[Beat]:
    return [
        Beat(
            epoch=GOOD_EPOCH,
            beat=n,
            t=(first_ms + 10 * n, first_ms + 10 * n + 5),
            p=("state", "flow"),
            v=((3, None), (100 + n % 1000 / 10, 200.05)),
            q=((1, 1, 65),),
        )
        for n in range(CASES // 10)
    ]


def bad_beats(dice: random.Random) -> Callable[[], Beat]:
    def bad() -> Beat:
        at_ms = BAD_FROM_MS + dice.randrange(10**9)
        times = tuple(at_ms + i for i in range(dice.randrange(1, 4)))
        codes = ("flow", "state", "no.such", "流量")[: dice.randrange(1, 5)]
        rows = tuple(tuple(dice.choice([1, 2.5, None, 1e9]) for _ in times) for _ in codes)
        marks = ((0, 0, 64),) if dice.randrange(2) else ()
        number = dice.randrange(10**9)
        return Beat(epoch=BAD_EPOCH, beat=number, t=times, p=codes, v=rows, q=marks)

    return bad


@pytest.mark.parametrize("raw", [False, True], ids=["json", "raw"])
async def test_broken_beats_harm_no_good_one(spine: Spine, doors: Doors, raw: bool) -> None:  # noqa: FBT001
    first_ms = now_ms() - 3_600_000
    write: Callable[[Beat], bytes] = to_raw if raw else Beat.to_bytes
    good, bad = good_beats(first_ms), bad_beats(doors.dice)
    media = MEDIA_TYPE if raw else "application/json"
    answers = await doors.send_all(
        "/v1/beats", media, [write(beat) for beat in good], lambda: write(bad())
    )
    assert answers == [{"beat": beat.beat, "accepted": 3, "rejected": []} for beat in good]
    await doors.door.gateway.tell_time()
    await spine.judged()
    found = await asyncio.to_thread(query.plant_quality, PLANT.code)
    assert found is not None
    assert found.received == found.stored + sum(found.rejected.values())
    refused = sum(n for status, n in doors.answers.items() if status != 200)
    assert sum(found.refused.values()) == refused > CASES // 4
    await spine.tick(now_ms())
    await spine.cut(now_ms() + LATER_MS)
    stored = read_samples(spine.settings.history, [101], first_ms, first_ms + 10 * len(good))
    expected = [row for beat in good for row in zip(beat.t, beat.v[1], (0, 65), strict=True)]
    kept = zip(stored.at_ms.tolist(), stored.value.tolist(), stored.quality.tolist(), strict=True)
    assert list(kept) == expected


async def test_broken_heartbeats_harm_no_good_one(spine: Spine, doors: Doors) -> None:
    sent = now_ms()
    good = [json.dumps({"sent": sent + n}).encode() for n in range(CASES // 10)]
    await doors.send_all(
        "/v1/heartbeat", "application/json", good, lambda: b'{"sent":%d,"more":[1]}' % sent
    )
    await spine.judged()
    found = await asyncio.to_thread(query.plant_quality, PLANT.code)
    assert found is not None
    assert found.heartbeat_ms is not None
    assert found.heartbeat_ms >= sent


async def test_broken_alarms_harm_no_good_one(spine: Spine, doors: Doors) -> None:
    at = now_ms()

    def message(name: str) -> bytes:
        alarms = [
            {"id": f"{name}-{kind}", "kind": kind, "at": at, "point": "flow", "text": "断水"}
            for kind in ("raised", "cleared")
        ]
        return json.dumps({"alarms": alarms, "sent": at}).encode()

    good = [message(f"good {n}") for n in range(CASES // 10)]
    answers = await doors.send_all("/v1/alarms", "application/json", good, lambda: message("bad"))
    assert answers == [{"accepted": 2, "rejected": []}] * len(good)
    await spine.judged()
    wanted = {f"good {n}-{kind}" for n in range(len(good)) for kind in ("raised", "cleared")}
    told: Counter[str] = Counter()

    async def is_told() -> bool:
        own = [e["own"] for e in await spine.events() if e["kind"] == "own_alarm"]
        told.clear()
        told.update(alarm["id"] for alarm in own)
        return wanted <= set(told)

    await until(is_told)
    assert {name: told[name] for name in wanted} == dict.fromkeys(wanted, 1)
