"""A survey in Arabic beside Swedish and Polish: right to left on screen, refused on paper, else as ever."""

from __future__ import annotations

import re
from collections.abc import Iterator

import pytest
from browser_helpers import SMALL, axe_faults, browsing, context, long_page, serving, sideways
from playwright.sync_api import Page, expect
from web_helpers import add_user, csrf_token, make_app, make_instance, sign_in

from forms.errors import LayoutError
from webapp.dataset.accounts import Role
from webapp.dataset.instance import Instance
from webapp.language import direction, isolated, language_name, readable
from webapp.printing import PaperChoice, paper_languages, sheet_of

DEFINITION = """
id = "besok"
languages = ["ar", "sv", "pl"]
title = { ar = "كيف كانت الزيارة؟", sv = "Hur var besöket?", pl = "Jak przebiegła wizyta?" }
intro = { ar = "{organisation} تسأل. اتصل على 000-00 00 00.", sv = "{organisation} frågar.", pl = "Pytamy." }
thanks = { ar = "شكرا لك.", sv = "Tack.", pl = "Dziękujemy." }
[parameters]
organisation = true
[[section]]
id = "a"
title = { ar = "الزيارة", sv = "Besöket", pl = "Wizyta" }
[[section.question]]
id = "lyssnad"
kind = "single"
text = { ar = "هل استمع إليك الموظفون؟", sv = "Lyssnade personalen på dig?", pl = "Czy personel cię słuchał?" }
options = [
  { id = "ja", label = { ar = "نعم", sv = "Ja", pl = "Tak" } },
  { id = "annat", label = { ar = "شيء آخر", sv = "Annat", pl = "Inne" }, other = true },
  { id = "vet_inte", label = { ar = "لا أعرف", sv = "Vet inte", pl = "Nie wiem" }, way_out = true },
]
[[section.question]]
id = "bra"
kind = "scale"
points = 5
asked_if = { question = "lyssnad", is = "ja" }
text = { ar = "كم كانت جيدة؟", sv = "Hur bra var det?", pl = "Jak dobra była?" }
low = { ar = "سيئة", sv = "Inte bra", pl = "Zła" }
high = { ar = "جيدة جدا", sv = "Mycket bra", pl = "Bardzo dobra" }
options = [{ id = "vet_inte", label = { ar = "لا أعرف", sv = "Vet inte", pl = "Nie wiem" }, way_out = true }]
[[section.question]]
id = "antal"
kind = "number"
maximum = 20
text = { ar = "كم عدد اللقاءات؟", sv = "Hur många möten?", pl = "Ile spotkań?" }
[[section.question]]
id = "mer"
kind = "text"
sensitive = true
text = { ar = "هل تريد أن تقول المزيد؟", sv = "Vill du säga mer?", pl = "Czy chcesz coś dodać?" }
"""

PARAMETERS = {
    "organisation": "Föreningen Exempel",
    "contact": "Kim, 000-00 00 00",
    "support": "Jourlinjen, 000-00 00 01",
}


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Instance]:
    with make_instance(tmp_path_factory.mktemp("rtl") / "i") as made:
        made.surveys.create("besok", DEFINITION, "besok.toml", parameters=PARAMETERS)
        made.surveys.open("besok")
        yield made


@pytest.fixture(scope="module")
def pages(instance: Instance) -> Iterator[dict[str, Page]]:
    """Give a phone in a light and a dark room."""
    with serving(make_app(instance)) as address, browsing() as browser:
        yield {scheme: long_page(context(browser, address, scheme=scheme).new_page()) for scheme in ("light", "dark")}


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing_and_nothing_scrolls_sideways(pages: dict[str, Page], scheme: str) -> None:
    page = pages[scheme]
    faults = []
    for address in ("/s/besok", "/s/besok?lang=sv", "/s/besok/thanks"):
        page.goto(address)
        faults += axe_faults(page)
        assert not sideways(page), address
    page.goto("/s/besok")
    page.locator("#f-antal").fill("x")
    page.locator(".send button").click()
    expect(page.get_by_role("alert")).to_contain_text("att rätta innan")
    faults += axe_faults(page)
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    assert not sideways(page)
    assert faults == []


def test_boxes_stand_at_the_right_and_our_own_words_keep_their_order(pages: dict[str, Page]) -> None:
    page = pages["light"]
    page.goto("/s/besok")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    expect(page.locator("html")).to_have_attribute("lang", "ar")

    def left(place: str) -> float:
        found = page.locator(place).bounding_box()
        assert found is not None
        return found["x"]

    assert left("#f-lyssnad-ja") > left("label[for='f-lyssnad-ja']")
    assert left("#f-bra-1") > left("#f-bra-5")
    for ours in (".send button", ".foot p >> nth=0", "#safe", "#h-mer p"):
        expect(page.locator(ours)).to_have_attribute("lang", "sv")
        expect(page.locator(ours)).to_have_attribute("dir", "ltr")
    expect(page.locator("#about h1")).not_to_have_attribute("dir", re.compile("."))
    # The last group of the number stands to the right of the first, as it is dialled.
    order = page.evaluate(
        """() => { const p = document.querySelector("#about p"), t = p.firstChild, at = t.data.indexOf("000-");
        const x = (i) => { const r = document.createRange(); r.setStart(t, i); r.setEnd(t, i + 1);
        return r.getBoundingClientRect().x; }; return x(at + 8) - x(at); }"""
    )
    assert order > 0


def test_an_answer_in_arabic_arrives_and_the_language_can_be_changed_on_the_way(
    pages: dict[str, Page], instance: Instance
) -> None:
    page = pages["light"]
    page.goto("/s/besok")
    page.get_by_label("شيء آخر", exact=True).check()
    page.locator("#f-mer").fill("كل شيء جيد")
    page.get_by_role("button", name="Polski").click()
    expect(page.locator("html")).to_have_attribute("lang", "pl")
    expect(page.locator("html")).not_to_have_attribute("dir", "rtl")
    expect(page.get_by_label("Inne", exact=True)).to_be_checked()
    page.get_by_role("button", name="العربية").click()
    expect(page.locator("#f-mer")).to_have_value("كل شيء جيد")
    page.locator(".send button").click()
    expect(page.locator("main")).to_contain_text("شكرا لك.")
    assert instance.tray.waiting(instance.surveys.get("besok")) == 1


def test_paper_is_printed_in_the_languages_that_its_font_has(instance: Instance) -> None:
    survey = instance.surveys.get("besok")
    with pytest.raises(LayoutError) as error:
        sheet_of(survey, PaperChoice("ar"))
    assert error.value.code == "missing-letter"
    assert "another language" in error.value.remedy
    assert paper_languages(survey) == ("sv", "pl")
    for choice, tag in ((None, "sv"), (PaperChoice("pl"), "pl")):
        assert sheet_of(survey, choice).layout.language == tag


def test_the_desk_offers_the_languages_of_paper_and_says_why_not_another(instance: Instance) -> None:
    add_user(instance, "kim", Role.COORDINATOR)
    client = make_app(instance).test_client()
    sign_in(client, "kim")
    page = client.get("/desk/besok/print")
    assert re.findall(r'<option value="(ar|sv|pl)"', page.text)[:2] == ["sv", "pl"]
    fields = {"sheets": "1", "language": "ar", "sides": "one", "size": "normal", "csrf_token": csrf_token(page)}
    refused = client.post("/desk/besok/print", data=fields)
    assert refused.status_code == 422
    assert "saknar bokstäver i en text" in refused.text


@pytest.mark.parametrize(
    ("tag", "way", "name"),
    [
        ("ar", "rtl", "العربية"),
        ("fa", "rtl", "فارسی"),
        ("prs", "rtl", "دری"),
        ("he", "rtl", "עברית"),
        ("ckb", "rtl", "کوردی (سۆرانی)"),
        ("ur", "rtl", "اردو"),
        ("ku-Arab", "rtl", "Kurdî (kurmancî)"),
        ("ar-Latn", "ltr", "العربية"),
        ("ti", "ltr", "ትግርኛ"),
        ("so", "ltr", "Soomaali"),
        ("pl", "ltr", "Polski"),
        ("fi-SE", "ltr", "Suomi"),
        ("rom", "ltr", "Romani"),
        ("sv-x-lattlast", "ltr", "Lätt svenska"),
        ("xx", "ltr", "xx"),
    ],
)
def test_languages_know_their_direction_and_their_own_name(tag: str, way: str, name: str) -> None:
    assert (direction(tag), language_name(tag)) == (way, name)


def test_numbers_and_values_are_held_together_only_where_they_must_be() -> None:
    assert readable("Ring 000-00 00 01, fråga 3 eller 1–2 gånger.", "sv") == (
        "Ring\N{NO-BREAK SPACE}000-\N{WORD JOINER}00\N{NO-BREAK SPACE}00\N{NO-BREAK SPACE}01, fråga 3 eller 1–2 gånger."
    )
    assert readable("Vid fara, ring 112.\nFråga?\n1177", "sv") == "Vid fara, ring\N{NO-BREAK SPACE}112.\nFråga?\n1177"
    assert readable("اتصل +46 000 00 الآن 3", "ar") == (
        "اتصل \u2066+46\N{NO-BREAK SPACE}000\N{NO-BREAK SPACE}00\u2069 الآن 3"
    )
    assert isolated({"a": "Kim"}, "sv") == {"a": "Kim"}
    assert isolated({"a": "Kim"}, "ar") == {"a": "\u2068Kim\u2069"}
