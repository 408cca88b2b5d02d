"""The sheet `choices`: lists of options by name, and what the options of one question become."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from forms import places
from forms.draft import MOST_POINTS, OPTION_ID
from forms.model import Option, Text
from forms.xlsform_cells import CHOICES, At, Notes, Row, Sheet
from forms.xlsform_texts import TEXT_COLUMNS, Texts, valid_id

WAYS_OUT = (
    "vet inte",
    "vet ej",
    "vill inte svara",
    "vill ej svara",
    "ej aktuellt",
    "inte aktuellt",
    "inte relevant",
    "don't know",
    "don’t know",
    "do not know",
    "prefer not to say",
    "prefer not to answer",
    "not applicable",
    "not relevant",
)
"""Labels that are taken as ways out in a file that has no column `way_out`."""

_COLUMNS = frozenset({"list_name", "list", "name", "value", "label", "way_out"})
ENDS = " = "
"""Stands between the number and the words at the ends of an exported scale: `1 = Inte alls`."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One row of the sheet.

    Attributes:
        name: As it stands, which conditions use.
        option: The option.
        at: Its sheet and row.
    """

    name: str
    option: Option
    at: At


ChoiceLists = Mapping[str, tuple[Choice, ...]]


@dataclass(frozen=True, slots=True)
class Scale:
    """A list that is a scale: its points' number, the words at its ends, the ways out beside it."""

    points: int
    low: Text
    high: Text


def truthy(word: str) -> bool:
    """Tell whether a cell says yes."""
    return word.casefold() in ("yes", "true", "true()", "1", "ja", "x")


def read_choices(sheet: Sheet, texts: Texts) -> ChoiceLists:
    """Read the lists of options.

    Args:
        sheet: The sheet.
        texts: Reads the labels and takes the faults.

    Returns:
        Choices by the name of their list, in order.
    """
    told_columns(sheet, _COLUMNS, texts.notes)
    guess = not any(name == "way_out" for name, _ in sheet.columns)
    lists: dict[str, dict[str, Choice]] = {}
    for row in sheet.rows:
        at = (CHOICES, row.number)
        name, list_name = row.get("name") or row.get("value"), row.get("list_name") or row.get("list")
        if not name or not list_name:
            lacking = "name" if list_name else "list_name"
            texts.notes.error(at, "missing-cell", f'The row has no "{lacking}".', "Fill it in, or delete the row.")
            continue
        known = lists.setdefault(list_name, {})
        if name in known:
            what = f'The list "{list_name}" has the name "{name}" twice, first on row {known[name].at[1]}.'
            texts.notes.error(at, "duplicate-option", what, "Give one of them another name.")
            continue
        known[name] = Choice(name, _option(row, name, known, texts, guess=guess), at)
    return {name: tuple(found.values()) for name, found in lists.items()}


def _option(row: Row, name: str, known: Mapping[str, Choice], texts: Texts, *, guess: bool) -> Option:
    at = (CHOICES, row.number)
    option_id = valid_id(name, OPTION_ID, [c.option.id for c in known.values()], first="o")
    if option_id != name:
        what = f'The name "{name}" can\'t be an id; it became "{option_id}".'
        texts.notes.warning(at, "renamed", what, "Use small letters a–z, digits and _ to keep a name.")
    label = texts.words(CHOICES, row, "label", f'The label of "{name}"')
    if not label:
        texts.notes.error(at, "missing-cell", f'The choice "{name}" has no label.', "Write what a person shall read.")
    way_out = truthy(row.get("way_out"))
    if guess and any(words.casefold().strip(" .") in WAYS_OUT for _, words in label.translations):
        way_out = True
        what = f'"{name}" was taken as a way out, an answer that says nothing in the matter.'
        remedy = 'To decide it yourself, add a column "way_out" with yes where it is one.'
        texts.notes.warning(at, "way-out-guessed", what, remedy)
    return Option(option_id, label, way_out=way_out)


def told_columns(sheet: Sheet, known: frozenset[str], notes: Notes) -> None:
    """Say once of each column that holds something and is not read."""
    for column in sheet.columns:
        rows = [row.number for row in sheet.rows if column in row.cells]
        translated = bool(column[1]) and column[0] not in TEXT_COLUMNS
        if (column[0] not in known or translated) and rows:
            heading = "::".join(part for part in column if part)
            what = f'The column "{heading}" is not read; it holds something on {on_rows(rows)}.'
            notes.warning((sheet.name, rows[0]), "unread-column", what, "Make sure that nothing is lost by that.")


def on_rows(rows: Sequence[int]) -> str:
    """Name some rows: `row 3`, `rows 3 and 5`, `rows 3, 4, 5 and 17 more`."""
    if len(rows) == 1:
        return f"row {rows[0]}"
    named = [str(r) for r in rows[:3]] + ([f"{len(rows) - 3} more"] if len(rows) > 3 else [])
    return f"rows {', '.join(named[:-1])} and {named[-1]}"


def as_scale(choices: tuple[Choice, ...], languages: tuple[str, ...]) -> Scale | None:
    """Return what a list is as a scale, or None where it is none.

    A scale begins with the choices 1, 2, 3 … labelled by their number, the first and the last with words after it:
    `1 = Inte alls`. What follows must be ways out.
    """
    points = 0
    while points < len(choices) and choices[points].name == str(points + 1):
        points += 1
    on_scale = choices[:points]
    if not 2 <= points <= MOST_POINTS or not all(c.option.way_out for c in choices[points:]):
        return None
    ends = []
    for place, choice in enumerate(on_scale):
        number = str(place + 1)
        said = {tag: choice.option.label.to(tag) for tag in languages}
        if place in (0, points - 1):
            begin = number + ENDS
            if not all(words.startswith(begin) and words != begin for words in said.values()):
                return None
            own = choice.option.label.translations
            ends.append(Text(tuple((tag, words.removeprefix(begin)) for tag, words in own)))
        elif set(said.values()) != {number}:
            return None
    return Scale(points, ends[0], ends[1])


def as_places(choices: tuple[Choice, ...]) -> tuple[str, int] | None:
    """Return the list of places that a list of choices begins with, and its length; None where it is none.

    What follows the places must be ways out.
    """
    names = [c.name for c in choices]
    for list_id, found in places.lists().items():
        codes = [p.code for p in found]
        if sorted(names[: len(codes)]) == sorted(codes) and all(c.option.way_out for c in choices[len(codes) :]):
            return list_id, len(codes)
    return None
