"""Metrics and health of a process, as Prometheus and an operator read them."""

import json
import urllib.error
from collections.abc import Iterator
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from guatu.ops.exporter import export
from guatu.ops.house import MEASURED, house_from, house_on_free_ports
from guatu.telemetry import vitals, vitals_words
from guatu.telemetry.log import direct_opener

GATEWAY = {
    "plants": 2,
    "samples": {"accepted": 10, "unknown_point": 3},
    "answers": {"taken": 5, "slow_down": 1},
    "backlog": [7, 0],
    "waiting_bytes": [0, 0],
    "disks": [["/g", 100, 1000, 1]],
}


@pytest.fixture
def url(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[str]:
    monkeypatch.setattr(vitals, "_checks", {})  # of processes that other tests ran in this one
    house = house_on_free_ports(tmp_path)
    server = export(house.metrics_port_of("gateway"))
    assert server is not None
    yield f"http://127.0.0.1:{house.metrics_port_of('gateway')}"
    server.shutdown()
    server.server_close()


def get(url: str) -> tuple[int, str]:
    try:
        with direct_opener().open(url, timeout=5) as answer:
            return int(answer.status), answer.read().decode()
    except urllib.error.HTTPError as refused:
        return refused.code, refused.read().decode()


def samples(text: str) -> dict[tuple[str, tuple[str, ...]], float]:
    return {
        (one.name, tuple(one.labels.values())): one.value
        for family in text_string_to_metric_families(text)
        for one in family.samples
    }


def test_what_a_gateway_knows_is_read_when_it_is_asked_for(url: str) -> None:
    vitals.publish_metrics("gateway", lambda: vitals_words.of_gateway(GATEWAY))
    found = samples(get(f"{url}/metrics")[1])
    assert found["guatu_gateway_samples_total", ("unknown_point",)] == 3
    assert found["guatu_gateway_requests_total", ("slow_down",)] == 1
    assert found["guatu_backlog_messages", ("0",)] == 7
    assert found["guatu_disk_room", ("/g",)] == 1
    assert found["process_resident_memory_bytes", ()] > 1e6


def test_a_process_is_ready_when_all_that_must_hold_does(url: str) -> None:
    holds = {"log": True}
    vitals.ready_when("test", lambda: holds)
    assert get(f"{url}/readyz")[0] == 200
    holds["log"] = False
    status, body = get(f"{url}/readyz")
    assert (status, json.loads(body)["log"]) == (503, False)
    assert get(f"{url}/healthz")[0] == 200


def test_nothing_else_is_told(url: str) -> None:
    assert get(f"{url}/")[0] == 404


def test_a_port_that_is_taken_is_told_and_stops_nobody(
    url: str, caplog: pytest.LogCaptureFixture
) -> None:
    assert export(int(url.rpartition(":")[2])) is None
    assert "no metrics" in caplog.text


def test_each_process_has_a_port_of_its_own_unless_there_are_to_be_none() -> None:
    house = house_from({"GUATU_METRICS_PORT": "9500"})
    ports = [house.metrics_port_of(name) for name in MEASURED]
    assert ports == list(range(9500, 9500 + len(MEASURED)))
    assert house.metrics_port_of("prepare") == 0
    assert house_from({"GUATU_METRICS_PORT": "0"}).metrics_port_of("engine") == 0
