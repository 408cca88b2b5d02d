"""Corner markers: where they are in an image, which page they name, and how black their print is.

Positions in an image are continuous: (0, 0) is the outer corner of the first pixel.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from omr.clearer import is_bare, other_looks
from omr.images import Gray

Floats = NDArray[np.float64]

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
    if look in (_Look.NEAR, _Look.COARSE):
        # At half the size a module has three pixels, and those at its edges are half another's.
        parameters.perspectiveRemoveIgnoredMarginPerCell = 0.25
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
    side = min(height, width, round(CORNER_SHARE * min(height, width))) // 2 * 2
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
    crop = gray[top : top + side, left : left + side]
    if look is _Look.NEAR:
        return _find_at_half(crop, (left, top), look, room_px=ROOM_PX)
    if look is _Look.COARSE:
        return _find_at_half(_bordered(crop), (left - ROOM_PX, top - ROOM_PX), look)
    return _find(crop, (left, top), look)


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
    """Find markers in a part of an image, whose first pixel is `at`."""
    corners, ids, _ = _detector(look).detectMarkers(_bordered(gray))
    return _found(np.concatenate(corners), ids, (at[0] - ROOM_PX, at[1] - ROOM_PX)) if corners else []


def _find_at_half(gray: Gray, at: tuple[int, int], look: _Look, *, room_px: int = 0) -> list[Found]:
    """Find markers at half the size: which marker it is shows there; where it is, only at the full one.

    Args:
        gray: A part of an image, an even number of pixels a side.
        at: Its first pixel.
        look: How closely.
        room_px: None is found where one is as near to an edge as this: it may be cut, or lack the white around it.
    """
    seen = cv2.resize(gray, None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    corners, ids, _ = _detector(look).detectMarkers(seen)
    if not corners:
        return []
    rough = 2 * np.concatenate(corners).reshape(-1, 2) + np.float32(0.5)
    if rough.min() < room_px or rough.max() > len(gray) - room_px:
        return []
    until = (cv2.TERM_CRITERIA_EPS + cv2.TERM_CRITERIA_COUNT, 30, 0.1)
    refined = cv2.cornerSubPix(gray, rough, (REFINE_PX, REFINE_PX), (-1, -1), until)
    return _found(np.asarray(refined).reshape(-1, 4, 2), ids, at)


def _bordered(gray: Gray) -> Gray:
    """Return pixels with white around: a marker at the very edge of an image has none."""
    return np.asarray(
        cv2.copyMakeBorder(gray, ROOM_PX, ROOM_PX, ROOM_PX, ROOM_PX, cv2.BORDER_CONSTANT, value=255), np.uint8
    )


def _found(corners: NDArray[np.generic], ids: NDArray[np.generic], at: tuple[int, int]) -> list[Found]:
    """Return the markers that OpenCV found in a part of an image, whose first pixel is `at`."""
    # Its whole numbers are the middles of pixels; ours are their outer corners.
    places = corners.astype(np.float64).reshape(-1, 4, 2) + np.array([at[0] + 0.5, at[1] + 0.5])
    return [Found(int(i), c) for i, c in zip(ids.ravel().tolist(), places, strict=True)]


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


def black_level(gray: Gray, found: Sequence[Found]) -> float:
    """Return the gray value of solid print on a page, from the black borders of its markers."""
    if not found:
        return 0.0
    at = (_border() @ np.stack([f.corners_px for f in found])).reshape(-1, 2).astype(int)
    inside = ((at >= 0) & (at < np.array(gray.shape[::-1]))).all(1)
    values = np.sort(gray[at[inside, 1], at[inside, 0]]).tolist()
    return (values[len(values) // 2] + values[(len(values) - 1) // 2]) / 2 if values else 0.0


@cache
def _border() -> Floats:
    """Return what a marker's corners are multiplied with for points along the middle of its black border: 48 × 4."""
    corners = np.eye(4)
    # Half a module in from the outer edge runs the middle of the border, one module of eight wide.
    ring = (0.25 + (corners - 0.25) * (1 - 1 / 8))[:, None]
    return np.asarray((ring + (ring[[1, 2, 3, 0]] - ring) * np.linspace(0.05, 0.95, 12)[:, None]).reshape(-1, 4))
