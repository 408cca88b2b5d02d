"""The page code as it stands in print, read with Tesseract where the QR code can't be: torn, stained or written over.

The check digits find 96 of 97 wrong lines. So that the rest becomes nobody else's serial, looks at different sizes must
tell the same, the line must name a known layout, and no sign of the serial may have a double, such as 5 and S, with
which the line would be right as well.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence

import numpy as np

from forms.layout import Code, Layout, Marker
from forms.pagecode import PREFIX, PageCode, parse
from omr.handwriting import available, read_lines
from omr.images import Gray, PageImage
from omr.markers import Found, page_of
from omr.pair import place
from omr.register import Laid

DPIS = (240, 300, 360, 430)
"""At which the line is shown to Tesseract; two looks at least must tell the same code, and none another."""

ROOM_MM = 0.8
"""Room around the printed line: what the fit is off."""

CONFIG = "--psm 7"
"""One line. A list of allowed signs would make Tesseract squeeze every sign into it: a slashed 0 becomes a 9."""

TAIL = 22
"""Signs after the kind: instrument, layout, page, serial, check digits."""

WRONG = 3
"""Most signs of instrument and layout, twelve in all, that may have been misread for them to be a known layout's."""

DIGITS = str.maketrans("OQDILZSBG", "000112586")
"""What stands for a figure where there can be nothing else."""

HEX = str.maketrans("OQILZSG", "0011256")
"""The same where A to F may stand as well."""

DOUBLES = {
    **{"0": "98DQ", "D": "0", "Q": "0", "9": "0", "8": "0B3", "3": "8", "B": "8", "5": "S", "S": "5", "2": "Z"},
    **{"Z": "2", "6": "G", "G": "6C", "C": "G", "1": "7", "7": "1T", "T": "7", "M": "N", "N": "M", "V": "Y"},
    **{"Y": "V", "E": "F", "F": "EP", "P": "F", "K": "X", "X": "K", "4": "A", "A": "4"},
}
"""Signs that are taken for each other."""

SERIAL = str.maketrans("OILU", "011V")
"""Signs that no serial has."""


def printed_codes(image: PageImage, found: Sequence[Found], layouts: Mapping[str, Layout]) -> tuple[PageCode, ...]:
    """Read the printed page code.

    Args:
        image: The page image.
        found: The markers found in it, two at least.
        layouts: The layouts known; they say where the line stands.

    Returns:
        The codes of known layouts that it is; without Tesseract none.
    """
    page = page_of(found)
    if page is None or not available():
        return ()
    places: dict[tuple[Marker, ...], Code] = {}
    for layout in layouts.values():
        if page <= layout.pages:
            markers = tuple(m for m in layout.markers if m.page == page)
            places.setdefault(markers, next(c for c in layout.codes if c.page == page))
    codes = []
    for markers, code in places.items():
        fit = place(found, markers, worst_mm=2.0)
        if fit is not None:
            codes += _read(image, Laid(image.gray, fit, 0.0), code, page, layouts.values())
    return tuple(dict.fromkeys(codes))


def _read(image: PageImage, laid: Laid, code: Code, page: int, layouts: Iterable[Layout]) -> list[PageCode]:
    full = image.full()
    lines = read_lines([_line(full, image.shrink, laid, code, dpi) for dpi in DPIS], CONFIG)
    told = Counter(c for text, _ in lines if (c := _code(text, page, layouts)) is not None)
    return [next(iter(told))] if len(told) == 1 and told.total() > 1 else []


def _line(gray: Gray, grow: int, laid: Laid, code: Code, dpi: int) -> Gray:
    """Cut the line out, upright."""
    step = 25.4 / dpi
    text = code.text
    shape = round((text.h + 2 * ROOM_MM) / step), round((text.w + 2 * ROOM_MM) / step)
    return np.ascontiguousarray(laid.part(gray, grow, (text.x - ROOM_MM, text.y - ROOM_MM), shape, step))


def _code(text: str, page: int, layouts: Iterable[Layout]) -> PageCode | None:
    """Return the page code that a line is.

    What is known from elsewhere is not taken from the line: the page is the corner markers', instrument and layout
    are those of the one known layout that they nearly are. The check digits must then fit the whole.

    Args:
        text: What Tesseract read.
        page: The page that the corner markers name.
        layouts: The layouts known.
    """
    signs = "".join(text.split()).upper()
    if len(signs) <= TAIL + 1 or signs[0] != "K":
        return None
    kind, tail = signs[-TAIL - 1].translate(str.maketrans("5", "S")), signs[-TAIL:]
    named = tail[:12].translate(HEX)
    near = [
        name
        for name in {known.instrument_hash + known.id.upper() for known in layouts}
        if sum(a != b for a, b in zip(name, named, strict=True)) <= WRONG
    ]
    if len(near) != 1:
        return None
    serial, check = tail[14:20].translate(SERIAL), tail[20:].translate(DIGITS)
    head = f"{PREFIX}{kind}{near[0]}{page:02d}"
    doubles = (
        serial[:place] + double + serial[place + 1 :]
        for place, sign in enumerate(serial)
        for double in DOUBLES.get(sign, "")
    )
    if any(parse(f"{head}{double}{check}") is not None for double in doubles):
        return None
    return parse(f"{head}{serial}{check}")
