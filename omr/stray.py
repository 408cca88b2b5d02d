"""Ink that is not in a box: what was written in text fields, and stray ink at words and around questions.

The first look (`glance`) tells on which parts of the page there is anything at all. Those parts are brought to the
scale of the layout's `print` pictures and everything printed is taken away. What is left is ink, piece by piece; where
a piece lies says what it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.answers import Mark
from forms.layout import Field, FieldKind
from omr.closer import LINE_DARK, LINE_MM, SOLID_DARK
from omr.glance import STEP_MM, Glance
from omr.images import Gray
from omr.limits import Limits, lightest, limits_of
from omr.policy import Policy
from omr.register import Floats, Laid
from omr.spills import spilled
from omr.zones import COARSE, MM_PER_PX, Zones, slices

INK_DARK = 0.22
"""Darkness from which on something outside a box is ink."""

PEN_DARK = 0.5
"""Darkness from which on ink is a pen's and no spill's."""

BAND_MM = 9.0
"""Paper above and below something found that is looked at closely: a whole mark and its box."""

LEAST_COARSE = 4
"""Pixels found at the first look that are nothing: together less than any policy calls ink, since that look thickens
lines."""

PIECE_MM2 = 0.12
"""Pieces up to this size are nothing: specks, edges of letters."""

LINE_LONG_MM = 1.2
"""A line under a word is at least so long: a digit's …"""

LINE_HIGH = 0.6
"""… and no higher than this share of its length."""

OVERSHOOT_MM = 3.0
"""Around a marked box: what the first look sees there is its own overshoot; a closer look is worth what lies beyond."""


Bytes = NDArray[np.uint8]


@dataclass(frozen=True, slots=True)
class InkAt:
    """Ink in one zone of a page.

    Attributes:
        field: The words, area or text field.
        area_mm2: How much.
        box_mm: The rectangle around it on paper: x, y, w, h.
    """

    field: Field
    area_mm2: float
    box_mm: tuple[float, float, float, float]


def ink_outside(laid: Laid, zones: Zones, first: Glance, states: Sequence[Mark], policy: Policy) -> tuple[InkAt, ...]:
    """Find the ink on a page that is in no box.

    Args:
        laid: The image and where the page lies in it, by markers and outlines.
        zones: What each place of the page belongs to.
        first: The first look at it.
        states: The state of each box of the page, in the layout's order: what hangs together with a mark and stays
            near it is its overshoot.
        policy: Thresholds.

    Returns:
        Ink at words, in areas and in text fields, each field at most once; a displaced mark beside an empty box
        counts for the question's area.
    """
    marked = {n: state is not Mark.EMPTY for n, state in zip(zones.boxes, states, strict=True)}
    seen = _seen(laid, zones, first, marked)
    if seen is None:
        return ()
    limits, found = seen
    ink = _beside_areas(_pieces(laid, zones, _bands(found, zones.of.shape[0]), limits), zones.fields)
    return _sorted_out(ink, zones.fields, marked, policy)


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """Pixels of ink: piece, zone and place of each, sorted by piece."""

    piece: NDArray[np.int32]
    zone: NDArray[np.int16]
    x: NDArray[np.intp]
    y: NDArray[np.intp]

    def of(self, piece: int) -> slice:
        """Return where the pixels of a piece stand."""
        first, last = np.searchsorted(self.piece, (piece, piece + 1))
        return slice(int(first), int(last))


def _seen(laid: Laid, zones: Zones, first: Glance, marked: dict[int, bool]) -> tuple[Limits, Bytes] | None:
    """Return how dark is dark, and where something counts at the first look, 255 there, at its scale.

    On most pages nothing does: then there is nothing to return.
    """
    seen, within = first.seen, first.within
    # Most pages have next to nothing that is darker than the limit on the whitest paper there is, and need no other.
    found = np.zeros_like(zones.coarse)
    _, dark = cv2.threshold(seen, lightest(laid, INK_DARK) - 1, 255, cv2.THRESH_BINARY_INV)
    cv2.bitwise_and(dark, zones.coarse[within], dst=found[within])
    for number, has in marked.items():
        if has:  # its own overshoot
            box = zones.fields[number - 1]
            found[slices((box.x, box.y, box.w, box.h), OVERSHOOT_MM, OVERSHOOT_MM, STEP_MM)] = 0
    if cv2.countNonZero(found) < LEAST_COARSE:
        return None
    limits = limits_of(laid, zones.of.shape, MM_PER_PX)
    limit = limits.spread(INK_DARK, found.shape)[within]
    cv2.bitwise_and(cv2.compare(seen, limit, cv2.CMP_LT), found[within], dst=found[within])
    return (limits, found) if cv2.countNonZero(found) >= LEAST_COARSE else None


def _bands(found: Bytes, height: int) -> list[slice]:
    """Return the rows of the page, at the print's scale, that are worth a closer look.

    All of each row: a line over print shows at the first look only where there is none.
    """
    room = round(BAND_MM / MM_PER_PX)
    rows = np.zeros(height, np.bool_)
    for row in np.flatnonzero(found.any(1)) * COARSE:
        rows[max(0, row - room) : row + room] = True
    edges = np.flatnonzero(np.diff(np.concatenate([[False], rows, [False]]).astype(np.int8)))
    return [slice(int(a), int(b)) for a, b in edges.reshape(-1, 2)]


@dataclass(frozen=True, slots=True, eq=False)
class _Dark:
    """Ink in a band of a page, pixel by pixel from the top left: where, and whether it is paler than a pen's."""

    x: NDArray[np.intp]
    y: NDArray[np.intp]
    pale: NDArray[np.bool_]


def _pieces(laid: Laid, zones: Zones, bands: Sequence[slice], limits: Limits) -> _Ink:
    """Return the ink in some bands of a page, specks left out."""
    dark = [_dark(laid, zones, band, limits) for band in bands]
    parts: list[_Ink] = []
    pieces = 0
    for d, hand in zip(dark, _by_hand(dark), strict=True):
        x, y = d.x[hand], d.y[hand]
        if not x.size:
            continue
        left, top = int(x.min()), int(y.min())
        own = np.zeros((int(y.max()) - top + 1, int(x.max()) - left + 1), np.uint8)
        own[y - top, x - left] = 255
        count, labels = cv2.connectedComponents(own, connectivity=8)
        piece = np.asarray(labels[y - top, x - left], np.int32)
        zone = zones.of[y, x]
        size_mm2 = np.bincount(piece, minlength=count) * MM_PER_PX**2
        real = (size_mm2[piece] >= PIECE_MM2) & (zone != 0)
        parts.append(_Ink(piece[real] + np.int32(pieces), zone[real], x[real], y[real]))
        pieces += count
    if not parts:
        return _Ink(np.zeros(0, np.int32), np.zeros(0, np.int16), np.zeros(0, np.intp), np.zeros(0, np.intp))
    piece = np.concatenate([p.piece for p in parts])
    order = np.argsort(piece, kind="stable")
    zone, x, y = (np.concatenate([getattr(p, n) for p in parts])[order] for n in ("zone", "x", "y"))
    return _Ink(piece[order], zone, x, y)


def _dark(laid: Laid, zones: Zones, band: slice, limits: Limits) -> _Dark:
    """Find the ink in a band of a page, specks and what no hand put there included."""
    shape = zones.of.shape
    seen = laid.part(laid.gray, 1, (0.0, band.start * MM_PER_PX), zones.of[band].shape, MM_PER_PX)
    # Few pixels are as dark as the lightest limit where nothing is printed: the limits are told for those only.
    most = max(int(limits.cells(share).max()) for share in (INK_DARK, SOLID_DARK))
    _, maybe = cv2.threshold(seen, most - 1, 1, cv2.THRESH_BINARY_INV)
    maybe = cv2.bitwise_and(maybe, zones.paper[band])
    if cv2.countNonZero(maybe) == 0:
        none = np.zeros(0, np.intp)
        return _Dark(none, none, none > 0)
    x, y = np.asarray(cv2.findNonZero(maybe), np.intp).reshape(-1, 2).T
    gray, near = seen[y, x], _beside(seen)[y, x]
    y = y + band.start
    shares = INK_DARK, SOLID_DARK, PEN_DARK, 0.0, LINE_DARK
    darker, solid, pen, paper, beside = limits.at(shares, shape, x, y)
    line = near.astype(np.int16) - gray > np.maximum(paper.astype(np.int16) - beside, 0)
    ink = (line & (gray < darker)) | (gray < solid)
    return _Dark(x[ink], y[ink], (gray > pen)[ink])


def _by_hand(dark: Sequence[_Dark]) -> list[NDArray[np.bool_]]:
    """Tell of the ink in each band what a hand may have put there."""
    if not dark:
        return []
    at_mm = np.column_stack([np.concatenate([d.x for d in dark]), np.concatenate([d.y for d in dark])]) * MM_PER_PX
    found = spilled(at_mm, np.concatenate([d.pale for d in dark]))
    return np.split(~found, np.cumsum([d.x.size for d in dark])[:-1])


def _beside(seen: Gray) -> Gray:
    """Return the gray value of the paper beside each place: lines are closed, broader things stay."""
    size = round(LINE_MM / MM_PER_PX)
    return np.asarray(cv2.morphologyEx(seen, cv2.MORPH_CLOSE, np.ones((size, size), np.uint8)), np.uint8)


def _sorted_out(ink: _Ink, fields: Sequence[Field], marked: dict[int, bool], policy: Policy) -> tuple[InkAt, ...]:
    """Say of each piece what it belongs to, and sum up by field."""
    other = ~_overshoots(ink, fields, marked, policy)[ink.piece]
    ink = _whole_pieces(ink, fields)
    somewhere = set(np.flatnonzero(np.bincount(ink.zone)).tolist())
    limits = {FieldKind.AREA: policy.area_mm2, FieldKind.WORDS: policy.line_mm2}
    results = []
    for number, field in enumerate(fields, 1):
        if field.kind is FieldKind.BOX:
            continue
        rings: list[int] = []
        if field.kind is FieldKind.AREA:
            rings = [n for n, has in marked.items() if not has and fields[n - 1].question == field.question]
        if somewhere.isdisjoint((number, *rings)):
            continue
        here = ink.zone == number
        for ring in rings:
            here |= ink.zone == ring
        if field.kind is not FieldKind.TEXT:
            here &= other
        area = float(here.sum()) * MM_PER_PX**2
        if area < limits.get(field.kind, policy.text_mm2):
            continue
        box_mm = _around(ink.x[here], ink.y[here])
        if field.kind is not FieldKind.WORDS or area >= policy.words_mm2 or _is_line(box_mm):
            results.append(InkAt(field, area, box_mm))
    return tuple(results)


def _is_line(box_mm: tuple[float, float, float, float]) -> bool:
    """Tell whether ink may be a line under a word or through one, by the rectangle around it."""
    _, _, w, h = box_mm
    return w >= LINE_LONG_MM and h <= LINE_HIGH * w


def _beside_areas(ink: _Ink, fields: Sequence[Field]) -> _Ink:
    """Give what lies beside areas to them; but what is part of a mark, a text or a ring around words is none of it."""
    zone = np.abs(ink.zone)
    for piece in np.unique(ink.piece[ink.zone < 0]):
        own = ink.of(piece)
        numbers, counts = np.unique(ink.zone[own][ink.zone[own] > 0], return_counts=True)
        if numbers.size:
            alone = all(fields[n - 1].kind is FieldKind.AREA for n in numbers)
            zone[own][ink.zone[own] < 0] = numbers[counts.argmax()] if alone else 0
    real = zone > 0
    return _Ink(ink.piece[real], zone[real], ink.x[real], ink.y[real])


def _whole_pieces(ink: _Ink, fields: Sequence[Field]) -> _Ink:
    """Give what of a piece runs on into the area to the words that it is at: a ring around a word is one thing."""
    zone = ink.zone.copy()
    at_words = np.array([False, *(f.kind is FieldKind.WORDS for f in fields)])[zone]
    in_area = np.array([False, *(f.kind is FieldKind.AREA for f in fields)])[zone]
    for piece in np.unique(ink.piece[at_words]):
        own = ink.of(piece)
        numbers, counts = np.unique(ink.zone[own][at_words[own]], return_counts=True)
        if counts.max() * MM_PER_PX**2 >= PIECE_MM2:
            zone[own][in_area[own]] = numbers[counts.argmax()]
    return replace(ink, zone=zone)


def _overshoots(ink: _Ink, fields: Sequence[Field], marked: dict[int, bool], policy: Policy) -> NDArray[np.bool_]:
    """Return for each piece whether it is the overshoot of a mark: it touches a marked box and stays near it."""
    own = np.zeros(int(ink.piece.max(initial=0)) + 1, np.bool_)
    for number, has in marked.items():
        if not has:
            continue
        box = fields[number - 1]
        words = next(
            (f for f in fields if f.kind is FieldKind.WORDS and (f.question, f.option) == (box.question, box.option)),
            None,
        )
        gap = 0.0 if words is None else max(0.0, words.x - box.x - box.w)
        for piece in np.unique(ink.piece[ink.zone == number]):
            pixels = ink.of(piece)
            x, y = (ink.x[pixels] + 0.5) * MM_PER_PX, (ink.y[pixels] + 0.5) * MM_PER_PX
            off_x = np.maximum(box.x - x, x - box.x - box.w)
            off_y = np.maximum(box.y - y, y - box.y - box.h)
            reach = np.hypot(np.maximum(off_x, 0), np.maximum(off_y, 0)).max()
            own[piece] |= reach <= gap + policy.overshoot_mm
    return own


def _around(x: NDArray[np.intp], y: NDArray[np.intp]) -> tuple[float, float, float, float]:
    left, top = float(x.min()) * MM_PER_PX, float(y.min()) * MM_PER_PX
    right, low = float(x.max() + 1) * MM_PER_PX, float(y.max() + 1) * MM_PER_PX
    return left, top, right - left, low - top


def corners_mm(box_mm: tuple[float, float, float, float]) -> Floats:
    """Return the four corners of a rectangle on paper, clockwise from the top left, 4 × 2."""
    x, y, w, h = box_mm
    return np.array([[x, y], [x + w, y], [x + w, y + h], [x, y + h]])
