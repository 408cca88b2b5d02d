"""The pen of the simulator: marks, words and other ink on simulated paper. See `simulator.py`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum
from itertools import pairwise
from pathlib import Path
from typing import TypeAlias

import cv2
import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont

from forms.answers import Mark
from forms.layout import Field, FieldKind, Layout

DPI = 400
"""Resolution of the simulated paper."""

PX = DPI / 25.4
"""Pixels a mm of the simulated paper."""

Pixels: TypeAlias = NDArray[np.uint8]
Points: TypeAlias = NDArray[np.float64]

FONT = Path(__file__).parent.parent / "forms" / "fonts" / "AtkinsonHyperlegible-Regular.ttf"


class Style(StrEnum):
    """How a mark is made."""

    CROSS = "cross"
    TICK = "tick"
    SLASH = "slash"
    DOT = "dot"
    SCRIBBLE = "scribble"
    FILL = "fill"


CLEAR = (Style.CROSS, Style.TICK, Style.SLASH, Style.SCRIBBLE, Style.FILL)
"""Marks that a careful person would not doubt; a dot may be a resting pen."""


@dataclass(frozen=True, slots=True)
class Cross:
    """A mark in a box; Style.FILL withdraws."""

    question: str
    option: str
    style: Style = Style.CROSS


@dataclass(frozen=True, slots=True)
class Write:
    """Words in a text field: typed in a clear font, or as the wavy line that handwriting is to a machine."""

    question: str
    option: str | None = None
    text: str = "någonting"
    typed: bool = False


@dataclass(frozen=True, slots=True)
class Strike:
    """A line through an option's words."""

    question: str
    option: str


@dataclass(frozen=True, slots=True)
class Circle:
    """A ring around an option's words."""

    question: str
    option: str


@dataclass(frozen=True, slots=True)
class Note:
    """A few wavy words anywhere: page, and upper left corner in mm."""

    page: int
    x: float
    y: float
    length: float = 25.0


Action: TypeAlias = Cross | Write | Strike | Circle | Note


@dataclass(frozen=True, slots=True)
class Pen:
    """What is written with.

    Attributes:
        width: Of a stroke.
        dark: Darkness in gray light.
        colour: How much of red, green and blue it swallows at full darkness.
    """

    width: float = 0.55
    dark: float = 0.88
    colour: tuple[float, float, float] = (1.0, 1.0, 1.0)


BALLPOINT = Pen(0.45, 0.8, (1.0, 0.95, 0.55))
BLACK = Pen(0.55, 0.92)
GEL = Pen(0.7, 0.95, (1.0, 0.9, 0.5))
PENCIL = Pen(0.5, 0.5)
FELT_TIP = Pen(1.0, 0.95)
PENS = (BALLPOINT, BLACK, GEL, PENCIL, FELT_TIP)


@dataclass(frozen=True, slots=True)
class Hand:
    """Who writes.

    Attributes:
        pen: With what.
        off: How far marks are from where they should be, standard deviation.
        tremor: How far the line trembles.
        size: Size of marks as a part of the box.
        spread: How much that size varies.
    """

    pen: Pen = BLACK
    off: float = 0.25
    tremor: float = 0.04
    size: float = 1.0
    spread: float = 0.12


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """A page on paper.

    Attributes:
        layout: What it was printed from.
        number: Which page.
        printed: Gray pixels of the print at DPI.
        ink: How much ink lies on each pixel, 0 to 255.
        pen: With what.
    """

    layout: Layout
    number: int
    printed: Pixels
    ink: Pixels | None = None
    pen: Pen = field(default=BLACK)


def fill_in(page: Page, actions: Iterable[Action], hand: Hand, rng: np.random.Generator) -> Page:
    """Do on a page those of the actions that belong there."""
    ink = np.zeros_like(page.printed) if page.ink is None else page.ink.copy()
    canvas = _Canvas(ink, page.printed.copy(), hand, rng)
    for action in actions:
        _act(canvas, page, action)
    return replace(page, printed=canvas.printed, ink=ink, pen=hand.pen)


def truth(layout: Layout, actions: Iterable[Action]) -> dict[tuple[str, str], Mark]:
    """Return the state of every box of a sheet as a perfect reader sees it."""
    states = {(f.question, f.option or ""): Mark.EMPTY for f in layout.fields if f.kind is FieldKind.BOX}
    for action in actions:
        if isinstance(action, Cross):
            states[action.question, action.option] = Mark.FILLED if action.style is Style.FILL else Mark.CROSSED
    return states


@dataclass(slots=True)
class _Canvas:
    """Draws strokes with a hand."""

    ink: Pixels
    printed: Pixels
    hand: Hand
    rng: np.random.Generator

    def stroke(self, points: Points, width: float | None = None) -> None:
        """Draw a smooth line through points (N × 2, mm) that trembles."""
        path = _smooth(points)
        tremble = self.rng.normal(0, self.hand.tremor, path.shape)
        kernel = np.ones(7) / 7
        for axis in (0, 1):
            tremble[:, axis] = np.convolve(tremble[:, axis], kernel, "same") * 2
        thick = (width or self.hand.pen.width) * self.rng.uniform(0.9, 1.1)
        at = np.round((path + tremble) * PX * 16).astype(np.int32)
        level = round(255 * self.rng.uniform(0.9, 1.0))
        layer_box = _bounds(path, thick, self.ink.shape)
        layer = np.zeros_like(self.ink[layer_box])
        at = at - np.array([layer_box[1].start, layer_box[0].start], np.int32) * 16
        cv2.polylines(layer, [at], False, level, max(1, round(thick * PX)), cv2.LINE_AA, 4)
        self.ink[layer_box] = np.maximum(self.ink[layer_box], layer)


def _bounds(path: Points, thick: float, shape: tuple[int, ...]) -> tuple[slice, slice]:
    low = np.maximum(np.floor((path.min(0) - thick - 1) * PX), 0).astype(int)
    high = np.ceil((path.max(0) + thick + 1) * PX).astype(int)
    return slice(low[1], max(low[1] + 1, min(high[1], shape[0]))), slice(
        low[0], max(low[0] + 1, min(high[0], shape[1]))
    )


def _smooth(points: Points) -> Points:
    """Return a dense Catmull-Rom curve through points."""
    if len(points) == 2:
        return np.asarray(points[0] + (points[1] - points[0]) * np.linspace(0, 1, 24)[:, None], np.float64)
    padded = np.vstack([points[:1], points, points[-1:]])
    t = np.linspace(0, 1, 9)[:-1, None]
    parts = []
    for a, b, c, d in zip(padded, padded[1:], padded[2:], padded[3:], strict=False):
        parts.append(0.5 * (2 * b + (c - a) * t + (2 * a - 5 * b + 4 * c - d) * t**2 + (3 * b - a - 3 * c + d) * t**3))
    return np.vstack([*parts, points[-1:]])


def _act(canvas: _Canvas, page: Page, action: Action) -> None:
    if isinstance(action, Note):
        if action.page == page.number:
            _scrawl(canvas, action.x, action.y, action.length)
        return
    kind = {Cross: FieldKind.BOX, Write: FieldKind.TEXT}.get(type(action), FieldKind.WORDS)
    here = _find(page, action.question, action.option, kind)
    if here is None:
        return
    match action:
        case Cross(style=style):
            _mark(canvas, here, style)
        case Write(text=text, typed=True):
            _type(canvas, here, text)
        case Write(text=text):
            _scrawl(canvas, here.x + 3, here.y + min(here.h, 9) / 2, min(here.w - 6, 2.5 * len(text)))
        case Strike():
            _strike(canvas, here)
        case Circle():
            _circle(canvas, here)


def _find(page: Page, question: str, option: str | None, kind: FieldKind) -> Field | None:
    """Return a field if it is on this page; KeyError where the layout has none at all."""
    every = [f for f in page.layout.fields if f.kind is kind and (f.question, f.option) == (question, option)]
    if not every:
        raise KeyError(f"no {kind} for {question}.{option}")
    return next((f for f in every if f.page == page.number), None)


def _mark(canvas: _Canvas, box: Field, style: Style) -> None:
    """Make a mark in a box."""
    rng, hand = canvas.rng, canvas.hand
    middle = np.array([box.x + box.w / 2, box.y + box.h / 2])
    size = box.w / 2 * hand.size * float(np.clip(rng.normal(1, hand.spread), 0.65, 1.45))
    # A fill aims at the whole box, whatever the hand's marks are like, and misses by less than a mark does.
    off = np.clip(rng.normal(0, hand.off, 2), -2.5 * hand.off, 2.5 * hand.off)
    wobble = rng.normal(0, 0.1, (8, 2)) * size
    if style is Style.FILL:
        _fill(canvas, middle + 0.3 * off, box.w / 2)
        return
    middle = middle + off
    shapes: Mapping[Style, list[Points]] = {
        Style.CROSS: [np.array([[-1, -1], [0.1, 0], [1, 1]]), np.array([[1, -1], [0, -0.1], [-1, 1]])],
        Style.TICK: [np.array([[-0.8, 0], [-0.2, 0.8], [1.1, -1.1]])],
        Style.SLASH: [np.array([[0.95, -1], [0, 0.1], [-0.95, 1]])],
        Style.DOT: [np.array([[-0.1, 0], [0.1, 0.12], [0.05, -0.1], [-0.1, 0.05]])],
        Style.SCRIBBLE: [_zigzag(size, hand.pen.width)],
    }
    for shape in shapes[style]:
        shake = np.resize(wobble, shape.shape) if style is not Style.DOT else 0 * shape
        canvas.stroke(middle + shape * size + shake, hand.pen.width * (2.0 if style is Style.DOT else 1.0))


def _zigzag(size: float, width: float) -> Points:
    """Return a scribble to and fro, in parts of the box's half; a broad pen goes fewer times, so that paper shows."""
    turns = int(np.clip(round(1.3 * size / (3.2 * width)), 1, 4))
    ys = np.linspace(-0.65, 0.65, 2 * turns + 1)
    return np.column_stack([np.where(np.arange(len(ys)) % 2, 0.65, -0.7), ys])


def _fill(canvas: _Canvas, middle: Points, half: float) -> None:
    """Cover a box all over: to and fro, mostly once more across; more or less over the edge, more or less dense."""
    rng = canvas.rng
    step = canvas.hand.pen.width * rng.uniform(0.55, 0.8)
    inset = rng.uniform(-0.25, 0.3) + canvas.hand.pen.width / 2
    rows = np.arange(-half + inset, half - inset + 0.05, step)
    for turned in (False, True) if rng.random() < 0.75 else (False,):
        zigzag = []
        for n, y in enumerate(rows):
            ends = (-half + inset, half - inset) if n % 2 == 0 else (half - inset, -half + inset)
            zigzag += [[ends[0], y], [ends[1], y]]
        path = np.array(zigzag)[:, ::-1] if turned else np.array(zigzag)
        for a, b in pairwise(path):
            canvas.stroke(middle + np.array([a, b]) + rng.normal(0, 0.05, (2, 2)))


def _scrawl(canvas: _Canvas, x: float, y: float, length: float) -> None:
    """Write wavy words of about 4 mm height."""
    at = x
    while at < x + length - 3:
        word = min(float(canvas.rng.uniform(6, 14)), x + length - at)
        steps = max(4, int(word / 0.9))
        xs = at + np.linspace(0, word, steps) + canvas.rng.normal(0, 0.3, steps)
        ys = y + canvas.rng.uniform(-1.9, 1.9, steps)
        canvas.stroke(np.column_stack([xs, ys]))
        at += word + 2.5


def _type(canvas: _Canvas, field: Field, text: str) -> None:
    font = ImageFont.truetype(FONT, round(4.4 * PX))
    image = Image.fromarray(canvas.printed)
    at = round((field.x + 2.5) * PX), round((field.y + min(field.h, 10.0) / 2) * PX)
    ImageDraw.Draw(image).text(at, text, fill=20, font=font, anchor="lm")
    canvas.printed[:] = np.asarray(image, np.uint8)


def _strike(canvas: _Canvas, words: Field) -> None:
    y = words.y + words.h / 2 + canvas.rng.normal(0, 0.3)
    ends = [[words.x - 1.0, y + canvas.rng.normal(0, 0.3)], [words.x + words.w + 1.0, y + canvas.rng.normal(0, 0.3)]]
    canvas.stroke(np.array(ends))


def _circle(canvas: _Canvas, words: Field) -> None:
    turn = np.linspace(0, 2.2 * np.pi, 26)
    middle = np.array([words.x + words.w / 2, words.y + words.h / 2])
    radius = np.array([words.w / 2 + 1.8, words.h / 2 + 0.9])
    canvas.stroke(middle + np.column_stack([np.cos(turn), np.sin(turn)]) * radius)
