"""What holds for every instrument that ships: languages, tone, length on paper, care for the person who answers."""

import hashlib
import re

import pytest
from instrument_helpers import EASY, PARAMETERS, parameters, sentences, shipped, worded

from forms import definition
from forms.blocks import LARGE
from forms.compose import compose
from forms.drawing import Words
from forms.layout import FieldKind
from forms.model import PARAMETER, Instrument, Kind, Text, texts_of
from forms.phrases import phrases

FORMS = {name: shipped(name) for name in definition.shipped()}
PAGES = {"sip-erfarenhet": 5, "sip-utebliven": 5, "sip-personal": 1, "efter-motet": 2, "en-fraga": 1}
LANGUAGES = ("sv", "en", EASY)

each = pytest.mark.parametrize("form", FORMS.values(), ids=FORMS)
each_language = pytest.mark.parametrize("language", LANGUAGES)


def frame(form: Instrument) -> list[Text]:
    """Return the texts around the questions."""
    around = [form.title, form.intro, form.support, form.thanks, *(s.intro for s in form.sections)]
    return [text for text in around if text]


def own(text: Text) -> dict[str, str]:
    return dict(text.translations)


def test_all_five_ship() -> None:
    assert set(FORMS) == set(PAGES)


# Languages


@each
def test_every_text_stands_in_swedish_and_english(form: Instrument) -> None:
    assert form.languages == LANGUAGES
    for text in texts_of(form):
        if text:
            assert {"sv", "en"} <= set(own(text)), own(text)
            assert set(own(text)) <= set(LANGUAGES)


@each
def test_no_language_is_a_copy_of_another(form: Instrument) -> None:
    for text in [*frame(form), *(t for q in form.questions for t in q.wording.texts())]:
        if not PARAMETER.fullmatch(text.to("sv")):
            assert text.to("sv") != text.to("en")
    for text in frame(form):
        assert text.to("sv") != text.to(EASY)


@each
def test_long_questions_are_said_anew_and_shorter_in_easy_swedish(form: Instrument) -> None:
    for question in form.questions:
        for text in (*question.wording.texts(), question.hint):
            if len(text.to("sv").split()) > 8:
                assert len(own(text)[EASY].split()) < len(own(text)["sv"].split()), own(text)["sv"]


@each
def test_easy_swedish_is_easy(form: Instrument) -> None:
    """Sentences of ten words on average and fifteen at most; no clause hangs on another."""
    found = [s for text in texts_of(form) if text for s in sentences(text.to(EASY))]
    lengths = [len(s.split()) for s in found]
    assert max(lengths) <= 15, max(found, key=len)
    assert sum(lengths) / len(lengths) <= 10
    # A small letter: at the beginning, “när” asks.
    clause = r"\b(som|eftersom|därför|när|medan|innan|vilket|vars|för att|så att)\b"
    assert [s for s in found if re.search(clause, s)] == []


@each
def test_the_running_text_of_easy_swedish_is_made_of_very_short_sentences(form: Instrument) -> None:
    lengths = [len(s.split()) for text in frame(form) for s in sentences(text.to(EASY))]
    assert sum(lengths) / len(lengths) <= 6
    assert max(lengths) <= 10


@each
@each_language
def test_nobody_is_shouted_at(form: Instrument, language: str) -> None:
    for text in texts_of(form):
        assert "!" not in text.to(language)


# Questions


@each
def test_every_closed_question_has_a_way_out(form: Instrument) -> None:
    for question in form.questions:
        if question.kind is not Kind.TEXT:
            assert any(o.way_out for o in question.options), question.id


@each
@each_language
def test_one_question_in_one_question(form: Instrument, language: str) -> None:
    for question in form.questions:
        for words in worded(question, language):
            if not PARAMETER.fullmatch(words):
                assert words.count("?") == 1, words
                assert not re.search(r"\w/\w", words), words
                assert len(words.split()) <= 15, words


@each
def test_the_same_answer_is_worded_the_same_everywhere(form: Instrument) -> None:
    labels: dict[str, set[Text]] = {}
    for question in form.questions:
        for option in question.options:
            labels.setdefault(option.id, set()).add(option.label)
    assert {option_id for option_id, found in labels.items() if len(found) > 1} == set()


@each
def test_every_question_says_where_it_comes_from(form: Instrument) -> None:
    assert all(q.source is not None and q.source.text for q in form.questions)


def test_where_two_instruments_ask_the_same_they_use_the_same_words() -> None:
    after, whole = FORMS["efter-motet"], FORMS["sip-erfarenhet"]
    for question in ("komma_till_tals", "viktigt", "tydligt_vem"):
        first, second = after.by_id[question], whole.by_id[question]
        for language in ("sv", "en"):
            assert first.wording.default.to(language) == second.wording.default.to(language)
        assert [o.id for o in first.options] == [o.id for o in second.options]


# SHA-256 of the questions of 2018 in small letters without signs (23, and 9 to those without a SIP): their words
# belong to others.
QUESTIONS_2018 = (
    "d1c84ca2 8569255d 1ca05887 7d51252d 94d45e51 dd5ba8f0 7fc91855 d98c43ca cd217387 3636bd35 "
    "62f6f735 f10c915a 654f4713 69a87dc2 1f578cce 6c895bf4 c1c76c57 fd9e7410 bb637dc7 9cc76330 "
    "d82eadf3 5e6874b1 47360495 "
    "702dd252 888ab5bf 2aa8a105 f3cb5934 fd175ba8 52bb2516 fc4d7a23 ba8dc54f e8b17244 "
)


@each
def test_no_question_is_copied_from_2018(form: Instrument) -> None:
    assert len(QUESTIONS_2018.split()) == 32
    for text in texts_of(form):
        for _, words in text.translations:
            for sentence in (words, *sentences(words)):
                plain = re.sub(r"\W+", " ", sentence).strip().lower()
                assert hashlib.sha256(plain.encode()).hexdigest()[:8] not in QUESTIONS_2018, sentence


# Care


@each
@each_language
def test_one_may_stop_and_knows_whom_to_turn_to(form: Instrument, language: str) -> None:
    stop = "stop" if language == "en" else "sluta"
    assert stop in form.intro.to(language)
    for part in ("{support}", "112", "1177"):
        assert part in form.support.to(language)
    assert "{contact}" in form.intro.to(language) + form.thanks.to(language)


@each
def test_a_survey_must_give_all_that_the_texts_need(form: Instrument) -> None:
    assert {"organisation", "contact", "support"} <= set(dict(form.parameters))
    assert all(required for _, required in form.parameters)


@pytest.mark.parametrize("name", ["sip-erfarenhet", "sip-utebliven", "efter-motet"])
def test_what_stirs_things_up_is_announced(name: str) -> None:
    form = FORMS[name]
    first = next(q for q in form.questions if q.sensitive)
    assert form.numbers[first.id] > 1
    for language in LANGUAGES:
        sheet = compose(form, parameters(form), language)
        said = [d.text for page in sheet.pages for d in page if isinstance(d, Words)]
        start = phrases(language).sensitive.split(".")[0]
        assert (
            sum(words.startswith(start) for words in said)
            == len(form.stirring)
            <= sum(q.sensitive for q in form.questions)
        )
        # Whom to turn to stands with it, and once more at the end.
        assert sum("1177" in words for words in said) == len(form.stirring) + 1


@each
@each_language
def test_nothing_asks_who_you_are(form: Instrument, language: str) -> None:
    for text in texts_of(form):
        words = text.to(language).lower()
        assert not re.search(r"skriv ditt namn|your name|intervju|interview|mejla|e-post|e-mail|personnummer|@", words)
    assert re.search("inte vem du är|not who you are|not store who you are|inte ditt namn", form.intro.to(language))


# Paper


@each
@each_language
def test_the_sheet_stays_short(form: Instrument, language: str) -> None:
    assert compose(form, parameters(form), language).layout.pages <= PAGES[form.id]


@pytest.mark.parametrize("name", ["sip-utebliven", "efter-motet", "en-fraga"])
@each_language
def test_the_sheet_stays_short_with_long_names_and_a_day_of_freezing(name: str, language: str) -> None:
    form = FORMS[name]
    longer = {
        "organisation": "Nätverket Exempel för psykisk hälsa i västra Sverige",
        "contact": PARAMETERS["contact"] + ", vardagar 9–12, eller kom förbi",
        "return_address": "Nätverket Exempel\nSvarspost\nExempelgatan 1\nLåda 12\n000 00 Exempelstad",
        "freezing": "15 augusti 2027",
    }
    values = parameters(form)
    values |= {key: value for key, value in longer.items() if key in values or key == "freezing"}
    assert compose(form, values, language).layout.pages <= PAGES[name]


@each
@each_language
def test_crosses_are_explained_where_there_are_boxes(form: Instrument, language: str) -> None:
    sheet = compose(form, parameters(form), language)
    said = " ".join(d.text for page in sheet.pages for d in page if isinstance(d, Words))
    explained = ("Put a cross" if language == "en" else "Sätt ett kryss") in said
    assert explained == any(q.options for q in form.questions)
    assert not PARAMETER.search(said.replace("{serial}", ""))


# Each for itself


def test_staff_are_asked_about_the_five_steps() -> None:
    form = FORMS["sip-personal"]
    steps = ["initiering", "planering", "motet", "dokumentation", "uppfoljning"]
    assert [q.id for q in form.questions] == ["alla_far", *steps, "hinder", "behovs"]
    for step in steps:
        assert [o.id for o in form.by_id[step].options] == ["ja", "delvis", "nej", "vet_inte"]
    longer = {
        "organisation": "Nätverket Exempel för psykisk hälsa i västra Sverige",
        "region": "Västra Götalandsregionen",
        "freezing": "15 augusti 2027",
        "purging": "1 mars 2028",
    }
    for language in LANGUAGES:
        assert compose(form, parameters(form, freezing="15 augusti 2027"), language).layout.pages == 1
        assert compose(form, parameters(form) | longer, language).layout.pages == 1
        # In 18 points the labels leave no room for the wording beside them: the steps stand as ordinary questions.
        large = compose(form, parameters(form) | longer, language, style=LARGE).layout
        assert large.pages <= 3
        assert len({f.x for f in large.fields if f.kind is FieldKind.BOX and f.option == "ja"}) == 1


@each_language
def test_the_steps_stand_as_a_table_on_paper(language: str) -> None:
    form = FORMS["sip-personal"]
    layout = compose(form, parameters(form), language).layout
    rows = [q.id for q in form.questions[:6]]
    boxes = {(f.question, f.option): f for f in layout.fields if f.kind is FieldKind.BOX}
    for option in ("ja", "delvis", "nej", "vet_inte"):
        assert len({boxes[row, option].x for row in rows}) == 1
    for row in rows:
        assert len({boxes[row, option].y for option in ("ja", "delvis", "nej", "vet_inte")}) == 1


def test_five_questions_after_a_meeting_for_everyone_who_was_there() -> None:
    form = FORMS["efter-motet"]
    assert len(form.questions) == 5
    assert {"sjalv", "narstaende", "god_man", "personal"} <= {o.id for o in form.by_id["roll"].options}


def test_one_question_is_whatever_the_survey_asks() -> None:
    form = FORMS["en-fraga"]
    (question,) = form.questions
    assert question.kind is Kind.TEXT
    assert {question.wording.default.to(language) for language in LANGUAGES} == {"{question}"}
    assert dict(form.parameters)["question"]
