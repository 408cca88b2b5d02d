"""The law of paper: any valid instrument finds its place by the rules of a sheet, or is refused with a reason.

`KRYSSKLICK_LONG=20` (times as many examples, other ones each time) searches longer, by hand.
"""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pypdfium2
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from instrument_helpers import PARAMETERS
from sheet_rules import Order, broken
from strategies import for_paper, parameters, toml_of

from forms import definition, pdf
from forms.answers import Mark
from forms.blocks import Size
from forms.compose import SIGN_UP_PAGES, Sheet, compose
from forms.definition import load
from forms.errors import LayoutError, Severity
from forms.layout import FieldKind
from forms.model import Instrument, Section, Text
from forms.pagecode import SheetKind
from forms.signup import DEFINITION, sign_up_sheet
from forms.slips import SLIP_SIZES_MM, compose_slip
from omr import images
from omr.images import PageImage
from omr.pictures import as_png
from omr.reader import read_page
from omr.readings import PageReading

LONGER = int(os.environ.get("KRYSSKLICK_LONG", "0"))
REFUSALS = {"too-tall", "long-address", "too-many-pages", "too-much-for-slip"}
SERIAL = "7QK2M4"


def searching(examples: int) -> settings:
    """Settings of a law: the same examples each time, unless somebody searches for more."""
    health = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]
    return settings(
        max_examples=examples * max(LONGER, 1),
        deadline=None,
        derandomize=not LONGER,
        database=None,
        suppress_health_check=health,
    )


def helps(error: LayoutError) -> None:
    """A refusal must be one of those that people meet on purpose, and say what and what to do."""
    assert error.code in REFUSALS, error
    assert len(error.message) > 10
    assert len(error.remedy) > 10


def composed(order: Order) -> Sheet | None:
    """Compose a sheet or a slip; None where that is refused with a reason that helps."""
    try:
        if order.slips:
            return compose_slip(
                order.instrument,
                order.parameters,
                order.language,
                slips=order.slips,
                style=order.size.style,
                kind=order.kind,
            )
        return compose(order.instrument, order.parameters, order.language, style=order.size.style, kind=order.kind)
    except LayoutError as error:
        helps(error)
        return None


@st.composite
def orders(draw: st.DrawFn, most_questions: int = 60) -> Order:
    instrument: Instrument = draw(for_paper(most_questions))
    return Order(
        instrument,
        draw(parameters()),
        draw(st.sampled_from(instrument.languages)),
        draw(st.sampled_from([Size.NORMAL, Size.NORMAL, Size.LARGE])),
        draw(st.sampled_from([SheetKind.SHEET, SheetKind.PRACTICE])),
    )


def test_what_is_tried_on_paper_is_valid() -> None:
    """A definition that only paper may refuse; a section without a title can be imported but not written."""

    @searching(12)
    @given(for_paper(20))
    def law(instrument: Instrument) -> None:
        titled = [s if s.title else replace(s, title=instrument.title) for s in instrument.sections]
        whole = replace(instrument, sections=tuple(titled))
        read, faults = definition.read(toml_of(whole), "x")
        assert [f for f in faults if f.severity is Severity.ERROR] == []
        assert read == whole

    law()


def test_any_instrument_keeps_the_rules_of_a_sheet_or_is_refused() -> None:
    laid_out = []

    @searching(60)
    @given(orders())
    def law(order: Order) -> None:
        sheet = composed(order)
        if sheet is not None:
            laid_out.append(sheet.layout.pages)
            assert broken(order, sheet) == []

    law()
    assert len(laid_out) > 20
    assert max(laid_out) > 8


@pytest.mark.parametrize("size", Size)
@pytest.mark.parametrize("name", definition.shipped())
def test_every_sheet_that_ships_keeps_the_rules(name: str, size: Size) -> None:
    form = definition.load(definition.shipped()[name])
    dates = {"freezing": "1 september 2027", "purging": "1 mars 2028"}
    for language in form.languages:
        for given_by_survey in (PARAMETERS, PARAMETERS | dates, {k: PARAMETERS[k] for k, _ in form.parameters}):
            order = Order(form, given_by_survey, language, size)
            sheet = compose(form, given_by_survey, language, style=size.style)
            assert broken(order, sheet) == []


@st.composite
def sign_ups(draw: st.DrawFn) -> Order:
    """Sign-up sheets: instruments of two pages or less."""
    order = draw(orders(3))
    return Order(order.instrument, order.parameters, order.language, order.size, SheetKind.SIGN_UP)


def test_a_sign_up_keeps_the_rules_or_is_refused() -> None:
    laid_out = []

    @searching(25)
    @given(sign_ups())
    def law(order: Order) -> None:
        sheet = composed(order)
        if sheet is not None:
            laid_out.append(sheet)
            assert sheet.layout.pages <= 2
            assert broken(order, sheet) == []

    law()
    assert len(laid_out) > 5


def briefly(instrument: Instrument) -> Instrument:
    """Return an instrument as people write it for a slip: one question with a few options and little around it."""
    section = instrument.sections[0]
    first = section.questions[0]
    few = replace(first, hint=Text(), options=first.options[:3], lines=3)
    return replace(instrument, intro=Text(), support=Text(), sections=(Section(section.id, Text(), (few,)),))


def test_a_slip_keeps_the_rules_or_is_refused() -> None:
    laid_out = []

    @searching(60)
    @given(orders(2), st.sampled_from(sorted(SLIP_SIZES_MM)), st.booleans())
    def law(order: Order, slips: int, brief: bool) -> None:
        instrument = briefly(order.instrument) if brief else order.instrument
        slip = replace(order, instrument=instrument, slips=slips, size=Size.NORMAL if brief else order.size)
        sheet = composed(slip)
        if sheet is not None:
            laid_out.append(slips)
            assert broken(slip, sheet) == []

    law()
    assert set(laid_out) == set(SLIP_SIZES_MM)


@searching(15)
@given(parameters(), st.sampled_from(["sv", "sv-x-lattlast", "en"]), st.sampled_from(list(Size)))
def test_the_sign_up_that_ships_takes_any_parameters_or_refuses_them(
    given_by_survey: dict[str, str], language: str, size: Size
) -> None:
    values = given_by_survey | {"organisation": given_by_survey["region"], "contact": given_by_survey["support"]}
    try:
        sheet = sign_up_sheet(values, language, size)
    except LayoutError as error:
        helps(error)
        assert max(map(len, values.values())) > 60
        return
    assert sheet.layout.pages == (1 if size is Size.NORMAL else SIGN_UP_PAGES)
    used = {name: value for name, value in values.items() if name != "support"}
    order = Order(load(DEFINITION), used, sheet.layout.language, size, SheetKind.SIGN_UP)
    assert broken(order, sheet) == []


def test_an_empty_sheet_comes_back_empty() -> None:
    """Through print and picture: every box empty, no ink anywhere, on the page and with the number that it has."""
    pages = []

    @searching(10)
    @given(orders(12), st.sampled_from([150, 200]))
    def law(order: Order, dpi: int) -> None:
        sheet = composed(order)
        if sheet is None:
            return
        done = pdf.finished(sheet, "a")
        for number, image in enumerate(pictures(done, order.kind, dpi), 1):
            found = read_page(image, {done.layout.id: done.layout})
            assert isinstance(found, PageReading), (number, found)
            assert (found.page, found.serial, found.layout) == (number, SERIAL, done.layout.id)
            assert {m.state for m in found.marks} <= {Mark.EMPTY}
            assert len(found.marks) == len(done.layout.on_page(number, FieldKind.BOX))
            assert not any(t.ink for t in found.texts)
            assert found.stray_ink == ()
            pages.append(number)

    law()
    assert len(pages) > 15


def pictures(sheet: Sheet, kind: SheetKind, dpi: int) -> Iterator[PageImage]:
    """Print one copy and take a picture of each page."""
    out = io.BytesIO()
    pdf.write(sheet, kind, (SERIAL,), out)
    with pdf.PDFIUM, pypdfium2.PdfDocument(out.getvalue()) as document:
        drawn = [np.asarray(page.render(scale=dpi / 72, grayscale=True).to_numpy()) for page in document]
    for pixels in drawn:
        image = images.decode(as_png(pixels.squeeze()))
        assert isinstance(image, PageImage)
        yield image
