"""What one row of the sheet `survey` is: its type, its constraint, and whether it can be taken at all."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum, auto

from forms.tomltable import close_to
from forms.xlsform_cells import SURVEY, Notes, Row, Sheet
from forms.xlsform_choices import on_rows, told_columns, truthy


class Sort(Enum):
    """What a row does."""

    BEGIN = auto()
    END = auto()
    NOTE = auto()
    TEXT = auto()
    INTEGER = auto()
    ONE = auto()
    MULTIPLE = auto()


@dataclass(frozen=True, slots=True)
class Entry:
    """A row that is understood.

    Attributes:
        sort: What it does.
        row: The row.
        list_name: The list of choices of a select.
        or_other: A select with `or_other`.
    """

    sort: Sort
    row: Row
    list_name: str = ""
    or_other: bool = False

    @property
    def name(self) -> str:
        """The name as it stands; empty where there is none."""
        return self.row.get("name")

    @property
    def at(self) -> tuple[str, int]:
        """Sheet and row."""
        return SURVEY, self.row.number

    @property
    def relevant(self) -> str:
        """The condition as it stands."""
        return self.row.get("relevant") or self.row.get("relevance")

    @property
    def title(self) -> str:
        """What to call it in a message."""
        return f'"{self.name}"' if self.name else f"Row {self.row.number}"


_SIMPLE: Mapping[str, Sort] = {
    "begin group": Sort.BEGIN,
    "end group": Sort.END,
    "note": Sort.NOTE,
    "text": Sort.TEXT,
    "string": Sort.TEXT,
    "integer": Sort.INTEGER,
    "int": Sort.INTEGER,
}
_SELECT = re.compile(
    r"(?:(?P<one>select[ _]one)|select[ _]multiple|select all that apply)(?: from)?\s+(?P<list>\S+)"
    r"(?P<other>\s+(?:or_other|or other|or specify other))?",
    re.IGNORECASE,
)

_ABOUT_THE_DEVICE = frozenset(
    {"start", "end", "today", "deviceid", "device_id", "phonenumber", "phone_number", "username", "email"}
    | {"subscriberid", "simserial", "audit", "start-geopoint", "background-audio", "background-geopoint"}
)
"""Types that note who answered, where and when."""

_INSTEAD: Mapping[str, str] = {
    "decimal": "Use integer, or text.",
    "range": "Use integer with a constraint such as `. >= 0 and . <= 10`, or select_one with the appearance likert.",
    "date": "Use text, or select_one with spans of time.",
    "time": "Use text, or select_one with spans of time.",
    "datetime": "Use text, or select_one with spans of time.",
    "acknowledge": "Use a note.",
    "rank": "Use select_one for the most important, or select_multiple.",
    "begin repeat": "Write the questions once for each turn, or make it a questionnaire of its own.",
    "end repeat": "Take it out together with its begin_repeat.",
    "select one external": "Use select_one with a list in the sheet choices.",
    "calculate": "Take the row out.",
    "hidden": "Take the row out.",
}
_ELSE = "Use text, integer, select_one, select_multiple or note, or take the row out."

_READ = frozenset(
    {"type", "name", "label", "hint", "relevant", "relevance", "constraint", "appearance", "rows"}
    | {"sensitive", "source", "compares_with", "comparison", "required", "disabled"}
    | {"choice_filter"}
)
_LOOKS = frozenset({"multiline", "likert", "minimal", "autocomplete", "field-list", "quick", "search", "horizontal"})
"""Appearances that say nothing that could be lost here."""

TABLE = "table-list"
"""Appearance of a group whose questions stand as the rows of a table."""

_NO = frozenset({"no", "false", "false()", "0", "nej"})

_BOUND = re.compile(r"\.\s*(?P<sign>>=|<=|>|<)\s*(?P<number>-?\d+)")
_LENGTH = re.compile(r"string-length\(\s*\.\s*\)\s*(?P<sign><=|<)\s*(?P<number>\d+)")
_ALONE = re.compile(
    r"not\(\s*selected\(\s*\.\s*,\s*'(?P<option>[^']+)'\s*\)\s+and\s+count-selected\(\s*\.\s*\)\s*>\s*1\s*\)"
)


@dataclass(frozen=True, slots=True)
class Limits:
    """What a constraint says, as far as it is understood.

    Attributes:
        least: The least number.
        most: The greatest number.
        length: The longest text.
        alone: Names of choices that can't be combined with others.
        understood: False where it says something else.
    """

    least: int | None = None
    most: int | None = None
    length: int | None = None
    alone: tuple[str, ...] = ()
    understood: bool = True


def limits(constraint: str) -> Limits:
    """Read a constraint that is a chain of known parts joined by `and`."""
    least: int | None = None
    most: int | None = None
    length: int | None = None
    alone: list[str] = []
    rest = constraint.replace("\xa0", " ").strip()
    while rest:
        bound, long, single = _BOUND.match(rest), _LENGTH.match(rest), _ALONE.match(rest)
        found = bound or long or single
        after = rest[found.end() :] if found else ""
        joined = re.match(r"\s+and\s+(?=\S)", after)
        if found is None or (after and joined is None):
            return Limits(understood=False)
        if single:
            alone.append(single["option"])
        else:
            number, sign = int(found["number"]), found["sign"]
            number += {">": 1, "<": -1}.get(sign, 0)
            if long:
                length = number
            elif sign in (">", ">="):
                least = number
            else:
                most = number
        rest = after[joined.end() :] if joined else ""
    return Limits(least, most, length, tuple(alone))


def read_entries(sheet: Sheet, notes: Notes) -> tuple[Entry, ...]:
    """Say what each row is; rows that can't be taken are faults and left out."""
    told_columns(sheet, _READ, notes)
    _tell_required(sheet, notes)
    found = []
    for row in sheet.rows:
        entry = _entry(row, notes)
        if entry is not None:
            _tell_row(entry, notes)
            found.append(entry)
    return tuple(found)


def _entry(row: Row, notes: Notes) -> Entry | None:
    at = (SURVEY, row.number)
    given = " ".join(row.get("type").split())
    plain = given.lower().replace("_", " ")
    if truthy(row.get("disabled")):
        notes.warning(at, "disabled", "The row is disabled and was left out.", "Clear the cell to take it in.")
        return None
    if plain in _SIMPLE:
        return Entry(_SIMPLE[plain], row)
    match = _SELECT.fullmatch(given)
    if match is not None:
        return Entry(Sort.ONE if match["one"] else Sort.MULTIPLE, row, match["list"], match["other"] is not None)
    if plain in _ABOUT_THE_DEVICE or plain.replace(" ", "_") in _ABOUT_THE_DEVICE:
        what = f'"{given}" was left out: nothing is kept here about who answered, where or when.'
        notes.warning(at, "left-out", what, "Delete the row.")
    else:
        notes.error(at, *_refusal(given, plain))
    return None


def _refusal(given: str, plain: str) -> tuple[str, str, str]:
    """Say why a type can't be taken: code, what, remedy."""
    if not given:
        return "missing-cell", "The row has no type.", "Fill it in, or delete the row."
    if plain in ("select one", "select multiple", "select all that apply"):
        return "missing-list", f'"{given}" names no list.', f'Write "{given} LIST" with a list of the sheet choices.'
    remedy = _INSTEAD.get(plain, _ELSE + close_to(plain, _SIMPLE))
    return "unknown-type", f'The type "{given}" is not supported.', remedy


def _tell_required(sheet: Sheet, notes: Notes) -> None:
    rows = [r.number for r in sheet.rows if r.get("required") and r.get("required").casefold() not in _NO]
    if rows:
        what = f"An answer is required on {on_rows(rows)}; here nobody must answer."
        notes.warning((SURVEY, rows[0]), "required", what, "Tell people why an answer matters in the hint.")


def _tell_row(entry: Entry, notes: Notes) -> None:
    """Note what a row holds besides that can't be taken."""
    if entry.row.get("choice_filter"):
        what = f"{entry.title} shows only some of its choices (choice_filter)."
        notes.error(entry.at, "choice-filter", what, "Make one question with a list of its own for each case.")
    looks = entry.row.get("appearance").split()
    unknown = [look for look in looks if look not in _LOOKS and not (look == TABLE and entry.sort is Sort.BEGIN)]
    if unknown:
        what = f"The appearance {' '.join(unknown)} of {entry.title} is not used."
        notes.warning(entry.at, "appearance", what, "Look at the question on screen and on paper.")
