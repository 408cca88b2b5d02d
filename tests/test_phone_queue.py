"""Exactly once, whatever happens on the way: a real server, a real browser, and every accident that can be arranged.

Here works the engine alone, without an interface.
"""

from __future__ import annotations

import base64
import random
from collections.abc import Iterator
from typing import Any

import pytest
from phone_helpers import NOTHING_STORED, PhoneSite, becomes, engine, freeze, phone_site, quiet, start_engine, stored
from playwright.sync_api import Error, Page, Route, expect

WORDS = "Ord som ingen annan ska läsa"
GIVEN: dict[str, Any] = {"fick": {"options": ["nej"], "texts": {}}, "mer": {"options": [], "texts": {"": WORDS}}}
ANSWER = {"fick": ["nej"], "mer": WORDS}
SEALED = 86 + 4096 + 16
"""Bytes of a short answer: head, the smallest size, tag."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("queue")) as site:
        yield site


def send_now(page: Page) -> int:
    return int(page.evaluate("survey.sendNow()"))


def test_what_is_sent_arrives_and_nothing_of_it_is_left(site: PhoneSite) -> None:
    site.survey("enkel")
    with site.window() as window:
        page = engine(window, "enkel")
        becomes(page, freeze(page, GIVEN), "sent")
        assert stored(page) == NOTHING_STORED
        assert window.cookies() == []
        assert page.evaluate("changes") > 0
    assert site.answers("enkel") == [ANSWER]


def test_without_network_it_is_sealed_and_goes_when_the_network_comes(site: PhoneSite) -> None:
    site.survey("natlos")
    with site.window() as window:
        page = engine(window, "natlos")
        window.set_offline(True)
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        kept = stored(page)
        assert [(e["state"], e["sealed"]) for e in kept["queue"]] == [("waiting", SEALED)]
        assert WORDS not in str(kept)
        window.set_offline(False)
        becomes(page, number, "sent")
        assert stored(page) == NOTHING_STORED
    assert site.answers("natlos") == [ANSWER]


def test_a_lost_acknowledgement_is_one_answer(site: PhoneSite) -> None:
    site.survey("kvitto")
    with site.window() as window:
        page = engine(window, "kvitto")

        def lose(route: Route) -> None:
            assert route.fetch().status == 200
            route.abort()

        page.route("**/sealed", lose)
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        assert stored(page)["queue"][0]["unsure"] is True
        page.unroute("**/sealed")
        assert send_now(page) == 0
        becomes(page, number, "sent")
    assert site.answers("kvitto") == [ANSWER]


def test_taken_but_told_as_an_error_is_one_answer(site: PhoneSite) -> None:
    site.survey("fel")
    with site.window() as window:
        page = engine(window, "fel")
        site.gate.always("lose")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        site.gate.always("pass")
        assert send_now(page) == 0
    assert site.answers("fel") == [ANSWER]


@pytest.mark.parametrize("locks", [True, False], ids=["locks", "no locks"])
def test_two_tabs_that_send_together_send_one_answer(site: PhoneSite, *, locks: bool) -> None:
    slug = f"flikar-{'med' if locks else 'utan'}"
    site.survey(slug)
    with site.window() as window:
        if not locks:
            window.add_init_script("Object.defineProperty(navigator, 'locks', { value: undefined })")
        first = engine(window, slug)
        site.gate.always("500")
        number = freeze(first, GIVEN)
        becomes(first, number, "tried")
        second = engine(window, slug)
        becomes(second, number, "tried")
        if locks:
            quiet(second)
        before = len(site.gate.seen)
        site.gate.always("pass")
        for tab in (first, second):
            tab.evaluate("void survey.sendNow()")
        for tab in (first, second):
            becomes(tab, number, "sent")
        if locks:
            quiet(second)
            assert len(site.gate.seen) == before + 1
    assert site.answers(slug) == [ANSWER]


def test_two_tabs_that_finish_the_same_form_are_one_answer(site: PhoneSite) -> None:
    site.survey("samma")
    with site.window() as window:
        first, second = engine(window, "samma"), engine(window, "samma")
        form = first.evaluate("(window.form = survey.newForm())")
        first.evaluate("survey.beginDraft(form, { words: 'hemligt' })")
        second.evaluate("(f) => { window.form = f }", form)
        assert second.evaluate("survey.saveDraft(form, { words: 'mer' })") is True
        assert freeze(first, GIVEN, form["number"]) == form["number"]
        becomes(first, form["number"], "sent")
        # What the other tab still has in its memory must not come back to the phone.
        assert second.evaluate("survey.saveDraft(form, { words: 'mer' })") is False
        assert second.evaluate("survey.draft()") is None
        freeze(second, {"fick": {"options": ["ja"], "texts": {}}}, form["number"])
        becomes(second, form["number"], "sent")
        assert stored(second) == NOTHING_STORED
    assert site.answers("samma") == [ANSWER]


def test_reloading_while_it_is_being_sent_is_one_answer(site: PhoneSite) -> None:
    site.survey("omladd")
    with site.window() as window:
        page = engine(window, "omladd")
        site.gate.held.clear()
        site.gate.release.clear()
        site.gate.always("hold")
        number = freeze(page, GIVEN)
        assert site.gate.held.wait(8)
        site.gate.always("pass")
        page.reload()
        start_engine(page, "omladd")
        site.gate.release.set()
        becomes(page, number, "sent")
        assert stored(page) == NOTHING_STORED
    assert site.answers("omladd") == [ANSWER]


def test_errors_for_an_hour_cost_few_attempts_and_no_answer(site: PhoneSite) -> None:
    site.survey("timme")
    with site.window() as window:
        page = window.new_page()
        page.clock.install()
        page.goto("/s/timme/offline.json")
        start_engine(page, "timme")
        site.gate.always("500")
        before = len(site.gate.seen)
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        for _ in range(60):
            page.clock.run_for(60_000)
            quiet(page)
        tries = len(site.gate.seen) - before
        assert 5 <= tries <= 12, tries
        site.gate.always("pass")
        page.clock.run_for(3_700_000)
        becomes(page, number, "sent")
        assert stored(page) == NOTHING_STORED
    assert site.answers("timme") == [ANSWER]


@pytest.mark.parametrize("event", ["visibilitychange", "pageshow", "online"])
def test_it_is_tried_as_soon_as_there_is_reason_to_and_not_by_the_timer_alone(site: PhoneSite, event: str) -> None:
    slug = f"skal-{event}"
    site.survey(slug)
    with site.window() as window:
        page = window.new_page()
        page.clock.install()
        page.goto(f"/s/{slug}/offline.json")
        start_engine(page, slug)
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        # As after many attempts: the timer lets it wait for half an hour.
        page.evaluate("""async (number) => {
          const next = Date.now() + 1800 * 1000;
          await survey.store.change(number, (entry) => ({ ...entry, tries: 20, next }));
        }""", number)  # fmt: skip
        quiet(page)
        site.gate.always("pass")
        # A page that nobody sees is left alone.
        before = len(site.gate.seen)
        target = "document" if event == "visibilitychange" else "self"
        page.evaluate("Object.defineProperty(document, 'visibilityState', { value: 'hidden', configurable: true })")
        page.evaluate(f"{target}.dispatchEvent(new Event('{event}'))")
        page.clock.run_for(11_000)
        quiet(page)
        assert len(site.gate.seen) == before
        page.evaluate("delete document.visibilityState")
        page.evaluate(f"{target}.dispatchEvent(new Event('{event}'))")
        page.clock.run_for(11_000)
        becomes(page, number, "sent")
        assert len(site.gate.seen) == before + 1
    assert site.answers(slug) == [ANSWER]


def test_a_clock_put_back_does_not_stop_the_sending(site: PhoneSite) -> None:
    site.survey("klocka")
    with site.window() as window:
        page = engine(window, "klocka")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        # Who asks while that attempt is being put away is told how it ended.
        quiet(page)
        page.evaluate("""async (number) => {
          const far = Date.now() + 400 * 24 * 3600 * 1000;
          await survey.store.change(number, (entry) => ({ ...entry, next: far }));
        }""", number)  # fmt: skip
        site.gate.always("pass")
        assert page.evaluate("survey.sender.send(false)") == 0
    assert site.answers("klocka") == [ANSWER]


def test_pauses_grow_and_are_never_alike(site: PhoneSite) -> None:
    site.survey("paus")
    with site.window() as window:
        page = engine(window, "paus")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        page.evaluate("survey.sender.stop()")
        waits = page.evaluate("""async () => {
          const found = [];
          for (let n = 0; n < 7; n += 1) {
            await survey.sender.send(true);
            const [entry] = await survey.store.waiting(data.slug);
            found.push([entry.tries, entry.next - survey.sender.last]);
          }
          return found;
        }""")
        for tries, wait_ms in waits:
            expected = [5, 15, 60, 300, 900, 3600][min(tries, 6) - 1]
            assert 0.74 * expected <= wait_ms / 1000 <= 1.26 * expected
        assert waits[-1][0] >= 8
        assert len({wait_ms for _, wait_ms in waits[-3:]}) == 3
        site.gate.always("pass")
        assert send_now(page) == 0
    assert site.answers("paus") == [ANSWER]


def test_one_that_is_stuck_holds_up_no_other(site: PhoneSite) -> None:
    site.survey("fast")
    with site.window() as window:
        page = engine(window, "fast")
        site.gate.always("500")
        stuck = freeze(page, GIVEN)
        becomes(page, stuck, "tried")
        site.gate.how = lambda number: "500" if number == stuck else "pass"
        becomes(page, freeze(page, GIVEN), "sent")
        assert [e["number"] for e in stored(page)["queue"]] == [stuck]
        site.gate.always("pass")
        assert send_now(page) == 0
    assert site.answers("fast") == [ANSWER, ANSWER]


def test_surveys_on_one_phone_send_for_each_other_and_keep_apart(site: PhoneSite) -> None:
    site.survey("forsta")
    site.survey("andra")
    with site.window() as window:
        first = engine(window, "forsta")
        first.evaluate("survey.beginDraft({ form: 'f' }, 'first')")
        site.gate.always("500")
        other = engine(window, "andra")
        other.evaluate("survey.beginDraft({ form: 'a' }, 'second')")
        number = freeze(other, GIVEN)
        becomes(other, number, "tried")
        assert first.evaluate("survey.draft()")["body"] == "first"
        assert first.evaluate("survey.states()") == []
        other.close()
        site.gate.always("pass")
        assert send_now(first) == 0
        assert stored(first)["queue"] == []
        assert [d["slug"] for d in stored(first)["drafts"]] == ["forsta"]
    assert site.answers("andra") == [ANSWER]
    assert site.answers("forsta") == []


def test_a_hotspots_welcome_page_is_no_receipt(site: PhoneSite) -> None:
    site.survey("hotell")
    with site.window() as window:
        page = engine(window, "hotell")
        site.gate.always("portal")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        assert len(stored(page)["queue"]) == 1
        site.gate.always("pass")
        assert send_now(page) == 0
    assert site.answers("hotell") == [ANSWER]


def test_too_late_is_told_and_leaves_only_the_word(site: PhoneSite) -> None:
    site.survey("sen")
    with site.window() as window:
        page = engine(window, "sen")
        site.instance.close_survey("sen")
        number = freeze(page, GIVEN)
        becomes(page, number, "closed")
        assert [e["sealed"] for e in stored(page)["queue"]] == [None]
        page.evaluate("(number) => survey.forget(number)", number)
        assert stored(page) == NOTHING_STORED
    site.instance.tray.advance()
    assert list(site.instance.responses.all(site.instance.surveys.get("sen"))) == []


def test_late_answers_count_while_grace_lasts(site: PhoneSite) -> None:
    site.survey("nad", grace_days=2)
    with site.window() as window:
        page = engine(window, "nad")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        site.instance.surveys.close("nad")
        site.gate.always("pass")
        page = engine(window, "nad")
        becomes(page, number, "sent")
        assert page.evaluate("survey.refresh().then(() => survey.begins())") is False
    assert site.instance.tray.waiting(site.instance.surveys.get("nad")) == 1


def test_by_the_phones_clock_too_late_is_tried_all_the_same(site: PhoneSite) -> None:
    site.survey("forsent")
    with site.window() as window:
        page = engine(window, "forsent")
        page.evaluate("data.counts_until = Date.now() - 1000")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "late")
        site.gate.always("pass")
        assert send_now(page) == 0
    assert site.answers("forsent") == [ANSWER]


def test_no_new_answer_is_begun_after_the_deadline_by_the_clock(site: PhoneSite) -> None:
    site.survey("sista", deadline=site.clock.moment.astimezone().date())
    with site.window() as window:
        page = engine(window, "sista")
        assert page.evaluate("survey.begins()") is True
        window.set_offline(True)
        assert page.evaluate("survey.refresh()") is False
        assert page.evaluate("survey.begins(Date.now() + 25 * 3600 * 1000)") is False
        assert page.evaluate("survey.begins()") is True


def test_sealed_to_a_survey_that_was_made_anew_stays_and_is_told(site: PhoneSite) -> None:
    site.survey("nyckel")
    other = site.survey("nyckel-tva")
    with site.window() as window:
        page = engine(window, "nyckel")
        page.evaluate("(key) => { data.key = key }", base64.b64encode(site.instance.tray.public_key(other)).decode())
        number = freeze(page, GIVEN)
        becomes(page, number, "refused")
        page.evaluate("(number) => survey.sendNow()", number)
        assert [(e["state"], e["sealed"]) for e in stored(page)["queue"]] == [("refused", SEALED)]
    assert site.answers("nyckel") == []


FULL = "IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') }"
FORBIDDEN = "IDBFactory.prototype.open = () => { throw new DOMException('no', 'SecurityError') }"


@pytest.mark.parametrize("script", [FULL, FORBIDDEN], ids=["full", "forbidden"])
def test_where_nothing_can_be_stored_nothing_is_promised(site: PhoneSite, script: str) -> None:
    slug = f"lager-{'full' if script == FULL else 'stangt'}"
    site.survey(slug)
    with site.window() as window:
        window.add_init_script(script)
        page = engine(window, slug)
        with pytest.raises(Error, match=r"full|no"):
            freeze(page, GIVEN)
        before = len(site.gate.seen)
        page.wait_for_timeout(100)
        assert len(site.gate.seen) == before
    assert site.answers(slug) == []


def test_a_draft_survives_and_goes_when_it_is_sent(site: PhoneSite) -> None:
    site.survey("utkast")
    with site.window() as window:
        page = engine(window, "utkast")
        page.evaluate("survey.beginDraft({ form: 'ett' }, { at: 'mer', given: { mer: 'början' } })")
        assert page.evaluate("survey.saveDraft({ form: 'ett' }, { at: 'mer', given: { mer: 'mer' } })") is True
        page.reload()
        start_engine(page, "utkast")
        assert page.evaluate("survey.draft()")["body"] == {"at": "mer", "given": {"mer": "mer"}}
        becomes(page, freeze(page, GIVEN), "sent")
        assert stored(page) == NOTHING_STORED


def test_a_full_disk_takes_neither_draft_nor_answer_away(site: PhoneSite) -> None:
    """The queue and the draft change together or not at all."""
    site.survey("full")
    with site.window() as window:
        page = engine(window, "full")
        page.evaluate("survey.beginDraft({ form: 'ett' }, 'kvar')")
        page.evaluate("""() => {
          const put = IDBObjectStore.prototype.delete;
          IDBObjectStore.prototype.delete = function (key) {
            if (this.name === "drafts") throw new DOMException("full", "QuotaExceededError");
            return put.call(this, key);
          };
        }""")
        with pytest.raises(Error, match="full"):
            freeze(page, GIVEN)
        assert page.evaluate("survey.draft()")["body"] == "kvar"
        assert stored(page)["queue"] == []


def test_storage_that_was_cleared_under_an_open_page_takes_new_answers(site: PhoneSite) -> None:
    site.survey("rensat")
    with site.window() as window:
        page = engine(window, "rensat")
        page.evaluate("survey.beginDraft({ form: 'ett' }, 'text')")
        cdp = window.new_cdp_session(page)
        cdp.send("Storage.clearDataForOrigin", {"origin": site.address, "storageTypes": "all"})
        assert page.evaluate("survey.saveDraft({ form: 'ett' }, 'text')") is False
        becomes(page, freeze(page, GIVEN), "sent")
    assert site.answers("rensat") == [ANSWER]


@pytest.mark.parametrize(("closed", "kept"), [(2, True), (3, False)])
def test_a_store_that_is_closed_while_it_is_opened_anew_is_opened_once_more(
    site: PhoneSite, closed: int, kept: bool
) -> None:
    """Clearing takes its time. Who can't write in the end is told so, and waits for ever nowhere."""
    slug = f"stangd-{closed}"
    site.survey(slug)
    with site.window() as window:
        page = engine(window, slug)
        page.evaluate("survey.beginDraft({ form: 'ett' }, 'text')")
        page.evaluate(
            """(left) => {
              const once = survey.store.once.bind(survey.store);
              survey.store.once = (...given) =>
                left-- > 0 ? Promise.reject(new DOMException("closed", "AbortError")) : once(...given);
            }""",
            closed,
        )
        told = page.evaluate("survey.saveDraft({ form: 'ett' }, 'mer').catch((error) => error.name)")
    assert told == (True if kept else "AbortError")


def test_erasing_everything_reaches_open_tabs(site: PhoneSite) -> None:
    site.survey("radera")
    with site.window() as window:
        first, second = engine(window, "radera"), engine(window, "radera")
        site.gate.always("500")
        first.evaluate("survey.beginDraft({ form: 'ett' }, 'text')")
        freeze(first, GIVEN)
        first.evaluate("survey.beginDraft({ form: 'två' }, 'text')")
        second.evaluate("eraseAll()")
        assert first.evaluate("survey.saveDraft({ form: 'två' }, 'text')") is False
        assert first.evaluate("survey.states()") == []
        assert stored(first) == NOTHING_STORED
        assert first.evaluate("caches.keys()") == []


def test_answers_of_two_hundred_forms_through_a_flapping_network(site: PhoneSite) -> None:
    """A seeded walk: forms finished in two tabs while the way to the server keeps changing."""
    site.survey("vandring")
    chance = random.Random(5)
    site.gate.how = lambda _: chance.choice(["pass", "pass", "500", "lose", "portal"])
    with site.window() as window:
        tabs = [engine(window, "vandring") for _ in range(2)]
        for number in range(200):
            tab = chance.choice(tabs)
            what = {"mer": {"options": [], "texts": {"": f"svar {number}"}}}
            freeze(tab, what)
            if chance.random() < 0.1:
                window.set_offline(True)
            elif chance.random() < 0.3:
                window.set_offline(False)
            if chance.random() < 0.05:
                tab.evaluate("void survey.sendNow()")
            if chance.random() < 0.02:
                # Whatever is under way is cut off.
                tab.goto("about:blank")
                window.set_offline(False)
                tab.goto("/s/vandring/offline.json")
                start_engine(tab, "vandring")
        window.set_offline(False)
        site.gate.always("pass")
        quiet(tabs[0])
        assert send_now(tabs[0]) == 0
        assert stored(tabs[0]) == NOTHING_STORED
    found = sorted(a["mer"] for a in site.answers("vandring"))
    assert found == sorted(f"svar {n}" for n in range(200))


def test_a_survey_that_is_not_known_for_a_week_is_told_and_its_answer_kept(site: PhoneSite) -> None:
    """Servers are moved and restored: it is tried for a week, then told, and nothing is thrown away."""
    site.survey("hittas")
    with site.window() as window:
        page = engine(window, "hittas")
        page.evaluate("() => { data.slug = 'forsvunnen'; }")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        page.evaluate("() => { survey.sender.now = () => Date.now() + 6 * 24 * 3600 * 1000; }")
        assert page.evaluate("survey.sendNow()") == 1
        assert stored(page)["queue"][0]["state"] == "waiting"
        page.evaluate("() => { survey.sender.now = () => Date.now() + 8 * 24 * 3600 * 1000; }")
        assert page.evaluate("survey.sendNow()") == 0
        assert [(e["state"], e["sealed"]) for e in stored(page)["queue"]] == [("refused", SEALED)]
        # The person wants it tried again, and the survey is back under its name.
        page.evaluate("survey.retry()")
        assert [(e["state"], e["tries"]) for e in stored(page)["queue"]] == [("waiting", 0)]
        assert page.evaluate("survey.sendNow()") == 1
        assert [(e["state"], e["sealed"]) for e in stored(page)["queue"]] == [("waiting", SEALED)]


def test_an_answer_that_was_refused_is_told_on_the_next_visit_and_tried_again(site: PhoneSite) -> None:
    site.survey("nekad")
    with site.window() as window:
        page = engine(window, "nekad")
        site.gate.always("500")
        freeze(page, GIVEN)
        quiet(page)
        page.evaluate("""async () => {
          for (const { number } of await survey.states()) {
            await survey.store.change(number, (entry) => ({ ...entry, state: "refused" }));
          }
        }""")
        site.gate.always("pass")
        page.goto("/s/nekad")
        expect(page.locator("#queued")).to_contain_text("Svar från tidigare gick inte att ta emot")
        page.get_by_role("button", name="Försök igen").click()
        expect(page.locator("#queued")).to_be_hidden()
        assert stored(page)["queue"] == []
    assert site.answers("nekad") == [ANSWER]
