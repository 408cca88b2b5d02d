"""What a browser posts from the respondent's page, and the names of its fields.

`a.QUESTION` holds the ids of chosen options, `t.QUESTION` the question's own text, number or place code, and
`t.QUESTION.OPTION` the words beside an "other". A place list holds its ways out as `=OPTION`, so that one list
takes every answer.
"""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping

from forms.answers import Given, Mark
from forms.model import Instrument, Kind

CHOSEN = "a."
"""Starts the name of a field that holds option ids."""

WRITTEN = "t."
"""Starts the name of a field that holds own words, digits or a place code."""

WAY_OUT = "="
"""Starts the value of an option in a list of places."""

_SUBMISSION_ID = re.compile(r"[0-9a-f]{32}")


def new_submission_id() -> str:
    """Return 128 random bits as 32 hex digits: one for each form begun, never for a person or a phone."""
    return secrets.token_hex(16)


def is_submission_id(text: str) -> bool:
    """Tell whether a text has the form of a submission id."""
    return _SUBMISSION_ID.fullmatch(text) is not None


def read_given(instrument: Instrument, fields: Mapping[str, Iterable[str]]) -> dict[str, Given]:
    """Turn posted fields into what was done at each question.

    Nothing is judged and nothing is dropped: unknown questions and options are passed on, so that the rulebook
    can refuse them.

    Args:
        instrument: The instrument that the page showed.
        fields: Posted values by field name; names that are not answers are left alone.

    Returns:
        One entry for each question at which something was chosen or written.
    """
    marks: dict[str, dict[str, Mark]] = {}
    texts: dict[str, dict[str | None, str]] = {}
    for name, values in fields.items():
        for value in values:
            if name.startswith(CHOSEN) and value:
                marks.setdefault(name.removeprefix(CHOSEN), {})[value] = Mark.CROSSED
            elif name.startswith(WRITTEN) and value.strip():
                question, _, option = name.removeprefix(WRITTEN).partition(".")
                if _is_place(instrument, question) and not option and value.startswith(WAY_OUT):
                    marks.setdefault(question, {})[value.removeprefix(WAY_OUT)] = Mark.CROSSED
                else:
                    texts.setdefault(question, {})[option or None] = value.replace("\r\n", "\n")
    return {q: Given(marks.get(q, {}), texts.get(q, {})) for q in (*marks, *(t for t in texts if t not in marks))}


def _is_place(instrument: Instrument, question: str) -> bool:
    known = instrument.by_id.get(question)
    return known is not None and known.kind is Kind.PLACE
