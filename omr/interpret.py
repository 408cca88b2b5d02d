"""Measurements + policy → the state of each box; readings → what was given at each question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forms.answers import Given, Mark
from omr.calibration import CALIBRATION
from omr.fading import FADES, is_in_shreds, torn_doubts
from omr.measure import Measurements
from omr.outlines import Places, least_clear
from omr.pen import (
    edge_doubts,
    edge_steepness,
    is_alike,
    is_fuller,
    is_thin,
    palest,
    pen_by_lines,
    pen_dark,
    plain,
    usual_mm2,
)
from omr.policy import Policy
from omr.readings import Chances, PageReading
from omr.register import Floats
from omr.samples import median

Truths = NDArray[np.bool_]

STATES = (Mark.EMPTY, Mark.CROSSED, Mark.FILLED)
"""The states that have a probability, in the order of its columns."""


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What is thought of the boxes of a page.

    Attributes:
        scored: The chances of each box as scored, N × 3.
        doubted: Which boxes a person must look at, N.
        lost: Marks of the page may be gone from the picture altogether, so that nobody can tell which of its boxes are
            empty: a scanner has taken strokes for paper, and left black and white only.
    """

    scored: Floats
    doubted: Truths
    lost: bool

    def states(self) -> tuple[tuple[Mark, Chances], ...]:
        """Return state and chances of each box."""
        p = CALIBRATION.probabilities(self.scored, self.doubted)
        told = zip(self.scored.argmax(1).tolist(), self.doubted.tolist(), p.tolist(), strict=True)
        return tuple((Mark.UNCERTAIN if d else STATES[b], Chances(*row)) for b, d, row in told)


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
    # Between a cross's arms, however heavy, paper lies in three or four spots; a hasty fill leaves a corner or two.
    arms = (measured.gap_mm >= policy.arms_mm) & (measured.spots >= 3) & (measured.spots <= 4)
    filled = _logistic(np.where(arms, by_gap, _unanimous(by_gap, by_cover)))
    return np.column_stack([1 - marked, marked * (1 - filled), marked * filled])


def _unanimous(a: Floats, b: Floats) -> Floats:
    """Return the weaker of two witnesses where they agree, and no opinion (0) where they don't.

    A heavy cross covers much of its box but leaves white corners; a hasty fill leaves a corner white but covers the
    rest: neither may be outvoted.
    """
    return np.asarray(np.where(a * b > 0, np.sign(a) * np.minimum(np.abs(a), np.abs(b)), 0.0), np.float64)


def _logistic(z: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(z, -30, 30))), np.float64)


def states(
    measured: Measurements, places: Places, policy: Policy, *, two_toned: bool = False
) -> tuple[tuple[Mark, Chances], ...]:
    """Say the state of each box, or that a person must look.

    Args:
        measured: What was measured in the boxes of a page.
        places: Where the boxes were found.
        policy: Thresholds.
        two_toned: The scanner left black and white only.

    Returns:
        State and chances of each box.
    """
    return judge_boxes(measured, places, policy, two_toned=two_toned).states()


def judge_boxes(
    measured: Measurements,
    places: Places,
    policy: Policy,
    *,
    two_toned: bool = False,
    before: Measurements | None = None,
) -> Judged:
    """Say what is thought of each box, and of the page.

    Args:
        measured: What was measured in the boxes of a page.
        places: Where the boxes were found.
        policy: Thresholds.
        two_toned: The scanner left black and white only.
        before: What was measured before streaks were painted over; None if none were.
    """
    scored = chances(measured, policy)
    clean = _without_stains(measured, scored, policy)
    if clean is not measured:
        scored = chances(clean, policy)
    every = doubts(clean, scored, places, policy, two_toned=two_toned)
    if before is not None:
        # A streak runs straight through a box, and holds no more than this: a stroke may have gone with it.
        gone = before.evidence_mm2 - measured.evidence_mm2
        wiped = np.where(before.streak > 0, gone >= policy.wiped_streak_mm2, gone >= policy.wiped_mm2)
        every["wiped away with a streak"] = (scored.argmax(1) == 0) & wiped
    fades = every[FADES]
    return Judged(scored, np.logical_or.reduce(list(every.values())), two_toned and bool(fades.any() and fades.all()))


def doubts(
    measured: Measurements, p: Floats, places: Places, policy: Policy, *, two_toned: bool = False
) -> dict[str, Truths]:
    """Return which boxes a person must look at, N each, by reason.

    Args:
        measured: What was measured in the boxes of a page, stains left out.
        p: How likely each state is, N × 3.
        places: Where the boxes were found.
        policy: Thresholds.
        two_toned: The scanner left black and white only.
    """
    best = p.argmax(1)
    empty, crossed = best == 0, best == 1
    pens = (pen_dark(measured, p, policy, least=n) for n in (2, policy.pen_marks))
    pen, own = (pen_by_lines(measured, empty, pen, policy) for pen in pens)
    usual = usual_mm2(measured, crossed, policy)
    alike, thinner = is_alike(measured, crossed, own, policy)
    bare = median(measured.cover[empty]) if empty.any() else 0.0
    on_edge = measured.cover >= policy.edge_cover + bare
    blurred = bare >= policy.blurred_cover
    return {
        "between two states": p.max(1) < policy.sure,
        # Somebody may have meant this box and missed it.
        "ink beside it": empty
        & ((measured.beside_mm2 >= policy.beside_mm2) | (on_edge & (measured.beside_mm2 >= policy.edge_mm2)))
        & (two_toned | (measured.beside_dark >= policy.beside_pale * own)),
        "a faint line where the pen is pale": empty & (own < policy.faint_pen) & (measured.faint_mm >= policy.faint_mm),
        "a fill in spots": crossed & (measured.spots > policy.most_spots),
        # Where a cross covers so much, four triangles are left, or three; a hasty fill leaves a strip or a corner.
        "a hasty fill": crossed
        & (measured.cover >= policy.hasty_cover)
        & ((measured.spots < 3) | (measured.spots > 5) | _is_unlike(measured, crossed, policy)),
        # Wet ink that a hand drew over its paper blackens a cross's box.
        "a smear": (best == 2)
        & (measured.dark >= policy.lighter_dark)
        & (measured.between < policy.smear_gray * measured.dark)
        & (measured.beside_mm2 >= policy.smear_mm2),
        "a streak": crossed & ((measured.streak > 0) | _streaked(measured, crossed, alike, pen, policy)),
        "a hair": crossed & is_thin(measured, crossed, own, policy) & ~thinner,
        "lighter spots in a fill": (best == 2)
        & ((measured.dark >= policy.lighter_dark) | blurred)
        & (measured.lighter_mm >= policy.lighter_mm),
        "paper in a fill": (best == 2) & (measured.gap_mm >= policy.paper_mm),
        "a dot": crossed & _dots(measured, policy),
        # Paler than a stroke, darker than paper: a fill may stand behind the strokes.
        "gray between its strokes": crossed
        & (
            (measured.between > plain(measured, crossed, own, policy, blurred=blurred))
            | is_fuller(measured, crossed, policy)
        ),
        "far less ink than others": crossed & (measured.evidence_mm2 < min(policy.scant_mm2, policy.scant * usual)),
        "a ring's edge": crossed & (measured.runs_on >= 2) & (measured.depth_mm < policy.corner_mm),
        # Black all around hides whatever a box holds, and looks like its line.
        "no paper around it": measured.white < policy.no_paper * measured.white.max(initial=0.0),
        # Where outlines are missing or the page is badly bent, a box may not be where it was measured.
        "not found in its place": ~places.sure
        | (places.scatter_mm > policy.worst_scatter_mm)
        | ((places.scatter_mm > policy.even_mm) & (places.outline < least_clear(places.outline))),
        **_pale_doubts(measured, empty, alike, pen, policy, two_toned=two_toned),
        **edge_doubts(measured, empty, crossed, own, policy),
        **torn_doubts(measured, empty, crossed, policy, two_toned=two_toned),
        **(_toned_doubts(measured, best, usual, policy) if two_toned else {}),
    }


def _toned_doubts(measured: Measurements, best: NDArray[np.intp], usual: float, policy: Policy) -> dict[str, Truths]:
    """Return which boxes hold what black and white makes as black as any stroke, N each, by reason."""
    crossed = best == 1
    heavy = np.count_nonzero(crossed) >= policy.pen_marks and median(measured.cover[crossed]) >= policy.wet_cover
    return {
        "dirt": crossed & (measured.pieces >= policy.dirt_pieces) & (measured.evidence_mm2 < policy.dirt * usual),
        # A felt tip leaves little paper in a cross, and its wet ink runs.
        "a black smear": (best == 2) & (measured.beside_mm2 >= policy.wet_mm2) & heavy,
    }


def _pale_doubts(  # noqa: PLR0913 - a page, what is known of its pen, and thresholds
    measured: Measurements, empty: Truths, alike: Truths, pen: float, policy: Policy, *, two_toned: bool
) -> dict[str, Truths]:
    """Return which boxes hold ink that is paler than what a hand did to the others, N each, by reason."""
    dark = measured.dark
    # In black and white, little ink may look gray by the white around it.
    toned = ~empty & (not two_toned or (measured.noise >= policy.grain) | (measured.cover >= policy.toned_cover))
    line = min(policy.line, policy.pale_line * (pen or 1))
    return {
        "paler than the pen": toned & (dark < palest(measured, pen, policy)) & ~alike,
        "a crease or a stain's edge": toned & (measured.runs_on >= 2) & (dark < line) & ~alike,
        # Paper that a scanner or copier has smoothed shows nothing of its back that is as sharp as the pen.
        "faint": toned & (dark < policy.faint) & ~(alike & (measured.noise < policy.grain)),
    }


def _without_stains(measured: Measurements, p: Floats, policy: Policy) -> Measurements:
    """Take pale ink for none where this page's pen is known and far darker: coffee, creases, print that shines through.

    Only where paper has its grain: elsewhere a scanner has already thrown all that away, and with it how dark ink is.
    Nor where crosses have fallen to pieces: a copier that keeps some strokes as writing leaves pale rests of others.
    """
    if is_in_shreds(measured, (p.argmax(1) == 1) & (measured.dark >= policy.stain), policy):
        return measured
    pen = pen_dark(measured, p, policy, least=policy.pen_marks)
    limit = min(policy.stain, policy.stain_pale * pen) if pen >= policy.stain_pen else 0.0
    # Of a stroke that only grazes its box there is too little to tell how dark it is; but it is sharp, and goes on.
    sharp = measured.steep > policy.alike_steep[1] * edge_steepness(measured, p.argmax(1) == 1, pen, policy)
    grazing = sharp & (measured.beside_mm2 >= policy.beside_mm2)
    # Nor is it known of a dot or a small tick but by its darkest part.
    stain = (measured.noise >= policy.grain) & (measured.dark < limit) & (measured.peak < policy.stain_peak * pen)
    stain &= ~grazing
    # Most pages have none, and need no second look at what is likely.
    stain &= (measured.evidence_mm2 > 0) | (measured.ink_mm2 > 0) | (measured.pieces > 0)
    if not stain.any():
        return measured
    none = {name: np.where(stain, 0.0, getattr(measured, name)) for name in ("evidence_mm2", "ink_mm2", "pieces")}
    return replace(measured, **none)


def _is_unlike(measured: Measurements, crossed: Truths, policy: Policy) -> Truths:
    """Tell which boxes are covered as no cross of the page's pen covers them, N: by a pale one, or one that is thin."""
    thin = np.count_nonzero(crossed) >= policy.pen_marks and median(measured.cover[crossed]) <= policy.thin_cover
    pale = (measured.dark < policy.alike_solid) & (measured.cover >= policy.pale_cover)
    return pale | thin


def _streaked(measured: Measurements, crossed: Truths, alike: Truths, pen: float, policy: Policy) -> Truths:
    """Tell which ink may be a streak that fades within a box, N: on a page of streaks, what is pale or at its side.

    What is like the page's strokes is none, but a crease may be as sharp and as broad: it is paler, and leaves its box.
    """
    if np.count_nonzero(crossed & (measured.streak >= 1)) < policy.streaked_boxes:
        return np.zeros_like(crossed)
    other = ~alike & ((measured.depth_mm < policy.streaked_mm) | (measured.dark < policy.pale_line * pen))
    return np.asarray(other | ((measured.runs_on >= 1) & (measured.dark < policy.streaked_pen * pen)), np.bool_)


def _dots(measured: Measurements, policy: Policy) -> Truths:
    """Tell which ink is no longer than a dot, N: specks, and spots that are longer and round."""
    length = measured.length_mm
    spot = (length <= policy.blot_mm) & (measured.width_mm >= policy.blot_round * length)
    return np.asarray((length <= policy.dot_mm) | spot, np.bool_)


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
