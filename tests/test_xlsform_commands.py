"""`instrument import` and `export` as a person types them, and an imported form from print to dataset."""

import io
from collections.abc import Callable
from pathlib import Path

import pytest
import simulator
from click.testing import CliRunner, Result
from pyxform.xls2xform import convert
from simulator import Cross, Write
from web_helpers import Clock, hidden, make_app
from xlsform_books import SETTINGS, saved, workbook

from forms.definition import find, load
from forms.model import Kind
from webapp.cli import main
from webapp.dataset.instance import Instance

FORMS = Path(__file__).parent / "resources" / "xlsform"

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: object) -> Result:
        return CliRunner().invoke(main, [*map(str, arguments), "--instance", str(tmp_path / "i")])

    return invoke


def form(tmp_path: Path, label: str) -> Path:
    path = tmp_path / "form.xlsx"
    path.write_bytes(saved(workbook(survey=f"| type | name | label |\n| text | a | {label} |", settings=SETTINGS)))
    return path


def test_import_writes_what_a_person_can_go_on_with(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "samtal.toml"
    result = run("instrument", "import", FORMS / "samtal.xlsx", "--out", out)
    assert result.exit_code == 0, result.output
    assert out.read_text(encoding="utf-8") == (FORMS / "samtal.toml").read_text(encoding="utf-8")
    lines = result.stdout.splitlines()
    assert all(line.startswith("samtal.xlsx:") for line in lines)
    assert 'samtal.xlsx:3: warning: Sheet "survey": An answer is required on row 3' in result.stdout
    assert f"{len(lines)} warnings" in result.stderr
    assert "instrument check" in result.stderr
    checked = run("instrument", "check", out)
    assert checked.exit_code == 0
    assert "error" not in checked.stdout


def test_an_import_that_would_lose_something_writes_nothing(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "x.toml"
    out.write_text("förra")
    result = run("instrument", "import", form(tmp_path, "Vad sa du om ${b}?"), "--out", out)
    assert result.exit_code == 1
    assert "form.xlsx:2: error:" in result.stdout
    assert "Nothing was written" in result.stderr
    assert out.read_text() == "förra"


def test_an_import_that_paper_refuses_waits_for_a_person(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "x.toml"
    result = run("instrument", "import", form(tmp_path, "\N{SNOWMAN}?"), "--out", out)
    assert result.exit_code == 3
    assert "1 error," in result.stderr
    assert load(out).questions[0].wording.default.to("sv") == "\N{SNOWMAN}?"


@pytest.mark.parametrize("given", [("finns-inte.xlsx",), (".",)])
def test_files_that_are_not_there_are_told(run: Run, tmp_path: Path, given: tuple[str, ...]) -> None:
    result = run("instrument", "import", *given, "--out", tmp_path / "x.toml")
    assert result.exit_code == 1
    assert "Check the name" in result.stderr


def test_export_gives_what_other_programs_and_import_take(run: Run, tmp_path: Path) -> None:
    book, again = tmp_path / "sip.xlsx", tmp_path / "sip.toml"
    result = run("instrument", "export", "sip-erfarenhet", "--out", book)
    assert result.exit_code == 0
    assert 'The variants of question "kommun" are left out' in result.stdout
    assert convert(io.BytesIO(book.read_bytes()), validate=False).xform.startswith("<?xml")
    assert run("instrument", "import", book, "--out", again).exit_code == 0
    assert [q.id for q in load(again).questions] == [q.id for q in load(find("sip-erfarenhet")).questions]
    assert load(again).by_id["kommun"].kind is Kind.PLACE


def test_a_broken_definition_is_not_exported(run: Run, tmp_path: Path) -> None:
    bad = tmp_path / "bad.toml"
    bad.write_text('id = "bad"\n')
    result = run("instrument", "export", bad, "--out", tmp_path / "bad.xlsx")
    assert result.exit_code == 1
    assert "bad.toml:1: error" in result.stderr
    assert not (tmp_path / "bad.xlsx").exists()


def test_an_imported_form_takes_answers_on_paper_and_screen(tmp_path: Path) -> None:
    clock = Clock()

    def run(*arguments: object) -> Result:
        result = CliRunner().invoke(main, [*map(str, arguments), "--instance", str(tmp_path / "i")])
        assert result.exit_code in (0, 3), result.output
        return result

    definition = tmp_path / "samtal.toml"
    run("instrument", "import", FORMS / "samtal.xlsx", "--out", definition)
    Instance.create(tmp_path / "i", clock).close()
    values = ("organisation=Exempel", "contact=exempel@example.org", "support=000", "grace_days=0")
    run("survey", "create", definition, "--slug", "samtal", *(a for v in values for a in ("--param", v)))
    run("survey", "open", "samtal")
    run("print", "samtal", "--sheets", 1, "--out", tmp_path / "s.pdf")
    actions = [
        Cross("vem", "sjalv"),
        Cross("kallad", "ja"),
        Cross("hur_kallad", "brev"),
        Cross("fick_prata", "delvis"),
        Write("varfor_inte", None, "Tiden"),
    ]
    with Instance.open(tmp_path / "i", clock) as instance:
        survey = instance.surveys.get("samtal")
        layout = instance.runs.layout(instance.runs.list(survey)[0].layout)
    scanner = simulator.Scanner(dpi=150)
    images = simulator.images_of((tmp_path / "s.pdf").read_bytes(), layout, [actions], seed=2, scanner=scanner)
    simulator.write_pdf(tmp_path / "pile.pdf", images, scanner)
    run("scan", "samtal", tmp_path / "pile.pdf", "--jobs", 1)
    sent = {"a.vem": "annan", "a.kallad": "ja", "a.hur_kallad": "annat", "t.hur_kallad.annat": "En granne"}
    with Instance.open(tmp_path / "i", clock) as instance:
        client = make_app(instance).test_client()
        page = client.get("/s/samtal").text
        assert client.post("/s/samtal", data={**hidden(page), **sent}).status_code == 303
        instance.close_survey("samtal")
        clock.forward(days=1)
        instance.tray.advance()
        responses = instance.responses.all(instance.surveys.get("samtal"))
        found = {r.channel.value: {a.question: a for a in r.answers} for r in responses}
    paper, web = found["paper"], found["web"]
    assert [paper[q].options for q in ("vem", "kallad", "hur_kallad", "fick_prata")] == [
        ("sjalv",),
        ("ja",),
        ("brev",),
        ("delvis",),
    ]
    assert web["hur_kallad"].options == ("annat",)
    assert dict(web["hur_kallad"].texts) == {"annat": "En granne"}
    assert web["fick_prata"].options == ()
