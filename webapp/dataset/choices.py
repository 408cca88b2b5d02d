"""What can be decided about a question: options that go together, texts that can stand in its field."""

from __future__ import annotations

from forms import places
from forms.answers import own_field_faults
from forms.model import Kind, Question
from webapp.dataset.errors import DatasetError
from webapp.dataset.pages import Action, Aspect

WHOLE_ACTIONS = frozenset({Action.CHOOSE, Action.BLANK, Action.UNCLEAR})
ALLOWED = {
    Aspect.MARKS: WHOLE_ACTIONS,
    Aspect.TEXT: frozenset({Action.TEXT, Action.BLANK, Action.UNCLEAR}),
    Aspect.PAIRING: frozenset({Action.PAIR}),
}
"""What can be decided about what."""


def checked_options(question: Question, options: tuple[str, ...]) -> tuple[str, ...]:
    """Return the chosen options in the question's order, if they can be the answer together.

    Raises:
        DatasetError: `bad-choice`.
    """
    known = {o.id for o in question.options}
    chosen = set(options)
    if not chosen or not chosen <= known:
        raise bad_choice("Choose one of the question's own options.")
    if len(chosen) > 1 and (question.chooses_one or any(question.option(o).exclusive for o in chosen)):
        raise bad_choice("These options can't be the answer together.")
    return tuple(o.id for o in question.options if o.id in chosen)


def checked_text(question: Question, option: str | None, text: str) -> str:
    """Return what is written; a place that is on the list becomes its code, any other stays as written.

    Raises:
        DatasetError: `bad-choice`: nothing is written, or no number in range.
    """
    plain = text.strip()
    if not plain:
        raise bad_choice("Write down what stands there, or say that it is empty.")
    if option is not None:
        return plain
    if question.kind is Kind.PLACE:
        place = places.find(question.places, plain)
        return place.code if place else plain
    if question.kind is Kind.NUMBER and any(own_field_faults(question, plain, {})):
        raise bad_choice(f"This is not a number from {question.minimum} to {question.maximum}.")
    return plain


def bad_choice(what: str) -> DatasetError:
    """Return the error for what can't be decided."""
    return DatasetError("bad-choice", what, "Choose again.")
