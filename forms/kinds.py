"""What each kind of question must have, may have and can't have in a definition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from forms import places
from forms.model import Kind, Question
from forms.tomltable import Table, close_to

_ALLOWED: Mapping[Kind, frozenset[str]] = {
    Kind.SINGLE: frozenset({"options", "max_length"}),
    Kind.MULTIPLE: frozenset({"options", "max_length"}),
    Kind.SCALE: frozenset({"options", "points", "low", "high"}),
    Kind.TEXT: frozenset({"lines", "max_length"}),
    Kind.NUMBER: frozenset({"minimum", "maximum"}),
    Kind.PLACE: frozenset({"options", "places"}),
}

_REQUIRED: Mapping[Kind, Mapping[str, str]] = {
    Kind.SINGLE: {"options": "options = [ … ]"},
    Kind.MULTIPLE: {"options": "options = [ … ]"},
    Kind.SCALE: {"points": "points = 5", "low": 'low = { sv = "…" }', "high": 'high = { sv = "…" }'},
    Kind.TEXT: {},
    Kind.NUMBER: {"maximum": "maximum = 100"},
    Kind.PLACE: {"places": 'places = "kommuner"'},
}


def check_kind(table: Table, question: Question, points: frozenset[str] = frozenset()) -> None:
    """Note what a question has although its kind has no use for it, and what it lacks.

    Args:
        table: The question's table; its report takes the faults.
        question: What was built of it.
        points: Ids of the points of a scale.
    """
    kind = question.kind
    for key in sorted(set().union(*_ALLOWED.values()) - _ALLOWED[kind]):
        if key in table.values:
            what = f'{table.title} is of kind "{kind.value}", which has no use for "{key}".'
            table.error(key, "not-for-kind", what, "Delete it, or choose another kind.")
    for key, example in _REQUIRED[kind].items():
        if key not in table.values:
            table.missing(key, example)
    if kind in (Kind.SINGLE, Kind.MULTIPLE):
        _choice(table, question)
    elif kind in (Kind.SCALE, Kind.PLACE):
        _beside(table, question, points)
    elif kind is Kind.NUMBER and "maximum" in table.values and question.minimum >= question.maximum:
        what = f"{table.title} takes numbers from {question.minimum} to {question.maximum}, which leaves no choice."
        table.error("maximum", "bad-range", what, "Make maximum greater than minimum.")


def check_table(table: Table, questions: Sequence[Question]) -> None:
    """Note why the questions of a section can't be the rows of a table.

    Args:
        table: The section's table; its report takes the faults.
        questions: What was built of its questions.
    """
    for question in questions:
        if question.kind is not Kind.SINGLE:
            what = f'{table.title} is a table, but question "{question.id}" is of kind "{question.kind.value}".'
            table.error("table", "not-in-table", what, "Make it a single choice, or move it to another section.")
        elif any(o.other for o in question.options):
            what = f'{table.title} is a table, but question "{question.id}" has an option with a text of its own.'
            table.error("table", "not-in-table", what, "Take the option out, or move the question to another section.")
        elif question.options != questions[0].options and questions[0].kind is Kind.SINGLE:
            what = f'{table.title} is a table, but "{question.id}" has other options than "{questions[0].id}".'
            remedy = "Write the options once under [options] and name that list in each question of the section."
            table.error("table", "not-in-table", what, remedy)


def fits_table(questions: Sequence[Question]) -> bool:
    """Tell whether questions can be the rows of a table: single choices with the same options, none with own words."""
    return all(
        q.kind is Kind.SINGLE and q.options == questions[0].options and not any(o.other for o in q.options)
        for q in questions
    )


def _choice(table: Table, question: Question) -> None:
    if len(question.options) == 1:
        what = f"{table.title} has only one option."
        table.error("options", "too-few-options", what, "Give at least two options.")
    elif not question.options and "options" in table.values:
        table.error("options", "no-options", f"{table.title} has no usable option.", "Write at least two options.")
    for option in question.options:
        if option.exclusive and question.kind is Kind.SINGLE:
            what = (
                f'Option "{option.id}" of {table.title} is exclusive, but only one option can be chosen there anyway.'
            )
            table.error("options", "exclusive-in-single", what, 'Delete "exclusive", or make the kind "multiple".')
    if "max_length" in table.values and not any(o.other for o in question.options):
        what = f'{table.title} has "max_length" but no option with a text of its own.'
        table.error("max_length", "not-for-kind", what, "Delete it, or mark an option with other = true.")


def _beside(table: Table, question: Question, points: frozenset[str]) -> None:
    """Check what stands beside the points of a scale or a list of places."""
    ids = [o.id for o in question.options]
    for number, option in enumerate(question.options):
        if option.id in ids[:number]:
            what = f'Option "{option.id}" of {table.title} has the id of a point of the scale.'
            table.error("options", "duplicate-option", what, "Give it another id.")
        elif option.id not in points and (not option.way_out or option.other or option.exclusive):
            what = f'Option "{option.id}" of {table.title} is not a plain way out.'
            remedy = "Beside a scale or a list of places only ways out can stand: way_out = true and nothing else."
            table.error("options", "not-a-way-out", what, remedy)
    if question.kind is Kind.PLACE and question.places and question.places not in places.lists():
        what = f'There is no list of places "{question.places}".'
        remedy = f"Use one of {', '.join(places.lists())}." + close_to(question.places, places.lists())
        table.error("places", "unknown-places", what, remedy)
