"""An Instrument as a definition that a person can read and go on working with.

`definition.read(write(instrument), …)` gives the same instrument back.
"""

from __future__ import annotations

import json
import textwrap
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from forms.model import Both, Condition, Either, Instrument, Is, Kind, Not, Option, Question, Section, Source, Text
from forms.tomltable import keeps_lines

WIDTH = 110
"""Signs in a line of running text."""

_ONE_LINE = 110
"""Signs up to which a running text stays on the line of its key."""

SHORT_LENGTH, LONG_LENGTH = 200, 2000
"""Longest answer of a one-line and of a longer text, where the definition says nothing."""

Options = tuple[Option, ...]


@dataclass(frozen=True, slots=True)
class _Lists:
    """Options that several questions share, by what they are; each is written once."""

    names: Mapping[Options, str]


def write(instrument: Instrument, names: Mapping[Options, str] | None = None, heading: str = "") -> str:
    """Write an instrument as a definition.

    Args:
        instrument: A sound instrument.
        names: What to call lists of options, where a name is known; others are called after their first question.
        heading: A comment for the top of the file; may have several lines.

    Returns:
        TOML. Lists of options that at least two questions use stand once, under `[options]`.
    """
    lists = _Lists(_shared(instrument, names or {}))
    lines = [f"# {line}".rstrip() for line in heading.splitlines()]
    lines += [""] if lines else []
    lines += [f"id = {said(instrument.id)}", f"languages = [{', '.join(map(said, instrument.languages))}]"]
    for key in ("title", "intro", "thanks", "support"):
        lines += _running(key, getattr(instrument, key))
    if instrument.parameters:
        lines += ["", "[parameters]", *(f"{name} = {said(required)}" for name, required in instrument.parameters)]
    if lists.names:
        lines += ["", "[options]"]
        for options, name in lists.names.items():
            lines += [f"{name} = [", *(f"    {_option(o)}," for o in options), "]"]
    for section in instrument.sections:
        lines += _section(section, lists)
    return "\n".join(lines) + "\n"


def own_options(question: Question) -> Options:
    """Return the options that a definition spells out: all but the points of a scale."""
    if question.kind is not Kind.SCALE:
        return question.options
    return question.options[points(question) :]


def points(question: Question) -> int:
    """Return the number of points of a scale."""
    number = 0
    while number < len(question.options) and question.options[number].id == str(number + 1):
        number += 1
    return number


def _shared(instrument: Instrument, names: Mapping[Options, str]) -> dict[Options, str]:
    """Name the lists that at least two questions use."""
    counts = Counter(options for q in instrument.questions if (options := own_options(q)))
    found: dict[Options, str] = {}
    for question in instrument.questions:
        options = own_options(question)
        if counts[options] > 1 and options not in found:
            wanted = name = names.get(options, question.id)
            number = 1
            while name in found.values():
                number += 1
                name = f"{wanted[: 39 - len(str(number))]}_{number}"
            found[options] = name
    return found


def said(value: str | int | bool) -> str:
    """Write one value. A JSON string is a TOML string, but for the sign DEL."""
    return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")


def _table(text: Text) -> str:
    return "{ " + ", ".join(f"{tag} = {said(words)}" for tag, words in text.translations) + " }"


def _line(key: str, text: Text) -> Iterator[str]:
    if text:
        yield f"{key} = {_table(text)}"


def _running(key: str, text: Text) -> Iterator[str]:
    """Write a text of the whole instrument as a table of its own, broken where it reads well."""
    if not text:
        return
    yield from ("", f"[{key}]")
    for tag, words in text.translations:
        if len(words) <= _ONE_LINE and "\n" not in words:
            yield f"{tag} = {said(words)}"
            continue
        yield f'{tag} = """'
        for number, paragraph in enumerate(words.split("\n\n")):
            yield from [""] if number else []
            wrapped = textwrap.wrap(paragraph, WIDTH, break_long_words=False, break_on_hyphens=False)
            for line in paragraph.split("\n") if keeps_lines(tag) else wrapped:
                # What JSON escapes must be escaped here too; a quotation mark so that three can't end the text.
                yield said(line)[1:-1]
        yield '"""'


def _option(option: Option) -> str:
    flags = {"exclusive": option.exclusive, "other": option.other, "way_out": option.way_out}
    marks = "".join(f", {name} = true" for name, value in flags.items() if value)
    return f"{{ id = {said(option.id)}, label = {_table(option.label)}{marks} }}"


def _section(section: Section, lists: _Lists) -> Iterator[str]:
    yield from ("", "", "[[section]]", f"id = {said(section.id)}")
    yield from _line("title", section.title)
    yield from _line("intro", section.intro)
    if section.table:
        yield "table = true"
    for question in section.questions:
        yield from ("", "[[section.question]]")
        yield from _question(question, lists)


def _question(question: Question, lists: _Lists) -> Iterator[str]:
    yield f"id = {said(question.id)}"
    yield f"kind = {said(question.kind.value)}"
    yield from _numbers(question)
    if question.places:
        yield f"places = {said(question.places)}"
    if question.sensitive:
        yield "sensitive = true"
    if question.asked_if is not None:
        yield f"asked_if = {condition(question.asked_if)}"
    yield from _line("text", question.wording.default)
    if question.wording.variants:
        yield "variants = ["
        yield from (f"    {{ if = {condition(c)}, text = {_table(t)} }}," for c, t in question.wording.variants)
        yield "]"
    for key in ("hint", "low", "high"):
        yield from _line(key, getattr(question, key))
    options = own_options(question)
    if options in lists.names:
        yield f"options = {said(lists.names[options])}"
    elif options:
        yield from ("options = [", *(f"    {_option(o)}," for o in options), "]")
    if question.source is not None:
        yield f"source = {_source(question.source)}"


def _numbers(question: Question) -> Iterator[str]:
    usual = SHORT_LENGTH if question.lines == 1 else LONG_LENGTH
    if question.kind is Kind.SCALE:
        yield f"points = {points(question)}"
    elif question.kind is Kind.NUMBER:
        if question.minimum:
            yield f"minimum = {question.minimum}"
        yield f"maximum = {question.maximum}"
    elif question.kind is Kind.TEXT and question.lines != 1:
        yield f"lines = {question.lines}"
    if question.max_length != usual and (question.kind is Kind.TEXT or any(o.other for o in question.options)):
        yield f"max_length = {question.max_length}"


def _source(source: Source) -> str:
    pairs = {"text": source.text, "compares_with": source.compares_with, "comparison": source.comparison}
    return "{ " + ", ".join(f"{key} = {said(value)}" for key, value in pairs.items() if value is not None) + " }"


def condition(of: Condition) -> str:
    """Write a condition as it stands in a definition."""
    match of:
        case Is(question, options):
            value = said(options[0]) if len(options) == 1 else f"[{', '.join(map(said, options))}]"
            return f"{{ question = {said(question)}, is = {value} }}"
        case Both(parts):
            return f"{{ all = [{', '.join(map(condition, parts))}] }}"
        case Either(parts):
            return f"{{ any = [{', '.join(map(condition, parts))}] }}"
        case Not(part):
            return f"{{ not = {condition(part)} }}"
