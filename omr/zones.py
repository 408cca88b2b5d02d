"""Which place of a page belongs to what: an option's words, a text field, a question. And where nothing is printed."""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image

from forms.layout import Field, FieldKind, Layout

MM_PER_PX = 25.4 / 150
"""Of the layout's `print` pictures."""

PRINT_ROOM_PX = 2
"""Print is widened by so much before it is taken away: what the fit is off, and what a scanner adds to a letter."""

COARSE = 2
"""`print` pixels a pixel of the first look."""

RING_MM = 1.3
"""Around a box: ink there hangs together with its mark, if it has one."""

WORDS_ROOM_MM = 1.2
"""Around an option's words: a circle or an underline runs there."""

AREA_ROOM_MM = 3.0
"""Above and below a question's area: what was written between two questions belongs to one of them …"""

MARGIN_MM = 9.0
"""… and what was written in the margin to the question beside it, up to where shadows of the paper's edge begin."""

CODE_ROOM_MM = 1.5
"""Around markers and codes: what the fit is off."""

MARKER_ROOM_MM = 12.0
"""Around markers nothing counts beside an area: corners are torn off, folded over and stapled."""

TEXT_ROOM_MM = 3.0
"""Around a text field: ink there belongs to the field."""

EDGE_MM = 5.0
"""So far from the paper's edge nothing counts outside a question's area: shadows lie there, and lines to cut along."""

Bytes = NDArray[np.uint8]

Box = tuple[float, float, float, float]
"""A rectangle on paper, mm: x, y, w, h."""


@dataclass(frozen=True, slots=True, eq=False)
class Zones:
    """What each place of a page belongs to.

    Attributes:
        of: Zone of each picture pixel: 0 nothing, n the n-th of `fields`, a box standing for the ring around it; -n is
            what lies beside the area that is the n-th.
        fields: The fields that have a zone.
        boxes: Which of them are boxes, from 1.
        paper: 1 where nothing is printed, nor close by.
        coarse: 255 where something counts at the first look: a zone, and nothing printed near.
        within: The rows and columns of that look between which all of those lie; empty where there are none.
    """

    of: NDArray[np.int16]
    fields: tuple[Field, ...]
    boxes: tuple[int, ...]
    paper: Bytes
    coarse: Bytes
    within: tuple[slice, slice]


@lru_cache(maxsize=64)
def _zones(
    layout_id: str, picture: bytes, fields: tuple[Field, ...], markers: tuple[Box, ...], codes: tuple[Box, ...]
) -> Zones:
    """Draw the zones of a page, weaker claims first. `layout_id` keeps the pages of two layouts apart.

    Markers and codes, x, y, w, h in mm, are not in the picture of the print.
    """
    with Image.open(io.BytesIO(picture)) as opened:
        printed = (np.asarray(opened.convert("L")) < 128).astype(np.uint8)
    paper = 1 - _dilated(printed, PRINT_ROOM_PX)
    of = np.zeros(printed.shape, np.int16)
    numbered = list(enumerate(fields, 1))
    claims = (
        (FieldKind.AREA, 0.0),
        (FieldKind.TEXT, TEXT_ROOM_MM),
        (FieldKind.WORDS, WORDS_ROOM_MM),
        (FieldKind.BOX, RING_MM),
        (FieldKind.TEXT, 0.0),
    )
    for number, field in numbered:
        if field.kind is FieldKind.AREA:
            of[slices((field.x, field.y, field.w, field.h), MARGIN_MM, AREA_ROOM_MM)] = -number
    edge = round(EDGE_MM / MM_PER_PX)
    of[:edge] = of[-edge:] = of[:, :edge] = of[:, -edge:] = 0
    for marker in markers:
        of[slices(marker, MARKER_ROOM_MM, MARKER_ROOM_MM)] = 0
    for kind, room in claims:
        for number, field in numbered:
            if field.kind is kind:
                of[slices((field.x, field.y, field.w, field.h), room, room)] = number
    for code in (*markers, *codes):
        of[slices(code, CODE_ROOM_MM, CODE_ROOM_MM)] = 0
    # The first look thickens print as it thickens lines, by a pixel of the image and half of one of its own.
    count = (~_dilated(printed, PRINT_ROOM_PX + COARSE).astype(np.bool_) & (of != 0)).astype(np.uint8) * np.uint8(255)
    rows, columns = (n // COARSE * COARSE for n in count.shape)
    coarse = count[:rows, :columns].reshape(rows // COARSE, COARSE, columns // COARSE, COARSE).min((1, 3))
    left, top, width, height = cv2.boundingRect(coarse)
    within = slice(top, top + height), slice(left, left + width)
    boxes = tuple(n for n, field in numbered if field.kind is FieldKind.BOX)
    return Zones(of, fields, boxes, paper, np.ascontiguousarray(coarse), within)


def _dilated(printed: Bytes, room_px: int) -> Bytes:
    size = 2 * room_px + 1
    return np.asarray(cv2.dilate(printed, cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (size, size))), np.uint8)


@lru_cache(maxsize=4096)
def slices(box_mm: Box, across_mm: float, down_mm: float, step_mm: float = MM_PER_PX) -> tuple[slice, slice]:
    """Return the rows and columns of a rectangle with so much room at its sides, and above and below it."""
    x, y, w, h = box_mm
    left, right = (max(0, round(v / step_mm)) for v in (x - across_mm, x + w + across_mm))
    top, low = (max(0, round(v / step_mm)) for v in (y - down_mm, y + h + down_mm))
    return slice(top, low), slice(left, right)


def unprinted(layout: Layout, number: int) -> Bytes:
    """Return where nothing is printed on a page, nor close by: 1 there, at the scale of the `print` pictures."""
    return zones_of(layout, number).paper


def zones_of(layout: Layout, number: int) -> Zones:
    """Return the zones of a page of a layout."""
    return _zones_known(_Same(layout), number)


@dataclass(frozen=True, slots=True, eq=False)
class _Same:
    """A layout that is like none but itself: all its fields need not be compared with another's."""

    layout: Layout

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Same) and self.layout is other.layout

    def __hash__(self) -> int:
        return id(self.layout)


@lru_cache(maxsize=64)
def _zones_known(same: _Same, number: int) -> Zones:
    layout = same.layout
    markers = tuple((m.x, m.y, m.size, m.size) for m in layout.markers if m.page == number)
    code = next(c for c in layout.codes if c.page == number)
    codes = (code.x, code.y, code.size, code.size), (code.text.x, code.text.y, code.text.w, code.text.h)
    fields = tuple(f for f in layout.fields if f.page == number)
    return _zones(layout.id, layout.print[number - 1], fields, markers, codes)
