"""The peer: Prometheus' remote write, with the same limit as an alerting rule."""

import json
import shutil
import socket
import subprocess
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import cramjam
import numpy as np
from numpy.typing import NDArray

from bench.spine.load import LIMIT, Load, beats

RULES = f"""
groups:
  - name: limits
    interval: 15s
    rules:
      - alert: above
        expr: v > {LIMIT}
"""


@dataclass(frozen=True, slots=True)
class Peer:
    """A running Prometheus."""

    port: int
    version: str


@contextmanager
def running() -> Iterator[Peer]:
    """Start Prometheus on a free port with an empty store, and stop it after."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    folder = Path(tempfile.mkdtemp(prefix="bench-prometheus-"))
    (folder / "rules.yml").write_text(RULES)
    (folder / "prometheus.yml").write_text("rule_files: [rules.yml]\n")
    process = subprocess.Popen(
        [
            "prometheus",
            f"--config.file={folder}/prometheus.yml",
            f"--storage.tsdb.path={folder}/data",
            f"--web.listen-address=127.0.0.1:{port}",
            "--web.enable-remote-write-receiver",
            "--log.level=warn",
        ],
        stdout=subprocess.DEVNULL,
    )
    try:
        yield Peer(port, _wait_version(port))
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _wait_version(port: int) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/v1/status/buildinfo"
            ) as reply:
                return str(json.load(reply)["data"]["version"])
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)


def encode(load: Load, round_: int, start_ms: int, series_per_request: int) -> list[bytes]:
    """Encode a round as remote-write requests (protobuf, snappy), each of so many series."""
    values = np.concatenate(beats(load, round_)).astype(np.float64) / 10.0
    times = load.times_ms(round_, start_ms)
    rows = _series(load, values, times)
    return [
        bytes(cramjam.snappy.compress_raw(rows[first : first + series_per_request].tobytes()))
        for first in range(0, len(rows), series_per_request)
    ]


def _series(
    load: Load, values: NDArray[np.float64], times_ms: NDArray[np.int64]
) -> NDArray[np.uint8]:
    """Lay out every series as one row of bytes of the same length."""
    count = len(values)
    samples = np.zeros((count, load.times, 18), np.uint8)
    samples[:, :, :3] = (0x12, 16, 0x09)
    samples[:, :, 3:11] = np.ascontiguousarray(values).view(np.uint8).reshape(count, load.times, 8)
    samples[:, :, 11] = 0x10
    for byte in range(6):
        more = 0x80 if byte < 5 else 0
        samples[:, :, 12 + byte] = ((times_ms >> (7 * byte)) & 0x7F) | more
    labels = [_labels(plant, point) for plant in range(load.plants) for point in range(load.points)]
    body = np.frombuffer(b"".join(labels), np.uint8).reshape(count, -1)
    length = body.shape[1] + samples.shape[1] * 18
    head = np.array([0x0A, *_varint(length)], np.uint8)
    return np.concatenate(
        [np.broadcast_to(head, (count, len(head))), body, samples.reshape(count, -1)], axis=1
    )


def _labels(plant: int, point: int) -> bytes:
    def pair(name: bytes, value: bytes) -> bytes:
        inner = bytes([0x0A, len(name)]) + name + bytes([0x12, len(value)]) + value
        return bytes([0x0A, len(inner)]) + inner

    return (
        pair(b"__name__", b"v")
        + pair(b"plant", b"P%04d" % plant)
        + pair(b"point", b"DWC1.point_%04d" % point)
    )


def _varint(number: int) -> list[int]:
    out = []
    while number > 0x7F:
        out.append(number & 0x7F | 0x80)
        number >>= 7
    return [*out, number]


def send(port: int, requests: list[bytes], connections: int) -> float:
    """Send requests over so many connections and wait for every answer.

    Returns:
        Seconds from the first request to the last answer.

    Raises:
        RuntimeError: if Prometheus refuses one.
    """
    failures: list[str] = []

    def work(part: list[bytes]) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        for body in part:
            connection.request(
                "POST",
                "/api/v1/write",
                body,
                {
                    "Content-Encoding": "snappy",
                    "Content-Type": "application/x-protobuf",
                    "X-Prometheus-Remote-Write-Version": "0.1.0",
                },
            )
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                failures.append(f"{answer.status} {text[:200]!r}")
                return

    threads = [
        threading.Thread(target=work, args=(requests[first::connections],))
        for first in range(connections)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"Prometheus refused: {failures[0]}")
    return time.perf_counter() - started


def alerts(port: int) -> int:
    """Count the alerts that fire now."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/alerts") as reply:
        return len(json.load(reply)["data"]["alerts"])


def best_rate(load: Load, start_ms: int, seconds: float) -> tuple[float, str, dict[int, float]]:
    """Measure Prometheus' best of three batch sizes.

    Args:
        load: what is sent; its rounds are used in order.
        start_ms: the moment of the first sample.
        seconds: about how long each batch size runs.

    Returns:
        Its best samples a second, its version, and the rate of each batch size in series.
    """
    rates: dict[int, float] = {}
    with running() as peer:
        send(peer.port, encode(load, 0, start_ms, 2_000), 8)  # creates the series, not counted
        round_ = 1
        for series in (200, 1_000, 5_000):
            taken, sent = 0.0, 0
            while taken < seconds:
                requests = encode(load, round_, start_ms, series)
                taken += send(peer.port, requests, 8)
                sent += load.plants * load.samples_per_beat
                round_ += 1
            rates[series] = sent / taken
        return max(rates.values()), peer.version, rates
