"""The respondent's pages: no session, no cookie, no script; the answer is sealed as soon as it has arrived."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from flask import Blueprint, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from forms.answers import NOTHING, Given, SubmissionFault, submission_faults, to_payload, without_passed_over
from forms.model import Instrument, fallbacks
from forms.phrases import phrases
from forms.places import codes
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.surveys import Survey, SurveyState
from webapp.headers import overheard
from webapp.language import direction, gettext, interface_language, language_name, readable, use_language
from webapp.views.errors import error_page
from webapp.views.formview import FormView, QuestionView, answer_words, form_view, text_words
from webapp.views.here import EXTENSION, instance, survey_or_404
from webapp.views.phonedata import Phone, phone, script_address
from webapp.views.posted import is_submission_id, new_submission_id, read_given
from webapp.views.told import told as error_words
from webapp.wording import text_parameters

blueprint = Blueprint("respond", __name__)

NEUTRAL = "https://www.smhi.se/"
"""Where the way out leads: a page that anybody may have open. It is not told where its visitor comes from."""

_BETWEEN = re.compile("[-_. –]")
_ALIKE = str.maketrans("01i", "oll")

_OWN_SITES = frozenset({"same-origin", "none"})


_Removed = tuple[tuple[QuestionView, list[str]], ...]
"""Questions whose answers don't count any more, with those answers in words."""


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request to a survey's page.

    Attributes:
        survey: The survey.
        instrument: The version that the page shows.
        language: The language that its questions stand in.
    """

    survey: Survey
    instrument: Instrument
    language: str

    @property
    def parameters(self) -> dict[str, str]:
        """What fills the texts, dates in words."""
        return text_parameters(self.survey, self.language)

    def form(self, given: Mapping[str, Given] | None = None, faults: tuple[SubmissionFault, ...] = ()) -> FormView:
        """Return the page's questions with what was answered so far."""
        return form_view(self.instrument, self.parameters, self.language, given, faults)

    def phone(self, *, begins: bool, again: bool = False) -> Phone:
        """Return what the page tells the script on the phone."""
        return phone(self.survey, self.instrument, self.language, begins=begins, again=again)

    def page(self, template: str, status: int = 200, **more: object) -> ResponseReturnValue:
        """Show one of the respondent's pages."""
        return make_response(render_template(template, **page_values(self.survey, self.language) | more), status)


def page_values(survey: Survey, language: str) -> dict[str, object]:
    """Return what every page of a survey needs besides its questions.

    Args:
        survey: The survey.
        language: The language that its texts are shown in.

    Returns:
        Values for the templates. `ours` are the attributes of an element in the interface's own words: empty where
        the page's language is one of the interface's. `theirs` are those of the survey's words inside of such.
    """
    addresses = [
        (tag, language_name(tag), url_for("respond.form", slug=survey.slug, lang=tag)) for tag in survey.languages
    ]
    interface = interface_language(language)
    same = interface in fallbacks(language)
    values = text_parameters(survey, language)
    return {
        "survey": survey,
        "languages": addresses,
        "shown_language": language,
        "reads": direction(language),
        "ours": "" if same else _attributes(interface),
        "theirs": "" if same else _attributes(language),
        "said": phrases(language),
        "contact": readable(values.get("contact", ""), language),
        "purging": values.get("purging", ""),
        "way_out": url_for("respond.away"),
        "home": url_for("respond.form", slug=survey.slug, lang=language),
        "sign_up": _sign_up(survey, language),
    }


def _sign_up(survey: Survey, language: str) -> str:
    """Return the address of the interview sign-up; empty where none is offered, and in a preview without instance."""
    offered = EXTENSION in current_app.extensions and instance().contacts.offered(survey)
    return url_for("signup.page", slug=survey.slug, lang=language) if offered else ""


def _attributes(tag: str) -> Markup:
    return Markup(' lang="{}" dir="{}"').format(tag, direction(tag))


def first_page(survey: Survey, instrument: Instrument, language: str, script: Phone | None = None) -> str:
    """Return a survey's page as a person meets it, nothing answered yet.

    Args:
        survey: The survey.
        instrument: The version that is shown.
        language: One of the survey's languages.
        script: What it tells the script on the phone; None: a page that only looks like one.
    """
    use_language(language)
    visit = _Visit(survey, instrument, language)
    return render_template(
        "respond/form.html", **page_values(survey, language), **_form_values(visit, visit.form(), ""), phone=script
    )


@blueprint.get("/")
def start() -> ResponseReturnValue:
    """Lead to the one open survey, or let a person choose among several."""
    wanted = request.args.get("lang", "")
    use_language(wanted)
    now = instance().store.now()
    surveys = [s for s in instance().surveys.list() if s.state is SurveyState.OPEN and s.begins(now)]
    if len(surveys) == 1:
        tag = wanted if wanted in surveys[0].languages else None
        return redirect(url_for("respond.form", slug=surveys[0].slug, lang=tag), 303)
    choices = []
    for survey in surveys:
        tag = wanted if wanted in survey.languages else survey.languages[0]
        title = text_words(survey.instrument.title, tag, text_parameters(survey, tag))
        choices.append((title, url_for("respond.form", slug=survey.slug, lang=tag), tag))
    languages = [(tag, language_name(tag), url_for("respond.start", lang=tag)) for tag in ("sv", "en")]
    shown = wanted if wanted in ("sv", "en") else "sv"
    values = {"languages": languages, "shown_language": shown, "way_out": url_for("respond.away")}
    values["eraser"] = script_address()
    return render_template("respond/list.html", surveys=choices, **values)


@blueprint.get("/away")
def away() -> ResponseReturnValue:
    """Lead on to the neutral page: what the browser's "back" finds after somebody has left a survey at once."""
    return redirect(NEUTRAL, 302)


@blueprint.route("/s/<slug>", methods=["GET", "POST"])
def form(slug: str) -> ResponseReturnValue:
    """Show a survey's questions, and take the answers."""
    if request.method == "GET" and (meant := _meant(slug)):
        return redirect(url_for("respond.form", slug=meant, lang=request.args.get("lang")), 303)
    visit = _visit(slug, request.form.get("lang") or request.args.get("lang", ""))
    if request.method == "POST":
        return _take(visit)
    if not visit.survey.begins(instance().store.now()):
        return visit.page("respond/closed.html", 410, form=visit.form(), kept=(), phone=visit.phone(begins=False))
    return _show(visit)


def _meant(slug: str) -> str:
    """Return the survey that somebody means who copied its address from paper by hand; empty where it is not clear.

    Capital letters, hyphens left out, 0 for o and 1 or i for l make no difference where only one open survey fits.
    """
    surveys = instance().surveys.list()
    if any(s.slug == slug for s in surveys):
        return ""
    alike = [s.slug for s in surveys if s.state is SurveyState.OPEN and _skeleton(s.slug) == _skeleton(slug)]
    return alike[0] if len(alike) == 1 else ""


def _skeleton(slug: str) -> str:
    return _BETWEEN.sub("", slug.lower()).translate(_ALIKE)


@blueprint.get("/s/<slug>/thanks")
def thanks(slug: str) -> ResponseReturnValue:
    """Say that an answer has arrived; nothing here tells whose."""
    visit = _visit(slug, request.args.get("lang", ""))
    words = text_words(visit.instrument.thanks, visit.language, visit.parameters)
    return visit.page("respond/thanks.html", form=visit.form(), thanks=words, eraser=script_address())


@blueprint.get("/s/<slug>/tablet")
def tablet(slug: str) -> ResponseReturnValue:
    """Tell whoever is responsible for a device at a meeting what tablet mode is; the survey's own page starts it."""
    visit = _visit(slug, request.args.get("lang", ""))
    return visit.page("respond/tablet.html", form=visit.form())


def _visit(slug: str, wanted: str) -> _Visit:
    use_language(wanted)
    survey = survey_or_404(slug)
    language = wanted if wanted in survey.languages else survey.languages[0]
    use_language(language)
    version = request.form.get("version", "")
    known = version in survey.versions
    shown = instance().surveys.instrument(survey, version) if known else survey.instrument
    return _Visit(survey, shown, language)


def _show(  # noqa: PLR0913 (a page has that many states)
    visit: _Visit,
    given: Mapping[str, Given] | None = None,
    *,
    faults: tuple[SubmissionFault, ...] = (),
    removed: _Removed = (),
    submission_id: str = "",
    extra: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    """Show the form, empty or with what was answered."""
    values = _form_values(visit, visit.form(given, faults), submission_id or new_submission_id(), removed)
    again = given is not None
    values |= {"extra": extra, "overheard": overheard()}
    return visit.page("respond/form.html", status, **values, phone=visit.phone(begins=True, again=again))


def _form_values(visit: _Visit, view: FormView, submission_id: str, removed: _Removed = ()) -> dict[str, object]:
    return {
        "form": view,
        "removed": removed,
        "without": " ".join(q.id for q, _ in removed),
        "submission_id": submission_id,
        "version": visit.instrument.version,
        "action": url_for("respond.form", slug=visit.survey.slug, lang=visit.language),
    }


def _take(visit: _Visit) -> ResponseReturnValue:
    """Take what was sent, unless it comes from elsewhere or too late."""
    if not from_own_page():
        return error_page(
            403,
            heading=gettext("The answers did not come from the survey's own page"),
            what=gettext("Another site tried to send answers through your browser. Nothing was stored."),
            remedy=gettext("Open the survey by its own address and answer there."),
        )
    given = read_given(visit.instrument, request.form.to_dict(flat=False))
    if not visit.survey.counts_at(instance().store.now()):
        return _closed(visit, given)
    submission_id = request.form.get("id", "")
    if "show" in request.form:
        return _show_again(visit, given, submission_id)
    if not is_submission_id(submission_id):
        told = gettext("The form was damaged on its way. Check your answers and send once more.")
        return _show(visit, given, extra=told, status=400)
    return _judge(visit, submission_id, given)


def _show_again(visit: _Visit, given: Mapping[str, Given], submission_id: str) -> ResponseReturnValue:
    """Show the form as it is filled in, in the language that was asked for; nothing is sent by that."""
    wanted = request.form["show"]
    if wanted in visit.survey.languages:
        visit = replace(visit, language=wanted)
        use_language(wanted)
    told = gettext("Your answers so far are still here. Press Send at the end of the page when you have finished.")
    known = submission_id if is_submission_id(submission_id) else ""
    return _show(visit, given, extra=told if given else "", submission_id=known)


def _judge(visit: _Visit, submission_id: str, given: Mapping[str, Given]) -> ResponseReturnValue:
    """Seal what was sent if it is good, otherwise show it again with all that was filled in."""
    # What does not count any more need not be mended first.
    kept, gone = without_passed_over(visit.instrument, given)
    faults = submission_faults(visit.instrument, kept, codes())
    if faults:
        return _show(visit, given, faults=faults, submission_id=submission_id, status=422)
    if gone and set(request.form.get("without", "").split()) != set(gone):
        return _show(visit, given, removed=_said(visit, given, gone), submission_id=submission_id)
    if not to_payload(kept):
        told = gettext("Nothing is answered yet. Answer at least one question, or just close the page.")
        return _show(visit, given, extra=told, submission_id=submission_id, status=422)
    return _seal(visit, submission_id, kept)


def _seal(visit: _Visit, submission_id: str, given: Mapping[str, Given]) -> ResponseReturnValue:
    """Put a good submission into the tray; the same one twice gives the same page and one answer."""
    tray = instance().tray
    asked = replace(visit.survey, instrument=visit.instrument)
    number = bytes.fromhex(submission_id)
    try:
        tray.submit(visit.survey, number, tray.seal_on_arrival(asked, number, given, visit.language))
    except SurveyClosed:
        return _closed(visit, given)
    except SealError:
        told = gettext("Your texts are too long together. Shorten the longest of them and send once more.")
        return _show(visit, given, extra=told, submission_id=submission_id, status=422)
    except DatasetError as error:
        # A full disk or a busy dataset passes; what the person filled in must still be there then.
        return _show(visit, given, extra=" ".join(error_words(error)), submission_id=submission_id, status=503)
    return redirect(url_for("respond.thanks", slug=visit.survey.slug, lang=visit.language), 303)


def _closed(visit: _Visit, given: Mapping[str, Given]) -> ResponseReturnValue:
    """Say that the survey is closed and give back what was answered, so that it is not lost to the person."""
    return visit.page("respond/closed.html", 410, form=visit.form(), kept=_said(visit, given, tuple(given)))


def _said(
    visit: _Visit, given: Mapping[str, Given], questions: tuple[str, ...]
) -> tuple[tuple[QuestionView, list[str]], ...]:
    """Return the named questions in order, with their answers in words."""
    views = {q.id: q for s in visit.form().sections for q in s.questions}
    by_id, parameters = visit.instrument.by_id, visit.parameters
    return tuple(
        (view, answer_words(by_id[q], given.get(q, NOTHING), visit.language, parameters))
        for q, view in views.items()
        if q in questions
    )


def from_own_page() -> bool:
    """Tell whether a form was sent from our own page, by what browsers say about it.

    `Sec-Fetch-Site` comes from newer browsers over HTTPS, `Origin` from nearly all. What sends neither is no
    browser that another site could make use of.
    """
    site = request.headers.get("Sec-Fetch-Site")
    if site is not None:
        return site in _OWN_SITES
    origin = request.headers.get("Origin")
    try:
        return origin is None or urlsplit(origin).netloc == request.host
    except ValueError:
        return False
