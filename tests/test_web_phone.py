"""What the script on a phone talks to, over HTTP: sealed answers, the list of what to keep, the scripts."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import re
import secrets
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from PIL import Image
from web_helpers import Clock
from werkzeug.test import TestResponse

from forms.model import Kind
from webapp.asbrowsers import as_browsers_write
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.sealing import SIZES, seal
from webapp.dataset.surveys import Settings
from webapp.phonefiles import FOLDER, bare, build, build_from
from webapp.views.phone import LARGEST

GOOD = {"format": "kryssklick-answer/1", "language": "sv", "answers": {"fick": {"options": ["ja"]}}}


def number() -> str:
    return secrets.token_hex(16)


def a_body(instance: Instance, to: str, slug: str = "prov", **change: Any) -> bytes:  # noqa: ANN401 (JSON)
    survey = instance.surveys.get(slug)
    plain = {**GOOD, "version": survey.instrument.version, **change}
    return seal(instance.tray.public_key(survey), json.dumps(plain).encode(), bytes.fromhex(to))


def post(client: FlaskClient, body: bytes, to: str, slug: str = "prov", **headers: str) -> TestResponse:
    return client.post(f"/s/{slug}/sealed", data=body, headers={"Kryssklick-Number": to, **headers})


def said(answer: TestResponse) -> tuple[int, str, str]:
    assert answer.json is not None
    assert answer.json["format"] == "kryssklick-receipt/1"
    return answer.status_code, answer.json["status"], answer.json["reason"]


def test_a_sealed_answer_is_taken_once_however_often_it_comes(client: FlaskClient, instance: Instance) -> None:
    to = number()
    body = a_body(instance, to)
    answers = [post(client, body, to) for _ in range(3)]
    assert [said(a) for a in answers] == [(200, "accepted", "")] * 3
    assert instance.tray.waiting(instance.surveys.get("prov")) == 1
    assert all("Set-Cookie" not in a.headers and "Access-Control-Allow-Origin" not in a.headers for a in answers)


def test_a_replay_with_other_content_is_the_first_answer_still(
    client: FlaskClient, instance: Instance, clock: Clock
) -> None:
    to = number()
    post(client, a_body(instance, to), to)
    assert said(post(client, a_body(instance, to, answers={"fick": {"options": ["nej"]}}), to))[1] == "accepted"
    instance.close_survey("prov")
    instance.tray.advance()
    (response,) = instance.responses.all(instance.surveys.get("prov"))
    assert response.answers[0].options == ("ja",)
    clock.forward(days=365)
    assert said(post(client, a_body(instance, to), to)) == (410, "closed", "survey-closed")


def test_what_is_no_sealed_answer_is_told_at_the_door(client: FlaskClient, instance: Instance) -> None:
    to = number()
    body = a_body(instance, to)
    other = instance.surveys.create(
        "andra", instance.surveys.definition(instance.surveys.get("prov"), _version(instance)), "x"
    )
    assert said(post(client, b"hej", to)) == (400, "refused", "not-sealed")
    assert said(post(client, b"\x02" + body[1:], to)) == (400, "refused", "not-sealed")
    assert said(post(client, b"", to)) == (400, "refused", "not-sealed")
    assert said(post(client, a_body(instance, to, other.slug), to)) == (409, "refused", "other-key")
    assert said(post(client, body, "kort")) == (400, "refused", "bad-submission-id")
    assert said(post(client, body, "")) == (400, "refused", "bad-submission-id")
    assert instance.tray.waiting(instance.surveys.get("prov")) == 0


def _version(instance: Instance) -> str:
    return instance.surveys.get("prov").versions[0]


def test_the_largest_fits_and_no_more_is_read(client: FlaskClient, instance: Instance) -> None:
    to = number()
    body = a_body(instance, to, answers={"mer": {"texts": {"": "x" * (SIZES[-1] - 300)}}})
    assert len(body) == LARGEST
    assert said(post(client, body, to)) == (200, "accepted", "")
    assert said(post(client, body + b"x", number())) == (413, "refused", "too-large")
    assert said(post(client, bytes(3_000_000), number())) == (413, "refused", "too-large")


def test_nothing_is_refused_for_what_is_in_it(client: FlaskClient, instance: Instance) -> None:
    contents: list[dict[str, Any]] = [
        {"answers": {"fick": {"options": ["ja", "nej"]}}},
        {"answers": {"hittepa": {"options": ["ja"]}}},
        {"answers": 7},
        {"version": "ffffffff"},
        {"format": "annat"},
    ]
    for change in contents:
        to = number()
        assert said(post(client, a_body(instance, to, **change), to)) == (200, "accepted", "")
    broken = number()
    assert said(post(client, a_body(instance, number()), broken)) == (200, "accepted", "")
    instance.close_survey("prov")
    survey = instance.surveys.get("prov")
    instance.tray.advance()
    assert len(instance.tray.quarantined(survey)) == len(contents) + 1
    assert list(instance.responses.all(survey)) == []
    assert instance.verifier.verify() == ()


def test_after_the_grace_time_the_phone_is_told(client: FlaskClient, instance: Instance) -> None:
    instance.close_survey("prov")
    to = number()
    assert said(post(client, a_body(instance, to), to)) == (410, "closed", "survey-closed")


def test_another_site_sends_nothing(client: FlaskClient, instance: Instance) -> None:
    to = number()
    body = a_body(instance, to)
    assert said(post(client, body, to, Origin="https://example.org"))[:2] == (403, "refused")
    assert said(post(client, body, to, **{"Sec-Fetch-Site": "cross-site"}))[:2] == (403, "refused")
    asked = client.options("/s/prov/sealed", headers={"Origin": "https://example.org"})
    assert not [name for name, _ in asked.headers if name.startswith("Access-Control")]
    assert instance.tray.waiting(instance.surveys.get("prov")) == 0


def test_a_full_disk_asks_to_come_again(
    client: FlaskClient, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise DatasetError("disk", "Full.", "Make room.")

    monkeypatch.setattr(instance.tray, "submit", full)
    to = number()
    answer = post(client, a_body(instance, to), to)
    assert said(answer) == (503, "later", "disk")
    assert answer.headers["Retry-After"] == "30"


def test_an_unknown_survey_is_told_as_such_and_not_as_taken(client: FlaskClient, instance: Instance) -> None:
    to = number()
    assert said(post(client, a_body(instance, to), to, "hittepa")) == (404, "unknown", "unknown-survey")


def offline(client: FlaskClient, slug: str = "prov") -> dict[str, object]:
    answer = client.get(f"/s/{slug}/offline.json")
    assert answer.json is not None
    return dict(answer.json)


def test_the_list_names_each_file_with_the_hash_of_what_comes(client: FlaskClient) -> None:
    found = offline(client)
    files = [*found["files"], *found["pages"].values()]  # type: ignore[misc, attr-defined]
    assert len(files) == 7
    for file in files:
        answer = client.get(file["url"], headers={"Accept-Encoding": "gzip"})
        body = gzip.decompress(answer.data) if answer.headers.get("Content-Encoding") == "gzip" else answer.data
        assert (answer.status_code, hashlib.sha256(body).hexdigest()) == (200, file["sha256"]), file
    assert offline(client) == found


def test_all_that_a_page_loads_is_kept(client: FlaskClient) -> None:
    found = offline(client)
    kept = {f["url"] for f in found["files"]}  # type: ignore[attr-defined]
    # A phone loads its icon when it is put among its programs, and then there is network.
    page = re.sub(r'<link rel="apple-touch-icon"[^>]*>', "", client.get("/s/prov").text)
    loaded = {u.replace("&amp;", "&") for u in re.findall(r'(?:src|href)="(/(?:static|phone)/[^"]+)"', page)}
    style = (Path(FOLDER).parent / "base.css").read_text()
    loaded |= {f"/static/{name}" for name in re.findall(r'url\("([^"]+)"\)', style)}
    assert loaded == kept


def test_each_survey_can_be_put_among_the_programs(client: FlaskClient) -> None:
    page = client.get("/s/prov?lang=en").text
    address = re.search(r'<link rel="manifest" href="([^"]+)">', page)
    assert address is not None
    answer = client.get(address[1].replace("&amp;", "&"))
    assert answer.mimetype == "application/manifest+json"
    found = json.loads(answer.data)
    assert (found["name"], found["lang"], found["scope"]) == ("A try", "en", "/s/prov")
    assert client.get(found["start_url"]).status_code == 200
    for icon in found["icons"]:
        picture = Image.open(io.BytesIO(client.get(icon["src"]).data))
        assert f"{picture.width}x{picture.height}" == icon["sizes"]


def test_kept_pages_speak_each_its_own_language(client: FlaskClient) -> None:
    """The list renders all of them in one request."""
    offline(client)
    assert "Skicka mina svar" in client.get("/s/prov/page?lang=sv").text
    english = client.get("/s/prov/page?lang=en").text
    assert "Send my answers" in english
    assert "Skicka" not in english


def test_a_kept_page_has_no_number_of_a_form(client: FlaskClient) -> None:
    page = client.get("/s/prov/page?lang=en")
    assert '<input type="hidden" name="id" value="">' in page.text
    assert '<html lang="en">' in page.text
    assert page.headers["Content-Security-Policy"] == client.get("/s/prov").headers["Content-Security-Policy"]


def test_what_is_kept_changes_with_text_and_dates(client: FlaskClient, instance: Instance) -> None:
    before = offline(client)
    survey = instance.surveys.get("prov")
    deadline = instance.store.now().date()
    instance.surveys.set_parameters("prov", survey.parameters, Settings(deadline, 3))
    after = offline(client)
    assert after["version"] != before["version"]
    assert after["files"] == before["files"]


def test_dates_are_told_as_the_server_keeps_them(client: FlaskClient, instance: Instance, clock: Clock) -> None:
    found = offline(client)
    assert (found["begins"], found["begin_until"], found["counts_until"]) == (True, None, None)
    survey = instance.surveys.get("prov")
    instance.surveys.set_parameters("prov", survey.parameters, Settings(clock.moment.date(), 3))
    survey = instance.surveys.get("prov")
    found = offline(client)
    for step in range(0, 24 * 6):
        moment_ms = clock.moment.timestamp() * 1000
        assert survey.begins(clock.moment) == (moment_ms < found["begin_until"]), step  # type: ignore[operator]
        assert survey.counts_at(clock.moment) == (moment_ms < found["counts_until"]), step  # type: ignore[operator]
        clock.forward(hours=1)
    assert offline(client)["begins"] is False


def test_a_closed_survey_tells_until_when_late_answers_count(client: FlaskClient, instance: Instance) -> None:
    instance.surveys.set_parameters("prov", instance.surveys.get("prov").parameters, Settings(None, 2))
    instance.close_survey("prov")
    found = offline(client)
    assert found["begins"] is False
    assert found["counts_until"] == found["begin_until"] + 2 * 24 * 3600 * 1000  # type: ignore[operator]


def test_the_closed_page_still_sends_what_waits(client: FlaskClient, instance: Instance) -> None:
    instance.close_survey("prov")
    page = client.get("/s/prov").text
    assert 'id="phone"' in page
    assert "phone.js" in page


def test_scripts_may_be_kept_for_good_and_an_older_build_is_gone(client: FlaskClient) -> None:
    address = f"/phone/{build().id}/phone.js"
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert gzip.decompress(answer.data) == client.get(address).data
    assert client.get(address, headers={"If-None-Match": client.get(address).headers["ETag"]}).status_code == 304
    assert client.get("/phone/000000000000/phone.js").status_code == 404
    assert client.get(f"/phone/{build().id}/hittepa.js").status_code == 404
    assert client.get(f"/phone/{build().id}/..%2F..%2Fdesk.js").status_code == 404
    worker = client.get("/s/worker.js")
    assert worker.headers["Cache-Control"] == "no-cache"
    assert worker.mimetype == "text/javascript"


def test_the_words_to_mend_stand_in_the_page(client: FlaskClient, instance: Instance) -> None:
    page = client.get("/s/prov").text
    block = re.search(r'<script type="application/json" id="phone">(.*?)</script>', page, re.DOTALL)
    assert block is not None
    data = json.loads(block[1])
    assert data["words"]["antal"]["out-of-range"] == "Skriv ett tal från 0 till 50."
    assert "{length}" in data["words"]["mer"]["too-long"]
    assert data["rules"]["version"] == _version(instance)
    kinds = {q.id: q.kind for q in instance.surveys.get("prov").instrument.questions}
    assert set(data["words"]["kommun"]) == {"several", "unknown-place"}
    assert kinds["kommun"] is Kind.PLACE


def test_bare_takes_out_comments_and_nothing_else() -> None:
    imported, code = 'import { a } from "./a.js";\n', 'const b = "/** no */ // no";\n'
    source = f"/** Says what it is.\n * On lines.\n */\n{imported}\n  // Why.\n  {code}"
    assert bare(source) == imported + code


def test_any_change_makes_another_build(tmp_path: Path) -> None:
    for file in FOLDER.glob("*.js"):
        (tmp_path / file.name).write_text(file.read_text())
    first = build_from(tmp_path)
    (tmp_path / "store.js").write_text((tmp_path / "store.js").read_text() + "export const more = 1;\n")
    second = build_from(tmp_path)
    assert first == build()
    assert first.id != second.id
    assert first.worker != second.worker
    assert not re.search(rb"(?m)^(import|export)\b", first.whole.body)


@pytest.mark.parametrize(
    ("sources", "told"),
    [
        ({"page": 'import { a } from "./one.js";\n', "one": 'import { b } from "./page.js";\n'}, "have no order"),
        ({"page": 'import one from "./one.js";\n', "one": ""}, "not one of the ways"),
        ({"page": "export default 1;\n"}, "not one of the ways"),
        ({"page": 'export * from "./one.js";\n', "one": ""}, "not one of the ways"),
    ],
)
def test_modules_that_can_not_be_joined_are_told(tmp_path: Path, sources: dict[str, str], told: str) -> None:
    for name, text in {"worker": "", **sources}.items():
        (tmp_path / f"{name}.js").write_text(text)
    with pytest.raises(ValueError, match=told):
        build_from(tmp_path)


PAGE = """<!doctype html>
<html lang="sv">
<head>
<title>A &amp; B</title>
</head>
<body>
<svg viewBox="0 0 1 1"><path d="M0 0"/></svg>
<input type="text" disabled value='"'><br>
<script type="application/json">{"a": "&lt;"}</script>
<textarea>
x &lt; y&nbsp;</textarea>
</body>
</html>
"""


def test_a_page_is_written_as_browsers_write_it() -> None:
    assert as_browsers_write(PAGE) == (
        '<!doctype html>\n<html lang="sv"><head>\n<title>A &amp; B</title>\n</head>\n<body>\n'
        '<svg viewBox="0 0 1 1"><path d="M0 0"></path></svg>\n<input type="text" disabled="" value="&quot;"><br>\n'
        '<script type="application/json">{"a": "&lt;"}</script>\n'
        "<textarea>x &lt; y&nbsp;</textarea>\n\n\n</body></html>"
    )
