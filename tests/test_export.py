"""Exports: columns, statuses, formulas, codebook; what a spreadsheet and a statistics program meet."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from dataset_helpers import DEFINITION, PARAMETERS, Clock, a_run, a_survey, an_instance, reading, send, take

from forms.answers import Given, Mark
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.pages import Action, Choice
from webapp.dataset.surveys import Survey
from webapp.results.exports import ExportFile, ExportFormat, Level, export, neutral, write
from webapp.results.tables import results

OTHER_OF_SEVERAL = DEFINITION.replace('en = "The municipality" } }', 'en = "The municipality" }, other = true }')


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i", Clock()) as made:
        yield made


@pytest.fixture
def survey(instance: Instance) -> Survey:
    survey = a_survey(instance, grace_days=0)

    def crossed(*options: str) -> Given:
        return Given(dict.fromkeys(options, Mark.CROSSED))

    send(
        instance,
        survey,
        {
            "fick": Given({"annat": Mark.CROSSED}, {"annat": "=SUMMA(A1)"}),
            "vilka": crossed("vard", "kommun"),
            "antal": Given({}, {None: "7"}),
            "ort": Given({}, {None: "1480"}),
            "ord": Given({}, {None: 'Rad ett,\nrad "två"'}),
        },
    )
    run, layout = a_run(instance, survey, 1)
    marks = {"fick": ["nej"], "bra": ["2"], "vilka": {"vard": Mark.CROSSED, "kommun": Mark.UNCERTAIN}}
    take(instance, survey, reading(layout, 1, run.serials[0], marks))
    take(instance, survey, reading(layout, 2, run.serials[0], {}, {("ord", None): None}))
    return instance.close_survey("prov")


def table(file: ExportFile) -> list[dict[str, str]]:
    assert file.content.startswith(b"\xef\xbb\xbf")
    return list(csv.DictReader(io.StringIO(file.content.decode("utf-8-sig"), newline="")))


def test_csv_has_a_row_a_response_and_the_columns_of_the_codebook(instance: Instance, survey: Survey) -> None:
    data, book, plain = export(instance, survey, ExportFormat.CSV)
    assert [f.name for f in (data, book, plain)] == ["prov.csv", "prov-codebook.csv", "prov-codebook.json"]
    by_channel = {row["channel"]: row for row in table(data)}
    web, paper = by_channel["web"], by_channel["paper"]
    assert list(web) == [
        *("response", "channel", "language", "version"),
        *("fick", "fick__annat__text"),
        *("bra", "bra__status"),
        *("vilka__vard", "vilka__kommun", "vilka__ingen"),
        *("antal", "antal__text", "ort", "ort__text"),
        *("ord", "ord__status"),
    ]
    assert web | {"response": ""} == {
        "response": "",
        "channel": "web",
        "language": "sv",
        "version": survey.instrument.version,
        "fick": "annat",
        "fick__annat__text": "'=SUMMA(A1)",
        "bra": "",
        "bra__status": "passed over",
        "vilka__vard": "1",
        "vilka__kommun": "1",
        "vilka__ingen": "0",
        "antal": "7",
        "antal__text": "",
        "ort": "1480",
        "ort__text": "",
        "ord": 'Rad ett,\nrad "två"',
        "ord__status": "",
    }
    assert (paper["bra"], paper["bra__status"]) == ("2", "answered although passed over")
    assert (paper["vilka__vard"], paper["vilka__kommun"], paper["vilka__ingen"]) == ("1", "", "0")
    assert (paper["ord"], paper["ord__status"]) == ("", "unclear")
    assert len({row["response"] for row in table(data)}) == 2


def test_an_option_that_can_not_be_settled_is_not_exported_as_not_chosen(instance: Instance) -> None:
    """Neither while it waits nor afterwards; the results tell of how many answers an option is unclear."""
    survey = a_survey(instance, "till")
    run, layout = a_run(instance, survey, 3)
    for serial, state in zip(run.serials, (Mark.UNCERTAIN, Mark.UNCERTAIN, Mark.CROSSED), strict=True):
        marks = {"vilka": {"vard": Mark.CROSSED, "kommun": state}}
        take(instance, survey, reading(layout, 1, serial, marks))
        take(instance, survey, reading(layout, 2, serial))

    def cells() -> list[tuple[str, str, str]]:
        rows = table(export(instance, survey, ExportFormat.CSV)[0])
        return sorted((r["vilka__vard"], r["vilka__kommun"], r["vilka__ingen"]) for r in rows)

    expected = [("1", "", "0"), ("1", "", "0"), ("1", "1", "0")]
    for waiting in (2, 1, 0):
        assert cells() == expected
        bases = results(instance, survey).by_id["vilka"].bases["paper"]
        assert (bases.given, bases.unclear, bases.unsettled, bases.waiting) == (3, 0, 2, waiting)
        for item in instance.decisions.waiting(survey)[:1]:
            instance.decisions.decide(survey, item.id, Choice(Action.UNCLEAR), by="Ada")
    assert instance.verifier.verify() == ()


def test_an_option_whose_words_wait_is_exported_as_chosen(instance: Instance) -> None:
    """What is written beside it has still to be read; that it was crossed is known, and counted."""
    instance.surveys.create("bredvid", OTHER_OF_SEVERAL, "prov.toml", parameters=PARAMETERS)
    survey = instance.surveys.open("bredvid")
    run, layout = a_run(instance, survey, 1)
    take(instance, survey, reading(layout, 1, run.serials[0], {"vilka": ["kommun"]}, {("vilka", "kommun"): None}))
    take(instance, survey, reading(layout, 2, run.serials[0]))
    (row,) = table(export(instance, survey, ExportFormat.CSV)[0])
    assert row["vilka__kommun"] == "1"


def test_the_codebook_explains_every_column_and_value(instance: Instance, survey: Survey) -> None:
    data, book, plain = export(instance, survey, ExportFormat.CSV)
    columns = list(table(data)[0])
    described = json.loads(plain.content)
    assert [v["name"] for v in described["variables"]] == columns
    rows = table(book)
    assert list(dict.fromkeys(r["column"] for r in rows)) == columns
    labels = {(r["column"], r["value"]): (r["label_sv"], r["label_en"]) for r in rows}
    assert labels["fick", ""] == ("Fick du en plan?", "Did you get a plan?")
    assert labels["fick", "ja"] == ("Ja", "Yes")
    assert labels["vilka__vard", ""] == ("Vilka var med? – Vården", "Who took part? – Health care")
    assert labels["ort", "1480"] == ("Göteborg", "Göteborg")
    assert [labels["vilka__vard", v][0] for v in "01"] == ["Inte vald", "Vald"]
    for row in table(data):
        for column in columns:
            coded = {value for c, value in labels if c == column and value}
            if coded:
                assert row[column] in coded | {""}


def test_json_holds_the_same_and_neutralises_nothing(instance: Instance, survey: Survey) -> None:
    data, _ = export(instance, survey, ExportFormat.JSON)
    plain = json.loads(data.content)
    assert plain["format"] == "kryssklick-data/1"
    (csv_data, *_) = export(instance, survey, ExportFormat.CSV)
    rows = table(csv_data)
    texts = {r["fick__annat__text"] for r in plain["responses"]}
    assert texts == {"=SUMMA(A1)", ""}
    for row, one in zip(rows, plain["responses"], strict=True):
        assert {k: v.removeprefix("'") for k, v in row.items()} == one


@pytest.mark.parametrize("cell", ["=1+1", "+46 31", "-", "@SUM(A1)", "\t1", "\r1", "\n1", "＝1", "＋1", "－1", "＠A"])
def test_what_a_spreadsheet_would_calculate_is_neutralised(cell: str) -> None:
    assert neutral(cell) == f"'{cell}"


@pytest.mark.parametrize(
    ("cell", "safe"),
    [("hej;=1+1", "hej;'=1+1"), ("a\n-b\n\n@c", "a\n'-b\n\n'@c"), ("a\t+1;", "a\t'+1;"), ("\t=1", "'\t'=1")],
)
def test_no_formula_begins_where_a_swedish_spreadsheet_parts_a_cell(cell: str, safe: str) -> None:
    assert neutral(cell) == safe


@pytest.mark.parametrize("cell", ["", "1480", "Ja", "'=1", " =1", "a=b", "a; b", "a\n\nb", "a;b=c"])
def test_anything_else_stays_as_it_is(cell: str) -> None:
    assert neutral(cell) == cell


def test_rows_stand_in_the_order_of_random_keys(instance: Instance) -> None:
    survey = a_survey(instance, "ordning", grace_days=0)
    for n in range(15):
        send(instance, survey, {"antal": Given({}, {None: str(n)})})
    instance.close_survey("ordning")
    rows = table(export(instance, survey, ExportFormat.CSV)[0])
    assert [r["response"] for r in rows] == sorted(r["response"] for r in rows)
    assert [int(r["antal"]) for r in rows] not in (list(range(15)), list(range(14, -1, -1)))


def test_an_export_of_nothing_has_its_header(instance: Instance) -> None:
    survey = a_survey(instance)
    data = export(instance, survey, ExportFormat.CSV)[0]
    assert table(data) == []
    assert data.content.decode("utf-8-sig").startswith("response,channel,language,version,fick")


@pytest.mark.parametrize("level", [Level.RESEARCH, Level.RELEASE])
def test_what_may_leave_the_association_comes_after_freezing(instance: Instance, survey: Survey, level: Level) -> None:
    with pytest.raises(DatasetError) as error:
        export(instance, survey, ExportFormat.CSV, level)
    assert error.value.code == "level-not-yet"


def test_files_are_written_whole_into_a_new_folder(instance: Instance, survey: Survey, tmp_path: Path) -> None:
    files = export(instance, survey, ExportFormat.CSV)
    paths = write(files, tmp_path / "ut" / "data")
    assert [p.read_bytes() for p in paths] == [f.content for f in files]
    assert sorted(p.name for p in (tmp_path / "ut" / "data").iterdir()) == sorted(f.name for f in files)
    (tmp_path / "file").write_text("")
    with pytest.raises(DatasetError) as error:
        write(files, tmp_path / "file")
    assert error.value.code == "not-written"
