"""XLSForm out: an instrument as the three sheets that pyxform, ODK and Kobo take. The way in is `xlsform.py`.

What XLSForm has no word for travels in columns of its own, which others pass over: `way_out` in choices; `sensitive`,
`source`, `compares_with` and `comparison` in survey; `parameters` in settings. So an exported file reads back as the
same instrument, with these exceptions, each told by a warning:

- `variants` of a question are left out: a label can't depend on an answer.
- A section whose id is also a question's gets another id: a name may be used once.

Two more change nothing that a person meets: conditions come back in their normal form (`xlsform_relevant.normal`), and
a text that only repeats the one it falls back on is not told apart from a missing one.

A scale is a select_one with the appearance likert, its first and last choice labelled `1 = Inte alls`. A place is a
select_one over all places of its list. An option with a text of its own is followed by a text question for it.
"""

from __future__ import annotations

import io
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.utils import get_column_letter
from openpyxl.worksheet.worksheet import Worksheet

from forms import places
from forms.draft import ID
from forms.errors import Fault, FormsError, Severity
from forms.model import Instrument, Is, Kind, Option, Question, Section, Source, Text, Wording
from forms.tomltable import tidy
from forms.tomlwrite import points
from forms.xlsform_cells import CHOICES, SETTINGS, SURVEY
from forms.xlsform_choices import ENDS
from forms.xlsform_relevant import normal as normal_condition
from forms.xlsform_relevant import say
from forms.xlsform_rows import TABLE
from forms.xlsform_texts import heading_of, valid_id
from forms.xlsform_texts import normal as normal_text

LONGEST_CELL = 32_767
"""Signs that a cell can hold; openpyxl cuts what is longer without a word."""

_NO_XML = re.compile(r"[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]")
_MADE = datetime(2000, 1, 1)  # noqa: DTZ001 (a workbook's date has no zone)
"""Stands in every file, so that the same instrument gives the same workbook."""

_SETTING_COLUMNS = ("form_title", "form_id", "version", "default_language", "parameters")
_WIDE = {"label": 60, "hint": 40, "relevant": 40, "constraint": 30}


@dataclass(frozen=True, slots=True)
class Exported:
    """An XLSForm.

    Attributes:
        data: The .xlsx file.
        faults: What it could not say; a fault's line is 0.
    """

    data: bytes
    faults: tuple[Fault, ...]


def sayable(instrument: Instrument) -> Instrument:
    """Return an instrument as an XLSForm can say it; `read(write(x).data)` gives exactly this.

    Texts and conditions are in their normal form; variants are left out; a section's id is no question's.
    """
    languages = instrument.languages
    taken = [*instrument.by_id, "meta"]
    sections: list[Section] = []
    for section in instrument.sections:
        section_id = valid_id(section.id, ID, [*taken, *(s.id for s in sections)])
        questions = tuple(_sayable(q, languages) for q in section.questions)
        title, intro = normal_text(section.title, languages), normal_text(section.intro, languages)
        sections.append(Section(section_id, title, questions, intro, section.table))
    return replace(
        instrument,
        title=normal_text(instrument.title, languages),
        intro=normal_text(instrument.intro, languages),
        thanks=normal_text(instrument.thanks, languages),
        support=normal_text(instrument.support, languages),
        sections=tuple(sections),
    )


def _sayable(question: Question, languages: tuple[str, ...]) -> Question:
    on_scale = points(question) if question.kind is Kind.SCALE else 0
    options = tuple(
        option if place < on_scale else replace(option, label=normal_text(option.label, languages))
        for place, option in enumerate(question.options)
    )
    source = question.source
    if source is not None:
        # Blanks at the ends, and signs that XML does not have, are lost in a cell.
        text = tidy(_NO_XML.sub("", source.text))
        source = Source(text, source.compares_with, source.comparison) if text else None
    return replace(
        question,
        wording=Wording(normal_text(question.wording.default, languages)),
        hint=normal_text(question.hint, languages),
        low=normal_text(question.low, languages),
        high=normal_text(question.high, languages),
        options=options,
        source=source,
        asked_if=None if question.asked_if is None else normal_condition(question.asked_if),
    )


def write(instrument: Instrument, name: str) -> Exported:
    """Write an instrument as an XLSForm.

    Args:
        instrument: The instrument.
        name: Its file's name, for messages.

    Raises:
        FormsError: `too-long`: a text is longer than a cell can hold.
    """
    said = sayable(instrument)
    sheets = _Sheets(said)
    sheets.fill()
    book = Workbook()
    book.properties.created = book.properties.modified = _MADE
    book.properties.creator = "Kryssklick"
    book.remove(book.worksheets[0])
    languages = [f"::{heading_of(tag)}" for tag in said.languages]
    labels, hints = [f"label{tag}" for tag in languages], [f"hint{tag}" for tag in languages]
    survey = ("type", "name", *labels, *hints, "relevant", "constraint", "appearance", "rows", "sensitive")
    _put(book, SURVEY, (*survey, "source", "compares_with", "comparison"), sheets.survey)
    _put(book, CHOICES, ("list_name", "name", *labels, "way_out"), sheets.choices)
    settings = {
        "form_title": said.title.to(said.languages[0]),
        "form_id": said.id,
        "version": said.version,
        "default_language": heading_of(said.languages[0]),
        "parameters": " ".join(f"{n}={'required' if r else 'optional'}" for n, r in said.parameters),
    }
    _put(book, SETTINGS, _SETTING_COLUMNS, [settings])
    data = io.BytesIO()
    book.save(data)
    return Exported(data.getvalue(), tuple(_faults(instrument, said, name)))


def _faults(instrument: Instrument, said: Instrument, name: str) -> Iterator[Fault]:
    """Yield what the file does not say."""
    for question in instrument.questions:
        if question.wording.variants:
            what = f'The variants of question "{question.id}" are left out: a label can\'t depend on an answer.'
            yield Fault(name, 0, what, "Word the question for everyone.", Severity.WARNING, "variants")
    for before, after in zip(instrument.sections, said.sections, strict=True):
        if before.id != after.id:
            what = f'Section "{before.id}" is called "{after.id}", because a question has its name.'
            yield Fault(name, 0, what, "Nothing need be done.", Severity.WARNING, "renamed")
    if said.parameters:
        listed = ", ".join(f"{{{parameter}}}" for parameter, _ in said.parameters)
        what = f"The texts may hold the parameters {listed}, which other programs show as they stand."
        yield Fault(name, 0, what, "Fill them in before you use the file elsewhere.", Severity.WARNING, "parameters")


@dataclass(slots=True)
class _Sheets:
    """The rows of the sheets, as they grow."""

    instrument: Instrument
    survey: list[dict[str, str]] = field(default_factory=list)
    choices: list[dict[str, str]] = field(default_factory=list)
    lists: dict[tuple[tuple[str, Text, bool], ...], str] = field(default_factory=dict)
    names: set[str] = field(default_factory=set)

    def fill(self) -> None:
        """Write all rows."""
        instrument = self.instrument
        self.names = {*instrument.by_id, *(s.id for s in instrument.sections), "meta"}
        if len(instrument.title.translations) > 1:
            self.note("title", instrument.title)
        self.note("intro", instrument.intro)
        self.note("support", instrument.support)
        for section in instrument.sections:
            looks = {"appearance": TABLE} if section.table else {}
            begin = {"type": "begin_group", "name": section.id, **self.words("label", section.title), **looks}
            self.survey.append(begin)
            self.note(f"{section.id}_intro", section.intro)
            for question in section.questions:
                self.question(question)
            self.survey.append({"type": "end_group", "name": section.id})
        self.note("thanks", instrument.thanks)

    def words(self, column: str, text: Text) -> dict[str, str]:
        """Return a text's cells. Every language is filled in: others know no fallback."""
        if not text:
            return {}
        return {f"{column}::{heading_of(tag)}": text.to(tag) for tag in self.instrument.languages}

    def new_name(self, wanted: str) -> str:
        """Return a name that nothing has yet."""
        name, number = wanted, 1
        while name in self.names:
            number += 1
            name = f"{wanted}_{number}"
        self.names.add(name)
        return name

    def note(self, name: str, text: Text) -> None:
        """Write a note, if there is a text."""
        if text:
            self.survey.append({"type": "note", "name": self.new_name(name), **self.words("label", text)})

    def question(self, question: Question) -> None:
        """Write a question, and a text question for each option with a text of its own."""
        row = {"name": question.id, **self.words("label", question.wording.default)}
        row |= {**self.words("hint", question.hint), **_kind(question)}
        if question.kind not in (Kind.TEXT, Kind.NUMBER):
            sort = "select_multiple" if question.kind is Kind.MULTIPLE else "select_one"
            row["type"] = f"{sort} {self.list_of(question)}"
        if question.asked_if is not None:
            row["relevant"] = say(question.asked_if, self.instrument.by_id)
        if question.sensitive:
            row["sensitive"] = "yes"
        if question.source is not None:
            row["source"] = question.source.text
            row["compares_with"] = question.source.compares_with or ""
            row["comparison"] = question.source.comparison or ""
        self.survey.append(row)
        for option in question.options:
            if option.other:
                relevant = say(Is(question.id, (option.id,)), self.instrument.by_id)
                name = self.new_name(f"{question.id}_{option.id}")
                length = f"string-length(.) <= {question.max_length}"
                row = {"type": "text", "name": name, "relevant": relevant, "constraint": length}
                self.survey.append(row | self.words("label", option.label))

    def list_of(self, question: Question) -> str:
        """Return the name of a question's list; write its choices if nobody did."""
        choices = tuple(_choices(question, self.instrument.languages))
        if choices not in self.lists:
            wanted = question.places or question.id
            name, number = wanted, 1
            while name in self.lists.values():
                number += 1
                name = f"{wanted}_{number}"
            self.lists[choices] = name
            for choice, label, way_out in choices:
                row = {"list_name": name, "name": choice, **self.words("label", label)}
                self.choices.append(row | ({"way_out": "yes"} if way_out else {}))
        return self.lists[choices]


def _kind(question: Question) -> dict[str, str]:
    """Return the cells that depend on a question's kind."""
    match question.kind:
        case Kind.TEXT:
            found = {"type": "text", "constraint": f"string-length(.) <= {question.max_length}"}
            return found | ({"appearance": "multiline", "rows": str(question.lines)} if question.lines > 1 else {})
        case Kind.NUMBER:
            return {"type": "integer", "constraint": f". >= {question.minimum} and . <= {question.maximum}"}
        case Kind.SCALE:
            return {"appearance": "likert"}
        case Kind.PLACE:
            return {"appearance": "minimal autocomplete"}
        case Kind.MULTIPLE:
            alone = (o.id for o in question.options if o.exclusive)
            parts = [f"not(selected(., '{option}') and count-selected(.) > 1)" for option in alone]
            return {"constraint": " and ".join(parts)} if parts else {}
    return {}


def _choices(question: Question, languages: Sequence[str]) -> Iterator[tuple[str, Text, bool]]:
    """Yield what a question's list holds: name, label, way out."""
    if question.kind is Kind.PLACE:
        for place in places.lists()[question.places]:
            yield place.code, Text(((languages[0], place.name),)), False
    number = points(question) if question.kind is Kind.SCALE else 0
    ends = {1: question.low, number: question.high} if number else {}
    for place_, option in enumerate(question.options, 1):
        yield option.id, _end(option, ends.get(place_, Text()), languages), option.way_out


def _end(option: Option, words: Text, languages: Sequence[str]) -> Text:
    """Return an option's label, with what it means at the end of a scale."""
    if not words:
        return option.label
    return Text(tuple((tag, f"{option.id}{ENDS}{words.to(tag)}") for tag in languages))


def _put(book: Workbook, name: str, columns: Sequence[str], rows: Sequence[Mapping[str, str]]) -> None:
    """Write one sheet; every cell is text, so that none is taken for a formula."""
    sheet: Worksheet = book.create_sheet(name)
    for number, heading in enumerate(columns, 1):
        sheet.cell(1, number, heading).font = Font(bold=True)
        width = _WIDE.get(heading.partition("::")[0], 18)
        sheet.column_dimensions[get_column_letter(number)].width = width
    for line, row in enumerate(rows, 2):
        for number, heading in enumerate(columns, 1):
            words = row.get(heading, "")
            if len(words) > LONGEST_CELL:
                what = f'A text of "{row.get("name", name)}" is longer than a cell can hold ({len(words)} signs).'
                raise FormsError("too-long", what, f"Shorten it to {LONGEST_CELL} signs.")
            if words:
                cell = sheet.cell(line, number)
                cell.value = words
                cell.data_type = "s"
                cell.alignment = Alignment(wrap_text=True, vertical="top")
    sheet.freeze_panes = "A2"
