"""Web answers in quarantine: what could not be counted when it was opened, shown and never dropped.

Nothing here tells when an answer came, from where, or in which order: they stand by random numbers.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template
from flask.typing import ResponseReturnValue

from webapp.dataset.surveys import Survey
from webapp.dataset.tray import Quarantined
from webapp.language import current_language, gettext
from webapp.views.desk import survey_page
from webapp.views.formview import text_words
from webapp.views.here import instance, survey_or_404
from webapp.wording import text_parameters

blueprint = Blueprint("quarantine", __name__)

_WORDS: Mapping[str, Callable[[], str]] = {
    "unknown-question": lambda: gettext("It answers a question that this survey does not ask."),
    "unknown-option": lambda: gettext("It holds an option that the question does not have."),
    "several": lambda: gettext("It holds several answers where only one can stand."),
    "too-long": lambda: gettext("It holds a text that is longer than the question takes."),
    "not-a-number": lambda: gettext("It holds something else than a number where a number is asked for."),
    "out-of-range": lambda: gettext("It holds a number outside of what the question takes."),
    "unknown-place": lambda: gettext("It holds a place that is not in the list."),
    "unexpected-text": lambda: gettext("It holds a text where none can be written."),
    "unknown-version": lambda: gettext("It answers a version that this survey never had."),
    "malformed": lambda: gettext("What was sealed is not an answer in the form that our page sends."),
    "broken-seal": lambda: gettext("The seal does not open: it was changed on its way, or made wrongly."),
}


@dataclass(frozen=True, slots=True)
class Shown:
    """One answer in quarantine, in words.

    Attributes:
        what: What is wrong.
        where: The question it is about; empty where the answer as a whole is meant.
        content: What stood in it, laid out to be read; empty where it can't be opened.
    """

    what: str
    where: str
    content: str


@blueprint.get("/desk/<slug>/quarantine")
def waiting(slug: str) -> ResponseReturnValue:
    """List what lies in quarantine."""
    survey = survey_or_404(slug)
    found = [_shown(survey, q) for q in instance().tray.quarantined(survey)]
    return render_template("desk/quarantine.html", found=found, **survey_page(survey))


def _shown(survey: Survey, kept: Quarantined) -> Shown:
    words = _WORDS.get(kept.code)
    what = words() if words is not None else gettext("It can't be counted (%(code)s).", code=kept.code)
    return Shown(what, _question(survey, kept.detail), _laid_out(kept.content))


def _question(survey: Survey, question_id: str) -> str:
    """Return number and wording of a question of the newest version; empty for anything else."""
    question = survey.instrument.by_id.get(question_id)
    if question is None:
        return ""
    language = current_language()
    words = text_words(question.wording.default, language, text_parameters(survey, language))
    return f"{survey.instrument.numbers[question_id]}. {words}"


def _laid_out(content: str) -> str:
    try:
        return json.dumps(json.loads(content), ensure_ascii=False, indent=1)
    except (ValueError, RecursionError):
        return content
