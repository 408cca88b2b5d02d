"""The commands as a person types them: output, messages, exit codes. README and commands say the same."""

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import click
import pytest
import simulator
from click.testing import CliRunner, Result

from forms.layout import load as load_layout
from webapp import commands_scans
from webapp.app import create_app
from webapp.cli import main
from webapp.config import Config
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance

Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path) -> Run:
    def invoke(*arguments: object, instance: Path | None = None) -> Result:
        where = (
            [] if instance is None and "--instance" in arguments else ["--instance", str(instance or tmp_path / "i")]
        )
        return CliRunner().invoke(main, [str(a) for a in arguments] + where)

    return invoke


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Make an instance by `init` once; each test has a copy."""
    folder = tmp_path_factory.mktemp("made") / "i"
    assert CliRunner().invoke(main, ["init", "--instance", str(folder)]).exit_code == 0
    return folder


@pytest.fixture
def ready(run: Run, tmp_path: Path, made: Path) -> Run:
    shutil.copytree(made, tmp_path / "i")
    return run


def commands(group: click.Group, before: str = "") -> dict[str, click.Command]:
    found: dict[str, click.Command] = {}
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            found |= commands(command, f"{before}{name} ")
        else:
            found[before + name] = command
    return found


README = (Path(__file__).parent.parent / "README.md").read_text()


def test_readme_names_every_command_and_option_and_no_other() -> None:
    rows = re.findall(r"^\| `kryssklick (.+?)` \|", README, re.MULTILINE)
    told: dict[str, set[str]] = {}
    for row in rows:
        words = row.replace("\\|", "|").split()
        name = " ".join(words[: 2 if words[0] in ("user", "instrument", "survey") else 1])
        told.setdefault(name, set()).update(re.findall(r"--[a-z][a-z-]*", row))
    known = {
        name: {o for p in command.params for o in p.opts if o.startswith("--")} - {"--instance"}
        for name, command in commands(main).items()
    }
    assert told == known


def test_every_command_takes_the_instance() -> None:
    for name, command in commands(main).items():
        assert any("--instance" in p.opts for p in command.params), name


def test_init_is_safe_to_repeat_and_opens_the_demo(run: Run) -> None:
    first = run("init")
    assert (first.exit_code, first.stdout) == (0, "")
    assert "samordnare" in first.stderr
    again = run("init")
    assert again.exit_code == 0
    assert "ready already" in again.stderr
    assert run("survey", "list").stdout.startswith("sip\topen (demo)\tsip-erfarenhet\t")


def test_flask_has_the_same_commands_with_and_without_an_instance(tmp_path: Path) -> None:
    def flask(*arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "flask", "--app", "webapp.app", *arguments]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)

    missing = flask("survey", "list")
    assert (missing.returncode, missing.stdout) == (1, "")
    assert missing.stderr.splitlines()[0] == "There is no instance in instance."
    assert flask("init").returncode == 0
    known = flask("--help").stdout
    assert all(re.search(rf"^  {name} ", known, re.MULTILINE) for name in main.commands)
    listed = flask("survey", "list")
    assert (listed.returncode, listed.stderr) == (0, "")
    assert listed.stdout.startswith("sip\topen (demo)\t")


def test_the_application_without_an_instance_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    answer = create_app().test_client().get("/s/sip")
    assert answer.status_code == 503
    assert "kryssklick init" in answer.text
    with pytest.raises(DatasetError, match="no instance"):
        create_app(Config(tmp_path / "nowhere"))


def test_without_an_instance_the_remedy_is_named(run: Run) -> None:
    result = run("survey", "list")
    assert (result.exit_code, result.stdout) == (1, "")
    assert "kryssklick init" in result.stderr


def test_print_read_and_print_again(ready: Run, tmp_path: Path) -> None:
    pdf, layout, again = tmp_path / "s.pdf", tmp_path / "l.json", tmp_path / "again.pdf"
    made = ready("print", "sip", "--sheets", 2, "--out", pdf, "--layout", layout)
    assert made.exit_code == 0, made.output
    run_id = made.stdout.strip()
    read = ready("read", pdf, "--layout", layout, "--jobs", 1)
    assert read.exit_code == 0, read.output
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    pages = json.loads(layout.read_text())["pages"]
    assert [line["page"] for line in lines] == list(range(1, pages + 1)) * 2
    assert len({line["serial"] for line in lines}) == 2
    assert {m["state"] for line in lines for m in line["marks"]} == {"empty"}
    assert ready("print", "sip", "--run", run_id, "--out", again).exit_code == 0
    assert again.read_bytes() == pdf.read_bytes()
    assert not list(tmp_path.glob(".*part"))


def test_large_sheets_on_both_sides_are_read_and_printed_again_alike(ready: Run, tmp_path: Path) -> None:
    pdf, layout, again = tmp_path / "s.pdf", tmp_path / "l.json", tmp_path / "again.pdf"
    made = ready("print", "sip", "--sheets", 1, "--sides", "two", "--size", "large", "--out", pdf, "--layout", layout)
    assert made.exit_code == 0, made.output
    assert "both sides" in made.stderr
    assert "weighs about" in made.stderr
    fields = json.loads(layout.read_text())["fields"]
    assert {f["w"] for f in fields if f["kind"] == "box"} == {6.0}
    read = ready("read", pdf, "--layout", layout, "--jobs", 1)
    assert read.exit_code == 0, read.output
    lines = [json.loads(line) for line in read.stdout.splitlines()]
    pages = json.loads(layout.read_text())["pages"]
    assert [line["page"] for line in lines if line["status"] == "read"] == list(range(1, pages + 1))
    assert [line["code"] for line in lines if line["status"] == "refused"] == ["blank-page"] * (pages % 2)
    assert {m["state"] for line in lines for m in line.get("marks", ())} == {"empty"}
    assert ready("print", "sip", "--run", made.stdout.strip(), "--out", again).exit_code == 0
    assert again.read_bytes() == pdf.read_bytes()


@pytest.mark.parametrize("language", ["sv", "sv-x-lattlast", "en"])
def test_sign_up_sheets_are_refused_wherever_they_are_scanned(ready: Run, tmp_path: Path, language: str) -> None:
    pdf, layout, other = tmp_path / "u.pdf", tmp_path / "l.json", tmp_path / "s.pdf"
    made = ready("print", "sip", "--sign-up", 2, "--language", language, "--out", pdf)
    assert made.exit_code == 0, made.output
    assert "envelope" in made.stderr
    assert ready("print", "sip", "--sheets", 1, "--out", other, "--layout", layout).exit_code == 0
    read = ready("read", pdf, "--layout", layout, "--jobs", 1)
    assert [json.loads(line)["code"] for line in read.stdout.splitlines()] == ["sign-up-sheet"] * 2
    scanned = ready("scan", "sip", pdf, "--jobs", 1)
    assert [r["code"] for r in json.loads(scanned.stdout)["refused"]] == ["sign-up-sheet"] * 2
    assert not [p for p in (tmp_path / "i" / "pictures").rglob("*") if p.is_file()]
    assert not list((tmp_path / "i" / "incoming").iterdir())


@pytest.mark.parametrize("given", [(), ("--sheets", "1", "--run", "ABCDEF")])
def test_print_wants_either_a_number_or_a_run(ready: Run, tmp_path: Path, given: tuple[str, ...]) -> None:
    result = ready("print", "sip", "--out", tmp_path / "s.pdf", *given)
    assert result.exit_code == 2
    assert not (tmp_path / "s.pdf").exists()


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("print", "nej", "--sheets", "1", "--out", "x.pdf"), "Choose one of: sip"),
        (("print", "sip", "--run", "000000", "--out", "x.pdf"), "Nothing was printed yet"),
        (("print", "sip", "--sheets", "1", "--language", "fi", "--out", "x.pdf"), "Choose one of: sv, en"),
        (("print", "sip", "--sheets", "1", "--out", "nowhere/x.pdf"), "nowhere"),
        (("read", "none.pdf", "--layout", "none.json"), "none.json"),
        (("scan", "sip", "none.pdf"), "none.pdf"),
        (("scan", "nej", "none.pdf"), "no survey “nej”"),
        (("instrument", "check", "finns-inte"), "sip-erfarenhet"),
        (("survey", "open", "sip"), "is open"),
        (("survey", "create", "sip-erfarenhet", "--slug", "Å!"), "Use 2 to 40 small letters"),
        (("survey", "create", "sip-erfarenhet", "--slug", "ny", "--param", "deadline=i morgon"), "2026-06-15"),
        (("export", "sip", "--format", "csv", "--level", "release", "--out", "x"), "--level full"),
        (("user", "add", "samordnare", "--role", "admin"), "samordnare"),
    ],
)
def test_errors_name_the_remedy_and_exit_with_1(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    result = ready(*arguments)
    assert result.exit_code == 1, result.output
    assert said in result.stderr
    assert result.stdout == ""
    assert not (tmp_path / "x.pdf").exists()


def test_wrong_usage_exits_with_2(run: Run) -> None:
    assert run("survey", "create", "sip-erfarenhet", "--slug", "ny", "--param", "region").exit_code == 2
    assert run("user", "add", "x", "--role", "king").exit_code == 2
    assert run("nonsense").exit_code == 2


def test_a_real_survey_needs_its_parameters_to_open(ready: Run) -> None:
    assert ready("survey", "create", "sip-erfarenhet", "--slug", "ny").exit_code == 0
    refused = ready("survey", "open", "ny")
    assert refused.exit_code == 1
    for name in ("region", "organisation", "contact", "support"):
        assert name in refused.stderr


def test_what_cannot_be_printed_is_told_before_people_read_it(ready: Run, tmp_path: Path) -> None:
    eight = "return_address=" + "\\n".join(f"Rad {n}" for n in range(8))
    given = [f"--param={name}=Ring 000-00 00 00." for name in ("organisation", "contact", "support")]
    made = ready("survey", "create", "efter-motet", "--slug", "ny", *given, "--param", eight)
    assert made.exit_code == 0, made.output
    assert "It can't be printed as it is. The return address does not fit the window" in made.stderr
    refused = ready("survey", "open", "ny")
    assert refused.exit_code == 1
    assert refused.stderr.count("The return address does not fit") == 1
    assert "at most 6 lines" in refused.stderr
    assert "--screen-only" in refused.stderr
    assert "\tdraft\t" in ready("survey", "list").stdout
    assert ready("survey", "open", "ny", "--screen-only").exit_code == 0


def test_a_long_value_and_a_sign_that_is_not_seen_are_named(ready: Run, tmp_path: Path) -> None:
    given = [f"--param={name}=Kort" for name in ("organisation", "support", "return_address")]
    ready("survey", "create", "efter-motet", "--slug", "lang", *given, "--param", "contact=" + "hej " * 1250)
    for out in (("--sheets", 1), ("--sheets", 1, "--size", "large")):
        refused = ready("print", "lang", *out, "--out", tmp_path / "x.pdf")
        assert refused.exit_code == 1
        assert "contact has 5000 letters" in refused.stderr
    ready("survey", "create", "efter-motet", "--slug", "sign", *given, "--param", "contact=Ring \x01 mig")
    for what in (("--sheets", 1), ("--information",)):
        refused = ready("print", "sign", *what, "--out", tmp_path / "x.pdf")
        assert refused.exit_code == 1
        assert "The paper's font lacks U+0001" in refused.stderr
    assert not list(tmp_path.glob("*x.pdf*"))


@pytest.mark.parametrize(
    "given",
    [
        ("--run", "ABCDEF", "--size", "large"),
        ("--run", "ABCDEF", "--language", "en", "--sides", "two"),
        ("--sign-up", 1, "--sides", "two"),
        ("--information", "--sides", "one"),
        ("--test-page", "--size", "large"),
    ],
)
def test_an_option_without_effect_is_refused(ready: Run, tmp_path: Path, given: tuple[object, ...]) -> None:
    refused = ready("print", "sip", *given, "--out", tmp_path / "x.pdf")
    assert refused.exit_code == 2
    assert "can't be given with" in refused.stderr
    assert str(given[-2]) in refused.stderr


def test_layout_files_of_others_are_refused_with_their_name(ready: Run, tmp_path: Path) -> None:
    for content in (b"{}", b"\xff\xfe\x00", b'{"format": "kryssklick-layout/1"}'):
        (tmp_path / "l.json").write_bytes(content)
        (tmp_path / "p.pdf").write_bytes(b"")
        result = ready("read", tmp_path / "p.pdf", "--layout", tmp_path / "l.json")
        assert result.exit_code == 1
        assert "l.json is not a layout file" in result.stderr


def test_scan_says_what_waits_and_what_was_refused(ready: Run, tmp_path: Path) -> None:
    pdf, pile, text = tmp_path / "s.pdf", tmp_path / "pile.pdf", tmp_path / "text.jpg"
    assert ready("print", "sip", "--sheets", 1, "--out", pdf).exit_code == 0
    with Instance.open(tmp_path / "i") as instance:
        survey = instance.surveys.get("sip")
        layout = instance.runs.layout(instance.runs.list(survey)[0].layout)
    actions = [
        simulator.Cross("roll", "sjalv"),
        simulator.Cross("info_fore", "ja"),
        simulator.Cross("info_fore", "nej"),
    ]
    images = simulator.images_of(pdf.read_bytes(), layout, [actions], seed=3, scanner=simulator.Scanner(dpi=200))
    simulator.write_pdf(pile, images[:-1], simulator.Scanner(dpi=200))
    text.write_text("no picture at all")
    result = ready("scan", "sip", pile, text, "--jobs", 1)
    assert result.exit_code == 3, result.output
    summary = json.loads(result.stdout)
    assert (summary["images"], summary["read"], summary["waiting"]) == (layout.pages, layout.pages - 1, 1)
    assert list(summary["missing"].values()) == [[layout.pages]]
    assert [(r["file"], r["code"]) for r in summary["refused"]] == [("text.jpg", "not-an-image")]
    assert f"waits for page {layout.pages}" in result.stderr
    again = ready("scan", "sip", pile, "--jobs", 1)
    assert json.loads(again.stdout)["doubles"] == layout.pages - 1
    assert ready("scan", "sip", text).exit_code == 1


def test_read_tells_scripts_apart_from_people(ready: Run, tmp_path: Path) -> None:
    pdf, layout_file = tmp_path / "s.pdf", tmp_path / "l.json"
    assert ready("print", "sip", "--sheets", 1, "--out", pdf, "--layout", layout_file).exit_code == 0
    (tmp_path / "t.png").write_bytes(b"text")
    both = ready("read", pdf, tmp_path / "t.png", "--layout", layout_file, "--jobs", 1)
    assert both.exit_code == 3
    assert json.loads(both.stdout.splitlines()[-1])["code"] == "not-an-image"
    alone = ready("read", tmp_path / "t.png", "--layout", layout_file, "--jobs", 1)
    assert alone.exit_code == 1
    assert "0 of 1 page images read" in alone.stderr


def test_read_says_that_a_person_must_look_at_words_that_were_struck_out(ready: Run, tmp_path: Path) -> None:
    pdf, layout_file, pile = (tmp_path / name for name in ("s.pdf", "l.json", "pile.pdf"))
    assert ready("print", "sip", "--sheets", 1, "--out", pdf, "--layout", layout_file).exit_code == 0
    layout = load_layout(layout_file.read_text(encoding="utf-8"))
    actions = [simulator.Cross("info_fore", "ja"), simulator.Strike("info_fore", "ja")]
    scanner = simulator.Scanner(dpi=200)
    simulator.write_pdf(
        pile, simulator.images_of(pdf.read_bytes(), layout, [actions], seed=3, scanner=scanner), scanner
    )
    result = ready("read", pile, "--layout", layout_file, "--jobs", 1)
    assert result.exit_code == 3, result.output
    assert "0 marks uncertain, ink at the words of 1 option." in result.stderr


@pytest.mark.parametrize("there", [True, False])
def test_who_reads_without_tesseract_is_told_what_is_done_without(
    ready: Run, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *, there: bool
) -> None:
    pdf, layout_file = tmp_path / "s.pdf", tmp_path / "l.json"
    assert ready("print", "sip", "--sheets", 1, "--out", pdf, "--layout", layout_file).exit_code == 0
    monkeypatch.setattr(commands_scans, "available", lambda: there)
    for command in (("read", pdf, "--layout", layout_file), ("scan", "sip", pdf)):
        result = ready(*command, "--jobs", 1)
        assert ("apt-get install tesseract-ocr" in result.stderr) is not there
        assert "Tesseract" not in result.stdout


def test_export_and_verify(ready: Run, tmp_path: Path) -> None:
    result = ready("export", "sip", "--format", "csv", "--out", tmp_path / "data")
    assert result.exit_code == 0
    paths = [Path(line) for line in result.stdout.splitlines()]
    assert {p.name for p in paths} == {"sip.csv", "sip-codebook.csv", "sip-codebook.json"}
    assert all(p.stat().st_size for p in paths)
    verified = ready("verify")
    assert verified.exit_code == 0
    head = json.loads(verified.stdout)["head"]
    assert ready("verify", "--head", head).exit_code == 0
    assert ready("verify", "--head", head[:-1]).exit_code == 2
    wrong = ready("verify", "--head", "1-" + "0" * 64)
    assert wrong.exit_code == 1
    assert json.loads(wrong.stdout)["faults"]


def test_check_prints_each_fault_with_its_line(run: Run, tmp_path: Path) -> None:
    assert run("instrument", "check", "sip-erfarenhet").exit_code == 0
    bad = tmp_path / "bad.toml"
    bad.write_text('id = "bad"\nlanguages = ["sv"]\nnonsense = 1\n')
    result = run("instrument", "check", bad)
    assert result.exit_code == 1
    assert "bad.toml:3: error:" in result.stdout


def test_a_user_gets_a_password_to_change(ready: Run, tmp_path: Path) -> None:
    result = ready("user", "add", "granskare", "--role", "auditor", "--role", "coordinator")
    assert result.exit_code == 0
    with Instance.open(tmp_path / "i") as instance:
        user = instance.accounts.sign_in("granskare", result.stdout.strip())
        assert user.must_change
        assert {r.value for r in user.roles} == {"auditor", "coordinator"}


def test_a_forgotten_password_is_replaced_by_a_new_one_time_password(ready: Run, tmp_path: Path) -> None:
    first = ready("user", "add", "granskare", "--role", "auditor").stdout.strip()
    result = ready("user", "reset", "granskare")
    assert result.exit_code == 0
    with Instance.open(tmp_path / "i") as instance:
        assert instance.accounts.sign_in("granskare", result.stdout.strip()).must_change
        with pytest.raises(DatasetError):
            instance.accounts.sign_in("granskare", first)
    assert ready("user", "reset", "ingen").exit_code == 1


def test_a_folder_that_is_not_there_is_named_as_the_person_wrote_it(ready: Run, tmp_path: Path) -> None:
    result = ready("print", "sip", "--sheets", "1", "--out", str(tmp_path / "none" / "a.pdf"))
    assert result.exit_code == 1
    assert "There is no such folder" in result.stderr
    assert ".part" not in result.stderr


def test_a_folder_given_for_a_file_is_called_a_folder(ready: Run, tmp_path: Path) -> None:
    for command in (("print", "sip", "--sheets", "1"), ("instrument", "export", "en-fraga")):
        result = ready(*command, "--out", str(tmp_path))
        assert result.exit_code == 1
        assert f"{tmp_path} is a folder" in result.stderr
        assert ".part" not in result.stderr
    with Instance.open(tmp_path / "i") as instance:
        assert instance.runs.list(instance.surveys.get("sip")) == ()
