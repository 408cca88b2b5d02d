"""An end for what takes too long: a process of our own that one file keeps busy is ended by a clock.

No decoder can be told to stop. So files are opened and read in processes that may be lost, and each of these has two
clocks that need no interpreter: they also ring where a decoder never comes back.
"""

from __future__ import annotations

import faulthandler
import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager

PATIENCE_S = 10.0
"""Most CPU time for opening a file or for one image; the slowest real pages take half a second."""

PATIENCE_WALL_S = 60.0
"""Longest time for it by the clock, where a machine is busy with other things or keeps no CPU time for a process."""

_own = False
"""Whether this process is one of our own making, which may be ended."""


def begin() -> None:
    """Say that this process is one of our own making."""
    global _own  # noqa: PLW0603 - a process knows what it is
    _own = True


@contextmanager
def patiently() -> Iterator[None]:
    """End this process, if it is one of our own, when what is done here takes too long."""
    if not _own:
        yield
        return
    with open(os.devnull, "w") as nowhere:  # noqa: PTH123 - the system's own name for it, not a file
        faulthandler.dump_traceback_later(PATIENCE_WALL_S, exit=True, file=nowhere)
        if sys.platform != "win32":
            signal.setitimer(signal.ITIMER_PROF, PATIENCE_S)  # its signal ends a process that does not expect it
        try:
            yield
        finally:
            if sys.platform != "win32":
                signal.setitimer(signal.ITIMER_PROF, 0.0)
            faulthandler.cancel_dump_traceback_later()
