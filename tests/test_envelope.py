"""The return address shows in the window of a C5 envelope, whole and alone, wherever the folded sheet lies there."""

from collections.abc import Iterator
from itertools import product

import pytest
from builders import PARAMETERS, instrument, question
from instrument_helpers import parameters, shipped

from forms.blocks import LARGE, NORMAL, WIDE_SERIAL, Style
from forms.compose import Sheet, compose
from forms.drawing import Draw, Frame, Words
from forms.envelope import DESCENT, LEAST_PT
from forms.errors import LayoutError
from forms.model import Kind
from forms.pages import BOTTOM_MM
from forms.typeface import ASCENT, MM_PER_PT, width_mm

ENVELOPE = (229.0, 162.0)
FOLDED = (210.0, 148.5)
WINDOWS = ((109.0, 214.0, 44.0, 79.0), (124.0, 214.0, 44.0, 79.0))
"""Left, right, upper and lower edge of the widest and the narrowest window, from the envelope's upper left corner."""

PLAY = tuple(product((0.0, ENVELOPE[0] - FOLDED[0]), (0.0, ENVELOPE[1] - FOLDED[1])))
"""The four extreme places of the folded sheet: pushed into each corner of the envelope."""

LONG = "\n".join(
    (
        "Nätverket Exempel för psykisk hälsa",
        "Svarspost 123 456 789",
        "c/o Föreningen Exempel",
        "Exempelgatan 1",
        "Låda 12",
        "000 00 Exempelstad",
    )
)

ADDRESSES = ("Exempel, 000 00 Exempelstad", PARAMETERS["return_address"], LONG)


def reach(draw: Draw) -> tuple[float, float, float, float]:
    """Return left, right, upper and lower edge of what is drawn, mm."""
    if isinstance(draw, Words):
        em = draw.size_pt * MM_PER_PT
        wide = width_mm(draw.text.replace("{serial}", WIDE_SERIAL), draw.size_pt, draw.face)
        return draw.x, draw.x + wide, draw.y - ASCENT * em, draw.y + DESCENT * em
    if isinstance(draw, Frame):
        return draw.x, draw.x + draw.w, draw.y, draw.y + draw.h
    xs, ys = sorted((draw.x1, draw.x2)), sorted((draw.y1, draw.y2))
    return xs[0] - draw.line / 2, xs[1] + draw.line / 2, ys[0] - draw.line / 2, ys[1] + draw.line / 2


def everything(sheet: Sheet) -> Iterator[tuple[str, tuple[float, float, float, float]]]:
    """Yield what stands on the last page, markers, codes and fields included, with its edges."""
    last = sheet.layout.pages
    for draw in sheet.pages[-1]:
        yield draw.text if isinstance(draw, Words) else type(draw).__name__, reach(draw)
    for field in sheet.layout.fields:
        if field.page == last:
            yield field.question, (field.x, field.x + field.w, field.y, field.y + field.h)
    for code in (c for c in sheet.layout.codes if c.page == last):
        yield "code", (code.x, code.x + code.size, code.y, code.y + code.size)
        yield "serial", (code.text.x, code.text.x + code.text.w, code.text.y, code.text.y + code.text.h)
    for marker in (m for m in sheet.layout.markers if m.page == last):
        yield "marker", (marker.x, marker.x + marker.size, marker.y, marker.y + marker.size)


def in_envelope(
    edges: tuple[float, float, float, float], play: tuple[float, float]
) -> tuple[float, float, float, float]:
    """Return where something on the lower half of the page lies in the envelope; the fold is the upper edge there."""
    left, right, upper, lower = edges
    dx, dy = play
    return left + dx, right + dx, upper - FOLDED[1] + dy, lower - FOLDED[1] + dy


def prove(sheet: Sheet, address: str) -> None:
    printed = {d.text: d for d in sheet.pages[-1] if isinstance(d, Words) and d.x > FOLDED[0] / 2}
    lines = [line for line in address.split("\n") if line]
    shown = {line for line in printed if any(line in whole for whole in lines)}
    assert "".join(line for line in printed if line in shown).replace(" ", "") == "".join(lines).replace(" ", "")
    for window, play in product(WINDOWS, PLAY):
        for said, edges in everything(sheet):
            left, right, upper, lower = in_envelope(edges, play)
            if said in shown:
                assert window[0] <= left <= right <= window[1], (said, play)
                assert window[2] <= upper <= lower <= window[3], (said, play)
            else:
                apart = left >= window[1] or right <= window[0] or upper >= window[3] or lower <= window[2]
                assert apart, (said, edges, play)


@pytest.mark.parametrize("style", [NORMAL, LARGE], ids=["normal", "large"])
@pytest.mark.parametrize("name", ["sip-erfarenhet", "sip-utebliven", "efter-motet"])
@pytest.mark.parametrize("address", ADDRESSES, ids=["short", "usual", "long"])
def test_the_address_shows_whole_and_alone(name: str, style: Style, address: str) -> None:
    form = shipped(name)
    values = parameters(form, return_address=address, freezing="15 augusti 2027", purging="1 mars 2028")
    for language in form.languages:
        sheet = compose(form, values, language, style=style)
        prove(sheet, address)
        page = [d for d in sheet.pages[-1] if isinstance(d, Words)]
        assert all(d.y <= BOTTOM_MM or d.y > 280 for d in page)


@pytest.mark.parametrize("lines", range(1, 27))
def test_no_question_stands_beside_or_below_the_address(lines: int) -> None:
    form = instrument(question("a"), question("b", (), Kind.TEXT, lines=min(lines, 20)), question("c"))
    if lines > 20:
        form = instrument(question("a"), *(question(f"q{n}") for n in range(lines - 10)))
    sheet = compose(form, PARAMETERS, "sv")
    prove(sheet, PARAMETERS["return_address"])
    address = next(d for d in sheet.pages[-1] if isinstance(d, Words) and d.text == "Exempelgatan 1")
    assert all(f.y + f.h < address.y for f in sheet.layout.fields if f.page == sheet.layout.pages)
    end = [d.text for page in sheet.pages for d in page if isinstance(d, Words)]
    assert end.count("Tack.") == 1
    assert sum("1 mars 2027" in words for words in end) == 1


def test_the_sheet_says_how_to_fold_only_where_there_is_an_address() -> None:
    form = instrument(question("a"))
    with_address = [d.text for d in compose(form, PARAMETERS, "sv").pages[-1] if isinstance(d, Words)]
    assert any(words.startswith("Vik blanketten på mitten") for words in with_address)
    for nothing in ({"return_address": ""}, {"return_address": " \n "}):
        without = [d.text for d in compose(form, PARAMETERS | nothing, "sv").pages[-1] if isinstance(d, Words)]
        assert not any("Vik blanketten" in words or words == "Skicka blanketten till" for words in without)
        assert any("15 juni 2026" in words for words in without)


def test_an_address_is_set_as_large_as_it_fits() -> None:
    sizes = []
    for many in range(2, 7):
        address = "\n".join(f"Rad nummer {n}" for n in range(many))
        page = compose(instrument(question("a")), PARAMETERS | {"return_address": address}, "sv").pages[-1]
        sizes.append({d.size_pt for d in page if isinstance(d, Words) and d.text.startswith("Rad nummer")})
    assert all(len(found) == 1 for found in sizes)
    sizes_pt = [next(iter(found)) for found in sizes]
    assert sizes_pt[0] == NORMAL.text_pt
    assert sizes_pt == sorted(sizes_pt, reverse=True)
    assert sizes_pt[-1] >= LEAST_PT


@pytest.mark.parametrize("address", ["\n".join("ABCDEFG"), "Ord " * 90, "X" * 400])
def test_an_address_that_fits_no_window_is_refused_not_cut(address: str) -> None:
    with pytest.raises(LayoutError) as refused:
        compose(instrument(question("a")), PARAMETERS | {"return_address": address}, "sv")
    assert refused.value.code == "long-address"
    assert "6 lines" in refused.value.remedy


def test_the_same_input_gives_the_same_sheet() -> None:
    form = shipped("sip-utebliven")
    values = parameters(form, return_address=LONG)
    assert compose(form, values, "sv") == compose(form, values, "sv")
