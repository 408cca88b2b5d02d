"""Markers to where the page lies in the image, as a whole; `outlines.py` finds the boxes on it.

Positions in an image are continuous: (0, 0) is the outer corner of the first pixel. The page lies where a matrix from
mm to working pixels says.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import Enum, auto
from functools import cache, lru_cache

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Marker
from omr.clearer import is_bare, other_looks
from omr.images import Gray

Floats = NDArray[np.float64]
Floats32 = NDArray[np.float32]

MARKER_IDS = 136
"""Ids in use: 0 to 127 for 32 pages, 128 to 131 sign-up, 132 to 135 test page."""

SIGN_UP_IDS = range(128, 132)
"""One of these is enough to know a sign-up sheet."""

CORNER_SHARE = 0.27
"""Side of a corner crop, in shorter sides of the image: 57 mm of A4, which holds a marker at 5° of skew, printed at
94 % and 5 mm off."""

NEAR_SHARE = 0.17
"""The same of what is searched first: 36 mm, where the marker of a page is that lies nearly straight."""

PAPER_MM = 210.0
"""Shorter side of the paper that an image is taken to show."""

ROOM_PX = 12
"""White border laid around what is searched for markers."""

REFINE_PX = 4
"""Half the side of the window in which a marker's corner is found to a part of a pixel."""

LEAST_COARSE_PX = 280
"""Smallest corner crop that is first looked at at half its size: there a module keeps more than two pixels."""

EVEN_MM = 0.08
"""Residual of an affine fit that is no sign of perspective: what finding a marker's corners is off."""

STEP_MM = 0.125
"""Distance of two samples in a box's patch."""


@dataclass(frozen=True, slots=True)
class Found:
    """A marker that was found.

    Attributes:
        id: Its id, 0 to 135.
        corners_px: Its four corners in working pixels, 4 × 2, those that are top left, top right, bottom right and
            bottom left on paper.
    """

    id: int
    corners_px: Floats


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


class _Look(Enum):
    """How closely markers are looked for."""

    NEAR = auto()
    COARSE = auto()
    CLOSE = auto()
    WIDE = auto()


@cache
def _detector(look: _Look) -> cv2.aruco.ArucoDetector:
    """Return a detector that knows only the ids in use: fewer to compare with, fewer to mistake something for."""
    whole = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    used = cv2.aruco.Dictionary(whole.bytesList[:MARKER_IDS], whole.markerSize, whole.maxCorrectionBits)
    parameters = cv2.aruco.DetectorParameters()
    parameters.adaptiveThreshWinSizeMin = 15
    parameters.adaptiveThreshWinSizeMax = {_Look.CLOSE: 39, _Look.WIDE: 51}.get(look, 15)
    parameters.adaptiveThreshWinSizeStep = 12 if look is _Look.WIDE else 24
    parameters.minMarkerPerimeterRate = {_Look.WIDE: 0.04, _Look.NEAR: 0.25 * CORNER_SHARE / NEAR_SHARE}.get(look, 0.25)
    parameters.maxMarkerPerimeterRate = 1.5
    if look in (_Look.CLOSE, _Look.WIDE):
        parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
        parameters.cornerRefinementWinSize = REFINE_PX
    parameters.minDistanceToBorder = 1
    return cv2.aruco.ArucoDetector(used, parameters)


def find_markers(gray: Gray) -> tuple[Found, ...]:
    """Find the corner markers, in the corners first, then anywhere if fewer than three are there.

    Args:
        gray: The image.

    Returns:
        The markers by id; where one id is found twice, neither.
    """
    height, width = gray.shape
    side = min(height, width, round(CORNER_SHARE * min(height, width)))
    found: list[Found] = []
    for top in (0, height - side):
        for left in (0, width - side):
            looks = (_Look.NEAR, _Look.COARSE, _Look.CLOSE) if side >= LEAST_COARSE_PX else (_Look.CLOSE,)
            found += next((more for look in looks if (more := _in_corner(gray, (left, top), side, look))), [])
    unique = _once(found)
    if len(unique) >= 3 or any(f.id in SIGN_UP_IDS for f in unique):
        return unique
    unique = _once(_looked_again(gray, side, found))
    if len(unique) >= 3 or is_bare(gray):
        return unique
    wide = _once(_find(gray, (0, 0), _Look.WIDE))
    return wide if len(wide) > len(unique) else unique


def _in_corner(gray: Gray, at: tuple[int, int], side: int, look: _Look) -> list[Found]:
    """Find markers in a corner of an image, whose crop has its first pixel `at` and so many of them a side."""
    left, top = at
    if look is _Look.NEAR:
        # As many pixels more or fewer at each side by two, so that the same ones are put together at half the size.
        less = (side - round(side * NEAR_SHARE / CORNER_SHARE)) // 2 * 2
        left, top, side = left + (less if left else 0), top + (less if top else 0), side - less
    found = _find(gray[top : top + side, left : left + side], (left, top), look)
    if look is not _Look.NEAR:
        return found
    # At the edge of so small a crop a marker may be cut, or lack the white around it.
    from_edge = [np.abs(f.corners_px - (left + side / 2, top + side / 2)).max() for f in found]
    return found if all(away <= side / 2 - ROOM_PX for away in from_edge) else []


def _looked_again(gray: Gray, side: int, found: Sequence[Found]) -> list[Found]:
    """Look again where no marker was found, with thin lines taken out of the corner; return those found before too."""
    height, width = gray.shape
    px_per_mm = min(height, width) / PAPER_MM
    found = list(found)
    for top in (0, height - side):
        for left in (0, width - side):
            corner = gray[top : top + side, left : left + side]
            if _has_one(found, left, top, side) or is_bare(corner):
                continue
            for look in other_looks(corner, px_per_mm):
                if more := _find(look, (left, top), _Look.CLOSE):
                    found += more
                    break
    return found


def _has_one(found: Iterable[Found], left: int, top: int, side: int) -> bool:
    """Tell whether a marker was found in a corner crop."""
    return any(left <= f.corners_px[0, 0] < left + side and top <= f.corners_px[0, 1] < top + side for f in found)


def all_markers(gray: Gray) -> tuple[Found, ...]:
    """Find the markers anywhere in an image, each as often as it is there: slips of one layout have the same ids."""
    return tuple(_find(gray, (0, 0), _Look.WIDE))


def markers_near(gray: Gray, at_px: Floats, reach_px: float) -> tuple[Found, ...]:
    """Look closely for markers in a square.

    Args:
        gray: The image.
        at_px: The middle of the square, x and y.
        reach_px: Half its side.
    """
    left, top = (max(0, int(v)) for v in at_px - reach_px)
    right, low = (max(0, int(np.ceil(v))) for v in at_px + reach_px)
    square = gray[top:low, left:right]
    return tuple(_find(square, (left, top), _Look.CLOSE)) if min(square.shape) >= ROOM_PX else ()


def _find(gray: Gray, at: tuple[int, int], look: _Look) -> list[Found]:
    # A marker at the very edge of an image has no white around it; a white border gives it some.
    bordered = np.asarray(cv2.copyMakeBorder(gray, ROOM_PX, ROOM_PX, ROOM_PX, ROOM_PX, cv2.BORDER_CONSTANT, value=255))
    shrink = 2 if look in (_Look.NEAR, _Look.COARSE) else 1
    seen = bordered if shrink == 1 else cv2.resize(bordered, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    corners, ids, _ = _detector(look).detectMarkers(seen)
    if not corners:
        return []
    # OpenCV's whole numbers are the middles of pixels; ours are their outer corners.
    places = (np.concatenate(corners).astype(np.float32) + 0.5) * shrink
    if shrink == 2:
        # Which marker it is shows at half the size; where it is, only at the full one.
        flat = np.ascontiguousarray(places.reshape(-1, 2) - 0.5)
        until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 30, 0.1)
        refined = cv2.cornerSubPix(bordered, flat, (REFINE_PX, REFINE_PX), (-1, -1), until)
        places = np.asarray(refined, np.float32).reshape(-1, 4, 2) + 0.5
    shift = np.array(at, np.float64) - ROOM_PX
    return [Found(int(i), c.astype(np.float64) + shift) for i, c in zip(ids.ravel(), places, strict=True)]


def _once(found: Iterable[Found]) -> tuple[Found, ...]:
    """Keep each marker once; the corner crops of a small image may overlap, a copy of a marker is no marker."""
    kept: dict[int, Found | None] = {}
    for one in found:
        before = kept.setdefault(one.id, one)
        if before is not one and before is not None:
            near = np.abs(before.corners_px.mean(0) - one.corners_px.mean(0)).max() < 8
            kept[one.id] = before if near else None
    return tuple(f for _, f in sorted(kept.items()) if f is not None)


def page_of(found: Sequence[Found]) -> int | None:
    """Return the page that the markers name; None where there are none or they name several."""
    pages = {f.id // 4 + 1 for f in found}
    return pages.pop() if len(pages) == 1 else None


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
    matrix[:2] = (_solver(paper) @ at.reshape(-1, 2)).T
    return _judged(matrix, np.frombuffer(paper, np.float64).reshape(-1, 4, 2), at)


@lru_cache(maxsize=256)
def _solver(paper: bytes) -> Floats:
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

    def upright(self, shape: tuple[int, ...], step_mm: float, *, first_row: int = 0, smooth: bool = True) -> Gray:
        """Return the page as it would lie upright and even, or a band of its rows.

        Args:
            shape: Rows and columns.
            step_mm: Distance of two pixels.
            first_row: Row of the whole page that the first row is.
            smooth: Whether to look between the image's pixels; a coarse look may take the nearest.
        """
        return self.part(self.gray, 1, (0.0, first_row * step_mm), shape, step_mm, smooth=smooth)

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


def black_level(gray: Gray, found: Sequence[Found]) -> float:
    """Return the gray value of solid print on a page, from the black borders of its markers."""
    if not found:
        return 0.0
    corners = np.stack([f.corners_px for f in found])
    middle = corners.mean(1, keepdims=True)
    # Half a module in from the outer edge runs the middle of the border, one module of eight wide.
    ring = (middle + (corners - middle) * (1 - 1 / 8))[:, :, None]
    at = (ring + (ring[:, [1, 2, 3, 0]] - ring) * np.linspace(0.05, 0.95, 12)[:, None]).reshape(-1, 2).astype(int)
    inside = ((at >= 0) & (at < np.array(gray.shape[::-1]))).all(1)
    values = np.sort(gray[at[inside, 1], at[inside, 0]]).tolist()
    return (values[len(values) // 2] + values[(len(values) - 1) // 2]) / 2 if values else 0.0
