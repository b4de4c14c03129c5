"""How far a long work is, on one line that is written anew."""

import sys
import time
from typing import TextIO

EVERY_TTY_S, EVERY_LINE_S = 0.2, 10.0
MEGABYTE = 1_000_000


class Progress:
    """Tells what is being done and how much of it.

    On a terminal one line changes; in a file a line is added every ten seconds.

    Args:
        out: where to.
    """

    def __init__(self, out: TextIO | None = None) -> None:
        self._out = out or sys.stderr
        self._tty = self._out.isatty()
        self._said_s = 0.0
        self._open = False

    def begin(self, what: str) -> None:
        """Name the part that begins."""
        self.end()
        self._out.write(f"{what}\n")
        self._out.flush()
        self._said_s = time.monotonic()

    def bytes(self, done: int, total: int = 0) -> None:
        """Tell how many bytes are done."""
        every = EVERY_TTY_S if self._tty else EVERY_LINE_S
        if time.monotonic() < self._said_s + every:
            return
        self._said_s = time.monotonic()
        text = f"  {done / MEGABYTE:,.0f} MB"
        if total:
            text += f" / {total / MEGABYTE:,.0f} MB ({100 * done / total:.0f} %)"
        self._out.write(f"\r{text}\x1b[K" if self._tty else f"{text}\n")
        self._out.flush()
        self._open = self._tty

    def end(self) -> None:
        """Leave the line that changes."""
        if self._open:
            self._out.write("\r\x1b[K")
            self._out.flush()
            self._open = False
