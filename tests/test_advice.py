"""What the check advises on wording, and the README's page on writing questions that says so."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from forms import advice, definition
from forms.check import check, check_text
from forms.errors import Severity

README = (Path(__file__).parent.parent / "README.md").read_text(encoding="utf-8")
PAGE = README[README.index("### Writing questions") : README.index("### Languages")]

HEAD = """
id = "prov"
languages = ["{tag}"]
title.{tag} = "Prov"
intro.{tag} = "Vi undrar."
thanks.{tag} = "Tack."
[[section]]
id = "del"
title.{tag} = "Del"
"""
OPTIONS = 'options = [{{ id = "ja", label.{tag} = "Ja" }}, {{ id = "v", label.{tag} = "Vet inte", way_out = true }}]'


def asking(words: str, *, tag: str = "sv", kind: str = "single", rest: str = "", number: int = 1) -> str:
    """Write one question."""
    options = OPTIONS.format(tag=tag) if kind in ("single", "multiple") else ""
    question = f'[[section.question]]\nid = "a{number}"\nkind = "{kind}"\n{options}\ntext.{tag} = "{words}"\n{rest}\n'
    return question if number > 1 else HEAD.format(tag=tag) + question


def codes(text: str) -> list[str]:
    faults = check_text(text, "prov.toml")
    assert all(f.severity is Severity.WARNING for f in faults), [str(f) for f in faults]
    return [f.code for f in faults]


@pytest.mark.parametrize(
    "words",
    [
        "Fick du inte information?",
        "Hur ofta fick du inte hjälp?",
        "Jag blev aldrig lyssnad på",
        "Fick du ingen hjälp?",
        "Om du inte fick hjälp, ringde du?",
    ],
)
def test_a_closed_question_with_a_negation(words: str) -> None:
    assert codes(asking(words)) == ["negation"]


@pytest.mark.parametrize("words", ["Didn't you get a plan?", "Were you not told?", "Was there nobody to ask?"])
def test_a_closed_question_with_a_negation_in_english(words: str) -> None:
    assert codes(asking(words, tag="en")) == ["negation"]


@pytest.mark.parametrize(
    "words",
    [
        "Fick du veta varför det inte blev någon SIP?",
        "Kunde du säga emot när det inte blev någon SIP?",
        "Varför fick du ingen SIP?",
        "Vad fungerade inte?",
        "Var mötet intetsägande?",
        "Fick du din ejektor?",
    ],
)
def test_what_is_not_turned_round_is_left_alone(words: str) -> None:
    assert codes(asking(words)) == []


def test_an_open_question_may_hold_a_negation_and_so_may_a_hint() -> None:
    assert codes(asking("Berätta om du inte fick hjälp.", kind="text")) == []
    assert codes(asking("Fick du hjälp?", rest='hint.sv = "Tänk inte för länge."')) == []


@pytest.mark.parametrize(
    ("words", "tag", "code"),
    [
        ("Visst var mötet bra?", "sv", "leading"),
        ("Tycker du inte att mötet var bra?", "sv", "leading"),
        ("Håller du med om att mötet var bra?", "sv", "leading"),
        ("Surely you got a plan?", "en", "leading"),
        ("Do you agree that it was good?", "en", "leading"),
        ("Fick du en plan och var den bra?", "sv", "double-question"),
        ("Did you get a plan and was it good?", "en", "double-question"),
        ("Fick du hjälp? Av vem?", "sv", "double-question"),
        ("Fungerar din/hennes plan?", "sv", "slash"),
    ],
)
def test_other_signs_of_a_hard_question(words: str, tag: str, code: str) -> None:
    assert codes(asking(words, tag=tag)) == [code]


@pytest.mark.parametrize(
    "words",
    ["Visste du vem som var med?", "Var det klart vem som skulle göra vad och när?", "Vem var med och hjälpte?"],
)
def test_ordinary_questions_are_left_alone(words: str) -> None:
    assert codes(asking(words)) == []


def test_what_is_sensitive_needs_words_of_support() -> None:
    text = asking("Hur mår du?", kind="text", rest="sensitive = true")
    faults = check_text(text, "prov.toml")
    assert [f.code for f in faults] == ["no-support"]
    assert faults[0].line == text[: text.index("sensitive")].count("\n") + 1
    assert codes(text.replace("[[section]]", 'support.sv = "Ring 1177."\n[[section]]', 1)) == []


def test_only_what_everybody_is_asked_counts_as_many() -> None:
    asked = [asking(f"Vad hände då {n}?", kind="text", number=n) for n in range(2, advice.MOST_QUESTIONS + 1)]
    first = asking("Hände något?")
    assert codes(first + "".join(asked)) == []
    one_more = asking("Vad mer?", kind="text", number=99)
    assert codes(first + "".join(asked) + one_more) == ["many-questions"]
    sometimes = asking("Vad mer?", kind="text", number=99, rest='asked_if = { question = "a1", is = "ja" }')
    assert codes(first + "".join(asked) + sometimes) == []


def test_a_language_that_the_words_around_are_not_written_in() -> None:
    faults = check_text(asking("Ile spotkań?", tag="pl"), "prov.toml")
    assert [f.code for f in faults] == ["words-around"]
    assert faults[0].line == 3


@pytest.mark.parametrize("name", definition.shipped())
def test_nothing_to_say_about_what_ships(name: str) -> None:
    assert check(definition.shipped()[name]) == ()


def test_the_readme_s_example_has_nothing_to_mend() -> None:
    examples = re.findall(r"```toml\n(.+?)```", PAGE, re.DOTALL)
    assert len(examples) == 1
    assert check_text(examples[0], "README.md") == ()
    assert definition.read(examples[0], "README.md")[0] is not None


def test_the_readme_names_the_advice_that_there_is() -> None:
    told = set(re.findall(r"`([a-z]+(?:-[a-z]+)+)`", "\n".join(r for r in PAGE.splitlines() if r.startswith("| "))))
    source = Path(advice.__file__).read_text(encoding="utf-8")
    given = set(re.findall(r'(?:yield |, )"([a-z]+(?:-[a-z]+)*)", (?:f?"|what)', source)) - {"words-around"}
    assert told == {c for c in given if "-" in c}
    assert {"leading", "negation"} <= given
