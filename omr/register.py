"""Markers to where the page lies in the image: first as a whole, then box by box on the printed outlines.

Positions in an image are continuous: (0, 0) is the outer corner of the first pixel. The page lies where a matrix from
mm to working pixels says; each box may then lie a little off that, because paper bends and feeders slip.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from forms.layout import Marker
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

ROOM_PX = 12
"""White border laid around what is searched for markers."""

STEP_MM = 0.125
"""Distance of two samples in a box's patch."""

SEARCH_MM = 1.5
"""How far from where the markers put it a box's outline is looked for: half of the least distance of two boxes."""

LINE_MM = 0.35
"""Width of a box's printed outline."""


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
        return _apply(self.matrix, points_mm)

    def to_mm(self, points_px: Floats) -> Floats:
        """Map points in the image, … × 2 in working pixels, to mm on paper."""
        return _apply(np.asarray(np.linalg.inv(self.matrix), np.float64), points_px)

    @property
    def px_per_mm(self) -> float:
        """Working pixels a mm at the middle of an A4 page, mean of both directions."""
        across, down = self._steps()
        return float((np.hypot(*across) + np.hypot(*down)) / 2)

    @property
    def rotation_deg(self) -> float:
        """How far the page is turned, clockwise, 0 to under 360."""
        across, _ = self._steps()
        return float(np.degrees(np.arctan2(across[1], across[0])) % 360.0)

    def _steps(self) -> tuple[Floats, Floats]:
        middle = np.array([[105.0, 148.5], [106.0, 148.5], [105.0, 149.5]])
        at = self.to_px(middle)
        return at[1] - at[0], at[2] - at[0]


def _apply(matrix: Floats, points: Floats) -> Floats:
    flat = points.reshape(-1, 2) @ matrix[:, :2].T + matrix[:, 2]
    return np.asarray((flat[:, :2] / flat[:, 2:]).reshape(points.shape), np.float64)


@cache
def _detector(wide: bool) -> cv2.aruco.ArucoDetector:
    """Return a detector that knows only the ids in use: fewer to compare with, fewer to mistake something for."""
    whole = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    used = cv2.aruco.Dictionary(whole.bytesList[:MARKER_IDS], whole.markerSize, whole.maxCorrectionBits)
    parameters = cv2.aruco.DetectorParameters()
    parameters.adaptiveThreshWinSizeMin = 15
    parameters.adaptiveThreshWinSizeMax = 51 if wide else 39
    parameters.adaptiveThreshWinSizeStep = 12 if wide else 24
    parameters.minMarkerPerimeterRate = 0.04 if wide else 0.25
    parameters.maxMarkerPerimeterRate = 1.5
    parameters.cornerRefinementMethod = cv2.aruco.CORNER_REFINE_SUBPIX
    parameters.cornerRefinementWinSize = 4
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
            found += _find(gray[top : top + side, left : left + side], (left, top), wide=False)
    unique = _once(found)
    if len(unique) >= 3 or any(f.id in SIGN_UP_IDS for f in unique):
        return unique
    return _once(_find(gray, (0, 0), wide=True)) or unique


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


def _find(gray: Gray, at: tuple[int, int], wide: bool) -> list[Found]:
    # A marker at the very edge of an image has no white around it; a white border gives it some.
    gray = np.asarray(cv2.copyMakeBorder(gray, ROOM_PX, ROOM_PX, ROOM_PX, ROOM_PX, cv2.BORDER_CONSTANT, value=255))
    corners, ids, _ = _detector(wide).detectMarkers(gray)
    if not corners:
        return []
    # OpenCV's whole numbers are the middles of pixels; ours are their outer corners.
    shift = np.array(at, np.float64) - ROOM_PX + 0.5
    return [
        Found(int(i), c.reshape(4, 2).astype(np.float64) + shift) for i, c in zip(ids.ravel(), corners, strict=True)
    ]


def _once(found: Iterable[Found]) -> tuple[Found, ...]:
    """Keep each marker once; the corner crops of a small image may overlap, a copy of a marker is no marker."""
    kept: dict[int, Found | None] = {}
    for one in found:
        before = kept.get(one.id, one)
        same = before is not None and bool(np.abs(before.corners_px.mean(0) - one.corners_px.mean(0)).max() < 8)
        kept[one.id] = before if same else None
    return tuple(f for _, f in sorted(kept.items()) if f is not None)


def page_of(found: Sequence[Found]) -> int | None:
    """Return the page that the markers name; None where there are none or they name several."""
    pages = {f.id // 4 + 1 for f in found}
    return pages.pop() if len(pages) == 1 else None


def register(found: Sequence[Found], markers: Sequence[Marker], worst_mm: float) -> Registration | None:
    """Fit the page to its markers.

    A scanner's page is an affine image of the paper; four markers that fit one badly are fitted by a homography, and
    if that is bad too, one marker may be wrong and is left out.

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
    paper = np.stack([_corners_mm(at[f.id]) for f in used])
    image = np.stack([f.corners_px for f in used])
    fits = [_affine(paper, image)]
    if fits[0].residual_mm > worst_mm / 3 and len(used) == 4:
        fits.append(_homography(paper, image))
        fits += [_affine(np.delete(paper, i, 0), np.delete(image, i, 0)) for i in range(4)]
        # A homography has fewer points to spare than an affine fit, and three markers fewer than four: the plainer
        # fit stands unless another is clearly better.
        fits[1:] = [replace(f, residual_mm=1.5 * f.residual_mm) for f in fits[1:]]
    best = min(fits, key=lambda f: f.residual_mm)
    return best if best.residual_mm <= worst_mm and _is_page(best) else None


def _corners_mm(marker: Marker) -> Floats:
    x, y, s = marker.x, marker.y, marker.size
    return np.array([[x, y], [x + s, y], [x + s, y + s], [x, y + s]])


def _affine(paper: Floats, image: Floats) -> Registration:
    points = np.column_stack([paper.reshape(-1, 2), np.ones(paper.size // 2)])
    solution, *_ = np.linalg.lstsq(points, image.reshape(-1, 2), rcond=None)
    matrix = np.vstack([solution.T, [0.0, 0.0, 1.0]])
    return _judged(matrix, paper, image)


def _homography(paper: Floats, image: Floats) -> Registration:
    matrix, _ = cv2.findHomography(paper.reshape(-1, 2), image.reshape(-1, 2), 0)
    return _judged(np.asarray(matrix, np.float64), paper, image)


def _judged(matrix: Floats, paper: Floats, image: Floats) -> Registration:
    registration = Registration(matrix, 0.0, len(paper))
    off_px = np.hypot(*(registration.to_px(paper) - image).reshape(-1, 2).T)
    return replace(registration, residual_mm=float(np.sqrt(np.mean(off_px**2)) / registration.px_per_mm))


def _is_page(registration: Registration) -> bool:
    """Tell whether the fit could be a flat page: not mirrored, hardly slanted, hardly stretched."""
    across, down = registration._steps()
    long, short = np.hypot(*across), np.hypot(*down)
    turn = across[0] * down[1] - across[1] * down[0]
    return bool(0.9 < long / short < 1.11 and turn / (long * short) > 0.99)


@dataclass(frozen=True, slots=True, eq=False)
class Laid:
    """An image and where the page lies in it.

    Attributes:
        gray: The image.
        page: Where the page lies.
        black: Gray value of solid print on this page.
    """

    gray: Gray
    page: Registration
    black: float


def black_level(gray: Gray, found: Sequence[Found]) -> float:
    """Return the gray value of solid print on a page, from the black borders of its markers."""
    values = []
    for marker in found:
        middle = marker.corners_px.mean(0)
        # Half a module in from the outer edge runs the middle of the border, one module of eight wide.
        ring = middle + (marker.corners_px - middle) * (1 - 1 / 8)
        for a, b in zip(ring, np.roll(ring, -1, axis=0), strict=True):
            at = (a + (b - a) * np.linspace(0.05, 0.95, 12)[:, None]).astype(int)
            inside = (at >= 0).all(1) & (at < np.array(gray.shape[::-1])).all(1)
            values.append(gray[at[inside, 1], at[inside, 0]])
    together = np.concatenate(values) if values else np.zeros(1, np.uint8)
    return float(np.median(together)) if together.size else 0.0


def sample(laid: Laid, origins_mm: Floats, shape: tuple[int, int], step_mm: float) -> Floats32:
    """Take equally large upright patches out of the image, all in one step.

    Args:
        laid: The image and where the page lies in it.
        origins_mm: Upper left corners on paper, N × 2.
        shape: Rows and columns of a patch.
        step_mm: Distance of two samples.

    Returns:
        N × rows × columns gray values; paper beyond the image's edge repeats the edge.
    """
    rows, columns = shape
    # Within a patch the page is taken as even: over 10 mm a homography bends by nothing that could be measured.
    corners = origins_mm[:, None] + np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]])
    start, right, down = laid.page.to_px(corners).transpose(1, 0, 2).astype(np.float32)
    right, down = (right - start) * np.float32(step_mm), (down - start) * np.float32(step_mm)
    xs, ys = np.arange(columns, dtype=np.float32) + 0.5, np.arange(rows, dtype=np.float32) + 0.5
    rowwise = (start - 0.5)[:, None] + ys[None, :, None] * down[:, None]
    at = rowwise[:, :, None] + xs[None, None, :, None] * right[:, None, None]
    flat = np.ascontiguousarray(at.reshape(len(origins_mm) * rows, columns, 2), np.float32)
    # remap takes at most 32,767 rows; a page has some hundred boxes of some seventy rows.
    parts = [
        cv2.remap(laid.gray, part[..., 0], part[..., 1], cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
        for part in np.array_split(flat, len(flat) // 30000 + 1)
    ]
    return np.concatenate(parts).reshape(len(origins_mm), rows, columns).astype(np.float32)


@dataclass(frozen=True, slots=True)
class Places:
    """Where boxes really stand.

    Attributes:
        shift_mm: How far each box is from where the markers put it, N × 2.
        outline: How clearly its printed outline was found there, N: 1 black on white, 0 not at all.
        sure: Whether the box stands where its own outline is, or where those of at least three neighbours put it
            without its own speaking against it, N.
        scatter_mm: Root mean square distance of the outlines from an even shift, stretch and slant of the page.
        even: 3 × 3, mm to mm: that even shift, stretch and slant, to be applied before the page's own matrix.
    """

    shift_mm: Floats
    outline: Floats
    sure: NDArray[np.bool_]
    scatter_mm: float
    even: Floats

    def boxes(self, boxes_mm: Floats) -> Floats:
        """Return boxes, N × 4, moved to where they really stand."""
        return np.column_stack([boxes_mm[:, :2] + self.shift_mm, boxes_mm[:, 2:]])

    def page(self, page: Registration) -> Registration:
        """Return where the page lies by markers and outlines together."""
        return replace(page, matrix=np.asarray(page.matrix @ self.even, np.float64))


FOUND = 0.3
"""Least clearness of an outline that counts as found; a clean one has 0.6 to 1."""

FAR_MM = 1.0
"""An outline this far from where its neighbours put it is something else: paper that waves by 0.6 mm shifts one row
against the next by less."""


def place_boxes(laid: Laid, boxes_mm: Floats) -> Places:
    """Find each box on its printed outline.

    Args:
        laid: The image and where the page lies in it.
        boxes_mm: Boxes, N × 4: x, y, w, h.

    Returns:
        Their places. A box whose outline can't be found gets the shift of the page around it.
    """
    if len(boxes_mm) == 0:
        return Places(np.zeros((0, 2)), np.zeros(0), np.zeros(0, np.bool_), 0.0, np.eye(3))
    shift = np.zeros((len(boxes_mm), 2))
    clear = np.zeros(len(boxes_mm))
    for size in np.unique(boxes_mm[:, 2:], axis=0):
        same = np.flatnonzero((boxes_mm[:, 2:] == size).all(1))
        shift[same], clear[same] = _outlines(laid, boxes_mm[same])
    return _agree(boxes_mm, shift, clear)


def _outlines(laid: Laid, boxes_mm: Floats) -> tuple[Floats, Floats]:
    """Return shift and clearness of boxes of one size."""
    around = SEARCH_MM + 0.75
    w, h = boxes_mm[0, 2:]
    shape = round((h + 2 * around) / STEP_MM), round((w + 2 * around) / STEP_MM)
    patches = sample(laid, boxes_mm[:, :2] - around, shape, STEP_MM)
    white = np.percentile(patches, 85, axis=(1, 2), keepdims=True)
    dark = np.clip((white - patches) / np.maximum(white - laid.black, 40), 0, 1)
    # Along each axis the mean over the middle of the box shows its two lines as two peaks, whatever is inside. The
    # first pass looks over the whole search range, the second along the row and column that the first found.
    shift_x, _ = _two_lines(dark.mean(1), w, around)
    shift_y, clear_y = _two_lines(_across(dark, shift_x, w, around), h, around)
    shift_x, clear_x = _two_lines(_across(dark.transpose(0, 2, 1), shift_y, h, around), w, around)
    return np.column_stack([shift_x, shift_y]), np.minimum(clear_x, clear_y)


def _across(dark: NDArray[np.float32], shift_mm: Floats, size_mm: float, around_mm: float) -> Floats32:
    """Return the mean of each row over the columns that lie well inside the box, N × rows."""
    columns = dark.shape[2]
    at = (np.arange(columns) + 0.5) * STEP_MM - around_mm
    inside = (at[None] - shift_mm[:, None] > 0.8) & (at[None] - shift_mm[:, None] < size_mm - 0.8)
    weight = inside / inside.sum(1, keepdims=True)
    return np.asarray(np.einsum("nrc,nc->nr", dark, weight.astype(np.float32)), np.float32)


def _two_lines(profile: Floats32, size_mm: float, around_mm: float) -> tuple[Floats, Floats]:
    """Find two dark lines at a distance of a box's size.

    Returns:
        Shift of the box, mm, and clearness, one each a profile.
    """
    shifts = np.arange(-SEARCH_MM, SEARCH_MM + 1e-9, STEP_MM / 2)
    at = (np.arange(profile.shape[1]) + 0.5) * STEP_MM - around_mm
    line = np.zeros((len(shifts), len(at)), np.float32)
    outer = np.zeros_like(line)
    for edge, out in ((LINE_MM / 2, -1), (size_mm - LINE_MM / 2, 1)):
        off = at[None] - shifts[:, None] - edge
        line += np.clip(1 - np.abs(off) / 0.3, 0, None) / (0.3 / STEP_MM) / 2
        beside = off * out
        outer += ((beside > 0.35) & (beside < 0.75)) / (0.4 / STEP_MM) / 2
    score = profile @ (line - 0.8 * outer).T
    best = score.argmax(1)
    rows = np.arange(len(profile))
    inner = np.clip(best, 1, len(shifts) - 2)
    before, top, after = score[rows, inner - 1], score[rows, inner], score[rows, inner + 1]
    bend = before - 2 * top + after
    fine = np.where(bend < -1e-6, 0.5 * (before - after) / np.minimum(bend, -1e-6), 0.0)
    shift = shifts[inner] + np.clip(fine, -1, 1) * (STEP_MM / 2)
    return shift.astype(np.float64), score[rows, best].astype(np.float64)


def _agree(boxes_mm: Floats, shift: Floats, clear: Floats) -> Places:
    """Let neighbours correct the boxes whose outline is hidden or was mistaken."""
    good = clear >= FOUND
    middle = boxes_mm[:, :2] + boxes_mm[:, 2:] / 2
    if good.sum() < 3:
        # A page of one or two boxes: their own outlines are all there is.
        return Places(np.where(good[:, None], shift, 0.0), clear, good, 0.0, np.eye(3))
    common = np.median(shift[good], axis=0)
    near = np.hypot(*(middle[:, None] - middle[None]).transpose(2, 0, 1))
    settled, sure = shift.copy(), good.copy()
    for i in range(len(boxes_mm)):
        others = np.flatnonzero(good & (np.arange(len(good)) != i))
        closest = others[np.argsort(near[i, others])[:6]]
        expected = np.median(shift[closest], axis=0) if len(closest) >= 3 else common
        if not good[i] or np.hypot(*(shift[i] - expected)) > FAR_MM:
            settled[i] = expected
            # An outline that is clear but elsewhere is a witness against the neighbours: a person decides.
            sure[i] = len(closest) >= 3 and not good[i]
    even = _even(middle[good], settled[good])
    off = middle[good] + settled[good] - _apply(even, middle[good])
    return Places(settled, clear, sure, float(np.sqrt(np.mean(np.sum(off**2, axis=1)))), even)


def _even(middle: Floats, shift: Floats) -> Floats:
    """Fit an even shift, stretch and slant to the shifts of boxes; where they are few or in a row, a shift only."""
    spread = np.ptp(middle, axis=0)
    matrix = np.eye(3)
    if len(middle) < 8 or spread.min() < 40:
        matrix[:2, 2] = np.median(shift, axis=0)
        return matrix
    design = np.column_stack([middle, np.ones(len(middle))])
    matrix[:2] += np.linalg.lstsq(design, shift, rcond=None)[0].T
    return matrix
