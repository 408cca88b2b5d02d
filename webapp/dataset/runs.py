"""Runs: sheets printed together, with the layout that reads them and their serials."""

from __future__ import annotations

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass

from forms.layout import Layout, dump, load
from forms.pagecode import SERIAL_ALPHABET, SERIAL_LENGTH, SheetKind
from webapp.dataset.clock import local_date
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.store import Store
from webapp.dataset.surveys import Survey, SurveyState

MOST_SHEETS = 20_000
"""Sheets in one run: more than any office prints at a time."""


@dataclass(frozen=True, slots=True)
class Run:
    """Sheets printed together.

    Attributes:
        id: Six signs, unique in the instance.
        survey: Slug of the survey.
        layout: Layout id.
        kind: Sort of sheet.
        settings: How it was printed, such as `{"sides": "one", "size": "normal", "language": "sv"}`.
        made_on: Date, such as `2026-05-04`.
        serials: One a sheet, in the order of printing.
    """

    id: str
    survey: str
    layout: str
    kind: SheetKind
    settings: Mapping[str, str]
    made_on: str
    serials: tuple[str, ...]


def new_serial() -> str:
    """Return six random signs of Crockford's base 32."""
    return "".join(secrets.choice(SERIAL_ALPHABET) for _ in range(SERIAL_LENGTH))


class Runs:
    """The runs and layouts of one instance."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log

    def add(self, survey: Survey, layout: Layout, sheets: int, settings: Mapping[str, str], *, by: str = "") -> Run:
        """Keep a new run before it is printed.

        Args:
            survey: The survey; a draft or the demo gives practice sheets.
            layout: The finished layout, with its id and pictures.
            sheets: Number of sheets.
            settings: How it is printed.
            by: Who prints.

        Raises:
            DatasetError: `bad-number-of-sheets`, `survey-final`: the survey is frozen or purged.
        """
        if not 1 <= sheets <= MOST_SHEETS:
            what = f"{sheets} sheets can't be printed in one run."
            raise DatasetError("bad-number-of-sheets", what, f"Ask for 1 to {MOST_SHEETS}.")
        if survey.state in (SurveyState.FROZEN, SurveyState.PURGED):
            what = f"“{survey.slug}” is {survey.state.value}: sheets printed now could not be counted."
            raise DatasetError("survey-final", what, "Make a new survey for a new round.")
        kind = SheetKind.PRACTICE if survey.practice else SheetKind.SHEET
        run_id = new_serial()

        def change() -> None:
            db = self._store.db
            db.execute(
                "INSERT OR IGNORE INTO layouts (id, survey, version, content) VALUES (?, ?, ?, ?)",
                (layout.id, survey.slug, layout.version, dump(layout)),
            )
            made_on = local_date(self._store.now()).isoformat()
            db.execute(
                "INSERT INTO runs (id, survey, layout, kind, sheets, settings, made_on) VALUES (?, ?, ?, ?, ?, ?, ?)",
                (run_id, survey.slug, layout.id, kind.value, sheets, json.dumps(dict(settings)), made_on),
            )
            for number in range(1, sheets + 1):
                self._add_serial(survey, run_id, number, kind)
            payload = {"run": run_id, "layout": layout.id, "sheets": sheets, "kind": kind.value, "by": by}
            self._log.append(EntryKind.RUN, payload, survey.random_id)

        self._store.db.write(change)
        return self.get(survey, run_id)

    def _add_serial(self, survey: Survey, run: str, number: int, kind: SheetKind) -> None:
        self._store.db.execute(
            "INSERT INTO serials (serial, survey, run, number, kind) VALUES (?, ?, ?, ?, ?)",
            (self.unused_serial(), survey.slug, run, number, kind.value),
        )

    def unused_serial(self) -> str:
        """Return a serial that nothing in the instance has: no run, no scanned sheet; only inside a transaction."""
        sql = "SELECT 1 FROM serials WHERE serial = :serial UNION ALL SELECT 1 FROM sheets WHERE serial = :serial"
        serial = new_serial()
        while self._store.db.value(sql, {"serial": serial}):
            serial = new_serial()
        return serial

    def get(self, survey: Survey, run_id: str) -> Run:
        """Return a run of a survey.

        Raises:
            DatasetError: `unknown-run`; the remedy lists those that exist.
        """
        row = self._store.db.row("SELECT * FROM runs WHERE id = ? AND survey = ?", (run_id.upper(), survey.slug))
        if row is None:
            sql = "SELECT id FROM runs WHERE survey = ? ORDER BY made_on, id"
            known = ", ".join(r["id"] for r in self._store.db.rows(sql, (survey.slug,)))
            remedy = f"Choose one of: {known}." if known else "Nothing was printed yet: give --sheets N."
            raise DatasetError("unknown-run", f"“{survey.slug}” has no run {run_id}.", remedy)
        serials = self._store.db.rows("SELECT serial FROM serials WHERE run = ? ORDER BY number", (row["id"],))
        return Run(
            id=row["id"],
            survey=row["survey"],
            layout=row["layout"],
            kind=SheetKind(row["kind"]),
            settings=json.loads(row["settings"]),
            made_on=row["made_on"],
            serials=tuple(r["serial"] for r in serials),
        )

    def list(self, survey: Survey) -> tuple[Run, ...]:
        """Return the runs of a survey, newest first."""
        sql = "SELECT id FROM runs WHERE survey = ? ORDER BY made_on DESC, rowid DESC"
        return tuple(self.get(survey, row["id"]) for row in self._store.db.rows(sql, (survey.slug,)))

    def layout(self, layout_id: str) -> Layout:
        """Return a layout.

        Raises:
            DatasetError: `unknown-layout`.
        """
        content = self._store.db.value("SELECT content FROM layouts WHERE id = ?", (layout_id,))
        if content is None:
            remedy = "Print from this instance, or read the sheets where they were printed."
            raise DatasetError("unknown-layout", f"No sheets were printed here with layout {layout_id}.", remedy)
        return load(content, f"layout {layout_id}")

    def layout_of(self, survey: Survey, serial: str) -> str:
        """Return the id of the layout that a sheet was printed with; empty where no run of the survey has it."""
        sql = "SELECT layout FROM serials JOIN runs ON runs.id = serials.run WHERE serial = ? AND serials.survey = ?"
        return str(self._store.db.value(sql, (serial, survey.slug)) or "")

    def layouts(self, survey: Survey) -> dict[str, Layout]:
        """Return every layout that sheets of a survey were ever printed with, by id: what scanning needs."""
        rows = self._store.db.rows("SELECT id, content FROM layouts WHERE survey = ? ORDER BY id", (survey.slug,))
        return {row["id"]: load(row["content"], f"layout {row['id']}") for row in rows}
