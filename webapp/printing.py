"""From a survey to printed sheets: what the command and the desk both do."""

from __future__ import annotations

from dataclasses import dataclass
from typing import IO

from forms import pdf
from forms.blocks import Size
from forms.compose import Sheet, compose
from forms.pagecode import SheetKind
from forms.pdf import LEAF_GRAMS, Sides, leaves
from forms.signup import sign_up_sheet
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Survey
from webapp.wording import text_parameters


@dataclass(frozen=True, slots=True)
class PaperChoice:
    """How sheets are printed.

    Attributes:
        language: One of the survey's languages; None: its first.
        sides: Sides of a leaf that are printed.
        size: How large the text is set.
    """

    language: str | None = None
    sides: Sides = Sides.ONE
    size: Size = Size.NORMAL


def sheet_of(survey: Survey, choice: PaperChoice | None = None) -> Sheet:
    """Compose the finished sheet of a survey.

    Args:
        survey: The survey.
        choice: How it is printed; None: normal size in the survey's first language.

    Raises:
        DatasetError: `unknown-language`.
        LayoutError: Something finds no place on paper.
    """
    chosen = choice or PaperChoice()
    wanted = chosen.language or survey.languages[0]
    if wanted not in survey.languages:
        raise DatasetError(
            "unknown-language",
            f"“{survey.slug}” is not offered in “{wanted}”.",
            f"Choose one of: {', '.join(survey.languages)}.",
        )
    parameters = text_parameters(survey, wanted)
    kind = SheetKind.PRACTICE if survey.practice else SheetKind.SHEET
    composed = compose(survey.instrument, parameters, wanted, style=chosen.size.style, kind=kind)
    return pdf.finished(composed, survey.random_id)


def sign_up_of(survey: Survey, choice: PaperChoice) -> Sheet:
    """Compose the sign-up sheet for interviews with a survey's parameters.

    Raises:
        LayoutError: It does not fit on one page, such as with a very long address.
    """
    language = choice.language or survey.languages[0]
    return sign_up_sheet(text_parameters(survey, language), language, choice.size)


def sheet_grams(pages: int, sides: Sides) -> float:
    """Return what a sheet of so many pages weighs on ordinary paper of 80 g/m², in grams, for the postage."""
    return leaves(pages, sides) * LEAF_GRAMS


def new_run(instance: Instance, survey: Survey, sheets: int, choice: PaperChoice | None = None, *, by: str = "") -> Run:
    """Keep a new run of sheets, each with a serial of its own; `write_run` prints it.

    Raises:
        DatasetError: `unknown-language`, `bad-number-of-sheets`, `survey-final`.
        LayoutError: Something finds no place on paper.
    """
    chosen = choice or PaperChoice()
    sheet = sheet_of(survey, chosen)
    settings = {"language": sheet.layout.language, "sides": chosen.sides.value, "size": chosen.size.value}
    return instance.runs.add(survey, sheet.layout, sheets, settings, by=by)


def write_run(instance: Instance, survey: Survey, run: Run, out: IO[bytes]) -> None:
    """Print a run: the same run gives the same pages, as long as the survey's texts are the same.

    Raises:
        DatasetError: `run-outdated`: the survey's texts or dates changed since; printing it anew would give sheets
            that don't lie as their code says.
    """
    sides, size = Sides(run.settings["sides"]), Size(run.settings["size"])
    sheet = sheet_of(survey, PaperChoice(run.settings["language"], sides, size))
    if sheet.layout.id != run.layout:
        raise DatasetError(
            "run-outdated",
            f"Run {run.id} was printed before the texts or dates of “{survey.slug}” were changed.",
            "Print a new run. Sheets of the old one that are out can still be read.",
        )
    pdf.write(sheet, run.kind, run.serials, out, sides=sides)
