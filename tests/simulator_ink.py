"""Ink on the farm's paper: nibs, strokes, and what of each box is covered.

A stroke is drawn at three times the paper's resolution in a patch of its own, then laid onto the page. Beside the page
a `Surface` remembers, for each box that any ink touched, which part of its inside is covered: that is what tells a
cross from a fill, and a clear mark from one that a careful person would doubt, without a look at any picture.

Lengths are in mm, darkness from 0 (paper) to 1 (black).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray
from simulator_paper import PX, Pixels

from forms.layout import Field

FINE = 3
"""Strokes are drawn so many times finer than the paper."""

FINE_PX = FINE * PX
"""Pixels a mm of a stroke."""

LINE_MM = 0.3
"""Stroke of a box's outline; its inside begins there."""

GRAY = (0.114, 0.587, 0.299)
"""What blue, green and red weigh in gray light (ITU-R BT.601)."""

Points = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Nib:
    """What is written with.

    Attributes:
        name: Of the kind of pen.
        width: Of a stroke, mm.
        dark: Share of light that a full stroke swallows where its colour swallows most.
        colour: How much of blue, green and red it swallows, as parts of `dark`.
        grain: How far the paper's tooth shows through: 0 for ink, 0.6 for a soft pencil on rough paper.
        skips: Chance that a piece of a stroke of about 1 mm does not take.
        pressure: How far width and darkness vary along a stroke.
    """

    name: str
    width: float
    dark: float
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)
    grain: float = 0.0
    skips: float = 0.0
    pressure: float = 0.08


BLUE, BLACK, RED = (0.42, 0.86, 1.0), (1.0, 1.0, 1.0), (0.88, 0.95, 0.22)
"""Colours of ink: what they swallow of blue, green and red."""

NIBS = {
    "fine pencil": Nib("fine pencil", 0.38, 0.55, BLACK, 0.35, 0.0, 0.2),
    "soft pencil": Nib("soft pencil", 0.75, 0.36, BLACK, 0.5, 0.0, 0.25),
    "ballpoint blue": Nib("ballpoint blue", 0.42, 0.85, BLUE, 0.1, 0.025, 0.12),
    "ballpoint black": Nib("ballpoint black", 0.42, 0.85, BLACK, 0.1, 0.025, 0.12),
    "ballpoint red": Nib("ballpoint red", 0.45, 0.85, RED, 0.1, 0.02, 0.12),
    "gel blue": Nib("gel blue", 0.62, 0.92, BLUE, 0.0, 0.004, 0.06),
    "gel black": Nib("gel black", 0.62, 0.95, BLACK, 0.0, 0.004, 0.06),
    "fibre-tip": Nib("fibre-tip", 0.95, 0.9, BLACK, 0.05, 0.0, 0.1),
    "fibre-tip red": Nib("fibre-tip red", 0.95, 0.9, RED, 0.05, 0.0, 0.1),
    "felt tip": Nib("felt tip", 1.5, 0.93, BLACK, 0.04, 0.0, 0.07),
    "felt tip blue": Nib("felt tip blue", 1.4, 0.92, BLUE, 0.04, 0.0, 0.07),
}
"""The pens that people send sheets back with."""


@cache
def _tooth() -> NDArray[np.float32]:
    """Return the tooth of paper, 0 to 1, at the resolution of strokes: hills that take graphite, valleys that don't."""
    rough = np.random.default_rng(7).normal(size=(1024, 1024)).astype(np.float32)
    smooth = cv2.GaussianBlur(rough, (0, 0), 2.2)
    smooth = (smooth - smooth.mean()) / smooth.std()
    return np.asarray(np.clip(0.55 + 0.4 * smooth, 0, 1), np.float32)


@dataclass(slots=True, eq=False)
class Surface:
    """A page being written on.

    Attributes:
        image: The page: H × W, or H × W × 3 (blue, green, red).
        boxes: Its boxes.
        edges: Left, top, right and lower edge of each box's outside, mm.
        covered: What of a box's inside is covered, by the box's place in `boxes`; at the resolution of strokes.
    """

    image: Pixels
    boxes: Sequence[Field]
    edges: Points = field(init=False)
    covered: dict[int, NDArray[np.bool_]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        sides = [(b.x, b.y, b.x + b.w, b.y + b.h) for b in self.boxes]
        self.edges = np.array(sides, np.float64).reshape(-1, 4)

    def near(self, low: Points, high: Points) -> NDArray[np.intp]:
        """Return the boxes that a rectangle (corners in mm) touches."""
        e = self.edges
        hit = (e[:, 0] < high[0]) & (e[:, 2] > low[0]) & (e[:, 1] < high[1]) & (e[:, 3] > low[1])
        return np.flatnonzero(hit)

    def draw(self, paths: Sequence[Points], nib: Nib, rng: np.random.Generator, *, width: float | None = None) -> None:
        """Draw strokes, each N × 2 in mm, as one patch."""
        thick = width or nib.width
        every = np.concatenate(paths)
        limit = np.array([self.image.shape[1], self.image.shape[0]])
        first = np.clip(np.floor((every.min(0) - thick - 0.4) * PX).astype(int), 0, limit - 1)
        last = np.clip(np.ceil((every.max(0) + thick + 0.4) * PX).astype(int), first + 1, limit)
        size = (last - first) * FINE
        patch = np.zeros((size[1], size[0]), np.uint8)
        for path in paths:
            self._stroke(patch, (path * FINE_PX - first * FINE), nib, thick, rng)
        self._remember(patch, first)
        self._lay(patch, first, last, nib, rng)

    @staticmethod
    def _stroke(patch: Pixels, path: Points, nib: Nib, thick: float, rng: np.random.Generator) -> None:
        """Draw one stroke into a patch, in pieces of about a millimetre that differ in pressure."""
        pieces = max(1, len(path) // 6)
        bounds = np.linspace(0, len(path) - 1, pieces + 1).astype(int)
        press = 1 + nib.pressure * np.cumsum(rng.normal(0, 0.5, pieces)).clip(-1, 1)
        takes = rng.random(pieces) >= nib.skips
        at = np.round(path * 16).astype(np.int32)
        for n in range(pieces):
            if not takes[n] and pieces > 1:
                continue
            level = int(np.clip(255 * (1 - 0.5 * nib.pressure + 0.5 * (press[n] - 1)), 60, 255))
            wide = max(1, round(thick * FINE_PX * float(np.clip(press[n], 0.7, 1.2))))
            part = at[bounds[n] : bounds[n + 1] + 1]
            cv2.polylines(patch, [part], False, level, wide, cv2.LINE_8, 4)

    def _remember(self, patch: Pixels, first: NDArray[np.intp]) -> None:
        low = first / PX
        high = low + np.array(patch.shape[::-1]) / FINE_PX
        for n in self.near(low, high):
            box = self.boxes[n]
            side = round((box.w - 2 * LINE_MM) * FINE_PX)
            left, top = (round((v + LINE_MM) * FINE_PX - f * FINE) for v, f in ((box.x, first[0]), (box.y, first[1])))
            inside = self.covered.setdefault(int(n), np.zeros((side, side), np.bool_))
            x0, y0, x1, y1 = (
                max(left, 0),
                max(top, 0),
                min(left + side, patch.shape[1]),
                min(top + side, patch.shape[0]),
            )
            if x1 > x0 and y1 > y0:
                inside[y0 - top : y1 - top, x0 - left : x1 - left] |= patch[y0:y1, x0:x1] > 50

    def _lay(
        self, patch: Pixels, first: NDArray[np.intp], last: NDArray[np.intp], nib: Nib, rng: np.random.Generator
    ) -> None:
        """Lay a patch of ink onto the page: light passes print and ink one after the other."""
        cover = patch
        if nib.grain:
            tooth = _tooth()
            y, x = rng.integers(0, 1024, 2)
            rows, columns = (np.arange(n) + o for n, o in zip(patch.shape, (y, x), strict=True))
            paper = tooth[np.ix_(rows % 1024, columns % 1024)]
            cover = cv2.multiply(patch, 1 - nib.grain + nib.grain * paper, dtype=cv2.CV_8U)
        small = cv2.resize(cover, tuple(int(v) for v in last - first), interpolation=cv2.INTER_AREA)
        part = self.image[first[1] : last[1], first[0] : last[0]]
        if self.image.ndim == 2:
            part[:] = cv2.multiply(part, passed(small, nib.dark * float(np.dot(nib.colour, GRAY))), scale=1 / 255)
        else:
            lets = np.dstack([passed(small, nib.dark * c) for c in nib.colour])
            part[:] = cv2.multiply(part, lets, scale=1 / 255)

    def share(self, box: int) -> float:
        """Return which share of a box's inside is covered."""
        inside = self.covered.get(box)
        return 0.0 if inside is None else float(inside.mean())

    def gap_mm(self, box: int) -> float:
        """Return the width of the widest bare spot inside a box: that of the largest disc of paper."""
        inside = self.covered.get(box)
        if inside is None:
            return float(self.boxes[box].w)
        bare = np.pad(np.where(inside, 0, 255).astype(np.uint8), 1)
        return float(2 * cv2.distanceTransform(bare, cv2.DIST_L2, 3).max() / FINE_PX)


def passed(cover: Pixels, dark: float) -> Pixels:
    """Return what light a cover (0 to 255) lets through where its full darkness is `dark`."""
    return cv2.LUT(cover, np.round(255 - np.arange(256) * dark).astype(np.uint8))


def smooth(points: Points, step_mm: float = 0.18) -> Points:
    """Return a dense Catmull-Rom curve through points (N × 2, mm), about a point each `step_mm`."""
    padded = np.vstack([2 * points[0] - points[1], points, 2 * points[-1] - points[-2]])
    length = float(np.hypot(*np.diff(points, axis=0).T).sum())
    each = int(np.clip(length / step_mm / (len(points) - 1), 3, 60))
    t = np.linspace(0, 1, each, endpoint=False)[None, :, None]
    a, b, c, d = (padded[n : n + len(points) - 1, None, :] for n in range(4))
    curve = 0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3)
    return np.asarray(np.vstack([curve.reshape(-1, 2), points[-1:]]), np.float64)


def trembled(path: Points, amplitude: float, rng: np.random.Generator) -> Points:
    """Return a path as a hand trembles: two slow waves across it and a little unrest, amplitude in mm."""
    if amplitude <= 0:
        return path
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(path, axis=0).T))])
    shift = np.zeros_like(path)
    for axis in (0, 1):
        for wave in rng.uniform(1.3, 4.0, 2):
            shift[:, axis] += 0.6 * amplitude * np.sin(2 * np.pi * along / wave + rng.uniform(0, 2 * np.pi))
    return path + shift + rng.normal(0, 0.12 * amplitude, path.shape)
