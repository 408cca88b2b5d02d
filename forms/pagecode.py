"""What the page code says: kind of sheet, instrument, layout, page and serial, with check digits.

The same 25 signs stand in the QR code and, in groups, in print beside it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import StrEnum

PREFIX = "K1"
"""Tells our codes from others, and the first form of them from later ones."""

SERIAL_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"
"""Crockford's base 32: no I, L, O or U, so that nothing is misread or spells a word."""

SERIAL_LENGTH = 6
"""Signs in a serial: 32⁶, about a thousand million."""

_CODE = re.compile(
    rf"{PREFIX}([SDPUT])([0-9A-F]{{4}})([0-9A-F]{{8}})([0-9]{{2}})([{SERIAL_ALPHABET}]{{{SERIAL_LENGTH}}})([0-9]{{2}})"
)

_TYPED = re.compile(rf"([{SERIAL_ALPHABET}]{{{SERIAL_LENGTH}}})([0-9]{{2}})?")
_LOOKS_LIKE = str.maketrans("OIL", "011")


class SheetKind(StrEnum):
    """What sort of printed sheet it is."""

    SHEET = "S"
    DOWNLOAD = "D"
    PRACTICE = "P"
    SIGN_UP = "U"
    TEST = "T"


@dataclass(frozen=True, slots=True)
class PageCode:
    """What one page says about itself.

    Attributes:
        kind: Sort of sheet; PRACTICE is a draft or the demo.
        instrument: 4 hex digits of the instrument id's SHA-256, upper case.
        layout: Layout id, 8 hex digits, lower case.
        page: Page, 1 to 32.
        serial: The sheet's serial.
    """

    kind: SheetKind
    instrument: str
    layout: str
    page: int
    serial: str

    def __str__(self) -> str:
        body = f"{PREFIX}{self.kind.value}{self.instrument}{self.layout.upper()}{self.page:02d}{self.serial}"
        return body + check_digits(body)

    @property
    def printed(self) -> str:
        """The code as printed for people and for reading with OCR, in groups."""
        text = str(self)
        return "  ".join((text[:3], text[3:7], text[7:15], text[15:17], text[17:23], text[23:]))


def check_digits(body: str) -> str:
    """Return the two check digits of ISO 7064 MOD 97-10 for digits and capital letters (A is 10, Z is 35)."""
    number = int("".join(str(int(c, 36)) for c in body) + "00")
    return f"{98 - number % 97:02d}"


def parse(text: str) -> PageCode | None:
    """Read a page code; blanks are ignored.

    Returns:
        The code, or None if it is not one of ours or its check digits are wrong.
    """
    text = "".join(text.split()).upper()
    match = _CODE.fullmatch(text)
    if match is None or check_digits(text[:-2]) != text[-2:]:
        return None
    kind, instrument, layout, page, serial, _ = match.groups()
    return PageCode(SheetKind(kind), instrument, layout.lower(), int(page), serial)


def typed_serial(text: str) -> tuple[str, str] | None:
    """Read a serial as a person copied it from a sheet; blanks are ignored, and O is taken for 0, I and L for 1.

    Returns:
        The serial, and the check digits if they were typed after it, else an empty text; None if it can't be a serial.
    """
    match = _TYPED.fullmatch("".join(text.split()).upper().translate(_LOOKS_LIKE))
    return (match[1], match[2] or "") if match is not None else None
