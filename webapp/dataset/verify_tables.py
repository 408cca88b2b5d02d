"""Checks that surveys, versions, runs, accounts and quarantine are what the log tells of them.

Not checked, because nothing about it is logged, on purpose: what waits in the tray and the receipts (the log would keep
the order in which people answered), passwords and sessions, and the list of deliveries.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from cryptography.exceptions import InvalidTag

from forms.errors import FormsError
from forms.layout import load
from webapp.dataset.errors import DatasetError
from webapp.dataset.log import EntryKind, Log, LogFault
from webapp.dataset.store import Store
from webapp.dataset.surveys import SurveyState, instrument_of

Payload = Mapping[str, Any]

_STATE_AFTER = {
    "created": SurveyState.DRAFT.value,
    "opened": SurveyState.OPEN.value,
    "closed": SurveyState.CLOSED.value,
}
"""The state that each logged action leads to."""


class TableVerifier:
    """Verifies the tables that are not answers."""

    def __init__(self, store: Store, log: Log) -> None:
        self._store = store
        self._log = log

    def faults(self) -> Iterator[LogFault]:
        """Compare every table with the log; what is wrong, table by table."""
        yield from self._survey_faults()
        yield from self._version_faults()
        yield from self._run_faults()
        yield from self._account_faults()
        yield from self._quarantine_faults()

    def _payloads(self, kind: EntryKind) -> Iterator[tuple[str, Payload]]:
        """Yield survey and payload of each entry that can still be opened; the others are told by the log's check."""
        sql = "SELECT seq, survey FROM log WHERE kind = ? AND seq IN (SELECT seq FROM payloads) ORDER BY seq"
        for row in self._store.db.rows(sql, (kind.value,)):
            try:
                yield row["survey"], self._log.payload(row["seq"])
            except (DatasetError, InvalidTag, ValueError):
                continue

    def _survey_faults(self) -> Iterator[LogFault]:
        rows = {row["random_id"]: row for row in self._store.db.rows("SELECT * FROM surveys")}
        slugs: dict[str, str] = {}
        states: dict[str, str] = {}
        for random_id, payload in self._payloads(EntryKind.SURVEY):
            if payload["action"] == "created":
                slugs[random_id] = payload["slug"]
            states[random_id] = _STATE_AFTER.get(payload["action"], states.get(random_id, ""))
        for random_id in sorted({*rows, *slugs}, key=lambda i: slugs.get(i, "")):
            slug, row = slugs.get(random_id), rows.get(random_id)
            if row is None:
                yield LogFault(f"survey {slug}", "The log tells of it, but it is gone or under another id.")
            elif slug is None:
                yield LogFault(f"survey {row['slug']}", "The log does not tell that it was made.")
            elif row["slug"] != slug:
                yield LogFault(f"survey {slug}", f"Its short name is {row['slug']} now.")
            elif row["state"] != states[random_id] and row["state"] not in (SurveyState.FROZEN, SurveyState.PURGED):
                yield LogFault(f"survey {slug}", f"It is kept as {row['state']}, the log says {states[random_id]}.")

    def _version_faults(self) -> Iterator[LogFault]:
        """See that each definition is the one whose hash is its version, and that the first of a survey is there."""
        kept = set()
        for row in self._store.db.rows("SELECT survey, version, name, definition FROM versions"):
            kept.add((row["survey"], row["version"]))
            try:
                found = instrument_of(row["definition"], row["name"]).version
            except (FormsError, ValueError):
                found = ""
            if found != row["version"]:
                yield LogFault(f"survey {row['survey']}", f"The definition of version {row['version']} was changed.")
        for _, payload in self._payloads(EntryKind.SURVEY):
            if payload["action"] == "created" and (payload["slug"], payload["version"]) not in kept:
                yield LogFault(f"survey {payload['slug']}", f"Its version {payload['version']} is gone.")

    def _run_faults(self) -> Iterator[LogFault]:
        rows = {row["id"]: row for row in self._store.db.rows("SELECT * FROM runs")}
        numbers = {
            row["run"]: row["n"] for row in self._store.db.rows("SELECT run, count(*) AS n FROM serials GROUP BY run")
        }
        logged = {payload["run"]: payload for _, payload in self._payloads(EntryKind.RUN)}
        # The payloads of a draft's runs vanish at its opening, so a run that the log does not tell of is no fault.
        for run, payload in sorted(logged.items()):
            row = rows.get(run)
            if row is None:
                yield LogFault(f"run {run}", "The log tells of it, but it is gone.")
            elif any(row[key] != payload[key] for key in ("layout", "sheets", "kind")):
                yield LogFault(f"run {run}", "Its layout, kind or number of sheets is not what the log says.")
        for run, row in sorted(rows.items()):
            if numbers.get(run, 0) != row["sheets"]:
                yield LogFault(f"run {run}", f"It has {row['sheets']} sheets but {numbers.get(run, 0)} serials.")
        for row in self._store.db.rows("SELECT id, version, content FROM layouts ORDER BY id"):
            try:
                layout = load(row["content"], f"layout {row['id']}")
            except FormsError:
                yield LogFault(f"layout {row['id']}", "It was changed: it can't be read.")
                continue
            if (layout.id, layout.version) != (row["id"], row["version"]):
                yield LogFault(f"layout {row['id']}", "It was changed: it says another id or version.")

    def _account_faults(self) -> Iterator[LogFault]:
        added = {p["user"]: p["roles"] for _, p in self._payloads(EntryKind.ACCOUNT) if p["action"] == "added"}
        kept = {row["name"]: row["roles"] for row in self._store.db.rows("SELECT name, roles FROM users")}
        for name in sorted({*added, *kept}):
            if name not in kept:
                yield LogFault(f"account {name}", "The log tells of it, but it is gone.")
            elif name not in added:
                yield LogFault(f"account {name}", "The log does not tell that it was made.")
            elif _roles(kept[name]) != sorted(added[name]):
                yield LogFault(f"account {name}", "Its roles are not those that the log says.")

    def _quarantine_faults(self) -> Iterator[LogFault]:
        ids = {row["slug"]: row["random_id"] for row in self._store.db.rows("SELECT slug, random_id FROM surveys")}
        for row in self._store.db.rows("SELECT survey, key, content FROM quarantine ORDER BY survey, key"):
            try:
                self._store.show(ids.get(row["survey"], ""), row["content"], f"quarantine {row['key'].hex()}")
            except (InvalidTag, DatasetError):
                yield LogFault(f"survey {row['survey']}", "A submission in quarantine was changed: it can't be opened.")


def _roles(text: str) -> list[str] | None:
    try:
        return sorted(json.loads(text))
    except (ValueError, TypeError):
        return None
