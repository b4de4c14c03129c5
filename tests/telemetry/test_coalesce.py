"""Beats that arrive together leave together; and they wait for an engine that has enough to do."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

import pytest

from guatu.telemetry import coalesce
from guatu.telemetry.coalesce import MOST_AHEAD, Coalescer

BEAT = bytes(MOST_AHEAD // 4)
WAIT_S = 5.0


class Log:
    """Takes messages and numbers them."""

    def __init__(self) -> None:
        self.sizes: list[int] = []

    async def send(self, message: bytes) -> int:
        await asyncio.sleep(0)
        self.sizes.append(len(message))
        return len(self.sizes)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0.001)


async def with_enough_to_judge(log: Log) -> Coalescer:
    """Give one whose engine gets on, and has more to judge than is good."""
    made = Coalescer(log.send, wait_s=0.001, enough_bytes=len(BEAT))
    made.take_progress(0)
    await asyncio.gather(made.add(b"first"))
    made.take_progress(1)
    await asyncio.gather(*(made.add(BEAT) for _ in range(5)))
    return made


@pytest.mark.asyncio
async def test_small_beats_of_one_moment_become_one_message() -> None:
    log = Log()
    made = Coalescer(log.send, wait_s=0.001, enough_bytes=len(BEAT))
    assert await asyncio.gather(*(made.add(b"beat") for _ in range(9))) == [True] * 9
    assert len(log.sizes) == 1


@pytest.mark.asyncio
async def test_beats_wait_while_the_engine_has_enough_to_judge() -> None:
    log = Log()
    made = await with_enough_to_judge(log)
    sent = len(log.sizes)
    waiting = made.add(b"later")
    await asyncio.sleep(0.1)
    assert not waiting.done()
    assert len(log.sizes) == sent
    made.take_progress(sent)
    assert await asyncio.wait_for(waiting, WAIT_S)


@pytest.mark.asyncio
async def test_an_engine_that_does_not_get_on_is_not_waited_for(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(coalesce, "GETS_ON_S", 0.2)
    log = Log()
    made = await with_enough_to_judge(log)
    assert await asyncio.wait_for(made.add(b"later"), WAIT_S)
    assert await asyncio.wait_for(made.add(b"later still"), WAIT_S)


@pytest.mark.asyncio
async def test_at_the_end_nothing_waits() -> None:
    log = Log()
    made = await with_enough_to_judge(log)
    waiting = made.add(b"later")
    await asyncio.wait_for(made.drain(), WAIT_S)
    assert waiting.done()
    assert waiting.result()
