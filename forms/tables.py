"""A section as a table: one row a question, its boxes at the right, each with its label beside it in every row.

Every row is a block of its own and stays a question of its own: number, area, boxes, words. So a table may go on
on the next page, and the reader knows nothing of tables.
"""

from __future__ import annotations

from dataclasses import dataclass

from forms.blocks import BOX_TO_LABEL, COLUMN_CLEARANCE, Lettering, Setter
from forms.drawing import Block, Frame, Stroke, Words
from forms.layout import Field, FieldKind
from forms.model import Question, Section
from forms.typeface import BOLD, REGULAR, cap_mm, width_mm

FEWEST_ROWS = 2
"""A table of one row is an ordinary question."""

LEAST_WORDING_MM = 50.0
"""Where less remains for the wording, the questions stand as ordinary ones."""

MOST_LINES = 3
"""A wording that takes more lines beside its boxes is better off above them."""

WORDING_TO_BOXES_MM = 6.0
"""Least room between a wording and its first box."""

MOST_SPREAD_MM = 7.0
"""The most that each column grows where the row has room to spare."""

LINE_MM = 0.2
"""Stroke of the line between two rows."""

ROW_PAD_MM = 1.5
"""From the line above a row to its first line of text, and from its last one to the next row."""

AREA_INSET_MM = 0.7
"""A row's area keeps so far from the lines, so that none lies in it."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Where the parts of every row stand; lengths in mm.

    Attributes:
        room: Width for the wording.
        boxes: Left edge of the box of each option, in their order.
    """

    room: float
    boxes: tuple[float, ...]


def rows(setter: Setter, section: Section) -> list[Block] | None:
    """Set the questions of a section as the rows of a table.

    Args:
        setter: Sets the sheet.
        section: A section whose questions are single choices with the same options.

    Returns:
        One block a question; None where the questions are better set as ordinary ones: labels that leave no room
        for the wording, a question that is not asked of everyone or leads on elsewhere, words of care in the middle.
    """
    questions = section.questions
    if len(questions) < FEWEST_ROWS or any(_needs_more_than_a_row(setter, q) for q in questions):
        return None
    if any(q.sensitive != questions[0].sensitive for q in questions):
        return None
    columns = _columns(setter, questions)
    if columns is None:
        return None
    return [_row(setter, question, columns, first=n == 0) for n, question in enumerate(questions)]


def _needs_more_than_a_row(setter: Setter, question: Question) -> bool:
    return question.id in setter.routing.reminders or bool(setter.routing.jumps_from(question.id))


def _columns(setter: Setter, questions: tuple[Question, ...]) -> _Columns | None:
    """Find the columns of a table; None where the wordings would not fit beside the boxes."""
    style = setter.style
    labels = [setter.text(o.label) for o in questions[0].options]
    if not all(label.strip() for label in labels):
        return None
    steps = [style.box + BOX_TO_LABEL + width_mm(label, style.text_pt) + COLUMN_CLEARANCE for label in labels]
    # The last label needs no column after it.
    steps[-1] -= COLUMN_CLEARANCE
    room = style.right - style.body - WORDING_TO_BOXES_MM - sum(steps)
    wordings = [setter.text(q.wording.default) for q in questions]
    longest_word = max(width_mm(word, style.text_pt, BOLD) for w in wordings for word in w.split() or [""])
    if room < max(LEAST_WORDING_MM, longest_word):
        return None
    bold = Lettering(style.text_pt, BOLD, room)
    if any(len(setter.lines(w, style.body, bold)) > MOST_LINES for w in wordings):
        return None
    wanted = max(width_mm(w, style.text_pt, BOLD) for w in wordings)
    spread = min(max(0.0, room - wanted) / len(steps), MOST_SPREAD_MM)
    steps = [step + spread for step in steps[:-1]] + steps[-1:]
    left = style.right - sum(steps)
    boxes = tuple(left + sum(steps[:n]) for n in range(len(steps)))
    return _Columns(left - WORDING_TO_BOXES_MM - style.body, boxes)


def _row(setter: Setter, question: Question, columns: _Columns, *, first: bool) -> Block:
    """Set one row: number, wording and hint at the left, the boxes on the wording's first line."""
    style = setter.style
    block = Block(gap=6.0 if first else 0.0, spreads=first)
    block.name, block.about = f'Question "{question.id}"', ("question", question.id)
    if not first:
        block.draws.append(Stroke(style.left, 0, style.right, 0, LINE_MM))
    # Above the first row is a gap already.
    block.height = 0.0 if first else ROW_PAD_MM
    cap = cap_mm(style.text_pt)
    baseline = block.height + (style.line + cap) / 2
    number = setter.instrument.numbers[question.id]
    block.draws.append(Words(style.left, baseline, f"{number}.", style.text_pt, BOLD))
    for text, face in ((question.wording.default, BOLD), (question.hint, REGULAR)):
        if text:
            setter.paragraphs(block, setter.text(text), style.body, Lettering(style.text_pt, face, columns.room))
    top = baseline - (style.box + cap) / 2 + 0.15
    block.rows.append(top)
    for option, x in zip(question.options, columns.boxes, strict=True):
        label, label_x = setter.text(option.label), x + style.box + BOX_TO_LABEL
        wide = width_mm(label, style.text_pt)
        block.draws.append(Frame(x, top, style.box, style.box, style.box_line))
        block.draws.append(Words(label_x, baseline, label, style.text_pt, REGULAR))
        box = Field(question.id, option.id, 0, FieldKind.BOX, x, top, style.box, style.box)
        words = Field(question.id, option.id, 0, FieldKind.WORDS, label_x, baseline - cap - 0.4, wide, cap + 1.6)
        block.fields += [box, words]
    block.height = max(block.height, top + style.box) + ROW_PAD_MM
    left, wide = style.left - 1, style.right - style.left + 2
    upper = -1.0 if first else AREA_INSET_MM
    high = block.height - AREA_INSET_MM - upper
    block.fields.append(Field(question.id, None, 0, FieldKind.AREA, left, upper, wide, high))
    return block
