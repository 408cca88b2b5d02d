"""XLSForm in: the sheets survey, choices and settings become a definition.

XLSForm (xlsform.org) is the spreadsheet that ODK, Kobo and others make their questionnaires from.

Read: `text`, `integer`, `select_one`, `select_multiple`, `note`, groups, `or_other`, labels and hints in several
languages, `relevant` as far as `xlsform_relevant.py` says, `constraint` for the range of a number, the length of a
text and an exclusive choice, `appearance` multiline and likert, `rows`.

| there | here |
| --- | --- |
| a group with a label | a section; its `relevant` goes to each of its questions |
| the appearance table-list of a group | a table, where its questions are select_one over the same list |
| notes before the first question, after the last, first in a group | intro, thanks, a section's intro |
| a note that begins with `#` | the heading of a new section |
| any other note between questions | part of the next question's hint |
| notes called `title` and `support` | the title in several languages, the words of support |
| a text named `question_option`, shown when that option was chosen and labelled like it | the option's own field |
| select_one over a list of 1, 2, 3 … with `1 = …` at the ends and the appearance likert | a scale |
| select_one over the municipalities | a place |
| columns of our own: way_out; sensitive, source, compares_with, comparison; parameters | the same |

What can't be taken is told by sheet and row. An error means that a question, a choice or a condition would be lost:
then there is no definition. A warning means that something was taken otherwise, or that only looks were lost.
`xlsform_write.py` is the way back.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path, PurePath

from forms.check import check_text
from forms.definition import read as read_definition
from forms.draft import INSTRUMENT_ID
from forms.errors import Fault, FormsError, Severity
from forms.model import Instrument, Text, texts_of
from forms.tomllines import index
from forms.tomlwrite import write
from forms.xlsform_cells import (
    CHOICES,
    MOST_BYTES,
    SETTINGS,
    SHEETS,
    SURVEY,
    WHOLE,
    At,
    Notes,
    Row,
    Sheet,
    read_sheets,
)
from forms.xlsform_choices import read_choices, told_columns
from forms.xlsform_questions import Questions
from forms.xlsform_rows import read_entries
from forms.xlsform_survey import Survey, Walk
from forms.xlsform_texts import Texts, normal, valid_id

_SETTINGS = frozenset({"form_title", "title", "form_id", "id_string", "version", "default_language", "parameters"})


@dataclass(frozen=True, slots=True)
class Imported:
    """What an XLSForm came to.

    Attributes:
        instrument: The instrument; None if there is an error that leaves none.
        definition: It as a definition that a person can go on with; empty where there is none.
        faults: Everything to be said, by row. An error beside an instrument is one of paper only.
    """

    instrument: Instrument | None
    definition: str
    faults: tuple[Fault, ...]


def read_file(path: Path) -> Imported:
    """Read an XLSForm file; see `read`.

    Raises:
        FormsError: `unreadable`: the file is missing, a folder or not permitted.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MOST_BYTES + 1)
    except OSError as error:
        what = f"{path} can't be read: {error.strerror or error}."
        raise FormsError("unreadable", what, "Check the name and the permissions of the file.") from error
    return read(data, path.name)


def read(data: bytes, name: str) -> Imported:
    """Read an XLSForm.

    Args:
        data: The .xlsx file.
        name: Its name, for messages and as the id where the form has none.

    Returns:
        What it came to. Never raises for what the file holds.
    """
    notes = Notes(name)
    sheets = read_sheets(data, notes)
    if not sheets:
        return Imported(None, "", tuple(notes.faults))
    texts = Texts.of(sheets, notes)
    lists = read_choices(sheets[CHOICES], texts)
    entries = read_entries(sheets[SURVEY], notes)
    settings = _settings(sheets[SETTINGS], notes)
    title = settings.get("form_title") or settings.get("title") or PurePath(name).stem
    form_title = Text(tuple((tag, " ".join(title.split())) for tag in texts.languages[:1]))
    everywhere = normal(Text(tuple((tag, form_title.to(tag)) for tag in texts.languages)), texts.languages)
    questions = Questions(entries, lists, texts, everywhere)
    survey = Walk(texts, questions).over(entries)
    instrument = _instrument(settings, survey, texts, form_title, name)
    questions.tell_unused_lists()
    if notes.broken:
        return Imported(None, "", _in_order(notes.faults))
    definition = write(instrument, questions.list_names(), _heading(name, settings))
    again, faults = read_definition(definition, name)
    if again is not None:
        faults = tuple(f for f in check_text(definition, name) if f.severity is Severity.ERROR)
    places = _places(survey, questions.choice_rows())
    notes.faults += [_at_row(f, places, definition) for f in faults if f.severity is Severity.ERROR]
    return Imported(again, definition if again is not None else "", _in_order(notes.faults))


def _in_order(faults: list[Fault]) -> tuple[Fault, ...]:
    """Sort faults by sheet and row; what is about the file as a whole comes first."""

    def place(fault: Fault) -> tuple[int, int]:
        sheet = next((n for n, name in enumerate(SHEETS) if fault.what.startswith(f'Sheet "{name}"')), -1)
        return sheet, fault.line

    return tuple(sorted(faults, key=place))


def _settings(sheet: Sheet, notes: Notes) -> Row:
    """Return the row of settings; an empty one where there is none."""
    told_columns(sheet, _SETTINGS, notes)
    for row in sheet.rows[1:]:
        notes.warning((SETTINGS, row.number), "unread-row", "Only the first row is read.", "Delete this one.")
    return sheet.rows[0] if sheet.rows else Row(2, {})


def _heading(name: str, settings: Row) -> str:
    told = [f"{key} {settings.get(key)}" for key in ("form_id", "version") if settings.get(key)]
    return " ".join(f"From the XLSForm {name}{': ' if told else ''}{', '.join(told)}".split()) + "."


def _instrument(settings: Row, survey: Survey, texts: Texts, form_title: Text, name: str) -> Instrument:
    at = (SETTINGS, settings.number)
    title = survey.title or _in_all(form_title, texts, at)
    if not settings.get("form_title") and not survey.title:
        texts.look_at(form_title.to(texts.languages[0]), at, "The title")
        what = f"There is no form_title; “{form_title.to(texts.languages[0])}” was taken."
        texts.notes.warning(at, "no-title", what, "Write form_title in settings.")
    if (
        settings.get("form_title")
        and survey.title
        and survey.title.to(texts.languages[0]) != settings.get("form_title")
    ):
        what = f"The form_title “{settings.get('form_title')}” is not used: the note “title” says another."
        texts.notes.warning(at, "two-titles", what, "Word both alike, or give the note another name.")
    wanted = settings.get("form_id") or settings.get("id_string") or PurePath(name).stem
    instrument_id = valid_id(wanted, INSTRUMENT_ID, (), between="-", first="f")
    if instrument_id != wanted:
        what = f'The form_id "{wanted}" can\'t be the id of an instrument; it became "{instrument_id}".'
        texts.notes.warning(at, "renamed", what, "Use small letters a–z, digits and - to keep it.")
    instrument = Instrument(
        instrument_id,
        texts.languages,
        title,
        _or_usual(survey.intro, "intro", "before the first question", texts),
        _or_usual(survey.thanks, "thanks", "after the last question", texts),
        survey.support,
        survey.sections,
    )
    return replace(instrument, parameters=_parameters(settings, instrument, texts))


def _in_all(title: Text, texts: Texts, at: tuple[str, int]) -> Text:
    """Return the form's title, which XLSForm has in one language only, for all."""
    words = title.to(texts.languages[0])
    texts.look_at(words, at, "The title")
    whole = Text(tuple((tag, words) for tag in texts.languages))
    if not texts.complete(title):
        what = f"The title is the same in {', '.join(texts.languages)}: form_title has one language."
        texts.notes.warning(at, "one-title", what, 'Add a first note called "title" with a label in each language.')
        return whole
    return title


def _or_usual(text: Text, key: str, where: str, texts: Texts) -> Text:
    if text:
        return text
    usual = texts.usual(key)
    if not texts.complete(usual):
        remedy = "Add one, with a label in each language."
        texts.notes.error((SURVEY, 1), f"no-{key}", f"There is no note {where}.", remedy)
    else:
        what = f"There is no note {where}; it became “{usual.to(texts.languages[0])}”."
        texts.notes.warning((SURVEY, 1), f"no-{key}", what, "Add one, to say it in your own words.")
    return usual


def _parameters(settings: Row, instrument: Instrument, texts: Texts) -> tuple[tuple[str, bool], ...]:
    """Return the parameters that the settings declare, or all that texts use, as required."""
    declared = settings.get("parameters")
    if not declared:
        used = "\n".join(words for text in texts_of(instrument) for _, words in text.translations)
        return tuple((name, True) for name in texts.parameters if f"{{{name}}}" in used)
    found = {}
    for part in declared.split():
        name, _, how = part.partition("=")
        if how not in ("required", "optional"):
            what = f'"{part}" in parameters is not understood.'
            remedy = "Write NAME=required or NAME=optional, with blanks between."
            texts.notes.error((SETTINGS, settings.number), "bad-parameter", what, remedy)
        found[name] = how == "required"
    return tuple(found.items())


def _at_row(fault: Fault, places: Mapping[tuple[str | int, ...], At], definition: str) -> Fault:
    """Turn a fault of the written definition into one of the form: its line becomes sheet and row.

    What stands in no row, such as the title, is told of the file as a whole.
    """
    lines = index(definition).lines
    known = sorted((line, places.get(place, WHOLE)) for place, line in lines.items() if place in places)
    place = bisect_right([line for line, _ in known], fault.line) - 1
    sheet, row = known[place][1] if place >= 0 else WHOLE
    return replace(fault, line=row, what=f'Sheet "{sheet}": {fault.what}' if sheet else fault.what)


def _places(survey: Survey, choice_rows: Mapping[str, list[int]]) -> Mapping[tuple[str | int, ...], At]:
    """Return sheet and row of each section, question and shared option, by its place in a definition."""
    found: dict[tuple[str | int, ...], At] = {}
    for name, rows in choice_rows.items():
        found |= {("options", name, number): (CHOICES, row) for number, row in enumerate(rows)}
    for number, section in enumerate(survey.sections):
        found["section", number] = (SURVEY, survey.rows.get(f"[{section.id}]", 1))
        for place, question in enumerate(section.questions):
            found["section", number, "question", place] = (SURVEY, survey.rows[question.id])
    return found
