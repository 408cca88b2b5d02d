"""Printers, photocopiers and scanners of the farm: paper in, pictures out.

Paper is `MASTER_DPI` pixels, gray or blue-green-red, 255 is white. A printer and a photocopier change the paper itself;
what they do to its measures is handed on as a matrix, so that a page is resampled once, by the scanner.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray
from simulator_paper import PX, Pixels, paper

from forms.layout import FieldKind

Matrix = NDArray[np.float64]

A4_MM = (210.0, 297.0)


@dataclass(frozen=True, slots=True)
class Printer:
    """What an office printer does to a page.

    Attributes:
        scale: Of print; 0.97 is what "fit to page" makes of it.
        x: Shift to the right, mm.
        y: Shift downwards, mm.
        skew_deg: Turn by a feed that grips unevenly.
        black: Darkness of toner.
        fading: How much of that is lost where toner runs out: in bands down the page.
        white_lines: Number of lines that the drum leaves white down the page.
        dark_lines: Number of lines of dirt down the page.
        bare_mm: Border that the printer can't reach.
    """

    scale: float = 1.0
    x: float = 0.0
    y: float = 0.0
    skew_deg: float = 0.0
    black: float = 0.95
    fading: float = 0.0
    white_lines: int = 0
    dark_lines: int = 0
    bare_mm: float = 4.5


@dataclass(frozen=True, slots=True)
class Copier:
    """What a photocopier does to a page, each time.

    Attributes:
        blur_mm: Spread of toner.
        contrast: Steepness around the middle: grays are lost.
        specks: Number of specks of toner.
        edges_mm: Width of the dark band along an edge, where the lid did not cover the glass.
        scale: Of the copy.
        skew_deg: Turn of the copy.
        tint: Darkness of the copied paper.
    """

    blur_mm: float = 0.07
    contrast: float = 1.7
    specks: int = 120
    edges_mm: float = 3.0
    scale: float = 1.0
    skew_deg: float = 0.0
    tint: float = 0.02


@dataclass(frozen=True, slots=True)
class Scanner:
    """What a scanner does to a page.

    Attributes:
        dpi: Resolution.
        mode: `gray`, `colour` or `bilevel`.
        skew_deg: Turn of the paper, clockwise.
        turns: Further quarter turns, clockwise.
        stretch_x: Growth across the feed.
        stretch_y: Growth along the feed.
        x: Shift to the right, mm.
        y: Shift downwards, mm.
        blur_mm: Standard deviation of the optics' blur.
        noise: Standard deviation of gray values.
        white: Gray value of paper.
        black: Gray value of black.
        threshold: For bilevel: darkness from which on something is black.
        backing: Gray value of what is seen beyond the paper.
        overscan: The picture holds the whole turned page, as scanners do that find the size by themselves.
        waves_mm: How far paper that is not flat, or a jerky feed, moves things.
        shade: How much light is lost towards one side: an open lid, a book's back.
        streaks: Lines down the picture from dirt on the feeder's glass.
        dust: Specks and hairs on the glass.
        quality: Of JPEG.
    """

    dpi: int = 300
    mode: str = "gray"
    skew_deg: float = 0.0
    turns: int = 0
    stretch_x: float = 1.0
    stretch_y: float = 1.0
    x: float = 0.0
    y: float = 0.0
    blur_mm: float = 0.05
    noise: float = 2.5
    white: int = 246
    black: int = 28
    threshold: float = 0.35
    backing: int = 250
    overscan: bool = False
    waves_mm: float = 0.0
    shade: float = 0.0
    streaks: int = 0
    dust: int = 0
    quality: int = 80


def affine(
    *, turn_deg: float = 0.0, scale: tuple[float, float] = (1.0, 1.0), shift: tuple[float, float] = (0, 0)
) -> Matrix:
    """Return a matrix in mm that turns clockwise around a page's middle, scales and shifts."""
    a = np.radians(turn_deg)
    middle = np.array([[1, 0, A4_MM[0] / 2 + shift[0]], [0, 1, A4_MM[1] / 2 + shift[1]], [0, 0, 1.0]])
    turn = np.array([[np.cos(a), -np.sin(a), 0], [np.sin(a), np.cos(a), 0], [0, 0, 1.0]])
    away = np.array([[1, 0, -A4_MM[0] / 2], [0, 1, -A4_MM[1] / 2], [0, 0, 1.0]])
    return np.asarray(middle @ np.diag([*scale, 1.0]) @ turn @ away, np.float64)


def printed(image: Pixels, printer: Printer, rng: np.random.Generator) -> Matrix:
    """Print a page, in place; return what that does to its measures, in mm."""
    width = image.shape[1]
    black = np.full(width, printer.black)
    if printer.fading:
        knots = rng.uniform(0, 1, 7) ** 2
        black -= printer.fading * np.interp(np.linspace(0, 6, width), np.arange(7), knots)
    if printer.fading or printer.black < 1:
        # Toner that does not cover lets paper through: one factor a column, in whole percents.
        light = np.round(255 * (1 - black)).astype(np.uint8)
        np.maximum(image, light[None, :], out=image)
    for _ in range(printer.white_lines):
        at = int(rng.integers(width))
        image[:, at : at + int(rng.integers(2, 6))] = 250
    for _ in range(printer.dark_lines):
        at, wide = int(rng.integers(width - 8)), int(rng.integers(1, 4))
        image[:, at : at + wide] = np.minimum(image[:, at : at + wide], int(rng.integers(70, 190)))
    bare = round(printer.bare_mm * PX)
    for edge in (image[:bare], image[-bare:], image[:, :bare], image[:, -bare:]):
        edge[:] = 255
    return affine(turn_deg=printer.skew_deg, scale=(printer.scale,) * 2, shift=(printer.x, printer.y))


def photocopied(image: Pixels, copier: Copier, rng: np.random.Generator) -> tuple[Pixels, Matrix]:
    """Copy a page; return the copy, gray, and what that does to its measures, in mm."""
    gray = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY) if image.ndim == 3 else image
    soft = cv2.GaussianBlur(gray, (0, 0), copier.blur_mm * PX)
    levels = np.arange(256) / 255
    steep = 1 / (1 + np.exp(-5 * copier.contrast * (levels - 0.5)))
    steep = (steep - steep[0]) / (steep[-1] - steep[0])
    copy = cv2.LUT(soft, np.round(255 * (0.06 + (0.94 - copier.tint) * steep)).astype(np.uint8))
    for x, y, r in zip(
        rng.integers(0, copy.shape[1], copier.specks),
        rng.integers(0, copy.shape[0], copier.specks),
        rng.gamma(2.0, 0.9, copier.specks).clip(0, 5),
        strict=True,
    ):
        cv2.ellipse(copy, ((int(x), int(y)), (1 + r, 1 + r * rng.uniform(0.5, 1.5)), 0), int(rng.integers(20, 140)), -1)
    if copier.edges_mm:
        _dark_edges(copy, copier.edges_mm, rng)
    return np.asarray(copy, np.uint8), affine(turn_deg=copier.skew_deg, scale=(copier.scale,) * 2)


def _dark_edges(image: Pixels, wide_mm: float, rng: np.random.Generator) -> None:
    """Darken bands along some edges, ragged as the shadow of a lid that stands open."""
    for turns in range(4):
        if rng.random() < 0.45:
            continue
        view = np.rot90(image, turns)
        wide = wide_mm * PX * rng.uniform(0.4, 1.2)
        knots = wide * rng.uniform(0.5, 1.2, 9)
        limit = np.interp(np.linspace(0, 8, view.shape[1]), np.arange(9), knots)
        rows = np.arange(int(limit.max() * 1.6) + 2)[:, None]
        dark = np.clip(1.6 - rows / np.maximum(limit, 1), 0, 1) * rng.uniform(0.6, 0.95)
        band = view[: len(rows)]
        band[:] = (band * (1 - dark)).astype(np.uint8)


@lru_cache(maxsize=6)
def _noise(sigma: float, channels: int) -> NDArray[np.int8]:
    """Return a field of noise of one strength, larger than any picture but a few."""
    rng = np.random.default_rng([round(sigma * 10), channels])
    tile = np.clip(np.round(rng.normal(0, sigma, (1051, 1049, channels))), -127, 127).astype(np.int8)
    if channels == 3:
        # Sensors' colours are noisy together: what differs between them is what is left of demosaicing and JPEG.
        tile = np.round(0.5 * tile + 0.7 * tile[:, :, :1]).clip(-127, 127).astype(np.int8)
    return np.ascontiguousarray(np.tile(tile, (4, 4, 1)).squeeze())


def noisy(image: Pixels, sigma: float, rng: np.random.Generator) -> Pixels:
    """Return a picture with a sensor's noise."""
    if sigma < 0.7:
        return image
    high, wide = image.shape[:2]
    field = _noise(round(sigma * 2) / 2, 3 if image.ndim == 3 else 1)
    y, x = int(rng.integers(0, field.shape[0] - high)), int(rng.integers(0, field.shape[1] - wide))
    return np.asarray(cv2.add(image, field[y : y + high, x : x + wide], dtype=cv2.CV_8U), np.uint8)


def tone(image: Pixels, white: float, black: float, gamma: float = 1.0) -> Pixels:
    """Return a picture with its paper and its black at these gray values."""
    levels = black + (white - black) * (np.arange(256) / 255) ** gamma
    return np.asarray(cv2.LUT(image, np.clip(np.round(levels), 0, 255).astype(np.uint8)), np.uint8)


@dataclass(frozen=True, slots=True, eq=False)
class Scanned:
    """A picture, and the matrix from the page as designed (mm) to its pixels."""

    image: Pixels
    matrix: Matrix


def scanned(image: Pixels, to_paper: Matrix, scanner: Scanner, rng: np.random.Generator) -> Scanned:
    """Scan a page.

    Args:
        image: The paper.
        to_paper: What printer and copier did to its measures, mm to mm.
        scanner: What scans.
        rng: All chance.

    Returns:
        Gray H × W, colour H × W × 3, or bilevel H × W of 0 and 255.
    """
    if scanner.mode != "colour" and image.ndim == 3:
        image = cv2.cvtColor(image, cv2.COLOR_BGR2GRAY)
    if scanner.mode == "colour" and image.ndim == 2:
        image = cv2.cvtColor(image, cv2.COLOR_GRAY2BGR)
    # A sensor's pixel gathers light from its whole area, beside the optics' own blur.
    sigma = float(np.hypot(scanner.blur_mm, 0.29 * 25.4 / scanner.dpi)) * PX
    soft = cv2.GaussianBlur(image, (0, 0), sigma) if sigma > 0.35 else image
    matrix, size = _placed(scanner, to_paper)
    seen = warped(soft, matrix, size, scanner, rng)
    seen = tone(seen, scanner.white, scanner.black)
    if scanner.shade:
        seen = shaded(seen, scanner.shade, rng)
    if scanner.streaks:
        _streaks(seen, scanner.streaks, matrix, rng)
    if scanner.dust:
        _dust(seen, scanner.dust, rng)
    if scanner.mode == "bilevel":
        seen = noisy(seen, scanner.noise, rng)
        limit = scanner.white - scanner.threshold * (scanner.white - scanner.black)
        return Scanned(np.asarray(cv2.threshold(seen, limit, 255, cv2.THRESH_BINARY)[1], np.uint8), matrix)
    return Scanned(noisy(seen, scanner.noise, rng), matrix)


def _placed(scanner: Scanner, to_paper: Matrix) -> tuple[Matrix, tuple[int, int]]:
    """Return the matrix from designed mm to pixels, and the picture's width and height."""
    skew = affine(turn_deg=scanner.skew_deg, scale=(scanner.stretch_x, scanner.stretch_y), shift=(scanner.x, scanner.y))
    whole = skew @ to_paper
    size = np.array(A4_MM)
    if scanner.overscan:
        corners = whole @ np.array([[0, A4_MM[0], A4_MM[0], 0], [0, 0, A4_MM[1], A4_MM[1]], [1, 1, 1, 1.0]])
        low, high = corners[:2].min(1), corners[:2].max(1)
        whole = np.array([[1, 0, -low[0]], [0, 1, -low[1]], [0, 0, 1.0]]) @ whole
        size = high - low
    for _ in range(scanner.turns % 4):
        whole = np.array([[0, -1, size[1]], [1, 0, 0], [0, 0, 1.0]]) @ whole
        size = size[::-1]
    k = scanner.dpi / 25.4
    width, height = (round(v * k) for v in size)
    return np.asarray(np.array([[k, 0, -0.5], [0, k, -0.5], [0, 0, 1.0]]) @ whole, np.float64), (width, height)


def warped(image: Pixels, matrix: Matrix, size: tuple[int, int], scanner: Scanner, rng: np.random.Generator) -> Pixels:
    """Resample a page once: through a matrix alone, or through waves as well."""
    paper_px = np.array([[1 / PX, 0, 0.5 / PX], [0, 1 / PX, 0.5 / PX], [0, 0, 1.0]])
    both = matrix @ paper_px
    border = (scanner.backing,) * 3
    if not scanner.waves_mm:
        return cv2.warpAffine(image, both[:2], size, flags=cv2.INTER_LINEAR, borderValue=border)
    maps = wave_maps(both, size, scanner.waves_mm, rng)
    return cv2.remap(image, maps[0], maps[1], cv2.INTER_LINEAR, borderValue=border)


def wave_maps(matrix: Matrix, size: tuple[int, int], waves_mm: float, rng: np.random.Generator) -> list[Pixels]:
    """Return where each pixel of a picture of a wavy page comes from: moved by up to `waves_mm`, over 50 to 150 mm.

    Args:
        matrix: From the page's pixels to those of the picture; may hold perspective.
        size: Width and height of the picture.
        waves_mm: Amplitude on paper.
        rng: All chance.

    Returns:
        Columns and rows in the page's pixels, each H × W of float32.
    """
    step = 16
    # The middles of coarse pixels, so that stretching them over the picture moves nothing.
    xs, ys = (np.arange(0, n + 2 * step, step) + (step - 1) / 2 - step for n in size)
    xs, ys = np.meshgrid(xs, ys)
    flat = np.linalg.inv(matrix) @ np.stack([xs.ravel(), ys.ravel(), np.ones(xs.size)])
    at = (flat[:2] / flat[2]).reshape(2, *xs.shape)
    shift = np.zeros_like(at)
    for axis in (0, 1):
        for weight in (0.65, 0.35):
            angle, wave, phase = rng.uniform(0, np.pi), rng.uniform(50, 150) * PX, rng.uniform(0, 2 * np.pi)
            along = np.cos(angle) * at[0] + np.sin(angle) * at[1]
            shift[axis] += weight * waves_mm * PX * np.sin(2 * np.pi * along / wave + phase)
    coarse = (at + shift).astype(np.float32)
    whole = (xs.shape[1] * step, xs.shape[0] * step)
    grown = [cv2.resize(a, whole, interpolation=cv2.INTER_LINEAR) for a in coarse]
    return [np.ascontiguousarray(g[step : step + size[1], step : step + size[0]]) for g in grown]


def shaded(image: Pixels, loss: float, rng: np.random.Generator) -> Pixels:
    """Return a picture that gets darker towards one side."""
    angle = rng.uniform(0, 2 * np.pi)
    ys, xs = np.mgrid[-1:1:40j, -1:1:40j]
    along = (np.cos(angle) * xs + np.sin(angle) * ys + 1.4) / 2.8
    light = 255 * (1 - loss * np.clip(along, 0, 1) ** 2)
    grown = cv2.resize(light.astype(np.float32), image.shape[1::-1], interpolation=cv2.INTER_LINEAR).astype(np.uint8)
    return np.asarray(
        cv2.multiply(image, cv2.merge([grown] * 3) if image.ndim == 3 else grown, scale=1 / 255), np.uint8
    )


def _streaks(image: Pixels, count: int, matrix: Matrix, rng: np.random.Generator) -> None:
    """Draw lines down the picture: dirt on the feeder's glass sees every row at the same place."""
    high, wide = image.shape[:2]
    for _ in range(count):
        at, width = int(rng.integers(20, wide - 20)), int(rng.integers(1, 4))
        level, first, last = float(rng.uniform(0.15, 0.75)), 0, high
        if rng.random() < 0.3:
            first, last = sorted(int(v) for v in rng.integers(0, high, 2))
        column = image[first:last, at : at + width]
        if rng.random() < 0.15:
            column[:] = np.maximum(column, 250)
        else:
            colour = np.array([1, rng.uniform(0.6, 1), rng.uniform(0.4, 1)]) if image.ndim == 3 else 1
            column[:] = (column * (1 - level * colour)).astype(np.uint8)


def _dust(image: Pixels, count: int, rng: np.random.Generator) -> None:
    """Put specks and a few hairs on the glass."""
    high, wide = image.shape[:2]
    k = max(1.0, wide / 1600)
    for _ in range(count):
        x, y, level = int(rng.integers(wide)), int(rng.integers(high)), int(rng.integers(60, 190))
        if rng.random() < 0.12:
            turn = np.cumsum(rng.normal(0, 0.25, 14)) + rng.uniform(0, 6)
            steps = np.column_stack([np.cos(turn), np.sin(turn)]) * rng.uniform(3, 7) * k
            hair = np.array([x, y]) + np.cumsum(steps, 0)
            cv2.polylines(image, [np.round(hair).astype(np.int32)], False, (level,) * 3, 1, cv2.LINE_AA)
        else:
            cv2.circle(image, (x, y), max(1, round(float(rng.gamma(1.5, 0.5)) * k)), (level,) * 3, -1, cv2.LINE_AA)


@cache
def _places(name: str, page: int) -> tuple[Matrix, Matrix]:
    """Return the corners of all boxes and the page code, and those of the markers, as 3 × N in mm."""
    layout = paper(name).layout
    boxes = [(b.x, b.y, b.w, b.h) for b in layout.on_page(page, FieldKind.BOX)]
    boxes += [(c.x, c.y, c.size, c.size) for c in layout.codes if c.page == page]
    markers = [(m.x, m.y, m.size, m.size) for m in layout.markers if m.page == page]
    made = []
    for several in (boxes, markers):
        corners = [(x + a * w, y + b * h, 1.0) for x, y, w, h in several for a in (0, 1) for b in (0, 1)]
        made.append(np.array(corners, np.float64).T)
    return made[0], made[1]


def is_whole(name: str, page: int, picture: Scanned) -> bool:
    """Tell whether a picture holds all boxes, the page code and at least three markers of a paper's page."""
    size = np.array([[picture.image.shape[1]], [picture.image.shape[0]]])

    def inside(corners: Matrix) -> NDArray[np.bool_]:
        at = picture.matrix @ corners
        at = at[:2] / at[2]
        return np.asarray(((at >= 0) & (at < size)).all(0), np.bool_)

    fields, markers = _places(name, page)
    whole = inside(markers).reshape(-1, 4).all(1)
    return bool(inside(fields).all() and whole.sum() >= 3)


def any_scanner(rng: np.random.Generator, **fixed: object) -> Scanner:
    """Return a scanner as it comes across a page: small skew and shift, its own tones and sharpness."""
    usual = Scanner(
        skew_deg=float(np.clip(rng.normal(0, 0.6), -2, 2)),
        stretch_x=float(rng.normal(1, 0.0015)),
        stretch_y=float(rng.normal(1, 0.0025)),
        x=float(rng.normal(0, 0.8)),
        y=float(rng.normal(0, 1.0)),
        blur_mm=float(rng.uniform(0.03, 0.075)),
        noise=float(rng.uniform(1.0, 4.0)),
        white=int(rng.integers(232, 255)),
        black=int(rng.integers(10, 55)),
        threshold=float(rng.uniform(0.25, 0.4)),
        backing=int(rng.choice([255, 250, 240, 225])),
        quality=int(rng.integers(60, 92)),
    )
    return replace(usual, **fixed)  # type: ignore[arg-type]


def any_printer(rng: np.random.Generator, **fixed: object) -> Printer:
    """Return a printer as offices have it: mostly true to size, sometimes "fit to page"."""
    fit = rng.random() < 0.25
    usual = Printer(
        scale=float(rng.uniform(0.96, 0.98) if fit else rng.normal(1, 0.0015)),
        x=float(rng.normal(0, 0.6)),
        y=float(rng.normal(0, 0.6)),
        skew_deg=float(rng.normal(0, 0.12)),
        black=float(rng.uniform(0.86, 0.97)),
    )
    return replace(usual, **fixed)  # type: ignore[arg-type]
