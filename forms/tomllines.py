"""Where each key, table and array item of a TOML document stands.

`tomllib` gives values without lines. A fault without a line is of little help in a file of 800 lines, so this walks
the same text once more and notes where things begin. It expects a document that `tomllib` has accepted: it knows all
of TOML's syntax but refuses nothing.
"""

from __future__ import annotations

import re
import tomllib
from bisect import bisect_right
from dataclasses import dataclass

Place = tuple[str | int, ...]
"""Keys and indexes that lead to a value, such as `("section", 0, "question", 2, "text", "sv")`."""

_BLANK = re.compile(r"[ \t]*")
_SPACE = re.compile(r"(?:[ \t\n]|#[^\n]*)*")
_BARE_KEY = re.compile(r"[A-Za-z0-9_-]+")
_SCALAR = re.compile(r"[^,\]}#\n]+")
_STRING = re.compile(
    r'"""(?:[^\\]|\\.)*?"{3,5}(?!")' + r"|'''.*?'{3,5}(?!')" + r'|"(?:[^"\\\n]|\\.)*"' + r"|'[^'\n]*'", re.DOTALL
)


@dataclass(frozen=True, slots=True)
class LineIndex:
    """Lines of a document by place.

    Attributes:
        lines: Line, from 1, of each key, table and array item.
    """

    lines: dict[Place, int]

    def line(self, place: Place) -> int:
        """Return the line of a place, or of the nearest thing around it; 1 for the document as a whole."""
        for length in range(len(place), 0, -1):
            if place[:length] in self.lines:
                return self.lines[place[:length]]
        return 1


def index(text: str) -> LineIndex:
    """Note where everything in a TOML document begins.

    Args:
        text: A document that `tomllib.loads` accepts; lines may end in CRLF.

    Returns:
        The lines. A table that is opened twice (`[a]` after `[a.b]`) counts from where it was first named.
    """
    return _Walk(text.replace("\r\n", "\n")).document()


class _Walk:
    """One pass over a document; `at` is the position of the next unread sign."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0
        self.ends = [m.start() for m in re.finditer("\n", text)]
        self.lines: dict[Place, int] = {}
        self.counts: dict[Place, int] = {}

    def document(self) -> LineIndex:
        current: Place = ()
        self.skip(_SPACE)
        while self.at < len(self.text):
            if self.text[self.at] == "[":
                current = self.header()
            else:
                self.pair(current)
            self.skip(_SPACE)
        return LineIndex(self.lines)

    def skip(self, pattern: re.Pattern[str]) -> str:
        """Move past what a pattern matches here, and return it."""
        match = pattern.match(self.text, self.at)
        if match is None:
            return ""
        self.at = match.end()
        return match[0]

    def note(self, place: Place, at: int) -> None:
        self.lines.setdefault(place, bisect_right(self.ends, at - 1) + 1)

    def header(self) -> Place:
        """Read `[a.b]` or `[[a.b]]`; return the place that the following pairs belong to."""
        begin = self.at
        array = self.text.startswith("[[", self.at)
        self.at += 2 if array else 1
        keys = self.keys()
        self.at += 2 if array else 1
        place: Place = ()
        for number, key in enumerate(keys):
            place = (*place, key)
            self.note(place, begin)
            last = number == len(keys) - 1
            if array and last:
                place = (*place, self.counts.get(place, 0))
                self.counts[place[:-1]] = self.counts.get(place[:-1], 0) + 1
                self.note(place, begin)
            elif place in self.counts:
                place = (*place, self.counts[place] - 1)
        return place

    def keys(self) -> list[str]:
        """Read a key and its dots."""
        keys = []
        while True:
            self.skip(_BLANK)
            quoted = self.text[self.at] in "\"'"
            key = self.skip(_STRING if quoted else _BARE_KEY)
            keys.append(tomllib.loads(f"k = {key}")["k"] if quoted else key)
            self.skip(_BLANK)
            if not self.text.startswith(".", self.at):
                return keys
            self.at += 1

    def pair(self, current: Place) -> None:
        """Read `key = value`."""
        begin = self.at
        place = current
        for key in self.keys():
            place = (*place, key)
            self.note(place, begin)
        self.at += 1
        self.skip(_BLANK)
        self.value(place)

    def value(self, place: Place) -> None:
        sign = self.text[self.at]
        if sign == "[":
            self.array(place)
        elif sign == "{":
            self.inline_table(place)
        elif sign in "\"'":
            self.skip(_STRING)
        else:
            self.skip(_SCALAR)

    def array(self, place: Place) -> None:
        self.at += 1
        number = 0
        while True:
            self.skip(_SPACE)
            if self.text[self.at] == "]":
                break
            item = (*place, number)
            self.note(item, self.at)
            self.value(item)
            number += 1
            self.comma()
        self.at += 1

    def inline_table(self, place: Place) -> None:
        self.at += 1
        while True:
            self.skip(_SPACE)
            if self.text[self.at] == "}":
                break
            self.pair(place)
            self.comma()
        self.at += 1

    def comma(self) -> None:
        self.skip(_SPACE)
        if self.text.startswith(",", self.at):
            self.at += 1
