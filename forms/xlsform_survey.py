"""The sheet `survey`, row by row: groups become sections, notes become texts, the rest becomes questions."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from forms.draft import ID
from forms.kinds import fits_table
from forms.model import Both, Condition, Question, Section, Text
from forms.xlsform_cells import SURVEY, Notes, Row
from forms.xlsform_questions import Questions
from forms.xlsform_rows import TABLE, Entry, Sort
from forms.xlsform_texts import Texts, joined, valid_id

_OWN_NOTE = re.compile(r"(title|intro|support|thanks)(?:_\d+)?")
"""Names of notes that say by themselves what they are."""


@dataclass(frozen=True, slots=True)
class Survey:
    """What a sheet came to.

    Attributes:
        sections: The sections with their questions.
        title: Words of a note called `title`; empty where there is none.
        intro: What stands before the first question.
        support: Words of a note called `support`.
        thanks: What stands after the last question.
        rows: Row of each question by id, and of each section by its id in brackets.
    """

    sections: tuple[Section, ...]
    title: Text
    intro: Text
    support: Text
    thanks: Text
    rows: Mapping[str, int]


@dataclass(eq=False, slots=True)
class _Group:
    """An open group. Without a heading its questions belong to the section around it."""

    entry: Entry
    heading: Text
    condition: Condition | None


@dataclass(slots=True)
class _Section:
    """A section that is being filled; it belongs to a group, or to none at the top."""

    id: str
    title: Text
    group: _Group | None
    intro: list[Text] = field(default_factory=list)
    questions: list[Question] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class _Note:
    """A note that waits for what it belongs to."""

    entry: Entry
    text: Text
    group: _Group | None


class Walk:
    """One pass over the rows."""

    def __init__(self, texts: Texts, questions: Questions) -> None:
        self.texts = texts
        self.notes: Notes = texts.notes
        self.questions = questions
        self.groups: list[_Group] = []
        self.sections: list[_Section] = []
        self.waiting: list[_Note] = []
        self.own: dict[str, list[Text]] = {"title": [], "intro": [], "support": [], "thanks": []}
        self.rows: dict[str, int] = {}

    def over(self, entries: tuple[Entry, ...]) -> Survey:
        """Take all rows and return what they came to."""
        for entry in entries:
            if entry.sort is Sort.BEGIN:
                self._begin(entry)
            elif entry.sort is Sort.END:
                self._end(entry)
            elif entry.sort is Sort.NOTE:
                self._note(entry)
            else:
                self._question(entry)
        for group in self.groups:
            what = f"The group {group.entry.title} never ends."
            self.notes.error(group.entry.at, "open-group", what, "Add a row end_group after its last question.")
        if not self.sections:
            self.notes.error((SURVEY, 1), "no-questions", "There is no question.", "Write at least one.")
        self.own["thanks"] += [note.text for note in self.waiting]
        words = {key: self._joined(found) for key, found in self.own.items()}
        sections = tuple(
            Section(s.id, s.title, tuple(s.questions), self._joined(s.intro), self._is_table(s)) for s in self.sections
        )
        return Survey(sections, **words, rows=self.rows)

    def _joined(self, texts: list[Text]) -> Text:
        return joined(texts, self.texts.languages, "\n\n")

    def _is_table(self, section: _Section) -> bool:
        """Tell whether a section is a table; a group that wants to be one and can't is told of."""
        if section.group is None or TABLE not in section.group.entry.row.get("appearance").split():
            return False
        if fits_table(section.questions):
            return True
        entry = section.group.entry
        what = f"The group {entry.title} is no table (table-list): its questions differ in kind or in choices."
        remedy = "Let it hold only select_one questions over the same list, or look at the questions on paper."
        self.notes.warning(entry.at, "no-table", what, remedy)
        return False

    def _begin(self, entry: Entry) -> None:
        heading = self.texts.words(SURVEY, entry.row, "label", f"The heading of {entry.title}")
        if entry.row.get("hint"):
            what = f"The hint of the group {entry.title} is not used."
            self.notes.warning(entry.at, "left-out", what, "Write it as a note, first in the group.")
        self.groups.append(_Group(entry, heading, self.questions.condition(entry)))

    def _end(self, entry: Entry) -> None:
        if not self.groups:
            what = "A group ends here that has not begun."
            self.notes.error(entry.at, "end-without-begin", what, "Delete the row, or add a begin_group before it.")
            return
        group = self.groups.pop()
        if group.heading and not any(s.group is group for s in self.sections):
            what = f"The heading of {group.entry.title} is left out: no question stands directly under it."
            self.notes.warning(group.entry.at, "left-out", what, "Put its words into the heading of the group inside.")

    def _note(self, entry: Entry) -> None:
        label = self.texts.words(SURVEY, entry.row, "label", f"The note {entry.title}", paragraphs=True)
        hint = self.texts.words(SURVEY, entry.row, "hint", f"The hint of {entry.title}")
        if not label:
            self.notes.warning(entry.at, "left-out", f"The note {entry.title} has no text.", "Delete the row.")
            return
        if self.questions.condition(entry) is not None:
            what = f"The note {entry.title} is shown only sometimes."
            self.notes.error(entry.at, "conditional-note", what, "Make it the hint of the question it belongs to.")
        text = self._joined([label, hint])
        match = _OWN_NOTE.fullmatch(entry.name)
        known = match[1] if match else ""
        # By name, because a note called so may begin with the sign of a heading.
        first = known in ("title", "intro") and not self.sections and self._innermost() is None
        if known == "support" or first:
            self.own[known].append(text)
        else:
            self.waiting.append(_Note(entry, text, self._innermost()))

    def _innermost(self) -> _Group | None:
        """Return the group whose heading stands over the next question."""
        return next((g for g in reversed(self.groups) if g.heading), None)

    def _question(self, entry: Entry) -> None:
        group = self._innermost()
        last = self.sections[-1].questions[-1] if self.sections else None
        if last is not None and not self.waiting and self.sections[-1].group is group:
            with_text = self.questions.with_text_field(last, entry)
            if with_text is not None:
                self.sections[-1].questions[-1] = with_text
                return
        waiting, self.waiting = self.waiting, []
        beginning = not self.sections
        if beginning:
            self.own["intro"] += [n.text for n in waiting if n.group is None and not _heads(n.text)]
            waiting = [n for n in waiting if n.group is not None or _heads(n.text)]
        question = self.questions.question(entry, self._around())
        section = self._section(group, entry) if question is not None else None
        if question is None or section is None:
            return
        lead: list[_Note] = []
        for note in waiting:
            if _heads(note.text):
                section = self._headed(note, section)
            elif not section.questions:
                section.intro.append(note.text)
            else:
                lead.append(note)
        section.questions.append(self._with_lead(question, lead))
        self.rows[question.id] = entry.row.number

    def _section(self, group: _Group | None, entry: Entry) -> _Section:
        """Return the section for a question, a new one where another group has begun."""
        if self.sections and self.sections[-1].group is group:
            return self.sections[-1]
        if group is None:
            title, wanted = self.texts.usual("heading"), "fragor"
            title = title if self.texts.complete(title) else self.questions.form_title
            what = f"Questions from {entry.title} on stand in no group with a heading; they got one."
            self.notes.warning(entry.at, "no-heading-over", what, "Put them in a group with a label.")
        else:
            title, wanted = group.heading, group.entry.name or "del"
            if any(s.group is group for s in self.sections):
                what = f"The group {group.entry.title} goes on after a group inside it; its heading stands twice."
                self.notes.warning(entry.at, "heading-twice", what, "Put groups after each other.")
        section_id = valid_id(wanted, ID, [s.id for s in self.sections], first="del")
        if group is not None and section_id != group.entry.name:
            what = f'The name "{group.entry.name}" can\'t be the id of a section; it became "{section_id}".'
            self.notes.warning(group.entry.at, "renamed", what, "Use small letters a–z, digits and _ to keep a name.")
        return self._new(section_id, title, group, (group.entry if group is not None else entry).row)

    def _new(self, section_id: str, title: Text, group: _Group | None, row: Row) -> _Section:
        self.sections.append(_Section(section_id, title, group))
        self.rows[f"[{section_id}]"] = row.number
        return self.sections[-1]

    def _headed(self, note: _Note, section: _Section) -> _Section:
        """Begin a section at a note that is a heading (`# …`); one without questions is only renamed."""
        title = Text(tuple((tag, words.lstrip("# ").strip()) for tag, words in note.text.translations))
        if not section.questions and section.group is None:
            section.title = title
            return section
        if not section.questions:
            section.intro.append(note.text)
            return section
        section_id = valid_id(note.entry.name or "del", ID, [s.id for s in self.sections], first="del")
        return self._new(section_id, title, section.group, note.entry.row)

    def _with_lead(self, question: Question, lead: list[_Note]) -> Question:
        """Put notes from between questions before the hint of the next."""
        if not lead:
            return question
        for note in lead:
            what = (
                f'The note {note.entry.title} stands between questions; it became part of the hint of "{question.id}".'
            )
            remedy = "Begin a new group at it, if it is meant for several questions."
            self.notes.warning(note.entry.at, "note-to-hint", what, remedy)
        lines = [Text(tuple((tag, " ".join(w.split())) for tag, w in n.text.translations)) for n in lead]
        return replace(question, hint=joined([*lines, question.hint], self.texts.languages, " "))

    def _around(self) -> Condition | None:
        """Return the condition of all open groups together."""
        parts = [g.condition for g in self.groups if g.condition is not None]
        return None if not parts else parts[0] if len(parts) == 1 else Both(tuple(parts))


def _heads(text: Text) -> bool:
    """Tell whether a note is a heading by its sign."""
    return all(words.startswith("#") for _, words in text.translations)
