"""A survey's dates: what contradicts what its pages promise is refused in words, and a draft can be mended."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from dataset_helpers import DEFINITION, PARAMETERS, Clock, an_instance
from hypothesis import given
from hypothesis import strategies as st

from webapp.cli import main
from webapp.dataset.dates import passed, refuse_contradictions
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import LAST_DAY, Settings, SurveyState, split_settings

DAY = date(2027, 6, 15)


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


def after(days: int) -> date:
    return DAY + timedelta(days=days)


@pytest.mark.parametrize(
    ("settings", "code", "names"),
    [
        (Settings(DAY, 7, after(-1)), "freeze-before-deadline", ("freeze_on=2027-06-14", "deadline=2027-06-15")),
        (Settings(DAY, 7, after(6)), "freeze-in-grace", ("freeze_on=2027-06-21", "grace_days", "deadline=2027-06-15")),
        (Settings(None, 7, DAY, after(-1)), "purge-before-freeze", ("purge_on=2027-06-14", "freeze_on=2027-06-15")),
        (Settings(DAY, 0, DAY, after(-1)), "purge-before-freeze", ("purge_on", "freeze_on")),
        (Settings(DAY, 7, None, after(6)), "purge-before-deadline", ("purge_on=2027-06-21", "2027-06-22")),
    ],
)
def test_dates_that_contradict_each_other_are_refused_by_name(
    instance: Instance, settings: Settings, code: str, names: tuple[str, ...]
) -> None:
    with pytest.raises(DatasetError) as error:
        instance.surveys.create("prov", DEFINITION, "prov.toml", parameters=PARAMETERS, settings=settings)
    assert error.value.code == code
    assert all(name in error.value.message for name in names)
    assert "Give " in error.value.remedy
    assert instance.surveys.list() == ()
    instance.surveys.create("prov", DEFINITION, "prov.toml", parameters=PARAMETERS)
    with pytest.raises(DatasetError) as error:
        instance.surveys.set_parameters("prov", PARAMETERS, settings)
    assert error.value.code == code
    assert instance.surveys.get("prov").settings == Settings()


days = st.none() | st.integers(0, 40).map(after)


@given(days, st.integers(0, 9), days, days)
def test_what_is_not_refused_keeps_its_order(
    deadline: date | None, grace: int, freeze: date | None, purge: date | None
) -> None:
    last = None if deadline is None else deadline + timedelta(days=grace)
    dates = [day for day in (last, freeze, purge) if day is not None]
    try:
        refuse_contradictions(Settings(deadline, grace, freeze, purge))
    except DatasetError:
        assert dates != sorted(dates)
    else:
        assert dates == sorted(dates)


@pytest.mark.parametrize("name", ["deadline", "freeze_on", "purge_on"])
def test_a_date_that_nobody_means_is_refused(name: str) -> None:
    """Days are added to it, and the calendar of computers ends in the year 9999."""
    with pytest.raises(DatasetError) as error:
        split_settings({name: "9999-12-31"})
    assert error.value.code == "bad-setting"
    assert f"{name}=9999-12-31" in error.value.message
    _, settings = split_settings({name: str(LAST_DAY), "grace_days": "366"})
    refuse_contradictions(settings)


@pytest.mark.parametrize("name", ["deadline", "freeze_on", "purge_on"])
def test_no_survey_opens_with_a_date_that_has_passed(instance: Instance, name: str) -> None:
    today = instance.now().date()
    at = {name: today - timedelta(days=1)}
    instance.surveys.create(
        "prov", DEFINITION, "prov.toml", parameters=PARAMETERS, settings=Settings(grace_days=0, **at)
    )
    with pytest.raises(DatasetError) as error:
        instance.surveys.open("prov")
    assert error.value.code == "date-passed"
    assert f"{name}={at[name]}" in error.value.message
    assert f"survey set prov --param {name}=" in error.value.remedy
    assert instance.surveys.get("prov").state is SurveyState.DRAFT
    instance.surveys.set_parameters("prov", PARAMETERS, Settings(grace_days=0, **{name: today}))
    assert instance.surveys.open("prov").state is SurveyState.OPEN


def test_today_has_not_passed() -> None:
    assert list(passed(Settings(DAY, 0, DAY, DAY), DAY)) == []
    assert list(passed(Settings(DAY, 0, DAY), after(1))) == [("deadline", DAY), ("freeze_on", DAY)]


def run(folder: Path, *arguments: str) -> Result:
    return CliRunner().invoke(main, [*arguments, "--instance", str(folder)])


def test_a_draft_is_mended_by_command_and_keeps_what_is_not_named(tmp_path: Path) -> None:
    folder, definition = tmp_path / "i", tmp_path / "prov.toml"
    definition.write_text(DEFINITION, encoding="utf-8")
    assert run(folder, "init").exit_code == 0
    made = run(
        folder, "survey", "create", str(definition), "--slug", "prov", "--param", "deadline=2020-01-01",
        "--param", "grace_days=3", "--param", "contact=Ring oss.",
    )  # fmt: skip
    assert made.exit_code == 0
    assert "deadline=2020-01-01 has passed" in made.stderr
    assert "organisation" in made.stderr
    change = ("survey", "set", "prov", "--param")
    assert run(folder, *change, "support=Jourlinjen", "--param", "organisation=Föreningen").exit_code == 0
    refused = run(folder, "survey", "open", "prov")
    assert refused.exit_code == 1
    assert "survey set prov --param deadline=" in refused.stderr
    assert run(folder, *change, "freeze_on=2019-01-01").exit_code == 1
    assert run(folder, *change, "organistion=x").exit_code == 1
    taken = run(folder, *change, "deadline=", "--param", "contact=")
    assert "needs: contact" in taken.stderr
    assert run(folder, *change, "contact=Skriv till oss.\\nEller ring.").exit_code == 0
    with Instance.open(folder) as instance:
        survey = instance.surveys.get("prov")
        assert survey.parameters == {
            "contact": "Skriv till oss.\nEller ring.", "support": "Jourlinjen", "organisation": "Föreningen",
        }  # fmt: skip
        assert survey.settings == Settings(grace_days=3)
    assert run(folder, "survey", "open", "prov").exit_code == 0
    late = run(folder, *change, "support=En annan")
    assert late.exit_code == 1
    assert "“prov” is open: people have read its texts" in late.stderr


def test_who_asks_is_asked_for_where_an_instrument_does_not_say_it(tmp_path: Path) -> None:
    folder, definition = tmp_path / "i", tmp_path / "utan.toml"
    plain = DEFINITION.replace("{organisation} frågar.", "Vi frågar.").replace("{organisation} asks.", "We ask.")
    definition.write_text(plain.replace("organisation = true\n", ""), encoding="utf-8")
    assert run(folder, "init").exit_code == 0
    made = run(folder, "survey", "create", str(definition), "--slug", "utan")
    assert "information page will need: organisation. Give --param organisation=…" in made.stderr
    changed = run(folder, "survey", "set", "utan", "--param", "organisation=Föreningen")
    assert changed.exit_code == 0
    assert "information page" not in changed.stderr
