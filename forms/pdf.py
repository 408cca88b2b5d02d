"""Composed sheet → PDF with ReportLab, one copy a serial.

What all copies share is drawn once a page as a form; a copy adds only its code and number. So 1,000 sheets stay
small, and the same layout and serials give the same bytes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from dataclasses import replace
from enum import StrEnum
from typing import IO

import pypdfium2
from reportlab.graphics.barcode import qrencoder
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from forms.compose import PAGE_MM, Sheet
from forms.drawing import Draw, Frame, Words
from forms.layout import Code, Marker
from forms.markers import MODULES, white_modules
from forms.pagecode import PageCode, SheetKind
from forms.typeface import MM_PER_PT, REGULAR, register, width_mm

PRINT_DPI = 150
"""Resolution of the pictures in a layout file: enough to tell stray ink from print."""

QR_VERSION = 2
"""25 × 25 modules: the smallest that holds a page code at level Q."""

QUIET_MODULES = 4
"""White modules around a QR code that the standard asks for (ISO/IEC 18004)."""


PDFIUM = threading.RLock()
"""PDFium may run in one thread of a process at a time: whoever opens a PDF with it holds this meanwhile."""


def finished(sheet: Sheet, survey_random_id: str) -> Sheet:
    """Return the sheet with a layout that has its pictures and its id."""
    layout = replace(sheet.layout, print=tuple(_pictures(sheet)))
    return replace(sheet, layout=layout.with_id(survey_random_id))


class Sides(StrEnum):
    """How many sides of a leaf are printed."""

    ONE = "one"
    TWO = "two"


LEAF_GRAMS = 5.0
"""A leaf of A4, 80 g/m²: 0.0624 m² weigh 4.99 g."""


def leaves(pages: int, sides: Sides) -> int:
    """Return how many leaves of paper a sheet takes."""
    return pages if sides is Sides.ONE else -(-pages // 2)


def write(sheet: Sheet, kind: SheetKind, serials: Iterable[str], out: IO[bytes], *, sides: Sides = Sides.ONE) -> None:
    """Write one copy of a finished sheet for each serial.

    Args:
        sheet: A finished sheet.
        kind: Sort of sheet; part of the page code.
        serials: One serial a copy, in the order of printing.
        out: Where the PDF goes.
        sides: TWO pads each sheet to whole leaves, so that the next one begins on a leaf of its own.
    """
    canvas = _canvas(sheet, out)
    if sides is Sides.TWO:
        canvas.setViewerPreference("Duplex", "DuplexFlipLongEdge")
    _forms(canvas, sheet)
    for serial in serials:
        for page in range(1, sheet.layout.pages + 1):
            canvas.doForm(f"page{page}")
            _copy(canvas, sheet, page, PageCode(kind, sheet.layout.instrument_hash, sheet.layout.id, page, serial))
            canvas.showPage()
        if sides is Sides.TWO and sheet.layout.pages % 2:
            canvas.showPage()
    canvas.save()


def _canvas(sheet: Sheet, out: IO[bytes]) -> Canvas:
    register()
    canvas = Canvas(
        out, pagesize=(PAGE_MM[0] * mm, PAGE_MM[1] * mm), invariant=1, pageCompression=1, lang=sheet.layout.language
    )
    canvas.setTitle(sheet.layout.instrument)
    canvas.setCreator("Kryssklick")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


def _forms(canvas: Canvas, sheet: Sheet) -> None:
    for page, draws in enumerate(sheet.pages, 1):
        canvas.beginForm(f"page{page}", 0, 0, PAGE_MM[0] * mm, PAGE_MM[1] * mm)
        for draw in draws:
            if not _is_own(draw):
                _draw(canvas, draw)
        for marker in sheet.layout.markers:
            if marker.page == page:
                _marker(canvas, marker)
        canvas.endForm()


def _copy(canvas: Canvas, sheet: Sheet, page: int, code: PageCode) -> None:
    for draw in sheet.pages[page - 1]:
        if isinstance(draw, Words) and _is_own(draw):
            _draw(canvas, replace(draw, text=draw.text.replace("{serial}", code.serial)))
    _code(canvas, next(c for c in sheet.layout.codes if c.page == page), code)


def _is_own(draw: Draw) -> bool:
    """Tell whether a drawing differs from copy to copy."""
    return isinstance(draw, Words) and "{serial}" in draw.text


def _draw(canvas: Canvas, draw: Draw) -> None:
    if isinstance(draw, Words):
        canvas.setFont(draw.face, draw.size_pt)
        canvas.drawString(draw.x * mm, _up(draw.y), draw.text)
    elif isinstance(draw, Frame):
        half = draw.line / 2
        canvas.setLineWidth(draw.line * mm)
        canvas.rect(
            (draw.x + half) * mm,
            _up(draw.y + draw.h - half),
            (draw.w - draw.line) * mm,
            (draw.h - draw.line) * mm,
            stroke=int(draw.line > 0),
            fill=int(draw.line == 0),
        )
    else:
        canvas.setLineWidth(draw.line * mm)
        canvas.setLineCap(1)
        canvas.line(draw.x1 * mm, _up(draw.y1), draw.x2 * mm, _up(draw.y2))


def _up(y_mm: float) -> float:
    """Turn mm from the top into points from the bottom."""
    return (PAGE_MM[1] - y_mm) * mm


def _marker(canvas: Canvas, marker: Marker) -> None:
    module = marker.size / MODULES
    canvas.setFillGray(0)
    canvas.rect(marker.x * mm, _up(marker.y + marker.size), marker.size * mm, marker.size * mm, stroke=0, fill=1)
    canvas.setFillGray(1)
    path = canvas.beginPath()
    for column, row in white_modules(marker.id):
        left, low = marker.x + column * module, marker.y + (row + 1) * module
        path.rect(left * mm, _up(low), module * mm, module * mm)
    canvas.drawPath(path, stroke=0, fill=1)
    canvas.setFillGray(0)


def qr_modules(text: str) -> Iterator[tuple[int, int]]:
    """Yield column and row of each dark module of a page code's QR: version 2, level Q, alphanumeric."""
    qr = qrencoder.QRCode(QR_VERSION, qrencoder.QRErrorCorrectLevel.Q)
    qr.addData(qrencoder.QRAlphaNum(text))
    qr.make()
    for row in range(qr.getModuleCount()):
        for column in range(qr.getModuleCount()):
            if qr.isDark(row, column):
                yield column, row


def _code(canvas: Canvas, place: Code, code: PageCode) -> None:
    module = place.size / (17 + 4 * QR_VERSION + 2 * QUIET_MODULES)
    path = canvas.beginPath()
    for column, row in qr_modules(str(code)):
        left = place.x + (column + QUIET_MODULES) * module
        low = place.y + (row + 1 + QUIET_MODULES) * module
        path.rect(left * mm, _up(low), module * mm, module * mm)
    canvas.drawPath(path, stroke=0, fill=1)
    text = place.text
    size = min(10.0, 10.0 * text.w / width_mm(code.printed, 10.0, REGULAR))
    canvas.setFont(REGULAR, size)
    baseline = text.y + text.h / 2 + 0.35 * size * MM_PER_PT
    canvas.drawCentredString((text.x + text.w / 2) * mm, _up(baseline), code.printed)


def _pictures(sheet: Sheet) -> Iterator[bytes]:
    """Yield a 1-bit PNG of each page without code and number."""
    out = io.BytesIO()
    canvas = _canvas(sheet, out)
    _forms(canvas, sheet)
    for page in range(1, sheet.layout.pages + 1):
        canvas.doForm(f"page{page}")
        canvas.showPage()
    canvas.save()
    with PDFIUM, pypdfium2.PdfDocument(out.getvalue()) as document:
        for page in document:
            picture = page.render(scale=PRINT_DPI / 72, grayscale=True).to_pil()
            # Anything that is not clearly paper belongs to the print: a pale edge of a letter is no stray ink.
            plain = io.BytesIO()
            picture.point(lambda v: 255 if v > 160 else 0).convert("1", dither=0).save(plain, "PNG", optimize=True)
            yield plain.getvalue()
