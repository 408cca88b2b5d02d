"""The information page and the printer test page as people get them: by command, at the desk, back by scanner."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import pypdfium2
import pytest
import simulator
import zxingcpp
from click.testing import CliRunner, Result
from flask.testing import FlaskClient
from simulator import Printer, Scanner
from web_helpers import DEFINITION, PARAMETERS, PASSWORD, add_user, csrf_token, make_app, make_instance, sign_in
from werkzeug.test import TestResponse

from forms.definition import find
from forms.testpage import layout
from webapp.cli import main
from webapp.dataset.accounts import Role
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.intake import Handled
from webapp.jobs import Jobs

Run = Callable[..., Result]
ADDRESS = "https://svara.example.se/s/prov"


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("pages") / "i"
    with make_instance(path) as instance:
        instance.surveys.create("bar", DEFINITION, "prov.toml", parameters={"contact": "Ring oss."})
    return path


@pytest.fixture
def run(folder: Path) -> Run:
    return lambda *arguments: CliRunner().invoke(main, [*map(str, arguments), "--instance", str(folder)])


def picture(pdf: Path | bytes, dpi: int = 200) -> simulator.Pixels:
    with pypdfium2.PdfDocument(pdf) as document:
        assert len(document) == 1
        return np.array(document[0].render(scale=dpi / 72, grayscale=True).to_pil().convert("L"), np.uint8)


def words(pdf: Path | bytes) -> str:
    with pypdfium2.PdfDocument(pdf) as document:
        return " ".join(document[0].get_textpage().get_text_bounded().replace("\xa0", " ").split())


def scan_of(pdf: Path | bytes, scanner: Scanner) -> simulator.Pixels:
    page = simulator.Page(layout(), 1, picture(pdf, simulator.DPI))
    return simulator.scan(page, scanner, np.random.default_rng(3))


def test_the_command_prints_the_page_and_tells_what_is_missing(run: Run, tmp_path: Path) -> None:
    out = tmp_path / "i.pdf"
    made = run("print", "prov", "--information", "--out", out)
    assert made.exit_code == 0, made.output
    assert made.stdout == ""
    assert "address=https://svara.example.se/s/prov" in made.stderr
    assert "phone_help" in made.stderr
    assert "Exempel frågar" in words(out)
    assert not zxingcpp.read_barcodes(picture(out))
    local = ("--param", f"address={ADDRESS}", "--param", "phone_help=000-00 00 02", "--param", "about=Vi ses i parken.")
    made = run("print", "prov", "--information", "--size", "large", "--out", out, *local)
    assert made.exit_code == 0, made.output
    assert "QR code" not in made.stderr
    assert [c.text for c in zxingcpp.read_barcodes(picture(out))] == [ADDRESS]
    assert "Vi ses i parken." in words(out)
    assert run("print", "prov", "--information", "--language", "en", "--out", out).exit_code == 0
    assert "Who asks" in words(out)


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (("prov", "--information", "--sheets", "1"), 2, "--information"),
        (("prov", "--information", "--test-page"), 2, "--test-page"),
        (("prov", "--sheets", "1", "--param", "about=Hej"), 2, "--information"),
        (("prov", "--information", "--param", "about"), 2, "KEY=VALUE"),
        (("prov", "--information", "--layout", "l.json"), 2, "--sheets"),
        (("prov", "--information", "--param", "om=Hej"), 1, "about"),
        (("prov", "--information", "--param", "address=http://localhost:8000/s/prov"), 1, "other people's phones"),
        (("prov", "--information", "--language", "fi"), 1, "sv, sv-x-lattlast, en"),
        (("prov", "--information", "--size", "large", "--param", "about=" + "Hej alla. " * 99), 1, "Shorten about"),
        (("bar", "--information"), 1, "--param organisation=…"),
        (("nej", "--test-page"), 1, "no survey “nej”"),
    ],
)
def test_what_can_not_be_printed_is_told_and_leaves_no_file(
    run: Run, tmp_path: Path, arguments: tuple[str, ...], code: int, said: str
) -> None:
    out = tmp_path / "x.pdf"
    result = run("print", *arguments, "--out", out)
    assert result.exit_code == code, result.output
    assert said in result.stderr
    assert not list(tmp_path.iterdir())


def test_a_survey_may_have_the_values_of_its_information_page(folder: Path, run: Run, tmp_path: Path) -> None:
    with Instance.open(folder) as instance:
        given = PARAMETERS | {"address": ADDRESS, "phone_help": "000-00 00 02", "about": "Vi är nya här."}
        instance.surveys.create("egen", DEFINITION, "prov.toml", parameters=given)
        with pytest.raises(DatasetError, match="phone_help"):
            instance.surveys.create("fel", DEFINITION, "prov.toml", parameters={"telefon": "1"})
    out = tmp_path / "i.pdf"
    assert run("print", "egen", "--information", "--out", out).exit_code == 0
    assert [c.text for c in zxingcpp.read_barcodes(picture(out))] == [ADDRESS]
    assert "PROV – svaren räknas inte" in words(out)
    assert run("print", "egen", "--information", "--param", "address=", "--out", out).exit_code == 0
    assert not zxingcpp.read_barcodes(picture(out))
    assert "Vi är nya här." in words(out)


def test_scans_are_told_and_kept_out_of_the_answers(run: Run, folder: Path, tmp_path: Path) -> None:
    pdf, known, info = tmp_path / "t.pdf", tmp_path / "l.json", tmp_path / "i.pdf"
    assert run("print", "prov", "--test-page", "--language", "en", "--out", pdf).exit_code == 0
    assert "Printer test page" in words(pdf)
    assert run("print", "prov", "--information", "--out", info).exit_code == 0
    assert run("print", "prov", "--sheets", "1", "--out", tmp_path / "s.pdf", "--layout", known).exit_code == 0
    fine, small = Scanner(dpi=200), Scanner(dpi=200, printer=Printer(scale=0.97))
    for name, scanner, code, percent in (("fine.jpg", fine, 0, 100.0), ("small.jpg", small, 3, 97.0)):
        file = tmp_path / name
        simulator.write_jpeg(file, scan_of(pdf, scanner), scanner)
        read = run("read", file, "--layout", known, "--jobs", 1)
        assert read.exit_code == code, read.output
        told = json.loads(read.stdout)
        assert (told["status"], told["code"]) == ("refused", "test-page")
        assert told["test_page"]["across_percent"] == pytest.approx(percent, abs=0.3)
        assert "across" in read.stderr
        scanned = run("scan", "prov", file, "--jobs", 1)
        assert scanned.exit_code == code, scanned.output
        (page,) = json.loads(scanned.stdout)["refused"]
        assert page["code"] == "test-page"
        assert page["test_page"]["down_percent"] == pytest.approx(percent, abs=0.3)
        assert f"{percent:.1f} %" in scanned.stderr
    page_file = tmp_path / "info.jpg"
    simulator.write_jpeg(page_file, scan_of(info, fine), fine)
    scanned = run("scan", "prov", page_file, "--jobs", 1)
    assert scanned.exit_code == 1
    assert [r["code"] for r in json.loads(scanned.stdout)["refused"]] == ["no-markers"]
    with Instance.open(folder) as instance:
        survey = instance.surveys.get("prov")
        assert sum(instance.responses.number(survey).values()) == 0
        assert [p.code for p in instance.intake.refused(survey)] == ["no-markers"]
        tests = [p for p in instance.intake.refused(survey, everything=True) if p.test is not None]
        assert [p.handled for p in tests] == [Handled.NOTHING_TO_DO] * 2
        assert [p.test.good for p in tests if p.test is not None] == [True, False]


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, FlaskClient]]:
    with make_instance(tmp_path_factory.mktemp("desk") / "i") as instance:
        add_user(instance, "kim", Role.COORDINATOR)
        client = make_app(instance).test_client()
        sign_in(client, "kim")
        yield instance, client


def post(client: FlaskClient, path: str, **data: object) -> TestResponse:
    return client.post(path, data={"csrf_token": csrf_token(client.get("/desk")), **data})


def test_the_desk_prints_the_information_page(desk: tuple[Instance, FlaskClient]) -> None:
    _, client = desk
    page = client.get("/desk/prov/print").text
    assert "Informationssida" in page
    # The address of this computer alone is none for others and is not offered; one that phones reach is.
    assert 'name="address" value=""' in page
    host = "http://svara.example.se"
    token = csrf_token(client.get("/sign-in", base_url=host))
    entered = {"csrf_token": token, "name": "kim", "password": PASSWORD}
    assert client.post("/sign-in", base_url=host, data=entered).status_code == 303
    reached = client.get("/desk/prov/print", base_url=host)
    assert f'name="address" value="{host}/s/prov"' in reached.text
    made = post(client, "/desk/prov/print/information", language="en", size="large", address=ADDRESS, about="Come in.")
    assert made.mimetype == "application/pdf"
    assert "prov-information.pdf" in made.headers["Content-Disposition"]
    assert "Come in." in words(made.data)
    assert [c.text for c in zxingcpp.read_barcodes(picture(made.data))] == [ADDRESS]


def test_the_desk_asks_who_asks_where_the_survey_does_not_say(desk: tuple[Instance, FlaskClient]) -> None:
    instance, client = desk
    plain = DEFINITION.replace("{organisation} frågar.", "Vi frågar.").replace("{organisation} asks.", "We ask.")
    plain = plain.replace("organisation = true\n", "")
    known = {name: value for name, value in PARAMETERS.items() if name != "organisation"}
    instance.surveys.create("utan", plain, "utan.toml", parameters=known)
    asked = "Vem som frågar: föreningens namn</label>"
    assert asked in client.get("/desk/utan/print").text
    assert asked not in client.get("/desk/prov/print").text
    lacking = post(client, "/desk/utan/print/information", about="Kom in.")
    assert lacking.status_code == 422
    assert "saknar vem som frågar" in lacking.text
    made = post(client, "/desk/utan/print/information", organisation="Föreningen Nyss")
    assert made.mimetype == "application/pdf"
    assert "Föreningen Nyss frågar" in words(made.data)


def test_the_desk_prints_sign_ups_in_both_sizes(desk: tuple[Instance, FlaskClient]) -> None:
    _, client = desk
    for size, pages in (("normal", 1), ("large", 2)):
        made = post(client, "/desk/prov/print/sign-up", copies=1, language="sv", size=size)
        assert made.mimetype == "application/pdf"
        assert len(pypdfium2.PdfDocument(made.data)) == pages


def test_the_desk_offers_the_test_page_in_each_of_its_languages(desk: tuple[Instance, FlaskClient]) -> None:
    _, client = desk
    offered = re.findall(r'href="(/desk/prov/print/test-page.pdf[^"]*)">([^<]*)<', client.get("/desk/prov/print").text)
    assert [name for _, name in offered] == ["Svenska", "Lätt svenska", "English"]
    titles = ("Provsida för skrivaren", "Prova skrivaren", "Printer test page")
    for (address, _), title in zip(offered, titles, strict=True):
        assert title in words(client.get(address).data)


def test_the_desk_counts_slips_where_they_are_offered(desk: tuple[Instance, FlaskClient]) -> None:
    instance, client = desk
    few = find("en-fraga").read_text(encoding="utf-8")
    instance.surveys.create("lappar", few, "en-fraga.toml")
    assert "Antal blanketter eller lappar</label>" in client.get("/desk/lappar/print").text
    instance.surveys.create("hela", find("efter-motet").read_text(encoding="utf-8"), "efter-motet.toml")
    whole = client.get("/desk/hela/print").text
    assert "Antal blanketter</label>" in whole
    assert "lappar" not in whole


@pytest.mark.parametrize(
    ("data", "said"),
    [
        ({"address": "http://localhost/s/prov", "about": "Kom in."}, "leder inte till undersökningen"),
        ({"about": "Kom in. " * 249, "size": "large"}, "ryms inte på en sida"),
        ({"language": "fi", "about": "Kom in."}, "finns inte på det språket"),
    ],
)
def test_the_desk_says_what_is_wrong_and_keeps_what_was_written(
    desk: tuple[Instance, FlaskClient], data: dict[str, str], said: str
) -> None:
    _, client = desk
    answer = post(client, "/desk/prov/print/information", **data)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Kom in." in answer.text


def test_an_upload_of_a_test_page_is_told_in_words(desk: tuple[Instance, FlaskClient]) -> None:
    instance, client = desk
    made = client.get("/desk/prov/print/test-page.pdf")
    assert "Provsida för skrivaren" in words(made.data)
    scanner = Scanner(dpi=200, printer=Printer(scale=0.955))
    upload = "/desk/prov/upload"
    seen = io.BytesIO(simulator.encode_jpeg(scan_of(made.data, scanner), scanner))
    answer = client.post(upload, data={"csrf_token": csrf_token(client.get(upload)), "files": [(seen, "prov.jpg")]})
    assert Jobs(instance).run_next() is not None
    page = client.get(answer.location).text
    assert "95,5 % av sin bredd" in page
    assert "provsida för skrivaren och inget svar" in page
    assert "går att läsa av" in page
    assert "Ange för hand" not in page
    assert instance.intake.refused(instance.surveys.get("prov")) == ()
