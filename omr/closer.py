"""A closer look at single boxes: ink beside them, faint lines, how broad strokes are, what a fill leaves.

Most boxes need none: each look is for those alone of which a first measure says that there may be something.
"""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.register import STEP_MM, Floats, Floats32
from omr.samples import counted, median

Bytes = NDArray[np.uint8]

STREAK_SLANT = 6
"""Samples that a streak may lean over the length of a patch: 5°."""

STREAK_SHARE = 0.96
"""Share of a streak's length that must be dark."""

CLOSE_MM2 = 0.3
"""Ink beside an empty box from which on it is looked at closely: a shadow, a streak or a hand's."""

NEARLY_EMPTY_MM2 = 0.5
"""Evidence up to which a box may be empty."""

LEAST_EVIDENCE_MM2 = 0.1
"""Evidence from which on a stroke's width is told."""

NEAR_MM = 1.0
"""Somebody who meant a box and missed it came so near to it …"""

LEAST_NEAR_MM2 = 0.1
"""… with so much ink. A ring around the words of an option does not; it is stray ink there."""

SIDE_MM = 0.35
"""How far a box's own line reaches inwards."""

LINE_DARK = 0.15
"""How much darker than the paper right beside it a line beside a box is. A shadow's edge is not."""

PALE_LINE_DARK = 0.1
"""The same where the page's pen is pale: a copier keeps less of its strokes in a box than beside it."""

LINE_MM = 2.6
"""Widest line that is told from the paper beside it; broader things are ink where they are very dark."""

SOLID_DARK = 0.6
"""Darkness from which on something is ink however broad it is."""

LINE_TAKEN = 3
"""Samples to each side of the middle of a straight line that belong to it."""

PALE_PEN = 0.4
"""Darkness of a page's ink up to which other strokes of the same pen may be too faint to be ink."""

FAINT_DARK = 0.06
"""How much darker than the paper beside it a faint line is, at least, …"""

FAINT_NOISE = 4.0
"""… and by so many standard deviations of the paper's noise."""

FAINT_SAMPLES = 5
"""Widest faint line: what shines through is broader."""

FAINT_STRAIGHT = 10
"""Samples of a faint line along the page or across it that are no hand's: the outline of a box that shines through."""

HOLE_SHARE = 0.65
"""A lighter spot in a fill is paler than this share of its ink."""

HOLED_COVER = 0.8
"""Covered share from which on lighter spots are looked for."""

LEAST_TOP = 0.05
"""Least darkness in which steepness is told."""

ALONG = 0.5
"""Share of a side from which on what covers it is the box's own line."""

MUCH_COVER = 0.45
"""Covered share from which on the spots of paper in a box are counted."""


def along(covered: Bytes) -> Floats:
    """Return the share of each box's inside that lies at a side most of which is covered."""
    found = np.zeros(len(covered))
    for side in (covered[:, 0], covered[:, -1], covered[:, :, 0], covered[:, :, -1]):
        ink = side.sum(1, dtype=np.intp)
        found += np.where(ink >= ALONG * side.shape[1], ink, 0)
    return np.asarray(found / covered[0].size if len(covered) else found, np.float64)


def spots(covered: Bytes, cover: Floats) -> Floats:
    """Return the number of spots of paper in each box that is much covered, else 0."""
    found = np.zeros(len(covered))
    numbers = np.flatnonzero(cover >= MUCH_COVER)
    if numbers.size:
        count, rows, columns = covered[numbers].shape
        mosaic = np.zeros((count, rows + 1, columns), np.uint8)
        mosaic[:, :rows] = 1 - covered[numbers]
        _, _, stats, _ = cv2.connectedComponentsWithStats(mosaic.reshape(-1, columns), connectivity=4)
        found[numbers] = np.bincount(stats[1:, cv2.CC_STAT_TOP] // (rows + 1), minlength=count)
    return found


def widths(ink: Bytes, evidence: Floats) -> Floats:
    """Return the width of the broadest stroke in each box that holds some evidence, mm, else 0."""
    found = np.zeros(len(ink))
    numbers = np.flatnonzero(evidence > LEAST_EVIDENCE_MM2)
    if numbers.size:
        count, rows, columns = ink[numbers].shape
        # Strokes run on beyond the box's inside, so its edge is none of theirs.
        mosaic = np.zeros((count, rows + 3, columns + 2), np.uint8)
        mosaic[:, 1:-2, 1:-1] = ink[numbers]
        mosaic[:, 0], mosaic[:, -2] = mosaic[:, 1], mosaic[:, -3]
        mosaic[:, :, 0], mosaic[:, :, -1] = mosaic[:, :, 1], mosaic[:, :, -2]
        reach = cv2.distanceTransform(mosaic.reshape(-1, columns + 2), cv2.DIST_L2, 3)
        deepest = reach.reshape(count, rows + 3, columns + 2).max((1, 2))
        found[numbers] = np.clip((2 * deepest - 1) * STEP_MM, 0, 9)
    return found


def is_pale(top: Floats32, evidence: Floats) -> bool:
    """Tell whether a page's ink is pale, by how dark it is in the boxes that hold some."""
    inked = evidence > NEARLY_EMPTY_MM2
    return bool(inked.any() and np.float32(median(top[inked])) <= PALE_PEN)


def faint(inside: Floats32, top: Floats32, evidence: Floats, noise: float) -> Floats:
    """Return the length of the longest faint line in each box that holds next to no ink, mm; 0 where ink is dark.

    Lines along the page or across it don't count: no stroke of a mark runs so, and all that shines through of a box
    does.
    """
    found = np.zeros(len(inside))
    if not is_pale(top, evidence):
        return found
    kernel = np.ones((FAINT_SAMPLES, FAINT_SAMPLES), np.uint8)
    limit = max(FAINT_DARK, FAINT_NOISE * noise)
    for n in np.flatnonzero(evidence <= NEARLY_EMPTY_MM2):
        line = (cv2.morphologyEx(inside[n], cv2.MORPH_TOPHAT, kernel) > limit).astype(np.uint8)
        for along in ((1, FAINT_STRAIGHT), (FAINT_STRAIGHT, 1)):
            straight = cv2.morphologyEx(line, cv2.MORPH_OPEN, np.ones(along, np.uint8))
            line[cv2.dilate(straight, np.ones((3, 3), np.uint8)) > 0] = 0
        count, _, stats, _ = cv2.connectedComponentsWithStats(line, connectivity=8)
        if count > 1:
            found[n] = stats[1:, [cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT]].max() * STEP_MM
    return found


def steepness(inside: Floats32, top: Floats32) -> Floats:
    """Return how steep the edges of the ink in each box are, 1/mm: the 95th percentile, in the ink's own darkness."""
    if not len(inside):
        return np.zeros(0)
    down = np.abs(inside[:, 2:, 1:-1] - inside[:, :-2, 1:-1])
    steep = np.maximum(down, np.abs(inside[:, 1:-1, 2:] - inside[:, 1:-1, :-2])).reshape(len(inside), -1)
    place = int(0.95 * (steep.shape[1] - 1))
    steep.partition(place, axis=1)
    return np.asarray(steep[:, place] / (2 * STEP_MM * np.maximum(top, LEAST_TOP)), np.float64)


def lighter(inside: Floats32, top: Floats32, cover: Floats) -> Floats:
    """Return the radius of the largest disc in each much covered box that is far lighter than its ink, mm, else 0."""
    found = np.zeros(len(inside))
    numbers = np.flatnonzero(cover >= HOLED_COVER)
    if numbers.size:
        found[numbers] = largest_gap((inside[numbers] > HOLE_SHARE * top[numbers, None, None]).astype(np.uint8))
    return found


def beside(
    dark: Floats32, around: NDArray[np.bool_], depth: Floats, evidence: Floats, least_dark: float
) -> tuple[Floats, Floats]:
    """Return how much ink lies around each box, mm², and how dark it is.

    Args:
        dark: Darkness of whole patches, N × rows × columns.
        around: Where they are dark around the box.
        depth: How deep in the box each sample lies, rows × columns.
        evidence: Evidence of ink inside.
        least_dark: How much darker than the paper right beside it a line is.
    """
    area = np.asarray(counted(around) * STEP_MM**2, np.float64)
    darkness_there = np.zeros(len(dark))
    kernel = np.ones((round(LINE_MM / STEP_MM),) * 2, np.uint8)
    for n in np.flatnonzero((area >= CLOSE_MM2) & (evidence <= NEARLY_EMPTY_MM2)):
        seen = dark[n]
        paper = cv2.morphologyEx(seen, cv2.MORPH_OPEN, kernel)
        line = (seen - paper > least_dark) | (seen > SOLID_DARK)
        ink = around[n] & line
        ink &= ~_passing(line, depth) & ~_passing(line.T, depth.T).T
        if (ink & (depth > -NEAR_MM)).sum() * STEP_MM**2 < LEAST_NEAR_MM2:
            ink[:] = False
        area[n] = ink.sum() * STEP_MM**2
        darkness_there[n] = np.quantile(seen[ink], 0.75) if ink.any() else 0.0
    return area, darkness_there


def _passing(ink: NDArray[np.bool_], depth: Floats) -> NDArray[np.bool_]:
    """Return where straight lines run past a box from the patch's upper to its lower edge, rows × columns.

    They may run along its side, where the box's own line hides them.

    Args:
        ink: Ink in the patch and the box's line, rows × columns.
        depth: How deep in the box each sample lies.
    """
    rows, columns = ink.shape
    found = np.zeros_like(ink)
    thick = ink.copy()
    thick[:, 1:] |= ink[:, :-1]
    thick[:, :-1] |= ink[:, 1:]
    if thick.any(1).mean() < STREAK_SHARE:
        return found
    outside = np.flatnonzero(depth[rows // 2] < SIDE_MM)
    every = np.arange(rows)[:, None]
    for slant in range(-STREAK_SLANT, STREAK_SLANT + 1):
        shift = np.round(np.linspace(-slant / 2, slant / 2, rows)).astype(int)
        at = np.clip(outside[None] + shift[:, None], 0, columns - 1)
        for place in np.flatnonzero(thick[every, at].mean(0) >= STREAK_SHARE):
            for off in range(-LINE_TAKEN, LINE_TAKEN + 1):
                found[every[:, 0], np.clip(at[:, place] + off, 0, columns - 1)] = True
    return found


def largest_gap(ink: Bytes) -> Floats:
    """Return the radius of the largest white disc in each box, mm; the box's edge is no wall for it."""
    count, rows, columns = ink.shape
    # Far ink between two boxes would bound their gaps, so a white band as wide as a box keeps them apart.
    mosaic = np.ones((count, 2 * rows, columns), np.uint8)
    mosaic[:, :rows] = 1 - ink
    reach = cv2.distanceTransform(mosaic.reshape(-1, columns), cv2.DIST_L2, 3).reshape(count, 2 * rows, columns)
    return np.asarray(np.minimum(reach[:, :rows].max((1, 2)) * STEP_MM, 9.0), np.float64)
