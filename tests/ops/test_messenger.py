"""The worker's messenger: what fails holds up its own way alone, and nothing ends the worker."""

import asyncio
import time
from datetime import timedelta
from typing import Any

import pytest

from guatu.ops.messenger import Messenger
from guatu.web.notices import delivering, sending
from guatu.web.notices.delivering import Outcome
from guatu.web.notices.parcels import Parcel


class Directly:
    """The database's thread, without a thread."""

    async def do(self, work: Any, **facts: Any) -> Any:
        return work(**facts)


def parcel(way: int, number: int) -> Parcel:
    return Parcel(("hook", way), (number,), None)


@pytest.fixture
def settled(monkeypatch: pytest.MonkeyPatch) -> list[tuple[int, str]]:
    """What was settled how: the number of the delivery, and the trouble."""
    found: list[tuple[int, str]] = []
    monkeypatch.setattr(
        delivering,
        "settle",
        lambda parcel, outcome, **_at: found.append((parcel.deliveries[0], outcome.error)),
    )
    monkeypatch.setattr(delivering, "prune", lambda **_at: 0)
    return found


async def until(messenger: Messenger) -> None:
    while messenger._busy:
        await asyncio.sleep(0.005)


async def test_where_one_fails_those_after_it_are_not_tried_and_other_ways_go_on(
    settled: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting = [parcel(1, 1), parcel(1, 2), parcel(1, 3), parcel(2, 4)]
    monkeypatch.setattr(delivering, "take", lambda **_asked: waiting)
    tried: list[int] = []

    def send(one: Parcel) -> Outcome:
        tried.append(one.deliveries[0])
        return Outcome(error="away" if one.deliveries[0] == 2 else "")

    monkeypatch.setattr(sending, "send", send)
    messenger = Messenger(Directly())  # type: ignore[arg-type]
    await messenger.send()
    await until(messenger)
    assert sorted(settled) == [(1, ""), (2, "away"), (3, "away"), (4, "")]
    assert sorted(tried) == [1, 2, 4]


async def test_a_slow_way_holds_up_no_other_and_is_told_to_be_busy(
    settled: list[tuple[int, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[frozenset[Any]] = []

    def take(at: Any, busy: frozenset[Any], most: int) -> list[Parcel]:
        asked.append(busy)
        return [parcel(1, 1), parcel(2, 2)] if len(asked) == 1 else [parcel(2, 3)]

    def send(one: Parcel) -> Outcome:
        if one.deliveries[0] == 1:
            time.sleep(0.3)
        return Outcome()

    monkeypatch.setattr(delivering, "take", take)
    monkeypatch.setattr(sending, "send", send)
    messenger = Messenger(Directly())  # type: ignore[arg-type]
    await messenger.send()
    while (2, "") not in settled or ("hook", 2) in messenger._busy:
        await asyncio.sleep(0.005)
    await messenger.send()
    assert asked[1] == {("hook", 1)}
    await until(messenger)
    assert [number for number, _error in settled] == [2, 3, 1]


async def test_a_sender_that_breaks_is_an_outcome_and_ends_nothing(
    settled: list[tuple[int, str]],
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    monkeypatch.setattr(delivering, "take", lambda **_asked: [parcel(1, 1)])

    def broken(one: Parcel) -> Outcome:
        raise RuntimeError("broken")

    monkeypatch.setattr(sending, "send", broken)
    messenger = Messenger(Directly())  # type: ignore[arg-type]
    await messenger.send()
    await until(messenger)
    assert settled == [(1, "RuntimeError")]
    assert "failed of itself" in caplog.text


def test_a_lease_is_longer_than_all_calls_of_a_turn() -> None:
    longest = delivering.IN_A_ROW * timedelta(seconds=sending.TIMEOUT_S)
    assert longest < delivering.LEASE
