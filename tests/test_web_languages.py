"""The interface's texts: Swedish and English complete, compiled catalogues up to date.

After changing a text:

    pybabel extract -F babel.cfg -k gettext -k ngettext:1,2 --no-location --omit-header --sort-output -o messages.pot .
    pybabel update -i messages.pot -d webapp/translations --no-fuzzy-matching --no-wrap --ignore-obsolete \
        --ignore-pot-creation-date
    (fill in what is new in webapp/translations/*/LC_MESSAGES/messages.po)
    pybabel compile -d webapp/translations
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from babel.messages import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import read_mo
from babel.messages.pofile import read_po

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / "webapp" / "translations"
LANGUAGES = ("sv", "en")
METHODS = [("webapp/**.py", "python"), ("webapp/templates/**.html", "jinja2")]
OPTIONS = {"webapp/templates/**.html": {"trim_blocks": "true", "lstrip_blocks": "true"}}
KEYWORDS = {"gettext": None, "_": None, "ngettext": (1, 2)}

Id = str | tuple[str, ...]


def used() -> set[Id]:
    """Return every text that code and templates ask for."""
    found = extract_from_dir(
        ROOT, METHODS, OPTIONS, KEYWORDS, directory_filter=lambda d: not Path(d).name.startswith(".")
    )
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


def catalogue(language: str) -> Catalog:
    with (FOLDER / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file, locale=language)


def messages(language: str) -> Iterator[Message]:
    yield from (m for m in catalogue(language) if m.id)


def key(message: Message) -> Id:
    return message.id if isinstance(message.id, str) else tuple(message.id)


def forms(message: Message) -> tuple[str, ...]:
    """Return a message's translation, one form a number."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string)


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_stands_in_the_catalogue_and_no_other(language: str) -> None:
    assert {key(m) for m in messages(language)} == used()


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_is_untranslated_or_fuzzy(language: str) -> None:
    for message in messages(language):
        assert all(forms(message)), message.id
        assert not message.fuzzy, message.id
    assert not list(catalogue(language).obsolete)


def test_english_says_what_the_code_says() -> None:
    for message in messages("en"):
        assert message.string == message.id


def test_swedish_is_swedish() -> None:
    same = {key(m) for m in messages("sv") if m.string == m.id}
    assert same <= {"Demonstration", "demonstration", "Version: %(version)s."}


@pytest.mark.parametrize("language", LANGUAGES)
def test_blanks_to_fill_are_the_same(language: str) -> None:
    for message in messages(language):
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(re.findall(r"%\(\w+\)[sd]", ids[-1]))
        for form in forms(message):
            assert set(re.findall(r"%\(\w+\)[sd]", form)) <= wanted, message.id
        assert set(re.findall(r"%\(\w+\)[sd]", forms(message)[-1])) == wanted, message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_up_to_date(language: str) -> None:
    with (FOLDER / language / "LC_MESSAGES" / "messages.mo").open("rb") as file:
        compiled = {key(m): forms(m) for m in read_mo(file) if m.id}
    assert compiled == {key(m): forms(m) for m in messages(language)}


def test_the_words_of_the_house_are_used() -> None:
    swedish = " ".join(str(m.string) for m in messages("sv")).lower()
    for never in ("enkät", "formuläret du", "e-post", "!"):
        assert never not in swedish
