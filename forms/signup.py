"""The sign-up for an interview: a sheet of its own, whose code says that no survey may keep it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import repeat
from pathlib import Path
from typing import IO

from forms import pdf
from forms.blocks import Size
from forms.compose import Sheet, compose
from forms.definition import load
from forms.model import fallbacks
from forms.pagecode import SERIAL_LENGTH, SheetKind

DEFINITION = Path(__file__).parent / "extras" / "sign-up.toml"
"""What it asks."""

NO_SERIAL = "0" * SERIAL_LENGTH
"""Stands in the code of every sign-up sheet: they are not numbered, so that nothing can be listed by them."""

_KEPT = frozenset({"organisation", "contact", "return_address", "region"})
"""Parameters that it uses: no deadline of the survey and nothing about its answers."""


def sign_up_sheet(parameters: Mapping[str, str], language: str, size: Size = Size.NORMAL) -> Sheet:
    """Compose the finished sign-up sheet.

    Args:
        parameters: The survey's parameters.
        language: Wanted language; the first of its fallbacks that the sheet has is taken, else Swedish.
        size: How large it is set.

    Raises:
        LayoutError: It does not fit on two pages, such as with a very long address.
    """
    form = load(DEFINITION)
    tag = next((t for t in fallbacks(language) if t in form.languages), form.languages[0])
    values = {name: value for name, value in parameters.items() if name in _KEPT}
    return pdf.finished(compose(form, values, tag, style=size.style, kind=SheetKind.SIGN_UP), "")


def write_sign_ups(sheet: Sheet, copies: int, out: IO[bytes]) -> None:
    """Write so many copies, all alike."""
    alike: Iterable[str] = repeat(NO_SERIAL, copies)
    pdf.write(sheet, SheetKind.SIGN_UP, alike, out)
