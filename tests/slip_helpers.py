"""Slips on a scanner's glass: printed, filled in, cut or not, each at a place and an angle of its own."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import pypdfium2
from builders import instrument, question, text
from numpy.typing import NDArray
from PIL import Image
from simulator import DPI, PX, Action, Hand, Page, fill_in

from forms import pdf
from forms.compose import Sheet
from forms.model import Instrument, Kind
from forms.pagecode import SheetKind
from forms.slips import compose_slip
from omr import images
from omr.images import PageImage, Picture

Pixels = NDArray[np.uint8]

PARAMETERS = {"organisation": "Föreningen Exempel", "support": "0771-22 00 60"}

A4_MM = (210.0, 297.0)


def choice() -> Instrument:
    """One question with boxes."""
    return instrument(question("hur", wording="Hur var mötet i dag?"), thanks=text("Tack."))


def words() -> Instrument:
    """One question for own words."""
    return instrument(question("vad", (), Kind.TEXT, lines=7, wording="Vad ska vi göra bättre?"))


@cache
def slip_sheet(kind: str = "choice", slips: int = 4) -> Sheet:
    """Return a finished slip."""
    made = choice() if kind == "choice" else words()
    return pdf.finished(compose_slip(made, PARAMETERS, "sv", slips=slips), "slips")


def printed(sheet: Sheet, serials: Sequence[str]) -> list[Page]:
    """Print slips and cut them: one page each, in the order of the serials."""
    out = io.BytesIO()
    pdf.write(sheet, SheetKind.SHEET, serials, out)
    width, height = (round(v * PX) for v in sheet.layout.page_size_mm)
    cut = []
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        for leaf in document:
            pixels = np.array(leaf.render(scale=DPI / 72, grayscale=True).to_pil().convert("L"), np.uint8)
            for x, y in pdf.places_on_leaf(sheet.layout.page_size_mm):
                left, top = round(x * PX), round(y * PX)
                cut.append(Page(sheet.layout, 1, pixels[top : top + height, left : left + width]))
    return cut[: len(serials)]


def filled(page: Page, actions: Sequence[Action], seed: int = 1) -> Page:
    """Let somebody with a ballpoint pen fill a slip in."""
    return fill_in(page, actions, Hand(), np.random.default_rng(seed))


@dataclass(frozen=True, slots=True)
class Lying:
    """A slip on the glass: its middle in mm from the glass's upper left corner, and its turn, clockwise."""

    page: Page
    x: float
    y: float
    turn_deg: float = 0.0


def leaf(pages: Sequence[Page]) -> list[Lying]:
    """Return slips as they stand on a leaf that was not cut."""
    width, height = pages[0].layout.page_size_mm
    places = pdf.places_on_leaf((width, height))
    return [Lying(p, x + width / 2, y + height / 2) for p, (x, y) in zip(pages, places, strict=False)]


def turned(lying: Sequence[Lying], deg: float) -> list[Lying]:
    """Turn all slips together about the middle of an A4."""
    a = np.radians(deg)
    turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]])
    middle = np.array(A4_MM) / 2
    at = [turn @ (np.array([s.x, s.y]) - middle) + middle for s in lying]
    return [Lying(s.page, float(p[0]), float(p[1]), s.turn_deg + deg) for s, p in zip(lying, at, strict=True)]


def glass(  # noqa: PLR0917 - a scanner's settings
    lying: Sequence[Lying],
    dpi: int = 200,
    size_mm: tuple[float, float] = A4_MM,
    mode: str = "gray",
    quarter_turns: int = 0,
    seed: int = 1,
) -> Pixels:
    """Scan what lies on the glass; `mode` is gray, bilevel or colour."""
    rng = np.random.default_rng(seed)
    k = dpi / 25.4
    size = round(size_mm[0] * k), round(size_mm[1] * k)
    seen = np.full(size[::-1], 250, np.float32)
    for slip in lying:
        gray = slip.page.printed.astype(np.float32)
        if slip.page.ink is not None:
            gray = np.minimum(gray, 255 - 0.85 * slip.page.ink.astype(np.float32))
        gray = cv2.GaussianBlur(gray, (0, 0), 0.3 * DPI / dpi).astype(np.float32)
        a, (height, width) = np.radians(slip.turn_deg), gray.shape
        turn = np.array([[np.cos(a), -np.sin(a)], [np.sin(a), np.cos(a)]]) * dpi / DPI
        shift = np.array([slip.x, slip.y]) * k - 0.5 - turn @ (np.array([width, height]) / 2 - 0.5)
        matrix = np.column_stack([turn, shift])
        there = cv2.warpAffine(np.ones_like(gray), matrix, size, flags=cv2.INTER_LINEAR)
        laid = cv2.warpAffine(gray, matrix, size, flags=cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        seen = np.where(there > 0.5, 0.96 * laid, seen)
    noisy = np.clip(seen + rng.normal(0, 3, seen.shape), 0, 255).astype(np.uint8)
    if mode == "bilevel":
        noisy = np.where(noisy > 150, 255, 0).astype(np.uint8)
    if mode == "colour":
        noisy = np.dstack([noisy] * 3)
    return np.ascontiguousarray(np.rot90(noisy, -quarter_turns))


def encoded(pixels: Pixels, dpi: int = 200) -> bytes:
    """Return the JPEG, or for 1 bit the PNG, that a scanner delivers."""
    out = io.BytesIO()
    if pixels.ndim == 2 and bool(np.isin(pixels[::7, ::7], (0, 255)).all()):
        Image.fromarray(pixels).convert("1", dither=Image.Dither.NONE).save(out, "PNG", dpi=(dpi, dpi))
    else:
        Image.fromarray(pixels).save(out, "JPEG", quality=85, dpi=(dpi, dpi))
    return out.getvalue()


def page_image(pixels: Pixels) -> PageImage:
    """Return a scan as the reader gets it."""
    data = encoded(pixels)
    image = images.decode(Picture(data, "image/png" if data[:1] == b"\x89" else "image/jpeg"))
    assert isinstance(image, PageImage)
    return image
