"""A peer that takes samples over HTTP: the same numbers, encoded beforehand, at its best."""

import socket
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from http.client import HTTPConnection

import cramjam
import numpy as np
from numpy.typing import NDArray

from bench.spine.load import Load, beats

CONNECTIONS = 8
BATCHES = (200, 1_000, 5_000)
"""Series a request, of which the best counts."""


@dataclass(frozen=True, slots=True)
class Running:
    """A running peer.

    Attributes:
        port: where it listens on the loopback.
        version: as it says itself.
    """

    port: int
    version: str


@dataclass(frozen=True, slots=True)
class Door:
    """One way into a peer.

    Attributes:
        name: for people.
        path: of the URL.
        headers: of each request.
        encode: lays down a round of a load as bodies, each of so many series.
    """

    name: str
    path: str
    headers: Mapping[str, str]
    encode: Callable[[Load, int, int, int], list[bytes]]


@dataclass(frozen=True, slots=True)
class Peer:
    """Whom we are measured beside.

    Attributes:
        name: for people.
        running: starts it with an empty store and stops it after a block.
        doors: ways in; the fastest counts.
    """

    name: str
    running: Callable[[], AbstractContextManager[Running]]
    doors: tuple[Door, ...]


def free_port() -> int:
    """Find a port that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def encode_remote_write(
    load: Load, round_: int, start_ms: int, series_per_request: int
) -> list[bytes]:
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


def send(port: int, door: Door, requests: list[bytes]) -> float:
    """Send requests over a few connections and wait for every answer.

    Returns:
        Seconds from the first request to the last answer.

    Raises:
        RuntimeError: if the peer refuses one.
    """
    failures: list[str] = []

    def work(part: list[bytes]) -> None:
        connection = HTTPConnection("127.0.0.1", port)
        for body in part:
            connection.request("POST", door.path, body, dict(door.headers))
            answer = connection.getresponse()
            text = answer.read()
            if answer.status >= 300:
                failures.append(f"{answer.status} {text[:200]!r}")
                return

    threads = [
        threading.Thread(target=work, args=(requests[first::CONNECTIONS],))
        for first in range(CONNECTIONS)
    ]
    started = time.perf_counter()
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    if failures:
        raise RuntimeError(f"{door.name} refused: {failures[0]}")
    return time.perf_counter() - started


REMOTE_WRITE = Door(
    "remote write",
    "/api/v1/write",
    {
        "Content-Encoding": "snappy",
        "Content-Type": "application/x-protobuf",
        "X-Prometheus-Remote-Write-Version": "0.1.0",
    },
    encode_remote_write,
)


def best_rates(peer: Peer, load: Load, start_ms: int, seconds: float) -> dict[str, float]:
    """Measure a peer's best of three batch sizes, door by door; each is printed.

    Between two rounds, while the next is encoded, it may work on for nothing.

    Args:
        peer: who.
        load: what is sent; its rounds are used in order.
        start_ms: the moment of the first sample.
        seconds: about how long each batch size runs.

    Returns:
        Samples a second, by the name of the door.
    """
    best: dict[str, float] = {}
    for door in peer.doors:
        with peer.running() as running:
            # Creates the series, not counted.
            send(running.port, door, door.encode(load, 0, start_ms, 2_000))
            round_ = 1
            for series in BATCHES:
                taken, sent = 0.0, 0
                while taken < seconds:
                    requests = door.encode(load, round_, start_ms, series)
                    taken += send(running.port, door, requests)
                    sent += load.plants * load.samples_per_beat
                    round_ += 1
                print(
                    f"{peer.name} {running.version}, {door.name}: {series} series a request: "
                    f"{sent / taken:,.0f} samples/s",
                    flush=True,
                )
                best[door.name] = max(best.get(door.name, 0.0), sent / taken)
    return best
