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
from stand_ins import hangs, sleeps

from omr import batch
from omr.batch import PATIENCE_S, STOPPED, read_files
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
    assert f"{PATIENCE_S:.0f} seconds" in STOPPED


def test_this_process_is_never_ended(monkeypatch: pytest.MonkeyPatch) -> None:
    """Where a caller reads in its own process, no clock may end it."""
    monkeypatch.setattr(batch, "PATIENCE_S", 0.01)
    monkeypatch.setattr(batch, "PATIENCE_WALL_S", 0.01)
    with batch._patiently():
        begun = time.process_time()
        while time.process_time() - begun < 0.05:
            os.getpid()
