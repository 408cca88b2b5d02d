"""Whether a condition can ever be met, found by trying every answer that makes a difference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import combinations, islice

from forms.answers import Answer, Status, met
from forms.model import Both, Condition, Either, Is, Kind, Not, Question, questions_in

MOST_STEPS = 20_000
"""Answers tried before giving up. Conditions of real questionnaires need a few hundred."""


class _TooManyError(Exception):
    """More combinations of answers than are tried."""


def can_be_met(condition: Condition, earlier: Sequence[Question], asked_if: Condition | None = None) -> bool | None:
    """Tell whether any answers to the earlier questions meet a condition.

    Args:
        condition: The condition; it looks at earlier questions and options that exist.
        earlier: The questions before it, in order.
        asked_if: When the question is asked that the condition belongs to, where that is another condition.

    Returns:
        True or False; None where there are too many combinations to try.
    """
    relevant = _relevant(condition, asked_if, earlier)
    looked_at = [condition, *(c for q in relevant if (c := q.asked_if) is not None)]
    if asked_if is not None:
        looked_at.append(asked_if)
    choices = {}
    for question in relevant:
        named = [options for c in looked_at for options in _named(c, question.id)]
        # One more than can be tried: a list that was cut can't end in False.
        choices[question.id] = tuple(islice(_choices(question, named), MOST_STEPS + 1))
    steps = 0

    def search(depth: int, answers: dict[str, Answer]) -> bool:
        nonlocal steps
        steps += 1
        if steps > MOST_STEPS:
            raise _TooManyError
        if depth == len(relevant):
            return met(condition, answers) is True and (asked_if is None or met(asked_if, answers) is not False)
        question = relevant[depth]
        if question.asked_if is not None and met(question.asked_if, answers) is False:
            passed = Answer(question.id, Status.BLANK, asked=False)
            return search(depth + 1, answers | {question.id: passed})
        return any(
            search(depth + 1, answers | {question.id: Answer(question.id, status, options)})
            for status, options in choices[question.id]
        )

    try:
        return search(0, {})
    except _TooManyError:
        return None


def _relevant(condition: Condition, asked_if: Condition | None, earlier: Sequence[Question]) -> tuple[Question, ...]:
    """Return the questions that the condition depends on, directly or through other conditions, in order."""
    wanted = {*questions_in(condition), *questions_in(asked_if)}
    found = []
    for question in reversed(earlier):
        if question.id in wanted:
            found.append(question)
            wanted.update(questions_in(question.asked_if))
    return tuple(reversed(found))


def _named(condition: Condition, question: str) -> Iterator[frozenset[str]]:
    """Yield the sets of options that a condition names for one question."""
    match condition:
        case Is(asked, options):
            if asked == question:
                yield frozenset(options)
        case Both(of) | Either(of):
            for part in of:
                yield from _named(part, question)
        case Not(part):
            yield from _named(part, question)


def _choices(question: Question, named: Sequence[frozenset[str]]) -> Iterator[tuple[Status, tuple[str, ...]]]:
    """Yield the answers that conditions can tell apart: options named alike stand for each other."""
    yield Status.BLANK, ()
    alike: dict[tuple[bool, tuple[bool, ...]], str] = {}
    for option in question.options:
        alike.setdefault((option.exclusive, tuple(option.id in options for options in named)), option.id)
    options = list(alike.values())
    if question.kind in (Kind.TEXT, Kind.NUMBER, Kind.PLACE):
        # Answered in its own field, with none of its options.
        yield Status.ANSWERED, ()
    if question.kind is not Kind.MULTIPLE:
        yield from ((Status.ANSWERED, (o,)) for o in options)
        return
    together = [o for o in options if not question.option(o).exclusive]
    for size in range(1, len(together) + 1):
        yield from ((Status.ANSWERED, chosen) for chosen in combinations(together, size))
    yield from ((Status.ANSWERED, (o,)) for o in options if question.option(o).exclusive)
