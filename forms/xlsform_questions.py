"""Rows that ask: each becomes a question, with its condition and what limits its answer."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from forms.draft import ID, ITEM
from forms.model import Both, Comparison, Condition, Either, Is, Kind, Not, Option, Question, Source, Text, Wording
from forms.tomltable import close_to
from forms.tomlwrite import LONG_LENGTH, SHORT_LENGTH, own_options
from forms.xlsform_cells import SURVEY, Notes
from forms.xlsform_choices import Choice, ChoiceLists, as_places, as_scale, truthy
from forms.xlsform_relevant import RelevantError, parse
from forms.xlsform_rows import Entry, Limits, Sort, limits
from forms.xlsform_texts import Texts, valid_id

MULTILINE = 3
"""Lines of a `multiline` text that does not say how many."""

LARGEST = 999_999
"""Greatest number where there is no constraint."""

MOST_LINES, MOST_LENGTH, MOST_NUMBER = 40, 10_000, 999_999_999
"""What a definition can hold."""

OTHER = "other"
"""The name of the choice that `or_other` adds."""

_ASKING = frozenset({Sort.TEXT, Sort.INTEGER, Sort.ONE, Sort.MULTIPLE})


@dataclass(frozen=True, slots=True)
class _Asked:
    """A question that was built, and what its choices are called in the form."""

    question: Question
    options: dict[str, str]
    entry: Entry


class Questions:
    """Builds questions; knows those before it."""

    def __init__(self, entries: Sequence[Entry], lists: ChoiceLists, texts: Texts, form_title: Text) -> None:
        self.texts = texts
        self.notes: Notes = texts.notes
        self.lists = lists
        self.form_title = form_title
        self.built: dict[str, _Asked] = {}
        asking = [e.name for e in entries if e.sort in _ASKING]
        self.used = frozenset(e.list_name for e in entries)
        self.multiple = frozenset(e.name for e in entries if e.sort is Sort.MULTIPLE)
        # Names that are good as they stand come first, so that a mended one can't take their place.
        self.ids = {name: name for name in asking if ID.fullmatch(name)}
        for name in asking:
            if name not in self.ids:
                self.ids[name] = valid_id(name, ID, self.ids.values())

    def list_names(self) -> dict[tuple[Option, ...], str]:
        """Return what the lists of choices are called, by the options that questions got from them."""
        found: dict[tuple[Option, ...], str] = {}
        for asked in self.built.values():
            if asked.entry.list_name:
                found.setdefault(own_options(asked.question), _list_id(asked.entry.list_name))
        return found

    def choice_rows(self) -> dict[str, list[int]]:
        """Return the rows of each list of choices, by what the list is called in a definition."""
        return {_list_id(name): [c.at[1] for c in choices] for name, choices in self.lists.items()}

    def tell_unused_lists(self) -> None:
        """Note lists of choices that no row uses; they are left out."""
        for name, choices in self.lists.items():
            if name not in self.used:
                what = f'The list "{name}" is used by no question and was left out.'
                self.notes.warning(choices[0].at, "unused-list", what, "Use it, or delete its rows.")

    def condition(self, entry: Entry) -> Condition | None:
        """Return the condition of a row in terms of ids; None where there is none, or one that is not understood."""
        if not entry.relevant:
            return None
        try:
            return self._resolved(parse(entry.relevant, self.multiple), entry)
        except RelevantError as error:
            what = f"{error.message} (relevant of {entry.title}: {entry.relevant[:80]})"
            self.notes.error(entry.at, error.code, what, error.remedy)
            return None

    def _resolved(self, condition: Condition, entry: Entry) -> Condition:
        """Put ids for names.

        Raises:
            RelevantError: It looks at a question or choice that is not there, or not yet.
        """
        match condition:
            case Both(of):
                return Both(tuple(self._resolved(part, entry) for part in of))
            case Either(of):
                return Either(tuple(self._resolved(part, entry) for part in of))
            case Not(part):
                return Not(self._resolved(part, entry))
        asked = self.built.get(condition.question)
        if asked is None and condition.question in self.ids:
            what = f'The condition looks at "{condition.question}", which comes later or could not be read.'
            raise RelevantError(what, "Move that question before this one, or mend it.")
        if asked is None:
            what = f'The condition looks at "{condition.question}", which is no question.'
            raise RelevantError(what, "Name an earlier question." + close_to(condition.question, self.built))
        for option in condition.options:
            if option not in asked.options:
                what = f'The condition looks at the choice "{option}", which "{condition.question}" does not have.'
                remedy = f"Use one of {', '.join(asked.options)}." if asked.options else "It has no choices at all."
                raise RelevantError(what, remedy + close_to(option, asked.options))
        return Is(asked.question.id, tuple(asked.options[o] for o in condition.options))

    def question(self, entry: Entry, around: Condition | None) -> Question | None:
        """Build a question.

        Args:
            entry: Its row.
            around: The condition of the groups that it stands in.

        Returns:
            The question; None, with a fault, where it can't be built.
        """
        if not self._name_is_good(entry):
            return None
        question_id = self.ids[entry.name]
        if question_id != entry.name:
            what = f'The name "{entry.name}" can\'t be an id; it became "{question_id}".'
            self.notes.warning(entry.at, "renamed", what, "Use small letters a–z, digits and _ to keep a name.")
        label = self.texts.words(SURVEY, entry.row, "label", f"The label of {entry.title}")
        if not label:
            self.notes.error(entry.at, "missing-cell", f"{entry.title} has no label.", "Write the question.")
        own = self.condition(entry)
        asked_if = own if around is None else around if own is None else Both((around, own))
        question = Question(
            question_id,
            Kind.TEXT,
            Wording(label),
            self.texts.words(SURVEY, entry.row, "hint", f"The hint of {entry.title}"),
            asked_if=asked_if,
            source=self._source(entry),
            max_length=SHORT_LENGTH,
            sensitive=truthy(entry.row.get("sensitive")),
        )
        options: dict[str, str] = {}
        if entry.sort is Sort.TEXT:
            question = self._text(question, entry)
        elif entry.sort is Sort.INTEGER:
            question = self._number(question, entry)
        else:
            question, options = self._choice(question, entry)
        self.built[entry.name] = _Asked(question, options, entry)
        return question

    def _name_is_good(self, entry: Entry) -> bool:
        if not entry.name:
            self.notes.error(entry.at, "missing-cell", "The question has no name.", "Give it one of its own.")
        elif entry.name in self.built:
            first = self.built[entry.name].entry.row.number
            what = f'Two questions are called "{entry.name}"; the first stands on row {first}.'
            self.notes.error(entry.at, "duplicate-name", what, "Give one of them another name.")
        return bool(entry.name) and entry.name not in self.built

    def _source(self, entry: Entry) -> Source | None:
        words, item, how = (entry.row.get(key) for key in ("source", "compares_with", "comparison"))
        if not words and not item and not how:
            return None
        known = [c.value for c in Comparison]
        if bool(item) != bool(how) or (how and how not in known) or (item and not ITEM.fullmatch(item)) or not words:
            what = f"The source of {entry.title} is incomplete or of another form; it was left out."
            remedy = f'Write source, compares_with as "vg2018/info_fore" and comparison as one of {", ".join(known)}.'
            self.notes.warning(entry.at, "source", what, remedy)
            return None
        return Source(words, item or None, Comparison(how) if how else None)

    def _limits(self, entry: Entry) -> Limits:
        """Read the constraint, and say so where it is not understood."""
        constraint = entry.row.get("constraint")
        found = limits(constraint)
        sorts = {Sort.TEXT: (found.length,), Sort.INTEGER: (found.least, found.most), Sort.MULTIPLE: found.alone}
        if constraint and (not found.understood or not any(v is not None for v in sorts.get(entry.sort, ()))):
            what = f"The constraint of {entry.title} is not understood and was left out: {constraint[:80]}"
            remedy = "Use `. >= 0 and . <= 10` for a number, `string-length(.) <= 200` for a text."
            self.notes.warning(entry.at, "constraint", what, remedy)
        return found

    def _within(self, value: int, least: int, most: int, entry: Entry) -> int:
        """Return a number that a definition can hold, and say so where it had to be changed."""
        found = min(max(value, least), most)
        if found != value:
            what = f"{entry.title} says {value}, which became {found}."
            self.notes.warning(entry.at, "out-of-range", what, f"From {least} to {most} is possible.")
        return found

    def _text(self, question: Question, entry: Entry) -> Question:
        rows = entry.row.get("rows")
        lines = MULTILINE if "multiline" in entry.row.get("appearance").split() else 1
        if rows.isascii() and rows.isdigit() and len(rows) <= 9:
            lines = self._within(int(rows), 1, MOST_LINES, entry)
        elif rows:
            self.notes.warning(entry.at, "rows", f'"{rows}" is no number of lines.', "Write a whole number in rows.")
        usual = SHORT_LENGTH if lines == 1 else LONG_LENGTH
        length = self._limits(entry).length
        return replace(
            question,
            lines=lines,
            max_length=usual if length is None else self._within(length, 1, MOST_LENGTH, entry),
        )

    def _number(self, question: Question, entry: Entry) -> Question:
        found = self._limits(entry)
        if found.most is None:
            what = f"{entry.title} has no greatest number; {LARGEST} was taken."
            self.notes.warning(entry.at, "no-limit", what, "Write a constraint such as `. >= 0 and . <= 120`.")
        least = self._within(found.least or 0, 0, MOST_NUMBER, entry)
        most = self._within(LARGEST if found.most is None else found.most, 0, MOST_NUMBER, entry)
        return replace(question, kind=Kind.NUMBER, minimum=least, maximum=most)

    def _choice(self, question: Question, entry: Entry) -> tuple[Question, dict[str, str]]:
        choices = self.lists.get(entry.list_name, ())
        if not choices:
            what = f'{entry.title} uses the list "{entry.list_name}", which the sheet choices does not have.'
            remedy = "Write its choices there." + close_to(entry.list_name, self.lists)
            self.notes.error(entry.at, "missing-list", what, remedy)
            return replace(question, kind=Kind.SINGLE), {}
        found = self._limits(entry)
        if entry.sort is Sort.ONE:
            special = self._special(question, entry, choices)
            if special is not None:
                return special
        names = {c.name: c.option.id for c in choices}
        for name in found.alone:
            if name not in names:
                what = f'The constraint of {entry.title} names "{name}", which is none of its choices.'
                self.notes.error(entry.at, "constraint", what, f"Use one of {', '.join(names)}.")
        options = [replace(c.option, exclusive=entry.sort is Sort.MULTIPLE and c.name in found.alone) for c in choices]
        if entry.or_other:
            options.append(self._other(options, entry))
            names.setdefault(OTHER, options[-1].id)
        kind = Kind.SINGLE if entry.sort is Sort.ONE else Kind.MULTIPLE
        return replace(question, kind=kind, options=tuple(options)), names

    def _other(self, options: Sequence[Option], entry: Entry) -> Option:
        label = self.texts.usual(OTHER)
        if not self.texts.complete(label):
            remedy = 'Write "other" as a choice with a label in each language, and a text question after it.'
            self.notes.error(entry.at, "or-other", f"There is no word for or_other of {entry.title}.", remedy)
        return Option(valid_id(OTHER, ID, [o.id for o in options]), label, other=True)

    def _special(
        self, question: Question, entry: Entry, choices: tuple[Choice, ...]
    ) -> tuple[Question, dict[str, str]] | None:
        """Return what a select_one becomes whose list is a scale or a list of places; None for any other."""
        listed = as_places(choices)
        if listed is not None:
            list_id, length = listed
            ways_out = tuple(c.option for c in choices[length:])
            names = {c.name: c.option.id for c in choices[length:]}
            return replace(question, kind=Kind.PLACE, places=list_id, options=ways_out), names
        languages = self.texts.languages
        scale = as_scale(choices, languages) if "likert" in entry.row.get("appearance").split() else None
        if scale is None:
            return None
        numbers = [str(n) for n in range(1, scale.points + 1)]
        on_scale = tuple(Option(n, Text(tuple((tag, n) for tag in languages))) for n in numbers)
        options = (*on_scale, *(c.option for c in choices[scale.points :]))
        names = {c.name: c.option.id for c in choices}
        return replace(question, kind=Kind.SCALE, options=options, low=scale.low, high=scale.high), names

    def with_text_field(self, last: Question, entry: Entry) -> Question | None:
        """Return the question before with a field at one of its options, if this row is nothing but that field.

        It is where it is a text named `question_option`, shown when just that option was chosen, and labelled like it.
        """
        says_more = any(name in ("hint", "sensitive", "source") for name, _ in entry.row.cells)
        if entry.sort is not Sort.TEXT or last.kind not in (Kind.SINGLE, Kind.MULTIPLE) or says_more:
            return None
        name, asked = next((n, a) for n, a in self.built.items() if a.question.id == last.id)
        named = [
            raw for raw in asked.options if entry.name == f"{name}_{raw}" or _numbered(entry.name, f"{name}_{raw}")
        ]
        try:
            condition = parse(entry.relevant, self.multiple) if entry.relevant else None
        except RelevantError:
            return None
        raw = next((raw for raw in named if condition == Is(name, (raw,))), None)
        if raw is None:
            return None
        option = last.option(asked.options[raw])
        label = self.texts.silently().words(SURVEY, entry.row, "label", "")
        if any(_bare(label.to(tag)) != _bare(option.label.to(tag)) for tag in self.texts.languages):
            return None
        length = self._limits(entry).length
        options = tuple(replace(o, other=o.other or o.id == option.id) for o in last.options)
        most = SHORT_LENGTH if length is None else self._within(length, 1, MOST_LENGTH, entry)
        question = replace(last, options=options, max_length=most)
        self.built[name] = replace(asked, question=question)
        what = f'The text {entry.title} became the field of the option "{option.id}" of "{last.id}".'
        self.notes.warning(entry.at, "text-field", what, "Word it otherwise than the option, if it asks more.")
        return question


def _list_id(name: str) -> str:
    return valid_id(name, ID, (), first="lista")


def _numbered(name: str, wanted: str) -> bool:
    rest = name.removeprefix(wanted + "_")
    return rest != name and rest.isascii() and rest.isdigit()


def _bare(words: str) -> str:
    return words.casefold().rstrip(" :.…")
