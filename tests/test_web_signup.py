"""The interview sign-up over HTTP: with and without script, closed, refused, and nothing of it carried along."""

from __future__ import annotations

import json
import re
import secrets
from collections.abc import Mapping

import pytest
from contact_helpers import DETAILS, SECRETS, Keeper, a_keeper, found_on_disk, leave, new_pair
from flask.testing import FlaskClient
from web_helpers import Clock, hidden
from werkzeug.test import TestResponse

from webapp.brake import FROM_ONE
from webapp.contactscripts import FOLDER, PAGES, page_script
from webapp.dataset.accounts import Role
from webapp.dataset.contacts import LARGEST, SEAL_BYTES
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.sealing import Purpose, seal

FILLED = {
    "t.namn": "Kim Åkerspöke",
    "t.na": "070-000 11 22",
    "t.ringa": "bara tisdagar efter klockan fyra",
    "a.meddelande": "nej",
    "a.sallskap": "sallskap",
    "a.tolk": "ja",
    "t.tolk.ja": "somaliska",
}
PAGE = "/s/prov/sign-up"


def fields(client: FlaskClient) -> dict[str, str]:
    return hidden(client.get(PAGE).text) | FILLED


def count(instance: Instance) -> int:
    return instance.contacts.count(instance.surveys.get("prov"))


def body(instance: Instance, number: str) -> bytes:
    return instance.contacts.seal_on_arrival(bytes.fromhex(number), DETAILS, "sv")


def post(client: FlaskClient, content: bytes, number: str, **headers: str) -> TestResponse:
    return client.post(f"{PAGE}/sealed", data=content, headers={"Kryssklick-Number": number, **headers})


def said(answer: TestResponse) -> tuple[int, str, str]:
    assert answer.json is not None
    assert answer.json["format"] == "kryssklick-receipt/1"
    return answer.status_code, answer.json["status"], answer.json["reason"]


def test_a_sealed_sign_up_to_a_survey_that_is_gone_is_told_as_such(client: FlaskClient, instance: Instance) -> None:
    gone = client.post("/s/hittepa/sign-up/sealed", data=b"x", headers={"Kryssklick-Number": "0" * 32})
    assert said(gone) == (404, "unknown", "unknown-survey")
    assert count(instance) == 0


def test_it_is_offered_from_the_first_key_on(client: FlaskClient, instance: Instance) -> None:
    for address in ("/s/prov", "/s/prov/thanks", "/s/prov/page"):
        assert "/sign-up" not in client.get(address).text, address
    before = client.get("/s/prov/offline.json").json
    answer = client.get(PAGE)
    assert answer.status_code == 404
    assert "inga tas emot" in answer.text
    a_keeper(instance)
    for address in ("/s/prov", "/s/prov/thanks", "/s/prov/page"):
        links = re.findall(r'<a href="([^"]+/sign-up[^"]*)"( rel="noreferrer")?', client.get(address).text)
        assert links, address
        assert all(link == ("/s/prov/sign-up?lang=sv", ' rel="noreferrer"') for link in links)
    after = client.get("/s/prov/offline.json").json
    assert before is not None
    assert after is not None
    assert before["version"] != after["version"]
    assert client.get(PAGE).status_code == 200


def test_without_script_it_is_sealed_on_arrival_and_says_so(client: FlaskClient, instance: Instance) -> None:
    keepers = [a_keeper(instance, "vera"), a_keeper(instance, "dag")]
    page = client.get(PAGE)
    assert "förseglas så snart det har kommit fram" in page.text
    assert "Bara 2 personer kan läsa det" in page.text
    sent = fields(client)
    for _ in range(2):
        answer = client.post(PAGE, data=sent)
        assert (answer.status_code, answer.location) == (303, "/s/prov/sign-up/sent?lang=sv")
    told = client.get(answer.location).text
    assert "Din anmälan har kommit fram" in told
    assert "Vad som händer nu" in told
    (found,) = instance.contacts.all(instance.surveys.get("prov"))
    for keeper in keepers:
        assert keeper.open(found)["answers"] == DETAILS
    assert found_on_disk(instance, *SECRETS) == []


def test_it_promises_that_counting_and_keeping_are_apart_only_where_they_are(
    client: FlaskClient, instance: Instance
) -> None:
    promise = "De som räknar svaren kan det inte."
    a_keeper(instance, "vera")
    assert promise in client.get(PAGE).text
    instance.accounts.add("alla", [Role.CONTACT_KEEPER, Role.AUDITOR])
    assert promise in client.get(PAGE).text
    a_keeper(instance, "alla")
    assert promise not in client.get(PAGE).text


def test_it_tells_where_somebody_could_listen_in(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    listened = "är inte krypterad"
    assert listened not in client.get(PAGE, base_url="http://localhost").text
    assert listened in client.get(PAGE, base_url="http://192.168.1.7:8000").text
    assert listened not in client.get(PAGE, base_url="https://svara.example.se").text


def test_nothing_follows_the_person_to_the_page(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    answers = [client.get(PAGE), client.post(PAGE, data=fields(client)), client.get(f"{PAGE}/sent")]
    number = secrets.token_hex(16)
    answers.append(post(client, body(instance, number), number))
    for answer in answers:
        assert "Set-Cookie" not in answer.headers
        assert answer.headers["Cache-Control"] == "no-store"
        assert "Access-Control-Allow-Origin" not in answer.headers
    numbers = {hidden(client.get(address).text)["id"] for address in ("/s/prov", PAGE, PAGE)}
    assert len(numbers) == 3


def test_what_has_to_be_mended_stands_beside_the_field_and_in_a_summary(
    client: FlaskClient, instance: Instance
) -> None:
    a_keeper(instance)
    for reach in ("", "   "):
        answer = client.post(PAGE, data=fields(client) | {"t.na": reach})
        assert answer.status_code == 422
        assert '<a href="#f-na">Fråga 2</a>: Skriv hur vi kan nå dig.' in answer.text
        assert 'id="w-na"' in answer.text
        assert "Kim Åkerspöke" in answer.text
        assert "somaliska" in answer.text
    long = client.post(PAGE, data=fields(client) | {"t.ringa": "å" * 301})
    assert long.status_code == 422
    assert 'href="#f-ringa"' in long.text
    assert client.post(PAGE, data=fields(client) | {"t.na": "\x01" * 300}).status_code == 422
    assert client.post(PAGE, data=fields(client) | {"a.meddelande": "kanske"}).status_code == 422
    assert client.post(PAGE, data=fields(client) | {"id": "1234"}).status_code == 400
    assert count(instance) == 0


def test_the_language_changes_without_loss_and_without_sending(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    sent = fields(client)
    english = client.post(PAGE, data=sent | {"show": "en"}).text
    assert "How can we reach you?" in english
    assert "Kim Åkerspöke" in english
    assert hidden(english)["id"] == sent["id"]
    easy = client.post(PAGE, data=sent | {"show": "sv-x-lattlast", "t.na": ""}).text
    assert "Behöver du tolk?" in easy
    assert count(instance) == 0


@pytest.mark.parametrize("language", ["sv", "sv-x-lattlast", "en"])
def test_the_page_says_nothing_of_paper_and_asks_for_names(
    client: FlaskClient, instance: Instance, language: str
) -> None:
    a_keeper(instance)
    page = client.get(f"{PAGE}?lang={language}").text
    assert f'<html lang="{language}"' in page
    for word in ("kuvert", "envelope", "bladet", "the sheet", "Skriv inte namn", "not write names", "{"):
        assert word not in re.sub(r"<script.*?</script>", "", page, flags=re.DOTALL), word


def test_another_language_of_the_survey_gets_the_nearest(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    assert '<html lang="en"' in client.get(f"{PAGE}?lang=en-GB").text
    assert '<html lang="sv"' in client.get(f"{PAGE}?lang=ar").text
    assert '<html lang="sv"' in client.get(PAGE).text


def test_from_another_site_nothing_is_taken(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    for headers in ({"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://evil.example"}):
        assert client.post(PAGE, data=fields(client), headers=headers).status_code == 403
        number = secrets.token_hex(16)
        assert said(post(client, body(instance, number), number, **headers)) == (403, "refused", "elsewhere")
    assert count(instance) == 0


def test_what_is_sealed_is_taken_once_however_often_it_comes(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    number = secrets.token_hex(16)
    content = body(instance, number)
    assert [said(post(client, content, number)) for _ in range(3)] == [(200, "accepted", "")] * 3
    assert count(instance) == 1


def test_what_a_modified_browser_sends_is_told_at_the_door(client: FlaskClient, instance: Instance) -> None:
    keeper = a_keeper(instance)
    number = secrets.token_hex(16)
    good = body(instance, number)
    stranger = seal(new_pair()[1], b"{}", bytes.fromhex(number), Purpose.CONTACT)
    assert said(post(client, json.dumps(DETAILS).encode(), number)) == (400, "refused", "not-sealed")
    assert said(post(client, b"", number)) == (400, "refused", "not-sealed")
    assert said(post(client, good[:-1], number)) == (400, "refused", "not-sealed")
    assert said(post(client, b"\x02" + good[1:], number)) == (400, "refused", "not-sealed")
    assert said(post(client, bytes(10 * 1024 * 1024), number)) == (413, "refused", "too-large")
    assert said(post(client, good * (LARGEST // SEAL_BYTES), number)) == (409, "refused", "other-keys")
    assert said(post(client, good, "kort")) == (400, "refused", "bad-submission-id")
    other = post(client, stranger, number)
    assert said(other) == (409, "refused", "other-keys")
    assert other.json is not None
    assert len(other.json["keys"]) == 1
    assert other.json["apart"]
    assert post(client, good, number).status_code == 200
    (kept,) = instance.contacts.all(instance.surveys.get("prov"))
    assert keeper.open(kept)["answers"] == DETAILS


def test_a_flood_is_braked_and_told_and_nothing_of_anybody_is_kept(
    client: FlaskClient, instance: Instance, clock: Clock
) -> None:
    a_keeper(instance)
    here = {"REMOTE_ADDR": "203.0.113.77"}
    sent = fields(client)

    def flood(number: str) -> TestResponse:
        headers = {"Kryssklick-Number": number}
        return client.post(f"{PAGE}/sealed", data=body(instance, number), headers=headers, environ_base=here)

    numbers = [secrets.token_hex(16) for _ in range(FROM_ONE.at_once)]
    assert {said(flood(number)) for number in numbers} == {(200, "accepted", "")}
    braked = flood(secrets.token_hex(16))
    assert said(braked) == (429, "later", "crowded")
    assert braked.headers["Retry-After"] == "60"
    # A repeated one is none more, so a lost acknowledgement is made good even then.
    assert said(flood(numbers[0])) == (200, "accepted", "")
    told = client.post(PAGE, data=sent, environ_base=here)
    assert told.status_code == 429
    assert "Vänta en minut och skicka igen." in told.text
    assert "Kim Åkerspöke" in told.text
    assert hidden(told.text)["id"] == sent["id"]
    assert count(instance) == FROM_ONE.at_once
    assert found_on_disk(instance, "203.0.113") == []
    clock.forward(seconds=FROM_ONE.every_s)
    assert client.post(PAGE, data=sent, environ_base=here).status_code == 303
    assert count(instance) == FROM_ONE.at_once + 1


def test_where_no_more_fit_it_is_told(client: FlaskClient, instance: Instance, monkeypatch: pytest.MonkeyPatch) -> None:
    a_keeper(instance)
    monkeypatch.setattr("webapp.dataset.contacts.MOST_SIGN_UPS", 0)
    number = secrets.token_hex(16)
    assert said(post(client, body(instance, number), number)) == (503, "later", "sign-ups-full")
    told = client.post(PAGE, data=fields(client))
    assert told.status_code == 503
    assert "Fler anmälningar får inte plats just nu" in told.text
    assert "Kim Åkerspöke" in told.text


def test_without_script_nobody_more_reads_it_than_the_page_said(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance, "vera")
    sent = fields(client)
    a_keeper(instance, "vera")
    assert client.post(PAGE, data=sent).status_code == 303
    sent = fields(client)
    deputy = a_keeper(instance, "dag")
    told = client.post(PAGE, data=sent)
    assert told.status_code == 409
    assert "Fler än förut sköter nu kontakterna." in told.text
    assert "Bara 2 personer kan läsa det" in told.text
    assert count(instance) == 1
    again = hidden(told.text)
    assert again["id"] == sent["id"]
    assert client.post(PAGE, data=again | FILLED).status_code == 303
    (found,) = [s for s in instance.contacts.all(instance.surveys.get("prov")) if s.number == sent["id"]]
    assert deputy.open(found)["answers"] == DETAILS
    sent = fields(client)
    instance.accounts.add("alla", [Role.CONTACT_KEEPER, Role.AUDITOR])
    leave(instance, "dag")
    a_keeper(instance, "alla")
    # As many as before, but one of them counts answers.
    assert client.post(PAGE, data=sent).status_code == 409
    # What no page of ours sends stands in nobody's way.
    assert client.post(PAGE, data=sent | {"readers": "²"}).status_code == 303


def test_without_script_a_key_made_in_that_very_moment_costs_nothing(
    client: FlaskClient, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_keeper(instance)
    seal_now = instance.contacts.seal_on_arrival
    made: list[Keeper] = []

    def late(number: bytes, answers: Mapping[str, object], language: str) -> bytes:
        sealed = seal_now(number, answers, language)
        if not made:
            made.append(a_keeper(instance))
        return sealed

    monkeypatch.setattr(instance.contacts, "seal_on_arrival", late)
    assert client.post(PAGE, data=fields(client)).status_code == 303
    (found,) = instance.contacts.all(instance.surveys.get("prov"))
    assert made[0].open(found)["answers"] == DETAILS


def test_it_closes_with_the_survey(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance)
    sent, number = fields(client), secrets.token_hex(16)
    content = body(instance, number)
    instance.close_survey("prov")
    for answer in (client.get(PAGE), client.post(PAGE, data=sent)):
        assert answer.status_code == 410
        assert "Anmälan är stängd" in answer.text
        assert "exempel@example.org" in answer.text
    assert said(post(client, content, number)) == (410, "closed", "survey-closed")
    assert count(instance) == 0
    assert client.get("/s/finns-inte/sign-up").status_code == 404


def test_a_full_disk_loses_nothing_that_was_written(
    client: FlaskClient, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_keeper(instance)
    sent, number = fields(client), secrets.token_hex(16)

    def full(*_: object) -> None:
        raise DatasetError("disk", "There is no room.", "Make some.")

    monkeypatch.setattr(instance.contacts, "submit", full)
    answer = client.post(PAGE, data=sent)
    assert answer.status_code == 503
    assert "Kim Åkerspöke" in answer.text
    assert hidden(answer.text)["id"] == sent["id"]
    later = post(client, body(instance, number), number)
    assert said(later) == (503, "later", "disk")
    assert later.headers["Retry-After"] == "30"


@pytest.mark.parametrize("page", PAGES)
def test_a_script_is_one_file_that_a_browser_may_keep(client: FlaskClient, page: str) -> None:
    name, file = page_script(page)
    answer = client.get(f"/contacts/{name}", headers={"Accept-Encoding": "identity"})
    assert answer.data == file.body
    assert "immutable" in answer.headers["Cache-Control"]
    packed = client.get(f"/contacts/{name}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert packed.data == file.packed
    assert client.get(f"/contacts/{page}-0123456789ab.js").status_code == 404
    assert not re.search(r"^\s*(import|export)\b", file.body.decode(), re.MULTILINE)


def test_no_script_of_ours_writes_into_the_browsers_storage() -> None:
    for file in FOLDER.glob("*.js"):
        source = file.read_text(encoding="utf-8")
        assert not re.search(r"indexedDB|localStorage|sessionStorage|caches\b|document\.cookie", source), file.name
