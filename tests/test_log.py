"""The chain and `verify`: whatever is changed in the dataset behind the program's back is found and named."""

from __future__ import annotations

import hashlib
import json
import sqlite3
import zlib
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_run, a_survey, an_instance, given, reading, send, take, take_sheet

from forms.answers import Mark
from webapp.dataset.accounts import Role
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.log import START, EntryKind, LogFault
from webapp.dataset.pages import Action, Choice
from webapp.dataset.sealing import seal
from webapp.dataset.store import canonical


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    """An instance in which everything has happened once."""
    with an_instance(tmp_path / "i", Clock()) as made:
        survey = a_survey(made, grace_days=0)
        made.accounts.add("ada", [Role.AUDITOR])
        run, layout = a_run(made, survey)
        take_sheet(made, survey, layout, run.serials[0])
        take(made, survey, reading(layout, 1, run.serials[1], {"fick": {"ja": Mark.UNCERTAIN}}))
        take(made, survey, reading(layout, 2, run.serials[1]))
        (item,) = made.decisions.waiting(survey)
        made.decisions.decide(survey, item.id, Choice(Action.CHOOSE, options=("nej",)), by="Ada")
        for _ in range(3):
            send(made, survey, given("ja", ord="ett ord"))
        number = bytes(16)
        made.tray.submit(survey, number, seal(made.tray.public_key(survey), b"{}", number))
        made.close_survey("prov")
        assert made.verifier.verify() == ()
        yield made


def tamper(instance: Instance, *statements: str) -> None:
    """Change the file behind the program's back, triggers taken out of the way."""
    instance.store.db.close()
    with sqlite3.connect(instance.path / "dataset.db") as db:
        db.execute("PRAGMA foreign_keys = OFF")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            db.execute(f"DROP TRIGGER {name}")
        for statement in statements:
            assert db.execute(statement).rowcount != 0, "the test changed nothing"
    db.close()


def faults(instance: Instance, head: str | None = None) -> list[LogFault]:
    return list(instance.verifier.verify(head))


def test_a_row_is_the_hash_of_what_the_design_says(instance: Instance) -> None:
    before = START
    for entry in instance.log.entries():
        assert entry.before == before
        row = instance.store.db.row("SELECT salt FROM payloads WHERE seq = ?", (entry.seq,))
        if row is not None:
            assert len(row["salt"]) == 16
            plain = canonical(instance.log.payload(entry.seq))
            assert hashlib.sha256(row["salt"] + plain).digest() == entry.digest
        before = entry.hash
    assert instance.log.head() == f"{entry.seq}-{before.hex()}"


def test_an_empty_log_has_a_head_too(tmp_path: Path) -> None:
    with an_instance(tmp_path / "leer") as instance:
        assert instance.log.head() == f"0-{'0' * 64}"
        assert faults(instance, instance.log.head()) == []


def test_the_log_can_not_be_changed_through_the_program(instance: Instance) -> None:
    for statement in ("UPDATE log SET kind = 'x'", "DELETE FROM log", "UPDATE payloads SET salt = x'00'"):
        with pytest.raises(sqlite3.IntegrityError):
            instance.store.db.write(lambda sql=statement: instance.store.db.execute(sql))  # type: ignore[misc]
    assert faults(instance) == []


def test_an_earlier_head_is_found_and_a_foreign_one_is_not(instance: Instance) -> None:
    head = instance.log.head()
    instance.accounts.add("Ada", [Role.AUDITOR])
    assert faults(instance, head) == []
    wrong = head[:-1] + ("0" if head[-1] != "0" else "1")
    assert [f.place for f in faults(instance, wrong)] == ["log"]


def test_nothing_of_payloads_stands_open_in_the_file(instance: Instance) -> None:
    instance.store.db.vacuum()
    content = (instance.path / "dataset.db").read_bytes()
    assert b"Ada" not in content
    assert b'"options"' not in content
    assert b"box_px" not in content


def seq_of(instance: Instance, kind: EntryKind) -> int:
    return next(e.seq for e in instance.log.entries() if e.kind == kind.value)


def test_a_row_taken_out_is_missed(instance: Instance) -> None:
    seq = seq_of(instance, EntryKind.DECISION)
    tamper(instance, f"DELETE FROM log WHERE seq = {seq}")
    assert f"log {seq}" in {f.place for f in faults(instance)}


def test_a_row_changed_breaks_the_next(instance: Instance) -> None:
    seq = seq_of(instance, EntryKind.READING)
    tamper(instance, f"UPDATE log SET digest = zeroblob(32) WHERE seq = {seq}")
    places = {f.place for f in faults(instance)}
    assert {f"log {seq}", f"log {seq + 1}"} <= places


def test_the_end_cut_off_is_found_by_a_printed_head(instance: Instance) -> None:
    instance.accounts.reset("ada")
    head = instance.log.head()
    last = int(head.split("-")[0])
    tamper(instance, f"DELETE FROM payloads WHERE seq = {last}", f"DELETE FROM log WHERE seq = {last}")
    assert faults(instance) == []  # nothing else in the dataset follows from that somebody got a new password
    assert [f.place for f in faults(instance, head)] == ["log"]


def test_a_payload_taken_away_is_missed(instance: Instance) -> None:
    seq = seq_of(instance, EntryKind.DECISION)
    tamper(instance, f"DELETE FROM payloads WHERE seq = {seq}")
    found = faults(instance)
    assert LogFault(f"log {seq}", "The payload was deleted.") in found


def test_a_payload_exchanged_for_another_is_found(instance: Instance) -> None:
    seq = seq_of(instance, EntryKind.READING)
    tamper(
        instance,
        f"UPDATE payloads SET content = (SELECT content FROM payloads WHERE seq = {seq + 1}) WHERE seq = {seq}",
    )
    assert f"log {seq}" in {f.place for f in faults(instance)}


def test_a_payload_made_anew_with_the_key_is_found(instance: Instance) -> None:
    seq = seq_of(instance, EntryKind.DECISION)
    survey = instance.surveys.get("prov")
    plain = instance.log.payload(seq) | {"options": ["ja"]}
    forged = instance.store.hide(survey.random_id, zlib.compress(canonical(plain)), f"payload {seq}")
    tamper(instance, f"UPDATE payloads SET content = x'{forged.hex()}' WHERE seq = {seq}")
    found = faults(instance)
    assert LogFault(f"log {seq}", "The payload is not the one that the chain was made over.") in found


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        (
            """UPDATE responses SET answers = '{"fick":{"o":["nej"],"s":"answered"}}' WHERE channel = 'paper'""",
            "sheet ",
        ),
        (
            """UPDATE responses SET answers = '{"fick":{"o":["nej"],"s":"answered"}}' WHERE channel = 'web'""",
            "survey prov",
        ),
        ("DELETE FROM responses WHERE channel = 'web'", "survey prov"),
        ("UPDATE responses SET channel = 'paper' WHERE channel = 'web'", "survey prov"),
        ("DELETE FROM texts", "survey prov"),
        ("UPDATE texts SET raw = zeroblob(40)", "survey prov"),
        ("UPDATE counts SET n = n + 1 WHERE item = 'option:ja' AND channel = 'web'", "counts prov web fick"),
        ("DELETE FROM counts WHERE item = ''", "counts prov"),
        ("DELETE FROM decisions", "sheet "),
        ("UPDATE decisions SET option = 'ja'", "sheet "),
        ("UPDATE sheets SET state = 'missing-pages'", "sheet "),
        ("DELETE FROM sheets", "survey prov"),
        ("DELETE FROM images WHERE page = 2", "sheet "),
        ("UPDATE images SET copy = 2 WHERE page = 2", "sheet "),
        ("UPDATE web_digests SET seq = NULL", "survey prov"),
        ("UPDATE surveys SET state = 'open'", "survey prov"),
        ("UPDATE surveys SET state = 'opened'", "survey prov"),
        ("UPDATE surveys SET random_id = 'another'", "survey prov"),
        ("UPDATE surveys SET settings = 'x'", "survey prov"),
        ("UPDATE surveys SET slug = 'anders'", "survey prov"),
        ("DELETE FROM surveys", "survey prov"),
        ("UPDATE versions SET definition = replace(definition, 'Fick', 'Gick')", "survey prov"),
        ("UPDATE versions SET definition = 'x ='", "survey prov"),
        ("UPDATE versions SET version = 'x'", "survey prov"),
        ("DELETE FROM versions", "survey prov"),
        ("UPDATE responses SET channel = 'x'", "survey prov"),
        ("UPDATE responses SET answers = '{'", "survey prov"),
        ("UPDATE responses SET answers = '[]'", "survey prov"),
        ("UPDATE images SET reading = reading - 1 WHERE reading IS NOT NULL AND page = 1", "s"),
        ("DELETE FROM runs", "run "),
        ("UPDATE runs SET sheets = sheets + 1", "run "),
        ("DELETE FROM serials WHERE number = 1", "run "),
        ("UPDATE layouts SET content = 'x'", "layout "),
        ("UPDATE layouts SET version = 'x'", "layout "),
        ("UPDATE users SET roles = '[\"admin\"]'", "account ada"),
        ("UPDATE users SET roles = 'x'", "account ada"),
        ("UPDATE users SET name = 'eve'", "account ada"),
        ("DELETE FROM users", "account ada"),
        ("UPDATE quarantine SET content = zeroblob(40)", "survey prov"),
    ],
)
def test_answers_and_counts_must_follow_from_the_log(instance: Instance, statement: str, told: str) -> None:
    tamper(instance, statement)
    found = faults(instance)
    assert any(f.place.startswith(told) for f in found), found


def test_a_response_put_in_by_hand_is_found(instance: Instance) -> None:
    tamper(
        instance,
        "INSERT INTO responses SELECT survey, randomblob(16), channel, version, language, answers FROM responses"
        " WHERE channel = 'paper' LIMIT 1",
    )
    assert "survey prov" in {f.place for f in faults(instance)}


def test_a_lost_key_is_told_with_a_remedy(instance: Instance) -> None:
    survey = instance.surveys.get("prov")
    (instance.path / "keys" / f"{survey.random_id}.text").unlink()
    assert any("Put it back from a backup" in f.what for f in faults(instance))


def test_a_payload_that_is_gone_says_so(instance: Instance) -> None:
    with pytest.raises(DatasetError) as error:
        instance.log.payload(999)
    assert error.value.code == "payload-gone"


def test_who_decided_and_when_stands_in_the_payload(instance: Instance) -> None:
    payload = instance.log.payload(seq_of(instance, EntryKind.DECISION))
    assert payload["by"] == "Ada"
    assert payload["at"] == "2026-03-02T09:00:00+00:00"
    assert json.loads(canonical(payload)) == payload
