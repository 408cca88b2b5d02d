"""The first look at a page: at 75 dpi, where every thin line still shows, it tells what is worth a closer one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.images import Gray
from omr.register import Floats, Laid, Registration
from omr.zones import COARSE, MM_PER_PX, Box, Zones

STEP_MM = MM_PER_PX * COARSE
"""Distance of two pixels of this look."""

ACROSS = np.ones((1, 3), np.uint8)
"""A pixel of the image and those beside it."""

NODES_ROOM_PX = 12
"""Room around the places at which it is told where a part of a page lies: what paper bends between them, and the pixels
around the outermost."""


@dataclass(frozen=True, slots=True, eq=False)
class Glance:
    """What the first look sees of a page.

    Attributes:
        seen: Gray values, each that of the darkest pixel of the image around its place.
        within: Which rows and columns of the page these are.
    """

    seen: Gray
    within: tuple[slice, slice]

    def darkest(self, cells: NDArray[np.intp], first: NDArray[np.intp]) -> Gray:
        """Return the darkest gray value in each of some places.

        Args:
            cells: The pixels of all of them, counted row by row through the whole of `seen`.
            first: Where in `cells` each place begins.
        """
        return np.asarray(np.minimum.reduceat(self.seen.ravel()[cells], first), np.uint8)


def glance(laid: Laid, zones: Zones) -> Glance | None:
    """Look at that part of a page where anything counts.

    Args:
        laid: The image and where the page lies in it, by markers and outlines.
        zones: What each place of the page belongs to.

    Returns:
        What is seen; None where nothing counts anywhere, or all of it lies beyond the image.
    """
    rows, columns = zones.within
    shape = rows.stop - rows.start, columns.stop - columns.start
    if 0 in shape:
        return None
    box_mm = columns.start * STEP_MM, rows.start * STEP_MM, shape[1] * STEP_MM, shape[0] * STEP_MM
    darkest = _darkest(laid, box_mm)
    if darkest is None:
        return None
    return Glance(darkest.part(darkest.gray, 1, box_mm[:2], shape, STEP_MM, smooth=False), zones.within)


def _darkest(laid: Laid, box_mm: Box) -> Laid | None:
    """Return every second row of the part of the image that shows a part of the page, as dark as the darkest around.

    Args:
        laid: The image and where the page lies in it.
        box_mm: The part of the page.

    Returns:
        The part of the image and where the page lies in it; None where that lies beyond the image.
    """
    at = laid.to_px(_nodes(box_mm))
    left, top = (max(int(v), 0) for v in (at.min(0) - NODES_ROOM_PX).tolist())
    right, low = (max(int(v), 0) for v in (at.max(0) + NODES_ROOM_PX).tolist())
    part = laid.gray[top:low, left:right]
    count = (len(part) - 1) // 2
    if count < 1 or part.size == 0:
        return None
    # The darkest of three rows is told around every second one: the look's own pixels are as far apart.
    last = 2 * count
    rows = cv2.min(cv2.min(part[:last:2], part[1:last:2]), part[2 : last + 1 : 2])
    darkest = np.asarray(cv2.erode(rows, ACROSS), np.uint8)
    shift = np.array([[1.0, 0.0, -left], [0.0, 0.5, -(top + 0.5) / 2], [0.0, 0.0, 1.0]])
    page = Registration(shift @ laid.page.matrix, laid.page.residual_mm, laid.page.markers)
    return Laid(darkest, page, laid.black, laid.bend)


@lru_cache(maxsize=64)
def _nodes(box_mm: Box) -> Floats:
    """Return the places, mm, that tell where a part of a page lies: 81 × 2."""
    edges = np.linspace(0, 1, 9)
    across, down = np.meshgrid(box_mm[0] + edges * box_mm[2], box_mm[1] + edges * box_mm[3])
    return np.stack([across, down], axis=2).reshape(-1, 2)
