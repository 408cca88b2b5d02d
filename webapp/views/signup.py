"""The page on which somebody signs up for an interview, apart from any answer: no session, no cookie, no number shared.

Where the browser can, it seals what was written to the contact keepers and the server never sees it; what arrives
without script is sealed at once. The page asks what the sheet asks (forms/extras/sign-up.toml).
Source: DESIGN.md section 7.
"""

from __future__ import annotations

import base64
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from flask import Blueprint, Response, abort, current_app, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from forms.answers import Given, SubmissionFault, clean, submission_faults, to_payload
from forms.definition import load
from forms.model import Instrument, fallbacks
from forms.phrases import phrases
from forms.places import codes
from forms.rules import rules_of
from forms.signup import DEFINITION
from webapp.brake import Brake
from webapp.contactscripts import page_script, script_file
from webapp.dataset.contacts import LARGEST
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.surveys import Survey
from webapp.headers import overheard
from webapp.language import gettext, interface_language, language_name, readable, use_language
from webapp.phonefiles import JAVASCRIPT
from webapp.views.errors import error_page
from webapp.views.formview import FormView, QuestionView, fault_words, form_view, text_words
from webapp.views.here import instance, survey_or_404
from webapp.views.phone import later, receipt, receive
from webapp.views.phonedata import LENGTH
from webapp.views.posted import is_submission_id, new_submission_id, read_given
from webapp.views.respond import from_own_page, page_values
from webapp.views.told import told as error_words
from webapp.wording import text_parameters

blueprint = Blueprint("signup", __name__)

REACH = "na"
"""The one question that has to be answered: without it nobody can be in touch."""

UNREACHABLE = "unreachable"
"""Code of the fault that it is not."""

CROWDED = "crowded"
"""Code of the error that so many come at the moment that the brake lets no more in."""

NO_ROOM = frozenset({CROWDED, "sign-ups-full"})
"""What is no fault of the machine: a flood of these must not fill its log."""

WAIT_S = 60
"""When to come again where so many come at once, in seconds."""


@lru_cache(maxsize=1)
def sign_up_form() -> Instrument:
    """Return what is asked, on screen as on the sheet."""
    return load(DEFINITION)


@dataclass(frozen=True, slots=True)
class _Visit:
    """One request to a survey's sign-up page, in one of the languages of the form."""

    survey: Survey
    language: str

    @property
    def parameters(self) -> dict[str, str]:
        return text_parameters(self.survey, self.language)

    def form(self, given: Mapping[str, Given] | None = None, faults: tuple[SubmissionFault, ...] = ()) -> FormView:
        lacking = tuple(f for f in faults if f.code == UNREACHABLE)
        others = tuple(f for f in faults if f.code != UNREACHABLE)
        view = form_view(sign_up_form(), self.parameters, self.language, given, others)
        sections = tuple(
            replace(s, questions=tuple(self.asked(q, lacking) for q in s.questions)) for s in view.sections
        )
        told = tuple((q.field, q.number, words) for s in sections for q in s.questions for words in q.wrong)
        general = tuple(f for f in view.faults if not f[0])
        # What comes after the first paragraph is about the sheet of paper.
        return replace(view, intro=view.intro.strip().split("\n\n")[0], sections=sections, faults=general + told)

    def asked(self, question: QuestionView, lacking: tuple[SubmissionFault, ...]) -> QuestionView:
        """Return a question without the reminder to name nobody: here names are what is asked for."""
        hints = tuple(h for h in question.hints if h.text != phrases(self.language).no_names)
        wrong = (*question.wrong, *(_unreachable() for f in lacking if f.question == question.id))
        return replace(question, hints=hints, wrong=wrong)

    def page(self, template: str, status: int = 200, **more: object) -> ResponseReturnValue:
        values = page_values(self.survey, self.language) | {
            "languages": [(t, language_name(t), _address(self.survey, t)) for t in sign_up_form().languages],
            "home": url_for("respond.form", slug=self.survey.slug, lang=self.language),
            "thanks": text_words(sign_up_form().thanks, self.language, self.parameters),
            "contact": readable(self.parameters.get("contact", ""), self.language),
        }
        return make_response(render_template(template, **values | more), status)


def _address(survey: Survey, language: str) -> str:
    return url_for("signup.page", slug=survey.slug, lang=language)


def _visit(slug: str, wanted: str) -> _Visit:
    use_language(wanted)
    survey = survey_or_404(slug)
    offered = sign_up_form().languages
    language = next((t for t in fallbacks(wanted or survey.languages[0]) if t in offered), "")
    language = language or interface_language(wanted)
    use_language(language)
    return _Visit(survey, language)


@blueprint.route("/s/<slug>/sign-up", methods=["GET", "POST"])
def page(slug: str) -> ResponseReturnValue:
    """Show the sign-up, and take what comes without script."""
    visit = _visit(slug, request.form.get("lang") or request.args.get("lang", ""))
    if not instance().contacts.offered(visit.survey):
        return _closed(visit)
    return _take(visit) if request.method == "POST" else _show(visit)


@blueprint.get("/s/<slug>/sign-up/sent")
def sent(slug: str) -> ResponseReturnValue:
    """Say that a sign-up has arrived; nothing here tells whose."""
    visit = _visit(slug, request.args.get("lang", ""))
    return visit.page("respond/signed-up.html", form=visit.form())


def _show(  # noqa: PLR0913 (a page has that many states)
    visit: _Visit,
    given: Mapping[str, Given] | None = None,
    *,
    faults: tuple[SubmissionFault, ...] = (),
    number: str = "",
    extra: str = "",
    status: int = 200,
) -> ResponseReturnValue:
    readers, apart = _readers()
    script, _ = page_script("signup")
    return visit.page(
        "respond/sign-up.html",
        status,
        form=visit.form(given, faults),
        number=number or new_submission_id(),
        action=_address(visit.survey, visit.language),
        extra=extra,
        keepers=readers,
        apart=apart,
        script=url_for("signup.script", filename=script),
        data=_data(visit),
        overheard=overheard(),
    )


def _data(visit: _Visit) -> dict[str, object]:
    """Return what the page tells its script.

    Returns:
        `keys` (the keepers' public keys, base64), `apart` (whether the page promises that none of them counts answers),
        `sealed` (address that takes what is sealed), `sent` (address of the page that says so), `language`, `rules`
        (see forms/rules.py), `reach` (the question that has to be answered) and `words` (question → code of a fault →
        how to mend it).
    """
    asked = sign_up_form()
    words = {
        q.id: {
            code: fault_words(asked, SubmissionFault(q.id, code, LENGTH), visit.language, visit.parameters)
            for code in ("several", "too-long")
        }
        for q in asked.questions
    }
    words[REACH][UNREACHABLE] = _unreachable()
    return {
        "keys": _public_keys(),
        "apart": instance().keepers.apart(),
        "sealed": url_for("signup.sealed", slug=visit.survey.slug),
        "sent": url_for("signup.sent", slug=visit.survey.slug, lang=visit.language),
        "language": visit.language,
        "rules": rules_of(asked, codes()),
        "reach": REACH,
        "words": words,
    }


def _public_keys() -> list[str]:
    return [base64.b64encode(key.public).decode() for key in instance().keepers.current()]


def _readers() -> tuple[int, bool]:
    """Return how many can read a sign-up, and whether none of them works with the answers too."""
    keepers = instance().keepers
    return len(keepers.current()), keepers.apart()


def _as_promised() -> bool:
    """Tell whether no more people could read it than the page said that was filled in."""
    number, _, apart = request.form.get("readers", "").partition(" ")
    if not number.isascii() or not number.isdecimal():
        return True
    readers, are_apart = _readers()
    return readers <= int(number) and (are_apart or not apart)


def _unreachable() -> str:
    return gettext("Write how we can reach you. Without that nobody can be in touch with you.")


def _take(visit: _Visit) -> ResponseReturnValue:
    """Seal what arrived readable, if it is good; otherwise show it again with all that was filled in."""
    if not from_own_page():
        return error_page(
            403,
            heading=gettext("This did not come from the sign-up page"),
            what=gettext("Another site tried to send something through your browser. Nothing was stored."),
            remedy=gettext("Open the sign-up by its own address and fill it in there."),
        )
    posted = read_given(sign_up_form(), request.form.to_dict(flat=False))
    given = {q: Given(g.marks, {k: clean(t or "") for k, t in g.texts.items()}) for q, g in posted.items()}
    number = request.form.get("id", "")
    number = number if is_submission_id(number) else ""
    if "show" in request.form:
        return _show_again(visit, given, number)
    faults = _faults(given)
    if faults:
        return _show(visit, given, faults=faults, number=number, status=422)
    if not number:
        told = gettext("The form was damaged on its way. Look through it and send once more.")
        return _show(visit, given, extra=told, status=400)
    if not _as_promised():
        told = gettext("More people than before keep the contact details. Read below who gets to read it, and send.")
        return _show(visit, given, extra=told, number=number, status=409)
    return _seal(visit, given, number)


def _show_again(visit: _Visit, given: Mapping[str, Given], number: str) -> ResponseReturnValue:
    """Show the form as it is filled in, in the language that was asked for; nothing is sent by that."""
    wanted = request.form["show"]
    if wanted in sign_up_form().languages:
        visit = replace(visit, language=wanted)
        use_language(wanted)
    return _show(visit, given, number=number)


def _faults(given: Mapping[str, Given]) -> tuple[SubmissionFault, ...]:
    faults = submission_faults(sign_up_form(), given, codes())
    reach = given.get(REACH)
    if reach is None or not reach.texts.get(None):
        faults = (*faults, SubmissionFault(REACH, UNREACHABLE, ""))
    return faults


def _seal(visit: _Visit, given: Mapping[str, Given], number: str) -> ResponseReturnValue:
    try:
        _submit_readable(visit, given, bytes.fromhex(number))
    except SurveyClosed:
        return _closed(visit)
    except DatasetError as error:
        if error.code == "too-long":
            told = gettext("It could not be sealed. Shorten the longest text and send once more.")
            return _show(visit, given, extra=told, number=number, status=422)
        # What is in the way passes; what the person filled in must still be there then.
        status = 429 if error.code == CROWDED else 503
        return _show(visit, given, extra=" ".join(error_words(error)), number=number, status=status)
    return redirect(url_for("signup.sent", slug=visit.survey.slug, lang=visit.language), 303)


def _submit_readable(visit: _Visit, given: Mapping[str, Given], number: bytes) -> None:
    contacts, answers = instance().contacts, to_payload(given)
    let_in = _door(visit.survey)
    try:
        contacts.submit(visit.survey, number, contacts.seal_on_arrival(number, answers, visit.language), let_in)
    except SealError as error:
        if error.code != "other-keys":
            raise
        # A keeper made a new key in this very moment.
        contacts.submit(visit.survey, number, contacts.seal_on_arrival(number, answers, visit.language), let_in)


def _door(survey: Survey) -> Callable[[], None]:
    """Return what asks the brake whether one more comes in; raises DatasetError `crowded` where none does."""
    brake: Brake = current_app.extensions.setdefault("kryssklick-brake", Brake(instance().store.now))
    address = request.remote_addr or ""

    def let_in() -> None:
        if brake.take(survey.slug, address):
            what = "More sign up just now than are let in at a time."
            raise DatasetError(CROWDED, what, "Wait a minute and send again.")

    return let_in


def _closed(visit: _Visit) -> ResponseReturnValue:
    """Say that nobody can sign up here, or not any more."""
    over = not visit.survey.begins(instance().store.now())
    return visit.page("respond/no-sign-up.html", 410 if over else 404, form=visit.form(), over=over)


@blueprint.post("/s/<slug>/sign-up/sealed")
def sealed(slug: str) -> ResponseReturnValue:
    """Take a sign-up that a browser has sealed: `accepted` (repeats too), `closed`, `refused`, `unknown` or `later`.

    Where the keepers' keys have changed meanwhile, `keys` are those to seal to, and `apart` says whether none of their
    owners counts answers.
    """

    def take(survey: Survey, number: bytes, body: bytes) -> object:
        return instance().contacts.submit(survey, number, body, _door(survey))

    return receive(slug, LARGEST, take, _not_taken)


def _not_taken(error: DatasetError) -> Response:
    """Say that a sign-up can't be taken, ever or just now."""
    if error.code == "other-keys":
        return receipt("refused", 409, error.code, keys=_public_keys(), apart=instance().keepers.apart())
    if isinstance(error, SealError) or error.code == "bad-submission-id":
        return receipt("refused", 400, error.code)
    if error.code in NO_ROOM:
        answer = receipt("later", 429 if error.code == CROWDED else 503, error.code)
        answer.headers["Retry-After"] = str(WAIT_S)
        return answer
    return later(error)


@blueprint.get("/contacts/<filename>")
def script(filename: str) -> ResponseReturnValue:
    """Give the script of the sign-up page or the keeper's; its name holds its hash."""
    file = script_file(filename)
    if file is None:
        abort(404)
    packed = "gzip" in request.headers.get("Accept-Encoding", "")
    answer = make_response(file.packed if packed else file.body)
    answer.headers["Content-Type"] = JAVASCRIPT
    answer.vary.add("Accept-Encoding")
    if packed:
        answer.headers["Content-Encoding"] = "gzip"
    return answer
