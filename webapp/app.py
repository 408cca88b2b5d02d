"""The web server's frame: `create_app(config)` puts configuration, dataset, languages, roles and pages together."""

from __future__ import annotations

import hashlib
import hmac
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import IO

from flask import Flask, Request, abort, g, redirect, request, url_for
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFProtect
from werkzeug.middleware.proxy_fix import ProxyFix

from webapp import cli, headers, looks, roles
from webapp.config import Config
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.jobs import Jobs
from webapp.views import (
    account,
    desk,
    errors,
    keeper,
    notes,
    paper,
    phone,
    quarantine,
    respond,
    results,
    review,
    signup,
    upload,
)
from webapp.views.here import Here, current_user, put_here
from webapp.views.here import config as here_config

csrf = CSRFProtect()

LARGE = "upload.upload"
"""The one route that takes more than a form; the limit is lifted for who may use it, before anything is read."""


class _PrivateRequest(Request):
    """A request whose uploaded files wait inside the instance and never in a folder that others can read."""

    incoming: Path | None = None

    def _get_file_stream(
        self,
        total_content_length: int | None,
        content_type: str | None,
        filename: str | None = None,
        content_length: int | None = None,
    ) -> IO[bytes]:
        """Return a file that has no name and vanishes when closed."""
        return tempfile.TemporaryFile("rb+", dir=self.incoming)


def create_app(config: Config | None = None, instance: Instance | None = None, jobs: Jobs | None = None) -> Flask:
    """Make the web application.

    Args:
        config: The server's settings; None: the instance in `./instance`, and where there is none an application whose
            commands work, `init` among them, and whose pages say so.
        instance: The instance where it is open already, such as in a server that also runs its jobs.
        jobs: The jobs of that instance where a thread of this program works on them, so that it begins at once.

    Returns:
        The application. Every view is closed unless the table of roles says otherwise.

    Raises:
        DatasetError: There is no instance there, or it can't be opened.
    """
    without_settings = config is None
    config = config or Config(Path("instance"))
    try:
        opened = instance or Instance.open(config.instance)
    except DatasetError as error:
        if without_settings and error.code == "no-instance":
            return _commands_alone(error)
        raise
    app = Flask("webapp", instance_relative_config=True, instance_path=str(config.instance.resolve()))
    app.config.from_mapping(
        SECRET_KEY=hmac.digest(opened.store.keys.secret(), b"kryssklick/session/1", hashlib.sha256),
        SESSION_COOKIE_NAME="kryssklick",
        SESSION_COOKIE_HTTPONLY=True,
        SESSION_COOKIE_SAMESITE="Lax",
        SESSION_COOKIE_SECURE=config.secure_cookies,
        PERMANENT_SESSION_LIFETIME=timedelta(hours=config.session_hours),
        MAX_CONTENT_LENGTH=config.max_form_bytes,
        MAX_FORM_MEMORY_SIZE=config.max_form_bytes,
        MAX_FORM_PARTS=10_000,
        WTF_CSRF_TIME_LIMIT=None,
        BABEL_DEFAULT_TIMEZONE="UTC",
    )
    app.request_class = type("PrivateRequest", (_PrivateRequest,), {"incoming": opened.store.incoming_path})
    if config.proxies:
        app.wsgi_app = ProxyFix(app.wsgi_app, config.proxies, config.proxies, config.proxies, config.proxies)  # type: ignore[method-assign]
    put_here(app, Here(config, opened, jobs or Jobs(opened)))
    upload.sweep(opened)
    looks.prepare(app)
    app.before_request(_guard)
    csrf.init_app(app)
    for pages in (respond, phone, signup, account, desk, paper, upload, review, notes, results, quarantine, keeper):
        app.register_blueprint(pages.blueprint)
    csrf.exempt(respond.blueprint)
    csrf.exempt(phone.blueprint)
    csrf.exempt(signup.blueprint)
    errors.register(app)
    app.after_request(headers.compress)
    app.after_request(headers.secure)
    cli.register(app)
    return app


def _commands_alone(missing: DatasetError) -> Flask:
    """Make what `flask --app webapp.app` needs before there is an instance: the commands, and a page that says so."""
    app = Flask("webapp", static_folder=None)
    cli.register(app)

    @app.before_request
    def say_what_to_do() -> ResponseReturnValue:
        return f"{missing.message}\n{missing.remedy}\n", 503, {"Content-Type": "text/plain; charset=utf-8"}

    return app


def _guard() -> ResponseReturnValue | None:
    """Hold every request against the table of roles before any view runs."""
    if request.routing_exception is not None:
        return None
    if roles.ROUTES.get(request.endpoint or "") is roles.Open.PUBLIC:
        return None
    user = current_user()
    if user is None:
        if request.method in ("GET", "HEAD"):
            return redirect(url_for("account.sign_in", next=request.full_path.rstrip("?")), 303)
        abort(403, "signed-out")
    if user.must_change and request.endpoint not in roles.WHILE_ONE_TIME:
        return redirect(url_for("account.password"), 303)
    if not roles.may(request.endpoint, user.roles):
        abort(403)
    g.user = user
    if request.endpoint == LARGE:
        request.max_content_length = here_config().max_upload_bytes
    return None
