"""Paper that waves: how far each part of a page lies from where an even page would have it.

The page is compared with the picture of its print, tile by tile. That takes longer than everything else together, so
it is done only for pages whose markers and outlines say that they are not flat.
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from omr.pictures import Gray
from omr.register import Bend, Floats, Floats32, Laid

STEP_MM = 25.4 / 75
"""Distance of two pixels of the pictures that are compared."""

PRINT_SHRINK = 2
"""Pixels of the layout's `print` pictures, 150 dpi, a pixel of ours."""

NODE_MM = 6.0
"""Distance of the places at which a bend is told."""

LEAST_PRINT = 12.0
"""Standard deviation of a tile's gray values under which there is too little print in it to find it again."""

LEAST_LIKE = 0.45
"""Least correlation of a tile with its print."""

DROP_PX = 3
"""At this distance, 1 mm, a tile must look less like its print in a direction to tell anything about it."""

SURE_DROP = 0.08
"""So much less counts in full."""

LEAST_SHARE = 0.5
"""Share of the tiles that must be found again; with fewer it may be another page, or none."""

WHOLE_SHARE = 0.8
"""The same where nothing else says where the page lies: a piece of paper that is gone must not be read as empty."""


@dataclass(frozen=True, slots=True)
class _Look:
    """One comparison: side of a tile, distance of two tiles, how far to look, and over what to even out; all in mm."""

    side_mm: float
    apart_mm: float
    reach_mm: float
    spread_mm: float


LOOKS = (_Look(26.0, 13.0, 4.0, 9.0), _Look(15.0, 8.0, 1.7, 5.0))
"""First coarse and far, then fine and near what the first found."""


@dataclass(frozen=True, slots=True, eq=False)
class _Tiles:
    """What comparing tiles told: middles on paper, shifts, and how much each shift is worth; all N × 2."""

    middle_mm: Floats
    shift_mm: Floats
    weight: Floats


def find_bend(
    laid: Laid, printed: bytes, size_mm: tuple[float, float], least_share: float = LEAST_SHARE
) -> Bend | None:
    """Compare a page with its print.

    Args:
        laid: The image and where the page lies in it by its markers, to within some 3 mm.
        printed: The PNG of the page's print.
        size_mm: Width and height of the page.
        least_share: Share of the large tiles of print that must be found again; small ones may hold too little of it.

    Returns:
        How it bends; None where too little of the print was found again to say so.
    """
    pattern = _pattern(printed)
    bend = None
    for look in LOOKS:
        tiles = _compare(replace(laid, bend=bend), pattern, look, least_share if bend is None else LEAST_SHARE)
        if tiles is None:
            return None
        more = _evened(tiles, size_mm, look.spread_mm)
        bend = Bend(NODE_MM, more if bend is None else (bend.shift_mm + more).astype(np.float32))
    return bend


@lru_cache(maxsize=64)
def _pattern(printed: bytes) -> Gray:
    with Image.open(io.BytesIO(printed)) as opened:
        pixels = np.asarray(opened.convert("L"), np.uint8)
    rows, columns = (n // PRINT_SHRINK for n in pixels.shape)
    whole = pixels[: rows * PRINT_SHRINK, : columns * PRINT_SHRINK]
    return np.asarray(cv2.resize(whole, (columns, rows), interpolation=cv2.INTER_AREA), np.uint8)


def _compare(laid: Laid, pattern: Gray, look: _Look, least_share: float) -> _Tiles | None:
    """Find each tile of the print in the page."""
    reach, side, apart = (round(v / STEP_MM) for v in (look.reach_mm, look.side_mm, look.apart_mm))
    shape = pattern.shape[0] + 2 * reach, pattern.shape[1] + 2 * reach
    small = cv2.resize(laid.gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    seen = laid.part(np.asarray(small, np.uint8), 0.5, (-reach * STEP_MM, -reach * STEP_MM), shape, STEP_MM)
    middles, shifts, weights = [], [], []
    corners = _corners(pattern.shape, pattern.tobytes(), side, apart)
    for top, left in corners:
        tile = pattern[top : top + side, left : left + side]
        around = seen[top : top + side + 2 * reach, left : left + side + 2 * reach]
        like = np.asarray(cv2.matchTemplate(around, tile, cv2.TM_CCOEFF_NORMED), np.float32)
        found = _peak(like)
        if found is not None:
            middles.append(((left + side / 2) * STEP_MM, (top + side / 2) * STEP_MM))
            shifts.append(found[0])
            weights.append(found[1])
    if not corners or len(middles) < least_share * len(corners):
        return None
    tiles = _Tiles(np.array(middles), (np.array(shifts) - reach) * STEP_MM, np.array(weights))
    return _agreeing(tiles, 2 * look.apart_mm)


@lru_cache(maxsize=128)
def _corners(shape: tuple[int, int], pixels: bytes, side: int, apart: int) -> tuple[tuple[int, int], ...]:
    """Return the upper left corners, row and column, of the tiles that have enough print in them."""
    pattern = np.frombuffer(pixels, np.uint8).reshape(shape)
    return tuple(
        (top, left)
        for top in range(0, shape[0] - side + 1, apart)
        for left in range(0, shape[1] - side + 1, apart)
        if float(pattern[top : top + side, left : left + side].std()) >= LEAST_PRINT
    )


def _peak(like: Floats32) -> tuple[tuple[float, float], tuple[float, float]] | None:
    """Return where a tile is most like its print, x and y in pixels, and what that is worth in each direction."""
    _, most, _, (x, y) = cv2.minMaxLoc(like)
    if most < LEAST_LIKE:
        return None
    place, worth = [], []
    for line, at in ((like[y], x), (like[:, x], y)):
        if not 0 < at < len(line) - 1:
            return None  # the best may lie beyond what was looked at
        before, top, after = (float(v) for v in line[at - 1 : at + 2])
        bend = before - 2 * top + after
        place.append(at + (0.5 * (before - after) / bend if bend < 0 else 0.0))
        beside = max(float(line[max(0, at - DROP_PX)]), float(line[min(len(line) - 1, at + DROP_PX)]))
        worth.append(min(1.0, max(0.0, (top - beside) / SURE_DROP)))
    return (place[0], place[1]), (worth[0], worth[1])


OUTLIER_MM = 0.8
"""A tile that is so far from the middle of its neighbours was mistaken for other print."""


def _agreeing(tiles: _Tiles, near_mm: float) -> _Tiles:
    """Drop tiles that speak against those around them."""
    apart = np.abs(tiles.middle_mm[:, None] - tiles.middle_mm[None]).max(2)
    weight = tiles.weight.copy()
    for n, near in enumerate(apart <= near_mm):
        for axis in (0, 1):
            believed = near & (tiles.weight[:, axis] > 0)
            if believed.sum() >= 3:
                middle = np.median(tiles.shift_mm[believed, axis])
                weight[n, axis] *= abs(tiles.shift_mm[n, axis] - middle) <= OUTLIER_MM
    return replace(tiles, weight=weight)


def _evened(tiles: _Tiles, size_mm: tuple[float, float], spread_mm: float) -> Floats32:
    """Return the shift at each node: tiles near it count most."""
    columns, rows = (int(np.ceil(v / NODE_MM)) + 1 for v in size_mm)
    nodes = np.stack(np.meshgrid(np.arange(columns), np.arange(rows)), axis=2).reshape(-1, 2) * NODE_MM
    away = ((nodes[:, None] - tiles.middle_mm[None]) ** 2).sum(2)
    # Where there is no print for a long way the nearest there is still tells something: hence the long tail.
    nearness = np.exp(-away / (2 * spread_mm**2)) + 1e-3 * np.exp(-away / (2 * (4 * spread_mm) ** 2)) + 1e-9
    shift = np.empty((len(nodes), 2))
    for axis in (0, 1):
        weight: NDArray[np.float64] = nearness * tiles.weight[:, axis]
        total = weight.sum(1)
        shift[:, axis] = weight @ tiles.shift_mm[:, axis] / np.maximum(total, 1e-12)
    return shift.reshape(rows, columns, 2).astype(np.float32)
