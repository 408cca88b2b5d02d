"""Slips: printed several on a leaf, read uncut, cut, turned and mixed, each on its own."""

from __future__ import annotations

import io
from collections.abc import Sequence

import numpy as np
import pypdfium2
import pytest
import simulator_sheets
import zxingcpp
from builders import instrument, question
from simulator import Cross, Page, Scanner, Write, scan
from simulator import printed as sheets_printed
from slip_helpers import (
    A4_MM,
    PARAMETERS,
    Lying,
    Pixels,
    choice,
    filled,
    glass,
    leaf,
    page_image,
    printed,
    slip_sheet,
    turned,
)

from forms import pagecode, pdf
from forms.blocks import Size
from forms.compose import Sheet
from forms.definition import find, load
from forms.drawing import Words
from forms.errors import LayoutError
from forms.layout import FieldKind, Layout
from forms.model import Kind
from forms.slips import SLIP_SIZES_MM, compose_slip
from forms.typeface import width_mm
from omr.policy import POLICY
from omr.reader import NOT_BORNE_OUT, Examined, examine_all
from omr.readings import PageReading, RefusalCode

SERIALS = ("7QK2M4", "ABCDEF", "111111", "ZZZZZZ")
OPTIONS = ("ja", "delvis", "nej", "vet_inte")
GIVEN = {"question": "Vad skulle göra mötet bättre?", "contact": "Ring 010-555 01 02."}


def leaves(sheet: Sheet, serials: Sequence[str]) -> list[Pixels]:
    out = io.BytesIO()
    pdf.write(sheet, pagecode.SheetKind.SHEET, serials, out)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        return [np.asarray(p.render(scale=200 / 72, grayscale=True).to_pil().convert("L")) for p in document]


def written() -> list[Page]:
    """Four slips, each with another option crossed."""
    pages = printed(slip_sheet(), SERIALS)
    return [filled(p, [Cross("hur", option)], n) for n, (p, option) in enumerate(zip(pages, OPTIONS, strict=True))]


def read(pixels: Pixels, *layouts: Layout) -> list[Examined]:
    known = layouts or (slip_sheet().layout,)
    return list(examine_all(page_image(pixels), {layout.id: layout for layout in known}, POLICY))


def told(results: list[Examined]) -> list[tuple[int | None, object, object]]:
    """Return part, serial and crossed options, or part, refusal and its detail."""
    return [
        (r.part, r.outcome.serial, [m.option for m in r.outcome.marks if m.state != "empty"])
        if isinstance(r.outcome, PageReading)
        else (r.part, r.outcome.code, r.outcome.detail)
        for r in results
    ]


IN_ORDER = [(n, serial, [option]) for n, (serial, option) in enumerate(zip(SERIALS, OPTIONS, strict=True), 1)]


# Printing


@pytest.mark.parametrize("slips", [2, 4])
def test_each_slip_has_a_serial_and_the_last_leaf_may_be_partly_empty(slips: int) -> None:
    sheet = slip_sheet("words", slips)
    serials = [f"{n:06d}" for n in range(slips + 1)]
    pages = leaves(sheet, serials)
    assert len(pages) == 2
    found = [[c.text for c in zxingcpp.read_barcodes(p)] for p in pages]
    codes = [pagecode.parse(text) for page in found for text in page]
    assert {code.serial for code in codes if code} == set(serials)
    assert [len(page) for page in found] == [slips, 1]
    assert sheet.layout.page_size_mm == SLIP_SIZES_MM[slips]
    assert leaves(sheet, serials)[0].tobytes() == pages[0].tobytes()


def test_two_sides_print_as_one() -> None:
    out = io.BytesIO()
    pdf.write(slip_sheet(), pagecode.SheetKind.SHEET, SERIALS, out, sides=pdf.Sides.TWO)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        assert len(document) == 1


@pytest.mark.parametrize("language", ["sv", "sv-x-lattlast", "en"])
@pytest.mark.parametrize("slips", [2, 4])
def test_the_workshop_question_has_room_to_write_and_says_who_asks_and_whom_to_turn_to(
    slips: int, language: str
) -> None:
    sheet = compose_slip(load(find("en-fraga")), PARAMETERS | GIVEN, language, slips=slips)
    (field,) = sheet.layout.on_page(1, FieldKind.TEXT)
    assert field.w * field.h > 3500
    words = [draw for draw in sheet.pages[0] if isinstance(draw, Words)]
    said = " ".join(w.text for w in words)
    for needed in (PARAMETERS["organisation"], GIVEN["question"], PARAMETERS["support"], "112", "{serial}"):
        assert needed in said
    width, height = sheet.layout.page_size_mm
    assert all(w.x > 0 and w.x + width_mm(w.text, w.size_pt, w.face) < width and 0 < w.y < height for w in words)


def test_practice_slips_say_so() -> None:
    sheet = compose_slip(choice(), PARAMETERS, "sv", slips=4, kind=pagecode.SheetKind.PRACTICE)
    assert any("PROV" in draw.text for draw in sheet.pages[0] if isinstance(draw, Words))


def test_what_does_not_fit_is_refused_with_a_way_out() -> None:
    many = instrument(*(question(f"q{n}") for n in range(9)), question("mer", (), Kind.TEXT, lines=5))
    for slips in SLIP_SIZES_MM:
        with pytest.raises(LayoutError) as caught:
            compose_slip(many, PARAMETERS, "sv", slips=slips)
        assert caught.value.code == "too-much-for-slip"
        assert "whole sheets" in caught.value.remedy
    with pytest.raises(LayoutError, match="3 slips"):
        compose_slip(many, PARAMETERS, "sv", slips=3)
    compose_slip(load(find("en-fraga")), PARAMETERS | GIVEN, "sv", slips=2, style=Size.LARGE.style)


# Reading


@pytest.mark.parametrize(
    ("turn", "quarters", "dpi", "mode"),
    [(0, 0, 200, "gray"), (2.5, 2, 200, "gray"), (-4, 1, 300, "colour"), (4.5, 3, 200, "bilevel"), (1, 2, 150, "gray")],
)
def test_an_uncut_leaf(turn: float, quarters: int, dpi: int, mode: str) -> None:
    results = read(glass(turned(leaf(written()), turn), dpi, mode=mode, quarter_turns=quarters))
    assert told(results) == IN_ORDER
    for result in results:
        assert isinstance(result.outcome, PageReading)
        assert abs(result.outcome.quality.dpi - dpi) < 4
        assert result.outcome.stray_ink == ()


def test_pixels_are_those_of_the_whole_picture() -> None:
    results = read(glass(leaf(written()), 300))
    box = slip_sheet().layout.on_page(1, FieldKind.BOX)[0]
    for result, (x, y) in zip(results, pdf.places_on_leaf((105.0, 148.5)), strict=True):
        assert isinstance(result.outcome, PageReading)
        assert np.allclose(result.outcome.marks[0].box_px[0], np.array([x + box.x, y + box.y]) * 300 / 25.4, atol=3)


def test_cut_slips_side_by_side_each_at_an_angle_of_its_own() -> None:
    a, b, c, d = written()
    lying = [Lying(a, 54, 80, 4), Lying(b, 156, 78, -3), Lying(c, 80, 235, 93)]
    assert told(read(glass(lying))) == IN_ORDER[:3]
    lying = [Lying(d, 150, 225, 182), Lying(a, 54, 80, 177)]
    # Both stand on their heads, so that the lower right one is the first.
    assert told(read(glass(lying))) == [(1, SERIALS[3], ["vet_inte"]), (2, SERIALS[0], ["ja"])]


@pytest.mark.parametrize("turn", [-5, 3, 90, 184, 267])
def test_one_cut_slip_anywhere_on_the_glass(turn: float) -> None:
    assert told(read(glass([Lying(written()[1], 120, 150, turn)]))) == [(1, "ABCDEF", ["delvis"])]


@pytest.mark.parametrize("quarters", [0, 2, 3])
@pytest.mark.parametrize("dpi", [150, 200, 300])
def test_one_cut_slip_in_an_image_of_its_size(dpi: int, quarters: int) -> None:
    pixels = glass([Lying(written()[2], 53, 74.5, 1.5)], dpi, (106.0, 149.0), quarter_turns=quarters)
    assert told(read(pixels)) == [(1, "111111", ["nej"])]


def test_slips_of_two_layouts_and_sizes() -> None:
    large, small = slip_sheet("words", 2), slip_sheet()
    (first,) = printed(large, ["AAAAAA"])
    lying = [Lying(filled(first, [Write("vad", None, "mer tid")]), 105, 75), *leaf(written())[2:]]
    results = read(glass(lying), small.layout, large.layout)
    assert told(results) == [(1, "AAAAAA", []), (2, SERIALS[2], ["nej"]), (3, SERIALS[3], ["vet_inte"])]
    assert isinstance(results[0].outcome, PageReading)
    assert [t.ink for t in results[0].outcome.texts] == [True]


def test_four_small_slips_are_not_taken_for_a_large_one() -> None:
    """The outer markers of two A6 beside each other stand as those of one A5."""
    layouts = slip_sheet().layout, slip_sheet("words", 2).layout
    assert told(read(glass(leaf(written())), *layouts)) == IN_ORDER
    pages = written()
    pages[0] = _painted(pages[0], 40, 4, 26, 26)  # its code
    results = told(read(glass(leaf(pages)), *layouts))
    assert results == [(1, RefusalCode.NO_PAGE_CODE, ""), *IN_ORDER[1:]]


def test_a_blank_slip_among_written_ones() -> None:
    pages = written()
    pages[2] = printed(slip_sheet(), SERIALS)[2]
    assert told(read(glass(leaf(pages)))) == [*IN_ORDER[:2], (3, SERIALS[2], []), IN_ORDER[3]]


def _painted(page: Page, x: float, y: float, w: float, h: float) -> Page:
    """Cover a rectangle of a slip, mm."""
    k = page.printed.shape[1] / page.layout.page_size_mm[0]
    rows, columns = slice(round(y * k), round((y + h) * k)), slice(round(x * k), round((x + w) * k))
    pixels = page.printed.copy()
    pixels[rows, columns] = 255
    return Page(page.layout, page.number, pixels, page.ink, page.pen)


def test_one_marker_may_be_lost_but_not_two() -> None:
    pages = written()
    pages[0] = _painted(pages[0], 0, 0, 22, 22)
    assert told(read(glass(leaf(pages)))) == IN_ORDER
    pages[3] = _painted(pages[3], 0, 130, 105, 18)
    results = told(read(glass(leaf(pages))))
    assert results == [*IN_ORDER[:3], (4, RefusalCode.NO_MARKERS, "2 of 4 were found.")]


def test_a_slip_that_lies_half_out_of_the_glass_is_refused_on_its_own() -> None:
    a, b, *_ = written()
    results = told(read(glass([Lying(a, 60, 80), Lying(b, 160, 260)])))
    assert results == [IN_ORDER[0], (2, RefusalCode.NO_MARKERS, "2 of 4 were found.")]


def test_two_copies_of_one_slip_are_two_parts() -> None:
    page = printed(slip_sheet(), SERIALS[:1])[0]
    copies = [filled(page, [Cross("hur", o)]) for o in ("ja", "nej")]
    lying = [Lying(copies[0], 54, 80), Lying(copies[1], 156, 80)]
    assert told(read(glass(lying))) == [(1, SERIALS[0], ["ja"]), (2, SERIALS[0], ["nej"])]


def test_a_slip_of_another_survey() -> None:
    theirs = pdf.finished(compose_slip(choice(), PARAMETERS, "sv", slips=4), "other")
    pages = written()
    pages[1] = printed(theirs, ["BBBBBB"])[0]
    results = told(read(glass(leaf(pages))))
    assert (results[1][0], results[1][1]) == (2, RefusalCode.OTHER_VERSION)
    assert [results[0], *results[2:]] == [IN_ORDER[0], *IN_ORDER[2:]]


def test_a_sign_up_sheet_among_slips_is_not_looked_at_further() -> None:
    marker = pdf.finished(compose_slip(choice(), PARAMETERS, "sv", slips=4), "x")
    sign_up = io.BytesIO()
    pdf.write(marker, pagecode.SheetKind.SIGN_UP, ["000000"], sign_up)
    with pypdfium2.PdfDocument(sign_up.getvalue()) as document:
        pixels = np.array(document[0].render(scale=400 / 72, grayscale=True).to_pil().convert("L"), np.uint8)
    first = written()[0]
    height, width = first.printed.shape
    lying = [Lying(first, 54, 80), Lying(Page(marker.layout, 1, pixels[:height, :width]), 156, 220)]
    assert told(read(glass(lying))) == [(None, RefusalCode.SIGN_UP_SHEET, "")]


def test_whole_sheets_are_read_as_ever_where_slips_are_known() -> None:
    data, layout = simulator_sheets.sheets()
    page = sheets_printed(data, layout)[0][1]
    pixels = scan(page, Scanner(dpi=200), np.random.default_rng(2))
    results = read(pixels, layout, slip_sheet().layout)
    assert [(r.part, r.outcome.page) for r in results if isinstance(r.outcome, PageReading)] == [(None, 2)]
    assert told(read(glass(leaf(written())), layout, slip_sheet().layout)) == IN_ORDER
    torn = pixels.copy()
    torn[-1400:] = 250
    assert told(read(torn, layout, slip_sheet().layout)) == [(None, RefusalCode.NO_MARKERS, NOT_BORNE_OUT)]


@pytest.mark.parametrize("mixed", [False, True])
def test_paper_without_slips_is_refused_as_ever(mixed: bool) -> None:
    layouts = (slip_sheet().layout, simulator_sheets.sheets()[1]) if mixed else (slip_sheet().layout,)
    blank = glass([], size_mm=A4_MM)
    assert told(read(blank, *layouts)) == [(None, RefusalCode.BLANK_PAGE, "")]
    assert read(np.full((30, 30), 200, np.uint8), *layouts)[0].outcome.code is RefusalCode.TOO_COARSE  # type: ignore[union-attr]
