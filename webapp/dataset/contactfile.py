"""The tables of the contact file, as named migrations: `contacts.db`, apart from the dataset.

Nothing in it names a response. Sign-ups stand in a table WITHOUT ROWID under random numbers, all of one size a seal,
and no time stands with them. Columns `survey` hold the survey's slug. Source: DESIGN.md section 7.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

CONTACTS = "contacts.db"
"""Name of the file in an instance."""

contact_migrations = Migrations("kryssklick-contacts")


@contact_migrations()
def keeper_keys(db: Database) -> None:
    """Public keys of contact keepers, with the private ones locked up in their browsers; one of a user's is current."""
    db.execute(
        "CREATE TABLE keeper_keys (id BLOB PRIMARY KEY, user TEXT NOT NULL, public BLOB NOT NULL, locks TEXT NOT NULL,"
        " made_on TEXT NOT NULL, current INTEGER NOT NULL) STRICT, WITHOUT ROWID"
    )
    db.execute("CREATE UNIQUE INDEX one_current_key ON keeper_keys(user) WHERE current = 1")


@contact_migrations()
def sign_ups(db: Database) -> None:
    """Sealed sign-ups, what recognises a repeated one, and how often something moved since the last VACUUM."""
    db.execute(
        "CREATE TABLE sign_ups (survey TEXT NOT NULL, number BLOB NOT NULL, practice INTEGER NOT NULL,"
        " sealed BLOB NOT NULL, PRIMARY KEY (survey, number)) STRICT, WITHOUT ROWID"
    )
    db.execute(
        "CREATE TABLE receipts (survey TEXT NOT NULL, receipt BLOB NOT NULL, PRIMARY KEY (survey, receipt)) STRICT,"
        " WITHOUT ROWID"
    )
    db.execute("CREATE TABLE moved (one INTEGER PRIMARY KEY CHECK (one = 1), since_vacuum INTEGER NOT NULL) STRICT")
    db.execute("INSERT INTO moved (one, since_vacuum) VALUES (1, 0)")
