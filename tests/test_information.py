"""The information page: one side, what it says, and that nobody takes it for a form."""

from __future__ import annotations

import io
import re
import tomllib
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import simulator
import zxingcpp
from simulator import Scanner

from forms import pdf
from forms.blocks import Size
from forms.compose import Sheet
from forms.corners import PAGE_MM
from forms.definition import find, load
from forms.drawing import Frame, Words
from forms.errors import LayoutError
from forms.information import DEFINITION, NEEDED, PARAMETERS, information_page, language_for, languages
from forms.pagecode import SheetKind
from forms.typeface import width_mm, wrap
from forms.webaddress import qr_frames, web_address
from omr import images
from omr.images import PageImage, Picture
from omr.reader import read_page
from omr.readings import Refusal, RefusalCode

ADDRESS = "https://svara.example.se/s/sip-2027"
NEED = {
    "organisation": "Föreningen Exempel",
    "contact": "Ring 000-00 00 00.",
    "support": "jourlinjen, 000-00 00 01, vardagar 9–15",
}
FULL = NEED | {
    "region": "Västra Götaland",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n000 00 Exempelstad",
    "deadline": "15 juni 2027",
    "freezing": "1 september 2027",
    "purging": "1 mars 2028",
    "address": ADDRESS,
    "phone_help": "000-00 00 02, vardagar 9–12",
}
ABOUT = {"about": "Vi är fyra föreningar som gör det här tillsammans. Vi har själva fått hjälp från flera håll."}


def text_of(sheet: Sheet) -> str:
    return " ".join(d.text.replace("\xa0", " ") for d in sheet.pages[0] if isinstance(d, Words))


def picture(sheet: Sheet, dpi: int = 200) -> np.ndarray:
    out = io.BytesIO()
    pdf.write(sheet, SheetKind.PRACTICE, ("000000",), out)
    with pypdfium2.PdfDocument(out.getvalue()) as document:
        assert len(document) == 1
        return np.array(document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L"), np.uint8)


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("language", languages())
@pytest.mark.parametrize("name", ["sip-erfarenhet", "sip-utebliven", "sip-personal", "efter-motet", "en-fraga"])
def test_every_instrument_has_one_page_inside_the_margins(name: str, language: str, size: Size) -> None:
    title = load(find(name)).title.to(language)
    for parameters in (NEED, FULL, FULL | ABOUT):
        sheet = information_page(title, parameters, language, size, practice=True)
        assert len(sheet.pages) == 1
        least = min(d.size_pt for d in sheet.pages[0] if isinstance(d, Words))
        running = [d.size_pt for d in sheet.pages[0] if isinstance(d, Words) and d.y > 30]
        assert least >= 12
        assert min(running) >= (18 if size is Size.LARGE else 12)
        for draw in sheet.pages[0]:
            if isinstance(draw, Words):
                assert draw.x >= 10
                assert draw.x + width_mm(draw.text, draw.size_pt, draw.face) <= PAGE_MM[0] - 10
                assert 8 < draw.y < PAGE_MM[1] - 8
            elif isinstance(draw, Frame):
                assert draw.x >= 10
                assert draw.x + draw.w <= PAGE_MM[0] - 10


def test_lines_of_text_do_not_run_into_each_other_or_the_code() -> None:
    for size in Size:
        drawn = information_page("Prov", FULL, "sv", size).pages[0]
        words = [d for d in drawn if isinstance(d, Words)]
        code = [d for d in drawn if isinstance(d, Frame) and d.line == 0 and d.h < 2]
        assert len(code) == len(list(qr_frames(ADDRESS, 0, 0, 1)))
        left, top, low = min(f.x for f in code), min(f.y for f in code), max(f.y + f.h for f in code)
        for one in words:
            ascent = 0.35 * one.size_pt * 0.72
            if one.y > top and one.y - ascent < low:
                assert one.x + width_mm(one.text, one.size_pt, one.face) < left
            for other in words:
                if one is not other and abs(one.y - other.y) < 0.01:
                    first, second = sorted((one, other), key=lambda w: w.x)
                    assert first.x + width_mm(first.text, first.size_pt, first.face) <= second.x + 0.01
                elif one is not other:
                    assert abs(one.y - other.y) > ascent


@pytest.mark.parametrize("language", languages())
def test_it_says_what_was_given_and_leaves_out_what_was_not(language: str) -> None:
    full = text_of(information_page("Prov", FULL | ABOUT, language))
    for name, value in (FULL | ABOUT).items():
        shown = {
            "address": "svara.example.se/s/sip-2027",
            "return_address": "Föreningen Exempel, Exempelgatan 1, 000 00",
        }
        assert shown.get(name, value).removesuffix(".") in full, name
    for words in ("112", "1177"):
        assert words in full
    bare = information_page("Prov", NEED, language)
    assert "{" not in text_of(bare) + full
    assert "None" not in text_of(bare) + full
    assert not [d for d in bare.pages[0] if isinstance(d, Frame) and 0 < d.h < 2 and d.line == 0]
    assert "112" in text_of(bare)
    for value in set(FULL.values()) - set(NEED.values()):
        assert value.split("\n")[-1] not in text_of(bare)


def test_what_anonymity_does_not_mean_is_said() -> None:
    said = text_of(information_page("Prov", FULL, "sv"))
    for told in (
        "kan inte tas tillbaka",
        "blankettens nummer",
        "1 september 2027",
        "svarar två gånger",
        "Skriv inga namn",
    ):
        assert told in said
    assert "frivilligt" in said
    assert "PROV –" not in said
    assert "PROV –" in text_of(information_page("Prov", FULL, "sv", practice=True))


@pytest.mark.parametrize("missing", NEEDED)
def test_without_organisation_contact_and_support_it_is_refused(missing: str) -> None:
    with pytest.raises(LayoutError) as caught:
        information_page("Prov", FULL | {missing: " "}, "sv")
    assert caught.value.code == "information-needs"
    assert f"--param {missing}=" in caught.value.remedy


def test_what_does_not_fit_is_refused_and_named() -> None:
    with pytest.raises(LayoutError) as caught:
        information_page("Prov", FULL | {"about": "Vi berättar mer. " * 120}, "sv", Size.LARGE)
    assert caught.value.code == "information-too-long"
    assert "about" in caught.value.remedy
    assert "normal size" in caught.value.remedy


def test_a_language_that_it_lacks_and_letters_that_the_font_lacks() -> None:
    with pytest.raises(LayoutError) as caught:
        information_page("Prov", FULL, "fi")
    assert caught.value.code == "information-language"
    assert "sv, sv-x-lattlast, en" in caught.value.remedy
    with pytest.raises(LayoutError) as caught:
        information_page("استبيان", FULL, "sv")
    assert caught.value.code == "missing-letter"
    assert (language_for("en-GB"), language_for("sv-x-annat"), language_for("fi")) == ("en", "sv", None)


def test_its_texts_are_complete_and_name_only_known_parameters() -> None:
    plain = tomllib.loads(DEFINITION.read_text(encoding="utf-8"))
    known = {*PARAMETERS, "deadline", "freezing", "purging", "short"}
    for part in plain["part"]:
        for line in part["line"]:
            named = [set(re.findall(r"\{(\w+)\}", line[tag])) for tag in ("sv", "en")]
            assert named[0] == named[1] <= known
            assert set(re.findall(r"\{(\w+)\}", line.get("sv-x-lattlast", line["sv"]))) == named[0]
            assert set(line) <= {"sv", "sv-x-lattlast", "en", "needs", "unless", "bold"}
            assert {line.get("needs", "about"), line.get("unless", "about")} <= known


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("dpi", [110, 200])
def test_a_camera_reads_the_code(size: Size, dpi: int) -> None:
    codes = zxingcpp.read_barcodes(picture(information_page("Prov", FULL, "sv", size), dpi))
    assert [c.text for c in codes] == [ADDRESS]
    assert codes[0].ec_level == "M"


@pytest.mark.parametrize("number", range(4))
def test_addresses_of_any_length_are_read_back(number: int) -> None:
    address = f"https://svara.example.se/{'undersokning/' * number}s/sip"
    sheet = information_page("Prov", NEED | {"address": address}, "sv")
    assert [c.text for c in zxingcpp.read_barcodes(picture(sheet))] == [address]


@pytest.mark.parametrize(
    ("given", "url", "short"),
    [
        ("svara.example.se/s/sip", "https://svara.example.se/s/sip", "svara.example.se/s/sip"),
        (" https://svara.example.se/ ", "https://svara.example.se/", "svara.example.se"),
        ("http://192.168.1.20:8000/s/sip", "http://192.168.1.20:8000/s/sip", "http://192.168.1.20:8000/s/sip"),
        ("https://åsikt.se/s/sip?lang=en", "https://xn--sikt-poa.se/s/sip?lang=en", "åsikt.se/s/sip?lang=en"),
        ("https://[2001:db8::1]/s/a", "https://[2001:db8::1]/s/a", "[2001:db8::1]/s/a"),
    ],
)
def test_addresses(given: str, url: str, short: str) -> None:
    assert (web_address(given).url, web_address(given).short) == (url, short)


@pytest.mark.parametrize(
    "given",
    [
        "http://localhost:8000/s/sip",
        "127.0.0.1/s/sip",
        "https://[::1]/",
        "https://0.0.0.0/s/sip",
        "ftp://svara.example.se/",
        "https://kim:hemligt@example.se/",
        "svara här",
        "https://",
        "https://example.se:99999/",
        "https://example.se/" + "a" * 80,
        "javascript://example.se/%0aalert(1)",
    ],
)
def test_what_is_no_address_for_phones(given: str) -> None:
    with pytest.raises(LayoutError) as caught:
        web_address(given)
    assert caught.value.code == "bad-address"
    assert "hemligt" not in str(caught.value)


@pytest.mark.parametrize("scanner", [Scanner(dpi=150), Scanner(dpi=300, mode="bilevel"), Scanner(dpi=200, skew_deg=3)])
def test_its_scan_is_refused_as_a_page_without_markers(scanner: Scanner) -> None:
    for size in Size:
        sheet = information_page("Prov", FULL, "sv", size)
        page = simulator.Page(sheet.layout, 1, picture(sheet, simulator.DPI))
        pixels = simulator.scan(page, scanner, np.random.default_rng(1))
        image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
        assert isinstance(image, PageImage)
        outcome = read_page(image, {})
        assert isinstance(outcome, Refusal)
        assert outcome.code is RefusalCode.NO_MARKERS


def test_the_same_input_gives_the_same_bytes(tmp_path: Path) -> None:
    for name in ("a", "b"):
        with (tmp_path / name).open("wb") as file:
            pdf.write(information_page("Prov", FULL, "en"), SheetKind.PRACTICE, ("000000",), file)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


def test_dates_and_numbers_are_not_broken_over_two_lines() -> None:
    assert wrap("senast 15\xa0juni\xa02027", 30, 12) == ("senast", "15\xa0juni\xa02027")
    for size in Size:
        lines = [d.text for d in information_page("Prov", FULL, "sv", size).pages[0] if isinstance(d, Words)]
        assert any("000-00 00 01" in line for line in lines)
        assert any("ring 112" in line for line in lines)
