"""The one table of roles: complete, and enforced for every role at every route."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from flask import Flask
from web_helpers import PASSWORD, add_user, sign_in, web

from webapp.dataset.accounts import Role
from webapp.phonefiles import build
from webapp.roles import ROUTES, Open, may


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Flask]:
    with web(tmp_path_factory.mktemp("routes")) as (app, instance):
        for role in Role:
            add_user(instance, role.value, role)
        yield app


def addresses(app: Flask) -> list[tuple[str, str, str]]:
    """Return endpoint, method and an address for every route, with something in each blank."""
    blanks = {"slug": "prov", "run_id": "ABC123", "job_id": "0" * 12, "image": "0" * 24, "item_id": "A.1.marks.fick."}
    blanks |= {"serial": "7QK2M4", "question_id": "mer", "filename": "base.css", "build_id": build().id, "name": "lock"}
    found = []
    with app.test_request_context():
        adapter = app.url_map.bind("localhost")
        for rule in app.url_map.iter_rules():
            values = {name: blanks[name] for name in rule.arguments}
            for method in sorted((rule.methods or set()) - {"HEAD", "OPTIONS"}):
                found.append((rule.endpoint, method, adapter.build(rule.endpoint, values, method=method)))
    return found


def test_every_route_stands_in_the_table_and_nothing_else(app: Flask) -> None:
    assert {rule.endpoint for rule in app.url_map.iter_rules()} == set(ROUTES)


def test_a_route_outside_the_table_is_closed() -> None:
    assert not may("desk.unheard_of", list(Role))
    assert not may(None, list(Role))


@pytest.mark.parametrize("role", [None, *Role])
def test_every_role_at_every_route(app: Flask, role: Role | None) -> None:
    client = app.test_client()
    if role is not None:
        assert sign_in(client, role.value, PASSWORD).status_code == 303
    for endpoint, method, address in addresses(app):
        if endpoint == "account.sign_out":
            continue
        answer = client.open(address, method=method)
        needed = ROUTES[endpoint]
        if needed is Open.PUBLIC:
            refused = False
        elif role is None:
            # Somebody who is not signed in is led there, or told so where a form was sent.
            assert answer.status_code == (303 if method == "GET" else 403), (endpoint, method, answer.status_code)
            assert method != "GET" or answer.location.startswith("/sign-in?next="), endpoint
            continue
        else:
            refused = not (needed is Open.SIGNED_IN or role in needed)
        told = "roll" in answer.text if answer.mimetype == "text/html" else False
        assert (answer.status_code == 403 and told) == refused, (endpoint, method, role, answer.status_code)


def test_posts_without_the_token_change_nothing(app: Flask) -> None:
    client = app.test_client()
    sign_in(client, Role.COORDINATOR.value)
    posts = [
        a
        for e, m, a in addresses(app)
        if m == "POST" and e not in ("respond.form", "phone.sealed", "signup.page", "signup.sealed")
    ]
    posts = [a for a in posts if "/review/" not in a and not a.startswith("/keeper/")]
    assert len(posts) >= 8
    for address in posts:
        answer = client.post(address)
        assert answer.status_code == 400, address
        assert "för gammal" in answer.text
