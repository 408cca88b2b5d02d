"""The printer test page: what it looks like, and that its scan tells what printer and scanner did."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from functools import cache

import cv2
import numpy as np
import pypdfium2
import pytest
import simulator
import simulator_sheets
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from simulator import Cross, Hand, Printer, Scanner, Style
from slip_helpers import slip_sheet

from forms import pdf
from forms.answers import Mark
from forms.corners import PAGE_MM
from forms.drawing import Frame, Stroke, Words
from forms.layout import Layout
from forms.pagecode import SheetKind
from forms.testpage import EDGE_MM, NAME, PATCH_MM, RULER_MM, languages, layout, printer_test_page
from forms.typeface import width_mm
from omr import images, printtest
from omr.errors import OmrError
from omr.images import PageImage, Picture
from omr.policy import POLICY
from omr.printtest import FINE, FindingCode, PrintTest
from omr.reader import examine_all, read_page
from omr.readings import NOTHING_TO_MEND, Refusal, RefusalCode, from_json, to_json

SCANNER = Scanner(dpi=200)


@cache
def paper(language: str = "sv") -> simulator.Pixels:
    """Return a printed test page at the simulator's resolution."""
    out = io.BytesIO()
    pdf.write(printer_test_page(language), SheetKind.TEST, ("000000",), out)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        assert len(document) == 1
        return np.array(document[0].render(scale=simulator.DPI / 72, grayscale=True).to_pil().convert("L"), np.uint8)


def scanned(scanner: Scanner, pixels: simulator.Pixels | None = None, *, seed: int = 1) -> PageImage:
    page = simulator.Page(layout(), 1, paper() if pixels is None else pixels)
    seen = simulator.scan(page, scanner, np.random.default_rng(seed))
    image = images.decode(Picture(simulator.encode_jpeg(seen, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    return image


def refusal_of(image: PageImage, *known: Layout) -> Refusal:
    outcome = read_page(image, {one.id: one for one in known})
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.TEST_PAGE
    assert outcome.sha256 == image.sha256
    return outcome


def measured(scanner: Scanner, pixels: simulator.Pixels | None = None) -> PrintTest:
    test = refusal_of(scanned(scanner, pixels)).test
    assert test is not None
    return test


def codes(test: PrintTest) -> set[FindingCode]:
    return {f.code for f in test.findings}


def cut(top: float = 0, right: float = 0, bottom: float = 0, left: float = 0) -> simulator.Pixels:
    """Return a test page whose printer did not reach so many mm at the edges."""
    pixels = paper().copy()
    height, width = pixels.shape
    t, r, b, le = (round(mm * simulator.PX) for mm in (top, right, bottom, left))
    pixels[:t], pixels[height - b :], pixels[:, :le], pixels[:, width - r :] = 255, 255, 255, 255
    return pixels


@pytest.mark.parametrize("language", ["sv", "en", "sv-x-lattlast", "fi"])
def test_texts_stand_clear_of_each_other_and_of_what_is_measured(language: str) -> None:
    sheet = printer_test_page(language)
    assert sheet.layout.id == layout().id
    words = [d for d in sheet.pages[0] if isinstance(d, Words)]
    assert {w.text for w in words} >= {"100 mm", *(str(mm) for mm in EDGE_MM)}
    boxes = [(w.x, w.y - 0.35 * w.size_pt * 0.72, w.x + width_mm(w.text, w.size_pt, w.face), w.y) for w in words]
    taken = [(m.x - 1, m.y - 1, m.x + m.size + 1, m.y + m.size + 1) for m in sheet.layout.markers]
    code = sheet.layout.codes[0]
    taken += [(code.x, code.y, code.x + code.size, code.text.y + code.text.h)]
    taken += [(f.x, f.y, f.x + f.w, f.y + f.h) for f in sheet.layout.fields]
    taken += [(d.x, d.y, d.x + d.w, d.y + d.h) for d in sheet.pages[0] if isinstance(d, Frame)]
    for n, (left, top, right, low) in enumerate(boxes):
        assert left >= 12
        assert right <= PAGE_MM[0] - 12
        for other in [*boxes[:n], *boxes[n + 1 :], *taken]:
            assert right <= other[0] or left >= other[2] or low <= other[1] or top >= other[3], words[n].text


def test_the_page_is_written_for_easy_reading_too() -> None:
    assert languages() == ("sv", "sv-x-lattlast", "en")
    plain, easy, english = (
        {d.text for d in printer_test_page(t).pages[0] if isinstance(d, Words)} for t in languages()
    )
    assert {"Prova skrivaren", "Gå igenom punkt 1 till 4.", "Fyll hela den här rutan"} <= easy
    assert not (easy & english) - {"100 mm", *(str(mm) for mm in EDGE_MM)}
    assert "Provsida för skrivaren" in plain
    # A line is a unit of reading there: none is broken.
    assert all(line[0].isupper() or line[0].isdigit() for line in easy)


def test_both_lines_are_as_long_as_they_say() -> None:
    frames = [d for d in printer_test_page("sv").pages[0] if isinstance(d, Frame)]
    lying = next(f for f in frames if f.w == RULER_MM)
    upright = next(f for f in frames if f.h == RULER_MM)
    ends = sorted(f.x for f in frames if abs(f.y + f.h / 2 - lying.y - lying.h / 2) < 0.01 and f.h == 4.0)
    thick = next(f.w for f in frames if f.h == 4.0 and f.w > 0.5)
    assert (ends[0], ends[1] + thick) == pytest.approx((lying.x, lying.x + RULER_MM))
    ends = sorted(f.y for f in frames if abs(f.x + f.w / 2 - upright.x - upright.w / 2) < 0.01 and f.w == 4.0)
    assert (ends[0], ends[1] + thick) == pytest.approx((upright.y, upright.y + RULER_MM))
    assert sum(isinstance(d, Stroke) for d in printer_test_page("sv").pages[0]) == 2


@pytest.mark.parametrize("language", ["sv", "en"])
@pytest.mark.parametrize("scale", [0.94, 0.97, 1.0, 1.03])
def test_the_scale_is_told(scale: float, language: str) -> None:
    test = measured(Scanner(dpi=300, printer=Printer(scale=scale), skew_deg=0.7), paper(language))
    assert test.across_percent == pytest.approx(100 * scale, abs=0.3)
    assert test.down_percent == pytest.approx(100 * scale, abs=0.3)
    assert test.skew_deg == pytest.approx(0.7, abs=0.1)
    assert test.dpi == pytest.approx(300 * scale, abs=1)
    expected = FindingCode.SCALE_RIGHT if scale == 1 else FindingCode.SCALE_OFF
    assert expected in codes(test)
    assert test.good == (scale == 1)


@pytest.mark.parametrize(
    "scanner",
    [
        Scanner(dpi=150, quarter_turns=1),
        Scanner(dpi=200, mode="bilevel", quarter_turns=2, skew_deg=-4),
        Scanner(dpi=240, mode="colour", skew_deg=3, noise=6),
        Scanner(dpi=400, quality=40),
        Scanner(dpi=600),
    ],
)
@pytest.mark.parametrize("scale", [0.92, 0.975])
def test_the_scale_is_told_by_any_scanner(scanner: Scanner, scale: float) -> None:
    test = measured(replace(scanner, printer=Printer(scale=scale, x=2, y=-1)))
    assert test.across_percent == pytest.approx(100 * scale, abs=0.3)
    assert test.down_percent == pytest.approx(100 * scale, abs=0.3)
    assert test.skew_deg == pytest.approx(scanner.skew_deg, abs=0.2)
    assert (FindingCode.SCALE_BAD in codes(test)) == (scale < 0.94)
    assert (FindingCode.COARSE in codes(test)) == (scanner.dpi == 150 or scanner.dpi * scale < 190)
    assert (FindingCode.SKEWED in codes(test)) == (abs(scanner.skew_deg) > 2)


def test_a_feeder_that_slips_is_told_by_direction() -> None:
    test = measured(Scanner(dpi=300, stretch=1.025))
    assert test.across_percent == pytest.approx(100, abs=0.3)
    assert test.down_percent == pytest.approx(102.5, abs=0.3)
    assert FindingCode.STRETCHED in codes(test)
    turned = measured(Scanner(dpi=300, stretch=1.025, quarter_turns=3))
    assert turned.down_percent == pytest.approx(102.5, abs=0.3)


@pytest.mark.parametrize(
    ("edges", "reach", "lost"),
    [
        ((0, 0, 0, 0), (3, 3, 3, 3), set()),
        ((4.5, 4.5, 4.5, 4.5), (5, 5, 5, 5), set()),
        ((0, 9, 0, 0), (3, 10, 3, 3), {"right"}),
        ((10.8, 0, 6.5, 3.5), (None, 3, 8, 4), {"top"}),
        ((0, 0, 9, 11), (3, 3, 10, None), {"bottom", "left"}),
    ],
)
def test_what_is_cut_off_is_told(edges: tuple[float, ...], reach: tuple[int | None, ...], lost: set[str]) -> None:
    for scanner in (Scanner(dpi=300), Scanner(dpi=150, quarter_turns=2)):
        test = measured(scanner, cut(*edges))
        assert test.reach_mm == reach
        told = [dict(f.values)["edges"] for f in test.findings if f.code is FindingCode.EDGES_CUT]
        assert set(", ".join(told).split(", ")) - {""} == lost
        assert (FindingCode.EDGES_FINE in codes(test)) == (not lost)


def test_a_dark_lid_beside_the_paper_is_no_line() -> None:
    pixels = cut(left=9)
    pixels[:, : round(4 * simulator.PX)] = 40
    assert measured(SCANNER, pixels).reach_mm[3] == 10


@pytest.mark.parametrize(("corners", "fine"), [((0,), True), ((0, 1), False), ((0, 1, 2), False)])
def test_lost_corners(corners: tuple[int, ...], fine: bool) -> None:
    pixels = paper().copy()
    for n in corners:
        m = layout().markers[n]
        x, y, s = (round(v * simulator.PX) for v in (m.x, m.y, m.size))
        pixels[y : y + s, x : x + s] = 255
    refusal = refusal_of(scanned(SCANNER, pixels))
    assert refusal.test is not None
    assert (FindingCode.CORNERS_LOST in codes(refusal.test)) == (not fine)
    if not fine:
        assert f"Only {4 - len(corners)} of its four" in refusal.message


def test_pale_and_striped_black() -> None:
    test = measured(Scanner(dpi=300, printer=Printer(black=0.45)))
    assert test.black == pytest.approx(0.4, abs=0.1)
    assert FindingCode.BLACK_PALE in codes(test)
    striped = paper().copy()
    x, y, _, h = (round(v * simulator.PX) for v in PATCH_MM)
    striped[y : y + h, x + 300 : x + 320] = 200
    test = measured(Scanner(dpi=300), striped)
    assert FindingCode.BLACK_UNEVEN in codes(test)
    assert FindingCode.BLACK_FINE not in codes(test)
    assert FindingCode.BLACK_FINE in codes(measured(Scanner(dpi=300, mode="bilevel")))


def test_a_pen_is_tried() -> None:
    for pen, marks, told in (
        (simulator.BALLPOINT, (Style.CROSS, Style.FILL), FindingCode.PEN_FINE),
        (simulator.BALLPOINT, (Style.CROSS, Style.CROSS), FindingCode.PEN_WRONG),
    ):
        page = simulator.Page(layout(), 1, paper())
        actions = [Cross(NAME, "pen-cross", marks[0]), Cross(NAME, "pen-fill", marks[1])]
        filled = simulator.fill_in(page, actions, Hand(pen=pen), np.random.default_rng(4))
        seen = simulator.scan(filled, Scanner(dpi=300), np.random.default_rng(4))
        image = images.decode(Picture(simulator.encode_jpeg(seen, Scanner(dpi=300)), "image/jpeg"))
        assert isinstance(image, PageImage)
        test = refusal_of(image).test
        assert test is not None
        assert test.samples == (Mark.CROSSED, Mark.FILLED, Mark.EMPTY)
        assert told in codes(test)


def test_a_photo_does_not_know_its_scale() -> None:
    page = cv2.copyMakeBorder(scanned(SCANNER).full(), 200, 200, 200, 200, cv2.BORDER_CONSTANT, value=90)
    height, width = page.shape
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], np.float32)
    seen = corners + np.array([[90, 60], [-40, 20], [-10, -30], [20, -70]], np.float32)
    photo = cv2.warpPerspective(page, cv2.getPerspectiveTransform(corners, seen), (width, height), borderValue=90)
    taken = np.asarray(photo, np.uint8)
    image = images.decode(Picture(simulator.encode_jpeg(taken, Scanner(dpi=72)), "image/jpeg"))
    assert isinstance(image, PageImage)
    test = refusal_of(image).test
    assert test is not None
    assert (test.across_percent, test.down_percent) == (None, None)
    assert FindingCode.SCALE_UNKNOWN in codes(test)
    assert test.reach_mm == (3, 3, 3, 3)


def test_it_is_known_whatever_survey_it_lies_in() -> None:
    data, known = simulator_sheets.sheets()
    assert refusal_of(scanned(SCANNER), known).test is not None
    (only,) = examine_all(scanned(SCANNER), {known.id: known}, POLICY)
    assert isinstance(only.outcome, Refusal)
    rng = np.random.default_rng(2)
    sheet = simulator.scan(simulator.printed(data, known)[0][0], SCANNER, rng)
    image = images.decode(Picture(simulator.encode_jpeg(sheet, SCANNER), "image/jpeg"))
    assert isinstance(image, PageImage)
    assert not isinstance(read_page(image, {known.id: known}), Refusal)


def test_it_is_known_where_only_slips_are_expected() -> None:
    known = slip_sheet().layout
    (only,) = examine_all(scanned(Scanner(dpi=200, quarter_turns=1)), {known.id: known}, POLICY)
    assert isinstance(only.outcome, Refusal)
    assert (only.outcome.code, only.part) == (RefusalCode.TEST_PAGE, None)


def test_a_page_that_was_printed_before_is_measured_rightly_later() -> None:
    # Printed test pages lie about for years. Whoever moves something on the page must still know where it was.
    assert layout().id == "771093ae"


@pytest.mark.parametrize(("dpi", "percent"), [(None, 97.0), ((200, 200), 97.0), ((187, 187), None)])
def test_the_scale_needs_a_resolution_that_can_be_believed(dpi: tuple[int, int] | None, percent: float | None) -> None:
    seen = scanned(Scanner(dpi=200, printer=Printer(scale=0.97))).full()
    out = io.BytesIO()
    Image.fromarray(seen).save(out, "PNG", **({} if dpi is None else {"dpi": dpi}))
    image = images.decode(Picture(out.getvalue(), "image/png"))
    assert isinstance(image, PageImage)
    test = refusal_of(image).test
    assert test is not None
    assert test.across_percent == (None if percent is None else pytest.approx(percent, abs=0.3))


def test_words_and_remedy_follow_the_findings() -> None:
    fine = refusal_of(scanned(Scanner(dpi=300)))
    assert fine.remedy == NOTHING_TO_MEND
    assert "100.0 % across" in fine.message
    off = refusal_of(scanned(Scanner(dpi=300, printer=Printer(scale=0.97))))
    assert off.remedy != NOTHING_TO_MEND
    assert "97.0 %" in off.message
    assert "Actual size" in off.message


marks = st.sampled_from(Mark)
percents = st.none() | st.floats(80, 120).map(lambda p: round(p, 2))
tests = st.builds(
    PrintTest,
    corners=st.integers(0, 4),
    across_percent=percents,
    down_percent=percents,
    skew_deg=st.floats(-45, 45).map(lambda d: round(d, 2)),
    dpi=st.floats(50, 1300).map(lambda d: round(d, 1)),
    black=st.none() | st.floats(0, 1).map(lambda b: round(b, 3)),
    even=st.booleans(),
    reach_mm=st.tuples(*[st.none() | st.sampled_from(EDGE_MM)] * 4),
    samples=st.tuples(marks, marks, marks),
    pen=st.tuples(marks, marks),
)


@given(tests)
def test_everything_measured_has_words_and_comes_back_from_json(test: PrintTest) -> None:
    refusal = Refusal(RefusalCode.TEST_PAGE, sha256="ab", test=test)
    plain = json.loads(json.dumps(to_json(refusal, "pile.pdf", 1)))
    assert from_json(plain) == refusal
    assert all(f.words and "{" not in f.words for f in test.findings)
    assert test.good == (codes(test) <= FINE)
    assert plain["test_page"] == printtest.to_json(test)


@pytest.mark.parametrize("wrong", [{"pen": None}, {"dpi": "300"}, {"samples": ["crosed"]}, {"reach_mm": 3}])
def test_json_that_is_none(wrong: dict[str, object]) -> None:
    plain = to_json(Refusal(RefusalCode.TEST_PAGE, test=PrintTest(2)), "pile.pdf", 1)
    plain["test_page"] = {**printtest.to_json(PrintTest(2)), **wrong}
    with pytest.raises(OmrError):
        from_json(plain)
