"""Submissions: durable, exactly once, shuffled, and nothing in the files that tells who or when."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from dataset_helpers import Clock, a_survey, an_instance, given, send

from forms.answers import Given, Mark
from webapp.dataset.answers import Channel
from webapp.dataset.errors import DatasetError, SealError, SurveyClosed
from webapp.dataset.instance import Instance
from webapp.dataset.keys import KeyKind
from webapp.dataset.sealing import seal
from webapp.dataset.surveys import SurveyState
from webapp.dataset.tray import Acknowledgement, new_submission_id, parse_submission_id


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def instance(tmp_path: Path, clock: Clock) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", clock) as made:
        yield made


def entered(instance: Instance, slug: str = "prov") -> int:
    return instance.responses.number(instance.surveys.get(slug)).get(Channel.WEB, 0)


def test_a_repeated_submission_counts_once_whatever_it_says(instance: Instance) -> None:
    survey = a_survey(instance)
    number = new_submission_id()
    assert send(instance, survey, given("ja"), number) is Acknowledgement.ACCEPTED
    assert send(instance, survey, given("ja"), number) is Acknowledgement.REPEATED
    assert send(instance, survey, given("nej"), number) is Acknowledgement.REPEATED
    assert instance.tray.waiting(survey) == 1


def test_the_same_answers_from_two_people_count_twice(instance: Instance) -> None:
    survey = a_survey(instance)
    send(instance, survey, given("ja"))
    send(instance, survey, given("ja"))
    assert instance.tray.waiting(survey) == 2


def test_lots_of_ten_while_twenty_wait_and_the_rest_when_grace_ends(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, grace_days=0)
    for n in range(22):
        send(instance, survey, given("ja" if n % 2 else "nej"))
        assert instance.tray.advance().entered == (10 if n == 19 else 0)
    assert instance.tray.waiting(survey) == 12
    clock.forward(minutes=5)
    assert instance.tray.advance().entered == 0
    instance.close_survey("prov")
    assert entered(instance) == 22
    counts = instance.responses.counts(survey)
    assert counts["web", "fick", "option:ja"] == counts["web", "fick", "option:nej"] == 11


def test_a_large_rest_enters_in_several_transactions_of_one_step(
    instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.dataset.tray.AT_ONCE", 5)
    survey = a_survey(instance, grace_days=0)
    for _ in range(15):
        send(instance, survey, given("ja"))
    instance.close_survey("prov")
    assert (entered(instance), instance.tray.waiting(survey)) == (15, 0)
    assert not instance.store.keys.has(survey.random_id, KeyKind.RECEIPT)
    assert instance.verifier.verify() == ()


def test_at_most_one_lot_a_minute(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance)
    for _ in range(45):
        send(instance, survey, given("ja"))
    seen = []
    for _ in range(4):
        seen.append(instance.tray.advance().entered)
        clock.forward(seconds=30)
    assert seen == [10, 0, 10, 0]
    seen = []
    for _ in range(3):
        clock.forward(minutes=1)
        seen.append(instance.tray.advance().entered)
    assert seen == [10, 0, 0]
    assert instance.tray.waiting(survey) == 15


def test_a_lot_is_drawn_at_random(instance: Instance) -> None:
    survey = a_survey(instance)
    for n in range(20):
        send(instance, survey, given("ja", antal=str(n)))
    instance.tray.advance()
    numbers = {int(a.own_text) for r in instance.responses.all(survey) for a in r.answers if a.question == "antal"}
    assert len(numbers) == 10
    assert numbers not in (set(range(10)), set(range(10, 20)))  # by chance once in 92,378


def test_grace_late_answers_and_the_end_of_the_receipt_key(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, grace_days=2)
    send(instance, survey, given("ja"))
    instance.close_survey("prov")
    assert entered(instance) == 0
    clock.forward(days=1)
    assert send(instance, survey, given("nej")) is Acknowledgement.ACCEPTED
    assert instance.store.keys.has(survey.random_id, KeyKind.RECEIPT)
    clock.forward(days=1)
    with pytest.raises(SurveyClosed) as error:
        send(instance, survey, given("nej"))
    assert error.value.code == "survey-closed"
    assert instance.tray.advance().entered == 2
    assert not instance.store.keys.has(survey.random_id, KeyKind.RECEIPT)


def test_a_deadline_closes_the_survey_and_counts_what_comes_in_grace(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, deadline=clock().date(), grace_days=1)
    send(instance, survey, given("ja"))
    assert survey.begins(clock())
    clock.forward(days=1)
    assert not survey.begins(clock())
    assert survey.counts_at(clock())
    assert instance.tray.advance().closed == ("prov",)
    assert instance.surveys.get("prov").state is SurveyState.CLOSED
    assert send(instance, survey, given("nej")) is Acknowledgement.ACCEPTED
    clock.forward(days=1, minutes=1)
    assert instance.tray.advance().entered == 2


def test_a_draft_counts_at_once_and_forgets_at_opening(instance: Instance) -> None:
    survey = a_survey(instance, opened=False)
    number = new_submission_id()
    send(instance, survey, given("ja", ord="bara ett prov"), number)
    assert entered(instance) == 1
    instance.surveys.open("prov")
    assert entered(instance) == 0
    assert instance.responses.counts(survey) == {}
    assert list(instance.responses.texts(survey, "ord")) == []
    assert instance.verifier.verify() == ()
    assert send(instance, survey, given("ja"), number) is Acknowledgement.ACCEPTED


def test_what_is_no_sealed_answer_is_refused_at_the_door(instance: Instance) -> None:
    survey, other = a_survey(instance), a_survey(instance, "annan")
    number = parse_submission_id(new_submission_id())
    with pytest.raises(SealError) as error:
        instance.tray.submit(survey, number, b"ja")
    assert error.value.code == "not-sealed"
    sealed = instance.tray.seal_on_arrival(other, number, given("ja"), "sv")
    with pytest.raises(SealError) as error:
        instance.tray.submit(survey, number, sealed)
    assert error.value.code == "other-key"
    assert instance.tray.waiting(survey) == 0


@pytest.mark.parametrize("text", ["", "abc", "0" * 31, "0" * 33, "g" * 32, " " * 32, "00 " * 16])
def test_a_submission_id_is_32_hex_digits(text: str) -> None:
    with pytest.raises(DatasetError) as error:
        parse_submission_id(text)
    assert error.value.code == "bad-submission-id"


GOOD = {"format": "kryssklick-answer/1", "language": "sv", "answers": {"fick": {"options": ["ja"]}}}


@pytest.mark.parametrize(
    ("change", "code"),
    [
        ({"answers": {"fick": {"options": ["kanske"]}}}, "unknown-option"),
        ({"answers": {"nytt": {"options": ["ja"]}}}, "unknown-question"),
        ({"answers": {"fick": {"options": ["ja", "nej"]}}}, "several"),
        ({"answers": {"antal": {"texts": {"": "hundra"}}}}, "not-a-number"),
        ({"answers": {"antal": {"texts": {"": "100"}}}}, "out-of-range"),
        ({"answers": {"ort": {"texts": {"": "0000"}}}}, "unknown-place"),
        ({"answers": {"ord": {"texts": {"": "x" * 2001}}}}, "too-long"),
        ({"answers": {"fick": {"texts": {"": "ja"}}}}, "unexpected-text"),
        ({"answers": {"fick": "ja"}}, "malformed"),
        ({"answers": []}, "malformed"),
        ({"version": "ffffffff"}, "unknown-version"),
        ({"version": 7}, "malformed"),
        ({"format": "annat"}, "malformed"),
        ({"answers": {"ord": {"texts": {"": "\ud800"}}}}, "malformed"),
        ({"answers": {"\udfff": {"options": ["ja"]}}}, "malformed"),
        ({"version": "\ud800"}, "malformed"),
    ],
)
def test_what_a_modified_client_sends_is_kept_in_quarantine(
    instance: Instance, change: dict[str, object], code: str
) -> None:
    survey = a_survey(instance, grace_days=0)
    plain = {**GOOD, "version": survey.instrument.version, **change}
    number = parse_submission_id(new_submission_id())
    instance.tray.submit(survey, number, seal(instance.tray.public_key(survey), json.dumps(plain).encode(), number))
    send(instance, survey, given("ja"))
    instance.close_survey("prov")
    assert entered(instance) == 1
    (kept,) = instance.tray.quarantined(survey)
    assert kept.code == code
    assert json.loads(kept.content) == plain
    assert instance.tray.waiting(survey) == 0
    assert instance.verifier.verify() == ()


@pytest.mark.parametrize("body", [b"inte json", b"[" * 4000, b"7", b"\xff\xfe"])
def test_what_is_no_json_is_kept_in_quarantine(instance: Instance, body: bytes) -> None:
    survey = a_survey(instance, grace_days=0)
    number = parse_submission_id(new_submission_id())
    instance.tray.submit(survey, number, seal(instance.tray.public_key(survey), body, number))
    instance.close_survey("prov")
    assert [q.code for q in instance.tray.quarantined(survey)] == ["malformed"]


def test_a_broken_seal_is_kept_in_quarantine(instance: Instance) -> None:
    survey = a_survey(instance, grace_days=0)
    number, other = (parse_submission_id(new_submission_id()) for _ in range(2))
    sealed = instance.tray.seal_on_arrival(survey, other, given("ja"), "sv")
    instance.tray.submit(survey, number, sealed)
    instance.close_survey("prov")
    (kept,) = instance.tray.quarantined(survey)
    assert (kept.code, kept.content) == ("broken-seal", "")


def test_an_answer_although_passed_over_is_kept_and_flagged(instance: Instance) -> None:
    survey = a_survey(instance, grace_days=0)
    send(instance, survey, {"fick": Given({"nej": Mark.CROSSED}), "bra": Given({"5": Mark.CROSSED})})
    instance.close_survey("prov")
    counts = instance.responses.counts(survey)
    assert counts["web", "bra", "passed over"] == counts["web", "bra", "answered although passed over"] == 1
    assert counts["web", "bra", "option:5"] == 1


def test_many_at_once_each_exactly_once(instance: Instance) -> None:
    survey = a_survey(instance)
    instance.begin_serving()
    numbers = [new_submission_id() for _ in range(60)] * 2
    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(lambda n: send(instance, survey, given("ja"), n), numbers))
    assert told.count(Acknowledgement.ACCEPTED) == told.count(Acknowledgement.REPEATED) == 60
    assert instance.tray.waiting(survey) == 60


def test_who_comes_while_the_program_ends_is_answered(instance: Instance) -> None:
    survey = a_survey(instance)
    instance.begin_serving()

    def one(_: int) -> str:
        try:
            return send(instance, survey, given("ja")).value
        except DatasetError as error:
            return error.code

    with ThreadPoolExecutor(4) as pool:
        coming = [pool.submit(one, n) for n in range(40)]
        writer = instance.store.db._writer
        assert writer is not None
        writer.stop()
        told = [future.result(timeout=30) for future in coming]
    assert set(told) <= {"accepted", "closing"}
    instance.store.db._writer = None
    assert instance.tray.waiting(survey) == told.count("accepted")


def test_one_bad_change_does_not_take_back_its_neighbours(instance: Instance) -> None:
    survey = a_survey(instance)
    instance.begin_serving()

    def one(n: int) -> str:
        try:
            if n % 3 == 0:
                instance.store.db.write(lambda: instance.store.db.execute("INSERT INTO receipts VALUES ('nobody', 1)"))
            return send(instance, survey, given("ja")).value
        except sqlite3.IntegrityError:
            return "refused"

    with ThreadPoolExecutor(8) as pool:
        told = list(pool.map(one, range(30)))
    assert told.count("refused") == 10
    assert instance.tray.waiting(survey) == told.count("accepted") == 20


CHILD = """
import sys
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from dataset_helpers import given, send
from webapp.dataset.instance import Instance
instance = Instance.open(Path(sys.argv[1]))
instance.begin_serving()
survey = instance.surveys.get("prov")
from concurrent.futures import ThreadPoolExecutor
def one(_):
    send(instance, survey, given("ja"))
    print("acknowledged", flush=True)
with ThreadPoolExecutor(4) as pool:
    list(pool.map(one, range(100000)))
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_nothing_acknowledged_is_lost_when_the_server_is_killed(tmp_path: Path) -> None:
    path = tmp_path / "i"
    with an_instance(path) as instance:
        a_survey(instance)
    here = str(Path(__file__).parent)
    with subprocess.Popen([sys.executable, "-c", CHILD, str(path), here], stdout=subprocess.PIPE) as child:
        assert child.stdout is not None
        for _ in range(40):
            assert child.stdout.readline()
        child.kill()
        acknowledged = 40 + child.stdout.read().count(b"\n")
    with an_instance(path) as instance:
        waiting = instance.tray.waiting(instance.surveys.get("prov"))
        assert waiting >= acknowledged
        assert waiting <= acknowledged + 4  # written, but killed before the word got out
        assert instance.verifier.verify() == ()


def files_under(path: Path) -> bytes:
    return b"".join(file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file() and "keys" not in str(file))


def test_no_words_and_no_submission_id_stand_in_the_files(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, grace_days=0)
    number = new_submission_id()
    send(instance, survey, given("annat", ord="hemligtord om mötet"), number)
    instance.close_survey("prov")  # the last lot enters, and nothing of the tray is left behind
    assert [t for _, t in instance.responses.texts(survey, "ord")] == ["hemligtord om mötet"]
    found = files_under(instance.path)
    for trace in (b"hemligtord", bytes.fromhex(number), number.encode(), "mötet".encode("utf-16-le")):
        assert trace not in found


def test_nothing_with_a_response_tells_time_order_or_place(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, grace_days=0)
    for n in range(12):
        send(instance, survey, given("ja", antal=str(n)))
        clock.forward(minutes=7)
    instance.close_survey("prov")
    clock.forward(minutes=2)
    instance.tray.advance()
    instance.close()
    with sqlite3.connect(instance.path / "dataset.db") as db:
        columns = {t: [c[1] for c in db.execute(f"PRAGMA table_info({t})")] for t in ("responses", "texts", "receipts")}
        assert columns == {
            "responses": ["survey", "key", "channel", "version", "language", "answers"],
            "texts": ["survey", "response", "question", "option", "raw", "masked"],
            "receipts": ["survey", "receipt"],
        }
        for table in columns:
            with pytest.raises(sqlite3.OperationalError, match="no such column"):
                db.execute(f"SELECT rowid FROM {table}")
        stored = [json.loads(a)["antal"]["v"] for (a,) in db.execute("SELECT answers FROM responses")]
        assert sorted(stored, key=int) == [str(n) for n in range(12)]
        assert stored not in ([str(n) for n in range(12)], [str(n) for n in range(11, -1, -1)])
        assert db.execute("SELECT count(*) FROM tray").fetchone() == (0,)
    db.close()


def test_the_log_commits_to_the_web_responses_but_not_to_which_lot_they_came_in(
    instance: Instance, clock: Clock
) -> None:
    survey = a_survey(instance, grace_days=0)
    for _ in range(40):
        send(instance, survey, given("ja"))
    for _ in range(3):
        instance.tray.advance()
        clock.forward(minutes=1)
    instance.close_survey("prov")
    lots = [e.seq for e in instance.log.entries() if e.kind == "lot"]
    assert len(lots) == 4
    for seq in lots[:-1]:
        with pytest.raises(DatasetError) as error:
            instance.log.payload(seq)
        assert error.value.code == "payload-gone"
    payload = instance.log.payload(lots[-1])
    assert set(payload) == {"channel", "responses", "digest"}
    assert payload["responses"] == 40
    assert instance.verifier.verify() == ()


def test_a_survey_made_when_versions_were_hashed_otherwise_goes_on(instance: Instance, clock: Clock) -> None:
    a_survey(instance, grace_days=0)
    db = instance.store.db
    db.write(lambda: db.execute("UPDATE versions SET version = '0123abcd' WHERE survey = 'prov'"))
    with Instance.open(instance.path, clock) as later:
        survey = later.surveys.get("prov")
        assert survey.instrument.version == "0123abcd"
        send(later, survey, given("ja"))
        later.close_survey("prov")
        assert later.tray.quarantined(survey) == ()
        assert [r.version for r in later.responses.all(survey)] == ["0123abcd"]


def test_vacuum_waits_for_a_quiet_minute(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance)
    send(instance, survey, given("ja"))
    assert not instance.tray.advance().vacuumed
    clock.forward(seconds=59)
    send(instance, survey, given("ja"))
    clock.forward(seconds=59)
    assert not instance.tray.advance().vacuumed
    clock.forward(seconds=1)
    assert instance.tray.advance().vacuumed
    assert not instance.tray.advance().vacuumed


def test_vacuum_comes_again_after_a_lot_that_waited_through_the_last_one(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance, grace_days=1)
    for _ in range(3):
        send(instance, survey, given("ja"))
    clock.forward(minutes=1)
    assert instance.tray.advance().vacuumed
    instance.close_survey("prov")
    clock.forward(minutes=2 * 24 * 60)
    last = instance.tray.advance()
    assert (last.entered, last.vacuumed) == (3, True)
    assert not instance.tray.advance().vacuumed


def test_vacuum_that_fails_is_tried_again(instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    send(instance, a_survey(instance), given("ja"))
    clock.forward(minutes=1)

    def full() -> None:
        raise DatasetError("disk", "The disk is full.", "Make room.")

    with monkeypatch.context() as patched:
        patched.setattr(instance.store.db, "vacuum", full)
        with pytest.raises(DatasetError, match="full"):
            instance.tray.advance()
    assert instance.tray.advance().vacuumed


def test_vacuum_cut_off_by_a_kill_is_still_due(
    instance: Instance, clock: Clock, monkeypatch: pytest.MonkeyPatch
) -> None:
    survey = a_survey(instance)
    send(instance, survey, given("ja"))
    clock.forward(minutes=1)
    due = "SELECT unvacuumed FROM tray_state WHERE survey = 'prov'"
    seen = []

    def watched(rewrite: Callable[[], bool] = instance.store.db.vacuum) -> bool:
        seen.append(instance.store.db.value(due))
        send(instance, survey, given("nej"))  # while it goes on
        return rewrite()

    monkeypatch.setattr(instance.store.db, "vacuum", watched)
    assert instance.tray.advance().vacuumed
    assert seen[0] > 0
    assert instance.store.db.value(due) > seen[0]


def test_vacuum_beside_a_reader_comes_again(instance: Instance, clock: Clock) -> None:
    """A reader keeps the WAL from being emptied; what left the tray would go on standing in it."""
    send(instance, a_survey(instance), given("ja"))
    clock.forward(minutes=1)
    instance.store.db.here().conn.execute("PRAGMA busy_timeout=10").fetchall()
    reader = sqlite3.connect(instance.store.db.path, isolation_level=None)
    reader.execute("BEGIN")
    reader.execute("SELECT count(*) FROM tray").fetchone()
    assert not instance.tray.advance().vacuumed
    reader.close()
    assert not instance.tray.advance().vacuumed  # not again and again: in a minute
    clock.forward(minutes=1)
    assert instance.tray.advance().vacuumed
    assert instance.store.db.path.with_name("dataset.db-wal").stat().st_size < 100_000


def test_vacuum_works_beside_a_server_that_writes(instance: Instance, clock: Clock) -> None:
    survey = a_survey(instance)
    instance.begin_serving()
    send(instance, survey, given("ja"))
    clock.forward(minutes=1)
    assert instance.tray.advance().vacuumed
    assert send(instance, survey, given("ja")) is Acknowledgement.ACCEPTED


@pytest.mark.skipif(os.name == "nt", reason="Windows has no such permissions")
def test_keys_can_be_read_by_their_owner_alone(instance: Instance) -> None:
    survey = a_survey(instance)
    for folder, kinds in (("keys", ("sealing", "receipt", "text")), ("picture-keys", ("picture",))):
        for kind in kinds:
            path = instance.path / folder / f"{survey.random_id}.{kind}"
            assert path.stat().st_mode & 0o777 == 0o600


def test_a_submission_is_durable_within_a_bearable_time(instance: Instance) -> None:
    """No assertion on time: a figure to look at with -s."""
    survey = a_survey(instance)
    instance.begin_serving()
    sealed = []
    for _ in range(200):
        number = parse_submission_id(new_submission_id())
        sealed.append((number, instance.tray.seal_on_arrival(survey, number, given("ja"), "sv")))
    begun = time.perf_counter()
    with ThreadPoolExecutor(16) as pool:
        told = list(pool.map(lambda pair: instance.tray.submit(survey, *pair), sealed))
    print(f"{len(told) / (time.perf_counter() - begun):.0f} submissions a second")
    assert told == [Acknowledgement.ACCEPTED] * 200
