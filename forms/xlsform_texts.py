"""Languages, texts and ids of an XLSForm.

A text stands in a column a language: `label::Svenska (sv)`, `label::sv`, `label::Swedish`, or plain `label` in the
`default_language` of the settings.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, field

from forms.draft import LANGUAGE
from forms.model import PARAMETER, Text, fallbacks
from forms.tomltable import keeps_lines, tidy
from forms.xlsform_cells import CHOICES, SETTINGS, SURVEY, Notes, Row, Sheet

HEADINGS = {"sv": "Svenska", "en": "English", "sv-x-lattlast": "Lättläst svenska"}
"""What a language is called in the headings of an exported file."""

_CALLED = {
    "svenska": "sv",
    "swedish": "sv",
    "english": "en",
    "engelska": "en",
    "suomi": "fi",
    "finska": "fi",
    "finnish": "fi",
    "norsk": "nb",
    "norwegian": "nb",
    "dansk": "da",
    "danish": "da",
    "deutsch": "de",
    "german": "de",
    "français": "fr",
    "french": "fr",
    "español": "es",
    "spanish": "es",
    "polski": "pl",
    "polish": "pl",
    "arabic": "ar",
    "العربية": "ar",
    "farsi": "fa",
    "persian": "fa",
    "somali": "so",
    "ukrainian": "uk",
    "українська": "uk",
}
"""Languages that people write without a code."""

_IN_PARENTHESES = re.compile(r"\(([^()]+)\)$")
_BRACE = re.compile(r"\{[^{}]*\}?|\}")
_MARKUP = re.compile(r"</?[A-Za-z][^>]*>|\*\*|(?<!\w)__(?!\w)")
TEXT_COLUMNS = ("label", "hint")
"""Columns that there may be one of for each language."""

USUAL: Mapping[str, Mapping[str, str]] = {
    "sv": {
        "heading": "Frågor",
        "intro": "Det är frivilligt att svara. Du får hoppa över frågor och sluta när du vill.",
        "thanks": "Tack för att du svarade.",
        "other": "Annat:",
    },
    "en": {
        "heading": "Questions",
        "intro": "Answering is voluntary. You may skip questions and stop at any time.",
        "thanks": "Thank you for answering.",
        "other": "Other:",
    },
}
"""What is written where an XLSForm says nothing and a questionnaire must."""


def tag_of(heading: str) -> str | None:
    """Return the language tag of a column's language, such as `sv` of `Svenska (sv)`; None where there is none."""
    match = _IN_PARENTHESES.search(heading)
    tag = match[1].strip() if match else heading
    if LANGUAGE.fullmatch(tag):
        return tag
    return _CALLED.get(heading.casefold())


def heading_of(tag: str) -> str:
    """Return what a language is called in a heading: `Svenska (sv)`."""
    return f"{HEADINGS.get(tag, tag)} ({tag})"


def normal(text: Text, languages: tuple[str, ...]) -> Text:
    """Return a text with one entry for each language that has its own words.

    Args:
        text: Any text.
        languages: The instrument's languages.

    Returns:
        What a person reads in each language is the same; an entry that only repeats its fallback is left out, since
        a cell can't tell "the same words" from "no words of its own".
    """
    words = {tag: text.to(tag) for tag in languages if text.has(tag)}
    kept = {}
    for tag, own in words.items():
        base = next((words[t] for t in fallbacks(tag)[1:] if t in words), None)
        if own != base:
            kept[tag] = own
    return Text(tuple(kept.items()))


def joined(texts: Iterable[Text], languages: tuple[str, ...], between: str) -> Text:
    """Put texts one after the other in each language."""
    whole = [t for t in texts if t]
    return normal(Text(tuple((tag, between.join(t.to(tag) for t in whole)) for tag in languages)), languages)


@dataclass(slots=True)
class Texts:
    """Reads texts out of rows.

    Attributes:
        notes: Takes the faults.
        languages: Tags, the default first.
        parameters: Names of the parameters seen, in order.
    """

    notes: Notes
    languages: tuple[str, ...] = ("sv",)
    parameters: dict[str, None] = field(default_factory=dict)
    _tags: dict[str, str] = field(default_factory=dict)

    @classmethod
    def of(cls, sheets: Mapping[str, Sheet], notes: Notes) -> Texts:
        """Find the languages of a form."""
        default = _default_language(sheets[SETTINGS], notes)
        texts = cls(notes)
        found: dict[str, None] = {}
        bare = False
        for name in (SURVEY, CHOICES):
            for column, heading in _used(sheets[name]):
                bare = bare or not heading
                tag = (default or "sv") if not heading else tag_of(heading)
                if tag is None:
                    what = f'The heading "{column}::{heading}" names no language that is known.'
                    remedy = f'Write the code in parentheses, such as "{column}::Svenska (sv)".'
                    notes.error((name, 1), "bad-language", what, remedy)
                else:
                    found[tag] = None
                    texts._tags[heading] = tag
        if bare and default is None:
            what = 'Nothing says what language the column "label" is in; it was taken as Swedish.'
            remedy = 'Write default_language in settings, such as "Svenska (sv)".'
            notes.warning((SURVEY, 1), "no-language", what, remedy)
        if default is not None and found and default not in found:
            what = f"No text is in the default_language, {default}; the form begins in {next(iter(found))}."
            notes.warning((SETTINGS, 2), "no-default", what, "Write the language as in the headings of the texts.")
        first = [default] if default in found else []
        texts.languages = tuple(dict.fromkeys([*(t for t in first if t), *found])) or ("sv",)
        return texts

    def silently(self) -> Texts:
        """Return a reader of the same columns that tells nothing and remembers no parameter."""
        return Texts(Notes(self.notes.file), self.languages, _tags=self._tags)

    def words(self, sheet: str, row: Row, column: str, title: str, *, paragraphs: bool = False) -> Text:
        """Read a text.

        Args:
            sheet: Name of the sheet.
            row: The row.
            column: `label` or `hint`.
            title: What to call it in a message.
            paragraphs: Empty lines part paragraphs; otherwise the text is one line.

        Returns:
            The text in its normal form; empty where the cells are. A language without words is a fault unless all are.
        """
        found: dict[str, str] = {}
        for (name, heading), words in row.cells.items():
            tag = self._tags.get(heading)
            if name != column or tag is None:
                continue
            if tag in found:
                what = f"{title} has two texts in {tag}."
                self.notes.error((sheet, row.number), "duplicate-column", what, f"Keep one column for {tag}.")
            tidied = tidy(words, lines=paragraphs and keeps_lines(tag))
            found[tag] = tidied if paragraphs else tidied.replace("\n\n", " ")
            self.look_at(found[tag], (sheet, row.number), title)
        text = Text(tuple(found.items()))
        if text:
            for tag in self.languages:
                if not text.has(tag):
                    heading = next((h for h, known in self._tags.items() if known == tag and h), heading_of(tag))
                    remedy = f'Fill in the column "{column}::{heading}", or empty it everywhere.'
                    self.notes.error((sheet, row.number), "missing-language", f"{title} is missing in {tag}.", remedy)
        return normal(text, self.languages)

    def look_at(self, words: str, at: tuple[str, int], title: str) -> None:
        """Note what can't stand in a text, and remember the parameters."""
        if "${" in words:
            what = f"{title} shows the answer to another question with ${{…}}, which paper can't do."
            self.notes.error(at, "answer-in-text", what, "Word it without.")
            return
        for found in _BRACE.finditer(words):
            match = PARAMETER.fullmatch(found[0])
            if match is None:
                what = f"{title} holds “{found[0]}”, which is not a parameter."
                remedy = "Write a parameter as {name} with small letters, digits and _; a text can't hold { or }."
                self.notes.error(at, "bad-parameter", what, remedy)
            else:
                self.parameters[match[1]] = None
        if _MARKUP.search(words):
            what = f"{title} holds signs for bold or other looks; they are shown as they stand."
            self.notes.warning(at, "markup", what, "Take the signs out of the text.")

    def usual(self, key: str) -> Text:
        """Return the usual words for what the form does not say; lacking the languages that there are none in."""
        own = tuple((tag, USUAL[base][key]) for tag in self.languages for base in fallbacks(tag) if base in USUAL)
        return normal(Text(own), self.languages)

    def complete(self, text: Text) -> bool:
        """Tell whether a text has words in every language."""
        return all(text.has(tag) for tag in self.languages)


def _default_language(settings: Sheet, notes: Notes) -> str | None:
    for row in settings.rows:
        heading = row.get("default_language")
        if heading:
            tag = tag_of(heading)
            if tag is None:
                what = f'The default_language "{heading}" is no language that is known.'
                remedy = 'Write the code in parentheses, such as "Svenska (sv)".'
                notes.error((SETTINGS, row.number), "bad-language", what, remedy)
            return tag
    return None


def _used(sheet: Sheet) -> Iterable[tuple[str, str]]:
    """Return the columns of texts that hold something."""
    filled = {column for row in sheet.rows for column in row.cells}
    return [column for column in sheet.columns if column in filled and column[0] in TEXT_COLUMNS]


def valid_id(name: str, form: re.Pattern[str], taken: Collection[str], *, between: str = "_", first: str = "q") -> str:
    """Return a name as an id: itself where it can be one, otherwise the nearest that can.

    Args:
        name: Any name.
        form: What an id looks like; a letter or digit, then letters, digits and `between`.
        taken: Ids that are used already.
        between: The sign that stands for what an id can't hold.
        first: What is put before a name that begins with a wrong sign.
    """
    if form.fullmatch(name) and name not in taken:
        return name
    plain = "".join(c for c in unicodedata.normalize("NFKD", name.casefold()) if not unicodedata.combining(c))
    found = re.sub(r"[^a-z0-9]+", between, plain).strip(between)[:40].strip(between)
    if not form.fullmatch(found):
        found = f"{first}{between}{found}"[:40].strip(between) if found else first
    number = 1
    wanted = found
    while found in taken:
        number += 1
        found = f"{wanted[: 38 - len(str(number))]}{between}{number}"
    return found
