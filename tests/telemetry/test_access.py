"""What a plant may send besides good beats, from the gateway's doors to what the pages ask."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator
from dataclasses import replace
from email.utils import formatdate
from typing import Any

import pytest

from guatu.access.beats import FAR_AHEAD_MS
from guatu.access.messages import Beat
from guatu.access.raw import MEDIA_TYPE, to_raw
from guatu.telemetry import command, door, log, query
from guatu.telemetry.gateway import Gateway, now_ms
from guatu.telemetry.history.read import count_stored, read_samples
from guatu.telemetry.request import Request
from guatu.telemetry.settings import DoorSettings, GatewaySettings, StreamSettings
from tests.telemetry.test_spine import KEY, PLANT, Door, Spine, spine

__all__ = ["spine"]

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]
LATER_MS = 4_000_000


@pytest.fixture
async def opened(spine: Spine, streams: StreamSettings) -> AsyncIterator[None]:
    settings = DoorSettings(streams=streams, history=spine.settings.history, timeout_s=2)
    await asyncio.to_thread(door.use, settings)
    yield
    await asyncio.to_thread(door.use, None)


async def conduct(spine: Spine) -> query.PlantQuality:
    await spine.judged()
    found = await asyncio.to_thread(query.plant_quality, PLANT.code)
    assert found is not None
    assert found.received == found.stored + sum(found.rejected.values())
    return found


async def send(spine: Spine, beat: Beat, *, raw: bool = False, **head: str) -> Any:
    media = MEDIA_TYPE if raw else "application/json"
    body = to_raw(beat) if raw else beat.to_bytes()
    head = {"content_type": media, **head}
    status, answer, _ = await spine.door.request("POST", "/v1/beats", body, **head)
    assert status == 200, answer
    return answer


@pytest.mark.parametrize("raw", [False, True])
async def test_a_bad_sample_is_stored_and_not_judged_an_uncertain_one_both(
    spine: Spine,
    opened: None,
    raw: bool,  # noqa: FBT001
) -> None:
    t = now_ms()
    first = Beat(
        beat=1, t=(t, t + 1), p=("state", "flow"), v=((3, 3), (10.0, 120.5)), q=((1, 0, 65),)
    )
    assert (await send(spine, first, raw=raw))["accepted"] == 4
    assert [e for e in await spine.events() if e["alarm"]] == []
    second = Beat(beat=2, t=(t + 2,), p=("flow",), v=((60.0,),), q=((0, 0, 1),))
    await send(spine, second, raw=raw)
    (raised,) = await spine.alarms(1)
    assert raised["value"] == 60.0
    assert (await values(spine))[101] == (60.0, "uncertain")
    third = Beat(beat=3, t=(t + 3,), p=("flow",), v=((500.0,),), q=((0, 0, 64),))
    await send(spine, third, raw=raw)
    found = await conduct(spine)
    assert (found.stored, found.bad, found.uncertain) == (6, 2, 1)
    assert (await values(spine))[101] == (60.0, "bad")
    in_memory = await asyncio.to_thread(query.history, [101], t, t + 9, 100)
    await spine.tick(t)
    await spine.cut(t + LATER_MS)
    stored = read_samples(spine.settings.history, [101], t, t + 9)
    for columns in (in_memory, stored):
        assert set(columns.at_ms.tolist()) >= {t + 1, t + 2}
    assert stored.value.tolist() == [10.0, 120.5, 60.0, 500.0]
    assert stored.quality.tolist() == [65, 0, 1, 64]
    assert count_stored(spine.settings.history).distinct == 6


async def values(spine: Spine) -> dict[int, tuple[float | None, str]]:
    await spine.judged()
    rows = await asyncio.to_thread(query.last_values, PLANT.code, [100, 101])
    return {row.point: (row.value, row.quality) for row in rows}


async def test_a_point_that_only_says_bad_counts_as_silent(
    spine: Spine,
    opened: None,
) -> None:
    points = (PLANT.points[0], replace(PLANT.points[1], missing_after_ms=5000))
    await spine.configure(replace(PLANT, version=2, points=points))
    t = now_ms()
    await spine.tick(t)
    await send(spine, Beat(beat=1, t=(t,), p=("flow",), v=((100.0,),)))
    for i in range(1, 9):
        bad = Beat(beat=1 + i, t=(t + 1000 * i,), p=("flow",), v=((100.0,),), q=((0, 0, 66),))
        await send(spine, bad)
        await spine.tick(t + 1000 * i)
    (missing,) = await spine.alarms(1)
    assert (missing["slot"], missing["point"]) == ("MISSING", 101)
    assert (await values(spine))[101] == (100.0, "bad")


async def test_heartbeats_and_empty_beats_show_a_plant_alive(
    spine: Spine,
    opened: None,
) -> None:
    begin = now_ms()
    assert (await conduct(spine)).heard_ms is None
    for body in (b"", b"{}", json.dumps({"sent": begin - 2500}).encode()):
        status, answer, _ = await spine.door.request("POST", "/v1/heartbeat", body)
        assert (status, answer["received"] >= begin) == (200, True)
    found = await conduct(spine)
    assert found.heartbeat_ms is not None
    assert found.heartbeat_ms >= begin
    assert (found.heard_ms, found.sampled_ms, found.beats) == (found.heartbeat_ms, None, 0)
    assert found.clock_offset_ms is not None
    assert -4000 < found.clock_offset_ms <= -2500
    assert (await send(spine, Beat(beat=7, t=(), p=(), v=())))["accepted"] == 0
    await send(spine, Beat(beat=9, t=(begin,), p=("flow",), v=((100.0,),)))
    found = await conduct(spine)
    assert (found.beats, found.missing_beats, found.gaps) == (2, 1, [(0, 8, 8)])
    status, _, _ = await spine.door.request("POST", "/v1/heartbeat", b"[]")
    assert status == 400


async def test_what_was_left_out_is_counted_once_and_kept_as_an_example(
    spine: Spine,
    opened: None,
) -> None:
    t = now_ms()
    beat = {
        "beat": 1,
        "t": [5, t, t + 2 * FAR_AHEAD_MS],
        "p": ["flow", "no.such", "state"],
        "v": [[1, 7000, 3], [4, None, None], [None, "x", None]],
    }
    body = json.dumps(beat).encode()
    answers = [await spine.door.request("POST", "/v1/beats", body) for _ in range(3)]
    assert [(status, answer["accepted"]) for status, answer, _ in answers] == [(200, 0)] * 3
    answer = answers[-1][1]
    groups = {g["reason"]: (g["count"], g["where"]) for g in answer["rejected"]}
    assert groups == {
        "not_a_number": (1, ["state"]),
        "unknown_point": (1, ["no.such"]),
        "out_of_physical_range": (1, ["flow"]),
        "future_time": (1, ["flow"]),
        "ancient_time": (1, ["flow"]),
    }
    assert all(g["message"]["zh"] and g["message"]["en"] for g in answer["rejected"])
    await spine.door.gateway.tell_time()
    found = await conduct(spine)
    once = dict.fromkeys(groups, 1)
    assert found.rejected == {**once, "doubled_beat": 10}
    assert found.doubled_beats == 2
    kept = await asyncio.to_thread(query.quarantine, PLANT.code)
    assert {(e.reason, e.where, e.value, e.at_ms) for e in kept} == {
        ("not_a_number", "state", "x", t),
        ("unknown_point", "no.such", "4", 5),
        ("out_of_physical_range", "flow", "7000", t),
        ("future_time", "flow", "3", t + 2 * FAR_AHEAD_MS),
        ("ancient_time", "flow", "1", 5),
    }
    await asyncio.to_thread(command.forget_quarantine, PLANT.code, PLANT.plant, "值班员")
    await spine.judged()
    assert await asyncio.to_thread(query.quarantine, PLANT.code) == []


async def test_refused_messages_are_told_once_even_if_the_log_says_nothing(
    spine: Spine,
    opened: None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for body in (b"{", b"{", b"[]"):
        await spine.door.request("POST", "/v1/beats", body)
    await spine.door.request("POST", "/v1/beats", b"{}", "a wrong key")
    publish = log.publish

    async def stored_unanswered(*args: Any, **kwargs: Any) -> int:
        await publish(*args, **kwargs)
        raise log.LogUnavailable("no answer came")

    with monkeypatch.context() as broken:
        broken.setattr(log, "publish", stored_unanswered)
        await spine.door.gateway.tell_time()
    await spine.door.request("POST", "/v1/beats", b"{")
    for _ in range(3):
        await spine.door.gateway.tell_time()
    assert (await conduct(spine)).refused == {"bad_json": 3, "bad_shape": 1}
    assert await asyncio.to_thread(query.gateway_refusals) == {"unknown_key": 1}


async def test_what_an_engine_knows_of_a_plant_survives_its_restart(
    spine: Spine,
    opened: None,
) -> None:
    t = now_ms()
    await spine.tick(t)
    beat = Beat(beat=3, t=(t - 90_000, t), p=("flow",), v=((9000, 1.0),), q=((0, 1, 70),), sent=t)
    await send(spine, beat)
    await spine.door.request("POST", "/v1/beats", b"{")
    await spine.door.gateway.tell_time()
    await spine.cut(t + LATER_MS)
    before = await conduct(spine)
    kept = await asyncio.to_thread(query.quarantine, PLANT.code)
    assert (before.bad, before.refused, len(kept)) == (1, {"bad_json": 1}, 1)
    await spine.stop_engine()
    await spine.start_engine()
    assert await conduct(spine) == before
    assert await asyncio.to_thread(query.quarantine, PLANT.code) == kept


async def test_a_resend_in_any_order_is_stored_once_and_closes_the_gaps(
    spine: Spine,
    opened: None,
) -> None:
    t = now_ms() - 3_600_000
    beats = [Beat(beat=n, t=(t + n,), p=("flow",), v=((100.0 + n,),)) for n in range(30)]
    for n in (0, 29, *range(28, 9, -2), 5, 29, 7):
        await send(spine, beats[n], raw=n % 2 == 0)
    found = await conduct(spine)
    assert (found.beats, found.doubled_beats) == (14, 1)
    assert found.missing_beats == 16
    for n in reversed(range(30)):
        await send(spine, beats[n])
    found = await conduct(spine)
    assert (found.beats, found.missing_beats, found.gaps) == (30, 0, [])
    assert (found.stored, found.late) == (30, 30)
    await spine.tick(t)
    await spine.cut(t + LATER_MS)
    stored = read_samples(spine.settings.history, [101], t, t + 99)
    assert stored.value.tolist() == [100.0 + n for n in range(30)]


async def test_a_clock_that_jumps_neither_hurries_a_delay_nor_blinds_the_judge(
    spine: Spine,
    opened: None,
) -> None:
    limit = replace(PLANT.points[1].limits[0], on_delay_ms=20_000, states=())
    points = (PLANT.points[0], replace(PLANT.points[1], limits=(limit,)))
    await spine.configure(replace(PLANT, version=2, points=points))
    t, ahead = now_ms(), 300_000

    async def say(number: int, at_ms: int, sent_ms: int) -> None:
        beat = Beat(beat=number, t=(at_ms,), p=("flow",), v=((60.0,),), sent=sent_ms)
        await send(spine, beat)

    await say(1, t, t)  # below its limit from here on
    await say(2, t + ahead, t + ahead)  # the clock is set five minutes forward
    assert [e for e in await spine.events() if e["alarm"]] == []
    found = await conduct(spine)
    assert found.clock_steps == 1
    assert found.clock_offset_ms is not None
    assert abs(found.clock_offset_ms - ahead) < 10_000
    for n in range(3, 7):  # and set back again: a few messages must agree
        await say(n, t + n, t + n)
    await say(7, t + 20_500, t + 7)
    assert (await conduct(spine)).clock_steps == 2
    (raised,) = await spine.alarms(1)
    assert raised["kind"] == "raised"


async def test_the_date_header_tells_the_clock_of_who_says_no_more(
    spine: Spine,
    opened: None,
) -> None:
    t = now_ms()
    there = formatdate(t / 1000 - 3600, usegmt=True)
    await send(spine, Beat(beat=1, t=(t,), p=("flow",), v=((100.0,),)), date=there)
    offset = (await conduct(spine)).clock_offset_ms
    assert offset is not None
    assert abs(offset + 3_600_000) < 5_000
    await send(spine, Beat(beat=2, t=(t + 1,), p=("flow",), v=((1e2,),)), date="yesterday")


# --- the door's own bounds ---------------------------------------------------------------------


async def test_packed_bodies_are_unpacked_within_bounds(spine: Spine) -> None:
    t = now_ms()
    beat = Beat(beat=1, t=(t,), p=("flow",), v=((100.0,),)).to_bytes()

    async def post(body: bytes, **head: str) -> tuple[int, str]:
        status, answer, _ = await spine.door.request("POST", "/v1/beats", body, **head)
        return status, answer.get("code", "")

    packed = gzip.compress(beat)
    assert await post(packed, content_encoding="gzip") == (200, "")
    assert await post(packed[:-1], content_encoding="gzip") == (400, "bad_encoding")
    assert await post(packed + b"x", content_encoding="gzip") == (400, "bad_encoding")
    assert await post(beat, content_encoding="gzip") == (400, "bad_encoding")
    bomb = gzip.compress(b" " * (100 << 20))
    assert await post(bomb, content_encoding="gzip") == (413, "too_large")
    assert await post(beat, content_encoding="br") == (415, "unknown_media")
    assert await post(beat, content_type="text/html") == (415, "unknown_media")
    assert await post(beat, content_type="application/json; charset=utf-8") == (200, "")
    assert await post(beat, content_type=MEDIA_TYPE) == (400, "raw_head")
    assert await post(b"", content_length="999999999") == (413, "too_large")


async def test_a_body_that_never_ends_is_given_up(streams: StreamSettings, spine: Spine) -> None:
    settings = GatewaySettings(streams=streams, body_s=0.05)
    gateway = Gateway(settings, spine.client)
    gateway.take_config(PLANT)
    request = Request("POST", "/v1/beats", {b"authorization": b"Bearer " + KEY.encode()})
    request.feed(b"{")
    answer = await gateway(request)
    assert (answer.status, json.loads(answer.body)["code"]) == (408, "too_slow")


async def test_a_flood_is_told_to_wait_and_its_neighbour_is_not(
    streams: StreamSettings,
    spine: Spine,
) -> None:
    settings = GatewaySettings(streams=streams, plant_samples_s=10, plant_requests_s=5)
    flood = Door(Gateway(settings, spine.client))
    neighbour = replace(PLANT, plant=8, code="N", keys=(replace(PLANT.keys[0], sha256=SHA_OF_N),))
    for config in (PLANT, neighbour):
        flood.gateway.take_config(config)
    t = now_ms()
    wide = Beat(beat=1, t=tuple(range(t, t + 150)), p=("flow",), v=((100.0,) * 150,)).to_bytes()
    assert (await flood.request("POST", "/v1/beats", wide))[0] == 200
    status, answer, headers = await flood.request("POST", "/v1/beats", wide)
    assert (status, answer["code"]) == (429, "too_fast")
    assert int(headers[b"retry-after"]) >= 4  # fifty samples too many, ten a second
    assert "样本" in answer["message"]["zh"]
    for _ in range(20):
        status, answer, _ = await flood.request("POST", "/v1/heartbeat", b"", "n")
        assert status == 200, answer
    for _ in range(60):
        status, answer, _ = await flood.request("POST", "/v1/heartbeat", b"", "n")
        if status == 429:
            break  # while the answer is held back, tokens come back
    assert (status, "requests" in answer["message"]["en"]) == (429, True)


SHA_OF_N = "1b16b1df538ba12dc3f97edbb85caa7050d46c148134290feba80f8236c83db9"


# --- alarms of the plant's own system ----------------------------------------------------------


async def test_own_alarms_pass_through_the_log_and_a_wrong_one_harms_no_other(
    spine: Spine,
    opened: None,
) -> None:
    t = now_ms()
    good = {"id": "DCS-17", "kind": "raised", "at": t, "point": "flow", "level": 1, "text": "断水"}
    body = {
        "alarms": [good, {"id": "x"}, 5, {**good, "kind": "odd"}, {**good, "kind": "cleared"}],
        "sent": t,
    }
    status, answer, _ = await spine.door.request("POST", "/v1/alarms", json.dumps(body).encode())
    assert (status, answer["accepted"]) == (200, 2)
    assert [(r["code"], r["where"]) for r in answer["rejected"]] == [
        ("missing_field", "$.alarms[1].kind"),
        ("bad_shape", "$.alarms[2]"),
        ("unknown_kind", "$.alarms[3].kind"),
    ]
    for wrong in (b"[]", b"{}", b'{"alarms":{}}', b"x"):
        assert (await spine.door.request("POST", "/v1/alarms", wrong))[0] == 400
    await spine.judged()
    own = [e for e in await spine.events() if e["kind"] == "own_alarm"]
    assert [(e["plant"], e["at_ms"], e["own"]["kind"]) for e in own] == [
        (7, t, "raised"),
        (7, t, "cleared"),
    ]
    assert (own[0]["own"]["id"], own[0]["own"]["text"]) == ("DCS-17", "断水")
    assert (await conduct(spine)).heard_ms is not None
