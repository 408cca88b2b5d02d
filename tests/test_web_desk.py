"""The desk over HTTP: print, upload, refused pages, review, results, export."""

from __future__ import annotations

import io
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

import cv2
import numpy as np
import pypdfium2
import pytest
from flask.testing import FlaskClient
from web_helpers import add_user, csrf_token, make_app, make_instance, sign_in, web
from web_paper import CLEAR, CORRECTED, DOUBLE, blank, scanned, write_pile
from werkzeug.test import TestResponse

from forms.answers import Reason
from omr import handwriting
from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Settings, SurveyState
from webapp.jobs import Delivery, Jobs
from webapp.views.results import percent


@dataclass
class Desk:
    """A served instance with a coordinator and two auditors signed in."""

    instance: Instance
    coordinator: FlaskClient
    auditor: FlaskClient
    other: FlaskClient

    def post(self, client: FlaskClient, address: str, of: str = "", **data: object) -> TestResponse:
        """Send a form with the token of a page, and which pictures it shows."""
        page = client.get(of or "/desk")
        shown = re.findall(r'name="shown" value="(\w+)"', page.text)
        return client.post(address, data={"csrf_token": csrf_token(page), "shown": shown, **data})


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    folder = tmp_path_factory.mktemp("desk")
    with make_instance(folder / "instance") as instance:
        app = make_app(instance)
        clients = []
        for name, role in (("kim", Role.COORDINATOR), ("robin", Role.AUDITOR), ("lo", Role.AUDITOR)):
            add_user(instance, name, role)
            client = app.test_client()
            sign_in(client, name)
            clients.append(client)
        yield Desk(instance, *clients)


@pytest.fixture(scope="module")
def delivered(desk: Desk, tmp_path_factory: pytest.TempPathFactory) -> str:
    """Deliver three sheets, a blank page, a page without its corners and a text file; return the job's address."""
    folder = tmp_path_factory.mktemp("pile")
    images = scanned(desk.instance, [CLEAR, DOUBLE, CORRECTED])
    torn = images[0].copy()
    # One corner is left: two would be enough to lay the page by.
    torn[: torn.shape[0] // 3] = 244
    torn[:, : torn.shape[1] // 3] = 244
    pile = write_pile(folder / "bunt.pdf", [*images, blank(images[0]), torn])
    upload = "/desk/prov/upload"
    answer = desk.coordinator.post(
        upload,
        data={
            "csrf_token": csrf_token(desk.coordinator.get(upload)),
            "files": [(pile.open("rb"), "../mapp/bunt.pdf"), (io.BytesIO(b"Hej"), "anteckning.jpg")],
        },
    )
    assert answer.status_code == 303, answer.text
    waiting = desk.coordinator.get(answer.location)
    assert "Väntar på att läsas av." in waiting.text
    assert '<meta http-equiv="refresh"' in waiting.text
    progress = desk.coordinator.get(f"{answer.location}/progress.json").json
    assert progress is not None
    assert (progress["done"], progress["finished"]) == (0, False)
    assert Jobs(desk.instance).run_next() is not None
    return str(answer.location)


def test_state_and_counts_on_the_desk(desk: Desk) -> None:
    page = desk.coordinator.get("/desk").text
    assert "Ett prov" in page
    assert "öppen" in page
    survey = desk.coordinator.get("/desk/prov").text
    assert "http://localhost/s/prov" in survey
    assert desk.coordinator.get("/desk/ingen").status_code == 404


def test_sign_up_sheets_are_printed_and_keep_no_run(desk: Desk) -> None:
    survey = desk.instance.surveys.get("prov")
    before = desk.instance.runs.list(survey)
    made = desk.post(desk.coordinator, "/desk/prov/print/sign-up", copies="3", language="en")
    assert made.mimetype == "application/pdf"
    with pypdfium2.PdfDocument(made.data) as document:
        assert len(document) == 3
        assert "Sign up for an interview" in document[2].get_textpage().get_text_bounded()
    assert desk.instance.runs.list(survey) == before
    for wrong in ("många", "0", "20001", "9" * 5000):
        assert desk.post(desk.coordinator, "/desk/prov/print/sign-up", copies=wrong).status_code == 422
        assert desk.post(desk.coordinator, "/desk/prov/print", sheets=wrong).status_code == 422


def test_printing_gives_a_pdf_and_keeps_the_run(desk: Desk) -> None:
    address = "/desk/prov/print"
    answer = desk.post(desk.coordinator, address, sheets="2", language="en")
    assert answer.mimetype == "application/pdf"
    assert answer.data.startswith(b"%PDF-")
    run = desk.instance.runs.list(desk.instance.surveys.get("prov"))[0]
    assert (len(run.serials), run.settings["language"]) == (2, "en")
    again = desk.coordinator.get(f"{address}/{run.id}.pdf")
    assert again.data == answer.data
    assert f"prov-{run.id}.pdf" in again.headers["Content-Disposition"]
    assert run.id in desk.coordinator.get(address).text
    assert desk.coordinator.get(f"{address}/XXXXXX.pdf").status_code == 404


@pytest.mark.parametrize("wrong", ["", "0", "-1", "många", "20001", "1e3", "٣"])
def test_a_number_of_sheets_that_is_none(desk: Desk, wrong: str) -> None:
    before = len(desk.instance.runs.list(desk.instance.surveys.get("prov")))
    answer = desk.post(desk.coordinator, "/desk/prov/print", sheets=wrong, language="sv")
    assert answer.status_code == 422
    assert "från 1 till" in answer.text
    assert len(desk.instance.runs.list(desk.instance.surveys.get("prov"))) == before


def chooser(page: str) -> str:
    """Return what the page lets one choose files by."""
    found = re.search(r'<input type="file"[^>]* accept="([^"]+)"', page)
    assert found is not None
    return found[1]


def test_heic_is_offered_exactly_where_it_can_be_read(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    with_it = desk.coordinator.get("/desk/prov/upload").text
    monkeypatch.setitem(sys.modules, "pillow_heif", None)
    without = desk.coordinator.get("/desk/prov/upload").text
    assert {".heic", "image/heic", ".pdf"} <= set(chooser(with_it).split(","))
    assert "PNG eller telefonens HEIC, helst i 300 dpi" in with_it
    assert "heic" not in without.lower()
    assert "PDF, TIFF, JPEG eller PNG, helst i 300 dpi" in without


def test_a_missing_tesseract_is_told(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    for there in (True, False):
        monkeypatch.setattr(handwriting, "available", lambda there=there: there)
        page = desk.coordinator.get("/desk/prov/upload").text
        assert ("Programmet Tesseract saknas på den här datorn" in page) is not there
        assert ("tesseract-ocr-swe" in page) is not there


def test_an_upload_without_files(desk: Desk) -> None:
    answer = desk.post(desk.coordinator, "/desk/prov/upload")
    assert answer.status_code == 422
    assert "Ingen fil är vald" in answer.text


def test_an_upload_over_the_limit(desk: Desk) -> None:
    app = make_app(desk.instance, max_upload_bytes=2 * 1024 * 1024)
    client = app.test_client()
    sign_in(client, "kim")
    token = csrf_token(client.get("/desk/prov/upload"))
    jobs = len(Jobs(desk.instance).list(desk.instance.surveys.get("prov")))
    files = [(io.BytesIO(b"x" * 3 * 1024 * 1024), "stor.pdf")]
    answer = client.post("/desk/prov/upload", data={"csrf_token": token, "files": files})
    assert answer.status_code == 413
    assert "2 MB" in answer.text
    assert "kryssklick scan" in answer.text
    assert len(Jobs(desk.instance).list(desk.instance.surveys.get("prov"))) == jobs
    assert list(desk.instance.store.incoming_path.glob("upload-*")) == []


def test_what_became_of_a_delivery(desk: Desk, delivered: str) -> None:
    page = desk.coordinator.get(delivered).text
    assert "bunt.pdf" in page
    assert "mapp" not in page
    assert "Sidan är tom." in page
    assert "Av de fyra hörnmärkena hittades 1, så inget på sidan går att placera." in page
    assert "inte en bild eller PDF" in page
    assert "hörn synliga" in page
    progress = desk.coordinator.get(f"{delivered}/progress.json").json
    assert progress is not None
    assert progress["finished"]
    assert progress["done"] == progress["total"]
    assert delivered in desk.coordinator.get("/desk/prov/upload").text
    assert desk.coordinator.get("/desk/prov/upload/000000000000").status_code == 404


def test_what_stopped_a_delivery_is_told_in_the_language_of_the_page(tmp_path: Path) -> None:
    with web(tmp_path / "instance") as (app, instance):
        add_user(instance, "kim", Role.COORDINATOR)
        client = app.test_client()
        sign_in(client, "kim")
        (tmp_path / "bunt.pdf").write_bytes(b"%PDF-1.7")
        jobs = Jobs(instance)
        job = jobs.enqueue(instance.surveys.get("prov"), [Delivery("bunt.pdf", tmp_path / "bunt.pdf")])
        (copy,) = instance.store.incoming_path.glob("*/*.pdf")
        copy.unlink()
        assert jobs.run(job.id).error.startswith("There is no file")
        address, told = f"/desk/prov/upload/{job.id}", "En levererad fil är borta. Ladda upp filen igen."
        assert f"<p>{told}</p>" in client.get(address).text
        assert f"Stannade: {told}" in client.get("/desk/prov/upload").text
        assert client.get(f"{address}/progress.json").json["text"] == f"Stannade: {told}"  # type: ignore[index]
        assert "There is no file" not in client.get(address).text
        # What stopped a job before codes were kept is told as it was.
        instance.store.db.write(lambda: instance.store.db.execute("UPDATE jobs SET code = ''"))
        assert "There is no file" in client.get(address).text


def test_nothing_of_a_delivery_lies_about_in_the_clear(desk: Desk, delivered: str) -> None:
    left = [p for p in desk.instance.store.incoming_path.rglob("*") if p.is_file()]
    assert left == []


def test_a_refused_page_is_shown_and_settled(desk: Desk, delivered: str) -> None:
    survey = desk.instance.surveys.get("prov")
    torn, text = desk.instance.intake.refused(survey)
    page = desk.auditor.get("/desk/prov/refused")
    assert f"/desk/prov/refused/{torn.id}.jpg" in page.text
    picture = desk.auditor.get(f"/desk/prov/refused/{torn.id}.jpg")
    assert picture.mimetype == "image/jpeg"
    assert picture.headers["Cache-Control"] == "no-store"
    assert cv2.imdecode(np.frombuffer(picture.data, np.uint8), cv2.IMREAD_COLOR) is not None
    assert desk.auditor.get(f"/desk/prov/refused/{text.id}.jpg").status_code == 404
    done = desk.post(desk.auditor, f"/desk/prov/refused/{text.id}", action="dismiss")
    assert done.location == "/desk/prov/refused"
    assert [p.id for p in desk.instance.intake.refused(survey)] == [torn.id]
    desk.post(desk.auditor, f"/desk/prov/refused/{text.id}", action="dismiss")
    assert "redan hanterad" in desk.auditor.get("/desk/prov/refused").text
    layout = next(iter(desk.instance.runs.layouts(survey).values()))
    wrong = {"action": "assign", "layout": layout.id, "page": "99"}
    desk.post(desk.auditor, f"/desk/prov/refused/{torn.id}", **wrong)
    assert "ingen sådan sida" in desk.auditor.get("/desk/prov/refused").text


def items(desk: Desk, reason: Reason) -> list[str]:
    """Return the ids of what waits for a reason."""
    waiting = desk.instance.decisions.waiting(desk.instance.surveys.get("prov"))
    return [i.id for i in waiting if i.reason is reason]


def test_a_waiting_question_with_its_picture(desk: Desk, delivered: str) -> None:
    led = desk.auditor.get("/desk/prov/review")
    assert led.status_code == 303
    [several] = items(desk, Reason.SEVERAL)
    page = desk.auditor.get(f"/desk/prov/review/{several}").text
    assert "Fick du en plan?" in page
    assert "Flera svar är kryssade" in page
    assert re.findall(r'data-key="([^"]+)"', page)[-5:-2] != []
    assert page.count('<span class="seen">kryssad</span>') == 2
    found = re.search(r'<img src="(/desk/prov/review/picture/[^"]+)"', page)
    assert found is not None
    answer = desk.auditor.get(found[1].replace("&amp;", "&"))
    crop = cv2.imdecode(np.frombuffer(answer.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert crop is not None
    assert crop.shape[1] > 1000
    assert crop.shape[0] < crop.shape[1]
    assert answer.headers["Cache-Control"] == "no-store"
    whole = desk.auditor.get(found[1].split("?")[0])
    page_picture = cv2.imdecode(np.frombuffer(whole.data, np.uint8), cv2.IMREAD_GRAYSCALE)
    assert page_picture is not None
    assert page_picture.shape[0] / page_picture.shape[1] == pytest.approx(297 / 210, abs=0.01)
    assert desk.auditor.get("/desk/prov/review/picture/AAAAAA/" + "0" * 24 + ".jpg").status_code == 404
    assert desk.auditor.get("/desk/prov/review/nonsense").status_code == 404


def test_decide_be_too_late_and_undo(desk: Desk, delivered: str) -> None:
    [several] = items(desk, Reason.SEVERAL)
    address = f"/desk/prov/review/{several}"
    nothing = desk.post(desk.auditor, address, address)
    assert nothing.status_code == 422
    assert "Välj igen" in nothing.text
    token = csrf_token(desk.other.get(address))
    done = desk.post(desk.auditor, address, address, choose="nej")
    assert done.status_code == 303
    assert "after=" in done.location
    following = desk.auditor.get(done.location).text
    assert "Sparat: fråga 1: Nej" in following
    late = desk.other.post(address, data={"csrf_token": token, "choose": "ja"})
    assert late.status_code == 409
    assert "robin" in late.text
    assert "fråga 1: Nej" in late.text
    assert items(desk, Reason.SEVERAL) == []
    assert "robin" in desk.auditor.get("/desk/prov/review?list=1").text
    back = desk.post(desk.other, f"{address}/undo")
    assert back.location == address
    assert items(desk, Reason.SEVERAL) == [several]
    again = desk.post(desk.other, f"{address}/undo")
    assert again.location == "/desk/prov/review"
    assert "inget beslut att ta tillbaka" in desk.other.get("/desk/prov/review?list=1").text


def test_a_text_is_typed_in(desk: Desk, delivered: str) -> None:
    [text] = items(desk, Reason.TRANSCRIBE)
    address = f"/desk/prov/review/{text}"
    assert "Skriv det som står där" in desk.auditor.get(address).text
    empty = desk.post(desk.auditor, address, address, action="text", text="  ")
    assert empty.status_code == 422
    assert desk.post(desk.auditor, address, address, action="text", text="Mötet var <kort>.").status_code == 303
    assert "Mötet var &lt;kort&gt;." in desk.auditor.get("/desk/prov/results/mer").text


def test_results_with_bases_and_the_export(desk: Desk, delivered: str) -> None:
    page = desk.coordinator.get("/desk/prov/results").text
    assert "Hur bra var den?" in page
    assert re.search(r"Totalt</dt><dd>3<small>", page)
    for word in ("Alla svarande", "Skulle inte få frågan", "– lämnade tomt", "– sidan kom inte"):
        assert page.count(word) == 6, word
    row = re.search(r'<th scope="row">Vården</th>(.*?)</tr>', page)
    assert row is not None
    assert re.findall(r'class="figure">(\d+) ', row[1]) == ["0", "2", "2"]
    answer = desk.coordinator.get("/desk/prov/export.zip")
    with zipfile.ZipFile(io.BytesIO(answer.data)) as archive:
        assert "prov.csv" in archive.namelist()
        assert archive.read("prov.csv").startswith(b"\xef\xbb\xbf")
    with zipfile.ZipFile(io.BytesIO(desk.coordinator.get("/desk/prov/export.zip?format=json").data)) as archive:
        assert "prov.json" in archive.namelist()
    assert desk.coordinator.get("/desk/prov/export.zip?format=exe").status_code == 404
    assert desk.coordinator.get("/desk/prov/results/fick").status_code == 200
    assert desk.coordinator.get("/desk/prov/results/bra").status_code == 404


def test_closing_asks_and_is_said(desk: Desk, delivered: str) -> None:
    desk.post(desk.coordinator, "/desk/prov/close")
    assert "Inget ändrades" in desk.coordinator.get("/desk/prov").text
    desk.post(desk.coordinator, "/desk/prov/close", sure="yes")
    assert "stängd för nya svar" in desk.coordinator.get("/desk/prov").text
    desk.post(desk.coordinator, "/desk/prov/close", sure="yes")
    assert "Det går inte att göra i det läge" in desk.coordinator.get("/desk/prov").text


def test_opening_says_what_is_missing(desk: Desk) -> None:
    survey = desk.instance.surveys.get("prov")
    desk.instance.surveys.create("tom", desk.instance.surveys.definition(survey, survey.versions[0]), "x.toml")
    assert "organisation, contact, support" in desk.coordinator.get("/desk/tom").text
    desk.post(desk.coordinator, "/desk/tom/open", sure="yes")
    assert "något saknas i texterna" in desk.coordinator.get("/desk/tom").text


def test_what_cannot_be_printed_opens_only_for_the_screen(desk: Desk) -> None:
    survey = desk.instance.surveys.get("prov")
    definition = desk.instance.surveys.definition(survey, survey.versions[0])
    many = {"return_address": "\n".join(f"Rad {n}" for n in range(9))}
    desk.instance.surveys.create("bred", definition, "x.toml", parameters={**survey.parameters, **many})
    assert "Returadressen får inte plats" in desk.coordinator.get("/desk/bred").text
    desk.post(desk.coordinator, "/desk/bred/open", sure="yes")
    assert desk.instance.surveys.get("bred").state is SurveyState.DRAFT
    assert "går inte att skriva ut" in desk.coordinator.get("/desk/bred").text
    desk.post(desk.coordinator, "/desk/bred/open", sure="yes", screen_only="yes")
    assert desk.instance.surveys.get("bred").state is SurveyState.OPEN


def test_a_date_that_has_passed_is_told(desk: Desk) -> None:
    survey = desk.instance.surveys.get("prov")
    definition = desk.instance.surveys.definition(survey, survey.versions[0])
    over = Settings(deadline=date(2020, 1, 1))
    desk.instance.surveys.create("sen", definition, "x.toml", parameters=survey.parameters, settings=over)
    desk.post(desk.coordinator, "/desk/sen/open", sure="yes")
    assert "datum har passerat" in desk.coordinator.get("/desk/sen").text
    assert desk.instance.surveys.get("sen").state is SurveyState.DRAFT


@pytest.mark.parametrize(
    ("share", "shown"), [(None, "–"), (0.0, "0 %"), (1 / 8, "13 %"), (0.145, "15 %"), (1 / 3, "33 %"), (1.0, "100 %")]
)
def test_a_half_percent_is_rounded_up(share: float | None, shown: str) -> None:
    assert percent(share) == shown
