"""The sign-up page in real Chromium: sealed before it leaves, sent once, and nothing of it left behind."""

from __future__ import annotations

import secrets
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from browser_helpers import ARGUMENTS, CHROMIUM, SMALL, axe_faults, sideways, small_targets
from contact_helpers import DETAILS, SECRETS, Keeper, a_keeper, found_on_disk, leave
from phone_helpers import OwnBrowser, PhoneSite, cut_off, phone_site, reconnect, stored
from playwright.sync_api import BrowserContext, Page, expect

from webapp.brake import Brake, Measure
from webapp.dataset.contacts import SEAL_BYTES

SENT = "#state h1"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("signup")) as site:
        yield site


@pytest.fixture(scope="module")
def vera(site: PhoneSite) -> Keeper:
    return a_keeper(site.instance, "vera")


@pytest.fixture
def slug(site: PhoneSite, vera: Keeper, request: pytest.FixtureRequest) -> str:
    """A survey of the test's own, so that its sign-ups can be counted."""
    assert vera
    name = f"s{abs(hash(request.node.name)) % 10**9}"
    return site.survey(name).slug


@contextmanager
def opened(site: PhoneSite, slug: str, **settings: object) -> Iterator[Page]:
    window: BrowserContext
    with site.window(**settings) as window:  # type: ignore[arg-type]
        page = window.new_page()
        page.goto(f"/s/{slug}/sign-up?lang=sv")
        yield page


def fill(page: Page) -> None:
    page.fill("#f-namn", "Kim Åkerspöke")
    page.fill("#f-na", "070-000 11 22")
    page.fill("#f-ringa", "bara tisdagar efter klockan fyra")
    page.check("#f-meddelande-nej")
    page.check("#f-sallskap-sallskap")
    page.check("#f-tolk-ja")
    page.fill("#f-tolk-ja-own", "somaliska")


def send(page: Page) -> None:
    page.click(".send button")


def answers(site: PhoneSite, slug: str, keeper: Keeper) -> list[object]:
    found = site.instance.contacts.all(site.instance.surveys.get(slug))
    return [keeper.open(one)["answers"] for one in found]


def nothing_stored(page: Page) -> None:
    kept = stored(page)
    assert (kept["drafts"], kept["queue"], kept["other"]) == ([], [], [0, 0, ""])


def test_it_leaves_the_browser_sealed_and_nothing_stays(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with opened(site, slug) as page:
        expect(page.locator("[data-sealed]")).to_be_visible()
        expect(page.locator("[data-unsealed]")).to_be_hidden()
        bodies: list[bytes] = []
        page.on("request", lambda r: bodies.append(r.post_data_buffer or b""))
        fill(page)
        send(page)
        expect(page.locator(SENT)).to_have_text("Din anmälan har kommit fram")
        assert page.url.endswith(f"/s/{slug}/sign-up/sent?lang=sv")
        assert [len(body) for body in bodies if body] == [SEAL_BYTES]
        assert not any(text.encode() in body for body in bodies for text in SECRETS)
        assert axe_faults(page) == []
        assert not any(text in page.content() for text in SECRETS)
        nothing_stored(page)
        page.reload()
        expect(page.locator("h1")).to_have_text("Din anmälan har kommit fram")
        page.go_back()
        assert not any(text in page.content() for text in SECRETS)
        assert page.context.cookies() == []
    assert answers(site, slug, vera) == [DETAILS]
    assert found_on_disk(site.instance, *SECRETS) == []


def test_without_script_it_works_too(site: PhoneSite, slug: str, vera: Keeper) -> None:
    window = site.browser.new_context(base_url=site.address, java_script_enabled=False)
    page = window.new_page()
    page.goto(f"/s/{slug}/sign-up?lang=sv")
    expect(page.locator("[data-unsealed]")).to_be_visible()
    expect(page.locator("[data-sealed]")).to_be_hidden()
    send(page)
    expect(page.locator("#summary a")).to_have_text("Fråga 2")
    fill(page)
    send(page)
    expect(page.locator("h1")).to_have_text("Din anmälan har kommit fram")
    window.close()
    assert answers(site, slug, vera) == [DETAILS]


def test_over_plain_http_it_is_sealed_on_arrival_and_says_so(site: PhoneSite, slug: str, vera: Keeper) -> None:
    """As on a meeting place's network: script runs, but the browser seals nothing there."""
    rules = "--host-resolver-rules=MAP meeting.example 127.0.0.1"
    browser = site.playwright.chromium.launch(executable_path=CHROMIUM, args=[*ARGUMENTS, rules])
    page = browser.new_page()
    page.goto(f"{site.address.replace('localhost', 'meeting.example')}/s/{slug}/sign-up?lang=sv")
    assert not page.evaluate("isSecureContext")
    expect(page.locator("[data-unsealed]")).to_contain_text("inte krypterad")
    expect(page.locator("[data-sealed]")).to_be_hidden()
    fill(page)
    page.press("#f-na", "Enter")
    expect(page.locator("#f-na")).to_have_value("070-000 11 22")
    send(page)
    expect(page.locator("h1")).to_have_text("Din anmälan har kommit fram")
    browser.close()
    assert answers(site, slug, vera) == [DETAILS]


@contextmanager
def a_deputy(site: PhoneSite) -> Iterator[Keeper]:
    """Let somebody keep contacts besides, until the end of the block."""
    name = f"d{secrets.token_hex(4)}"
    try:
        yield a_keeper(site.instance, name)
    finally:
        leave(site.instance, name)


def test_a_key_made_meanwhile_costs_nobody_anything(site: PhoneSite, slug: str, vera: Keeper) -> None:
    """As many read it as the page said: it is sealed anew by itself, even if the key changes once more on the way."""
    with a_deputy(site) as deputy, opened(site, slug) as page:
        newest = [deputy]

        def changing(_: str) -> str:
            if len(newest) < 3:
                newest.append(a_keeper(site.instance, deputy.name))
            return "pass"

        fill(page)
        site.gate.how = changing
        send(page)
        expect(page.locator(SENT)).to_be_visible()
        assert len(newest) == 3
        assert answers(site, slug, vera) == answers(site, slug, newest[-1]) == [DETAILS]


def test_keys_that_never_stand_still_lose_nothing(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with a_deputy(site) as deputy, opened(site, slug) as page:

        def changing(_: str) -> str:
            a_keeper(site.instance, deputy.name)
            return "pass"

        fill(page)
        site.gate.how = changing
        send(page)
        expect(page.locator("#told h2")).to_have_text("Det är INTE skickat")
        assert page.input_value("#f-na") == "070-000 11 22"
        site.gate.always("pass")
        page.locator("#told button").click()
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


@pytest.mark.parametrize("language", ["sv", "en"])
def test_who_would_read_it_besides_is_told_before_anything_is_sent(
    site: PhoneSite, slug: str, vera: Keeper, language: str
) -> None:
    heading, readers = {
        "sv": ("Fler än förut skulle få läsa det", "Bara 2 personer kan läsa det"),
        "en": ("More people than before would read it", "Only 2 people can read it"),
    }[language]
    with opened(site, slug) as page:
        if language == "en":
            page.click("[name=show][value=en].link")
            expect(page.locator("h1")).to_have_text("Sign up for an interview")
        fill(page)
        with a_deputy(site) as deputy:
            send(page)
            told = page.locator("#told")
            expect(told.locator("h2")).to_have_text(heading)
            expect(told).to_contain_text(readers)
            expect(told.locator("h2")).to_be_focused()
            assert answers(site, slug, vera) == []
            assert axe_faults(page) == []
            assert page.input_value("#f-na") == "070-000 11 22"
            assert page.is_checked("#f-tolk-ja")
            told.locator("button").click()
            expect(page.locator(SENT)).to_be_visible()
        nothing_stored(page)
    assert answers(site, slug, vera) == answers(site, slug, deputy) == [DETAILS]


def test_fewer_readers_than_promised_need_no_question(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with site.window() as window:
        page = window.new_page()
        with a_deputy(site):
            page.goto(f"/s/{slug}/sign-up?lang=sv")
            fill(page)
        send(page)
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


def test_where_too_many_sign_up_at_once_it_stays_and_is_sent_a_minute_later(
    site: PhoneSite, slug: str, vera: Keeper, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(site, slug) as page:
        fill(page)
        monkeypatch.setitem(site.gate.app.extensions, "kryssklick-brake", Brake(site.clock, Measure(0, 60)))
        send(page)
        told = page.locator("#told")
        expect(told.locator("h2")).to_have_text("Det är INTE skickat än")
        expect(told).to_contain_text("vänta en minut och skicka igen")
        assert axe_faults(page) == []
        nothing_stored(page)
        monkeypatch.delitem(site.gate.app.extensions, "kryssklick-brake")
        told.locator("button").click()
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


def test_where_there_is_no_room_it_says_so_and_whom_to_turn_to(
    site: PhoneSite, slug: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("webapp.dataset.contacts.MOST_SIGN_UPS", 0)
    with opened(site, slug) as page:
        fill(page)
        send(page)
        expect(page.locator("#told h2")).to_have_text("Det är INTE skickat: det finns ingen plats")
        expect(page.locator("#told")).to_contain_text("exempel@example.org")
        assert page.input_value("#f-na") == "070-000 11 22"
        assert axe_faults(page) == []


@pytest.mark.parametrize("way", ["lose", "500", "portal"])
def test_it_says_that_it_is_not_sent_and_is_one_when_sent_again(
    site: PhoneSite, slug: str, vera: Keeper, way: str
) -> None:
    with opened(site, slug) as page:
        fill(page)
        page.fill("#f-na", "fel nummer")
        site.gate.always(way)
        send(page)
        told = page.locator("#told")
        expect(told.locator("h2")).to_have_text("Det är INTE skickat")
        expect(told).to_contain_text("inte sparat någonstans")
        nothing_stored(page)
        assert axe_faults(page) == []
        page.fill("#f-na", "070-000 11 22")
        site.gate.always("pass")
        told.locator("button").click()
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


def test_without_network_it_stays_in_the_page_alone(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with opened(site, slug) as page:
        fill(page)
        page.context.set_offline(True)
        send(page)
        expect(page.locator("#told h2")).to_have_text("Det är INTE skickat")
        assert page.input_value("#f-na") == "070-000 11 22"
        nothing_stored(page)
        page.context.set_offline(False)
        send(page)
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


def test_two_taps_send_once(site: PhoneSite, slug: str, vera: Keeper) -> None:
    site.gate.held, site.gate.release = threading.Event(), threading.Event()
    with opened(site, slug) as page:
        fill(page)
        site.gate.always("hold")
        before = len(site.gate.seen)
        send(page)
        assert site.gate.held.wait(10)
        send(page)
        expect(page.locator("#told h2")).to_have_text("Det skickas nu")
        site.gate.release.set()
        expect(page.locator(SENT)).to_be_visible()
        assert len(site.gate.seen) == before + 1
    assert answers(site, slug, vera) == [DETAILS]


def test_closed_meanwhile_is_told_and_what_was_written_stays(site: PhoneSite, slug: str) -> None:
    with opened(site, slug) as page:
        fill(page)
        site.instance.close_survey(slug)
        send(page)
        expect(page.locator("#told h2")).to_have_text("Det är INTE skickat: anmälan är stängd")
        expect(page.locator("#told")).to_contain_text("exempel@example.org")
        assert page.input_value("#f-na") == "070-000 11 22"


def test_faults_stand_beside_the_field_and_in_a_summary_by_keyboard_alone(
    site: PhoneSite, slug: str, vera: Keeper
) -> None:
    with opened(site, slug) as page:
        page.focus("#f-namn")
        page.keyboard.type("Kim")
        page.keyboard.press("Enter")
        expect(page.locator("#told")).to_be_hidden()
        page.focus(".send button")
        page.keyboard.press("Enter")
        expect(page.locator("#told h2")).to_be_focused()
        expect(page.locator("#told li")).to_have_count(1)
        expect(page.locator("#w-na")).to_contain_text("Skriv hur vi kan nå dig")
        assert page.get_attribute("#f-na", "aria-invalid") == "true"
        assert page.get_attribute("#f-na", "aria-describedby") == "w-na h-na"
        assert axe_faults(page) == []
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        expect(page.locator("#f-na")).to_be_focused()
        page.keyboard.type("070")
        expect(page.locator("#w-na")).to_have_count(0)
        assert page.get_attribute("#f-na", "aria-describedby") == "h-na"
        page.focus(".send button")
        page.keyboard.press("Space")
        expect(page.locator(SENT)).to_be_focused()
    (given,) = answers(site, slug, vera)
    assert given == {
        "namn": {"options": [], "texts": {"": "Kim"}},
        "na": {"options": [], "texts": {"": "070"}},
    }


def test_the_longest_that_fits_is_of_the_same_size(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with opened(site, slug) as page:
        for field, length in (("namn", 80), ("na", 300), ("ringa", 300)):
            page.locator(f"#f-{field}").evaluate("(e, n) => { e.value = '\U0001f600'.repeat(n); }", length)
        page.locator("#f-tolk-ja-own").evaluate("(e) => { e.value = '\\u0001\"'.repeat(40); }")
        send(page)
        expect(page.locator(SENT)).to_be_visible()
    (sign_up,) = site.instance.contacts.all(site.instance.surveys.get(slug))
    assert {len(seal) for seal in sign_up.seals.values()} == {SEAL_BYTES}
    (given,) = answers(site, slug, vera)
    assert isinstance(given, dict)
    assert given["na"]["texts"][""] == "\U0001f600" * 300
    assert given["tolk"]["texts"]["ja"] == '"' * 40


def test_the_language_changes_in_the_page_without_sending_anything(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with opened(site, slug) as page:
        fill(page)
        methods: list[str] = []
        page.on("request", lambda r: methods.append(r.method))
        page.click("[name=show][value=en].link")
        expect(page.locator("h1")).to_have_text("Sign up for an interview")
        expect(page.locator("html")).to_have_attribute("lang", "en")
        assert page.input_value("#f-namn") == "Kim Åkerspöke"
        assert page.is_checked("#f-tolk-ja")
        page.click("[name=show][value=sv-x-lattlast]")
        expect(page.locator("#q-tolk .q")).to_have_text("Behöver du tolk?")
        page.context.set_offline(True)
        page.click("[name=show][value=en].link")
        expect(page.locator("#told h2")).to_be_visible()
        page.context.set_offline(False)
        assert set(methods) == {"GET"}
        send(page)
        expect(page.locator(SENT)).to_be_visible()
    assert answers(site, slug, vera) == [DETAILS]


def test_after_ten_idle_minutes_it_is_gone(site: PhoneSite, slug: str) -> None:
    with site.window() as window:
        page = window.new_page()
        page.clock.install()
        page.goto(f"/s/{slug}/sign-up?lang=sv")
        page.clock.run_for(9.5 * 60_000)
        expect(page.locator("#told")).to_be_hidden()
        fill(page)
        page.clock.run_for(9.5 * 60_000)
        expect(page.locator("#told h2")).to_have_text("Är du kvar?")
        assert axe_faults(page) == []
        page.click("[data-do=stay]")
        page.clock.run_for(60_000)
        assert page.input_value("#f-na") == "070-000 11 22"
        page.clock.run_for(10 * 60_000)
        expect(page.locator("#told h2")).to_have_text("Det du skrev är borttaget")
        assert page.input_value("#f-na") == ""
        assert not page.is_checked("#f-tolk-ja")


def test_leaving_leaves_at_once(site: PhoneSite, slug: str) -> None:
    with opened(site, slug) as page:
        page.route("https://www.smhi.se/**", lambda route: route.fulfill(body="väder", content_type="text/html"))
        fill(page)
        page.click("a.leave")
        page.wait_for_url("https://www.smhi.se/")
        assert not any(text in page.content() for text in SECRETS)


def test_from_the_survey_nothing_is_carried_over(site: PhoneSite, slug: str, vera: Keeper) -> None:
    with site.window(workers=True) as window:
        page = window.new_page()
        page.goto(f"/s/{slug}?lang=sv")
        page.evaluate("navigator.serviceWorker.ready")
        expect(page.locator("#volunteer a")).to_be_visible()
        page.click("[data-do=safe]")
        page.click("[data-do=shared]")
        page.check("#f-fick-nej")
        for _ in range(5):
            page.click("#next")
        page.click(".send button")
        expect(page.locator("#state h1")).to_have_text("Tack. Dina svar har kommit fram.")
        seen: list[dict[str, str]] = []
        page.on("request", lambda r: seen.append(r.all_headers()) if "/sign-up" in r.url else None)
        page.locator("#state .note a").click()
        expect(page.locator("h1")).to_have_text("Anmälan till intervju")
        assert page.evaluate("navigator.serviceWorker.controller !== null")
        assert page.evaluate("[document.referrer, window.opener, window.name]") == ["", None, ""]
        fill(page)
        send(page)
        expect(page.locator(SENT)).to_have_text("Din anmälan har kommit fram")
        navigation, posted = seen[0], seen[-1]
        assert not {"referer", "cookie"} & set(navigation)
        assert not {"referer", "cookie"} & set(posted)
        kept = page.evaluate(
            """async () => {
              const found = [];
              for (const name of await caches.keys())
                for (const r of await (await caches.open(name)).keys()) found.push(r.url);
              return found;
            }"""
        )
        assert kept
        assert not any("sign-up" in url or "/contacts/" in url for url in kept)
        nothing_stored(page)
    number = site.gate.seen[-1]
    assert site.gate.seen.count(number) == 1
    assert answers(site, slug, vera) == [DETAILS]


def test_the_link_steps_aside_while_answers_live_in_the_page_alone(site: PhoneSite, slug: str) -> None:
    window = site.browser.new_context(base_url=site.address, java_script_enabled=False)
    page = window.new_page()
    page.goto(f"/s/{slug}?lang=sv")
    expect(page.locator("#volunteer a")).to_be_visible()
    page.check("#f-fick-nej")
    expect(page.locator("#volunteer a")).to_be_hidden()
    window.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_good_to_use_on_small_screens_in_all_languages(site: PhoneSite, slug: str, scheme: str) -> None:
    window = site.browser.new_context(base_url=site.address, viewport=SMALL, color_scheme=scheme)  # type: ignore[arg-type]
    page = window.new_page()
    for language in ("sv", "sv-x-lattlast", "en"):
        page.goto(f"/s/{slug}/sign-up?lang={language}")
        send(page)
        expect(page.locator("#told h2")).to_be_visible()
        assert axe_faults(page) == []
        assert small_targets(page) == []
        assert not sideways(page)
    page.goto(f"/s/{slug}/sign-up/sent?lang=sv")
    assert axe_faults(page) == []
    site.instance.close_survey(slug)
    page.goto(f"/s/{slug}/sign-up?lang=sv")
    expect(page.locator("h1")).to_have_text("Anmälan är stängd")
    assert axe_faults(page) == []
    assert not sideways(page)
    window.close()


def test_nothing_of_it_lies_in_the_browsers_files(
    site: PhoneSite, slug: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """Sent, and not sent: the profile on the disk holds nothing of it after the browser was killed."""
    profile = tmp_path_factory.mktemp("profile")
    with OwnBrowser(site.playwright, profile).running() as window:
        for offline in (False, True):
            page = window.new_page()
            page.goto(f"{site.address}/s/{slug}/sign-up?lang=sv")
            fill(page)
            window.set_offline(offline)
            send(page)
            expect(page.locator("#told h2" if offline else SENT)).to_be_visible()
    wanted = [text.encode(code) for text in SECRETS for code in ("utf-8", "utf-16-le")]
    files = [f for f in profile.rglob("*") if f.is_file() and not f.is_symlink()]
    assert len(files) > 20
    assert [(f.name, w) for f in files for w in wanted if w in f.read_bytes()] == []


def test_without_network_its_address_leads_to_the_kept_survey_which_says_why(
    site: PhoneSite, slug: str, vera: Keeper
) -> None:
    with site.window(workers=True) as window:
        page = window.new_page()
        page.goto(f"/s/{slug}?lang=sv")
        kept = "caches.keys().then((all) => all.some((name) => name.startsWith('kryssklick ')))"
        for _ in range(100):
            if page.evaluate(kept):
                break
            page.wait_for_timeout(50)
        page.reload()
        cut_off(window)
        page.goto(f"/s/{slug}/sign-up?lang=sv")
        told = page.get_by_role("alert").filter(visible=True)
        expect(told.get_by_role("heading")).to_have_text("Anmälan går inte att öppna just nu")
        expect(told).to_contain_text("Inget har skickats.")
        expect(page.get_by_role("heading", level=1)).to_have_text("Ett prov")
        assert page.url.endswith(f"/s/{slug}?lang=sv")
        assert axe_faults(page) == []
        page.reload()
        expect(page.get_by_role("button", name="Fortsätt")).to_be_visible()
        expect(told).to_have_count(0)
        reconnect(window)
        page.get_by_role("link", name="Anmäl dig på en egen sida").click()
        expect(page.get_by_role("heading", level=1)).to_have_text("Anmälan till intervju")
    assert answers(site, slug, vera) == []
