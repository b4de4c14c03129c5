"""The product's own HTTP server with nothing behind it: what receiving beats costs at least.

Argument: the port. It holds nothing, and is killed when it has done its work.
"""

import asyncio
import sys

from guatu.telemetry.reception import read_head, receive_body
from guatu.telemetry.served import Receive, Scope, Send, answer, serve, stop_signal

MOST = 32 << 20


async def _receive(scope: Scope, receive: Receive, send: Send) -> None:
    if scope["path"] != "/healthz":
        await receive_body(receive, read_head(scope), most=MOST, within_s=30)
    await answer(send, 200, b'{"plants":0,"rejected":[]}')


def main() -> None:
    """Serve until told to stop."""

    async def run() -> None:
        await serve(_receive, stop_signal(), host="127.0.0.1", port=int(sys.argv[1]))

    asyncio.run(run())


if __name__ == "__main__":
    main()
