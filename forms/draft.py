"""From the tables of a definition to an instrument, as far as it can be understood.

What is built here may still be inconsistent (`consistency.py` looks at that); what can't be built is a fault.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from forms.kinds import check_kind, check_table
from forms.model import (
    Both,
    Comparison,
    Condition,
    Either,
    Instrument,
    Is,
    Kind,
    Not,
    Option,
    Question,
    Section,
    Source,
    Text,
    Wording,
)
from forms.tomllines import Place
from forms.tomltable import Report, Table, close_to

ID = re.compile(r"[a-z][a-z0-9_]{0,39}")
OPTION_ID = re.compile(r"[a-z0-9][a-z0-9_]{0,39}")
INSTRUMENT_ID = re.compile(r"[a-z][a-z0-9-]{0,59}")
LANGUAGE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{1,8})*")
ITEM = re.compile(r"[a-z0-9][a-z0-9-]*/[a-z0-9][a-z0-9_]*")

_ID_SAID = "small letters a–z, digits and _, at most 40 signs, the first one a letter"
_OPTION_SAID = "small letters a–z, digits and _, at most 40 signs"
_INSTRUMENT_SAID = "small letters a–z, digits and -, at most 60 signs, the first one a letter"

WELL_KNOWN = ("region", "organisation", "deadline", "contact", "support", "return_address")
"""Parameters that sheet and page use by themselves, so they may be declared without standing in a text."""

MOST_POINTS = 11
"""Points of the longest scale (0 to 10): more than fits a phone or a line of paper."""


@dataclass(slots=True)
class Draft:
    """What was understood of a definition, and where each part stands.

    Attributes:
        report: Faults so far.
        instrument: The instrument, perhaps inconsistent; None where its frame could not be understood.
        texts: Each text with its place and what it is called.
        questions: Place of each question by id, the first where an id stands twice.
    """

    report: Report
    instrument: Instrument | None = None
    texts: list[tuple[Place, str, Text]] = field(default_factory=list)
    questions: dict[str, Place] = field(default_factory=dict)

    def words(self, table: Table, key: str, *, required: bool = False, paragraphs: bool = False) -> Text:
        """Read a text and remember where it stands."""
        text = table.words(key, required=required, paragraphs=paragraphs)
        self.texts.append(((*table.place, key), f'"{key}" of {table.title}', text))
        return text


def build(document: Mapping[str, object], report: Report) -> Draft:
    """Build what can be built of a definition; the faults are in the draft's report."""
    draft = Draft(report)
    root = Table(document, (), report, "The instrument")
    instrument_id = root.identifier("id", INSTRUMENT_ID, _INSTRUMENT_SAID)
    languages = _languages(root)
    title = draft.words(root, "title", required=True)
    intro = draft.words(root, "intro", required=True, paragraphs=True)
    thanks = draft.words(root, "thanks", required=True, paragraphs=True)
    support = draft.words(root, "support", paragraphs=True)
    parameters = tuple(_parameters(root))
    sets = _OptionSets(draft, root, languages)
    sections = tuple(_sections(draft, root, sets))
    sets.finish()
    root.finish()
    if instrument_id is not None and languages:
        draft.instrument = Instrument(instrument_id, languages, title, intro, thanks, support, sections, parameters)
    return draft


def _languages(root: Table) -> tuple[str, ...]:
    tags = root.strings("languages")
    if tags is None:
        if not root.has("languages"):
            root.missing("languages", 'languages = ["sv"]')
        return ()
    for tag in tags:
        if not LANGUAGE.fullmatch(tag):
            remedy = 'Use a tag such as "sv", "en" or "sv-x-lattlast".'
            root.error("languages", "bad-language", f'"{tag}" is not a language tag.', remedy)
    return tuple(t for t in tags if LANGUAGE.fullmatch(t))


def _parameters(root: Table) -> Iterator[tuple[str, bool]]:
    table = root.table("parameters", "[parameters]")
    if table is None:
        return
    for name in table.values:
        if not ID.fullmatch(name):
            table.error(name, "bad-id", f'"{name}" can\'t be the name of a parameter.', f"Use {_ID_SAID}.")
        table.has(name)
        yield name, table.flag(name)


class _OptionSets:
    """Lists of options that several questions share, so that the same answers are worded the same everywhere."""

    def __init__(self, draft: Draft, root: Table, languages: tuple[str, ...]) -> None:
        self.draft = draft
        self.languages = languages
        self.used: set[str] = set()
        self.sets: dict[str, tuple[Option, ...]] = {}
        table = root.table("options", "[options]")
        if table is not None:
            self.sets = {name: self.named_set(table, name) for name in table.values}

    def named_set(self, table: Table, name: str) -> tuple[Option, ...]:
        if not ID.fullmatch(name):
            table.error(name, "bad-id", f'"{name}" can\'t be the name of an option list.', f"Use {_ID_SAID}.")
        options = tuple(o for t in table.tables(name, "option") if (o := self.option(t)) is not None)
        if not options:
            table.error(name, "no-options", f'The option list "{name}" is empty.', "Write its options.")
        return options

    def option(self, table: Table) -> Option | None:
        option_id = table.identifier("id", OPTION_ID, _OPTION_SAID)
        if option_id is not None:
            table.title = f'option "{option_id}"'
        label = self.draft.words(table, "label", required=True)
        flags = (table.flag("exclusive"), table.flag("other"), table.flag("way_out"))
        table.finish()
        return None if option_id is None else Option(option_id, label, *flags)

    def of(self, question: Table) -> tuple[Option, ...]:
        """Return a question's options: a name, or a list of names and tables."""
        if not question.has("options"):
            return ()
        value = question.values["options"]
        place = (*question.place, "options")
        found: list[Option] = []
        for number, item in enumerate([value] if isinstance(value, str) else value if isinstance(value, list) else ()):
            if isinstance(item, str):
                found.extend(self._named(item, (*place, number)))
            elif isinstance(item, dict):
                table = Table(item, (*place, number), question.report, f"option {number + 1} of {question.title}")
                option = self.option(table)
                found.extend([] if option is None else [option])
            else:
                what = f"Option {number + 1} of {question.title} is neither a list's name nor a table."
                question.report.error((*place, number), "wrong-type", what, 'Write { id = "…", label = { sv = "…" } }.')
        if not isinstance(value, str | list):
            what = f'"options" of {question.title} is neither a name nor a list.'
            question.error("options", "wrong-type", what, 'Write options = "name" or options = [ … ].')
        self._twice(question, found)
        return tuple({o.id: o for o in reversed(found)}.values())[::-1]

    def _named(self, name: str, place: Place) -> tuple[Option, ...]:
        self.used.add(name)
        if name not in self.sets:
            what = f'There is no option list "{name}".'
            remedy = "Write it in [options], or write the options here." + close_to(name, self.sets)
            self.draft.report.error(place, "unknown-options", what, remedy)
        return self.sets.get(name, ())

    def _twice(self, question: Table, options: list[Option]) -> None:
        """Note ids that stand twice, and labels that nobody can tell apart."""
        ids: set[str] = set()
        labels: dict[tuple[str, str], str] = {}
        for option in options:
            if option.id in ids:
                what = f'{question.title} has the option "{option.id}" twice.'
                question.error("options", "duplicate-option", what, "Give each option an id of its own.")
                continue
            ids.add(option.id)
            for language in self.languages:
                label = option.label.to(language)
                first = labels.setdefault((language, label.casefold()), option.id)
                if label and first != option.id:
                    what = f'Options "{first}" and "{option.id}" of {question.title} read the same in {language}.'
                    question.error("options", "same-label", what, "Word them so that a person can tell them apart.")

    def finish(self) -> None:
        for name in self.sets:
            if name not in self.used:
                what = f'No question uses the option list "{name}".'
                self.draft.report.warning(("options", name), "unused-options", what, "Use it or delete it.")


def _sections(draft: Draft, root: Table, sets: _OptionSets) -> Iterator[Section]:
    tables = root.tables("section", "section")
    if not tables and not isinstance(root.values.get("section"), list):
        root.missing("section", "a [[section]] with a [[section.question]]")
    seen: set[str] = set()
    for table in tables:
        section_id = table.identifier("id", ID, _ID_SAID)
        if section_id is not None:
            table.title = f'section "{section_id}"'
            if section_id in seen:
                table.error("id", "duplicate-id", f'Two sections have the id "{section_id}".', "Give one another id.")
            seen.add(section_id)
        title = draft.words(table, "title", required=True)
        intro = draft.words(table, "intro", paragraphs=True)
        questions = []
        for inner in table.tables("question", "question"):
            question = _question(draft, inner, sets)
            if question is not None and _is_new(draft, inner, question):
                questions.append(question)
        if not table.values.get("question"):
            table.missing("question", "a [[section.question]], or delete the section")
        as_table = table.flag("table")
        if as_table:
            check_table(table, questions)
        table.finish()
        yield Section(section_id or "", title, tuple(questions), intro, as_table)


def _is_new(draft: Draft, table: Table, question: Question) -> bool:
    """Remember where a question stands; a second one with the same id is a fault and left out."""
    if question.id in draft.questions:
        first = draft.report.lines.line((*draft.questions[question.id], "id"))
        what = f'Two questions have the id "{question.id}"; the first stands on line {first}.'
        table.error("id", "duplicate-id", what, "Give one of them another id.")
        return False
    draft.questions[question.id] = table.place
    return True


def _question(draft: Draft, table: Table, sets: _OptionSets) -> Question | None:
    question_id = table.identifier("id", ID, _ID_SAID)
    if question_id is not None:
        table.title = f'question "{question_id}"'
    kind = _kind(table)
    wording = _wording(draft, table)
    hint = draft.words(table, "hint")
    options = sets.of(table)
    asked_if = _condition(table, "asked_if")
    source = _source(table)
    sensitive = table.flag("sensitive")
    lines = table.integer("lines", 1, 1, 40)
    max_length = table.integer("max_length", 200 if lines == 1 else 2000, 1, 10_000)
    minimum = table.integer("minimum", 0, 0, 999_999_999)
    maximum = table.integer("maximum", 0, 0, 999_999_999)
    low, high = draft.words(table, "low"), draft.words(table, "high")
    points = table.integer("points", 0, 2, MOST_POINTS)
    places = table.get("places", str, "the id of a list of places") or ""
    table.finish()
    if question_id is None or kind is None:
        return None
    on_scale = tuple(_points(points, sets.languages)) if kind is Kind.SCALE else ()
    options = (*on_scale, *options)
    question = Question(
        question_id,
        kind,
        wording,
        hint,
        options,
        asked_if,
        source,
        lines,
        max_length,
        minimum,
        maximum,
        low,
        high,
        places,
        sensitive,
    )
    check_kind(table, question, frozenset(o.id for o in on_scale))
    return question


def _kind(table: Table) -> Kind | None:
    value = table.get("kind", str, "a text in quotes")
    if value is None:
        if not table.has("kind"):
            table.missing("kind", 'kind = "single"')
        return None
    kinds = [k.value for k in Kind]
    if value not in kinds:
        remedy = f"Use one of {', '.join(kinds)}." + close_to(value, kinds)
        table.error("kind", "unknown-kind", f'{table.title} has the unknown kind "{value}".', remedy)
        return None
    return Kind(value)


def _points(points: int, languages: tuple[str, ...]) -> Iterator[Option]:
    for point in range(1, points + 1):
        yield Option(str(point), Text(tuple((language, str(point)) for language in languages)))


def _wording(draft: Draft, table: Table) -> Wording:
    default = draft.words(table, "text", required=True)
    variants = []
    for variant in table.tables("variants", "variant"):
        condition = _condition(variant, "if")
        text = draft.words(variant, "text", required=True)
        if condition is None and not variant.has("if"):
            variant.missing("if", 'if = { question = "…", is = "…" }')
        variant.finish()
        if condition is not None:
            variants.append((condition, text))
    return Wording(default, tuple(variants))


def _source(table: Table) -> Source | None:
    source = table.table("source", f"source of {table.title}")
    if source is None:
        return None
    text = source.get("text", str, "a text in quotes")
    if not source.has("text"):
        source.missing("text", 'text = "…"')
    item = source.get("compares_with", str, "a text in quotes")
    if item is not None and not ITEM.fullmatch(item):
        what = f'"{item}" is not a survey and an item.'
        source.error("compares_with", "bad-id", what, 'Write it as "vg2018/info_fore".')
    how = source.get("comparison", str, "a text in quotes")
    hows = [c.value for c in Comparison]
    if how is not None and how not in hows:
        what = f'"{how}" is not a way to compare.'
        source.error("comparison", "bad-comparison", what, f"Use one of {', '.join(hows)}.")
        how, item = None, None
    elif (item is None) != (how is None):
        what = f'{source.title} has only one of "compares_with" and "comparison".'
        source.error("compares_with", "bad-comparison", what, "Give both or none.")
        how, item = None, None
    source.finish()
    return Source(text or "", item, None if how is None else Comparison(how))


def _condition(table: Table, key: str) -> Condition | None:
    inner = table.table(key, f'"{key}" of {table.title}')
    return None if inner is None else _inner_condition(inner)


def _inner_condition(table: Table) -> Condition | None:
    """Read `{ question, is }`, `{ all }`, `{ any }` or `{ not }`."""
    forms = [key for key in ("question", "all", "any", "not") if key in table.values]
    if len(forms) != 1:
        what = f"{table.title} is not a condition."
        remedy = 'Write one of { question = "…", is = ["…"] }, { all = [ … ] }, { any = [ … ] }, { not = { … } }.'
        table.report.error(table.place, "bad-condition", what, remedy)
        return None
    found: Condition | None
    if forms == ["question"]:
        question = table.get("question", str, "the id of a question")
        options = table.strings("is")
        if not table.has("is"):
            table.missing("is", 'is = ["…"]')
        found = None if question is None or options is None else Is(question, options)
    elif forms == ["not"]:
        part = _condition(table, "not")
        found = None if part is None else Not(part)
    else:
        parts = tuple(_inner_condition(t) for t in table.tables(forms[0], "part"))
        if not parts:
            table.error(forms[0], "bad-condition", f"{table.title} has no parts.", "Write at least one condition.")
        whole = tuple(p for p in parts if p is not None)
        sort = Both if forms == ["all"] else Either
        found = sort(whole) if whole and len(whole) == len(parts) else None
    table.finish()
    return found
