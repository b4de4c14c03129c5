"""A wire between plants and the gateway that can be cut, in the middle of a message too."""

import contextlib
import selectors
import socket
import threading
from types import TracebackType
from typing import Self


class Relay:
    """Passes bytes on between whoever connects and a port, until it is cut.

    Args:
        port: where the gateway listens on the loopback.
    """

    def __init__(self, port: int) -> None:
        self._there = ("127.0.0.1", port)
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = int(self._door.getsockname()[1])
        self._pairs: set[tuple[socket.socket, socket.socket]] = set()
        self._is_cut = threading.Event()
        self._is_over = threading.Event()
        self._accepting = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        """Begin to pass on."""
        self._accepting.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, what: BaseException | None, at: TracebackType | None
    ) -> None:
        """Hang up."""
        self._is_over.set()
        self.cut()
        self._door.close()

    def cut(self) -> None:
        """Break every connection where it is, and let no other through."""
        self._is_cut.set()
        for pair in list(self._pairs):
            for one in pair:
                with contextlib.suppress(OSError):
                    one.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        """Let connections through again."""
        self._is_cut.clear()

    def _accept(self) -> None:
        while not self._is_over.is_set():
            try:
                near, _ = self._door.accept()
            except OSError:
                return
            if self._is_cut.is_set():
                near.close()
                continue
            threading.Thread(target=self._pass, args=(near,), daemon=True).start()

    def _pass(self, near: socket.socket) -> None:
        with near, contextlib.suppress(OSError), socket.create_connection(self._there) as far:
            pair = (near, far)
            self._pairs.add(pair)
            try:
                self._carry(near, far)
            finally:
                self._pairs.discard(pair)

    def _carry(self, near: socket.socket, far: socket.socket) -> None:
        with selectors.DefaultSelector() as waiting:
            waiting.register(near, selectors.EVENT_READ, far)
            waiting.register(far, selectors.EVENT_READ, near)
            while not self._is_cut.is_set():
                for key, _ in waiting.select(timeout=1):
                    other: socket.socket = key.data
                    assert isinstance(key.fileobj, socket.socket)
                    part = key.fileobj.recv(1 << 16)
                    if not part:
                        return
                    other.sendall(part)
