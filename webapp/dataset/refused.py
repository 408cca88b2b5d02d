"""Pages that the machine could not read: which page one is, or that there is nothing on it to count."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from forms.layout import Layout
from forms.pagecode import SERIAL_LENGTH, PageCode, SheetKind, typed_serial
from webapp.dataset.database import Row
from webapp.dataset.decisions import Decisions
from webapp.dataset.errors import DatasetError
from webapp.dataset.intake import Handled, RefusedPage, refused_page
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.materialise import ImageStatus, Materialiser, SheetState
from webapp.dataset.pages import Aspect
from webapp.dataset.runs import Runs
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys

_COUNTED = (SheetKind.SHEET, SheetKind.DOWNLOAD, SheetKind.PRACTICE)
"""Sorts of sheets that hold answers."""

_TAKEN_BACK = (Handled.DISMISSED.value, Handled.ASSIGNED.value, Handled.SET_ASIDE.value)
"""What can be taken back."""


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


@dataclass(frozen=True, slots=True)
class HandledPage:
    """A refused page and what somebody said of it, which can be taken back.

    Attributes:
        page: The page; `handled` says what became of it.
        serial: Number of the sheet it was put with; empty where there is nothing on it to count.
        number: Which page of that sheet it is; 0 where there is nothing on it to count.
        by: Name of the person.
        at: When, ISO 8601.
        by_hand: Whether all of its sheet was entered by hand, under a number given here: it can be set aside.
    """

    page: RefusedPage
    serial: str
    number: int
    by: str
    at: str
    by_hand: bool


class RefusedPages:
    """What people say of the refused pages of one instance."""

    def __init__(  # noqa: PLR0913, PLR0917 (what it works with)
        self,
        store: Store,
        log: Log,
        surveys: Surveys,
        runs: Runs,
        materialiser: Materialiser,
        decisions: Decisions,
    ) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._runs = runs
        self._materialiser = materialiser
        self._decisions = decisions

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
            payload |= {"made": not _typed(where.serial)[0]}
            self._handle(current, image, Handled.ASSIGNED, payload, by)
            self._materialiser.sheet(current, chosen)
            return chosen

        return self._store.db.write(change)

    def take_back(self, survey: Survey, image: str, *, by: str) -> Handled:
        """Take back what was said of a refused page, so that the dataset is as if it had not been said.

        A dismissed page waits again. So does one that was put with a sheet: what was entered from it is taken back as
        well, since it may be another person's. A sheet that was set aside is there again with all that was entered.

        Returns:
            What was taken back.

        Raises:
            DatasetError: `nothing-to-take-back`; `paired`: somebody decided since which pages of the sheet belong
                together, and that has to be taken back first; `survey-final`.
        """

        def change() -> Handled:
            current = self._surveys.changeable(survey)
            row = self._store.db.row("SELECT * FROM images WHERE id = ? AND survey = ?", (image, current.slug))
            if row is None or row["handled"] not in _TAKEN_BACK:
                remedy = "Go back to the list of refused pages."
                raise DatasetError("nothing-to-take-back", "Nothing is said of this page.", remedy)
            handled = Handled(row["handled"])
            if handled is Handled.SET_ASIDE:
                self._move(current, row["serial"], (Handled.SET_ASIDE, Handled.ASSIGNED), "take-back", by)
                return handled
            if handled is Handled.ASSIGNED:
                self._unassign(current, row, by)
            self._handle(current, image, Handled.WAITS, {"image": image, "action": "take-back"}, by)
            return handled

        return self._store.db.write(change)

    def set_aside(self, survey: Survey, serial: str, *, by: str) -> None:
        """Say of a sheet that was entered by hand, under a number given here, that it shall not count.

        It is meant for a sheet that was read after all: that one counts under its own number.

        Raises:
            DatasetError: `not-by-hand`, `survey-final`.
        """

        def change() -> None:
            current = self._surveys.changeable(survey)
            if serial not in self._by_hand(current):
                remedy = "Take its refused pages back one by one instead."
                raise DatasetError("not-by-hand", f"Sheet {serial} was not entered by hand as a whole.", remedy)
            self._move(current, serial, (Handled.ASSIGNED, Handled.SET_ASIDE), "set-aside", by)

        self._store.db.write(change)

    def handled(self, survey: Survey) -> tuple[HandledPage, ...]:
        """Return the refused pages of which something was said that can be taken back, newest first."""
        said = {str(payload["image"]): (n, payload) for n, payload in enumerate(self._said(survey))}
        by_hand = self._by_hand(survey)
        marks = ", ".join("?" for _ in _TAKEN_BACK)
        sql = f"SELECT * FROM images WHERE survey = ? AND handled IN ({marks})"  # noqa: S608 (marks alone)
        rows = self._store.db.rows(sql, (survey.slug, *_TAKEN_BACK))
        found = []
        for row in sorted((r for r in rows if r["id"] in said), key=lambda r: said[r["id"]][0], reverse=True):
            _, payload = said[row["id"]]
            own = row["handled"] == Handled.ASSIGNED.value and row["serial"] in by_hand
            who, when = str(payload["by"]), str(payload["at"])
            found.append(HandledPage(refused_page(row), row["serial"] or "", row["page"] or 0, who, when, own))
        return tuple(found)

    def has_picture(self, survey: Survey, image: str) -> bool:
        """Tell whether a page was refused and its picture is kept, whatever was said of it since."""
        sql = "SELECT 1 FROM images WHERE id = ? AND survey = ? AND picture = 1 AND handled <> ''"
        return self._store.db.value(sql, (image, survey.slug)) is not None

    def _unassign(self, survey: Survey, row: Row, by: str) -> None:
        """Take a page out of the sheet it was put with, and with it what was entered from it."""
        serial, page = row["serial"], row["page"]
        if ("", "", Aspect.PAIRING) in self._materialiser.choices(survey, serial, 0):
            what = f"Somebody decided which pages of sheet {serial} belong together."
            raise DatasetError("paired", what, "Take that back first, under Review.")
        self._decisions.undo_page(survey, serial, row["id"], by=by)
        nowhere = "serial = NULL, copy = NULL, page = NULL, layout = NULL"
        self._store.db.execute(
            f"UPDATE images SET status = ?, {nowhere} WHERE id = ?",  # noqa: S608 (our names)
            (ImageStatus.REFUSED.value, row["id"]),
        )
        self._store.db.execute(
            "UPDATE images SET serial = NULL, page = NULL"
            " WHERE survey = ? AND sha256 = ? AND part = ? AND status = ? AND reading IS NULL",
            (survey.slug, row["sha256"], row["part"], ImageStatus.DOUBLE.value),
        )
        # Where the sheet's own page came later it was taken for one of a second paper, and any other for the next.
        self._store.db.execute(
            "UPDATE images SET copy = copy - 1 WHERE survey = ? AND serial = ? AND page = ? AND copy > 1",
            (survey.slug, serial, page),
        )
        self._materialiser.sheet(survey, serial)
        self._store.db.execute(
            "DELETE FROM sheets WHERE survey = ? AND serial = ? AND state = ?",
            (survey.slug, serial, SheetState.SET_ASIDE.value),
        )

    def _move(self, survey: Survey, serial: str, way: tuple[Handled, Handled], action: str, by: str) -> None:
        """Set the pages of a sheet that was entered by hand aside, or put them back; what was entered is kept."""
        before, after = way
        status = ImageStatus.ASSIGNED if after is Handled.ASSIGNED else ImageStatus.REFUSED
        sql = "SELECT id FROM images WHERE survey = ? AND serial = ? AND handled = ? ORDER BY arrival"
        for row in self._store.db.rows(sql, (survey.slug, serial, before.value)):
            self._store.db.execute("UPDATE images SET status = ? WHERE id = ?", (status.value, row["id"]))
            self._handle(survey, row["id"], after, {"image": row["id"], "action": action, "serial": serial}, by)
        self._materialiser.sheet(survey, serial)

    def _said(self, survey: Survey) -> Iterator[dict[str, object]]:
        """Yield what the log tells of refused pages, in order."""
        sql = "SELECT seq FROM log WHERE survey = ? AND kind = ? AND seq IN (SELECT seq FROM payloads) ORDER BY seq"
        for row in self._store.db.rows(sql, (survey.random_id, EntryKind.PAGE.value)):
            yield self._log.payload(row["seq"])

    def _by_hand(self, survey: Survey) -> set[str]:
        """Return the serials that were given here and of which no page was ever read."""
        made = {str(payload["serial"]) for payload in self._said(survey) if payload.get("made")}
        sql = "SELECT serial FROM images WHERE survey = ? AND status = ?"
        there = {row["serial"] for row in self._store.db.rows(sql, (survey.slug, ImageStatus.ASSIGNED.value))}
        return made & there

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
