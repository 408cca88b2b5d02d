"""The contact keepers' keys: pairs made in their browsers, of which only the public half can be used here.

The private half comes locked up twice, under a key drawn from the passphrase and under the recovery key; neither of
these ever reaches the server. The locks are opaque here beyond their form. A key belongs to an account with the role of
contact keeper; its newest key is current, and sign-ups are sealed to the current keys of all keepers. Older keys stay,
because what was sealed to them opens with nothing else. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, EllipticCurvePublicKey

from webapp.dataset.accounts import Accounts, Role
from webapp.dataset.clock import local_date
from webapp.dataset.database import Database, Row
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log
from webapp.dataset.sealing import POINT_BYTES, key_id
from webapp.dataset.store import Store, canonical

LOCKS_FORMAT = "kryssklick-key/1"
PASSPHRASE, RECOVERY = "passphrase", "recovery"
LEAST_ITERATIONS = 600_000
"""Rounds of PBKDF2 with SHA-256 that a passphrase is worked through at least (OWASP, 2023)."""

MOST_ITERATIONS = 20_000_000
SALT_BYTES = 16
NONCE_BYTES = 12
LOCKED_BYTES = range(64, 513)
"""Lengths of a locked private key with its tag; PKCS #8 of a P-256 key takes 138 bytes and 16."""


@dataclass(frozen=True, slots=True)
class KeeperKey:
    """One key of a contact keeper.

    Attributes:
        id: The 8 bytes that name it.
        user: Whose it is.
        public: What is sealed to: a point of 65 bytes.
        locks: The locked private key, JSON in the form that `read_locks` checks.
        made_on: The day on which it was made.
        current: New sign-ups are sealed to it, as long as its user has the role.
    """

    id: bytes
    user: str
    public: bytes
    locks: str
    made_on: date
    current: bool


class Keepers:
    """The contact keepers of one instance."""

    def __init__(self, store: Store, file: Database, accounts: Accounts, log: Log) -> None:
        self._store = store
        self._file = file
        self._accounts = accounts
        self._log = log

    def current(self) -> tuple[KeeperKey, ...]:
        """Return the keys that a sign-up is sealed to, by user; empty: there is no keeper with a key yet."""
        rows = self._file.rows("SELECT * FROM keeper_keys WHERE current = 1 ORDER BY user")
        return tuple(_key(row) for row in rows if self._keeps(row["user"]))

    def apart(self) -> bool:
        """Tell whether none of the keepers works with the answers too: only then may people be promised that."""
        inside = {Role.COORDINATOR, Role.AUDITOR}
        return not any(inside & self._accounts.get(key.user).roles for key in self.current())

    def _keeps(self, user: str) -> bool:
        try:
            return Role.CONTACT_KEEPER in self._accounts.get(user).roles
        except DatasetError:
            return False

    def of(self, user: str) -> tuple[KeeperKey, ...]:
        """Return all keys that a user ever made here, the current one first."""
        sql = "SELECT * FROM keeper_keys WHERE user = ? ORDER BY current DESC, made_on DESC, id"
        return tuple(_key(row) for row in self._file.rows(sql, (user,)))

    def all(self) -> tuple[KeeperKey, ...]:
        """Return every key that was ever made, by user."""
        return tuple(_key(row) for row in self._file.rows("SELECT * FROM keeper_keys ORDER BY user, id"))

    def make(self, user: str, public: bytes, locks: str) -> KeeperKey:
        """Keep a key that a keeper's browser has made; it is the keeper's current one from now on.

        The same key once more changes nothing: a browser repeats what it was not told the end of.

        Raises:
            DatasetError: `not-a-keeper`, `bad-key`: no point of the curve, other locks, or somebody else's key.
        """
        if not self._keeps(user):
            remedy = "Whoever runs the computer gives the role with `kryssklick user add NAME --role contact-keeper`."
            raise DatasetError("not-a-keeper", f"“{user}” is no contact keeper.", remedy)
        _check_point(public)
        made = KeeperKey(key_id(public), user, public, read_locks(locks), local_date(self._store.now()), True)
        owners = {key.user for key in self.all() if key.public == public}
        if user in owners:
            return made
        if owners:
            raise _bad("somebody else has it")
        # First the log: an entry about a key that never came is harmless, a key that nobody heard of is not.
        self._note("contact key made", made)

        def change() -> None:
            self._file.execute("UPDATE keeper_keys SET current = 0 WHERE user = ?", (user,))
            self._file.execute(
                "INSERT INTO keeper_keys (id, user, public, locks, made_on, current) VALUES (?, ?, ?, ?, ?, 1)",
                (made.id, user, public, made.locks, made.made_on.isoformat()),
            )

        self._file.write(change)
        return made

    def lock_anew(self, user: str, key: bytes, locks: str) -> None:
        """Put another passphrase lock on a keeper's own private key.

        The recovery lock stays as it was made: whoever sits down at a keeper's signed-in browser without knowing the
        passphrase can't lock away what has come.

        Raises:
            DatasetError: `unknown-key`; `bad-key`: of another form, or with another recovery lock.
        """
        found = next((k for k in self.of(user) if k.id == key), None)
        if found is None:
            remedy = "Load the page again."
            raise DatasetError("unknown-key", "The key is none of yours.", remedy)
        checked = read_locks(locks)
        if json.loads(checked)[RECOVERY] != json.loads(found.locks)[RECOVERY]:
            raise _bad("its recovery lock is another one")
        self._note("contact key locked anew", found)
        sql = "UPDATE keeper_keys SET locks = ? WHERE id = ? AND user = ?"
        self._file.write(lambda: self._file.execute(sql, (checked, key, user)))

    def _note(self, action: str, key: KeeperKey) -> None:
        payload = {"action": action, "user": key.user, "key": key.id.hex(), "by": key.user}
        self._store.db.write(lambda: self._log.append(EntryKind.ACCOUNT, payload))


def read_locks(text: str) -> str:
    """Check the form of a locked private key and return it in the one way to write it.

    `{"format": "kryssklick-key/1", "passphrase": {"iterations", "salt", "nonce", "locked"}, "recovery": {"salt",
    "nonce", "locked"}}`, bytes as base64.

    Raises:
        DatasetError: `bad-key`.
    """
    try:
        plain = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _bad("the locks are no JSON") from error
    if not isinstance(plain, dict) or plain.get("format") != LOCKS_FORMAT:
        raise _bad(f"the locks are not of the form {LOCKS_FORMAT}")
    rounds = _part(plain, PASSPHRASE).get("iterations")
    if not isinstance(rounds, int) or not LEAST_ITERATIONS <= rounds <= MOST_ITERATIONS:
        raise _bad(f"the passphrase is worked through fewer than {LEAST_ITERATIONS} times")
    kept: dict[str, object] = {"format": LOCKS_FORMAT}
    for name in (PASSPHRASE, RECOVERY):
        part = _part(plain, name)
        lengths = {"salt": (SALT_BYTES,), "nonce": (NONCE_BYTES,), "locked": LOCKED_BYTES}
        for field, wanted in lengths.items():
            if _bytes(part.get(field)) not in wanted:
                raise _bad(f"{field} of the {name} lock is missing or of a wrong length")
        kept[name] = {field: part[field] for field in lengths} | ({"iterations": rounds} if name == PASSPHRASE else {})
    return canonical(kept).decode()


def _part(plain: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    part = plain.get(name)
    return part if isinstance(part, dict) else {}


def _bytes(text: object) -> int:
    """Return how many bytes a base64 text holds; -1 where it is none."""
    try:
        return len(base64.b64decode(text, validate=True)) if isinstance(text, str) else -1
    except (binascii.Error, ValueError):
        return -1


def _check_point(public: bytes) -> None:
    try:
        if len(public) != POINT_BYTES:
            raise ValueError
        EllipticCurvePublicKey.from_encoded_point(SECP256R1(), public)
    except ValueError as error:
        raise _bad("the public key is no point of the curve P-256") from error


def _bad(why: str) -> DatasetError:
    return DatasetError("bad-key", f"This is no key that can be kept: {why}.", "Load the page again and make it anew.")


def _key(row: Row) -> KeeperKey:
    made_on = date.fromisoformat(row["made_on"])
    return KeeperKey(row["id"], row["user"], row["public"], row["locks"], made_on, bool(row["current"]))
