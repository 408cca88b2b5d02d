"""Questionnaire definitions: TOML in, an Instrument or every fault at once out.

The form of the file is described in instruments/README.md. `tomllines.py` finds lines, `tomltable.py` reads tables
with care, `draft.py` builds, `kinds.py` and `consistency.py` look at what was built. `check.py` adds what only matters
for printing, and what is merely unwise.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from pathlib import Path

from forms.consistency import check_consistency
from forms.draft import Draft, build
from forms.errors import DefinitionError, Fault, FormsError, Severity
from forms.model import Instrument
from forms.tomllines import LineIndex, index
from forms.tomltable import Report

INSTRUMENTS = Path(__file__).parent / "instruments"
"""Folder of the instruments that ship."""

MOST_BYTES = 2_000_000
"""Largest definition that is read; the largest real one is a fiftieth of that."""

_AT_LINE = re.compile(r" \(at (?:line (\d+), column (\d+)|end of document)\)$")


def draft(text: str, name: str) -> Draft:
    """Build what can be built of a definition, with all faults but those of printing.

    Args:
        text: Content of the definition.
        name: The file's name, for messages.
    """
    text = text.removeprefix("\ufeff")
    try:
        document = tomllib.loads(text)
    except (tomllib.TOMLDecodeError, RecursionError) as error:
        report = Report(name, LineIndex({}))
        report.faults.append(_broken(text, name, error))
        return Draft(report)
    found = build(document, Report(name, index(text)))
    check_consistency(found)
    found.report.faults.sort(key=lambda f: f.line)
    return found


def _broken(text: str, name: str, error: Exception) -> Fault:
    message = "tables stand too deep in each other" if isinstance(error, RecursionError) else str(error)
    match = _AT_LINE.search(message)
    line = 0
    if match is not None:
        line = int(match[1]) if match[1] else text.count("\n") + 1
        message = message[: match.start()] + (f", at column {match[2]}" if match[2] else ", at the end of the file")
    remedy = "Mend it first: nothing after it could be read. Often a quotation mark, bracket or comma is missing."
    return Fault(name, line, f"This is not TOML: {message}.", remedy, Severity.ERROR, "broken-toml")


def read(text: str, name: str) -> tuple[Instrument | None, tuple[Fault, ...]]:
    """Read a definition.

    Args:
        text: Content of the definition.
        name: The file's name, for messages.

    Returns:
        The instrument, None if there is any error, and all faults by line. Never raises for what the text says.
    """
    found = draft(text, name)
    faults = tuple(found.report.faults)
    broken = any(f.severity is Severity.ERROR for f in faults)
    return (None if broken else found.instrument), faults


def read_text(path: Path) -> str:
    """Return the text of a definition file.

    Raises:
        FormsError: `unreadable`: the file is missing, a folder, not permitted or far too large; `not-utf8`.
    """
    try:
        if path.stat().st_size > MOST_BYTES:
            remedy = "Give the TOML file of a questionnaire."
            raise FormsError("unreadable", f"{path} is larger than any definition ({MOST_BYTES} bytes).", remedy)
        return path.read_bytes().decode("utf-8")
    except OSError as error:
        what = f"{path} can't be read: {error.strerror or error}."
        raise FormsError("unreadable", what, "Check the name and the permissions of the file.") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        what = f"{path} is not UTF-8: line {line} holds a byte that does not belong."
        raise FormsError("not-utf8", what, "Save the file as UTF-8 in your editor.") from error


def load(path: Path) -> Instrument:
    """Read a definition file.

    Raises:
        DefinitionError: It has at least one error; carries all faults.
        FormsError: The file can't be read; see `read_text`.
    """
    instrument, faults = read(read_text(path), str(path))
    if instrument is None:
        raise DefinitionError(faults)
    return instrument


def shipped() -> Mapping[str, Path]:
    """Return the instruments that ship: path by id."""
    return {file.stem: file for file in sorted(INSTRUMENTS.glob("*.toml"))}


def find(instrument: str) -> Path:
    """Return the file of an instrument that somebody named: the id of one that ships, or a path.

    Raises:
        FormsError: `unknown-instrument`: there is neither; the remedy lists what ships.
    """
    own = shipped()
    if instrument in own:
        return own[instrument]
    path = Path(instrument)
    if path.is_file():
        return path
    what = f'There is no instrument "{instrument}".'
    raise FormsError("unknown-instrument", what, f"Give the path of a TOML file, or one of: {', '.join(own)}.")
