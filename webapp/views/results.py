"""Results inside the association: every question with bases and counts, the texts, and the data to take along."""

from __future__ import annotations

import io
import math
import zipfile
from dataclasses import dataclass
from itertools import islice

from flask import Blueprint, abort, flash, redirect, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.model import Kind, Question, fill
from webapp.dataset.errors import DatasetError
from webapp.dataset.surveys import Survey
from webapp.language import current_language, gettext
from webapp.results.exports import ExportFormat, export
from webapp.results.tables import TOGETHER, QuestionTable, Row
from webapp.results.tables import results as tables_of
from webapp.views.desk import standing, survey_page
from webapp.views.here import instance, survey_or_404
from webapp.views.told import told
from webapp.views.words import CHANNELS
from webapp.wording import text_parameters

blueprint = Blueprint("results", __name__)

MOST_TEXTS = 1000
"""Texts on one page; they are shuffled each time, so a page shows a random part of more."""


@dataclass(frozen=True, slots=True)
class Line:
    """One row of a table: a label, counts by column, and how much of the bar is filled.

    Attributes:
        label: What is counted.
        counts: By column, in the order of the page's columns.
        shares: Likewise, as text; empty where the table has no shares.
        bar: Share of all channels together, 0 to 1; None where there is no bar.
        note: What to know about the row; empty where there is nothing.
    """

    label: str
    counts: tuple[int, ...]
    shares: tuple[str, ...] = ()
    bar: float | None = None
    note: str = ""


@dataclass(frozen=True, slots=True)
class Block:
    """One question as the page shows it.

    Attributes:
        id: Question id.
        number: Its printed number.
        wording: The question.
        given: Answers given by column: the base of the shares.
        lines: The options, or the numbers or places that were given.
        groups: Places: subregions, before the places themselves.
        bases: What the figures are counts of.
        waiting: Responses in which something here waits for a person.
        texts: Texts in all.
        median: Numbers: least, middle and greatest; empty for other kinds.
    """

    id: str
    number: int
    wording: str
    given: tuple[int, ...]
    lines: tuple[Line, ...]
    groups: tuple[Line, ...]
    bases: tuple[Line, ...]
    waiting: int
    texts: int
    median: str


def column_name(column: str) -> str:
    """Return a column's heading."""
    return gettext("Together") if column == TOGETHER else CHANNELS[column]()


def percent(value: float | None) -> str:
    """Return a share from 0 to 1 in whole percent, a half upwards as people round; a dash where there is none."""
    # The small addend takes up what binary fractions lose of a share such as 0.145.
    return "–" if value is None else f"{math.floor(100 * value + 0.5 + 1e-9)} %"


@dataclass(frozen=True, slots=True)
class _Blocks:
    """What the blocks of a page are made with."""

    language: str
    parameters: dict[str, str]

    def block(self, table: QuestionTable) -> Block:
        """Turn one question's table into what the page shows."""
        question = table.question
        numbers = table.numbers.get(TOGETHER)
        median = ""
        if numbers is not None:
            median = gettext(
                "from %(least)s to %(greatest)s, the middle one is %(median)s",
                least=numbers.least,
                greatest=numbers.greatest,
                median=numbers.median,
            )
        rows = (*table.places, *table.values, *table.options)
        return Block(
            id=question.id,
            number=table.number,
            wording=fill(question.wording.default.to(self.language), self.parameters),
            given=tuple(table.bases[c].given for c in table.columns),
            lines=tuple(self.line(table, row) for row in rows),
            groups=tuple(self.line(table, row) for row in table.subregions),
            bases=_bases(table),
            waiting=table.bases[TOGETHER].waiting,
            texts=sum(counts.get(TOGETHER, 0) for counts in table.texts.values()) if _has_texts(question) else 0,
            median=median,
        )

    def line(self, table: QuestionTable, row: Row) -> Line:
        """Turn one row of a table into what the page shows."""
        return Line(
            label=fill(row.label.to(self.language), self.parameters),
            counts=tuple(row.counts.get(c, 0) for c in table.columns),
            shares=tuple(percent(table.share(row, c)) for c in table.columns),
            bar=table.share(row, TOGETHER) or 0.0,
            note=row.group if row.current else gettext("only in an earlier version"),
        )


def _has_texts(question: Question) -> bool:
    """Tell whether a question's texts are words to read: a number or a place is counted instead."""
    return question.kind is Kind.TEXT or any(o.other for o in question.options)


def _bases(table: QuestionTable) -> tuple[Line, ...]:
    bases = [table.bases[c] for c in table.columns]
    named: list[tuple[str, list[int]]] = [
        (gettext("All responses"), [b.responses for b in bases]),
        (gettext("Passed over by the routing"), [b.passed_over for b in bases]),
        (gettext("Asked"), [b.asked for b in bases]),
        (gettext("– answered"), [b.answered for b in bases]),
        (gettext("– blank"), [b.blank for b in bases]),
        (gettext("– unclear"), [b.unclear for b in bases]),
        (gettext("– not returned"), [b.not_returned for b in bases]),
        (gettext("Answered although passed over"), [b.although for b in bases]),
        (gettext("All answers given"), [b.given for b in bases]),
    ]
    odd: list[tuple[str, list[int]]] = [
        (gettext("– own words only, no box crossed"), [b.words_alone for b in bases]),
        (gettext("– an option for own words crossed, no words"), [b.other_without_text for b in bases]),
        (gettext("– own words beside an option that is not crossed"), [b.text_without_other for b in bases]),
        (gettext("– with an option that is unclear"), [b.unsettled for b in bases]),
    ]
    named += [(label, counts) for label, counts in odd if any(counts)]
    return tuple(Line(label, tuple(counts)) for label, counts in named)


@blueprint.get("/desk/<slug>/results")
def results(slug: str) -> ResponseReturnValue:
    """Show every question with its bases and counts, for each channel and together."""
    survey = survey_or_404(slug)
    tables = tables_of(instance(), survey, all_channels=True)
    language = current_language()
    maker = _Blocks(language, text_parameters(survey, language))
    return render_template(
        "desk/results.html",
        columns=[column_name(c) for c in tables.columns],
        responses=[(column_name(c), tables.responses.get(c, 0)) for c in tables.columns],
        blocks=[maker.block(table) for table in tables.questions],
        standing=standing(survey),
        formats=[f.value for f in ExportFormat],
        **survey_page(survey),
    )


@blueprint.get("/desk/<slug>/results/<question_id>")
def texts(slug: str, question_id: str) -> ResponseReturnValue:
    """Show what people wrote at one question, shuffled each time."""
    survey = survey_or_404(slug)
    question = survey.instrument.by_id.get(question_id)
    if question is None or not _has_texts(question):
        abort(404)
    language = current_language()
    parameters = text_parameters(survey, language)
    labels = {o.id: fill(o.label.to(language), parameters).removesuffix(":") for o in question.options}
    written = list(islice(instance().responses.texts(survey, question_id), MOST_TEXTS))
    return render_template(
        "desk/texts.html",
        wording=fill(question.wording.default.to(language), parameters),
        number=survey.instrument.numbers[question_id],
        texts=[(labels.get(option, ""), text) for option, text in written],
        most=MOST_TEXTS,
        **survey_page(survey),
    )


@blueprint.get("/desk/<slug>/export.zip")
def download(slug: str) -> ResponseReturnValue:
    """Give data and codebook as one file."""
    survey = survey_or_404(slug)
    wanted = request.args.get("format", ExportFormat.CSV.value)
    if wanted not in list(ExportFormat):
        abort(404)
    try:
        return _zip(survey, ExportFormat(wanted))
    except DatasetError as error:
        flash(" ".join(told(error)), "waits")
        return redirect(url_for("results.results", slug=survey.slug), 303)


def _zip(survey: Survey, wanted: ExportFormat) -> ResponseReturnValue:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as archive:
        for file in export(instance(), survey, wanted):
            archive.writestr(file.name, file.content)
    packed.seek(0)
    name = f"{survey.slug}-{wanted.value}.zip"
    return send_file(packed, mimetype="application/zip", as_attachment=True, download_name=name)
