"""A cable between a browser and a server that can be cut: for browsers whose network no test can switch."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit


class Cable:
    """Carries connections to a server until it is cut, and again once it is mended.

    Attributes:
        port: Where it is reached, cut or not.
    """

    def __init__(self, to: str) -> None:
        parts = urlsplit(to)
        self._to = (parts.hostname or "127.0.0.1", parts.port or 80)
        self._ends: set[socket.socket] = set()
        self._guard = threading.Lock()
        self._door: socket.socket | None = None
        self.port = 0
        self.mend()

    def mend(self) -> None:
        """Let connections through."""
        self._door = socket.create_server(("127.0.0.1", self.port))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._take, args=(self._door,), daemon=True).start()

    def cut(self) -> None:
        """Break off every connection and take no more."""
        door, self._door = self._door, None
        with self._guard:
            ends, self._ends = self._ends, set()
        for end in (door, *ends):
            if end is not None:
                # One that the other side has closed already can't be shut down.
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)
                end.close()

    def _take(self, door: socket.socket) -> None:
        while True:
            try:
                near, _ = door.accept()
                far = socket.create_connection(self._to)
            except OSError:
                return
            with self._guard:
                whole = self._door is door
                self._ends |= {near, far} if whole else set()
            if not whole:
                near.close()
                far.close()
                return
            for a, b in ((near, far), (far, near)):
                threading.Thread(target=self._carry, args=(a, b), daemon=True).start()

    def _carry(self, source: socket.socket, sink: socket.socket) -> None:
        with suppress(OSError):
            while data := source.recv(65536):
                sink.sendall(data)
        with suppress(OSError):
            sink.shutdown(socket.SHUT_WR)


@contextmanager
def cable(to: str) -> Iterator[Cable]:
    """Lay a cable to a server's address, and take it away."""
    laid = Cable(to)
    try:
        yield laid
    finally:
        laid.cut()
