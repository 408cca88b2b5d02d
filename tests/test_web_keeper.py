"""The keeper's room over HTTP: who comes in, what is given out, what is taken, and what the desk says of it."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Iterator
from pathlib import Path

import pytest
from contact_helpers import DETAILS, SECRETS, Keeper, a_keeper, new_pair, sign_up, some_locks
from flask import Flask
from flask.testing import FlaskClient
from web_helpers import PASSWORD, add_user, csrf_token, sign_in, web

from webapp.dataset.accounts import Role
from webapp.dataset.contacts import MOST_SIGN_UPS, SignUp
from webapp.dataset.instance import Instance
from webapp.views.keeper import SHORTEST

POSTS = ("/keeper/key", "/keeper/locks", "/keeper/delete")


@pytest.fixture
def served(tmp_path: Path) -> Iterator[tuple[Flask, Instance]]:
    with web(tmp_path) as both:
        yield both


@pytest.fixture
def instance(served: tuple[Flask, Instance]) -> Instance:
    return served[1]


@pytest.fixture
def client(served: tuple[Flask, Instance]) -> FlaskClient:
    """Vera is signed in, who keeps contacts and has no key yet."""
    add_user(served[1], "vera", Role.CONTACT_KEEPER)
    client = served[0].test_client()
    sign_in(client, "vera")
    return client


def opened(keeper: Keeper, given: dict[str, str], number: str) -> dict[str, object]:
    """Open what the server gave out."""
    seals = {bytes.fromhex(key): base64.b64decode(text) for key, text in given.items()}
    return keeper.open(SignUp(number, seals))


def test_nobody_else_comes_in(served: tuple[Flask, Instance]) -> None:
    """Whatever else somebody may do; tests/test_routes.py tries each role by itself."""
    app, instance = served
    a_keeper(instance)
    number = sign_up(instance).hex()
    add_user(instance, "annan", *(set(Role) - {Role.CONTACT_KEEPER}))
    client = app.test_client()
    sign_in(client, "annan")
    token = csrf_token(client.get("/password"))
    for address in ("/keeper", "/keeper/sealed"):
        answer = client.get(address)
        assert answer.status_code == 403
        assert number not in answer.text
    for address in POSTS:
        data = {"csrf_token": token, "survey": "prov", "number": number}
        assert client.post(address, data=data).status_code == 403
    assert instance.contacts.count(instance.surveys.get("prov")) == 1
    assert 'href="/keeper"' not in client.get("/desk").text


def test_who_only_keeps_contacts_is_led_there_and_sees_no_survey(client: FlaskClient, instance: Instance) -> None:
    assert client.get("/desk").location == "/keeper"
    page = client.get("/keeper")
    assert page.status_code == 200
    assert "no-store" in page.headers["Cache-Control"]
    for address in ("/desk/prov", "/desk/prov/results", "/desk/prov/quarantine"):
        assert client.get(address).status_code == 403


def test_who_does_both_finds_the_way(served: tuple[Flask, Instance]) -> None:
    app, instance = served
    add_user(instance, "alla", Role.COORDINATOR, Role.CONTACT_KEEPER)
    client = app.test_client()
    sign_in(client, "alla")
    page = client.get("/desk")
    assert page.status_code == 200
    assert 'href="/keeper"' in page.text


def test_a_key_is_kept_and_gives_out_what_is_sealed_to_it(client: FlaskClient, instance: Instance) -> None:
    page = client.get("/keeper")
    assert f"minst {SHORTEST} tecken" in page.text
    private, public = new_pair()
    data = {"csrf_token": csrf_token(page), "public": base64.b64encode(public).decode(), "locks": some_locks()}
    data["password"] = PASSWORD
    for _ in range(2):
        answer = client.post("/keeper/key", data=data)
        assert (answer.status_code, answer.json) == (200, {"done": True, "told": ""})
    (key,) = instance.keepers.of("vera")
    deputy = a_keeper(instance, "dag")
    number = sign_up(instance).hex()
    given = client.get("/keeper/sealed").json
    assert given is not None
    assert [k["id"] for k in given["keys"]] == [key.id.hex()]
    assert [k["name"] for k in given["keepers"]] == ["dag", "vera"]
    ((one,),) = [s["sign_ups"] for s in given["surveys"]]
    assert one["number"] == number
    assert list(one["seals"]) == [key.id.hex()]
    assert one["readers"] == ["dag", "vera"]
    assert opened(Keeper("vera", key, private), one["seals"], number)["answers"] == DETAILS
    assert deputy.key.id.hex() not in str(one["seals"])
    assert not any(text in client.get("/keeper").text for text in SECRETS)


def test_who_does_not_know_the_password_makes_no_key(client: FlaskClient, instance: Instance) -> None:
    """A browser that is signed in may be left alone; what is signed up from then on would open for somebody else."""
    own = a_keeper(instance, "dag")
    token = csrf_token(client.get("/keeper"))
    data = {"csrf_token": token, "public": base64.b64encode(new_pair()[1]).decode(), "locks": some_locks()}
    for wrong in ({}, {"password": ""}, {"password": "inte mitt lösenord"}):
        answer = client.post("/keeper/key", data=data | wrong)
        assert answer.status_code == 400
        assert answer.json is not None
        assert "lösenord" in answer.json["told"]
    assert instance.keepers.all() == (own.key,)
    for _ in range(10):
        answer = client.post("/keeper/key", data=data | {"password": "gissat"})
    # Guessing is slowed here as at the sign-in, and the right one is no way round it.
    assert client.post("/keeper/key", data=data | {"password": PASSWORD}).status_code == 400
    assert instance.keepers.all() == (own.key,)


def test_what_came_before_the_key_is_named_with_who_can_open_it(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance, "dag")
    sign_up(instance)
    private, public = new_pair()
    del private
    instance.keepers.make("vera", public, some_locks())
    given = client.get("/keeper/sealed").json
    assert given is not None
    assert given["surveys"][0]["sign_ups"][0]["seals"] == {}
    assert given["surveys"][0]["sign_ups"][0]["readers"] == ["dag"]


def test_what_is_no_key_is_refused_in_words(client: FlaskClient, instance: Instance) -> None:
    token = csrf_token(client.get("/keeper"))
    good = base64.b64encode(new_pair()[1]).decode()
    for public, locks in (("", some_locks()), ("å", some_locks()), (good, "{}"), (good, ""), ("AAAA", some_locks())):
        data = {"csrf_token": token, "public": public, "locks": locks, "password": PASSWORD}
        answer = client.post("/keeper/key", data=data)
        assert answer.status_code == 400
        assert answer.json is not None
        assert not answer.json["done"]
        assert answer.json["told"].startswith("Det är ingen nyckel")
    assert instance.keepers.all() == ()
    for key in ("", "zz", "00" * 8):
        answer = client.post("/keeper/locks", data={"csrf_token": token, "key": key, "locks": some_locks()})
        assert answer.status_code == 400


def test_nothing_is_done_without_the_token(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance, "dag")
    number = sign_up(instance).hex()
    for address in POSTS:
        assert client.post(address, data={"survey": "prov", "numbers": number}).status_code == 400
    assert instance.contacts.count(instance.surveys.get("prov")) == 1


def test_one_is_deleted_and_again_changes_nothing(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance, "dag")
    number, other = sign_up(instance).hex(), sign_up(instance).hex()
    token = csrf_token(client.get("/keeper"))
    for wanted in (number, number, secrets.token_hex(16), "inget"):
        answer = client.post("/keeper/delete", data={"csrf_token": token, "survey": "prov", "numbers": wanted})
        assert answer.json == {"done": True, "told": ""}
    assert [s.number for s in instance.contacts.all(instance.surveys.get("prov"))] == [other]
    assert client.post("/keeper/delete", data={"csrf_token": token, "survey": "ingen"}).status_code == 404


def test_thousands_are_deleted_at_once_and_the_rest_stays(client: FlaskClient, instance: Instance) -> None:
    a_keeper(instance, "dag")
    numbers, other = [sign_up(instance).hex() for _ in range(3)], sign_up(instance).hex()
    many = "".join([*numbers, *(secrets.token_hex(16) for _ in range(MOST_SIGN_UPS))])
    data = {"csrf_token": csrf_token(client.get("/keeper")), "survey": "prov", "numbers": many}
    assert client.post("/keeper/delete", data=data).json == {"done": True, "told": ""}
    assert [s.number for s in instance.contacts.all(instance.surveys.get("prov"))] == [other]


def test_the_keeper_is_told_that_no_more_fit(
    client: FlaskClient, instance: Instance, monkeypatch: pytest.MonkeyPatch
) -> None:
    a_keeper(instance, "vera")
    sign_up(instance)
    monkeypatch.setattr("webapp.dataset.contacts.MOST_SIGN_UPS", 2)
    assert "Fler får inte plats" not in client.get("/keeper").text
    sign_up(instance)
    assert "Fler får inte plats" in client.get("/keeper").text


def test_keeper_and_deputy_read_from_when_on(client: FlaskClient, instance: Instance) -> None:
    first = client.get("/keeper").text
    assert "ersättaren läser det som kommer från den dag ersättaren har gjort sin egen nyckel" in first
    a_keeper(instance, "dag")
    deputy = client.get("/keeper").text
    assert "Du får läsa det som kommer från och med nu. Det som kom tidigare öppnas bara av: dag." in deputy
    assert "Var och en av er läser det som har kommit sedan den dag den egna nyckeln gjordes" in deputy


def test_the_coordinator_is_told_whether_people_can_sign_up_and_no_more(served: tuple[Flask, Instance]) -> None:
    app, instance = served
    add_user(instance, "sam", Role.COORDINATOR)
    client = app.test_client()
    sign_in(client, "sam")
    assert "--role contact-keeper" in client.get("/desk/prov").text
    a_keeper(instance)
    before = client.get("/desk/prov").text
    assert "Man kan anmäla sig till intervju" in before
    assert "--role contact-keeper" not in before
    sign_up(instance)
    assert client.get("/desk/prov").text == before
    instance.close_survey("prov")
    assert "anmäla sig till intervju" not in client.get("/desk/prov").text


def test_no_field_of_the_room_can_be_sent_by_itself(client: FlaskClient) -> None:
    page = client.get("/keeper").text
    fields = [part.split(">", 1)[0] for part in page.split("<input")[1:]]
    secret = [f for f in fields if "data-field" in f]
    assert len(secret) == 10
    assert not any(" name=" in f for f in secret)
