"""Streaks: what dust on a scanner's glass draws down a whole page, exactly along the feed.

A streak runs straight on through boxes and between them, and no hand draws such a line. Where one is found it is
painted over with what lies right beside it, so that a stroke that it crosses stays, before anything is measured again.
Nothing gets darker by that: no mark can come of it.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.pictures import Gray
from omr.register import Laid

Bools = NDArray[np.bool_]
Bytes = NDArray[np.uint8]

BESIDE_MM = (0.5, 0.9)
"""How far beside a streak the paper is looked at: near, where another streak runs by, and far, where it is broad."""

DARKER = 16
"""Gray values by which a streak is darker than the paper on both sides."""

BLOCK_MM = 8.0
"""A streak is looked for in pieces of this length."""

BLOCK_SHARE = 0.85
"""Share of a piece, where nothing is printed, that is darker than both sides."""

PAPER_SHARE = 0.25
"""Share of a piece that must be free of print to tell anything."""

LENGTH_MM = 48.0
"""Least length of a streak: longer than anything that is drawn so straight by hand."""

GAPS = 0.75
"""Share of the pieces of a streak that must be found; marks and stamps hide some."""


@dataclass(frozen=True, slots=True)
class Streak:
    """A streak in an image that is turned so that it runs down.

    Attributes:
        first: First column.
        last: Last column.
        begin: First row.
        end: Row after the last.
    """

    first: int
    last: int
    begin: int
    end: int


def without_streaks(laid: Laid, paper: NDArray[np.uint8], step_mm: float) -> Gray | None:
    """Return the image without its streaks.

    Args:
        laid: The image and where the page lies in it.
        paper: 1 where nothing is printed, nor close by; the whole page upright.
        step_mm: Distance of two pixels of `paper`.

    Returns:
        A new image; None where there are no streaks.
    """
    k = laid.page.px_per_mm
    half = step_mm / 2
    to_mm = np.array([[step_mm, 0, half], [0, step_mm, half], [0, 0, 1.0]])
    matrix = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]]) @ laid.page.matrix @ to_mm
    height, width = laid.gray.shape
    warped = cv2.warpPerspective(paper * np.uint8(255), matrix, (width, height), flags=cv2.INTER_NEAREST)
    free: Bytes = np.asarray(warped, np.uint8)
    cleaned: Gray = laid.gray.copy()
    count = 0
    for turned in (False, True):
        image = np.ascontiguousarray(cleaned.T if turned else cleaned)
        darker = _darker(image, k)
        streaks = _find(darker, np.ascontiguousarray(free.T if turned else free), k)
        for streak in streaks:
            _paint(image, darker, streak, round(BLOCK_MM * k))
        cleaned = image.T if turned else image
        count += len(streaks)
    return np.ascontiguousarray(cleaned) if count else None


def _darker(image: Gray, px_per_mm: float) -> Bytes:
    """Return 255 where the image is darker than the paper beside it, to the left and to the right; else 0."""
    width = image.shape[1]
    darker = np.zeros_like(image)
    for beside_mm in BESIDE_MM:
        beside = max(2, round(beside_mm * px_per_mm))
        padded = cv2.copyMakeBorder(image, 0, 0, beside, beside, cv2.BORDER_REPLICATE)
        sides = cv2.min(padded[:, :width], padded[:, 2 * beside :])
        darker |= np.asarray(cv2.threshold(cv2.subtract(sides, image), DARKER, 255, cv2.THRESH_BINARY)[1], np.uint8)
    return darker


def _find(darker: Bytes, free: Bytes, px_per_mm: float) -> list[Streak]:
    block = round(BLOCK_MM * px_per_mm)
    count, width = darker.shape[0] // block, darker.shape[1]
    # Means over pieces, by shrinking only along the streaks.
    told, dark = (
        cv2.resize(a[: count * block], (width, count), interpolation=cv2.INTER_AREA).astype(np.float32) / 255
        for a in (free, darker & free)
    )
    known = told >= PAPER_SHARE
    flagged = known & (dark >= BLOCK_SHARE * told)
    # A streak that is a pixel wide may lie between two columns.
    near = flagged.copy()
    near[:, 1:] |= flagged[:, :-1]
    near[:, :-1] |= flagged[:, 1:]
    found: list[Streak] = []
    for column in np.flatnonzero(near.sum(0) * BLOCK_MM >= GAPS * LENGTH_MM):
        run = _longest(near[:, column], known[:, column])
        if run is None:
            continue
        begin, end = run[0] * block, run[1] * block
        if found and column - found[-1].last <= 1:
            before = found[-1]
            found[-1] = Streak(before.first, int(column), min(before.begin, begin), max(before.end, end))
        else:
            found.append(Streak(int(column), int(column), begin, end))
    return [s for s in found if s.last - s.first <= 2 * BESIDE_MM[1] * px_per_mm]


def _longest(flagged: Bools, known: Bools) -> tuple[int, int] | None:
    """Return the longest run of pieces, first and after the last, of whose known ones enough are flagged."""
    at = np.flatnonzero(flagged)
    best = None
    for n, first in enumerate(at):
        for last in at[:n:-1]:
            length = last - first + 1
            if length * BLOCK_MM < LENGTH_MM or (best is not None and length <= best[1] - best[0]):
                break
            if flagged[first : last + 1].sum() >= GAPS * max(1, known[first : last + 1].sum()):
                best = int(first), int(last) + 1
                break
    return best


def _paint(image: Gray, darker: Bytes, streak: Streak, room: int) -> None:
    """Paint a streak over with what lies beside it; at its ends only what is darker than both sides."""
    left, right = max(0, streak.first - 2), min(image.shape[1] - 1, streak.last + 2)
    rows = slice(max(0, streak.begin - room), min(len(image), streak.end + room))
    # The lighter side: a stroke that goes on at both sides stays, and nothing gets darker than it was.
    light = np.maximum(image[rows, left], image[rows, right])[:, None]
    inner = slice(left + 1, right)
    wanted = darker[rows, inner].astype(np.bool_)
    wanted[streak.begin - rows.start : streak.end - rows.start] = True
    image[rows, inner] = np.where(wanted, np.maximum(image[rows, inner], light), image[rows, inner])
