"""A plant's sender keeps a beat until it is acknowledged, and keeps honest counts."""

import json
from datetime import UTC, datetime
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from guatu.access.beats import check_beat
from guatu.access.messages import Beat
from guatu.ops.certificates import server_certificate
from guatu.simulator.beats import Batch, BeatNumbers, encode, one_moment
from guatu.simulator.client import (
    LONGEST_WAIT_S,
    Acknowledged,
    GaveUp,
    PlantClient,
    Refused,
    retry_after_s,
)
from tests.simulator.gateway import KEY, FakeGateway, HttpGateway

BATCH = Batch(
    points=("A", "B"),
    times_ms=np.array([1000, 2000, 3000]),
    values=np.array([[1.5, np.nan, 2.5], [0.1, 0.2, 0.3]]),
)


class Waits:
    """Remembers pauses instead of taking them; says stop after so many."""

    def __init__(self, most: int = 100) -> None:
        self.taken: list[float] = []
        self.most = most

    def __call__(self, pause_s: float) -> bool:
        self.taken.append(pause_s)
        return len(self.taken) >= self.most


def client_of(gateway: FakeGateway, waits: Waits | None = None, key: str = KEY) -> PlantClient:
    return PlantClient(
        "http://gateway",
        key,
        numbers=BeatNumbers(epoch=7),
        wait=waits or Waits(),
        transport=gateway.transport(),
    )


def test_a_beat_is_written_in_the_canonical_order_and_passes_the_gateways_own_check() -> None:
    body = encode(BATCH, epoch=7, beat=3)
    said = json.loads(body)
    check_beat(said)
    theirs = Beat(
        epoch=7, beat=3, t=(1000, 2000, 3000), p=("A", "B"), v=((1.5, None, 2.5), (0.1, 0.2, 0.3))
    )
    assert body == theirs.to_bytes()


def test_a_backfill_beat_says_so_and_a_live_one_does_not() -> None:
    old = Batch(points=BATCH.points, times_ms=BATCH.times_ms, values=BATCH.values, backfill=True)
    assert json.loads(encode(old, epoch=0, beat=1))["backfill"] is True
    assert "backfill" not in json.loads(encode(BATCH, epoch=0, beat=1))


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=20))
def test_a_value_read_back_is_the_same_to_the_last_bit(values: list[float]) -> None:
    batch = one_moment(5, [(f"P{at}", value) for at, value in enumerate(values)])
    back = [row[0] for row in json.loads(encode(batch, epoch=1, beat=1))["v"]]
    assert np.array(back, dtype=np.float64).tobytes() == np.array(values).tobytes()


def test_a_batch_whose_times_do_not_rise_is_refused_where_it_is_made() -> None:
    with pytest.raises(ValueError, match="rise"):
        Batch(points=("A",), times_ms=np.array([2, 2]), values=np.zeros((1, 2)))
    with pytest.raises(ValueError, match="values are"):
        Batch(points=("A",), times_ms=np.array([2]), values=np.zeros((2, 1)))


def test_an_acknowledged_beat_is_counted_by_sample_and_absent_values_are_no_samples() -> None:
    gateway = FakeGateway(reject=frozenset({"B"}))
    client = client_of(gateway)
    outcome = client.send(BATCH)
    assert outcome == Acknowledged(beat=1, accepted=2, rejected={"unknown_point": 3}, retries=0)
    assert client.counts.sent == 5 == client.counts.accepted + client.counts.rejected.total()


@pytest.mark.parametrize(
    "trouble",
    [
        (429, {"retry-after": "2"}, b"{}"),
        (503, {}, b""),
        (502, {}, b"<html>proxy</html>"),
        (500, {}, b""),
        (200, {}, b"<html>a captive portal</html>"),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
        "lost",
    ],
    ids=["429", "503", "502", "500", "not-ours", "connect", "timeout", "cut", "answer-lost"],
)
def test_the_same_beat_is_sent_again_until_it_is_acknowledged(
    trouble: tuple[int, dict[str, str], bytes] | Exception | str,
) -> None:
    gateway, waits = FakeGateway(mood=[trouble, trouble]), Waits()
    client = client_of(gateway, waits)
    outcome = client.send(BATCH)
    assert isinstance(outcome, Acknowledged)
    assert outcome.retries == 2 == client.counts.retries
    assert len(set(gateway.seen)) == 1
    assert len(gateway.seen) == 3
    assert gateway.samples == 5 == client.counts.sent == client.counts.accepted


def test_a_plant_waits_as_long_as_the_gateway_asks_but_not_for_ever() -> None:
    gateway, waits = FakeGateway(), Waits()
    gateway.mood = [(429, {"retry-after": "2"}, b""), (503, {"retry-after": "86400"}, b"")]
    client_of(gateway, waits).send(BATCH)
    assert waits.taken == [2.0, LONGEST_WAIT_S]


def test_pauses_without_advice_grow_and_stay_bounded() -> None:
    gateway, waits = FakeGateway(mood=[(503, {}, b"")] * 30), Waits()
    client_of(gateway, waits).send(BATCH)
    assert waits.taken[0] <= 0.2
    assert max(waits.taken) <= 10.0
    assert min(waits.taken[-10:]) > max(waits.taken[:3])


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("3", 3.0),
        ("0.5", 0.5),
        ("-1", 0.0),
        ("Mon, 23 Nov 2026 12:00:10 GMT", 10.0),
        ("Mon, 23 Nov 2026 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_read_as_seconds_or_as_a_date(text: str, seconds: float | None) -> None:
    now = datetime(2026, 11, 23, 12, tzinfo=UTC)
    assert retry_after_s({"retry-after": text}, now=now) == seconds


@pytest.mark.parametrize(
    ("status", "body", "code", "where"),
    [
        (400, b'{"code":"bad_time","where":"$.t[3]"}', "bad_time", "$.t[3]"),
        (413, b"too large", "http_413", ""),
        (401, b"[]", "http_401", ""),
    ],
)
def test_a_final_refusal_is_not_repeated_and_keeps_its_reason(
    status: int, body: bytes, code: str, where: str
) -> None:
    gateway = FakeGateway(mood=[(status, {}, body)])
    client = client_of(gateway)
    assert client.send(BATCH) == Refused(beat=1, status=status, code=code, where=where, samples=5)
    assert len(gateway.seen) == 1
    assert client.counts.rejected == {code: 5}
    assert isinstance(client.send(BATCH), Acknowledged), "the next beat goes its way"


def test_a_plant_that_is_stopped_while_waiting_does_not_claim_to_know() -> None:
    gateway = FakeGateway(mood=[(503, {}, b"")] * 9)
    client = client_of(gateway, Waits(most=3))
    assert client.send(BATCH) == GaveUp(beat=1, retries=3, reason="503")
    assert client.counts.unknown == 5 == client.counts.sent


def test_a_key_on_its_way_can_be_waited_for() -> None:
    gateway = FakeGateway(keys=frozenset())

    def arrives(_: float) -> bool:
        gateway.keys = frozenset({KEY})
        return False

    patient = PlantClient(
        "http://gateway",
        KEY,
        wait=arrives,
        also_retry=frozenset({401}),
        transport=gateway.transport(),
    )
    assert isinstance(patient.send(BATCH), Acknowledged)


def test_numbers_go_on_after_a_restart_and_are_on_disk_before_they_are_used(tmp_path: Path) -> None:
    path = tmp_path / "numbers.json"
    first = BeatNumbers.start(path, now_ms=100)
    assert [first.take(), first.take()] == [1, 2]
    again = BeatNumbers.start(path, now_ms=999)
    assert (again.epoch, again.take()) == (100, 3)


@pytest.mark.parametrize("torn", ["", "{", "[]", '{"epoch": 1}', '{"epoch": null, "last": 2}'])
def test_a_torn_number_file_opens_a_new_series(tmp_path: Path, torn: str) -> None:
    path = tmp_path / "numbers.json"
    path.write_text(torn, "utf-8")
    assert BeatNumbers.start(path, now_ms=555) == BeatNumbers(epoch=555, path=path)


def test_over_a_real_connection_a_gateway_that_comes_back_gets_everything_in_order() -> None:
    fake = FakeGateway()
    gateway = HttpGateway(fake)
    gateway.start()
    gateway.stop()  # its port is known, and nobody listens

    def comes_back(_: float) -> bool:
        if not fake.seen:
            gateway.start()
        return False

    with PlantClient(gateway.url, KEY, numbers=BeatNumbers(epoch=1), wait=comes_back) as client:
        outcomes = [client.send(BATCH) for _ in range(5)]
    gateway.stop()
    assert [outcome.beat for outcome in outcomes] == [1, 2, 3, 4, 5]
    assert [json.loads(body)["beat"] for body in fake.seen] == [1, 2, 3, 4, 5]
    assert client.counts.retries >= 1


def test_the_gateways_own_authority_is_trusted_and_another_one_is_not(tmp_path: Path) -> None:
    at = datetime.now(UTC)
    ours = server_certificate(tmp_path / "ours", host="127.0.0.1", at=at)
    other = server_certificate(tmp_path / "other", host="127.0.0.1", at=at)
    fake = FakeGateway()
    gateway = HttpGateway(fake, certificate=(ours.chain, ours.key))
    gateway.start()
    with PlantClient(gateway.url, KEY, ca_file=ours.authority) as client:
        assert isinstance(client.send(BATCH), Acknowledged)
    with PlantClient(gateway.url, KEY, ca_file=other.authority, wait=Waits(most=2)) as client:
        outcome = client.send(BATCH)
    gateway.stop()
    assert isinstance(outcome, GaveUp)
    assert len(fake.seen) == 1
