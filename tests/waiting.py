"""Waiting for a condition instead of for a time."""

import time
from collections.abc import Callable


def wait_until(holds: Callable[[], bool], *, patience_s: float = 20.0) -> None:
    """Ask until the condition holds.

    Raises:
        TimeoutError: if it does not hold in time.
    """
    deadline = time.monotonic() + patience_s
    while not holds():
        if time.monotonic() > deadline:
            raise TimeoutError(f"waited {patience_s} s in vain")
        time.sleep(0.02)
