"""Turns at checking passwords, so that many signing in at once cannot take the house from the rest.

A check costs a good part of a processor for a good part of a second: that is what makes guessing
dear. The web has few threads, so only so many may check, a few more may wait for it, and whoever
comes beyond these is asked at once to come again.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from threading import BoundedSemaphore

AT_ONCE = 2
WAITING = 2
"""Together half of the web's threads: the other half is always left to those signed in."""
PATIENCE_S = 5.0
COME_AGAIN_S = 3


class BusyError(Exception):
    """Too many passwords are being checked right now."""


class Turns:
    """Who may check a password now.

    Args:
        at_once: how many check at the same time.
        waiting: how many more may wait for their turn.
        patience_s: how long they wait, in seconds.
    """

    def __init__(self, at_once: int, waiting: int, patience_s: float) -> None:
        self._places = BoundedSemaphore(at_once + waiting)
        self._turns = BoundedSemaphore(at_once)
        self._patience_s = patience_s

    @contextmanager
    def turn(self) -> Iterator[None]:
        """Hold a turn for a block.

        Raises:
            BusyError: if all turns and all waiting places are taken, or waiting took too long.
        """
        if not self._places.acquire(blocking=False):
            raise BusyError
        try:
            if not self._turns.acquire(timeout=self._patience_s):
                raise BusyError
            try:
                yield
            finally:
                self._turns.release()
        finally:
            self._places.release()


turns = Turns(AT_ONCE, WAITING, PATIENCE_S)
"""Those of this process; the web is one."""
