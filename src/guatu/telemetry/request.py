"""One request of a plant, as far as it has arrived, and its answer."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from typing import NamedTuple

from guatu.access.fields import refuse
from guatu.access.problems import Problem, RefusedError
from guatu.telemetry.served import Header


class Answer(NamedTuple):
    """What is answered: always JSON."""

    status: int
    body: bytes
    headers: tuple[Header, ...] = ()


class Request:
    """One request, as far as it has arrived.

    Args:
        method: such as POST.
        path: decoded, without the query.
        headers: names in lower case; of several with one name, the last.
        wanted: called when the application begins to wait for the body.
    """

    __slots__ = (
        "_arrived", "_most", "_parts", "_wanted", "headers", "is_answered", "is_lost", "is_whole",
        "lasts", "method", "path", "size",
    )  # fmt: skip

    def __init__(
        self,
        method: str,
        path: str,
        headers: dict[bytes, bytes],
        wanted: Callable[[], None] | None = None,
    ) -> None:
        self.method, self.path, self.headers = method, path, headers
        self.size = 0
        self.is_whole = self.is_lost = self.is_answered = False
        self.lasts = True
        self._wanted = wanted
        self._most = -1
        self._parts: list[bytes] = []
        self._arrived: asyncio.Future[None] | None = None

    @property
    def is_unasked(self) -> bool:
        """Whether nobody has asked for the body yet."""
        return self._most < 0 and not self.is_answered

    def feed(self, part: bytes) -> None:
        """Take a part of the body."""
        self.size += len(part)
        if not self.is_answered:
            self._parts.append(part)
        if 0 <= self._most < self.size:
            self._parts.clear()
            self._tell()

    def end(self) -> None:
        """Note that the body is whole."""
        self.is_whole = True
        self._tell()

    def lose(self) -> None:
        """Note that no more will come."""
        self.is_lost = True
        self._tell()

    def forget(self) -> None:
        """Note that it was answered: what still comes is let pass."""
        self.is_answered = True
        self._parts.clear()

    def _tell(self) -> None:
        if self._arrived is not None and not self._arrived.done():
            self._arrived.set_result(None)

    async def body(self, most: int, within_s: float) -> bytes:
        """Give the whole body.

        Args:
            most: bytes allowed.
            within_s: seconds allowed from now on.

        Raises:
            RefusedError: too_large, too_slow, or bad_json for one that broke off.
        """
        self._most = most
        if not (self.is_whole or self.is_lost or self.size > most):
            await self._rest(within_s)
        if self.size > most:
            refuse("too_large", "$", limit=most)
        if not self.is_whole:
            refuse("bad_json", "$", detail="the connection broke off")
        return self._parts[0] if len(self._parts) == 1 else b"".join(self._parts)

    async def _rest(self, within_s: float) -> None:
        self._arrived = asyncio.get_running_loop().create_future()
        if self._wanted is not None:
            self._wanted()
        try:
            async with asyncio.timeout(within_s):
                await self._arrived
        except TimeoutError:
            raise RefusedError(Problem("too_slow", "$", {"limit": round(within_s)})) from None
