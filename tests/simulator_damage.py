"""What happens to paper between the pen and the scanner: folds, rings, torn corners, stamps, smears, print-through.

Each function changes the paper in place (`MASTER_DPI` pixels, gray or blue-green-red) and draws all chance from one
generator. None of this is a mark: whatever it does, the truth of the boxes stays.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from simulator_ink import passed, smooth
from simulator_paper import PX, Pixels, blank, boxes, paper
from simulator_pen import FONT


@dataclass(slots=True, eq=False)
class Leaf:
    """A page on its way.

    Attributes:
        image: The paper as it is now.
        bare: The paper before anybody wrote on it, gray.
        name: Name of the paper.
        page: Number of the page.
        serial: Its serial.
        rng: All chance.
    """

    image: Pixels
    bare: Pixels
    name: str
    page: int
    serial: str
    rng: np.random.Generator


Damage = Callable[[Leaf], None]


def _multiply(image: Pixels, first: tuple[int, int], lets: Pixels) -> None:
    """Multiply part of a page with what a gray or coloured layer lets through; parts beyond the page are lost."""
    x, y = first
    x0, y0 = max(x, 0), max(y, 0)
    x1, y1 = min(x + lets.shape[1], image.shape[1]), min(y + lets.shape[0], image.shape[0])
    if x1 <= x0 or y1 <= y0:
        return
    layer = lets[y0 - y : y1 - y, x0 - x : x1 - x]
    if image.ndim == 2 and layer.ndim == 3:
        layer = cv2.cvtColor(layer, cv2.COLOR_BGR2GRAY)
    elif image.ndim == 3 and layer.ndim == 2:
        layer = cv2.merge([layer] * 3)
    part = image[y0:y1, x0:x1]
    part[:] = cv2.multiply(part, layer, scale=1 / 255)


def folded(leaf: Leaf) -> None:
    """Fold the page to A5 as a C5 envelope asks, or in three, mostly flattened again; toner cracks along the fold."""
    rng = leaf.rng
    places = [0.5] if rng.random() < 0.6 else [1 / 3, 2 / 3]
    if rng.random() < 0.3:
        places.append(float(rng.uniform(0.1, 0.9)))
    for place in places:
        at = (place * 297 + rng.normal(0, 1.5)) * PX
        tilt = rng.normal(0, 0.004) * leaf.image.shape[1]
        _crease(leaf, np.array([[0, at - tilt], [leaf.image.shape[1], at + tilt]]))
    if rng.random() < 0.4:
        at = rng.uniform(0.3, 0.7) * leaf.image.shape[1]
        _crease(leaf, np.array([[at, 0], [at + rng.normal(0, 15), leaf.image.shape[0]]]))


def crumpled(leaf: Leaf) -> None:
    """Crumple the page and smooth it out: creases in all directions."""
    high, wide = leaf.image.shape[:2]
    for _ in range(int(leaf.rng.integers(6, 16))):
        at, angle = leaf.rng.uniform(0, 1, 2) * [wide, high], leaf.rng.uniform(0, 2 * np.pi)
        along = leaf.rng.uniform(25, 110) * PX * np.array([np.cos(angle), np.sin(angle)])
        _crease(leaf, np.array([at - along / 2, at + along / 2]), strength=0.6)


def _crease(leaf: Leaf, ends: NDArray[np.float64], strength: float = 1.0) -> None:
    """Draw a crease: a dark flank beside a bright one, wavering, and toner that flaked off along it."""
    rng, image = leaf.rng, leaf.image
    t = np.linspace(0, 1, 40)[:, None]
    across = np.array([-(ends[1] - ends[0])[1], (ends[1] - ends[0])[0]])
    across = across / np.hypot(*across)
    path = ends[0] + (ends[1] - ends[0]) * t + across * np.cumsum(rng.normal(0, 0.5, (40, 1)), 0)
    low = np.maximum(path.min(0) - 20, 0).astype(int)
    high = np.minimum(path.max(0) + 20, [image.shape[1], image.shape[0]]).astype(int)
    if (high <= low).any():
        return
    part = image[low[1] : high[1], low[0] : high[0]]
    flanks = np.zeros(part.shape[:2], np.uint8)
    shadow = int(strength * 255 * rng.uniform(0.08, 0.4))
    for shift, level in ((0.0, shadow), (rng.uniform(2, 5), int(shadow * 0.4))):
        line = np.round(path - low + across * shift).astype(np.int32)
        cv2.polylines(flanks, [line], False, level, int(rng.integers(2, 6)), cv2.LINE_AA)
    _multiply(image, (int(low[0]), int(low[1])), passed(cv2.GaussianBlur(flanks, (0, 0), 1.2), 1.0))
    cracks = np.zeros(part.shape[:2], np.uint8)
    for n in np.flatnonzero(rng.random(39) < 0.5 * strength):
        a, b = (np.round(path[n + k] - low).astype(int) for k in (0, 1))
        cv2.line(
            cracks,
            tuple(map(int, a)),
            tuple(map(int, b)),
            int(rng.integers(60, 170)),
            int(rng.integers(1, 3)),
            cv2.LINE_AA,
        )
    part[:] = cv2.add(part, cracks if part.ndim == 2 else cv2.merge([cracks] * 3))


def ringed(leaf: Leaf) -> None:
    """Put a cup down once or twice: rings darker at the rim, not closed, with a drop or two beside."""
    for _ in range(int(leaf.rng.integers(1, 3))):
        _ring(leaf)


def _ring(leaf: Leaf) -> None:
    rng = leaf.rng
    scale = 4
    radius = rng.uniform(32, 45) * PX / scale
    size = int(2 * radius + 90)
    ys, xs = np.mgrid[0:size, 0:size].astype(np.float32) - size / 2
    angle = np.arctan2(ys, xs)
    waver = sum(rng.normal(0, 0.5) * np.sin(k * angle + rng.uniform(0, 6)) for k in (2, 3, 5, 8))
    off = np.hypot(xs, ys) - radius - waver
    width = rng.uniform(5, 11)
    rim = np.exp(-((off - width / 2) ** 2) / 3) + 0.7 * np.exp(-((off + width / 2) ** 2) / 4)
    within = 0.35 * (np.abs(off) < width / 2)
    gone = np.clip(0.6 + 0.7 * np.sin(angle + rng.uniform(0, 6)) + 0.25 * np.sin(4 * angle + rng.uniform(0, 6)), 0, 1)
    cover = (rim + within) * gone
    for _ in range(int(rng.integers(0, 6))):
        x, y = rng.uniform(-size / 2, size / 2, 2)
        spot = np.hypot(xs - x, ys - y) - rng.uniform(2, 9)
        cover = np.maximum(cover, 0.3 * (spot < 0) + 0.7 * np.exp(-(spot**2) / 2))
    cover *= rng.uniform(0.12, 0.4)
    colour = np.array([0.95, 0.7, 0.42])
    lets = np.clip(255 * (1 - np.clip(cover, 0, 1)[:, :, None] * colour), 0, 255).astype(np.uint8)
    lets = cv2.resize(lets, None, fx=scale, fy=scale, interpolation=cv2.INTER_LINEAR)
    high, wide = leaf.image.shape[:2]
    _multiply(leaf.image, (int(rng.integers(-300, wide - 500)), int(rng.integers(-200, high - 500))), lets)


def corner_lost(leaf: Leaf) -> None:
    """Tear one corner off, or fold it over: its marker is gone, the rest is whole."""
    a, b = leaf.rng.uniform(24, 46, 2) * PX
    left, top = leaf.rng.random(2) < 0.5
    _lose(leaf, (a, b), bool(left), bool(top))


def two_corners_lost(leaf: Leaf) -> None:
    """Lose two: both at the top pulled off a clipboard, one side's in a feeder, or a staple's and a dog-ear."""
    pairs = (((1, 1), (0, 1)), ((1, 1), (1, 0)), ((0, 1), (0, 0)), ((1, 1), (0, 0)), ((0, 1), (1, 0)))
    for left, top in pairs[int(leaf.rng.choice(len(pairs), p=[0.35, 0.15, 0.15, 0.25, 0.1]))]:
        a, b = leaf.rng.uniform(32, 46, 2) * PX
        _lose(leaf, (a, b), bool(left), bool(top))


def _lose(leaf: Leaf, size: tuple[float, float], left: bool, top: bool) -> None:
    """Tear a corner off, or fold it over, so far along the two edges, px."""
    rng = leaf.rng
    high, wide = leaf.image.shape[:2]
    a, b = size
    # The edge of a tear wavers; that of a fold is straight and throws a shadow.
    torn = rng.random() < 0.5
    steps = 24 if torn else 2
    t = np.linspace(0, 1, steps)
    edge = np.column_stack([t * a, (1 - t) * b])
    if torn:
        edge += np.cumsum(rng.normal(0, 2.2, edge.shape), 0)
    shape = np.vstack([edge, [[0.0, 0.0]]]) if not torn else np.vstack([edge, [[a, -9.0], [-9.0, -9.0], [-9.0, b]]])
    corner = np.array([0 if left else wide - 1, 0 if top else high - 1])
    points = np.round(corner + shape * [1 if left else -1, 1 if top else -1]).astype(np.int32)
    behind = int(rng.choice([255, 250, 235, 20, 60])) if torn else int(rng.integers(235, 256))
    cv2.fillPoly(leaf.image, [points], (behind,) * 3, cv2.LINE_AA)
    if not torn:
        line = np.round(corner + edge * [1 if left else -1, 1 if top else -1]).astype(np.int32)
        cv2.polylines(leaf.image, [line], False, (int(rng.integers(90, 200)),) * 3, 3, cv2.LINE_AA)


def stapled(leaf: Leaf) -> None:
    """Staple a corner through its marker, and leave the holes of an earlier staple."""
    rng = leaf.rng
    marker = paper(leaf.name).layout.markers[int(rng.integers(4))]
    at = (np.array([marker.x, marker.y]) + rng.uniform(0, 8, 2)) * PX
    turn = rng.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)])
    for shift, level, thick in ((np.zeros(2), int(rng.integers(120, 215)), 6), (rng.normal(0, 25, 2), 0, 0)):
        ends = [at + shift + s * along * 6 * PX for s in (-1, 1)]
        if thick:
            first, last = (tuple(int(v) for v in e) for e in ends)
            cv2.line(leaf.image, first, last, (60,) * 3, thick + 5, cv2.LINE_AA)
            cv2.line(leaf.image, first, last, (level,) * 3, thick, cv2.LINE_AA)
        for end in ends:
            cv2.circle(leaf.image, tuple(int(v) for v in end), 5, (70,) * 3, -1, cv2.LINE_AA)


def stamped(leaf: Leaf) -> None:
    """Stamp the day of arrival where there is room: at the top, at the foot, in a margin; never over a box."""
    rng = leaf.rng
    wide, high = int(rng.uniform(38, 55) * PX), int(rng.uniform(14, 20) * PX)
    stamp = Image.new("L", (wide, high), 0)
    pen = ImageDraw.Draw(stamp)
    pen.rectangle((4, 4, wide - 5, high - 5), outline=255, width=int(rng.integers(4, 9)))
    day = f"{rng.integers(1, 29):02d} {rng.choice(['MAR', 'APR', 'MAJ'])} 2027"
    for text, y, size in (("INKOM", 0.3, 0.32), (day, 0.68, 0.36)):
        font = ImageFont.truetype(FONT, round(high * size))
        pen.text((wide / 2, high * y), text, fill=255, font=font, anchor="mm")
    turned = np.asarray(stamp.rotate(float(rng.normal(0, 6)), expand=True), np.float32)
    patchy = cv2.resize(rng.uniform(0.35, 1.0, (7, 15)).astype(np.float32), turned.shape[::-1])
    patchy = patchy * (1 - 0.4 * (rng.random(turned.shape) < 0.25))
    cover = np.clip(turned * patchy * rng.uniform(0.55, 0.9), 0, 255).astype(np.uint8)
    colour = ((0.35, 0.8, 0.95), (0.9, 0.95, 0.25), (0.4, 0.9, 0.6), (1.0, 1.0, 1.0))[int(rng.integers(4))]
    lets = cv2.merge([passed(cover, c) for c in colour])
    at = _free_place(leaf, np.array(turned.shape[::-1]) / PX)
    if at is not None:
        _multiply(leaf.image, (round(at[0] * PX), round(at[1] * PX)), lets)


def _free_place(leaf: Leaf, size: NDArray[np.float64]) -> NDArray[np.float64] | None:
    """Return where something of a size (mm) touches no box and not the page code, or None."""
    kept = [(b.x, b.y, b.x + b.w, b.y + b.h) for b in boxes(leaf.name, leaf.page)]
    kept += [(c.x, c.y, c.x + c.size, c.y + c.size + 6) for c in paper(leaf.name).layout.codes if c.page == leaf.page]
    edges = np.array(kept)
    for attempt in range(30):
        at = leaf.rng.uniform([4, 4], [206 - size[0], 293 - size[1]])
        if attempt % 2:
            at[1] = leaf.rng.choice([leaf.rng.uniform(2, 14), leaf.rng.uniform(262, 292) - size[1] / 2])
        low, high = at - 0.8, at + size + 0.8
        hit = (edges[:, 0] < high[0]) & (edges[:, 2] > low[0]) & (edges[:, 1] < high[1]) & (edges[:, 3] > low[1])
        if not hit.any():
            return np.asarray(at, np.float64)
    return None


def shown_through(leaf: Leaf) -> None:
    """Let the back of the leaf show through: print and ink of another page, mirrored and pale."""
    rng = leaf.rng
    other = paper(leaf.name).layout.pages
    back = blank(leaf.name, leaf.page % other + 1, leaf.serial)
    for box in boxes(leaf.name, leaf.page % other + 1):
        # What is crossed on the back shows as well, pressed through by a ballpoint.
        if rng.random() < 0.25:
            x, y, w = box.x * PX, box.y * PX, box.w * PX
            for p, q in (((x, y), (x + w, y + w)), ((x + w, y), (x, y + w))):
                cv2.line(back, tuple(map(int, p)), tuple(map(int, q)), 20, int(rng.integers(5, 12)), cv2.LINE_AA)
    mirrored = cv2.flip(back, 1)
    pale = passed(255 - cv2.GaussianBlur(mirrored, (0, 0), 0.12 * PX), float(rng.uniform(0.06, 0.2)))
    shift = rng.normal(0, 8, 2)
    moved = cv2.warpAffine(pale, np.array([[1, 0, shift[0]], [0, 1, shift[1]]]), pale.shape[::-1], borderValue=255)
    _multiply(leaf.image, (0, 0), np.asarray(moved, np.uint8))


def smeared(leaf: Leaf) -> None:
    """Drag a hand over wet ink or soft pencil: pale smears that run from strokes to one side. Toner does not smear."""
    rng = leaf.rng
    high, wide = leaf.image.shape[:2]
    gray = cv2.cvtColor(leaf.image, cv2.COLOR_BGR2GRAY) if leaf.image.ndim == 3 else leaf.image
    ink = cv2.subtract(leaf.bare, gray)
    for _ in range(int(rng.integers(8, 20))):
        w, h = int(rng.uniform(15, 60) * PX), int(rng.uniform(5, 16) * PX)
        x, y = int(rng.integers(0, wide - w)), int(rng.integers(int(36 * PX), high - h - 200))
        long = int(rng.uniform(5, 18) * PX) | 1
        kernel = np.zeros((1, long), np.float32)
        kernel[0, : long // 2] = np.linspace(0, 1, long // 2)
        drawn = cv2.filter2D(ink[y : y + h, x : x + w], -1, (kernel / kernel.sum())[:, :: int(rng.choice([-1, 1]))])
        soft = cv2.GaussianBlur(drawn, (0, 0), 2.0)
        fade = np.sin(np.linspace(0, np.pi, h))[:, None] * rng.uniform(0.6, 2.0)
        cover = np.clip(soft * fade, 0, 255).astype(np.uint8)
        _multiply(leaf.image, (x, y), passed(cover, 1.0))
    for _ in range(int(rng.integers(0, 3))):
        # A thumb.
        x, y = int(rng.integers(0, wide - 200)), int(rng.integers(400, high - 300))
        ys, xs = np.mgrid[-1:1:260j, -1:1:190j]
        cover = np.clip(1.2 - np.hypot(xs, ys) * 1.3, 0, 1) * (0.6 + 0.4 * np.sin(np.hypot(xs, ys * 1.3) * 60))
        _multiply(leaf.image, (x, y), passed((cover * 255).astype(np.uint8), float(rng.uniform(0.04, 0.18))))


def hair_lines(leaf: Leaf) -> None:
    """Leave lines of a pen that was tried out or slipped in the margins."""
    rng = leaf.rng
    for _ in range(int(rng.integers(1, 4))):
        side = float(rng.choice([rng.uniform(4, 10), rng.uniform(196, 206)]))
        start = np.array([side, rng.uniform(40, 270)])
        path = smooth(start + np.cumsum(rng.normal(0, 2.2, (7, 2)), 0)) * PX
        cv2.polylines(leaf.image, [np.round(path).astype(np.int32)], False, (70,) * 3, 5, cv2.LINE_AA)


def every(damages: Sequence[Damage], *, most: int) -> Damage:
    """Return a damage that does one to `most` of several."""

    def several(leaf: Leaf) -> None:
        count = int(leaf.rng.integers(1, most + 1))
        for n in leaf.rng.permutation(len(damages))[:count]:
            damages[int(n)](leaf)

    return several
