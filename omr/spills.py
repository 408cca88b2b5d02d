"""Ink that no hand put there: lines of a worn drum or a fold from edge to edge, and the rings of cups.

What is left out here is never seen by a person. So a line must be straighter and longer than anything that is drawn
without a ruler, and a ring rounder and larger than anything that is drawn around an answer, and paler than a pen.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from omr.register import Floats
from omr.samples import counted

Bools = NDArray[np.bool_]

SLANTS = np.linspace(-0.035, 0.035, 29)
"""What is tried: lines run along paper or feed, and paper is fed at up to 2 degrees in most scanners."""

LINE_BIN_MM = 0.6
"""How straight a line is."""

LINE_TAKEN_MM = 0.85
"""How far from its middle a line is taken away: slants are tried in steps, and a line has a width."""

LINE_REACH_MM = 180.0
"""Least length: more than the width of any question, and of what anybody draws down a column of boxes."""

LINE_CELLS = 90
"""Millimetres of it, at least, that are seen; the rest is under print."""

ALONE = 3.0
"""So many times as much ink lies on a line as beside it."""

RADII_MM = (26.0, 52.0)
"""Of cups and mugs."""

ROUND_MM = 0.8
"""How round a ring is."""

SLACK_MM = 0.01
"""What a distance told in short numbers is off, at most."""

MOST_AT_ONCE = 250_000
"""Distances of points from circles that are told in one step: what memory they take."""

BAND_MM = 3.0
"""Half the width of what a ring may cover: its inner and its outer edge, and what runs from them."""

ARC = 40
"""Least number of sectors, of 120 in the whole ring, in which it is seen."""

LEAST_RISE_MM = 9.0
"""What so much of the smallest ring takes up at least, across and down, wherever on it those sectors are."""

TRIES = 400
"""Circles that are tried through three points each."""

MOST_POINTS = 2500
"""Points that circles are held against; more are thinned out evenly."""


def spilled(at_mm: Floats, pale: Bools) -> Bools:
    """Tell which points of ink no hand put there.

    Args:
        at_mm: The points on upright paper, N × 2.
        pale: Which of them are paler than a pen's stroke, N.
    """
    found = _lines(at_mm)
    rings = np.flatnonzero(pale & ~found)
    for _ in range(3):
        ring = _ring(at_mm[rings])
        if ring is None:
            break
        found[rings[ring]] = True
        rings = rings[~ring]
    return found


def _lines(at_mm: Floats) -> Bools:
    """Tell which points are on straight lines along the page or across it."""
    found = np.zeros(len(at_mm), np.bool_)
    for along in (1, 0):
        for _ in range(3):
            left = np.flatnonzero(~found)
            off = _straight(at_mm[left, 1 - along], at_mm[left, along])
            if off is None:
                break
            found[left[np.abs(off) <= LINE_TAKEN_MM]] = True
    return found


def _straight(across: Floats, along: Floats) -> Floats | None:
    """Return how far points are from the clearest line, mm; None where there is none."""
    if not along.size or int(along.max()) - int(along.min()) < LINE_REACH_MM:
        return None
    cell = along.astype(int)
    cells = int(cell.max()) + 1
    if np.count_nonzero(np.bincount(cell)) < LINE_CELLS:
        return None
    best, told = LINE_CELLS - 1, None
    for slant in SLANTS:
        moved = across - slant * (along - 150.0)
        first = moved.min()
        bins = ((moved - first) / LINE_BIN_MM).astype(int)
        seen = np.zeros((int(bins.max()) + 1, cells), np.bool_)
        seen[bins, cell] = True
        # A line may run between two bins.
        seen[:-1] |= seen[1:]
        counts = seen.sum(1)
        if counts.max() <= best:
            continue
        place = int(counts.argmax())
        at = np.flatnonzero(seen[place])
        off = moved - first - (place + 1) * LINE_BIN_MM
        near, beside = np.abs(off) <= LINE_BIN_MM, (np.abs(off) > 2 * LINE_BIN_MM) & (np.abs(off) <= 4 * LINE_BIN_MM)
        if at[-1] - at[0] >= LINE_REACH_MM and near.sum() >= ALONE * beside.sum() / 2:
            best, told = int(counts.max()), off - float(np.median(off[near]))
    return told


def _ring(at_mm: Floats) -> Bools | None:
    """Return which points belong to the clearest ring; None where there is none."""
    if len(at_mm) < 3 * ARC or np.ptp(at_mm, axis=0).min() < LEAST_RISE_MM:
        return None
    # Always the same circles for the same points: a page gives the same reading every time.
    rng = np.random.default_rng(7)
    some = at_mm[:: max(1, len(at_mm) // MOST_POINTS)]
    a, b, c = some[rng.integers(0, len(some), (3, TRIES))]
    ab, ac = b - a, c - a
    area = 2 * (ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0])
    with np.errstate(divide="ignore", invalid="ignore"):
        ab2, ac2 = (ab**2).sum(1), (ac**2).sum(1)
        middle = a + np.column_stack([ac[:, 1] * ab2 - ab[:, 1] * ac2, ab[:, 0] * ac2 - ac[:, 0] * ab2]) / area[:, None]
        radius = np.hypot(*(a - middle).T)
        real = (radius >= RADII_MM[0]) & (radius <= RADII_MM[1])
    middle, radius = middle[real], radius[real]
    seen = _sectors(some, middle, radius)
    if seen.max(initial=0) < ARC:
        return None
    clearest = seen.argmax()
    return np.asarray(np.abs(np.hypot(*(at_mm - middle[clearest]).T) - radius[clearest]) <= BAND_MM)


def _sectors(at_mm: Floats, middle: Floats, radius: Floats) -> NDArray[np.intp]:
    """Return in how many sectors each of some circles is seen; 0 where those are too few in any case."""
    count = np.zeros(len(middle), np.intp)
    step = max(1, MOST_AT_ONCE // len(at_mm))
    points, middles, radii = (np.asarray(v, np.float32) for v in (at_mm, middle, radius))
    for first in range(0, len(middle), step):
        some = slice(first, first + step)
        # Squares of short numbers are told in a twentieth of the time that distances take, and are off by less than the
        # slack: few points are near enough to any circle.
        square, other = (np.square(points[:, n] - middles[some, n, None]) for n in (0, 1))
        square += other
        within, beyond = (radii[some, None] + np.float32(side * (ROUND_MM + SLACK_MM)) for side in (-1, 1))
        near = (square >= within * within) & (square <= beyond * beyond)
        near[counted(near) < ARC] = False
        circle, point = np.nonzero(near)
        across, down = (at_mm[point, n] - middle[some][circle, n] for n in (0, 1))
        on = np.abs(np.hypot(across, down) - radius[some][circle]) <= ROUND_MM
        sector = np.degrees(np.arctan2(down[on], across[on])) // 3
        seen = np.zeros((len(near), 121), np.bool_)
        seen[circle[on], sector.astype(int) + 60] = True
        count[some] = seen.sum(1)
    return count
