"""Measurements + policy → the state of each box; readings → what was given at each question."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from forms.answers import Given, Mark
from omr.calibration import CALIBRATION
from omr.measure import Measurements
from omr.outlines import Places, least_clear
from omr.policy import Policy
from omr.readings import Chances, PageReading
from omr.register import Floats
from omr.samples import median, quantile

Truths = NDArray[np.bool_]

STATES = (Mark.EMPTY, Mark.CROSSED, Mark.FILLED)
"""The states that have a probability, in the order of its columns."""

FADES = "the page's ink fades"
"""Reason of a doubt: of this pen a scanner may have left nothing at all."""


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
        return tuple(
            (Mark.UNCERTAIN if d else STATES[b], Chances(*(float(v) for v in row)))
            for b, d, row in zip(self.scored.argmax(1), self.doubted, p, strict=True)
        )


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
    arms = (measured.gap_mm >= policy.arms_mm) & np.isin(measured.spots, (3, 4))
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


def judge_boxes(measured: Measurements, places: Places, policy: Policy, *, two_toned: bool = False) -> Judged:
    """Say what is thought of each box, and of the page.

    Args:
        measured: What was measured in the boxes of a page.
        places: Where the boxes were found.
        policy: Thresholds.
        two_toned: The scanner left black and white only.
    """
    measured = _without_stains(measured, policy)
    scored = chances(measured, policy)
    every = doubts(measured, scored, places, policy, two_toned=two_toned)
    fades = every[FADES]
    return Judged(scored, np.any(list(every.values()), axis=0), two_toned and bool(fades.any() and fades.all()))


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
    pen, own = (_pen(measured, p, policy, least=n) for n in (2, policy.pen_marks))
    usual = _usual(measured, crossed, policy)
    on_edge = measured.cover >= policy.edge_cover + (median(measured.cover[empty]) if empty.any() else 0.0)
    return {
        "between two states": p.max(1) < policy.sure,
        # Somebody may have meant this box and missed it.
        "ink beside it": empty
        & ((measured.beside_mm2 >= policy.beside_mm2) | (on_edge & (measured.beside_mm2 >= policy.edge_mm2)))
        & (two_toned | (measured.beside_dark >= policy.beside_pale * own)),
        "a faint line where the pen is pale": empty & (own < policy.faint_pen) & (measured.faint_mm >= policy.faint_mm),
        "a fill in spots": crossed & (measured.spots > policy.most_spots),
        # Where a cross covers so much, four triangles are left, or three; a hasty fill leaves a strip or a corner.
        "a hasty fill": crossed & (measured.cover >= policy.hasty_cover) & ~np.isin(measured.spots, (3, 4, 5)),
        "a streak": crossed & ((measured.streak > 0) | _streaked(measured, crossed, pen, policy)),
        "a hair": crossed & _thin(measured, crossed, usual, policy),
        "lighter spots in a fill": (best == 2)
        & (measured.dark >= policy.lighter_dark)
        & (measured.lighter_mm >= policy.lighter_mm),
        "a dot": crossed & _dots(measured, policy),
        # Paler than a stroke, darker than paper: a fill may stand behind the strokes.
        "gray between its strokes": crossed & (measured.between > _plain(measured, own, policy)),
        "far less ink than others": crossed & (measured.evidence_mm2 < min(policy.scant_mm2, policy.scant * usual)),
        "a ring's edge": crossed & (measured.runs_on >= 2) & (measured.depth_mm < policy.corner_mm),
        # Black all around hides whatever a box holds, and looks like its line.
        "no paper around it": measured.white < policy.no_paper * measured.white.max(initial=0.0),
        # Where outlines are missing or the page is badly bent, a box may not be where it was measured.
        "not found in its place": ~places.sure
        | (places.scatter_mm > policy.worst_scatter_mm)
        | ((places.scatter_mm > policy.even_mm) & (places.outline < least_clear(places.outline))),
        **_pale_doubts(measured, empty, pen, policy, two_toned=two_toned),
        **_torn_doubts(measured, empty, crossed, policy, two_toned=two_toned),
    }


def _pale_doubts(
    measured: Measurements, empty: Truths, pen: float, policy: Policy, *, two_toned: bool
) -> dict[str, Truths]:
    """Return which boxes hold ink that is paler than what a hand did to the others, N each, by reason."""
    dark = measured.dark
    # In black and white, little ink may look gray by the white around it.
    toned = ~empty & (not two_toned or (measured.noise >= policy.grain) | (measured.cover >= policy.toned_cover))
    line = min(policy.line, policy.pale_line * (pen or 1))
    return {
        "paler than the pen": toned & (dark < _pale(measured, pen, policy)),
        "a crease or a stain's edge": toned & (measured.runs_on >= 2) & (dark < line),
        "faint": toned & (dark < policy.faint),
    }


def _torn_doubts(
    measured: Measurements, empty: Truths, crossed: Truths, policy: Policy, *, two_toned: bool
) -> dict[str, Truths]:
    """Return which boxes hold, or may have lost, ink that a scanner or copier took for paper, N each, by reason."""
    # Where paper still has its grain, a pale stroke would show as one: crumbs are dirt, or what shines through.
    crumbs = np.where(measured.noise < policy.grain, measured.crumbs, 0.0)
    # Where it has, what is paler than any mark is grain, or the blur of the box's own line.
    told = (measured.noise < policy.grain) | (measured.dark >= policy.faint)
    broken = ((measured.pieces > policy.most_pieces) & told) | (crumbs > policy.most_crumbs)
    whole = crossed & (measured.evidence_mm2 >= policy.whole_mm2) & (measured.pieces <= policy.frayed_pieces)
    whole &= measured.cover < policy.frayed_cover
    last = two_toned & _thickened(measured, empty, policy)
    sound = _is_sound(measured, ~empty, policy)
    steady = _is_steady(broken, empty, policy)
    fraying = _share(broken | last, measured) >= policy.fading_share
    # Broad strokes may be whole and others gone: what they leave at the lines that they crossed tells as much.
    near = bool(np.any(measured.noise < policy.grain)) and (fraying or not steady)
    fraying &= near
    margin = _margin(measured, policy) if near else np.inf
    gone = not sound and margin < policy.gone_margin and (fraying or _is_torn(measured, crossed, policy))
    gone |= two_toned and _is_thinned(measured, ~empty, policy)
    gappy = (fraying and not sound) or _is_in_shreds(measured, crossed, policy)
    inked = (measured.ink_mm2 > 0) | (measured.crumbs > 0)
    # Beside solid marks small specks and a line that is a little thicker are a copier's.
    left = _left(measured, empty, policy) if sound else inked | last
    # What is left of a stroke on gray paper is seen, be it never so pale; black and white may leave nothing of it.
    trace = two_toned | inked | (measured.dark >= policy.trace_dark)
    return {
        "in pieces": broken & ~whole,
        # Where one mark frays, a single crumb may be all that is left of another, and gaps may be left of a fill.
        "a trace where others fray": (broken.any() & (not steady) & empty & (crumbs > 0))
        | (gappy & crossed & (measured.cover >= policy.frayed_cover)),
        "a trace where ink fades": (fraying and margin < policy.fading_margin) & ((empty & left) | (crossed & broken)),
        FADES: gone & trace,
    }


def _usual(measured: Measurements, crossed: Truths, policy: Policy) -> float:
    """Return the evidence of the page's usual cross, mm²; one of which `whole_mm2` is far less where too few tell."""
    told = crossed.sum() >= policy.pen_marks
    return median(measured.evidence_mm2[crossed]) if told else policy.whole_mm2 / policy.scant


def _pen(measured: Measurements, p: Floats, policy: Policy, *, least: int) -> float:
    """Return how dark this page's pen is; 0 where too few marks tell.

    Stains and print that shines through may be taken for marks, and be more than the marks, so it is the darkness of
    the darker ones. A fill is darker than a stroke of the same pen: it counts only where strokes are few.
    """
    marked = (p[:, 0] <= 1 - policy.sure) & (measured.streak == 0) & (measured.runs_on < 2)
    strokes = marked & (p[:, 2] < 0.5)
    told = strokes if strokes.sum() >= least else marked
    count = int(told.sum())
    if count < least:
        return 0.0
    return quantile(measured.dark[told], max(0.75, 1 - policy.darkest / count))


def _without_stains(measured: Measurements, policy: Policy) -> Measurements:
    """Take pale ink for none where this page's pen is known and far darker: coffee, creases, print that shines through.

    Only where paper has its grain: elsewhere a scanner has already thrown all that away, and with it how dark ink is.
    Nor where crosses have fallen to pieces: a copier that keeps some strokes as writing leaves pale rests of others.
    """
    p = chances(measured, policy)
    if _is_in_shreds(measured, (p.argmax(1) == 1) & (measured.dark >= policy.stain), policy):
        return measured
    pen = _pen(measured, p, policy, least=policy.pen_marks)
    limit = min(policy.stain, policy.stain_pale * pen) if pen >= policy.stain_pen else 0.0
    stain = (measured.noise >= policy.grain) & (measured.dark < limit)
    if not stain.any():
        return measured
    none = {name: np.where(stain, 0.0, getattr(measured, name)) for name in ("evidence_mm2", "ink_mm2", "pieces")}
    return replace(measured, **none)


def _thickened(measured: Measurements, empty: Truths, policy: Policy) -> Truths:
    """Tell which empty boxes have a thicker line than the page's others, N: the last trace of a stroke across it.

    A scanner that takes a pale stroke for paper still adds it to the print that it crosses.
    """
    covers = measured.cover[empty]
    if not len(covers):
        return empty
    usual = median(covers)
    uneven = median(np.abs(covers - usual))
    return np.asarray(empty & (measured.cover >= usual + max(policy.last_cover, policy.last_uneven * uneven)), np.bool_)


def _is_sound(measured: Measurements, marked: Truths, policy: Policy) -> bool:
    """Tell whether a page's marks are solid, whole and alike: traces elsewhere are a copier's specks, not what is left.

    Of a pen that is about as dark as the threshold hardly any mark is black all through, many have gaps, and some hold
    far less than others.
    """
    dark, pieces = measured.dark[marked], measured.pieces[marked]
    if len(dark) < policy.sound_marks or quantile(dark, 0.25) < policy.sound_dark:
        return False
    whole = float(np.mean(pieces > 2)) <= policy.sound_torn
    return whole and _above(measured.evidence_mm2[marked], policy) >= policy.sound_margin


def _is_thinned(measured: Measurements, marked: Truths, policy: Policy) -> bool:
    """Tell whether hardly a mark of a page in black and white is solid: its pen is about as dark as the threshold."""
    return bool(marked.any()) and median(measured.dark[marked]) < policy.thinned_dark


def _left(measured: Measurements, empty: Truths, policy: Policy) -> Truths:
    """Tell which boxes hold more than a copier's specks, or have a line far thicker than the page's empty boxes, N."""
    usual = median(measured.cover[empty]) if empty.any() else 0.0
    return np.asarray((measured.ink_mm2 >= policy.left_mm2) | (measured.cover >= usual + policy.left_cover), np.bool_)


def _is_steady(broken: Truths, empty: Truths, policy: Policy) -> bool:
    """Tell whether a page's marks are whole: a pen that is about as dark as the threshold leaves few of many so."""
    marked = int((~empty).sum())
    return bool(marked >= policy.steady_marks and np.sum(broken & ~empty) <= policy.steady_share * marked)


def _is_torn(measured: Measurements, crossed: Truths, policy: Policy) -> bool:
    """Tell whether most crosses of a page have fallen to pieces, be they too few for the share of all that it holds."""
    pieces = measured.pieces[crossed]
    return len(pieces) >= policy.torn_marks and float(np.mean(pieces >= 2)) >= policy.torn_share


def _is_in_shreds(measured: Measurements, crossed: Truths, policy: Policy) -> bool:
    """Tell whether many crosses of a page are in three pieces or more: a copier took parts of them for paper."""
    pieces = measured.pieces[crossed]
    return len(pieces) >= policy.pen_marks and float(np.mean(pieces >= 3)) >= policy.shreds_share


def _streaked(measured: Measurements, crossed: Truths, pen: float, policy: Policy) -> Truths:
    """Tell which ink may be a streak that fades within a box, N: on a page of streaks, what is pale or at its side."""
    if np.sum(crossed & (measured.streak > 0)) < policy.streaked_boxes:
        return np.zeros_like(crossed)
    return np.asarray((measured.depth_mm < policy.streaked_mm) | (measured.dark < policy.pale_line * pen), np.bool_)


def _dots(measured: Measurements, policy: Policy) -> Truths:
    """Tell which ink is no longer than a dot, N: specks, and spots that are longer and round."""
    length = measured.length_mm
    spot = (length <= policy.blot_mm) & (measured.width_mm >= policy.blot_round * length)
    return np.asarray((length <= policy.dot_mm) | spot, np.bool_)


def _thin(measured: Measurements, crossed: Truths, usual_mm2: float, policy: Policy) -> Truths:
    """Tell which lines are thinner than a pen's, or than those of this page's pen, N.

    Args:
        measured: What was measured in the boxes of a page.
        crossed: Which are crossed.
        usual_mm2: Evidence of the page's usual mark.
        policy: Thresholds.
    """
    width = measured.width_mm
    told = crossed.sum() >= policy.pen_marks
    own_mm = policy.hair_pen * median(width[crossed]) if told else policy.hair_most_mm
    hair = width < max(policy.hair_mm, min(policy.hair_most_mm, own_mm))
    scant = measured.evidence_mm2 < policy.thin_scant * usual_mm2
    return np.asarray(hair | ((width < policy.thin_mm) & scant), np.bool_)


def _pale(measured: Measurements, pen: float, policy: Policy) -> float:
    """Return the darkness below which a mark is paler than the page's pen.

    What shines through is far paler; but smeared over, or with a fold across it, it is nearly as dark as pencil. So
    where a page's back is seen to shine through, more is asked of a mark.
    """
    shown = (measured.noise >= policy.grain) & (measured.length_mm > policy.shown_mm)
    shown &= measured.dark < min(policy.pale * pen, policy.faint)
    return pen * (policy.pale_shown if shown.sum() >= policy.shown_boxes else policy.pale)


def _plain(measured: Measurements, pen: float, policy: Policy) -> Floats:
    """Return how dark what lies between the strokes of a cross may be, N.

    Blur brings much of broad strokes between them, so there a fill's darkness is told in that of the strokes.
    """
    sharp = (measured.noise < policy.grain) & (measured.cover < policy.frayed_cover)
    share = np.where(measured.cover >= policy.broad_cover, policy.between_broad, policy.between_pen)
    # One dark spot says nothing about strokes that are as pale as the page's others.
    dark = np.minimum(measured.dark, policy.darker * pen) if pen else measured.dark
    return np.asarray(np.where(sharp, policy.between, share * dark), np.float64)


def _share(broken: Truths, measured: Measurements) -> float:
    """Return which share of the marked boxes of a page holds broken ink."""
    marked = int(np.sum((measured.ink_mm2 > 0) | broken))
    return float(broken.sum()) / marked if marked else 0.0


def _margin(measured: Measurements, policy: Policy) -> float:
    """Return how far a page's marks lie above nothing; whatever has left a trace counts as a mark."""
    return _above(measured.evidence_mm2[(measured.ink_mm2 > 0) | (measured.crumbs > 0)], policy)


def _above(evidence_mm2: Floats, policy: Policy) -> float:
    """Return how far marks lie above nothing, in standard deviations of the logarithm of their evidence.

    Of few marks the deviation is not known well, so four more with a deviation of a half are taken for granted.
    """
    marks = np.log(np.maximum(evidence_mm2, 0.1 * policy.ink_mm2) / policy.ink_mm2)
    if not len(marks):
        return 0.0
    deviation = np.sqrt((marks.var() * len(marks) + 4 * 0.5**2) / (len(marks) + 4))
    return float(marks.mean() / deviation)


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
