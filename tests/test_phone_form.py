"""The calm form on a phone: one question at a time, by routing, without loss, until the answer has been sent."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from phone_helpers import NOTHING_STORED, PhoneSite, button, phone_site, press, stored
from playwright.sync_api import BrowserContext, Locator, Page, expect
from web_helpers import DEFINITION, PARAMETERS

from webapp.dataset.surveys import Settings

SENT = "Tack. Dina svar har kommit fram."
WORDS = "Ord som ingen annan ska läsa"

SAFE = "#safe > [aria-level='1']"

BY_ROLE = """
variants = [
  { if = { question = "fick", is = "ja" }, text = { sv = "Vilka var med på ditt möte?", en = "Who came to it?" } },
]
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("form")) as site:
        text = DEFINITION.replace('Who was there?" }\n', f'Who was there?" }}{BY_ROLE}')
        text = text.replace('kind = "number"', 'kind = "number"\nasked_if = { question = "fick", is = ["ja"] }')
        site.instance.surveys.create("roll", text, "roll.toml", parameters=PARAMETERS, settings=Settings(grace_days=0))
        site.instance.surveys.open("roll")
        yield site


@pytest.fixture
def window(site: PhoneSite) -> Iterator[BrowserContext]:
    with site.window() as window:
        window.set_default_timeout(5000)
        yield window


def box(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True).filter(visible=True)


def begin(page: Page, slug: str, whose: str = "Ja, bara min") -> None:
    """Open a survey, say whose phone it is, and stand at the first question."""
    page.goto(f"/s/{slug}")
    press(page, "Fortsätt")
    page.get_by_role("button", name=whose).click()
    at(page, "Fick du en plan?", 1)


def at(page: Page, question: str, number: int, of: int | None = None) -> None:
    """Stand at a question: seen alone, counted, and with the focus on it."""
    heading = page.get_by_role("heading", level=1)
    expect(heading).to_have_text(question)
    expect(heading).to_be_focused()
    expect(page.locator("#place")).to_contain_text(f"Fråga {number} av {of or ''}")
    assert page.locator(".question").filter(visible=True).count() == 1


def review(page: Page) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text("Titta igenom dina svar")


def test_before_the_first_question_it_is_said_what_anonymity_means(window: BrowserContext, site: PhoneSite) -> None:
    page = window.new_page()
    page.goto("/s/prov")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ett prov")
    expect(page.get_by_text("Föreningen Exempel frågar.")).to_be_visible()
    press(page, "Fortsätt")
    expect(page.locator(SAFE)).to_be_focused()
    told = page.locator("#safe li").all_inner_texts()
    assert any("går inte att ta tillbaka" in line for line in told)
    assert any("exempel@example.org" in line for line in told)
    assert any("raderas" in line for line in told)
    # Nothing is kept before the person has said whose phone it is.
    assert stored(page) == NOTHING_STORED
    assert site.survey("raderas-nar", purge_on=site.clock.moment.date()).settings.purge_on
    page.goto("/s/raderas-nar")
    press(page, "Fortsätt")
    expect(page.locator("#safe")).to_contain_text("Det som har skrivits med egna ord raderas senast")


def test_questions_come_one_at_a_time_by_routing_and_arrive(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("steg")
    page = window.new_page()
    begin(page, "steg")
    expect(page.locator("#place")).to_have_text("Fråga 1 av 6")
    box(page, "Nej").check()
    press(page, "Nästa")
    # The second question is not meant for who answered no.
    at(page, "Vilka var med?", 2, 5)
    press(page, "Tillbaka")
    at(page, "Fick du en plan?", 1, 5)
    expect(box(page, "Nej")).to_be_checked()
    box(page, "Ja").check()
    press(page, "Nästa")
    at(page, "Hur bra var den?", 2, 6)
    box(page, "4").check()
    press(page, "Nästa")
    box(page, "Vården").check()
    box(page, "Kommunen").check()
    # "Nobody" stands beside nothing else.
    box(page, "Ingen").check()
    expect(box(page, "Vården")).not_to_be_checked()
    box(page, "Kommunen").check()
    expect(box(page, "Ingen")).not_to_be_checked()
    press(page, "Nästa")
    page.get_by_label("Vilken kommun?").select_option(label="Mölndal")
    press(page, "Nästa", "Hoppa över")
    at(page, "Vill du berätta mer?", 6, 6)
    expect(page.get_by_text("Ring stödlinjen 000.").filter(visible=True)).to_be_visible()
    expect(page.get_by_text("Skriv inte namn på personer.").filter(visible=True)).to_be_visible()
    page.get_by_label("Vill du berätta mer?").fill(WORDS)
    press(page, "Nästa")
    review(page)
    said = page.locator("#review dd").all_inner_texts()
    assert [line.split("\n")[0] for line in said] == ["Ja", "4", "Kommunen", "Mölndal", "Inget svar", WORDS]
    press(page, "Skicka mina svar")
    expect(page.get_by_role("heading", level=1)).to_have_text(SENT)
    expect(page.get_by_text("Ring stödlinjen 000.").filter(visible=True)).to_be_visible()
    assert stored(page) == NOTHING_STORED
    assert WORDS not in page.content()
    assert window.cookies() == []
    expect(page.get_by_role("link", name="Börja på ett tomt formulär för någon annan")).to_have_count(0)
    [answer] = site.answers("steg")
    assert answer == {"fick": ["ja"], "bra": ["4"], "vilka": ["kommun"], "kommun": "1481", "mer": WORDS}


def test_back_of_the_browser_goes_back_a_question(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov")
    box(page, "Nej").check()
    press(page, "Nästa", "Hoppa över")
    at(page, "Vilken kommun?", 3)
    page.go_back()
    at(page, "Vilka var med?", 2)
    press(page, "Tillbaka")
    at(page, "Fick du en plan?", 1)
    expect(box(page, "Nej")).to_be_checked()
    page.go_forward()
    at(page, "Vilka var med?", 2)
    page.go_back()
    page.go_back()
    expect(page.locator(SAFE)).to_be_focused()
    page.go_back()
    expect(page.get_by_role("heading", level=1)).to_have_text("Ett prov")


def test_what_has_to_be_mended_is_told_once_beside_the_field(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov")
    press(page, "Hoppa över", "Hoppa över", "Hoppa över", "Hoppa över")
    field = page.get_by_label("Hur många möten?")
    field.fill("många")
    field.press("Enter")
    expect(field).to_be_focused()
    expect(field).to_have_attribute("aria-invalid", "true")
    told = page.locator(".mend").filter(visible=True)
    expect(told).to_have_count(1)
    expect(told).to_have_text("Att rätta: Skriv talet med bara siffror, till exempel 3.")
    assert f"{told.get_attribute('id')} " in f"{field.get_attribute('aria-describedby')} "
    assert page.get_by_role("alert").filter(visible=True).count() == 0
    # Back is always open; at the end a summary leads to what is left to mend.
    press(page, "Tillbaka")
    page.evaluate("history.forward()")
    field.fill("3")
    expect(told).to_have_count(0)
    field.press("Enter")
    at(page, "Vill du berätta mer?", 6)


def test_routing_that_changes_at_the_end_shows_what_goes_and_what_is_new(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("andrat")
    page = window.new_page()
    begin(page, "andrat")
    box(page, "Ja").check()
    press(page, "Nästa")
    box(page, "5").check()
    press(page, "Nästa", *["Hoppa över"] * 4)
    review(page)
    expect(page.locator(".gone")).to_be_hidden()
    page.get_by_role("button", name="Ändra: Fick du en plan?").click()
    box(page, "Nej").check()
    press(page, "Nästa")
    review(page)
    expect(page.locator(".gone")).to_contain_text("De här svaren skickas inte")
    expect(page.locator(".gone dd")).to_have_text("5")
    assert "Hur bra var den?" not in page.locator(".lists").inner_text()
    # Back to yes: the answer is there again, and nothing has to be gone through once more.
    page.get_by_role("button", name="Ändra: Fick du en plan?").click()
    box(page, "Ja").check()
    press(page, "Nästa")
    at(page, "Hur bra var den?", 2)
    expect(box(page, "5")).to_be_checked()
    press(page, "Nästa")
    review(page)
    page.get_by_role("button", name="Ändra: Fick du en plan?").click()
    box(page, "Nej").check()
    press(page, "Nästa", "Skicka mina svar")
    expect(page.get_by_role("heading", level=1)).to_have_text(SENT)
    assert site.answers("andrat") == [{"fick": ["nej"]}]


def test_nothing_answered_is_told_and_not_sent(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov")
    press(page, *["Hoppa över"] * 6)
    review(page)
    press(page, "Skicka mina svar")
    expect(page.get_by_role("alert")).to_contain_text("Du har inte svarat på något än")
    review(page)


def test_wording_follows_the_role_and_other_follows_its_words(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "roll")
    box(page, "Ja").check()
    press(page, "Nästa", "Hoppa över")
    at(page, "Vilka var med på ditt möte?", 3)
    press(page, "Tillbaka", "Tillbaka")
    box(page, "Annat").check()
    page.get_by_label("Med egna ord:").fill("En halv")
    box(page, "Vet inte").check()
    page.get_by_label("Med egna ord:").fill("En halv plan")
    expect(box(page, "Annat")).to_be_checked()
    press(page, "Nästa")
    at(page, "Vilka var med?", 2)


def test_on_ones_own_phone_one_goes_on_where_one_was(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("senare")
    page = window.new_page()
    begin(page, "senare")
    box(page, "Nej").check()
    press(page, "Nästa")
    box(page, "Vården").check()
    press(page, "Nästa")
    at(page, "Vilken kommun?", 3)
    expect(page.locator("#kept")).to_contain_text("är sparat på den här telefonen")
    page.close()
    page = window.new_page()
    page.goto("/s/senare")
    expect(page.get_by_role("heading", level=1)).to_have_text("Du var på fråga 3")
    press(page, "Fortsätt")
    at(page, "Vilken kommun?", 3)
    press(page, "Tillbaka")
    expect(box(page, "Vården")).to_be_checked()
    # The same form gone on with in another tab: this one keeps nothing more, and both together are one answer.
    other = window.new_page()
    other.goto("/s/senare")
    other.bring_to_front()
    expect(other.get_by_role("heading", level=1)).to_have_text("Du var på fråga 2")
    press(other, "Fortsätt")
    at(other, "Vilka var med?", 2)
    page.bring_to_front()
    box(page, "Kommunen").check()
    expect(page.locator("#kept")).to_contain_text("i en annan flik")
    for tab in (other, page):
        tab.bring_to_front()
        press(tab, "Nästa", *["Hoppa över"] * 3, "Skicka mina svar")
        expect(tab.get_by_role("heading", level=1)).to_have_text(SENT)
    assert stored(page) == NOTHING_STORED
    assert site.answers("senare") == [{"fick": ["nej"], "vilka": ["vard"]}]


def test_a_draft_can_be_thrown_away(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov")
    box(page, "Ja").check()
    press(page, "Nästa")
    page.reload()
    press(page, "Släng det och börja om")
    expect(page.get_by_role("heading", level=1)).to_have_text("Ett prov")
    assert stored(page) == NOTHING_STORED
    press(page, "Fortsätt")
    page.get_by_role("button", name="Ja, bara min").click()
    expect(box(page, "Ja")).not_to_be_checked()


def test_keyboard_alone_is_enough(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("tangent")
    page = window.new_page()
    page.goto("/s/tangent")
    keys = page.keyboard

    def tab_to(name: str) -> None:
        for _ in range(20):
            keys.press("Tab")
            if page.evaluate("document.activeElement.textContent.trim()").startswith(name):
                return
        raise AssertionError(f"Tab does not lead to {name}")

    expect(button(page, "Fortsätt")).to_be_visible()
    tab_to("Fortsätt")
    keys.press("Enter")
    tab_to("Nej, andra")
    keys.press("Enter")
    at(page, "Fick du en plan?", 1)
    keys.press("Tab")
    keys.press("ArrowDown")
    expect(box(page, "Nej")).to_be_checked()
    tab_to("Nästa")
    keys.press("Enter")
    at(page, "Vilka var med?", 2)
    keys.press("Tab")
    keys.press(" ")
    for _ in range(4):
        tab_to("Nästa" if page.locator("#next").inner_text() == "Nästa" else "Hoppa")
        keys.press("Enter")
    review(page)
    tab_to("Skicka mina svar")
    keys.press("Enter")
    expect(page.get_by_role("heading", level=1)).to_have_text(SENT)
    assert site.answers("tangent") == [{"fick": ["nej"], "vilka": ["vard"]}]


def test_the_first_letters_find_a_place_in_a_long_list(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov")
    box(page, "Nej").check()
    press(page, "Nästa", "Hoppa över")
    at(page, "Vilken kommun?", 3)
    letters = page.get_by_label("Skriv de första bokstäverna, eller välj i listan")
    letters.fill("möl")
    press(page, "Mölndal")
    expect(page.locator("#f-kommun")).to_have_value("1481")
    expect(page.locator("#f-kommun")).to_be_focused()
    expect(page.locator(".find li")).to_have_count(0)
    # A name that holds the letters comes after those that begin with them; Enter takes the first.
    letters.fill("berg")
    assert all("berg" in name.lower() for name in page.locator(".find li").all_inner_texts())
    letters.fill("göt")
    assert page.locator(".find li").all_inner_texts() == ["Göteborg", "Götene"]
    letters.press("Enter")
    expect(page.locator("#f-kommun")).to_have_value("1480")
    at_place = page.get_by_role("heading", level=1)
    expect(at_place).to_have_text("Vilken kommun?")
    letters.fill("en annan")
    press(page, "En annan", "Nästa")
    press(page, *["Hoppa över"] * 2)
    review(page)
    expect(page.locator("#review dd").nth(2)).to_contain_text("En annan")


def test_answer_only_if_is_said_where_the_question_that_decides_was_skipped(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "roll")
    press(page, *["Hoppa över"] * 4)
    at(page, "Hur många möten?", 5, 6)
    reminder = page.locator("#q-antal .only-if")
    expect(reminder).to_have_text("Svara bara om du svarade ”Ja” på fråga 1.")
    page.reload()
    press(page, "Fortsätt", *["Tillbaka"] * 4)
    box(page, "Ja").check()
    press(page, "Nästa", *["Hoppa över"] * 3)
    at(page, "Hur många möten?", 5, 6)
    expect(reminder).to_be_hidden()
