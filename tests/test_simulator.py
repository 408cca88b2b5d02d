"""The simulator itself: deterministic, true to what it says it does."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Cross, Hand, Note, Scanner, Style, Write

from forms.answers import Mark
from forms.layout import FieldKind

SERIALS = simulator_sheets.serials(2)
DATA, LAYOUT = simulator_sheets.sheets(SERIALS)


def ink_in(page: simulator.Page, question: str, option: str | None, kind: FieldKind) -> float:
    """Return the share of a field that ink covers."""
    field = next(f for f in LAYOUT.fields if (f.question, f.option, f.kind) == (question, option, kind))
    left, top, right, low = (round(v * simulator.PX) for v in (field.x, field.y, field.x + field.w, field.y + field.h))
    assert page.ink is not None
    return float(np.mean(page.ink[top:low, left:right] > 128))


def test_sheets_come_out_of_the_printer_page_by_page() -> None:
    sheets = simulator.printed(DATA, LAYOUT)
    assert [[p.number for p in s] for s in sheets] == [[1, 2], [1, 2]]
    assert sheets[0][0].printed.shape == (4678, 3308) or sheets[0][0].printed.shape == (4677, 3307)


def test_actions_are_drawn_where_the_layout_says() -> None:
    page = simulator.printed(DATA, LAYOUT)[0][0]
    rng = np.random.default_rng(1)
    actions: list[simulator.Action] = [
        Cross("q1", "b"),
        Cross("q2", "a", Style.FILL),
        Note(2, 100, 200),
        Write("place"),
    ]
    inked = simulator.fill_in(page, actions, Hand(), rng)
    assert 0.2 < ink_in(inked, "q1", "b", FieldKind.BOX) < 0.7
    assert ink_in(inked, "q2", "a", FieldKind.BOX) > 0.85
    assert ink_in(inked, "q1", "a", FieldKind.BOX) == 0
    with pytest.raises(KeyError):
        simulator.fill_in(page, [Cross("q1", "nowhere")], Hand(), rng)
    assert page.ink is None


def test_truth_is_what_was_done() -> None:
    truth = simulator.truth(LAYOUT, [Cross("q1", "b"), Cross("q1", "a", Style.FILL), Write("words")])
    assert truth["q1", "b"] is Mark.CROSSED
    assert truth["q1", "a"] is Mark.FILLED
    assert sum(state is not Mark.EMPTY for state in truth.values()) == 2


def test_the_same_seed_gives_the_same_pixels() -> None:
    deeds = [[Cross("q1", "b")], [Cross("q2", "a", Style.TICK)]]
    one = simulator.images_of(DATA, LAYOUT, deeds, seed=4, scanner=Scanner(dpi=100))
    two = simulator.images_of(DATA, LAYOUT, deeds, seed=4, scanner=Scanner(dpi=100))
    other = simulator.images_of(DATA, LAYOUT, deeds, seed=5, scanner=Scanner(dpi=100))
    assert all(np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    assert not any(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


def test_scanners_deliver_what_they_say(tmp_path: Path) -> None:
    page = simulator.printed(DATA, LAYOUT)[0][0]
    rng = np.random.default_rng(1)
    assert simulator.scan(page, Scanner(dpi=100), rng).shape == (1169, 827)
    assert simulator.scan(page, Scanner(dpi=100, quarter_turns=1), rng).shape == (827, 1169)
    assert simulator.scan(page, Scanner(dpi=100, mode="colour"), rng).shape == (1169, 827, 3)
    bilevel = simulator.scan(page, Scanner(dpi=100, mode="bilevel"), rng)
    assert set(np.unique(bilevel)) == {0, 255}
    path = tmp_path / "pile.pdf"
    simulator.pile(path, DATA, LAYOUT, [[Cross("q1", "b")]], seed=1, scanner=Scanner(dpi=100))
    assert path.read_bytes().count(b"/DCTDecode") == 2
    with pytest.raises(ValueError, match="2 sheets"):
        simulator.images_of(DATA, LAYOUT, [[], [], []], seed=1)
