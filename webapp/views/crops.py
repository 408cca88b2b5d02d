"""Pieces of page pictures for people to judge: cut out upright, at one scale, with what is asked about framed."""

from __future__ import annotations

from collections.abc import Iterable

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Field, FieldKind, Layout
from omr.readings import PageReading

Picture = NDArray[np.uint8]
Affine = NDArray[np.float64]

PX_PER_MM = 8.0
"""Scale of a crop: about 200 dpi, as large as a wide screen shows a question."""

PAGE_PX_PER_MM = 4.8
"""Scale of a whole page: about 120 dpi."""

MARGIN_MM = 4.0
"""Paper shown around a question: an overshooting cross or a note beside it must be seen."""

FRAME_BGR = (0, 74, 176)
"""Colour of the frame around the option that is asked about: no pen writes in it."""

_QUALITY = 88


FEW_FIELDS = 3
"""With fewer boxes and fields the page's corners say better how it lies."""


class Unshowable(Exception):
    """A stored picture that can't be decoded."""


def question_crop(data: bytes, reading: PageReading, layout: Layout, question: str, option: str | None) -> bytes:
    """Cut a question out of its page.

    Args:
        data: The stored picture, encoded.
        reading: What was read on it; tells where the boxes lie.
        layout: The layout of the sheet.
        question: Question id.
        option: The option that is asked about, to be framed; None: the whole question.

    Returns:
        A JPEG, upright.

    Raises:
        Unshowable: The picture can't be decoded.
    """
    fields = [f for f in layout.fields if f.question == question and f.page == reading.page]
    matrix = paper_to_picture(reading, layout)
    x0, y0, x1, y1 = _with_ink(_around(fields), matrix, reading, question)
    width, height = layout.page_size_mm
    x0, y0 = max(x0 - MARGIN_MM, 0.0), max(y0 - MARGIN_MM, 0.0)
    x1, y1 = min(x1 + MARGIN_MM, width), min(y1 + MARGIN_MM, height)
    crop = _cut(_decode(data), matrix, (x0, y0, x1, y1), PX_PER_MM)
    framed = [f for f in fields if option is not None and f.option == option and f.kind is not FieldKind.AREA]
    if framed:
        beside = np.array([-1.6, -1.6, 1.6, 1.6])
        edges = (np.array(_around(framed)) - (x0, y0, x0, y0) + beside) * PX_PER_MM
        left, top, right, bottom = (int(v) for v in edges.round())
        cv2.rectangle(crop, (left, top), (right, bottom), FRAME_BGR, 3)
    return _encode(crop)


def page_picture(data: bytes, reading: PageReading | None, layout: Layout | None) -> bytes:
    """Show a whole page, upright where it is known how it lies.

    Args:
        data: The stored picture, encoded.
        reading: What was read on it; None for a page that was not read.
        layout: The layout of the sheet; None likewise.

    Returns:
        A JPEG.

    Raises:
        Unshowable: The picture can't be decoded.
    """
    picture = _decode(data)
    if reading is None or layout is None:
        longest = max(picture.shape[:2])
        scale = min(1.0, 297 * PAGE_PX_PER_MM / longest)
        return _encode(
            np.asarray(cv2.resize(picture, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA), np.uint8)
        )
    width, height = layout.page_size_mm
    return _encode(_cut(picture, paper_to_picture(reading, layout), (0.0, 0.0, width, height), PAGE_PX_PER_MM))


def paper_to_picture(reading: PageReading, layout: Layout) -> Affine:
    """Return the 2 × 3 matrix from mm on paper to pixels in the stored picture, fitted to where boxes were found.

    Fields with writing are left out where there are boxes: they are reported as wide as the writing.
    """
    fields = {(f.question, f.option, f.kind): f for f in layout.fields if f.page == reading.page}
    boxes = [(fields.get((m.question, m.option, FieldKind.BOX)), m.box_px) for m in reading.marks]
    texts = [(fields.get((t.question, t.option, FieldKind.TEXT)), t.box_px) for t in reading.texts]
    empty = [(fields.get((t.question, t.option, FieldKind.TEXT)), t.box_px) for t in reading.texts if not t.ink]
    known = [(f, quad) for f, quad in (*boxes, *empty) if f is not None]
    known = known or [(f, quad) for f, quad in texts if f is not None]
    if len(known) < FEW_FIELDS and reading.page_px is not None:
        # One written field is reported as wide as its writing; the page's own corners know better.
        width, height = layout.page_size_mm
        known = [(Field("", None, reading.page, FieldKind.AREA, 0.0, 0.0, width, height), reading.page_px)]
    if not known:
        scale = reading.quality.dpi / 25.4
        return np.array([[scale, 0.0, 0.0], [0.0, scale, 0.0]])
    paper = np.array([corner for field, _ in known for corner in _corners(field)])
    pixels = np.array([corner for _, quad in known for corner in quad])
    solution = np.linalg.lstsq(np.column_stack([paper, np.ones(len(paper))]), pixels, rcond=None)[0]
    return np.asarray(solution.T, np.float64)


def _corners(field: Field) -> tuple[tuple[float, float], ...]:
    right, bottom = field.x + field.w, field.y + field.h
    return (field.x, field.y), (right, field.y), (right, bottom), (field.x, bottom)


def _around(fields: Iterable[Field]) -> tuple[float, float, float, float]:
    """Return the least rectangle around fields, mm: left, top, right, bottom."""
    known = list(fields)
    return (
        min(f.x for f in known),
        min(f.y for f in known),
        max(f.x + f.w for f in known),
        max(f.y + f.h for f in known),
    )


def _with_ink(
    area_mm: tuple[float, float, float, float], matrix: Affine, reading: PageReading, question: str
) -> tuple[float, float, float, float]:
    """Widen a question's rectangle to whatever is written at it: a note may stand in the margin, words run on."""
    inked = [s.box_px for s in reading.stray_ink if s.question == question]
    inked += [t.box_px for t in reading.texts if t.question == question and t.ink]
    if not inked:
        return area_mm
    x0, y0, x1, y1 = area_mm
    to_paper = cv2.invertAffineTransform(matrix)
    at = np.array(inked, np.float64).reshape(-1, 2) @ to_paper[:, :2].T + to_paper[:, 2]
    (left, top), (right, bottom) = at.min(0).tolist(), at.max(0).tolist()
    return min(x0, left), min(y0, top), max(x1, right), max(y1, bottom)


def _cut(picture: Picture, matrix: Affine, area_mm: tuple[float, float, float, float], px_per_mm: float) -> Picture:
    """Cut an area of the paper out of its picture, upright, at a scale."""
    x0, y0, x1, y1 = area_mm
    size = (max(1, round((x1 - x0) * px_per_mm)), max(1, round((y1 - y0) * px_per_mm)))
    # From the middle of a pixel in the crop to mm, and on to pixels; OpenCV counts from the middle of the first pixel.
    to_paper = np.array([[1 / px_per_mm, 0, x0 + 0.5 / px_per_mm], [0, 1 / px_per_mm, y0 + 0.5 / px_per_mm], [0, 0, 1]])
    to_picture = matrix @ to_paper
    to_picture[:, 2] -= 0.5
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    white = (255, 255, 255)
    return np.asarray(
        cv2.warpAffine(picture, to_picture, size, flags=flags, borderMode=cv2.BORDER_CONSTANT, borderValue=white),
        np.uint8,
    )


def _decode(data: bytes) -> Picture:
    """Decode a picture as it is stored: a turn that a camera noted is not applied, since readings count without it."""
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR | cv2.IMREAD_IGNORE_ORIENTATION)
    if picture is None:
        raise Unshowable
    return np.asarray(picture, np.uint8)


def _encode(picture: Picture) -> bytes:
    good, data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, _QUALITY])
    if not good:
        raise Unshowable
    return data.tobytes()
