"""A picture of a page with what was found on it and what was expected, for whoever wants to know why it was read so."""

from __future__ import annotations

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.answers import Mark
from forms.layout import FieldKind, Layout
from omr.images import BadImage, Picture, decode
from omr.markers import Found, find_markers
from omr.pair import place
from omr.readings import Outcome, PageReading, Quad
from omr.register import Floats
from omr.stray import corners_mm

Canvas = NDArray[np.uint8]

EXPECTED = (150, 150, 150)
FOUND = {
    Mark.EMPTY: ((60, 160, 60), ""),
    Mark.CROSSED: ((200, 60, 0), "X"),
    Mark.FILLED: ((160, 0, 120), "F"),
    Mark.UNCERTAIN: ((0, 120, 255), "?"),
}
MARKER = (0, 160, 200)
TEXT = (180, 140, 0)
STRAY = (0, 0, 220)
"""Colours: blue, green, red. Each kind of thing has a sign or a shape of its own as well."""

WORST_MM = 2.0
"""Residual up to which expected places are drawn, whether or not the page was read."""


def draw(picture: Picture, outcome: Outcome, layout: Layout | None) -> bytes | None:
    """Draw what was found on a page over its picture.

    Gray: boxes where the markers alone put them. Green: empty; blue with X: crossed; purple with F: filled; orange with
    ?: uncertain. Yellow: corner markers. Turquoise: text fields, thick where something is written. Red and crossed
    out: stray ink. A refusal has its code in the upper left corner.

    Args:
        picture: The page's picture.
        outcome: What was read, or why nothing was.
        layout: The layout of what was read; None for a refusal.

    Returns:
        A JPEG of the picture's size; None where the picture can't be shown.
    """
    image = decode(picture)
    if isinstance(image, BadImage):
        return None
    canvas = np.asarray(cv2.cvtColor(image.full(), cv2.COLOR_GRAY2BGR), np.uint8)
    thin = max(1, round(min(image.size_px) / 1000))
    found = find_markers(image.gray)
    for marker in found:
        _outline(canvas, marker.corners_px * image.shrink, MARKER, 2 * thin)
        _write(canvas, str(marker.id), marker.corners_px[0] * image.shrink, MARKER, thin)
    if isinstance(outcome, PageReading):
        for corners in [] if layout is None else _expected(found, layout, outcome.page):
            _outline(canvas, corners * image.shrink, EXPECTED, thin)
        _reading(canvas, outcome, thin)
    else:
        _write(canvas, outcome.code.value, np.array([20.0 * thin, 40.0 * thin]), STRAY, 2 * thin)
    return bytes(cv2.imencode(".jpg", canvas, [cv2.IMWRITE_JPEG_QUALITY, 80])[1].tobytes())


def _expected(found: tuple[Found, ...], layout: Layout, page: int) -> list[Floats]:
    """Return where the markers alone put the boxes, in working pixels."""
    fit = place(found, [m for m in layout.markers if m.page == page], WORST_MM)
    boxes = [] if fit is None else [(b.x, b.y, b.w, b.h) for b in layout.on_page(page, FieldKind.BOX)]
    return [] if fit is None else [fit.to_px(corners_mm(box)) for box in boxes]


def _reading(canvas: Canvas, reading: PageReading, thin: int) -> None:
    for text in reading.texts:
        _outline(canvas, _corners(text.box_px), TEXT, 3 * thin if text.ink else thin)
    for mark in reading.marks:
        colour, sign = FOUND[mark.state]
        corners = _corners(mark.box_px)
        _outline(canvas, corners, colour, 2 * thin)
        if sign:
            _write(canvas, sign, corners[3] - (corners[1] - corners[0]) / 2, colour, 2 * thin)
    for ink in reading.stray_ink:
        corners = _corners(ink.box_px)
        _outline(canvas, corners, STRAY, 2 * thin)
        a, c = corners[0].astype(int), corners[2].astype(int)
        cv2.line(canvas, (int(a[0]), int(a[1])), (int(c[0]), int(c[1])), STRAY, thin)


def _corners(quad: Quad) -> Floats:
    return np.array(quad, np.float64)


def _outline(canvas: Canvas, corners: Floats, colour: tuple[int, int, int], width: int) -> None:
    cv2.polylines(canvas, [np.round(corners).astype(np.int32)], True, colour, width, cv2.LINE_AA)


def _write(canvas: Canvas, text: str, at: Floats, colour: tuple[int, int, int], thin: int) -> None:
    place = int(at[0]), int(at[1]) - 2 * thin
    cv2.putText(canvas, text, place, cv2.FONT_HERSHEY_SIMPLEX, 0.5 * thin, colour, thin, cv2.LINE_AA)
