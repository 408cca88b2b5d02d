"""The printed file: same sheet and serials give the same bytes, and what it says can be read back."""

import io

import cv2
import numpy as np
import pypdfium2
import pytest
import zxingcpp
from builders import PARAMETERS, instrument, question
from PIL import Image

from forms import markers, pagecode, pdf
from forms.compose import Sheet, compose
from forms.layout import dump, load
from forms.model import Kind
from forms.qr import qr_runs
from forms.typeface import BOLD, REGULAR, missing_letters, width_mm, wrap


@pytest.fixture(scope="module")
def sheet() -> Sheet:
    questions = [question(f"q{n}") for n in range(9)]
    return pdf.finished(
        compose(instrument(*questions, question("mer", (), Kind.TEXT, lines=6)), PARAMETERS, "sv"), "ab"
    )


def printed(sheet: Sheet, *serials: str) -> bytes:
    out = io.BytesIO()
    pdf.write(sheet, pagecode.SheetKind.SHEET, serials, out)
    return out.getvalue()


def pictures(data: bytes, scale: float = 300 / 72) -> list[np.ndarray]:
    with pypdfium2.PdfDocument(data) as document:
        return [np.asarray(page.render(scale=scale, grayscale=True).to_pil()) for page in document]


def test_the_same_sheet_and_serials_give_the_same_bytes(sheet: Sheet) -> None:
    assert printed(sheet, "7QK2M4", "000001") == printed(sheet, "7QK2M4", "000001")
    assert printed(sheet, "7QK2M4") != printed(sheet, "7QK2M5")


def test_each_page_says_its_code_and_can_be_read(sheet: Sheet) -> None:
    pages = pictures(printed(sheet, "7QK2M4", "ZZZZZZ"))
    assert len(pages) == 2 * sheet.layout.pages
    for n, page in enumerate(pages):
        found = [pagecode.parse(c.text) for c in zxingcpp.read_barcodes(page)]
        number = n % sheet.layout.pages + 1
        serial = "7QK2M4" if n < sheet.layout.pages else "ZZZZZZ"
        expected = pagecode.PageCode(
            pagecode.SheetKind.SHEET, sheet.layout.instrument_hash, sheet.layout.id, number, serial
        )
        assert found == [expected]


def test_markers_stand_where_the_layout_says(sheet: Sheet) -> None:
    page = pictures(printed(sheet, "7QK2M4"))[0]
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    corners, ids, _ = cv2.aruco.ArucoDetector(dictionary).detectMarkers(page)
    places = {int(i): c[0] for i, c in zip(ids.ravel(), corners, strict=True)}
    for marker in sheet.layout.markers:
        if marker.page == 1:
            px = places[marker.id] / 300 * 25.4
            assert np.allclose(px[0], (marker.x, marker.y), atol=0.2)
            assert np.allclose(px[2], (marker.x + marker.size, marker.y + marker.size), atol=0.2)


def test_all_marker_patterns_are_those_of_opencv() -> None:
    dictionary = cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_APRILTAG_36h11)
    for number in range(136):
        picture = cv2.aruco.generateImageMarker(dictionary, number, markers.MODULES, borderBits=1)
        white = {(int(x), int(y)) for y, x in zip(*np.nonzero(picture > 127), strict=True)}
        assert set(markers.white_modules(number)) == white
    with pytest.raises(IndexError):
        list(markers.white_modules(136))


def test_boxes_are_printed_where_the_layout_says(sheet: Sheet) -> None:
    pages = pictures(printed(sheet, "7QK2M4"))
    scale = 300 / 25.4
    for box in sheet.layout.fields:
        if box.kind.value == "box":
            x, y = round(box.x * scale), round(box.y * scale)
            w = round(box.w * scale)
            crop = pages[box.page - 1][y : y + w, x : x + w]
            assert crop[2].mean() < 100
            assert crop[:, 2].mean() < 100
            assert crop[8:-8, 8:-8].min() > 250


def test_the_layout_file_round_trips_with_its_pictures(sheet: Sheet) -> None:
    layout = load(dump(sheet.layout))
    assert layout == sheet.layout
    assert len(layout.print) == layout.pages
    first = Image.open(io.BytesIO(layout.print[0]))
    assert first.mode == "1"
    assert first.size == (1241, 1754)
    black = np.asarray(first.convert("L")) == 0
    code = layout.codes[0]
    px = 150 / 25.4
    inside = black[
        round(code.y * px) : round((code.y + code.size) * px), round(code.x * px) : round((code.x + 20) * px)
    ]
    assert not inside.any()
    assert black.any()


def test_the_id_follows_the_layout_and_the_survey(sheet: Sheet) -> None:
    assert sheet.layout.with_id("ab").id == sheet.layout.id
    assert sheet.layout.with_id("cd").id != sheet.layout.id
    moved = compose(instrument(question("q0"), question("q1")), PARAMETERS, "sv")
    assert pdf.finished(moved, "ab").layout.id != sheet.layout.id


def test_the_text_can_be_searched_and_has_its_language(sheet: Sheet) -> None:
    data = printed(sheet, "7QK2M4")
    with pypdfium2.PdfDocument(data) as document:
        text = "".join(page.get_textpage().get_text_bounded() for page in document)
    assert "Nummer 7QK2M4" in text
    assert b"/Lang" in data


def test_a_thousand_sheets_share_what_they_share(sheet: Sheet) -> None:
    one, many = len(printed(sheet, "000000")), len(printed(sheet, *(f"{n:06d}" for n in range(50))))
    assert (many - one) / 49 < 8_000 * sheet.layout.pages


def test_the_mask_of_a_code_is_chosen_by_page_not_by_serial(sheet: Sheet) -> None:
    one = pdf.finished(compose(instrument(question("q")), PARAMETERS, "sv"), "ab")
    serials = [f"{n * 7919:06d}" for n in range(30)]
    codes = [pagecode.PageCode(pagecode.SheetKind.SHEET, "ABCD", "9c41e07b", 1, s) for s in serials]
    # Bits 2 to 4 of the format information, at row 8, columns 2 to 4, name the mask.
    masks = {tuple((column, 8) in _dark(code) for column in (2, 3, 4)) for code in codes}
    assert len(masks) == 1
    read = [zxingcpp.read_barcode(page) for page in pictures(printed(one, *serials), 150 / 72)]
    assert [pagecode.parse(code.text).serial for code in read if code] == serials  # type: ignore[union-attr]
    assert {(code.ec_level, code.symbology_identifier) for code in read if code} == {("Q", "]Q1")}


def _dark(code: pagecode.PageCode) -> set[tuple[int, int]]:
    return {(first + n, row) for first, row, length in qr_runs(code) for n in range(length)}


def test_two_sides_begin_each_sheet_on_a_leaf_of_its_own(sheet: Sheet) -> None:
    odd = pdf.finished(compose(instrument(question("q")), PARAMETERS, "sv"), "ab")
    assert odd.layout.pages == 1
    out = io.BytesIO()
    pdf.write(odd, pagecode.SheetKind.SHEET, ("000000", "000001"), out, sides=pdf.Sides.TWO)
    pages = pictures(out.getvalue(), 1)
    assert [bool((page < 128).any()) for page in pages] == [True, False, True, False]
    assert b"DuplexFlipLongEdge" in out.getvalue()
    assert (pdf.leaves(5, pdf.Sides.TWO), pdf.leaves(5, pdf.Sides.ONE), pdf.leaves(4, pdf.Sides.TWO)) == (3, 5, 2)


def test_wrap_loses_nothing_and_keeps_to_the_room() -> None:
    text = "Ett kort ord och ett " + "jätte" * 30 + " ord\nny rad"
    lines = wrap(text, 60, 12)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(width_mm(line, 12) <= 60 for line in lines)
    assert wrap("", 60, 12) == ()
    assert wrap("Ja", 60, 12, BOLD) == ("Ja",)
    assert width_mm("Ja", 12, BOLD) > width_mm("Ja", 12, REGULAR) > 3


def test_the_font_knows_its_gaps() -> None:
    assert missing_letters("Åäö é ” – × 7") == frozenset()
    assert missing_letters("Ж☐ا\n") == {"Ж", "☐", "ا"}
