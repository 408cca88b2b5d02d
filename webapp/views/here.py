"""What every view reaches for: the open instance, the server's settings, who is signed in, which survey is meant."""

from __future__ import annotations

from dataclasses import dataclass
from typing import cast

from flask import Flask, abort, current_app, g, session
from flask_wtf.csrf import generate_csrf
from markupsafe import Markup

from webapp import roles
from webapp.config import Config
from webapp.dataset.accounts import User
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Survey
from webapp.jobs import Jobs
from webapp.language import current_language, gettext

EXTENSION = "kryssklick"

SESSION_ID = "id"
"""Key of the session's secret id in the cookie."""


@dataclass(frozen=True, slots=True)
class Here:
    """One running server.

    Attributes:
        config: Its settings.
        instance: The association's data.
        jobs: Its reading jobs.
    """

    config: Config
    instance: Instance
    jobs: Jobs


def put_here(app: Flask, here: Here) -> None:
    """Let the views of an app find their instance, and its templates who is signed in."""
    app.extensions[EXTENSION] = here

    @app.template_global()
    def token() -> Markup:
        """Return the hidden field that proves a form came from our own page."""
        return Markup('<input type="hidden" name="csrf_token" value="{}">').format(generate_csrf())

    @app.template_global()
    def may(endpoint: str) -> bool:
        """Tell whether who is signed in may open a route."""
        user = g.get("user")
        return roles.may(endpoint, user.roles if user else None)


def instance() -> Instance:
    """Return the instance that this server runs."""
    return cast(Here, current_app.extensions[EXTENSION]).instance


def jobs() -> Jobs:
    """Return the reading jobs of the instance."""
    return cast(Here, current_app.extensions[EXTENSION]).jobs


def config() -> Config:
    """Return the server's settings."""
    return cast(Here, current_app.extensions[EXTENSION]).config


def current_user() -> User | None:
    """Return who is signed in; None if nobody is. Never asked on a respondent's page."""
    if "user" not in g:
        secret = session.get(SESSION_ID)
        g.user = instance().accounts.session_user(secret) if isinstance(secret, str) else None
    return cast("User | None", g.user)


def signed_in() -> User:
    """Return who is signed in, on a route that nobody else reaches."""
    user = current_user()
    if user is None:
        abort(403)
    return user


def survey_or_404(slug: str) -> Survey:
    """Return a survey by its slug, or end the request with the page that says there is none."""
    try:
        return instance().surveys.get(slug)
    except DatasetError as error:
        if error.code == "unknown-survey":
            abort(404)
        raise


def survey_title(survey: Survey) -> str:
    """Return the survey's name in the language of the page."""
    return survey.title(current_language())


STATES = {
    "draft": lambda: gettext("draft"),
    "open": lambda: gettext("open"),
    "closed": lambda: gettext("closed"),
    "frozen": lambda: gettext("frozen"),
    "purged": lambda: gettext("purged"),
}
"""The states of a survey in words, by their value."""
