"""Notes that people wrote beside the questions: shown with their pictures to whoever reviews, to be read alone."""

from __future__ import annotations

from flask import Blueprint, render_template, request
from flask.typing import ResponseReturnValue

from forms.model import fill
from webapp.dataset.notes import Note
from webapp.dataset.surveys import Survey
from webapp.views.desk import survey_page
from webapp.views.here import instance, survey_or_404
from webapp.wording import text_parameters

blueprint = Blueprint("notes", __name__)

ON_A_PAGE = 20
"""Notes that one page of the list shows: each brings a picture that is cut out when it is looked at."""


@blueprint.get("/desk/<slug>/notes")
def notes(slug: str) -> ResponseReturnValue:
    """List what was found beside the questions, some at a time; a page beyond the last shows the last."""
    survey = survey_or_404(slug)
    found = instance().notes.list(survey)
    pages = max(-(-len(found) // ON_A_PAGE), 1)
    wanted = request.args.get("page", "")
    page = min(max(int(wanted), 1), pages) if wanted.isascii() and wanted.isdigit() and len(wanted) <= 6 else 1
    shown = found[(page - 1) * ON_A_PAGE : page * ON_A_PAGE]
    return render_template(
        "desk/notes.html",
        notes=[(note, *_question(survey, note)) for note in shown],
        total=len(found),
        page=page,
        pages=pages,
        language=survey.languages[0],
        room="review",
        **survey_page(survey),
    )


def _question(survey: Survey, note: Note) -> tuple[int, str]:
    """Return number and wording of a note's question, as the survey's first language has it."""
    language = survey.languages[0]
    instrument = instance().surveys.instrument(survey, note.version)
    wording = instrument.by_id[note.question].wording.default.to(language)
    return instrument.numbers[note.question], fill(wording, text_parameters(survey, language))
