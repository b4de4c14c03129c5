"""The neighbours: plants that send their beat each second, each over a connection of its own."""

import asyncio
import time
from collections import Counter
from collections.abc import Mapping, Sequence

import numpy as np

from bench.spine import ours
from bench.spine.encode import Encoder
from bench.spine.load import Load


def requests_of(load: Load, rounds: range) -> dict[int, list[bytes]]:
    """Encode the beats of some rounds, by plant; the last plant of the load is left out."""
    encoder = Encoder(load, [ours.plant_key(plant) for plant in range(load.plants)], "bench")
    start_ms = time.time_ns() // 1_000_000 - 1000 * load.rounds
    return {
        plant: [
            encoder.request(
                plant, r + 1, load.times_ms(r, start_ms), load.tenths(r, plant).astype(np.int32)
            )
            for r in rounds
        ]
        for plant in range(load.plants - 1)
    }


class Neighbours:
    """Plants that send a request each second, evenly apart.

    Args:
        port: of the gateway.
        requests: each plant's, in order.

    Attributes:
        delays_ms: of each request, from when it was due to its answer.
        sent: requests.
        taken: of those, how many were answered with 200.
        refused: the beginnings of all other answers.
    """

    def __init__(self, port: int, requests: Mapping[int, Sequence[bytes]]) -> None:
        self.delays_ms: list[float] = []
        self.sent = self.taken = 0
        self.refused = Counter[bytes]()
        self._port = port
        self._requests = requests

    async def send(self) -> None:
        """Send all of them and wait for the answers."""
        opened = {
            plant: await asyncio.open_connection("127.0.0.1", self._port)
            for plant in self._requests
        }
        zero, apart_s = time.perf_counter(), 1 / len(self._requests)
        await asyncio.gather(
            *(
                self._one(*opened[plant], self._requests[plant], zero + at * apart_s)
                for at, plant in enumerate(self._requests)
            )
        )

    async def _one(
        self,
        reader: asyncio.StreamReader,
        writer: asyncio.StreamWriter,
        requests: Sequence[bytes],
        first_s: float,
    ) -> None:
        for number, request in enumerate(requests):
            due_s = first_s + number
            await asyncio.sleep(max(0.0, due_s - time.perf_counter()))
            writer.write(request)
            self.sent += 1
            status, body = await answer_of(reader)
            self.taken += status == "200"
            if status != "200":
                self.refused[body[:90]] += 1
            # From when it was due: a slow answer must not make the next beat look quick.
            self.delays_ms.append(1000 * (time.perf_counter() - due_s))
        writer.close()

    def told(self) -> str:
        """A line about it."""
        p50, p99, most = np.percentile(self.delays_ms, [50, 99, 100])
        refused = f", {dict(self.refused)}" if self.refused else ""
        delays = f"p50 {p50:.1f} p99 {p99:.1f} max {most:.1f} ms"
        return f"{self.taken} of {self.sent} taken, {delays}{refused}"


async def answer_of(reader: asyncio.StreamReader) -> tuple[str, bytes]:
    """Read one answer to its end; gives its status and body."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = 0
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            length = int(line[15:])
    return head[9:12].decode(), await reader.readexactly(length)
