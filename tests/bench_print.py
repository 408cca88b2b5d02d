"""How fast a run of sheets is printed: `.venv/bin/python tests/bench_print.py [SHEETS] [INSTRUMENT]`.

Composes the instrument once and writes a PDF of so many numbered sheets to a temporary file, as `kryssklick print`
does. Told: seconds, CPU seconds, the process's peak memory and the size of the file. The bar is 1,000 sheets of 4
pages in under 20 s and 200 MB.
"""

from __future__ import annotations

import sys
import tempfile
import time

from forms import pdf
from forms.compose import compose
from forms.definition import find, load
from forms.pagecode import SERIAL_ALPHABET, SERIAL_LENGTH, SheetKind

PARAMETERS = {
    "region": "Exempelregionen",
    "organisation": "Exempelföreningen",
    "deadline": "12 juni 2026",
    "contact": "Ring 010-555 01 02 eller skriv till sip@exempel.se.",
    "support": "stödlinjen 020-22 00 60",
    "return_address": "Exempelföreningen\nBox 12\n123 45 Exempelstad",
}


def main() -> None:
    sheets = int(sys.argv[1]) if len(sys.argv) > 1 else 1000
    instrument = load(find(sys.argv[2] if len(sys.argv) > 2 else "sip-erfarenhet"))
    sheet = pdf.finished(compose(instrument, PARAMETERS, "sv"), "bench")
    serials = [_serial(n) for n in range(sheets)]
    began, used = time.perf_counter(), time.process_time()
    with tempfile.TemporaryFile() as out:
        pdf.write(sheet, SheetKind.SHEET, serials, out)
        size = out.tell()
    took, used = time.perf_counter() - began, time.process_time() - used
    pages = sheets * sheet.layout.pages
    print(f"{sheets} sheets of {sheet.layout.pages} pages: {took:.1f} s, {used:.1f} s CPU, {pages / used:.0f} pages/s")
    print(f"peak memory {_peak_mb()}, file {size / 1e6:.1f} MB")


def _serial(number: int) -> str:
    """Return the serial of a number whose signs are spread as random ones are."""
    mixed = number * 2_654_435_761 % 32**SERIAL_LENGTH
    return "".join(SERIAL_ALPHABET[mixed >> 5 * n & 31] for n in range(SERIAL_LENGTH))


def _peak_mb() -> str:
    """Return the most memory that this process ever held, where the system tells."""
    try:
        import resource  # noqa: PLC0415 - Windows has none
    except ImportError:
        return "unknown"
    unit = 1 if sys.platform == "darwin" else 1024
    return f"{resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit / 1e6:.0f} MB"


if __name__ == "__main__":
    main()
