"""Words of an option that were struck out: a line across print leaves little ink that is not on print."""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from forms.layout import Field
from omr.glance import STEP_MM as FIRST_STEP_MM
from omr.glance import Glance
from omr.limits import lightest
from omr.register import STEP_MM, Laid
from omr.samples import by_size, darkness, sample, whites
from omr.stray import InkAt

BEYOND_MM = 0.45
"""A strike begins so far before the words, and ends so far behind them; what is printed does not reach so far."""

ROOM_MM = 0.75
"""Paper at both ends of the words that is looked at."""

STRIKE_DARK = 0.18
"""Darkness from which on something may be part of a strike: a soft pencil's."""

GAPS_SHARE = 0.03
"""Share of a strike's length that may be bare: a pencil skips, …"""

GAPS_MM = 0.25
"""… and so much of any: a trembling hand leaves the straight line over a digit."""

MOST_SLANT = 0.5
"""Rise of a strike in its length, at most: a digit is struck out aslant."""

MOST_RISE_MM = 2.0
"""The same in mm: long words are struck out along their line."""


def struck_out(laid: Laid, first: Glance, words: tuple[Field, ...]) -> tuple[InkAt, ...]:
    """Find the options whose words were struck out.

    Args:
        laid: The image and where the page lies in it, by markers and outlines.
        first: The first look at the page.
        words: Those of the page.

    Returns:
        The words, each with its strike; `area_mm2` is that of the words.
    """
    if not words:
        return ()
    rows, columns = first.within
    at = _ends(words, ((rows.start, rows.stop), (columns.start, columns.stop)))
    seen = first.darkest(*at).reshape(-1, 2) <= lightest(laid, STRIKE_DARK)
    some = [words[int(n)] for n in np.flatnonzero(seen[:, 0] & seen[:, 1])]
    return tuple(InkAt(f, f.w * f.h, (f.x, f.y, f.w, f.h)) for f in _with_ends(laid, some) if _is_struck(laid, f))


@lru_cache(maxsize=64)
def _ends(
    words: tuple[Field, ...], within: tuple[tuple[int, int], tuple[int, int]]
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return which pixels of the first look show any of the paper before and behind some words.

    Args:
        words: At least one.
        within: The first row that is looked at and the one behind the last, and the same of columns.

    Returns:
        Pixels, and where among them those of each end begin, that before the first words, that behind them, and so on.
    """
    ends = [((f.y, f.h), (x, ROOM_MM - BEYOND_MM)) for f in words for x in (f.x - ROOM_MM, f.x + f.w + BEYOND_MM)]
    places = [[_pixels(*side, seen) for side, seen in zip(sides, within, strict=True)] for sides in ends]
    width = within[1][1] - within[1][0]
    cells = [(rows[:, None] * width + columns).ravel() for rows, columns in places]
    return np.concatenate(cells), np.cumsum([0, *map(len, cells[:-1])])


def _pixels(start_mm: float, length_mm: float, seen: tuple[int, int]) -> NDArray[np.intp]:
    """Return all rows or columns, from the first that is seen, that show any part of a length."""
    numbers = np.arange(math.floor(start_mm / FIRST_STEP_MM), math.ceil((start_mm + length_mm) / FIRST_STEP_MM))
    return np.asarray(np.clip(numbers, seen[0], seen[1] - 1) - seen[0], np.intp)


def _with_ends(laid: Laid, words: Sequence[Field]) -> list[Field]:
    """Return the words at both ends of which there is something: few have it."""
    if not words:
        return []
    ends = np.array([[x, f.y, ROOM_MM - BEYOND_MM, f.h] for f in words for x in (f.x - ROOM_MM, f.x + f.w + BEYOND_MM)])
    some = np.zeros(len(ends), np.bool_)
    for same in by_size(ends):
        shape = round(ends[same[0], 3] / STEP_MM), round((ROOM_MM - BEYOND_MM) / STEP_MM)
        patches = sample(laid, ends[same, :2], shape, STEP_MM)
        some[same] = (darkness(patches, whites(patches, 0.8), laid.black) > STRIKE_DARK).any((1, 2))
    return [words[int(n)] for n in np.flatnonzero(some[::2] & some[1::2])]


def _is_struck(laid: Laid, words: Field) -> bool:
    """Tell whether a dark line runs all across some words and beyond both of their ends."""
    shape = round(words.h / STEP_MM), round((words.w + 2 * ROOM_MM) / STEP_MM)
    patch = sample(laid, np.array([[words.x - ROOM_MM, words.y]]), shape, STEP_MM)
    dark = (darkness(patch, whites(patch, 0.8), laid.black) > STRIKE_DARK)[0]
    ends = round((ROOM_MM - BEYOND_MM) / STEP_MM)
    line = dark[:, ends:-ends]
    # A hand's line wavers by a sample.
    thick = line.copy()
    thick[1:] |= line[:-1]
    thick[:-1] |= line[1:]
    rows, columns = thick.shape
    most = round(min(MOST_SLANT * columns, MOST_RISE_MM / STEP_MM))
    least = columns - max(GAPS_SHARE * columns, GAPS_MM / STEP_MM)
    at = np.arange(rows)[:, None]
    for slant in range(-most, most + 1):
        shift = np.round(np.linspace(-slant / 2, slant / 2, columns)).astype(int)
        held = thick[np.clip(at + shift, 0, rows - 1), np.arange(columns)].sum(1)
        if held.max() >= least:
            return True
    return False
