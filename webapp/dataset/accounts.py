"""Accounts: who may do what, passwords, lock-out, sessions."""

from __future__ import annotations

import hashlib
import json
import re
import secrets
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.store import Store

NAME = re.compile(r"[^\W\d_][\w.-]{0,39}")
"""A user name: a letter of any alphabet, then letters, digits, dots, hyphens."""

LEAST_PASSWORD = 12
"""Signs in a password that somebody chooses (NIST SP 800-63B asks for 8 as the least; length beats rules)."""

LONGEST_PASSWORD = 200
FREE_FAILURES = 4
"""Wrong passwords in a row before a pause begins."""

MOST_STRANGERS = 10_000
"""Names without an account whose failures are kept in memory; the one tried longest ago is forgotten first."""

FIRST_PAUSE_S = 30
LONGEST_PAUSE_S = 3600
SESSION_HOURS = 12
ONE_TIME_ALPHABET = "abcdefghjkmnpqrstuvwxyz23456789"
"""No signs that look alike: people type it from a screen."""


class Role(StrEnum):
    """What a person may do."""

    COORDINATOR = "coordinator"
    AUDITOR = "auditor"
    CONTACT_KEEPER = "contact-keeper"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True)
class User:
    """One account.

    Attributes:
        name: What the person signs in with.
        roles: What the person may do.
        must_change: The password is a one-time password.
    """

    name: str
    roles: frozenset[Role]
    must_change: bool


@dataclass(frozen=True, slots=True)
class NewUser:
    """An account just made, or given a new one-time password.

    Attributes:
        user: The account.
        one_time_password: To be told to the person; must be changed at the first sign-in.
    """

    user: User
    one_time_password: str


@lru_cache(maxsize=1)
def _hasher() -> PasswordHasher:
    return PasswordHasher()


@lru_cache(maxsize=1)
def _nobody() -> str:
    """Return a hash to check against where there is no such user, so that the time taken tells nothing."""
    return _hasher().hash(secrets.token_hex(16))


class Accounts:
    """The accounts of one instance."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log
        self._strangers: dict[str, tuple[int, datetime | None]] = {}
        """Failures and pauses of names that nobody has: they are told the same as others, or names could be guessed."""

    def add(self, name: str, roles: Iterable[Role], *, by: str = "") -> NewUser:
        """Make an account with a one-time password.

        Raises:
            DatasetError: `bad-name`, `name-taken`, `no-role`.
        """
        chosen = sorted({Role(r).value for r in roles})
        if not NAME.fullmatch(name):
            remedy = "Use at most 40 letters, digits, dots and hyphens, beginning with a letter."
            raise DatasetError("bad-name", f"“{name}” can't be a user name.", remedy)
        if not chosen:
            remedy = f"Give at least one of: {', '.join(r.value for r in Role)}."
            raise DatasetError("no-role", f"“{name}” would have no role.", remedy)
        password = _one_time()
        hashed, hidden = _hasher().hash(password), self._hidden(name, password)

        def change() -> None:
            if self._store.db.value("SELECT 1 FROM users WHERE name = ?", (name,)):
                raise DatasetError("name-taken", f"There is a user “{name}” already.", "Choose another name.")
            self._store.db.execute(
                "INSERT INTO users (name, roles, password, one_time, must_change) VALUES (?, ?, ?, ?, 1)",
                (name, json.dumps(chosen), hashed, hidden),
            )
            self._log.append(EntryKind.ACCOUNT, {"action": "added", "user": name, "roles": chosen, "by": by})

        self._store.db.write(change)
        return NewUser(self.get(name), password)

    def get(self, name: str) -> User:
        """Return an account.

        Raises:
            DatasetError: `unknown-user`.
        """
        row = self._store.db.row("SELECT name, roles, must_change FROM users WHERE name = ?", (name,))
        if row is None:
            raise DatasetError("unknown-user", f"There is no user “{name}”.", "Make one with `kryssklick user add`.")
        return User(row["name"], frozenset(Role(r) for r in json.loads(row["roles"])), bool(row["must_change"]))

    def list(self) -> tuple[User, ...]:
        """Return all accounts by name."""
        return tuple(self.get(row["name"]) for row in self._store.db.rows("SELECT name FROM users ORDER BY name"))

    def unused_one_time_passwords(self) -> tuple[NewUser, ...]:
        """Return accounts whose one-time password was never used, with it: the server shows them when it starts."""
        rows = self._store.db.rows("SELECT name, one_time FROM users WHERE one_time IS NOT NULL ORDER BY name")
        return tuple(
            NewUser(self.get(r["name"]), self._store.show("", r["one_time"], f"one-time {r['name']}").decode())
            for r in rows
        )

    def reset(self, name: str, *, by: str = "") -> NewUser:
        """Give an account a new one-time password, end its pause and all its sessions.

        Raises:
            DatasetError: `unknown-user`.
        """
        self.get(name)
        password = _one_time()
        hashed, hidden = _hasher().hash(password), self._hidden(name, password)

        def change() -> None:
            self._store.db.execute(
                "UPDATE users SET password = ?, one_time = ?, must_change = 1, failures = 0, locked_until = NULL"
                " WHERE name = ?",
                (hashed, hidden, name),
            )
            self._store.db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._log.append(EntryKind.ACCOUNT, {"action": "reset", "user": name, "by": by})

        self._store.db.write(change)
        return NewUser(self.get(name), password)

    def sign_in(self, name: str, password: str) -> User:
        """Check name and password.

        Raises:
            DatasetError: `wrong-password` (also where there is no such user), `locked` (says for how long).
        """
        row = self._store.db.row("SELECT password, failures, locked_until FROM users WHERE name = ?", (name,))
        now = self._store.now()
        until = self._pause_of_stranger(name) if row is None else row["locked_until"]
        if until:
            left = ((until if isinstance(until, datetime) else datetime.fromisoformat(until)) - now).total_seconds()
            if left > 0:
                what = f"Too many wrong passwords for “{name}”."
                raise DatasetError("locked", what, f"Wait {int(left) + 1} seconds and try again.")
        right = _matches(row["password"] if row else _nobody(), password) and row is not None
        if not right:
            if row is not None:
                self._failed(name)
            else:
                self._failed_stranger(name)
            remedy = "Check both and try again. An administrator can give out a new one-time password."
            raise DatasetError("wrong-password", "Name or password is wrong.", remedy)
        if row is not None and row["failures"]:
            sql = "UPDATE users SET failures = 0, locked_until = NULL WHERE name = ?"
            self._store.db.write(lambda: self._store.db.execute(sql, (name,)))
        return self.get(name)

    def change_password(self, name: str, new: str) -> User:
        """Give an account a password of its owner's own; the one-time password is gone and all sessions end.

        Raises:
            DatasetError: `unknown-user`, `weak-password`.
        """
        self.get(name)
        if not LEAST_PASSWORD <= len(new) <= LONGEST_PASSWORD or name.casefold() in new.casefold() or len(set(new)) < 5:
            raise DatasetError(
                "weak-password",
                f"The password must have {LEAST_PASSWORD} to {LONGEST_PASSWORD} signs, not the name in it, "
                "and not the same few signs over and over.",
                "Four words that don't belong together are good and easy to remember.",
            )
        hashed = _hasher().hash(new)

        def change() -> None:
            old = str(self._store.db.value("SELECT password FROM users WHERE name = ?", (name,)))
            if _matches(old, new):
                remedy = "Choose one of your own."
                raise DatasetError("same-password", "This is the password that you were given or had.", remedy)
            self._store.db.execute(
                "UPDATE users SET password = ?, one_time = NULL, must_change = 0, failures = 0, locked_until = NULL"
                " WHERE name = ?",
                (hashed, name),
            )
            self._store.db.execute("DELETE FROM sessions WHERE user = ?", (name,))
            self._log.append(EntryKind.ACCOUNT, {"action": "password", "user": name, "by": name})

        self._store.db.write(change)
        return self.get(name)

    def begin_session(self, name: str) -> str:
        """Begin a session; return its secret id of 43 signs for the cookie. Only its hash is stored."""
        session = secrets.token_urlsafe(32)
        ends_at = (self._store.now() + timedelta(hours=SESSION_HOURS)).isoformat(timespec="seconds")

        def change() -> None:
            self._store.db.execute("DELETE FROM sessions WHERE ends_at < ?", (self._moment(),))
            self._store.db.execute(
                "INSERT INTO sessions (id, user, ends_at) VALUES (?, ?, ?)", (_hash(session), name, ends_at)
            )

        self._store.db.write(change)
        return session

    def session_user(self, session: str) -> User | None:
        """Return whose session an id is; None where it ended or never was."""
        row = self._store.db.row(
            "SELECT user FROM sessions WHERE id = ? AND ends_at >= ?", (_hash(session), self._moment())
        )
        return self.get(row["user"]) if row else None

    def end_session(self, session: str) -> None:
        """End a session."""
        sql = "DELETE FROM sessions WHERE id = ?"
        self._store.db.write(lambda: self._store.db.execute(sql, (_hash(session),)))

    def _moment(self) -> str:
        return self._store.now().isoformat(timespec="seconds")

    def _hidden(self, name: str, password: str) -> bytes:
        return self._store.hide("", password.encode(), f"one-time {name}")

    def _failed(self, name: str) -> None:
        def change() -> None:
            failures = int(self._store.db.value("SELECT failures FROM users WHERE name = ?", (name,))) + 1
            until = self._locked_until(failures)
            self._store.db.execute(
                "UPDATE users SET failures = ?, locked_until = ? WHERE name = ?",
                (failures, until.isoformat() if until else None, name),
            )

        self._store.db.write(change)

    def _locked_until(self, failures: int) -> datetime | None:
        if failures <= FREE_FAILURES:
            return None
        pause = min(FIRST_PAUSE_S * 2 ** min(failures - FREE_FAILURES - 1, 10), LONGEST_PAUSE_S)
        return self._store.now() + timedelta(seconds=pause)

    def _pause_of_stranger(self, name: str) -> datetime | None:
        return self._strangers.get(name, (0, None))[1]

    def _failed_stranger(self, name: str) -> None:
        """Count a failure of a name that nobody has; what can't be a name is told so by its form already."""
        if not NAME.fullmatch(name):
            return
        failures = self._strangers.pop(name, (0, None))[0] + 1
        self._strangers[name] = (failures, self._locked_until(failures))
        if len(self._strangers) > MOST_STRANGERS:
            self._strangers.pop(next(iter(self._strangers)), None)


def _matches(hashed: str, password: str) -> bool:
    try:
        return _hasher().verify(hashed, password[: LONGEST_PASSWORD + 1])
    except (VerifyMismatchError, InvalidHashError):
        return False


def _hash(session: str) -> bytes:
    return hashlib.sha256(session.encode()).digest()


def _one_time() -> str:
    """Return 16 signs in groups of four: 79 bits."""
    signs = [secrets.choice(ONE_TIME_ALPHABET) for _ in range(16)]
    return "-".join("".join(signs[i : i + 4]) for i in range(0, 16, 4))
