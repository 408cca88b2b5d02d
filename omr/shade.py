"""Paper that grows darker across a box: a hand's shadow, a lamp at one side. It is made even, so that it is no ink."""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omr.pictures import Gray
from omr.register import Floats32
from omr.samples import ranked

RING = 0.18
"""Width of the rim of a patch that is looked at, in its side: paper around a box, without the box's line."""

WHITE_SHARE = 0.85
"""Share of a part of the rim that is darker than what is taken for its paper: strokes run out of a box across it."""

LEAST_SLOPE = 0.06
"""How much darker one corner of a patch is than another, in the paper's gray, from which on it is looked at closely."""

MOST_SLOPE = 0.7
"""Steeper than this no shadow falls."""

LEVEL = 0.06
"""How far the paper of the rim may lie beside a plane, in its gray: ink, print and folds lie further."""


def evened(patches: Gray) -> Gray:
    """Return patches with a slope in their paper taken out, wherever all of the rim shows paper on one plane.

    Args:
        patches: Boxes and what is around them, N × rows × columns gray values.

    Returns:
        The same where nothing is taken out; else a copy.
    """
    numbers = np.flatnonzero(_sloping(patches))
    if not numbers.size:
        return patches
    planes, level = _planes(patches[numbers])
    numbers, planes = numbers[level], planes[level]
    if not numbers.size:
        return patches
    made = patches.copy()
    rows, columns = patches.shape[1:]
    y, x = _ramp(rows), _ramp(columns)
    paper = planes[:, 0, None, None] + planes[:, 1, None, None] * x[None, None] + planes[:, 2, None, None] * y[:, None]
    bright = paper.max((1, 2), keepdims=True)
    # A damaged picture may be black all over.
    made[numbers] = np.clip(np.rint(patches[numbers] * (bright / np.maximum(paper, 1))), 0, 255)
    return made


def _sloping(patches: Gray) -> NDArray[np.bool_]:
    """Tell in which patches one corner is darker than another, and no single one by far darker than all others, N."""
    high, wide = (max(2, round(RING * n)) for n in patches.shape[1:])
    corners = np.array(
        [patches[:, r, c].sum((1, 2), dtype=np.float32) for r in _ends(high) for c in _ends(wide)],
    ) / (high * wide)
    bright = corners.max(0, initial=1.0)
    twist = np.abs(corners[0] - corners[1] - corners[2] + corners[3])
    sloping = corners.max(0) - corners.min(0) > LEAST_SLOPE * bright
    return np.asarray(sloping & (twist <= 4 * LEVEL * bright), np.bool_)


@lru_cache(maxsize=64)
def _ramp(count: int) -> Floats32:
    """Return numbers that rise evenly from -1 to 1."""
    return np.linspace(-1, 1, count, dtype=np.float32)


def _ends(count: int) -> tuple[slice, slice]:
    return slice(None, count), slice(-count, None)


def _planes(patches: Gray) -> tuple[Floats32, NDArray[np.bool_]]:
    """Return the plane of each patch's paper, N × 3 (middle, half its rise to the right and down); N: is it one."""
    parts, matrix, solved = _rim(patches.shape[1:])
    white = np.stack(
        [ranked(patches[:, r, c], int(WHITE_SHARE * (patches[0, r, c].size - 1))) for r, c in parts], axis=1
    )
    planes = white @ solved.T
    off = np.abs(white - planes @ matrix.T).max(1)
    slope = 2 * np.abs(planes[:, 1:]).sum(1)
    level = (off <= LEVEL * planes[:, 0]) & (slope <= MOST_SLOPE * planes[:, 0])
    return planes.astype(np.float32), np.asarray(level, np.bool_)


@lru_cache(maxsize=64)
def _rim(shape: tuple[int, ...]) -> tuple[list[tuple[slice, slice]], Floats32, Floats32]:
    """Return the eight parts of a patch's rim, their middles as plane terms 8 × 3, and what solves them 3 × 8."""
    spans = []
    for n in shape:
        wide = max(2, round(RING * n))
        spans.append(((slice(0, wide), wide / n - 1), (slice(wide, n - wide), 0.0), (slice(n - wide, n), 1 - wide / n)))
    parts, terms = [], []
    for j, (rows, y) in enumerate(spans[0]):
        for i, (columns, x) in enumerate(spans[1]):
            if (j, i) != (1, 1):
                parts.append((rows, columns))
                terms.append((1.0, x, y))
    matrix = np.array(terms, np.float32)
    return parts, matrix, np.asarray(np.linalg.pinv(matrix), np.float32)
