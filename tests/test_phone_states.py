"""What seldom happens on a phone: storage thrown away between visits, clocks that jump, and how each state looks."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser_helpers import SMALL, axe_faults, sideways, small_targets
from phone_helpers import NOTHING_STORED, PhoneSite, languages, phone_site, stored
from playwright.sync_api import BrowserContext, Locator, Page, expect

WORDS = "Ord som ingen annan ska läsa"
SENT = "Tack. Dina svar har kommit fram."
ANSWER = {"fick": ["nej"], "mer": WORDS}
ZOOMED = {"width": 320, "height": 256}
"""A window of 1280 x 1024 px at 400 per cent. Source: WCAG 2.2, 1.4.10."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("states")) as site:
        yield site


def press(page: Page, *names: str) -> None:
    for name in names:
        page.get_by_role("button", name=name, exact=True).filter(visible=True).click()


def heading(page: Page) -> Locator:
    return page.get_by_role("heading", level=1)


def begin(page: Page, slug: str, whose: str = "Ja, bara min") -> None:
    page.goto(f"/s/{slug}")
    press(page, "Fortsätt")
    page.get_by_role("button", name=whose).click()
    expect(heading(page)).to_have_text("Fick du en plan?")


def to_the_end(page: Page) -> None:
    """Answer the first and the last question, and stand at the review."""
    page.get_by_label("Nej", exact=True).check()
    press(page, "Nästa", *["Hoppa över"] * 3)
    page.locator("#f-mer").fill(WORDS)
    press(page, "Nästa")
    expect(heading(page)).to_have_text("Titta igenom dina svar")


def evict(window: BrowserContext, page: Page, site: PhoneSite, what: str) -> None:
    """Let the browser throw storage away, as it does after weeks or for want of room."""
    cdp = window.new_cdp_session(page)
    cdp.send("Storage.clearDataForOrigin", {"origin": site.address, "storageTypes": what})
    cdp.detach()


@pytest.mark.parametrize("what", ["all", "indexeddb", "cache_storage"])
def test_storage_thrown_away_between_visits_is_a_new_beginning(site: PhoneSite, what: str) -> None:
    slug = f"kastat-{what.replace('_', '-')}"
    site.survey(slug)
    with site.window(workers=True) as window:
        page = window.new_page()
        begin(page, slug)
        for _ in range(100):
            if len(languages(page, slug)) == 2:
                break
            page.wait_for_timeout(50)
        to_the_end(page)
        page.goto("about:blank")
        evict(window, page, site, what)
        page.goto(f"/s/{slug}")
        expect(heading(page)).to_have_text("Ett prov")
        expect(page.get_by_role("button", name="Fortsätt", exact=True)).to_be_visible()
        # A draft without its key is none; nothing of it is left lying.
        assert WORDS not in str(stored(page))
        begin(page, slug)
        to_the_end(page)
        press(page, "Skicka mina svar")
        expect(heading(page)).to_have_text(SENT)
        assert stored(page) == NOTHING_STORED
    assert site.answers(slug) == [ANSWER]


def test_what_waits_outlives_the_kept_pages(site: PhoneSite) -> None:
    site.survey("kvar")
    site.gate.always("500")
    with site.window(workers=True) as window:
        page = window.new_page()
        begin(page, "kvar")
        to_the_end(page)
        press(page, "Skicka mina svar")
        expect(heading(page)).to_have_text("Dina svar är INTE skickade än")
        page.goto("about:blank")
        evict(window, page, site, "cache_storage,service_workers")
        site.gate.always("pass")
        page.goto("/s/kvar")
        expect(page.locator("#queued")).to_be_hidden()
        for _ in range(100):
            if stored(page) == NOTHING_STORED:
                break
            page.wait_for_timeout(50)
        assert stored(page) == NOTHING_STORED
    assert site.answers("kvar") == [ANSWER]


AHEAD = "(days) => { const now = Date.now; Date.now = () => now() + days * 24 * 3600 * 1000; }"


@pytest.mark.parametrize("days", [-3650, 3650])
def test_a_clock_that_jumps_while_somebody_answers_loses_nothing(site: PhoneSite, days: int) -> None:
    slug = f"hopp-{'fram' if days > 0 else 'bak'}"
    site.survey(slug)
    with site.window() as window:
        page = window.new_page()
        begin(page, slug)
        page.evaluate(AHEAD, days)
        to_the_end(page)
        page.reload()
        expect(heading(page)).to_have_text("Du var på fråga 5")
        page.evaluate(AHEAD, -days)
        press(page, "Fortsätt")
        press(page, "Skicka mina svar")
        expect(heading(page)).to_have_text(SENT)
    assert site.answers(slug) == [ANSWER]


def look(page: Page, wrong: list[str], name: str) -> None:
    """Note what is wrong with a screen: for axe in light and dark, for a finger, in a window zoomed to 400 per cent."""
    wrong += [f"{name}: {fault}" for fault in axe_faults(page)]
    page.emulate_media(color_scheme="dark")
    wrong += [f"{name} in the dark: {fault}" for fault in axe_faults(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    wrong += [f"{name}: {target}" for target in small_targets(page)]
    page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
    wrong += [f"{name} scrolls sideways at 400 %"] if sideways(page) else []
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]


FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"


def test_nothing_is_wrong_with_the_states_that_are_seldom_seen(site: PhoneSite) -> None:
    today = site.clock.moment.astimezone().date()
    ends = [
        ("sen", "late", "pass", "Dina svar är INTE skickade, och det kan vara för sent"),
        ("nekad", "refused", "refuse", "Dina svar kunde inte tas emot"),
        ("stangd", "closed", "pass", "Dina svar kom för sent"),
    ]
    wrong: list[str] = []
    for slug, name, way, told in ends:
        site.survey(slug, deadline=today)
        site.gate.always("500" if name == "late" else way)
        with site.window() as window:
            page = window.new_page()
            begin(page, slug)
            to_the_end(page)
            if name == "late":
                page.evaluate(AHEAD, 2)
            if name == "closed":
                site.instance.close_survey(slug)
            press(page, "Skicka mina svar")
            expect(heading(page)).to_have_text(told)
            look(page, wrong, name)
    with site.window() as window:
        page = window.new_page()
        begin(page, "prov")
        page.evaluate(f"() => {{ {FULL} }}")
        to_the_end(page)
        look(page, wrong, "review, unkept")
        window.set_offline(True)
        press(page, "English")
        expect(page.get_by_role("alert")).to_contain_text("Det finns inget nät")
        look(page, wrong, "no language")
        press(page, "Skicka mina svar")
        expect(page.get_by_role("alert")).to_contain_text("har inte plats")
        look(page, wrong, "no room")
    assert wrong == []


def test_every_screen_fits_a_window_zoomed_to_400_per_cent(site: PhoneSite) -> None:
    with site.window() as window:
        page = window.new_page()
        page.set_viewport_size(ZOOMED)  # type: ignore[arg-type]
        page.goto("/s/prov")
        wide: list[str] = []

        def fits() -> None:
            if sideways(page):
                wide.append(heading(page).inner_text())

        fits()
        press(page, "Fortsätt")
        fits()
        page.get_by_role("button", name="Nej, andra använder").click()
        page.get_by_label("Ja", exact=True).check()
        for name in ("Nästa", *["Hoppa över"] * 5):
            fits()
            press(page, name)
        fits()
        # What is told or asked can be reached and pressed in such a small window too.
        press(page, "Radera allt från den här telefonen")
        fits()
        press(page, "Nej, gå tillbaka", "Skicka mina svar")
        expect(heading(page)).to_have_text(SENT)
        fits()
        assert wide == []
