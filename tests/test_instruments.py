"""Every instrument that ships is clean; the one on SIP covers 2018 and brings none of its defects back.

Defect numbers are those of the analysis of the 2018 forms.
"""

import json
import re
from collections import Counter
from pathlib import Path

import pytest
from instrument_helpers import EASY

from forms import check, definition
from forms.answers import Flag, Given, Mark, route
from forms.compose import compose
from forms.layout import FieldKind
from forms.model import Comparison, Is, Kind, Option, Question, fill, texts_of
from forms.pagecode import PageCode, SheetKind, parse
from forms.phrases import phrases
from forms.routing import routing

RESULTS = json.loads((Path(__file__).parent / "resources" / "sip2018.json").read_text(encoding="utf-8"))
ITEMS_2018 = [q["id"] for q in RESULTS["questions"]]
SIP = definition.load(definition.find("sip-erfarenhet"))
CLOSED = [q for q in SIP.questions if q.kind in (Kind.SINGLE, Kind.MULTIPLE)]
PARAMETERS = {
    "region": "Västra Götaland",
    "organisation": "Föreningen Exempel",
    "deadline": "15 juni 2027",
    "contact": "Ring 010-123 45 67.",
    "support": "stödlinjen på 020-12 34 56",
    "return_address": "Föreningen Exempel\nExempelgatan 1\n411 00 Göteborg",
}


def ids(question: str) -> list[str]:
    return [o.id for o in SIP.by_id[question].options]


def swedish(question: Question) -> list[str]:
    return [t.to("sv") for t in question.wording.texts()]


@pytest.mark.parametrize("name", definition.shipped())
def test_what_ships_is_clean(name: str) -> None:
    path = definition.shipped()[name]
    assert check.check(path) == ()
    assert definition.load(path).id == name


@pytest.mark.parametrize("name", definition.shipped())
def test_what_ships_goes_on_paper(name: str) -> None:
    form = definition.load(definition.shipped()[name])
    for language in form.languages:
        layout = compose(form, PARAMETERS, language).layout
        boxes = {(f.question, f.option) for f in layout.fields if f.kind is FieldKind.BOX}
        assert boxes == {(q.id, o.id) for q in form.questions for o in q.options}


def test_the_sheet_stays_short() -> None:
    for language in SIP.languages:
        assert compose(SIP, PARAMETERS, language).layout.pages <= 5


def test_it_covers_the_items_of_2018_in_their_order() -> None:
    assert len(ITEMS_2018) == 23
    assert [q.id for q in SIP.questions if q.id in ITEMS_2018] == ITEMS_2018


def test_every_item_says_where_it_comes_from() -> None:
    for question in SIP.questions:
        source = question.source
        assert source is not None
        assert source.compares_with == (f"vg2018/{question.id}" if question.id in ITEMS_2018 else None)


def test_every_published_count_has_an_option() -> None:
    for question in RESULTS["questions"]:
        assert set(question["counts"]) <= set(ids(question["id"])), question["id"]


def test_the_figures_of_2018_add_up_as_far_as_they_did() -> None:
    by_id = {q["id"]: q for q in RESULTS["questions"]}
    sums = {q: sum(by_id[q]["counts"].values()) for q in RESULTS["published_in_full"]}
    assert len(sums) == 13
    assert Counter(sums.values()) == {45: 12, 37: 1}
    assert sums["info_latt"] == 37
    assert sum(by_id["plan_foljd"]["counts"].values()) == 44


# Numbering and routing


def test_1_no_number_is_written() -> None:
    assert sorted(SIP.numbers.values()) == list(range(1, len(SIP.questions) + 1))
    for text in texts_of(SIP):
        for _, words in text.translations:
            assert not re.search(r"\b(fråga|question) \d", words, re.IGNORECASE)


def test_2_and_4_each_skip_stands_beside_its_option_and_names_one_question() -> None:
    jumps = routing(SIP).jumps
    assert jumps["info_fore", "nej"] == jumps["info_fore", "vet_inte"] == "info_behov"
    assert ("info_fore", "ja") not in jumps
    assert routing(SIP).reminders == {}


def test_3_an_answer_to_a_question_passed_over_is_kept_and_flagged() -> None:
    done = {"info_fore": Given({"nej": Mark.CROSSED}), "info_latt": Given({"ja": Mark.CROSSED})}
    answer = next(a for a in route(SIP, done) if a.question == "info_latt")
    assert (answer.asked, answer.options, answer.flags) == (False, ("ja",), (Flag.ALTHOUGH_PASSED_OVER,))


def test_5_every_follow_up_has_a_box_to_depend_on() -> None:
    conditions = {q.id: q.asked_if for q in SIP.questions if q.kind is Kind.TEXT}
    assert conditions == {
        "info_mer": Is("info_behov", ("ja",)),
        "saknad_vem": Is("saknad_deltagare", ("ja",)),
        "samarbete_beskriv": Is("samarbete", ("delvis", "nej")),
        "ovrigt": None,
    }


# Options


def test_6_published_options_that_were_not_on_paper_are_there() -> None:
    sources = {"skolan", "brukarforening", "internet", "facebook", "daglig_verksamhet", "arbetsformedlingen", "annat"}
    assert sources <= set(ids("info_kalla"))
    assert "delvis" in ids("paverka_plan")
    assert "delvis" in ids("plan_foljd")
    assert {"delvis", "vet_inte"} <= set(ids("meningsfull"))
    assert SIP.by_id["synpunkter"].option("annat").other


def test_7_two_sets_of_answers_and_no_more() -> None:
    """What happened: yes, no. How it was: yes, partly, no. Always in that order, always with don't know."""
    starts = set()
    for question in CLOSED:
        found = ids(question.id)
        if "ja" in found:
            core = tuple(o for o in found if o in ("ja", "delvis", "nej", "vet_inte"))
            assert found[: len(core)] == list(core)
            starts.add(core)
    assert starts == {("ja", "nej", "vet_inte"), ("ja", "delvis", "nej", "vet_inte")}


def test_7_the_same_answer_is_worded_the_same_everywhere() -> None:
    labels: dict[str, set[Option]] = {}
    for question in SIP.questions:
        for option in question.options:
            if not option.exclusive:
                labels.setdefault(option.id, set()).add(option)
    assert {option_id for option_id, found in labels.items() if len(found) > 1} == set()


def test_every_closed_question_has_a_way_out() -> None:
    assert all(any(o.way_out for o in q.options) for q in CLOSED)


# Wording


def test_8_each_question_asks_one_thing_in_at_most_fifteen_words() -> None:
    for question in SIP.questions:
        for words in swedish(question):
            assert words.count("?") == 1
            assert words.endswith("?")
            assert len(words.split()) <= 15
            assert "/" not in words
    for question in CLOSED:
        assert not any(re.search(r"\boch\b|\beller\b", w) for w in swedish(question) if question.id != "plan_inbjudna")
    assert {"lyssnad", "komma_till_tals", "info_behov", "saknad_vem"} <= set(SIP.by_id)


def test_9_wording_follows_the_role_and_fits_everybody_without_it() -> None:
    """“Du” is the person who answers; where the one with the SIP is meant, the default says so without a role."""
    meant = [q for q in SIP.questions if "den som SIP gäller" in q.wording.default.to("sv")]
    assert [q.id for q in meant] == ["kommun", "viktigt", "samarbete", "meningsfull"]
    for question in meant:
        by_role = {c.options: t.to("sv") for c, t in question.wording.variants if isinstance(c, Is)}
        assert set(by_role) == {("sjalv",), ("narstaende",), ("god_man",)}
        assert "den du är närstående till" in by_role["narstaende",]
        assert "den du företräder" in by_role["god_man",]
        assert not any("den som SIP gäller" in words for words in by_role.values())
    assert all(not q.wording.variants for q in SIP.questions if q not in meant)
    assert "Den som SIP gäller" in SIP.sections[0].intro.to("sv")


def test_10_there_is_a_place_for_every_role() -> None:
    assert ids("roll") == ["sjalv", "narstaende", "god_man", "annan", "vill_inte_svara"]
    assert SIP.by_id["roll"].option("annan").other


def test_11_one_meeting_is_meant_and_its_time_is_asked() -> None:
    question = SIP.by_id["mote_nar"]
    assert "senaste SIP-mötet" in question.wording.default.to("sv")
    assert "det mötet" in question.hint.to("sv")
    assert SIP.numbers["mote_nar"] < SIP.numbers["info_fore"]


def test_12_one_word_for_one_thing_and_sip_is_explained() -> None:
    assert "samordnad individuell plan" in SIP.intro.to("sv")
    for question in SIP.questions:
        for words in swedish(question):
            assert not re.search(r"(?<!SIP-)\bmöte", words), "the meeting is always “SIP-mötet”"
            assert "den enskilde" not in words
            assert "brukare" not in words.lower()


def test_13_no_written_plan_is_an_answer() -> None:
    for question in ("paverka_plan", "plan_foljd"):
        assert SIP.by_id[question].option("ingen_plan").way_out


@pytest.mark.parametrize("language", SIP.languages)
def test_14_and_15_how_to_fill_in_and_that_it_is_voluntary(language: str) -> None:
    words = phrases(language)
    assert all((words.how_cross, words.how_wrong, words.how_skip, words.several))
    intro = SIP.intro.to(language)
    assert {"sv": "frivilligt", "en": "voluntary", EASY: "Du väljer själv"}[language] in intro
    assert {"sv": "hoppa över", "en": "skip", EASY: "hoppa över"}[language] in intro
    assert {"sv": "sluta när du vill", "en": "stop at any time", EASY: "sluta mitt i"}[language] in intro


# Anonymity


def test_16_and_17_nothing_asks_who_you_are_or_invites_to_mail_the_answers() -> None:
    for text in texts_of(SIP):
        for _, words in text.translations:
            plain = words.lower()
            assert not re.search(
                r"skriv ditt namn|your name|intervju|interview|mejla|e-post|e-mail|personnummer", plain
            )
            assert "@" not in plain


def test_18_the_municipality_is_a_code() -> None:
    assert (SIP.by_id["kommun"].kind, SIP.by_id["kommun"].places) == (Kind.PLACE, "kommuner")


@pytest.mark.parametrize("language", SIP.languages)
def test_19_and_20_who_asks_what_is_kept_and_until_when(language: str) -> None:
    intro = SIP.intro.to(language)
    assert {"{organisation}", "{deadline}", "{contact}", "{region}"} <= set(re.findall(r"\{\w+\}", intro))
    assert {"sv": "inte vem du är", "en": "not who you are", EASY: "inte ditt namn"}[language] in intro
    assert {"sv": "enskilda svar", "en": "single answers", EASY: "Bara vi ser dina svar"}[language] in intro
    assert dict(SIP.parameters) == dict.fromkeys(PARAMETERS, True)
    assert not re.search(r"\{\w+\}", " ".join(fill(t.to(language), PARAMETERS) for t in texts_of(SIP)))


def test_21_every_page_says_which_version_and_page_it_is() -> None:
    layout = compose(SIP, PARAMETERS, "sv").layout
    assert layout.version == SIP.version
    assert [c.page for c in layout.codes] == list(range(1, layout.pages + 1))
    code = parse(str(PageCode(SheetKind.SHEET, layout.instrument_hash, layout.version, 2, "7QK2M4")))
    assert code is not None
    assert (code.page, code.instrument) == (2, layout.instrument_hash)


@pytest.mark.parametrize("language", SIP.languages)
def test_support_names_whom_to_turn_to(language: str) -> None:
    words = SIP.support.to(language)
    assert all(part in words for part in ("{support}", "112", "1177"))
    assert any(q.sensitive for q in SIP.questions)


def test_comparisons_are_honest() -> None:
    """“Same” is only said where the closed answers of 2018 are all there and none came to them."""
    same = {q.id for q in SIP.questions if q.source and q.source.comparison is Comparison.SAME}
    assert same == {"egna_punkter", "samarbete"}
    assert ids("egna_punkter") == ["ja", "nej", "vet_inte"]
    assert ids("samarbete") == ["ja", "delvis", "nej", "vet_inte"]


def test_the_example_beside_the_instruments_is_clean() -> None:
    described = (definition.INSTRUMENTS / "README.md").read_text(encoding="utf-8")
    example = described.split("```toml\n")[1].split("```")[0]
    assert check.check_text(example, "README.md") == ()


def test_every_key_of_a_definition_is_described() -> None:
    described = (definition.INSTRUMENTS / "README.md").read_text(encoding="utf-8")
    source = (Path(definition.__file__).parent / "draft.py").read_text(encoding="utf-8")
    readers = "identifier|words|integer|flag|get|table|tables|strings|_condition"
    keys = set(re.findall(rf'(?:{readers})\((?:\w+, )?"(\w+)"', source))
    assert {"id", "asked_if", "way_out", "points", "compares_with"} <= keys
    assert {k for k in keys if not re.search(rf"\b{k}\b", described)} == set()
