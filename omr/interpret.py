"""Measurements + policy → the state of each box; readings → what was given at each question."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray

from forms.answers import Given, Mark
from omr.measure import Measurements
from omr.outlines import Places
from omr.policy import Policy
from omr.readings import Chances, PageReading
from omr.register import Floats

STATES = (Mark.EMPTY, Mark.CROSSED, Mark.FILLED)
"""The states that have a probability, in the order of its columns."""


def chances(measured: Measurements, policy: Policy) -> Floats:
    """Return how likely each state of each box is, N × 3: empty, crossed, filled.

    Two questions are asked one after the other: was anything meant for this box, and if so, does paper still shine
    through. Each is a logistic function of what was measured; the policy holds their middles and slopes.

    Args:
        measured: What was measured in the boxes.
        policy: Thresholds.
    """
    evidence = np.maximum(measured.evidence_mm2, 1e-3)
    marked = _logistic(np.log(evidence / policy.ink_mm2) / policy.ink_spread)
    by_gap = (policy.fill_gap_mm - measured.gap_mm) / policy.fill_gap_spread_mm
    by_cover = (measured.cover - policy.fill_cover) / policy.fill_cover_spread
    filled = _logistic(_unanimous(by_gap, by_cover))
    return np.column_stack([1 - marked, marked * (1 - filled), marked * filled])


def _unanimous(a: Floats, b: Floats) -> Floats:
    """Return the weaker of two witnesses where they agree, and no opinion (0) where they don't.

    A heavy cross covers much of its box but leaves white corners; a hasty fill leaves a corner white but covers the
    rest: neither may be outvoted.
    """
    return np.asarray(np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0), np.float64)


def _logistic(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), np.float64)


def states(measured: Measurements, places: Places, policy: Policy) -> tuple[tuple[Mark, Chances], ...]:
    """Say the state of each box, or that a person must look.

    Args:
        measured: What was measured in the boxes of a page.
        places: Where the boxes were found.
        policy: Thresholds.

    Returns:
        State and chances of each box.
    """
    p = chances(measured, policy)
    best = p.argmax(1)
    sure = p.max(1) >= policy.sure
    # Beside an empty box somebody may have meant it and missed.
    sure &= (best != 0) | (measured.beside_mm2 < policy.beside_mm2)
    # Where paper still has its grain, a pale stroke would show as one: crumbs are dirt, or what shines through.
    crumbs = np.where(measured.noise < policy.grain, measured.crumbs, 0.0)
    broken = (measured.pieces > policy.most_pieces) | (crumbs > policy.most_crumbs)
    sure &= ~broken & ((best == 2) | (measured.streak == 0))
    sure &= ~_stained(measured, best, sure, policy)
    if broken.any():
        # Where one mark fades, a single crumb may be all that is left of another.
        sure &= crumbs == 0
    if _fades(measured, broken, policy):
        sure[:] = False
    # Where outlines are missing or the page is badly bent, a box may not be where it was measured.
    sure &= places.sure & (places.scatter_mm <= policy.worst_scatter_mm)
    return tuple(
        (STATES[b] if s else Mark.UNCERTAIN, Chances(*(float(v) for v in row)))
        for b, s, row in zip(best, sure, p, strict=True)
    )


def _stained(
    measured: Measurements, best: NDArray[np.intp], sure: NDArray[np.bool_], policy: Policy
) -> NDArray[np.bool_]:
    """Tell which marks may be none: far paler than this page's pen, or a paler line that runs through and on.

    Coffee, creases and what shines through from the back are pale; what a hand does to a box is as dark as what it
    does to the others. A page with a single mark has no pen to compare with: there a pen is taken to be black.
    """
    marked = best != 0
    runs = measured.runs_on >= 2
    pens = measured.dark[marked & sure & ~runs]
    pen = float(np.median(pens)) if len(pens) >= 2 else 1.0
    pale = measured.dark < policy.pale * pen if len(pens) >= 2 else np.zeros(len(best), np.bool_)
    return np.asarray(marked & (pale | (runs & (measured.dark < policy.pale_line * pen))), np.bool_)


def _fades(measured: Measurements, broken: NDArray[np.bool_], policy: Policy) -> bool:
    """Tell whether a page's ink is at the edge of what its scanner still shows: one that made all paper white."""
    if not np.any(measured.noise < policy.grain):
        return False
    marked = int(np.sum((measured.ink_mm2 > 0) | broken))
    return bool(broken.any()) and int(broken.sum()) >= policy.fading_share * marked


def given(readings: Iterable[PageReading]) -> dict[str, Given]:
    """Bring together what the pages of one sheet say, by question.

    Args:
        readings: One reading a page; a question stands on one page only.

    Returns:
        What was done at each question that has a box or a text field on these pages. A text is None where something is
        written that nobody has read yet; suggestions don't count.
    """
    marks: dict[str, dict[str, Mark]] = {}
    texts: dict[str, dict[str | None, str | None]] = {}
    stray: dict[str, set[str | None]] = {}
    for reading in readings:
        for mark in reading.marks:
            marks.setdefault(mark.question, {})[mark.option] = mark.state
        for text in reading.texts:
            marks.setdefault(text.question, {})
            if text.ink:
                texts.setdefault(text.question, {})[text.option] = None
        for ink in reading.stray_ink:
            stray.setdefault(ink.question, set()).add(ink.option)
    return {
        question: Given(of, texts.get(question, {}), frozenset(stray.get(question, ())))
        for question, of in marks.items()
    }
