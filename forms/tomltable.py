"""Reading tables of a definition with care: every wrong type, missing key and misspelt key becomes a fault."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Mapping
from difflib import get_close_matches
from typing import TypeVar

from forms.errors import Fault, Severity
from forms.model import Text
from forms.tomllines import LineIndex, Place

_PARAGRAPHS = re.compile(r"\n[ \t]*\n\s*")
_BLANKS = re.compile(r"[ \t\n]+")
_BLANKS_IN_LINE = re.compile(r"[ \t]+")
_EASY = frozenset({"lattlast", "easy"})

Value = TypeVar("Value")


def close_to(word: str, known: Iterable[str]) -> str:
    """Return ` Did you mean "…"?` where a known word is nearly the same, otherwise nothing."""
    near = get_close_matches(word, list(known), n=1)
    return f' Did you mean "{near[0]}"?' if near else ""


def keeps_lines(language: str) -> bool:
    """Tell whether a line is a unit of reading in a language: one sentence a line, as easy texts are written."""
    return not _EASY.isdisjoint(language.lower().partition("-x-")[2].split("-"))


def tidy(text: str, *, lines: bool = False) -> str:
    """Join the lines of each paragraph, so that a definition may be broken where it reads well.

    Paragraphs stay parted by one empty line; a non-breaking blank stays what it is.

    Args:
        text: The text as it was written.
        lines: Lines stay lines, see `keeps_lines`.
    """
    blanks = _BLANKS_IN_LINE if lines else _BLANKS
    parts = (blanks.sub(" ", p) for p in _PARAGRAPHS.split(text.strip()))
    paragraphs = ("\n".join(line.strip(" ") for line in part.strip(" ").split("\n")) for part in parts)
    return "\n\n".join(p for p in paragraphs if p)


class Report:
    """Collects the faults of one file.

    Attributes:
        name: The file's name as the person gave it.
        lines: Where things stand in it.
        faults: What was found so far.
    """

    def __init__(self, name: str, lines: LineIndex) -> None:
        self.name = name
        self.lines = lines
        self.faults: list[Fault] = []

    def error(self, place: Place, code: str, what: str, remedy: str) -> None:
        """Note what makes the definition unusable."""
        self.faults.append(Fault(self.name, self.lines.line(place), what, remedy, Severity.ERROR, code))

    def warning(self, place: Place, code: str, what: str, remedy: str) -> None:
        """Note what deserves a second look."""
        self.faults.append(Fault(self.name, self.lines.line(place), what, remedy, Severity.WARNING, code))


class Table:
    """One table of a definition, which remembers what it was asked for.

    Attributes:
        place: Where it stands.
        title: What to call it in a message, such as `question "roll"`.
    """

    def __init__(self, values: Mapping[str, object], place: Place, report: Report, title: str) -> None:
        self.values = values
        self.place = place
        self.report = report
        self.title = title
        self.known: set[str] = set()

    def error(self, key: str, code: str, what: str, remedy: str) -> None:
        """Note a fault at one of the keys."""
        self.report.error((*self.place, key) if key in self.values else self.place, code, what, remedy)

    def has(self, key: str) -> bool:
        """Tell whether a key is there, and count it as known."""
        self.known.add(key)
        return key in self.values

    def get(self, key: str, sort: type[Value], called: str) -> Value | None:
        """Return a value of one type; None where it is missing, and a fault where it is of another type."""
        if not self.has(key):
            return None
        value = self.values[key]
        # In Python a bool is an int; in a definition `lines = true` is a slip.
        if not isinstance(value, sort) or (isinstance(value, bool) and sort is not bool):
            self.error(key, "wrong-type", f'"{key}" of {self.title} is not {called}.', f"Write {called} here.")
            return None
        return value

    def missing(self, key: str, example: str) -> None:
        """Note that a key which must be there is not."""
        self.error(key, "missing-key", f'{self.title} has no "{key}".', f"Add {example}.")

    def identifier(self, key: str, form: re.Pattern[str], described: str) -> str | None:
        """Return an id of a given form; None and a fault where it is missing or of another form."""
        value = self.get(key, str, "a text in quotes")
        if value is None:
            if key not in self.values:
                self.missing(key, f'{key} = "…"')
            return None
        if not form.fullmatch(value):
            self.error(key, "bad-id", f'"{value}" can\'t be the {key} of {self.title}.', f"Use {described}.")
            return None
        return value

    def integer(self, key: str, default: int, least: int, most: int) -> int:
        """Return a whole number within limits, or the default."""
        value = self.get(key, int, "a whole number")
        if value is None:
            return default
        if not least <= value <= most:
            what = f'"{key}" of {self.title} is {value}.'
            self.error(key, "out-of-range", what, f"Give a number from {least} to {most}.")
            return default
        return value

    def flag(self, key: str) -> bool:
        """Return true or false; false where it is missing."""
        return self.get(key, bool, "true or false") or False

    def strings(self, key: str) -> tuple[str, ...] | None:
        """Return a list of texts, repeats removed; one text alone counts as a list of one."""
        if not self.has(key):
            return None
        value = self.values[key]
        items = [value] if isinstance(value, str) else value
        if not isinstance(items, list) or not items or not all(isinstance(i, str) and i for i in items):
            self.error(key, "wrong-type", f'"{key}" of {self.title} is not a list of texts.', 'Write ["…", "…"].')
            return None
        return tuple(dict.fromkeys(items))

    def table(self, key: str, title: str) -> Table | None:
        """Return a table inside this one."""
        value = self.get(key, dict, "a table")
        return None if value is None else Table(value, (*self.place, key), self.report, title)

    def tables(self, key: str, title: str) -> tuple[Table, ...]:
        """Return a list of tables, each called `title number` until it has a better name."""
        items = self.get(key, list, "a list of tables")
        found = []
        for number, item in enumerate(items or ()):
            place = (*self.place, key, number)
            if isinstance(item, dict):
                found.append(Table(item, place, self.report, f"{title} {number + 1} of {self.title}"))
            else:
                what = f'Item {number + 1} of "{key}" of {self.title} is not a table.'
                self.report.error(place, "wrong-type", what, "Write { … } here.")
        return tuple(found)

    def words(self, key: str, *, required: bool = False, paragraphs: bool = False) -> Text:
        """Return a text by language.

        Args:
            key: The key, whose value is a table of language tags and texts.
            required: A missing text is a fault.
            paragraphs: Empty lines part paragraphs, and easy texts keep their lines; otherwise the text is one line.

        Returns:
            The text; empty where it is missing or wrong, with a fault.
        """
        value = self.get(key, dict, 'a table of languages such as { sv = "…" }')
        if value is None:
            if required and key not in self.values:
                self.missing(key, f'{key} = {{ sv = "…" }}')
            return Text()
        translations = []
        for language, text in value.items():
            place = (*self.place, key, language)
            if not isinstance(text, str) or not text.strip():
                what = f'"{key}" of {self.title} has no text in "{language}".'
                self.report.error(place, "empty-text", what, "Write the text, or leave the language out.")
                continue
            control = sorted({c for c in text if unicodedata.category(c) == "Cc" and c not in "\n\t\r"})
            if control:
                what = f'"{key}" of {self.title} holds an invisible control character ({ord(control[0]):#04x}).'
                self.report.error(place, "control-character", what, "Delete it.")
            tidied = tidy(text, lines=paragraphs and keeps_lines(language))
            translations.append((language, tidied if paragraphs else tidied.replace("\n\n", " ")))
        if required and not value:
            self.error(key, "empty-text", f'"{key}" of {self.title} has no text in any language.', "Write the text.")
        return Text(tuple(translations))

    def finish(self) -> None:
        """Note every key that nobody asked for: a misspelt key must not vanish."""
        for key in self.values:
            if key not in self.known:
                remedy = "Delete it or correct its name." + close_to(key, self.known)
                self.report.error(
                    (*self.place, key), "unknown-key", f'{self.title} has an unknown key "{key}".', remedy
                )
