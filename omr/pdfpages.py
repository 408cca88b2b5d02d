"""A page of an open PDF to a page image.

A page that is nothing but one scan is taken out as it lies in the file; any other is drawn.
"""

from __future__ import annotations

from math import hypot

import numpy as np
import pypdfium2 as pdfium
from PIL import Image

from omr.pictures import (
    MAX_PIXELS,
    Gray,
    PageImage,
    Taken,
    Unreadable,
    as_png,
    check_size,
    from_gray,
    from_jpeg,
    jpeg_header,
    to_jpeg,
)
from omr.readings import RefusalCode

VECTOR_DPI = 200
"""At which a PDF page without pictures is drawn."""

MAX_GRAY_PIXELS = 40_000_000
"""Most pixels of a gray picture that is taken out; PDFium holds a larger one several times over, so it is drawn."""

MAX_COLOUR_PIXELS = 12_000_000
"""The same in colour: A4 at 300 dpi and a margin."""

LAYERED_DPI = 300
"""At which a PDF page of several pictures is drawn: copiers put text at 300 dpi over a coarse background."""


def pdf_image(pdf: pdfium.PdfDocument, index: int) -> PageImage | Taken:
    """Return one page of an open PDF; hold `PDFIUM` meanwhile.

    Args:
        pdf: The PDF.
        index: The page, from 0.

    Raises:
        Unreadable: It is damaged or too large.
    """
    try:
        page = pdf[index]
        try:
            scan = _only_scan(page)
            taken = None if scan is None else _taken_out(scan, page)
            return taken or _drawn(page, VECTOR_DPI if scan is None and not _has_pictures(page) else LAYERED_DPI)
        finally:
            page.close()
    except (pdfium.PdfiumError, UnicodeDecodeError) as error:  # the names of a picture's filters may be damaged too
        raise Unreadable(RefusalCode.DAMAGED_FILE, "This page of the PDF can't be opened.") from error


def _has_pictures(page: pdfium.PdfPage) -> bool:
    return next(page.get_objects(filter=[pdfium.raw.FPDF_PAGEOBJ_IMAGE], max_depth=3), None) is not None


_INVISIBLE = 3  # text rendering mode of the words that scanners lay over a picture to make it searchable


def _only_scan(page: pdfium.PdfPage) -> pdfium.PdfImage | None:
    """Return the picture of a page that is nothing but one upright scan; None for any other page."""
    scan = None
    for thing in page.get_objects(max_depth=3):
        if thing.type == pdfium.raw.FPDF_PAGEOBJ_TEXT:
            if pdfium.raw.FPDFTextObj_GetTextRenderMode(thing) != _INVISIBLE:
                return None
        elif thing.type == pdfium.raw.FPDF_PAGEOBJ_IMAGE and scan is None:
            scan = thing
        else:  # a second picture, a line, a shading, things within things: more than a scan
            return None
    if scan is None:
        return None
    left, bottom, right, top = scan.get_bounds()
    x0, y0, x1, y1 = page.get_bbox()
    covers = right - left >= 0.9 * (x1 - x0) and top - bottom >= 0.9 * (y1 - y0)
    a, b, c, d, _, _ = scan.get_matrix().get()
    # A mirrored or slanted picture must be drawn; a quarter turn is nothing to the reader.
    straight = max(abs(b), abs(c)) < 1e-3 * max(abs(a), abs(d)) or max(abs(a), abs(d)) < 1e-3 * max(abs(b), abs(c))
    return scan if covers and straight and a * d - b * c > 0 else None


def _taken_out(scan: pdfium.PdfImage, page: pdfium.PdfPage) -> PageImage | Taken | None:
    """Return the picture as it lies in the PDF; None where only drawing it would show it right."""
    size = scan.get_px_size()
    if scan.get_filters(skip_simple=True) == ["DCTDecode"]:
        data = bytes(scan.get_data(decode_simple=True))
        # CMYK JPEGs are inverted or not by signs that only the PDF knows.
        return from_jpeg(data, size, _dpi(scan, size)) if jpeg_header(data) == (size, True) else None
    known = scan.get_metadata()
    if known.colorspace == pdfium.raw.FPDF_COLORSPACE_UNKNOWN:
        return None  # a stencil mask: black and white depend on how it is painted
    dpi = _dpi(scan, size)
    check_size(*size)
    if size[0] * size[1] > (MAX_GRAY_PIXELS if known.bits_per_pixel <= 8 else MAX_COLOUR_PIXELS):
        return None
    # PDFium's own bitmap goes with its last user, which is this function: the picture shares its memory. Closing it by
    # hand would be told on stderr as unsafe.
    bitmap = scan.get_bitmap()
    if bitmap.mode == "L":
        gray = _gray_of(bitmap)
        bilevel = known.bits_per_pixel == 1
        return from_gray(gray, as_png(gray), dpi) if bilevel else to_jpeg(Image.fromarray(gray), dpi)
    return to_jpeg(bitmap.to_pil().convert("RGB"), dpi)


def _gray_of(bitmap: pdfium.PdfBitmap) -> Gray:
    """Return the gray pixels of PDFium's bitmap, in memory of their own."""
    return np.array(bitmap.to_numpy() if bitmap.mode == "L" else bitmap.to_pil().convert("L"), np.uint8)


def _dpi(scan: pdfium.PdfImage, size: tuple[int, int]) -> float | None:
    """Return at how many pixels an inch a picture is drawn, along its rows; None where that is not believable."""
    a, b, *_ = scan.get_matrix().get()
    dpi = 72 * size[0] / max(hypot(a, b), 1e-9)
    return dpi if 50 < dpi < 2400 else None


def _drawn(page: pdfium.PdfPage, dpi: int) -> PageImage | Taken:
    """Draw a page; coarser where it would come out too large."""
    width, height = page.get_size()
    if not (0 < width < 1e5 and 0 < height < 1e5):
        raise Unreadable(RefusalCode.DAMAGED_FILE, "This page of the PDF has no size.")
    scale = min(dpi / 72, (MAX_PIXELS / (width * height)) ** 0.5 * 0.99)
    bitmap = page.render(scale=scale, grayscale=True)
    try:
        gray = _gray_of(bitmap)
    finally:
        bitmap.close()
    if dpi == VECTOR_DPI:
        return from_gray(gray, as_png(gray), scale * 72)
    return to_jpeg(Image.fromarray(gray), scale * 72)
