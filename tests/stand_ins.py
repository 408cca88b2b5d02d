"""Stand-ins for a worker's task that an image, or a file that is opened, keeps busy, puts to sleep or kills.

Processes that are started afresh import the module of what they are to do. This one imports nothing but the reader:
a test file would bring its printed sheets along, each time.
"""

from __future__ import annotations

import os
import signal
import time

from omr import batch, patience
from omr.batch import PageResult


def hangs(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a decoder that never comes back from an image: the second of the pile."""
    if chunk.first <= 2 <= chunk.last:
        patience.PATIENCE_S = 0.2  # here alone: the good image may take its time on a busy machine
        with patience.patiently():
            while True:
                pass
    return list(batch._read(chunk, work))


def sleeps(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a reader that waits for something that never comes."""
    if chunk.first <= 2 <= chunk.last:
        patience.PATIENCE_WALL_S = 0.5
        with patience.patiently():
            time.sleep(600)
    return list(batch._read(chunk, work))


def dies(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a worker that one image kills: the third of the pile."""
    if chunk.first <= 3 <= chunk.last:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return list(batch._read(chunk, work))


def _hostile(chunk: batch._Chunk) -> bool:
    return chunk.path.name.startswith("hostile")


def hangs_counting(chunk: batch._Chunk, work: bytes) -> list[tuple[int, int]]:
    """Stand in for a decoder that never comes back from opening a file."""
    _opens(chunk)
    return batch._count(chunk, work)


def hangs_opening(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """As `hangs_counting`, where it is read."""
    _opens(chunk)
    return list(batch._read(chunk, work))


def _opens(chunk: batch._Chunk) -> None:
    if _hostile(chunk):
        patience.PATIENCE_S = 0.2
        batch.Pile = _Busy  # type: ignore[misc, assignment]
        batch._opened(chunk.path)


class _Busy:
    """A file that keeps whoever opens it."""

    def __init__(self, path: object) -> None:
        del path
        while True:
            pass


def sleeps_counting(chunk: batch._Chunk, work: bytes) -> list[tuple[int, int]]:
    """Stand in for opening a file that waits for something that never comes."""
    if _hostile(chunk):
        patience.PATIENCE_WALL_S = 0.5
        with patience.patiently():
            time.sleep(600)
    return batch._count(chunk, work)


def dies_counting(chunk: batch._Chunk, work: bytes) -> list[tuple[int, int]]:
    """Stand in for a decoder that crashes where a file is opened."""
    if _hostile(chunk):
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return batch._count(chunk, work)
