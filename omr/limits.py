"""How dark is dark, place by place on a page: gray values between the paper there and this page's solid print."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.register import Floats32, Laid
from omr.samples import ranked

Bytes = NDArray[np.uint8]

CELL_PX = 60
"""Side of a cell: 10 mm."""

THIN = 4
"""So many pixels of the page, each way, are one that is looked at."""

PAPER_SHARE = 0.8
"""Share of a cell that is no lighter than its paper."""

MOST_POINTS = 40_000
"""Pixels from which on it is quicker to tell a limit everywhere than at each of them."""

LEAST_DEPTH = 40
"""Gray values between paper and solid print, at least."""


@dataclass(frozen=True, slots=True, eq=False)
class Limits:
    """Gray values in cells of 10 mm, rows × columns: of paper, and how many fewer than paper solid print has."""

    white: Floats32
    depth: Floats32

    def cells(self, share: float) -> Bytes:
        """Return the gray value that is so dark in each cell."""
        return np.clip(self.white - share * self.depth, 0, 255).astype(np.uint8)

    def spread(self, share: float, shape: tuple[int, ...]) -> Bytes:
        """Return the gray value that is so dark everywhere, at the size of a picture."""
        size = shape[1], shape[0]
        return np.asarray(cv2.resize(self.cells(share), size, interpolation=cv2.INTER_LINEAR), np.uint8)

    def at(
        self, shares: Iterable[float], shape: tuple[int, ...], x: NDArray[np.intp], y: NDArray[np.intp]
    ) -> list[Bytes]:
        """Return the gray values that are so dark at some pixels of a picture: what `spread` has there, of each."""
        if x.size > MOST_POINTS:
            return [self.spread(share, shape)[y, x] for share in shares]
        rows, columns = self.white.shape
        left, right, to_left, to_right = (v[x] for v in _between(columns, shape[1], 1))
        above, below, up, down = (v[y] for v in _between(rows, shape[0], 0))
        # Where each pixel's four cells stand in all of them.
        corners = above * columns + left, above * columns + right, below * columns + left, below * columns + right
        cells = np.stack([self.cells(share).ravel() for share in shares]).astype(np.int32)
        a, b, c, d = (cells[:, corner] for corner in corners)
        upper, lower = a * to_left + b * to_right, c * to_left + d * to_right
        return list(((((upper >> 4) * up >> 16) + ((lower >> 4) * down >> 16) + 2) >> 2).astype(np.uint8))


def lightest(laid: Laid, share: float) -> int:
    """Return the gray value that is so dark on the whitest paper there is: no limit of a page is lighter.

    Args:
        laid: The image and where the page lies in it.
        share: How dark, in this page's solid print.
    """
    # In numbers of four bytes, as `Limits.cells` has them.
    white = np.float32(255)
    return max(0, int(white - np.float32(share) * max(white - np.float32(laid.black), np.float32(LEAST_DEPTH))))


def _depth(white: Floats32, black: float) -> Floats32:
    return np.asarray(np.maximum(white - np.float32(black), np.float32(LEAST_DEPTH)), np.float32)


@lru_cache(maxsize=32)
def _between(cells: int, pixels: int, axis: int) -> tuple[NDArray[np.int32], ...]:
    """Return how OpenCV spreads cells over pixels along an axis: for each pixel two cells and what each counts for."""
    place = ((np.arange(pixels) + 0.5) / (pixels / cells) - 0.5).astype(np.float32)
    first = np.floor(place)
    part = place - first
    if axis == 1:  # beyond the outermost middles OpenCV takes one cell across, but the same one twice along
        part[(first < 0) | (first >= cells - 1)] = 0.0
    second = np.clip(first + 1, 0, cells - 1)
    weights = ((1 - part) * np.float32(2048), part * np.float32(2048))
    return tuple(np.rint(v).astype(np.int32) for v in (np.clip(first, 0, cells - 1), second, *weights))


def limits_of(laid: Laid, shape: tuple[int, ...], step_mm: float) -> Limits:
    """Look at every fourth pixel of each row and column: the light part of each cell is the paper.

    Args:
        laid: The image and where the page lies in it.
        shape: Rows and columns of the page as it would lie upright.
        step_mm: Distance of two of its pixels.
    """
    seen = laid.upright((shape[0] // THIN, shape[1] // THIN), step_mm * THIN, smooth=False)
    cell = CELL_PX // THIN
    rows, columns = seen.shape[0] // cell, seen.shape[1] // cell
    cells = seen[: rows * cell, : columns * cell].reshape(rows, cell, columns, cell).transpose(0, 2, 1, 3)
    white = ranked(cells, int(PAPER_SHARE * cell * cell))
    # A cell that is mostly print or ink takes its white from the cells around it.
    white = np.asarray(np.maximum(white, cv2.medianBlur(white, 3)), np.float32)
    return Limits(white, _depth(white, laid.black))
