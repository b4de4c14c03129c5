"""The product's own HTTP server with nothing behind it: what receiving beats costs at least.

Argument: the port. It holds nothing, and is killed when it has done its work.
"""

import asyncio
import sys

import uvloop

from guatu.telemetry.http1 import serve
from guatu.telemetry.reception import read_head, receive_body
from guatu.telemetry.request import Answer, Request
from guatu.telemetry.served import stop_signal

MOST = 32 << 20


async def _receive(request: Request) -> Answer:
    if request.path != "/healthz":
        await receive_body(request, read_head(request), most=MOST, within_s=30)
    return Answer(200, b'{"plants":0,"rejected":[]}')


def main() -> None:
    """Serve until told to stop."""

    async def run() -> None:
        await serve(_receive, stop_signal(), host="127.0.0.1", port=int(sys.argv[1]))

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(run())


if __name__ == "__main__":
    main()
