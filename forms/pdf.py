"""Composed sheet → PDF with ReportLab, one copy a serial.

What all copies share is drawn once a page as a form; a copy adds only its code and number. So 1,000 sheets stay
small, and the same layout and serials give the same bytes.
"""

from __future__ import annotations

import io
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import islice
from typing import IO

import pypdfium2
from PIL import Image
from reportlab import rl_config
from reportlab.lib.units import mm
from reportlab.pdfgen.canvas import Canvas

from forms.compose import Sheet
from forms.corners import PAGE_MM
from forms.drawing import Draw, Frame, Words
from forms.layout import Code, Marker
from forms.markers import MODULES, white_modules
from forms.pagecode import PageCode, SheetKind
from forms.qr import QUIET_MODULES, SIDE_MODULES, qr_runs
from forms.typeface import MM_PER_PT, REGULAR, register, width_mm

PRINT_DPI = 150
"""Resolution of the pictures in a layout file: enough to tell stray ink from print."""

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


CUT_LINE_MM = 0.2
"""Width of the dashed lines between slips."""


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
        sides: TWO pads each sheet to whole leaves, so that the next one begins on a leaf of its own; slips have one
            side.
    """
    canvas = _canvas(sheet, out)
    if sides is Sides.TWO:
        canvas.setViewerPreference("Duplex", "DuplexFlipLongEdge")
    _forms(canvas, sheet)
    if len(places_on_leaf(sheet.layout.page_size_mm)) > 1:
        _slips(canvas, sheet, kind, serials)
        canvas.save()
        return
    for serial in serials:
        for page in range(1, sheet.layout.pages + 1):
            _copy(canvas, sheet, page, PageCode(kind, sheet.layout.instrument_hash, sheet.layout.id, page, serial))
            canvas.showPage()
        if sides is Sides.TWO and sheet.layout.pages % 2:
            canvas.showPage()
    canvas.save()


def places_on_leaf(page_size_mm: tuple[float, float]) -> tuple[tuple[float, float], ...]:
    """Return where pages of a size stand on an A4: upper left corners in mm, row by row; one for a whole page."""
    width, height = page_size_mm
    columns, rows = max(1, int(PAGE_MM[0] / width + 0.01)), max(1, int(PAGE_MM[1] / height + 0.01))
    return tuple((column * width, row * height) for row in range(rows) for column in range(columns))


def _slips(canvas: Canvas, sheet: Sheet, kind: SheetKind, serials: Iterable[str]) -> None:
    """Draw slips, several on a leaf, with lines to cut along; the last leaf may be partly empty."""
    layout = sheet.layout
    places = places_on_leaf(layout.page_size_mm)
    left = iter(serials)
    while on_leaf := tuple(islice(left, len(places))):
        for serial, (x, y) in zip(on_leaf, places, strict=False):
            canvas.saveState()
            canvas.translate(x * mm, (PAGE_MM[1] - y - layout.page_size_mm[1]) * mm)
            _copy(canvas, sheet, 1, PageCode(kind, layout.instrument_hash, layout.id, 1, serial))
            canvas.restoreState()
        canvas.setLineWidth(CUT_LINE_MM * mm)
        canvas.setDash(2 * mm, 2 * mm)
        for x in sorted({x for x, _ in places if x > 0}):
            canvas.line(x * mm, 0, x * mm, PAGE_MM[1] * mm)
        for y in sorted({y for _, y in places if y > 0}):
            canvas.line(0, (PAGE_MM[1] - y) * mm, PAGE_MM[0] * mm, (PAGE_MM[1] - y) * mm)
        canvas.showPage()


def _canvas(sheet: Sheet, out: IO[bytes], page_size_mm: tuple[float, float] = PAGE_MM) -> Canvas:
    register()
    # Wrapping streams in ASCII, in pure Python, would take a third of the time and a quarter more space.
    rl_config.useA85 = 0
    width, height = page_size_mm
    canvas = Canvas(out, pagesize=(width * mm, height * mm), invariant=1, pageCompression=1, lang=sheet.layout.language)
    canvas.setTitle(sheet.layout.instrument)
    canvas.setCreator("Kryssklick")
    canvas.setViewerPreference("PrintScaling", "None")
    return canvas


@dataclass(frozen=True, slots=True)
class _Pen:
    """Draws in mm from the top left corner of a page on a canvas whose points count upwards.

    Attributes:
        canvas: Where it draws.
        height_mm: Height of the page.
    """

    canvas: Canvas
    height_mm: float

    def up(self, y_mm: float) -> float:
        """Turn mm from the top into points from the bottom."""
        return (self.height_mm - y_mm) * mm

    def draw(self, draw: Draw) -> None:
        """Draw words, a rectangle or a line."""
        canvas = self.canvas
        if isinstance(draw, Words):
            canvas.setFont(draw.face, draw.size_pt)
            canvas.drawString(draw.x * mm, self.up(draw.y), draw.text)
        elif isinstance(draw, Frame):
            half = draw.line / 2
            canvas.setLineWidth(draw.line * mm)
            canvas.rect(
                (draw.x + half) * mm,
                self.up(draw.y + draw.h - half),
                (draw.w - draw.line) * mm,
                (draw.h - draw.line) * mm,
                stroke=int(draw.line > 0),
                fill=int(draw.line == 0),
            )
        else:
            canvas.setLineWidth(draw.line * mm)
            canvas.setLineCap(1)
            canvas.line(draw.x1 * mm, self.up(draw.y1), draw.x2 * mm, self.up(draw.y2))

    def marker(self, marker: Marker) -> None:
        """Draw a corner marker."""
        canvas, module = self.canvas, marker.size / MODULES
        canvas.setFillGray(0)
        canvas.rect(
            marker.x * mm, self.up(marker.y + marker.size), marker.size * mm, marker.size * mm, stroke=0, fill=1
        )
        canvas.setFillGray(1)
        path = canvas.beginPath()
        for column, row in white_modules(marker.id):
            left, low = marker.x + column * module, marker.y + (row + 1) * module
            path.rect(left * mm, self.up(low), module * mm, module * mm)
        canvas.drawPath(path, stroke=0, fill=1)
        canvas.setFillGray(0)

    def code(self, place: Code, code: PageCode) -> None:
        """Draw a page code and the same in print."""
        canvas, module = self.canvas, place.size / (SIDE_MODULES + 2 * QUIET_MODULES) * mm
        left, low = place.x * mm + QUIET_MODULES * module, self.up(place.y + place.size) + QUIET_MODULES * module
        # Written as it stands in the file, one unit a module: formatting each length takes longer than all the rest.
        runs = " ".join(f"{column} {SIDE_MODULES - 1 - row} {n} 1 re" for column, row, n in qr_runs(code))
        canvas.addLiteral(f"q {module:.5f} 0 0 {module:.5f} {left:.4f} {low:.4f} cm {runs} f Q")
        text = place.text
        size = min(10.0, 10.0 * text.w / width_mm(code.printed, 10.0, REGULAR))
        canvas.setFont(REGULAR, size)
        baseline = text.y + text.h / 2 + 0.35 * size * MM_PER_PT
        canvas.drawCentredString((text.x + text.w / 2) * mm, self.up(baseline), code.printed)


def _forms(canvas: Canvas, sheet: Sheet) -> None:
    """Draw what all copies share, a form a page."""
    width, height = sheet.layout.page_size_mm
    pen = _Pen(canvas, height)
    for page, draws in enumerate(sheet.pages, 1):
        canvas.beginForm(f"page{page}", 0, 0, width * mm, height * mm)
        for draw in draws:
            if not _is_own(draw):
                pen.draw(draw)
        for marker in sheet.layout.markers:
            if marker.page == page:
                pen.marker(marker)
        canvas.endForm()


def _copy(canvas: Canvas, sheet: Sheet, page: int, code: PageCode) -> None:
    """Draw a page of one copy: what all share, its number and its code."""
    canvas.doForm(f"page{page}")
    pen = _Pen(canvas, sheet.layout.page_size_mm[1])
    for draw in sheet.pages[page - 1]:
        if isinstance(draw, Words) and _is_own(draw):
            pen.draw(replace(draw, text=draw.text.replace("{serial}", code.serial)))
    # An information page is no form: it has no page code.
    for place in sheet.layout.codes:
        if place.page == page:
            pen.code(place, code)


def _is_own(draw: Draw) -> bool:
    """Tell whether a drawing differs from copy to copy."""
    return isinstance(draw, Words) and "{serial}" in draw.text


def _pictures(sheet: Sheet) -> Iterator[bytes]:
    """Yield a 1-bit PNG of each page without code and number."""
    out = io.BytesIO()
    canvas = _canvas(sheet, out, sheet.layout.page_size_mm)
    _forms(canvas, sheet)
    for page in range(1, sheet.layout.pages + 1):
        canvas.doForm(f"page{page}")
        canvas.showPage()
    canvas.save()
    for picture in pictures(out.getvalue(), PRINT_DPI):
        # Anything that is not clearly paper belongs to the print: a pale edge of a letter is no stray ink.
        plain = io.BytesIO()
        picture.point(lambda v: 255 if v > 160 else 0).convert("1", dither=Image.Dither.NONE).save(
            plain, "PNG", optimize=True
        )
        yield plain.getvalue()


def pictures(data: bytes, dpi: float) -> tuple[Image.Image, ...]:
    """Return each page of a PDF as a gray picture.

    Args:
        data: The PDF, one of ours.
        dpi: Resolution of the pictures.
    """
    with PDFIUM, pypdfium2.PdfDocument(data) as document:
        return tuple(page.render(scale=dpi / 72, grayscale=True).to_pil() for page in document)
