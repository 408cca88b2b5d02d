"""The desk: which surveys there are, where each stands, and what it needs next."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp import roles
from webapp.dataset.accounts import Role
from webapp.dataset.answers import Channel
from webapp.dataset.errors import DatasetError
from webapp.dataset.surveys import Survey, SurveyState
from webapp.language import gettext
from webapp.printing import paper_faults
from webapp.views.here import STATES, instance, signed_in, survey_or_404, survey_title
from webapp.views.told import told

blueprint = Blueprint("desk", __name__)


@dataclass(frozen=True, slots=True)
class Standing:
    """Where a survey stands, in figures.

    Attributes:
        web: Responses from the web that are in the dataset.
        paper: Responses on paper.
        tray: Web answers that wait in the tray.
        quarantine: Web answers that could not be opened or counted.
        waiting: Questions that wait for a person.
        incomplete: Sheets of which a page is missing.
        refused: Pages that were not read and that nobody has dealt with.
        empty: Sheets that came back whole with nothing on them.
    """

    web: int
    paper: int
    tray: int
    quarantine: int
    waiting: int
    incomplete: int
    refused: int
    empty: int

    @property
    def together(self) -> int:
        """Responses in the dataset, whatever the channel that this issue knows."""
        return self.web + self.paper


def standing(survey: Survey) -> Standing:
    """Count where a survey stands."""
    here = instance()
    numbers = here.responses.number(survey)
    return Standing(
        web=numbers.get(Channel.WEB, 0),
        paper=numbers.get(Channel.PAPER, 0),
        tray=here.tray.waiting(survey),
        quarantine=here.tray.in_quarantine(survey),
        waiting=here.decisions.count(survey),
        incomplete=len(here.intake.incomplete(survey)),
        refused=len(here.intake.refused(survey)),
        empty=len(here.intake.empty(survey)),
    )


def survey_page(survey: Survey) -> dict[str, object]:
    """Return what every page of one survey shows around its content."""
    user = signed_in()
    rooms = (
        ("desk.survey", gettext("Overview")),
        ("paper.prints", gettext("Print")),
        ("upload.upload", gettext("Upload")),
        ("review.queue", gettext("Review")),
        ("results.results", gettext("Results")),
    )
    return {
        "survey": survey,
        "survey_title": survey_title(survey),
        "state_word": STATES[survey.state.value](),
        "rooms": [
            (endpoint, name, url_for(endpoint, slug=survey.slug))
            for endpoint, name in rooms
            if roles.may(endpoint, user.roles)
        ],
    }


@blueprint.get("/desk")
def surveys() -> ResponseReturnValue:
    """List the surveys with state and counts."""
    user = signed_in()
    if user.roles == {Role.CONTACT_KEEPER}:
        return redirect(url_for("keeper.contacts"), 303)
    inside = bool(user.roles & {Role.COORDINATOR, Role.AUDITOR})
    rows = [
        (survey, survey_title(survey), STATES[survey.state.value](), standing(survey))
        for survey in (instance().surveys.list() if inside else ())
    ]
    return render_template("desk/surveys.html", rows=rows, inside=inside)


@blueprint.get("/desk/<slug>")
def survey(slug: str) -> ResponseReturnValue:
    """Show where one survey stands and what to do next."""
    found = survey_or_404(slug)
    address = url_for("respond.form", slug=slug, _external=True)
    missing = instance().surveys.missing_parameters(found)
    may_open = found.state is SurveyState.DRAFT
    return render_template(
        "desk/survey.html",
        standing=standing(found),
        address=address,
        only_here=request.host.rsplit(":", 1)[0] in ("127.0.0.1", "localhost", "[::1]"),
        missing=missing,
        may_open=may_open,
        no_paper=_no_paper(found) if may_open and not missing else [],
        may_close=found.state is SurveyState.OPEN,
        over=not found.begins(instance().store.now()),
        sign_up=instance().contacts.offered(found),
        **survey_page(found),
    )


def _no_paper(survey: Survey) -> list[str]:
    """Return in words why a survey can't be printed; empty where it can."""
    return [" ".join(told(fault, survey.instrument)) for fault in paper_faults(survey)]


@blueprint.post("/desk/<slug>/open")
def open_survey(slug: str) -> ResponseReturnValue:
    """Open a draft to respondents."""
    return _change(slug, opening=True)


@blueprint.post("/desk/<slug>/close")
def close_survey(slug: str) -> ResponseReturnValue:
    """Close an open survey to respondents."""
    return _change(slug, opening=False)


def _change(slug: str, *, opening: bool) -> ResponseReturnValue:
    found = survey_or_404(slug)
    back = redirect(url_for("desk.survey", slug=found.slug), 303)
    if request.form.get("sure") != "yes":
        flash(gettext("Nothing was changed: tick the box that says you are sure."), "waits")
        return back
    no_paper = _no_paper(found) if opening and found.state is SurveyState.DRAFT else []
    if no_paper and request.form.get("screen_only") != "yes":
        # Once people have read its texts they can't be mended.
        flash(" ".join((gettext("It can't be printed as it is."), *no_paper)), "waits")
        return back
    user = signed_in()
    try:
        if opening:
            instance().surveys.open(found.slug, by=user.name)
            flash(gettext("The survey is open."))
        else:
            instance().close_survey(found.slug, by=user.name)
            flash(gettext("The survey is closed to respondents. Paper that comes later is still read."))
    except DatasetError as error:
        flash(" ".join(told(error)), "waits")
    return back
