"""What the desk says of errors: in its own language, whatever part of the house they come from."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest
from builders import PARAMETERS, instrument, option, question
from flask import Flask

from forms.compose import compose
from forms.errors import DefinitionError, FormsError, LayoutError
from forms.xlsform_relevant import RelevantError
from webapp import looks
from webapp.dataset.errors import DatasetError
from webapp.language import use_language
from webapp.views.told import told

FORMS = Path(__file__).parents[1] / "forms"
RAISED = {"FormsError", "LayoutError"}
OTHERS = {DefinitionError(()).code, RelevantError("").code}
"""Codes of the classes that give themselves one."""

ABOUT = ((), ("question", "fick"), ("section", "forst"), ("intro",), ("support",), ("thanks",))


def codes() -> Iterator[str]:
    """Yield the code of every error that is raised anywhere in `forms`."""
    for file in sorted(FORMS.glob("*.py")):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in RAISED:
                code = node.args[0]
                if isinstance(code, ast.Constant):
                    yield str(code.value)
                else:
                    assert ast.unparse(code) == "error.code", f"{file.name} raises an error whose code nobody can find"


@pytest.fixture(scope="module")
def app() -> Flask:
    made = Flask("webapp")
    looks.prepare(made)
    return made


def said(app: Flask, language: str, error: FormsError | DatasetError) -> tuple[str, str]:
    with app.test_request_context("/"):
        use_language(language)
        return told(error)


def test_all_errors_of_forms_are_seen() -> None:
    subclasses: set[type[FormsError]] = {FormsError, *FormsError.__subclasses__()}
    assert {c.__name__ for c in subclasses} - RAISED == {"DefinitionError", "RelevantError"}
    assert {"too-tall", "too-many-pages", "long-address", "empty-label", "bad-address", "unreadable"} <= set(codes())


@pytest.mark.parametrize("code", sorted({*codes(), *OTHERS}))
def test_every_error_of_forms_is_told_in_both_languages(app: Flask, code: str) -> None:
    for about in ABOUT:
        error = LayoutError(code, "Its own words.", "Its own remedy.", about)
        swedish, english = said(app, "sv", error), said(app, "en", error)
        assert "own" not in " ".join(swedish)
        assert "Its own" not in " ".join(english)
        assert len({*swedish, *english}) == 4
        assert all(words[0].isupper() and words.endswith((".", "/sip.")) for words in (*swedish, *english))


def test_a_question_that_finds_no_place_is_named_by_its_number(app: Flask) -> None:
    long = tuple(option(f"o{n}", "lång " * 60) for n in range(40))
    asked = instrument(question("a"), question("b", long))
    with pytest.raises(LayoutError) as error:
        compose(asked, PARAMETERS, "sv")
    with app.test_request_context("/"):
        use_language("sv")
        assert told(error.value, asked)[0] == "Fråga 2 får inte plats på en sida papper."
        assert told(error.value)[0] == "Frågan ”b” får inte plats på en sida papper."


def test_letters_that_the_font_lacks_are_named(app: Flask) -> None:
    with pytest.raises(LayoutError) as error:
        compose(instrument(question("a")), {**PARAMETERS, "return_address": "Жанна"}, "sv")
    assert "Ж" in said(app, "sv", error.value)[0]
    assert "Ж" in said(app, "en", error.value)[0]


WHILE_READING = ("intake", "pictures", "database", "store", "keys", "log", "materialise")
"""Rooms of the dataset whose errors can stop a reading job, beside those of `omr`."""


def codes_of_jobs() -> Iterator[str]:
    """Yield the code of every error that can stop a reading job."""
    house = FORMS.parent
    files = [*(house / "omr").glob("*.py"), *(house / "webapp/dataset" / f"{name}.py" for name in WHILE_READING)]
    for file in files:
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func) in {"OmrError", "DatasetError"}:
                assert isinstance(node.args[0], ast.Constant), f"{file.name} raises an error whose code nobody can find"
                yield str(node.args[0].value)


def test_all_errors_of_jobs_are_seen() -> None:
    assert {"disk", "survey-final", "key-missing", "unreadable-file", "cluster-lost"} <= set(codes_of_jobs())


@pytest.mark.parametrize("code", sorted({*codes_of_jobs(), "program-failed"}))
def test_what_stops_a_job_is_told_in_both_languages(app: Flask, code: str) -> None:
    error = DatasetError(code, "Its own words.", "Its own remedy.")
    swedish, english = said(app, "sv", error), said(app, "en", error)
    assert "Its own" not in " ".join((*swedish, *english))
    assert len({*swedish, *english}) == 4


def test_an_error_without_words_here_keeps_its_own(app: Flask) -> None:
    assert said(app, "sv", FormsError("no-such-code", "What.", "Remedy.")) == ("What.", "Remedy.")
