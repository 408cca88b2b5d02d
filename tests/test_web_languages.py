"""The interface's texts: Swedish and English complete, compiled catalogues up to date.

After changing a text:

    pybabel extract -F babel.cfg -k gettext -k ngettext:1,2 --no-location --omit-header --sort-output -o messages.pot .
    pybabel update -i messages.pot -d webapp/translations --no-fuzzy-matching --no-wrap --ignore-obsolete \
        --ignore-pot-creation-date
    (fill in what is new in webapp/translations/*/LC_MESSAGES/messages.po)
    pybabel compile -d webapp/translations

Easy-to-read Swedish is webapp/translations/sv/LC_MESSAGES/lattlast.po, written by hand: whatever a respondent meets in
a sentence that is long or hard. What it lacks is said in Swedish. After changing it:

    pybabel compile -d webapp/translations -D lattlast
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

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.instance import init

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


EASY = "lattlast"
LONGEST_EASY = 12
"""Words of the longest sentence that easy Swedish may hold."""


def easy() -> Catalog:
    with (FOLDER / "sv" / "LC_MESSAGES" / f"{EASY}.po").open("rb") as file:
        return read_po(file, locale="sv")


def met_by_respondents() -> set[Id]:
    """Return the texts around the questions on a respondent's page."""
    methods = [("templates/respond/**.html", "jinja2"), ("templates/base.html", "jinja2")]
    methods += [(f"views/{name}.py", "python") for name in ("phonewords", "formview", "respond", "signup")]
    options = {method: {"trim_blocks": "true", "lstrip_blocks": "true"} for method, _ in methods[:2]}
    found = extract_from_dir(ROOT / "webapp", methods, options, KEYWORDS)
    return {message if isinstance(message, str) else tuple(message) for _, _, message, _, _ in found}


def test_easy_swedish_says_only_what_is_used_and_all_of_it_otherwise() -> None:
    ordinary = {key(m): forms(m) for m in messages("sv")}
    asked_for = used()
    for message in (m for m in easy() if m.id):
        assert key(message) in asked_for, message.id
        assert all(forms(message)), message.id
        assert not message.fuzzy, message.id
        ids = [message.id] if isinstance(message.id, str) else list(message.id)
        wanted = set(re.findall(r"%\(\w+\)[sd]", ids[-1]))
        assert set(re.findall(r"%\(\w+\)[sd]", forms(message)[-1])) == wanted, message.id
        assert forms(message) != ordinary[key(message)], message.id
    with (FOLDER / "sv" / "LC_MESSAGES" / f"{EASY}.mo").open("rb") as file:
        assert {key(m): forms(m) for m in read_mo(file) if m.id} == {key(m): forms(m) for m in easy() if m.id}


def test_easy_swedish_keeps_its_sentences_short() -> None:
    said = {key(m): forms(m) for m in messages("sv")} | {key(m): forms(m) for m in easy() if m.id}
    long = [
        sentence
        for text in met_by_respondents()
        for form in said[text]
        for sentence in re.split(r"(?<=[.?:…])\s", form)
        if len(sentence.split()) > LONGEST_EASY
    ]
    assert long == []


def test_a_page_in_easy_swedish_is_easy_around_the_questions_too(tmp_path: Path) -> None:
    with init(tmp_path / "instance").instance as instance:
        client = create_app(Config(instance.path), instance).test_client()
        pages = {tag: client.get(f"/s/sip?lang={tag}").get_data(as_text=True) for tag in ("sv-x-lattlast", "sv", "en")}
        kept = client.get("/s/sip/page?lang=sv-x-lattlast").get_data(as_text=True)
        lock = client.get("/s/sip/more/lock?lang=sv-x-lattlast").get_data(as_text=True)
    assert "Vi blandar alla svar." in pages["sv-x-lattlast"]
    assert "Vi blandar alla svar." in kept
    assert "Tappar du bort dem får du börja om." in lock
    # What easy Swedish has no words of its own for is said in Swedish.
    assert "Tack. Dina svar har kommit fram." in pages["sv-x-lattlast"]
    assert "Svaren blandas innan de räknas" in pages["sv"]
    assert "Answers are shuffled" in pages["en"]
