"""A questionnaire as frozen values: instrument, sections, questions, options, texts, conditions.

Nothing here reads a file or knows paper or screen. `definition.py` builds these values and refuses
what is inconsistent, so code that receives an Instrument may trust it.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from enum import StrEnum
from functools import cached_property

PARAMETER = re.compile(r"\{([a-z][a-z0-9_]*)\}")
"""A parameter in a text, such as `{region}`; filled in by the survey."""


class Kind(StrEnum):
    """What sort of answer a question takes."""

    SINGLE = "single"
    MULTIPLE = "multiple"
    SCALE = "scale"
    TEXT = "text"
    NUMBER = "number"
    PLACE = "place"


class Comparison(StrEnum):
    """How a question relates to the one it compares with."""

    SAME = "same"
    OPTIONS_ADDED = "options added"
    REWORDED = "reworded"


def fallbacks(language: str) -> tuple[str, ...]:
    """Return the languages to try for a wanted one, best first.

    A private variant falls back on what it varies (`sv-x-lattlast` → `sv`), a region on its language
    (`en-GB` → `en`): RFC 4647 section 3.4, lookup.

    Args:
        language: A BCP 47 tag.

    Returns:
        The tag itself and its shorter forms; never a tag that ends in a single letter.
    """
    parts = language.split("-")
    tags = ["-".join(parts[:n]) for n in range(len(parts), 0, -1)]
    return tuple(t for t in tags if len(t.rsplit("-", 1)[-1]) > 1)


@dataclass(frozen=True, slots=True)
class Text:
    """One text in several languages.

    Attributes:
        translations: Pairs of language tag and text, in the order of the definition.
    """

    translations: tuple[tuple[str, str], ...] = ()

    def has(self, language: str) -> bool:
        """Tell whether the text exists in a language or in one that it falls back on."""
        own = dict(self.translations)
        return any(tag in own for tag in fallbacks(language))

    def to(self, language: str) -> str:
        """Return the text in a language, or in the first of its fallbacks, or in the first language at all.

        Empty where there is no text. Parameters are still in it; see `fill`.
        """
        own = dict(self.translations)
        for tag in fallbacks(language):
            if tag in own:
                return own[tag]
        return self.translations[0][1] if self.translations else ""

    def __bool__(self) -> bool:
        return any(text for _, text in self.translations)


def fill(text: str, parameters: Mapping[str, str]) -> str:
    """Put a survey's parameters into a text; a parameter without a value stays as it is, so that it is seen."""
    return PARAMETER.sub(lambda m: parameters.get(m[1], m[0]), text)


@dataclass(frozen=True, slots=True)
class Is:
    """Met when one of these options of an earlier question was chosen (for a multiple choice: among others)."""

    question: str
    options: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Both:
    """Met when every part is met."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Either:
    """Met when at least one part is met."""

    of: tuple[Condition, ...]


@dataclass(frozen=True, slots=True)
class Not:
    """Met when its part is not met."""

    of: Condition


Condition = Is | Both | Either | Not


def questions_in(condition: Condition | None) -> Iterator[str]:
    """Yield the ids of the questions that a condition looks at, repeats included."""
    match condition:
        case Is(question, _):
            yield question
        case Both(of) | Either(of):
            for part in of:
                yield from questions_in(part)
        case Not(part):
            yield from questions_in(part)


@dataclass(frozen=True, slots=True)
class Wording:
    """A text that may be worded otherwise after an earlier answer, such as the person's own role.

    Attributes:
        default: What paper shows, and a screen that does not know the earlier answer.
        variants: Pairs of condition and text; the first whose condition is met is used.
    """

    default: Text
    variants: tuple[tuple[Condition, Text], ...] = ()

    def texts(self) -> tuple[Text, ...]:
        """Return every text, the default first."""
        return (self.default, *(text for _, text in self.variants))


@dataclass(frozen=True, slots=True)
class Option:
    """One answer that can be chosen.

    Attributes:
        id: Stable within the question; what the dataset holds.
        label: What the person reads.
        exclusive: In a multiple choice, can't be combined with any other ("none of these").
        other: Asks for a text of one's own ("other, namely").
        way_out: No answer in the matter: "don't know", "not relevant", "don't want to answer".
    """

    id: str
    label: Text
    exclusive: bool = False
    other: bool = False
    way_out: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """Where a question comes from and what it may be compared with.

    Attributes:
        text: The source in words.
        compares_with: Survey and item, such as `vg2018/info_fore`; None where nothing is compared.
        comparison: How; None exactly where `compares_with` is.
    """

    text: str
    compares_with: str | None = None
    comparison: Comparison | None = None


@dataclass(frozen=True, slots=True)
class Question:
    """One question.

    Attributes:
        id: Stable between versions; what the dataset holds.
        kind: What sort of answer.
        wording: The question.
        hint: A help line under it; may be empty.
        options: The options, in order. For a scale the points `1`…`n` in order and then its ways out; for a
            place only the ways out beside the list ("another municipality").
        asked_if: When it is asked; None: always.
        source: Where it comes from.
        lines: Text: writing lines on paper; 1 is a short text.
        max_length: Text, and the text of "other": the longest answer, in characters.
        minimum: Number: the least value.
        maximum: Number: the greatest value.
        low: Scale: what the lowest point means.
        high: Scale: what the highest point means.
        places: Place: id of the list that ships.
        sensitive: Stirs things up: the words of support are shown before it.
    """

    id: str
    kind: Kind
    wording: Wording
    hint: Text = Text()
    options: tuple[Option, ...] = ()
    asked_if: Condition | None = None
    source: Source | None = None
    lines: int = 1
    max_length: int = 2000
    minimum: int = 0
    maximum: int = 0
    low: Text = Text()
    high: Text = Text()
    places: str = ""
    sensitive: bool = False

    def option(self, option_id: str) -> Option:
        """Return the option with an id; KeyError where there is none."""
        for option in self.options:
            if option.id == option_id:
                return option
        raise KeyError(option_id)

    @property
    def chooses_one(self) -> bool:
        """Whether at most one of its options may stand as the answer."""
        return self.kind is not Kind.MULTIPLE


@dataclass(frozen=True, slots=True)
class Section:
    """Questions under one heading.

    Attributes:
        id: Stable id.
        title: The heading.
        intro: A text under it; may be empty.
        questions: In order.
        table: Its questions have the same options and stand on paper as rows of a table where there is room; on
            screen and in the dataset they are ordinary questions.
    """

    id: str
    title: Text
    questions: tuple[Question, ...]
    intro: Text = Text()
    table: bool = False


@dataclass(frozen=True)
class Instrument:
    """A questionnaire definition.

    Attributes:
        id: Stable id, such as `sip-erfarenhet`.
        languages: Tags it is complete in; the first is the one that a survey starts with.
        title: Its name for the respondent.
        intro: What stands before the first question: who asks, why, voluntary, what happens with the answers.
        thanks: What stands after the last.
        support: Whom to turn to if the questions stir something up.
        sections: In order.
        parameters: Names that the texts use, and whether a survey must give them before it opens.
    """

    id: str
    languages: tuple[str, ...]
    title: Text
    intro: Text
    thanks: Text
    support: Text
    sections: tuple[Section, ...]
    parameters: tuple[tuple[str, bool], ...] = ()

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """All questions in order."""
        return tuple(q for s in self.sections for q in s.questions)

    @cached_property
    def by_id(self) -> Mapping[str, Question]:
        """Questions by id."""
        return {q.id: q for q in self.questions}

    @cached_property
    def numbers(self) -> Mapping[str, int]:
        """The printed number of each question: computed, never written."""
        return {q.id: n for n, q in enumerate(self.questions, 1)}

    @cached_property
    def stirring(self) -> frozenset[str]:
        """Questions with words of care before them, on paper and on screen: the first of each run of sensitive ones."""
        before = (None, *self.questions)
        runs = zip(before, self.questions, strict=False)
        return frozenset(q.id for last, q in runs if q.sensitive and (last is None or not last.sensitive))

    @cached_property
    def version(self) -> str:
        """Version: 8 hex digits of SHA-256 over all that a person may read or that changes an answer's meaning.

        Sources and comparisons are left out: they explain a question but are not shown to who answers.
        """
        canonical = json.dumps(_plain(self), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()[:8]

    def known_as(self, version: str) -> Instrument:
        """Return the same instrument under the version that it was stored with.

        A later program may make another hash of the same definition; sheets and answers under way name the old one.
        """
        same = replace(self)
        # A cached property stands among the attributes once it is known.
        same.__dict__["version"] = version
        return same


def _plain(value: object) -> object:
    """Turn nested dataclasses into what JSON knows, with the class name, without what only explains.

    What has its default is left out: the versions of surveys that are under way must stay the same when a later
    program gives questions something more to have.
    """
    if is_dataclass(value) and not isinstance(value, type):
        told = {f.name: getattr(value, f.name) for f in fields(value) if f.name not in ("source", "parameters")}
        defaults = {f.name: f.default for f in fields(value)}
        return {"_": type(value).__name__} | {n: _plain(v) for n, v in told.items() if v != defaults[n]}
    if isinstance(value, tuple):
        return [_plain(v) for v in value]
    return value


def texts_of(instrument: Instrument) -> Iterable[Text]:
    """Yield every text that a respondent may read, in reading order."""
    yield from (instrument.title, instrument.intro, instrument.support)
    for section in instrument.sections:
        yield from (section.title, section.intro)
        for question in section.questions:
            yield from question.wording.texts()
            yield from (question.hint, question.low, question.high)
            yield from (o.label for o in question.options)
    yield instrument.thanks
