"""Easy texts keep their lines: one sentence a line, on screen always, on paper where it costs no page."""

from __future__ import annotations

import pytest
from instrument_helpers import EASY, parameters, shipped

from forms.compose import Sheet, compose
from forms.definition import read
from forms.drawing import Words
from forms.model import Instrument
from forms.tomltable import keeps_lines, tidy
from forms.tomlwrite import write as definition_of
from webapp.looks import paragraphs

DEFINITION = '''
id = "prov"
languages = ["sv", "sv-x-lattlast"]
title = { sv = "Prov", sv-x-lattlast = "Ett prov" }
thanks = { sv = "Tack." }
[intro]
sv = """
Vi undrar hur
det går.

Det är frivilligt.
"""
sv-x-lattlast = """
Vi frågar dig.
Du   väljer själv.

Har du frågor? Ring oss.
"""
[[section]]
id = "del"
title = { sv = "Frågan" }
[[section.question]]
id = "ord"
kind = "text"
text = { sv = "Vad vill du säga?" }
hint = { sv = "Kort.", sv-x-lattlast = """Kort.
Eller långt.""" }
'''


def instrument(definition: str = DEFINITION) -> Instrument:
    made, faults = read(definition, "prov.toml")
    assert made is not None, faults
    return made


def lines(sheet: Sheet) -> list[str]:
    return [d.text for draws in sheet.pages for d in draws if isinstance(d, Words)]


@pytest.mark.parametrize(
    ("tag", "keeps"),
    [
        ("sv-x-lattlast", True),
        ("en-x-easy", True),
        ("fi-FI-x-Lattlast", True),
        ("sv", False),
        ("en-x-short", False),
        ("easy", False),
    ],
)
def test_which_languages_keep_their_lines(tag: str, keeps: bool) -> None:
    assert keeps_lines(tag) is keeps


def test_lines_of_easy_texts_stay_and_all_others_are_joined() -> None:
    made = instrument()
    assert made.intro.to("sv") == "Vi undrar hur det går.\n\nDet är frivilligt."
    assert made.intro.to(EASY) == "Vi frågar dig.\nDu väljer själv.\n\nHar du frågor? Ring oss."
    assert made.questions[0].hint.to(EASY) == "Kort. Eller långt."
    assert tidy(" a \t b \n c \n \n d ", lines=True) == "a b\nc\n\nd"


def test_they_come_back_from_a_definition_that_the_program_wrote() -> None:
    long = instrument(DEFINITION.replace("Vi frågar dig.", f"Vi frågar {'dig och andra ' * 12}."))
    for made in (instrument(), long):
        assert instrument(definition_of(made)) == made


def test_a_line_is_a_line_on_screen() -> None:
    made = instrument()
    assert paragraphs(made.intro.to(EASY)) == ["Vi frågar dig.<br>Du väljer själv.", "Har du frågor? Ring oss."]
    assert paragraphs("<b> &\n{a}") == ["&lt;b&gt; &amp;<br>{a}"]
    assert paragraphs("den 3\N{NO-BREAK SPACE}maj \t nu") == ["den 3\N{NO-BREAK SPACE}maj nu"]


def test_a_line_is_a_line_on_paper() -> None:
    said = lines(compose(instrument(), {}, EASY))
    assert said.index("Du väljer själv.") == said.index("Vi frågar dig.") + 1


def test_lines_on_paper_are_joined_where_they_would_cost_a_page() -> None:
    many = instrument(DEFINITION.replace("Vi frågar dig.", "\n".join(["Ja."] * 40)))
    sheet = compose(many, {}, EASY)
    assert sheet.layout.pages == 1
    assert "Ja." not in lines(sheet)
    assert any(line.startswith("Ja. Ja. Ja.") for line in lines(sheet))


@pytest.mark.parametrize("name", ["sip-erfarenhet", "sip-utebliven", "sip-personal", "efter-motet", "en-fraga"])
def test_what_ships_is_written_a_sentence_a_line_and_easy_paper_is_no_thicker(name: str) -> None:
    form = shipped(name)
    assert [line for line in dict(form.intro.translations)[EASY].split("\n") if ". " in line] == []
    values = parameters(form)
    assert compose(form, values, EASY).layout.pages <= compose(form, values, "sv").layout.pages
