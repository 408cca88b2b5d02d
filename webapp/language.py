"""Which language a page is shown in."""

from __future__ import annotations

import flask_babel
from flask import g, request, session

from forms.model import fallbacks

INTERFACE_LANGUAGES = ("sv", "en")
"""Languages that the interface is complete in; the first is the one it starts with."""

NAMES = {"sv": "Svenska", "en": "English"}
"""Names of languages in themselves."""

SESSION_KEY = "lang"


def interface_language(tag: str) -> str:
    """Return the interface's language for a wanted one: itself, what it falls back on, or Swedish."""
    return next((t for t in fallbacks(tag) if t in INTERFACE_LANGUAGES), INTERFACE_LANGUAGES[0]) if tag else "sv"


_VARIANT_NAMES = {"sv-x-lattlast": "Lätt svenska", "en-x-easy": "Easy English"}
"""Names of variants that a survey may be offered in but the interface is not."""


def language_name(tag: str) -> str:
    """Return a language's name in itself; the tag where we know none."""
    return _VARIANT_NAMES.get(tag) or NAMES.get(tag, next((NAMES[t] for t in fallbacks(tag) if t in NAMES), tag))


def use_language(tag: str) -> None:
    """Show the page of this request in a language. Call it before anything is translated."""
    g.language = interface_language(tag)


def current_language() -> str:
    """Return the language of this request.

    The session is looked at only on pages that have one, so that public pages stay without a cookie.
    """
    chosen = g.get("language")
    if chosen is None:
        public = request.blueprint in (None, "respond")
        wanted = request.args.get("lang", "") if public else session.get(SESSION_KEY, "")
        chosen = g.language = interface_language(str(wanted)[:35])
    return str(chosen)


def gettext(text: str, **values: object) -> str:
    """Return an interface text in the language of this request, with its named values put in."""
    return str(flask_babel.gettext(text, **values))


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return the form of an interface text that fits a number."""
    return str(flask_babel.ngettext(one, many, num, **values))
