"""QR codes: which modules are dark; that of a page fast enough for a thousand sheets.

ReportLab computes the bits; what takes most of its time is trying all eight masks on every code. Any mask can be read:
the standard chooses one only to avoid patterns that look like a finder. All codes of one page of a layout differ in
the serial alone, so the mask is chosen once for each page and kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
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
    yield from _runs(_encoded(text, _mask(text[: -SERIAL_LENGTH - 2])).modules)


def address_runs(url: str) -> tuple[int, tuple[tuple[int, int, int], ...]]:
    """Return the QR code of a web address, level M, in the smallest version that holds it.

    Args:
        url: The address, in ASCII.

    Returns:
        Modules along a side, without the quiet zone, and the dark ones as `qr_runs` yields them.
    """
    qr = qrencoder.QRCode(None, qrencoder.QRErrorCorrectLevel.M)
    qr.addData(url)
    qr.make()
    return qr.getModuleCount(), tuple(_runs(qr.modules))


def _runs(dark: Iterable[Sequence[bool]]) -> Iterator[tuple[int, int, int]]:
    """Yield the dark modules as runs in a row: column and row of the first one, and their number."""
    for row, modules in enumerate(dark):
        first = 0
        while first < len(modules):
            end = first
            while end < len(modules) and modules[end]:
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
