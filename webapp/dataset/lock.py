"""Lock files: one instance has one server, one reading job one program that works on it."""

from __future__ import annotations

import os
import sys
from pathlib import Path
from typing import IO

from webapp.dataset.errors import DatasetError


class Held(Exception):
    """Somebody else holds a lock.

    Attributes:
        holder: Process id of who holds it; empty where that is not known.
    """

    def __init__(self, holder: str) -> None:
        super().__init__(holder)
        self.holder = holder


class FileLock:
    """Holds a file until it is released or the program ends, however it ends.

    Args:
        path: The lock file; made where there is none.

    Raises:
        Held: Somebody else holds it.
    """

    def __init__(self, path: Path) -> None:
        self._file: IO[str] | None = path.open("a+", encoding="utf-8")
        try:
            _lock(self._file)
        except OSError as error:
            self._file.seek(1)
            holder = self._file.read().strip()
            self._file.close()
            self._file = None
            raise Held(holder) from error
        # The first byte is the locked one: on Windows nobody else may read it, but the rest.
        self._file.truncate(0)
        self._file.write(f" {os.getpid()}")
        self._file.flush()

    def release(self) -> None:
        """Let others have it."""
        if self._file is not None:
            _unlock(self._file)
            self._file.close()
            self._file = None


def server_lock(path: Path) -> FileLock:
    """Hold an instance for one server.

    Args:
        path: The lock file in the instance's folder.

    Raises:
        DatasetError: `instance-in-use`: another server holds it.
    """
    try:
        return FileLock(path)
    except Held as held:
        who = f" (process {held.holder})" if held.holder else ""
        raise DatasetError(
            "instance-in-use",
            f"Another server{who} already serves {path.parent}.",
            "Use that one, stop it first, or serve another folder with --instance DIR.",
        ) from held


if sys.platform == "win32":
    import msvcrt

    def _lock(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)

    def _unlock(file: IO[str]) -> None:
        file.seek(0)
        msvcrt.locking(file.fileno(), msvcrt.LK_UNLCK, 1)

else:
    import fcntl

    def _lock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)

    def _unlock(file: IO[str]) -> None:
        fcntl.flock(file, fcntl.LOCK_UN)
