"""What holds on every sheet, whoever wrote the questions: the rules of section 6 of the design as one function.

    broken(order, sheet)     what of it a composed sheet breaks, in words; empty where all is well

Nothing here asks how `compose` sets a sheet: it looks at what is drawn, with the extent of each letter taken from the
font file, and at the fields of the layout. Lengths in mm.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from pathlib import Path

from PIL import ImageFont

from forms.blocks import Size
from forms.compose import Sheet
from forms.drawing import Draw, Frame, Stroke, Words
from forms.layout import Field, FieldKind
from forms.model import Instrument, Kind, Question, Text, fill
from forms.pagecode import SheetKind
from forms.typeface import BOLD, MM_PER_PT, REGULAR, width_mm

PRINTABLE = 6.0
"""Office printers reach everything but 4 to 6 mm at each edge."""

MARKER_QUIET = 1.0
"""A module of white round a marker; what is printed nearer could be taken for a part of it."""

BOXES_APART = 3.0
"""A cross may overshoot by as much and still is not in the next box."""

FRAME_APART = 2.5
"""What is written in a frame may leave it by a little and still is no cross."""

FOLD, FOLD_ROOM = 148.5, 2.5
"""Where an A4 is folded for a C5 envelope, and what folding by hand misses it by."""

BESIDE = 6.0
"""A label farther from its box than this could belong to another one."""

LEAST_TO_WRITE = 30.0
"""Narrowest frame that takes a few words by hand."""

SERIAL = "WMWMWM"
"""Wider than any serial."""

ACCENTS = 1.3
"""By so much a ring above or a tail below may leave a `words` field; the reader looks as far round it."""

Box = tuple[float, float, float, float]
"""Left, upper, right, lower edge."""


@dataclass(frozen=True, slots=True)
class Order:
    """What was to be printed; `slips` is how many stand on an A4, 0 for a sheet."""

    instrument: Instrument
    parameters: Mapping[str, str]
    language: str
    size: Size = Size.NORMAL
    kind: SheetKind = SheetKind.SHEET
    slips: int = 0

    def text(self, text: Text) -> str:
        return fill(text.to(self.language), self.parameters)


@cache
def _font(face: str) -> ImageFont.FreeTypeFont:
    file = {REGULAR: "AtkinsonHyperlegible-Regular.ttf", BOLD: "AtkinsonHyperlegible-Bold.ttf"}[face]
    folder = Path(__file__).parent.parent / "forms" / "fonts"
    return ImageFont.truetype(folder / file, 1000, layout_engine=ImageFont.Layout.BASIC)


@cache
def _letter(letter: str, face: str) -> tuple[float, float]:
    """How far a letter's ink reaches over and under the baseline, as parts of the size."""
    _, top, _, bottom = _font(face).getbbox(letter, anchor="ls")
    return top / 1000, bottom / 1000


def ink(draw: Draw) -> Box:
    """The rectangle that a drawing's ink fills."""
    if isinstance(draw, Words):
        said = draw.text.replace("{serial}", SERIAL)
        extents = [_letter(c, draw.face) for c in set(said) if not c.isspace()] or [(0.0, 0.0)]
        em = draw.size_pt * MM_PER_PT
        top, bottom = min(t for t, _ in extents) * em, max(b for _, b in extents) * em
        return draw.x, draw.y + top, draw.x + width_mm(said, draw.size_pt, draw.face), draw.y + bottom
    if isinstance(draw, Frame):
        return draw.x, draw.y, draw.x + draw.w, draw.y + draw.h
    half = draw.line / 2
    (left, right), (up, low) = sorted((draw.x1, draw.x2)), sorted((draw.y1, draw.y2))
    return left - half, up - half, right + half, low + half


def of(field: Field) -> Box:
    return field.x, field.y, field.x + field.w, field.y + field.h


def meet(a: Box, b: Box, room: float = 0.0) -> bool:
    """Whether two rectangles come nearer than `room`; touching is no meeting."""
    slack = 0.005 - room
    return a[0] + slack < b[2] and b[0] + slack < a[2] and a[1] + slack < b[3] and b[1] + slack < a[3]


def holds(outer: Box, inner: Box, slack: float = 0.02) -> bool:
    return (
        outer[0] - slack <= inner[0]
        and outer[1] - slack <= inner[1]
        and outer[2] + slack >= inner[2]
        and outer[3] + slack >= inner[3]
    )


def distance(a: Box, b: Box) -> float:
    across = max(a[0] - b[2], b[0] - a[2], 0.0)
    down = max(a[1] - b[3], b[1] - a[3], 0.0)
    return float((across**2 + down**2) ** 0.5)


def plain(text: str) -> str:
    """A text without its blanks: where lines break is not what a text says."""
    return "".join(text.split())


def broken(order: Order, sheet: Sheet) -> list[str]:
    """Return every rule that a sheet breaks, with the place."""
    found: list[str] = []
    for page, draws in enumerate(sheet.pages, 1):
        fields = [f for f in sheet.layout.fields if f.page == page]
        for rule in (_margins, _overlaps, _boxes, _frames, _areas):
            found += [f"page {page}: {said}" for said in rule(sheet, page, draws, fields)]
        found += [f"page {page}: {said}" for said in _said_on(order, draws, fields)]
    found += _complete(order, sheet)
    # On a slip short words may stand for what is said around the questions.
    found += _texts_around(order, sheet) if not order.slips else ()
    return found


def _name(draw: Draw) -> str:
    return f"“{draw.text}”" if isinstance(draw, Words) else f"{type(draw).__name__} at {ink(draw)}"


def _margins(sheet: Sheet, page: int, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    wide, high = sheet.layout.page_size_mm
    printable = (PRINTABLE, PRINTABLE, wide - PRINTABLE, high - PRINTABLE)
    kept = dict(_kept_clear(sheet, page))
    placed = [(_name(d), ink(d)) for d in draws]
    placed += [(f"{f.kind} of {f.question}.{f.option}", of(f)) for f in fields]
    for name, where in [*placed, *kept.items()]:
        if not holds(printable, where):
            yield f"{name} lies outside what printers reach: {where}"
    for name, where in placed:
        yield from (f"{name} lies under {k}" for k, place in kept.items() if meet(where, place))


def _kept_clear(sheet: Sheet, page: int) -> Iterator[tuple[str, Box]]:
    """Where nothing else may be printed: markers, code, the code in print."""
    for m in sheet.layout.markers:
        if m.page == page:
            near, far = -MARKER_QUIET, m.size + MARKER_QUIET
            yield f"marker {m.id}", (m.x + near, m.y + near, m.x + far, m.y + far)
    for code in sheet.layout.codes:
        if code.page == page:
            yield "the code", (code.x, code.y, code.x + code.size, code.y + code.size)
            text = code.text
            yield "the printed code", (text.x, text.y, text.x + text.w, text.y + text.h)


def _overlaps(sheet: Sheet, page: int, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    own = [of(f) for f in fields if f.kind in (FieldKind.BOX, FieldKind.TEXT)]
    placed = sorted(((ink(d), d) for d in draws), key=lambda p: p[0][1])
    for n, (a, first) in enumerate(placed):
        for b, second in placed[n + 1 :]:
            if b[1] > a[3]:
                break
            if meet(a, b) and not _by_design(first, second, own):
                yield f"{_name(first)} and {_name(second)} overlap"


def _by_design(a: Draw, b: Draw, own: list[Box]) -> bool:
    """Whether one may lie on the other: strokes of one arrow or sign, the frame round the example, its crossed box."""
    if isinstance(a, Stroke) and isinstance(b, Stroke):
        ends = {(round(s, 2), round(t, 2)) for s, t in ((a.x1, a.y1), (a.x2, a.y2))}
        return bool(ends & {(round(s, 2), round(t, 2)) for s, t in ((b.x1, b.y1), (b.x2, b.y2))}) or all(
            max(ink(d)[2] - ink(d)[0], ink(d)[3] - ink(d)[1]) < 8 for d in (a, b)
        )
    for frame, other in ((a, b), (b, a)):
        if isinstance(frame, Frame) and not any(holds(place, ink(frame)) for place in own):
            example = frame.w < 8
            if example and not isinstance(other, Words):
                return holds(ink(frame), ink(other), 1.0) or (isinstance(other, Frame) and other.w > 100)
            if frame.line and not example and holds(ink(frame), ink(other)):
                return True
    return False


def _boxes(sheet: Sheet, page: int, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    boxes = [f for f in fields if f.kind is FieldKind.BOX]
    frames = [ink(d) for d in draws if isinstance(d, Frame) and d.line]
    words = {(f.question, f.option): of(f) for f in fields if f.kind is FieldKind.WORDS}
    for n, box in enumerate(boxes):
        name, where = f"box {box.question}.{box.option}", of(box)
        for other in boxes[n + 1 :]:
            if distance(where, of(other)) < BOXES_APART - 0.02:
                yield f"{name} is {distance(where, of(other)):.2f} mm from {other.question}.{other.option}"
        if (
            sheet.layout.page_size_mm[1] > FOLD + FOLD_ROOM
            and where[3] > FOLD - FOLD_ROOM
            and where[1] < FOLD + FOLD_ROOM
        ):
            yield f"{name} lies on the fold"
        if not any(holds(f, where, 0.01) and holds(where, f, 0.01) for f in frames):
            yield f"{name} is not drawn"
        label = words.get((box.question, box.option))
        if label is None:
            yield f"{name} has no words"
            continue
        if not 0 < label[0] - where[2] <= BESIDE:
            yield f"the words of {name} begin {label[0] - where[2]:.2f} mm after it"
        if not label[1] < (where[1] + where[3]) / 2 < label[3]:
            yield f"the words of {name} stand higher or lower than it"
        nearest = min((distance(label, of(b)) for b in boxes if b is not box), default=99.0)
        if nearest <= distance(label, where):
            yield f"the words of {name} are nearer to another box: {nearest:.2f} mm"


def _frames(sheet: Sheet, page: int, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    frames = [ink(d) for d in draws if isinstance(d, Frame) and d.line]
    for field in fields:
        if field.kind is not FieldKind.TEXT:
            continue
        name, where = f"text field {field.question}.{field.option}", of(field)
        if field.w < LEAST_TO_WRITE:
            yield f"{name} is {field.w:.1f} mm wide"
        if field.h < 8.0:
            yield f"{name} is {field.h:.1f} mm high"
        if not any(holds(f, where, 0.01) and holds(where, f, 0.01) for f in frames):
            yield f"{name} is not drawn"
        for box in fields:
            if box.kind is FieldKind.BOX and distance(of(box), where) < FRAME_APART - 0.02:
                yield f"{name} is {distance(of(box), where):.2f} mm from box {box.question}.{box.option}"


def _areas(sheet: Sheet, page: int, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    areas = [f for f in fields if f.kind is FieldKind.AREA]
    for n, area in enumerate(areas):
        for other in areas[n + 1 :]:
            if meet(of(area), of(other)):
                yield f"the areas of {area.question} and {other.question} overlap"
        for draw in draws:
            if meet(of(area), ink(draw)) and not holds(of(area), ink(draw)):
                yield f"{_name(draw)} is partly in the area of {area.question}"
    for field in fields:
        if not any(a.question == field.question and holds(of(a), of(field)) for a in areas):
            yield f"{field.kind} of {field.question}.{field.option} is outside its area"


def _said_on(order: Order, draws: tuple[Draw, ...], fields: list[Field]) -> Iterator[str]:
    """Whether areas and words hold what they say: the question's own number and texts, the option's label."""
    said = [(ink(d), d) for d in draws if isinstance(d, Words)]
    for field in fields:
        inside = [(where, d) for where, d in said if meet(of(field), where)]
        text = plain("".join(d.text for _, d in inside))
        if field.kind is FieldKind.AREA:
            question = order.instrument.by_id[field.question]
            for part in _parts(order, question):
                if plain(part) not in text:
                    yield f"the area of {question.id} lacks “{part}”"
        elif field.kind is FieldKind.WORDS and field.option is not None:
            label = order.text(order.instrument.by_id[field.question].option(field.option).label)
            if text != plain(label):
                yield f"the words of {field.question}.{field.option} hold “{text}” for “{label}”"
            for where, draw in inside:
                if not holds(of(field), where, ACCENTS) or where[0] < field.x - 0.02 or where[2] > of(field)[2] + 0.02:
                    yield f"{_name(draw)} leaves the words of {field.question}.{field.option}"


def _parts(order: Order, question: Question) -> Iterator[str]:
    if not order.slips:
        yield f"{order.instrument.numbers[question.id]}."
    texts = [question.wording.default, question.hint]
    # A scale that names only its highest point says neither on paper.
    texts += [question.low, question.high] if question.kind is Kind.SCALE and question.low else []
    yield from (order.text(text) for text in texts)
    yield from (order.text(o.label) for o in question.options)


def _complete(order: Order, sheet: Sheet) -> Iterator[str]:
    """Every question once, on one page, with all its fields."""
    fields = sheet.layout.fields
    for question in order.instrument.questions:
        own = [f for f in fields if f.question == question.id]
        if len({f.page for f in own}) != 1 or not 1 <= own[0].page <= sheet.layout.pages:
            yield f"{question.id} stands on pages {sorted({f.page for f in own})}"
        wanted: list[tuple[FieldKind, str | None]] = [(FieldKind.AREA, None)]
        wanted += [(kind, o.id) for o in question.options for kind in (FieldKind.BOX, FieldKind.WORDS)]
        wanted += [(FieldKind.TEXT, o.id) for o in question.options if o.other]
        if question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE):
            wanted.append((FieldKind.TEXT, None))
        if sorted(map(repr, wanted)) != sorted(repr((f.kind, f.option)) for f in own):
            yield f"{question.id} has not the fields that it should have"
    if {f.question for f in fields} - set(order.instrument.by_id):
        yield "there are fields of questions that don't exist"
    pages = [next(f.page for f in fields if f.question == q.id) for q in order.instrument.questions]
    if any(b < a for a, b in pairwise(pages)):
        yield "questions stand in another order"


def _texts_around(order: Order, sheet: Sheet) -> Iterator[str]:
    """Whether the sheet holds all other texts, and whether a heading stands above what it heads."""
    whole = plain("".join(d.text for page in sheet.pages for d in page if isinstance(d, Words)))
    instrument = order.instrument
    address = order.parameters.get("return_address", "")
    # Whom to turn to stands on the sheet with the questions; the sign-up goes with it.
    support = () if order.kind is SheetKind.SIGN_UP else (instrument.support,)
    texts = [order.text(t) for t in (instrument.title, instrument.intro, instrument.thanks, *support)]
    for text in [*texts, *address.split("\n")]:
        for paragraph in text.split("\n\n"):
            if plain(paragraph) not in whole:
                yield f"the sheet lacks “{paragraph}”"
    if order.kind is SheetKind.SIGN_UP:
        return
    for section in instrument.sections:
        title = plain(order.text(section.title))
        if plain(order.text(section.title) + order.text(section.intro)) not in whole:
            yield f"the sheet lacks the heading “{title}”"
        if not title or not section.questions:
            continue
        area = next(f for f in sheet.layout.fields if f.question == section.questions[0].id)
        above = [d for d in sheet.pages[area.page - 1] if isinstance(d, Words) and d.y < area.y + area.h]
        if title not in plain("".join(d.text for d in above)):
            yield f"the heading “{title}” stands on another page than {area.question}"
