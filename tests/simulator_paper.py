"""Printed paper for the scanner farm: instruments of several kinds, each blank page drawn once and kept.

A page is 300 dpi gray, `MASTER_DPI`; the few words that differ from copy to copy (page code and number) are pasted in
as strips. `dense` has as many boxes on a page as the layout's measures allow, so that a million marks fit on few pages.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any, TypeAlias

import cv2
import numpy as np
import pypdfium2
import simulator_sheets
from numpy.typing import NDArray
from PIL import Image, ImageDraw, ImageFont
from simulator_pen import FONT

from forms import pdf
from forms.blocks import LARGE, NORMAL, Style
from forms.compose import Sheet, compose
from forms.definition import find, load
from forms.layout import Field, FieldKind, Layout
from forms.model import Instrument, Kind, Option, Question, Section, Text, Wording
from forms.pagecode import SheetKind
from forms.signup import sign_up_sheet
from forms.testpage import printer_test_page

MASTER_DPI = 300
"""Resolution of the farm's paper: that of a good office scanner; lower resolutions are made from it."""

PX = MASTER_DPI / 25.4
"""Pixels a mm of the farm's paper."""

SERIALS = simulator_sheets.serials(48, seed=20_26)
"""The serials of the farm; a strip is drawn once for each page and serial."""

SURVEY = "farm"
"""Stands for the survey's random id."""

Pixels: TypeAlias = NDArray[Any]
"""A picture of whole numbers from 0 to 255. OpenCV's stubs promise no dtype, so the alias does not either."""

PARAMETERS: Mapping[str, str] = {
    "region": "Västra Götaland",
    "association": "Föreningen Exempel",
    "contact": "010-000 00 00",
    "support_line": "020-00 00 00",
    "deadline": "30 april 2027",
    "return_address": "Föreningen Exempel\nBox 1\n400 00 Göteborg",
    "freezing": "31 maj 2027",
    "purging": "31 december 2027",
}
"""A survey's parameters; what an instrument does not use does no harm."""

TIGHT = Style(leading=1.08, room=160.0)
"""The ordinary sheet with its lines closer together."""


@dataclass(frozen=True, eq=False)
class Paper:
    """What was printed for one instrument.

    Attributes:
        name: Of the paper.
        instrument: What judges the answers.
        sheet: The composed sheet.
        kind: Sort of sheet in the page code.
    """

    name: str
    instrument: Instrument
    sheet: Sheet
    kind: SheetKind = SheetKind.SHEET

    @property
    def layout(self) -> Layout:
        """The layout that a reader is given."""
        return self.sheet.layout


def dense_instrument(pages: int = 4) -> Instrument:
    """Return rows of ten numbered boxes; every second question lets one cross several."""
    numbers = tuple(Option(f"n{n}", Text((("sv", str(n)),))) for n in range(10))
    words = ("Hur gick mötet", "Vad var viktigast", "Vem var med", "Hur blev det sedan", "Vad saknades", "Vad hjälpte")
    questions = tuple(
        Question(
            f"r{n}",
            Kind.MULTIPLE if n % 2 else Kind.SINGLE,
            Wording(Text((("sv", f"{words[n % len(words)]}, del {n}?"),))),
            options=numbers,
        )
        for n in range(1, 9 + 13 * (pages - 1))
    )
    empty = Text()
    section = Section("rows", empty, questions)
    return Instrument("tata-rader", ("sv",), Text((("sv", "Täta rader"),)), empty, empty, empty, (section,))


def _as_rows(instrument: Instrument) -> Instrument:
    """Return an instrument whose options all stand in one row, which only a scale's do."""
    sections = tuple(
        replace(s, questions=tuple(replace(q, kind=Kind.SCALE) for q in s.questions)) for s in instrument.sections
    )
    return replace(instrument, sections=sections)


def _dense() -> Paper:
    instrument = dense_instrument()
    return Paper("dense", instrument, pdf.finished(compose(_as_rows(instrument), {}, "sv", style=TIGHT), SURVEY))


def _mixed(survey: str = SURVEY, name: str = "prov", *, older: bool = False) -> Paper:
    instrument = simulator_sheets.instrument(name)
    if older:
        instrument = replace(instrument, title=Text((("sv", "En äldre provblankett"),)))
    return Paper("mixed", instrument, pdf.finished(compose(instrument, {}, "sv"), survey))


def _sign_up() -> Paper:
    sheet = sign_up_sheet(PARAMETERS, "sv")
    return Paper("sign-up", dense_instrument(1), sheet, SheetKind.SIGN_UP)


def _shipped(name: str, language: str, style: Style, instrument_id: str) -> Paper:
    instrument = load(find(instrument_id))
    sheet = compose(instrument, PARAMETERS, language, style=style)
    return Paper(name, instrument, pdf.finished(sheet, SURVEY))


_MAKERS: Mapping[str, Callable[[], Paper]] = {
    "dense": _dense,
    "mixed": _mixed,
    "sip": lambda: _shipped("sip", "sv", NORMAL, "sip-erfarenhet"),
    "meeting": lambda: _shipped("meeting", "sv", NORMAL, "efter-motet"),
    "missed": lambda: _shipped("missed", "en", NORMAL, "sip-utebliven"),
    "large": lambda: _shipped("large", "sv", LARGE, "sip-erfarenhet"),
    "other survey": lambda: _mixed("another"),
    "older version": lambda: _mixed(older=True),
    "other form": lambda: _mixed("another", "annat"),
    "sign-up": _sign_up,
    "test page": lambda: Paper("test page", dense_instrument(1), printer_test_page("sv"), SheetKind.TEST),
}

PAPERS = ("dense", "mixed", "sip", "meeting", "missed", "large")
"""Names of the papers whose layouts a reader of the farm's piles is given."""


STRANGERS: Mapping[str, frozenset[str]] = {
    "other survey": frozenset({"other-version", "unknown-form"}),
    "older version": frozenset({"other-version"}),
    "other form": frozenset({"unknown-form"}),
    "sign-up": frozenset({"sign-up-sheet"}),
    "test page": frozenset({"test-page"}),
}
"""Papers whose layouts the reader is not given, with the codes of which it has to refuse them with one."""


@cache
def paper(name: str) -> Paper:
    """Return a paper by its name."""
    return _MAKERS[name]()


@cache
def boxes(name: str, page: int) -> tuple[Field, ...]:
    """Return the boxes of a page."""
    return paper(name).layout.on_page(page, FieldKind.BOX)


def page_px(layout: Layout) -> tuple[int, int]:
    """Return width and height of a page of the farm's paper, in pixels."""
    return round(layout.page_size_mm[0] * PX), round(layout.page_size_mm[1] * PX)


@cache
def _document(name: str, serial: str) -> bytes:
    made = paper(name)
    out = io.BytesIO()
    pdf.write(made.sheet, made.kind, [serial], out)
    return out.getvalue()


@cache
def _base(name: str, page: int) -> Pixels:
    return _rendered(name, SERIALS[0], page, 0.0, paper(name).layout.page_size_mm[1])


def _rendered(name: str, serial: str, page: int, top_mm: float, high_mm: float) -> Pixels:
    """Return a strip of a page over its whole width as a printer would set it."""
    layout = paper(name).layout
    with pypdfium2.PdfDocument(_document(name, serial)) as document:
        below = layout.page_size_mm[1] - top_mm - high_mm
        crop = (0, max(0.0, below) * 72 / 25.4, 0, top_mm * 72 / 25.4)
        picture = document[page - 1].render(scale=MASTER_DPI / 72, grayscale=True, crop=crop).to_numpy().copy()
    gray = picture if picture.ndim == 2 else picture[:, :, 0]
    width = page_px(layout)[0]
    return np.ascontiguousarray(cv2.copyMakeBorder(gray, 0, 0, 0, 4, cv2.BORDER_REPLICATE)[:, :width], np.uint8)


@cache
def _own_rows(name: str, page: int) -> tuple[tuple[float, float], ...]:
    """Return where a copy differs from another, as (top, height) in mm: the head, and lines with the number."""
    made = paper(name)
    spans = [(9.0, 27.0)]
    for draw in made.sheet.pages[page - 1]:
        text, y = getattr(draw, "text", ""), getattr(draw, "y", 0.0)
        if "{serial}" in text and y > 36:
            spans.append((y - 5.0, 7.0))
    return tuple(spans)


@cache
def _strips(name: str, page: int, serial: str) -> tuple[tuple[int, Pixels], ...]:
    made = []
    for top, high in _own_rows(name, page):
        # Whole pixels, so that the strip meets the page without a seam.
        first, rows = round(top * PX), round(high * PX)
        strip = _rendered(name, serial, page, first / PX, rows / PX)
        made.append((first, strip[:rows]))
    return tuple(made)


def blank(name: str, page: int, serial: str) -> Pixels:
    """Return a copy of a printed page nobody has written on: H × W, 255 is paper, 0 is toner."""
    width, height = page_px(paper(name).layout)
    base = _base(name, page)
    image = np.full((height, width), 255, np.uint8)
    rows = min(height, base.shape[0])
    image[:rows] = base[:rows]
    if serial != SERIALS[0]:
        for first, strip in _strips(name, page, serial):
            image[first : first + strip.shape[0]] = strip
    return image


@cache
def letter(seed: int) -> Pixels:
    """Return a page of something else: a typed letter, which has neither markers nor a page code."""
    rng = np.random.default_rng(seed)
    width, height = page_px(paper("dense").layout)
    image = Image.new("L", (width, height), 255)
    pen = ImageDraw.Draw(image)
    font = ImageFont.truetype(FONT, round(4.2 * PX))
    y = 40.0
    while y < 250:
        words = ["".join(rng.choice(list("abdefgiklmnoprstuvåäö"), rng.integers(2, 11))) for _ in range(11)]
        pen.text((25 * PX, y * PX), " ".join(words)[:72], fill=25, font=font)
        y += 6.0 if rng.random() < 0.85 else 13.0
    return np.array(image)
