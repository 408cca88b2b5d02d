"""Instrument + parameters + language → the pages of a sheet, and their layout.

Blocks (`blocks.py`) are set one under the other; a question never leaves its page, a heading never stands alone,
and no box comes to lie on the fold of a C5 envelope.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from forms.blocks import NORMAL, WIDE_SERIAL, Lettering, Setter, Style
from forms.corners import MARKER_INSET_MM, MARKER_MM, PAGE_MM, corner_markers, page_code_place
from forms.drawing import Block, Draw, Frame, Stroke, Words, moved, sample_box
from forms.envelope import Window, window
from forms.errors import LayoutError
from forms.layout import Field, Layout
from forms.markers import SIGN_UP_FIRST, marker_id
from forms.model import Instrument, Section
from forms.pagecode import SheetKind
from forms.pages import paginate
from forms.phrases import contact_words, support_words
from forms.tables import rows
from forms.tomltable import keeps_lines
from forms.typeface import BOLD, REGULAR, baseline_mm, cap_mm, missing_letters, told, width_mm

MOST_PAGES = 32
"""Pages that the marker ids can number."""

LONG_VALUE = 300
"""Letters of a parameter that are worth a word where something finds no place."""

AFTER_SUPPORT_MM = 3.5
"""Gap between whom to turn to and where to send the sheet."""

SIGN_UP_PAGES = 2
"""The most pages of a sign-up: one at 12 pt, two in large type."""

SIGN_MM = 6.4
"""Width of the sign beside the page number."""


@dataclass(frozen=True, slots=True)
class Sheet:
    """A composed sheet.

    Attributes:
        layout: Where everything stands; its id and `print` are still empty, see `pdf.finished`.
        pages: What is drawn on each page besides markers and code.
    """

    layout: Layout
    pages: tuple[tuple[Draw, ...], ...]


def compose(
    instrument: Instrument,
    parameters: Mapping[str, str],
    language: str,
    *,
    style: Style = NORMAL,
    kind: SheetKind = SheetKind.SHEET,
) -> Sheet:
    """Set an instrument on paper.

    Args:
        instrument: What is asked.
        parameters: The survey's parameters. `deadline`, `return_address`, `freezing` and `purging` also
            make lines of their own.
        language: Language of the sheet.
        style: Measures; NORMAL is 12 pt.
        kind: PRACTICE says on each page that the answers don't count (draft or demo); SIGN_UP has markers of
            its own, the same on each of its pages, and no number.

    Raises:
        LayoutError: `too-tall`: a question does not fit on a page; `too-many-pages`; `empty-label`;
            `missing-letter`: the font lacks a letter of a text or of a parameter.
    """
    setter = Setter.of(instrument, parameters, language, style)
    try:
        pages = _pages(setter, kind)
    except LayoutError as error:
        if error.code not in ("too-tall", "too-many-pages"):
            raise
        remedy = f"{error.remedy}{_long_values(parameters)}"
        if style.text_pt > NORMAL.text_pt:
            remedy += " In the normal size there is more room."
        raise LayoutError(error.code, error.message, remedy, error.about) from error
    draws, fields = [], []
    for number, placed in enumerate(pages, 1):
        page_draws = _frame_of_page(setter, number, len(pages), kind)
        for block, y in placed:
            page_draws += [moved(d, 0, y) for d in block.draws]
            fields += [_rounded(replace(f, page=number, y=f.y + y)) for f in block.fields]
        _refuse_missing_letters(page_draws)
        draws.append(tuple(page_draws))
    return Sheet(_layout(instrument, language, len(pages), fields, kind), tuple(draws))


def _long_values(parameters: Mapping[str, str]) -> str:
    """Name the parameters that are longer than any text needs: what is too much may be theirs."""
    long = [f"{name} has {len(value)} letters" for name, value in parameters.items() if len(value) > LONG_VALUE]
    return f" Of the survey's parameters {' and '.join(long)}." if long else ""


def _pages(setter: Setter, kind: SheetKind) -> list[list[tuple[Block, float]]]:
    """Give every block its page and place; easy texts keep their lines where that costs no page."""
    joined = replace(setter, joins=True)
    if not keeps_lines(setter.language):
        return _set(joined, kind)
    close = _set(joined, kind)
    try:
        pages = _set(setter, kind)
    except LayoutError:
        return close
    return pages if len(pages) <= len(close) else close


def _set(setter: Setter, kind: SheetKind) -> list[list[tuple[Block, float]]]:
    """Set all blocks and part them into pages."""
    # A person reads the sign-up: how to cross need not be explained there, and its few questions need no headings.
    blocks = [_opening(setter)] if kind is SheetKind.SIGN_UP else [_opening(setter), _how(setter)]
    for section in setter.instrument.sections:
        blocks += _section(setter, section, headed=kind is not SheetKind.SIGN_UP)
    address = setter.parameters.get("return_address", "").strip()
    if kind is SheetKind.SIGN_UP:
        return paginate([*blocks, _sign_up_end(setter, address)], SIGN_UP_PAGES)
    shown = window(setter, address, _beside_the_address(setter)) if address else None
    blocks += _end(setter, shown)
    return paginate(blocks, MOST_PAGES, shown.block if shown else None)


def _refuse_missing_letters(draws: list[Draw]) -> None:
    """Refuse what would be printed as empty boxes, such as Arabic or a sign in an address."""
    for draw in draws:
        missing = missing_letters(draw.text) if isinstance(draw, Words) else frozenset()
        if missing and isinstance(draw, Words):
            remedy = "Use other letters, or print the sheet in another language; on screen it works as it is."
            what = f"The paper's font lacks {told(missing)}, in “{draw.text}”."
            raise LayoutError("missing-letter", what, remedy, ("letters", told(missing)))


def _layout(instrument: Instrument, language: str, pages: int, fields: list[Field], kind: SheetKind) -> Layout:
    numbers = range(1, pages + 1)
    # The same four on each page of a sign-up: whatever page is scanned is known at once and not kept.
    firsts = [SIGN_UP_FIRST if kind is SheetKind.SIGN_UP else marker_id(page, 0) for page in numbers]
    markers = tuple(m for page, first in zip(numbers, firsts, strict=True) for m in corner_markers(first, page=page))
    codes = tuple(page_code_place(page) for page in numbers)
    return Layout("", instrument.id, instrument.version, language, PAGE_MM, pages, markers, codes, tuple(fields), ())


def _rounded(field: Field) -> Field:
    """Round to hundredths of a millimetre, finer than any printer, so that a layout file reads well."""
    return replace(field, x=round(field.x, 2), y=round(field.y, 2), w=round(field.w, 2), h=round(field.h, 2))


def _opening(setter: Setter) -> Block:
    style = setter.style
    block = Block(name="The title with the introduction", about=("intro",))
    setter.paragraphs(block, setter.text(setter.instrument.title), style.left, Lettering(style.title_pt, BOLD))
    block.height += 3.0
    setter.paragraphs(block, setter.text(setter.instrument.intro), style.left)
    return block


def _how(setter: Setter) -> Block:
    """Set the example: a cross, a box that was filled because it went wrong, and what one may do."""
    style, words = setter.style, setter.words
    block = Block(gap=6.0, name="How to fill in")
    pad, step = 4.0, style.pitch - 0.8
    block.height = pad - 1.0
    setter.paragraphs(block, words.how_title, style.left + pad, Lettering(style.text_pt, BOLD))
    block.height += 2.0
    x = style.left + pad
    crossing = [("cross", words.how_cross), ("fill", words.how_wrong)]
    boxes = any(question.options for question in setter.instrument.questions)
    for sign, text in [*(crossing if boxes else ()), ("", words.how_skip)]:
        top = block.height
        if sign:
            block.draws += sample_box(sign, Frame(x, top, style.box, style.box, style.box_line), by_hand=True)
        baseline = baseline_mm(top, style.box, style.text_pt) - 0.15
        beside = x + (style.box + 3.5 if sign else 0)
        room = style.right - pad - beside
        lines = setter.lines(text, beside, Lettering(style.text_pt, room_mm=room))
        for n, line in enumerate(lines):
            block.draws.append(Words(beside, baseline + n * style.line, line, style.text_pt, REGULAR))
        block.height += step + (len(lines) - 1) * style.line
    block.height += pad - 3.0
    block.draws.append(Frame(style.left, 0, style.right - style.left, block.height, 0.35))
    return block


def _section(setter: Setter, section: Section, *, headed: bool) -> Iterator[Block]:
    """Yield a section's blocks: heading, words of care where they belong, questions or the rows of a table."""
    title, intro = setter.text(section.title), setter.text(section.intro)
    if (title or intro) and headed:
        yield _heading(setter, section.id, title, intro)
    table = rows(setter, section) if section.table else None
    for n, question in enumerate(section.questions):
        if question.id in setter.instrument.stirring:
            yield _care(setter)
        yield table[n] if table else setter.question(question)


def _heading(setter: Setter, section: str, title: str, intro: str) -> Block:
    style = setter.style
    name = f"The heading “{title}” with the text under it" if title else f'The text above section "{section}"'
    block = Block(gap=8.0, keeps_next=True, name=name, about=("section", section))
    block.draws.append(Stroke(style.left, 0, style.right, 0, 0.5))
    block.height = 3.0
    if title:
        setter.paragraphs(block, title, style.left, Lettering(style.heading_pt, BOLD))
    if intro:
        block.height += 1.0
        setter.paragraphs(block, intro, style.left)
    block.height -= 1.5
    return block


def _care(setter: Setter) -> Block:
    """Set the words of care before what stirs things up: the bar at their left is the one they have on screen."""
    block = Block(gap=6.5, keeps_next=True, name="The text with the words of care")
    support = support_words(setter.instrument, setter.parameters, setter.language)
    setter.paragraphs(block, f"{setter.words.sensitive}\n\n{support}", setter.style.body)
    block.draws.append(Frame(setter.style.left, 0, 1.0, block.height, 0))
    block.height -= 1.5
    return block


def _end(setter: Setter, shown: Window | None) -> Iterator[Block]:
    """Yield the end: thanks and whom to ask; whom to turn to; until when, and how to take an answer back.

    Three blocks, so that they find room on both sides of the return address.
    """
    style, words, parameters = setter.style, setter.words, setter.parameters
    block = Block(gap=8.0, name="The end of the sheet", about=("thanks",), ending=True)
    block.draws.append(Stroke(style.left, 0, style.right, 0, 0.5))
    block.height = 3.0
    setter.paragraphs(block, setter.text(setter.instrument.thanks), style.left)
    asks = contact_words(setter.instrument, parameters, setter.language)
    if asks:
        block.height += 2.0
        setter.paragraphs(block, asks, style.left)
    yield block
    block = Block(gap=2.0, name="The support text", about=("support",), ending=True, spreads=False)
    setter.paragraphs(block, support_words(setter.instrument, parameters, setter.language), style.left)
    yield block
    beside = shown.left_over if shown else _told(setter, ("deadline", words.answer_by))
    lines = (*beside, *_told(setter, ("freezing", words.withdraw), ("purging", words.destroyed)))
    if lines:
        yield _lines(setter, lines, style.right - style.left)


def _lines(setter: Setter, lines: tuple[str, ...], room_mm: float) -> Block:
    block = Block(gap=AFTER_SUPPORT_MM, name="The end of the sheet", about=("thanks",), ending=True, spreads=False)
    for n, line in enumerate(lines):
        block.height += 2.0 if n else 0.0
        setter.paragraphs(block, line, setter.style.left, Lettering(setter.style.text_pt, REGULAR, room_mm))
    return block


def _told(setter: Setter, *phrases: tuple[str, str]) -> tuple[str, ...]:
    """Fill in the sentences whose parameter the survey has: pairs of parameter and sentence."""
    values = setter.parameters
    return tuple(said.format(serial="{serial}", **{name: values[name]}) for name, said in phrases if values.get(name))


def _beside_the_address(setter: Setter) -> tuple[str, ...]:
    return (setter.words.fold, *_told(setter, ("deadline", setter.words.answer_by)))


def _sign_up_end(setter: Setter, address: str) -> Block:
    """Set the end of the sign-up: thanks, and where to send it; its envelope is addressed by hand."""
    style = setter.style
    block = Block(gap=8.0, name="The end of the sheet", about=("thanks",))
    block.draws.append(Stroke(style.left, 0, style.right, 0, 0.5))
    block.height = 3.0
    setter.paragraphs(block, setter.text(setter.instrument.thanks), style.left)
    if address:
        block.height += AFTER_SUPPORT_MM
        setter.paragraphs(block, setter.words.return_to, style.left, Lettering(style.text_pt, BOLD))
        for line in address.split("\n"):
            setter.paragraphs(block, line, style.left)
    return block


def _frame_of_page(setter: Setter, page: int, pages: int, kind: SheetKind) -> list[Draw]:
    """Set head and foot: page number and serial beside the code, the printed code, what the number is for."""
    style, words = setter.style, setter.words
    size = style.text_pt if style.text_pt < 14 else 14.0
    left, right = MARKER_INSET_MM + MARKER_MM + 6, PAGE_MM[0] - MARKER_INSET_MM - MARKER_MM - 6
    page_of = words.page.format(page=page, pages=pages)
    foot = words.sign_up_foot if kind is SheetKind.SIGN_UP else words.number_is_for
    draws: list[Draw] = [Words((PAGE_MM[0] - width_mm(foot, 12)) / 2, 282.6, foot, 12, REGULAR)]
    if kind is not SheetKind.SIGN_UP or pages > 1:
        draws += [
            *_sign(left, 18.2 - cap_mm(size) / 2 - SIGN_MM / 2),
            Words(left + SIGN_MM + 2, 18.2, page_of, size, BOLD),
        ]
    if kind is not SheetKind.SIGN_UP:
        draws.append(Words(right - _widest_serial(words.number, size), 18.2, words.number, size, BOLD))
    if kind is SheetKind.PRACTICE:
        wide = width_mm(words.practice, 12, BOLD)
        draws.append(Words((PAGE_MM[0] - wide) / 2, 9.4, words.practice, 12, BOLD))
    return draws


def _sign(x: float, y: float) -> list[Draw]:
    """Draw the sign: a cross one of whose strokes ends in a dot, where a finger touched."""
    part = SIGN_MM / 32
    strokes = ((6.0, 5.5, 26.0, 25.5, 3.6), (26.0, 5.5, 11.5, 20.5, 3.6), (7.5, 24.5, 7.51, 24.5, 8.0))
    return [
        Stroke(x + x1 * part, y + y1 * part, x + x2 * part, y + y2 * part, w * part) for x1, y1, x2, y2, w in strokes
    ]


def _widest_serial(pattern: str, size_pt: float) -> float:
    return width_mm(pattern.replace("{serial}", WIDE_SERIAL), size_pt, BOLD)
