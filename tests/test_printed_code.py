"""The page code in print, where the QR code can't be read: whose page it is, or nothing, never somebody else's."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import simulator
import simulator_sheets
from simulator import Scanner

from forms.pagecode import PageCode, SheetKind
from omr import handwriting, images, printedcode
from omr.images import PageImage, Picture
from omr.policy import POLICY
from omr.printedcode import DOUBLES, _code
from omr.reader import examine
from omr.readings import Outcome, PageReading, Refusal, RefusalCode

SERIALS = simulator_sheets.serials(6, seed=5)
DATA, LAYOUT = simulator_sheets.sheets(SERIALS)
SHEETS = simulator.printed(DATA, LAYOUT)


def read(sheet: int, scanner: Scanner) -> Outcome:
    """Read the first page of a sheet over whose QR code a cup was put."""
    page = SHEETS[sheet][0]
    stained = page.printed.copy()
    stained[
        round(14 * simulator.PX) : round(20 * simulator.PX), round(96 * simulator.PX) : round(114 * simulator.PX)
    ] = 30
    pixels = simulator.scan(replace(page, printed=stained), scanner, np.random.default_rng(sheet))
    image = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(image, PageImage)
    return examine(image, {LAYOUT.id: LAYOUT}, POLICY).outcome


@pytest.mark.skipif(not handwriting.available(), reason="Tesseract is not installed")
def test_a_page_whose_qr_code_is_stained_is_known_by_its_printed_code() -> None:
    outcomes = [read(n, Scanner(dpi=200, skew_deg=n - 3, quarter_turns=n % 4)) for n in range(6)]
    for serial, outcome in zip(SERIALS, outcomes, strict=True):
        if isinstance(outcome, PageReading):
            assert (outcome.serial, outcome.page, outcome.layout) == (serial, 1, LAYOUT.id)
        else:
            assert outcome.code is RefusalCode.NO_PAGE_CODE
    assert sum(isinstance(o, PageReading) for o in outcomes) >= 2


def test_without_tesseract_it_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printedcode, "available", lambda: False)
    outcome = read(0, Scanner(dpi=200))
    assert isinstance(outcome, Refusal)
    assert outcome.code is RefusalCode.NO_PAGE_CODE


def test_two_looks_that_differ_tell_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    lines = [PageCode(SheetKind.SHEET, LAYOUT.instrument_hash, LAYOUT.id, 1, s).printed for s in SERIALS[:2]]
    monkeypatch.setattr(printedcode, "available", lambda: True)
    for told, status in (([lines[0]] * 4, "read"), ([lines[0], "", "", ""], "refused"), (lines * 2, "refused")):
        monkeypatch.setattr(printedcode, "read_lines", lambda *_, told=told: [(text, 0.9) for text in told])
        outcome = read(0, Scanner(dpi=200))
        assert isinstance(outcome, PageReading if status == "read" else Refusal), told


CODE = PageCode(SheetKind.SHEET, LAYOUT.instrument_hash, LAYOUT.id, 1, "7QK0M4")


@pytest.mark.parametrize(
    "text",
    [
        CODE.printed,
        CODE.printed.replace("K1S", "KIS"),
        CODE.printed.replace("K1S", "K1IS"),
        CODE.printed.replace("0", "O"),
        CODE.printed.lower(),
    ],
)
def test_signs_that_look_alike_are_put_right(text: str) -> None:
    assert _code(text, 1, [LAYOUT]) == CODE


def test_no_sign_of_a_serial_taken_for_another_makes_another_serial() -> None:
    """The check digits alone let one in 97 pass where a letter is taken for a figure."""
    told = 0
    for serial in simulator_sheets.serials(60, seed=8):
        code = replace(CODE, serial=serial)
        signs = code.printed.replace(" ", "")
        told += _code(signs, 1, [LAYOUT]) == code
        for place, sign in enumerate(serial, 17):
            for double in DOUBLES.get(sign, ""):
                assert _code(signs[:place] + double + signs[place + 1 :], 1, [LAYOUT]) in (None, code)
    assert told > 45


def test_another_page_another_layout_and_noise_are_no_code() -> None:
    assert _code(CODE.printed, 2, [LAYOUT]) is None
    assert _code(CODE.printed, 1, [replace(LAYOUT, id="00000000")]) is None
    for text in ("", "K", "Undersökningen gäller", "K1S" + "0" * 22, "9" * 25):
        assert _code(text, 1, [LAYOUT]) is None
