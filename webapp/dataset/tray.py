"""The tray: sealed submissions wait here and enter the dataset in shuffled lots.

A submission is on the disk, with its receipt, before it is acknowledged; a repeated one is recognised by its receipt.
While at least twenty wait, ten drawn at random enter under new random keys, at most once a minute; the rest enters
when the grace time ends. Answers of a draft or the demo enter at once. What turns out invalid when it is opened goes
into quarantine. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import secrets
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from forms import places
from forms.answers import Given, from_payload, route, submission_faults, to_payload
from webapp.dataset.answers import Channel, Response
from webapp.dataset.clock import local_date
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.keys import KeyKind
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.responses import EMPTY_DIGEST, Responses, combine, new_key
from webapp.dataset.sealing import SUBMISSION_ID_BYTES, check_envelope, seal, unseal
from webapp.dataset.store import Store, canonical
from webapp.dataset.surveys import Survey, Surveys, SurveyState

LEAST_WAITING = 20
"""A lot is drawn only while this many wait: among so many no single one can be followed."""

LOT = 10
"""Submissions in a lot."""

AT_ONCE = 500
"""Most submissions that enter in one transaction when grace ends, so that other surveys need not wait for long."""

PAUSE = timedelta(minutes=1)
"""From one lot to the next, and from the last submission to VACUUM."""

ANSWER_FORMAT = "kryssklick-answer/1"


class Acknowledgement(StrEnum):
    """What the sender is told."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A submission that was opened and can't be counted.

    Attributes:
        id: 32 hex digits, random.
        code: Why, such as `unknown-option`, `broken-seal`, `unknown-version`.
        detail: Where: a question, or a place in the JSON; never what was answered.
        content: What stood in it, where it could be opened; else empty.
    """

    id: str
    code: str
    detail: str
    content: str


@dataclass(frozen=True, slots=True)
class Advance:
    """What one step of the tray did.

    Attributes:
        entered: Responses that entered the dataset.
        quarantined: Submissions that went into quarantine.
        closed: Slugs of surveys closed because their deadline and grace time are over.
        vacuumed: Whether the file was rewritten.
    """

    entered: int = 0
    quarantined: int = 0
    closed: tuple[str, ...] = ()
    vacuumed: bool = False


class _Invalid(Exception):
    """Inside this module only: why a submission goes into quarantine."""

    def __init__(self, code: str, detail: str) -> None:
        super().__init__(code)
        self.code = code
        self.detail = detail


def new_submission_id() -> str:
    """Return 32 hex digits for one form that is about to be filled in."""
    return secrets.token_hex(SUBMISSION_ID_BYTES)


def parse_submission_id(text: str) -> bytes:
    """Read a submission id.

    Raises:
        DatasetError: `bad-submission-id`: not 32 hex digits.
    """
    try:
        found = bytes.fromhex(text)
    except ValueError:
        found = b""
    if len(found) != SUBMISSION_ID_BYTES or len(text) != 2 * SUBMISSION_ID_BYTES:
        remedy = "Load the survey's page again and answer there."
        raise DatasetError("bad-submission-id", "The form's own number is missing or was changed.", remedy)
    return found


class Tray:
    """The tray of one instance."""

    def __init__(self, store: Store, log: Log, surveys: Surveys, responses: Responses) -> None:
        self._store = store
        self._log = log
        self._surveys = surveys
        self._responses = responses
        self._lock = threading.Lock()
        self._last_submission: datetime = store.now()

    def public_key(self, survey: Survey) -> bytes:
        """Return what phones seal to: a point of 65 bytes."""
        return self._store.keys.public(survey.random_id)

    def seal_on_arrival(self, survey: Survey, submission_id: bytes, given: Mapping[str, Given], language: str) -> bytes:
        """Seal what arrived without JavaScript, the way a phone would have.

        Args:
            survey: The survey; the newest version is meant.
            submission_id: 16 bytes.
            given: What was submitted, already judged good by `forms.answers.submission_faults`.
            language: Language that it was given in.

        Raises:
            SealError: `too-long`.
        """
        plain = {
            "format": ANSWER_FORMAT,
            "version": survey.instrument.version,
            "language": language,
            "answers": to_payload(given),
        }
        return seal(self.public_key(survey), canonical(plain), submission_id)

    def submit(self, survey: Survey, submission_id: bytes, sealed: bytes) -> Acknowledgement:
        """Take a sealed submission; when this returns it is on the disk.

        A repeated one is acknowledged as such, whatever its content: the first one counts.

        Raises:
            SealError: `not-sealed`, `other-key`: what arrived is no submission to this survey.
            SurveyClosed: `survey-closed`, `survey-not-open`.
        """
        check_envelope(sealed, self.public_key(survey))
        now = self._store.now()

        def change() -> Acknowledgement:
            db = self._store.db
            current = self._surveys.get(survey.slug)
            self._refuse_late(current, now)
            key = self._store.keys.read(current.random_id, KeyKind.RECEIPT)
            receipt = hmac.new(key, submission_id, hashlib.sha256).digest()
            sql = "INSERT OR IGNORE INTO receipts (survey, receipt) VALUES (?, ?)"
            if not db.execute(sql, (current.slug, receipt)):
                return Acknowledgement.REPEATED
            row = (current.slug, new_key(), submission_id, sealed)
            db.execute("INSERT INTO tray (survey, key, submission, sealed) VALUES (?, ?, ?, ?)", row)
            self._mark_unvacuumed(current.slug)
            if current.practice:
                self._enter(current, [row[1]])
            return Acknowledgement.ACCEPTED

        acknowledged = self._store.db.write(change)
        with self._lock:
            self._last_submission = max(self._last_submission, now)
        return acknowledged

    def _refuse_late(self, survey: Survey, now: datetime) -> None:
        if survey.state in (SurveyState.FROZEN, SurveyState.PURGED) or not survey.counts_at(now):
            raise SurveyClosed(
                "survey-closed",
                f"The survey “{survey.slug}” is closed, and the time for late answers is over.",
                "The answer was not taken. Ask the organisation behind the survey if there will be another round.",
            )
        if not self._store.keys.has(survey.random_id, KeyKind.RECEIPT):
            raise SurveyClosed(
                "survey-closed",
                f"The survey “{survey.slug}” has ended.",
                "The answer was not taken. Ask the organisation behind the survey if there will be another round.",
            )

    def waiting(self, survey: Survey) -> int:
        """Return how many submissions wait in the tray."""
        sql = "SELECT count(*) FROM tray INDEXED BY tray_keys WHERE survey = ?"
        return int(self._store.db.value(sql, (survey.slug,)))

    def advance(self) -> Advance:
        """Do what is due: lots, ends of grace time, VACUUM. The server calls this every few seconds, `close` once."""
        entered = quarantined = 0
        closed = []
        last = False
        for survey in self._surveys.list():
            if self._overdue(survey):
                closed.append(survey.slug)
                self._surveys.close(survey.slug, by="deadline")
            going = True
            while going:
                good, bad = self._store.db.write(lambda slug=survey.slug: self._step(slug))  # type: ignore[misc]
                entered, quarantined = entered + good, quarantined + bad
                going = good + bad == AT_ONCE
                last = last or (good + bad > 0 and not survey.practice and not going and not self.waiting(survey))
        return Advance(entered, quarantined, tuple(closed), self._vacuum(at_once=last))

    def _overdue(self, survey: Survey) -> bool:
        deadline = survey.settings.deadline
        return (
            survey.state is SurveyState.OPEN
            and not survey.demo
            and deadline is not None
            and local_date(self._store.now()) > deadline
        )

    def _step(self, slug: str) -> tuple[int, int]:
        survey, now = self._surveys.get(slug), self._store.now()
        over = survey.state is not SurveyState.DRAFT and not survey.counts_at(now)
        counts: tuple[int, int] = (0, 0)
        if over or survey.practice:
            keys = self._keys(slug)
            counts = self._enter(survey, secrets.SystemRandom().sample(keys, min(AT_ONCE, len(keys))))
        elif self._pause_over(slug, now) and self.waiting(survey) >= LEAST_WAITING:
            counts = self._enter(survey, secrets.SystemRandom().sample(self._keys(slug), LOT))
            self._store.db.execute(
                "UPDATE tray_state SET last_lot_at = ? WHERE survey = ?", (now.isoformat(timespec="seconds"), slug)
            )
        if over and sum(counts) < AT_ONCE and self._store.keys.has(survey.random_id, KeyKind.RECEIPT):
            # Without the key nobody can ask the receipts whether a submission was among them.
            self._store.keys.destroy(survey.random_id, KeyKind.RECEIPT)
        return counts

    def _keys(self, slug: str) -> list[bytes]:
        sql = "SELECT key FROM tray INDEXED BY tray_keys WHERE survey = ? ORDER BY key"
        return [row["key"] for row in self._store.db.rows(sql, (slug,))]

    def _pause_over(self, slug: str, now: datetime) -> bool:
        last = self._store.db.value("SELECT last_lot_at FROM tray_state WHERE survey = ?", (slug,))
        return last is None or now - datetime.fromisoformat(last) >= PAUSE

    def _enter(self, survey: Survey, keys: list[bytes]) -> tuple[int, int]:
        """Let submissions into the dataset under new keys; return how many entered and how many were quarantined."""
        new: list[bytes] = []
        bad = 0
        for key in keys:
            row = self._store.db.row("SELECT * FROM tray WHERE survey = ? AND key = ?", (survey.slug, key))
            if row is None:
                continue
            try:
                new.append(self._open(survey, row["submission"], row["sealed"]))
            except _Invalid as fault:
                self._quarantine(survey, fault, row["submission"], row["sealed"])
                bad += 1
            self._store.db.execute("DELETE FROM tray WHERE survey = ? AND key = ?", (survey.slug, key))
        if new or bad:
            # What left the tray may have been there at the last VACUUM, which could not clear it away.
            self._mark_unvacuumed(survey.slug)
        if new:
            self._note_lot(survey, new)
        return len(new), bad

    def _mark_unvacuumed(self, slug: str) -> None:
        """Note that the file holds traces of the tray that only VACUUM takes away."""
        self._store.db.execute(
            "INSERT INTO tray_state (survey, unvacuumed) VALUES (?, 1)"
            " ON CONFLICT DO UPDATE SET unvacuumed = unvacuumed + 1",
            (slug,),
        )

    def _open(self, survey: Survey, submission_id: bytes, sealed: bytes) -> bytes:
        plain = self._plain(survey, submission_id, sealed)
        try:
            instrument = self._surveys.instrument(survey, plain["version"])
        except DatasetError as error:
            raise _Invalid(error.code, plain["version"][:80]) from error
        try:
            given = from_payload(plain["answers"])
        except ValueError as error:
            raise _Invalid("malformed", str(error)[:200]) from error
        faults = submission_faults(instrument, given, places.codes())
        if faults:
            raise _Invalid(faults[0].code, faults[0].question[:80])
        answers = route(instrument, given)
        if not any(a.options or a.texts for a in answers):
            # As a sheet with nothing on it is none, this is no response; no page of ours sends such a one.
            raise _Invalid("malformed", "answers: nothing is answered")
        language = plain["language"] if plain["language"] in survey.languages else survey.languages[0]
        key = new_key()
        response = Response(key, Channel.WEB, instrument.version, language, answers)
        self._responses.put(survey, response, instrument)
        return key

    def _plain(self, survey: Survey, submission_id: bytes, sealed: bytes) -> dict[str, str]:
        try:
            plain = json.loads(unseal(self._store.keys.sealing(survey.random_id), sealed, submission_id))
            # Half of a character can be written in JSON but not on the disk: it would stop the whole tray.
            canonical(plain)
        except SealError as error:
            raise _Invalid(error.code, "") from error
        except (ValueError, RecursionError) as error:
            raise _Invalid("malformed", str(error)[:200]) from error
        if not isinstance(plain, dict) or plain.get("format") != ANSWER_FORMAT:
            raise _Invalid("malformed", f"not an object of the form {ANSWER_FORMAT}")
        if not isinstance(plain.get("version"), str) or not isinstance(plain.get("language"), str):
            raise _Invalid("malformed", "version or language is missing")
        return {"answers": {}, **plain}

    def _note_lot(self, survey: Survey, new: list[bytes]) -> None:
        """Commit the log to the web responses as they are now.

        The digest takes no order. The payload before it is deleted: two digests in a row, tried against all groups
        of ten, would tell which responses came in between.
        """
        db = self._store.db
        row = db.row("SELECT n, digest, seq FROM web_digests WHERE survey = ?", (survey.slug,))
        digest, number = (row["digest"], row["n"]) if row else (EMPTY_DIGEST, 0)
        for key in new:
            digest = combine(digest, self._responses.element_of(survey, key))
        number += len(new)
        payload = {"channel": Channel.WEB.value, "responses": number, "digest": hashlib.sha256(digest).hexdigest()}
        seq = self._log.append(EntryKind.LOT, payload, survey.random_id)
        if row and row["seq"]:
            self._log.forget(row["seq"])
        db.execute(
            "INSERT OR REPLACE INTO web_digests (survey, n, digest, seq) VALUES (?, ?, ?, ?)",
            (survey.slug, number, digest, seq),
        )

    def _quarantine(self, survey: Survey, fault: _Invalid, submission_id: bytes, sealed: bytes) -> None:
        key = new_key()
        try:
            content = unseal(self._store.keys.sealing(survey.random_id), sealed, submission_id).rstrip(b" ")
        except SealError:
            content = sealed
        hidden = self._store.hide(survey.random_id, content, f"quarantine {key.hex()}")
        self._store.db.execute(
            "INSERT INTO quarantine (survey, key, code, detail, content) VALUES (?, ?, ?, ?, ?)",
            (survey.slug, key, fault.code, fault.detail, hidden),
        )

    def in_quarantine(self, survey: Survey) -> int:
        """Return how many submissions lie in quarantine."""
        return int(self._store.db.value("SELECT count(*) FROM quarantine WHERE survey = ?", (survey.slug,)))

    def quarantined(self, survey: Survey) -> tuple[Quarantined, ...]:
        """Return what lies in quarantine, in the order of random ids."""
        rows = self._store.db.rows("SELECT * FROM quarantine WHERE survey = ? ORDER BY key", (survey.slug,))
        found = []
        for row in rows:
            opened = self._store.show(survey.random_id, row["content"], f"quarantine {row['key'].hex()}")
            content = "" if row["code"] == "broken-seal" else opened.decode("utf-8", "replace")
            found.append(Quarantined(row["key"].hex(), row["code"], row["detail"], content))
        return tuple(found)

    def _vacuum(self, *, at_once: bool) -> bool:
        """Rewrite the file where anything came into a tray or left it: after a minute without submissions, or at once.

        The mark goes away only when it is done, and not where something moved meanwhile: a program that is killed, a
        full disk or a reader that holds the WAL must not leave traces for good.

        Args:
            at_once: A survey's last lot has entered.
        """
        db, now = self._store.db, self._store.now()
        with self._lock:
            quiet = now - self._last_submission >= PAUSE
        marked = db.rows("SELECT survey, unvacuumed FROM tray_state WHERE unvacuumed > 0")
        if not marked or not (quiet or at_once):
            return False
        if not db.vacuum():
            with self._lock:
                self._last_submission = max(self._last_submission, now)  # tried again in a minute
            return False
        sql = "UPDATE tray_state SET unvacuumed = 0 WHERE survey = :survey AND unvacuumed = :unvacuumed"
        db.write(lambda: [db.execute(sql, row) for row in marked])
        return True
