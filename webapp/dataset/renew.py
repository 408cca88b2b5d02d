"""Makes anew what follows from readings, decisions and answers, where an earlier version kept it by other rules."""

from __future__ import annotations

from functools import partial

from cryptography.exceptions import InvalidTag

from webapp.dataset.errors import DatasetError
from webapp.dataset.materialise import Materialiser
from webapp.dataset.pages import Aspect
from webapp.dataset.responses import Responses
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys, SurveyState
from webapp.dataset.verify import UNREADABLE

RULES = 1
"""Number of the rules that sheets' answers and counts follow; SQLite's `user_version` tells those of a dataset."""


def renew(store: Store, surveys: Surveys, responses: Responses, materialiser: Materialiser) -> None:
    """Bring a dataset to the rules of this program; nothing is done where it follows them.

    What is damaged stays as it is: `verify` tells of it.

    Raises:
        DatasetError: `dataset-busy`, `disk`.
    """
    db = store.db
    if db.value("PRAGMA user_version") >= RULES:
        return
    for row in db.rows("SELECT slug FROM surveys WHERE state <> ?", (SurveyState.PURGED.value,)):
        try:
            db.write(partial(_renew, store, surveys.get(row["slug"]), responses, materialiser))
        except DatasetError as error:
            if error.code in ("dataset-busy", "disk"):
                raise
        except (InvalidTag, *UNREADABLE):
            continue
    db.write(lambda: db.execute(f"PRAGMA user_version = {RULES}"))


def _renew(store: Store, survey: Survey, responses: Responses, materialiser: Materialiser) -> None:
    if survey.state is not SurveyState.FROZEN:
        # Options that were unclear were not told apart from those not chosen.
        sql = (
            "SELECT serial FROM waiting WHERE survey = :slug AND option <> ''"
            " UNION SELECT serial FROM decisions WHERE survey = :slug AND option <> '' AND aspect = :aspect"
        )
        for row in store.db.rows(sql, {"slug": survey.slug, "aspect": Aspect.MARKS.value}):
            materialiser.sheet(survey, row["serial"])
    responses.count_anew(survey)
