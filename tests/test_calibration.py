"""Probabilities of marks: what the fitted numbers claim, how they are fitted, and that scans bear them out."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import fit_marks
import numpy as np
import pytest
import simulator_accuracy
import simulator_farm
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_figures import classes
from simulator_tally import STEPS, Tally

import omr.calibration
from omr.calibration import CALIBRATION, scores

ROWS = st.lists(
    st.tuples(st.floats(0, 1), st.floats(0, 1), st.floats(0, 1), st.booleans()).filter(lambda r: sum(r[:3]) > 1e-6),
    min_size=1,
    max_size=20,
)


def table(rows: list[tuple[float, float, float, bool]]) -> tuple[np.ndarray, np.ndarray]:
    scored = np.array([r[:3] for r in rows], np.float64)
    return scored / scored.sum(1, keepdims=True), np.array([r[3] for r in rows])


@given(ROWS)
def test_probabilities_add_up_and_none_claims_more_than_its_marks_support(
    rows: list[tuple[float, float, float, bool]],
) -> None:
    scored, doubted = table(rows)
    p = CALIBRATION.probabilities(scored, doubted)
    assert np.allclose(p.sum(1), 1)
    assert (p >= -1e-12).all()
    assert (p.max(1) <= max(max(m) for m in CALIBRATION.most) + 1e-12).all()
    assert (p.max(1)[~doubted] <= 1 - 3 / CALIBRATION.marks).all()


@given(st.floats(0.001, 0.999), st.floats(0.001, 0.999), st.booleans())
def test_more_ink_is_never_less_likely_to_be_meant(one: float, other: float, doubted: bool) -> None:
    low, high = sorted((one, other))
    p = CALIBRATION.probabilities(np.array([[1 - low, low, 0.0], [1 - high, high, 0.0]]), np.array([doubted] * 2))
    assert p[0, 0] >= p[1, 0] - 1e-12


def test_a_line_is_fitted_where_scores_say_little() -> None:
    """Marks about which there is a doubt: their scores lie at the ends, and half of them are right."""
    score = np.array([-12.0] * 40 + [5.0] * 20 + [12.0] * 40)
    is_it = np.array([True] * 10 + [False] * 30 + [True] * 10 + [False] * 10 + [True] * 28 + [False] * 12)
    line = fit_marks._line(score, is_it)
    p = line.odds(score)
    # The best line tells as many as there are.
    assert p.sum() == pytest.approx(is_it.sum(), abs=0.1)
    assert 0.05 < line.slope < 0.2


def test_nothing_is_claimed_above_what_the_sample_supports() -> None:
    clear, doubted = CALIBRATION.most
    # A state's own marks are fewer than all; three in so many is the bound where none was wrong.
    assert all(m <= 1 - 3 / CALIBRATION.marks for m in (*clear, *doubted))
    assert sum(round(3 / (1 - m)) for m in clear) <= CALIBRATION.marks * 1.001
    assert all(d < c for d, c in zip(doubted, clear, strict=True))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 1000), st.floats(0.4, 1.6), st.floats(-1, 1))
def test_the_fit_finds_the_line_that_made_the_marks(seed: int, slope: float, offset: float) -> None:
    rng = np.random.default_rng(seed)
    score = rng.uniform(-8, 8, 20_000)
    is_it = rng.random(len(score)) < 1 / (1 + np.exp(-(slope * score + offset)))
    line = fit_marks._line(score, is_it)
    assert line.slope == pytest.approx(slope, rel=0.15)
    assert line.offset == pytest.approx(offset, abs=0.25)


def test_what_is_fitted_on_scans_can_be_written_and_claims_what_is_found(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(simulator_farm, "shard", partial(simulator_farm.shard, sample=2))
    rows = fit_marks.collect([("gray-200", 0), ("bilevel-200", 0)])
    assert len(rows) > 200
    assert np.allclose(rows[:, :3].sum(1), 1, atol=1e-6)
    assert set(rows[:, 4]) <= {0.0, 1.0, 2.0}
    marked = scores(rows[:, :3])[0]
    assert marked[rows[:, 4] > 0].mean() > marked[rows[:, 4] == 0].mean()

    fitted = fit_marks.fit(rows)
    assert fitted.marks == len(rows)
    path = tmp_path / "calibration.py"
    source = Path(omr.calibration.__file__).read_text(encoding="utf-8")
    path.write_text(source, encoding="utf-8")
    monkeypatch.setattr(omr.calibration, "__file__", str(path))
    fit_marks.write(fitted)
    names: dict[str, object] = {"__name__": "omr.calibration"}
    exec(compile(path.read_text(encoding="utf-8"), path, "exec"), names)
    assert repr(names["CALIBRATION"]) == repr(fitted)
    fit_marks.write(CALIBRATION)
    assert path.read_text(encoding="utf-8") == source


def test_scans_that_were_not_fitted_bear_the_claims_out() -> None:
    """No more wrong marks than claimed, but for one chance in a thousand."""
    tally = Tally()
    for profile in ("gray-150", "coffee", "pencil", "phone"):
        tally.add(simulator_accuracy.count(profile, 907, sample=2)[0])
    every = classes(tally.chances)
    assert sum(marks for _, marks, _ in every) > 300
    claimed = sum(marks * 10 ** -(number / STEPS) for number, marks, _ in every)
    wrong = sum(bad for *_, bad in every)
    fewer = sum(math.exp(-claimed + k * math.log(claimed) - math.lgamma(k + 1)) for k in range(wrong))
    assert fewer < 0.999, (wrong, claimed)
