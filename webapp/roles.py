"""Who may open which page: the one table of roles. What is not in it is closed."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum

from webapp.dataset.accounts import Role

Roles = frozenset[Role]


class Open(StrEnum):
    """Routes that ask for no particular role."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


_COORDINATOR: Roles = frozenset({Role.COORDINATOR})
_AUDITOR: Roles = frozenset({Role.AUDITOR})
_KEEPER: Roles = frozenset({Role.CONTACT_KEEPER})
_INSIDE: Roles = frozenset({Role.COORDINATOR, Role.AUDITOR})

ROUTES: Mapping[str, Open | Roles] = {
    "static": Open.PUBLIC,
    "respond.start": Open.PUBLIC,
    "respond.away": Open.PUBLIC,
    "respond.form": Open.PUBLIC,
    "respond.thanks": Open.PUBLIC,
    "respond.tablet": Open.PUBLIC,
    "phone.sealed": Open.PUBLIC,
    "phone.offline": Open.PUBLIC,
    "phone.page": Open.PUBLIC,
    "phone.part": Open.PUBLIC,
    "phone.offline_part": Open.PUBLIC,
    "phone.manifest": Open.PUBLIC,
    "phone.worker": Open.PUBLIC,
    "phone.script": Open.PUBLIC,
    "signup.page": Open.PUBLIC,
    "signup.sealed": Open.PUBLIC,
    "signup.sent": Open.PUBLIC,
    "signup.script": Open.PUBLIC,
    "account.sign_in": Open.PUBLIC,
    "account.language": Open.PUBLIC,
    "account.sign_out": Open.SIGNED_IN,
    "account.password": Open.SIGNED_IN,
    "keeper.contacts": _KEEPER,
    "keeper.sealed": _KEEPER,
    "keeper.make": _KEEPER,
    "keeper.lock_anew": _KEEPER,
    "keeper.delete": _KEEPER,
    "desk.surveys": Open.SIGNED_IN,
    "desk.survey": _INSIDE,
    "desk.open_survey": _COORDINATOR,
    "desk.close_survey": _COORDINATOR,
    "quarantine.waiting": _COORDINATOR,
    "paper.prints": _COORDINATOR,
    "paper.print_again": _COORDINATOR,
    "paper.sign_ups": _COORDINATOR,
    "paper.information": _COORDINATOR,
    "paper.test_page": _COORDINATOR,
    "upload.upload": _COORDINATOR,
    "upload.job": _COORDINATOR,
    "upload.progress": _COORDINATOR,
    "upload.refused": _INSIDE,
    "upload.refused_picture": _INSIDE,
    "upload.settle": _INSIDE,
    "review.queue": _AUDITOR,
    "review.case": _AUDITOR,
    "review.decide": _AUDITOR,
    "review.undo": _AUDITOR,
    "review.picture": _AUDITOR,
    "notes.notes": _AUDITOR,
    "results.results": _INSIDE,
    "results.texts": _INSIDE,
    "results.download": _COORDINATOR,
}
"""Endpoint to who may open it. A test compares it with the app's URL map."""

WHILE_ONE_TIME = frozenset({"static", "account.password", "account.sign_out", "account.language"})
"""What somebody who still has a one-time password may open, beside public pages."""


def may(endpoint: str | None, roles: Iterable[Role] | None) -> bool:
    """Tell whether somebody may open a route.

    Args:
        endpoint: The route's name; None where no route matched.
        roles: The roles of whoever is signed in; None if nobody is.

    Returns:
        True for public routes, for signed-in routes with any account, and where a role fits. False for what is not in
        the table.
    """
    needed = ROUTES.get(endpoint or "")
    if needed is None:
        return False
    if needed is Open.PUBLIC:
        return True
    if roles is None:
        return False
    return needed is Open.SIGNED_IN or bool(frozenset(roles) & frozenset(needed))
