"""Which language a page is shown in, what languages call themselves, and which way they are read."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path

import flask_babel
from babel import Locale, UnknownLocaleError
from babel.support import NullTranslations, Translations
from flask import g, request, session

from forms.model import fallbacks
from forms.unbroken import TO_CALL

INTERFACE_LANGUAGES = ("sv", "en")
"""Languages that the interface is complete in; the first is the one it starts with."""

NAMES = {"sv": "Svenska", "en": "English"}
"""Names of languages in themselves."""

VARIANTS = {"sv-x-lattlast": "lattlast"}
"""Variants that the interface says some things otherwise in, with the name of their catalogue; the rest is said as in
the language that they belong to."""

TRANSLATIONS = Path(__file__).parent / "translations"
"""Where the catalogues lie."""

SESSION_KEY = "lang"


def interface_language(tag: str) -> str:
    """Return the interface's language for a wanted one: itself, what it falls back on, or Swedish."""
    return next((t for t in fallbacks(tag) if t in INTERFACE_LANGUAGES), INTERFACE_LANGUAGES[0]) if tag else "sv"


def interface_variant(tag: str) -> str:
    """Return the variant that the interface speaks for a wanted language; empty where it speaks none of its own."""
    return next((t for t in fallbacks(tag) if t in VARIANTS), "") if tag else ""


_VARIANT_NAMES = {"sv-x-lattlast": "Lätt svenska", "en-x-easy": "Easy English"}
"""Names of variants that a survey may be offered in but the interface is not."""


_OWN_NAMES = {"prs": "دری", "rom": "Romani", "ckb": "کوردی (سۆرانی)", "kmr": "Kurdî (kurmancî)"}
"""Names of languages that are spoken here but that Unicode's locale data lacks or makes long."""

_RIGHT_TO_LEFT_LANGUAGES = frozenset({"prs", "aii", "arc", "arz", "acm", "apc", "ary", "bal", "sdh", "lrc"})
_RIGHT_TO_LEFT_SCRIPTS = frozenset({"arab", "hebr", "syrc", "thaa", "nkoo", "adlm", "rohg"})


@lru_cache(maxsize=64)
def locale_of(tag: str) -> Locale | None:
    """Return what is known of a language tag, a script or a region in it included; None where nothing is."""
    for shorter in fallbacks(tag.split("-x-", maxsplit=1)[0]):
        try:
            return Locale.parse(shorter, sep="-")
        except (UnknownLocaleError, ValueError):
            continue
    return None


def language_name(tag: str) -> str:
    """Return a language's name in itself; the tag where we know none."""
    known = _VARIANT_NAMES.get(tag) or next((NAMES[t] for t in fallbacks(tag) if t in NAMES), None)
    known = known or next((_OWN_NAMES[t] for t in fallbacks(tag) if t in _OWN_NAMES), None)
    locale = locale_of(tag)
    name = known or (locale.get_language_name() if locale is not None else None) or tag
    return name[0].upper() + name[1:] if name != tag else tag


@lru_cache(maxsize=64)
def direction(tag: str) -> str:
    """Return which way a language is read: `ltr` or `rtl`. A script in the tag decides before the language."""
    parts = tag.lower().split("-x-")[0].split("-")
    scripts = [p for p in parts[1:] if len(p) == 4 and p.isalpha()]
    if scripts:
        return "rtl" if scripts[0] in _RIGHT_TO_LEFT_SCRIPTS else "ltr"
    if parts[0] in _RIGHT_TO_LEFT_LANGUAGES:
        return "rtl"
    locale = locale_of(tag)
    return str(locale.text_direction) if locale is not None else "ltr"


_LEFT_TO_RIGHT, _FIRST_STRONG, _END = "\u2066", "\u2068", "\u2069"
_NO_BREAK = "\N{NO-BREAK SPACE}"
_JOINED = "-\N{WORD JOINER}"
_NUMBER = re.compile(r"\+?\d(?:[ \u00a0/()-]{0,2}\d){4,}")


def isolated(parameters: Mapping[str, str], tag: str) -> dict[str, str]:
    """Return parameters as texts in a language take them in on screen.

    In texts that are read from the right each value is shut off, so that a Swedish name or an address and the words
    around it don't turn each other round (UAX 9).
    """
    if direction(tag) == "ltr":
        return dict(parameters)
    return {name: f"{_FIRST_STRONG}{value}{_END}" for name, value in parameters.items()}


def readable(text: str, tag: str) -> str:
    """Return a text as it may stand on screen in its language.

    A number of five digits or more, such as a phone number, does not break over two lines, nor is one parted from the
    word that says to call it: “ring 112”. In a text that is read
    from the right its groups would change places too (UAX 9): there it is held together.
    """
    before, after = ("", "") if direction(tag) == "ltr" else (_LEFT_TO_RIGHT, _END)
    called = TO_CALL.sub(_NO_BREAK, text)
    return _NUMBER.sub(lambda m: f"{before}{m[0].replace(' ', _NO_BREAK).replace('-', _JOINED)}{after}", called)


def use_language(tag: str) -> None:
    """Show the page of this request in a language, from here on: one request may render several languages."""
    g.language = interface_language(tag)
    g.variant = interface_variant(tag)
    # The translations remember the language that they were first asked for.
    flask_babel.refresh()


def current_language() -> str:
    """Return the language of this request.

    The session is looked at only on pages that have one, so that public pages stay without a cookie.
    """
    chosen = g.get("language")
    if chosen is None:
        public = request.blueprint in (None, "respond", "phone", "signup")
        wanted = request.args.get("lang", "") if public else session.get(SESSION_KEY, "")
        tag = str(wanted)[:35]
        chosen = g.language = interface_language(tag)
        g.variant = interface_variant(tag)
    return str(chosen)


@lru_cache(maxsize=8)
def _catalogue(variant: str) -> NullTranslations:
    """Return what is said otherwise in a variant, with its language's own words behind it."""
    language = interface_language(variant)
    found = Translations.load(TRANSLATIONS, [language], VARIANTS[variant])
    found.add_fallback(Translations.load(TRANSLATIONS, [language]))
    return found


def translations() -> NullTranslations:
    """Return the catalogue of this request."""
    current_language()
    variant = g.get("variant", "")
    return _catalogue(variant) if variant else flask_babel.get_translations()


def gettext(text: str, **values: object) -> str:
    """Return an interface text in the language of this request, with its named values put in."""
    said = str(translations().gettext(text))
    return said % values if values else said


def ngettext(one: str, many: str, num: int, **values: object) -> str:
    """Return the form of an interface text that fits a number, which stands in it as `num`."""
    return str(translations().ngettext(one, many, num)) % {"num": num, **values}
