"""What counts as the answer: one function from readings and decisions to the response of a sheet.

Readings and decisions are append-only; everything that this module writes follows from them and can be made anew.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

from cryptography.exceptions import InvalidTag

from forms.answers import Answer, Given, Reason, Status, route
from forms.layout import Layout
from forms.model import Instrument
from omr.interpret import given as given_of
from omr.readings import PageReading, TextReading, from_json
from webapp.dataset.answers import Channel, Response
from webapp.dataset.database import Row
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import Log
from webapp.dataset.pages import (
    Action,
    Aspect,
    Choice,
    Choices,
    apply,
    aspect_of,
    first_ink,
    judged_blind,
    merged,
    page_of_questions,
    settled,
    unread_page,
)
from webapp.dataset.responses import Responses, new_key
from webapp.dataset.runs import Runs
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, Surveys, SurveyState


class SheetState(StrEnum):
    """Where a sheet stands."""

    MISSING_PAGES = "missing-pages"
    COPIED = "copied"
    COUNTED = "counted"
    EMPTY = "empty"
    SET_ASIDE = "set-aside"


class ImageStatus(StrEnum):
    """What became of a page image."""

    READ = "read"
    DOUBLE = "double"
    REFUSED = "refused"
    ASSIGNED = "assigned"


@dataclass(frozen=True, slots=True)
class SheetAnswers:
    """What a sheet comes to.

    Attributes:
        state: Whether it is counted.
        missing: Pages that have not come.
        answers: One a question; empty while its pages must be paired.
    """

    state: SheetState
    missing: tuple[int, ...]
    answers: tuple[Answer, ...]


class Materialiser:
    """Keeps responses, sheets and waiting items as readings and decisions say."""

    def __init__(self, store: Store, log: Log, surveys: Surveys, runs: Runs, responses: Responses) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._runs = runs
        self._responses = responses
        self._layout = lru_cache(maxsize=32)(runs.layout)

    def reading(self, seq: int) -> PageReading:
        """Return a stored reading by its log number."""
        found = from_json(self._log.payload(seq)["reading"])
        if not isinstance(found, PageReading):
            raise DatasetError("not-a-reading", f"Log row {seq} is not a reading.", "Run `kryssklick verify`.")
        return found

    def layout(self, layout_id: str) -> Layout:
        """Return a layout that sheets were printed with."""
        return self._layout(layout_id)

    def images(self, survey: Survey, serial: str, copy: int | None = None) -> list[Row]:
        """Return the page images of a serial that say something, in the order they came."""
        sql = (
            "SELECT * FROM images WHERE survey = ? AND serial = ?"
            " AND status IN ('read', 'double', 'assigned') AND (reading IS NOT NULL OR status = 'assigned')"
        )
        values: tuple[object, ...] = (survey.slug, serial)
        if copy is not None:
            sql, values = f"{sql} AND copy = ?", (*values, copy)
        return self._store.db.rows(f"{sql} ORDER BY arrival", values)

    def decided(self, survey: Survey, serial: str, copy: int) -> dict[tuple[str, str, Aspect], int]:
        """Return the log numbers of the latest decisions about a sheet, those that undo included, in the order made.

        A decision is about the page images that were judged, not about the number of their paper, which a pairing may
        give to another: it holds for the paper that all of them are of now. Those that judged none hold for number 0.
        """
        images = {row["id"] for row in self.images(survey, serial, copy)}
        sql = "SELECT seq, judged, question, option, aspect FROM decisions WHERE survey = ? AND serial = ? ORDER BY seq"
        latest: dict[tuple[str, str, Aspect], int] = {}
        for row in self._store.db.rows(sql, (survey.slug, serial)):
            judged = set(row["judged"].split())
            if judged <= images if judged else copy == 0:
                key = (row["question"], row["option"], Aspect(row["aspect"]))
                latest.pop(key, None)
                latest[key] = row["seq"]
        return latest

    def choices(self, survey: Survey, serial: str, copy: int) -> dict[tuple[str, str, Aspect], Choice]:
        """Return what people decided about a sheet, undone decisions left out."""
        made = {k: choice_of(self._log.payload(seq)) for k, seq in self.decided(survey, serial, copy).items()}
        return {key: choice for key, choice in made.items() if choice.action is not Action.UNDO}

    def _holding(
        self, survey: Survey, serial: str, copy: int, instrument: Instrument, readings: list[tuple[int, PageReading]]
    ) -> dict[tuple[str, str, Aspect], Choice]:
        """Return the choices about a sheet that hold for all its readings."""
        inked, made = first_ink(readings), self.decided(survey, serial, copy)
        return {
            place: choice
            for place, choice in self.choices(survey, serial, copy).items()
            if place[0] not in instrument.by_id
            or not judged_blind(instrument.by_id[place[0]], place, choice, inked.get(place[:2], 0) > made[place])
        }

    def paired(self, survey: Survey, serial: str) -> bool:
        """Tell whether it is known which pages of a serial belong together."""
        images = self.images(survey, serial)
        if all(row["copy"] == 1 for row in images):
            return True
        choice = self.choices(survey, serial, 0).get(("", "", Aspect.PAIRING))
        known = dict(choice.pairs) if choice else {}
        return all(row["id"] in known for row in images if row["status"] != ImageStatus.DOUBLE.value)

    def of_sheet(self, survey: Survey, serial: str, copy: int) -> SheetAnswers:
        """Return what a sheet comes to, from readings and decisions alone."""
        images = self.images(survey, serial, copy)
        if not images:
            return SheetAnswers(SheetState.SET_ASIDE, (), ())
        if not self.paired(survey, serial):
            return SheetAnswers(SheetState.COPIED, (), ())
        layout = self.layout(images[0]["layout"])
        instrument = self._surveys.instrument(survey, layout.version)
        missing = tuple(sorted(set(range(1, layout.pages + 1)) - {row["page"] for row in images}))
        readings = {row["reading"]: self.reading(row["reading"]) for row in images if row["reading"] is not None}
        choices = self._holding(survey, serial, copy, instrument, list(readings.items()))
        given = self._given(layout, instrument, images, readings, choices)
        given |= {q: Given(returned=False) for q, page in page_of_questions(layout).items() if page in missing}
        for question in instrument.questions:
            if question.id in given:
                given[question.id] = apply(question, given[question.id], choices)
        answers = tuple(settled(instrument.by_id[a.question], a, choices) for a in route(instrument, given))
        final = survey.state in (SurveyState.FROZEN, SurveyState.PURGED)
        if missing and not final:
            return SheetAnswers(SheetState.MISSING_PAGES, missing, answers)
        # The web does not take a form without a single answer either: nobody has answered.
        nothing = all(a.status in (Status.BLANK, Status.NOT_RETURNED) for a in answers)
        state = SheetState.EMPTY if nothing and not any(a.waiting for a in answers) else SheetState.COUNTED
        return SheetAnswers(state, missing, answers)

    @staticmethod
    def _given(
        layout: Layout,
        instrument: Instrument,
        images: list[Row],
        readings: Mapping[int, PageReading],
        choices: Choices,
    ) -> dict[str, Given]:
        """Return what the pages that have come say; of a page that was not read, what people have chosen to say.

        Where a person decided, no other picture of the page can disagree.
        """
        pages = page_of_questions(layout)
        given: dict[str, Given] = {}
        for page in {row["page"] for row in images}:
            read = [
                given_of([readings[r["reading"]]]) for r in images if r["page"] == page and r["reading"] in readings
            ]
            on_page = [q for q, p in pages.items() if p == page]
            if not read:
                given |= unread_page(instrument, on_page, choices)
                continue
            given |= merged(
                [{q: apply(instrument.by_id[q], one.get(q, Given()), choices) for q in on_page} for one in read]
            )
        return given

    def renew(self) -> None:
        """Make anew what an earlier version of the program kept and a migration noted; a final survey stays as it is.

        A sheet whose readings or decisions can't be opened stays noted; the dataset opens, and `verify` tells of it.
        """
        for row in self._store.db.rows("SELECT * FROM stale_sheets"):

            def change(slug: str = row["survey"], serial: str = row["serial"]) -> None:
                survey = self._surveys.get(slug)
                if survey.state not in (SurveyState.FROZEN, SurveyState.PURGED):
                    self.sheet(survey, serial)
                self._store.db.execute("DELETE FROM stale_sheets WHERE survey = ? AND serial = ?", (slug, serial))

            with suppress(DatasetError, InvalidTag):
                self._store.db.write(change)

    def sheet(self, survey: Survey, serial: str) -> None:
        """Make everything that follows from a serial's readings and decisions anew; only inside a transaction."""
        copies = {row["copy"] for row in self.images(survey, serial)}
        sql = "SELECT copy FROM sheets WHERE survey = ? AND serial = ?"
        known = {row["copy"] for row in self._store.db.rows(sql, (survey.slug, serial))}
        self._store.db.execute("DELETE FROM waiting WHERE survey = ? AND serial = ?", (survey.slug, serial))
        for copy in sorted((copies | known) - {0}):
            self._copy(survey, serial, copy)
        if not self.paired(survey, serial):
            newest = max(self.images(survey, serial), key=lambda row: row["arrival"])
            self._wait(survey, serial, 0, newest, ("", None, Reason.COPIED_SHEET), 0)

    def _copy(self, survey: Survey, serial: str, copy: int) -> None:
        came = self.of_sheet(survey, serial, copy)
        images = self.images(survey, serial, copy)
        row = self._store.db.row(
            "SELECT layout, response FROM sheets WHERE survey = ? AND serial = ? AND copy = ?",
            (survey.slug, serial, copy),
        )
        key: bytes | None = row["response"] if row else None
        layout_id = images[0]["layout"] if images else row["layout"] if row else ""
        if came.state is SheetState.COUNTED:
            key = key or new_key()
            layout = self.layout(layout_id)
            instrument = self._surveys.instrument(survey, layout.version)
            response = Response(key, Channel.PAPER, layout.version, layout.language, came.answers)
            self._responses.put(survey, response, instrument)
        elif key is not None:
            self._responses.remove(survey, key)
            key = None
        self._store.db.execute(
            "INSERT OR REPLACE INTO sheets (survey, serial, copy, layout, state, missing, response)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (survey.slug, serial, copy, layout_id, came.state.value, json.dumps(came.missing), key),
        )
        if came.answers:
            self._wait_for(survey, serial, copy, images, came.answers)

    def _wait_for(self, survey: Survey, serial: str, copy: int, images: list[Row], answers: tuple[Answer, ...]) -> None:
        layout = self.layout(images[0]["layout"])
        instrument = self._surveys.instrument(survey, layout.version)
        pages = page_of_questions(layout)
        by_page: dict[int, list[Row]] = {}
        for row in images:
            by_page.setdefault(row["page"], []).append(row)
        for number, answer in enumerate(answers, 1):
            for place, waiting in enumerate(answer.waiting):
                rows = by_page.get(pages.get(answer.question, 0))
                if rows:
                    about = aspect_of(waiting.reason, instrument.by_id[answer.question])
                    image = self._written(rows, answer.question, waiting.option) if about is Aspect.TEXT else rows[0]
                    what = (answer.question, waiting.option, waiting.reason)
                    self._wait(survey, serial, copy, image, what, number * 100 + place)

    def _written(self, rows: list[Row], question: str, option: str | None) -> Row:
        """Return the first picture of a page that shows ink in a text field; the first where none does."""
        inked = (r for r in rows if len(rows) > 1 and self._texts(r["reading"], question, option))
        return next(inked, rows[0])

    def suggestions(self, survey: Survey, serial: str, copy: int, question: str, option: str | None) -> tuple[str, ...]:
        """Return what the machine thinks is written in a field of a sheet, by every picture of it, each once."""
        rows = self.images(survey, serial, copy)
        found = (t.suggestion for row in rows for t in self._texts(row["reading"], question, option))
        return tuple(dict.fromkeys(s for s in found if s))

    def _texts(self, reading: int | None, question: str, option: str | None) -> list[TextReading]:
        """Return the written text field of this question and option, if a reading shows one."""
        texts = () if reading is None else self.reading(reading).texts
        return [t for t in texts if t.ink and (t.question, t.option) == (question, option)]

    def _wait(  # noqa: PLR0913, PLR0917 (the columns of one row)
        self,
        survey: Survey,
        serial: str,
        copy: int,
        image: Row,
        what: tuple[str, str | None, Reason],
        position: int,
    ) -> None:
        question, option, reason = what
        self._store.db.execute(
            "INSERT INTO waiting (survey, serial, copy, page, question, option, reason, position, image, reading)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                survey.slug,
                serial,
                copy,
                image["page"],
                question,
                option or "",
                reason.value,
                position,
                image["id"],
                image["reading"],
            ),
        )


def choice_of(payload: Mapping[str, object]) -> Choice:
    """Read a choice out of a decision's payload."""
    options, pairs = payload.get("options", ()), payload.get("pairs", ())
    return Choice(
        action=Action(str(payload["action"])),
        options=tuple(str(o) for o in options) if isinstance(options, list) else (),
        text=str(payload.get("text", "")),
        pairs=tuple((str(i), int(n)) for i, n in pairs) if isinstance(pairs, list) else (),
    )


def payload_of(choice: Choice) -> dict[str, object]:
    """Write a choice for a decision's payload."""
    plain: dict[str, object] = {"action": choice.action.value}
    if choice.options:
        plain["options"] = list(choice.options)
    if choice.text:
        plain["text"] = choice.text
    if choice.pairs:
        plain["pairs"] = [list(pair) for pair in choice.pairs]
    return plain
