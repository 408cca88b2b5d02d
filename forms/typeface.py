"""The paper's font: widths, line breaks and the letters it has. Lengths in mm, sizes in pt."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from reportlab.pdfbase import pdfmetrics
from reportlab.pdfbase.ttfonts import TTFont

from forms.unbroken import BLANK, IN_NUMBER, TO_CALL

MM_PER_PT = 25.4 / 72
"""One typographic point in mm."""

REGULAR = "AtkinsonHyperlegible"
"""Name under which the regular face is registered with ReportLab."""

BOLD = "AtkinsonHyperlegible-Bold"
"""Name under which the bold face is registered with ReportLab."""

ASCENT = 0.72
"""Height of a capital letter over the baseline as a part of the size, rounded up (Atkinson Hyperlegible: 0.668)."""

_BREAKS = re.compile(rf"{BLANK}+")
"""Where a line may end: any run of blanks but the one that holds a date or a phone number together."""

_FOLDER = Path(__file__).parent / "fonts"
_FILES = {REGULAR: "AtkinsonHyperlegible-Regular.ttf", BOLD: "AtkinsonHyperlegible-Bold.ttf"}


@cache
def register() -> None:
    """Make both faces known to ReportLab; safe to call again."""
    for name, file in _FILES.items():
        pdfmetrics.registerFont(TTFont(name, _FOLDER / file))


@cache
def _letters(face: str) -> frozenset[int]:
    register()
    font = pdfmetrics.getFont(face)
    assert isinstance(font, TTFont)  # noqa: S101 - `register` registered it as one
    return frozenset(font.face.charToGlyph)


def missing_letters(text: str) -> frozenset[str]:
    """Return the letters of a text that the paper font lacks in either face; line breaks are not letters."""
    known = _letters(REGULAR) & _letters(BOLD)
    return frozenset(c for c in text if c != "\n" and ord(c) not in known)


def told(letters: Iterable[str]) -> str:
    """Return letters as a message lists them: each with its number, and alone by that where nothing would be seen."""
    return ", ".join(f"“{c}” (U+{ord(c):04X})" if c.isprintable() else f"U+{ord(c):04X}" for c in sorted(letters))


def width_mm(text: str, size_pt: float, face: str = REGULAR) -> float:
    """Return how wide a text stands in one line, mm."""
    register()
    return float(pdfmetrics.stringWidth(text, face, size_pt)) * MM_PER_PT


def cap_mm(size_pt: float) -> float:
    """Return how high a capital letter stands, mm."""
    return ASCENT * size_pt * MM_PER_PT


def baseline_mm(top_mm: float, high_mm: float, size_pt: float) -> float:
    """Return the baseline of letters in the middle of a line or beside a box, mm.

    Args:
        top_mm: Upper edge of the line or box.
        high_mm: Its height.
        size_pt: Size of the letters.
    """
    return top_mm + (high_mm + cap_mm(size_pt)) / 2


def wrap(text: str, room_mm: float, size_pt: float, face: str = REGULAR) -> tuple[str, ...]:
    """Break a text into lines that fit a width.

    Blanks break lines and so do line breaks in the text; a no-break space does not, nor a blank between two
    digits or between “ring” and a number, as long as they fit a line together. A word that is wider than the room is
    broken where it must be, so that nothing is ever lost or runs into the margin.

    Args:
        text: The text.
        room_mm: Width of a line.
        size_pt: Size of the letters.
        face: Font name.

    Returns:
        The lines; an empty text has none.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        line = ""
        for word in _words(paragraph.strip(), room_mm, size_pt, face):
            rest = word
            if line and width_mm(f"{line} {rest}", size_pt, face) > room_mm:
                lines.append(line)
                line = ""
            while not line and rest and width_mm(rest, size_pt, face) > room_mm:
                cut = _longest_start(rest, room_mm, size_pt, face)
                lines.append(rest[:cut])
                rest = rest[cut:]
            line = f"{line} {rest}" if line else rest
        if line:
            lines.append(line)
    return tuple(lines)


def _words(
    paragraph: str,
    room_mm: float,
    size_pt: float,
    face: str,
    held: tuple[re.Pattern[str], ...] = (TO_CALL, IN_NUMBER),
) -> Iterator[str]:
    """Yield what stays together: words, and by the blanks that are `held` several where they fit a line."""
    start = 0
    for blank in (*_BREAKS.finditer(paragraph), None):
        if blank is not None and any(pattern.match(paragraph, blank.start()) for pattern in held):
            continue
        together = paragraph[start : blank.start() if blank is not None else None]
        if held and width_mm(together, size_pt, face) > room_mm:
            yield from _words(together, room_mm, size_pt, face, held[1:])
        else:
            yield together
        start = blank.end() if blank is not None else start


def _longest_start(word: str, room_mm: float, size_pt: float, face: str) -> int:
    """Return how many letters of a word fit, at least one; as fast for a word of 10,000 letters."""
    longest = 2
    while longest < len(word) and width_mm(word[:longest], size_pt, face) <= room_mm:
        longest *= 2
    cuts = range(1, min(longest, len(word)) + 1)
    return max(1, bisect_right(cuts, room_mm, key=lambda cut: width_mm(word[:cut], size_pt, face)))
