"""The instrument for those who got no SIP mends what was wrong with the form of 2018.

Defect numbers are those of the analysis of the 2018 form.
"""

import re

import pytest
from instrument_helpers import EASY, parameters, shipped, worded

from forms.answers import Given, Mark, Status, route
from forms.compose import compose
from forms.drawing import Words
from forms.layout import FieldKind
from forms.model import Comparison, Kind, texts_of
from forms.phrases import phrases
from forms.routing import routing

FORM = shipped("sip-utebliven")
ITEMS_2018 = ["kommun", "behov", "vart", "varfor", "ifragasatta", "konsekvenser", "ovrigt"]
ASKED = {"vart", "forklaring", "varfor", "ifragasatta"}
"""Questions to those on whose behalf somebody asked for a SIP."""

WHERE_2018 = {"socialtjansten", "vardcentralen", "psykiatrin", "boende"}
EXPLANATIONS_2018 = {
    "no time, too much to do": "tid",
    "staff changed": "personal",
    "another part is responsible": "annan_ansvarar",
    "nobody took it on": "ingen_ansvarade",
    "not needed": "behovs_inte",
    "not possible there": "gor_inte",
    "one has to ask for it": "be_sjalv",
    "the child is too young": "for_litet",
}
"""What the report told of, and the option that counts it now."""

everywhere = pytest.mark.parametrize("language", FORM.languages)


def ids(question: str) -> list[str]:
    return [o.id for o in FORM.by_id[question].options]


def answers(**chosen: str) -> dict[str, Status]:
    given = {question: Given({option: Mark.CROSSED}) for question, option in chosen.items()}
    return {a.question: a.status for a in route(FORM, given) if a.asked}


def test_the_open_items_of_2018_keep_their_ids() -> None:
    compared = {q.id: q.source for q in FORM.questions if q.source and q.source.compares_with}
    assert list(compared) == ITEMS_2018
    for item, source in compared.items():
        assert source is not None
        assert (source.compares_with, source.comparison) == (f"vg2018-utebliven/{item}", Comparison.REWORDED)


def test_1_first_of_all_the_role() -> None:
    assert FORM.questions[0].id == "roll"
    assert ids("roll") == ["sjalv", "narstaende", "god_man", "annan", "vill_inte_svara"]


def test_2_all_but_three_questions_can_be_counted() -> None:
    assert [q.id for q in FORM.questions if q.kind is Kind.TEXT] == ["behov", "konsekvenser", "ovrigt"]
    assert (FORM.by_id["kommun"].kind, FORM.by_id["kommun"].places) == (Kind.PLACE, "kommuner")


@everywhere
def test_3_what_was_asked_together_is_parted(language: str) -> None:
    assert {"forklaring", "varfor", "ifragasatta", "vanda_sig"} <= set(FORM.by_id)
    for question in FORM.questions:
        for words in worded(question, language):
            assert words.count("?") == 1
            assert not re.search(r"\boch\b|\beller\b|\band\b|\bor\b", words), words


def test_4_who_did_not_ask_or_did_not_know_has_a_place_and_a_way_on() -> None:
    assert {"nej_kande_inte_till", "nej_visste_inte_var", "nej_annat_skal"} <= set(ids("fragat"))
    jumps = routing(FORM).jumps_from("fragat")
    assert set(jumps.values()) == {"vanda_sig"}
    assert set(jumps) == {"nej_kande_inte_till", "nej_visste_inte_var", "nej_annat_skal", "vet_inte"}
    assert routing(FORM).reminders == {}
    for option in jumps:
        assert ASKED.isdisjoint(answers(fragat=option))
        assert {"vanda_sig", "konsekvenser", "foljder", "ovrigt"} <= set(answers(fragat=option))
    for option in ("ja_jag", "ja_annan"):
        assert set(answers(fragat=option, forklaring="ja")) == set(FORM.by_id)
        assert "varfor" not in answers(fragat=option, forklaring="nej")


@pytest.mark.parametrize(
    ("language", "not_asked", "not_known"),
    [
        ("sv", "Du behöver inte ha frågat", "Du behöver inte veta"),
        ("en", "You need not have asked", "You need not know"),
        (EASY, "Har du inte frågat efter SIP? Svara ändå", "Är SIP nytt för dig? Svara ändå"),
    ],
)
def test_4_and_5_the_intro_turns_nobody_away(language: str, not_asked: str, not_known: str) -> None:
    intro = FORM.intro.to(language)
    assert not_asked in intro
    assert not_known in intro


@everywhere
def test_5_nobody_is_asked_to_know_the_law(language: str) -> None:
    for text in texts_of(FORM):
        assert not re.search("berättig|entitle|lagstad|statut", text.to(language), re.IGNORECASE)


def test_6_the_reader_is_always_you() -> None:
    for text in texts_of(FORM):
        for language in ("sv", EASY):
            words = text.to(language)
            assert not re.search(r"\b(ni|er|era|ert)\b", words), words
            assert "/" not in words


@everywhere
def test_7_sip_is_explained_in_common_words(language: str) -> None:
    intro = FORM.intro.to(language)
    assert {"en": "coordinated individual plan"}.get(language, "samordnad individuell plan") in intro
    for text in texts_of(FORM):
        assert not re.search("huvudm|insats|å ena sidan|åtgärd", text.to(language), re.IGNORECASE)


@everywhere
def test_8_it_goes_on_paper_and_back(language: str) -> None:
    assert dict(FORM.parameters)["return_address"]
    sheet = compose(FORM, parameters(FORM), language)
    boxes = {(f.question, f.option) for f in sheet.layout.fields if f.kind is FieldKind.BOX}
    assert boxes == {(q.id, o.id) for q in FORM.questions for o in q.options}
    said = [d.text for d in sheet.pages[-1] if isinstance(d, Words)]
    assert {phrases(language).return_to, "Exempelgatan 1"} <= set(said)


@everywhere
def test_9_who_wants_to_tell_more_is_told_where_and_not_on_this_sheet(language: str) -> None:
    thanks = FORM.thanks.to(language)
    assert thanks.endswith("? {contact}")
    assert all("{contact}" not in t.to(language) for q in FORM.questions for t in q.wording.texts())


@everywhere
def test_10_open_questions_ask_for_no_names(language: str) -> None:
    texts = [q for q in FORM.questions if q.kind is Kind.TEXT]
    assert all(q.lines > 1 for q in texts)
    sheet = compose(FORM, parameters(FORM), language)
    said = [d.text for page in sheet.pages for d in page if isinstance(d, Words)]
    assert said.count(phrases(language).no_names) == len(texts)


@everywhere
def test_11_until_when_and_voluntary(language: str) -> None:
    intro = FORM.intro.to(language)
    assert "{deadline}" in intro
    assert {"sv": "frivilligt", "en": "voluntary", EASY: "Du väljer själv"}[language] in intro
    assert {"sv": "hoppa över", "en": "skip", EASY: "hoppa över"}[language] in intro


def test_12_the_region_is_a_parameter() -> None:
    assert dict(FORM.parameters)["region"]
    for text in texts_of(FORM):
        for _, words in text.translations:
            assert not re.search("landsting|Västra Götaland", words, re.IGNORECASE)


def test_13_what_was_told_in_2018_can_be_counted_now() -> None:
    assert set(ids("vart")) >= WHERE_2018
    assert set(EXPLANATIONS_2018.values()) <= set(ids("varfor"))
    assert {"ja", "nej"} <= set(ids("forklaring"))
    for question in ("vart", "varfor", "foljder"):
        options = FORM.by_id[question].options
        assert any(o.other for o in options)
        assert [o.id for o in options if o.way_out] == ["vet_inte"]


def test_wording_follows_the_role() -> None:
    variants = FORM.by_id["kommun"].wording.variants
    assert len(variants) == 3
    assert "Den som behövde SIP" in FORM.sections[0].intro.to("sv")
