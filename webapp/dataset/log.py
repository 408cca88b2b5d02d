"""The log: a chain of hashes over everything that people and machines did to the dataset.

A row holds the hash of the row before and SHA-256 of a 128-bit salt and the canonical payload. Payloads and salts
stand in a table of their own, encrypted, so that they can be deleted without breaking the chain. A row has no time:
where a time does no harm it stands in the payload. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import hashlib
import json
import secrets
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from cryptography.exceptions import InvalidTag

from webapp.dataset.errors import DatasetError
from webapp.dataset.store import Store, canonical

SALT_BYTES = 16
START = bytes(32)
"""What stands before the first row."""


class EntryKind(StrEnum):
    """What happened."""

    SURVEY = "survey"
    RUN = "run"
    READING = "reading"
    REFUSAL = "refusal"
    DECISION = "decision"
    PAGE = "page"
    LOT = "lot"
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the log.

    Attributes:
        seq: Its number, from 1 without gaps.
        kind: What happened.
        survey: Random id of the survey; empty where none is meant.
        before: Hash of the row before.
        digest: SHA-256 of salt and canonical payload.
    """

    seq: int
    kind: str
    survey: str
    before: bytes
    digest: bytes

    @property
    def hash(self) -> bytes:
        """The row's own hash, what the next row holds."""
        head = canonical([self.seq, self.kind, self.survey])
        return hashlib.sha256(self.before + self.digest + head).digest()


@dataclass(frozen=True, slots=True)
class LogFault:
    """One thing that `verify` found.

    Attributes:
        place: Where: `log 17`, `response 3f…`, `sheet 7QK2M4`, `counts`.
        what: What is wrong.
    """

    place: str
    what: str


class Log:
    """The log of one instance."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def append(self, kind: EntryKind, payload: Mapping[str, object], survey: str = "") -> int:
        """Add an entry; only inside a transaction, together with what it tells of.

        Args:
            kind: What happened.
            payload: What exactly; anything JSON can hold.
            survey: Random id of the survey that it belongs to.

        Returns:
            The entry's number.
        """
        db = self._store.db
        last = self._last()
        salt, plain = secrets.token_bytes(SALT_BYTES), canonical(payload)
        entry = Entry(
            seq=last.seq + 1 if last else 1,
            kind=kind.value,
            survey=survey,
            before=last.hash if last else START,
            digest=hashlib.sha256(salt + plain).digest(),
        )
        db.execute(
            "INSERT INTO log (seq, kind, survey, before, digest) VALUES (?, ?, ?, ?, ?)",
            (entry.seq, entry.kind, entry.survey, entry.before, entry.digest),
        )
        hidden = self._store.hide(survey, zlib.compress(plain), f"payload {entry.seq}")
        db.execute("INSERT INTO payloads (seq, salt, content) VALUES (?, ?, ?)", (entry.seq, salt, hidden))
        return entry.seq

    def forget(self, seq: int) -> None:
        """Delete a payload and its salt; the chain stays whole."""
        self._store.db.execute("DELETE FROM payloads WHERE seq = ?", (seq,))

    def payload(self, seq: int) -> dict[str, Any]:
        """Return a payload.

        Raises:
            DatasetError: `payload-gone`: it was deleted.
        """
        row = self._store.db.row("SELECT log.survey, content FROM payloads JOIN log USING (seq) WHERE seq = ?", (seq,))
        if row is None:
            raise DatasetError("payload-gone", f"The content of log row {seq} was deleted.", "It can't be had again.")
        opened = self._store.show(row["survey"], row["content"], f"payload {seq}")
        plain: dict[str, Any] = json.loads(zlib.decompress(opened))
        return plain

    def entries(self) -> Iterator[Entry]:
        """Yield all rows in order."""
        for row in self._store.db.rows("SELECT seq, kind, survey, before, digest FROM log ORDER BY seq"):
            yield Entry(**row)

    def head(self) -> str:
        """Return number and hash of the last row, such as `17-9c41…`; `0-` and 64 zeros where the log is empty."""
        last = self._last()
        return f"{last.seq}-{last.hash.hex()}" if last else f"0-{START.hex()}"

    def _last(self) -> Entry | None:
        row = self._store.db.row("SELECT seq, kind, survey, before, digest FROM log ORDER BY seq DESC LIMIT 1")
        return Entry(**row) if row else None

    def verify(self, head: str | None = None) -> tuple[LogFault, ...]:
        """Recompute the chain and every payload that is still there.

        Args:
            head: What `head` returned at an earlier time, as printed in a report; must be found in the chain.

        Returns:
            What is wrong, in the order of the log; empty where nothing is.
        """
        with self._store.db.snapshot():
            return tuple(self._chain_faults(head)) + tuple(self._payload_faults())

    def _chain_faults(self, head: str | None) -> Iterator[LogFault]:
        before, expected, found = START, 1, head in (None, f"0-{START.hex()}")
        for entry in self.entries():
            if entry.seq != expected:
                yield LogFault(f"log {expected}", f"The row is missing; the next one is {entry.seq}.")
            elif entry.before != before:
                yield LogFault(f"log {entry.seq}", "The row or the one before it was changed: their hashes don't fit.")
            before, expected = entry.hash, entry.seq + 1
            found = found or head == f"{entry.seq}-{before.hex()}"
        if not found:
            yield LogFault("log", f"The chain never had the head {head}: rows were changed or cut off after it.")

    def _payload_faults(self) -> Iterator[LogFault]:
        sql = "SELECT seq, survey, digest, salt, content FROM payloads LEFT JOIN log USING (seq) ORDER BY seq"
        for row in self._store.db.rows(sql):
            place = f"log {row['seq']}"
            try:
                opened = self._store.show(row["survey"] or "", row["content"], f"payload {row['seq']}")
                plain = zlib.decompress(opened)
            except InvalidTag:
                yield LogFault(place, "The payload was changed: it can't be opened.")
                continue
            except DatasetError as error:
                yield LogFault(place, f"{error.message} {error.remedy}")
                continue
            if hashlib.sha256(row["salt"] + plain).digest() != row["digest"]:
                yield LogFault(place, "The payload is not the one that the chain was made over.")
