"""Values for a survey's texts: one for all languages or one for each, and those that no survey opens without."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest
from dataset_helpers import an_instance
from web_helpers import make_app

from forms.compose import compose
from forms.drawing import Words
from webapp.dataset.errors import DatasetError
from webapp.dataset.instance import Instance
from webapp.dataset.parameters import in_language, missing, refuse_unknown
from webapp.dataset.surveys import Settings, SurveyState, instrument_of
from webapp.wording import spoken_date, text_parameters

BARE = """
id = "bar"
languages = ["sv", "sv-x-lattlast", "en"]
title = { sv = "{question}", en = "{question}" }
intro = { sv = "Vi undrar.", en = "We wonder." }
thanks = { sv = "Tack.", en = "Thanks." }
[parameters]
question = true
[[section]]
id = "del"
title = { sv = "Frågan", en = "The question" }
[[section.question]]
id = "ord"
kind = "text"
sensitive = true
text = { sv = "Vad vill du säga?", en = "What do you want to say?" }
"""

QUESTIONS = {"question.sv": "Hur mår du?", "question.en": "How are you?"}
SAFETY = {"contact": "Kim, 000-00 00 00", "support": "Jourlinjen, 000-00 00 01"}


@pytest.fixture
def instance(tmp_path: Path) -> Iterator[Instance]:
    with an_instance(tmp_path / "i") as opened:
        yield opened


def test_a_language_takes_its_own_value_then_what_it_falls_back_on_then_the_plain_one() -> None:
    values = {"a": "1", "a.sv": "2", "a.sv-x-lattlast": "3", "b": "4", "b.en": " ", "c.en": "5"}
    assert in_language(values, "sv-x-lattlast") == {"a": "3", "b": "4"}
    assert in_language(values, "sv") == {"a": "2", "b": "4"}
    assert in_language(values, "en-GB") == {"a": "1", "b": "4", "c": "5"}
    assert in_language({"a.sv": "2"}, "sv-x-lattlast") == {"a": "2"}


def test_what_lacks_a_value_is_told_by_language() -> None:
    bare = instrument_of(BARE, "bar.toml")
    assert missing(bare, {}, demo=False) == ("question", "contact", "support")
    assert missing(bare, {"question.sv": "Hur?", **SAFETY}, demo=False) == ("question.en",)
    assert missing(bare, {"question": "Hur?"}, demo=True) == ()
    assert missing(bare, {"question": "Hur?", "contact": " ", "support": "x"}, demo=False) == ("contact",)


@pytest.mark.parametrize("name", ["questoin", "question.fi", "question.", "deadline.en", "freeze_on", ".sv", "x.y.z"])
def test_a_value_that_no_text_would_show_is_refused(name: str) -> None:
    bare = instrument_of(BARE, "bar.toml")
    refuse_unknown(bare, {"question.sv": "Hur?", "contact.en": "Kim", "deadline": "2027-06-15"})
    with pytest.raises(DatasetError) as error:
        refuse_unknown(bare, {name: "x"})
    assert error.value.code == "unknown-parameter"
    assert name in error.value.message
    assert "KEY.LANG" in error.value.remedy


def test_no_real_survey_opens_without_contact_and_support_even_if_no_text_uses_them(instance: Instance) -> None:
    instance.surveys.create("bar", BARE, "bar.toml", parameters=QUESTIONS)
    with pytest.raises(DatasetError) as error:
        instance.surveys.open("bar")
    assert "contact, support" in error.value.message
    instance.surveys.set_parameters("bar", QUESTIONS | SAFETY, Settings())
    assert instance.surveys.open("bar").state is SurveyState.OPEN
    instance.surveys.create("demo", BARE, "bar.toml", parameters=QUESTIONS, demo=True)
    assert instance.surveys.open("demo").state is SurveyState.OPEN


def test_each_language_shows_its_own_value_and_the_standard_words_of_support(instance: Instance) -> None:
    instance.surveys.create("bar", BARE, "bar.toml", parameters=QUESTIONS | SAFETY)
    survey = instance.surveys.open("bar")
    client = make_app(instance).test_client()
    said = {
        "sv": ("Hur mår du?", "Väcker frågorna något svårt?"),
        "sv-x-lattlast": ("Hur mår du?", "Blev det jobbigt? Ta en paus."),
        "en": ("How are you?", "Do the questions stir up something hard?"),
    }
    for tag, (question, stop) in said.items():
        page = client.get("/s/bar", query_string={"lang": tag}).text
        assert f"<h1>{question}</h1>" in page
        assert page.index(stop) < page.index('id="q-ord"') < page.rindex(stop)
        thanks = client.get("/s/bar/thanks", query_string={"lang": tag}).text
        assert stop in thanks
        sheet = compose(survey.instrument, text_parameters(survey, tag), tag)
        paper = " ".join(d.text for page_draws in sheet.pages for d in page_draws if isinstance(d, Words))
        for words in (question, stop, SAFETY["support"], SAFETY["contact"], "112", "1177"):
            assert words in paper, (tag, words)
        for words in SAFETY.values():  # a number breaks over no two lines
            held = words.replace("-", "-\N{WORD JOINER}").replace(
                "00 00 0", "00\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}0"
            )
            assert held in page


@pytest.mark.parametrize(
    ("tag", "said"),
    [("sv", "15 juni 2027"), ("sv-x-lattlast", "15 juni 2027"), ("en-GB", "15 June 2027"), ("rom", "2027-06-15")],
)
def test_dates_are_spelled_in_every_language_that_is_known(tag: str, said: str) -> None:
    assert spoken_date(date(2027, 6, 15), tag).replace("\N{NO-BREAK SPACE}", " ") == said
