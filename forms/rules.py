"""The rulebook of one instrument as data, for the other side that has to follow it: the script on a phone.

`forms/answers.py` says what a valid answer is; `webapp/static/phone/rules.js` says the same over this data. A test
compares the two on generated instruments and answers. What has its default is left out: the data travels with the
first visit to a survey.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from forms.model import Both, Condition, Either, Instrument, Is, Not, Option, Question

FORMAT = "kryssklick-rules/1"
"""Named in the data, so that a cached script never misreads a later form."""


def rules_of(instrument: Instrument, place_codes: Mapping[str, frozenset[str]]) -> dict[str, object]:
    """Turn an instrument into the data that the rules on a phone work from.

    Args:
        instrument: The instrument.
        place_codes: Codes of each list of places, by its id; only the lists that it uses go along.

    Returns:
        JSON: `format`, `version`, `places` (list id → codes) and `questions` in order, each with `id`, `kind`,
        `options` (ids) and, where they differ from nothing, `exclusive`, `other` (option ids), `asked_if`,
        `variants` (conditions of the wordings beside the default, in order), `most` (longest text, in characters),
        `minimum`, `maximum`, `places`. A condition is `["is", question, options]`, `["all", …]`, `["any", …]` or
        `["not", condition]`.
    """
    used = {q.places for q in instrument.questions if q.places}
    return {
        "format": FORMAT,
        "version": instrument.version,
        "places": {name: sorted(place_codes.get(name, ())) for name in sorted(used)},
        "questions": [_question(q) for q in instrument.questions],
    }


def _question(question: Question) -> dict[str, object]:
    found: dict[str, object] = {
        "id": question.id,
        "kind": question.kind.value,
        "options": [o.id for o in question.options],
        "exclusive": _ids(o for o in question.options if o.exclusive),
        "other": _ids(o for o in question.options if o.other),
        "asked_if": None if question.asked_if is None else _condition(question.asked_if),
        "variants": [_condition(condition) for condition, _ in question.wording.variants],
        "most": question.max_length,
        "minimum": question.minimum,
        "maximum": question.maximum,
        "places": question.places,
    }
    return {name: value for name, value in found.items() if value}


def _ids(options: Iterable[Option]) -> list[str]:
    return [o.id for o in options]


def _condition(condition: Condition) -> list[object]:
    match condition:
        case Is(question, options):
            return ["is", question, list(options)]
        case Both(of):
            return ["all", *(_condition(part) for part in of)]
        case Either(of):
            return ["any", *(_condition(part) for part in of)]
        case Not(part):
            return ["not", _condition(part)]
