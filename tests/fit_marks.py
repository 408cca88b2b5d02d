"""Fits the probabilities of marks to the scanner farm and writes `omr/calibration.py`. Run by hand, not by pytest.

    python tests/fit_marks.py --shards 4

It fits on the shards from `--first` on and prints how well that holds on as many later ones: a reliability table.
"""

from __future__ import annotations

import argparse
import re
import tempfile
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path
from unittest import mock

import numpy as np
import simulator_farm
from numpy.typing import NDArray
from simulator_accuracy import layouts
from simulator_profiles import PROFILES

import omr.calibration
from omr.batch import read_files
from omr.calibration import Calibration, Floats, Line, scores
from omr.interpret import Judged, judge_boxes
from omr.readings import PageReading

STATES = ("empty", "crossed", "filled")

BINS = (0.0, 0.5, 0.9, 0.97, 0.99, 0.999, 1.0)
"""Edges of the reliability table's bins of probability."""

Table = NDArray[np.float64]
"""A row a mark: chances of empty, crossed and filled as scored, whether it is doubted, number of its true state."""


def collect(wanted: Iterable[tuple[str, int]]) -> Table:
    """Read shards and return what was scored for each mark beside its truth.

    Args:
        wanted: Profiles and numbers of shards.
    """
    rows = [row for profile, number in wanted for row in _shard(profile, number)]
    return np.array(rows, np.float64).reshape(-1, 5)


def _shard(profile: str, number: int) -> list[tuple[float, ...]]:
    scored: dict[int, tuple[float, ...]] = {}
    kept = []  # so that no two have one identity

    def remember(*given: object, **more: object) -> mock.Mock:
        judged: Judged = judge_boxes(*given, **more)
        told = judged.states()
        kept.append(told)
        for (_, p), row, doubt in zip(told, judged.scored, judged.doubted, strict=True):
            scored[id(p)] = (*(float(v) for v in row), float(doubt))
        return mock.Mock(lost=judged.lost, states=lambda: told)

    with tempfile.TemporaryDirectory() as folder, mock.patch("omr.reader.judge_boxes", remember):
        shard = simulator_farm.shard(profile, number, Path(folder))
        truth = {(page.file, page.image): page for page in shard.pages}
        rows = []
        for result in read_files(shard.files, layouts()):
            page = truth[Path(str(result.file)).name, result.image]
            reading = result.outcome
            if not isinstance(reading, PageReading) or (reading.layout, reading.page) != (page.layout, page.page):
                continue
            made = {(b.question, b.option): STATES.index(str(b.state)) for b in page.written.boxes}
            rows += [(*scored[id(m.p)], float(made[m.question, m.option])) for m in reading.marks]
    return rows


def fit(table: Table) -> Calibration:
    """Fit a calibration; doubtful marks are among those it is fitted to."""
    chances, doubted, true = table[:, :3], table[:, 3] > 0, table[:, 4]
    marked, filled = scores(chances)
    lines = []
    for score, of, is_it in ((marked, true >= 0, true > 0), (filled, true > 0, true == 2)):
        lines.append(
            (_line(score[of & ~doubted], is_it[of & ~doubted]), _line(score[of & doubted], is_it[of & doubted]))
        )
    best = chances.argmax(1)
    clear, unclear = [], []
    for n in range(3):
        counts = [int(np.sum((best == n) & (doubted == doubt))) for doubt in (False, True)]
        right = int(np.sum((best == n) & doubted & (true == n)))
        clear.append(round(1 - 3 / max(4, counts[0]), 6))
        unclear.append(round(min(right / max(1, counts[1]), 1 - 3 / max(4, counts[1])), 6))
    most = (clear[0], clear[1], clear[2]), (unclear[0], unclear[1], unclear[2])
    return Calibration("c4", len(table), lines[0], lines[1], most)


def _line(score: Floats, is_it: NDArray[np.bool_]) -> Line:
    """Fit log-odds by Newton's method; a weak pull towards the score itself keeps clean samples finite."""
    design = np.column_stack([score, np.ones(len(score))])
    prior, weight = np.array([0.5, 0.0]), np.array([1.0, 0.1])

    def cost(beta: Floats) -> float:
        odds = design @ beta
        return float(np.sum(np.logaddexp(0, odds) - is_it * odds) + 0.5 * np.sum(weight * (beta - prior) ** 2))

    beta = prior.copy()
    for _ in range(50):
        p = 1 / (1 + np.exp(-np.clip(design @ beta, -30, 30)))
        slope = design.T @ (is_it - p) - weight * (beta - prior)
        bend = (design * (p * (1 - p))[:, None]).T @ design + np.diag(weight)
        step = np.linalg.solve(bend, slope)
        # Where scores say little, a whole step leads too far, and back and forth for ever.
        while cost(beta + step) > cost(beta) and np.abs(step).max() >= 1e-9:
            step = step / 2
        beta = beta + step
        if np.abs(step).max() < 1e-9:
            break
    return Line(round(float(beta[0]), 4), round(float(beta[1]), 4))


def reliability(table: Table, calibration: Calibration) -> str:
    """Return a Markdown table: of marks claimed to be so likely in a state, how many were in it."""
    p = calibration.probabilities(table[:, :3], table[:, 3] > 0)
    claimed, right = p.max(1), p.argmax(1) == table[:, 4]
    lines = ["| claimed | marks | mean claimed | right |", "| --- | ---: | ---: | ---: |"]
    for low, high in pairwise(BINS):
        inside = (claimed >= low) & ((claimed < high) | (high == 1.0))
        if inside.any():
            mean, true = claimed[inside].mean(), right[inside].mean()
            lines.append(f"| {low} to {high} | {inside.sum()} | {mean:.5f} | {true:.5f} |")
    return "\n".join(lines)


def write(calibration: Calibration) -> None:
    """Put the numbers into `omr/calibration.py`."""
    path = Path(omr.calibration.__file__)
    fields = [f"{name}={getattr(calibration, name)!r}," for name in ("name", "marks", "marked", "filled", "most")]
    numbers = "CALIBRATION = Calibration(\n" + "".join(f"    {f}\n" for f in fields) + ")\n"
    numbers = numbers.replace("slope=", "").replace("offset=", "").replace("'", '"')
    text = re.sub(r"CALIBRATION = Calibration\(\n.*?\n\)\n", lambda _: numbers, path.read_text("utf-8"), flags=re.S)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Fit, write, check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--first", type=int, default=0, help="number of the first shard")
    parser.add_argument("--shards", type=int, default=1, help="of each profile, for fitting; as many more for checking")
    given = parser.parse_args()
    parts = [range(given.first + n * given.shards, given.first + (n + 1) * given.shards) for n in (0, 1)]
    fitting, checking = (collect((p, n) for n in part for p in PROFILES) for part in parts)
    calibration = fit(fitting)
    write(calibration)
    print(reliability(checking, calibration))


if __name__ == "__main__":
    main()
