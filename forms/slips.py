"""An instrument on slips: parts of an A4, each with markers, page code, serial and layout of its own.

Slips are for workshops and lectures, where a question is answered on the spot and handed in: there is no fold, no
return address and one page. Of what stands around the questions, as much is set as leaves room to write.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

from forms.blocks import NORMAL, WIDE_SERIAL, Lettering, Setter, Style
from forms.compose import Sheet
from forms.corners import MARKER_MM, corner_markers
from forms.drawing import Block, Draw, Frame, Words, moved
from forms.errors import LayoutError
from forms.layout import Code, Field, FieldKind, Layout, Rectangle
from forms.markers import marker_id
from forms.model import Instrument, Kind, Question, fallbacks, fill
from forms.pagecode import SheetKind
from forms.phrases import support_words
from forms.typeface import BOLD, MM_PER_PT, REGULAR, cap_mm, width_mm

SLIP_SIZES_MM: Mapping[int, tuple[float, float]] = {2: (210.0, 148.5), 4: (105.0, 148.5)}
"""Width and height of a slip, by how many stand on an A4."""

MARKER_INSET_MM = 7.0
"""From a slip's edge to a marker: more than printers can't reach, and what hands cut wrong."""

CODE_MM = 18.0
"""Width of the page code with its quiet zone: modules of 0.55 mm, four pixels at 200 dpi."""

CODE_TOP_MM = 6.0
"""Upper edge of the page code."""

CODE_TEXT_MM = (58.0, 4.0)
"""Width and height of the code in print, right under it."""

TOP_MM = 30.5
"""Where the text begins."""

SIDE_MM = 9.0
"""Left and right margin of the text."""

BOTTOM_MM = 15.0 + 4.0
"""From where the text ends to the slip's lower edge: the lower markers and the foot stand there."""

GAP_MM = 3.6
"""Between two blocks."""

WANTED_MM: Mapping[int, float] = {2: 34.0, 4: 42.0}
"""Height to write on that a question for words is to have, by slips on a leaf: texts around it give way before it gets
less."""

LEAST_MM = 28.0
"""Less is no room for anybody's handwriting: the slip is refused."""

OWN_LINES = 2
"""Lines that a field for words is set with at first; it then takes all room that is left."""


@dataclass(frozen=True, slots=True)
class SlipWords:
    """A slip's own words in one language, for where an instrument's own texts take too much room."""

    about: str
    support: str
    foot: str


_WORDS: Mapping[str, SlipWords] = {
    "sv": SlipWords(
        about="{organisation} frågar. Du väljer själv om du svarar. Vi sparar svaret men inte vem du är.",
        support="Känns det svårt? Prata med {support}. Fara för liv: ring 112.",
        foot="Numret {serial} visar inte vem du är.",
    ),
    "sv-x-lattlast": SlipWords(
        about="{organisation} frågar. Du väljer själv. Vi sparar ditt svar. Vi sparar inte ditt namn.",
        support="Blir det jobbigt? Prata med {support}. Är det fara för livet? Ring 112.",
        foot="Numret är {serial}. Det visar inte vem du är.",
    ),
    "en": SlipWords(
        about="{organisation} asks. It is up to you to answer. We store the answer but not who you are.",
        support="Is it hard? Talk to {support}. If a life is in danger: call 112.",
        foot="The number {serial} does not show who you are.",
    ),
}


def slip_words(language: str) -> SlipWords:
    """Return a slip's words in a language or the first of its fallbacks; Swedish where there is none."""
    return next((_WORDS[tag] for tag in fallbacks(language) if tag in _WORDS), _WORDS["sv"])


@dataclass(frozen=True, slots=True)
class _Fullness:
    """How much of what stands around the questions is set; see the attributes' names."""

    title: bool
    intro: bool
    support: bool
    end: bool


_LADDER = (
    _Fullness(title=True, intro=True, support=True, end=True),
    _Fullness(title=True, intro=True, support=True, end=False),
    _Fullness(title=False, intro=True, support=True, end=False),
    _Fullness(title=False, intro=False, support=True, end=False),
    _Fullness(title=False, intro=False, support=False, end=False),
)
"""From everything to the least: the short words for who asks and whom to turn to stand on every slip."""


def compose_slip(  # noqa: PLR0913 - as `compose`, and how many stand on a leaf
    instrument: Instrument,
    parameters: Mapping[str, str],
    language: str,
    *,
    slips: int,
    style: Style = NORMAL,
    kind: SheetKind = SheetKind.SHEET,
) -> Sheet:
    """Set an instrument on slips.

    Args:
        instrument: What is asked.
        parameters: The survey's parameters.
        language: Language of the slip.
        slips: How many stand on an A4, 2 or 4.
        style: Measures of the text; its margins are taken from the slip.
        kind: PRACTICE says on each slip that the answers don't count.

    Returns:
        A sheet of one page of a slip's size.

    Raises:
        LayoutError: `no-such-slip`: neither 2 nor 4; `too-much-for-slip`: no room is left to write, or the questions
            don't fit.
    """
    if slips not in SLIP_SIZES_MM:
        raise LayoutError("no-such-slip", f"{slips} slips don't stand on an A4.", "Choose 2 or 4.")
    width, height = size = SLIP_SIZES_MM[slips]
    own = replace(
        style,
        left=SIDE_MM,
        right=width - SIDE_MM,
        indent=0.0 if len(instrument.questions) == 1 else style.indent * 0.75,
    )
    setter = Setter.of(instrument, parameters, language, own)
    room = height - BOTTOM_MM - TOP_MM
    placed = None
    for least in (WANTED_MM[slips], LEAST_MM):
        for fullness in _LADDER:
            placed = placed or _placed(list(_blocks(setter, fullness, kind)), room, least)
    if placed is None:
        raise LayoutError(
            "too-much-for-slip",
            f"The questions don't fit on a slip of {width:g} × {height:g} mm with room to answer.",
            "Print fewer slips on a leaf, or whole sheets; or shorten the texts.",
        )
    draws = [*_foot(setter, size)]
    fields: list[Field] = []
    for block, y in placed:
        draws += [moved(d, 0, y) for d in block.draws]
        fields += [_rounded(replace(f, page=1, y=f.y + y)) for f in block.fields]
    return Sheet(_layout(instrument, language, size, fields), (tuple(draws),))


def _blocks(setter: Setter, fullness: _Fullness, kind: SheetKind) -> Iterator[Block]:
    """Yield the blocks of a slip from top to bottom."""
    instrument, style = setter.instrument, setter.style
    if kind is SheetKind.PRACTICE:
        yield _text(setter, setter.words.practice, BOLD)
    if fullness.title:
        block = Block(name="title")
        setter.paragraphs(block, setter.text(instrument.title), style.left, Lettering(style.heading_pt, BOLD))
        yield block
    words = slip_words(setter.language)
    about = setter.text(instrument.intro) if fullness.intro else fill(words.about, setter.parameters)
    yield _text(setter, about)
    if any(question.options for question in instrument.questions):
        yield _text(setter, f"{setter.words.how_cross} {setter.words.how_wrong}")
    for section in instrument.sections:
        title, intro = setter.text(section.title), setter.text(section.intro)
        if title and len(instrument.sections) > 1:
            yield _text(setter, title, BOLD)
        if intro:
            yield _text(setter, intro)
        for question in section.questions:
            yield _question(setter, question)
    whole = support_words(instrument, setter.parameters, setter.language)
    yield _text(setter, whole if fullness.support else fill(words.support, setter.parameters))
    if fullness.end:
        told = (("freezing", setter.words.withdraw), ("purging", setter.words.destroyed))
        dates = [t.format(serial="{serial}", **{n: setter.parameters[n]}) for n, t in told if setter.parameters.get(n)]
        yield _text(setter, " ".join([setter.text(instrument.thanks), *dates]))


def _text(setter: Setter, text: str, face: str = REGULAR) -> Block:
    block = Block(name="text")
    # Lines and paragraphs run on where room is scarce; a no-break space stays one.
    setter.paragraphs(
        block, re.sub(r"[ \n]+", " ", text.strip()), setter.style.left, Lettering(setter.style.text_pt, face)
    )
    return block


def _question(setter: Setter, question: Question) -> Block:
    """Set a question; the only one of a slip needs no number."""
    lines = OWN_LINES if question.kind is Kind.TEXT and question.lines > 1 else question.lines
    block = setter.question(replace(question, lines=lines))
    if len(setter.instrument.questions) == 1:
        number = next(d for d in block.draws if isinstance(d, Words))
        block.draws.remove(number)
    return block


def _placed(blocks: list[Block], room: float, least: float) -> list[tuple[Block, float]] | None:
    """Set blocks under each other; fields for words share what is left.

    Args:
        blocks: The blocks.
        room: Height that they may take, mm.
        least: Least height of a field for several lines, mm.

    Returns:
        The blocks and where each begins, mm on the slip; None where they don't fit.
    """
    left = room - sum(b.height for b in blocks) - GAP_MM * (len(blocks) - 1)
    growing = [n for n, b in enumerate(blocks) if _own_field(b) is not None]
    grow = left / len(growing) if growing else 0.0
    if left < 0 or any(field.h + grow < least for b in blocks if (field := _own_field(b)) is not None):
        return None
    y, places = TOP_MM, []
    for n, block in enumerate(blocks):
        taller = _grown(block, grow) if n in growing else block
        places.append((taller, y))
        y += taller.height + GAP_MM
    return places


def _own_field(block: Block) -> Field | None:
    """Return a block's field for several lines of words."""
    return next((f for f in block.fields if f.kind is FieldKind.TEXT and f.option is None and f.h > 15), None)


def _grown(block: Block, by: float) -> Block:
    """Return a block whose field for words is higher."""
    field = _own_field(block)
    assert field is not None  # noqa: S101 - only such blocks are asked for
    draws: list[Draw] = [
        replace(d, h=d.h + by) if isinstance(d, Frame) and (d.y, d.h) == (field.y, field.h) else d for d in block.draws
    ]
    fields = [replace(f, h=f.h + by) if f.kind in (FieldKind.TEXT, FieldKind.AREA) else f for f in block.fields]
    return replace(block, draws=draws, fields=fields, height=block.height + by)


def _foot(setter: Setter, size_mm: tuple[float, float]) -> Iterator[Draw]:
    """Set the slip's number and what it is not, between the lower markers, in two lines where one is too long."""
    width, height = size_mm
    pt = min(setter.style.text_pt, 12.0)
    foot = Lettering(pt, REGULAR, width - 2 * (MARKER_INSET_MM + MARKER_MM + 3))
    lines = setter.lines(slip_words(setter.language).foot, setter.style.left, foot)
    step = 1.28 * pt * MM_PER_PT
    middle = height - MARKER_INSET_MM - MARKER_MM / 2
    first = middle - step * (len(lines) - 1) / 2 + cap_mm(pt) / 2
    for n, line in enumerate(lines):
        x = (width - width_mm(line, pt)) / 2
        yield Words(x, first + n * step, line.replace(WIDE_SERIAL, "{serial}"), pt, REGULAR)


def _layout(instrument: Instrument, language: str, size_mm: tuple[float, float], fields: list[Field]) -> Layout:
    markers = corner_markers(marker_id(1, 0), page_size_mm=size_mm, inset_mm=MARKER_INSET_MM)
    width, _ = size_mm
    text = Rectangle((width - CODE_TEXT_MM[0]) / 2, CODE_TOP_MM + CODE_MM + 0.2, *CODE_TEXT_MM)
    codes = (Code(1, (width - CODE_MM) / 2, CODE_TOP_MM, CODE_MM, text),)
    return Layout("", instrument.id, instrument.version, language, size_mm, 1, markers, codes, tuple(fields), ())


def _rounded(field: Field) -> Field:
    return replace(field, x=round(field.x, 2), y=round(field.y, 2), w=round(field.w, 2), h=round(field.h, 2))
