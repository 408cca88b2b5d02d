"""Ink that a scanner or copier took for paper: what it leaves of a mark, and whether it may have left nothing."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omr.measure import Measurements
from omr.policy import Policy
from omr.register import Floats
from omr.samples import median, quantile, share_of

Truths = NDArray[np.bool_]

FADES = "the page's ink fades"
"""Reason of a doubt: of this pen a scanner may have left nothing at all."""


def torn_doubts(
    measured: Measurements, empty: Truths, crossed: Truths, policy: Policy, *, two_toned: bool
) -> dict[str, Truths]:
    """Return which boxes hold, or may have lost, ink that a scanner or copier took for paper, N each, by reason."""
    # Where paper still has its grain, a pale stroke would show as one: crumbs are dirt, or what shines through.
    crumbs = np.where(measured.noise < policy.grain, measured.crumbs, 0.0)
    if not two_toned and _is_all_over(measured, empty, crumbs, policy):
        crumbs = np.where(measured.dark < policy.faint, 0.0, crumbs)
    # Where it has, what is paler than any mark is grain, or the blur of the box's own line.
    told = (measured.noise < policy.grain) | (measured.dark >= policy.faint)
    broken = ((measured.pieces > policy.most_pieces) & told) | (crumbs > policy.most_crumbs)
    whole = crossed & (measured.evidence_mm2 >= policy.whole_mm2) & (measured.pieces <= policy.frayed_pieces)
    whole &= measured.cover < policy.frayed_cover
    last = _thickened(measured.cover, empty, policy) if two_toned else np.zeros_like(empty)
    sound = _is_sound(measured, ~empty, policy)
    steady = _is_steady(broken, empty, policy)
    fraying = _share(broken | last, measured) >= policy.fading_share
    # Broad strokes may be whole and others gone: what they leave at the lines that they crossed tells as much.
    near = bool((measured.noise < policy.grain).any()) and (fraying or not steady)
    fraying &= near
    margin = _margin(measured, policy) if near else np.inf
    gone = not sound and margin < policy.gone_margin and (fraying or _is_torn(measured, crossed, policy))
    gone |= two_toned and _is_thinned(measured, ~empty, policy)
    gappy = (fraying and not sound) or is_in_shreds(measured, crossed, policy)
    blur = median(measured.cover[empty]) if empty.any() else 0.0
    inked = (measured.ink_mm2 > 0) | (measured.crumbs > 0)
    # Beside solid marks small specks and a line that is a little thicker are a copier's.
    thick = last & _thickened(measured.grown, empty, policy) if last.any() else last
    left = _left(measured, empty, policy) if sound else inked | thick
    # What is left of a stroke on gray paper is seen, be it never so pale; black and white may leave nothing of it.
    trace = two_toned | inked | (measured.dark >= policy.trace_dark)
    return {
        "in pieces": broken & ~whole,
        # Where one mark frays, a single crumb may be all that is left of another, and gaps may be left of a fill.
        "a trace where others fray": (broken.any() & (not steady) & empty & (crumbs > 0))
        | (gappy & crossed & (measured.cover >= policy.frayed_cover + blur)),
        "a trace where ink fades": (fraying and margin < policy.fading_margin) & ((empty & left) | (crossed & broken)),
        FADES: gone & trace,
    }


def _is_all_over(measured: Measurements, empty: Truths, crumbs: Floats, policy: Policy) -> bool:
    """Tell whether there are pale crumbs in most empty boxes, and whole marks: then they are none of lost marks.

    They are what shines through paper that a scanner has made white.
    """
    marked, pale = ~empty, empty & (crumbs > 0) & (measured.dark < policy.faint)
    if np.count_nonzero(marked) < policy.sound_marks or share_of(measured.pieces[marked] > 2) > policy.sound_torn:
        return False
    return bool(np.count_nonzero(pale) >= policy.all_over * np.count_nonzero(empty))


def _thickened(cover: Floats, empty: Truths, policy: Policy) -> Truths:
    """Tell which empty boxes have a thicker line than the page's others, N: the last trace of a stroke across it.

    A scanner that takes a pale stroke for paper still adds it to the print that it crosses.
    """
    covers = cover[empty]
    if not len(covers):
        return empty
    usual = median(covers)
    uneven = median(np.abs(covers - usual))
    return np.asarray(empty & (cover >= usual + max(policy.last_cover, policy.last_uneven * uneven)), np.bool_)


def _is_sound(measured: Measurements, marked: Truths, policy: Policy) -> bool:
    """Tell whether a page's marks are solid, whole and alike: traces elsewhere are a copier's specks, not what is left.

    Of a pen that is about as dark as the threshold hardly any mark is black all through, many have gaps, and some hold
    far less than others.
    """
    dark, pieces = measured.dark[marked], measured.pieces[marked]
    if len(dark) < policy.sound_marks or quantile(dark, 0.25) < policy.sound_dark:
        return False
    whole = share_of(pieces > 2) <= policy.sound_torn
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
    marked = np.count_nonzero(~empty)
    return bool(marked >= policy.steady_marks and np.count_nonzero(broken & ~empty) <= policy.steady_share * marked)


def _is_torn(measured: Measurements, crossed: Truths, policy: Policy) -> bool:
    """Tell whether most crosses of a page have fallen to pieces, be they too few for the share of all that it holds."""
    pieces = measured.pieces[crossed]
    return len(pieces) >= policy.torn_marks and share_of(pieces >= 2) >= policy.torn_share


def is_in_shreds(measured: Measurements, crossed: Truths, policy: Policy) -> bool:
    """Tell whether many crosses of a page are in three pieces or more: a copier took parts of them for paper."""
    pieces = measured.pieces[crossed]
    return len(pieces) >= policy.pen_marks and share_of(pieces >= 3) >= policy.shreds_share


def _share(broken: Truths, measured: Measurements) -> float:
    """Return which share of the marked boxes of a page holds broken ink."""
    marked = np.count_nonzero((measured.ink_mm2 > 0) | broken)
    return np.count_nonzero(broken) / marked if marked else 0.0


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
