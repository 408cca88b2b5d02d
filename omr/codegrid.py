"""The QR code of a page whose place is known, module by module: what is left when no reader of barcodes finds it.

A reader of barcodes looks for the three finder patterns. A streak through one, toner too pale or a shaken picture hide
them, though most modules are still there. The corner markers say where each module must be, so the grid is laid over
the picture where its fixed patterns fit best, each module is judged against the light and dark around it, and a clean
code is drawn from that. What it says must then hold: the code's own error correction and the page code's check digits.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import zxingcpp
from numpy.typing import NDArray

from forms.layout import Code
from forms.pagecode import PageCode, parse
from forms.qr import QUIET_MODULES, SIDE_MODULES
from omr.images import Gray
from omr.register import Floats, Floats32, Laid

FINE = 5
"""Samples a module along each side."""

REACH = 2.0
"""How many modules the grid may lie from where the markers put it."""

STRETCH = (0.985, 1.0, 1.015)
"""How much larger or smaller than its place the grid may be, in either direction: feeders stretch."""

LEAST_FIT = 0.45
"""Least correlation of the fixed patterns with what is seen there; less is another place, or no code."""

SHARPER = (0.0, 0.12, 0.25)
"""Shares of what each neighbour sheds on a module, taken away before it is judged: blur spreads modules."""

DRAWN_PX = 4
"""Pixels a module of the clean code."""


@dataclass(frozen=True, slots=True, eq=False)
class GridCode:
    """A page code that was read from its grid.

    Attributes:
        code: What it says.
        corners_mm: Its corners where the page's place put them on paper, 4 × 2, as they lie on paper clockwise from
            the top left, without the quiet zone.
    """

    code: PageCode
    corners_mm: Floats


def grid_code(laid: Laid, gray: Gray, grow: float, place: Code) -> GridCode | None:
    """Read a page code module by module.

    Args:
        laid: The image and where the page lies in it, to within some 1.2 mm at the code.
        gray: The image, or the same picture at a larger size.
        grow: So many pixels of `gray` make a working pixel.
        place: Where the code stands.

    Returns:
        The code; None where none can be made out.
    """
    module = place.size / (SIDE_MODULES + 2 * QUIET_MODULES)
    step, whole = module / FINE, (SIDE_MODULES + 2 * QUIET_MODULES) * FINE
    seen = laid.part(gray, grow, (place.x, place.y), (whole, whole), step)
    fitted = _laid_over(seen)
    if fitted is None:
        return None
    columns, rows = fitted
    corners = np.array([[x, y] for y in (rows[0], rows[-1]) for x in (columns[0], columns[-1])])[[0, 1, 3, 2]]
    half = np.array([[-1, -1], [1, -1], [1, 1], [-1, 1]]) * module / 2
    at_mm = corners * step + np.array([place.x, place.y]) + half
    for dark in _judged(seen, columns, rows):
        for barcode in zxingcpp.read_barcodes(_drawn(dark), is_pure=True, try_invert=False, try_downscale=False):
            code = parse(barcode.text)
            if code is not None:
                return GridCode(code, at_mm)
    return None


@cache
def _fixed() -> NDArray[np.int8]:
    """Return the modules that every code has, quiet zone included: 1 dark, -1 light, 0 whatever it says."""
    side = SIDE_MODULES
    fixed = np.zeros((side, side), np.int8)
    ring = np.ones((7, 7), np.int8)
    ring[1:6, 1:6] = -1
    ring[2:5, 2:5] = 1
    for top, left in ((0, 0), (0, side - 7), (side - 7, 0)):
        # The light line around a finder pattern, where it is inside the code.
        fixed[max(0, top - 1) : top + 8, max(0, left - 1) : left + 8] = -1
        fixed[top : top + 7, left : left + 7] = ring
    # Version 2 has its one alignment pattern here.
    fixed[side - 9 : side - 4, side - 9 : side - 4] = 1
    fixed[side - 8 : side - 5, side - 8 : side - 5] = -1
    fixed[side - 7, side - 7] = 1
    timing = np.where(np.arange(8, side - 8) % 2 == 0, 1, -1)
    fixed[6, 8 : side - 8] = fixed[8 : side - 8, 6] = timing
    fixed[side - 8, 8] = 1
    return np.pad(fixed, QUIET_MODULES, constant_values=-1)


def _laid_over(seen: Gray) -> tuple[Floats, Floats] | None:
    """Return the middles of the code's columns and rows in samples, where its fixed patterns fit best."""
    soft = cv2.blur(seen, (FINE, FINE)).astype(np.float32)
    fixed = _fixed()
    # One module of the quiet zone tells enough; what lies further out is not the code's.
    inner = slice(QUIET_MODULES - 1, QUIET_MODULES + SIDE_MODULES + 1)
    wanted = fixed[inner, inner].astype(np.float32)
    known = wanted != 0
    weights = np.where(known, wanted - wanted[known].mean(), 0).astype(np.float32)
    weights /= np.sqrt((weights**2).sum())
    numbers = np.arange(-1, SIDE_MODULES + 1) - (SIDE_MODULES - 1) / 2
    middle = seen.shape[0] / 2
    shifts = np.arange(-REACH * FINE, REACH * FINE + 1)
    best, found = LEAST_FIT, None
    for tall in STRETCH:
        for wide in STRETCH:
            rows, columns = (middle + numbers * FINE * s for s in (tall, wide))
            for dy in shifts:
                y = np.clip(rows + dy, 0, len(soft) - 1).astype(int)
                for dx in shifts:
                    x = np.clip(columns + dx, 0, len(soft) - 1).astype(int)
                    values = soft[y[:, None], x][known]
                    values = values - values.mean()
                    like = -float((values * weights[known]).sum()) / (float(np.sqrt((values**2).sum())) + 1e-6)
                    if like > best:
                        best, found = like, (columns[1:-1] + dx, rows[1:-1] + dy)
    return found


def _judged(seen: Gray, columns: Floats, rows: Floats) -> Iterator[NDArray[np.bool_]]:
    """Yield readings of the modules, 25 × 25, the plainest first."""
    spots = (np.arange(FINE) - FINE // 2).astype(int)
    limit = len(seen) - 1
    y = np.clip(np.floor(rows)[:, None] + spots, 0, limit).astype(int)
    x = np.clip(np.floor(columns)[:, None] + spots, 0, limit).astype(int)
    samples = seen[y[:, None, :, None], x[None, :, None, :]].astype(np.float32)
    inner = samples[:, :, 1:-1, 1:-1]
    # Across a streak most samples of a module are its own, so their median is; both ways, as feeders run either way.
    looks = (inner.mean((2, 3)), np.median(samples, 3).mean(2), np.median(samples, 2).mean(2))
    for values in looks:
        for share in SHARPER:
            sharp = _sharper(np.asarray(values, np.float32), share)
            for around in (SIDE_MODULES, 11):
                yield _darker(sharp, around)


def _sharper(values: Floats32, share: float) -> Floats32:
    if share == 0:
        return values
    kernel = np.array([[0, -share, 0], [-share, 1 + 4 * share, -share], [0, -share, 0]], np.float32)
    return np.asarray(cv2.filter2D(values, -1, kernel, borderType=cv2.BORDER_REPLICATE), np.float32)


def _darker(values: Floats32, around: int) -> NDArray[np.bool_]:
    """Return which modules are dark: darker than half way between the light and the dark ones around."""
    if around >= SIDE_MODULES:
        fixed = _fixed()[QUIET_MODULES:-QUIET_MODULES, QUIET_MODULES:-QUIET_MODULES]
        limit = (np.median(values[fixed == 1]) + np.median(values[fixed == -1])) / 2
        return np.asarray(values < limit)
    kernel = np.ones((around, around), np.uint8)
    low = cv2.blur(cv2.erode(values, kernel), (5, 5))
    high = cv2.blur(cv2.dilate(values, kernel), (5, 5))
    return np.asarray(values < (low + high) / 2)


def _drawn(dark: NDArray[np.bool_]) -> Gray:
    """Draw a clean code: the fixed patterns as they must be, the rest as it was seen."""
    fixed = _fixed()
    modules = np.pad(dark, QUIET_MODULES) & (fixed != -1) | (fixed == 1)
    pixels = np.where(modules, np.uint8(0), np.uint8(255))
    return np.ascontiguousarray(np.kron(pixels, np.ones((DRAWN_PX, DRAWN_PX), np.uint8)))
