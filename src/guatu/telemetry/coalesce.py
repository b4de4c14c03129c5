"""Beats of one partition that arrive close together become one log message.

The log syncs each message, so few large ones carry more than many small ones. A beat waits at
most some milliseconds; while enough messages are on their way, the next one keeps growing, so a
slow disk makes messages larger instead of making plants fail.

Beats also wait while the engine has enough to judge: what is taken in faster than it is judged
only makes every alarm late. An engine that does not get on at all is not waited for; the log keeps
what comes.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable

from guatu.telemetry.frame import MAX_BEATS, frame_bytes
from guatu.telemetry.log import LogUnavailable

MOST_ON_THEIR_WAY = 3
LARGEST_MESSAGE = 4 << 20
MOST_AHEAD = 8 << 20
"""Bytes of a partition that may wait to be judged: two million samples, half a second of work."""
GETS_ON_S = 5.0
"""An engine that has judged nothing for so long is away. A cut may hold it up for some seconds."""
LOOK_AGAIN_S = 0.05

Send = Callable[[bytes], Awaitable[int]]


class Coalescer:
    """Gathers the beats of one partition and sends them.

    Args:
        send: publishes a payload and gives its sequence once it is on disk.
        wait_s: how long a beat may wait for others.
        enough_bytes: size at which a message leaves at once.
    """

    def __init__(self, send: Send, *, wait_s: float, enough_bytes: int) -> None:
        self._send = send
        self._wait_s = wait_s
        self._enough_bytes = enough_bytes
        self._beats: list[bytes] = []
        self._answers: list[asyncio.Future[bool]] = []
        self._bytes = 0
        self._timer: asyncio.TimerHandle | None = None
        self._sending: set[asyncio.Task[None]] = set()
        self._unjudged: deque[tuple[int, int]] = deque()
        self._unjudged_bytes = self._judged = 0
        self._got_on_s = -GETS_ON_S
        self._is_ending = self._is_held = False
        self.waiting_bytes = 0
        self.last_sequence = 0

    def add(self, beat: bytes) -> asyncio.Future[bool]:
        """Take a beat; the answer becomes True when it is on disk, False when that is unknown."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool] = loop.create_future()
        self._beats.append(beat)
        self._answers.append(answer)
        self._bytes += len(beat)
        self.waiting_bytes += len(beat)
        if self._bytes >= self._enough_bytes and not self._is_held:
            self._leave()
        elif self._timer is None:
            self._timer = loop.call_later(self._wait_s, self._leave)
        return answer

    def take_progress(self, judged: int) -> None:
        """Hear how far the engine is.

        Args:
            judged: the last sequence that it has judged.
        """
        if judged > self._judged:
            self._judged, self._got_on_s = judged, asyncio.get_running_loop().time()
        while self._unjudged and self._unjudged[0][0] <= judged:
            self._unjudged_bytes -= self._unjudged.popleft()[1]
        if self._is_held and not self._is_ahead:
            self._leave()

    @property
    def _is_ahead(self) -> bool:
        """Whether the engine has enough to do, and does it."""
        if self._unjudged_bytes <= MOST_AHEAD or self._is_ending:
            return False
        return asyncio.get_running_loop().time() - self._got_on_s < GETS_ON_S

    def _leave(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        self._is_held = bool(self._beats) and self._is_ahead
        if self._is_held:
            self._timer = asyncio.get_running_loop().call_later(LOOK_AGAIN_S, self._leave)
            return
        while self._beats and len(self._sending) < MOST_ON_THEIR_WAY:
            task = asyncio.ensure_future(self._send_some(*self._some()))
            self._sending.add(task)
            task.add_done_callback(self._sent)

    def _some(self) -> tuple[list[bytes], list[asyncio.Future[bool]]]:
        count, size = 0, 0
        for beat in self._beats[:MAX_BEATS]:
            size += len(beat)
            if count and size > LARGEST_MESSAGE:
                break
            count += 1
        beats, self._beats = self._beats[:count], self._beats[count:]
        answers, self._answers = self._answers[:count], self._answers[count:]
        self._bytes -= sum(map(len, beats))
        return beats, answers

    async def _send_some(self, beats: list[bytes], answers: list[asyncio.Future[bool]]) -> None:
        message = frame_bytes(beats)
        try:
            sequence = await self._send(message)
            self.last_sequence = max(self.last_sequence, sequence)
            self._unjudged.append((sequence, len(message)))
            self._unjudged_bytes += len(message)
            stored = True
        except LogUnavailable:
            stored = False
        self.waiting_bytes -= sum(map(len, beats))
        for answer in answers:
            if not answer.done():
                answer.set_result(stored)

    def _sent(self, task: asyncio.Task[None]) -> None:
        self._sending.discard(task)
        # Beats that came meanwhile have waited long enough.
        if self._beats and (self._timer is None or self._bytes >= self._enough_bytes):
            self._leave()

    async def drain(self) -> None:
        """Wait until everything taken has been answered; it is the end."""
        self._is_ending = True
        while self._beats or self._sending:
            self._leave()
            await asyncio.gather(*self._sending, return_exceptions=True)
