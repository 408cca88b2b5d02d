"""Words that were struck out with a fine pen: most of the line lies on print or close to it."""

from __future__ import annotations

import io
from dataclasses import replace

import cv2
import numpy as np
import pytest
import simulator
import simulator_clean
import simulator_sheets
from simulator import Cross, Hand, Pen, Scanner, Strike
from simulator_paper import SERIALS, paper

from forms import pdf
from forms.layout import FieldKind
from omr import reader
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import PageReading

DATA, LAYOUT = simulator_sheets.sheets()
PAGE = simulator.printed(DATA, LAYOUT)[0][0]
FINE = Hand(Pen(0.3, 0.5), off=0.1)
STRUCK = [("q1", "a"), ("q2", "b"), ("q4", "a"), ("q5", "b")]


def stray(actions: list[simulator.Action], scanner: Scanner, hand: Hand = FINE) -> list[tuple[str, str | None]]:
    rng = np.random.default_rng(3)
    pixels = simulator.scan(simulator.fill_in(PAGE, actions, hand, rng), scanner, rng)
    outcome = examine(simulator_clean.page_image(pixels, scanner), {LAYOUT.id: LAYOUT}, POLICY).outcome
    assert isinstance(outcome, PageReading)
    return [(s.question, s.option) for s in outcome.stray_ink]


@pytest.mark.parametrize(
    "scanner",
    [Scanner(dpi=200), Scanner(dpi=300, skew_deg=3), Scanner(dpi=200, mode="bilevel", threshold=0.2)],
    ids=str,
)
def test_words_struck_out_with_a_fine_pen_are_found_crossed_or_not(scanner: Scanner) -> None:
    crosses: list[simulator.Action] = [Cross(q, o) for q, o in STRUCK[:2]]
    assert stray([*crosses, *(Strike(q, o) for q, o in STRUCK)], scanner) == STRUCK
    assert stray(crosses, scanner) == []


def test_print_alone_is_never_struck_out_however_blurred_and_aslant() -> None:
    # Many empty pages of so few pixels in black and white are refused: whether marks were lost is not known.
    coarse = Scanner(dpi=150, mode="bilevel", x=0.4)
    for scanner in (Scanner(dpi=150, blur=0.2), Scanner(dpi=300, skew_deg=-5), coarse):
        assert stray([], scanner) == []
        every: list[simulator.Action] = [
            Cross(b.question, b.option or "") for b in LAYOUT.on_page(1, FieldKind.BOX) if b.option == "a"
        ]
        assert stray(every, scanner, replace(FINE, off=0.5, size=1.3)) == []


def test_without_a_look_at_the_words_themselves_a_fine_strike_is_lost(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the look for ink off the print leaves to do; it shows that the tests above can fail."""
    actions: list[simulator.Action] = [a for q, o in STRUCK for a in (Cross(q, o), Strike(q, o))]
    pale = replace(FINE, pen=Pen(0.3, 0.25))
    assert set(stray(actions, Scanner(dpi=200), pale)) == set(STRUCK)
    monkeypatch.setattr(reader, "struck_out", lambda *_: ())
    assert len(stray(actions, Scanner(dpi=200), pale)) < len(STRUCK)


DIGITS = [("r2", "n3"), ("r3", "n0"), ("r5", "n6"), ("r7", "n1"), ("r9", "n1")]
"""Words of one digit each, which a hand strikes out aslant, and trembling; the last is underlined."""


def lines_at_digits() -> list[list[tuple[float, float]]]:
    at = {(f.question, f.option): f for f in paper("dense").layout.on_page(1, FieldKind.WORDS)}
    lines = []
    for place, rises in zip(DIGITS[:4], [(0, 0.6, -0.6), (0, 0.5, 1.0), (0, -0.6, -1.2), (0, -0.2, 0.1)], strict=True):
        f = at[place]
        lines.append([(f.x - 0.85 + n * (f.w + 1.7) / 2, f.y + f.h / 2 + rise) for n, rise in enumerate(rises)])
    last = at[DIGITS[4]]
    return [*lines, [(last.x, last.y + last.h - 0.6), (last.x + last.w, last.y + last.h - 0.5)]]


def stray_at_digits(lines_mm: list[list[tuple[float, float]]], scanner: Scanner) -> set[tuple[str, str | None]]:
    made, pen = paper("dense"), Pen(0.25, 0.4)
    out = io.BytesIO()
    pdf.write(made.sheet, made.kind, SERIALS[:1], out)
    page = simulator.printed(out.getvalue(), made.layout)[0][0]
    ink = np.zeros_like(page.printed)
    px = simulator.DPI / 25.4
    for line in lines_mm:
        points = np.round(np.array(line) * px * 16).astype(np.int32)
        cv2.polylines(ink, [points], False, 255, round(pen.width * px), cv2.LINE_AA, 4)
    pixels = simulator.scan(replace(page, ink=ink, pen=pen), scanner, np.random.default_rng(5))
    outcome = examine(simulator_clean.page_image(pixels, scanner), {made.layout.id: made.layout}, POLICY).outcome
    assert isinstance(outcome, PageReading)
    return {(s.question, s.option) for s in outcome.stray_ink}


@pytest.mark.parametrize("scanner", [Scanner(dpi=200), Scanner(dpi=300, skew_deg=3), Scanner(dpi=150)], ids=str)
def test_digits_struck_out_aslant_and_underlined_are_found(scanner: Scanner) -> None:
    assert stray_at_digits(lines_at_digits(), scanner) == set(DIGITS)
    assert stray_at_digits([], replace(scanner, blur=0.2)) == set()
