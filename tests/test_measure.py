"""Numbers of boxes: what each kind of mark measures, and that place, light and turn don't matter."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import fields

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Cross, Hand, Pen, Scanner, Style

from forms.layout import FieldKind, Layout
from omr.images import Gray
from omr.markers import black_level, find_markers
from omr.measure import Measurements, measure, measure_patches
from omr.outlines import place_boxes
from omr.policy import POLICY
from omr.register import Laid, register

NEAT = Hand(Pen(0.5, 0.9), off=0.1, tremor=0.03, spread=0.05)


@pytest.fixture(scope="module")
def paper() -> tuple[simulator.Page, Layout]:
    data, layout = simulator_sheets.sheets()
    return simulator.printed(data, layout)[0][0], layout


def measured(page: simulator.Page, layout: Layout, style: Style | None, hand: Hand, scanner: Scanner) -> Measurements:
    """Give every box of a page the same mark and measure them all."""
    rng = np.random.default_rng(7)
    boxes = layout.on_page(1, FieldKind.BOX)
    actions = [Cross(b.question, b.option or "", style) for b in boxes] if style is not None else []
    gray = simulator.scan(simulator.fill_in(page, actions, hand, rng), scanner, rng)
    found = find_markers(gray)
    where = register(found, [m for m in layout.markers if m.page == 1], 0.9)
    assert where is not None
    laid = Laid(gray, where, black_level(gray, found))
    boxes_mm = np.array([[f.x, f.y, f.w, f.h] for f in boxes])
    return measure(laid, place_boxes(laid, boxes_mm).boxes(boxes_mm))


@pytest.mark.parametrize("scanner", [Scanner(dpi=300), Scanner(dpi=150, noise=5), Scanner(dpi=200, mode="bilevel")])
def test_an_empty_box_holds_nothing(paper: tuple[simulator.Page, Layout], scanner: Scanner) -> None:
    numbers = measured(*paper, None, NEAT, scanner)
    assert len(numbers) == 32
    assert numbers.ink_mm2.max() == 0
    assert numbers.evidence_mm2.max() == 0
    assert numbers.beside_mm2.max() < 0.05
    assert numbers.gap_mm.min() > 2


def test_a_cross_a_dot_and_a_fill_measure_differently(paper: tuple[simulator.Page, Layout]) -> None:
    scanner = Scanner(dpi=200)
    cross = measured(*paper, Style.CROSS, NEAT, scanner)
    dot = measured(*paper, Style.DOT, NEAT, scanner)
    fill = measured(*paper, Style.FILL, NEAT, scanner)
    assert (fill.cover.min(), fill.gap_mm.max()) == pytest.approx((1, 0.1), abs=0.1)
    assert 0.3 < cross.cover.min() <= cross.cover.max() < 0.6
    assert cross.gap_mm.min() > 0.7
    assert cross.length_mm.min() > 2.8
    assert dot.length_mm.max() < 2.2
    assert dot.ink_mm2.max() < 3.2


def test_a_felt_tip_s_cross_leaves_gaps_that_a_fill_does_not(paper: tuple[simulator.Page, Layout]) -> None:
    felt = Hand(simulator.FELT_TIP, off=0.1)
    cross = measured(*paper, Style.CROSS, felt, Scanner(dpi=150))
    fill = measured(*paper, Style.FILL, felt, Scanner(dpi=150))
    assert cross.gap_mm.min() > 0.45
    assert fill.gap_mm.max() < 0.2


def test_a_pencil_at_a_third_of_full_darkness_covers_as_much_as_ink(paper: tuple[simulator.Page, Layout]) -> None:
    pencil = measured(*paper, Style.CROSS, Hand(Pen(0.5, 0.35), off=0.1), Scanner(dpi=200))
    ink = measured(*paper, Style.CROSS, Hand(Pen(0.5, 0.95), off=0.1), Scanner(dpi=200))
    assert pencil.dark.max() < 0.6 < ink.dark.min()
    assert np.abs(pencil.cover - ink.cover).max() < 0.12


def test_light_does_not_matter(paper: tuple[simulator.Page, Layout]) -> None:
    bright = measured(*paper, Style.TICK, NEAT, Scanner(dpi=200, white=250, black=15))
    dim = measured(*paper, Style.TICK, NEAT, Scanner(dpi=200, white=170, black=60))
    assert bright.white.min() > 240
    assert dim.white.max() < 180
    assert np.abs(bright.cover - dim.cover).max() < 0.05


@pytest.mark.parametrize("turns", [1, 2, 3])
def test_turning_the_page_does_not_matter(paper: tuple[simulator.Page, Layout], turns: int) -> None:
    upright = measured(*paper, Style.CROSS, NEAT, Scanner(dpi=200))
    turned = measured(*paper, Style.CROSS, NEAT, Scanner(dpi=200, quarter_turns=turns))
    assert np.abs(upright.evidence_mm2 - turned.evidence_mm2).max() < 0.35
    assert np.abs(upright.cover - turned.cover).max() < 0.05


def test_boxes_of_different_sizes_on_one_page(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = np.full((2339, 1654), 240, np.uint8)
    found = find_markers(simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1)))
    where = register(found, [m for m in layout.markers if m.page == 1], 0.9)
    assert where is not None
    boxes = np.array([[50.0, 50, 4.5, 4.5], [50, 80, 7, 7], [80, 50, 4.5, 4.5], [80, 80, 4, 6]])
    for x, y, w, h in boxes[1:2]:
        (left, top), (right, low) = where.to_px(np.array([[x, y], [x + w, y + h]])).astype(int)
        gray[top:low, left:right] = 20
    numbers = measure(Laid(gray, where, 20), boxes)
    assert numbers.cover.tolist() == [0, 1, 0, 0]
    assert numbers.ink_mm2[1] == pytest.approx((7 - 1.2) ** 2, rel=0.05)


def test_ink_that_only_grazes_a_box_counts_less(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    box = layout.on_page(1, FieldKind.BOX)[0]
    gray = simulator.scan(page, Scanner(dpi=200, noise=0), np.random.default_rng(1))
    found = find_markers(gray)
    where = register(found, [m for m in layout.markers if m.page == 1], 0.9)
    assert where is not None
    evidence = []
    for deep in (1.0, 2.2):
        inked = gray.copy()
        corners = np.array([[box.x + 2, box.y - 3], [box.x + 2.6, box.y + deep]])
        (left, top), (right, low) = where.to_px(corners).astype(int)
        inked[top:low, left:right] = 20
        numbers = measure(Laid(inked, where, 20), np.array([[box.x, box.y, box.w, box.h]]))
        evidence.append(float(numbers.evidence_mm2[0] / numbers.ink_mm2[0]))
        assert numbers.beside_mm2[0] > 0.5
    assert evidence[0] < 0.6
    assert evidence[1] == pytest.approx(1)


@pytest.mark.parametrize("skew", [0.0, 4.0])
def test_a_streak_of_dust_through_a_column_of_boxes_is_told_from_marks(
    paper: tuple[simulator.Page, Layout], skew: float
) -> None:
    page, layout = paper
    rng = np.random.default_rng(7)
    boxes = layout.on_page(1, FieldKind.BOX)
    marked = simulator.fill_in(page, [Cross(b.question, b.option or "", Style.SLASH) for b in boxes[1::4]], NEAT, rng)
    gray = simulator.scan(marked, Scanner(dpi=200, skew_deg=skew), rng)
    found = find_markers(gray)
    where = register(found, [m for m in layout.markers if m.page == 1], 0.9)
    assert where is not None
    box = boxes[16]
    column = int(where.to_px(np.array([box.x + box.w / 2, box.y + 2]))[0])
    gray[:, column : column + 3] = 90
    boxes_mm = np.array([[f.x, f.y, f.w, f.h] for f in boxes])
    laid = Laid(gray, where, black_level(gray, found))
    numbers = measure(laid, place_boxes(laid, boxes_mm).boxes(boxes_mm))
    assert numbers.streak[16] == 1
    assert numbers.streak[1::4].sum() == 0
    assert numbers.evidence_mm2[1::4].min() > 1


@pytest.mark.parametrize("scanner", [Scanner(dpi=150, noise=8, white=190, black=70), Scanner(dpi=300, quality=40)])
def test_noise_and_jpeg_are_no_crumbs(paper: tuple[simulator.Page, Layout], scanner: Scanner) -> None:
    assert measured(*paper, Style.CROSS, NEAT, scanner).crumbs.max() <= 1


@pytest.mark.parametrize("dpi", [200, 300])
def test_what_a_threshold_leaves_of_a_stroke_is_crumbs(paper: tuple[simulator.Page, Layout], dpi: int) -> None:
    """Single black pixels in a box count even where they are smaller than any speck that a stroke would leave."""
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=dpi, mode="bilevel"), np.random.default_rng(1))
    found = find_markers(gray)
    where = register(found, [m for m in layout.markers if m.page == 1], 0.9)
    assert where is not None
    box = layout.on_page(1, FieldKind.BOX)[0]
    for x, y in ((1.5, 1.5), (2.3, 2.9), (3.1, 1.9)):
        column, row = where.to_px(np.array([box.x + x, box.y + y])).astype(int)
        gray[row, column] = 0
    numbers = measure(Laid(gray, where, 0), np.array([[box.x, box.y, box.w, box.h]]))
    assert numbers.crumbs.tolist() == [3]
    assert numbers.evidence_mm2[0] < 0.2


def closely(draw: Callable[[Gray], None]) -> dict[str, float]:
    """Return what is measured in a clean box with something drawn on and around it, 8 samples a mm."""
    patch: Gray = np.full((62, 62), 240, np.uint8)
    cv2.rectangle(patch, (13, 13), (48, 48), 30, 2)
    draw(patch)
    numbers = measure_patches(np.stack([patch] * 2), (4.5, 4.5), 30.0)
    return dict(zip((f.name for f in fields(Measurements)), numbers[:, 0].tolist(), strict=True))


def test_beside_a_box_a_stroke_counts_and_no_shadow_nor_a_line_that_passes() -> None:
    def stroke(patch: Gray) -> None:
        cv2.line(patch, (3, 18), (9, 40), 60, 3)

    def passing(patch: Gray) -> None:
        cv2.line(patch, (4, 0), (7, 61), 60, 3)

    def shadow(patch: Gray) -> None:
        patch[:, 46:] = np.clip(patch[:, 46:] - np.linspace(0, 100, 16), 0, 255).astype(np.uint8)

    beside = {draw.__name__: closely(draw) for draw in (stroke, passing, shadow)}
    assert beside["stroke"]["beside_mm2"] > 0.6
    assert beside["stroke"]["beside_dark"] > 0.7
    assert beside["passing"]["beside_mm2"] < 0.1
    assert beside["shadow"]["beside_mm2"] < 0.1


def test_a_hair_is_thinner_than_a_pen() -> None:
    def hair(patch: Gray) -> None:
        cv2.line(patch, (16, 20), (45, 42), 60, 1)

    def stroke(patch: Gray) -> None:
        cv2.line(patch, (16, 20), (45, 42), 60, 3)

    assert 0 < closely(hair)["width_mm"] < 0.2
    assert closely(stroke)["width_mm"] > 0.3


def test_spots_of_paper_and_lighter_spots_in_a_fill_are_told() -> None:
    def full(patch: Gray) -> None:
        patch[13:49, 13:49] = 40

    def spotted(patch: Gray) -> None:
        full(patch)
        patch[18:44:5, 18:44:5] = 240

    def smeared(patch: Gray) -> None:
        full(patch)
        patch[25:37, 25:37] = 125

    assert (closely(full)["spots"], closely(full)["lighter_mm"]) == (0, 0)
    assert closely(spotted)["spots"] > 20
    assert closely(smeared)["lighter_mm"] > 0.5
    assert closely(smeared)["cover"] == 1


def test_faint_lines_are_looked_for_where_ink_is_pale() -> None:
    def faint(patch: Gray) -> None:
        cv2.line(patch, (18, 22), (43, 38), 218, 2)

    patch: Gray = np.full((62, 62), 240, np.uint8)
    faint(patch)
    for pen, found in ((170, True), (60, False)):
        marked: Gray = np.full((62, 62), 240, np.uint8)
        cv2.line(marked, (18, 18), (43, 43), pen, 4)
        numbers = measure_patches(np.stack([patch, marked]), (4.5, 4.5), 30.0)
        row = [f.name for f in fields(Measurements)].index("faint_mm")
        assert bool(numbers[row, 0] > 2.0) is found


def test_pale_strokes_beside_a_box_count_where_the_pen_is_pale() -> None:
    """A copier that keeps dark parts as writing may leave more of a soft pencil beside a box than in it."""
    patch: Gray = np.full((62, 62), 240, np.uint8)
    cv2.line(patch, (3, 18), (9, 40), 204, 3)
    row = [f.name for f in fields(Measurements)].index("beside_mm2")
    for pen, found in ((170, True), (60, False)):
        marked: Gray = np.full((62, 62), 240, np.uint8)
        cv2.line(marked, (18, 18), (43, 43), pen, 4)
        assert bool(measure_patches(np.stack([patch, marked]), (4.5, 4.5), 30.0)[row, 0] >= POLICY.beside_mm2) is found


@pytest.mark.parametrize(("end", "found"), [((44, 20), False), ((18, 44), False), ((44, 30), True), ((26, 44), True)])
def test_the_outline_of_a_box_that_shines_through_is_no_faint_line(end: tuple[int, int], found: bool) -> None:
    """Lines along the page or across it are print's; one that leans by 20 degrees is a hand's."""
    patch: Gray = np.full((62, 62), 240, np.uint8)
    cv2.line(patch, (18, 20), end, 218, 2)
    marked: Gray = np.full((62, 62), 240, np.uint8)
    cv2.line(marked, (18, 18), (43, 43), 170, 4)
    row = [f.name for f in fields(Measurements)].index("faint_mm")
    assert bool(measure_patches(np.stack([patch, marked]), (4.5, 4.5), 30.0)[row, 0] >= POLICY.faint_mm) is found


def _sloping(patch: Gray) -> None:
    """Let a shadow fall over all of a patch: half as bright in one corner as in the other."""
    x, y = np.meshgrid(*(np.linspace(0.0, 1.0, n) for n in patch.shape[::-1]))
    patch[:] = np.rint(patch * (1 - 0.25 * x - 0.25 * y))


def test_a_shadow_that_falls_across_a_box_is_no_ink_and_takes_none_away() -> None:
    def cross(patch: Gray) -> None:
        cv2.line(patch, (18, 18), (43, 43), 150, 4)
        cv2.line(patch, (43, 18), (18, 43), 150, 4)

    def cross_in_shadow(patch: Gray) -> None:
        cross(patch)
        _sloping(patch)

    assert closely(_sloping)["ink_mm2"] == 0
    lit, shaded = closely(cross), closely(cross_in_shadow)
    assert shaded["evidence_mm2"] == pytest.approx(lit["evidence_mm2"], rel=0.05)
    assert shaded["dark"] == pytest.approx(lit["dark"], abs=0.06)


def test_a_patch_that_is_black_but_for_a_speck_is_measured_without_a_warning() -> None:
    """What is left of a damaged picture; a warning is an error in these tests."""
    black: Gray = np.zeros((62, 62), np.uint8)
    black[5, 5] = 12
    assert np.isfinite(measure_patches(np.stack([black, np.zeros_like(black)]), (4.5, 4.5), 0.0)).all()


def test_ink_in_one_corner_of_what_is_around_a_box_is_no_shadow() -> None:
    def cross(patch: Gray) -> None:
        cv2.line(patch, (18, 18), (43, 43), 150, 4)

    def corner(patch: Gray) -> None:
        cross(patch)
        patch[:14, :14] = 120

    assert closely(corner)["dark"] == closely(cross)["dark"]


def test_edges_of_a_stroke_are_steeper_than_those_of_what_was_spilt() -> None:
    def stroke(patch: Gray) -> None:
        cv2.line(patch, (18, 18), (43, 43), 170, 6)

    def pale(patch: Gray) -> None:
        cv2.line(patch, (18, 18), (43, 43), 205, 6)

    def spilt(patch: Gray) -> None:
        clean = patch.copy()
        stroke(patch)
        patch[16:46, 16:46] = cv2.GaussianBlur(patch, (0, 0), 3.0)[16:46, 16:46]
        cv2.rectangle(patch, (13, 13), (48, 48), 30, 2)
        patch[:12], patch[:, :12] = clean[:12], clean[:, :12]

    assert closely(spilt)["steep"] < 0.6 * closely(stroke)["steep"]
    assert closely(pale)["steep"] == pytest.approx(closely(stroke)["steep"], rel=0.1)
    assert closely(lambda _: None)["steep"] == 0


def test_a_side_that_reaches_into_the_box_is_no_trace_of_a_stroke() -> None:
    def thick(patch: Gray) -> None:
        cv2.line(patch, (13, 13), (13, 48), 30, 6)

    def crossed(patch: Gray) -> None:
        cv2.line(patch, (13, 26), (13, 32), 30, 6)

    assert closely(thick)["cover"] > 0.03
    assert closely(thick)["grown"] == 0
    assert closely(crossed)["grown"] == closely(crossed)["cover"] > 0


def test_a_line_that_passes_along_a_side_and_a_ring_further_off_are_not_beside_a_box() -> None:
    def along(patch: Gray) -> None:
        cv2.line(patch, (11, 0), (12, 61), 60, 2)

    def ring(patch: Gray) -> None:
        cv2.ellipse(patch, (92, 30), (32, 28), 0, 0, 360, 60, 3)

    def missed(patch: Gray) -> None:
        cv2.line(patch, (53, 18), (58, 44), 60, 4)

    assert closely(along)["beside_mm2"] < 0.1
    assert closely(ring)["beside_mm2"] == 0
    assert closely(missed)["beside_mm2"] > 0.6


def test_a_streak_that_fades_at_a_box_is_told_from_a_stroke() -> None:
    def streak(patch: Gray) -> None:
        cv2.line(patch, (30, 0), (31, 61), 60, 3)

    def fading(patch: Gray) -> None:
        cv2.line(patch, (30, 13), (31, 61), 60, 3)

    def short(patch: Gray) -> None:
        cv2.line(patch, (30, 22), (31, 42), 60, 3)

    def crossed(patch: Gray) -> None:
        fading(patch)
        cv2.line(patch, (14, 16), (47, 46), 60, 7)
        cv2.line(patch, (47, 16), (14, 46), 60, 7)

    assert [closely(draw)["streak"] for draw in (streak, fading, short, crossed)] == [1, 0.5, 0, 0]


def test_a_streak_that_ends_within_a_box_is_told_from_a_stroke_that_leaves_it() -> None:
    def ending(patch: Gray) -> None:
        cv2.line(patch, (30, 30), (31, 61), 60, 3)

    def across(patch: Gray) -> None:
        cv2.line(patch, (0, 31), (28, 30), 60, 3)

    def slash(patch: Gray) -> None:
        cv2.line(patch, (22, 20), (36, 61), 60, 3)

    def ticked(patch: Gray) -> None:
        ending(patch)
        cv2.line(patch, (20, 22), (30, 30), 60, 3)

    assert [closely(draw)["streak"] for draw in (ending, across, slash, ticked)] == [0.5, 0.5, 0, 0]
