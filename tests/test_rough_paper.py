"""Paper that is not flat or not clean: waves, streaks, folds, coffee, shadows, and that none of it becomes a mark."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Circle, Cross, Hand, Pen, Pixels, Printer, Scanner, Style

from forms.answers import Mark
from forms.layout import FieldKind
from omr import images
from omr.images import PageImage, Picture
from omr.markers import find_markers
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import Outcome, PageReading, Refusal, RefusalCode
from omr.register import Bend, Laid, register
from omr.streaks import without_streaks
from omr.zones import MM_PER_PX, unprinted

DATA, LAYOUT = simulator_sheets.sheets()
PAGES = simulator.printed(DATA, LAYOUT)[0]
SCANNER = Scanner(dpi=200)
K = SCANNER.dpi / 25.4
Damage = Callable[[Pixels], Pixels]


def outcome_of(page: int, actions: list[simulator.Action], damage: Damage, scanner: Scanner = SCANNER) -> Outcome:
    rng = np.random.default_rng(page)
    hand = Hand(Pen(0.5, 0.9), off=0.1)
    pixels = damage(simulator.scan(simulator.fill_in(PAGES[page - 1], actions, hand, rng), scanner, rng))
    image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    return examine(image, {LAYOUT.id: LAYOUT}, POLICY).outcome


def read(page: int, actions: list[simulator.Action], damage: Damage, scanner: Scanner = SCANNER) -> PageReading:
    outcome = outcome_of(page, actions, damage, scanner)
    assert isinstance(outcome, PageReading), outcome
    return outcome


def wrong(reading: PageReading, actions: list[simulator.Action]) -> list[tuple[str, str, Mark]]:
    """Return the marks that are read as something else than they are; uncertain is never wrong."""
    truth = simulator.truth(LAYOUT, actions)
    return [
        (m.question, m.option, m.state)
        for m in reading.marks
        if m.state not in (truth[m.question, m.option], Mark.UNCERTAIN)
    ]


def unsure(reading: PageReading) -> int:
    return sum(m.state is Mark.UNCERTAIN for m in reading.marks)


def waving(amplitude_mm: float, length_mm: float) -> Damage:
    def wave(pixels: Pixels) -> Pixels:
        ys, xs = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]].astype(np.float32)
        turn = 2 * np.pi / (length_mm * K)
        across, down = amplitude_mm * K * np.sin(ys * turn + 1), 0.6 * amplitude_mm * K * np.sin(xs * turn)
        return np.asarray(cv2.remap(pixels, xs + across, ys + down, cv2.INTER_LINEAR, borderValue=245), np.uint8)

    return wave


@pytest.mark.parametrize(("page", "length_mm"), [(1, 90.0), (2, 130.0)])
def test_paper_that_waves_by_a_millimetre_is_read(page: int, length_mm: float) -> None:
    actions = simulator_sheets.answers(np.random.default_rng(page))
    reading = read(page, actions, waving(1.0, length_mm))
    assert wrong(reading, actions) == []
    assert unsure(reading) <= 1
    assert reading.stray_ink == ()
    assert reading.quality.residual_mm < 0.3


def test_stray_ink_on_paper_that_waves_is_found_where_it_is() -> None:
    actions: list[simulator.Action] = [Cross("q2", "b"), Circle("q5", "c")]
    reading = read(1, actions, waving(1.0, 110.0))
    assert [(s.question, s.option) for s in reading.stray_ink] == [("q5", "c")]


def test_paper_that_is_crumpled_is_doubted_or_refused() -> None:
    outcome = outcome_of(1, [Cross("q1", "a")], waving(2.6, 40.0))
    if isinstance(outcome, PageReading):
        assert wrong(outcome, [Cross("q1", "a")]) == []
        assert unsure(outcome) > 25
    else:
        assert outcome.code in (RefusalCode.NO_MARKERS, RefusalCode.NO_PAGE_CODE)


def test_a_bend_is_told_between_its_nodes_and_beyond_them() -> None:
    shift = np.zeros((3, 4, 2), np.float32)
    shift[1, 2] = 1.0, -2.0
    bend = Bend(10.0, shift)
    told = bend.at(np.array([[20.0, 10.0], [15.0, 10.0], [20.0, 15.0], [500.0, -40.0]]))
    expected = np.array([[1.0, -2.0], [0.5, -1.0], [0.5, -1.0], [0.0, 0.0]])
    assert np.allclose(told, expected, atol=1e-4)


@pytest.mark.parametrize("scale", [0.94, 1.03])
def test_prints_of_another_size_are_read(scale: float) -> None:
    actions = simulator_sheets.answers(np.random.default_rng(3))
    scanner = replace(SCANNER, printer=Printer(scale=scale), stretch=1.015, skew_deg=2)
    reading = read(1, actions, lambda pixels: pixels, scanner)
    assert wrong(reading, actions) == []
    assert unsure(reading) == 0


def box_columns_px() -> list[int]:
    """Return a column of the image through the middle of each column of boxes on page 1."""
    return sorted({round((f.x + f.w / 2) * K) for f in LAYOUT.on_page(1, FieldKind.BOX)})


@pytest.mark.parametrize("width_px", [1, 3, 5])
def test_streaks_through_columns_of_boxes_are_neither_marks_nor_ink(width_px: int) -> None:
    actions: list[simulator.Action] = [Cross(f"q{n}", "abcd"[n % 4]) for n in range(1, 9)]

    def streaks(pixels: Pixels) -> Pixels:
        for column in box_columns_px():
            pixels[:, column : column + width_px] = np.minimum(pixels[:, column : column + width_px], 90)
        return pixels

    reading = read(1, actions, streaks)
    assert wrong(reading, actions) == []
    assert unsure(reading) <= 1
    assert reading.stray_ink == ()


def test_a_streak_that_ends_within_the_page_is_no_mark() -> None:
    def streak(pixels: Pixels) -> Pixels:
        column = box_columns_px()[1]
        pixels[: round(180 * K), column : column + 3] = 60
        return pixels

    reading = read(1, [], streak)
    assert wrong(reading, []) == []
    assert unsure(reading) <= 1


def test_painting_streaks_over_makes_nothing_darker_and_leaves_clean_pages_alone() -> None:
    rng = np.random.default_rng(1)
    actions = simulator_sheets.answers(rng)
    gray = simulator.scan(simulator.fill_in(PAGES[0], actions, Hand(), rng), SCANNER, rng)
    page = register(find_markers(gray), [m for m in LAYOUT.markers if m.page == 1], 0.9)
    assert page is not None
    paper = unprinted(LAYOUT, 1)
    assert without_streaks(Laid(gray, page, 25.0), paper, MM_PER_PX) is None
    for streaked in (gray.copy(), gray.copy()):
        streaked[:, 700:703] = 80
        cleaned = without_streaks(Laid(streaked, page, 25.0), paper, MM_PER_PX)
        assert cleaned is not None
        assert np.all(cleaned >= streaked)
        assert np.median(cleaned[:, 701]) > 220


def test_a_fold_across_the_page_is_no_ink() -> None:
    def fold(pixels: Pixels) -> Pixels:
        rows = np.arange(pixels.shape[0])[:, None]
        for third in (1 / 3, 2 / 3):
            dark = 70 * np.exp(-(((rows - third * pixels.shape[0]) / (0.25 * K)) ** 2))
            pixels = np.clip(pixels - dark, 0, 255).astype(np.uint8)
        return pixels

    reading = read(1, [], fold)
    assert {m.state for m in reading.marks} == {Mark.EMPTY}
    assert reading.stray_ink == ()


@pytest.mark.parametrize("strength", [0.15, 0.3, 0.4])
def test_a_coffee_ring_through_boxes_is_never_a_mark(strength: float) -> None:
    actions: list[simulator.Action] = [Cross("q1", "a"), Cross("q6", "d"), Cross("q7", "b", Style.FILL)]
    box = next(f for f in LAYOUT.on_page(1, FieldKind.BOX) if (f.question, f.option) == ("q4", "b"))

    def ring(pixels: Pixels) -> Pixels:
        stain = np.zeros_like(pixels, np.float32)
        middle = round((box.x + 37) * K), round((box.y + 2) * K)
        cv2.circle(stain, middle, round(35 * K), 1.0, round(1.6 * K))
        soft = cv2.GaussianBlur(stain, (0, 0), 0.4 * K)
        return np.asarray(np.clip(pixels * (1 - strength * soft), 0, 255), np.uint8)

    assert wrong(read(1, actions, ring), actions) == []


@pytest.mark.parametrize("soft_mm", [0.5, 6.0])
def test_the_edge_of_a_shadow_is_no_ink(soft_mm: float) -> None:
    actions = simulator_sheets.answers(np.random.default_rng(4))

    def shadow(pixels: Pixels) -> Pixels:
        ys, xs = np.mgrid[0 : pixels.shape[0], 0 : pixels.shape[1]]
        away = ((xs - pixels.shape[1] / 2) + 0.3 * (ys - pixels.shape[0] / 2)) / K
        return np.asarray(pixels * (1 - 0.45 / (1 + np.exp(-np.clip(away / soft_mm, -50, 50)))), np.uint8)

    reading = read(1, actions, shadow)
    assert wrong(reading, actions) == []
    assert reading.stray_ink == ()
    assert unsure(reading) <= 3


@pytest.mark.parametrize("corner", range(4))
def test_a_corner_torn_off_leaves_the_rest_readable(corner: int) -> None:
    actions = simulator_sheets.answers(np.random.default_rng(6))

    def tear(pixels: Pixels) -> Pixels:
        height, width = pixels.shape
        x, y = (0 if corner in (0, 3) else width), (0 if corner in (0, 1) else height)
        side = round(34 * K)
        triangle = np.array([[x, y], [abs(x - side), y], [x, abs(y - side)]], np.int32)
        return np.asarray(cv2.fillPoly(pixels, [triangle], 60), np.uint8)

    reading = read(1, actions, tear, replace(SCANNER, skew_deg=-3))
    assert reading.quality.markers == 3
    assert wrong(reading, actions) == []
    assert unsure(reading) == 0


def test_nothing_of_a_page_is_refused_as_something_else() -> None:
    outcome = outcome_of(1, [], lambda pixels: pixels[: pixels.shape[0] // 2])
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.NO_MARKERS
