"""Where a page lies of which two corner markers are lost: by those that are left, its page code and its print.

A pile that came by post has pages with one corner torn off and another under a staple. Two markers and the page code
say nearly where such a page lies; that it lies there must then show in its print (`outlines.settle`).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from forms.layout import Marker
from omr.markers import Found
from omr.register import Floats, Registration, apply, is_page, marker_corners_mm, register

CORNER_OFF_MM = 0.1
"""What finding a marker's corner is off, about."""

CODE_OFF_MM = 0.3
"""The same of a corner of the page code, whose reader tells it in whole pixels."""

USUAL_STRETCH = 0.01
"""What feeders and printers usually stretch or slant a page; 0.015 is the most that is met."""


def place(
    found: Sequence[Found],
    markers: Sequence[Marker],
    worst_mm: float,
    code: tuple[Floats, Floats] | None = None,
) -> Registration | None:
    """Fit the page to its markers as `register` does, and, where only two are left, to those and the page code.

    Two markers don't say how far a page was stretched or slanted, so what feeders and printers may do to one is
    weighed against what is seen. Whoever takes such a fit must hold it against the print.

    Args:
        found: The markers found.
        markers: The markers of the page, from the layout.
        worst_mm: Largest residual that is believed.
        code: Corners of the page code, 4 × 2 each: in mm on paper and in working pixels; None: not known.

    Returns:
        Where the page lies; None with fewer than two markers, or where they don't make a page.
    """
    at = {m.id: m for m in markers}
    used = [f for f in found if f.id in at]
    if len(used) != 2:
        return register(found, markers, worst_mm)
    paper = np.concatenate([marker_corners_mm(at[f.id]) for f in used])
    image = np.concatenate([f.corners_px for f in used])
    px_per_mm = float(np.hypot(*(image[4] - image[0])) / np.hypot(*(paper[4] - paper[0])))
    weight = np.ones(len(paper))
    if code is not None:
        paper, image = np.vstack([paper, code[0]]), np.vstack([image, code[1]])
        weight = np.concatenate([weight, np.full(4, CORNER_OFF_MM / CODE_OFF_MM)])
    fit = replace(_nearly_similar(paper, image, weight, px_per_mm), markers=2)
    return fit if fit.residual_mm <= worst_mm and is_page(fit) else None


def _nearly_similar(paper: Floats, image: Floats, weight: Floats, px_per_mm: float) -> Registration:
    """Fit an affine image that stretches and slants the page no more than the points ask for."""
    count, zero = len(paper), np.zeros(len(paper))
    x, y, one = paper[:, 0], paper[:, 1], np.ones(count)
    across = np.column_stack([x, y, one, zero, zero, zero]) * weight[:, None]
    down = np.column_stack([zero, zero, zero, x, y, one]) * weight[:, None]
    # A feeder's stretch makes the first differ from the fifth number, its slant the second from minus the fourth.
    usual = np.array([[1.0, 0, 0, 0, -1.0, 0], [0, 1.0, 0, 1.0, 0, 0]]) * (CORNER_OFF_MM / USUAL_STRETCH)
    wanted = np.concatenate([image[:, 0] * weight, image[:, 1] * weight, np.zeros(2)])
    solution, *_ = np.linalg.lstsq(np.vstack([across, down, usual]), wanted, rcond=None)
    matrix = np.vstack([solution.reshape(2, 3), [0.0, 0.0, 1.0]])
    off_px = np.hypot(*(apply(matrix, paper) - image).T)
    return Registration(matrix, float(np.sqrt(np.mean(off_px**2)) / px_per_mm), count)
