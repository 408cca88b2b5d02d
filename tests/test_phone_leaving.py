"""What the calm form leaves behind: shared phones, erasing, the way out. Languages, voices, closing, every screen."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from browser_helpers import SMALL, axe_faults, sideways, small_targets
from phone_helpers import NOTHING_STORED, PhoneSite, button, phone_site, press, stored
from playwright.sync_api import BrowserContext, Locator, Page, expect

SENT = "Tack. Dina svar har kommit fram."
WORDS = "Ord som ingen annan ska läsa"
AWAY = "https://www.smhi.se/"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("leaving")) as site:
        yield site


@pytest.fixture
def window(site: PhoneSite) -> Iterator[BrowserContext]:
    with site.window() as window:
        window.set_default_timeout(5000)
        yield window


def box(page: Page, label: str) -> Locator:
    return page.get_by_label(label, exact=True).filter(visible=True)


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text)


def begin(page: Page, slug: str, whose: str) -> None:
    page.goto(f"/s/{slug}")
    press(page, "Fortsätt")
    page.get_by_role("button", name=whose).click()
    heading(page, "Fick du en plan?")


MINE, SHARED = "Ja, bara min", "Nej, andra använder"


def to_the_last(page: Page) -> None:
    """Answer the first question with no, skip the rest, and write in the last."""
    box(page, "Nej").check()
    press(page, "Nästa", *["Hoppa över"] * 3)
    page.locator("#f-mer").fill(WORDS)


def saved(page: Page) -> None:
    """Wait until the last word is on the phone: that happens a moment after it was written."""
    for _ in range(50):
        if WORDS in str(stored(page)["drafts"]):
            return
        page.wait_for_timeout(50)
    raise AssertionError("The draft was not saved.")


def test_on_a_shared_phone_nothing_is_kept_and_another_person_can_begin(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("delad")
    page = window.new_page()
    begin(page, "delad", SHARED)
    to_the_last(page)
    expect(page.locator("#kept")).to_contain_text("sparas inte")
    assert stored(page) == NOTHING_STORED
    page.reload()
    heading(page, "Ett prov")
    assert WORDS not in page.evaluate(
        "JSON.stringify([...document.querySelectorAll('input, textarea')].map(e => e.value))"
    )
    begin(page, "delad", SHARED)
    to_the_last(page)
    press(page, "Nästa", "Skicka mina svar")
    heading(page, SENT)
    page.get_by_role("link", name="Börja på ett tomt formulär för någon annan").click()
    heading(page, "Ett prov")
    assert stored(page) == NOTHING_STORED
    assert site.answers("delad") == [{"fick": ["nej"], "mer": WORDS}]


def test_after_ten_idle_minutes_a_shared_phone_forgets_and_warns_before(window: BrowserContext) -> None:
    page = window.new_page()
    page.clock.install()
    begin(page, "prov", SHARED)
    to_the_last(page)
    page.clock.fast_forward(8 * 60_000)
    assert page.locator("#told").is_hidden()
    page.clock.fast_forward(62_000)
    expect(page.get_by_role("alert")).to_contain_text("Ingen har rört sidan på nio minuter")
    press(page, "Jag är kvar")
    expect(page.locator("#told")).to_be_hidden()
    page.clock.fast_forward(9 * 60_000 + 2000)
    expect(page.get_by_role("alert")).to_contain_text("Är du kvar?")
    expect(page.locator("#f-mer")).to_have_value(WORDS)
    page.clock.fast_forward(62_000)
    expect(page.get_by_role("alert")).to_contain_text("Dina svar har tagits bort")
    heading(page, "Ett prov")
    assert page.evaluate("[...new FormData(document.forms.answers)].filter(([n, v]) => /^[at]\\./.test(n) && v)") == []
    # Nothing of it comes back by the browser's own back.
    page.go_back()
    heading(page, "Ett prov")


def test_a_phone_that_slept_forgets_at_once_when_it_wakes(window: BrowserContext) -> None:
    page = window.new_page()
    page.clock.install()
    begin(page, "prov", SHARED)
    to_the_last(page)
    page.clock.set_fixed_time(page.evaluate("Date.now()") / 1000 + 3600)
    page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    heading(page, "Ett prov")
    expect(page.get_by_role("alert")).to_contain_text("Dina svar har tagits bort")


def test_everything_is_erased_after_one_question(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("radera")
    page = window.new_page()
    begin(page, "radera", MINE)
    site.gate.always("500")
    to_the_last(page)
    press(page, "Nästa", "Skicka mina svar")
    heading(page, "Dina svar är INTE skickade än")
    page.goto("/s/radera")
    begin(page, "radera", MINE)
    to_the_last(page)
    press(page, "Nästa", "Radera allt från den här telefonen")
    heading(page, "Radera allt från den här telefonen?")
    expect(page.get_by_text("Här finns svar som INTE är skickade än")).to_be_visible()
    press(page, "Nej, gå tillbaka")
    heading(page, "Titta igenom dina svar")
    press(page, "Radera allt från den här telefonen", "Ja, radera allt")
    heading(page, "Allt är raderat")
    assert page.evaluate("indexedDB.databases().then((d) => d.length)") == 0
    assert WORDS not in page.content()
    page.wait_for_timeout(500)
    assert page.evaluate("indexedDB.databases().then((d) => d.length)") == 0
    page.go_back()
    assert WORDS not in page.content()
    site.gate.always("pass")
    page.get_by_role("link", name="Börja på ett tomt formulär").click()
    heading(page, "Ett prov")
    assert site.answers("radera") == []


@pytest.mark.parametrize("whose", [MINE, SHARED])
def test_the_way_out_leaves_at_once_and_back_does_not_lead_here(window: BrowserContext, whose: str) -> None:
    page = window.new_page()
    # What /away answers leads on to another site, where no test goes.
    window.route("**/away", lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html"))
    page.goto("about:blank")
    begin(page, "prov", whose)
    to_the_last(page)
    page.get_by_role("link", name="Lämna sidan").click()
    page.wait_for_url("**/away")
    expect(page).to_have_title("Weather")
    page.go_back()
    page.wait_for_url("**/away")
    page.go_back()
    assert page.url == "about:blank"
    page.goto("/s/prov")
    if whose == MINE:
        heading(page, "Du var på fråga 5")
        press(page, "Släng det och börja om")
    heading(page, "Ett prov")


def test_the_way_out_leads_to_the_weather(window: BrowserContext, site: PhoneSite) -> None:
    answer = window.request.get(f"{site.address}/away", max_redirects=0)
    assert (answer.status, answer.headers["location"]) == (302, AWAY)
    assert answer.headers["referrer-policy"] == "same-origin"


def test_the_way_out_is_a_link_where_there_is_no_script(site: PhoneSite) -> None:
    window = site.browser.new_context(base_url=site.address, java_script_enabled=False)
    window.route("**/away", lambda route: route.fulfill(body="Väder", content_type="text/html"))
    page = window.new_page()
    page.goto("/s/prov")
    assert page.get_by_role("button", name="Radera allt").count() == 0
    page.get_by_role("link", name="Lämna sidan").click()
    page.wait_for_url("**/away")
    window.close()


def test_the_language_changes_at_any_time_and_no_answer_is_lost(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("sprak")
    page = window.new_page()
    begin(page, "sprak", MINE)
    to_the_last(page)
    press(page, "English")
    heading(page, "Anything more?")
    expect(page.get_by_role("heading", level=1)).to_be_focused()
    expect(page.locator("html")).to_have_attribute("lang", "en")
    expect(page.locator("#place")).to_have_text("Question 5 of 5")
    expect(page.locator("#f-mer")).to_have_value(WORDS)
    press(page, "Back", "Back")
    heading(page, "Which municipality?")
    page.reload()
    heading(page, "You were at question 3")
    press(page, "Go on", "Skip this question", "Skip this question", "Next")
    heading(page, "Look through your answers")
    press(page, "Svenska")
    heading(page, "Titta igenom dina svar")
    expect(page.locator("#review dd").first).to_contain_text("Nej")
    press(page, "English", "Send my answers")
    heading(page, "Thank you. Your answers have arrived.")
    press(page, "Svenska")
    heading(page, SENT)
    survey = site.instance.surveys.get("sprak")
    site.instance.close_survey("sprak")
    site.instance.tray.advance()
    [response] = site.instance.responses.all(survey)
    assert response.language == "en"


def test_a_language_that_can_not_be_fetched_is_told(window: BrowserContext) -> None:
    page = window.new_page()
    begin(page, "prov", SHARED)
    to_the_last(page)
    window.set_offline(True)
    press(page, "English")
    expect(page.get_by_role("alert")).to_contain_text("Det finns inget nät. Dina svar är kvar")
    expect(page.locator("#f-mer")).to_have_value(WORDS)


VOICES = """
self.said = [];
const voices = [{ lang: "sv-SE", localService: %s, name: "Alva" }];
const speech = { getVoices: () => voices, cancel() {}, speak: (u) => said.push([u.text, u.lang]) };
Object.defineProperty(self, "speechSynthesis", { value: speech });
self.SpeechSynthesisUtterance = class { constructor(text) { this.text = text; } };
"""


def test_read_aloud_says_what_is_seen_with_the_phones_own_voice(window: BrowserContext) -> None:
    window.add_init_script(VOICES % "true")
    page = window.new_page()
    begin(page, "prov", SHARED)
    press(page, "Läs upp")
    [[text, language]] = page.evaluate("said")
    assert language == "sv-SE"
    assert "Fick du en plan?" in text
    assert "Vet inte" in text
    assert "Hur bra var den?" not in text
    assert "Gå till fråga" not in text
    expect(button(page, "Läs upp")).to_have_attribute("aria-pressed", "true")
    press(page, "English")
    # There is no English voice.
    heading(page, "Did you get a plan?")
    expect(page.locator("#speak")).to_be_hidden()


def test_a_voice_that_sends_the_text_away_is_none(window: BrowserContext) -> None:
    window.add_init_script(VOICES % "false")
    page = window.new_page()
    page.goto("/s/prov")
    expect(button(page, "Fortsätt")).to_be_visible()
    expect(page.locator("#speak")).to_be_hidden()


TOMORROW = "() => { const now = Date.now; Date.now = () => now() + 25 * 3600 * 1000; }"


def test_after_the_deadline_no_answer_is_begun_but_one_begun_is_finished(
    window: BrowserContext, site: PhoneSite
) -> None:
    today = site.clock.moment.astimezone().date()
    site.survey("frist", deadline=today, grace_days=3)
    page = window.new_page()
    page.goto("/s/frist", wait_until="networkidle")
    press(page, "Fortsätt")
    window.set_offline(True)
    page.evaluate(TOMORROW)
    page.get_by_role("button", name=MINE).click()
    heading(page, "Undersökningen är stängd")
    expect(page.locator("form")).to_be_hidden()
    assert stored(page) == NOTHING_STORED
    window.set_offline(False)
    begin(page, "frist", MINE)
    to_the_last(page)
    saved(page)
    window.add_init_script(f"({TOMORROW})()")
    page.reload()
    heading(page, "Du var på fråga 5")
    press(page, "Fortsätt", "Nästa", "Skicka mina svar")
    heading(page, SENT)
    page.goto("/s/frist")
    heading(page, "Undersökningen är stängd")
    # It counts, though it waits among others until the grace time ends.
    assert site.instance.tray.waiting(site.instance.surveys.get("frist")) == 1


def test_a_closed_survey_says_so_and_can_be_erased(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("slut")
    page = window.new_page()
    begin(page, "slut", MINE)
    to_the_last(page)
    saved(page)
    site.instance.close_survey("slut")
    page.goto("/s/slut")
    heading(page, "Undersökningen är stängd")
    assert axe_faults(page) == []
    press(page, "Radera allt från den här telefonen")
    assert axe_faults(page) == []
    press(page, "Nej, gå tillbaka")
    heading(page, "Undersökningen är stängd")
    press(page, "Radera allt från den här telefonen", "Ja, radera allt")
    heading(page, "Allt är raderat")
    assert page.evaluate("indexedDB.databases().then((d) => d.length)") == 0


def storage_full(page: Page) -> None:
    page.evaluate("""() => {
      IDBObjectStore.prototype.put = () => { throw new DOMException("full", "QuotaExceededError"); };
    }""")


def test_a_phone_without_room_says_so_and_still_sends(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("fullt")
    page = window.new_page()
    begin(page, "fullt", MINE)
    storage_full(page)
    to_the_last(page)
    expect(page.locator("#kept")).to_contain_text("kunde inte spara")
    press(page, "Nästa")
    window.set_offline(True)
    press(page, "Skicka mina svar")
    expect(page.get_by_role("alert")).to_contain_text("har inte plats")
    window.set_offline(False)
    press(page, "Skicka mina svar")
    heading(page, SENT)
    # The draft from before the phone was full goes as well.
    assert stored(page) == NOTHING_STORED
    assert site.answers("fullt") == [{"fick": ["nej"], "mer": WORDS}]


@pytest.mark.parametrize("address", ["/", "/s/farval/thanks"])
def test_pages_without_a_form_erase_too(window: BrowserContext, site: PhoneSite, address: str) -> None:
    slug = "farval" if "thanks" in address else "startsida"
    for one in {slug, "farval"} - {s.slug for s in site.instance.surveys.list()}:
        site.survey(one)
    page = window.new_page()
    begin(page, slug, MINE)
    site.gate.always("500")
    to_the_last(page)
    press(page, "Nästa", "Skicka mina svar")
    heading(page, "Dina svar är INTE skickade än")
    page.goto(address)
    assert axe_faults(page) == []
    press(page, "Radera allt från den här telefonen")
    heading(page, "Radera allt från den här telefonen?")
    assert axe_faults(page) == []
    expect(page.get_by_text("Här finns svar som INTE är skickade än")).to_be_visible()
    press(page, "Nej, gå tillbaka", "Radera allt från den här telefonen", "Ja, radera allt")
    expect(page.get_by_role("heading", name="Allt är raderat")).to_be_focused()
    assert page.evaluate("indexedDB.databases().then((d) => d.length)") == 0
    assert axe_faults(page) == []
    site.gate.always("pass")


@pytest.mark.parametrize("address", ["/", "/s/prov/thanks"])
def test_pages_without_script_say_what_is_left(site: PhoneSite, address: str) -> None:
    window = site.browser.new_context(base_url=site.address, java_script_enabled=False)
    page = window.new_page()
    # Where only one survey is open, the start leads straight to it.
    site.survey(f"ett-till-{len(address)}")
    page.goto(address)
    assert page.get_by_role("button", name="Radera allt").count() == 0
    expect(page.get_by_text("ta bort det ur dess historik")).to_be_visible()
    window.close()


def look(page: Page, wrong: list[str], name: str) -> None:
    """Note what is wrong with a screen: for axe, for a finger, on a narrow phone."""
    wrong += [f"{name}: {fault}" for fault in axe_faults(page)]
    page.emulate_media(color_scheme="dark")
    wrong += [f"{name} in the dark: {fault}" for fault in axe_faults(page, "color-contrast")]
    page.emulate_media(color_scheme="light")
    wrong += [f"{name}: {target}" for target in small_targets(page)]
    if page.evaluate("document.documentElement.scrollWidth > innerWidth"):
        wrong.append(f"{name} scrolls sideways")


def test_nothing_is_wrong_with_any_screen(site: PhoneSite) -> None:
    site.survey("skarmar")
    wrong: list[str] = []
    with site.window() as window:
        window.set_default_timeout(5000)
        page = window.new_page()
        page.set_viewport_size(SMALL)  # type: ignore[arg-type]
        page.goto("/s/skarmar")
        look(page, wrong, "about")
        press(page, "Fortsätt")
        look(page, wrong, "safe")
        page.get_by_role("button", name=MINE).click()
        box(page, "Annat").check()
        look(page, wrong, "single")
        for name in ("multiple", "place", "number"):
            press(page, "Nästa" if name == "multiple" else "Hoppa över")
            look(page, wrong, name)
        page.get_by_label("Hur många möten?").fill("x")
        press(page, "Nästa")
        look(page, wrong, "to mend")
        page.get_by_label("Hur många möten?").fill("3")
        press(page, "Nästa")
        look(page, wrong, "text")
        page.reload()
        look(page, wrong, "resume")
        press(page, "Fortsätt", "Hoppa över")
        look(page, wrong, "review")
        press(page, "Radera allt från den här telefonen")
        look(page, wrong, "erase?")
        press(page, "Nej, gå tillbaka")
        site.gate.always("500")
        press(page, "Skicka mina svar")
        heading(page, "Dina svar är INTE skickade än")
        look(page, wrong, "waiting")
        page.reload()
        expect(page.locator("#queued")).to_be_visible()
        look(page, wrong, "earlier")
        site.gate.always("pass")
        press(page, "Skicka nu")
        expect(page.locator("#queued")).to_be_hidden()
        press(page, "Radera allt från den här telefonen", "Ja, radera allt")
        heading(page, "Allt är raderat")
        look(page, wrong, "erased")
    assert wrong == []


def test_large_text_and_narrow_windows_never_scroll_sideways(site: PhoneSite, window: BrowserContext) -> None:
    page = window.new_page()
    page.goto("/s/prov")
    # 200 per cent text on a phone; 400 per cent zoom in a window of 1280 px is one of 320 px.
    page.evaluate("document.documentElement.style.fontSize = '36px'")
    press(page, "Fortsätt")
    assert not sideways(page)
    page.get_by_role("button", name=SHARED).click()
    box(page, "Ja").check()
    for name in ("Nästa", "Hoppa över", "Hoppa över", "Hoppa över", "Hoppa över", "Hoppa över"):
        assert not sideways(page), page.title()
        press(page, name)
    heading(page, "Titta igenom dina svar")
    assert not sideways(page)


KEPT = """
caches.match('/s/kept.json', { ignoreSearch: true }).then((k) => k && k.json()).then((k) => k && k.languages.length)
"""


def test_without_network_a_kept_survey_changes_language_and_is_answered(site: PhoneSite) -> None:
    site.survey("avskild")
    with site.window(workers=True) as window:
        page = window.new_page()
        page.goto("/s/avskild")
        # Other languages come when the phone is idle.
        for _ in range(200):
            if page.evaluate(KEPT) == 2:
                break
            page.wait_for_timeout(50)
        window.set_offline(True)
        page = window.new_page()
        begin(page, "avskild", MINE)
        to_the_last(page)
        press(page, "English")
        heading(page, "Anything more?")
        expect(page.locator("#f-mer")).to_have_value(WORDS)
        press(page, "Next", "Send my answers")
        heading(page, "Your answers are NOT sent yet")
        window.set_offline(False)
        heading(page, "Thank you. Your answers have arrived.")
    assert site.answers("avskild") == [{"fick": ["nej"], "mer": WORDS}]
