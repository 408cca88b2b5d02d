"""Probabilities of marks: what the fitted numbers claim, how they are fitted, and that scans bear them out."""

from __future__ import annotations

import math
from functools import partial
from pathlib import Path

import fit_marks
import fit_suggestions
import numpy as np
import pytest
import simulator_accuracy
import simulator_farm
from hypothesis import given, settings
from hypothesis import strategies as st
from simulator_figures import classes
from simulator_tally import STEPS, Tally

import omr.calibration
from forms.layout import Reads
from omr.calibration import CALIBRATION, TEXTS, scores
from omr.handwriting import available
from omr.policy import POLICY

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


@given(st.sampled_from(Reads), st.floats(0, 1), st.floats(0, 1))
def test_a_guess_of_which_tesseract_is_surer_is_no_less_likely_and_none_is_certain(
    reads: Reads, one: float, other: float
) -> None:
    low, high = (TEXTS.probability(reads, c) for c in sorted((one, other)))
    assert 0 <= low <= high <= 1 - 3 / max(s.guesses for s in TEXTS.steps[reads])
    assert round(100 * high) == pytest.approx(100 * high)


def test_how_likely_guesses_are_right_is_fitted_and_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tried = [
        fit_suggestions.Tried(reads, True, confidence, n < right)
        for reads in Reads
        for confidence, right in ((0.5, 20), (0.96, 95))
        for n in range(100)
    ]
    calibration = fit_suggestions.fit([*tried, fit_suggestions.Tried(Reads.FREE, False, None, False)])
    assert [[(s.guesses, s.right) for s in calibration.steps[r]] for r in Reads] == [[(100, 20), (100, 95)]] * 3
    assert calibration.probability(Reads.DIGITS, 0.5) == 0.2
    assert calibration.probability(Reads.DIGITS, 0.96) == 0.95
    assert "| place | 0.0 to 0.5 | 100 |" in fit_suggestions.reliability(tried, calibration)
    path = tmp_path / "calibration.py"
    path.write_text(Path(omr.calibration.__file__).read_text("utf-8"), encoding="utf-8")
    monkeypatch.setattr(omr.calibration, "__file__", str(path))
    fit_suggestions.write(calibration)
    told: dict[str, object] = {}
    exec(compile(path.read_text("utf-8"), str(path), "exec"), told)
    written = told["TEXTS"]
    assert repr(written) == repr(calibration)


@pytest.mark.skipif(not available(), reason="Tesseract is not installed")
def test_suggestions_that_are_shown_are_right_as_often_as_they_claim() -> None:
    """Pages that the numbers were not fitted to; a few of the shown ones may be wrong, as many as they say."""
    shown = [
        (TEXTS.probability(t.reads, t.confidence), t.right)
        for t in fit_suggestions.collect(range(9000, 9016))
        if t.confidence is not None and TEXTS.probability(t.reads, t.confidence) >= POLICY.suggest
    ]
    assert len(shown) > 15
    expected = sum(1 - p for p, _ in shown)
    assert sum(not right for _, right in shown) <= expected + 3 * math.sqrt(expected) + 1
