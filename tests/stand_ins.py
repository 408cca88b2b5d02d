"""Stand-ins for a worker's task whose second or third image hangs, sleeps or kills it.

Processes that are started afresh import the module of what they are to do. This one imports nothing but the reader:
a test file would bring its printed sheets along, each time.
"""

from __future__ import annotations

import os
import signal
import time

from omr import batch
from omr.batch import PageResult


def hangs(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a decoder that never comes back from an image: the second of the pile."""
    if chunk.first <= 2 <= chunk.last:
        batch.PATIENCE_S = 0.2  # here alone: the good image may take its time on a busy machine
        with batch._patiently():
            while True:
                pass
    return list(batch._read(chunk, work))


def sleeps(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a reader that waits for something that never comes."""
    if chunk.first <= 2 <= chunk.last:
        batch.PATIENCE_WALL_S = 0.5
        with batch._patiently():
            time.sleep(600)
    return list(batch._read(chunk, work))


def dies(chunk: batch._Chunk, work: bytes) -> list[PageResult]:
    """Stand in for a worker that one image kills: the third of the pile."""
    if chunk.first <= 3 <= chunk.last:
        os.kill(os.getpid(), getattr(signal, "SIGKILL", signal.SIGTERM))
    return list(batch._read(chunk, work))
