"""The respondent's page over HTTP: no cookie, nothing counted twice, nothing lost."""

from __future__ import annotations

import gzip
import re

import pytest
from flask import Flask
from flask.testing import FlaskClient
from web_helpers import PARAMETERS, Clock, hidden
from werkzeug.test import TestResponse

from forms.answers import Answer
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance

ANSWERS: dict[str, object] = {
    "a.fick": "ja",
    "a.bra": "4",
    "a.vilka": ["vard", "kommun"],
    "t.kommun": "1480",
    "t.antal": "3",
    "t.mer": "Ö",
}


def send(client: FlaskClient, answers: dict[str, object], page: str | None = None, **headers: str) -> TestResponse:
    page = page if page is not None else client.get("/s/prov").text
    return client.post("/s/prov", data={**hidden(page), **answers}, headers=headers)


def counted(instance: Instance, clock: Clock) -> list[dict[str, Answer]]:
    """Close the survey, let everything in, and return the responses."""
    instance.close_survey("prov")
    clock.forward(days=1)
    instance.tray.advance()
    survey = instance.surveys.get("prov")
    return [{a.question: a for a in r.answers} for r in instance.responses.all(survey)]


def test_the_one_open_survey_is_led_to(client: FlaskClient) -> None:
    answer = client.get("/")
    assert (answer.status_code, answer.location) == (303, "/s/prov")


def test_answers_arrive_as_given(served: tuple[Flask, Instance], client: FlaskClient, clock: Clock) -> None:
    answer = send(client, ANSWERS)
    assert (answer.status_code, answer.location) == (303, "/s/prov/thanks?lang=sv")
    thanks = client.get(answer.location)
    assert "Tack. Dina svar har kommit fram." in thanks.text
    [response] = counted(served[1], clock)
    assert response["fick"].options == ("ja",)
    assert response["bra"].options == ("4",)
    assert response["vilka"].options == ("vard", "kommun")
    assert [response[q].own_text for q in ("kommun", "antal", "mer")] == ["1480", "3", "Ö"]


def test_sent_twice_counts_once_with_the_same_page(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    page = client.get("/s/prov").text
    first, second = send(client, ANSWERS, page), send(client, ANSWERS, page)
    assert (first.status_code, first.location) == (second.status_code, second.location)
    send(client, ANSWERS)
    assert len(counted(served[1], clock)) == 2


def test_each_form_has_an_id_of_its_own_and_is_not_kept(client: FlaskClient) -> None:
    pages = [client.get("/s/prov") for _ in range(20)]
    ids = {hidden(p.text)["id"] for p in pages}
    assert len(ids) == 20
    assert all(re.fullmatch("[0-9a-f]{32}", i) for i in ids)
    assert {p.headers["Cache-Control"] for p in pages} == {"no-store"}


def test_no_cookie_on_any_page_of_a_respondent(client: FlaskClient) -> None:
    page = client.get("/s/prov").text
    answers = [
        client.get("/"),
        client.get("/s/prov"),
        client.get("/s/prov?lang=en"),
        send(client, ANSWERS, page),
        send(client, {"a.fick": "okänt"}, page),
        client.get("/s/prov/thanks"),
        client.get("/s/finnsinte"),
        client.get("/static/base.css"),
    ]
    for answer in answers:
        assert "Set-Cookie" not in answer.headers, answer.request.path
        assert "Cookie" not in answer.headers.get("Vary", ""), answer.request.path
    assert client.get_cookie("kryssklick") is None


def test_headers_forbid_everything_foreign(client: FlaskClient) -> None:
    for address in ("/s/prov", "/sign-in", "/finns-inte", "/s/worker.js", "/s/prov/offline.json"):
        headers = client.get(address).headers
        policy = headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy
        assert "frame-ancestors 'none'" in policy
        assert "unsafe" not in policy
        assert headers["Referrer-Policy"] == "same-origin"
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in headers["Permissions-Policy"]
        assert "Strict-Transport-Security" not in headers
        over = client.get(address, base_url="https://svara.example.se").headers
        assert over["Strict-Transport-Security"] == "max-age=31536000"
    assert client.get("/sign-in").headers["Cache-Control"] == "no-store"
    assert client.get("/static/base.css").headers["X-Content-Type-Options"] == "nosniff"


def test_pages_hold_nothing_inline_and_nothing_foreign(client: FlaskClient) -> None:
    page = client.get("/s/prov").text
    # Data for the script is no script: nothing in the page itself is ever run.
    assert all("src=" in tag or 'type="application/json"' in tag for tag in re.findall(r"<script[^>]*>", page))
    assert not re.search(r'\sstyle=|<style|\son[a-z]+="', page)
    assert not re.search(r'(?:src|href|action)="(?:https?:)?//', page)


def test_a_first_visit_is_small(client: FlaskClient) -> None:
    page = client.get("/s/prov", headers={"Accept-Encoding": "gzip"})
    # The icon among a phone's programs is loaded when it is put there.
    text = re.sub(r'<link rel="apple-touch-icon"[^>]*>', "", gzip.decompress(page.data).decode())
    size = len(page.data)
    assets = re.findall(r'(?:src|href)="(/static/[^"]+)"', text)
    assert len(assets) == 2
    for address in (*assets, "/static/cross.svg", "/static/cross-dark.svg"):
        asset = client.get(address.replace("&amp;", "&"), headers={"Accept-Encoding": "gzip"})
        assert asset.status_code == 200
        size += len(asset.data)
    assert size < 40_000


def test_answers_from_another_site_are_refused(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    for headers in (
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://[no-address"},
    ):
        answer = send(client, ANSWERS, None, **headers)
        assert answer.status_code == 403, headers
        assert "egen sida" in answer.text
    assert send(client, ANSWERS, None, **{"Sec-Fetch-Site": "same-origin"}).status_code == 303
    assert send(client, ANSWERS, None, Origin="http://localhost").status_code == 303
    assert len(counted(served[1], clock)) == 2


def test_faults_are_told_beside_the_field_and_all_is_kept(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    page = client.get("/s/prov").text
    answer = send(client, ANSWERS | {"t.antal": "många", "t.mer": "Kvar & <b>hel</b>"}, page)
    assert answer.status_code == 422
    text = answer.text
    assert 'href="#f-antal"' in text
    assert 'id="w-antal"' in text
    assert 'value="många"' in text
    assert "Kvar &amp; &lt;b&gt;hel&lt;/b&gt;" in text
    assert re.search(r'value="ja" id="f-fick-ja" checked', text)
    assert re.search(r'<option value="1480" selected>', text)
    assert hidden(text)["id"] == hidden(page)["id"]
    assert send(client, ANSWERS, text).status_code == 303
    assert len(counted(served[1], clock)) == 1


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"a.fick": ["ja", "nej"]}, "bara ett svar"),
        ({"a.fick": "okänt"}, "inte ett av dem"),
        ({"a.hittepå": "ja"}, "inte ställs här"),
        ({"t.hittepå": "ja"}, "inte ställs här"),
        ({"a.vilka": ["vard", "ingen"]}, "”Ingen” går inte ihop med andra svar"),
        ({"t.kommun": "9999"}, "i listan"),
        ({"t.kommun": "=okänd"}, "inte ett av dem"),
        ({"t.antal": "51"}, "från 0 till 50"),
        ({"t.antal": "-1"}, "bara siffror"),
        ({"t.fick.nej": "text"}, "hör till något svar"),
        ({"t.mer": "x" * 501}, "501"),
        ({"t.mer": "x" * 1_000_000}, "1000000"),
        ({}, "inte svarat på något"),
        ({"t.mer": "   "}, "inte svarat på något"),
    ],
)
def test_what_can_not_be_taken(client: FlaskClient, wrong: dict[str, object], said: str) -> None:
    answer = send(client, wrong)
    assert answer.status_code == 422
    assert said in answer.text
    assert "Inget är skickat än" in answer.text


def test_more_than_any_form_holds_is_too_large(client: FlaskClient) -> None:
    answer = send(client, {"t.mer": "x" * 5_000_000})
    assert answer.status_code == 413
    assert "för stort" in answer.text
    assert "too large" in answer.text


@pytest.mark.parametrize("broken", ["", "abc", "0" * 31, "g" * 32, "0" * 32 + "1"])
def test_a_damaged_form_keeps_the_answers(client: FlaskClient, broken: str) -> None:
    page = client.get("/s/prov").text
    answer = client.post("/s/prov", data={**hidden(page), **ANSWERS, "id": broken})
    assert answer.status_code == 400
    assert re.search(r'value="ja" id="f-fick-ja" checked', answer.text)
    assert send(client, ANSWERS, answer.text).status_code == 303


def test_answers_that_routing_removed_are_shown_before_sending(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    answers = ANSWERS | {"a.fick": "nej"}
    seen = send(client, answers)
    assert seen.status_code == 200
    assert "några svar följer inte med" in seen.text
    assert "Hur bra var den?" in seen.text
    assert hidden(seen.text)["without"] == "bra"
    done = send(client, answers, seen.text)
    assert done.status_code == 303
    [response] = counted(served[1], clock)
    assert not response["bra"].asked
    assert response["bra"].options == ()
    assert response["fick"].options == ("nej",)


def test_what_was_seen_must_be_what_is_removed(client: FlaskClient) -> None:
    page = client.get("/s/prov").text
    answers = ANSWERS | {"a.fick": "nej"}
    assert client.post("/s/prov", data={**hidden(page), **answers, "without": "mer"}).status_code == 200


def test_a_closed_survey_gives_the_answers_back(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    page = client.get("/s/prov").text
    served[1].close_survey("prov")
    clock.forward(minutes=1)
    answer = send(client, ANSWERS, page)
    assert answer.status_code == 410
    assert "Dina svar togs inte emot" in answer.text
    assert "Vården, Kommunen" in answer.text
    assert "Göteborg" in answer.text
    closed = client.get("/s/prov")
    assert closed.status_code == 410
    assert "<form" not in closed.text
    assert "Ingen undersökning är öppen" in client.get("/").text


def test_unknown_survey_in_both_languages(client: FlaskClient) -> None:
    for answer in (client.get("/s/ingen"), client.post("/s/ingen", data=ANSWERS), client.get("/s/ingen/thanks")):
        assert answer.status_code == 404
        assert "Sidan finns inte" in answer.text
        assert "There is no such page" in answer.text


def test_wrong_method_names_the_right_one(client: FlaskClient) -> None:
    answer = client.delete("/s/prov")
    assert answer.status_code == 405
    assert "GET" in answer.headers["Allow"]
    assert "knapparna" in answer.text


def test_english_by_link(client: FlaskClient) -> None:
    swedish = client.get("/s/prov").text
    assert re.search(r'form="answers" name="show" value="en" lang="en">English<', swedish)
    assert 'href="/s/prov?lang=en" lang="en"' in client.get("/s/prov/thanks").text
    assert '<html lang="sv">' in swedish
    english = client.get("/s/prov?lang=en").text
    assert '<html lang="en">' in english
    assert "Did you get a plan?" in english
    assert "Send my answers" in english
    answer = send(client, {"a.fick": "ja"}, english)
    assert answer.location == "/s/prov/thanks?lang=en"
    assert "Thank you. Your answers have arrived." in client.get(answer.location).text
    wrong = send(client, {"t.antal": "x"}, english)
    assert "Write the number with digits only" in wrong.text


def test_changing_language_keeps_the_answers_and_sends_nothing(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    page = client.get("/s/prov").text
    english = send(client, {**ANSWERS, "show": "en"}, page)
    assert english.status_code == 200
    assert '<html lang="en">' in english.text
    assert "Your answers so far are still here." in english.text
    assert re.search(r'value="ja" id="f-fick-ja" checked', english.text)
    assert hidden(english.text)["id"] == hidden(page)["id"]
    assert hidden(english.text)["lang"] == "en"
    assert send(client, ANSWERS, english.text).location == "/s/prov/thanks?lang=en"
    assert len(counted(served[1], clock)) == 1


def test_routing_is_told_in_words_as_on_paper(client: FlaskClient) -> None:
    page = client.get("/s/prov").text
    assert page.count('<a href="#q-vilka">Gå till fråga 3</a>') == 3


def test_support_stands_before_sensitive_questions_and_at_the_end(client: FlaskClient) -> None:
    page = re.sub(r"(?s)<template.*?</template>", "", client.get("/s/prov").text)
    assert page.count("Ring stödlinjen 000.") == 2
    assert page.index("Ring stödlinjen 000.") < page.index("Vill du berätta mer?")


def test_places_stand_by_subregion(client: FlaskClient) -> None:
    page = client.get("/s/prov").text
    groups = re.findall(r'<optgroup label="([^"]+)">', page)
    assert len(groups) == len(set(groups)) >= 8
    assert page.count("<optgroup") == page.count("</optgroup>")
    assert len(re.findall(r'<option value="\d{4}"', page)) == 59


def test_an_older_version_is_judged_as_it_was(client: FlaskClient, served: tuple[Flask, Instance]) -> None:
    page = client.get("/s/prov").text
    fields = hidden(page)
    assert fields["version"] == served[1].surveys.get("prov").instrument.version
    # A version that the survey never had is answered with the newest one; nothing typed is lost.
    assert client.post("/s/prov", data={**fields, **ANSWERS, "version": "00000000"}).status_code == 303


def test_a_place_outside_the_list_and_other_words(
    served: tuple[Flask, Instance], client: FlaskClient, clock: Clock
) -> None:
    answer = send(client, {"a.fick": "annat", "t.fick.annat": "En halv\r\nplan", "t.kommun": "=annan"})
    assert answer.status_code == 303
    [response] = counted(served[1], clock)
    assert response["kommun"].options == ("annan",)
    assert dict(response["fick"].texts) == {"annat": "En halv\nplan"}


def test_draft_and_demo_say_what_they_are(served: tuple[Flask, Instance], client: FlaskClient) -> None:
    _, instance = served
    definition = instance.surveys.definition(instance.surveys.get("prov"), instance.surveys.get("prov").versions[0])
    instance.surveys.create("utkast", definition, "x.toml")
    instance.surveys.create("demo", definition, "x.toml", demo=True)
    assert "Utkast" in client.get("/s/utkast").text
    assert "Svaren räknas inte" in client.get("/s/demo").text
    assert "Utkast" not in client.get("/s/prov").text
    # A draft is not offered; its address works for whoever tries it out.
    assert client.get("/").location == "/s/prov"


def test_a_full_disk_keeps_the_answers_on_the_page(
    served: tuple[Flask, Instance], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    page = client.get("/s/prov").text

    def full(*_: object) -> None:
        raise DatasetError("disk", "No space.", "Make room.")

    with monkeypatch.context() as patched:
        patched.setattr(served[1].tray, "submit", full)
        answer = send(client, ANSWERS, page)
    assert answer.status_code == 503
    assert re.search(r'value="ja" id="f-fick-ja" checked', answer.text)
    assert "Inget är skickat än" in answer.text
    assert send(client, ANSWERS, answer.text).status_code == 303


def test_a_fault_of_ours_is_told_without_details(
    served: tuple[Flask, Instance], client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("hemlig sökväg /x/y")

    monkeypatch.setattr(served[1].surveys, "get", broken)
    answer = client.get("/s/prov")
    assert answer.status_code == 500
    assert "Felet är vårt" in answer.text
    assert "hemlig" not in answer.text
    assert "default-src 'none'" in answer.headers["Content-Security-Policy"]

    def busy(*_: object) -> None:
        raise DatasetError("dataset-busy", "Busy.", "Wait.")

    monkeypatch.setattr(served[1].surveys, "get", busy)
    answer = client.get("/s/prov")
    assert answer.status_code == 503
    assert "Ett annat program använder datamängden." in answer.text


@pytest.mark.parametrize("typed", ["PROV", "Prov", "pr0v", "p-rov", "PR-0V"])
def test_an_address_copied_by_hand_leads_to_the_survey(client: FlaskClient, typed: str) -> None:
    answer = client.get(f"/s/{typed}?lang=en")
    assert (answer.status_code, answer.location) == (303, "/s/prov?lang=en")


def test_an_address_that_fits_two_surveys_or_none_leads_nowhere(
    client: FlaskClient, served: tuple[Flask, Instance]
) -> None:
    instance = served[1]
    prov = instance.surveys.get("prov")
    text = instance.surveys.definition(prov, prov.versions[0])
    for slug in ("pr-ov", "utkast"):
        instance.surveys.create(slug, text, "prov.toml", parameters=PARAMETERS)
    instance.surveys.open("pr-ov")
    # A draft is not given away.
    assert [client.get(f"/s/{typed}").status_code for typed in ("PROV", "UTKAST", "prow")] == [404] * 3
    assert client.get("/s/prov").status_code == 200
