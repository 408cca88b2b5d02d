"""Interview sign-ups: contact details that only the contact keepers' browsers can open.

A sign-up is sealed once to each keeper's current key, with the purpose `contact`, and every seal holds 4 KiB whatever
stands in it. It is kept under its submission id in a file of its own, without time, order or any tie to a response.
Nothing here can open one. Sign-ups of a draft are tests and vanish when the survey opens. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass

from webapp.dataset.database import Database
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.keepers import KeeperKey, Keepers
from webapp.dataset.keys import KeyKind
from webapp.dataset.log import LogFault
from webapp.dataset.sealing import HEAD_BYTES, KEY_ID_BYTES, SIZES, TAG_BYTES, VERSION, Purpose, key_id, seal
from webapp.dataset.store import Store, canonical
from webapp.dataset.surveys import Survey, Surveys, SurveyState
from webapp.dataset.tray import Acknowledgement

CONTACT_FORMAT = "kryssklick-contact/1"
PLAIN_BYTES = SIZES[0]
"""The one size that contact details are padded to, bytes."""

SEAL_BYTES = HEAD_BYTES + PLAIN_BYTES + TAG_BYTES
"""Bytes of one seal."""

MOST_KEYS = 16
"""More keepers than any association has; bounds what is taken in."""

LARGEST = MOST_KEYS * SEAL_BYTES

MOST_SIGN_UPS = 2_000
"""Sign-ups that a survey keeps at a time, far more than anybody interviews: what nobody can look into must not fill a
disk. Those that a keeper deletes make room."""


@dataclass(frozen=True, slots=True)
class SignUp:
    """One sealed sign-up.

    Attributes:
        number: The submission id, 32 hex digits; needed to open it.
        seals: Key id → what is sealed to that key.
    """

    number: str
    seals: Mapping[bytes, bytes]


class Contacts:
    """The sign-ups of one instance."""

    def __init__(self, store: Store, file: Database, surveys: Surveys, keepers: Keepers) -> None:
        self._store = store
        self._file = file
        self._surveys = surveys
        self._keepers = keepers

    def offered(self, survey: Survey) -> bool:
        """Tell whether people can sign up: the survey takes new answers, and somebody keeps contacts."""
        return survey.begins(self._store.now()) and bool(self._keepers.current())

    def seal_on_arrival(self, number: bytes, answers: Mapping[str, object], language: str) -> bytes:
        """Seal what arrived without JavaScript to every keeper, the way a browser would have.

        Args:
            number: The submission id, 16 bytes.
            answers: What was filled in, as `forms.answers.to_payload` writes it.
            language: Language of the page.

        Raises:
            SealError: `too-long`: more than 4 KiB.
        """
        plain = canonical({"format": CONTACT_FORMAT, "language": language, "answers": answers})
        if len(plain) > PLAIN_BYTES:
            what = f"The details take {len(plain)} bytes; {PLAIN_BYTES} fit."
            raise SealError("too-long", what, "Shorten the longest text.")
        return b"".join(seal(key.public, plain, number, Purpose.CONTACT) for key in self._keepers.current())

    def submit(
        self, survey: Survey, number: bytes, sealed: bytes, let_in: Callable[[], None] = lambda: None
    ) -> Acknowledgement:
        """Take a sign-up; when this returns it is on the disk.

        A repeated one takes the place of the first: its sender has mended it meanwhile. One that a keeper has deleted
        does not come back.

        Args:
            survey: The survey.
            number: The submission id, 16 bytes.
            sealed: One seal for each keeper's current key, one after the other in any order.
            let_in: Asked before a new one is kept, never for a repeated one; raises where it is not let in.

        Raises:
            DatasetError: `sign-ups-full`: the survey has `MOST_SIGN_UPS`.
            SealError: `not-sealed`; `other-keys`: not sealed to exactly the keepers there are now.
            SurveyClosed: `survey-closed`: no new answers are taken, or `no-keeper`.
        """
        now = self._store.now()
        current = self._surveys.get(survey.slug)
        if not current.begins(now) or not self._store.keys.has(current.random_id, KeyKind.RECEIPT):
            remedy = "Turn to the organisation behind the survey instead."
            raise SurveyClosed("survey-closed", f"“{current.slug}” is closed, and so is its sign-up.", remedy)
        keys = self._keepers.current()
        if not keys:
            remedy = "A contact keeper has to sign in and make a key first."
            raise SurveyClosed("no-keeper", "Nobody keeps contact details here.", remedy)
        _check(sealed, keys)
        secret = self._store.keys.read(current.random_id, KeyKind.RECEIPT)
        # What came as a test vanishes when the survey opens; the same number is then a new one.
        purpose = b"contact-test" if current.practice else b"contact"
        receipt = hmac.new(secret, purpose + number, hashlib.sha256).digest()
        return self._file.write(lambda: self._put(current, number, receipt, sealed, let_in))

    def _put(
        self, survey: Survey, number: bytes, receipt: bytes, sealed: bytes, let_in: Callable[[], None]
    ) -> Acknowledgement:
        new = self._file.execute(
            "INSERT OR IGNORE INTO receipts (survey, receipt) VALUES (?, ?)", (survey.slug, receipt)
        )
        if new:
            if self.full(survey):
                what = f"“{survey.slug}” keeps {MOST_SIGN_UPS} sign-ups, and no more fit."
                raise DatasetError("sign-ups-full", what, "A contact keeper has to delete some that are done with.")
            let_in()
            self._file.execute(
                "INSERT OR REPLACE INTO sign_ups (survey, number, practice, sealed) VALUES (?, ?, ?, ?)",
                (survey.slug, number, int(survey.practice), sealed),
            )
        else:
            sql = "UPDATE sign_ups SET sealed = ? WHERE survey = ? AND number = ?"
            self._file.execute(sql, (sealed, survey.slug, number))
        self._moved()
        return Acknowledgement.ACCEPTED if new else Acknowledgement.REPEATED

    def all(self, survey: Survey) -> tuple[SignUp, ...]:
        """Return the sign-ups of a survey in the order of their random numbers."""
        sql = "SELECT number, sealed FROM sign_ups WHERE survey = ? AND practice <= ? ORDER BY number"
        rows = self._file.rows(sql, (survey.slug, int(survey.practice)))
        return tuple(SignUp(r["number"].hex(), dict(_parts(r["sealed"]))) for r in rows)

    def count(self, survey: Survey) -> int:
        """Return how many sign-ups a survey has."""
        sql = "SELECT count(*) FROM sign_ups WHERE survey = ? AND practice <= ?"
        return int(self._file.value(sql, (survey.slug, int(survey.practice))))

    def full(self, survey: Survey) -> bool:
        """Tell whether a survey keeps as many sign-ups as it can."""
        return self.count(survey) >= MOST_SIGN_UPS

    def delete(self, survey: Survey, numbers: Iterable[bytes]) -> int:
        """Delete sign-ups for good, for all keepers, all of them or none; return how many there were."""
        rows = [(survey.slug, number) for number in numbers]

        def change() -> int:
            gone = sum(self._file.execute("DELETE FROM sign_ups WHERE survey = ? AND number = ?", row) for row in rows)
            self._moved()
            return gone

        found = self._file.write(change)
        self.tidy()
        return found

    def _moved(self) -> None:
        self._file.execute("UPDATE moved SET since_vacuum = since_vacuum + 1")

    def tidy(self) -> bool:
        """Take away tests of surveys that have opened and all of purged ones, and what free pages tell of order.

        The server calls this every few seconds; where nothing moved it only looks.

        Returns:
            Whether the file was rewritten.
        """
        for survey in self._surveys.list():
            purged = survey.state is SurveyState.PURGED
            if purged or not survey.practice:
                self._forget(survey, tests_only=not purged)
        moved = int(self._file.value("SELECT since_vacuum FROM moved"))
        if not moved or not self._file.vacuum():
            return False
        sql = "UPDATE moved SET since_vacuum = 0 WHERE since_vacuum = ?"
        self._file.write(lambda: self._file.execute(sql, (moved,)))
        return True

    def _forget(self, survey: Survey, *, tests_only: bool) -> None:
        least = 1 if tests_only else 0
        if not self._file.value("SELECT 1 FROM sign_ups WHERE survey = ? AND practice >= ?", (survey.slug, least)):
            return

        def change() -> None:
            self._file.execute("DELETE FROM sign_ups WHERE survey = ? AND practice >= ?", (survey.slug, least))
            self._moved()

        self._file.write(change)

    def verify(self) -> Iterator[LogFault]:
        """Yield what is wrong with the form of what is kept; what stands inside only a keeper's browser can check."""
        keys, surveys = self._keepers.all(), {s.slug for s in self._surveys.list()}
        known = {key.id for key in keys}
        with self._file.snapshot():
            for row in self._file.rows("SELECT survey, number, sealed FROM sign_ups ORDER BY survey, number"):
                place = f"sign-up {row['number'].hex()[:8]} of {row['survey']}"
                parts = tuple(_parts(row["sealed"]))
                if row["survey"] not in surveys:
                    yield LogFault(place, "There is no such survey.")
                if not parts or len(row["sealed"]) % SEAL_BYTES or any(part[0] != VERSION for _, part in parts):
                    yield LogFault(place, "It was changed: it is not sealed in the form kk1.")
                elif not any(key in known for key, _ in parts):
                    yield LogFault(place, "No keeper has a key to it: it was changed, or the key was taken away.")
            for key in keys:
                if key_id(key.public) != key.id:
                    yield LogFault(f"contact key {key.id.hex()}", "It was changed: its name does not fit.")


def _parts(sealed: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield key id and seal of each part of a sign-up."""
    for at in range(0, len(sealed) - SEAL_BYTES + 1, SEAL_BYTES):
        part = sealed[at : at + SEAL_BYTES]
        yield part[1 : 1 + KEY_ID_BYTES], part


def _check(sealed: bytes, keys: tuple[KeeperKey, ...]) -> None:
    """See from the outside whether something can be a sign-up sealed to exactly these keys."""
    parts = tuple(_parts(sealed))
    if not parts or len(sealed) % SEAL_BYTES or any(p[0] != VERSION or p[1 + KEY_ID_BYTES] != 4 for _, p in parts):
        remedy = "Load the sign-up page again and send once more."
        raise SealError("not-sealed", "What arrived is not a sealed sign-up of the form kk1.", remedy)
    if sorted(key for key, _ in parts) != sorted(key.id for key in keys):
        remedy = "Load the sign-up page again and send once more."
        raise SealError("other-keys", "The keepers' keys have changed since the page was loaded.", remedy)
