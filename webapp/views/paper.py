"""Printing: so many sheets as a PDF, and earlier runs once more."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from typing import IO, cast

from flask import Blueprint, make_response, render_template, request, send_file, url_for
from flask.typing import ResponseReturnValue

from forms.blocks import Size
from forms.errors import FormsError
from forms.pdf import Sides
from forms.signup import write_sign_ups
from forms.slips import SLIP_SIZES_MM
from forms.testpage import languages as test_page_languages
from forms.testpage import printer_test_page
from forms.webaddress import web_address
from webapp.dataset.errors import DatasetError
from webapp.dataset.runs import MOST_SHEETS, Run
from webapp.dataset.surveys import Survey
from webapp.language import current_language, gettext, language_name
from webapp.printing import (
    PaperChoice,
    information_lacks,
    information_languages,
    information_of,
    new_run,
    paper_languages,
    sheet_grams,
    sheet_of,
    sign_up_of,
    write_page,
    write_run,
)
from webapp.views.desk import survey_page
from webapp.views.here import instance, signed_in, survey_or_404
from webapp.views.told import told

blueprint = Blueprint("paper", __name__)

_SPOOL_BYTES = 8 * 1024 * 1024

LOCAL = ("address", "phone_help", "about")
"""What the information page says of its own place, given when it is printed."""

NEEDED: Mapping[str, Callable[[], str]] = {
    "organisation": lambda: gettext("Who asks: the association's name"),
    "contact": lambda: gettext("Whom to ask about the survey"),
    "support": lambda: gettext("Whom to turn to if the questions stir something up"),
}
"""What the page can't do without, asked for where the survey has none."""

_LONGEST_VALUE = 2000

MOST_ON_A_SLIP = 3
"""Questionnaires of more questions are not offered as slips: they hardly ever fit."""


@blueprint.route("/desk/<slug>/print", methods=["GET", "POST"])
def prints(slug: str) -> ResponseReturnValue:
    """Show earlier runs; print a new one."""
    survey = survey_or_404(slug)
    wanted = request.form.get("sheets", "").strip()
    language = request.form.get("language", paper_languages(survey)[0])
    sides = Sides.TWO if request.form.get("sides") == Sides.TWO.value else Sides.ONE
    slips = next((n for n in SLIP_SIZES_MM if request.form.get("slips") == str(n)), 1)
    choice = PaperChoice(language, sides if slips == 1 else Sides.ONE, _size(), slips)
    if request.method == "GET":
        return _page(survey, wanted="20", choice=choice)
    if not _is_number_of_sheets(wanted):
        return _page(survey, wanted=wanted, choice=choice, wrong=_which_numbers(), status=422)
    try:
        run = new_run(instance(), survey, int(wanted), choice, by=signed_in().name)
        return _pdf(survey, run)
    except (DatasetError, FormsError) as error:
        return _page(survey, wanted=wanted, choice=choice, wrong=" ".join(told(error, survey.instrument)), status=422)


@blueprint.get("/desk/<slug>/print/<run_id>.pdf")
def print_again(slug: str, run_id: str) -> ResponseReturnValue:
    """Give the PDF of an earlier run once more."""
    survey = survey_or_404(slug)
    try:
        return _pdf(survey, instance().runs.get(survey, run_id))
    except (DatasetError, FormsError) as error:
        return _page(
            survey,
            wanted="20",
            wrong=" ".join(told(error, survey.instrument)),
            status=404 if error.code == "unknown-run" else 409,
        )


@blueprint.post("/desk/<slug>/print/sign-up")
def sign_ups(slug: str) -> ResponseReturnValue:
    """Give sign-up sheets for interviews as a PDF."""
    survey = survey_or_404(slug)
    wanted = request.form.get("copies", "").strip()
    size = Size.LARGE if request.form.get("size") == Size.LARGE.value else Size.NORMAL
    language = request.form.get("language", paper_languages(survey)[0])
    if not _is_number_of_sheets(wanted):
        return _page(survey, wanted="20", wrong=_which_numbers(), status=422)
    try:
        sheet = sign_up_of(survey, PaperChoice(language, size=size))
    except FormsError as error:
        return _page(survey, wanted="20", wrong=" ".join(told(error, survey.instrument)), status=422)
    out = _spooled()
    write_sign_ups(sheet, int(wanted), out)
    return _download(out, f"{survey.slug}-sign-up.pdf")


@blueprint.post("/desk/<slug>/print/information")
def information(slug: str) -> ResponseReturnValue:
    """Give the information page as a PDF."""
    survey = survey_or_404(slug)
    language = request.form.get("language", information_languages(survey)[0])
    asked = (*LOCAL, *information_lacks(survey))
    local = {name: request.form.get(name, "")[:_LONGEST_VALUE] for name in asked}
    # What was left as it was offered is the survey's own, which may have another value in the page's language.
    changed = {name: value for name, value in local.items() if value != survey.parameters.get(name, "")}
    try:
        page = information_of(survey, PaperChoice(language, size=_size()), changed)
    except (DatasetError, FormsError) as error:
        return _page(survey, wanted="20", wrong=" ".join(told(error, survey.instrument)), local=local, status=422)
    out = _spooled()
    write_page(page, out)
    return _download(out, f"{survey.slug}-information.pdf")


@blueprint.get("/desk/<slug>/print/test-page.pdf")
def test_page(slug: str) -> ResponseReturnValue:
    """Give the printer test page, in the language that is asked for or else that of the desk."""
    survey_or_404(slug)
    out = _spooled()
    write_page(printer_test_page(request.args.get("language", "")[:35] or current_language()), out)
    return _download(out, "test-page.pdf")


def _is_number_of_sheets(wanted: str) -> bool:
    # Python refuses to count with thousands of digits; nobody needs more of them than the largest number has.
    digits = wanted.isascii() and wanted.isdigit() and len(wanted) <= len(str(MOST_SHEETS))
    return digits and 1 <= int(wanted) <= MOST_SHEETS


def _which_numbers() -> str:
    return gettext("Write a number of sheets from 1 to %(most)s.", most=f"{MOST_SHEETS:,}".replace(",", " "))


def _size() -> Size:
    return Size.LARGE if request.form.get("size") == Size.LARGE.value else Size.NORMAL


def _local_values(survey: Survey) -> dict[str, str]:
    """Return what the information page's form begins with: the survey's own values, and the address one is at."""
    values = {name: survey.parameters.get(name, "") for name in LOCAL}
    if not values["address"]:
        here = url_for("respond.form", slug=survey.slug, _external=True)
        try:
            web_address(here)
        except FormsError:
            return values  # the address of this computer alone is none for others
        values["address"] = here
    return values


def _spooled() -> IO[bytes]:
    """Return a file without a name, in the instance: the answer closes it."""
    spooled = tempfile.SpooledTemporaryFile(_SPOOL_BYTES, dir=str(instance().store.incoming_path))  # noqa: SIM115 (see above)
    return cast(IO[bytes], spooled)


def _download(out: IO[bytes], name: str) -> ResponseReturnValue:
    out.seek(0)
    return send_file(out, mimetype="application/pdf", as_attachment=True, download_name=name)


def _pdf(survey: Survey, run: Run) -> ResponseReturnValue:
    """Write a run's sheets to a file without a name and send that."""
    out = _spooled()
    write_run(instance(), survey, run, out)
    return _download(out, f"{survey.slug}-{run.id}.pdf")


def _page(  # noqa: PLR0913 - each is one thing that the page shows again
    survey: Survey,
    *,
    wanted: str,
    choice: PaperChoice | None = None,
    wrong: str = "",
    local: Mapping[str, str] | None = None,
    status: int = 200,
) -> ResponseReturnValue:
    chosen = choice or PaperChoice()
    pages = _pages(survey)
    runs = [
        (run, url_for("paper.print_again", slug=survey.slug, run_id=run.id)) for run in instance().runs.list(survey)
    ]
    return make_response(
        render_template(
            "desk/print.html",
            runs=runs,
            wanted=wanted,
            wrong=wrong,
            most=MOST_SHEETS,
            pages=pages,
            slips_fit=len(survey.instrument.questions) <= MOST_ON_A_SLIP,
            local=local or _local_values(survey),
            needed=[(name, NEEDED[name]()) for name in information_lacks(survey)],
            information_languages=[(tag, language_name(tag)) for tag in information_languages(survey)],
            test_page_languages=[(tag, language_name(tag)) for tag in test_page_languages()],
            grams=[round(sheet_grams(pages, sides)) for sides in Sides],
            chosen=chosen,
            chosen_language=chosen.language or paper_languages(survey)[0],
            paper_languages=[(tag, language_name(tag)) for tag in paper_languages(survey)],
            **survey_page(survey),
        ),
        status,
    )


def _pages(survey: Survey) -> int:
    """Return how many pages one sheet has; 0 where it can't be composed, which printing then explains."""
    try:
        return sheet_of(survey).layout.pages
    except FormsError:
        return 0
