"""Ink beside the questions that leaves no answer in doubt: kept to be looked at, nothing about it has to be decided."""

from __future__ import annotations

from dataclasses import dataclass

from webapp.dataset.errors import DatasetError
from webapp.dataset.materialise import ImageStatus, Materialiser, SheetState
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey


@dataclass(frozen=True, slots=True)
class Note:
    """Ink beside one question of a sheet.

    Attributes:
        serial: The sheet's serial.
        page: Page of the sheet.
        question: The question beside which it is.
        version: Version of the instrument that the sheet was printed with.
        image: The page image to look at.
        has_picture: Whether its picture is kept.
    """

    serial: str
    page: int
    question: str
    version: str
    image: str
    has_picture: bool


class Notes:
    """The notes on the sheets of one instance."""

    def __init__(self, store: Store, materialiser: Materialiser) -> None:
        self._store = store
        self._materialiser = materialiser

    def list(self, survey: Survey) -> tuple[Note, ...]:
        """Return the stray ink at questions that nobody is or was asked about, by serial and page.

        Where a question waits or was decided, its picture in the review shows the ink. While it is not known which
        pages belong together, nothing is said of a sheet.
        """
        db = self._store.db
        waiting = db.rows("SELECT serial, copy, question FROM waiting WHERE survey = ?", (survey.slug,))
        waits = {(row["serial"], row["copy"], row["question"]) for row in waiting}
        decisions = db.rows("SELECT judged, question FROM decisions WHERE survey = ?", (survey.slug,))
        judged = {(image, row["question"]) for row in decisions for image in row["judged"].split()}
        rows = db.rows(
            "SELECT images.* FROM images JOIN sheets USING (survey, serial, copy)"
            " WHERE images.survey = ? AND status = ? AND reading IS NOT NULL AND stray_ink IS NOT 0 AND state <> ?"
            " ORDER BY serial, copy, page, images.id",
            (survey.slug, ImageStatus.READ.value, SheetState.COPIED.value),
        )
        found = []
        for row in rows:
            version = self._materialiser.layout(row["layout"]).version
            found += [
                Note(row["serial"], row["page"], question, version, row["id"], bool(row["picture"]))
                for question in self._questions(row["reading"])
                if (row["serial"], row["copy"], question) not in waits and (row["id"], question) not in judged
            ]
        return tuple(found)

    def _questions(self, reading: int) -> tuple[str, ...]:
        """Return the questions of a reading that have stray ink; none where its content was deleted."""
        try:
            stray = self._materialiser.reading(reading).stray_ink
        except DatasetError as error:
            if error.code == "payload-gone":
                return ()
            raise
        return tuple(dict.fromkeys(ink.question for ink in stray))
