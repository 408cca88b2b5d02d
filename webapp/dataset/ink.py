"""Whether two pictures of a page show the same ink: one paper scanned twice, or two copies of it filled in alike.

Two people may make the same crosses; they never make the same strokes. Each mark is cut out by its own box, as the
reader found it in either picture, each text by laying the pictures over each other, and the strokes are compared.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.answers import Mark
from omr.readings import PageReading, Quad

Patch = NDArray[np.float32]

PX_PER_SIDE = 40
"""Pixels of a compared patch along a box's side, and along a text field's height."""

MARGIN = 0.25
"""How much of a box's side is compared beyond its outline: crosses overshoot, words begin later."""

OUTLINE = 0.11
"""Half the width of the band, in box sides, that is left out because the printed outline is in both."""

REACH_PX = 1
"""How far a mark may lie apart in two scans: where it stands in its box tells papers apart, so not far."""

TEXT_REACH_PX = 4
"""The same for a text, whose place is known less exactly."""

LEAST_BOXES = 3
"""Boxes found in both that it takes to lay them over each other; one text field is as good."""

SAME = 0.82
"""Likeness from which ink is the same. Simulated, 70 papers scanned twice against 70 pairs with the same answers, half
of them by one hand with one pen, gray, colour and 1-bit at 150 to 300 dpi: at least 0.88 against at most 0.77."""


def likeness(one: PageReading, picture: bytes, other: PageReading, other_picture: bytes) -> float | None:
    """Compare what is written on two pictures of a page.

    Args:
        one: Reading of the first picture.
        picture: Its encoded bytes.
        other: Reading of the second.
        other_picture: Its encoded bytes.

    Returns:
        The least correlation of strokes over all marks and texts that are in both, 1 for the very same; None where
        there is nothing to compare.
    """
    gray, other_gray = _gray(picture), _gray(other_picture)
    if gray is None or other_gray is None:
        return None
    found = [
        _correlation(a := _patch(gray, here, MARGIN), _patch(other_gray, there, MARGIN), _beside_outline(a.shape))
        for here, there in _both_marked(one, other)
    ]
    over = _over(one, other)
    if over is not None:
        for quad in _both_written(one, other):
            a, b = _patch(gray, quad, 0.0), _patch(other_gray, quad, 0.0, over)
            found.append(_correlation(a, b, np.ones(a.shape, np.float32), TEXT_REACH_PX))
    return min(found) if found else None


def same_ink(one: PageReading, picture: bytes, other: PageReading, other_picture: bytes) -> bool | None:
    """Tell whether two pictures of a page show one paper; None where there is nothing to compare."""
    found = likeness(one, picture, other, other_picture)
    return None if found is None else found >= SAME


def _gray(picture: bytes) -> NDArray[np.uint8] | None:
    flags = cv2.IMREAD_GRAYSCALE | cv2.IMREAD_IGNORE_ORIENTATION
    try:
        gray = cv2.imdecode(np.frombuffer(picture, np.uint8), flags)
    except cv2.error:
        return None
    return None if gray is None else np.asarray(gray, np.uint8)


def _over(one: PageReading, other: PageReading) -> NDArray[np.float64] | None:
    """Return the projection from the first picture onto the second, by the boxes and text fields of both."""
    theirs = {(m.question, m.option): m.box_px for m in other.marks}
    pairs = [(m.box_px, theirs[m.question, m.option]) for m in one.marks if (m.question, m.option) in theirs]
    frames = {(t.question, t.option): t.box_px for t in other.texts}
    wide = [(t.box_px, frames[t.question, t.option]) for t in one.texts if (t.question, t.option) in frames]
    if len(pairs) < LEAST_BOXES and not wide:
        return None
    pairs += wide
    source, target = (np.array([p for quads in pairs for p in quads[side]], np.float64) for side in (0, 1))
    found, _ = cv2.findHomography(source, target)
    return None if found is None else np.asarray(found, np.float64)


def _both_marked(one: PageReading, other: PageReading) -> Iterator[tuple[Quad, Quad]]:
    """Yield the boxes that are marked in both, by their places in the first and in the second picture."""
    inked = {(m.question, m.option): m.box_px for m in other.marks if m.state is not Mark.EMPTY}
    for mark in one.marks:
        if mark.state is not Mark.EMPTY and (mark.question, mark.option) in inked:
            yield mark.box_px, inked[mark.question, mark.option]


def _both_written(one: PageReading, other: PageReading) -> Iterator[Quad]:
    """Yield the text fields with ink in both, by their places in the first picture."""
    inked = {(t.question, t.option) for t in other.texts if t.ink}
    yield from (t.box_px for t in one.texts if t.ink and (t.question, t.option) in inked)


def _patch(gray: NDArray[np.uint8], quad: Quad, margin: float, over: NDArray[np.float64] | None = None) -> Patch:
    """Cut a place out, straightened: ink 1, paper 0. `over` maps its corners into this picture first."""
    corners = np.array(quad, np.float64)
    wide, high = (float(np.hypot(*(corners[n] - corners[0]))) for n in (1, 3))
    side = PX_PER_SIDE
    width = int(np.clip(round(side * wide / max(high, 1.0)), side, 20 * side))
    grow = round(margin * side)
    inner = np.array([(grow, grow), (grow + width, grow), (grow + width, grow + side), (grow, grow + side)], np.float32)
    if over is not None:
        corners = cv2.perspectiveTransform(corners[None], over)[0]
    back = cv2.getPerspectiveTransform(corners.astype(np.float32), inner)
    size = (width + 2 * grow, side + 2 * grow)
    cut = cv2.warpPerspective(gray, back, size, flags=cv2.INTER_AREA, borderMode=cv2.BORDER_REPLICATE)
    cut = cv2.GaussianBlur(cut, (0, 0), 1.2).astype(np.float32)
    white = max(float(np.percentile(cut, 90)), 1.0)
    ink = np.clip(1 - cut / white, 0, 1)
    # Writing lines run across a whole field and are in both: what every column has is not ink.
    return np.asarray(ink - np.median(ink, axis=1, keepdims=True) if width > 3 * side else ink, np.float32)


def _beside_outline(shape: tuple[int, ...]) -> Patch:
    """Return 1 where a pen may be and 0 on the printed outline."""
    v, u = ((np.arange(n) + 0.5) / PX_PER_SIDE - MARGIN - 0.5 for n in shape)
    far = np.maximum(np.abs(v)[:, None], np.abs(u)[None])
    return (np.abs(far - 0.5) > OUTLINE).astype(np.float32)


def _correlation(a: Patch, b: Patch, mask: Patch, reach: int = REACH_PX) -> float:
    """Return the best correlation of two patches when one is moved a little."""
    high, wide = a.shape
    inner = (slice(reach, high - reach), slice(reach, wide - reach))
    best = -1.0
    for dy in range(-reach, reach + 1):
        for dx in range(-reach, reach + 1):
            moved = b[reach + dy : high - reach + dy, reach + dx : wide - reach + dx]
            best = max(best, _weighted(a[inner], moved, mask[inner]))
    return best


def _weighted(a: Patch, b: Patch, weight: Patch) -> float:
    total = float(weight.sum())
    x, y = a - float((a * weight).sum()) / total, b - float((b * weight).sum()) / total
    spread = float((weight * x * x).sum()) * float((weight * y * y).sum())
    return float((weight * x * y).sum()) / spread**0.5 if spread > 0 else 0.0
