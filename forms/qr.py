"""The QR code of a page: which modules are dark, fast enough for a thousand sheets.

ReportLab computes the bits; what takes most of its time is trying all eight masks on every code. Any mask can be read:
the standard chooses one only to avoid patterns that look like a finder. All codes of one page of a layout differ in
the serial alone, so the mask is chosen once for each page and kept.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import lru_cache

from reportlab.graphics.barcode import qrencoder

from forms.pagecode import SERIAL_LENGTH, PageCode

QR_VERSION = 2
"""25 × 25 modules: the smallest that holds a page code at level Q."""

SIDE_MODULES = 17 + 4 * QR_VERSION
"""Modules along a side, without the quiet zone."""

QUIET_MODULES = 4
"""White modules around a QR code that the standard asks for (ISO/IEC 18004)."""


def qr_runs(code: PageCode) -> Iterator[tuple[int, int, int]]:
    """Yield the dark modules of a page code's QR, version 2, level Q, alphanumeric, as runs in a row.

    Args:
        code: The page code.

    Yields:
        Column and row of the first module, from 0 without the quiet zone, and the number of modules.
    """
    text = str(code)
    dark = _encoded(text, _mask(text[: -SERIAL_LENGTH - 2])).modules
    for row, modules in enumerate(dark):
        first = 0
        while first < SIDE_MODULES:
            end = first
            while end < SIDE_MODULES and modules[end]:
                end += 1
            if end > first:
                yield first, row, end - first
            first = end + 1


@lru_cache(maxsize=256)
def _mask(page: str) -> int:
    """Return the mask that is best for a page's code with the serial 000000: `page` is all that comes before it."""
    qr = _filled(page + "0" * (SERIAL_LENGTH + 2))
    return int(qr.getBestMaskPattern())


def _encoded(text: str, mask: int) -> qrencoder.QRCode:
    qr = _filled(text)
    qr.makeImpl(False, mask)
    return qr


def _filled(text: str) -> qrencoder.QRCode:
    qr = qrencoder.QRCode(QR_VERSION, qrencoder.QRErrorCorrectLevel.Q)
    qr.addData(qrencoder.QRAlphaNum(text))
    return qr
