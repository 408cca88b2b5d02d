"""Without network, from cold: what one visit keeps, what updates do to it, and what survives killed programs."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from contact_helpers import a_keeper
from measure_first_visit import BAR_BYTES, first_visit, total
from phone_helpers import (
    PhoneSite,
    becomes,
    engine,
    freeze,
    languages,
    opens,
    phone_site,
    stored,
)
from playwright.sync_api import Page

from webapp.dataset.instance import Instance, init
from webapp.dataset.surveys import Settings
from webapp.phonefiles import FOLDER, Build, build, build_from

GIVEN: dict[str, Any] = {"fick": {"options": ["nej"], "texts": {}}}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("offline")) as site:
        yield site


def kept(page: Page) -> list[str]:
    """Return the names of the complete caches."""
    return list(
        page.evaluate("""async () => {
          const found = [];
          for (const name of await caches.keys())
            if (await (await caches.open(name)).match("/s/kept.json", { ignoreSearch: true })) found.push(name);
          return found;
        }""")
    )


def until(page: Page, code: str, value: object) -> None:
    """Wait until code gives a value."""
    found: object = None
    for _ in range(100):
        found = page.evaluate(code)
        if found == value:
            return
        page.wait_for_timeout(50)
    assert found == value


def visit(page: Page, slug: str) -> None:
    """Visit a survey as anybody does, and wait until all of it is kept."""
    page.goto(f"/s/{slug}")
    until(page, f"caches.keys().then((names) => names.filter((n) => n.startsWith('kryssklick {slug} ')).length)", 1)
    until(page, "navigator.serviceWorker.getRegistration('/s/').then((r) => Boolean(r && r.active))", True)
    for _ in range(100):
        if sorted(languages(page, slug)) == ["en", "sv"]:
            return
        page.wait_for_timeout(50)
    raise AssertionError(languages(page, slug))


def test_after_one_visit_it_opens_without_network_in_a_new_tab(site: PhoneSite) -> None:
    site.survey("kall")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "kall")
        page.close()
        window.set_offline(True)
        page = window.new_page()
        opens(page, "/s/kall")
        opens(page, "/s/kall?lang=en", "en")
        opens(page, "/s/kall?lang=hittepa")
        kept_page = page.goto("/s/kall")
        assert kept_page is not None
        assert kept_page.from_service_worker
        assert '<input type="hidden" name="id" value="">' in kept_page.text()


def test_what_was_queued_without_network_is_sent_in_the_background(site: PhoneSite) -> None:
    """Chromium wakes the worker when there is network again; here it is told to, with no page open."""
    site.survey("bakgrund")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "bakgrund")
        site.gate.always("500")
        page = engine(window, "bakgrund")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        page.evaluate("survey.sender.stop()")
        site.gate.always("pass")
        cdp = window.new_cdp_session(page)
        found: list[str] = []
        cdp.on(
            "ServiceWorker.workerRegistrationUpdated",
            lambda e: found.extend(r["registrationId"] for r in e["registrations"]),
        )
        cdp.send("ServiceWorker.enable")
        page.wait_for_timeout(100)
        event = {"origin": site.address, "registrationId": found[0], "tag": "kryssklick", "lastChance": False}
        cdp.send("ServiceWorker.dispatchSyncEvent", event)
        becomes(page, number, "sent")
    assert site.answers("bakgrund") == [{"fick": ["nej"]}]


def test_surveys_on_one_phone_are_kept_apart(site: PhoneSite) -> None:
    site.survey("ena")
    site.survey("ena-till")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "ena")
        visit(page, "ena-till")
        assert [n.split()[1] for n in sorted(kept(page))] == ["ena", "ena-till"]
        survey = site.instance.surveys.get("ena-till")
        deadline = site.clock.moment.astimezone().date()
        site.instance.surveys.set_parameters("ena-till", survey.parameters, Settings(deadline, 3))
        before = set(kept(page))
        page.reload()
        until(page, "caches.keys().then((names) => names.length)", 2)
        for _ in range(100):
            if set(kept(page)) != before and len(kept(page)) == 2:
                break
            page.wait_for_timeout(50)
        changed = before ^ set(kept(page))
        assert {n.split()[1] for n in changed} == {"ena-till"}
        window.set_offline(True)
        for slug in ("ena", "ena-till"):
            opens(page, f"/s/{slug}")


def test_a_survey_that_has_ended_is_not_kept_anew(site: PhoneSite) -> None:
    site.survey("slut")
    site.instance.surveys.close("slut")
    with site.window(workers=True) as window:
        page = engine(window, "slut")
        assert page.evaluate("survey.keepOffline('sv')") is False
        assert kept(page) == []


def test_closing_is_known_without_network_after_the_next_contact(site: PhoneSite) -> None:
    site.survey("stangd")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "stangd")
        before = kept(page)
        site.instance.surveys.close("stangd")
        page.reload()
        for _ in range(100):
            if kept(page) != before and len(kept(page)) == 1:
                break
            page.wait_for_timeout(50)
        window.set_offline(True)
        page.goto("/s/stangd")
        data = page.evaluate("JSON.parse(document.getElementById('phone').textContent)")
        assert data["begin_until"] <= site.clock.moment.timestamp() * 1000


def test_a_file_that_is_not_what_the_list_says_is_never_kept(site: PhoneSite) -> None:
    site.survey("trasig")
    with site.window(workers=True) as window:
        other = b"<svg xmlns='http://www.w3.org/2000/svg'/>"
        site.gate.files = lambda path: other if path.endswith("/sign.svg") else None
        page = engine(window, "trasig")
        assert page.evaluate("survey.keepOffline('sv')") is False
        assert kept(page) == []
        # Nothing half is ever shown: the page comes from the network.
        shown = page.goto("/s/trasig")
        assert shown is not None
        assert re.search(r'name="id" value="[0-9a-f]{32}"', shown.text())
        site.gate.files = lambda _: None
        page = engine(window, "trasig")
        assert page.evaluate("survey.keepOffline('sv')") is True


@contextmanager
def newer(folder: Path) -> Iterator[Build]:
    """Let the server have other scripts for a while, as after an update."""
    folder.mkdir()
    for file in FOLDER.glob("*.js"):
        (folder / file.name).write_text(file.read_text() + f'export const later_{file.stem} = "{folder.name}";\n')
    changed = build_from(folder)
    with pytest.MonkeyPatch.context() as patch:
        for place in ("webapp.phonefiles", "webapp.views.phone", "webapp.views.phonedata"):
            patch.setattr(f"{place}.build", lambda: changed)
        yield changed


def test_an_update_takes_nothing_away_even_where_the_server_goes_in_the_middle(site: PhoneSite, tmp_path: Path) -> None:
    site.survey("nytt")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "nytt")
        page = engine(window, "nytt")
        page.evaluate("survey.beginDraft({ form: 'ett' }, 'början på ett svar')")
        before = kept(page)
        served: list[str] = []

        def dying(path: str) -> bytes | None:
            """Give the new list, the script and one of the two pages, then nothing more."""
            if path.endswith(("/phone.js", "/page")):
                served.append(path)
                if served.count("/s/nytt/page") > 1:
                    raise ConnectionError("gone")
            return None

        with newer(tmp_path / "ny") as changed:
            site.gate.files = dying
            page.goto("/s/nytt")
            for _ in range(60):
                if served.count("/s/nytt/page") > 1:
                    break
                page.wait_for_timeout(50)
            page.wait_for_timeout(200)
            assert any(changed.id in path for path in served)
            assert kept(page) == before
            window.set_offline(True)
            opens(page, "/s/nytt")
            site.gate.files = lambda _: None
            window.set_offline(False)
            page.goto("/s/nytt")
            for _ in range(100):
                if kept(page) != before and len(kept(page)) == 1:
                    break
                page.wait_for_timeout(50)
            assert kept(page) != before
            window.set_offline(True)
            opens(page, "/s/nytt")
            assert page.evaluate("document.querySelector('script[src]').src").split("/")[-2] == changed.id
            window.set_offline(False)
            page = engine(window, "nytt")
            assert page.evaluate("survey.draft()")["body"] == "början på ett svar"


def test_a_queued_answer_survives_an_update_of_the_program(site: PhoneSite, tmp_path: Path) -> None:
    site.survey("senare")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "senare")
        page = engine(window, "senare")
        site.gate.always("500")
        number = freeze(page, GIVEN)
        becomes(page, number, "tried")
        page.close()
        with newer(tmp_path / "ny"):
            site.gate.always("pass")
            page = window.new_page()
            page.goto("/s/senare")
            until(page, "indexedDB.databases().then((d) => d.length)", 1)
            for _ in range(100):
                if not stored(page)["queue"]:
                    break
                page.wait_for_timeout(50)
            assert stored(page)["queue"] == []
    assert site.answers("senare") == [{"fick": ["nej"]}]


def test_the_browser_takes_every_module(site: PhoneSite) -> None:
    """A fault of syntax in any module, or in all of them together, shows here."""
    with site.window() as window:
        page = window.new_page()
        page.goto("/static/cross.svg")
        for name in build().modules:
            assert page.evaluate(f"import('/phone/{build().id}/{name}').then(() => true)") is True, name
        whole = build().whole.body.decode()
        assert page.evaluate("(code) => { new Function(code); return true }", whole) is True
        assert {file.name for file in FOLDER.glob("*.js")} == set(build().modules)


@pytest.mark.parametrize("language", ["sv", "en"])
def test_what_is_kept_is_what_the_browser_has_and_is_not_loaded_again(site: PhoneSite, language: str) -> None:
    slug = f"en-gang-{language}"
    site.survey(slug)
    with site.window(workers=True) as window:
        page = window.new_page()
        asked: list[str] = []
        site.gate.files = asked.append
        page.goto(f"/s/{slug}?lang={language}")
        for _ in range(100):
            if len(languages(page, slug)) == 2:
                break
            page.wait_for_timeout(50)
        # One of the two languages stood in the page.
        assert asked.count(f"/s/{slug}/page") == 1
        window.set_offline(True)
        opens(page, f"/s/{slug}?lang={language}", language)
        shown = page.reload()
        assert shown is not None
        assert shown.headers["content-security-policy"].startswith("default-src 'none'")


def test_a_first_visit_moves_little(site: PhoneSite, tmp_path: Path) -> None:
    """To a survey that offers the sign-up, which is the larger one, and to the sign-up's own page."""
    init(tmp_path / "i").instance.close()
    with Instance.open(tmp_path / "i") as instance:
        a_keeper(instance)
        survey, page = [first_visit(site.browser, instance, "sip", sign_up=sign_up) for sign_up in (False, True)]
    visit = [m for m in survey if not m.later]
    assert any(m.address == "/s/worker.js" for m in visit)
    assert total(visit) <= BAR_BYTES, "\n".join(map(str, survey))
    assert any(m.address.startswith("/contacts/") for m in page)
    # A page of its own: nothing of the survey's script comes along.
    assert not any("/phone/" in m.address for m in page)
    assert total(page) <= BAR_BYTES / 2, "\n".join(map(str, page))


def test_the_modules_of_the_engine_touch_no_page() -> None:
    for name in ("rules.js", "seal.js", "store.js", "survey.js", "fields.js", "worker.js"):
        assert not re.search(
            r"\b(document|window|alert|localStorage|sessionStorage)\b[.(]", (FOLDER / name).read_text()
        )


COUNT_WRITING = """() => {
  self.written = [];
  const [put, away] = [Cache.prototype.put, Cache.prototype.delete];
  Cache.prototype.put = function (request, answer) {
    self.written.push(String(request.url || request));
    return put.call(this, request, answer);
  };
  Cache.prototype.delete = function (request, how) {
    self.written.push(`away ${request.url || request}`);
    return away.call(this, request, how);
  };
}"""

ASK_AT_ONCE = """async (slug) => {
  const { active } = await navigator.serviceWorker.ready;
  const ask = (message) => new Promise((resolve) => {
    const { port1, port2 } = new MessageChannel();
    port1.onmessage = (event) => resolve(event.data);
    active.postMessage({ slug, ...message }, [port2]);
  });
  const source = await (await fetch(`/s/${slug}/page?lang=sv`)).text();
  return Promise.all([
    ask({ what: "keep", language: "sv", source }),
    ask({ what: "languages", name: "tablet" }),
    ask({ what: "keep", language: "sv", source }),
  ]);
}"""


def test_what_is_kept_is_never_written_over(site: PhoneSite) -> None:
    """A browser that is killed while it writes over a page has neither the old nor the new one."""
    site.survey("helt")
    with site.window(workers=True) as window:
        page = window.new_page()
        visit(page, "helt")
        worker = window.service_workers[0]
        worker.evaluate(COUNT_WRITING)
        assert page.evaluate(ASK_AT_ONCE, "helt") == [True, True, True]
        written = [str(line) for line in worker.evaluate("self.written")]
        assert not [line for line in written if "/page" in line or line.endswith("/s/kept.json")]
        records = [n for n, line in enumerate(written) if "/s/kept.json?" in line and "away" not in line]
        gone = [n for n, line in enumerate(written) if line.startswith("away")]
        assert len(records) == len(gone) == 3
        # The record before goes only when the next is there.
        assert all(new < old for new, old in zip(records, gone, strict=True))
        parts = "caches.match('/s/kept.json', { ignoreSearch: true }).then((k) => k.json()).then((k) => k.parts)"
        assert page.evaluate(parts) == ["tablet"]
        assert sorted(languages(page, "helt")) == ["en", "sv"]
