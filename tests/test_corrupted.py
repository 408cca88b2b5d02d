"""Damaged files: each read or refused, none crashes or holds up a reader, no neighbour is harmed.

`python tests/corrupt_files.py` takes 5,000 cases; here are six of each format, and readers that hang or die.
"""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Mapping
from pathlib import Path

import corrupt_files
import pytest
from stand_ins import dies_counting, hangs, hangs_counting, hangs_opening, sleeps, sleeps_counting

from omr import batch, patience
from omr.batch import STOPPED, read_files
from omr.readings import PageReading, Refusal, RefusalCode

CASES = 60


@pytest.fixture(scope="module")
def good(tmp_path_factory: pytest.TempPathFactory) -> Mapping[str, bytes]:
    """Good files of every format."""
    return corrupt_files.originals(tmp_path_factory.mktemp("good"))


def test_damaged_files_stop_no_reader_and_harm_no_neighbour(tmp_path: Path, good: Mapping[str, bytes]) -> None:
    assert len(good) == 10
    found = corrupt_files.run(0, CASES, good, tmp_path)
    assert found.faults == []
    assert sum(found.outcomes.values()) >= CASES
    # The damage is real: most files can't be read any more, and of every format some are refused.
    assert {name for name in good if any(w.startswith(f"{name} > ") and w[-4:] != "read" for w in found.outcomes)} == {
        *good
    }
    assert sum(n for what, n in found.outcomes.items() if what.endswith("> read")) < CASES


def test_a_page_whose_filter_has_a_name_in_no_script_is_refused_alone(
    tmp_path: Path, good: Mapping[str, bytes]
) -> None:
    damaged = good["pdf"].replace(b"/DCTDecode", b"/DCT\xb3ecode", 1)
    assert damaged != good["pdf"]
    (tmp_path / "a.pdf").write_bytes(damaged)
    first, second = read_files([tmp_path / "a.pdf"], corrupt_files.LAYOUTS)
    assert isinstance(first.outcome, Refusal)
    assert first.outcome.code is RefusalCode.DAMAGED_FILE
    assert isinstance(second.outcome, PageReading)


@pytest.mark.parametrize("task", [hangs, sleeps])
@pytest.mark.skipif(sys.platform == "win32", reason="there a process has no clock of its CPU time")
def test_an_image_that_keeps_its_reader_is_refused_and_the_others_are_read(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Mapping[str, bytes], task: object
) -> None:
    (tmp_path / "a.tif").write_bytes(good["tif"])
    alone = list(read_files([tmp_path / "a.tif"], corrupt_files.LAYOUTS))
    monkeypatch.setattr(batch, "_work", task)
    results = list(read_files([tmp_path / "a.tif"], corrupt_files.LAYOUTS, jobs=1))
    assert [r.image for r in results] == [1, 2]
    assert results[0] == alone[0]
    assert isinstance(results[0].outcome, PageReading)
    assert isinstance(results[1].outcome, Refusal)
    assert results[1].outcome.detail == STOPPED
    assert f"{patience.PATIENCE_S:.0f} seconds" in STOPPED


def test_this_process_is_never_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a caller reads in its own process, no clock may end it."""
    monkeypatch.setattr(patience, "PATIENCE_S", 0.01)
    monkeypatch.setattr(patience, "PATIENCE_WALL_S", 0.01)
    with patience.patiently():
        begun = time.process_time()
        while time.process_time() - begun < 0.05:
            os.getpid()


@pytest.mark.parametrize("task", [hangs_counting, sleeps_counting, dies_counting])
@pytest.mark.skipif(sys.platform == "win32", reason="there a process has no clock of its CPU time")
def test_a_file_that_keeps_or_kills_who_opens_it_counts_as_one_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Mapping[str, bytes], task: object
) -> None:
    """The others are counted; pictures that can't hold several are not opened at all."""
    names = ("hostile.tif", "a.pdf", "a.jpg", "a.tif")
    for name in names:
        (tmp_path / name).write_bytes(good[name.rpartition(".")[2]])
    monkeypatch.setattr(batch, "_count", task)
    assert batch.counts([tmp_path / name for name in names]) == (1, 2, 1, 2)


@pytest.mark.skipif(sys.platform == "win32", reason="there a process has no clock of its CPU time")
def test_a_file_that_keeps_who_opens_it_is_refused_as_one_image(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, good: Mapping[str, bytes]
) -> None:
    """Whoever knows how many images there are opens no file in its own process."""
    (tmp_path / "hostile.tif").write_bytes(good["tif"])
    (tmp_path / "a.tif").write_bytes(good["tif"])
    monkeypatch.setattr(batch, "_work", hangs_opening)
    monkeypatch.setattr(batch, "Pile", None)
    paths = [tmp_path / "hostile.tif", tmp_path / "a.tif"]
    first, *others = read_files(paths, corrupt_files.LAYOUTS, jobs=1, totals=[1, 2])
    assert isinstance(first.outcome, Refusal)
    assert (first.outcome.code, first.outcome.detail) == (RefusalCode.DAMAGED_FILE, STOPPED)
    assert [(r.index, r.image, type(r.outcome)) for r in others] == [(1, 1, PageReading), (1, 2, PageReading)]
