"""The phones of the farm: a page on a desk, photographed by hand from above.

A pinhole camera of 12 megapixels, 26 mm of an ordinary camera's focal length, held by a person: tilted, turned, not
quite in focus, in the light of a window or a lamp, over whatever else lies on the desk. Pictures are stored as the
sensor saw them; the EXIF orientation tells which side is up.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import MappingProxyType

import cv2
import numpy as np
from simulator_machines import A4_MM, Matrix, Scanned, noisy, tone, wave_maps
from simulator_paper import PX, Pixels

SENSOR = (4000, 3000)
"""Width and height of the sensor, pixels."""

FOCAL_PX = 26 / 43.27 * 5000
"""26 mm where the picture's diagonal is 43.27 mm, and 5000 pixels."""

COARSE = 16
"""Desk and light are drawn so many times coarser."""

ORIENTATION = MappingProxyType({0: 1, 1: 8, 2: 3, 3: 6})
"""EXIF orientation by the quarter turns, clockwise, that the upright picture was turned by to be stored."""

BLUR_UNUSABLE = 4.0
"""Blur in sensor pixels from which on a person would take the picture again."""


@dataclass(frozen=True, slots=True)
class Snap:
    """How a photo is taken.

    Attributes:
        tilt_deg: Standard deviation of tilt in both directions.
        turn_deg: Standard deviation of the turn in the picture.
        fill: Least and greatest part of the picture's height that the page takes.
        uneven: Light lost from one side of the page to the other.
        shadow: Darkness of the shadow of a hand or phone; 0: none.
        clutter: Number of other things on the desk.
        blur: Least and greatest blur by focus, sensor pixels.
        shake: Greatest length of a hand's shake, sensor pixels.
        waves_mm: How far paper that does not lie flat moves things.
        noise: Standard deviation of the sensor's noise.
    """

    tilt_deg: float = 5.0
    turn_deg: float = 2.5
    fill: tuple[float, float] = (0.78, 0.95)
    uneven: float = 0.2
    shadow: float = 0.0
    clutter: int = 2
    blur: tuple[float, float] = (0.5, 1.3)
    shake: float = 0.0
    waves_mm: float = 0.0
    noise: float = 3.0


def camera(snap: Snap, turns: int, rng: np.random.Generator) -> Matrix:
    """Return the matrix from mm on a flat page to pixels of the stored picture."""
    high = SENSOR[0] * rng.uniform(*snap.fill)
    away = FOCAL_PX * A4_MM[1] / high
    # The smaller side of the picture must hold the page's width as well.
    away = max(away, FOCAL_PX * A4_MM[0] / (SENSOR[1] * 0.94))
    pitch, roll = np.radians(np.clip(rng.normal(0, snap.tilt_deg, 2), -16, 16))
    turn = np.radians(np.clip(rng.normal(0, snap.turn_deg), -8, 8))
    around = np.array([[1, 0, 0], [0, np.cos(pitch), -np.sin(pitch)], [0, np.sin(pitch), np.cos(pitch)]])
    across = np.array([[np.cos(roll), 0, np.sin(roll)], [0, 1, 0], [-np.sin(roll), 0, np.cos(roll)]])
    flat = np.array([[np.cos(turn), -np.sin(turn), 0], [np.sin(turn), np.cos(turn), 0], [0, 0, 1.0]])
    pose = around @ across @ flat
    # A tilted page needs a little more room; a hand aims at its middle more or less.
    away *= 1 + 0.6 * float(np.abs([pitch, roll, turn]).max())
    place = np.column_stack([pose[:, 0], pose[:, 1], [rng.normal(0, 3), rng.normal(0, 3), away]])
    middle = np.array([[1, 0, -A4_MM[0] / 2], [0, 1, -A4_MM[1] / 2], [0, 0, 1.0]])
    upright = np.array([[FOCAL_PX, 0, SENSOR[1] / 2], [0, FOCAL_PX, SENSOR[0] / 2], [0, 0, 1.0]]) @ place @ middle
    size = SENSOR[1], SENSOR[0]
    for _ in range(turns):
        upright = np.array([[0, -1, size[1] - 1], [1, 0, 0], [0, 0, 1.0]]) @ upright
        size = size[1], size[0]
    return np.asarray(upright, np.float64)


def _desk(snap: Snap, size: tuple[int, int], corners: Matrix, rng: np.random.Generator) -> Pixels:
    """Return a desk with other things on it, and the shadow that the page throws."""
    small = (-(-size[0] // COARSE), -(-size[1] // COARSE))
    wood = ((60, 90, 130), (120, 150, 175), (70, 70, 75), (200, 205, 205), (35, 45, 60), (95, 75, 60))
    base = np.array(wood[int(rng.integers(len(wood)))], np.float32)
    grain: Pixels = cv2.GaussianBlur(rng.normal(0, 1, small[::-1]).astype(np.float32), (0, 0), sigmaX=30, sigmaY=0.9)
    grain = grain / max(1e-6, float(grain.std())) * rng.uniform(2, 9)
    desk = np.clip(base + grain[..., None], 5, 250)
    low: Pixels = np.ascontiguousarray(desk.astype(np.uint8))
    shadow = np.round(corners / COARSE + rng.uniform(-2, 3, 2)).astype(np.int32)
    left: Pixels = np.full(low.shape[:2], 255, np.uint8)
    cv2.fillPoly(left, [shadow], 105)
    left = cv2.GaussianBlur(left, (0, 0), 1.5)
    low = cv2.multiply(low, cv2.merge([left] * 3), scale=1 / 255)
    image = cv2.resize(low, size, interpolation=cv2.INTER_LINEAR)
    for _ in range(snap.clutter):
        _thing(image, rng)
    return image


def _thing(image: Pixels, rng: np.random.Generator) -> None:
    """Put another paper, a pen, a cup, a cable or a patterned cloth on the desk."""
    wide, high = image.shape[1::-1]
    at = rng.uniform(0, 1, 2) * [wide, high]
    turn = rng.uniform(0, np.pi)
    along = np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-along[1], along[0]])
    kind = int(rng.integers(5))
    colour = tuple(int(v) for v in rng.integers(10, 250, 3))
    if kind == 0:
        size = rng.uniform(500, 1500, 2)
        rim = [at + a * size[0] * along + b * size[1] * across for a, b in ((-1, -1), (1, -1), (1, 1), (-1, 1))]
        cv2.fillPoly(image, [np.round(rim).astype(np.int32)], (int(rng.integers(190, 250)),) * 3, cv2.LINE_AA)
        for line in np.linspace(-0.85, 0.85, 22):
            # Another paper with lines of print.
            first, last = at + line * size[1] * across - 0.8 * size[0] * along, at + line * size[1] * across
            ends = [tuple(int(v) for v in np.round(p)) for p in (first, last + rng.uniform(0, 0.8) * size[0] * along)]
            cv2.line(image, ends[0], ends[1], (90, 90, 90), 12, cv2.LINE_AA)
    elif kind == 1:
        ends = [tuple(int(v) for v in np.round(at + s * 850 * along)) for s in (-1, 1)]
        cv2.line(image, ends[0], ends[1], colour, int(rng.integers(60, 110)), cv2.LINE_AA)
    elif kind == 2:
        centre = (int(at[0]), int(at[1]))
        cv2.circle(image, centre, 480, colour, -1, cv2.LINE_AA)
        cv2.circle(image, centre, 420, (20, 35, 60), -1, cv2.LINE_AA)
    elif kind == 3:
        path = at + np.cumsum(np.cumsum(rng.normal(0, 22, (30, 2)), 0), 0)
        cv2.polylines(image, [np.round(path).astype(np.int32)], False, (25, 25, 25), 45, cv2.LINE_AA)
    else:
        step = int(rng.integers(90, 200))
        for n in range(9):
            for m in range(9):
                if (n + m) % 2:
                    corner = at + step * (n * along + m * across)
                    rim = [corner + step * (a * along + b * across) for a, b in ((0, 0), (1, 0), (1, 1), (0, 1))]
                    cv2.fillPoly(image, [np.round(rim).astype(np.int32)], colour)


def _light(snap: Snap, size: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """Return what is left of the light at each pixel, in three colours: a lamp's fall-off, a shadow's soft edge."""
    small = (-(-size[0] // COARSE), -(-size[1] // COARSE))
    ys, xs = np.mgrid[-1 : 1 : small[1] * 1j, -1 : 1 : small[0] * 1j].astype(np.float32)
    angle = rng.uniform(0, 2 * np.pi)
    along = (np.cos(angle) * xs + np.sin(angle) * ys + 1.4) / 2.8
    light = (1 - snap.uneven * along) * (1 - 0.12 * (xs**2 + ys**2))
    if snap.shadow:
        light *= 1 - snap.shadow * _hand(small, rng)
    warm = np.array([rng.uniform(0.78, 1.0), rng.uniform(0.94, 1.0), 1.0], np.float32)
    lets: Pixels = np.clip(255 * light[..., None] * warm, 0, 255).astype(np.uint8)
    grown: Pixels = cv2.resize(lets, size, interpolation=cv2.INTER_LINEAR)
    return grown


def _hand(small: tuple[int, int], rng: np.random.Generator) -> Pixels:
    """Return the shadow of a hand with a phone that reaches in from one side: 0 to 1, its edge soft."""
    mask = np.zeros(small[::-1], np.uint8)
    turn = rng.uniform(0, 2 * np.pi)
    inward = -np.array([np.cos(turn), np.sin(turn)])
    across = np.array([-inward[1], inward[0]])
    root = np.array(small) / 2 - inward * max(small) * rng.uniform(0.35, 0.55)
    reach, wide = max(small) * rng.uniform(0.3, 0.6), max(small) * rng.uniform(0.12, 0.25)
    rim = [root - across * wide, root + across * wide, root + inward * reach + across * wide * 0.8]
    rim.append(root + inward * reach - across * wide * 0.8)
    cv2.fillPoly(mask, [np.round(rim).astype(np.int32)], 255)
    for n in range(4):
        tip = root + inward * reach * rng.uniform(1.1, 1.3) + across * wide * (-0.6 + 0.4 * n)
        ends = [tuple(int(v) for v in np.round(p)) for p in (tip - inward * reach * 0.3, tip)]
        cv2.line(mask, ends[0], ends[1], 255, int(wide * 0.28))
    soft: Pixels = cv2.GaussianBlur(mask.astype(np.float32) / 255, (0, 0), float(rng.uniform(1.2, 7)))
    return soft


def photographed(snap: Snap) -> Callable[[Pixels, Matrix, np.random.Generator], tuple[Scanned, int, bool]]:
    """Return what photographs a page: picture with its matrix, EXIF orientation, and whether a person would use it."""

    def take(image: Pixels, measures: Matrix, rng: np.random.Generator) -> tuple[Scanned, int, bool]:
        turns = int(rng.choice([3, 1, 0, 2], p=[0.7, 0.12, 0.13, 0.05]))
        # The sensor's longer side is stored across; a picture that was held across shows the page across.
        stored = 1 if turns % 2 == 0 else 0
        matrix = camera(snap, turns + stored, rng) @ measures
        orientation = ORIENTATION[turns] if rng.random() < 0.9 else 1
        flat = matrix @ np.array([[0, A4_MM[0], A4_MM[0], 0], [0, 0, A4_MM[1], A4_MM[1]], [1, 1, 1, 1.0]])
        corners = (flat[:2] / flat[2]).T
        blur = float(rng.uniform(*snap.blur))
        scene = _desk(snap, SENSOR, corners, rng)
        page = tone(image, rng.uniform(215, 250), rng.uniform(18, 40))
        page = cv2.GaussianBlur(page, (0, 0), max(0.4, blur * PX / _scale(corners)))
        both = matrix @ np.array([[1 / PX, 0, 0.5 / PX], [0, 1 / PX, 0.5 / PX], [0, 0, 1.0]])
        if snap.waves_mm:
            maps = wave_maps(both, SENSOR, snap.waves_mm * rng.uniform(0.5, 1), rng)
            scene = cv2.remap(page, maps[0], maps[1], cv2.INTER_LINEAR, dst=scene, borderMode=cv2.BORDER_TRANSPARENT)
        else:
            scene = cv2.warpPerspective(page, both, SENSOR, dst=scene, borderMode=cv2.BORDER_TRANSPARENT)
        scene = cv2.multiply(scene, _light(snap, SENSOR, rng), scale=1 / 255)
        if snap.shake:
            scene = _shaken(scene, rng.uniform(0, snap.shake), rng)
        return Scanned(noisy(scene, snap.noise * rng.uniform(0.6, 1.4), rng), matrix), orientation, blur < BLUR_UNUSABLE

    return take


def _scale(corners: Matrix) -> float:
    """Return about how many sensor pixels a mm of the page has."""
    return float(np.hypot(*(corners[3] - corners[0])) / A4_MM[1])


def _shaken(image: Pixels, length: float, rng: np.random.Generator) -> Pixels:
    """Return a picture blurred along the way a hand shook, length in pixels."""
    if length < 1:
        return image
    size = 2 * int(np.ceil(length / 2)) + 1
    kernel = np.zeros((size, size), np.float32)
    angle = rng.uniform(0, np.pi)
    for t in np.linspace(-length / 2, length / 2, 4 * size):
        at = size // 2 + t * np.array([np.cos(angle), np.sin(angle)])
        kernel[round(at[1]), round(at[0])] += 1
    return cv2.filter2D(image, -1, kernel / kernel.sum())
