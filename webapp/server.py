"""Serving one instance: the site, the reading jobs and the tray's clock, in one process."""

from __future__ import annotations

import errno
import ipaddress
import logging
import signal
import socket
import tempfile
import threading
from collections.abc import Callable, Iterator
from types import FrameType

import click
import ifaddr
import waitress
from waitress.server import BaseWSGIServer, MultiSocketServer

from webapp.app import create_app
from webapp.bodylimit import limit_bodies
from webapp.config import MEBIBYTE, Config
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.jobs import Jobs, Worker
from webapp.views.upload import sweep

THREADS = 16
"""Threads that answer requests; writing is done by one of its own.

Measured with tests/bench_submissions.py, 16 clients on the same two cores: 4 threads 235 answers a second, 8 about 300,
16 about 420, 24 no more.
"""

TICK_SECONDS = 1.0
"""How often the tray is asked whether a lot is due."""

_CONTAINERS = ("docker", "veth", "br-", "virbr", "lxc")
"""How the names of networks begin that only programs of this machine are in."""

_log = logging.getLogger("kryssklick")


class Repeated(threading.Thread):
    """Does something again and again until it is told to stop. What goes wrong is written to stderr and tried again.

    Args:
        name: Name of the thread.
        work: What to do.
        seconds: Pause between.
    """

    def __init__(self, name: str, work: Callable[[], object], seconds: float) -> None:
        super().__init__(name=name, daemon=True)
        self._work = work
        self._seconds = seconds
        self._stopped = threading.Event()

    def run(self) -> None:
        """Work until stopped."""
        while not self._stopped.wait(self._seconds):
            try:
                self._work()
            except Exception:
                # The tray must not stand still for the rest of the day because a disk was full for a minute.
                _log.exception("%s failed and will be tried again", self.name)

    def stop(self) -> None:
        """End after what is being done."""
        self._stopped.set()
        self.join()


def listen(
    instance: Instance, jobs: Jobs, host: str, port: int, *, https: bool = False
) -> MultiSocketServer | BaseWSGIServer:
    """Open the port and put the application behind it.

    Args:
        instance: The instance, open.
        jobs: Its reading jobs, the same object that its worker takes them from.
        host: Address to listen on.
        port: Port; 0 for any free one.
        https: A reverse proxy with HTTPS stands in front.

    Raises:
        DatasetError: `instance-in-use`, `port-taken`, `bad-address`.
    """
    instance.begin_serving()
    # What arrives in large bodies is scanned answers: it waits inside the instance, never in a folder of the system.
    tempfile.tempdir = str(instance.store.incoming_path)
    # Nobody else serves, so every upload that is still there broke off.
    sweep(instance, older_s=-1)
    config = Config(instance.path, secure_cookies=https, proxies=int(https))
    app = create_app(config, instance, jobs)
    limit = config.max_upload_bytes + MEBIBYTE
    try:
        server = waitress.create_server(
            app, host=host, port=port, threads=THREADS, ident=None, max_request_body_size=limit
        )
    except OSError as error:
        if error.errno in (errno.EADDRINUSE, errno.EACCES):
            raise DatasetError(
                "port-taken",
                f"Port {port} on {host} can't be had: {error.strerror}.",
                "Choose another one with --port N, or 0 for any free one.",
            ) from error
        remedy = "Use 127.0.0.1 for this machine alone or 0.0.0.0 for the local network."
        raise DatasetError("bad-address", f"{host} is no address of this machine: {error}.", remedy) from error
    limit_bodies(server, app, instance, config)
    return server


def run(instance: Instance, host: str, port: int, *, https: bool = False) -> None:
    """Serve until Ctrl-C or SIGTERM; then finish what has begun, write what was accepted, and return.

    Raises:
        DatasetError: See `listen`.
    """
    jobs = Jobs(instance)
    # A line for each request that waits its turn helps nobody, and where nobody reads them they fill the pipe until the
    # site stands still.
    logging.getLogger("waitress.queue").setLevel(logging.ERROR)
    server = listen(instance, jobs, host, port, https=https)
    worker = Worker(instance, jobs)
    tickers = (
        Repeated("tray", instance.tray.advance, TICK_SECONDS),
        Repeated("contacts", instance.contacts.tidy, TICK_SECONDS),
    )
    signal.signal(signal.SIGTERM, _interrupt)
    for line in _greeting(instance, host, server.effective_port):
        click.echo(line, err=True)
    worker.start()
    for ticker in tickers:
        ticker.start()
    try:
        server.run()
    finally:
        for ticker in tickers:
            ticker.stop()
        worker.stop()
        server.close()


def _interrupt(_: int, __: FrameType | None) -> None:
    raise KeyboardInterrupt


def addresses(host: str, port: int) -> list[str]:
    """Return the addresses under which a server can be reached.

    Args:
        host: What it listens on.
        port: Its port.

    Returns:
        One address, or for 0.0.0.0 this machine's own and those in its networks, first the one that leads on to others.
        A laptop that gives phones a network of its own has no such one.
    """
    if host not in ("0.0.0.0", "::"):  # noqa: S104 (a comparison, nothing is bound)
        return [f"http://{host}:{port}/"]
    found = ["127.0.0.1", *_leading_on(), *_in_networks()]
    return [f"http://{address}:{port}/" for address in dict.fromkeys(found)]


def _leading_on() -> Iterator[str]:
    """Yield the address that this machine uses towards the outside, if there is one."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            # Nothing is sent: connecting a datagram socket only asks which of our addresses would be used.
            probe.connect(("192.0.2.1", 9))
            yield probe.getsockname()[0]
        except OSError:
            pass


def _in_networks() -> Iterator[str]:
    """Yield this machine's IPv4 addresses in networks that phones may be in: not its own, not those of containers."""
    for adapter in ifaddr.get_adapters():
        if not adapter.nice_name.startswith(_CONTAINERS):
            for ip in adapter.ips:
                if ip.is_IPv4 and not ipaddress.ip_address(str(ip.ip)).is_loopback:
                    yield str(ip.ip)


def _greeting(instance: Instance, host: str, port: int) -> list[str]:
    """Say where the site is and who can sign in for the first time."""
    first, *more = addresses(host, port)
    lines = [f"Kryssklick serves {instance.path} at {first}", *(f"  in the local network: {a}" for a in more)]
    lines.append(f"Desk: {first}desk")
    for new in instance.accounts.unused_one_time_passwords():
        lines.append(f"  first sign-in of {new.user.name}, one-time password: {new.one_time_password}")
    return [*lines, "Stop with Ctrl-C."]
