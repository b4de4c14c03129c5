"""A plant that floods, in a process of its own: until a line comes on its input.

Arguments: the gateway's port, the plant's key, its points, connections. Says a line when it has
begun, and at the end its answers by status as JSON.
"""

import asyncio
import sys
import time
from collections import Counter

import orjson

from bench.fairness.plants import answer_of

MOMENTS = 10


class Beats:
    """Makes requests cheaply: the flood's own work must not be what its neighbours feel.

    Args:
        key: the plant's key.
        points: how many.
    """

    def __init__(self, key: str, points: int) -> None:
        row = [round(100 + step / 10, 1) for step in range(MOMENTS)]
        codes = [f"DWC1.point_{point:04d}" for point in range(points)]
        self._rest = b'],"p":%s,"v":%s}' % (orjson.dumps(codes), orjson.dumps([row] * points))
        self._head = (
            f"POST /v1/beats HTTP/1.1\r\nHost: flood\r\nAuthorization: Bearer {key}\r\n"
            "Content-Type: application/json\r\nContent-Length: "
        ).encode()

    def request(self, number: int) -> bytes:
        """One beat of many samples, as a whole HTTP request."""
        last = time.time_ns() // 1_000_000
        times = b",".join(b"%d" % (last - MOMENTS + 1 + step) for step in range(MOMENTS))
        begin = b'{"epoch":1,"beat":%d,"t":[%s' % (number, times)
        length = len(begin) + len(self._rest)
        return b"%s%d\r\n\r\n%s%s" % (self._head, length, begin, self._rest)


async def pour(port: int, beats: Beats, lane: int, answers: Counter[str]) -> None:
    """Send over one connection as fast as answers come; a closed one is opened again."""
    number = lane * 10_000_000
    while True:
        reader, writer = await asyncio.open_connection("127.0.0.1", port)
        try:
            while True:
                number += 1
                writer.write(beats.request(number))
                status, _ = await answer_of(reader)
                answers[status] += 1
        except (OSError, asyncio.IncompleteReadError):
            answers["closed"] += 1
        finally:
            writer.close()


async def main() -> None:
    """Flood until told to stop."""
    port, key, points, connections = sys.argv[1:]
    answers, beats = Counter[str](), Beats(key, int(points))
    lanes = [
        asyncio.ensure_future(pour(int(port), beats, lane, answers))
        for lane in range(int(connections))
    ]
    sys.stdout.write("begun\n")
    sys.stdout.flush()
    await asyncio.to_thread(sys.stdin.readline)
    for lane in lanes:
        lane.cancel()
    await asyncio.gather(*lanes, return_exceptions=True)
    sys.stdout.write(orjson.dumps(answers).decode())


if __name__ == "__main__":
    asyncio.run(main())
