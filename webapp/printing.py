"""From a survey to printed sheets: what the command and the desk both do."""

from __future__ import annotations

from typing import IO

from forms import pdf
from forms.compose import Sheet, compose
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Survey
from webapp.wording import text_parameters


def sheet_of(survey: Survey, language: str | None = None) -> Sheet:
    """Compose the finished sheet of a survey.

    Args:
        survey: The survey.
        language: One of its languages; None: the first.

    Raises:
        DatasetError: `unknown-language`.
        LayoutError: Something finds no place on paper.
    """
    wanted = language or survey.languages[0]
    if wanted not in survey.languages:
        raise DatasetError(
            "unknown-language",
            f"“{survey.slug}” is not offered in “{wanted}”.",
            f"Choose one of: {', '.join(survey.languages)}.",
        )
    composed = compose(survey.instrument, text_parameters(survey, wanted), wanted, practice=survey.practice)
    return pdf.finished(composed, survey.random_id)


def new_run(instance: Instance, survey: Survey, sheets: int, language: str | None = None, *, by: str = "") -> Run:
    """Keep a new run of sheets, each with a serial of its own; `write_run` prints it.

    Raises:
        DatasetError: `unknown-language`, `bad-number-of-sheets`, `survey-final`.
        LayoutError: Something finds no place on paper.
    """
    sheet = sheet_of(survey, language)
    settings = {"language": sheet.layout.language, "sides": "one", "size": "normal"}
    return instance.runs.add(survey, sheet.layout, sheets, settings, by=by)


def write_run(instance: Instance, survey: Survey, run: Run, out: IO[bytes]) -> None:
    """Print a run: the same run gives the same pages, as long as the survey's texts are the same.

    Raises:
        DatasetError: `run-outdated`: the survey's texts or dates changed since; printing it anew would give sheets
            that don't lie as their code says.
    """
    sheet = sheet_of(survey, run.settings["language"])
    if sheet.layout.id != run.layout:
        raise DatasetError(
            "run-outdated",
            f"Run {run.id} was printed before the texts or dates of “{survey.slug}” were changed.",
            "Print a new run. Sheets of the old one that are out can still be read.",
        )
    pdf.write(sheet, run.kind, run.serials, out)
