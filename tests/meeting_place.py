"""A network of one's own: a server and a browser that reach each other by an address that is not the machine itself.

Browsers trust pages of 127.0.0.1 as they trust HTTPS. What a meeting place's laptop serves is not trusted: no service
worker, no WebCrypto, no storage that is kept. Linux lends a network namespace for that, which no packet leaves.
"""

from __future__ import annotations

import re
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from browser_helpers import ARGUMENTS, CHROMIUM
from playwright.sync_api import Browser, sync_playwright

ADDRESS = "10.77.0.1"
"""The address of the laptop: private, and on no interface that leads anywhere."""

MAKE = (
    f"ip link set lo up && ip addr add {ADDRESS}/32 dev lo && ip route add default dev lo src {ADDRESS}"
    " && echo ready && exec cat"
)
"""Waits until its input ends; the namespace goes with the last program in it."""

PORT = 8117
"""Nobody else is in the namespace."""


@dataclass(frozen=True, slots=True)
class Network:
    """A network namespace.

    Attributes:
        enter: What stands before a command that is to run in it.
    """

    enter: tuple[str, ...]

    @contextmanager
    def browsing(self, folder: Path) -> Iterator[Browser]:
        """Run Chromium in it; the test speaks to it through a pipe, from outside.

        What pages ask for stays in the network; what a test asks for itself (`window.request`, `route.fetch`) does not.
        """
        starter = folder / "chromium"
        starter.write_text(f'#!/bin/sh\nexec {shlex.join(self.enter)} {CHROMIUM} "$@"\n')
        starter.chmod(0o700)
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=str(starter), args=list(ARGUMENTS))
            try:
                yield browser
            finally:
                browser.close()

    @contextmanager
    def serving(self, instance: Path) -> Iterator[list[str]]:
        """Serve an instance to the whole network by the command that people use; give what it says."""
        script = "from webapp.cli import main; main()"
        command = [*self.enter, sys.executable, "-c", script, "serve", "--host", "0.0.0.0", "--port", str(PORT)]
        process = subprocess.Popen([*command, "--instance", str(instance)], stderr=subprocess.PIPE, text=True)
        assert process.stderr is not None
        try:
            said = [process.stderr.readline()]
            while said[-1] and "Stop with" not in said[-1]:
                said.append(process.stderr.readline())
            assert said[-1], "".join(said)
            yield said
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(20)
            process.stderr.close()


@contextmanager
def network() -> Iterator[Network]:
    """Make a network of one's own.

    Raises:
        OSError: It can't be had here; the text says why.
    """
    command = ["unshare", "--user", "--map-root-user", "--net", "sh", "-c", MAKE]
    pipes = subprocess.PIPE
    holder = subprocess.Popen(command, stdin=pipes, stdout=pipes, stderr=pipes, text=True)
    assert holder.stdout is not None
    try:
        if holder.stdout.readline().strip() != "ready":
            _, why = holder.communicate()
            raise OSError(re.sub(r"\s+", " ", why).strip() or "unshare said nothing")
        yield Network(("nsenter", f"--target={holder.pid}", "--user", "--net", "--preserve-credentials", "--"))
    finally:
        holder.communicate()


@cache
def missing() -> str:
    """Say what keeps a network of one's own from being made here; empty: nothing."""
    lacking = [name for name in ("unshare", "nsenter", "ip") if shutil.which(name) is None]
    if lacking:
        return f"Not here: {', '.join(lacking)} (Debian: util-linux iproute2)"
    try:
        with network() as made:
            tried = subprocess.run([*made.enter, "true"], capture_output=True, text=True, check=False)
    except OSError as error:
        return f"No network namespace can be made here: {error}"
    return f"No network namespace can be entered here: {tried.stderr.strip()}" if tried.returncode else ""
