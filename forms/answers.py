"""What a valid answer is: one rulebook for phone, paper, interview and phone call.

Every channel turns what a person did into one `Given` a question; `judge` says what that means, and `route`
says which questions were asked. Source of the rules: DESIGN.md section 5.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import StrEnum

from forms.model import Both, Condition, Either, Instrument, Is, Kind, Not, Question


class Mark(StrEnum):
    """The state of one box. On the web a chosen option is CROSSED and any other EMPTY."""

    EMPTY = "empty"
    CROSSED = "crossed"
    FILLED = "filled"
    UNCERTAIN = "uncertain"


class Reason(StrEnum):
    """Why something waits for a person."""

    SEVERAL = "several"
    ONLY_WITHDRAWN = "only-withdrawn"
    UNCLEAR = "unclear"
    OUTSIDE = "outside"
    TWO_IMAGES = "two-images"
    COPIED_SHEET = "copied-sheet"
    TRANSCRIBE = "transcribe"


class Flag(StrEnum):
    """Something to know about an answer that counts as it is."""

    OTHER_WITHOUT_TEXT = "other-without-text"
    TEXT_WITHOUT_OTHER = "text-without-other"
    ALTHOUGH_PASSED_OVER = "answered-although-passed-over"


class Status(StrEnum):
    """What one question came to in one response."""

    ANSWERED = "answered"
    BLANK = "blank"
    UNCLEAR = "unclear"
    NOT_RETURNED = "not returned"


@dataclass(frozen=True, slots=True)
class Given:
    """What a person did at one question, before anyone judged it.

    Attributes:
        marks: State of each box by option id; a missing option is EMPTY.
        texts: Own words by option id, or by None for the question's own field. A value of None is ink that
            nobody has written out yet. A place is its code, or the name as written if no code is known.
        stray: Ink that is no mark: at the words of the options named, and None for ink elsewhere at the question.
        returned: False where the page with this question has not come.
        disagreement: Two pictures of the page say different things.
    """

    marks: Mapping[str, Mark] = field(default_factory=dict)
    texts: Mapping[str | None, str | None] = field(default_factory=dict)
    stray: frozenset[str | None] = frozenset()
    returned: bool = True
    disagreement: bool = False

    def crossed(self) -> tuple[str, ...]:
        """Return the ids of the crossed options in the order of `marks`."""
        return tuple(o for o, m in self.marks.items() if m is Mark.CROSSED)


LONGEST_NUMBER = 12
"""Digits of the longest number that is looked at; Python refuses to read numbers of thousands of digits."""

NOTHING = Given()
"""What a person did who left a question empty."""


@dataclass(frozen=True, slots=True)
class Waiting:
    """One thing that a person has to decide.

    Attributes:
        option: The option it is about; None: the whole question, or its own text field.
        reason: Why.
    """

    option: str | None
    reason: Reason


@dataclass(frozen=True, slots=True)
class Answer:
    """What one question came to in one response.

    Attributes:
        question: Question id.
        status: Answered, blank, unclear or not returned.
        options: Ids of the chosen options, in the instrument's order.
        texts: Own words: pairs of option id (None: the question's own field) and text.
        waiting: What a person has still to decide.
        flags: What to know about it.
        asked: False where the routing passed it over.
        unsettled: Ids of the options of a multiple choice of which nobody knows whether they are meant: they wait,
            or a person judged that it can't be settled.
    """

    question: str
    status: Status
    options: tuple[str, ...] = ()
    texts: tuple[tuple[str | None, str], ...] = ()
    waiting: tuple[Waiting, ...] = ()
    flags: tuple[Flag, ...] = ()
    asked: bool = True
    unsettled: tuple[str, ...] = ()

    @property
    def own_text(self) -> str:
        """The text in the question's own field: free text, digits or a place code; empty where there is none."""
        return dict(self.texts).get(None, "")


def judge(question: Question, given: Given) -> Answer:
    """Say what was answered at one question, or why a person must look.

    Args:
        question: The question.
        given: What was done there. Options it does not have are ignored; `submission_faults` refuses them.

    Returns:
        The answer, as if the question had been asked; `route` settles that.
    """
    if not given.returned:
        return Answer(question.id, Status.NOT_RETURNED)
    if not (given.marks or given.texts or given.stray or given.disagreement):
        # Most questions of most responses: worth not going through every rule.
        return Answer(question.id, Status.BLANK)
    texts, unread = _texts(question, given)
    marks = {o.id: given.marks.get(o.id, Mark.EMPTY) for o in question.options}
    crossed = tuple(o for o, m in marks.items() if m is Mark.CROSSED)
    whole, single = _reasons(question, given, marks, crossed)
    # Without boxes the words are the whole question: it waits once.
    to_write = unread if question.options or not whole else ()
    waiting = (*whole, *single, *(Waiting(o, Reason.TRANSCRIBE) for o in to_write))
    unsettled = tuple(w.option for w in single if w.option is not None)
    if whole:
        chosen: tuple[str, ...] = ()
        status = Status.UNCLEAR
    else:
        chosen = tuple(o for o in crossed if o not in unsettled)
        # Words of one's own are an answer even where their box was forgotten; the flag says so.
        undecided = Status.UNCLEAR if single or unread else Status.BLANK
        status = Status.ANSWERED if chosen or texts else undecided
    flags = _flags(question, chosen, texts, unread) if not whole else ()
    return Answer(question.id, status, chosen, texts, waiting, flags, unsettled=unsettled)


def _texts(question: Question, given: Given) -> tuple[tuple[tuple[str | None, str], ...], tuple[str | None, ...]]:
    """Split the own words into those known and the fields whose ink nobody has written out."""
    fields: list[str | None] = [None, *(o.id for o in question.options)]
    known = tuple((f, words) for f in fields if (words := _written(question, f, given)))
    return known, tuple(f for f in fields if f in given.texts and given.texts[f] is None)


def _written(question: Question, field: str | None, given: Given) -> str:
    words = clean(given.texts.get(field) or "")
    number = field is None and question.kind is Kind.NUMBER and words
    return plain_number(words) if number and not any(own_field_faults(question, words, {})) else words


def plain_number(digits: str) -> str:
    """Return the one way to write a number, so that it is counted as one: "7" for "07"."""
    return digits.lstrip("0") or "0"


def clean(text: str) -> str:
    """Return a text as it is kept: without blanks around it and without control signs, which no person writes."""
    return "".join(c for c in text if c in "\n\t" or unicodedata.category(c) != "Cc").strip()


def _reasons(
    question: Question, given: Given, marks: Mapping[str, Mark], crossed: tuple[str, ...]
) -> tuple[tuple[Waiting, ...], tuple[Waiting, ...]]:
    """Return what makes the whole question wait, and the options of a multiple choice that wait alone."""
    reason = _whole_reason(question, given, marks, crossed)
    if reason is not None:
        return (Waiting(None, reason),), ()
    if question.chooses_one:
        return (), ()
    at_words = {o: Reason.OUTSIDE for o in marks if o in given.stray}
    unclear = {o: Reason.UNCLEAR for o, m in marks.items() if m is Mark.UNCERTAIN}
    alone = unclear | at_words
    return (), tuple(Waiting(o, alone[o]) for o in marks if o in alone)


def _whole_reason(
    question: Question, given: Given, marks: Mapping[str, Mark], crossed: tuple[str, ...]
) -> Reason | None:
    """Return why a question must wait as a whole, by the table in DESIGN.md section 5; None if it need not."""
    at_words = bool(given.stray.intersection(marks))
    uncertain = Mark.UNCERTAIN in marks.values()
    exclusive = any(question.option(o).exclusive for o in crossed)
    nothing = not crossed and not uncertain and not at_words
    # A place beside "another municipality": one of the two is meant, and only a person can tell which.
    own_field = question.kind is Kind.PLACE and None in given.texts
    rules = (
        (given.disagreement, Reason.TWO_IMAGES),
        (question.chooses_one and at_words, Reason.OUTSIDE),
        (question.chooses_one and uncertain, Reason.UNCLEAR),
        (len(crossed) > 1 and (question.chooses_one or exclusive), Reason.SEVERAL),
        (bool(crossed) and own_field, Reason.SEVERAL),
        (nothing and Mark.FILLED in marks.values(), Reason.ONLY_WITHDRAWN),
        (nothing and None in given.stray and not given.texts, Reason.OUTSIDE),
    )
    return next((reason for holds, reason in rules if holds), None)


def _flags(
    question: Question,
    chosen: tuple[str, ...],
    texts: tuple[tuple[str | None, str], ...],
    unread: tuple[str | None, ...],
) -> tuple[Flag, ...]:
    """Return what is odd about "other" and its text."""
    written = {f for f, _ in texts} | set(unread)
    others = {o.id for o in question.options if o.other}
    flags = []
    if any(o in others and o not in written for o in chosen):
        flags.append(Flag.OTHER_WITHOUT_TEXT)
    if any(o in written and o not in chosen for o in others):
        flags.append(Flag.TEXT_WITHOUT_OTHER)
    return tuple(flags)


def met(condition: Condition, answers: Mapping[str, Answer]) -> bool | None:
    """Tell whether a condition is met by earlier answers.

    Args:
        condition: The condition.
        answers: Routed answers to earlier questions, by id.

    Returns:
        True or False, or None where it can't be known, because what it looks at is blank, unclear or not returned.
        A question that was passed over decides nothing any more: a condition on it is not met.
    """
    match condition:
        case Is(question, options):
            answer = answers[question]
            if not answer.asked:
                return False
            if set(options) & set(answer.options):
                return True
            undecided = answer.status is not Status.ANSWERED or any(w.option in options for w in answer.waiting)
            return None if undecided else False
        case Both(of):
            parts = [met(part, answers) for part in of]
            return False if False in parts else None if None in parts else True
        case Either(of):
            parts = [met(part, answers) for part in of]
            return True if True in parts else None if None in parts else False
        case Not(part):
            inner = met(part, answers)
            return None if inner is None else not inner


def route(instrument: Instrument, given: Mapping[str, Given]) -> tuple[Answer, ...]:
    """Judge a whole response and settle which questions were asked.

    A question is asked when its condition is met or can't be known. What was answered although passed over is
    kept and flagged.

    Args:
        instrument: The instrument.
        given: What was done, by question id; a missing question was left empty.

    Returns:
        One answer a question, in the instrument's order.
    """
    answers: dict[str, Answer] = {}
    for question in instrument.questions:
        answer = judge(question, given.get(question.id, NOTHING))
        if question.asked_if is not None and met(question.asked_if, answers) is False:
            flags = answer.flags
            if answer.status in (Status.ANSWERED, Status.UNCLEAR):
                flags = (*flags, Flag.ALTHOUGH_PASSED_OVER)
            answer = replace(answer, asked=False, flags=flags)
        answers[question.id] = answer
    return tuple(answers.values())


@dataclass(frozen=True, slots=True)
class SubmissionFault:
    """Something in a submission that the person can mend.

    Attributes:
        question: Question id; empty where the submission as a whole is meant.
        code: `unknown-question`, `unknown-option`, `several`, `too-long`, `not-a-number`, `out-of-range`,
            `unknown-place`, `unexpected-text`, `malformed`.
        detail: The offending value, cut to 80 characters.
    """

    question: str
    code: str
    detail: str = ""


def submission_faults(
    instrument: Instrument, given: Mapping[str, Given], place_codes: Mapping[str, frozenset[str]]
) -> tuple[SubmissionFault, ...]:
    """Find what can't be taken in a submission from a screen, where the form itself leaves no room for doubt.

    Args:
        instrument: The instrument.
        given: What was submitted.
        place_codes: Codes of each list of places, by its id.

    Returns:
        The faults in the order of the instrument; empty where the submission is good.
    """
    unknown = [SubmissionFault(q, "unknown-question", q[:80]) for q in given if q not in instrument.by_id]
    return (*unknown, *(f for q in instrument.questions if q.id in given for f in _faults(q, given[q.id], place_codes)))


def _faults(question: Question, given: Given, place_codes: Mapping[str, frozenset[str]]) -> Iterable[SubmissionFault]:
    known = {o.id: o for o in question.options}
    for option in given.marks:
        if option not in known:
            yield SubmissionFault(question.id, "unknown-option", option[:80])
    if any(w.reason is Reason.SEVERAL for w in judge(question, given).waiting):
        yield SubmissionFault(question.id, "several")
    for where, text in given.texts.items():
        own_field = question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE)
        if not (own_field if where is None else where in known and known[where].other):
            yield SubmissionFault(question.id, "unexpected-text", (text or "")[:80])
        elif text and len(text) > question.max_length:
            yield SubmissionFault(question.id, "too-long", str(len(text)))
        elif text and where is None:
            yield from own_field_faults(question, text.strip(), place_codes)


def own_field_faults(
    question: Question, text: str, place_codes: Mapping[str, frozenset[str]]
) -> Iterable[SubmissionFault]:
    """Yield what is wrong with the text in a question's own field: a number out of range, an unknown place."""
    if not text:
        return
    if question.kind is Kind.NUMBER:
        digits = text.lstrip("0") or "0"
        if not (text.isascii() and text.isdigit()):
            yield SubmissionFault(question.id, "not-a-number", text[:80])
        elif len(digits) > LONGEST_NUMBER or not question.minimum <= int(digits) <= question.maximum:
            yield SubmissionFault(question.id, "out-of-range", text[:80])
    elif question.kind is Kind.PLACE and text not in place_codes.get(question.places, frozenset()):
        yield SubmissionFault(question.id, "unknown-place", text[:80])


def without_passed_over(instrument: Instrument, given: Mapping[str, Given]) -> tuple[dict[str, Given], tuple[str, ...]]:
    """Take out of a submission from a screen what the routing made unreachable.

    Returns:
        What is left, and the ids of the questions whose answers were taken out, to be shown before sending.
    """
    # A text beside an "other" that was not chosen is no answer, but it would be stored all the same.
    routed = route(instrument, given)
    gone = tuple(a.question for a in routed if not a.asked and (Flag.ALTHOUGH_PASSED_OVER in a.flags or a.texts))
    return {q: g for q, g in given.items() if q not in gone}, gone


def to_payload(given: Mapping[str, Given]) -> dict[str, object]:
    """Turn what was submitted into the JSON that is sealed: crossed options and texts, empty ones left out.

    The form is `{question: {"options": [id, …], "texts": {option id or "": text}}}`.
    """
    payload: dict[str, object] = {}
    for question, what in given.items():
        texts = {f or "": t for f, t in what.texts.items() if t and t.strip()}
        if what.crossed() or texts:
            payload[question] = {"options": list(what.crossed()), "texts": texts}
    return payload


def from_payload(payload: object) -> dict[str, Given]:
    """Read back what `to_payload` wrote.

    Raises:
        ValueError: The payload has another form; the message names the place.
    """
    if not isinstance(payload, dict):
        raise ValueError("answers: not an object")
    given = {}
    for question, what in payload.items():
        if not isinstance(what, dict) or not set(what) <= {"options", "texts"}:
            raise ValueError(f"answers.{question}: not an object of options and texts")
        options, texts = what.get("options", []), what.get("texts", {})
        if not isinstance(options, list) or not all(isinstance(o, str) for o in options):
            raise ValueError(f"answers.{question}.options: not a list of strings")
        if not isinstance(texts, dict) or not all(isinstance(t, str) for t in texts.values()):
            raise ValueError(f"answers.{question}.texts: not an object of strings")
        given[question] = Given({o: Mark.CROSSED for o in options}, {f or None: t for f, t in texts.items()})
    return given
