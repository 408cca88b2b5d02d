"""An instance with surveys and people, and its web application, for the tests of the web."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Settings

DEFINITION = """
id = "prov"
languages = ["sv", "en"]
title = { sv = "Ett prov", en = "A try" }
intro = { sv = "Föreningen {organisation} frågar.", en = "{organisation} asks." }
thanks = { sv = "Svaren blir en rapport.", en = "The answers become a report." }
support = { sv = "Ring {support}.", en = "Call {support}." }

[parameters]
organisation = true
contact = true
support = true

[[section]]
id = "forst"
title = { sv = "Först", en = "First" }

[[section.question]]
id = "fick"
kind = "single"
text = { sv = "Fick du en plan?", en = "Did you get a plan?" }
options = [
  { id = "ja", label = { sv = "Ja", en = "Yes" } },
  { id = "nej", label = { sv = "Nej", en = "No" } },
  { id = "annat", label = { sv = "Annat", en = "Other" }, other = true },
  { id = "vet_inte", label = { sv = "Vet inte", en = "Don't know" }, way_out = true },
]

[[section.question]]
id = "bra"
kind = "scale"
text = { sv = "Hur bra var den?", en = "How good was it?" }
points = 5
low = { sv = "Inte bra", en = "Not good" }
high = { sv = "Mycket bra", en = "Very good" }
asked_if = { question = "fick", is = ["ja"] }
options = [{ id = "vet_inte", label = { sv = "Vet inte", en = "Don't know" }, way_out = true }]

[[section.question]]
id = "vilka"
kind = "multiple"
text = { sv = "Vilka var med?", en = "Who was there?" }
options = [
  { id = "vard", label = { sv = "Vården", en = "Health care" } },
  { id = "kommun", label = { sv = "Kommunen", en = "The municipality" } },
  { id = "ingen", label = { sv = "Ingen", en = "Nobody" }, exclusive = true, way_out = true },
]

[[section]]
id = "sist"
title = { sv = "Sist", en = "Last" }

[[section.question]]
id = "kommun"
kind = "place"
text = { sv = "Vilken kommun?", en = "Which municipality?" }
places = "kommuner"
options = [{ id = "annan", label = { sv = "En annan", en = "Another" }, way_out = true }]

[[section.question]]
id = "antal"
kind = "number"
text = { sv = "Hur många möten?", en = "How many meetings?" }
minimum = 0
maximum = 50

[[section.question]]
id = "mer"
kind = "text"
text = { sv = "Vill du berätta mer?", en = "Anything more?" }
lines = 4
max_length = 500
sensitive = true
"""

PARAMETERS = {"organisation": "Exempel", "contact": "exempel@example.org", "support": "stödlinjen 000"}

PASSWORD = "fyra ord som inte hör ihop"


class Clock:
    """A clock that tests move."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)

    def __call__(self) -> datetime:
        """Return the moment it shows."""
        return self.moment

    def forward(self, **step: float) -> None:
        """Move it."""
        self.moment += timedelta(**step)


def make_instance(path: Path, clock: Clock | None = None) -> Instance:
    """Return an open instance with the open survey `prov` and nobody in it."""
    instance = Instance.create(path, clock or Clock())
    instance.surveys.create("prov", DEFINITION, "prov.toml", parameters=PARAMETERS, settings=Settings(grace_days=0))
    instance.surveys.open("prov")
    return instance


class Client(FlaskClient):
    """A client that reads each answer to its end and leaves no file open, its own for what it sends included."""

    def open(self, *arguments: object, **settings: object) -> TestResponse:
        """Send a request and close the answer."""
        settings.setdefault("buffered", True)
        answer = super().open(*arguments, **settings)  # type: ignore[arg-type]
        answer.request.environ["wsgi.input"].close()
        return answer


def make_app(instance: Instance, **settings: int) -> Flask:
    """Return the application of an instance; errors are told as they are to people."""
    app = create_app(Config(instance.path, **settings), instance)
    app.test_client_class = Client
    return app


@contextmanager
def web(path: Path, clock: Clock | None = None, **settings: int) -> Iterator[tuple[Flask, Instance]]:
    """Give an application and its instance, and close it."""
    instance = make_instance(path, clock)
    with instance:
        yield make_app(instance, **settings), instance


def add_user(instance: Instance, name: str, *roles: Role) -> None:
    """Make an account with the password `PASSWORD`."""
    instance.accounts.add(name, roles)
    instance.accounts.change_password(name, PASSWORD)


def csrf_token(page: TestResponse) -> str:
    """Return the token in a page's first form."""
    found = re.search(r'name="csrf_token" value="([^"]+)"', page.text)
    assert found is not None, page.text[:500]
    return found[1]


def sign_in(client: FlaskClient, name: str, password: str = PASSWORD) -> TestResponse:
    """Sign in as a person would."""
    token = csrf_token(client.get("/sign-in"))
    return client.post("/sign-in", data={"csrf_token": token, "name": name, "password": password})


def hidden(page: str) -> dict[str, str]:
    """Return the hidden fields of a respondent's page."""
    return dict(re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)">', page))
