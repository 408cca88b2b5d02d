"""Repeatable and fair: the same file gives the same bytes; no option is read otherwise for its place or its turning."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import count_fairness
import numpy as np
import pytest
import simulator
import simulator_sheets
from count_fairness import PLAIN, WAYS, Counts, fisher, unfair
from simulator import Scanner

from forms.answers import Mark
from forms.layout import dump

CROSSED, EMPTY, UNCERTAIN = Mark.CROSSED, Mark.EMPTY, Mark.UNCERTAIN


def test_turning_rescanning_and_place_move_the_rate_of_no_option() -> None:
    counts = count_fairness.count(16)
    assert counts.refused == {}
    assert [str(t) for t in unfair(counts)] == []
    made = {way: counts.split(0, CROSSED)[way] for way in WAYS}
    assert {sum(marks) for marks in made.values()} == {16 * 8}
    # Only where the reader sometimes hesitates could it be unfair.
    assert all(0.5 < right / (right + other) < 0.98 for right, other in made.values()), made
    assert all(read in (true, UNCERTAIN) for *_, true, read in counts.read)


def test_an_unfair_reader_would_be_told() -> None:
    """In every table of the command, what it looks for is found."""
    for at, names in ((0, list(WAYS)), (1, list("abcd")), (2, [f"q{n}" for n in range(1, 9)])):
        counts = Counts()
        for name in names:
            key = [PLAIN, "a", "q1"]
            key[at] = name
            hesitates = 25 if name == names[1] else 5
            counts.read[key[0], key[1], key[2], CROSSED, CROSSED] = 100 - hesitates
            counts.read[key[0], key[1], key[2], CROSSED, UNCERTAIN] = hesitates
        found = [t for t in unfair(counts) if t.what.startswith(("way", "option", "question")[at])]
        assert [t.right for t in found] == [75]


@pytest.mark.parametrize(
    ("table", "p"),
    # Tea-tasting, and tables whose values follow from the hypergeometric distribution by hand.
    [
        ((3, 1, 1, 3), 34 / 70),
        ((4, 0, 0, 4), 2 / 70),
        ((2, 3, 3, 2), 1.0),
        ((0, 5, 5, 0), 2 / 252),
        ((7, 0, 9, 0), 1.0),
    ],
)
def test_fisher_s_exact_test(table: tuple[int, int, int, int], p: float) -> None:
    assert fisher(*table) == pytest.approx(p)


def test_the_same_file_gives_the_same_bytes_however_and_whenever_it_is_read(tmp_path: Path) -> None:
    """Two runs of the command, each a new process, with one and with two processes of its own."""
    data, layout = simulator_sheets.sheets(simulator_sheets.serials(5))
    rng = np.random.default_rng(3)
    sheets = [simulator_sheets.answers(rng) for _ in range(5)]
    simulator.pile(tmp_path / "a.pdf", data, layout, sheets, seed=3, scanner=Scanner(dpi=200, skew_deg=0.7))
    (tmp_path / "layout.json").write_text(dump(layout), encoding="utf-8")
    command = [sys.executable, "-m", "flask", "--app", "webapp.app", "read", "a.pdf", "--layout", "layout.json"]
    said = []
    for jobs, seed in (("1", "1"), ("2", "2"), ("2", "3")):
        # With another seed, words in sets come in another order.
        surroundings = os.environ | {"PYTHONHASHSEED": seed}
        options = ["--jobs", jobs]
        run = subprocess.run([*command, *options], cwd=tmp_path, capture_output=True, env=surroundings, check=False)
        assert run.returncode in (0, 3), run.stderr
        said.append(run.stdout)
    assert said[0] == said[1] == said[2]
    lines = [json.loads(line) for line in said[0].splitlines()]
    assert [line["status"] for line in lines] == ["read"] * 10
    assert {m["state"] for line in lines for m in line["marks"]} >= {"crossed", "empty", "filled"}
