"""Markers and outlines: where the page and its boxes lie."""

from __future__ import annotations

from dataclasses import replace

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Printer, Scanner

from forms.layout import FieldKind, Layout
from omr.markers import MARKER_IDS, Found, black_level, find_markers, page_of
from omr.outlines import place_boxes
from omr.register import Laid, Registration, register

WORST_MM = 0.9


@pytest.fixture(scope="module")
def paper() -> tuple[simulator.Page, Layout]:
    data, layout = simulator_sheets.sheets()
    return simulator.printed(data, layout)[0][0], layout


def boxes_of(layout: Layout) -> np.ndarray:
    return np.array([[f.x, f.y, f.w, f.h] for f in layout.on_page(1, FieldKind.BOX)])


def registered(gray: np.ndarray, layout: Layout) -> tuple[Registration, tuple[Found, ...]]:
    found = find_markers(gray)
    page = register(found, [m for m in layout.markers if m.page == 1], WORST_MM)
    assert page is not None
    return page, found


def error_mm(page: Registration, scanner: Scanner, points_mm: np.ndarray) -> float:
    """Return how far the farthest point is from where the scanner really put it, mm."""
    matrix = simulator._geometry(scanner, (210.0, 297.0))
    k = simulator.PX
    paper_px = points_mm * k - 0.5
    true = paper_px @ matrix[:2, :2].T + matrix[:2, 2] + 0.5
    width, height = (round(v / 25.4 * scanner.dpi) for v in (210, 297))
    for _ in range(scanner.quarter_turns % 4):
        true = np.column_stack([height - true[:, 1], true[:, 0]])
        width, height = height, width
    return float(np.abs(page.to_px(points_mm) - true).max() / page.px_per_mm)


SCANNERS = [
    Scanner(dpi=300),
    Scanner(dpi=200, skew_deg=5, quarter_turns=1),
    Scanner(dpi=200, skew_deg=-5, quarter_turns=2, stretch=1.015),
    Scanner(dpi=150, skew_deg=2, quarter_turns=3, x=3, y=-3),
    Scanner(dpi=300, mode="bilevel", skew_deg=-3.3),
    Scanner(dpi=200, printer=Printer(0.94, 2, -2)),
    Scanner(dpi=200, printer=Printer(1.03)),
]


@pytest.mark.parametrize("scanner", SCANNERS, ids=str)
def test_the_page_is_found_to_a_quarter_of_a_millimetre(paper: tuple[simulator.Page, Layout], scanner: Scanner) -> None:
    page, layout = paper
    gray = simulator.scan(page, scanner, np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    assert found_page.markers == 4
    assert page_of(found) == 1
    boxes = boxes_of(layout)
    assert error_mm(found_page, scanner, boxes[:, :2]) < 0.25
    turned = (scanner.skew_deg + 90 * scanner.quarter_turns) % 360
    assert abs((found_page.rotation_deg - turned + 180) % 360 - 180) < 0.2
    laid = Laid(gray, found_page, black_level(gray, found))
    places = place_boxes(laid, boxes)
    assert places.sure.all()
    assert places.outline.min() > 0.4
    # Outlines bring the page as a whole nearer to where it is.
    assert error_mm(places.page(found_page), scanner, boxes[:, :2]) < 0.12
    assert found_page.px_per_mm * 25.4 == pytest.approx(scanner.dpi * scanner.printer.scale, rel=0.012)


@pytest.mark.parametrize("corner", range(4))
def test_one_corner_may_be_lost(paper: tuple[simulator.Page, Layout], corner: int) -> None:
    page, layout = paper
    scanner = Scanner(dpi=200, skew_deg=3)
    gray = simulator.scan(page, scanner, np.random.default_rng(1))
    height, width = gray.shape
    rows = slice(0, 300) if corner < 2 else slice(height - 300, height)
    columns = slice(0, 300) if corner in (0, 3) else slice(width - 300, width)
    gray[rows, columns] = 245
    found_page, _ = registered(gray, layout)
    assert found_page.markers == 3
    assert error_mm(found_page, scanner, boxes_of(layout)[:, :2]) < 0.4


def test_markers_far_from_the_corners_are_found_by_the_wider_search(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    desk = np.full((gray.shape[0] * 2, gray.shape[1] * 2), 120, np.uint8)
    desk[800 : 800 + gray.shape[0], 700 : 700 + gray.shape[1]] = gray
    found_page, _ = registered(desk, layout)
    assert found_page.markers == 4


def test_two_markers_are_not_enough(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    gray[: gray.shape[0] // 3] = 245
    found = find_markers(gray)
    assert len(found) == 2
    assert register(found, layout.markers, WORST_MM) is None


def test_a_marker_that_is_there_twice_counts_as_none(paper: tuple[simulator.Page, Layout]) -> None:
    page, _ = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    gray[500:700, 20:220] = gray[60:260, 60:260]
    gray[20:300, -300:] = gray[60:340, 60:360]
    assert 0 not in [f.id for f in find_markers(gray)]


def test_markers_that_make_no_flat_page_are_refused(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found = list(find_markers(gray))
    markers = [m for m in layout.markers if m.page == 1]
    mirrored = [replace(f, corners_px=f.corners_px * [-1, 1] + [gray.shape[1], 0]) for f in found]
    assert register(mirrored, markers, WORST_MM) is None
    torn = [replace(f, corners_px=f.corners_px + np.array([250.0 * n, 0])) for n, f in enumerate(found)]
    assert register(torn[:3], markers, WORST_MM) is None
    assert page_of([*found, Found(9, found[0].corners_px)]) is None
    assert page_of([]) is None


def test_one_wrong_marker_of_four_is_left_out(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    scanner = Scanner(dpi=200, skew_deg=1)
    gray = simulator.scan(page, scanner, np.random.default_rng(1))
    found = list(find_markers(gray))
    found[2] = replace(found[2], corners_px=found[2].corners_px + np.array([-400.0, -500.0]))
    page_found = register(found, [m for m in layout.markers if m.page == 1], WORST_MM)
    assert page_found is not None
    assert page_found.markers == 3
    assert error_mm(page_found, scanner, boxes_of(layout)[:, :2]) < 0.4


def test_points_come_back(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    found_page, _ = registered(simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1)), layout)
    points = np.random.default_rng(2).uniform(0, 290, (20, 2))
    assert np.allclose(found_page.to_mm(found_page.to_px(points)), points)


def test_boxes_follow_paper_that_bends(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    ys, xs = np.mgrid[0 : gray.shape[0], 0 : gray.shape[1]].astype(np.float32)
    wave_mm = 0.6 * np.sin(ys / 200 * 2)
    bent = cv2.remap(gray, xs - wave_mm * (200 / 25.4), ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    found_page, found = registered(bent, layout)
    boxes = boxes_of(layout)
    places = place_boxes(Laid(bent, found_page, black_level(bent, found)), boxes)
    middle = found_page.to_px(boxes[:, :2] + boxes[:, 2:] / 2)
    true = np.interp(middle[:, 1], np.arange(gray.shape[0]), wave_mm[:, 0])
    # What is even over the page went into the page's own matrix; what is left must be where the wave is.
    offset = places.shift_mm[:, 0] - true
    offset -= np.polyval(np.polyfit(middle[:, 1], offset, 1), middle[:, 1])
    assert np.abs(offset).max() < 0.1
    assert places.scatter_mm > 0.15


def test_neighbours_at_the_other_end_of_a_page_that_curls_do_not_outvote_a_box_s_own_outline(
    paper: tuple[simulator.Page, Layout],
) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    black = black_level(gray, found)
    boxes = boxes_of(layout)
    boxes = boxes[np.argsort(boxes[:, 1])][[0, -8, -7, -6, -5, -4, -3, -2]]
    assert boxes[1, 1] - boxes[0, 1] > 60
    ys, xs = np.mgrid[0 : gray.shape[0], 0 : gray.shape[1]].astype(np.float32)
    apart_px = found_page.to_px(boxes[1, :2])[1] - found_page.to_px(boxes[0, :2])[1]
    curl_mm = 1.15 * np.clip((ys - found_page.to_px(boxes[0, :2])[1] - 60) / (apart_px - 120), 0, 1).astype(np.float32)
    curled = cv2.remap(gray, xs - curl_mm * (200 / 25.4), ys, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE)
    places = place_boxes(Laid(curled, found_page, black), boxes)
    assert np.allclose(places.shift_mm[1:, 0], 1.15, atol=0.15)
    assert not places.sure[0] or abs(places.shift_mm[0, 0]) < 0.2


def test_a_stroke_taken_for_a_box_s_line_makes_a_page_no_less_even(paper: tuple[simulator.Page, Layout]) -> None:
    """The second look finds the box where its neighbours put it; what was mistaken first says nothing about paper."""
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    laid = Laid(gray, found_page, black_level(gray, found))
    boxes = boxes_of(layout)
    even = place_boxes(laid, boxes)
    left, top = found_page.to_px(boxes[5, :2] + even.shift_mm[5])
    side = boxes[5, 2] * 200 / 25.4
    for x in (left + 0.7 * 200 / 25.4, left + 0.7 * 200 / 25.4 + side):
        cv2.line(laid.gray, (round(x), round(top - 4)), (round(x), round(top + side + 4)), 20, 5)
    places = place_boxes(laid, boxes)
    assert places.sure[5]
    assert np.hypot(*(places.shift_mm[5] - even.shift_mm[5])) < 0.15
    assert places.scatter_mm < even.scatter_mm + 0.02


def test_no_boxes_and_hidden_outlines(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    laid = Laid(gray, found_page, black_level(gray, found))
    assert place_boxes(laid, np.zeros((0, 4))).shift_mm.shape == (0, 2)
    nowhere = np.array([[100.0, 5.0, 4.5, 4.5], [120.0, 5.0, 4.5, 4.5]])
    assert not place_boxes(laid, nowhere).sure.any()
    # One hidden box among many stands where its neighbours put it.
    boxes = boxes_of(layout)
    corner = found_page.to_px(boxes[5, :2]).astype(int)
    laid.gray[corner[1] - 12 : corner[1] + 50, corner[0] - 12 : corner[0] + 50] = 245
    places = place_boxes(laid, boxes)
    assert places.outline[5] < 0.2
    assert places.sure[5]
    assert np.abs(places.shift_mm[5]).max() < 0.2


def test_outlines_that_are_all_blurred_are_found_and_those_of_another_page_are_not(
    paper: tuple[simulator.Page, Layout],
) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=150), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    blurred = cv2.GaussianBlur(gray, (0, 0), 0.36 * 150 / 25.4)
    boxes = boxes_of(layout)
    places = place_boxes(Laid(blurred, found_page, black_level(gray, found)), boxes)
    assert places.outline.max() < 0.3
    assert places.sure.all()
    assert places.is_flat
    assert np.abs(places.shift_mm).max() < 0.3
    # Where there is other print, or none, nothing agrees.
    for off_mm in (20.0, 60.0):
        elsewhere = np.column_stack([boxes[:, 0] + off_mm, boxes[:, 1] + 3.0, boxes[:, 2:]])
        assert not place_boxes(Laid(blurred, found_page, black_level(gray, found)), elsewhere).is_flat


def test_a_stroke_beside_a_box_is_not_taken_for_its_line(paper: tuple[simulator.Page, Layout]) -> None:
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    boxes = boxes_of(layout)
    # Down the middle of the box and beside it: as far apart as its own two sides, and darker.
    for x in (1.2, 1.2 + 4.5 - 0.35):
        line = found_page.to_px(boxes[5, :2] + np.array([[x, -0.8], [x, 5.3]]))
        (x0, y0), (x1, y1) = np.round(line).astype(int).tolist()
        cv2.line(gray, (x0, y0), (x1, y1), 5, 5)
    places = place_boxes(Laid(gray, found_page, black_level(gray, found)), boxes)
    assert places.sure.all()
    assert np.abs(places.shift_mm[5] - places.shift_mm[4]).max() < 0.3


@pytest.mark.parametrize(("wave_mm", "gray_line", "sure"), [(0.0, 110, True), (0.35, 110, False), (0.0, 5, False)])
def test_on_even_paper_no_stroke_moves_a_box(
    paper: tuple[simulator.Page, Layout], wave_mm: float, gray_line: int, sure: bool
) -> None:
    """A broad scribble may look like an outline elsewhere; if all sway, or it is as clear as one, a person decides."""
    page, layout = paper
    gray = simulator.scan(page, Scanner(dpi=200), np.random.default_rng(1))
    found_page, found = registered(gray, layout)
    boxes = boxes_of(layout)
    at = found_page.to_px(boxes[5, :2] + np.array([[-1.5, -1.5], [6.0, 6.0]])).round().astype(int)
    gray[at[0, 1] : at[1, 1], at[0, 0] : at[1, 0]] = 235
    frame = found_page.to_px(boxes[5, :2] + np.array([[1.3, 1.3], [5.6, 5.6]])).round().astype(int)
    cv2.rectangle(gray, tuple(frame[0].tolist()), tuple(frame[1].tolist()), gray_line, 3)
    sway = wave_mm * np.where(np.arange(len(boxes)) % 2, 1.0, -1.0)
    places = place_boxes(Laid(gray, found_page, black_level(gray, found)), boxes + sway[:, None] * np.eye(4)[0])
    assert bool(places.sure[5]) is sure


def test_only_ids_in_use_are_looked_for() -> None:
    whole = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    gray = np.full((900, 900), 255, np.uint8)
    for n, marker in enumerate((MARKER_IDS - 1, MARKER_IDS, 400)):
        at = 60 + 260 * n
        gray[60:160, at : at + 100] = cv2.aruco.generateImageMarker(whole, marker, 100)
    assert [f.id for f in find_markers(gray)] == [MARKER_IDS - 1]
