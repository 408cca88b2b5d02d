"""Signing in and out, one's own password, the desk's language."""

from __future__ import annotations

import re

from flask import Blueprint, flash, g, make_response, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue

from webapp.dataset.accounts import LEAST_PASSWORD
from webapp.dataset.errors import DatasetError
from webapp.language import INTERFACE_LANGUAGES, SESSION_KEY, gettext, use_language
from webapp.views.here import SESSION_ID, instance, signed_in
from webapp.views.told import told

blueprint = Blueprint("account", __name__)

_OWN_PATH = re.compile(r"/(?:[^/\\\x00-\x20][^\\\x00-\x20]*)?")
"""A path on this server: one slash, and nothing that a browser would read as another host."""

_STATUS = {"locked": 429, "wrong-password": 401}


def _own_path(address: str) -> str:
    """Return an address of this server, or the desk where it is none: nobody is led elsewhere after signing in."""
    return address if _OWN_PATH.fullmatch(address) else url_for("desk.surveys")


def _begin(name: str) -> None:
    """Begin a session; the cookie holds nothing but its secret id and the language."""
    language = session.get(SESSION_KEY)
    session.clear()
    session[SESSION_ID] = instance().accounts.begin_session(name)
    session.permanent = True
    if language:
        session[SESSION_KEY] = language
    g.pop("user", None)


@blueprint.route("/sign-in", methods=["GET", "POST"])
def sign_in() -> ResponseReturnValue:
    """Sign in with name and password."""
    after = request.values.get("next", "")
    name = request.form.get("name", "").strip()
    wrong = ""
    status = 200
    if request.method == "POST":
        try:
            user = instance().accounts.sign_in(name, request.form.get("password", ""))
        except DatasetError as error:
            wrong, status = " ".join(told(error)), _STATUS.get(error.code, 400)
        else:
            _begin(user.name)
            return redirect(_own_path(after), 303)
    return make_response(render_template("desk/sign_in.html", next=after, name=name, wrong=wrong), status)


@blueprint.post("/sign-out")
def sign_out() -> ResponseReturnValue:
    """End the session here and on the server."""
    secret = session.get(SESSION_ID)
    if isinstance(secret, str):
        instance().accounts.end_session(secret)
    session.pop(SESSION_ID, None)
    return redirect(url_for("account.sign_in"), 303)


@blueprint.route("/password", methods=["GET", "POST"])
def password() -> ResponseReturnValue:
    """Choose a password of one's own; asked for at the first sign-in."""
    user = signed_in()
    wrong = ""
    if request.method == "POST":
        wrong = _change(user.name)
        if not wrong:
            flash(gettext("The new password is saved."))
            return redirect(url_for("desk.surveys"), 303)
    return make_response(
        render_template("desk/password.html", wrong=wrong, shortest=LEAST_PASSWORD), 422 if wrong else 200
    )


def _change(name: str) -> str:
    """Change a password; return what is wrong, in words, or nothing."""
    old, new = request.form.get("old", ""), request.form.get("new", "")
    if new != request.form.get("again", ""):
        return gettext("The two new passwords are not the same. Write the new one twice.")
    accounts = instance().accounts
    try:
        accounts.sign_in(name, old)
        accounts.change_password(name, new)
    except DatasetError as error:
        if error.code == "wrong-password":
            if signed_in().must_change:
                return gettext("The one-time password is wrong. Copy it once more, exactly as it was given to you.")
            return gettext("The present password is wrong.")
        return " ".join(told(error))
    _begin(name)
    return ""


@blueprint.post("/language")
def language() -> ResponseReturnValue:
    """Set the desk's language for this browser."""
    wanted = request.form.get("lang", "")
    if wanted in INTERFACE_LANGUAGES:
        session[SESSION_KEY] = wanted
        use_language(wanted)
    return redirect(_own_path(request.form.get("back", "")), 303)
