"""Workbooks for tests, written as tables that a person can read."""

import io
from collections.abc import Sequence

from openpyxl import Workbook

from forms.xlsform import Imported, read


def rows_of(table: str) -> list[list[str]]:
    """Turn `| a | b |` lines into rows; `\\n` in a cell is a line break."""
    lines = [line.strip() for line in table.strip().splitlines()]
    return [[cell.strip().replace("\\n", "\n") for cell in line.strip("|").split("|")] for line in lines]


def workbook(**sheets: str | Sequence[Sequence[object]]) -> Workbook:
    """Make a workbook; each sheet is a table or rows of values."""
    book = Workbook()
    book.remove(book.worksheets[0])
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows_of(rows) if isinstance(rows, str) else rows:
            sheet.append([None if value == "" else value for value in row])
    return book


def saved(book: Workbook) -> bytes:
    data = io.BytesIO()
    book.save(data)
    return data.getvalue()


SETTINGS = """
| form_title | form_id | default_language |
| Besöket    | besoket | Svenska (sv)     |
"""

YES_NO = """
| list_name | name | label    |
| ja_nej    | ja   | Ja       |
| ja_nej    | nej  | Nej      |
| ja_nej    | vet  | Vet inte |
"""


def imported(survey: str, choices: str | None = None, settings: str = SETTINGS) -> Imported:
    """Import a form; the list ja_nej is there where the survey uses it."""
    if choices is None:
        choices = YES_NO if "ja_nej" in survey else "| list_name | name | label |"
    return read(saved(workbook(survey=survey, choices=choices, settings=settings)), "besok.xlsx")
