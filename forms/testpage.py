"""The printer test page: tells whether a printer scales, cuts off or runs out of black.

It has markers and a code of its own kind. Where everything stands is the same in every language, so that a scan can be
measured without knowing which it was; see `omr.testpage`.
"""

from __future__ import annotations

import tomllib
from collections.abc import Iterator
from dataclasses import replace
from functools import cache
from pathlib import Path

from forms.compose import Sheet
from forms.corners import PAGE_MM, corner_markers, page_code_place
from forms.drawing import Draw, Frame, Words, sample_box
from forms.layout import Field, FieldKind, Layout, Rectangle
from forms.markers import TEST_PAGE_FIRST
from forms.model import Text, fallbacks
from forms.typeface import BOLD, MM_PER_PT, REGULAR, baseline_mm, cap_mm, width_mm, wrap

DEFINITION = Path(__file__).parent / "extras" / "test-page.toml"
"""What it says."""

NAME = "test-page"
"""Stands for the instrument: it has none."""

RULER_MM = 100.0
"""Length of both lines to be measured."""

EDGE_MM = (3, 4, 5, 6, 8, 10)
"""How far the short lines at each edge of the page are from it."""

EDGE_LINE_MM = (7.0, 0.4)
"""Length and width of a short line at an edge."""

_EDGE_STEP_MM = 9.0
_ACROSS_MM, _DOWN_MM = 30.0, 90.0
"""Where the short lines begin: those at the upper and lower edge from the left, those at the sides from the top."""

PATCH_MM = (20.0, 185.5, 40.0, 12.0)
"""The field that must be evenly black: x, y, width, height."""

BOX_MM = 4.5
_BOX_LINE_MM = 0.3
SAMPLES = ("cross", "fill", "empty")
"""Boxes that are printed crossed, filled and empty."""

PEN = ("pen-cross", "pen-fill")
"""Boxes that whoever tries a pen crosses and fills."""

_SAMPLE_Y, _PEN_Y = 235.0, 246.5
_BOXES_MM = (
    *((name, 20.0 + 55.0 * n, _SAMPLE_Y) for n, name in enumerate(SAMPLES)),
    *((name, 20.0 + 85.0 * n, _PEN_Y) for n, name in enumerate(PEN)),
)
_TEXT_PT, _TITLE_PT, _HEAD_PT = 12.0, 23.0, 13.5
_LEFT_MM, _RIGHT_MM = 20.0, 190.0
_STEP_MM = _TEXT_PT * 1.25 * MM_PER_PT
_RULER_X, _RULER_Y = 20.0, 84.0
_UPRIGHT_X, _UPRIGHT_Y = 180.0, 77.0


def edge_lines() -> Iterator[tuple[int, int, Rectangle]]:
    """Yield the short lines at the edges: edge (0 top, 1 right, 2 bottom, 3 left), distance in mm, and where it is."""
    long, thick = EDGE_LINE_MM
    width, height = PAGE_MM
    for n, away in enumerate(EDGE_MM):
        across, down = _ACROSS_MM + n * _EDGE_STEP_MM, _DOWN_MM + n * _EDGE_STEP_MM
        near = away - thick / 2
        yield 0, away, Rectangle(across, near, long, thick)
        yield 1, away, Rectangle(width - near - thick, down, thick, long)
        yield 2, away, Rectangle(across, height - near - thick, long, thick)
        yield 3, away, Rectangle(near, down, thick, long)


@cache
def layout() -> Layout:
    """Return where everything that is measured stands; the same in every language."""
    boxes = tuple(Field(NAME, name, 1, FieldKind.BOX, x, y, BOX_MM, BOX_MM) for name, x, y in _BOXES_MM)
    markers = corner_markers(TEST_PAGE_FIRST)
    plain = Layout("", NAME, "1", "sv", PAGE_MM, 1, markers, (page_code_place(),), boxes, ())
    return plain.with_id("")


@cache
def _texts() -> dict[str, Text]:
    plain = tomllib.loads(DEFINITION.read_text(encoding="utf-8"))
    tags = plain.pop("languages")
    return {name: Text(tuple((tag, words[tag]) for tag in tags)) for name, words in plain.items()}


def languages() -> tuple[str, ...]:
    """Return the languages that the page is written in."""
    return tuple(tag for tag, _ in _texts()["title"].translations)


def printer_test_page(language: str) -> Sheet:
    """Compose the test page.

    Args:
        language: Wanted language; the first of its fallbacks that the page has is taken, else Swedish.
    """
    texts = _texts()
    tag = next((t for t in fallbacks(language) if texts["title"].has(t)), "sv")
    said = {name: text.to(tag) for name, text in texts.items()}
    draws = [*_text(said), *_rulers(), *_edges(), Frame(*PATCH_MM, 0), *_thin_frames(), *_boxes(said)]
    return Sheet(replace(layout(), language=tag), (tuple(draws),))


def _text(said: dict[str, str]) -> Iterator[Draw]:
    yield from _lines(said["title"], 38.0, _TITLE_PT, BOLD)
    yield from _lines(said["intro"], 48.5, _TEXT_PT)
    yield from _lines(said["size_title"], 73.0, _HEAD_PT, BOLD)
    y = 91.0
    for paragraph in said["size"].strip().split("\n\n"):
        lines = list(_lines(paragraph, y, _TEXT_PT, room=150.0))
        yield from lines
        y += len(lines) * _STEP_MM + 1.6
    yield from _lines(said["edges_title"], 138.5, _HEAD_PT, BOLD, room=150.0)
    yield from _lines(said["edges"], 145.5, _TEXT_PT, room=152.0)
    yield from _lines(said["black_title"], 177.0, _HEAD_PT, BOLD, room=150.0)
    yield from _lines(said["black"], 200.0, _TEXT_PT)
    yield from _lines(said["boxes_title"], 225.5, _HEAD_PT, BOLD)


def _lines(
    text: str, y: float, size_pt: float, face: str = REGULAR, room: float = _RIGHT_MM - _LEFT_MM
) -> Iterator[Words]:
    """Set a paragraph from an upper edge down."""
    step = size_pt * 1.25 * MM_PER_PT
    for n, line in enumerate(wrap(text, room, size_pt, face)):
        yield Words(_LEFT_MM, baseline_mm(y + n * step, step, size_pt), line, size_pt, face)


def _rulers() -> Iterator[Draw]:
    """Draw both lines; the thick strokes at their ends stand inside, so that their outer edges are 100 mm apart."""
    for n in range(11):
        reach, thick = (4.0, 0.8) if n in (0, 10) else (1.5 if n != 5 else 2.5, 0.25)
        inset = {0: 0.0, 10: thick}.get(n, thick / 2)
        along = n * RULER_MM / 10 - inset
        yield Frame(_RULER_X + along, _RULER_Y - reach / 2, thick, reach, 0)
        yield Frame(_UPRIGHT_X - reach / 2, _UPRIGHT_Y + along, reach, thick, 0)
    yield Frame(_RULER_X, _RULER_Y - 0.15, RULER_MM, 0.3, 0)
    yield Frame(_UPRIGHT_X - 0.15, _UPRIGHT_Y, 0.3, RULER_MM, 0)
    yield Words(_RULER_X + RULER_MM + 3, _RULER_Y + 1.5, "100 mm", _TEXT_PT, BOLD)
    wide = width_mm("100 mm", _TEXT_PT, BOLD)
    yield Words(_UPRIGHT_X - wide / 2, _UPRIGHT_Y + RULER_MM + 5.5, "100 mm", _TEXT_PT, BOLD)


def _edges() -> Iterator[Draw]:
    """Draw the short lines, each with its number where every printer reaches."""
    for edge, away, at in edge_lines():
        yield Frame(at.x, at.y, at.w, at.h, 0)
        number, size = str(away), 10.0
        wide, high = width_mm(number, size), cap_mm(size)
        across, down = at.x + (at.w - wide) / 2, at.y + (at.h + high) / 2
        x = {1: PAGE_MM[0] - 13.0 - wide, 3: 13.0}.get(edge, across)
        y = {0: 13.0 + high, 2: PAGE_MM[1] - 13.0}.get(edge, down)
        yield Words(x, y, number, size, REGULAR)


def _thin_frames() -> Iterator[Draw]:
    x, y, width, height = PATCH_MM
    for n, line in enumerate((0.1, 0.2, 0.3)):
        yield Frame(x + width + 8.0 + n * 16.0, y, 12.0, height, line)


def _boxes(said: dict[str, str]) -> Iterator[Draw]:
    labels = {"cross": "sample_cross", "fill": "sample_fill", "empty": "sample_empty"}
    for name, x, y in _BOXES_MM:
        yield from sample_box(name, Frame(x, y, BOX_MM, BOX_MM, _BOX_LINE_MM))
        label = said[labels.get(name, name.replace("-", "_"))]
        baseline = baseline_mm(y, BOX_MM, _TEXT_PT) - 0.15
        yield Words(x + BOX_MM + 2.5, baseline, label, _TEXT_PT, REGULAR)
