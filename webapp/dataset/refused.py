"""Pages that the machine could not read: which page one is, or that there is nothing on it to count."""

from __future__ import annotations

from dataclasses import dataclass

from forms.layout import Layout
from forms.pagecode import SERIAL_LENGTH, PageCode, SheetKind, typed_serial
from webapp.dataset.database import Row
from webapp.dataset.errors import DatasetError
from webapp.dataset.intake import Handled
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.materialise import ImageStatus, Materialiser
from webapp.dataset.runs import Runs
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys

_COUNTED = (SheetKind.SHEET, SheetKind.DOWNLOAD, SheetKind.PRACTICE)
"""Sorts of sheets that hold answers."""


@dataclass(frozen=True, slots=True)
class Assignment:
    """Which page a refused picture shows.

    Attributes:
        layout: Layout id that the sheet was printed with; empty: the number says it.
        page: Page of the sheet.
        serial: Number on the sheet as somebody typed it, with the check digits that are printed after it where no run
            of the survey has it; None where it can't be read: the page becomes a sheet of its own.
    """

    layout: str
    page: int
    serial: str | None = None


class RefusedPages:
    """What people say of the refused pages of one instance."""

    def __init__(self, store: Store, log: Log, surveys: Surveys, runs: Runs, materialiser: Materialiser) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._runs = runs
        self._materialiser = materialiser

    def dismiss(self, survey: Survey, image: str, *, by: str) -> None:
        """Say of a refused page that there is nothing on it to count.

        Raises:
            DatasetError: `not-refused`, `survey-final`.
        """

        def change() -> None:
            current = self._surveys.changeable(survey)
            self._waiting(current, image)
            self._handle(current, image, Handled.DISMISSED, {"image": image, "action": "dismiss"}, by)

        self._store.db.write(change)

    def assign(self, survey: Survey, image: str, where: Assignment, *, by: str) -> str:
        """Say of a refused page which page it is; its questions then wait to be entered from the picture.

        Args:
            survey: The survey.
            image: The refused page image.
            where: Which page it is.
            by: Name of the person.

        Returns:
            The serial of the sheet.

        Raises:
            DatasetError: `not-refused`, `survey-final`, `unknown-layout`, `form-needed`: neither number nor layout says
                how it was printed; `other-form`: the sheet with this number was printed otherwise; `bad-number`: it
                can't be a number; `unknown-number`: no sheet has it; `check-digits`: they are of another number, page
                or layout; `no-such-page`, `page-taken`.
        """

        def change() -> str:
            current = self._surveys.changeable(survey)
            self._waiting(current, image)
            chosen, layout = self._sheet(current, where)
            page = where.page
            if any(row["page"] == page for row in self._materialiser.images(current, chosen)):
                remedy = "If it is the same page, dismiss this picture; if not, leave the number empty."
                raise DatasetError("page-taken", f"Page {page} of sheet {chosen} has come already.", remedy)
            self._store.db.execute(
                "UPDATE images SET status = ?, serial = ?, copy = 1, page = ?, layout = ? WHERE id = ?",
                (ImageStatus.ASSIGNED.value, chosen, page, layout.id, image),
            )
            payload = {"image": image, "action": "assign", "layout": layout.id, "page": page, "serial": chosen}
            self._handle(current, image, Handled.ASSIGNED, payload, by)
            self._materialiser.sheet(current, chosen)
            return chosen

        return self._store.db.write(change)

    def _sheet(self, survey: Survey, where: Assignment) -> tuple[str, Layout]:
        """Return serial and layout of the sheet that is meant, or say what is wrong with it."""
        serial, digits = _typed(where.serial)
        layout = self._materialiser.layout(self._layout(survey, serial, digits, where.layout))
        if not 1 <= where.page <= layout.pages:
            what = f"The sheet has no page {where.page}."
            raise DatasetError("no-such-page", what, f"Choose 1 to {layout.pages}.")
        codes = (PageCode(kind, layout.instrument_hash, layout.id, where.page, serial) for kind in _COUNTED)
        if digits and digits not in (str(code)[-len(digits) :] for code in codes):
            what = f"The check digits {digits} are not those of page {where.page} of sheet {serial}."
            raise DatasetError("check-digits", what, "Compare number, digits and page with the sheet.")
        return serial or self._runs.unused_serial(), layout

    def _layout(self, survey: Survey, serial: str, digits: str, chosen: str) -> str:
        """Return what a sheet was printed with: what is known of its number, and else what somebody chose.

        All pages of a sheet are taken for pages of one layout, so one that is put there must be of the same.
        """
        if chosen and chosen not in self._runs.layouts(survey):
            raise DatasetError(
                "unknown-layout", "The survey was never printed that way.", "Choose one of its own printed forms."
            )
        known = self._runs.layout_of(survey, serial)
        known = known or next((row["layout"] for row in self._materialiser.images(survey, serial)), "")
        if serial and not known and not digits:
            what = f"No sheet of this survey is known with number {serial}."
            raise DatasetError("unknown-number", what, "Check it; or add the two check digits printed after it.")
        if known and chosen and known != chosen:
            what = f"Sheet {serial} was not printed with layout {chosen}."
            raise DatasetError("other-form", what, f"Choose {known}, or check the number.")
        if not known and not chosen:
            remedy = "Choose one of the survey's printed forms."
            raise DatasetError("form-needed", "No number tells how the sheet was printed.", remedy)
        return known or chosen

    def _waiting(self, survey: Survey, image: str) -> Row:
        row = self._store.db.row("SELECT * FROM images WHERE id = ? AND survey = ?", (image, survey.slug))
        if row is None or row["status"] != ImageStatus.REFUSED.value or row["handled"] != Handled.WAITS.value:
            remedy = "Go back to the list of refused pages."
            raise DatasetError("not-refused", "This page does not wait for a decision.", remedy)
        return row

    def _handle(self, survey: Survey, image: str, handled: Handled, payload: dict[str, object], by: str) -> None:
        self._store.db.execute("UPDATE images SET handled = ? WHERE id = ?", (handled.value, image))
        at = self._store.now().isoformat(timespec="seconds")
        self._log.append(EntryKind.PAGE, payload | {"by": by, "at": at}, survey.random_id)


def _typed(text: str | None) -> tuple[str, str]:
    """Return serial and check digits as somebody typed them; both empty where nothing was typed."""
    if not (text or "").strip():
        return "", ""
    found = typed_serial(text or "")
    if found is None:
        remedy = f"Type its {SERIAL_LENGTH} signs, or leave it empty where it can't be read."
        raise DatasetError("bad-number", "That is not the number of a sheet.", remedy)
    return found
