"""What the web asks and commands, and what browsers hear, with the real log and servers."""

from __future__ import annotations

import asyncio
import json
import os
import ssl
import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from nats.aio.client import Client

from guatu.access.messages import Beat
from guatu.telemetry import command, door, http1, log, query
from guatu.telemetry.gateway import Gateway, now_ms
from guatu.telemetry.live import Live
from guatu.telemetry.served import App, Receive, Scope, Send, answer, serve
from guatu.telemetry.settings import DoorSettings, LiveSettings, StreamSettings
from guatu.telemetry.ticket import VALID_S, read_ticket, write_ticket
from tests.telemetry.conftest import LogServer, free_port, until
from tests.telemetry.test_spine import KEY, PLANT, Spine, spine

__all__ = ["spine"]

pytestmark = [pytest.mark.engine, pytest.mark.xdist_group("engine")]

SECRET = "a secret of at least sixteen"
NOW = datetime(2026, 11, 24, 8, tzinfo=UTC)


@pytest.fixture
async def opened(spine: Spine, streams: StreamSettings) -> AsyncIterator[None]:
    settings = DoorSettings(streams=streams, history=spine.settings.history, timeout_s=2)
    await asyncio.to_thread(door.use, settings)
    yield
    await asyncio.to_thread(door.use, None)


async def test_questions_about_a_plant_are_answered(spine: Spine, opened: None) -> None:
    t = now_ms()
    await spine.door.beat(1, [t, t + 1], state=[3, None], flow=[120.5, 60.0], other=[1, 2])
    await spine.judged()
    values = await asyncio.to_thread(query.last_values, PLANT.code, [100, 101, 999])
    assert [(v.point, v.value, v.quality, v.in_alarm) for v in values] == [
        (100, 3.0, "good", False),
        (101, 60.0, "good", True),
    ]
    counts = await asyncio.to_thread(query.counts, PLANT.code)
    assert (counts.received, counts.accepted, counts.rejected) == (5, 3, {"unknown_point": 2})
    assert counts.last_ms is not None
    assert counts.last_ms >= t
    counts = await asyncio.to_thread(query.counts, None)
    assert counts.rejected == {"unknown_point": 2}
    (status,) = await asyncio.to_thread(query.engine_status)
    assert (status.plants, status.points, status.active_alarms) == (1, 2, 1)


async def test_history_joins_what_is_stored_with_what_is_in_memory(
    spine: Spine, opened: None
) -> None:
    t = now_ms()
    await spine.door.beat(1, [t], flow=[100])
    await spine.tick(t)
    await spine.cut(t + 4_000_000)
    await spine.door.beat(2, [t + 1], flow=[101])
    await spine.judged()
    found = await asyncio.to_thread(query.history, [101], t, t + 10, 100)
    assert (found.at_ms.tolist(), found.value.tolist()) == ([t, t + 1], [100, 101])


async def test_a_configuration_reaches_engine_and_gateway_by_the_door(
    spine: Spine, opened: None
) -> None:
    placed = await asyncio.to_thread(command.configure, PLANT)
    assert placed.partition == 0
    assert placed.sequence > 0
    info = await spine.js.get_last_msg(log.PLANTS_STREAM, "plants.7")
    assert json.loads(info.data or b"")["code"] == PLANT.code
    seen = await asyncio.to_thread(command.acknowledge, "101:LL:5", PLANT.code, "duty", NOW)
    assert seen.sequence > placed.sequence


async def test_without_a_log_the_doors_say_so(tmp_path: Path) -> None:
    streams = StreamSettings(log_url=f"nats://127.0.0.1:{free_port()}", disk=tmp_path)
    settings = DoorSettings(streams=streams, history=tmp_path, timeout_s=0.2)
    await asyncio.to_thread(door.use, settings)
    with pytest.raises(command.LogUnavailable):
        await asyncio.to_thread(command.configure, PLANT)
    with pytest.raises(query.EngineUnavailable):
        await asyncio.to_thread(query.counts, None)
    await asyncio.to_thread(door.use, None)


async def test_a_page_that_asks_often_waits_once_for_a_log_that_is_away(tmp_path: Path) -> None:
    server = LogServer(tmp_path)
    streams = StreamSettings(log_url=server.url, disk=tmp_path)
    await asyncio.to_thread(door.use, DoorSettings(streams=streams, history=tmp_path, timeout_s=1))

    async def flush(client: Client) -> bool:
        await client.flush()
        return True

    def answers() -> bool:
        try:
            return door.door().run(flush)
        except door.DoorClosed:
            return False

    began = time.monotonic()
    for _ in range(20):
        assert not await asyncio.to_thread(answers)
    assert time.monotonic() - began < door.REST_S  # each for itself would wait 20 s
    await asyncio.to_thread(server.start)
    await until(lambda: asyncio.to_thread(answers))
    await asyncio.to_thread(door.use, None)
    server.kill()


async def test_without_an_engine_the_door_for_questions_says_so(spine: Spine, opened: None) -> None:
    await spine.stop_engine()
    with pytest.raises(query.EngineUnavailable):
        await asyncio.to_thread(query.last_values, PLANT.code, [101])


def test_a_door_is_begun_anew_after_a_fork(tmp_path: Path) -> None:
    door.use(DoorSettings(streams=StreamSettings(disk=tmp_path), history=tmp_path))
    os.environ["GUATU_HOME"] = str(tmp_path)
    before = door.door()
    door._after_fork()
    assert door.door() is not before
    before.close()
    door.use(None)


# --- tickets -----------------------------------------------------------------------------------


def test_a_ticket_says_what_was_written_until_its_time_is_over() -> None:
    text = write_ticket(5, ["530100"], [7], SECRET, NOW)
    ticket = read_ticket(text, SECRET, NOW.timestamp())
    assert ticket is not None
    assert ticket.covers_region("530181")
    assert not ticket.covers_region("530300")
    assert ticket.covers_plant(7, "530300")
    assert not ticket.covers_plant(8, "530300")
    assert read_ticket(text, SECRET, NOW.timestamp() + VALID_S) is None


@pytest.mark.parametrize("damage", ["", "x", "é", "AAAA", "=" * 9])
def test_a_damaged_ticket_is_none(damage: str) -> None:
    assert read_ticket(damage, SECRET, 0) is None


def test_a_forged_ticket_is_none() -> None:
    text = write_ticket(5, ["530100"], [7], "another secret", NOW)
    assert read_ticket(text, SECRET, NOW.timestamp()) is None


# --- servers -----------------------------------------------------------------------------------


class Served:
    """An application behind a real server."""

    def __init__(self, app: App | http1.App, certificate: tuple[Path, Path] | None = None) -> None:
        self.port = free_port()
        self.stop = asyncio.Event()
        chain, key = certificate or (None, None)
        server: Any = http1.serve if isinstance(app, Gateway) else serve
        self.serving = asyncio.ensure_future(
            server(
                app,
                self.stop,
                host="127.0.0.1",
                port=self.port,
                certificate=chain,
                private_key=key,
            )
        )

    async def answers(self, client: httpx.AsyncClient, url: str) -> bool:
        try:
            return (await client.get(url)).status_code == 200
        except httpx.TransportError:
            return False

    async def end(self) -> None:
        self.stop.set()
        await asyncio.wait_for(self.serving, 10)


async def test_what_fails_beside_a_server_ends_it() -> None:
    async def fail() -> None:
        await asyncio.sleep(0.05)
        raise MemoryError

    async def app(_scope: Scope, _receive: Receive, send: Send) -> None:
        await answer(send, 200, b"{}")

    port, beside = free_port(), asyncio.ensure_future(fail())
    serving = serve(app, asyncio.Event(), host="127.0.0.1", port=port, beside=[beside])
    with pytest.raises(MemoryError):
        await asyncio.wait_for(serving, 10)
    async with httpx.AsyncClient() as client:
        with pytest.raises(httpx.TransportError):
            await client.get(f"http://127.0.0.1:{port}/")


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    folder = tmp_path_factory.mktemp("tls")
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "guatu test")])
    now = datetime.now(UTC)
    chain = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(IPv4Address("127.0.0.1"))]), critical=False
        )
        .sign(key, hashes.SHA256())
    )
    (folder / "chain.pem").write_bytes(chain.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "chain.pem", folder / "key.pem"


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2, ssl.TLSVersion.TLSv1_3])
async def test_beats_come_in_over_https(
    spine: Spine, certificate: tuple[Path, Path], version: ssl.TLSVersion
) -> None:
    served = Served(spine.door.gateway, certificate)
    base = f"https://127.0.0.1:{served.port}"
    trust = ssl.create_default_context(cafile=str(certificate[0]))
    trust.minimum_version = trust.maximum_version = version
    async with httpx.AsyncClient(verify=trust, http2=True, base_url=base) as browser:
        await until(lambda: served.answers(browser, "/healthz"))
        t = now_ms()
        beats = [
            Beat(beat=n, t=tuple(t + 5000 * n + i for i in range(5000)), p=("flow",), v=(row,))
            for n in range(4)
            for row in [tuple(100 + (i % 50) / 10 for i in range(5000))]
        ]
        answers = await asyncio.gather(
            *(
                browser.post(
                    "/v1/beats",
                    content=beat.to_bytes(),
                    headers={"authorization": f"Bearer {KEY}"},
                )
                for beat in beats
            )
        )
        assert [a.status_code for a in answers] == [200] * 4
        assert sum(a.json()["accepted"] for a in answers) == 20_000
    await served.end()
    await spine.judged()
    assert (await spine.ask({"ask": "counts"}))["counts"]["stored"] == 20_000


@pytest.fixture
async def live(spine: Spine, streams: StreamSettings) -> AsyncIterator[str]:
    settings = LiveSettings(streams=streams, secret=SECRET, origins=("http://web.example",))
    app = Live(settings, spine.client)
    await app.follow_changes()
    telling = asyncio.ensure_future(app.tell_values())
    served = Served(app)
    base = f"http://127.0.0.1:{served.port}"
    async with httpx.AsyncClient(base_url=base) as browser:
        await until(lambda: served.answers(browser, "/healthz"))
    yield base
    telling.cancel()
    await served.end()


async def hear(base: str, ticket: str, spine: Spine, plant: str = "") -> list[tuple[str, object]]:
    """Listen until a change arrives; gives all events heard."""
    heard: list[tuple[str, object]] = []
    params = {"ticket": ticket, **({"plant": plant} if plant else {})}
    async with (
        httpx.AsyncClient(base_url=base, timeout=20) as browser,
        browser.stream(
            "GET", "/live", params=params, headers={"origin": "http://web.example"}
        ) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        assert answer.headers["access-control-allow-origin"] == "http://web.example"
        event = ""
        async for line in answer.aiter_lines():
            if line.startswith(": hello"):
                for region in ("310000", "530181"):
                    change = {"kind": "warning", "plant": None, "region": region}
                    await spine.client.publish(log.CHANGED, json.dumps(change).encode())
            if line.startswith("event: "):
                event = line[7:]
            if line.startswith("data: "):
                heard.append((event, json.loads(line[6:])))
                if {kind for kind, _ in heard} >= {"changed"} | ({"values"} if plant else set()):
                    break
    return heard


async def test_a_page_hears_its_plant_and_the_changes_of_its_regions(
    spine: Spine, live: str
) -> None:
    t = now_ms()
    await spine.door.beat(1, [t], state=[3], flow=[60])
    await spine.judged()
    ticket = write_ticket(5, ["530100"], [], SECRET, datetime.now(UTC))
    heard = await asyncio.wait_for(hear(live, ticket, spine, "7"), 20)
    assert ("values", [[100, 3.0, t, False], [101, 60.0, t, True]]) in heard
    assert [data["region"] for kind, data in heard if kind == "changed"] == ["530181"]  # type: ignore[index]


async def test_another_site_is_not_let_read_the_stream(spine: Spine, live: str) -> None:
    async with httpx.AsyncClient(base_url=live) as browser:
        for origin, allowed in (("http://evil.example", None), ("http://web.example",) * 2):
            answer = await browser.get("/live", headers={"origin": origin})
            assert answer.headers.get("access-control-allow-origin") == allowed


async def test_a_page_hears_nothing_beyond_its_ticket(spine: Spine, live: str) -> None:
    elsewhere = write_ticket(5, ["310000"], [], SECRET, datetime.now(UTC))
    heard = await asyncio.wait_for(hear(live, elsewhere, spine), 20)
    assert [data["region"] for _, data in heard] == ["310000"]  # type: ignore[index]
    async with httpx.AsyncClient(base_url=live) as browser:
        for params, status in (
            ({}, 401),
            ({"ticket": "forged"}, 401),
            ({"ticket": elsewhere, "plant": "7"}, 404),
            ({"ticket": elsewhere, "plant": "99"}, 404),
        ):
            assert (await browser.get("/live", params=params)).status_code == status
        assert (await browser.get("/other")).status_code == 404
