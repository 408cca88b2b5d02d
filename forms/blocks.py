"""Instrument → blocks: how one question, one heading, one text looks on paper."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain

from forms.drawing import Block, Frame, Stroke, Words
from forms.errors import LayoutError
from forms.layout import Field, FieldKind, Reads
from forms.model import Instrument, Kind, Option, Question, Text, fill
from forms.phrases import Phrases, phrases
from forms.routing import END, Routing, routing, tell
from forms.typeface import BOLD, MM_PER_PT, REGULAR, baseline_mm, cap_mm, width_mm, wrap


@dataclass(frozen=True, slots=True)
class Style:
    """All measures of a sheet. Lengths in mm, sizes in pt.

    Attributes:
        text_pt: Size of all running text.
        heading_pt: Size of section headings.
        title_pt: Size of the title.
        leading: Line distance as a multiple of the size.
        box: Outer edge of a box.
        box_line: Stroke of a box; thin, so that ink is told from print.
        pitch: Distance from one row of boxes to the next.
        left: Left margin.
        right: Right margin's x.
        indent: From the left margin to the question's text, past its number.
        room: Widest line of running text.
        field_row: Height of one line to write on.
    """

    text_pt: float = 12.0
    heading_pt: float = 15.0
    title_pt: float = 23.0
    leading: float = 1.28
    box: float = 4.5
    box_line: float = 0.3
    pitch: float = 8.0
    left: float = 20.0
    right: float = 190.0
    indent: float = 9.5
    room: float = 138.0
    field_row: float = 10.0

    @property
    def line(self) -> float:
        """Distance between baselines of running text, mm."""
        return self.text_pt * self.leading * MM_PER_PT

    @property
    def body(self) -> float:
        """Left edge of what belongs to a question."""
        return self.left + self.indent


NORMAL = Style()
"""The ordinary sheet: 12 pt, boxes of 4.5 mm."""

LARGE = Style(
    text_pt=18.0,
    heading_pt=21.0,
    title_pt=28.0,
    leading=1.25,
    box=6.0,
    box_line=0.4,
    pitch=11.0,
    indent=13.0,
    room=165.0,
    field_row=14.0,
)
"""For those who see badly: 18 pt, boxes of 6 mm."""


class Size(StrEnum):
    """How large a sheet is set."""

    NORMAL = "normal"
    LARGE = "large"

    @property
    def style(self) -> Style:
        """Its measures."""
        return LARGE if self is Size.LARGE else NORMAL


COLUMN_CLEARANCE = 6.0
"""Least free room after a label before the next column's box, mm."""

BOX_TO_LABEL = 2.5
"""From a box to its label, mm: close, so that nobody asks which box is meant."""

MANY_OPTIONS = 4
"""From so many options on, a list is set in two columns where the labels allow."""

LONG_LIST = 25
"""From so many options on, a list is set in three columns where the labels allow, so that it fits its page."""

LONG_ONES = 2
"""So many longer options may follow a row of four short ones."""

AFTER_HEADING_MM = 4.5
"""Gap between a heading and what it heads: closer than two questions stand."""

HAIRLINE = 0.2
"""Stroke of frames to write in, mm."""

ARROW_AFTER_MM = 3.0
"""From a label to the arrow that leads on from it: closer than anything else, and clear of the label's own ink."""

ARROW_MM = 6.0
"""Shortest arrow."""

ARROWS_MEET_MM = 24.0
"""Labels of one question that differ by no more have arrows that end in one column."""

FRAME_TO_BOX_MM = 2.5
"""Least from a frame to write in to the next box: what is written a little too low is no cross."""

LEAST_TO_WRITE_MM = 45.0
"""Narrower than this, a frame to write in gets a line to itself: it moves below its label, or the jump below it."""

WIDE_SERIAL = "QGHNDK"
"""Stands for the sheet's own number while lines are broken: 97 of 100 serials are no wider."""

SHORT_LAST_LINE = 0.25
"""A last line that is shorter than this part of the room looks lost."""


@dataclass(frozen=True, slots=True)
class Lettering:
    """Size and face of running text, and its widest line where that is not the style's."""

    size_pt: float
    face: str = REGULAR
    room_mm: float | None = None


@dataclass(frozen=True, slots=True)
class Setter:
    """Sets the blocks of one instrument in one language with one survey's parameters.

    Attributes:
        instrument: What is asked.
        parameters: The survey's.
        language: Language of the sheet.
        style: Measures.
        words: The sheet's own words.
        routing: Jumps and reminders.
        joins: Lines of easy texts run on, where each on its own would cost a page.
    """

    instrument: Instrument
    parameters: Mapping[str, str]
    language: str
    style: Style
    words: Phrases
    routing: Routing
    joins: bool = False

    @classmethod
    def of(cls, instrument: Instrument, parameters: Mapping[str, str], language: str, style: Style) -> Setter:
        """Make a setter; derives the routing once."""
        return cls(instrument, parameters, language, style, phrases(language), routing(instrument))

    def text(self, text: Text) -> str:
        """Return a text in the sheet's language with the parameters filled in."""
        return fill(text.to(self.language), self.parameters)

    def paragraphs(self, block: Block, text: str, x: float, lettering: Lettering | None = None) -> None:
        """Set running text under what the block holds; an empty line in the text is half a line on paper."""
        letters = lettering or Lettering(self.style.text_pt)
        step = letters.size_pt * self.style.leading * MM_PER_PT
        for n, paragraph in enumerate(text.strip().split("\n\n")):
            if n:
                block.height += step * 0.45
            written = [paragraph.replace("\n", " ")] if self.joins else paragraph.split("\n")
            lines = (self.lines(one, x, letters) for one in written)
            for line in chain.from_iterable(lines):
                baseline = baseline_mm(block.height, step, letters.size_pt)
                said = line.replace(WIDE_SERIAL, "{serial}")
                block.draws.append(Words(x, baseline, said, letters.size_pt, letters.face))
                block.height += step

    def lines(self, paragraph: str, x: float, letters: Lettering) -> tuple[str, ...]:
        """Break one paragraph that begins at `x` (mm) into lines, a serial in it as wide as the widest."""
        room = min(letters.room_mm or self.style.room, self.style.right - x)
        return _even(paragraph.replace("{serial}", WIDE_SERIAL), room, letters)

    def question(self, question: Question) -> Block:
        """Set one question with everything that belongs to it."""
        style = self.style
        block = Block(gap=6.0, name=f'Question "{question.id}"', about=("question", question.id))
        number = self.instrument.numbers[question.id]
        reminder = self.routing.reminders.get(question.id)
        if reminder is not None:
            condition = tell(reminder, self.instrument, self.language, self.words.saying)
            self.paragraphs(block, self.words.only_if.format(condition=condition), style.body)
        first = baseline_mm(block.height, style.line, style.text_pt)
        block.draws.append(Words(style.left, first, f"{number}.", style.text_pt, BOLD))
        self.paragraphs(block, self.text(question.wording.default), style.body, Lettering(style.text_pt, BOLD))
        for hint in self._hints(question):
            self.paragraphs(block, hint, style.body)
        block.height += 2.2
        if question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE):
            self._own_field(block, question)
        self._options(block, question)
        block.height = max([block.height, *(f.y + f.h for f in block.fields)])
        area = Field(
            question.id, None, 0, FieldKind.AREA, style.left - 1, -1, style.right - style.left + 2, block.height + 2
        )
        block.fields.append(area)
        return block

    def _hints(self, question: Question) -> list[str]:
        hints = [self.text(question.hint)] if question.hint else []
        if question.kind is Kind.MULTIPLE:
            hints.append(self.words.several)
        if question.kind is Kind.TEXT and question.lines > 1:
            hints.append(self.words.no_names)
        if question.kind is Kind.SCALE and question.low:
            points = [o for o in question.options if not o.way_out]
            hints.append(
                self.words.scale.format(low=self.text(question.low), top=len(points), high=self.text(question.high))
            )
        return hints

    def _own_field(self, block: Block, question: Question) -> None:
        """Set the frame that words, digits or a place are written in."""
        style = self.style
        reads = {Kind.NUMBER: Reads.DIGITS, Kind.PLACE: Reads.PLACE}.get(question.kind, Reads.FREE)
        wide = {Kind.NUMBER: 40.0, Kind.PLACE: 100.0}.get(question.kind, style.right - style.body)
        wide = min(wide, style.right - style.body)
        high = style.field_row * question.lines if question.kind is Kind.TEXT else style.field_row
        self._frame(block, Field(question.id, None, 0, FieldKind.TEXT, style.body, block.height, wide, high, reads))
        block.height += high + (3.5 if question.options else 0.0)

    def _frame(self, block: Block, field: Field) -> None:
        """Draw the frame of a text field."""
        block.draws.append(Frame(field.x, field.y, field.w, field.h, HAIRLINE))
        block.fields.append(field)

    def _options(self, block: Block, question: Question) -> None:
        """Set the options: in one row where all labels are short, else in a list, long ones in two columns."""
        if not question.options:
            return
        ends = [n for n, o in enumerate(question.options) if o.other or (question.kind is Kind.SCALE and o.way_out)]
        end = min(ends, default=len(question.options))
        plain, columns = list(question.options[:end]), 1
        if plain and not self.routing.jumps_from(question.id):
            count, columns = self._columns(question, plain)
            plain = plain[:count]
        rest = question.options[len(plain) :]
        # A list in columns is read downwards, as people read lists.
        depth = -(-len(plain) // columns)
        arrows_end = self._arrows_end(question)
        for row in range(depth):
            self._row(block, question, plain[row::depth], columns, arrows_end)
        for option in rest:
            self._row(block, question, [option], 1, arrows_end)
        block.height -= self.style.pitch - self.style.box - 0.8

    def _columns(self, question: Question, options: list[Option]) -> tuple[int, int]:
        """Return how many of the first options stand in columns, and in how many columns.

        Short answers stand in one row, in columns that are the same for all questions; up to two longer ones follow
        below it. A list stands in two columns where its labels allow, a very long one in three, else in one.
        """
        style = self.style
        room = style.right - style.body
        widths = [width_mm(self.text(o.label), style.text_pt) for o in options]
        spare = style.box + BOX_TO_LABEL + COLUMN_CLEARANCE
        if question.kind is Kind.SCALE and max(widths) + spare <= room / len(options):
            return len(options), len(options)
        for columns in (4, 3):
            short = min(columns, len(options))
            in_one_row = len(options) - short <= (LONG_ONES if short == 4 else 0)
            if in_one_row and max(widths[:short]) + spare <= room / columns:
                return short, columns
        if len(options) >= LONG_LIST and max(widths) + spare <= room / 3:
            return len(options), 3
        if len(options) >= MANY_OPTIONS and max(widths) + spare <= room / 2:
            return len(options), 2
        return len(options), 1

    def _arrows_end(self, question: Question) -> float:
        """Return how far from its label's left edge each arrow of a question reaches; 0 where each has its own end."""
        widths = [
            width_mm(self.text(o.label), self.style.text_pt)
            for o in question.options
            if (question.id, o.id) in self.routing.jumps and not o.other
        ]
        if not widths or max(widths) - min(widths) > ARROWS_MEET_MM:
            return 0.0
        return max(widths) + ARROW_AFTER_MM + ARROW_MM

    def _row(self, block: Block, question: Question, options: list[Option], columns: int, arrows_end: float) -> None:
        style = self.style
        step = (style.right - style.body) / columns
        tallest = 0.0
        # An "other" field reaches a little above its box; the row begins where its highest part does.
        block.rows.append(block.height - 0.25)
        for column, option in enumerate(options):
            x = style.body + column * step
            tallest = max(tallest, self._option(block, question, option, (x, step), arrows_end))
        block.height += style.pitch + tallest + (2.0 if any(o.other for o in options) else 0.0)
        frames = (f.y + f.h for f in block.fields if f.kind is FieldKind.TEXT)
        block.height = max(block.height, *(lower + FRAME_TO_BOX_MM for lower in frames), 0.0)

    def _option(
        self, block: Block, question: Question, option: Option, column: tuple[float, float], arrows_end: float
    ) -> float:
        """Set a box with its label in a column (left edge, width); return what it takes below one line, mm."""
        style = self.style
        x, step = column
        top = block.height + (2.0 if option.other else 0.0)
        block.draws.append(Frame(x, top, style.box, style.box, style.box_line))
        block.fields.append(Field(question.id, option.id, 0, FieldKind.BOX, x, top, style.box, style.box))
        label_x = x + style.box + BOX_TO_LABEL
        cap = cap_mm(style.text_pt)
        baseline = top + (style.box + cap) / 2 - 0.15
        room = step - (label_x - x) - 2.0
        lines = wrap(self.text(option.label), room, style.text_pt)
        if not lines:
            what = f'Option "{option.id}" of question "{question.id}" has no text.'
            raise LayoutError("empty-label", what, "Give the option a label.", ("question", question.id))
        wide = 0.0
        for n, line in enumerate(lines):
            block.draws.append(Words(label_x, baseline + n * style.line, line, style.text_pt, REGULAR))
            wide = max(wide, width_mm(line, style.text_pt))
        more = (len(lines) - 1) * style.line
        place = Field(question.id, option.id, 0, FieldKind.WORDS, label_x, baseline - cap - 0.4, wide, more + cap + 1.6)
        block.fields.append(place)
        jump = self._jump_words(question, option)
        if option.other:
            return more + self._own_words(block, place, (top, baseline + more), jump)
        # What leads on begins after the widest line: beside a shorter last one it would stand among the words.
        end, last = label_x + wide, baseline + more
        head = max(label_x + arrows_end, end + ARROW_AFTER_MM + ARROW_MM)
        if jump and head + 2 + width_mm(jump, style.text_pt, BOLD) > style.right:
            self._jump(block, label_x - ARROW_AFTER_MM, label_x + ARROW_MM, last + style.line, jump)
            return more + style.line
        if jump:
            self._jump(block, end, head, last, jump)
        return more

    def _own_words(self, block: Block, label: Field, at: tuple[float, float], jump: str) -> float:
        """Set the frame for an option's own words beside its label, or below it where that leaves too little room.

        Args:
            block: The question's block.
            label: Where the label stands.
            at: Upper edge of the option's box and baseline of the label's last line, mm.
            jump: What leads on from the option; may be empty.

        Returns:
            What it takes below the label's last line, mm.
        """
        style = self.style
        top, last = at
        em = style.text_pt * MM_PER_PT
        x, y, high, below = label.x + label.w + 3, top - 2.2, style.field_row - 1.1, 0.0
        if style.right - x < LEAST_TO_WRITE_MM:
            x, y, below = label.x, last + 0.3 * em + 0.6, style.field_row
            last = baseline_mm(y, high, style.text_pt)
        wide = style.right - x
        beside = wide - (ARROW_AFTER_MM + ARROW_MM + 2 + width_mm(jump, style.text_pt, BOLD))
        if jump and beside >= LEAST_TO_WRITE_MM:
            wide = beside
            self._jump(block, x + wide, x + wide + ARROW_AFTER_MM + ARROW_MM, last, jump)
        elif jump:
            baseline = max(last + style.line + 2, y + high + em)
            self._jump(block, label.x - ARROW_AFTER_MM, label.x + ARROW_MM, baseline, jump)
            below = baseline - last
        self._frame(block, Field(label.question, label.option, 0, FieldKind.TEXT, x, y, wide, high, Reads.FREE))
        return below

    def _jump_words(self, question: Question, option: Option) -> str:
        """Return the instruction where to go on after an option; empty where the next question follows."""
        target = self.routing.jumps.get((question.id, option.id))
        if target is None:
            return ""
        if target == END:
            return self.words.jump_to_end
        return self.words.jump.format(number=self.instrument.numbers[target])

    def _jump(self, block: Block, start: float, end: float, baseline: float, text: str) -> None:
        """Set an instruction after an arrow that leads to it from what it belongs to.

        Args:
            block: The question's block.
            start: Right edge of what it belongs to, mm.
            end: Where the arrow's head is, mm.
            baseline: Baseline of the instruction, mm.
            text: The instruction.
        """
        style = self.style
        middle = baseline - 0.3 * style.text_pt * MM_PER_PT
        block.draws += [
            Stroke(start + ARROW_AFTER_MM, middle, end, middle, 0.35),
            Stroke(end - 1.8, middle - 1.4, end, middle, 0.35),
            Stroke(end - 1.8, middle + 1.4, end, middle, 0.35),
            Words(end + 2, baseline, text, style.text_pt, BOLD),
        ]


def _even(text: str, room_mm: float, letters: Lettering) -> tuple[str, ...]:
    """Break a text into lines; into as many but narrower ones where a lone word would end it."""
    lines = wrap(text, room_mm, letters.size_pt, letters.face)
    for narrower in (1.0, 0.96, 0.92, 0.88, 0.84, 0.8):
        tried = wrap(text, room_mm * narrower, letters.size_pt, letters.face)
        if len(tried) != len(lines) or len(tried) < 2:
            break
        # Where no width gives a last line that is long enough, the narrowest gives the longest.
        lines = tried
        if width_mm(tried[-1], letters.size_pt, letters.face) >= SHORT_LAST_LINE * room_mm:
            break
    return lines
