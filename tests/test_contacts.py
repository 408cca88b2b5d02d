"""Interview sign-ups in the dataset: sealed to all keepers, once each, in a file that tells nothing else."""

from __future__ import annotations

import json
import secrets
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from contact_helpers import DETAILS, SECRETS, a_keeper, found_on_disk, new_pair, sign_up, some_locks
from web_helpers import DEFINITION, PARAMETERS, Clock, make_instance

from webapp.dataset.accounts import Role
from webapp.dataset.contactfile import CONTACTS
from webapp.dataset.contacts import SEAL_BYTES
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.instance import Instance
from webapp.dataset.sealing import Purpose, key_id, seal
from webapp.dataset.surveys import Settings, Survey
from webapp.dataset.tray import Acknowledgement


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def instance(tmp_path: Path, clock: Clock) -> Iterator[Instance]:
    with make_instance(tmp_path / "instance", clock) as instance:
        yield instance


def prov(instance: Instance) -> Survey:
    return instance.surveys.get("prov")


def rows(instance: Instance, sql: str) -> list[tuple[object, ...]]:
    file = sqlite3.connect(instance.path / CONTACTS)
    try:
        return file.execute(sql).fetchall()
    finally:
        file.close()


def test_without_a_keeper_there_is_no_sign_up(instance: Instance) -> None:
    assert not instance.contacts.offered(prov(instance))
    instance.accounts.add("vera", [Role.CONTACT_KEEPER])
    assert not instance.contacts.offered(prov(instance))
    with pytest.raises(SurveyClosed) as told:
        instance.contacts.submit(prov(instance), secrets.token_bytes(16), bytes(SEAL_BYTES))
    assert told.value.code == "no-keeper"
    a_keeper(instance)
    assert instance.contacts.offered(prov(instance))


def test_keeper_and_deputy_can_both_open_it(instance: Instance) -> None:
    keepers = [a_keeper(instance, "vera"), a_keeper(instance, "dag")]
    sign_up(instance)
    (found,) = instance.contacts.all(prov(instance))
    for keeper in keepers:
        opened = keeper.open(found)
        assert (opened["format"], opened["language"], opened["answers"]) == ("kryssklick-contact/1", "sv", DETAILS)
    assert set(found.seals) == {k.key.id for k in keepers}


def test_nothing_of_it_stands_on_the_disk_in_the_clear(instance: Instance) -> None:
    a_keeper(instance)
    for _ in range(3):
        sign_up(instance)
    assert found_on_disk(instance, *SECRETS) == []
    instance.contacts.tidy()
    assert found_on_disk(instance, *SECRETS) == []


def test_all_are_of_one_size(instance: Instance) -> None:
    a_keeper(instance, "vera")
    a_keeper(instance, "dag")
    sign_up(instance, details={})
    sign_up(instance)
    sign_up(instance, details={"na": {"options": [], "texts": {"": "å" * 1500}}})
    assert rows(instance, "SELECT DISTINCT length(sealed) FROM sign_ups") == [(2 * SEAL_BYTES,)]
    with pytest.raises(SealError, match="4096 fit"):
        sign_up(instance, details={"na": {"options": [], "texts": {"": "å" * 2100}}})


def test_no_column_holds_time_order_or_a_response(instance: Instance) -> None:
    tables = [name for (name,) in rows(instance, "SELECT name FROM sqlite_master WHERE type = 'table'")]
    assert set(tables) == {"keeper_keys", "sign_ups", "receipts", "moved", "_sqlite_migrations"}
    columns = {c[1] for t in ("sign_ups", "receipts") for c in rows(instance, f"PRAGMA table_info({t})")}
    assert columns == {"survey", "number", "practice", "sealed", "receipt"}
    assert "WITHOUT ROWID" in str(rows(instance, "SELECT sql FROM sqlite_master WHERE name = 'sign_ups'"))


def test_the_file_forgets_in_which_order_they_came(instance: Instance) -> None:
    a_keeper(instance)
    numbers = [sign_up(instance) for _ in range(12)]
    ends = {s.number: b"".join(s.seals.values())[-32:] for s in instance.contacts.all(prov(instance))}

    def order() -> list[str]:
        content = (instance.path / CONTACTS).read_bytes()
        return sorted(ends, key=lambda number: content.index(ends[number]))

    file = sqlite3.connect(instance.path / CONTACTS)
    file.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    file.close()
    assert order() == [number.hex() for number in numbers]
    assert instance.contacts.tidy()
    assert order() == sorted(ends)
    assert not instance.contacts.tidy()


def test_a_repeated_one_is_one_and_what_was_mended_counts(instance: Instance) -> None:
    keeper = a_keeper(instance)
    number = secrets.token_bytes(16)
    survey = prov(instance)
    first = instance.contacts.seal_on_arrival(number, {}, "sv")
    mended = instance.contacts.seal_on_arrival(number, DETAILS, "sv")
    assert instance.contacts.submit(survey, number, first) is Acknowledgement.ACCEPTED
    assert instance.contacts.submit(survey, number, first) is Acknowledgement.REPEATED
    assert instance.contacts.submit(survey, number, mended) is Acknowledgement.REPEATED
    (found,) = instance.contacts.all(survey)
    assert keeper.open(found)["answers"] == DETAILS


def test_what_is_deleted_is_gone_and_does_not_come_back(instance: Instance) -> None:
    a_keeper(instance)
    number, other = sign_up(instance), sign_up(instance)
    survey = prov(instance)
    (sealed,) = [s.seals for s in instance.contacts.all(survey) if s.number == number.hex()]
    assert instance.contacts.delete(survey, [number]) == 1
    assert [s.number for s in instance.contacts.all(survey)] == [other.hex()]
    content = b"".join(file.read_bytes() for file in instance.path.glob(f"{CONTACTS}*"))
    assert number not in content
    assert other in content
    sent_again = b"".join(sealed.values())
    assert instance.contacts.submit(survey, number, sent_again) is Acknowledgement.REPEATED
    assert instance.contacts.count(survey) == 1
    assert instance.contacts.delete(survey, [number]) == 0


def test_one_that_is_not_let_in_leaves_nothing_and_comes_in_later(instance: Instance) -> None:
    a_keeper(instance)
    survey, number = prov(instance), secrets.token_bytes(16)
    sealed = instance.contacts.seal_on_arrival(number, DETAILS, "sv")

    def closed() -> None:
        raise DatasetError("crowded", "", "")

    with pytest.raises(DatasetError) as told:
        instance.contacts.submit(survey, number, sealed, closed)
    assert told.value.code == "crowded"
    assert rows(instance, "SELECT (SELECT count(*) FROM sign_ups) + (SELECT count(*) FROM receipts)") == [(0,)]
    assert instance.contacts.submit(survey, number, sealed) is Acknowledgement.ACCEPTED
    # One that is kept already is no new one, however crowded it is.
    assert instance.contacts.submit(survey, number, sealed, closed) is Acknowledgement.REPEATED


def test_a_survey_keeps_so_many_and_those_deleted_make_room(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_keeper(instance)
    monkeypatch.setattr("webapp.dataset.contacts.MOST_SIGN_UPS", 2)
    first, second = sign_up(instance), sign_up(instance)
    with pytest.raises(DatasetError) as told:
        sign_up(instance)
    assert told.value.code == "sign-ups-full"
    sign_up(instance, second)
    assert instance.contacts.full(prov(instance))
    other = instance.surveys.create("annan", DEFINITION, "x", parameters=PARAMETERS)
    number = secrets.token_bytes(16)
    instance.contacts.submit(other, number, instance.contacts.seal_on_arrival(number, DETAILS, "sv"))
    assert instance.contacts.delete(prov(instance), [first, secrets.token_bytes(16)]) == 1
    sign_up(instance)
    assert instance.contacts.count(prov(instance)) == 2


def test_what_is_not_sealed_to_exactly_the_keepers_is_refused(instance: Instance) -> None:
    first, second = a_keeper(instance, "vera"), a_keeper(instance, "dag")
    stranger = new_pair()[1]
    number, plain = secrets.token_bytes(16), b"{}"

    def to(*points: bytes) -> bytes:
        return b"".join(seal(point, plain, number, Purpose.CONTACT) for point in points)

    one, two = first.key.public, second.key.public
    large = seal(one, bytes(5000), number, Purpose.CONTACT)
    for body, code in (
        (b"", "not-sealed"),
        (b"hej", "not-sealed"),
        (b'{"na": "070"}'.ljust(SEAL_BYTES), "not-sealed"),
        (to(one, two) + b"x", "not-sealed"),
        (large, "not-sealed"),
        (to(one), "other-keys"),
        (to(one, one), "other-keys"),
        (to(one, stranger), "other-keys"),
        (to(one, two, stranger), "other-keys"),
    ):
        with pytest.raises(SealError) as told:
            instance.contacts.submit(prov(instance), number, body)
        assert told.value.code == code
    assert instance.contacts.count(prov(instance)) == 0
    instance.contacts.submit(prov(instance), number, to(two, one))
    assert instance.contacts.count(prov(instance)) == 1


def test_it_ends_with_the_survey(instance: Instance, clock: Clock) -> None:
    a_keeper(instance)
    dated = instance.surveys.create(
        "dag", DEFINITION, "x", parameters=PARAMETERS, settings=Settings(deadline=clock().date(), grace_days=7)
    )
    instance.surveys.open(dated.slug)
    assert instance.contacts.offered(instance.surveys.get("dag"))
    clock.forward(days=1)
    assert not instance.contacts.offered(instance.surveys.get("dag"))
    instance.close_survey("prov")
    number = secrets.token_bytes(16)
    sealed = instance.contacts.seal_on_arrival(number, DETAILS, "sv")
    for slug in ("dag", "prov"):
        with pytest.raises(SurveyClosed) as told:
            instance.contacts.submit(instance.surveys.get(slug), number, sealed)
        assert told.value.code == "survey-closed"


def test_tests_of_a_draft_vanish_when_it_opens(instance: Instance) -> None:
    a_keeper(instance)
    draft = instance.surveys.create("utkast", DEFINITION, "x", parameters=PARAMETERS)
    number = secrets.token_bytes(16)
    sealed = instance.contacts.seal_on_arrival(number, DETAILS, "sv")
    instance.contacts.submit(draft, number, sealed)
    assert instance.contacts.count(draft) == 1
    opened = instance.surveys.open("utkast")
    assert instance.contacts.all(opened) == ()
    assert instance.contacts.count(opened) == 0
    assert instance.contacts.tidy()
    assert rows(instance, "SELECT count(*) FROM sign_ups") == [(0,)]


@pytest.mark.parametrize("tidied", [False, True])
def test_what_is_sent_again_after_the_opening_is_kept(instance: Instance, tidied: bool) -> None:
    """A page that was loaded in the draft goes on with its number."""
    keeper = a_keeper(instance)
    draft = instance.surveys.create("utkast", DEFINITION, "x", parameters=PARAMETERS)
    number = secrets.token_bytes(16)
    sealed = instance.contacts.seal_on_arrival(number, DETAILS, "sv")
    instance.contacts.submit(draft, number, sealed)
    opened = instance.surveys.open("utkast")
    if tidied:
        instance.contacts.tidy()
    assert instance.contacts.submit(opened, number, sealed) is Acknowledgement.ACCEPTED
    assert instance.contacts.submit(opened, number, sealed) is Acknowledgement.REPEATED
    instance.contacts.tidy()
    (kept,) = instance.contacts.all(opened)
    assert keeper.open(kept)["answers"] == DETAILS


def test_a_new_key_takes_the_place_of_the_old_one_which_still_opens_what_was_sealed_to_it(instance: Instance) -> None:
    before = a_keeper(instance)
    sign_up(instance)
    after = a_keeper(instance)
    sign_up(instance)
    assert [k.id for k in instance.keepers.current()] == [after.key.id]
    assert [k.id for k in instance.keepers.of("vera")] == [after.key.id, before.key.id]
    sealed_to = sorted(tuple(s.seals) for s in instance.contacts.all(prov(instance)))
    assert sealed_to == sorted([(before.key.id,), (after.key.id,)])
    assert list(instance.contacts.verify()) == []


def test_who_loses_the_role_gets_nothing_more(instance: Instance) -> None:
    a_keeper(instance, "vera")
    left = a_keeper(instance, "dag")
    sql = """UPDATE users SET roles = '["auditor"]' WHERE name = 'dag'"""
    instance.store.db.write(lambda: instance.store.db.execute(sql))
    assert [k.user for k in instance.keepers.current()] == ["vera"]
    with pytest.raises(DatasetError) as told:
        instance.keepers.make("dag", left.key.public, some_locks())
    assert told.value.code == "not-a-keeper"


def test_a_key_that_is_sent_twice_is_kept_once(instance: Instance) -> None:
    keeper = a_keeper(instance)
    instance.keepers.make("vera", keeper.key.public, some_locks())
    assert len(instance.keepers.of("vera")) == 1


def test_the_key_of_somebody_else_is_not_taken_and_not_logged(instance: Instance) -> None:
    keeper, other = a_keeper(instance), a_keeper(instance, "dag")
    entries = len(list(instance.log.entries()))
    with pytest.raises(DatasetError) as told:
        instance.keepers.make("dag", keeper.key.public, some_locks())
    assert told.value.code == "bad-key"
    assert len(list(instance.log.entries())) == entries
    assert {k.id for k in instance.keepers.current()} == {keeper.key.id, other.key.id}


def test_who_uses_a_keepers_session_can_not_lock_the_keeper_out(instance: Instance) -> None:
    """Neither the passphrase nor the key on paper is known to them: what is on paper opens as before."""
    keeper = a_keeper(instance)
    with pytest.raises(DatasetError) as told:
        instance.keepers.lock_anew("vera", keeper.key.id, some_locks())
    assert told.value.code == "bad-key"
    assert instance.keepers.of("vera")[0].locks == keeper.key.locks


def test_keys_stand_in_the_log_and_locks_can_be_changed(instance: Instance) -> None:
    keeper, other = a_keeper(instance), a_keeper(instance, "dag")
    new = json.dumps(json.loads(some_locks()) | {"recovery": json.loads(keeper.key.locks)["recovery"]})
    instance.keepers.lock_anew("vera", keeper.key.id, new)
    assert json.loads(instance.keepers.of("vera")[0].locks) == json.loads(new)
    with pytest.raises(DatasetError) as told:
        instance.keepers.lock_anew("vera", other.key.id, new)
    assert told.value.code == "unknown-key"
    told_of = [instance.log.payload(e.seq) for e in instance.log.entries() if e.kind == "account"]
    assert [p["action"] for p in told_of if p["user"] == "vera"][-2:] == ["contact key made", "contact key locked anew"]
    assert instance.verifier.verify() == ()


@pytest.mark.parametrize(
    "change",
    [
        lambda p: p.update(format="kryssklick-key/2"),
        lambda p: p.pop("recovery"),
        lambda p: p["passphrase"].update(iterations=1000),
        lambda p: p["passphrase"].update(iterations="600000"),
        lambda p: p["passphrase"].update(salt="AA=="),
        lambda p: p["recovery"].update(locked="å"),
        lambda p: p["recovery"].update(nonce=12),
    ],
)
def test_locks_of_another_form_are_refused(instance: Instance, change: object) -> None:
    instance.accounts.add("vera", [Role.CONTACT_KEEPER])
    plain = json.loads(some_locks())
    change(plain)  # type: ignore[operator]
    for locks in (json.dumps(plain), "[]", "{", "[" * 100_000):
        with pytest.raises(DatasetError) as told:
            instance.keepers.make("vera", new_pair()[1], locks)
        assert told.value.code == "bad-key"
    for point in (b"", new_pair()[1][:-1], b"\x04" + bytes(64)):
        with pytest.raises(DatasetError) as told:
            instance.keepers.make("vera", point, some_locks())
        assert told.value.code == "bad-key"
    assert instance.keepers.all() == ()


def test_more_than_is_asked_for_is_not_kept_with_a_key(instance: Instance) -> None:
    instance.accounts.add("vera", [Role.CONTACT_KEEPER])
    plain = json.loads(some_locks())
    plain["passphrase"]["words"] = plain["secret"] = "hemligt"
    instance.keepers.make("vera", new_pair()[1], json.dumps(plain))
    assert "hemligt" not in instance.keepers.of("vera")[0].locks


def test_verify_finds_what_was_changed(instance: Instance) -> None:
    keeper = a_keeper(instance)
    numbers = sorted(sign_up(instance) for _ in range(3))
    assert list(instance.contacts.verify()) == []
    file = sqlite3.connect(instance.path / CONTACTS)
    other = key_id(new_pair()[1])
    file.execute("UPDATE sign_ups SET sealed = substr(sealed, 1, 100) WHERE number = ?", (numbers[0],))
    swapped = file.execute("SELECT sealed FROM sign_ups WHERE number = ?", (numbers[1],)).fetchone()[0]
    file.execute(
        "UPDATE sign_ups SET sealed = ? WHERE number = ?", (swapped.replace(keeper.key.id, other, 1), numbers[1])
    )
    file.execute("UPDATE sign_ups SET survey = 'ingen' WHERE number = ?", (numbers[2],))
    file.execute("UPDATE keeper_keys SET public = ?", (new_pair()[1],))
    file.commit()
    file.close()
    told = {fault.place: fault.what for fault in instance.contacts.verify()}
    assert told == {
        f"sign-up {numbers[0].hex()[:8]} of prov": "It was changed: it is not sealed in the form kk1.",
        f"sign-up {numbers[1].hex()[:8]} of prov": (
            "No keeper has a key to it: it was changed, or the key was taken away."
        ),
        f"sign-up {numbers[2].hex()[:8]} of ingen": "There is no such survey.",
        f"contact key {keeper.key.id.hex()}": "It was changed: its name does not fit.",
    }


def test_it_is_there_again_after_a_restart(instance: Instance, clock: Clock) -> None:
    keeper = a_keeper(instance)
    sign_up(instance)
    instance.close()
    with Instance.open(instance.path, clock) as again:
        (found,) = again.contacts.all(again.surveys.get("prov"))
        assert keeper.open(found)["answers"] == DETAILS


def test_a_contact_file_of_a_later_version_is_left_alone(instance: Instance, clock: Clock) -> None:
    instance.close()
    file = sqlite3.connect(instance.path / CONTACTS)
    sql = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kryssklick-contacts', 'x', '')"
    file.execute(sql)
    file.commit()
    file.close()
    with pytest.raises(DatasetError) as told:
        Instance.open(instance.path, clock)
    assert told.value.code == "newer-dataset"
