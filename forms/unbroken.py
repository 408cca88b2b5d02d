"""Where a line of text had rather not end: within a number, or between a number and the word that says to call it."""

from __future__ import annotations

import re

BLANK = r"[^\S\n\N{NO-BREAK SPACE}]"
"""What parts words within a line; a no-break space holds them together, such as in a date."""

IN_NUMBER = re.compile(rf"(?<=\d){BLANK}+(?=\d)")
"""Blanks within a number, such as that of a telephone."""

TO_CALL = re.compile(
    rf"(?:(?<=\b[Rr]ing)|(?<=\b[Cc]all)|(?<=\b[Tt]elefon)|(?<=\b[Pp]hone)|(?<=\b[Tt]el\.)){BLANK}+(?=\+?\d)"
    rf"|(?<=[^\s\d]){BLANK}+(?=(?:112|1177)(?!\w))"
)
"""Blanks before a number to call: who looks for help at the end of a line finds word and number together."""
