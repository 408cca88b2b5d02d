"""From a survey to printed sheets: what the command and the desk both do."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import IO

from forms import pdf
from forms.blocks import Size
from forms.compose import Sheet, compose
from forms.errors import LayoutError
from forms.information import NEEDED, PARAMETERS, information_page, language_for, languages
from forms.model import texts_of
from forms.pagecode import SheetKind
from forms.pdf import LEAF_GRAMS, Sides, leaves
from forms.signup import NO_SERIAL, sign_up_sheet
from forms.slips import compose_slip
from forms.typeface import missing_letters
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.parameters import in_language
from webapp.dataset.runs import Run
from webapp.dataset.surveys import Survey
from webapp.wording import text_parameters


@dataclass(frozen=True, slots=True)
class PaperChoice:
    """How sheets are printed.

    Attributes:
        language: One of the survey's languages; None: its first that paper has letters for.
        sides: Sides of a leaf that are printed.
        size: How large the text is set.
        slips: Slips on a leaf, 2 or 4; 1: whole sheets.
    """

    language: str | None = None
    sides: Sides = Sides.ONE
    size: Size = Size.NORMAL
    slips: int = 1


def paper_languages(survey: Survey) -> tuple[str, ...]:
    """Return the languages of a survey whose texts the paper's font has letters for.

    All of them where it has letters for none, so that printing says what is missing.
    """
    return _lettered(survey) or survey.languages


def _lettered(survey: Survey) -> tuple[str, ...]:
    texts = tuple(texts_of(survey.instrument))
    return tuple(tag for tag in survey.languages if not any(missing_letters(text.to(tag)) for text in texts))


def paper_faults(survey: Survey) -> tuple[LayoutError, ...]:
    """Return why a survey can't be printed in ordinary size, each reason once; empty where it can.

    A language that paper has no letters for is asked on screen by its nature, and no fault.
    """
    found: dict[str, LayoutError] = {}
    for tag in _lettered(survey):
        try:
            compose(survey.instrument, text_parameters(survey, tag), tag)
        except LayoutError as error:
            found.setdefault(error.code, error)
    return tuple(found.values())


def sheet_of(survey: Survey, choice: PaperChoice | None = None) -> Sheet:
    """Compose the finished sheet, or slip, of a survey.

    Args:
        survey: The survey.
        choice: How it is printed; None: normal size in the survey's first language that paper has.

    Raises:
        DatasetError: `unknown-language`.
        LayoutError: Something finds no place on paper.
    """
    chosen = choice or PaperChoice()
    wanted = chosen.language or paper_languages(survey)[0]
    if wanted not in survey.languages:
        raise DatasetError(
            "unknown-language",
            f"“{survey.slug}” is not offered in “{wanted}”.",
            f"Choose one of: {', '.join(survey.languages)}.",
        )
    parameters = text_parameters(survey, wanted)
    kind = SheetKind.PRACTICE if survey.practice else SheetKind.SHEET
    style = chosen.size.style
    if chosen.slips == 1:
        composed = compose(survey.instrument, parameters, wanted, style=style, kind=kind)
    else:
        composed = compose_slip(survey.instrument, parameters, wanted, slips=chosen.slips, style=style, kind=kind)
    return pdf.finished(composed, survey.random_id)


def sign_up_of(survey: Survey, choice: PaperChoice) -> Sheet:
    """Compose the sign-up sheet for interviews with a survey's parameters.

    Raises:
        LayoutError: It does not fit on two pages, such as with a very long address.
    """
    language = choice.language or paper_languages(survey)[0]
    return sign_up_sheet(text_parameters(survey, language), language, choice.size)


def information_languages(survey: Survey) -> tuple[str, ...]:
    """Return the languages of a survey that its information page is written in; all of the page's where none is."""
    spoken = (language_for(tag) for tag in survey.languages)
    return tuple(dict.fromkeys(tag for tag in spoken if tag is not None)) or languages()


def information_lacks(survey: Survey) -> tuple[str, ...]:
    """Return the parameters that the information page needs and that a survey has in no language."""
    given = [in_language(survey.parameters, tag) for tag in survey.languages]
    return tuple(name for name in NEEDED if not any(values.get(name, "").strip() for values in given))


def information_of(survey: Survey, choice: PaperChoice, local: Mapping[str, str] | None = None) -> Sheet:
    """Compose the information page of a survey.

    Args:
        survey: The survey.
        choice: Language and size.
        local: Values for this one page, before the survey's own: another contact, a word about the place; an empty one
            leaves out what the survey has.

    Raises:
        DatasetError: `unknown-parameter`: a value that the page has no place for.
        LayoutError: The page lacks something, or does not fit on one side.
    """
    own = dict(local or {})
    unknown = sorted(set(own) - set(PARAMETERS))
    if unknown:
        raise DatasetError(
            "unknown-parameter",
            f"The information page has no place for {', '.join(unknown)}.",
            f"It has: {', '.join(PARAMETERS)}; dates are given to the survey.",
        )
    language = choice.language or information_languages(survey)[0]
    values = text_parameters(survey, language) | own
    return information_page(survey.title(language), values, language, choice.size, practice=survey.practice)


def write_page(sheet: Sheet, out: IO[bytes]) -> None:
    """Write one copy of a page that has no number: an information page or a printer test page."""
    pdf.write(sheet, SheetKind.TEST, (NO_SERIAL,), out)


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
    if chosen.slips > 1:
        settings["slips"] = str(chosen.slips)
    return instance.runs.add(survey, sheet.layout, sheets, settings, by=by)


def slips_of(run: Run) -> int:
    """Return how many slips a run has on a leaf; 1 for whole sheets."""
    return int(run.settings.get("slips", "1"))


def write_run(instance: Instance, survey: Survey, run: Run, out: IO[bytes]) -> None:
    """Print a run: the same run gives the same pages, as long as the survey's texts are the same.

    Raises:
        DatasetError: `run-outdated`: the survey's texts or dates changed since; printing it anew would give sheets
            that don't lie as their code says.
    """
    sides, size = Sides(run.settings["sides"]), Size(run.settings["size"])
    sheet = sheet_of(survey, PaperChoice(run.settings["language"], sides, size, slips_of(run)))
    if sheet.layout.id != run.layout:
        raise DatasetError(
            "run-outdated",
            f"Run {run.id} was printed before the texts or dates of “{survey.slug}” were changed.",
            "Print a new run. Sheets of the old one that are out can still be read.",
        )
    pdf.write(sheet, run.kind, run.serials, out, sides=sides)
