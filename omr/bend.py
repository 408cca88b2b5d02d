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
    small = np.asarray(cv2.resize(laid.gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA), np.uint8)
    bend = None
    for look in LOOKS:
        bent = replace(laid, bend=bend)
        tiles = _compare(bent, small, printed, look, least_share if bend is None else LEAST_SHARE)
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


def _compare(laid: Laid, small: Gray, printed: bytes, look: _Look, least_share: float) -> _Tiles | None:
    """Find each tile of the print in the page, `small` being the image at half its size."""
    pattern = _pattern(printed)
    reach, side, apart = (round(v / STEP_MM) for v in (look.reach_mm, look.side_mm, look.apart_mm))
    shape = pattern.shape[0] + 2 * reach, pattern.shape[1] + 2 * reach
    # OpenCV compares numbers with a point in half the time.
    seen = laid.part(small, 0.5, (-reach * STEP_MM, -reach * STEP_MM), shape, STEP_MM).astype(np.float32)
    wanted = pattern.astype(np.float32)
    corners = _corners(printed, side, apart)
    like = np.empty((len(corners), 2 * reach + 1, 2 * reach + 1), np.float32)
    for (top, left), own in zip(corners, like, strict=True):
        tile = wanted[top : top + side, left : left + side]
        around = seen[top : top + side + 2 * reach, left : left + side + 2 * reach]
        cv2.matchTemplate(around, tile, cv2.TM_CCOEFF_NORMED, result=own)
    found, place, worth = _peaks(like)
    if not corners or found.sum() < least_share * len(corners):
        return None
    middle = (np.array(corners)[found][:, ::-1] + side / 2) * STEP_MM
    return _agreeing(_Tiles(middle, (place[found] - reach) * STEP_MM, worth[found]), 2 * look.apart_mm)


@lru_cache(maxsize=128)
def _corners(printed: bytes, side: int, apart: int) -> tuple[tuple[int, int], ...]:
    """Return the upper left corners, row and column, of the tiles that have enough print in them."""
    pattern = _pattern(printed)
    shape = pattern.shape
    return tuple(
        (top, left)
        for top in range(0, shape[0] - side + 1, apart)
        for left in range(0, shape[1] - side + 1, apart)
        if float(pattern[top : top + side, left : left + side].std()) >= LEAST_PRINT
    )


def _peaks(like: Floats32) -> tuple[NDArray[np.bool_], Floats, Floats]:
    """Find where tiles are most like their print.

    Args:
        like: How alike they are, tiles × rows × columns of places.

    Returns:
        Which tiles were found; where, N × 2: x and y in pixels; and what that is worth in each direction, N × 2.
    """
    count, rows, columns = like.shape
    numbers = np.arange(count)
    y, x = np.divmod(like.reshape(count, rows * columns).argmax(1), columns)
    # At the edge the best may lie beyond what was looked at.
    found = (like[numbers, y, x] >= LEAST_LIKE) & (x > 0) & (x < columns - 1) & (y > 0) & (y < rows - 1)
    place, worth = np.zeros((count, 2)), np.zeros((count, 2))
    for axis, (lines, at) in enumerate(((like[numbers, y], x), (like[numbers, :, x], y))):
        steps = np.clip(at[:, None] + (-DROP_PX, -1, 0, 1, DROP_PX), 0, lines.shape[1] - 1)
        far, before, top, after, beyond = lines[numbers[:, None], steps].T.astype(np.float64)
        bend = before - 2 * top + after
        place[:, axis] = at + np.where(bend < 0, 0.5 * (before - after) / np.where(bend < 0, bend, 1.0), 0.0)
        worth[:, axis] = np.clip((top - np.maximum(far, beyond)) / SURE_DROP, 0.0, 1.0)
    return found, place, worth


OUTLIER_MM = 0.8
"""A tile that is so far from the middle of its neighbours was mistaken for other print."""


def _agreeing(tiles: _Tiles, near_mm: float) -> _Tiles:
    """Drop tiles that speak against those around them."""
    across, down = tiles.middle_mm.T
    near = (np.abs(across[:, None] - across) <= near_mm) & (np.abs(down[:, None] - down) <= near_mm)
    # The numbers of the tiles near each, itself among them, filled up with its own.
    tile, other = np.nonzero(near)
    count = near.sum(1)
    rows = np.arange(len(near))
    place = np.arange(len(tile)) - np.repeat(np.cumsum(count) - count, count)
    around = np.tile(rows[:, None], int(count.max()))
    around[tile, place] = other
    real = np.arange(around.shape[1]) < count[:, None]
    weight = tiles.weight.copy()
    for axis in (0, 1):
        shift = tiles.shift_mm[:, axis]
        believed = real & (weight[around, axis] > 0)
        told = believed.sum(1)
        # Those that are believed come first, in order: the middle one or two of them are the median.
        ordered = np.sort(np.where(believed, shift[around], np.inf), axis=1)
        middle = (ordered[rows, np.maximum(told - 1, 0) // 2] + ordered[rows, told // 2]) / 2
        weight[:, axis] *= (told < 3) | (np.abs(shift - middle) <= OUTLIER_MM)
    return replace(tiles, weight=weight)


def _evened(tiles: _Tiles, size_mm: tuple[float, float], spread_mm: float) -> Floats32:
    """Return the shift at each node: tiles near it count most."""
    columns, rows = (np.arange(int(np.ceil(v / NODE_MM)) + 1) * NODE_MM for v in size_mm)
    across, down = ((nodes[:, None] - tiles.middle_mm[:, n]) ** 2 for n, nodes in enumerate((columns, rows)))
    # What each tile counts for, and that times its shift, summed up at each node: rows × columns × 4.
    told = np.column_stack([tiles.weight, tiles.weight * tiles.shift_mm])
    sums = np.zeros((len(rows), len(columns), told.shape[1])) + 1e-9 * told.sum(0)
    # Where there is no print for a long way the nearest there is still tells something: hence the long tail.
    for share, spread in ((1.0, spread_mm), (1e-3, 4 * spread_mm)):
        # How near is a product of how near across and down, so the sum over all tiles is one of matrices.
        x, y = np.exp(-across / (2 * spread**2)), np.exp(-down / (2 * spread**2))
        by_column = (x.T[:, :, None] * told[:, None]).reshape(len(told), -1)
        # Not as a product of matrices: a library of several threads would keep all cores busy with so small a one.
        sums += share * np.einsum("rt,tk->rk", y, by_column).reshape(sums.shape)
    return np.asarray(sums[..., 2:] / np.maximum(sums[..., :2], 1e-12), np.float32)
