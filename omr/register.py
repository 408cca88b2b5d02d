"""Markers to where the page lies in the image, as a whole; `outlines.py` finds the boxes on it.

Positions in an image are continuous: (0, 0) is the outer corner of the first pixel. The page lies where a matrix from
mm to working pixels says.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Marker
from omr.images import Gray
from omr.markers import Found

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]


EVEN_MM = 0.08
"""Residual of an affine fit that is no sign of perspective: what finding a marker's corners is off."""

STEP_MM = 0.125
"""Distance of two samples in a box's patch."""


@dataclass(frozen=True, slots=True)
class Registration:
    """Where a page lies in its image.

    Attributes:
        matrix: 3 × 3, mm on paper to working pixels, homogeneous.
        residual_mm: Root mean square distance of the markers' corners from where the matrix puts them.
        markers: Number of markers it rests on.
    """

    matrix: Floats
    residual_mm: float
    markers: int

    def to_px(self, points_mm: Floats) -> Floats:
        """Map points on paper, … × 2 in mm, to working pixels."""
        return apply(self.matrix, points_mm)

    def to_mm(self, points_px: Floats) -> Floats:
        """Map points in the image, … × 2 in working pixels, to mm on paper."""
        return apply(np.asarray(np.linalg.inv(self.matrix), np.float64), points_px)

    @property
    def is_even(self) -> bool:
        """Whether equal distances on paper are equal in the image: there is no perspective."""
        return all(abs(v - even) <= 1e-9 for v, even in zip(self.matrix[2].tolist(), (0.0, 0.0, 1.0), strict=True))

    @property
    def px_per_mm(self) -> float:
        """Working pixels a mm at the middle of an A4 page, mean of both directions."""
        across, down = _steps(self.matrix.tobytes())
        return float((np.hypot(*across) + np.hypot(*down)) / 2)

    @property
    def rotation_deg(self) -> float:
        """How far the page is turned, clockwise, 0 to under 360."""
        across, _ = _steps(self.matrix.tobytes())
        return float(np.degrees(np.arctan2(across[1], across[0])) % 360.0)


def apply(matrix: Floats, points: Floats) -> Floats:
    """Map points, … × 2, by a homogeneous 3 × 3 matrix."""
    flat = points.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray((flat[:, :2] / flat[:, 2:]).reshape(points.shape), np.float64)


@lru_cache(maxsize=16)
def _steps(matrix: bytes) -> tuple[Floats, Floats]:
    """Return a step of a mm across and one down an A4 page, at its middle, in pixels; asked several times a page."""
    middle = np.array([[105.0, 148.5], [106.0, 148.5], [105.0, 149.5]])
    at = apply(np.frombuffer(matrix, np.float64).reshape(3, 3), middle)
    return at[1] - at[0], at[2] - at[0]


def register(found: Sequence[Found], markers: Sequence[Marker], worst_mm: float) -> Registration | None:
    """Fit the page to its markers.

    A scanner's page is an affine image of the paper; markers that don't quite fit one are fitted by a homography, as a
    camera sees a page. Only where four fit neither way is one of them taken to be wrong and left out: three that fit
    well say nothing about the fourth corner of paper that a camera saw.

    Args:
        found: The markers found.
        markers: The markers of the page, from the layout.
        worst_mm: Largest residual that is believed.

    Returns:
        Where the page lies; None with fewer than three markers, or where they don't make a page.
    """
    at = {m.id: m for m in markers}
    used = [f for f in found if f.id in at]
    if len(used) < 3:
        return None
    paper, image = np.stack([marker_corners_mm(at[f.id]) for f in used]), np.stack([f.corners_px for f in used])
    fits = [_affine(paper.tobytes(), image.tobytes())]
    if fits[0].residual_mm > EVEN_MM:
        # A homography has fewer points to spare: the plainer fit stands unless the other is clearly better.
        matrix, _ = cv2.findHomography(paper.reshape(-1, 2), image.reshape(-1, 2), 0)
        camera = _judged(np.asarray(matrix, np.float64), paper, image)
        fits.append(replace(camera, residual_mm=1.5 * camera.residual_mm))
    if min(f.residual_mm for f in fits) > worst_mm and len(used) == 4:
        fits += [_affine(np.delete(paper, i, 0).tobytes(), np.delete(image, i, 0).tobytes()) for i in range(4)]
    best = min(fits, key=lambda f: f.residual_mm)
    return best if best.residual_mm <= worst_mm and is_page(best) else None


@lru_cache(maxsize=1024)
def marker_corners_mm(marker: Marker) -> Floats:
    """Return the corners of a marker on paper, 4 × 2, as `Found` has them."""
    x, y, s = marker.x, marker.y, marker.size
    return np.array([[x, y], [x + s, y], [x + s, y + s], [x, y + s]])


@lru_cache(maxsize=16)
def _affine(paper: bytes, image: bytes) -> Registration:
    """Fit an even page to corners on paper and in the image; asked twice for most pages, first to find their code."""
    at = np.frombuffer(image, np.float64).reshape(-1, 4, 2)
    matrix = np.eye(3)
    matrix[:2] = (solver(paper) @ at.reshape(-1, 2)).T
    return _judged(matrix, np.frombuffer(paper, np.float64).reshape(-1, 4, 2), at)


@lru_cache(maxsize=256)
def solver(paper: bytes) -> Floats:
    """Return what images of some points on paper, N × 2, are multiplied with to fit an even page to them: 3 × N."""
    points = np.frombuffer(paper, np.float64).reshape(-1, 2)
    return np.asarray(np.linalg.pinv(np.column_stack([points, np.ones(len(points))])), np.float64)


def _judged(matrix: Floats, paper: Floats, image: Floats) -> Registration:
    registration = Registration(matrix, 0.0, len(paper))
    off_px = np.hypot(*(registration.to_px(paper) - image).reshape(-1, 2).T)
    return Registration(matrix, float(np.sqrt((off_px**2).mean()) / registration.px_per_mm), len(paper))


def is_page(registration: Registration) -> bool:
    """Tell whether the fit could be a flat page: not mirrored, hardly slanted, hardly stretched."""
    across, down = _steps(registration.matrix.tobytes())
    long, short = np.hypot(*across), np.hypot(*down)
    turn = across[0] * down[1] - across[1] * down[0]
    return bool(0.9 < long / short < 1.11 and turn / (long * short) > 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Bend:
    """How far paper that waves lies from where an even page would have it.

    Attributes:
        node_mm: Distance of two nodes; the first is the page's upper left corner.
        shift_mm: Shift at each node, rows × columns × 2: x and y.
    """

    node_mm: float
    shift_mm: Floats32

    def at(self, points_mm: Floats) -> Floats:
        """Return the shift at points on paper, … × 2 in mm; beyond the page that of its edge."""
        rows, columns = self.shift_mm.shape[:2]
        place = np.clip(points_mm / self.node_mm, 0, np.array([columns - 1, rows - 1]) - 1e-6)
        x, y = place[..., 0].astype(int), place[..., 1].astype(int)
        u, v = (place[..., 0] - x)[..., None], (place[..., 1] - y)[..., None]
        s = self.shift_mm
        upper = s[y, x] * (1 - u) + s[y, x + 1] * u
        lower = s[y + 1, x] * (1 - u) + s[y + 1, x + 1] * u
        return np.asarray(upper * (1 - v) + lower * v, np.float64)


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """An image and where the page lies in it.

    Attributes:
        gray: The image.
        page: Where the page lies.
        black: Gray value of solid print on this page.
        bend: How the paper waves; None where it is flat.
    """

    gray: Gray
    page: Registration
    black: float
    bend: Bend | None = None

    def to_px(self, points_mm: Floats) -> Floats:
        """Map points on paper, … × 2 in mm, to working pixels."""
        return self.page.to_px(points_mm if self.bend is None else points_mm + self.bend.at(points_mm))

    def upright(self, shape: tuple[int, ...], step_mm: float, *, smooth: bool = True) -> Gray:
        """Return the page as it would lie upright and even.

        Args:
            shape: Rows and columns.
            step_mm: Distance of two pixels.
            smooth: Whether to look between the image's pixels; a coarse look may take the nearest.
        """
        return self.part(self.gray, 1, (0.0, 0.0), shape, step_mm, smooth=smooth)

    def part(  # noqa: PLR0913 - an image, where to look in it, and how
        self,
        gray: Gray,
        grow: float,
        origin_mm: tuple[float, float],
        shape: tuple[int, ...],
        step_mm: float,
        *,
        smooth: bool = True,
    ) -> Gray:
        """Return a rectangle of the page as it would lie upright and even.

        Args:
            gray: The image, or the same picture at a larger size.
            grow: So many pixels of `gray` make a working pixel.
            origin_mm: Its upper left corner on paper.
            shape: Rows and columns.
            step_mm: Distance of two pixels.
            smooth: Whether to look between the image's pixels.

        Returns:
            Gray values; paper beyond the image's edge repeats the edge.
        """
        rows, columns = shape[:2]
        origin = np.array(origin_mm)
        flags = cv2.INTER_LINEAR if smooth else cv2.INTER_NEAREST
        if self.page.is_even and self.bend is None:
            first = origin + step_mm / 2
            start, right, down = self.to_px(first + np.array([[0.0, 0.0], [step_mm, 0.0], [0.0, step_mm]])) * grow
            # OpenCV counts from the middle of the first pixel, the page's matrix from its corner.
            matrix = np.column_stack([right - start, down - start, start - 0.5])
            flags |= cv2.WARP_INVERSE_MAP
            even = cv2.warpAffine(gray, matrix, (columns, rows), flags=flags, borderMode=cv2.BORDER_REPLICATE)
            return np.asarray(even, np.uint8)
        # Where each pixel lies is told exactly every so many pixels; between those nothing bends that much.
        cell = 24
        across, along = (np.arange(-1, n // cell + 2) * cell + cell / 2 for n in (columns, rows))
        nodes = np.stack(np.meshgrid(across, along), axis=2) * step_mm + origin
        at = (self.to_px(nodes) * grow - 0.5).astype(np.float32)
        dense = cv2.resize(at, (len(across) * cell, len(along) * cell), interpolation=cv2.INTER_LINEAR)
        xs, ys = (dense[cell : cell + rows, cell : cell + columns, n] for n in (0, 1))
        return np.asarray(cv2.remap(gray, xs, ys, flags, borderMode=cv2.BORDER_REPLICATE), np.uint8)
