"""Surveys: one round each, with every version that it ever had, its parameters and its dates."""

from __future__ import annotations

import json
import re
import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from forms.definition import read as read_definition
from forms.errors import DefinitionError
from forms.model import Instrument
from webapp.dataset.clock import local_date
from webapp.dataset.database import Row
from webapp.dataset.dates import refuse_contradictions, refuse_passed
from webapp.dataset.errors import DatasetError, SurveyClosed
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.parameters import SETTING_KEYS, missing, refuse_unknown
from webapp.dataset.store import Store

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}")
"""A short address: small letters, digits and hyphens, at most 40 signs, no look-alike of a command or a path."""

LAST_DAY = date(2199, 12, 31)
"""A later date is a slip of the finger."""


class SurveyState(StrEnum):
    """Where a survey stands; it only goes forward."""

    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    FROZEN = "frozen"
    PURGED = "purged"


@dataclass(frozen=True, slots=True)
class Settings:
    """The dates of a survey.

    Attributes:
        deadline: Last day to begin a new answer; None: until somebody closes it.
        grace_days: Days after closing in which answers that were begun in time still count; 0: none.
        freeze_on: Day on which the dataset becomes final, printed on the sheets.
        purge_on: Day on which pictures, texts and numbers are destroyed.
    """

    deadline: date | None = None
    grace_days: int = 7
    freeze_on: date | None = None
    purge_on: date | None = None


@dataclass(frozen=True, slots=True)
class Survey:
    """One survey.

    Attributes:
        slug: Short name in addresses and commands.
        random_id: 16 hex digits; names its keys and goes into the ids of its layouts.
        state: Draft, open, closed, frozen or purged.
        demo: The demonstration; can't become a real survey.
        instrument: The newest version of what is asked.
        versions: All versions that the survey ever had, oldest first.
        parameters: Values for the texts; `KEY.LANG` is one language's own, see `parameters.in_language`.
        languages: Languages that it is offered in; the first is the one it starts with.
        settings: Its dates.
        closed_at: When it was closed.
    """

    slug: str
    random_id: str
    state: SurveyState
    demo: bool
    instrument: Instrument
    versions: tuple[str, ...]
    parameters: Mapping[str, str]
    languages: tuple[str, ...]
    settings: Settings
    closed_at: datetime | None = None

    @property
    def practice(self) -> bool:
        """Whether its answers are tests: a draft or the demo."""
        return self.demo or self.state is SurveyState.DRAFT

    def title(self, language: str) -> str:
        """Return the survey's name in a language."""
        return self.instrument.title.to(language)

    def begins(self, now: datetime) -> bool:
        """Tell whether a person may begin a new answer at a moment."""
        if self.state is SurveyState.DRAFT:
            return True
        in_time = self.demo or self.settings.deadline is None or local_date(now) <= self.settings.deadline
        return self.state is SurveyState.OPEN and in_time

    def counts_at(self, now: datetime) -> bool:
        """Tell whether an answer that arrives at a moment still counts: until the end of the grace time."""
        if self.state is SurveyState.CLOSED:
            return self.closed_at is not None and now < self.closed_at + timedelta(days=self.settings.grace_days)
        if self.state is SurveyState.OPEN and self.settings.deadline is not None and not self.demo:
            return local_date(now) <= self.settings.deadline + timedelta(days=self.settings.grace_days)
        return self.state in (SurveyState.DRAFT, SurveyState.OPEN)


@lru_cache(maxsize=64)
def instrument_of(definition: str, name: str) -> Instrument:
    """Read a stored definition; the same text gives the same object.

    Raises:
        DefinitionError: The definition has faults.
    """
    instrument, faults = read_definition(definition, name)
    if instrument is None:
        raise DefinitionError(faults)
    return instrument


def split_settings(values: Mapping[str, str]) -> tuple[dict[str, str], Settings]:
    """Part what a command was given as KEY=VALUE into the parameters of the texts and the survey's settings.

    `deadline`, `freeze_on` and `purge_on` are dates (2018-06-15), `grace_days` a number. A deadline is both: it is
    also printed.

    Raises:
        DatasetError: `bad-setting`: a date or number that is none, or a date past `LAST_DAY`.
    """
    dates: dict[str, date] = {}
    for key in ("deadline", "freeze_on", "purge_on"):
        if values.get(key):
            try:
                dates[key] = date.fromisoformat(values[key])
            except ValueError as error:
                raise _bad_setting(key, values[key], "a date such as 2026-06-15") from error
            if dates[key] > LAST_DAY:
                raise _bad_setting(key, values[key], f"a date such as 2026-06-15, {LAST_DAY} at the latest")
    grace = values.get("grace_days", "")
    if grace and not (grace.isascii() and grace.isdigit() and len(grace) <= 3 and int(grace) <= 366):
        raise _bad_setting("grace_days", grace, "a number of days from 0 to 366")
    settings = Settings(dates.get("deadline"), Settings().grace_days, dates.get("freeze_on"), dates.get("purge_on"))
    if grace:
        settings = replace(settings, grace_days=int(grace))
    return {k: v for k, v in values.items() if k == "deadline" or k not in SETTING_KEYS}, settings


class Surveys:
    """The surveys of one instance."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log
        self._instruments: dict[tuple[str, str], Instrument] = {}

    def create(  # noqa: PLR0913 (each is one thing that a survey has)
        self,
        slug: str,
        definition: str,
        name: str,
        *,
        parameters: Mapping[str, str] | None = None,
        settings: Settings | None = None,
        demo: bool = False,
        by: str = "",
    ) -> Survey:
        """Make a draft.

        Args:
            slug: Short name: small letters, digits and hyphens.
            definition: Text of the instrument definition.
            name: Its file name, for messages.
            parameters: Values for the texts; those missing can be given before opening.
            settings: Its dates.
            demo: Make the demonstration.
            by: Who does it.

        Raises:
            DefinitionError: The definition has faults.
            DatasetError: `bad-slug`, `slug-taken`, `unknown-parameter`; dates that contradict each other, see
                `dates.refuse_contradictions`.
        """
        instrument = instrument_of(definition, name)
        if not SLUG.fullmatch(slug):
            remedy = "Use 2 to 40 small letters a to z, digits and hyphens, beginning with a letter."
            raise DatasetError("bad-slug", f"“{slug}” can't be the short name of a survey.", remedy)
        values = dict(parameters or {})
        refuse_unknown(instrument, values)
        random_id = secrets.token_hex(8)
        chosen = settings or Settings()
        refuse_contradictions(chosen)

        def change() -> None:
            db = self._store.db
            if db.value("SELECT 1 FROM surveys WHERE slug = ?", (slug,)):
                raise DatasetError("slug-taken", f"There is a survey “{slug}” already.", "Choose another short name.")
            self._store.keys.make(random_id)
            db.execute(
                "INSERT INTO surveys (slug, random_id, state, demo, parameters, languages, settings)"
                " VALUES (?, ?, ?, ?, ?, ?, ?)",
                (
                    slug,
                    random_id,
                    SurveyState.DRAFT.value,
                    int(demo),
                    json.dumps(values, ensure_ascii=False),
                    json.dumps(instrument.languages),
                    _settings_json(chosen),
                ),
            )
            db.execute(
                "INSERT INTO versions (survey, version, number, name, definition) VALUES (?, ?, 1, ?, ?)",
                (slug, instrument.version, name, definition),
            )
            self._note(random_id, "created", by, slug=slug, version=instrument.version)

        self._store.db.write(change)
        return self.get(slug)

    def list(self) -> tuple[Survey, ...]:
        """Return all surveys by slug."""
        return tuple(self._survey(row) for row in self._store.db.rows("SELECT * FROM surveys ORDER BY slug"))

    def get(self, slug: str) -> Survey:
        """Return a survey.

        Raises:
            DatasetError: `unknown-survey`; the remedy lists those that exist.
        """
        row = self._store.db.row("SELECT * FROM surveys WHERE slug = ?", (slug,))
        if row is None:
            known = ", ".join(r["slug"] for r in self._store.db.rows("SELECT slug FROM surveys ORDER BY slug"))
            remedy = f"Choose one of: {known}." if known else "Make one with `kryssklick survey create`."
            raise DatasetError("unknown-survey", f"There is no survey “{slug}” here.", remedy)
        return self._survey(row)

    def changeable(self, survey: Survey) -> Survey:
        """Return a survey as it is now, if what stands on its pages may still be decided.

        Raises:
            DatasetError: `survey-final`: it is frozen or purged.
        """
        current = self.get(survey.slug)
        if current.state in (SurveyState.FROZEN, SurveyState.PURGED):
            what = f"“{current.slug}” is {current.state.value}: its answers are final."
            raise DatasetError("survey-final", what, "Nothing can be decided any more.")
        return current

    def instrument(self, survey: Survey, version: str) -> Instrument:
        """Return one of the versions that a survey ever had.

        Raises:
            DatasetError: `unknown-version`.
        """
        return self._instrument(survey.slug, version)

    def _instrument(self, slug: str, version: str) -> Instrument:
        """Return a version; it never changes, so each is read once."""
        known = self._instruments.get((slug, version))
        if known is not None:
            return known
        row = self._store.db.row(
            "SELECT definition, name FROM versions WHERE survey = ? AND version = ?", (slug, version)
        )
        if row is None:
            remedy = "Load the survey's page again and answer there."
            raise DatasetError("unknown-version", f"The survey “{slug}” never had version {version}.", remedy)
        found = instrument_of(row["definition"], row["name"])
        if found.version != version:
            found = found.known_as(version)
        self._instruments[slug, version] = found
        return found

    def definition(self, survey: Survey, version: str) -> str:
        """Return the text of a version as it was given."""
        found = self._store.db.value(
            "SELECT definition FROM versions WHERE survey = ? AND version = ?", (survey.slug, version)
        )
        return str(found or "")

    def set_parameters(self, slug: str, values: Mapping[str, str], settings: Settings, *, by: str = "") -> Survey:
        """Change the parameters and dates of a draft, or the dates of an open survey.

        Raises:
            SurveyClosed: `not-draft`: the texts of an open survey stay as they are.
            DatasetError: `unknown-parameter`; dates that contradict each other, see `dates.refuse_contradictions`.
        """
        refuse_contradictions(settings)

        def change() -> None:
            survey = self.get(slug)
            if survey.state is not SurveyState.DRAFT and dict(values) != dict(survey.parameters):
                raise SurveyClosed(
                    "not-draft",
                    f"“{slug}” is {survey.state.value}: people have read its texts.",
                    "Change dates only, or make a new survey.",
                )
            refuse_unknown(survey.instrument, values)
            self._store.db.execute(
                "UPDATE surveys SET parameters = ?, settings = ? WHERE slug = ?",
                (json.dumps(dict(values), ensure_ascii=False), _settings_json(settings), slug),
            )
            self._note(survey.random_id, "changed", by, settings=json.loads(_settings_json(settings)))

        self._store.db.write(change)
        return self.get(slug)

    def missing_parameters(self, survey: Survey) -> tuple[str, ...]:
        """Return the parameters without which a survey does not open; `KEY.LANG` where one language lacks a value."""
        spelled = {"deadline": str(survey.settings.deadline)} if survey.settings.deadline is not None else {}
        return missing(survey.instrument, {**survey.parameters, **spelled}, demo=survey.demo)

    def open(self, slug: str, *, by: str = "") -> Survey:
        """Open a draft to respondents. What was answered in it as a test vanishes.

        Raises:
            DatasetError: `wrong-state`, `parameters-missing` and `date-passed` (name them), or dates that contradict
                each other.
        """

        def change() -> None:
            survey = self._in_state(slug, SurveyState.DRAFT, "opened")
            lacking = self.missing_parameters(survey)
            if lacking:
                pairs = " ".join(f"--param {name}=…" for name in lacking)
                raise DatasetError(
                    "parameters-missing",
                    f"“{slug}” can't open without {', '.join(lacking)}.",
                    f"Give them: kryssklick survey set {slug} {pairs}",
                )
            refuse_contradictions(survey.settings)
            if not survey.demo:
                refuse_passed(slug, survey.settings, local_date(self._store.now()))
            self._forget_tests(survey)
            self._store.db.execute("UPDATE surveys SET state = ? WHERE slug = ?", (SurveyState.OPEN.value, slug))
            # Due once more after a minute: what is done at once below may be cut off or find somebody reading.
            self._store.db.execute(
                "INSERT INTO tray_state (survey, unvacuumed) VALUES (?, 1)"
                " ON CONFLICT DO UPDATE SET unvacuumed = unvacuumed + 1",
                (slug,),
            )
            self._note(survey.random_id, "opened", by)

        jobs = [r["id"] for r in self._store.db.rows("SELECT id FROM jobs WHERE survey = ?", (slug,))]
        self._store.db.write(change)
        self._remove_pictures(slug)
        for job in jobs:
            shutil.rmtree(self._store.incoming_path / job, ignore_errors=True)
        self._store.db.vacuum()
        return self.get(slug)

    def close(self, slug: str, *, by: str = "") -> Survey:
        """Close an open survey to respondents; paper that comes later is still read.

        The instance's `Tray.advance` lets in what waits when the grace time ends.

        Raises:
            DatasetError: `wrong-state`.
        """

        def change() -> None:
            survey = self._in_state(slug, SurveyState.OPEN, "closed")
            self._store.db.execute(
                "UPDATE surveys SET state = ?, closed_at = ? WHERE slug = ?",
                (SurveyState.CLOSED.value, self._store.now().isoformat(timespec="seconds"), slug),
            )
            # The tie of a run to its place of distribution is of use only while sheets are out.
            self._store.db.execute("UPDATE runs SET place = NULL WHERE survey = ?", (slug,))
            self._note(survey.random_id, "closed", by)

        self._store.db.write(change)
        return self.get(slug)

    def _in_state(self, slug: str, state: SurveyState, what: str) -> Survey:
        survey = self.get(slug)
        if survey.state is not state:
            remedy = f"Only a survey that is {state.value} can be {what}; make a new one for a new round."
            raise DatasetError("wrong-state", f"“{slug}” is {survey.state.value}.", remedy)
        return survey

    def _forget_tests(self, survey: Survey) -> None:
        """Delete all that was answered, scanned and decided in a draft; its sheets stay known as practice sheets."""
        db = self._store.db
        tables = ("receipts", "tray", "quarantine", "lots_set_aside", "texts", "responses", "counts", "web_digests")
        for table in (*tables, "waiting", "decisions", "images", "sheets"):
            db.execute(f"DELETE FROM {table} WHERE survey = ?", (survey.slug,))  # noqa: S608 (names are ours)
        db.execute("DELETE FROM job_files WHERE job IN (SELECT id FROM jobs WHERE survey = ?)", (survey.slug,))
        db.execute("DELETE FROM jobs WHERE survey = ?", (survey.slug,))
        db.execute(
            "DELETE FROM payloads WHERE seq IN (SELECT seq FROM log WHERE survey = ? AND kind <> ?)",
            (survey.random_id, EntryKind.SURVEY.value),
        )

    def _remove_pictures(self, slug: str) -> None:
        folder = self._store.pictures_path / self.get(slug).random_id
        if folder.is_dir():
            for file in folder.iterdir():
                file.unlink()

    def _note(self, random_id: str, action: str, by: str, **more: object) -> None:
        at = self._store.now().isoformat(timespec="seconds")
        self._log.append(EntryKind.SURVEY, {"action": action, "by": by, "at": at, **more}, random_id)

    def _survey(self, row: Row) -> Survey:
        sql = "SELECT version FROM versions WHERE survey = ? ORDER BY number"
        versions = tuple(v["version"] for v in self._store.db.rows(sql, (row["slug"],)))
        plain = json.loads(row["settings"])
        dates = {k: date.fromisoformat(v) if v else None for k, v in plain.items() if k != "grace_days"}
        return Survey(
            slug=row["slug"],
            random_id=row["random_id"],
            state=SurveyState(row["state"]),
            demo=bool(row["demo"]),
            instrument=self._instrument(row["slug"], versions[-1]),
            versions=versions,
            parameters=json.loads(row["parameters"]),
            languages=tuple(json.loads(row["languages"])),
            settings=Settings(grace_days=plain["grace_days"], **dates),
            closed_at=datetime.fromisoformat(row["closed_at"]) if row["closed_at"] else None,
        )


def _settings_json(settings: Settings) -> str:
    def text(day: date | None) -> str | None:
        return day.isoformat() if day else None

    return json.dumps(
        {
            "deadline": text(settings.deadline),
            "grace_days": settings.grace_days,
            "freeze_on": text(settings.freeze_on),
            "purge_on": text(settings.purge_on),
        }
    )


def _bad_setting(key: str, value: str, wanted: str) -> DatasetError:
    return DatasetError("bad-setting", f"{key}={value} is not {wanted}.", f"Give {wanted}.")
