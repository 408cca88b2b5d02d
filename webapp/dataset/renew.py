"""Makes anew what follows from the answers, where an earlier version of the program kept it by other rules."""

from __future__ import annotations

from functools import partial

from cryptography.exceptions import InvalidTag

from webapp.dataset.errors import DatasetError
from webapp.dataset.responses import Responses
from webapp.dataset.store import Store
from webapp.dataset.surveys import Surveys, SurveyState
from webapp.dataset.verify import UNREADABLE

RULES = 1
"""Number of the rules that counts follow; SQLite's `user_version` tells which ones a dataset was kept by."""


def renew(store: Store, surveys: Surveys, responses: Responses) -> None:
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
            db.write(partial(_renew, surveys, responses, row["slug"]))
        except DatasetError as error:
            if error.code in ("dataset-busy", "disk"):
                raise
        except (InvalidTag, *UNREADABLE):
            continue
    db.write(lambda: db.execute(f"PRAGMA user_version = {RULES}"))


def _renew(surveys: Surveys, responses: Responses, slug: str) -> None:
    responses.count_anew(surveys.get(slug))
