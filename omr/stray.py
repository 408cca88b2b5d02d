"""Ink that is not in a box: what was written in text fields, and stray ink at words and around questions.

The page is brought to the scale of the layout's `print` pictures and everything printed is taken away. What is left
is ink, piece by piece; where a piece lies says what it is.
"""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forms.answers import Mark
from forms.layout import Field, FieldKind, Layout
from omr.images import Gray
from omr.policy import Policy
from omr.register import Floats, Laid

MM_PER_PX = 25.4 / 150
"""Of the layout's `print` pictures."""

PRINT_ROOM_PX = 2
"""Print is widened by so much before it is taken away: what the fit is off, and what a scanner adds to a letter."""

INK_DARK = 0.22
"""Darkness from which on something outside a box is ink."""

PIECE_MM2 = 0.12
"""Pieces up to this size are nothing: specks, edges of letters."""

RING_MM = 1.3
"""Around a box: ink there hangs together with its mark, if it has one."""

WORDS_ROOM_MM = 1.2
"""Around an option's words: a circle or an underline runs there."""

TEXT_ROOM_MM = 3.0
"""Around a text field: ink there belongs to the field."""


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


@dataclass(frozen=True, slots=True, eq=False)
class _Zones:
    """What each place of a page belongs to.

    Attributes:
        of: Zone of each picture pixel: 0 nothing, n the n-th of `fields`, a box standing for the ring around it.
        fields: The fields that have a zone.
        paper: 1 where nothing is printed, nor close by.
    """

    of: NDArray[np.int16]
    fields: tuple[Field, ...]
    paper: NDArray[np.uint8]


@lru_cache(maxsize=64)
def _zones(layout_id: str, picture: bytes, fields: tuple[Field, ...]) -> _Zones:
    """Draw the zones of a page, weaker claims first. `layout_id` keeps the pages of two layouts apart."""
    with Image.open(io.BytesIO(picture)) as opened:
        printed = (np.asarray(opened.convert("L")) < 128).astype(np.uint8)
    ring = 2 * PRINT_ROOM_PX + 1
    paper = 1 - cv2.dilate(printed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (ring, ring)))
    of = np.zeros(printed.shape, np.int16)
    numbered = list(enumerate(fields, 1))
    claims = (
        (FieldKind.AREA, 0.0),
        (FieldKind.TEXT, TEXT_ROOM_MM),
        (FieldKind.WORDS, WORDS_ROOM_MM),
        (FieldKind.BOX, RING_MM),
        (FieldKind.TEXT, 0.0),
    )
    for kind, room in claims:
        for number, field in numbered:
            if field.kind is kind:
                of[_slices(field, room)] = number
    return _Zones(of, fields, np.asarray(paper, np.uint8))


def _slices(field: Field, room_mm: float) -> tuple[slice, slice]:
    left, top = (max(0, round((v - room_mm) / MM_PER_PX)) for v in (field.x, field.y))
    right, low = (max(0, round((v + room_mm) / MM_PER_PX)) for v in (field.x + field.w, field.y + field.h))
    return slice(top, low), slice(left, right)


def ink_outside(laid: Laid, layout: Layout, number: int, states: Sequence[Mark], policy: Policy) -> tuple[InkAt, ...]:
    """Find the ink on a page that is in no box.

    Args:
        laid: The image and where the page lies in it, by markers and outlines.
        layout: The layout.
        number: The page, from 1.
        states: The state of each box of the page, in the layout's order: what hangs together with a mark and stays
            near it is its overshoot.
        policy: Thresholds.

    Returns:
        Ink at words, in areas and in text fields, each field at most once; a displaced mark beside an empty box
        counts for the question's area.
    """
    zones = _zones(layout.id, layout.print[number - 1], tuple(f for f in layout.fields if f.page == number))
    ink = cv2.bitwise_and(_inked(laid, zones.of.shape), zones.paper)
    if cv2.countNonZero(ink) == 0:
        return ()
    # Few pixels are ink: everything from here on looks at those only.
    xs, ys = np.asarray(cv2.findNonZero(ink), np.intp).reshape(-1, 2).T
    pieces, labels = cv2.connectedComponents(ink, connectivity=8)
    piece, zone = np.asarray(labels[ys, xs], np.int32), zones.of[ys, xs]
    size_mm2 = np.bincount(piece, minlength=pieces) * MM_PER_PX**2
    real = (size_mm2[piece] >= PIECE_MM2) & (zone > 0)
    found = _Ink(piece[real], zone[real], xs[real], ys[real])
    marked = _marked(zones.fields, states)
    return _sorted_out(found, zones.fields, marked, policy)


@dataclass(frozen=True, slots=True, eq=False)
class _Ink:
    """Pixels of ink: piece, zone and place of each."""

    piece: NDArray[np.int32]
    zone: NDArray[np.int16]
    x: NDArray[np.intp]
    y: NDArray[np.intp]


def _marked(fields: Sequence[Field], states: Sequence[Mark]) -> dict[int, bool]:
    """Return for each box's zone whether the box has a mark."""
    boxes = [n for n, f in enumerate(fields, 1) if f.kind is FieldKind.BOX]
    return {n: s is not Mark.EMPTY for n, s in zip(boxes, states, strict=True)}


def _inked(laid: Laid, shape: tuple[int, ...]) -> NDArray[np.uint8]:
    """Bring the page to the scale of the print pictures and return where it is dark: 1 there, 0 elsewhere."""
    half = MM_PER_PX / 2
    to_mm = np.array([[MM_PER_PX, 0, half], [0, MM_PER_PX, half], [0, 0, 1.0]])
    # OpenCV counts from the middle of the first pixel, the page's matrix from its corner.
    matrix = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1.0]]) @ laid.page.matrix @ to_mm
    size = shape[1], shape[0]
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    if np.allclose(matrix[2], [0, 0, 1], atol=1e-9):
        upright = cv2.warpAffine(laid.gray, matrix[:2], size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    else:
        upright = cv2.warpPerspective(laid.gray, matrix, size, flags=flags, borderMode=cv2.BORDER_REPLICATE)
    white = _paper_white(np.asarray(upright, np.uint8))
    limit = np.clip(white - INK_DARK * np.maximum(white - laid.black, 40), 0, 255).astype(np.uint8)
    everywhere = cv2.resize(limit, size, interpolation=cv2.INTER_LINEAR)
    return np.asarray(cv2.compare(upright, everywhere, cv2.CMP_LT), np.uint8) & np.uint8(1)


def _paper_white(upright: Gray) -> NDArray[np.float32]:
    """Return the gray value of the paper in cells of 10 mm: the light part of each."""
    cell = 60
    rows, columns = upright.shape[0] // cell, upright.shape[1] // cell
    cells = upright[: rows * cell : 4, : columns * cell : 4].reshape(rows, cell // 4, columns, cell // 4)
    flat = cells.transpose(0, 2, 1, 3).reshape(rows, columns, -1)
    light = int(0.8 * flat.shape[2])
    white = np.partition(flat, light, axis=2)[..., light].astype(np.float32)
    # A cell that is mostly print or ink takes its white from the cells around it.
    return np.asarray(np.maximum(white, cv2.medianBlur(white, 3)), np.float32)


def _sorted_out(ink: _Ink, fields: Sequence[Field], marked: dict[int, bool], policy: Policy) -> tuple[InkAt, ...]:
    """Say of each piece what it belongs to, and sum up by field."""
    own = _overshoots(ink, fields, marked, policy)
    ink = _whole_pieces(ink, fields)
    results = []
    for number, field in enumerate(fields, 1):
        here = ink.zone == number
        if field.kind is not FieldKind.TEXT:
            here &= ~own[ink.piece]
        if field.kind is FieldKind.BOX:
            continue
        if field.kind is FieldKind.AREA:
            rings = [n for n, has in marked.items() if not has and fields[n - 1].question == field.question]
            here |= np.isin(ink.zone, rings) & ~own[ink.piece]
        area = float(here.sum()) * MM_PER_PX**2
        limit = {FieldKind.AREA: policy.area_mm2, FieldKind.WORDS: policy.words_mm2}.get(field.kind, policy.text_mm2)
        if area >= limit:
            results.append(InkAt(field, area, _around(ink.x[here], ink.y[here])))
    return tuple(results)


def _whole_pieces(ink: _Ink, fields: Sequence[Field]) -> _Ink:
    """Give what of a piece runs on into the area to the words that it is at: a ring around a word is one thing."""
    kinds = np.array([None, *(f.kind for f in fields)])
    zone = ink.zone.copy()
    at_words = kinds[zone] == FieldKind.WORDS
    for piece in np.unique(ink.piece[at_words]):
        pixels = ink.piece == piece
        numbers, counts = np.unique(zone[pixels & at_words], return_counts=True)
        if counts.max() * MM_PER_PX**2 >= PIECE_MM2:
            zone[pixels & (kinds[zone] == FieldKind.AREA)] = numbers[counts.argmax()]
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
            pixels = ink.piece == piece
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
