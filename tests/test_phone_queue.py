"""Exactly once, whatever happens on the way: a real server, a real browser, and every accident that can be arranged."""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator

import pytest
from phone_helpers import NOTHING_STORED, PhoneSite, phone_site, stored
from playwright.sync_api import BrowserContext, Page, Route, expect

WORDS = "Ord som ingen annan ska läsa"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("queue")) as site:
        yield site


def filled(window: BrowserContext, slug: str) -> Page:
    """Open a survey and fill in two questions."""
    page = window.new_page()
    page.goto(f"/s/{slug}")
    fill(page)
    return page


def fill(page: Page) -> None:
    page.get_by_label("Nej", exact=True).check()
    page.get_by_label("Vill du berätta mer?").fill(WORDS)


def send(page: Page) -> None:
    page.get_by_role("button", name="Skicka mina svar").click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1).filter(visible=True).last).to_have_text(text)


SENT = "Tack. Dina svar har kommit fram."
NOT_YET = "Dina svar är INTE skickade än"
ANSWER = {"fick": ["nej"], "mer": WORDS}


def test_what_is_sent_arrives_and_nothing_of_it_is_left(site: PhoneSite) -> None:
    site.survey("enkel")
    with site.window() as window:
        page = filled(window, "enkel")
        send(page)
        heading(page, SENT)
        assert stored(page) == NOTHING_STORED
        assert WORDS not in page.content()
        assert window.cookies() == []
        assert page.url.endswith("/s/enkel")
    assert site.answers("enkel") == [ANSWER]


def test_without_network_it_is_sealed_and_goes_when_the_network_comes(site: PhoneSite) -> None:
    site.survey("natlos")
    with site.window() as window:
        page = filled(window, "natlos")
        window.set_offline(True)
        send(page)
        heading(page, NOT_YET)
        expect(page.get_by_role("button", name="Skicka nu")).to_be_visible()
        kept = stored(page)
        assert [(e["state"], e["sealed"]) for e in kept["queue"]] == [("waiting", 86 + 4096 + 16)]
        assert WORDS not in str(kept)
        assert WORDS not in page.content()
        window.set_offline(False)
        heading(page, SENT)
        assert stored(page) == NOTHING_STORED
    assert site.answers("natlos") == [ANSWER]


def test_a_lost_acknowledgement_is_one_answer(site: PhoneSite) -> None:
    site.survey("kvitto")
    with site.window() as window:
        page = filled(window, "kvitto")

        def lose(route: Route) -> None:
            assert route.fetch().status == 200
            route.abort()

        page.route("**/sealed", lose, times=1)
        send(page)
        heading(page, NOT_YET)
        assert stored(page)["queue"][0]["unsure"] is True
        page.get_by_role("button", name="Skicka nu").click()
        heading(page, SENT)
    assert site.answers("kvitto") == [ANSWER]


def test_taken_but_told_as_an_error_is_one_answer(site: PhoneSite) -> None:
    site.survey("fel")
    with site.window() as window:
        page = filled(window, "fel")
        site.gate.always("lose")
        send(page)
        heading(page, NOT_YET)
        site.gate.always("pass")
        page.get_by_role("button", name="Skicka nu").click()
        heading(page, SENT)
    assert site.answers("fel") == [ANSWER]


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_two_tabs_that_send_together_send_one_answer(site: PhoneSite, locks: bool) -> None:
    slug = f"flikar-{'med' if locks else 'utan'}"
    site.survey(slug)
    with site.window() as window:
        if not locks:
            window.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
        page = filled(window, slug)
        site.gate.always("500")
        send(page)
        heading(page, NOT_YET)
        other = window.new_page()
        other.goto(f"/s/{slug}")
        expect(other.get_by_role("heading", name="Svar från förut är INTE skickade än")).to_be_visible()
        site.gate.always("pass")
        before = len(site.gate.seen)
        for tab in (page, other):
            tab.evaluate("window.dispatchEvent(new Event('online'))")
        heading(page, SENT)
        expect(other.locator("#queued")).to_be_hidden()
        assert len(site.gate.seen) == before + 1 or not locks
    assert site.answers(slug) == [ANSWER]


def test_a_second_tap_on_send_is_one_answer(site: PhoneSite) -> None:
    site.survey("dubbel")
    with site.window() as window:
        page = filled(window, "dubbel")
        page.get_by_role("button", name="Skicka mina svar").dblclick()
        heading(page, SENT)
    assert site.answers("dubbel") == [ANSWER]


def test_reloading_while_it_is_being_sent_is_one_answer(site: PhoneSite) -> None:
    site.survey("omladd")
    with site.window() as window:
        page = filled(window, "omladd")
        site.gate.held.clear()
        site.gate.release.clear()
        site.gate.always("hold")
        send(page)
        assert site.gate.held.wait(8)
        site.gate.always("pass")
        page.reload()
        site.gate.release.set()
        expect(page.get_by_role("button", name="Skicka mina svar")).to_be_visible()
        expect(page.locator("#queued")).to_be_hidden()
        page.wait_for_function("() => navigator.locks.query().then((l) => !l.held.length && !l.pending.length)")
        assert stored(page) == NOTHING_STORED
    assert site.answers("omladd") == [ANSWER]


def test_errors_for_an_hour_cost_few_attempts_and_no_answer(site: PhoneSite) -> None:
    site.survey("timme")
    with site.window() as window:
        page = window.new_page()
        page.clock.install()
        page.goto("/s/timme")
        fill(page)
        site.gate.always("500")
        before = len(site.gate.seen)
        send(page)
        heading(page, NOT_YET)
        for _ in range(60):
            page.clock.run_for(60_000)
            page.wait_for_function("() => navigator.locks.query().then((l) => !l.held.length)")
        tries = len(site.gate.seen) - before
        assert 5 <= tries <= 12, tries
        site.gate.always("pass")
        page.clock.run_for(3_600_000)
        heading(page, SENT)
        assert stored(page) == NOTHING_STORED
    assert site.answers("timme") == [ANSWER]


def test_one_that_is_stuck_holds_up_no_other(site: PhoneSite) -> None:
    site.survey("fast")
    with site.window() as window:
        page = filled(window, "fast")
        site.gate.always("500")
        send(page)
        heading(page, NOT_YET)
        stuck = site.gate.seen[-1]
        site.gate.how = lambda number: "500" if number == stuck else "pass"
        page = filled(window, "fast")
        send(page)
        heading(page, SENT)
        assert [e["number"] for e in stored(page)["queue"]] == [stuck]
        expect(page.get_by_role("heading", name="Svar från förut är INTE skickade än")).to_be_visible()
        site.gate.always("pass")
        page.get_by_role("button", name="Skicka nu").click()
        expect(page.locator("#queued")).to_be_hidden()
    assert site.answers("fast") == [ANSWER, ANSWER]


def test_surveys_on_one_phone_send_for_each_other(site: PhoneSite) -> None:
    site.survey("forsta")
    site.survey("andra")
    with site.window() as window:
        page = filled(window, "forsta")
        site.gate.always("500")
        send(page)
        heading(page, NOT_YET)
        page.close()
        site.gate.always("pass")
        other = window.new_page()
        other.goto("/s/andra")
        expect(other.locator("#queued")).to_be_hidden()
        other.wait_for_function("() => navigator.locks.query().then((l) => !l.held.length && !l.pending.length)")
        assert stored(other) == NOTHING_STORED
    assert site.answers("forsta") == [ANSWER]
    assert site.answers("andra") == []


def test_a_hotspots_welcome_page_is_no_receipt(site: PhoneSite) -> None:
    site.survey("hotell")
    with site.window() as window:
        page = filled(window, "hotell")
        site.gate.always("portal")
        send(page)
        heading(page, NOT_YET)
        assert len(stored(page)["queue"]) == 1
        site.gate.always("pass")
        page.get_by_role("button", name="Skicka nu").click()
        heading(page, SENT)
    assert site.answers("hotell") == [ANSWER]


def test_too_late_is_told_and_leaves_nothing(site: PhoneSite) -> None:
    site.survey("sen")
    with site.window() as window:
        page = filled(window, "sen")
        site.instance.close_survey("sen")
        send(page)
        heading(page, "Dina svar kom för sent")
        page.wait_for_timeout(100)
        assert stored(page) == NOTHING_STORED
    site.instance.tray.advance()
    assert list(site.instance.responses.all(site.instance.surveys.get("sen"))) == []


def test_what_came_too_late_from_before_is_told_on_the_closed_page(site: PhoneSite) -> None:
    site.survey("sedan")
    with site.window() as window:
        page = filled(window, "sedan")
        site.gate.always("500")
        send(page)
        heading(page, NOT_YET)
        site.instance.close_survey("sedan")
        site.gate.always("pass")
        page.goto("/s/sedan")
        told = page.get_by_role("heading", name="Svar från förut kom för sent")
        expect(told).to_be_visible()
        assert stored(page)["queue"][0]["sealed"] is None
        page.get_by_role("button", name="Jag har läst det här").click()
        expect(told).to_be_hidden()
        assert stored(page) == NOTHING_STORED


def test_late_answers_count_through_the_closed_page_while_grace_lasts(site: PhoneSite) -> None:
    site.survey("nad", grace_days=2)
    with site.window() as window:
        page = filled(window, "nad")
        site.gate.always("500")
        send(page)
        heading(page, NOT_YET)
        site.instance.surveys.close("nad")
        site.gate.always("pass")
        page.goto("/s/nad")
        heading(page, "Undersökningen är stängd")
        expect(page.locator("#queued")).to_be_hidden()
        page.wait_for_function("() => navigator.locks.query().then((l) => !l.held.length && !l.pending.length)")
        assert stored(page) == NOTHING_STORED
    survey = site.instance.surveys.get("nad")
    assert site.instance.tray.waiting(survey) == 1


def test_sealed_to_a_survey_that_was_made_anew_stays_and_is_told(site: PhoneSite) -> None:
    site.survey("nyckel")
    other = site.survey("nyckel-tva")
    with site.window() as window:
        page = window.new_page()
        wrong = site.instance.tray.public_key(other)

        def swap(route: Route) -> None:
            answer = route.fetch()
            text = answer.text()
            key = base64.b64encode(wrong).decode()
            route.fulfill(response=answer, body=re.sub(r'"key": "[^"]+"', f'"key": "{key}"', text))

        page.route("**/s/nyckel", swap)
        page.goto("/s/nyckel")
        fill(page)
        send(page)
        heading(page, "Dina svar kunde inte tas emot")
        assert [(e["state"], bool(e["sealed"])) for e in stored(page)["queue"]] == [("refused", True)]
    assert site.answers("nyckel") == []


@pytest.mark.parametrize("fault", ["full", "forbidden"])
def test_where_nothing_can_be_stored_the_server_takes_it(site: PhoneSite, fault: str) -> None:
    site.survey(f"lager-{fault}")
    script = {
        "full": "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }",
        "forbidden": "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }",
    }[fault]
    with site.window() as window:
        window.add_init_script(script)
        page = filled(window, f"lager-{fault}")
        send(page)
        page.wait_for_url("**/thanks*")
    assert site.answers(f"lager-{fault}") == [ANSWER]


def test_faults_and_answers_left_out_are_told_before_sending(site: PhoneSite) -> None:
    site.survey("ratta")
    with site.window() as window:
        page = window.new_page()
        page.goto("/s/ratta")
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("Du har inte svarat på något än")
        page.get_by_label("Ja", exact=True).check()
        page.get_by_label("4", exact=True).check()
        page.get_by_label("Hur många möten?").fill("99")
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("Hur många möten?: Skriv ett tal från 0 till 50.")
        page.get_by_label("Hur många möten?").fill("3")
        page.get_by_label("Hur många möten?").press("Enter")
        page.get_by_label("Nej", exact=True).check()
        send(page)
        expect(page.get_by_role("alert")).to_contain_text("Hur bra var den?")
        assert stored(page) == NOTHING_STORED
        page.get_by_role("button", name="Skicka utan de här svaren").click()
        heading(page, SENT)
    assert site.answers("ratta") == [{"fick": ["nej"], "antal": "3"}]


def test_changing_the_language_keeps_number_and_answers(site: PhoneSite) -> None:
    site.survey("sprak")
    with site.window() as window:
        page = filled(window, "sprak")
        page.get_by_role("button", name="English").click()
        expect(page.get_by_label("Anything more?")).to_have_value(WORDS)
        page.get_by_role("button", name="Send my answers").click()
        heading(page, "Thank you. Your answers have arrived.")
    assert site.answers("sprak") == [ANSWER]


def test_nothing_is_in_the_console(site: PhoneSite) -> None:
    site.survey("tyst")
    with site.window(workers=True) as window:
        page = window.new_page()
        said: list[str] = []
        page.on("console", lambda message: said.append(message.text))
        page.on("pageerror", lambda error: said.append(str(error)))
        page.goto("/s/tyst", wait_until="networkidle")
        fill(page)
        send(page)
        heading(page, SENT)
        assert said == []
