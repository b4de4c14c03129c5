"""The peer: VictoriaMetrics, a single node with an empty store. It judges nothing; all counts."""

import json
import re
import shutil
import struct
import subprocess
import tempfile
import time
import urllib.parse
import urllib.request
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np

from bench.spine.encode import WIDEST, write_rows
from bench.spine.load import Load, beats
from bench.spine.peers import REMOTE_WRITE, Door, Peer, Running, free_port, send

SETTLED_WITHIN_S = 120.0
SERIES_A_REQUEST = 20
LENGTH = struct.Struct(">I")


@contextmanager
def running() -> Iterator[Running]:
    """Start it on a free port, and stop it after."""
    port = free_port()
    folder = Path(tempfile.mkdtemp(prefix="bench-victoria-"))
    process = subprocess.Popen(
        [
            "victoria-metrics",
            f"-storageDataPath={folder}",
            f"-httpListenAddr=127.0.0.1:{port}",
            "-retentionPeriod=100y",
            "-search.maxUniqueTimeseries=10000000",
            "-loggerLevel=ERROR",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield Running(port, _wait_version(port))
    finally:
        process.terminate()
        process.wait(60)
        shutil.rmtree(folder)


def _wait_version(port: int) -> str:
    deadline = time.monotonic() + 30
    while True:
        try:
            text = metrics(port)
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            found = re.search(r'vm_app_version\{.*?short_version="([^"]*)"', text)
            return (found and found[1]) or _package_version()


def _package_version() -> str:
    """Ask the package: Debian builds the program without a version of its own."""
    done = subprocess.run(
        ["dpkg-query", "-W", "-f", "${Version}", "victoria-metrics"],
        check=True,
        capture_output=True,
        text=True,
    )
    return done.stdout


def metrics(port: int) -> str:
    """Read what it tells of itself."""
    return get(port, "/metrics").decode()


def get(port: int, path: str, **query: object) -> bytes:
    """Ask it something."""
    url = f"http://127.0.0.1:{port}{path}?{urllib.parse.urlencode(query)}"
    with urllib.request.urlopen(url, timeout=600) as reply:
        answer: bytes = reply.read()
    return answer


def figures(port: int, name: str) -> dict[str, float]:
    """Give one of its metrics by its labels."""
    found = re.findall(rf"^{name}(\{{.*\}})? (\S+)$", metrics(port), re.MULTILINE)
    return {labels: float(value) for labels, value in found}


def encode_lines(load: Load, round_: int, start_ms: int, series_per_request: int) -> list[bytes]:
    """Lay down a round as JSON lines, a series each, so many a request."""
    moments = b",".join(b"%d" % at for at in load.times_ms(round_, start_ms).tolist())
    end = b'],"timestamps":[' + moments + b"]}\n"
    room = np.empty(load.samples_per_beat * WIDEST + 2 * load.points + 16, np.uint8)
    lines: list[bytes] = []
    for plant, tenths in enumerate(beats(load, round_)):
        rows = room[: write_rows(tenths, room)].tobytes()[2:-2].split(b"],[")
        begin = b'{"metric":{"__name__":"v","plant":"P%04d","point":"DWC1.point_' % plant
        lines += [
            b'%b%04d"},"values":[%b%b' % (begin, point, row, end) for point, row in enumerate(rows)
        ]
    return [
        b"".join(lines[at : at + series_per_request])
        for at in range(0, len(lines), series_per_request)
    ]


def encode_native(load: Load, round_: int, start_ms: int, series_per_request: int) -> list[bytes]:
    """Lay down a round in its own native form, which only another VictoriaMetrics can write.

    That is where the round is first sent, so that all its packing is done beforehand.
    """
    times = load.times_ms(round_, start_ms)
    span = {"start": times[0] / 1000, "end": times[-1] / 1000}
    with running() as other:
        send(other.port, REMOTE_WRITE, REMOTE_WRITE.encode(load, round_, start_ms, 1_000))
        get(other.port, "/internal/force_flush")
        packed = get(other.port, "/api/v1/export/native", **{"match[]": "v", **span})
    return _native_requests(packed, load.plants * load.points, series_per_request)


def _native_requests(packed: bytes, series: int, series_per_request: int) -> list[bytes]:
    """Take an export apart: a head of 16 bytes, then names and blocks, each behind its length.

    Raises:
        RuntimeError: if not every series is in it, in one block.
    """
    blocks: list[bytes] = []
    at = 16
    while at < len(packed):
        begin = at
        for _ in ("name", "block"):
            at += 4 + LENGTH.unpack_from(packed, at)[0]
        blocks.append(packed[begin:at])
    if len(blocks) != series:
        raise RuntimeError(f"an export of {len(blocks)} blocks, {series} were due")
    return [
        packed[:16] + b"".join(blocks[at : at + series_per_request])
        for at in range(0, len(blocks), series_per_request)
    ]


JSON_LINES = Door("JSON lines", "/api/v1/import", {}, encode_lines)
NATIVE = Door("native import", "/api/v1/import/native", {}, encode_native)
PEER = Peer("victoriametrics", running, (REMOTE_WRITE, JSON_LINES, NATIVE))


def line(labels: dict[str, str], times_ms: list[int], values: list[float]) -> bytes:
    """Lay down the samples of a series for the import of JSON lines."""
    one: dict[str, Any] = {
        "metric": {"__name__": "v", **labels},
        "values": values,
        "timestamps": times_ms,
    }
    return json.dumps(one, separators=(",", ":")).encode() + b"\n"


def settle(port: int) -> None:
    """Let it write everything down and merge it as far as it ever will.

    Raises:
        TimeoutError: if it goes on for too long.
    """
    get(port, "/internal/force_flush")
    get(port, "/internal/force_merge")
    deadline = time.monotonic() + SETTLED_WITHIN_S
    steady = 0
    before: dict[str, float] = {}
    while steady < 3:
        time.sleep(1)
        if time.monotonic() > deadline:
            raise TimeoutError("VictoriaMetrics does not finish its merges")
        now = figures(port, "vm_data_size_bytes")
        busy = any(figures(port, "vm_active_force_merges").values())
        steady = steady + 1 if now == before and not busy else 0
        before = now


def load(port: int, lines: Iterable[bytes]) -> None:
    """Import series, some of them a request.

    Raises:
        RuntimeError: if it refuses one.
    """
    for some in _batched(lines, SERIES_A_REQUEST):
        send(port, JSON_LINES, [b"".join(some)])


def _batched(lines: Iterable[bytes], size: int) -> Iterator[list[bytes]]:
    waiting: list[bytes] = []
    for one in lines:
        waiting.append(one)
        if len(waiting) == size:
            yield waiting
            waiting = []
    if waiting:
        yield waiting


def held(port: int) -> tuple[int, float, float]:
    """Give the samples it holds, their bytes, and those of its index."""
    sizes, rows = figures(port, "vm_data_size_bytes"), figures(port, "vm_rows")
    index = sum(size for labels, size in sizes.items() if "indexdb" in labels)
    samples = sum(count for labels, count in rows.items() if "indexdb" not in labels)
    return round(samples), sum(sizes.values()) - index, index
