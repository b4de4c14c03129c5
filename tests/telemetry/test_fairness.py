"""A plant that floods the gateway floods itself: its neighbours keep their turn in the log."""

from __future__ import annotations

import asyncio
import hashlib
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest

from guatu.access.messages import Beat, Key, PlantConfig, Point
from guatu.telemetry import log
from guatu.telemetry.frame import read_frame
from guatu.telemetry.gateway import now_ms
from guatu.telemetry.pace import MOST_AT_ONCE
from tests.telemetry.test_spine import PLANT, Door, Spine, spine

__all__ = ["spine"]

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

FLOOD_KEY = "a-key-of-the-flooding-plant"
FLOODER = PlantConfig(
    plant=8,
    code="YN-AN-002",
    version=1,
    region="530181",
    keys=(Key(id="k1", sha256=hashlib.sha256(FLOOD_KEY.encode()).hexdigest()),),
    points=(Point(id=200, code="flow"),),
)
ROUNDS, FLOOD = 12, 300


async def flooding(door: Door, first: int, count: int) -> list[tuple[int, Any]]:
    """Send many beats of the flooding plant at once; gives status and answer of each."""
    at = now_ms()
    bodies = [
        Beat(beat=first + n, t=(at,), p=("flow",), v=((1.0,),)).to_bytes() for n in range(count)
    ]
    answers = await asyncio.gather(
        *(door.request("POST", "/v1/beats", body, key=FLOOD_KEY) for body in bodies)
    )
    return [(status, answer) for status, answer, _ in answers]


async def in_the_log(spine: Spine) -> list[tuple[int, int, int]]:
    """Sequence, plant and number of every beat in the order of the log."""
    info = await spine.js.stream_info(log.beats_stream(0))
    found = []
    for sequence in range(info.state.first_seq, info.state.last_seq + 1):
        message = await spine.js.get_msg(log.beats_stream(0), sequence)
        if message.data and message.data[0] == log.FRAME:
            beats = read_frame(bytearray(message.data))
            found += [(sequence, beat.plant, beat.beat) for beat in beats]
    return found


async def test_a_flood_delays_neither_its_neighbours_beats_nor_their_alarms(spine: Spine) -> None:
    """Each round three hundred requests of one plant are at the gateway when a neighbour comes."""
    await spine.configure(FLOODER)
    start = now_ms()
    await spine.door.beat(1, [start], state=[3], flow=[100.0])
    statuses = Counter[int]()
    for round_ in range(ROUNDS):
        flood = asyncio.ensure_future(flooding(spine.door, 1 + FLOOD * round_, FLOOD))
        await asyncio.sleep(0)
        await asyncio.sleep(0)
        flow = 60.0 if round_ % 2 == 0 else 100.0
        taken = await spine.door.beat(2 + round_, [start + 1000 * (1 + round_)], flow=[flow])
        assert taken["accepted"] == 1, "a neighbour is never refused"
        for status, answer in await flood:
            statuses[status] += 1
            assert status == 200 or answer["code"] == "too_fast"
    assert statuses[200] <= ROUNDS * MOST_AT_ONCE
    assert statuses[429] >= ROUNDS * (FLOOD - MOST_AT_ONCE)

    logged = await in_the_log(spine)
    turns = [place for place, (_, plant, _) in enumerate(logged) if plant == PLANT.plant]
    ahead = [after - before - 1 for before, after in pairwise(turns)]
    assert max(ahead) <= MOST_AT_ONCE, "no more of a flood lies before a neighbour's beat"
    assert sum(plant == FLOODER.plant for _, plant, _ in logged) == statuses[200]

    alarms = await spine.alarms(ROUNDS)
    told = [(event["kind"], int(event["id"].split(":")[1])) for event in alarms]
    mine = [sequence for sequence, plant, _ in logged if plant == PLANT.plant]
    kinds = ["raised" if round_ % 2 == 0 else "cleared" for round_ in range(ROUNDS)]
    assert told == list(zip(kinds, mine[1:], strict=True)), "each alarm comes with its own beat"
