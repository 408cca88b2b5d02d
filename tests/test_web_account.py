"""Signing in and out, one-time passwords, the desk's language."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from web_helpers import PASSWORD, Clock, add_user, csrf_token, sign_in, web

from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def served(tmp_path: Path, clock: Clock) -> Iterator[tuple[FlaskClient, Instance]]:
    with web(tmp_path, clock) as (app, instance):
        add_user(instance, "kim", Role.COORDINATOR)
        yield app.test_client(), instance


def test_signing_in_leads_to_where_one_wanted(served: tuple[FlaskClient, Instance]) -> None:
    client, _ = served
    led = client.get("/desk/prov/results?x=1")
    assert led.location == "/sign-in?next=/desk/prov/results?x%3D1"
    page = client.get(led.location)
    answer = client.post(
        "/sign-in",
        data={"csrf_token": csrf_token(page), "name": " kim ", "password": PASSWORD, "next": "/desk/prov/results?x=1"},
    )
    assert answer.location == "/desk/prov/results?x=1"
    assert client.get("/desk").status_code == 200


@pytest.mark.parametrize(
    "elsewhere", ["https://evil.example/", "//evil.example", "/\\evil.example", "/\t/evil.example", "javascript:1", ""]
)
def test_nobody_is_led_to_another_site(served: tuple[FlaskClient, Instance], elsewhere: str) -> None:
    client, _ = served
    token = csrf_token(client.get("/sign-in"))
    data = {"csrf_token": token, "name": "kim", "password": PASSWORD, "next": elsewhere}
    assert client.post("/sign-in", data=data).location == "/desk"


def test_a_wrong_password_and_the_pause_after_many(served: tuple[FlaskClient, Instance], clock: Clock) -> None:
    client, _ = served
    answer = sign_in(client, "kim", "fel")
    assert answer.status_code == 401
    assert "Namnet eller lösenordet är fel." in answer.text
    assert 'value="kim"' in answer.text
    assert sign_in(client, "ingen", "fel").status_code == 401
    for _ in range(4):
        sign_in(client, "kim", "fel")
    locked = sign_in(client, "kim")
    assert locked.status_code == 429
    assert "Vänta lite" in locked.text
    clock.forward(hours=2)
    assert sign_in(client, "kim").status_code == 303


def test_a_one_time_password_must_be_changed_first(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    once = instance.accounts.add("robin", [Role.AUDITOR]).one_time_password
    assert sign_in(client, "robin", once).status_code == 303
    for address in ("/desk", "/desk/prov", "/desk/prov/review", "/desk/prov/results"):
        assert client.get(address).location == "/password", address
    page = client.get("/password")
    assert "engångslösenord" in page.text
    token = csrf_token(page)

    def change(old: str, new: str, again: str) -> tuple[int, str]:
        answer = client.post("/password", data={"csrf_token": token, "old": old, "new": new, "again": again})
        return answer.status_code, answer.text

    assert change(once, "kort", "kort")[0] == 422
    assert "inte lika" in change(once, PASSWORD, PASSWORD + "x")[1]
    assert "Engångslösenordet är fel" in change("fel", PASSWORD, PASSWORD)[1]
    assert "fick eller hade" in change(once, once, once)[1]
    assert change(once, PASSWORD, PASSWORD)[0] == 303
    assert client.get("/desk").status_code == 200
    assert instance.accounts.unused_one_time_passwords() == ()


def test_signing_out_ends_the_session_on_the_server(served: tuple[FlaskClient, Instance]) -> None:
    client, _ = served
    sign_in(client, "kim")
    stolen = client.get_cookie("kryssklick")
    assert stolen is not None
    client.post("/sign-out", data={"csrf_token": csrf_token(client.get("/desk"))})
    client.set_cookie("kryssklick", stolen.value)
    assert client.get("/desk").status_code == 303


def test_a_session_ends_by_itself(served: tuple[FlaskClient, Instance], clock: Clock) -> None:
    client, _ = served
    sign_in(client, "kim")
    assert client.get("/desk").status_code == 200
    clock.forward(hours=13)
    assert client.get("/desk").status_code == 303


def test_the_cookie_is_out_of_reach_for_scripts_and_other_sites(tmp_path: Path) -> None:
    with web(tmp_path, secure_cookies=True) as (app, instance):
        add_user(instance, "kim", Role.COORDINATOR)
        client = app.test_client()
        page = client.get("/sign-in", base_url="https://localhost")
        cookie = page.headers["Set-Cookie"]
        assert "HttpOnly" in cookie
        assert "Secure" in cookie
        assert "SameSite=Lax" in cookie


def test_the_desk_changes_language_for_this_browser(served: tuple[FlaskClient, Instance]) -> None:
    client, _ = served
    page = client.get("/sign-in")
    assert "Logga in" in page.text
    answer = client.post("/language", data={"csrf_token": csrf_token(page), "lang": "en", "back": "/sign-in"})
    assert answer.location == "/sign-in"
    assert "Sign in" in client.get("/sign-in").text
    sign_in(client, "kim")
    assert "Surveys" in client.get("/desk").text
    # What respondents see does not follow the desk's language.
    assert '<html lang="sv">' in client.get("/s/prov").text


def test_an_account_without_a_part_in_surveys_is_told_so(served: tuple[FlaskClient, Instance]) -> None:
    client, instance = served
    add_user(instance, "vakt", Role.ADMIN)
    sign_in(client, "vakt")
    assert "ingen del" in client.get("/desk").text
