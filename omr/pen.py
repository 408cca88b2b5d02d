"""What a page's pen is like: how dark, how broad, how steep its edges; and which strokes are of it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omr.measure import Measurements
from omr.policy import Policy
from omr.register import Floats
from omr.samples import median, quantile

Truths = NDArray[np.bool_]


def usual_mm2(measured: Measurements, crossed: Truths, policy: Policy) -> float:
    """Return the evidence of the page's usual cross, mm²; one of which `whole_mm2` is far less where too few tell."""
    told = np.count_nonzero(crossed) >= policy.pen_marks
    return median(measured.evidence_mm2[crossed]) if told else policy.whole_mm2 / policy.scant


def pen_dark(measured: Measurements, p: Floats, policy: Policy, *, least: int) -> float:
    """Return how dark this page's pen is; 0 where too few marks tell.

    Stains and print that shines through may be taken for marks, and be more than the marks, so it is the darkness of
    the darker ones. A fill is darker than a stroke of the same pen: it counts only where strokes are few.
    """
    marked = (p[:, 0] <= 1 - policy.sure) & (measured.streak < 1) & (measured.runs_on < 2)
    strokes = marked & (p[:, 2] < 0.5)
    told = strokes if np.count_nonzero(strokes) >= least else marked
    count = np.count_nonzero(told)
    if count < least:
        return 0.0
    return quantile(measured.dark[told], max(0.75, 1 - policy.darkest / count))


def pen_by_lines(measured: Measurements, empty: Truths, pen: float, policy: Policy) -> float:
    """Return how dark this page's pen is where its strokes run on beyond their boxes, and what shines through does not.

    Args:
        measured: What was measured in the boxes of a page.
        empty: Which are empty.
        pen: How dark the strokes are that don't run on; 0 where too few tell.
        policy: Thresholds.
    """
    if not 0 < pen < policy.weak_pen:
        return pen
    lines = measured.dark[~empty & (measured.streak < 1) & (measured.runs_on >= 2)]
    darker = lines[lines >= policy.weak_lines * pen]
    return median(darker) if len(darker) >= 2 else pen


def is_alike(measured: Measurements, crossed: Truths, pen: float, policy: Policy) -> tuple[Truths, Truths]:
    """Tell which strokes are like those of the page's pen: about as dark and as broad, with edges as steep.

    Coffee, shadows and what shines through have softer edges, creases and hairs steeper ones or are thinner.

    Args:
        measured: What was measured in the boxes of a page.
        crossed: Which are crossed.
        pen: How dark the page's pen is; 0 where too few marks tell.
        policy: Thresholds.

    Returns:
        Which are like them, N; and which are but for being thinner, N, none where creases are as dark as the pen.
    """
    if np.count_nonzero(crossed) < policy.pen_marks or not pen:
        return np.zeros_like(crossed), np.zeros_like(crossed)
    steep = measured.steep / max(edge_steepness(measured, crossed, pen, policy), 1e-6)
    width = measured.width_mm / max(median(measured.width_mm[crossed]), 1e-6)
    edges = (steep >= policy.alike_steep[0]) & (steep <= policy.alike_steep[1])
    alike = crossed & edges & (width <= policy.alike_width[1]) & (measured.dark >= policy.alike_dark * pen)
    broad = np.asarray(alike & (width >= policy.alike_width[0]), np.bool_)
    return broad, np.asarray(alike & (width >= policy.alike_thin), np.bool_) if pen >= policy.alike_pen else broad


def edge_steepness(measured: Measurements, crossed: Truths, pen: float, policy: Policy) -> float:
    """Return how steep the edges of the page's strokes are, 1/mm; 0 where too few tell.

    Most that is taken for a mark may be none, so it is told by what is nearly as dark as the pen.
    """
    strokes = measured.steep[crossed & (measured.streak < 1) & (measured.dark >= policy.edge_dark * pen)]
    return median(strokes) if pen and len(strokes) >= policy.edge_marks else 0.0


def edge_doubts(
    measured: Measurements, empty: Truths, crossed: Truths, pen: float, policy: Policy
) -> dict[str, Truths]:
    """Return which marks have other edges than the strokes of the page's pen, and which traces the same, N, by reason.

    Args:
        measured: What was measured in the boxes of a page.
        empty: Which are empty.
        crossed: Which are crossed.
        pen: How dark the page's pen is; 0 where too few marks tell.
        policy: Thresholds.
    """
    edge, dark = edge_steepness(measured, crossed, pen, policy), measured.dark
    told = crossed if edge else np.zeros_like(crossed)
    steep = measured.steep / max(edge, 1e-6)
    # Where a copier or scanner has smoothed the paper it has smoothed pale strokes as well, some more and some less.
    soft = np.where(measured.noise < policy.grain, policy.soft_smooth, policy.soft)
    same = (steep >= policy.trace_steep[0]) & (steep <= policy.trace_steep[1])
    traces = (
        (empty if edge else told) & same & (measured.ink_mm2 >= policy.trace_mm2) & (dark >= policy.trace_pen * pen)
    )
    # Beside a pale pencil's strokes what shines through may be as sharp; nobody leaves so little in many boxes.
    pale = traces & (dark < policy.through_pen * pen)
    if np.count_nonzero(pale) >= policy.through_boxes:
        traces &= ~pale
    return {
        # Coffee, shadows, what shines through.
        "softer than the pen": told
        & (
            ((dark < policy.soft_dark) & (steep < soft))
            | ((dark < policy.softer_pen * pen) & (steep < policy.alike_steep[0]))
        ),
        "a trace as sharp as the pen's": traces,
        # A copier that keeps dark parts as writing makes a cross of one in a pale fill.
        "far darker than the pen": told & (dark > policy.darker_pen * pen),
        # Creases, hairs, scratches.
        "sharper than the pen": told & (dark < policy.sharp_pen * pen) & (steep > policy.alike_steep[1]),
    }


def is_thin(measured: Measurements, crossed: Truths, pen: float, policy: Policy) -> Truths:
    """Tell which lines are thinner than a pen's, or than those of this page's pen, N.

    Args:
        measured: What was measured in the boxes of a page.
        crossed: Which are crossed.
        pen: How dark the page's pen is; 0 where too few marks tell.
        policy: Thresholds.
    """
    width = measured.width_mm
    told = np.count_nonzero(crossed) >= policy.pen_marks
    # One hair in a box is likely enough, in three boxes it is the page's pen.
    usual_mm = median(width[crossed]) if told else 0.0
    own_mm = min(policy.hair_pen * usual_mm, np.sort(width[crossed])[2]) if told else policy.hair_most_mm
    hair = width < max(policy.hair_mm, min(policy.hair_most_mm, own_mm))
    # Beside a pale pencil's broad strokes creases are as dark, and thinner.
    hair |= (width < policy.crease_width * usual_mm) & (pen < policy.alike_pen)
    scant = measured.evidence_mm2 < policy.thin_scant * usual_mm2(measured, crossed, policy)
    return np.asarray(hair | ((width < policy.thin_mm) & scant), np.bool_)


def is_fuller(measured: Measurements, crossed: Truths, policy: Policy) -> Truths:
    """Tell which boxes are far fuller than the page's crosses and gray between, N: a copier may have torn a fill."""
    if np.count_nonzero(crossed) < policy.pen_marks:
        return np.zeros_like(crossed)
    full = measured.cover >= policy.fuller * median(measured.cover[crossed])
    return np.asarray(crossed & full & (measured.between >= policy.fuller_gray), np.bool_)


def palest(measured: Measurements, pen: float, policy: Policy) -> float:
    """Return the darkness below which a mark is paler than the page's pen.

    What shines through is far paler; but smeared over, or with a fold across it, it is nearly as dark as pencil. So
    where a page's back is seen to shine through, more is asked of a mark.
    """
    shown = (measured.noise >= policy.grain) & (measured.length_mm > policy.shown_mm)
    # Blur of the box's own line is as pale, but does not reach so deep.
    shown &= (measured.dark < min(policy.pale * pen, policy.faint)) & (measured.depth_mm >= policy.shown_deep_mm)
    return pen * (policy.pale_shown if np.count_nonzero(shown) >= policy.shown_boxes else policy.pale)


def plain(measured: Measurements, crossed: Truths, pen: float, policy: Policy, *, blurred: bool) -> Floats:
    """Return how dark what lies between the strokes of a cross may be, N.

    Blur brings much of broad strokes between them, so there a fill's darkness is told in that of the strokes; on a
    page that is blurred as a whole all crosses show as much.
    """
    sharp = (measured.noise < policy.grain) & (measured.cover < policy.frayed_cover)
    share = np.where(measured.cover >= policy.broad_cover, policy.between_broad, policy.between_pen)
    if blurred and np.count_nonzero(crossed) >= policy.pen_marks:
        usual = median(measured.between[crossed] / np.maximum(measured.dark[crossed], policy.trace_dark))
        share = np.maximum(share, min(usual + policy.between_more, policy.between_most))
    # One dark spot says nothing about strokes that are as pale as the page's others.
    dark = np.minimum(measured.dark, policy.darker * pen) if pen else measured.dark
    return np.asarray(np.where(sharp, policy.between, share * dark), np.float64)
