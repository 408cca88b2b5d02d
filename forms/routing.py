"""What the routing means for someone with a pen: where to go on after an answer, and what to leave out.

Both are derived from the conditions; nothing is written by hand, so paper and screen can't disagree.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from forms.answers import Answer, Status, met
from forms.model import Both, Condition, Either, Instrument, Is, Kind, Not, Question

END = ""
"""Stands for the end of the form where a jump has no question to go to."""


@dataclass(frozen=True, slots=True)
class Routing:
    """Instructions that the sheet prints.

    Attributes:
        jumps: For a question and option: id of the question to go on with, or END. Only where something is skipped.
        reminders: Questions that must say themselves when they are meant, with the condition.
    """

    jumps: Mapping[tuple[str, str], str]
    reminders: Mapping[str, Condition]

    def jumps_from(self, question: str) -> Mapping[str, str]:
        """Return option id → target for one question."""
        return {o: target for (q, o), target in self.jumps.items() if q == question}


def routing(instrument: Instrument) -> Routing:
    """Derive the printed instructions of an instrument.

    A single choice sends a person on from an option when the questions right after it can't be asked any more.
    A conditional question that can be reached without such a jump says itself when it is meant.
    """
    jumps = {}
    for place, question in enumerate(instrument.questions):
        if question.kind in (Kind.SINGLE, Kind.SCALE):
            for option in question.options:
                target = _next(instrument, place, question, option.id)
                if target is not None:
                    jumps[question.id, option.id] = target
    reminders = {
        q.id: q.asked_if
        for q in instrument.questions
        if q.asked_if is not None and not _covered(instrument, q, q.asked_if, jumps)
    }
    return Routing(jumps, reminders)


def _next(instrument: Instrument, place: int, question: Question, option: str) -> str | None:
    """Return where to go on after one answer, nothing else being known; None: simply with the next question."""
    known = {q.id: Answer(q.id, Status.BLANK) for q in instrument.questions}
    known[question.id] = Answer(question.id, Status.ANSWERED, (option,))
    following = instrument.questions[place + 1 :]
    for steps, later in enumerate(following):
        if later.asked_if is None or met(later.asked_if, known) is not False:
            return later.id if steps else None
        known[later.id] = Answer(later.id, Status.BLANK, asked=False)
    return END if following else None


def _covered(
    instrument: Instrument, question: Question, condition: Condition, jumps: Mapping[tuple[str, str], str]
) -> bool:
    """Tell whether jumps alone keep everyone away from a question who is not meant."""
    if not isinstance(condition, Is):
        return False
    order = {q.id: n for n, q in enumerate(instrument.questions)} | {END: len(instrument.questions)}
    asked = instrument.by_id[condition.question]
    others = [o.id for o in asked.options if o.id not in condition.options]
    return asked.kind in (Kind.SINGLE, Kind.SCALE) and all(
        (asked.id, o) in jumps and order[jumps[asked.id, o]] > order[question.id] for o in others
    )


@dataclass(frozen=True, slots=True)
class Saying:
    """The words a condition is told with, in one language.

    Attributes:
        is_one: "you answered {options} to question {number}".
        both: Joins parts that must all hold.
        either: Joins parts of which one must hold, and options.
        negation: "not: {part}".
        quoted: Marks around an option's label.
    """

    is_one: str
    both: str
    either: str
    negation: str
    quoted: str


def tell(condition: Condition, instrument: Instrument, language: str, saying: Saying) -> str:
    """Put a condition into words, naming questions by number and options by label."""
    match condition:
        case Is(question, options):
            labels = [instrument.by_id[question].option(o).label.to(language) for o in options]
            named = f" {saying.either} ".join(saying.quoted.format(label=label) for label in labels)
            return saying.is_one.format(options=named, number=instrument.numbers[question])
        case Both(of):
            return f" {saying.both} ".join(tell(part, instrument, language, saying) for part in of)
        case Either(of):
            return f" {saying.either} ".join(tell(part, instrument, language, saying) for part in of)
        case Not(part):
            return saying.negation.format(part=tell(part, instrument, language, saying))
