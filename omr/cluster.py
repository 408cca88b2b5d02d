"""Other machines that read: a Dask scheduler with its workers, as an executor of `concurrent.futures`.

An optional extra (`cluster` in setup.cfg). Whoever reaches a scheduler can run programs on its workers, and over
`tcp://` pictures travel in the clear: it belongs on a network of the association's own.
"""

from __future__ import annotations

import re
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import CancelledError, Future, wait
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, ParamSpec, TypeVar
from uuid import uuid4

from omr.errors import OmrError

if TYPE_CHECKING:
    from distributed import Client

ADDRESS = re.compile(r"(tcp|tls)://(\[[0-9A-Fa-f:.]+\]|[^\s/:\[\]]+):[0-9]{1,5}")
"""What a scheduler's address looks like; `tls` where Dask's own configuration names the certificates."""

ANSWER_S = 10.0
"""Longest wait for the scheduler to answer."""

WORKERS_S = 30.0
"""Longest time without a single worker, before reading begins and while it lasts."""

LOOK_S = 1.0
"""How often it is looked whether workers are left while a result is waited for."""

STUCK_S = 90.0
"""Longest time that a piece of work lies with one worker: those before it there take some seconds each."""

P = ParamSpec("P")
T = TypeVar("T")


class WorkersDied(Exception):
    """Several workers died of one piece of work, and the scheduler gave it up; or it kept one of them too long."""


class Cluster:
    """The workers behind one scheduler; made by `connected`."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._executor = client.get_executor()
        self._keys: dict[Future[Any], str] = {}
        self._since: dict[tuple[str, str], float] = {}

    @property
    def width(self) -> int:
        """How many pieces of work can be done at once, at least 1."""
        return max(1, sum(self._threads().values()))

    def _threads(self) -> dict[str, int]:
        """Return the threads of each worker there is."""
        with _reaching():
            threads: dict[str, int] = self._client.nthreads()
            return threads

    def submit(self, task: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> Future[T]:
        """Hand a piece of work to a worker; one that is lost with its worker is done again by another.

        Args:
            task: A function of a module that the workers have too.
            args: What it is called with.
            kwargs: The same, by name.
        """
        key = f"kryssklick-{uuid4().hex}"
        with warnings.catch_warnings(), _reaching():
            # Dask advises to hand large values over beforehand; a picture is needed once, by one worker.
            warnings.filterwarnings("ignore", "Sending large graph", UserWarning)
            future: Future[T] = self._executor.submit(task, *args, **kwargs, key=key)
        self._keys[future] = key
        return future

    def result(self, future: Future[T]) -> T:
        """Wait for a piece of work.

        Args:
            future: From `submit`.

        Raises:
            WorkersDied: It killed its workers, several times, or kept one for longer than STUCK_S.
            OmrError: `cluster-lost`: scheduler or workers are gone; `cluster-worker`: a worker can't do it.
        """
        from distributed.scheduler import KilledWorker  # noqa: PLC0415 - part of the extra

        seen = time.monotonic()
        while not wait([future], timeout=LOOK_S).done:
            if self._threads():
                seen = time.monotonic()
            elif time.monotonic() - seen > WORKERS_S:
                raise _lost("No worker is left")
            if self._is_stuck(future):
                raise WorkersDied
        del self._keys[future]
        try:
            return future.result()
        except KilledWorker as error:
            raise WorkersDied(str(error)) from error
        except CancelledError as error:
            raise _lost("The scheduler is gone") from error
        except OmrError:
            raise
        except Exception as error:
            # Whatever a worker raises arrives here: a missing package, a full disk. None of it is a bad page.
            raise OmrError("cluster-worker", f"A worker failed: {error!r}.", _SAME_EVERYWHERE) from error

    def _is_stuck(self, future: Future[Any]) -> bool:
        """Tell whether a worker has had a piece of work too long; if so, take it back and end that worker."""
        with _reaching():
            workers: dict[str, Sequence[str]] = self._client.processing()
        now = time.monotonic()
        # Clocks of all that lies with workers run at once: whoever is waited for next has not just begun.
        lying = {(key, worker) for worker, keys in workers.items() for key in keys}
        self._since = {place: self._since.get(place, now) for place in lying}
        stuck = [w for (key, w), since in self._since.items() if key == self._keys[future] and now - since > STUCK_S]
        if stuck:
            future.cancel()
            # Only one that a nanny looks after can be started anew.
            with suppress(ValueError, OSError, TimeoutError):
                self._client.restart_workers(stuck, timeout=ANSWER_S, raise_for_error=False)
        return bool(stuck)


@contextmanager
def _reaching() -> Iterator[None]:
    """Tell what Dask raises, in several ways, when a scheduler has gone."""
    try:
        yield
    except (OSError, ValueError, RuntimeError) as error:
        raise _lost("The scheduler is gone") from error


_SAME_EVERYWHERE = "Install the same version of Kryssklick on every worker, and see what its own log says."


def _lost(what: str) -> OmrError:
    remedy = "Start scheduler and workers again, then this command: a page that is in the dataset already counts once."
    return OmrError("cluster-lost", f"{what}, before everything was read.", remedy)


@contextmanager
def connected(address: str) -> Iterator[Cluster]:
    """Connect to a scheduler, and make sure that its workers have the same reader.

    Args:
        address: As `ADDRESS` describes.

    Raises:
        OmrError: `no-cluster-extra`: Dask is not installed; `cluster-unreachable`: nobody answers; `cluster-empty`:
            the scheduler has no worker; `cluster-worker`: a worker lacks the reader.
    """
    try:
        from distributed import Client  # noqa: PLC0415 - an extra that is not always installed
    except ImportError as error:
        remedy = (
            "Install it: .venv/bin/python -m pip install --require-hashes -r requirements/cluster.txt. Or leave"
            " --cluster out: then this machine reads alone."
        )
        raise OmrError("no-cluster-extra", "Reading on many machines needs Dask, an optional extra.", remedy) from error
    try:
        client = Client(address, timeout=ANSWER_S, name="kryssklick", set_as_default=False)
    except (OSError, ValueError) as error:
        remedy = "Start one there with `dask scheduler`, check address, port and firewall, or leave --cluster out."
        message = f"No Dask scheduler answers at {address}."
        raise OmrError("cluster-unreachable", message, remedy) from error
    try:
        _wait_for_workers(client, address)
        yield Cluster(client)
    finally:
        client.close(timeout=ANSWER_S)


def _wait_for_workers(client: Client, address: str) -> None:
    try:
        client.wait_for_workers(1, timeout=WORKERS_S)
    except TimeoutError as error:
        remedy = f"Start one on each machine that shall read: `dask worker {address}`."
        raise OmrError("cluster-empty", f"The scheduler at {address} has no worker.", remedy) from error
