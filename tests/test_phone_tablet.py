"""Tablet mode: one device, many people in turn; nothing of one reaches the next, and only the PIN leads out."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from browser_helpers import SMALL, axe_faults, sideways, small_targets
from phone_helpers import (
    NOTHING_STORED,
    SLOW_MS,
    OwnBrowser,
    PhoneSite,
    button,
    cut_off,
    heading,
    phone_site,
    press,
    stored,
)
from playwright.sync_api import BrowserContext, Page, Route, expect

PIN = "2580"
SECRET = "Bergsgeten QX"
SEALED = "Tack. Dina svar är förseglade."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("tablet")) as site:
        yield site


@pytest.fixture
def window(site: PhoneSite) -> Iterator[BrowserContext]:
    with site.window(workers=True) as window:
        yield window


def start(page: Page, address: str) -> None:
    """Put a device into the mode, as somebody at a meeting does."""
    page.goto(f"{address}/tablet")
    page.get_by_role("link", name="Fortsätt och välj en pinkod").click()
    heading(page, "Starta surfplatteläget")
    page.get_by_label("Välj en pinkod").fill(PIN)
    press(page, "Starta")
    heading(page, "Apparaten är klar")
    press(page, "Till det tomma formuläret")
    heading(page, "Ett prov")
    expect(button(page, "Fortsätt")).to_be_visible()


def to_the_last(page: Page) -> None:
    press(page, "Fortsätt", "Börja")
    page.get_by_label("Nej", exact=True).filter(visible=True).check()
    press(page, "Nästa", *["Hoppa över"] * 3)
    page.locator("#f-mer").fill(SECRET)


def answer(page: Page) -> None:
    to_the_last(page)
    press(page, "Nästa", "Skicka mina svar")
    heading(page, SEALED)


def blank(page: Page) -> None:
    """See that nothing of anybody is in the page."""
    heading(page, "Ett prov")
    expect(button(page, "Fortsätt")).to_be_visible()
    assert SECRET not in page.content()
    filled = "[...new FormData(document.forms.answers)].filter(([n, v]) => /^[at]\\./.test(n) && v)"
    assert page.evaluate(filled) == []


def staff(page: Page) -> None:
    press(page, "För den som ansvarar för apparaten")
    heading(page, "Surfplatteläge")


def test_many_people_in_turn_and_each_begins_blank(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("mote")
    page = window.new_page()
    start(page, "/s/mote")
    assert page.get_by_role("link", name="Lämna sidan").count() == 0
    assert page.get_by_role("button", name="Radera allt från den här telefonen").count() == 0
    for _ in range(2):
        answer(page)
        assert SECRET not in page.content()
        press(page, "Tomt formulär till nästa person")
        blank(page)
    # Reload, back and forward lead to a blank form, in the middle of an answer too.
    to_the_last(page)
    page.reload()
    blank(page)
    to_the_last(page)
    press(page, "Radera och börja om")
    blank(page)
    for go in (page.go_back, page.go_back, page.go_forward, page.go_forward, page.go_forward):
        go()
        assert SECRET not in page.content()
    page.goto("/s/mote")
    blank(page)
    assert stored(page)["drafts"] == []
    assert site.answers("mote") == [{"fick": ["nej"], "mer": SECRET}] * 2


def test_without_network_from_cold_and_killed_it_still_seals_and_sends_later(tmp_path: Path, site: PhoneSite) -> None:
    site.survey("kall")
    own = OwnBrowser(site.playwright, tmp_path / "profile")
    with own.running() as window:
        start(window.new_page(), f"{site.address}/s/kall")
    with own.running() as window:
        window.set_offline(True)
        # A service worker may have a network where its pages have none.
        site.gate.always("500")
        page = window.new_page()
        page.goto(f"{site.address}/s/kall")
        expect(button(page, "Fortsätt")).to_be_visible()
        answer(page)
        press(page, "Tomt formulär till nästa person")
        blank(page)
        staff(page)
        expect(page.get_by_text("Svar som väntar på att skickas: 1")).to_be_visible()
        press(page, "Tillbaka till formuläret")
        press(page, "English")
        expect(button(page, "Go on")).to_be_visible()
        press(page, "Go on", "Begin")
        page.get_by_label("No", exact=True).filter(visible=True).check()
        page.wait_for_timeout(400)
    files = [f.read_bytes() for f in own.profile.rglob("*") if f.is_file() and not f.is_symlink()]
    for wanted in (SECRET.encode(), SECRET.encode("utf-16-le")):
        assert not any(wanted in data for data in files)
    site.gate.always("pass")
    with own.running() as window:
        page = window.new_page()
        page.goto(f"{site.address}/s/kall")
        # Whatever language the one before had taken.
        blank(page)
        # This browser keeps pages that were left, to show them at once on the way back.
        to_the_last(page)
        page.goto("about:blank")
        page.evaluate("setTimeout(() => history.back())")
        page.wait_for_url("**/s/kall*")
        blank(page)
        for _ in range(100):
            if not stored(page)["queue"]:
                break
            page.wait_for_timeout(50)
        assert stored(page) == NOTHING_STORED
    assert site.answers("kall") == [{"fick": ["nej"], "mer": SECRET}]


def test_a_language_comes_whole_or_not_at_all(site: PhoneSite) -> None:
    """Whoever holds the device never sees the page without what makes it a tablet's, however slow the network is."""
    site.survey("sprak")
    with site.window() as window:
        page = window.new_page()
        page.clock.install()
        page.goto("/s/sprak#tablet")
        page.get_by_label("Välj en pinkod").fill(PIN)
        press(page, "Starta")
        ready = page.get_by_role("heading", name="Apparaten är klar, men behöver ett nät")
        for _ in range(100):
            # It waits half a minute for a browser to keep the survey; this one does not.
            page.clock.fast_forward(31_000)
            page.wait_for_timeout(100)
            if ready.count():
                break
        press(page, "Till det tomma formuläret", "Fortsätt")
        held: list[Route] = []

        def hold(route: Route) -> None:
            held.append(route)

        page.route("**/more/tablet?lang=en*", hold, times=1)
        press(page, "English")
        for _ in range(200):
            if held:
                break
            page.wait_for_timeout(20)
        out = page.locator("a.leave, [data-do=ask]")
        expect(page.locator("html")).to_have_attribute("lang", "sv")
        expect(button(page, "Börja")).to_be_visible()
        expect(out).to_have_count(0)
        held[0].abort()
        expect(page.locator("#told h2")).to_be_visible()
        expect(page.locator("html")).to_have_attribute("lang", "sv")
        expect(out).to_have_count(0)
        press(page, "English")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        # The same screen, in the same mode.
        expect(button(page, "Begin")).to_be_visible()
        expect(out).to_have_count(0)
        expect(button(page, "Erase and begin anew")).to_be_visible()


def test_only_the_pin_leads_out_and_guessing_becomes_slow(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("ut")
    page = window.new_page()
    start(page, "/s/ut")
    staff(page)
    for wrong in ("", "12", "abcd"):
        page.get_by_label("Pinkod").fill(wrong)
        press(page, "Lämna surfplatteläget")
        expect(page.locator("#not-pin")).to_have_text("En pinkod har fyra till tolv siffror.")
    for _ in range(3):
        page.get_by_label("Pinkod").fill("1111")
        press(page, "Lämna surfplatteläget")
        expect(page.locator("#not-pin")).to_have_text("Det är inte pinkoden.", timeout=SLOW_MS)
        expect(page.get_by_label("Pinkod")).to_have_value("")
        page.locator("#not-pin").evaluate("(e) => { e.textContent = '' }")
    # The right one has to wait as well, and loading the page again does not help.
    page.reload()
    staff(page)
    page.get_by_label("Pinkod").fill(PIN)
    press(page, "Lämna surfplatteläget")
    expect(page.locator("#not-pin")).to_contain_text("För många fel pinkoder. Försök igen om")
    page.evaluate("() => { const now = Date.now; Date.now = () => now() + 60_000; }")
    page.get_by_label("Pinkod").press("Enter")
    page.wait_for_url("**/s/ut?lang=sv")
    expect(page.get_by_role("link", name="Lämna sidan")).to_be_visible()
    expect(button(page, "Radera allt från den här telefonen")).to_be_visible()
    assert page.evaluate("caches.has('kryssklick-tablet')") is False


def test_the_pin_stands_nowhere(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("pin")
    page = window.new_page()
    start(page, "/s/pin")
    state = page.evaluate("caches.match('/s/tablet-mode').then((r) => r.json())")
    assert sorted(state) == ["home", "last", "pin", "wrong"]
    assert state["pin"]["rounds"] >= 600_000
    assert PIN not in str(state["home"])


def test_after_ten_idle_minutes_the_form_is_blank_and_in_its_first_language(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("vila")
    page = window.new_page()
    start(page, "/s/vila")
    page.clock.install()
    page.reload()
    to_the_last(page)
    page.clock.fast_forward(9 * 60_000 + 6000)
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Är du kvar?")
    press(page, "English")
    expect(page.locator("html")).to_have_attribute("lang", "en")
    page.clock.fast_forward(62_000)
    page.clock.fast_forward(10 * 60_000)
    blank(page)
    answer(page)
    # Nobody presses anything: the thanks go by themselves.
    page.clock.fast_forward(2 * 60_000 + 1000)
    blank(page)


def test_a_draft_from_before_is_taken_away_and_no_survey_keeps_one(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("forst")
    site.survey("sedan")
    page = window.new_page()
    page.goto("/s/forst")
    press(page, "Fortsätt")
    page.get_by_role("button", name="Ja, bara min").click()
    heading(page, "Fick du en plan?")
    start(page, "/s/sedan")
    assert stored(page) == NOTHING_STORED
    # The mode holds for the device: another survey of the address is no way round it.
    page.goto("/s/forst")
    blank(page)
    press(page, "Fortsätt")
    expect(button(page, "Börja")).to_be_visible()
    assert page.get_by_role("button", name="Ja, bara min").count() == 0


def look(page: Page, wrong: list[str], name: str) -> None:
    """Note what is wrong with a screen: for axe, for a finger, on a narrow device."""
    wrong += [f"{name}: {fault}" for fault in axe_faults(page)]
    page.emulate_media(color_scheme="dark")
    wrong += [f"{name} in the dark: {fault}" for fault in axe_faults(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    wrong += [f"{name}: {target}" for target in small_targets(page)]
    if sideways(page):
        wrong.append(f"{name} scrolls sideways")


def test_nothing_is_wrong_with_any_screen_and_keys_are_enough(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("utseende")
    wrong: list[str] = []
    page = window.new_page()
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]
    page.goto("/s/utseende/tablet")
    look(page, wrong, "what it is")
    page.get_by_role("link", name="Fortsätt och välj en pinkod").press("Enter")
    heading(page, "Starta surfplatteläget")
    look(page, wrong, "start")
    page.get_by_label("Välj en pinkod").fill("1")
    page.get_by_label("Välj en pinkod").press("Enter")
    expect(page.locator("#not-pin")).not_to_be_empty()
    look(page, wrong, "no PIN")
    page.get_by_label("Välj en pinkod").fill(PIN)
    page.get_by_label("Välj en pinkod").press("Enter")
    heading(page, "Apparaten är klar")
    look(page, wrong, "ready")
    button(page, "Till det tomma formuläret").press("Enter")
    page.wait_for_url("**/s/utseende?lang=sv")
    button(page, "Fortsätt").press("Enter")
    expect(button(page, "Börja")).to_be_visible()
    look(page, wrong, "safe")
    button(page, "För den som ansvarar för apparaten").press("Enter")
    heading(page, "Surfplatteläge")
    look(page, wrong, "staff")
    button(page, "Tillbaka till formuläret").press("Enter")
    press(page, "Börja")
    page.get_by_label("Nej", exact=True).filter(visible=True).check()
    press(page, "Nästa", *["Hoppa över"] * 4, "Skicka mina svar")
    heading(page, SEALED)
    look(page, wrong, "sealed")
    assert wrong == []


def test_words_and_ways_are_those_of_a_device_that_goes_on(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("vidare")
    page = window.new_page()
    page.goto("/s/vidare/tablet")
    page.get_by_role("link", name="Fortsätt och välj en pinkod").click()
    page.get_by_label("Välj en pinkod").fill("1")
    press(page, "Starta")
    expect(page.locator("#not-pin")).not_to_be_empty()
    page.get_by_label("Välj en pinkod").fill(PIN)
    press(page, "Starta")
    # What was wrong before is not told beside what is under way.
    expect(page.locator("#moment:not(:empty)").or_(button(page, "Till det tomma formuläret"))).to_be_visible()
    expect(page.locator("#not-pin:not(:empty)")).to_have_count(0)
    heading(page, "Apparaten är klar")
    press(page, "Till det tomma formuläret", "Fortsätt", "Börja")
    expect(page.locator("#kept")).to_contain_text("Radera och börja om")
    expect(page.locator("#kept")).not_to_contain_text("fliken")
    press(page, *["Hoppa över"] * 6, "Skicka mina svar")
    told = page.get_by_role("alert").filter(visible=True)
    expect(told).to_contain_text("tryck på ”Radera och börja om”")
    expect(told).not_to_contain_text("stäng")
    # The words below stand apart from the note.
    note, below = told.bounding_box(), page.get_by_role("heading", level=1).bounding_box()
    assert note is not None
    assert below is not None
    assert below["y"] - (note["y"] + note["height"]) >= 16
    staff(page)
    expect(page.get_by_text("Svar som väntar på att skickas: 0")).to_be_visible()
    expect(button(page, "Skicka nu")).to_have_count(0)
    # Without network the address of the mode leads to the kept page and asks for the PIN.
    cut_off(window)
    page.goto("/s/vidare/tablet")
    heading(page, "Surfplatteläge")
    expect(page.get_by_label("Pinkod")).to_be_visible()


def test_a_locked_draft_does_not_stand_in_the_way_of_the_mode(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("last")
    page = window.new_page()
    page.goto("/s/last")
    press(page, "Fortsätt")
    page.get_by_role("button", name="Min, men någon annan kan titta").click()
    press(page, "Jag har skrivit upp dem: lås")
    heading(page, "Fick du en plan?")
    page.goto("/s/last/tablet")
    page.get_by_role("link", name="Fortsätt och välj en pinkod").click()
    heading(page, "Starta surfplatteläget")
    # Whoever came here by mistake finds the draft as it was.
    press(page, "Nej, gå tillbaka")
    heading(page, "Det du har fyllt i är låst")
    start(page, "/s/last")
    assert stored(page)["drafts"] == []
