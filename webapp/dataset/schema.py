"""The tables of the dataset, as named migrations.

What belongs to a web answer stands in tables WITHOUT ROWID under random keys, so that no row number tells an order.
Times stand only where no respondent is meant. Columns `survey` hold the survey's slug.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

migrations = Migrations("kryssklick")

_SURVEYS = """
CREATE TABLE surveys (
  slug TEXT PRIMARY KEY, random_id TEXT NOT NULL UNIQUE, state TEXT NOT NULL, demo INTEGER NOT NULL,
  parameters TEXT NOT NULL, languages TEXT NOT NULL, settings TEXT NOT NULL, closed_at TEXT) STRICT;
CREATE TABLE versions (
  survey TEXT NOT NULL REFERENCES surveys(slug), version TEXT NOT NULL, number INTEGER NOT NULL,
  name TEXT NOT NULL, definition TEXT NOT NULL, PRIMARY KEY (survey, version)) STRICT;
"""

_TRAY = """
CREATE TABLE receipts (
  survey TEXT NOT NULL REFERENCES surveys(slug), receipt BLOB NOT NULL,
  PRIMARY KEY (survey, receipt)) STRICT, WITHOUT ROWID;
CREATE TABLE tray (
  survey TEXT NOT NULL REFERENCES surveys(slug), key BLOB NOT NULL, submission BLOB NOT NULL, sealed BLOB NOT NULL,
  PRIMARY KEY (survey, key)) STRICT, WITHOUT ROWID;
CREATE TABLE tray_state (
  survey TEXT PRIMARY KEY REFERENCES surveys(slug), last_lot_at TEXT, unvacuumed INTEGER NOT NULL DEFAULT 0) STRICT;
CREATE TABLE lots_set_aside (
  id BLOB PRIMARY KEY, survey TEXT NOT NULL REFERENCES surveys(slug), state TEXT NOT NULL,
  content BLOB NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE quarantine (
  survey TEXT NOT NULL REFERENCES surveys(slug), key BLOB NOT NULL, code TEXT NOT NULL, detail TEXT NOT NULL,
  content BLOB NOT NULL, PRIMARY KEY (survey, key)) STRICT, WITHOUT ROWID;
"""

_RESPONSES = """
CREATE TABLE responses (
  survey TEXT NOT NULL REFERENCES surveys(slug), key BLOB NOT NULL, channel TEXT NOT NULL, version TEXT NOT NULL,
  language TEXT NOT NULL, answers TEXT NOT NULL, PRIMARY KEY (survey, key)) STRICT, WITHOUT ROWID;
CREATE TABLE texts (
  survey TEXT NOT NULL REFERENCES surveys(slug), response BLOB NOT NULL, question TEXT NOT NULL,
  option TEXT NOT NULL, raw BLOB NOT NULL, masked BLOB,
  PRIMARY KEY (survey, response, question, option)) STRICT, WITHOUT ROWID;
CREATE TABLE counts (
  survey TEXT NOT NULL REFERENCES surveys(slug), channel TEXT NOT NULL, question TEXT NOT NULL, item TEXT NOT NULL,
  n INTEGER NOT NULL, PRIMARY KEY (survey, channel, question, item)) STRICT, WITHOUT ROWID;
CREATE TABLE web_digests (
  survey TEXT PRIMARY KEY REFERENCES surveys(slug), n INTEGER NOT NULL, digest BLOB NOT NULL,
  seq INTEGER) STRICT;
"""

_LOG = """
CREATE TABLE log (
  seq INTEGER PRIMARY KEY, kind TEXT NOT NULL, survey TEXT NOT NULL, before BLOB NOT NULL,
  digest BLOB NOT NULL) STRICT;
CREATE TABLE payloads (
  seq INTEGER PRIMARY KEY REFERENCES log(seq), salt BLOB NOT NULL, content BLOB NOT NULL) STRICT;
CREATE TRIGGER log_is_append_only BEFORE UPDATE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER log_keeps_rows BEFORE DELETE ON log BEGIN SELECT RAISE(ABORT, 'the log is append-only'); END;
CREATE TRIGGER payloads_stay BEFORE UPDATE ON payloads BEGIN SELECT RAISE(ABORT, 'a payload is never changed'); END;
"""

_PAPER = """
CREATE TABLE layouts (
  id TEXT PRIMARY KEY, survey TEXT NOT NULL REFERENCES surveys(slug), version TEXT NOT NULL,
  content TEXT NOT NULL) STRICT;
CREATE TABLE runs (
  id TEXT PRIMARY KEY, survey TEXT NOT NULL REFERENCES surveys(slug), layout TEXT NOT NULL REFERENCES layouts(id),
  kind TEXT NOT NULL, sheets INTEGER NOT NULL, settings TEXT NOT NULL, made_on TEXT NOT NULL, place TEXT) STRICT;
CREATE TABLE serials (
  serial TEXT PRIMARY KEY, survey TEXT NOT NULL REFERENCES surveys(slug), run TEXT NOT NULL REFERENCES runs(id),
  number INTEGER NOT NULL, kind TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE INDEX serials_by_run ON serials(run, number);
CREATE TABLE sheets (
  survey TEXT NOT NULL REFERENCES surveys(slug), serial TEXT NOT NULL, copy INTEGER NOT NULL, layout TEXT NOT NULL,
  state TEXT NOT NULL, missing TEXT NOT NULL, response BLOB,
  PRIMARY KEY (survey, serial, copy)) STRICT, WITHOUT ROWID;
CREATE TABLE images (
  arrival INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, survey TEXT NOT NULL REFERENCES surveys(slug),
  job TEXT NOT NULL, file_number INTEGER NOT NULL, file TEXT NOT NULL, image INTEGER NOT NULL, part INTEGER NOT NULL,
  sha256 TEXT NOT NULL, status TEXT NOT NULL, code TEXT NOT NULL, handled TEXT NOT NULL,
  serial TEXT, copy INTEGER, page INTEGER, layout TEXT, reading INTEGER,
  picture INTEGER NOT NULL, media_type TEXT NOT NULL) STRICT;
CREATE UNIQUE INDEX images_by_job ON images(job, file_number, image, part);
CREATE INDEX sheets_by_serial ON sheets(serial);
CREATE INDEX images_by_hash ON images(survey, sha256);
CREATE INDEX images_by_sheet ON images(survey, serial, copy);
CREATE TABLE waiting (
  survey TEXT NOT NULL REFERENCES surveys(slug), serial TEXT NOT NULL, copy INTEGER NOT NULL, page INTEGER NOT NULL,
  question TEXT NOT NULL, option TEXT NOT NULL, reason TEXT NOT NULL, position INTEGER NOT NULL,
  image TEXT NOT NULL, reading INTEGER,
  PRIMARY KEY (survey, serial, copy, question, option, reason)) STRICT, WITHOUT ROWID;
CREATE TABLE decisions (
  survey TEXT NOT NULL REFERENCES surveys(slug), serial TEXT NOT NULL, copy INTEGER NOT NULL, question TEXT NOT NULL,
  option TEXT NOT NULL, aspect TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES log(seq), reading INTEGER,
  PRIMARY KEY (survey, serial, copy, question, option, aspect)) STRICT, WITHOUT ROWID;
"""

_JUDGED = """
CREATE TABLE decisions_by_image (
  survey TEXT NOT NULL REFERENCES surveys(slug), serial TEXT NOT NULL, judged TEXT NOT NULL, question TEXT NOT NULL,
  option TEXT NOT NULL, aspect TEXT NOT NULL, seq INTEGER NOT NULL REFERENCES log(seq), reading INTEGER,
  PRIMARY KEY (survey, serial, judged, question, option, aspect)) STRICT, WITHOUT ROWID;
INSERT OR REPLACE INTO decisions_by_image
  SELECT d.survey, d.serial, CASE WHEN d.aspect = 'pairing' THEN '' ELSE coalesce(
    (SELECT i.id FROM images i WHERE i.survey = d.survey AND i.serial = d.serial AND i.reading = d.reading),
    (SELECT i.id FROM images i JOIN layouts l ON l.id = i.layout, json_each(l.content, '$.fields') f
      WHERE i.survey = d.survey AND i.serial = d.serial AND i.status = 'assigned'
      AND f.value ->> 'question' = d.question AND f.value ->> 'page' = i.page LIMIT 1),
    '') END, d.question, d.option, d.aspect, d.seq, d.reading
  FROM decisions d ORDER BY d.seq;
DROP TABLE decisions;
ALTER TABLE decisions_by_image RENAME TO decisions;
CREATE TABLE stale_sheets (
  survey TEXT NOT NULL REFERENCES surveys(slug), serial TEXT NOT NULL,
  PRIMARY KEY (survey, serial)) STRICT, WITHOUT ROWID;
INSERT INTO stale_sheets
  SELECT survey, serial FROM decisions UNION SELECT survey, serial FROM images WHERE status = 'double' AND reading > 0;
"""

_PEOPLE = """
CREATE TABLE users (
  name TEXT PRIMARY KEY, roles TEXT NOT NULL, password TEXT NOT NULL, one_time BLOB, must_change INTEGER NOT NULL,
  failures INTEGER NOT NULL DEFAULT 0, locked_until TEXT) STRICT;
CREATE TABLE sessions (
  id BLOB PRIMARY KEY, user TEXT NOT NULL REFERENCES users(name), ends_at TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE jobs (
  id TEXT PRIMARY KEY, number INTEGER NOT NULL UNIQUE, survey TEXT NOT NULL REFERENCES surveys(slug),
  state TEXT NOT NULL, by TEXT NOT NULL, made_at TEXT NOT NULL, error TEXT NOT NULL) STRICT;
CREATE TABLE job_files (
  job TEXT NOT NULL REFERENCES jobs(id), number INTEGER NOT NULL, name TEXT NOT NULL, stored TEXT NOT NULL,
  images INTEGER, done INTEGER NOT NULL DEFAULT 0, state TEXT NOT NULL, PRIMARY KEY (job, number)) STRICT;
"""


def _all(db: Database, script: str) -> None:
    """Run the statements of a script one by one: executescript would commit before it starts."""
    statement = ""
    for line in script.strip().splitlines(keepends=True):
        statement += line
        whole = statement.rstrip().endswith(";") and (
            "CREATE TRIGGER" not in statement or statement.rstrip().endswith("END;")
        )
        if whole:
            db.execute(statement)
            statement = ""


@migrations()
def surveys(db: Database) -> None:
    """Surveys and every version that each ever had."""
    _all(db, _SURVEYS)


@migrations()
def tray(db: Database) -> None:
    """Sealed submissions, receipts, and what turned out invalid when opened."""
    _all(db, _TRAY)


@migrations()
def responses(db: Database) -> None:
    """Responses, their texts, and the counts that follow from them."""
    _all(db, _RESPONSES)


@migrations()
def log(db: Database) -> None:
    """The chain and, apart from it, its payloads and salts."""
    _all(db, _LOG)


@migrations()
def paper(db: Database) -> None:
    """Layouts, runs, serials, sheets, page images, and what waits for a person."""
    _all(db, _PAPER)


@migrations()
def people(db: Database) -> None:
    """Accounts, sessions and reading jobs."""
    _all(db, _PEOPLE)


@migrations()
def tray_keys(db: Database) -> None:
    """An index that counts and draws without touching the sealed content: a tray may hold many thousands."""
    db.execute("CREATE INDEX tray_keys ON tray(survey, key)")


@migrations()
def machine_copy(db: Database) -> None:
    """Which paper the machine took a page for, kept while a person's pairing holds, so that it can be undone."""
    db.execute("ALTER TABLE images ADD COLUMN machine_copy INTEGER")


@migrations()
def slips(db: Database) -> None:
    """How many slips an image holds: it has been taken in when all of them have."""
    db.execute("ALTER TABLE images ADD COLUMN parts INTEGER NOT NULL DEFAULT 1")


@migrations()
def test_pages(db: Database) -> None:
    """What was measured on a printer test page, as JSON; empty for every other image."""
    db.execute("ALTER TABLE images ADD COLUMN test TEXT NOT NULL DEFAULT ''")


@migrations()
def shared_pictures(db: Database) -> None:
    """Whose picture a page image shows, where the same one is kept already, as for slips; empty: its own."""
    db.execute("ALTER TABLE images ADD COLUMN picture_of TEXT NOT NULL DEFAULT ''")


@migrations()
def flag_counts(db: Database) -> None:
    """Counts of what is odd about options with words of one's own, of the responses that are there already."""
    db.execute(
        "INSERT INTO counts (survey, channel, question, item, n)"
        " SELECT survey, channel, answer.key, flag.value, count(*)"
        " FROM responses, json_each(responses.answers) AS answer, json_each(answer.value, '$.f') AS flag"
        " WHERE json_extract(answer.value, '$.s') = 'answered'"
        " AND flag.value IN ('other-without-text', 'text-without-other')"
        " GROUP BY survey, channel, answer.key, flag.value"
    )


@migrations()
def refusal_details(db: Database) -> None:
    """What in particular was wrong with a refused page, as the reader said it; empty where its code says it all."""
    db.execute("ALTER TABLE images ADD COLUMN detail TEXT NOT NULL DEFAULT ''")


@migrations()
def stray_ink(db: Database) -> None:
    """At how many places a page that was read has stray ink; NULL where that was not noted when it came in."""
    db.execute("ALTER TABLE images ADD COLUMN stray_ink INTEGER")


@migrations()
def job_errors(db: Database) -> None:
    """The code of what stopped a job, so that it can be told in any language; empty where none was kept."""
    db.execute("ALTER TABLE jobs ADD COLUMN code TEXT NOT NULL DEFAULT ''")


@migrations()
def judged(db: Database) -> None:
    """Which page images each decision judged, instead of the letter of their paper, which a pairing can change.

    Sheets with decisions or doubles are noted: what follows from them is made anew when the instance is opened.
    """
    _all(db, _JUDGED)


@migrations()
def doubles(db: Database) -> None:
    """Which page image each double shows again, so that it follows that one; empty for what is no double."""
    db.execute("ALTER TABLE images ADD COLUMN doubles TEXT NOT NULL DEFAULT ''")
    # By what the machine had put together, where a pairing holds that may have put more on one paper.
    for column in ("machine_copy", "copy"):
        twin = (
            "SELECT o.id FROM images o WHERE o.survey = images.survey AND o.serial = images.serial"  # noqa: S608
            f" AND o.page = images.page AND o.{column} = images.{column} AND o.status = 'read'"
            " ORDER BY o.arrival LIMIT 1"
        )
        db.execute(
            f"UPDATE images SET doubles = coalesce(({twin}), '')"  # noqa: S608 (names are ours)
            " WHERE status = 'double' AND reading > 0 AND doubles = ''"
        )
