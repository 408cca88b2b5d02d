"""Blocks on pages: in order, none lost, and no page left half empty where the same number of pages could share it."""

from __future__ import annotations

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from forms.drawing import Block
from forms.envelope import BAND_MM
from forms.pages import BOTTOM_MM, HOLE_MM, TOP_MM, Place, paginate

ROOM_MM = BOTTOM_MM - TOP_MM


def blocks(*heights_mm: float) -> list[Block]:
    return [Block(height=height, gap=6.0, name=str(n)) for n, height in enumerate(heights_mm)]


def names(pages: list[list[Place]]) -> list[list[str]]:
    return [[block.name for block, _ in page] for page in pages]


def holes(pages: list[list[Place]]) -> list[float]:
    """Return how much of each page lies empty, gaps apart: its blocks may stand anywhere on it."""
    return [ROOM_MM - sum(block.height for block, _ in page) for page in pages]


def test_a_tall_question_leaves_no_page_half_empty_that_others_can_fill() -> None:
    # One after the other: 1 2 3 | 4 | 5 6, and the page with 4 alone would be more than half empty.
    pages = paginate(blocks(200, 70, 70, 70, 100, 180, 40), 32)
    assert names(pages) == [["0"], ["1", "2"], ["3", "4"], ["5", "6"]]
    assert max(holes(pages)[1:]) < HOLE_MM + 30


def test_pages_without_a_large_hole_are_filled_one_after_the_other() -> None:
    assert names(paginate(blocks(220, 60, 60, 60, 100, 60, 20), 32)) == [["0"], ["1", "2", "3"], ["4", "5", "6"]]


def test_what_fits_nowhere_else_may_leave_a_hole() -> None:
    assert names(paginate(blocks(200, 120, 200, 120, 200), 32)) == [["0"], ["1"], ["2"], ["3"], ["4"]]


def test_the_first_page_keeps_what_explains_the_sheet() -> None:
    pages = paginate(blocks(150, 60, 70, 200, 60), 32)
    assert names(pages)[0] == ["0", "1"]


@given(
    heights=st.lists(st.floats(10, 225), min_size=1, max_size=25),
    address=st.booleans(),
)
def test_every_block_has_one_place_in_order_and_no_two_overlap(heights: list[float], address: bool) -> None:
    window = Block(height=BAND_MM[1] - BAND_MM[0], name="address") if address else None
    made = blocks(*heights)
    pages = paginate([*made, Block(height=20, gap=6, name="end", ending=True)], 32, window)
    placed = [block.name for page in pages for block, _ in page if block.name != "address"]
    assert placed == [*(block.name for block in made), "end"]
    for page in pages:
        taken = sorted((top, top + block.height) for block, top in page)
        assert all(lower <= top + 0.001 for (_, lower), (top, _) in pairwise(taken))
        assert taken[0][0] >= TOP_MM - 0.001
        assert taken[-1][1] <= BOTTOM_MM + 0.001
    assert (window is not None) == any(block.name == "address" for block, _ in pages[-1])
