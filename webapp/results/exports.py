"""Data and codebook as files, for work inside the association (level `full`).

CSV: UTF-8 with BOM, comma, one row a response under its random key and in the order of these keys; a column a single
choice, a 0/1 column an option of a multiple choice, own words in columns of their own, a status column where
something was unclear, passed over or not returned, a flags column where an option for own words and the words do not
go together. Where a question is not answered, only its status tells of it; where nobody knows whether an option is
meant, its cell is empty. A cell that a spreadsheet would take for a formula gets an apostrophe in front. JSON holds the
same without that.
"""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import partial
from pathlib import Path

from forms.answers import Answer, Status
from forms.model import Instrument, Kind, Question
from webapp.dataset.answers import ABOUT_OTHER, Item, Response
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Survey
from webapp.results.codebook import SEPARATOR, Codebook, codebook
from webapp.wording import text_parameters

SIGNS = "=+-@\N{FULLWIDTH EQUALS SIGN}\N{FULLWIDTH PLUS SIGN}\N{FULLWIDTH HYPHEN-MINUS}\N{FULLWIDTH COMMERCIAL AT}"
FORMULA_STARTS = (*SIGNS, "\t", "\r", "\n")
"""Beginnings that make a spreadsheet calculate (OWASP, CSV injection)."""

INSIDE = re.compile(f"(?<=[;\t\r\n])(?=[{re.escape(SIGNS)}])")
"""Places inside a cell at which a spreadsheet may begin another one: a Swedish one parts cells at semicolons, and then
takes no notice of quotation marks in the middle of what it reads."""

DATA_FORMAT = "kryssklick-data/1"
CODEBOOK_FORMAT = "kryssklick-codebook/1"


class ExportFormat(StrEnum):
    """What an export can be written as."""

    CSV = "csv"
    JSON = "json"


class Level(StrEnum):
    """For whom an export is."""

    FULL = "full"
    RESEARCH = "research"
    RELEASE = "release"


@dataclass(frozen=True, slots=True)
class ExportFile:
    """One file of an export.

    Attributes:
        name: File name.
        content: Bytes.
    """

    name: str
    content: bytes


def export(
    instance: Instance, survey: Survey, wanted: ExportFormat, level: Level = Level.FULL
) -> tuple[ExportFile, ...]:
    """Make the files of an export: the data first, then the codebook.

    Args:
        instance: The instance.
        survey: The survey.
        wanted: Format of the data.
        level: Only `full` so far.

    Raises:
        DatasetError: `level-not-yet`: what may leave the association is made after freezing.
    """
    if level is not Level.FULL:
        what = f"The level “{level.value}” can't be made of “{survey.slug}”: it is {survey.state.value}."
        remedy = "Export with --level full for work inside the association. The other levels come after freezing."
        raise DatasetError("level-not-yet", what, remedy)
    with instance.store.db.snapshot():
        current = instance.surveys.get(survey.slug)
        counts = instance.responses.counts(current)
        responses = list(instance.responses.all(current))
    odd = {Item.PASSED_OVER.value, Item.UNCLEAR.value, Item.NOT_RETURNED.value}
    with_status = frozenset(question for _, question, item in counts if item in odd)
    with_flags = frozenset(question for _, question, item in counts if item in ABOUT_OTHER)
    book = codebook(current, partial(text_parameters, current), with_status, with_flags)
    rows = _Rows(book, lambda version: instance.surveys.instrument(current, version))
    if wanted is ExportFormat.CSV:
        return (
            ExportFile(f"{current.slug}.csv", _csv(rows.header(), (rows.row(r) for r in responses))),
            ExportFile(f"{current.slug}-codebook.csv", _codebook_csv(book)),
            ExportFile(f"{current.slug}-codebook.json", _json(codebook_plain(book))),
        )
    plain = {
        "format": DATA_FORMAT,
        "survey": current.slug,
        "instrument": book.instrument,
        "version": book.version,
        "responses": [dict(zip(rows.header(), rows.row(r), strict=True)) for r in responses],
    }
    return (
        ExportFile(f"{current.slug}.json", _json(plain)),
        ExportFile(f"{current.slug}-codebook.json", _json(codebook_plain(book))),
    )


def write(files: tuple[ExportFile, ...], folder: Path) -> tuple[Path, ...]:
    """Write the files of an export into a folder, made where there is none; each whole or not at all.

    Raises:
        DatasetError: `not-written`: says why.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        paths = []
        for file in files:
            unfinished = folder / f".{file.name}.part"
            unfinished.write_bytes(file.content)
            paths.append(unfinished.replace(folder / file.name))
        return tuple(paths)
    except OSError as error:
        what = f"{folder} can't be written: {error.strerror or error}."
        raise DatasetError("not-written", what, "Choose another folder, or make room.") from error


@dataclass(frozen=True, slots=True)
class _Rows:
    """Turns responses into rows of cells, in the order of the codebook."""

    book: Codebook
    instrument: Callable[[str], Instrument]

    def header(self) -> list[str]:
        return [v.name for v in self.book.variables]

    def row(self, response: Response) -> list[str]:
        cells: dict[str, str] = {
            "response": response.key.hex(),
            "channel": response.channel.value,
            "language": response.language,
            "version": response.version,
        }
        instrument = self.instrument(response.version)
        for answer in response.answers:
            cells.update(_cells(instrument.by_id[answer.question], answer))
        return [cells.get(name, "") for name in self.header()]


def _cells(question: Question, answer: Answer) -> Iterator[tuple[str, str]]:
    """Yield the cells of one answer by column; those left out are empty."""
    texts = dict(answer.texts)
    own = texts.pop(None, "")
    yield f"{question.id}{SEPARATOR}status", status_of(answer)
    if answer.status is not Status.ANSWERED:
        return
    yield f"{question.id}{SEPARATOR}flags", " ".join(f.value for f in ABOUT_OTHER if f in answer.flags)
    if question.kind is Kind.MULTIPLE:
        for option in question.options:
            if option.id not in answer.unsettled:
                yield f"{question.id}{SEPARATOR}{option.id}", str(int(option.id in answer.options))
    elif question.kind is Kind.TEXT:
        yield question.id, own
    else:
        coded = own.isascii() and own.isdigit() if question.kind in (Kind.NUMBER, Kind.PLACE) else False
        yield question.id, answer.options[0] if answer.options else own if coded else ""
        if own and (not coded or answer.options):
            yield f"{question.id}{SEPARATOR}text", own
    for option_id, text in texts.items():
        yield f"{question.id}{SEPARATOR}{option_id}{SEPARATOR}text", text


def status_of(answer: Answer) -> str:
    """Return what stands in the status column: empty where the question was asked and answered or left blank."""
    if answer.asked:
        return answer.status.value if answer.status in (Status.UNCLEAR, Status.NOT_RETURNED) else ""
    if answer.status is Status.ANSWERED:
        return "answered although passed over"
    return "unclear although passed over" if answer.status is Status.UNCLEAR else "passed over"


def neutral(cell: str) -> str:
    """Put an apostrophe before whatever a spreadsheet would take for a formula, wherever it would begin a cell."""
    inside = INSIDE.sub("'", cell)
    return f"'{inside}" if cell.startswith(FORMULA_STARTS) else inside


def _csv(header: list[str], rows: Iterator[list[str]]) -> bytes:
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(header)
    for row in rows:
        writer.writerow([neutral(cell) for cell in row])
    return b"\xef\xbb\xbf" + out.getvalue().encode()


def _codebook_csv(book: Codebook) -> bytes:
    """Write the codebook as a table: a row a column, and a row each value it may hold."""
    languages = book.languages
    header = ["column", "kind", "number", "value", *(f"label_{tag}" for tag in languages)]
    header += ["compares_with", "comparison"]

    def rows() -> Iterator[list[str]]:
        for v in book.variables:
            labels = [v.label.to(tag) for tag in languages]
            yield [v.name, v.kind, str(v.number or ""), "", *labels, v.compares_with, v.comparison]
            for value, text in v.values:
                yield [v.name, v.kind, str(v.number or ""), value, *(text.to(tag) for tag in languages), "", ""]

    return _csv(header, rows())


def codebook_plain(book: Codebook) -> dict[str, object]:
    """Return the codebook as JSON holds it."""

    def labels(translations: tuple[tuple[str, str], ...]) -> Mapping[str, str]:
        return dict(translations)

    return {
        "format": CODEBOOK_FORMAT,
        "survey": book.survey,
        "instrument": book.instrument,
        "version": book.version,
        "languages": list(book.languages),
        "title": labels(book.title.translations),
        "variables": [
            {
                "name": v.name,
                "kind": v.kind,
                "question": v.question,
                "number": v.number,
                "option": v.option,
                "label": labels(v.label.translations),
                "values": [{"value": value, "label": labels(text.translations)} for value, text in v.values],
                "compares_with": v.compares_with,
                "comparison": v.comparison,
            }
            for v in book.variables
        ],
    }


def _json(plain: object) -> bytes:
    return (json.dumps(plain, ensure_ascii=False, indent=1) + "\n").encode()
