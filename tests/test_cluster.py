"""Many machines: a scheduler and workers as real processes, one of them killed midway; what is told where they fail."""

from __future__ import annotations

import dataclasses
import os
import pickle
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import simulator
import simulator_sheets
from click.testing import CliRunner
from distributed import Client
from PIL import Image
from simulator import Cross, Scanner

from forms.layout import dump
from omr import batch, cluster
from omr.batch import PageResult, read_files
from omr.cluster import connected
from omr.errors import OmrError
from omr.images import BadImage, PageImage, Pile, Taken
from omr.policy import POLICY
from omr.readings import PageReading
from webapp.cli import main

SERIALS = simulator_sheets.serials(3)
DATA, LAYOUT = simulator_sheets.sheets(SERIALS)
LAYOUTS = {LAYOUT.id: LAYOUT}
SCANNER = Scanner(dpi=150)
TIMES = 6
PAGES = 6 * TIMES
LAST = 4

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="kills workers the POSIX way")


@pytest.fixture(scope="module")
def pile(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Three sheets of two pages, ten times over."""
    answers = [[Cross(f"q{q}", "abc"[n]) for q in range(1, 9)] for n in range(3)]
    pixels = simulator.images_of(DATA, LAYOUT, answers, seed=1, scanner=SCANNER)
    path = tmp_path_factory.mktemp("pile") / "pile.pdf"
    simulator.write_pdf(path, pixels * TIMES, SCANNER)
    return path


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


class Machines:
    """A scheduler and its workers, each a process of its own, in a folder where none of our files lie."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.address = f"tcp://127.0.0.1:{free_port()}"
        port = self.address.rpartition(":")[2]
        self.scheduler = self._dask("scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard")
        self.workers: list[subprocess.Popen[bytes]] = []

    def have(self, workers: int, *, nanny: bool = False) -> Machines:
        """Start workers until there are so many; with a nanny, which starts one anew, only that one."""
        self.workers = [w for w in self.workers if w.poll() is None]
        options = ["--nthreads", "1", "--no-dashboard", "--local-directory", str(self._folder)]
        options += [] if nanny else ["--no-nanny"]
        for _ in range(workers - len(self.workers)):
            self.workers.append(self._dask("worker", self.address, *options))
        with Client(self.address, timeout=60, set_as_default=False) as client:
            client.wait_for_workers(workers, timeout=60)
        return self

    def _dask(self, *words: str) -> subprocess.Popen[bytes]:
        log = (self._folder / f"{len(list(self._folder.glob('*.log')))}.log").open("wb")
        settings = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1", "PYTHONPATH": str(Path(__file__).parent)}
        command = [sys.executable, "-m", "dask", *words]
        with log:
            return subprocess.Popen(command, stdout=log, stderr=log, cwd=self._folder, env=os.environ | settings)

    def end(self) -> None:
        for process in (*self.workers, self.scheduler):
            process.kill()
            process.wait()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A scheduler; workers are started where a test needs them."""
    made = Machines(tmp_path_factory.mktemp("machines"))
    try:
        yield made
    finally:
        made.end()


@pytest.fixture(scope="module")
def here(pile: Path) -> list[PageResult]:
    """What this process reads."""
    return list(read_files([pile], LAYOUTS))


@pytest.mark.parametrize("name", ["a.pdf", "g4.pdf", "a.tif", "g4.tif", "a.jpg", "a.png", "clear.png", "text.jpg"])
def test_a_picture_read_elsewhere_is_the_same_page_image(tmp_path: Path, name: str) -> None:
    gray = np.full((1000, 701), 230, np.uint8)
    gray[100:300, 200:501] = 20
    black = np.where(gray > 128, 255, 0).astype(np.uint8)
    path = tmp_path / name
    if name == "text.jpg":
        path.write_text("hej")
    elif name == "clear.png":
        image = Image.fromarray(gray).convert("LA")
        image.putalpha(Image.fromarray(255 - gray))
        image.save(path, dpi=(300, 300))
    else:
        pixels = black if name.startswith("g4") else gray
        write = {".pdf": simulator.write_pdf, ".tif": simulator.write_tiff}.get(path.suffix)
        if write is not None:
            write(path, [pixels], SCANNER)
        else:
            (simulator.write_jpeg if path.suffix == ".jpg" else simulator.write_png)(path, pixels, SCANNER)
    with Pile(path) as opened:
        taken, image = opened.taken(1), opened.image(1)
    assert isinstance(taken, BadImage if name == "text.jpg" else Taken)
    again = pickle.loads(pickle.dumps(taken))
    if isinstance(again, Taken):
        again = again.page()
        assert isinstance(image, PageImage)
        assert np.array_equal(again.gray, image.gray)
        assert dataclasses.replace(again, gray=image.gray) == image
    else:
        assert again == image


def test_a_worker_that_is_killed_midway_costs_no_page_and_doubles_none(
    machines: Machines, pile: Path, here: list[PageResult]
) -> None:
    results = []
    with connected(machines.have(2).address) as far:
        assert far.width == 2
        for result in read_files([pile], LAYOUTS, cluster=far, jobs=1):
            results.append(result)
            if len(results) == 1:
                machines.workers[0].kill()
                machines.workers[0].wait()
        assert far.width == 1
    assert results == here
    assert [r.image for r in results] == list(range(1, PAGES + 1))
    assert all(isinstance(r.outcome, PageReading) for r in results)


def test_the_command_says_the_same_with_and_without(machines: Machines, pile: Path, tmp_path: Path) -> None:
    (tmp_path / "layout.json").write_text(dump(LAYOUT), encoding="utf-8")
    command = ["read", str(pile), "--layout", str(tmp_path / "layout.json"), "--jobs", "1"]
    alone = CliRunner().invoke(main, command)
    several = CliRunner().invoke(main, [*command, "--cluster", machines.have(1).address])
    assert (several.exit_code, several.stdout) == (alone.exit_code, alone.stdout)
    assert alone.stdout.count("\n") == PAGES


def dies(images: list[tuple[int, Taken | BadImage]], work: bytes) -> list[batch._Judged]:
    """Stand in for a picture that kills every worker it is handed to."""
    if any(number == PAGES for number, _ in images):
        os.kill(os.getpid(), signal.SIGKILL)
    return batch._read_far(images, work)


def test_a_picture_that_kills_its_workers_is_read_here_instead(
    machines: Machines, pile: Path, here: list[PageResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_read_far", dies)
    with connected(machines.have(2).address) as far:
        # The last ones, so that the two workers, which both die, leave no other work behind.
        found = list(read_files([pile], LAYOUTS, cluster=far, jobs=1, done=[PAGES - LAST]))
    assert found == here[-LAST:]


def stays(images: list[tuple[int, Taken | BadImage]], work: bytes) -> list[batch._Judged]:
    """Stand in for a picture from which no worker comes back."""
    if any(number == PAGES for number, _ in images):
        time.sleep(600)
    return batch._read_far(images, work)


def test_a_picture_that_keeps_its_worker_is_read_here_instead_and_the_worker_started_anew(
    machines: Machines, pile: Path, here: list[PageResult], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(batch, "_read_far", stays)
    monkeypatch.setattr(cluster, "STUCK_S", 4.0)
    with connected(machines.have(1, nanny=True).address) as far:
        assert list(read_files([pile], LAYOUTS, cluster=far, jobs=1, done=[PAGES - LAST])) == here[-LAST:]
    monkeypatch.undo()
    with connected(machines.address) as far:
        assert list(read_files([pile], LAYOUTS, cluster=far, jobs=1, done=[PAGES - LAST])) == here[-LAST:]


def refused(code: str, address: str) -> OmrError:
    with pytest.raises(OmrError) as caught, connected(address):
        pass
    assert caught.value.code == code
    assert caught.value.remedy
    return caught.value


def test_workers_that_are_all_lost_are_told(machines: Machines, pile: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with connected(machines.have(1).address) as far:
        monkeypatch.setattr(cluster, "WORKERS_S", 1.0)
        results = read_files([pile], LAYOUTS, cluster=far, jobs=1)
        next(results)
        machines.workers[0].kill()
        with pytest.raises(OmrError, match="No worker is left") as caught:
            list(results)
        assert caught.value.code == "cluster-lost"
    refused("cluster-empty", machines.address)


def test_a_scheduler_that_is_lost_midway_is_told(machines: Machines, pile: Path) -> None:
    """The last test that needs it."""
    with connected(machines.have(1).address) as far:
        results = read_files([pile], LAYOUTS, cluster=far, jobs=1)
        next(results)
        machines.scheduler.kill()
        with pytest.raises(OmrError, match="gone") as caught:
            list(results)
        assert caught.value.code == "cluster-lost"


def test_nobody_at_the_address(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(cluster, "ANSWER_S", 1.0)
    address = f"tcp://127.0.0.1:{free_port()}"
    refused("cluster-unreachable", address)
    (tmp_path / "layout.json").write_text(dump(LAYOUT), encoding="utf-8")
    command = ["read", "a.pdf", "--layout", str(tmp_path / "layout.json"), "--cluster", address]
    told = CliRunner().invoke(main, command)
    assert told.exit_code == 1
    assert f"No Dask scheduler answers at {address}." in told.stderr
    assert "dask scheduler" in told.stderr


@pytest.mark.parametrize("address", ["127.0.0.1:8786", "tcp://127.0.0.1", "http://127.0.0.1:80", "tcp://a b:1"])
def test_what_is_no_address_is_wrong_usage(address: str) -> None:
    told = CliRunner().invoke(main, ["read", "a.pdf", "--layout", "l.json", "--cluster", address])
    assert told.exit_code == 2
    assert "is not tcp://HOST:PORT" in told.stderr


def test_without_the_extra_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = refused("no-cluster-extra", "tcp://127.0.0.1:1")
    lock = Path(__file__).parent.parent / "requirements" / "cluster.txt"
    assert "pip install --require-hashes -r requirements/cluster.txt" in told.remedy
    assert "distributed==" in lock.read_text(encoding="utf-8")


def test_a_worker_with_another_reader_reads_nothing() -> None:
    with pytest.raises(OmrError) as caught:
        batch._unpacked(pickle.dumps(("0.0.0", {}, POLICY)))
    assert caught.value.code == "cluster-worker"
    again = pickle.loads(pickle.dumps(caught.value))
    assert (again.code, again.message, again.remedy) == ("cluster-worker", caught.value.message, caught.value.remedy)
