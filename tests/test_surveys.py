"""Surveys, runs, the instance folder, and what the database promises."""

from __future__ import annotations

import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dataset_helpers import (
    DEFINITION,
    PARAMETERS,
    Clock,
    a_run,
    a_survey,
    an_instance,
    given,
    send,
    two_page_layout,
)

from forms.errors import DefinitionError
from webapp.dataset.database import Database
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import FIRST_USER, Instance, init
from webapp.dataset.surveys import Settings, SurveyState, split_settings
from webapp.jobs import Delivery, Jobs


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


def test_a_survey_goes_from_draft_to_open_to_closed_and_never_back(instance: Instance) -> None:
    survey = a_survey(instance, opened=False)
    assert (survey.state, survey.practice, survey.versions) == (SurveyState.DRAFT, True, (survey.instrument.version,))
    assert not instance.surveys.open("prov").practice
    assert instance.surveys.close("prov").state is SurveyState.CLOSED
    for change in (instance.surveys.open, instance.surveys.close):
        with pytest.raises(DatasetError) as error:
            change("prov")
        assert error.value.code == "wrong-state"


def test_opening_needs_the_required_parameters_and_says_which(instance: Instance) -> None:
    instance.surveys.create("prov", DEFINITION, "prov.toml", parameters={"organisation": "  "})
    with pytest.raises(DatasetError) as error:
        instance.surveys.open("prov")
    assert error.value.code == "parameters-missing"
    assert "organisation, support, contact" in error.value.message
    assert "--param contact=…" in error.value.remedy
    instance.surveys.set_parameters("prov", PARAMETERS, Settings())
    assert instance.surveys.open("prov").state is SurveyState.OPEN


def test_texts_of_an_open_survey_stay_and_its_dates_can_change(instance: Instance) -> None:
    a_survey(instance)
    changed = instance.surveys.set_parameters("prov", PARAMETERS, Settings(deadline=date(2026, 5, 1)))
    assert changed.settings.deadline == date(2026, 5, 1)
    with pytest.raises(DatasetError) as error:
        instance.surveys.set_parameters("prov", {**PARAMETERS, "support": "1177"}, Settings())
    assert error.value.code == "not-draft"


@pytest.mark.parametrize("slug", ["", "a", "Prov", "1prov", "a b", "å-å", "../etc", "x" * 41])
def test_a_short_name_must_be_short_and_plain(instance: Instance, slug: str) -> None:
    with pytest.raises(DatasetError) as error:
        instance.surveys.create(slug, DEFINITION, "prov.toml")
    assert error.value.code == "bad-slug"


def test_a_name_is_taken_once_and_an_unknown_one_lists_what_there_is(instance: Instance) -> None:
    a_survey(instance)
    with pytest.raises(DatasetError) as error:
        a_survey(instance)
    assert error.value.code == "slug-taken"
    with pytest.raises(DatasetError) as error:
        instance.surveys.get("porv")
    assert error.value.code == "unknown-survey"
    assert "prov" in error.value.remedy


def test_a_broken_definition_and_a_misspelt_parameter_make_no_survey(instance: Instance) -> None:
    with pytest.raises(DefinitionError):
        instance.surveys.create("prov", 'id = "prov', "prov.toml")
    with pytest.raises(DatasetError) as error:
        instance.surveys.create("prov", DEFINITION, "prov.toml", parameters={"organistion": "x"})
    assert error.value.code == "unknown-parameter"
    assert instance.surveys.list() == ()


def test_key_value_pairs_are_parted_into_texts_and_dates() -> None:
    values, settings = split_settings(
        {"region": "VG", "deadline": "2026-06-15", "grace_days": "0", "freeze_on": "2026-09-01", "purge_on": ""}
    )
    assert values == {"region": "VG", "deadline": "2026-06-15"}
    assert settings == Settings(date(2026, 6, 15), 0, date(2026, 9, 1), None)
    assert split_settings({})[1] == Settings()


@pytest.mark.parametrize(
    "pair",
    [
        ("deadline", "i juni"),
        ("grace_days", "-1"),
        ("grace_days", "en"),
        ("grace_days", "9" * 5000),
        ("purge_on", "2026-13-01"),
    ],
)
def test_a_date_that_is_none_is_refused(pair: tuple[str, str]) -> None:
    with pytest.raises(DatasetError) as error:
        split_settings(dict([pair]))
    assert error.value.code == "bad-setting"


def test_every_version_that_a_survey_had_can_be_had(instance: Instance) -> None:
    survey = a_survey(instance)
    assert instance.surveys.instrument(survey, survey.versions[0]) == survey.instrument
    assert instance.surveys.definition(survey, survey.versions[0]) == DEFINITION
    with pytest.raises(DatasetError) as error:
        instance.surveys.instrument(survey, "ffffffff")
    assert error.value.code == "unknown-version"


def test_a_run_keeps_layout_and_serials_for_printing_again(instance: Instance) -> None:
    survey = a_survey(instance)
    run, layout = a_run(instance, survey, 40)
    assert len(set(run.serials)) == 40
    assert instance.runs.get(survey, run.id.lower()) == run
    assert instance.runs.layouts(survey) == {layout.id: layout}
    again, _ = a_run(instance, survey, 2)
    assert {r.id for r in instance.runs.list(survey)} == {run.id, again.id}
    assert not set(run.serials) & set(again.serials)


def test_what_can_not_be_printed(instance: Instance) -> None:
    survey, other = a_survey(instance), a_survey(instance, "annan")
    layout = two_page_layout(survey)
    for sheets in (0, 20_001):
        with pytest.raises(DatasetError) as error:
            instance.runs.add(survey, layout, sheets, {})
        assert error.value.code == "bad-number-of-sheets"
    run, _ = a_run(instance, survey)
    with pytest.raises(DatasetError) as error:
        instance.runs.get(other, run.id)
    assert error.value.code == "unknown-run"
    with pytest.raises(DatasetError) as error:
        instance.runs.layout("ffffffff")
    assert error.value.code == "unknown-layout"


def test_init_is_safe_to_repeat_and_makes_the_demo(tmp_path: Path) -> None:
    first = init(tmp_path / "new", Clock())
    demo = first.instance.surveys.get("sip")
    assert (demo.state, demo.demo, demo.practice) == (SurveyState.OPEN, True, True)
    assert first.first_user is not None
    assert first.made
    first.instance.close()
    second = init(tmp_path / "new", Clock())
    assert (second.made, second.first_user) == (False, None)
    assert second.instance.surveys.get("sip") == demo
    (shown,) = second.instance.accounts.unused_one_time_passwords()
    assert shown == first.first_user
    assert shown.user.name == FIRST_USER
    second.instance.close()


def test_the_demo_never_ends_by_its_date(tmp_path: Path) -> None:
    clock = Clock()
    made = init(tmp_path / "new", clock)
    clock.forward(days=1000)
    made.instance.tray.advance()
    demo = made.instance.surveys.get("sip")
    assert demo.begins(clock())
    assert demo.counts_at(clock())
    made.instance.close()


def test_without_an_instance_the_remedy_is_to_make_one(tmp_path: Path) -> None:
    with pytest.raises(DatasetError) as error:
        Instance.open(tmp_path)
    assert error.value.code == "no-instance"
    assert "kryssklick init" in error.value.remedy
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError) as error:
        Instance.create(tmp_path / "file")
    assert error.value.code == "not-a-folder"


def test_one_instance_has_one_server_and_commands_beside_it(tmp_path: Path) -> None:
    with an_instance(tmp_path / "i") as serving:
        serving.begin_serving()
        with Instance.open(tmp_path / "i") as command:
            with pytest.raises(DatasetError) as error:
                command.begin_serving()
            assert error.value.code == "instance-in-use"
            assert "--instance" in error.value.remedy
            a_survey(command)
        assert serving.surveys.get("prov").state is SurveyState.OPEN
    with Instance.open(tmp_path / "i") as next_one:
        next_one.begin_serving()


@pytest.mark.skipif(sys.platform == "win32", reason="there the folder's rights hold")
def test_nobody_else_may_read_the_dataset_whatever_the_folder_allows(tmp_path: Path) -> None:
    tmp_path.joinpath("i").mkdir(mode=0o755)
    with an_instance(tmp_path / "i") as instance:
        a_survey(instance)
        for file in instance.path.rglob("*"):
            if file.is_file() and file.name != "server.lock":
                assert file.stat().st_mode & 0o077 == 0, file


def test_opening_leaves_nothing_of_the_tests_in_the_files(instance: Instance) -> None:
    """Test answers vanish at once and for good: rows, pictures, and deliveries that were not read yet."""
    survey = a_survey(instance, opened=False)
    for _ in range(3):
        send(instance, survey, given("ja", ord="ett provsvar"))
    keys = [row["key"] for row in instance.store.db.rows("SELECT key FROM responses")]
    delivered = instance.path / "pile.jpg"
    delivered.write_bytes(b"scanned answers")
    job = Jobs(instance).enqueue(survey, [Delivery("pile.jpg", delivered)])
    delivered.unlink()
    assert (instance.store.incoming_path / job.id).is_dir()
    instance.surveys.open("prov")
    assert list(instance.store.incoming_path.iterdir()) == []
    files = b"".join(file.read_bytes() for file in instance.path.glob("dataset.db*"))
    assert len(keys) == 3
    assert not [key for key in keys if key in files]
    assert b"pile.jpg" not in files


def test_the_dataset_has_the_pragmas_of_the_design(instance: Instance) -> None:
    expected = {"journal_mode": "wal", "synchronous": 2, "foreign_keys": 1, "secure_delete": 1, "temp_store": 2}
    db = instance.store.db
    assert {name: db.value(f"PRAGMA {name}") for name in expected} == expected
    tables = db.rows("PRAGMA table_list")
    own = [t for t in tables if t["type"] == "table" and not t["name"].startswith(("sqlite_", "_sqlite"))]
    assert len(own) > 20
    assert [t["name"] for t in own if not t["strict"]] == []


def test_what_is_no_dataset_and_what_is_too_new_is_said(tmp_path: Path) -> None:
    (tmp_path / "bad.db").write_bytes(b"not a database at all" * 100)
    with pytest.raises(DatasetError) as error:
        Database(tmp_path / "bad.db")
    assert error.value.code == "bad-dataset"
    newer = Database(tmp_path / "newer.db")
    sql = "INSERT INTO _sqlite_migrations (migration_set, name, applied_at) VALUES ('kryssklick', 'hereafter', '')"
    newer.write(lambda: newer.execute(sql))
    newer.close()
    with pytest.raises(DatasetError) as error:
        Database(tmp_path / "newer.db")
    assert error.value.code == "newer-dataset"
    assert "hereafter" in error.value.message


def test_a_change_outside_a_transaction_is_a_fault_of_the_program(instance: Instance) -> None:
    with pytest.raises(RuntimeError, match="inside"):
        instance.store.db.execute("DELETE FROM surveys")


@pytest.mark.parametrize("serving", [False, True])
def test_a_dataset_that_another_program_holds_says_so_and_changes_nothing(instance: Instance, *, serving: bool) -> None:
    a_survey(instance)
    if serving:
        instance.begin_serving()
        instance.store.db.write(lambda: instance.store.db.value("PRAGMA busy_timeout=20"))
    else:
        instance.store.db.value("PRAGMA busy_timeout=20")
    other = sqlite3.connect(instance.path / "dataset.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(DatasetError) as error:
        instance.surveys.close("prov")
    assert error.value.code == "dataset-busy"
    other.execute("ROLLBACK")
    other.close()
    assert instance.surveys.get("prov").state is SurveyState.OPEN
    assert instance.surveys.close("prov").state is SurveyState.CLOSED


def test_a_full_disk_is_said_and_nothing_is_half_done(instance: Instance) -> None:
    survey = a_survey(instance)
    db = instance.store.db
    db.value(f"PRAGMA max_page_count={db.value('PRAGMA page_count')}")
    head = instance.log.head()
    with pytest.raises(DatasetError) as error:
        a_run(instance, survey, 20_000)
    assert error.value.code == "disk"
    db.value("PRAGMA max_page_count=1000000")
    assert instance.runs.list(survey) == ()
    assert instance.log.head() == head
    assert instance.verifier.verify() == ()


def test_a_picture_that_finds_no_room_leaves_nothing(instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    survey = a_survey(instance)

    def full(_: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("webapp.dataset.pictures.os.fsync", full)
    with pytest.raises(DatasetError) as error:
        instance.pictures.keep(survey, "abc", b"a picture")
    assert error.value.code == "disk"
    assert list(instance.path.rglob("pictures/*/*")) == []


def test_a_failing_change_leaves_nothing(instance: Instance) -> None:
    a_survey(instance)

    def change() -> None:
        instance.store.db.execute("DELETE FROM versions")
        raise ValueError("and then it fails")

    for serving in (False, True):
        if serving:
            instance.begin_serving()
        with pytest.raises(ValueError, match="fails"):
            instance.store.db.write(change)
        assert instance.surveys.get("prov").versions


def test_the_dataset_knows_no_web() -> None:
    code = (
        "import sys, webapp.dataset.instance;"
        "bad = [m for m in ('flask', 'werkzeug', 'webapp.app', 'webapp.results') if m in sys.modules];"
        "sys.exit(', '.join(bad) or 0)"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (found.returncode, found.stderr) == (0, "")
