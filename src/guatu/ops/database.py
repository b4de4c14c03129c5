"""The worker's way to the database."""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from django.db import close_old_connections

T = TypeVar("T")


class Database:
    """Runs Django's synchronous work on one thread, so that it has one connection and an order."""

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="database")

    async def do(self, work: Callable[..., T], **facts: object) -> T:
        """Run work(**facts) and give what it gives."""

        def run() -> T:
            close_old_connections()
            return work(**facts)

        return await asyncio.get_running_loop().run_in_executor(self._thread, run)
