"""Ink between two questions and in the margin: it belongs to a question beside it and never vanishes."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import simulator
import simulator_clean
import simulator_sheets
from simulator import Hand, Pen, Scanner
from simulator_pen import DPI

from forms.answers import Mark
from forms.layout import FieldKind
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import PageReading
from omr.zones import MM_PER_PX, zones_of

DATA, LAYOUT = simulator_sheets.sheets()
PAGE = simulator.printed(DATA, LAYOUT)[0][0]
AREAS = {f.question: f for f in LAYOUT.on_page(1, FieldKind.AREA)}


def drawn(points_mm: list[tuple[float, float]], dpi: int = 200) -> PageReading:
    """Read the page with a pen's line on it."""
    pixels = PAGE.printed.copy()
    cv2.polylines(
        pixels, [np.round(np.array(points_mm) * DPI / 25.4).astype(np.int32)], False, 40, round(0.5 * DPI / 25.4)
    )
    scanner, rng = Scanner(dpi=dpi, skew_deg=1), np.random.default_rng(5)
    scan = simulator.scan(simulator.fill_in(replace(PAGE, printed=pixels), [], Hand(Pen(0.5, 0.9)), rng), scanner, rng)
    outcome = examine(simulator_clean.page_image(scan, scanner), {LAYOUT.id: LAYOUT}, POLICY).outcome
    assert isinstance(outcome, PageReading)
    return outcome


def scrawl(x: float, y: float, length: float) -> list[tuple[float, float]]:
    """Return wavy handwriting, 1.6 mm high."""
    steps = int(length)
    return [(x + n * length / steps, y + (0.8 if n % 2 else -0.8)) for n in range(steps + 1)]


def told(reading: PageReading) -> list[tuple[str, str | None]]:
    return [(s.question, s.option) for s in reading.stray_ink]


@pytest.mark.parametrize("dpi", [150, 300])
def test_a_note_between_two_questions_belongs_to_one_of_them(dpi: int) -> None:
    gap = (AREAS["q3"].y + AREAS["q3"].h + AREAS["q4"].y) / 2
    found = told(drawn(scrawl(120, gap, 20), dpi))
    assert found
    assert set(found) <= {("q3", None), ("q4", None)}


@pytest.mark.parametrize("x", [11.0, 193.0])
def test_a_note_in_the_margin_belongs_to_the_question_beside_it(x: float) -> None:
    middle = AREAS["q5"].y + AREAS["q5"].h / 2
    assert told(drawn(scrawl(x, middle, 7))) == [("q5", None)]


def test_a_stroke_that_runs_out_of_a_box_into_the_next_question_is_none_of_that_question() -> None:
    box = next(b for b in LAYOUT.on_page(1, FieldKind.BOX) if (b.question, b.option) == ("q3", "c"))
    reading = drawn([(box.x + 4, box.y + 0.5), (box.x + 0.5, box.y + 4), (box.x - 2.0, AREAS["q4"].y - 1.0)])
    assert next(m.state for m in reading.marks if (m.question, m.option) == ("q3", "c")) is Mark.CROSSED
    assert "q4" not in [question for question, _ in told(reading)]


def test_markers_and_codes_are_in_no_zone() -> None:
    zones = zones_of(LAYOUT, 1)
    code = next(c for c in LAYOUT.codes if c.page == 1)
    for x, y, w, h in [(m.x, m.y, m.size, m.size) for m in LAYOUT.markers if m.page == 1] + [
        (code.x, code.y, code.size, code.size),
        (code.text.x, code.text.y, code.text.w, code.text.h),
    ]:
        left, top, right, low = (round(v / MM_PER_PX) for v in (x, y, x + w, y + h))
        assert not zones.of[top:low, left:right].any()
