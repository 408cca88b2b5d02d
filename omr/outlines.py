"""Where each box really stands: on its printed outline.

Each box may lie a little off where the markers put it, because paper bends and feeders slip.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from omr.bend import LEAST_SHARE, WHOLE_SHARE, find_bend
from omr.register import STEP_MM, Floats, Floats32, Laid, Registration, apply, solver
from omr.samples import by_size, darkness, median, sample, share_of, whites

SEARCH_MM = 1.5
"""How far from where the markers put it a box's outline is looked for: half of the least distance of two boxes."""

LINE_MM = 0.35
"""Width of a box's printed outline."""


@dataclass(frozen=True, slots=True)
class Places:
    """Where boxes really stand.

    Attributes:
        shift_mm: How far each box is from where the markers put it, N × 2.
        outline: How clearly its printed outline was found there, N: 1 black on white, 0 not at all.
        sure: Whether the box stands where its own outline is, or where those of at least three neighbours put it
            without its own speaking against it, or on an even page where they alone put it, N.
        scatter_mm: Root mean square distance of the outlines from an even shift, stretch and slant of the page.
        even: 3 × 3, mm to mm: that even shift, stretch and slant, to be applied before the page's own matrix.
    """

    shift_mm: Floats
    outline: Floats
    sure: NDArray[np.bool_]
    scatter_mm: float
    even: Floats

    @property
    def is_flat(self) -> bool:
        """Whether the outlines lie as on flat paper."""
        if len(self.outline) == 0:
            return True
        near = np.abs(self.shift_mm).max() <= FLAT_SHIFT_MM
        found = self.outline >= least_clear(self.outline)
        return bool(near and self.scatter_mm <= FLAT_MM and share_of(found) >= FLAT_FOUND)

    def boxes(self, boxes_mm: Floats) -> Floats:
        """Return boxes, N × 4, moved to where they really stand."""
        return np.column_stack([boxes_mm[:, :2] + self.shift_mm, boxes_mm[:, 2:]])

    def page(self, page: Registration) -> Registration:
        """Return where the page lies by markers and outlines together."""
        return replace(page, matrix=np.asarray(page.matrix @ self.even, np.float64))


FLAT_MM = 0.25
"""Residual of the markers, and scatter of the outlines, up to which a page is flat."""

EVEN_MM = 0.15
"""Scatter up to which the outlines of a page say for each other where they are."""

PROVEN = 3
"""So many markers say by themselves where a page lies; with fewer the print must bear them out."""

FLAT_SHIFT_MM = 1.2
"""Shift of a box up to which a page may be flat; with more, other boxes may be beyond the range of the search."""

FLAT_FOUND = 0.8
"""Least share of outlines that are found on a flat page; others are hidden by what was written over them."""

FOUND = 0.3
"""Least clearness of an outline that counts as found; a clean one has 0.6 to 1."""

FAINTEST = 0.12
"""The same on a page whose outlines are all blurred or pale, if it is …"""

USUAL_SHARE = 0.6
"""… this share of the clearness that is usual there …"""

WEAK_FAR_MM = 0.4
"""… and the outline is no farther from where its neighbours put it: a stroke may look like a weak one."""

NEAR_MM = 40.0
"""Three neighbours so near say where a box is …"""

STILL_MM = 0.5
"""… or any on a page none of whose boxes lies farther from where the markers put it."""

LINE_SHARE = 0.9
"""A stroke that is taken for an outline's line has less than this share of the clearness that is usual on the page."""

AGAIN_MM = 0.7
"""An outline this far from where its neighbours put it is looked for there once more."""

FAR_MM = 1.0
"""An outline this far from where its neighbours put it is something else: paper that waves by 0.6 mm shifts one row
against the next by less."""


def least_clear(clear: Floats) -> float:
    """Return the clearness from which on an outline counts as found on a page of such outlines.

    A blurred photo shows every outline pale, but all of them alike.
    """
    return min(max(USUAL_SHARE * median(clear), FAINTEST), FOUND) if len(clear) else FOUND


def place_boxes(laid: Laid, boxes_mm: Floats) -> Places:
    """Find each box on its printed outline.

    Args:
        laid: The image and where the page lies in it.
        boxes_mm: Boxes, N × 4: x, y, w, h.

    Returns:
        Their places. A box whose outline can't be found gets the shift of the page around it.
    """
    if len(boxes_mm) == 0:
        return Places(np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.bool_), 0.0, np.eye(3))
    shift = np.zeros((len(boxes_mm), 2))
    clear = np.zeros(len(boxes_mm))
    for same in by_size(boxes_mm):
        shift[same], clear[same] = _outlines(laid, boxes_mm[same])
    places, expected = _agree(boxes_mm, shift, clear)
    far = np.flatnonzero(~places.sure | (np.hypot(*(places.shift_mm - expected).T) > AGAIN_MM))
    return _where_expected(laid, boxes_mm, places, expected, far) if far.size else places


def _where_expected(laid: Laid, boxes_mm: Floats, places: Places, expected: Floats, far: NDArray[np.intp]) -> Places:
    """Look again for outlines that were found far from where their neighbours put them, near there alone.

    The stroke that leads from one arm of a cross to the other runs along its box, and may look clearer than its line.
    """
    shift, sure = places.shift_mm.copy(), places.sure.copy()
    for same in (far[numbers] for numbers in by_size(boxes_mm[far])):
        moved = boxes_mm[same] + np.pad(expected[same], ((0, 0), (0, 2)))
        more, clear = _outlines(laid, moved, WEAK_FAR_MM)
        # What only leads on beyond what was looked at is no line of its own.
        there = (clear >= least_clear(places.outline)) & (np.abs(more).max(1) < WEAK_FAR_MM - STEP_MM / 2)
        shift[same[there]] = (expected[same] + more)[there]
        sure[same[there]] = True
    good = places.outline >= least_clear(places.outline)
    if places.scatter_mm >= SEARCH_MM or np.count_nonzero(good) < PROVEN:
        return replace(places, shift_mm=shift, sure=sure)
    # What was mistaken for an outline said that paper is uneven.
    even, scatter_mm = _scatter(boxes_mm[good, :2] + boxes_mm[good, 2:] / 2, shift[good])
    return replace(places, shift_mm=shift, sure=sure, scatter_mm=scatter_mm, even=even)


def settle(laid: Laid, boxes_mm: Floats, printed: bytes, size_mm: tuple[float, float]) -> tuple[Laid, Places]:
    """Find each box on its printed outline, on paper that waves as well.

    Args:
        laid: The image and where the page lies in it.
        boxes_mm: Boxes, N × 4: x, y, w, h.
        printed: The PNG of the page's print.
        size_mm: Width and height of the page.

    Returns:
        Where the page lies, with its bend if it has one, and the places of the boxes on it; none of them sure where
        print and outlines can't be brought to agree.
    """
    places = place_boxes(laid, boxes_mm)
    proven = laid.page.markers >= PROVEN
    if proven and laid.page.residual_mm <= FLAT_MM and places.is_flat:
        return laid, places
    bend = find_bend(laid, printed, size_mm, LEAST_SHARE if proven else WHOLE_SHARE)
    if bend is None:
        return laid, replace(places, sure=np.zeros_like(places.sure))
    bent = replace(laid, bend=bend)
    places = place_boxes(bent, boxes_mm)
    if not places.is_flat:
        return bent, replace(places, sure=np.zeros_like(places.sure))
    # Paper that is gone has no outlines, and nothing in its boxes.
    return bent, places if proven else replace(places, sure=places.sure & (places.outline >= FOUND))


def _outlines(laid: Laid, boxes_mm: Floats, reach_mm: float = SEARCH_MM) -> tuple[Floats, Floats]:
    """Return shift and clearness of boxes of one size, which are looked for so far around their places."""
    around = SEARCH_MM + 0.75
    w, h = boxes_mm[0, 2:]
    shape = round((h + 2 * around) / STEP_MM), round((w + 2 * around) / STEP_MM)
    patches = sample(laid, boxes_mm[:, :2] - around, shape, STEP_MM)
    dark = darkness(patches, whites(patches, 0.85), laid.black)
    # Along each axis the mean over the middle of the box shows its two lines as two peaks, whatever is inside. The
    # first pass looks over the whole search range, the second along the row and column that the first found.
    down = np.einsum("nrc->nc", dark) / np.float32(shape[0])
    shift_x, _ = _two_lines(down, w, around, reach_mm)
    shift_y, clear_y = _two_lines(_across(dark, shift_x, w, around), h, around, reach_mm)
    shift_x, clear_x = _two_lines(_across(dark.transpose(0, 2, 1), shift_y, h, around), w, around, reach_mm)
    return np.column_stack([shift_x, shift_y]), np.minimum(clear_x, clear_y)


def _across(dark: NDArray[np.float32], shift_mm: Floats, size_mm: float, around_mm: float) -> Floats32:
    """Return the mean of each row over the columns that lie well inside the box, N × rows."""
    columns = dark.shape[2]
    at = (np.arange(columns) + 0.5) * STEP_MM - around_mm
    deep = at[None] - shift_mm[:, None]
    inside = (deep > 0.8) & (deep < size_mm - 0.8)
    weight = inside / inside.sum(1, keepdims=True)
    return np.asarray(np.einsum("nrc,nc->nr", dark, weight.astype(np.float32)), np.float32)


def _two_lines(profile: Floats32, size_mm: float, around_mm: float, reach_mm: float) -> tuple[Floats, Floats]:
    """Find two dark lines at a distance of a box's size.

    Returns:
        Shift of the box, mm, and clearness, one each a profile.
    """
    shifts, kernel = _kernel(size_mm, around_mm, reach_mm, profile.shape[1])
    score = profile @ kernel
    best = score.argmax(1)
    rows = np.arange(len(profile))
    inner = np.minimum(np.maximum(best, 1), len(shifts) - 2)
    before, top, after = score[rows, inner - 1], score[rows, inner], score[rows, inner + 1]
    bend = before - 2 * top + after
    fine = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    shift = shifts[inner] + np.minimum(np.maximum(fine, -1), 1) * (STEP_MM / 2)
    return shift.astype(np.float64), score[rows, best].astype(np.float64)


@lru_cache(maxsize=16)
def _kernel(size_mm: float, around_mm: float, reach_mm: float, length: int) -> tuple[Floats, Floats32]:
    """Return the shifts that are tried, mm, and what a profile is multiplied with to score each: length × shifts."""
    shifts = np.arange(-reach_mm, reach_mm + 1e-9, STEP_MM / 2)
    at = (np.arange(length) + 0.5) * STEP_MM - around_mm
    line = np.zeros((len(shifts), length))
    outer = np.zeros_like(line)
    for edge, out in ((LINE_MM / 2, -1), (size_mm - LINE_MM / 2, 1)):
        off = at[None] - shifts[:, None] - edge
        line += np.clip(1 - np.abs(off) / 0.3, 0, None) / (0.3 / STEP_MM) / 2
        beside = off * out
        outer += ((beside > 0.35) & (beside < 0.75)) / (0.4 / STEP_MM) / 2
    return shifts, np.ascontiguousarray((line - 0.8 * outer).T, np.float32)


def _agree(boxes_mm: Floats, shift: Floats, clear: Floats) -> tuple[Places, Floats]:
    """Let neighbours correct the boxes whose outline is hidden or was mistaken.

    Returns:
        The places, and how far off each box is by those of its neighbours, N × 2.
    """
    good = clear >= least_clear(clear)
    weak = clear < FOUND
    middle = boxes_mm[:, :2] + boxes_mm[:, 2:] / 2
    if np.count_nonzero(good) < 3:
        # A page of one or two boxes: their own outlines are all there is.
        alone = np.where(good[:, None], shift, 0.0)
        return Places(alone, clear, good, 0.0, np.eye(3)), alone
    # Neighbours are the nearest boxes, but itself, whose outlines were found.
    apart = np.where(good, _apart(middle.tobytes()), np.inf)
    count = min(6, int(np.count_nonzero(good)) - 1)
    nearest = np.argpartition(apart, count - 1, axis=1)[:, :count]
    enough = count >= 3
    expected = _middle(shift[nearest]) if enough else np.median(shift[good], axis=0)[None]
    away = np.hypot(*(shift - expected).T)
    off = ~good | (away > np.where(weak, WEAK_FAR_MM, FAR_MM))
    settled = np.where(off[:, None], expected, shift)
    even, scatter_mm = _scatter(middle[good], settled[good])
    if (good & weak).any() and share_of(away[good] <= WEAK_FAR_MM) < FLAT_FOUND:
        # Weak outlines that disagree are none: what was found is anything else on the page.
        scatter_mm = max(scatter_mm, SEARCH_MM)
    # Neighbours at the other end of a page that curls say nothing.
    told = enough & (np.abs(shift[good]).max() <= STILL_MM)
    told |= enough & (np.partition(apart, 2, axis=1)[:, 2] <= NEAR_MM)
    # An outline that is clear but elsewhere is a witness against the neighbours: a person decides. But where all
    # others lie as even as on a table, one of them can't lie a millimetre off: a broad stroke is taken for its line.
    # That is not as clear as outlines are; one that is lies at an edge that curls.
    mistaken = (scatter_mm <= EVEN_MM) & (clear < LINE_SHARE * median(clear[good]))
    sure = ~off | (told & (weak | mistaken))
    return Places(settled, clear, sure, scatter_mm, even), np.broadcast_to(expected, shift.shape)


@lru_cache(maxsize=64)
def _apart(middle: bytes) -> Floats:
    """Return how far each box of a page is from each other, N × N, and infinitely far from itself."""
    at = np.frombuffer(middle, np.float64).reshape(-1, 2)
    apart = np.hypot(*(at[:, None] - at[None]).transpose(2, 0, 1))
    np.fill_diagonal(apart, np.inf)
    return np.asarray(apart, np.float64)


def _scatter(middle: Floats, shift: Floats) -> tuple[Floats, float]:
    """Return the even shift, stretch and slant of boxes, and how far they lie about it: root mean square, mm."""
    even = _even(middle, shift)
    left = middle + shift - apply(even, middle)
    return even, float(np.sqrt((left**2).sum(1).mean()))


def _even(middle: Floats, shift: Floats) -> Floats:
    """Fit an even shift, stretch and slant to the shifts of boxes; where they are few or in a row, a shift only."""
    spread = middle.max(0) - middle.min(0)
    matrix = np.eye(3)
    if len(middle) < 8 or spread.min() < 40:
        matrix[:2, 2] = np.median(shift, axis=0)
        return matrix
    matrix[:2] += (solver(middle.tobytes()) @ shift).T
    return matrix


def _middle(shifts: Floats) -> Floats:
    """Return the median of each box's neighbours' shifts, N × neighbours × 2, in a fifth of the time NumPy's takes."""
    ordered, half = np.sort(shifts, axis=1), shifts.shape[1] // 2
    odd = shifts.shape[1] % 2 == 1
    return np.asarray(ordered[:, half] if odd else (ordered[:, half - 1] + ordered[:, half]) / 2, np.float64)
