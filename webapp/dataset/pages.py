"""From what the machine saw on the pages of one sheet, and what people decided, to what was given.

Pure functions: no database here. `materialise.py` feeds them.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from forms.answers import Answer, Given, Mark, Reason, Waiting
from forms.layout import FieldKind, Layout
from forms.model import Instrument, Kind, Question
from omr.readings import PageReading


class Action(StrEnum):
    """What a person can decide."""

    CHOOSE = "choose"
    BLANK = "blank"
    UNCLEAR = "unclear"
    TEXT = "text"
    PAIR = "pair"
    UNDO = "undo"


class Aspect(StrEnum):
    """What of a question or option a decision is about: its marks, its words, or which pages belong together."""

    MARKS = "marks"
    TEXT = "text"
    PAIRING = "pairing"


@dataclass(frozen=True, slots=True)
class Choice:
    """What somebody decided.

    Attributes:
        action: CHOOSE: these options are meant, or the one option asked about is; BLANK: nothing is meant; UNCLEAR:
            it can't be settled; TEXT: this is what is written; PAIR: these pages belong together.
        options: For CHOOSE on a whole question.
        text: For TEXT: words, digits, or a place's code.
        pairs: For PAIR: page image and the number of the sheet it belongs to, from 1; 0 sets it aside.
    """

    action: Action
    options: tuple[str, ...] = ()
    text: str = ""
    pairs: tuple[tuple[str, int], ...] = ()


Choices = Mapping[tuple[str, str, Aspect], Choice]
"""Latest choices by question, option (empty: the whole question or its own field) and aspect, undone ones left out, in
the order in which they were made."""


def aspect_of(reason: Reason, question: Question | None) -> Aspect:
    """Return what a reason to wait is about; whatever waits at a question without boxes is about its words.

    Args:
        reason: The reason.
        question: The question that waits; None where a whole sheet does.
    """
    if reason is Reason.COPIED_SHEET:
        return Aspect.PAIRING
    words_alone = question is not None and not question.options
    return Aspect.TEXT if words_alone or reason is Reason.TRANSCRIBE else Aspect.MARKS


def page_of_questions(layout: Layout) -> dict[str, int]:
    """Return the page that each question stands on."""
    pages: dict[str, int] = {}
    for field in layout.fields:
        if field.kind is not FieldKind.WORDS:
            pages.setdefault(field.question, field.page)
    return pages


def merged(readings: Sequence[Mapping[str, Given]]) -> dict[str, Given]:
    """Put several readings of one page together: where any differs from the first, a person must look.

    There is ink where any of them shows it, in a text field and outside: a scan loses pencil, it doesn't add words.
    """
    questions = {q for reading in readings for q in reading}
    return {q: _together([reading.get(q, Given()) for reading in readings]) for q in questions}


def _together(given: Sequence[Given]) -> Given:
    first, *others = given
    texts = {field: words for one in given for field, words in one.texts.items()}
    stray = first.stray.union(*(other.stray for other in others))
    return replace(first, texts=texts, stray=stray, disagreement=any(other != first for other in others))


def unread_page(instrument: Instrument, questions: Iterable[str], choices: Choices) -> dict[str, Given]:
    """Return what is known of a page that only a person can read: every box and every question's own field waits.

    The words beside an option wait once a person has chosen it.
    """
    return {q: _unread(instrument.by_id[q], choices) for q in questions}


def _unread(question: Question, choices: Choices) -> Given:
    marks = {o.id: Mark.UNCERTAIN for o in question.options}
    texts: dict[str | None, str | None] = {None: None} if _own_field(question) else {}
    chosen = apply(question, Given(marks), choices).marks
    for option in question.options:
        if option.other and chosen.get(option.id) is Mark.CROSSED:
            texts[option.id] = None
    return Given(marks, texts)


def _own_field(question: Question) -> bool:
    return question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE)


def first_ink(readings: Iterable[tuple[int, PageReading]]) -> dict[tuple[str, str], int]:
    """Return the first reading that shows ink in each text field: log number by question and option."""
    found: dict[tuple[str, str], int] = {}
    for seq, reading in readings:
        for text in reading.texts:
            if text.ink:
                place = (text.question, text.option or "")
                found[place] = min(seq, found.get(place, seq))
    return found


def judged_blind(question: Question, place: tuple[str, str, Aspect], choice: Choice, ink_is_later: bool) -> bool:
    """Tell whether a choice leaves words out that nobody could see when it was made: then they are asked for anew.

    Args:
        question: The question.
        place: Question, option and aspect of the choice.
        choice: What was decided.
        ink_is_later: The text field there has ink, and every picture that shows it came after the choice.
    """
    if place[2] is Aspect.TEXT:
        return ink_is_later and choice.action is not Action.TEXT
    return ink_is_later and question.kind is Kind.PLACE and bool(choice.options)


def apply(question: Question, given: Given, choices: Choices) -> Given:
    """Put what people decided about one question in the place of what the machine saw.

    The last word holds: a choice about the whole question takes the place of earlier ones about its options, and for a
    place of what was written out before. What can't be settled stays as unclear as it is, whatever another picture of
    the page shows; that nobody is asked about it any more is for `settled`. Ink outside the boxes and fields may be the
    words of what a person chose: then they wait to be written out.
    """
    for (of, option, aspect), choice in choices.items():
        if of == question.id and aspect is Aspect.TEXT:
            given = _with_words(question, given, option or None, choice)
        elif of == question.id and option:
            given = _with_option(question, given, option, choice)
        elif of == question.id and choice.action in (Action.CHOOSE, Action.BLANK):
            given = _with_whole(question, given, choice)
    return given


def _with_whole(question: Question, given: Given, choice: Choice) -> Given:
    texts = dict(given.texts)
    if given.stray and question.options:
        others = [o for o in choice.options if question.option(o).other]
        texts = dict.fromkeys([None] if _own_field(question) and not choice.options else others) | texts
    if choice.options and question.kind is Kind.PLACE:
        # A box was meant, so what stands in the field beside it is not.
        texts.pop(None, None)
    marks = dict.fromkeys(choice.options, Mark.CROSSED)
    return replace(given, marks=marks, texts=texts, stray=frozenset(), disagreement=False)


def _with_option(question: Question, given: Given, option: str, choice: Choice) -> Given:
    meant = {Action.CHOOSE: Mark.CROSSED, Action.BLANK: Mark.EMPTY}.get(choice.action, Mark.UNCERTAIN)
    texts = dict(given.texts)
    if meant is Mark.CROSSED and option in given.stray and question.option(option).other:
        texts.setdefault(option, None)
    return replace(given, marks={**given.marks, option: meant}, texts=texts, stray=given.stray - {option})


def _with_words(question: Question, given: Given, field: str | None, choice: Choice) -> Given:
    texts: dict[str | None, str | None] = {f: words for f, words in given.texts.items() if f != field}
    if choice.action is not Action.BLANK:
        texts[field] = choice.text if choice.action is Action.TEXT else None
    given = replace(given, texts=texts)
    if question.options or choice.action is Action.UNCLEAR:
        return given
    return replace(given, stray=frozenset(), disagreement=False)


def settled(question: Question, answer: Answer, choices: Choices) -> Answer:
    """Take out of an answer's waiting items those that a person judged can't be settled: they stay unclear for good."""

    def open_still(waiting: Waiting) -> bool:
        choice = choices.get((answer.question, waiting.option or "", aspect_of(waiting.reason, question)))
        return choice is None or choice.action is not Action.UNCLEAR

    return replace(answer, waiting=tuple(w for w in answer.waiting if open_still(w)))


def same_marks(one: PageReading, other: PageReading) -> bool:
    """Tell whether two readings of a page with one serial can be of the same paper, by what is marked.

    A scan may lose or doubt a faint mark, so a few differences among many agreements are the same ink; otherwise two
    people filled in copies of one sheet. Boxes that either reading doubts say nothing.
    """
    a, b = _ink(one), _ink(other)
    doubted = {k for k, v in (*a.items(), *b.items()) if v is Mark.UNCERTAIN}
    known = {k for k in {*a, *b} - doubted if a.get(k) is not None or b.get(k) is not None}
    agreed = sum(a.get(k) is b.get(k) for k in known)
    return agreed >= 3 * (len(known) - agreed)


def _ink(reading: PageReading) -> dict[tuple[str, str | None, str], Mark]:
    """Return what is inked: boxes with their state, and text fields as if they were crossed."""
    found: dict[tuple[str, str | None, str], Mark] = {
        (m.question, m.option, "box"): m.state for m in reading.marks if m.state is not Mark.EMPTY
    }
    return found | {(t.question, t.option, "text"): Mark.CROSSED for t in reading.texts if t.ink}
