"""Whose page it is, and every refusal that identity has."""

from __future__ import annotations

import io

import cv2
import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Scanner

from forms import pdf
from forms.compose import compose
from forms.layout import Layout
from forms.pagecode import SheetKind
from omr import images
from omr.images import PageImage, Picture
from omr.policy import POLICY
from omr.reader import read_page
from omr.readings import PageReading, Refusal, RefusalCode

SCANNER = Scanner(dpi=200, noise=2)


def image_of(pixels: np.ndarray, scanner: Scanner = SCANNER) -> PageImage:
    image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    return image


def scanned(data: bytes, layout: Layout, scanner: Scanner = SCANNER) -> list[np.ndarray]:
    rng = np.random.default_rng(3)
    return [simulator.scan(p, scanner, rng) for p in simulator.printed(data, layout)[0]]


@pytest.fixture(scope="module")
def layout() -> Layout:
    return simulator_sheets.sheets()[1]


@pytest.fixture(scope="module")
def pages() -> list[np.ndarray]:
    return scanned(*simulator_sheets.sheets())


def refused(pixels: np.ndarray, *layouts: Layout) -> Refusal:
    image = image_of(pixels)
    outcome = read_page(image, {known.id: known for known in layouts})
    assert isinstance(outcome, Refusal), outcome
    assert outcome.sha256 == ("" if outcome.code is RefusalCode.SIGN_UP_SHEET else image.sha256)
    return outcome


def test_page_and_serial(pages: list[np.ndarray], layout: Layout) -> None:
    for number, pixels in enumerate(pages, 1):
        outcome = read_page(image_of(pixels), {layout.id: layout})
        assert isinstance(outcome, PageReading)
        assert (outcome.layout, outcome.instrument, outcome.version) == (layout.id, layout.instrument, layout.version)
        assert (outcome.page, outcome.serial, outcome.kind) == (number, "7QK2M4", "S")


def test_another_survey(pages: list[np.ndarray], layout: Layout) -> None:
    _, other = simulator_sheets.sheets(name="annat")
    refusal = refused(pages[0], other)
    assert refusal.code is RefusalCode.UNKNOWN_FORM
    assert layout.id in refusal.message
    assert refused(pages[0]).code is RefusalCode.UNKNOWN_FORM


def test_another_version(pages: list[np.ndarray]) -> None:
    _, newer = simulator_sheets.sheets(survey="b")
    assert refused(pages[0], newer).code is RefusalCode.OTHER_VERSION


def test_the_right_one_of_several_layouts_is_taken(pages: list[np.ndarray], layout: Layout) -> None:
    known = [simulator_sheets.sheets(name="annat")[1], simulator_sheets.sheets(survey="b")[1], layout]
    outcome = read_page(image_of(pages[1]), {k.id: k for k in known})
    assert isinstance(outcome, PageReading)
    assert outcome.layout == layout.id


def code_area(pixels: np.ndarray) -> tuple[slice, slice]:
    k = SCANNER.dpi / 25.4
    return slice(round(9 * k), round(31 * k)), slice(round(94 * k), round(116 * k))


def without_line(pixels: np.ndarray) -> np.ndarray:
    """Cover the printed page code."""
    k = SCANNER.dpi / 25.4
    pixels[round(29.8 * k) : round(35.2 * k), round(74 * k) : round(136 * k)] = 240
    return pixels


def test_a_covered_code(pages: list[np.ndarray], layout: Layout) -> None:
    pixels = without_line(pages[0].copy())
    pixels[code_area(pixels)] = 240
    assert refused(pixels, layout).code is RefusalCode.NO_PAGE_CODE


def test_code_and_markers_that_disagree(pages: list[np.ndarray], layout: Layout) -> None:
    pixels = pages[0].copy()
    pixels[code_area(pixels)] = pages[1][code_area(pixels)]
    refusal = refused(pixels, layout)
    assert refusal.code is RefusalCode.NO_PAGE_CODE
    assert "page 2" in refusal.message


def test_markers_of_two_pages(pages: list[np.ndarray], layout: Layout) -> None:
    pixels = pages[0].copy()
    pixels[-400:] = pages[1][-400:]
    assert refused(pixels, layout).code is RefusalCode.NO_PAGE_CODE


def test_two_codes(pages: list[np.ndarray], layout: Layout) -> None:
    pixels = pages[0].copy()
    other, _ = simulator_sheets.sheets(("AAAAAA",))
    pixels[code_area(pixels)] = 240
    rows, columns = code_area(pixels)
    foreign = scanned(other, layout)[0]
    pixels[900 : 900 + rows.stop - rows.start, columns] = foreign[rows, columns]
    pixels[1300 : 1300 + rows.stop - rows.start, columns] = pages[0][rows, columns]
    assert refused(pixels, layout).code is RefusalCode.NO_PAGE_CODE


def test_half_a_page(pages: list[np.ndarray], layout: Layout) -> None:
    refusal = refused(pages[0][: pages[0].shape[0] // 2], layout)
    assert refusal.code is RefusalCode.NO_MARKERS
    assert "2 of 4" in refusal.message


@pytest.mark.parametrize("white", [255, 225, 190])
def test_a_blank_page(layout: Layout, white: int) -> None:
    rng = np.random.default_rng(4)
    pixels = np.clip(rng.normal(white, 5, (2339, 1654)), 0, 255).astype(np.uint8)
    pixels[:30] = 40  # the lid's shadow
    for _ in range(40):
        x, y = rng.integers(60, 1500, 2)
        pixels[y : y + 2, x : x + 2] = 60  # dust
    assert refused(pixels, layout).code is RefusalCode.BLANK_PAGE


def test_a_note_on_the_back_is_not_blank(layout: Layout) -> None:
    pixels = np.full((2339, 1654), 240, np.uint8)
    paper = simulator.Page(layout, 1, np.full((4677, 3307), 255, np.uint8))
    rng = np.random.default_rng(5)
    noted = simulator.fill_in(paper, [simulator.Note(1, 40, 100, 20)], simulator.Hand(), rng)
    assert refused(simulator.scan(noted, SCANNER, rng), layout).code is RefusalCode.NO_MARKERS
    assert refused(pixels, layout).code is RefusalCode.BLANK_PAGE


def test_a_page_from_somewhere_else(layout: Layout) -> None:
    pixels = np.full((2339, 1654), 240, np.uint8)
    for line in range(30):
        cv2.putText(pixels, "En helt annan sida", (150, 200 + 60 * line), cv2.FONT_HERSHEY_SIMPLEX, 1.5, 20, 3)
    assert refused(pixels, layout).code is RefusalCode.NO_MARKERS


def test_a_sign_up_sheet_by_one_marker(pages: list[np.ndarray], layout: Layout) -> None:
    pixels = np.full((2339, 1654), 240, np.uint8)
    family = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36H11)
    pixels[2150:2214, 100:164] = cv2.aruco.generateImageMarker(family, 131, 64)
    assert refused(pixels, layout).code is RefusalCode.SIGN_UP_SHEET


def test_a_sign_up_sheet_by_its_code_alone(layout: Layout) -> None:
    sheet = pdf.finished(compose(simulator_sheets.instrument(), {}, "sv"), "a")
    out = io.BytesIO()
    pdf.write(sheet, SheetKind.SIGN_UP, ["7QK2M4"], out)
    pixels = scanned(out.getvalue(), layout)[0]
    assert refused(pixels, layout).code is RefusalCode.SIGN_UP_SHEET
    pixels[:230, :] = np.where(np.arange(pixels.shape[1]) < 400, 240, pixels[:230])  # two corners lost as well
    pixels[-400:] = 240
    assert refused(pixels, layout).code is RefusalCode.SIGN_UP_SHEET


@pytest.mark.parametrize("dpi", [30, 60, 110])
def test_too_coarse(layout: Layout, dpi: int) -> None:
    data, _ = simulator_sheets.sheets()
    pixels = scanned(data, layout, Scanner(dpi=dpi, noise=1, quality=90))[0]
    assert refused(pixels, layout).code is RefusalCode.TOO_COARSE


@pytest.mark.parametrize("size", [(1, 1), (1, 3000), (399, 5000), (20, 20)])
def test_slips_of_an_image(layout: Layout, size: tuple[int, int]) -> None:
    assert refused(np.full(size, 128, np.uint8), layout).code is RefusalCode.TOO_COARSE


def test_every_threshold_is_in_the_policy(pages: list[np.ndarray], layout: Layout) -> None:
    outcome = read_page(image_of(pages[0]), {layout.id: layout})
    assert isinstance(outcome, PageReading)
    assert outcome.policy == POLICY.name
