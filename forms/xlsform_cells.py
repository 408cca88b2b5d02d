"""An .xlsx file as sheets of plain texts, with every cell that is no plain text told by sheet and row.

A workbook is a zip of XML that a stranger may have made, so sizes are looked at before anything is unpacked, and no
part may declare entities.
"""

from __future__ import annotations

import io
import unicodedata
import warnings
import zipfile
import zlib
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from xml.etree.ElementTree import ParseError
from xml.parsers import expat

from openpyxl import Workbook, load_workbook
from openpyxl.cell.cell import Cell, MergedCell
from openpyxl.utils import get_column_letter, range_boundaries
from openpyxl.utils.exceptions import InvalidFileException
from openpyxl.worksheet.worksheet import Worksheet

from forms.errors import Fault, Severity
from forms.tomltable import close_to

MOST_BYTES = 5_000_000
"""Largest file that is opened; a real XLSForm is a hundredth of that."""

MOST_UNPACKED = 20_000_000
"""Largest sum of all parts once unpacked."""

MOST_PARTS = 500
"""Most files inside the zip."""

MOST_ROWS = 3000
"""Lowest row that may hold something: ten times the longest list that ships."""

MOST_COLUMNS = 100
"""Rightmost column that may hold something."""

MOST_SPANNED = 50_000
"""Most cells that merged cells and links may span together: openpyxl makes an object of each."""

MOST_ALIKE = 30
"""Errors of one sort in one sheet that are told; mending these shows the rest."""

SURVEY, CHOICES, SETTINGS = "survey", "choices", "settings"
SHEETS = (SURVEY, CHOICES, SETTINGS)

Column = tuple[str, str]
"""A heading such as `label::Svenska (sv)`, parted: `("label", "Svenska (sv)")`; without a language `("label", "")`."""

_BROKEN = (
    InvalidFileException,
    zipfile.BadZipFile,
    zlib.error,
    ParseError,
    expat.ExpatError,
    LookupError,
    ValueError,
    TypeError,
    AttributeError,
    ArithmeticError,
    AssertionError,
    EOFError,
    OSError,
    RuntimeError,
)
"""What openpyxl raises on files that only look like workbooks: it checks little, so nearly anything can turn up."""


At = tuple[str, int]
"""Sheet and row that a message is about."""

WHOLE: At = ("", 0)
"""The file as a whole."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row of a sheet.

    Attributes:
        number: As the spreadsheet counts, the headings being row 1.
        cells: Texts by column; empty cells are left out.
    """

    number: int
    cells: Mapping[Column, str]

    def get(self, name: str, language: str = "") -> str:
        """Return a cell's text; empty where there is none."""
        return self.cells.get((name, language), "")


@dataclass(frozen=True, slots=True)
class Sheet:
    """One sheet.

    Attributes:
        name: `survey`, `choices` or `settings`.
        columns: Its headings, left to right.
        rows: The rows that hold something.
    """

    name: str
    columns: tuple[Column, ...] = ()
    rows: tuple[Row, ...] = ()


@dataclass(slots=True)
class Notes:
    """Collects what is to be said about one file.

    Attributes:
        file: Its name, for messages.
        faults: What was noted so far; a fault's line is the row.
    """

    file: str
    faults: list[Fault] = field(default_factory=list)
    _alike: Counter[tuple[str, str]] = field(default_factory=Counter)

    def error(self, at: At, code: str, what: str, remedy: str) -> None:
        """Note what makes the file unusable; `at` is WHOLE where all of it is meant."""
        self._add(at, code, what, remedy, Severity.ERROR)

    def warning(self, at: At, code: str, what: str, remedy: str) -> None:
        """Note what was taken otherwise than it stands, or left out."""
        self._add(at, code, what, remedy, Severity.WARNING)

    def _add(self, at: At, code: str, what: str, remedy: str, severity: Severity) -> None:
        sheet, row = at
        # A warning tells what is lost, so each is told; an error of one sort stops the whole however often it stands.
        self._alike[sheet, code] += severity is Severity.ERROR
        if self._alike[sheet, code] > MOST_ALIKE:
            return
        if self._alike[sheet, code] == MOST_ALIKE:
            what = f"{what} There may be more like this one."
        told = f'Sheet "{sheet}": {what}' if sheet else what
        self.faults.append(Fault(self.file, row, told, remedy, severity, code))

    @property
    def broken(self) -> bool:
        """Whether there is any error."""
        return any(f.severity is Severity.ERROR for f in self.faults)


def read_sheets(data: bytes, notes: Notes) -> Mapping[str, Sheet]:
    """Read the sheets of an XLSForm.

    Args:
        data: The file.
        notes: Takes the faults. Never raises for what the file holds.

    Returns:
        `survey`, `choices` and `settings`, empty ones where they are missing; nothing where a whole sheet, or the
        file, can't be read.
    """
    if not _may_be_opened(data, notes):
        return {}
    book = _open(data, notes)
    if book is None:
        return {}
    found: dict[str, Sheet] = {}
    names = [w.title for w in book.worksheets]
    for worksheet in book.worksheets:
        name = worksheet.title.strip().lower()
        if name in SHEETS and name not in found:
            sheet = _sheet(worksheet, name, notes)
            if sheet is None:
                return {}
            found[name] = sheet
        else:
            what = f'The sheet "{worksheet.title}" is not read.'
            remedy = "Only survey, choices and settings are." + close_to(name, SHEETS)
            notes.warning(WHOLE, "unread-sheet", what, remedy)
    if SURVEY not in found:
        what = f'There is no sheet "survey" (the sheets are: {", ".join(names)}).'
        notes.error(WHOLE, "no-survey", what, 'Name the sheet with the questions "survey".')
        return {}
    return {name: found.get(name, Sheet(name)) for name in SHEETS}


def _may_be_opened(data: bytes, notes: Notes) -> bool:
    """Tell whether a file is a zip of modest size and plain XML; note why not."""

    def refuse(code: str, what: str, remedy: str) -> bool:
        notes.error(WHOLE, code, what, remedy)
        return False

    save = "Open it in your spreadsheet and save it as Excel workbook (.xlsx)."
    if len(data) > MOST_BYTES:
        return refuse("too-large", f"The file is larger than {MOST_BYTES // 1_000_000} MB.", "Take pictures out of it.")
    if data.startswith(b"\xd0\xcf\x11\xe0"):
        return refuse("not-xlsx", "This is an old .xls file, or one with a password.", f"Take the password off. {save}")
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as parts:
            members = parts.infolist()
            if len(members) > MOST_PARTS or sum(m.file_size for m in members) > MOST_UNPACKED:
                what = "Unpacked, the file is far larger than any questionnaire."
                return refuse("too-large", what, "Copy the three sheets into a new workbook.")
            for member in members:
                if member.filename.endswith((".xml", ".rels", ".vml")):
                    _look_through(parts.read(member))
    except _TrapError as trap:
        return refuse(*trap.args)
    except (*_BROKEN, NotImplementedError):
        return refuse("not-xlsx", "This is not an .xlsx file, or it is damaged.", save)
    return True


class _TrapError(Exception):
    """A part that would harm whoever unpacks it: code, what, remedy."""


def _look_through(part: bytes) -> None:
    """Raise `_TrapError` if a part declares entities, or spans more cells than a form has."""
    spanned = 0

    def declares(*_: object) -> None:
        raise _TrapError("entities", "The file declares XML entities, which no spreadsheet does.", "Do not trust it.")

    def begins(name: str, attributes: Mapping[str, str]) -> None:
        nonlocal spanned
        if name.rpartition(":")[2] in ("mergeCell", "hyperlink"):
            left, top, right, bottom = (n or 0 for n in range_boundaries(attributes.get("ref", "A1")))
            spanned += abs(right - left + 1) * abs(bottom - top + 1)
            if spanned > MOST_SPANNED:
                what = f"Merged cells or links span more than {MOST_SPANNED} cells."
                raise _TrapError("merged", what, "Unmerge the cells, take the links out, and fill in each cell.")

    parser = expat.ParserCreate()
    parser.StartDoctypeDeclHandler = declares
    parser.StartElementHandler = begins
    parser.Parse(part, True)


def _open(data: bytes, notes: Notes) -> Workbook | None:
    try:
        with warnings.catch_warnings():
            # What openpyxl drops (pictures, drop-down lists) has no part in a questionnaire.
            warnings.simplefilter("ignore")
            return load_workbook(io.BytesIO(data), keep_links=False)
    except _BROKEN:
        what = "The file is a zip, but no workbook that can be read."
        notes.error(WHOLE, "not-xlsx", what, "Open it in your spreadsheet and save it as Excel workbook (.xlsx).")
        return None


def _sheet(worksheet: Worksheet, name: str, notes: Notes) -> Sheet | None:
    for merged in sorted(worksheet.merged_cells.ranges, key=lambda m: (m.min_row or 0, m.min_col or 0)):
        what = f"The cells {merged.coord} are merged."
        notes.error((name, merged.min_row or 1), "merged", what, "Unmerge them and fill in each cell.")
    if worksheet.max_row > MOST_ROWS or worksheet.max_column > MOST_COLUMNS:
        last = f"{get_column_letter(worksheet.max_column)}{worksheet.max_row}"
        what = f"It reaches to {last}; at most {MOST_ROWS} rows and {MOST_COLUMNS} columns are read."
        remedy = (
            "Delete what is not needed, empty rows and columns with formatting too, or make several questionnaires."
        )
        notes.error((name, min(worksheet.max_row, MOST_ROWS + 1)), "too-many-rows", what, remedy)
        return None
    rows = worksheet.iter_rows()
    columns = _columns(next(rows, ()), name, notes)
    found = tuple(_rows(rows, columns, name, notes))
    return Sheet(name, tuple(c for c in columns if c is not None), found)


def _columns(cells: tuple[Cell | MergedCell, ...], sheet: str, notes: Notes) -> list[Column | None]:
    found: list[Column | None] = []
    for cell in cells:
        heading = _plain(cell, (sheet, 1), notes)
        name, _, language = heading.partition("::")
        column = (name.strip().lower().replace(" ", "_"), " ".join(language.split()))
        if column[0] == "bind" and language.strip() in ("relevant", "constraint", "required"):
            # The long way to write the same.
            column = (language.strip(), "")
        if not heading:
            found.append(None)
        elif column in found:
            what = f'Two columns are headed "{heading}".'
            notes.error((sheet, 1), "duplicate-column", what, "Delete one, or give it its own heading.")
            found.append(None)
        else:
            found.append(column)
    return found


def _rows(
    rows: Iterator[tuple[Cell | MergedCell, ...]], columns: list[Column | None], sheet: str, notes: Notes
) -> Iterator[Row]:
    told: set[int] = set()
    for number, cells in enumerate(rows, 2):
        found = {}
        for place, cell in enumerate(cells):
            words = _plain(cell, (sheet, number), notes)
            column = columns[place]
            if words and column is not None:
                found[column] = words
            elif words and place not in told:
                told.add(place)
                what = (
                    f"Cell {cell.coordinate} stands in a column without a heading of its own; the column is not read."
                )
                remedy = "Give the column a heading in row 1, or delete it."
                notes.warning((sheet, number), "no-heading", what, remedy)
        if found:
            yield Row(number, found)


def _plain(cell: Cell | MergedCell, at: At, notes: Notes) -> str:
    """Return what a cell says; empty, with a fault, where it is no plain text or number."""
    value = cell.value
    if value is None:
        return ""
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    if isinstance(value, int | float):
        return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)
    fault = _not_plain(cell)
    if fault is not None:
        code, what, remedy = fault
        notes.error(at, code, f"Cell {cell.coordinate} holds {what}.", remedy)
        return ""
    return _joined(str(value)).strip()


def _joined(value: str) -> str:
    """Write every line end alike; Excel keeps a carriage return as `_x000D_`."""
    return value.replace("_x000D_", "").replace("\r\n", "\n").replace("\r", "\n")


def _not_plain(cell: Cell | MergedCell) -> tuple[str, str, str] | None:
    """Say why what a cell holds is no text: code, what, remedy."""
    value = cell.value
    if isinstance(value, date | time | timedelta):
        return "date", "a date or a time, which is stored as a number", "Format the cell as text and write it again."
    if cell.data_type == "f" or not isinstance(value, str):
        return "formula", "a formula", "Copy the cell and paste its value only."
    if cell.data_type == "e":
        return "cell-error", f"the error {value}", "Write what should stand there."
    control = next((c for c in _joined(value) if unicodedata.category(c) == "Cc" and c not in "\n\t"), None)
    if control is not None:
        what = f"an invisible control character ({ord(control):#04x})"
        return "control-character", what, "Delete it, or write the text again."
    return None
