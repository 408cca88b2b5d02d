"""The contact keeper's room: what was signed up, opened in the keeper's browser and nowhere else.

The server gives out what is sealed and keeps keys that it can't use; the passphrase, the recovery key and what stands
in a sign-up never reach it. Nobody but contact keepers comes in here. Source: DESIGN.md section 7.
"""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable

from flask import Blueprint, current_app, render_template, request, url_for
from flask.typing import ResponseReturnValue

from webapp.contactscripts import page_script
from webapp.dataset.contacts import SignUp
from webapp.dataset.errors import DatasetError
from webapp.dataset.keepers import LEAST_ITERATIONS, KeeperKey
from webapp.dataset.sealing import SUBMISSION_ID_BYTES
from webapp.dataset.surveys import Survey
from webapp.language import current_language, gettext, language_name
from webapp.looks import day
from webapp.views.here import instance, signed_in, survey_or_404, survey_title
from webapp.views.signup import sign_up_form
from webapp.views.told import told

blueprint = Blueprint("keeper", __name__)

SHORTEST = 16
"""Signs of a passphrase: whoever takes the disk may try as many as they like, so it is longer than a password."""


@blueprint.get("/keeper")
def contacts() -> ResponseReturnValue:
    """Show the room, locked; its script opens it."""
    user, here = signed_in(), instance()
    script, _ = page_script("keeper")
    counts = [(survey_title(s), n, here.contacts.full(s)) for s in here.surveys.list() if (n := here.contacts.count(s))]
    return render_template(
        "desk/keeper.html",
        script=url_for("signup.script", filename=script),
        data=_data(),
        keys=here.keepers.of(user.name),
        apart=here.keepers.apart(),
        counts=counts,
        together=sum(n for _, n, _ in counts),
        others=sorted({k.user for k in here.keepers.current()} - {user.name}),
        shortest=SHORTEST,
    )


def _data() -> dict[str, object]:
    """Return what the page tells its script.

    Returns:
        Addresses by name; `user`; `has_key`; `shortest` (signs of a passphrase); `iterations` of PBKDF2; `questions` of
        the sign-up with their options in words; `languages` by tag; `words` that the script puts in.
    """
    language, asked = current_language(), sign_up_form()
    return {
        "sealed": url_for("keeper.sealed"),
        "make": url_for("keeper.make"),
        "lock": url_for("keeper.lock_anew"),
        "remove": url_for("keeper.delete"),
        "user": signed_in().name,
        "has_key": bool(instance().keepers.of(signed_in().name)),
        "shortest": SHORTEST,
        "iterations": LEAST_ITERATIONS,
        "questions": [
            {
                "id": q.id,
                "text": q.wording.default.to(language),
                "options": {o.id: o.label.to(language) for o in q.options},
            }
            for q in asked.questions
        ],
        "languages": {tag: language_name(tag) for tag in asked.languages},
        "words": {
            "nameless": gettext("No name given"),
            "blank": gettext("not answered"),
            "language": gettext("Language of the page"),
        },
    }


@blueprint.get("/keeper/sealed")
def sealed() -> ResponseReturnValue:
    """Give the keeper's own locked keys and all sign-ups as they are sealed: only the keeper's browser opens them."""
    here, user = instance(), signed_in()
    own = here.keepers.of(user.name)
    owners = {key.id: key.user for key in here.keepers.all()}
    surveys = [(s, here.contacts.all(s)) for s in here.surveys.list()]
    return {
        "keys": [_key(key) for key in own],
        "keepers": [{"name": k.user, "since": day(k.made_on)} for k in here.keepers.current()],
        "surveys": [
            {"slug": s.slug, "title": survey_title(s), "sign_ups": [_sign_up(one, own, owners) for one in found]}
            for s, found in surveys
            if found
        ],
    }


def _key(key: KeeperKey) -> dict[str, object]:
    return {
        "id": key.id.hex(),
        "public": base64.b64encode(key.public).decode(),
        "locks": json.loads(key.locks),
        "current": key.current,
    }


def _sign_up(one: SignUp, own: tuple[KeeperKey, ...], owners: dict[bytes, str]) -> dict[str, object]:
    """Return the seals that are this keeper's, and to whom it is sealed at all."""
    mine = {key.id.hex(): base64.b64encode(one.seals[key.id]).decode() for key in own if key.id in one.seals}
    return {"number": one.number, "seals": mine, "readers": sorted({owners[k] for k in one.seals if k in owners})}


@blueprint.post("/keeper/key")
def make() -> ResponseReturnValue:
    """Keep a key that the keeper's browser has made and locked.

    The account's password is asked for: whoever comes by a browser that is signed in shall not get what is signed up
    from then on.
    """
    user = signed_in().name

    def change() -> None:
        instance().accounts.sign_in(user, request.form.get("password", ""))
        instance().keepers.make(user, _bytes("public"), request.form.get("locks", ""))

    return _do(change)


@blueprint.post("/keeper/locks")
def lock_anew() -> ResponseReturnValue:
    """Keep new locks of one of the keeper's own keys: there is a new passphrase."""
    user = signed_in().name
    return _do(lambda: instance().keepers.lock_anew(user, _hex("key"), request.form.get("locks", "")))


@blueprint.post("/keeper/delete")
def delete() -> ResponseReturnValue:
    """Delete sign-ups for good, for all keepers. What is gone already is gone."""
    survey: Survey = survey_or_404(request.form.get("survey", ""))
    numbers = _hex("numbers")
    each = [numbers[at : at + SUBMISSION_ID_BYTES] for at in range(0, len(numbers), SUBMISSION_ID_BYTES)]
    return _do(lambda: instance().contacts.delete(survey, each))


def _do(change: Callable[[], object]) -> ResponseReturnValue:
    """Do something and answer in JSON, faults in words."""
    try:
        change()
    except DatasetError as error:
        current_app.logger.warning("%s: %s", error.code, error.message)
        return {"done": False, "told": " ".join(told(error))}, 400
    return {"done": True, "told": ""}


def _bytes(name: str) -> bytes:
    try:
        return base64.b64decode(request.form.get(name, ""), validate=True)
    except (binascii.Error, ValueError):
        return b""


def _hex(name: str) -> bytes:
    try:
        return bytes.fromhex(request.form.get(name, ""))
    except ValueError:
        return b""
