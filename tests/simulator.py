"""A pen, a printer and a scanner in software: printed sheets in, piles of page images out.

    sheets = simulator.printed(pdf_bytes, layout)               # one list of pages a sheet
    page = simulator.fill_in(sheets[0][0], actions, hand, rng)  # a person with a pen
    image = simulator.scan(page, scanner, rng)                  # a scanner
    simulator.write_pdf(path, [image, …], scanner)              # and the file that it delivers

or all at once:

    simulator.pile(path, pdf_bytes, layout, [actions of sheet 1, actions of sheet 2, …], seed=1)

Actions are `Cross(question, option, style)`, `Write(question, option, text, typed)`, `Strike`, `Circle` and `Note`;
they are drawn on the page where the layout has their field. `truth(layout, actions)` tells what a perfect reader sees.
Everything is drawn by one `numpy.random.Generator`: the same seed gives the same pixels.

Lengths are in mm, darkness from 0 (paper) to 1 (black). Nothing here knows how the reader works; profiles are written
from how pens, people and machines behave.
"""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pypdfium2
from numpy.typing import NDArray
from PIL import Image
from simulator_pen import (
    BALLPOINT,
    BLACK,
    CLEAR,
    DPI,
    FELT_TIP,
    GEL,
    PENCIL,
    PENS,
    PX,
    Action,
    Circle,
    Cross,
    Hand,
    Note,
    Page,
    Pen,
    Pixels,
    Points,
    Strike,
    Style,
    Write,
    fill_in,
    truth,
)

from forms.layout import Layout

__all__ = [
    "BALLPOINT",
    "BLACK",
    "CLEAR",
    "DPI",
    "FELT_TIP",
    "GEL",
    "PENCIL",
    "PENS",
    "PX",
    "Action",
    "Circle",
    "Cross",
    "Hand",
    "Note",
    "Page",
    "Pen",
    "Pixels",
    "Printer",
    "Scanner",
    "Strike",
    "Style",
    "Write",
    "encode_jpeg",
    "fill_in",
    "images_of",
    "pile",
    "printed",
    "scan",
    "truth",
    "write_jpeg",
    "write_pdf",
    "write_png",
    "write_tiff",
]


@dataclass(frozen=True, slots=True)
class Printer:
    """What it does to a page: scale, offset in mm, darkness of black."""

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    black: float = 0.97


@dataclass(frozen=True, slots=True)
class Scanner:
    """What it does to a page.

    Attributes:
        dpi: Resolution.
        mode: `gray`, `colour` or `bilevel`.
        skew_deg: Turn, clockwise, of the paper.
        quarter_turns: Further quarter turns, clockwise.
        stretch: Growth along the feed.
        x: Shift to the right.
        y: Shift downwards.
        blur: Standard deviation of the optics' blur.
        noise: Standard deviation of gray values.
        white: Gray value of paper.
        black: Gray value of black.
        threshold: For bilevel: darkness from which on something is black.
        quality: Of JPEG.
        printer: What printed the paper.
    """

    dpi: int = 300
    mode: str = "gray"
    skew_deg: float = 0.0
    quarter_turns: int = 0
    stretch: float = 1.0
    x: float = 0.0
    y: float = 0.0
    blur: float = 0.05
    noise: float = 3.0
    white: int = 245
    black: int = 25
    threshold: float = 0.45
    quality: int = 85
    printer: Printer = Printer()


def printed(pdf: bytes, layout: Layout) -> list[list[Page]]:
    """Print a PDF; return the pages by sheet. Padding pages between sheets are left out by their lack of markers."""
    return list(_one_by_one(pdf, layout))


def _one_by_one(pdf: bytes, layout: Layout) -> Iterator[list[Page]]:
    """Print sheet by sheet: a page at this resolution takes 15 MB."""
    pages: list[Page] = []
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            pixels = np.array(page.render(scale=DPI / 72, grayscale=True).to_pil().convert("L"), np.uint8)
            if pixels[: pixels.shape[0] // 4].min() < 128:
                pages.append(Page(layout, len(pages) + 1, pixels))
            if len(pages) == layout.pages:
                yield pages
                pages = []


def scan(page: Page, scanner: Scanner, rng: np.random.Generator) -> Pixels:
    """Scan a page: H × W, or H × W × 3 (red, green, blue) in colour; bilevel holds 0 and 255 only."""
    channels = (0, 1, 2) if scanner.mode == "colour" else (None,)
    planes = [_plane(page, scanner, channel, rng) for channel in channels]
    image = planes[0] if len(planes) == 1 else np.stack(planes, -1)
    if scanner.mode == "bilevel":
        limit = scanner.white - scanner.threshold * (scanner.white - scanner.black)
        image = np.where(image > limit, 255, 0).astype(np.uint8)
    return np.ascontiguousarray(np.rot90(image, -scanner.quarter_turns))


def _geometry(scanner: Scanner, size_mm: tuple[float, float]) -> Points:
    """Return the matrix from paper pixels at DPI to scanner pixels, both counted from pixel middles."""
    cx, cy = size_mm[0] / 2, size_mm[1] / 2
    a = np.radians(scanner.skew_deg)
    away = np.array([[1, 0, -cx], [0, 1, -cy], [0, 0, 1.0]])
    printer = np.diag([scanner.printer.scale, scanner.printer.scale, 1.0])
    printer[:2, 2] = scanner.printer.x, scanner.printer.y
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])
    back = np.array([[1, 0, cx + scanner.x], [0, scanner.stretch, cy + scanner.y], [0, 0, 1.0]])
    to_mm = np.array([[1 / PX, 0, 0.5 / PX], [0, 1 / PX, 0.5 / PX], [0, 0, 1.0]])
    k = scanner.dpi / 25.4
    to_px = np.array([[k, 0, -0.5], [0, k, -0.5], [0, 0, 1.0]])
    return np.asarray(to_px @ back @ turn @ printer @ away @ to_mm, np.float64)


def _plane(page: Page, scanner: Scanner, channel: int | None, rng: np.random.Generator) -> Pixels:
    """Return one colour plane as the sensor sees it; channel 0 to 2, or None for gray."""
    size_mm = page.layout.page_size_mm
    width, height = (round(v / 25.4 * scanner.dpi) for v in size_mm)
    matrix = _geometry(scanner, size_mm)
    # All of it in whole numbers of 0 to 255: what that rounds away is less than any sensor's noise.
    levels = np.arange(256)
    light = cv2.LUT(page.printed, _bytes(255 - (255 - levels) * scanner.printer.black))
    if page.ink is not None:
        swallowed = page.pen.dark * (1.0 if channel is None else page.pen.colour[channel])
        light = cv2.multiply(light, cv2.LUT(page.ink, _bytes(255 - levels * swallowed)), scale=1 / 255)
    # A sensor's pixel gathers light from its whole area, beside the optics' own blur.
    pixel = 25.4 / scanner.dpi
    sigma = float(np.hypot(scanner.blur, 0.29 * pixel)) * PX
    light = cv2.GaussianBlur(light, (0, 0), sigma)
    seen = cv2.warpAffine(light, matrix[:2], (width, height), flags=cv2.INTER_LINEAR, borderValue=255)
    values = cv2.LUT(seen, _bytes(scanner.black + (scanner.white - scanner.black) * levels / 255))
    noise = _noise((height, width), scanner.noise, rng)
    return np.asarray(cv2.add(values, noise, dtype=cv2.CV_8U), np.uint8)


def _bytes(values: NDArray[np.floating[Any]]) -> Pixels:
    return np.clip(np.round(values), 0, 255).astype(np.uint8)


def _noise(shape: tuple[int, int], sigma: float, rng: np.random.Generator) -> NDArray[np.int16]:
    """Return noise: one tile, repeated, since nothing in a page repeats at its period."""
    tile = np.round(rng.normal(0, sigma, (389, 401))).astype(np.int16)
    times = -(-shape[0] // 389), -(-shape[1] // 401)
    return np.ascontiguousarray(np.tile(tile, times)[: shape[0], : shape[1]])


def encode_jpeg(image: Pixels, scanner: Scanner) -> bytes:
    """Return an image as the JPEG a scanner delivers."""
    out = io.BytesIO()
    Image.fromarray(image).save(out, "JPEG", quality=scanner.quality, dpi=(scanner.dpi, scanner.dpi))
    return out.getvalue()


def _pillow(image: Pixels) -> Image.Image:
    """Return an image for Pillow, 1 bit a pixel where it has no more."""
    picture = Image.fromarray(image)
    bilevel = image.ndim == 2 and bool(np.isin(image[::5, ::5], (0, 255)).all())
    return picture.convert("1", dither=Image.Dither.NONE) if bilevel else picture


def write_pdf(path: Path, images: Sequence[Pixels], scanner: Scanner) -> None:
    """Write images as a scanner's PDF: one image a page, JPEG inside, G4 where it is bilevel."""
    first, *rest = [_pillow(i) for i in images]
    quality = {} if first.mode == "1" else {"quality": scanner.quality}
    first.save(path, "PDF", save_all=True, append_images=rest, resolution=scanner.dpi, **quality)


def write_tiff(path: Path, images: Sequence[Pixels], scanner: Scanner) -> None:
    """Write a multi-page TIFF: G4 where it is bilevel, deflated otherwise."""
    first, *rest = [_pillow(i) for i in images]
    compression = "group4" if first.mode == "1" else "tiff_deflate"
    first.save(path, "TIFF", save_all=True, append_images=rest, compression=compression, dpi=(scanner.dpi, scanner.dpi))


def write_jpeg(path: Path, image: Pixels, scanner: Scanner) -> None:
    """Write one JPEG."""
    path.write_bytes(encode_jpeg(image, scanner))


def write_png(path: Path, image: Pixels, scanner: Scanner) -> None:
    """Write one PNG."""
    _pillow(image).save(path, "PNG", dpi=(scanner.dpi, scanner.dpi))


def images_of(
    pdf: bytes,
    layout: Layout,
    sheets: Sequence[Sequence[Action]],
    *,
    seed: int,
    hand: Hand | None = None,
    scanner: Scanner | None = None,
) -> list[Pixels]:
    """Print a PDF, fill each sheet in, scan all pages.

    Args:
        pdf: The sheets, at least as many as `sheets`.
        layout: Their layout.
        sheets: What is done on each.
        seed: Of all chance.
        hand: Who writes; None: another hand and pen for each sheet.
        scanner: What scans.
    """
    images: list[Pixels] = []
    # Nothing is printed after the last sheet that is filled in.
    for number, (actions, pages) in enumerate(zip(sheets, _one_by_one(pdf, layout), strict=False)):
        rng = np.random.default_rng([seed, number])
        writer = hand or Hand(pen=PENS[int(rng.integers(len(PENS)))], off=float(rng.uniform(0.1, 0.35)))
        for page in pages:
            images.append(scan(fill_in(page, actions, writer, rng), scanner or Scanner(), rng))
    filled = len(images) // layout.pages
    if filled < len(sheets):
        raise ValueError(f"{filled} sheets printed, {len(sheets)} to fill in")
    return images


def pile(
    path: Path,
    pdf: bytes,
    layout: Layout,
    sheets: Sequence[Sequence[Action]],
    *,
    seed: int,
    hand: Hand | None = None,
    scanner: Scanner | None = None,
) -> None:
    """As `images_of`, written as the PDF that a scanner delivers."""
    write_pdf(path, images_of(pdf, layout, sheets, seed=seed, hand=hand, scanner=scanner), scanner or Scanner())
