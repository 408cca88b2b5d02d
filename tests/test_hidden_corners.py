"""Pages whose corner markers or QR code are hidden: streaked, pale, torn off, stapled over."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

import numpy as np
import pytest
import simulator
import simulator_sheets
from numpy.typing import NDArray
from simulator import Cross, Scanner

from forms.answers import Mark
from forms.layout import FieldKind
from omr import images
from omr.codegrid import grid_code
from omr.identify import read_codes
from omr.images import PageImage, Picture
from omr.markers import find_markers
from omr.pair import place
from omr.printedcode import printed_codes
from omr.reader import NOT_BORNE_OUT, read_page
from omr.readings import Outcome, PageReading, Refusal, RefusalCode
from omr.register import Laid, register

Pixels = NDArray[np.uint8]

DATA, LAYOUT = simulator_sheets.sheets()
PAGES = simulator.printed(DATA, LAYOUT)[0]
SCANNER = Scanner(dpi=200)
K = 200 / 25.4
"""Pixels a mm."""
PAGE = 1
MARKERS = sorted((m for m in LAYOUT.markers if m.page == PAGE), key=lambda m: m.id)
CODE = next(c for c in LAYOUT.codes if c.page == PAGE)


def image_of(damage: Callable[[Pixels], None]) -> tuple[PageImage, dict[tuple[str, str], Mark]]:
    """Fill the first page in, scan and damage it; return it and the truth of its boxes."""
    rng = np.random.default_rng(4)
    actions = [a for a in simulator_sheets.answers(rng) if isinstance(a, Cross)]
    pixels = simulator.scan(simulator.fill_in(PAGES[PAGE - 1], actions, simulator.Hand(), rng), SCANNER, rng)
    damage(pixels)
    image = images.decode(Picture(simulator.encode_jpeg(pixels, SCANNER), "image/jpeg"))
    assert isinstance(image, PageImage)
    return image, simulator.truth(LAYOUT, actions)


def read(damage: Callable[[Pixels], None]) -> tuple[Outcome, dict[tuple[str, str], Mark]]:
    image, truth = image_of(damage)
    return read_page(image, {LAYOUT.id: LAYOUT}), truth


def covered(pixels: Pixels, x: float, y: float, w: float, h: float) -> None:
    pixels[round(y * K) : round((y + h) * K), round(x * K) : round((x + w) * K)] = 240


def without(*corners: int) -> Callable[[Pixels], None]:
    def damage(pixels: Pixels) -> None:
        for n in corners:
            covered(pixels, MARKERS[n].x - 2, MARKERS[n].y - 2, 12, 12)

    return damage


def assert_right(outcome: Outcome, truth: dict[tuple[str, str], Mark], unsure: int) -> PageReading:
    assert isinstance(outcome, PageReading), outcome
    assert (outcome.page, outcome.serial, outcome.layout) == (PAGE, "7QK2M4", LAYOUT.id)
    assert [m for m in outcome.marks if m.state not in (truth[m.question, m.option], Mark.UNCERTAIN)] == []
    assert sum(m.state is Mark.UNCERTAIN for m in outcome.marks) <= unsure
    return outcome


@pytest.mark.parametrize("corners", list(combinations(range(4), 2)))
def test_two_markers_and_the_code_are_enough_where_the_print_bears_them_out(corners: tuple[int, int]) -> None:
    outcome, truth = read(without(*corners))
    reading = assert_right(outcome, truth, unsure=2)
    assert reading.quality.markers == 2
    assert reading.quality.residual_mm < 0.3
    assert reading.stray_ink == ()


def test_boxes_stand_where_they_do_with_four_markers() -> None:
    whole, _ = read(without())
    two, _ = read(without(0, 2))
    assert isinstance(whole, PageReading)
    assert isinstance(two, PageReading)
    for a, b in zip(whole.marks, two.marks, strict=True):
        assert np.abs(np.array(a.box_px) - np.array(b.box_px)).max() < 4.0 * K / 5.9


def test_two_markers_on_another_print_are_refused() -> None:
    def damage(pixels: Pixels) -> None:
        without(0, 3)(pixels)
        body = pixels[round(38 * K) : round(268 * K)]
        body[:] = body[::-1].copy()

    outcome, _ = read(damage)
    assert isinstance(outcome, Refusal)
    assert (outcome.code, outcome.detail) == (RefusalCode.NO_MARKERS, NOT_BORNE_OUT)


def test_one_marker_is_not_enough() -> None:
    outcome, _ = read(without(0, 1, 2))
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.NO_MARKERS


def test_paper_that_is_gone_is_never_an_empty_box_where_two_markers_are_lost() -> None:
    boxes = LAYOUT.on_page(PAGE, FieldKind.BOX)
    gone = boxes[len(boxes) // 2]

    def damage(pixels: Pixels) -> None:
        without(0, 2)(pixels)
        covered(pixels, gone.x - 2, gone.y - 2, gone.w + 4, gone.h + 4)

    outcome, _ = read(damage)
    assert isinstance(outcome, PageReading)
    state = next(m.state for m in outcome.marks if (m.question, m.option) == (gone.question, gone.option))
    assert state is Mark.UNCERTAIN


def test_a_pair_that_makes_no_page_is_no_place() -> None:
    image, _ = image_of(without(0, 2))
    found = find_markers(image.gray)
    assert len(found) == 2
    assert register(found, LAYOUT.markers, 2.0) is None
    assert place(found, [], 2.0) is None
    far = np.array([[0.0, 0], [15, 0], [15, 15], [0, 15]])
    assert place(found, MARKERS, 2.0, (far, far)) is None


@pytest.mark.parametrize("level", [60, 250])
def test_lines_through_both_markers_of_a_side_leave_them_readable(level: int) -> None:
    """Dirt on the glass draws dark lines along the feed, a worn drum light ones: both markers of a side are hit."""

    def damage(pixels: Pixels) -> None:
        for marker in (MARKERS[0], MARKERS[1]):
            for off in (-0.5, 1.5, 6.5):
                x = round((marker.x + off) * K)
                pixels[:, x : x + 3] = level

    outcome, truth = read(damage)
    reading = assert_right(outcome, truth, unsure=40)
    assert reading.quality.markers >= 3


@pytest.mark.parametrize("kind", ["streaked", "pale", "spotted"])
def test_a_code_that_no_barcode_reader_finds_is_read_module_by_module(
    kind: str,
) -> None:
    def damage(pixels: Pixels) -> None:
        low, high = (np.array([CODE.x, CODE.y]) * K).astype(int), (np.array([CODE.x, CODE.y]) + CODE.size) * K
        part = pixels[low[1] : int(high[1]), low[0] : int(high[0])]
        if kind == "streaked":
            for x in (30, 52, 118):
                part[:, x : x + 3] = 40
        elif kind == "pale":
            part[:] = 255 - (255 - part) // 6
            part[:, 30:34] = 250
        else:
            # Two finder patterns are blotted out.
            part[16:60, 16:60] = 30
            part[90:128, 16:60] = 90

    image, _ = image_of(damage)
    found = find_markers(image.gray)
    fit = register(found, MARKERS, 2.0)
    assert fit is not None
    told = grid_code(Laid(image.gray, fit, 0.0), image.gray, 1, CODE)
    assert told is not None
    assert (told.code.serial, told.code.page, told.code.layout) == ("7QK2M4", PAGE, LAYOUT.id)
    codes = read_codes(image, found, {LAYOUT.id: LAYOUT})
    assert {c.code for c in codes} == {told.code}
    quiet = CODE.size * 4 / 33
    assert np.abs(fit.to_mm(codes[0].corners_px).min(0) - np.array([CODE.x, CODE.y]) - quiet).max() < 1.0


def test_nothing_but_a_code_is_a_code() -> None:
    image, _ = image_of(lambda pixels: covered(pixels, CODE.x, CODE.y, CODE.size, CODE.size))
    fit = register(find_markers(image.gray), MARKERS, 2.0)
    assert fit is not None
    assert grid_code(Laid(image.gray, fit, 0.0), image.gray, 1, CODE) is None
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, image.gray.shape, np.uint8)
    assert grid_code(Laid(noise, fit, 0.0), noise, 1, CODE) is None
    assert printed_codes(image, find_markers(image.gray)[:1], {}) == ()
