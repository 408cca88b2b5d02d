"""Where read pages come in: stored readings, sheets, doubles, copies, refused pages."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from forms.answers import Mark
from forms.pagecode import SheetKind
from omr import printtest
from omr.images import Picture
from omr.printtest import PrintTest
from omr.readings import Outcome, PageReading, Refusal, RefusalCode, to_json
from webapp.dataset.database import Row
from webapp.dataset.details import in_particular
from webapp.dataset.errors import DatasetError
from webapp.dataset.ink import same_ink
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.materialise import ImageStatus, Materialiser, SheetState
from webapp.dataset.pages import same_marks
from webapp.dataset.pictures import Pictures
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys, SurveyState

PRACTICE_SHEET = "practice-sheet"
"""Refusal at intake: a sheet printed from the draft of a survey that is open now."""


NO_INK = "no-ink"
"""Code of a double that may as well be the empty page of a copied sheet."""


class Taken(StrEnum):
    """What became of a page image."""

    READ = "read"
    DOUBLE = "double"
    COPIED = "copied"
    REFUSED = "refused"


class Handled(StrEnum):
    """What people did about a refused page."""

    WAITS = "waits"
    NOTHING_TO_DO = "nothing-to-do"
    DISMISSED = "dismissed"
    ASSIGNED = "assigned"
    SET_ASIDE = "set-aside"
    READ_LATER = "read-later"


NOTHING_TO_DO = frozenset(
    code.value for code in (RefusalCode.BLANK_PAGE, RefusalCode.SIGN_UP_SHEET, RefusalCode.TEST_PAGE)
)
"""Refusals that don't wait for anybody in the dataset."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a page image stood in what was delivered.

    Attributes:
        job: Id of the reading job.
        file_number: Number of the file in the job, from 1.
        file: The file's name.
        image: Page image in it, from 1; 0 where the whole file was refused.
        part: Slip on the image, from 1; None where it holds no slips.
        parts: Number of slips on the image; 1 where it holds none.
    """

    job: str
    file_number: int
    file: str
    image: int
    part: int | None = None
    parts: int = 1

    @property
    def stored_part(self) -> int:
        """The part that is stored: a page that is no slip is the first and only one."""
        return self.part or 1


@dataclass(frozen=True, slots=True)
class RefusedPage:
    """A page image that was not read.

    Attributes:
        id: The page image.
        job: Id of the reading job.
        file: Name of the delivered file.
        image: Page image in it.
        code: Why, one of the refusal codes or `practice-sheet`.
        message: What is wrong.
        remedy: What to do about it.
        has_picture: Whether its picture is kept.
        handled: What people did about it.
        part: Slip on the image, from 1; None where the image holds one page only.
        test: What was measured, if it is a printer test page.
        detail: What in particular, as the reader said it; empty where the code says it all.
    """

    id: str
    job: str
    file: str
    image: int
    code: str
    message: str
    remedy: str
    has_picture: bool
    handled: Handled
    part: int | None = None
    test: PrintTest | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A sheet that waits for pages.

    Attributes:
        serial: Its serial.
        copy: Which of the papers with this serial, from 1.
        missing: Pages that have not come.
        pages: Number of pages of the sheet.
    """

    serial: str
    copy: int
    missing: tuple[int, ...]
    pages: int


class Intake:
    """Takes what was read into the dataset of one instance."""

    def __init__(
        self, store: Store, log: Log, surveys: Surveys, pictures: Pictures, materialiser: Materialiser
    ) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._pictures = pictures
        self._materialiser = materialiser

    def take(self, survey: Survey, place: Place, outcome: Outcome, picture: Picture | None) -> Taken:
        """Take one page image, or one slip of it; taking the same place of the same job again changes nothing.

        A picture that is known already is a double, and whatever was decided about it stays. A sign-up sheet's
        picture is not kept.

        Args:
            survey: The survey that is scanned.
            place: Where the image stood.
            outcome: What the reader made of it.
            picture: Its picture.

        Raises:
            DatasetError: `survey-final`: the survey is frozen or purged; `disk`.
        """
        before = self._at(place)
        if before is not None:
            return _taken(before)
        sha256 = picture.sha256 if picture else ""
        image_id = secrets.token_hex(12)
        sign_up = isinstance(outcome, Refusal) and outcome.code is RefusalCode.SIGN_UP_SHEET
        kept = picture is not None and not sign_up and not self._known(survey, sha256, place, outcome)
        holder = self._pictures.holder(survey, sha256) if kept else ""
        if picture is not None and kept and not holder:
            self._pictures.keep(survey, image_id, picture.data)

        alike = self._alike(survey, outcome, picture) if isinstance(outcome, PageReading) and picture else {}

        def change() -> Taken:
            current = self._surveys.get(survey.slug)
            if current.state in (SurveyState.FROZEN, SurveyState.PURGED):
                what = f"“{current.slug}” is {current.state.value}: nothing can be added to it."
                raise DatasetError("survey-final", what, "Keep the sheets; they can't be counted any more.")
            row = self._row(current, place, image_id, "" if sign_up else sha256)
            row |= {"picture": int(kept), "media_type": picture.media_type if picture and kept else ""}
            row |= {"picture_of": holder}
            known = self._known(current, sha256, place, outcome) if not sign_up else None
            if known is not None:
                row |= {"status": ImageStatus.DOUBLE.value, "serial": known["serial"], "page": known["page"]}
                self._insert(row | {"picture": 0, "picture_of": ""})
                return Taken.DOUBLE
            if isinstance(outcome, Refusal):
                # Every version that the survey ever had is known here, so another version is another survey's.
                other = outcome.code is RefusalCode.OTHER_VERSION
                row |= {"detail": "" if sign_up else outcome.detail}
                row |= {"test": json.dumps(printtest.to_json(outcome.test)) if outcome.test is not None else ""}
                return self._refuse(current, row, (RefusalCode.UNKNOWN_FORM if other else outcome.code).value)
            return self._read(current, row, outcome, alike, place.part)

        taken = self._store.db.write(change)
        if (
            kept
            and taken is Taken.DOUBLE
            and not self._store.db.value("SELECT picture FROM images WHERE id = ?", (image_id,))
        ):
            self._pictures.remove(survey, image_id)
        return taken

    def _at(self, place: Place) -> Row | None:
        return self._store.db.row(
            "SELECT * FROM images WHERE job = ? AND file_number = ? AND image = ? AND part = ?",
            (place.job, place.file_number, place.image, place.stored_part),
        )

    def _known(self, survey: Survey, sha256: str, place: Place, outcome: Outcome) -> Row | None:
        """Return what had the same place in the same picture; a refused one does not stop it from being read now."""
        if not sha256:
            return None
        rows = self._store.db.rows(
            "SELECT * FROM images WHERE survey = ? AND sha256 = ? AND part = ? AND status <> 'double'",
            (survey.slug, sha256, place.stored_part),
        )
        if isinstance(outcome, PageReading):
            rows = [r for r in rows if r["status"] != ImageStatus.REFUSED.value]
        return rows[0] if rows else None

    @staticmethod
    def _row(survey: Survey, place: Place, image_id: str, sha256: str) -> Row:
        return {
            "id": image_id,
            "survey": survey.slug,
            "job": place.job,
            "file_number": place.file_number,
            "file": place.file,
            "image": place.image,
            "part": place.stored_part,
            "parts": place.parts,
            "sha256": sha256,
            "status": ImageStatus.REFUSED.value,
            "code": "",
            "handled": "",
            "detail": "",
        }

    def _insert(self, row: Row) -> None:
        names = ", ".join(row)
        marks = ", ".join(f":{name}" for name in row)
        self._store.db.execute(f"INSERT INTO images ({names}) VALUES ({marks})", row)  # noqa: S608 (names are ours)

    def _refuse(self, survey: Survey, row: Row, code: str) -> Taken:
        handled = Handled.NOTHING_TO_DO if code in NOTHING_TO_DO else Handled.WAITS
        self._insert(row | {"status": ImageStatus.REFUSED.value, "code": code, "handled": handled.value})
        payload = {"image": row["id"], "file": row["file"], "number": row["image"], "code": code}
        payload |= {"part": row["part"]} if row["parts"] > 1 else {}
        payload |= {"detail": row["detail"]} if row["detail"] else {}
        self._log.append(EntryKind.REFUSAL, payload | {"sha256": row["sha256"]}, survey.random_id)
        return Taken.REFUSED

    def _read(
        self, survey: Survey, row: Row, reading: PageReading, alike: Mapping[str, bool | None], part: int | None
    ) -> Taken:
        if reading.kind == SheetKind.PRACTICE.value and not survey.practice:
            return self._refuse(survey, row, PRACTICE_SHEET)
        payload = {"image": row["id"], "reading": to_json(reading, row["file"], row["image"], part)}
        seq = self._log.append(EntryKind.READING, payload, survey.random_id)
        copy, doubles, code = self._copy_for(survey, reading, alike)
        status = ImageStatus.DOUBLE if doubles else ImageStatus.READ
        self._store.db.execute(
            "UPDATE images SET handled = ? WHERE survey = ? AND sha256 = ? AND part = ? AND status = 'refused'",
            (Handled.READ_LATER.value, survey.slug, row["sha256"], row["part"]),
        )
        self._insert(
            row
            | {"status": status.value, "code": code, "serial": reading.serial, "copy": copy, "page": reading.page}
            | {"layout": reading.layout, "reading": seq, "doubles": doubles, "stray_ink": len(reading.stray_ink)}
        )
        self._give_empty_pages(survey, reading.serial, copy)
        self._materialiser.sheet(survey, reading.serial)
        if doubles:
            return Taken.DOUBLE
        return Taken.READ if self._materialiser.paired(survey, reading.serial) else Taken.COPIED

    def _alike(self, survey: Survey, reading: PageReading, picture: Picture) -> dict[str, bool | None]:
        """Compare a page with the pictures of the same page of the same serial; outside the transaction: it takes time.

        Returns:
            By page image, whether it shows the same ink; None where there is no ink, or no picture, to compare.
        """
        alike: dict[str, bool | None] = {}
        for row in self._twins(survey, reading):
            twin = self._materialiser.reading(row["reading"])
            if same_marks(twin, reading) and row["picture"]:
                try:
                    data = self._pictures.load(survey, row["id"])
                except DatasetError:
                    continue  # a picture that is gone or damaged must not keep new pages out
                alike[row["id"]] = same_ink(twin, data, reading, picture.data)
        return alike

    def _twins(self, survey: Survey, reading: PageReading) -> list[Row]:
        images = self._materialiser.images(survey, reading.serial)
        return [r for r in images if r["page"] == reading.page and r["reading"] and r["layout"] == reading.layout]

    def _copy_for(self, survey: Survey, reading: PageReading, alike: Mapping[str, bool | None]) -> tuple[int, str, str]:
        """Return the paper that a page belongs to, the page image that it doubles, if any, and the code to store.

        A page without ink looks the same on every copy of a sheet: it goes to a paper that still misses it.
        """
        images = self._materialiser.images(survey, reading.serial)
        taken = {row["copy"] for row in images if row["page"] == reading.page}
        lacking = sorted({row["copy"] for row in images} - taken - {0})
        new = lacking[0] if lacking else next(n for n in range(1, len(images) + 2) if n not in taken)
        for row in self._twins(survey, reading):
            if not same_marks(self._materialiser.reading(row["reading"]), reading):
                continue
            same = alike.get(row["id"])
            # Ink that can't be compared, since a picture is gone, is not taken for the same: a person pairs the pages.
            if same or (same is None and not lacking and not _inked(reading)):
                return row["copy"], row["doubles"] or row["id"], "" if same else NO_INK
        return new, "", ""

    def _give_empty_pages(self, survey: Survey, serial: str, copy: int) -> None:
        """Let a paper that misses pages have pages without ink that were taken for doubles before it was known."""
        images = self._materialiser.images(survey, serial)
        has = {row["page"] for row in images if row["copy"] == copy}
        for row in images:
            if row["code"] == NO_INK and row["copy"] != copy and row["page"] not in has:
                has.add(row["page"])
                self._store.db.execute(
                    "UPDATE images SET status = ?, code = '', doubles = '', copy = ? WHERE id = ?",
                    (ImageStatus.READ.value, copy, row["id"]),
                )

    def refused(self, survey: Survey, *, everything: bool = False) -> tuple[RefusedPage, ...]:
        """Return refused pages in the order they came.

        Args:
            survey: The survey.
            everything: Those that wait for nobody as well.
        """
        rows = self._store.db.rows(
            "SELECT * FROM images WHERE survey = ? AND status = 'refused' ORDER BY arrival", (survey.slug,)
        )
        return tuple(refused_page(row) for row in rows if everything or row["handled"] == Handled.WAITS.value)

    def empty(self, survey: Survey) -> frozenset[str]:
        """Return the serials of the sheets that came back whole with nothing on them: they are no response."""
        sql = "SELECT DISTINCT serial FROM sheets WHERE survey = ? AND state = ?"
        return frozenset(r["serial"] for r in self._store.db.rows(sql, (survey.slug, SheetState.EMPTY.value)))

    def incomplete(self, survey: Survey) -> tuple[Incomplete, ...]:
        """Return the sheets that wait for pages, by serial."""
        sql = "SELECT * FROM sheets WHERE survey = ? AND state = ? ORDER BY serial, copy"
        found = []
        for row in self._store.db.rows(sql, (survey.slug, SheetState.MISSING_PAGES.value)):
            pages = self._materialiser.layout(row["layout"]).pages
            found.append(Incomplete(row["serial"], row["copy"], tuple(json.loads(row["missing"])), pages))
        return tuple(found)


def _inked(reading: PageReading) -> bool:
    """Tell whether anybody wrote on a page, rings and notes beside the boxes included."""
    marked = any(m.state is not Mark.EMPTY for m in reading.marks)
    return marked or any(t.ink for t in reading.texts) or bool(reading.stray_ink)


def refused_page(row: Row) -> RefusedPage:
    """Make the value out of a row of images."""
    test = printtest.from_json(json.loads(row["test"])) if row["test"] else None
    message, remedy = refusal_text(row["code"], test, row["detail"])
    return RefusedPage(
        id=row["id"],
        job=row["job"],
        file=row["file"],
        image=row["image"],
        code=row["code"],
        message=message,
        remedy=remedy,
        has_picture=bool(row["picture"]),
        handled=Handled(row["handled"]),
        part=row["part"] if row["parts"] > 1 else None,
        test=test,
        detail=row["detail"],
    )


def refusal_text(code: str, test: PrintTest | None = None, detail: str = "") -> tuple[str, str]:
    """Return message and remedy of a refusal code, `practice-sheet` included, with what was wrong in particular."""
    if code == PRACTICE_SHEET:
        return (
            "The sheet was printed while the survey was a draft, to try it out.",
            "If somebody answered on it in earnest, enter it by hand on a sheet of the survey.",
        )
    refusal = Refusal(RefusalCode(code), test=test)
    return in_particular(detail, refusal.message, refusal.remedy)


def _taken(row: Row) -> Taken:
    if row["status"] in (ImageStatus.READ.value, ImageStatus.ASSIGNED.value):
        return Taken.READ
    return Taken(row["status"])
