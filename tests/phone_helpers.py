"""The phone's modules in a page of real Chromium, and what the tests of the phone share."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from browser_helpers import ARGUMENTS, CHROMIUM, PHONE, browsing, serving
from flask import Flask
from playwright.sync_api import Browser, BrowserContext, Locator, Page, Playwright, Route, expect, sync_playwright
from web_helpers import PARAMETERS, Clock, make_instance

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Settings, Survey
from webapp.phonefiles import build

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIEnvironment

PHONE_FOLDER = Path(__file__).parent.parent / "webapp" / "static" / "phone"
LOCAL = "http://localhost"
"""A secure context: WebCrypto, locks and workers are there."""


@contextmanager
def engine_page() -> Iterator[Page]:
    """Give an empty page whose server holds nothing but the modules, for tests that need no survey."""
    with browsing() as browser:
        yield module_page(browser, LOCAL)


def module_page(browser: Browser, origin: str) -> Page:
    """Open such a page at an origin of one's choice; no request leaves the browser."""

    def answer(route: Route) -> None:
        name = route.request.url.rsplit("/", 1)[-1]
        if name.endswith(".js"):
            route.fulfill(body=(PHONE_FOLDER / name).read_text(), content_type="text/javascript")
        else:
            route.fulfill(body="<!doctype html><title>x</title>", content_type="text/html")

    page = browser.new_page()
    page.route(f"{origin}/**", answer)
    page.goto(f"{origin}/")
    return page


def run_module(page: Page, module: str, body: str, value: object = None) -> Any:  # noqa: ANN401 (JSON)
    """Run code over one of the modules: `m` is the module, `v` the value; returns what the code returns.

    Values travel as JSON of plain ASCII, so that no sign is changed on its way.
    """
    code = f"async (sent) => {{ const m = await import('/{module}.js'); const v = JSON.parse(sent); {body} }}"
    return json.loads(page.evaluate(f"async (s) => JSON.stringify(await ({code})(s))", json.dumps(value)))


FORGED = {
    "500": ("500 Internal Server Error", "text/html", b"<h1>500</h1>"),
    "portal": ("200 OK", "text/html", b"<h1>Welcome to the hotel</h1>"),
    "refuse": (
        "409 Conflict",
        "application/json",
        b'{"format": "kryssklick-receipt/1", "status": "refused", "reason": "other-key"}',
    ),
}
"""What is answered without asking the server: status, type, body."""


class Gate:
    """Stands before the application and lets tests decide what happens to sealed answers.

    Attributes:
        how: What to do with the next ones: takes the number of the answer, returns one of `Way`.
        files: Takes the path of anything else; what it returns is given instead of the file, None: the file itself.
        seen: Numbers in the order in which they arrived.
        held: Set while an answer is being held up; `release` lets it go on.
    """

    def __init__(self, app: Flask) -> None:
        self.app = app
        self.how: Callable[[str], str] = lambda _: "pass"
        self.files: Callable[[str], bytes | None] = lambda _: None
        self.seen: list[str] = []
        self.held = threading.Event()
        self.release = threading.Event()

    def always(self, way: str) -> None:
        """Do the same with every sealed answer.

        Args:
            way: `pass`, `500`, `lose` (taken, but nobody is told), `portal`, `refuse` or `hold`.
        """
        self.how = lambda _: way

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Answer a request."""
        if not environ["PATH_INFO"].endswith("/sealed"):
            other = self.files(environ["PATH_INFO"])
            if other is None:
                return self.app(environ, start_response)
            start_response("200 OK", [("Content-Type", "text/plain")])
            return [other]
        number = environ.get("HTTP_KRYSSKLICK_NUMBER", "")
        self.seen.append(number)
        way = self.how(number)
        if way in FORGED:
            status, kind, body = FORGED[way]
            start_response(status, [("Content-Type", kind)])
            return [body]
        if way == "hold":
            self.held.set()
            self.release.wait(20)
        if way == "lose":
            b"".join(self.app(environ, lambda *_: lambda _: None))
            start_response("502 Bad Gateway", [("Content-Type", "text/html")])
            return [b"<h1>502</h1>"]
        return self.app(environ, start_response)


@dataclass
class PhoneSite:
    """A server whose sealed answers pass a gate, and a browser.

    Attributes:
        address: By the name localhost: a secure context, as HTTPS is.
        instance: Its data.
        browser: Chromium.
        gate: The gate.
        clock: The server's clock.
        playwright: What drives the browser, for tests that need another one.
    """

    address: str
    instance: Instance
    browser: Browser
    gate: Gate
    clock: Clock
    playwright: Playwright

    def survey(self, slug: str, **settings: object) -> Survey:
        """Make one more open survey with the questions of `prov`, without grace time unless told otherwise."""
        prov = self.instance.surveys.get("prov")
        text = self.instance.surveys.definition(prov, prov.versions[0])
        chosen = Settings(**{"grace_days": 0, **settings})  # type: ignore[arg-type]
        self.instance.surveys.create(slug, text, "prov.toml", parameters=PARAMETERS, settings=chosen)
        self.gate.always("pass")
        self.gate.files = lambda _: None
        return self.instance.surveys.open(slug)

    def answers(self, slug: str) -> list[dict[str, Any]]:
        """Close a survey and return what its web responses hold: question → options or own text."""
        self.instance.close_survey(slug)
        self.instance.tray.advance()
        survey = self.instance.surveys.get(slug)
        assert self.instance.tray.quarantined(survey) == ()
        return [
            {a.question: list(a.options) or a.own_text for a in r.answers if a.options or a.texts}
            for r in self.instance.responses.all(survey)
        ]

    @contextmanager
    def window(self, *, workers: bool = False, script: bool = True) -> Iterator[BrowserContext]:
        """Open a phone of its own, without a service worker unless told otherwise."""
        window = self.browser.new_context(
            base_url=self.address,
            viewport=PHONE,  # type: ignore[arg-type]
            locale="sv-SE",
            java_script_enabled=script,
            service_workers="allow" if workers else "block",
        )
        window.set_default_timeout(8000)
        try:
            yield window
        finally:
            window.close()


@contextmanager
def phone_site(folder: Path) -> Iterator[PhoneSite]:
    """Give a site."""
    # The pages that the browser keeps are compared with the clock of this machine.
    clock = Clock()
    clock.moment = datetime.now(UTC)
    with make_instance(folder / "instance", clock) as instance:
        gate = Gate(create_app(Config(instance.path), instance))
        with serving(gate) as address, sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=list(ARGUMENTS))
            local = address.replace("127.0.0.1", "localhost")
            yield PhoneSite(local, instance, browser, gate, clock, playwright)
            browser.close()


STORED = """
async () => {
  const opened = await new Promise((yes, no) => {
    const r = indexedDB.open("kryssklick"); r.onsuccess = () => yes(r.result); r.onerror = () => no(r.error);
  });
  const all = (name) => new Promise((yes) => {
    if (!opened.objectStoreNames.contains(name)) return yes([]);
    opened.transaction(name).objectStore(name).getAll().onsuccess = (e) => yes(e.target.result);
  });
  const [drafts, queue] = [await all("drafts"), await all("queue")];
  opened.close();
  for (const draft of drafts) {
    const kept = await caches.match(`/s/${draft.slug}/key`);
    if (!kept) continue;
    const key = await crypto.subtle.importKey("raw", await kept.arrayBuffer(), "AES-GCM", false, ["decrypt"]);
    const { nonce, bytes } = draft.body;
    draft.body = JSON.parse(new TextDecoder().decode(
      await crypto.subtle.decrypt({ name: "AES-GCM", iv: nonce }, key, bytes)));
  }
  return { drafts, queue: queue.map((e) => ({ ...e, sealed: e.sealed && e.sealed.byteLength })),
           other: [localStorage.length, sessionStorage.length, document.cookie] };
}
"""


def stored(page: Page) -> dict[str, Any]:
    """Return what a page has stored on the phone, drafts with their own key opened, sealed bytes as their number."""
    return dict(page.evaluate(STORED))


NOTHING_STORED = {"drafts": [], "queue": [], "other": [0, 0, ""]}


OPEN = """
async ([base, slug]) => {
  const engine = await import(`${base}/survey.js`);
  const html = await (await fetch(`/s/${slug}/page`)).text();
  const data = JSON.parse(new DOMParser().parseFromString(html, "text/html").getElementById("phone").textContent);
  Object.assign(window, { data, eraseAll: engine.eraseAll, changes: 0 });
  window.survey = engine.openSurvey(data, { onchange: () => (window.changes += 1) });
}
"""


def engine(window: BrowserContext, slug: str) -> Page:
    """Open a survey on a phone with nothing but the engine: no interface, whatever that is like.

    The page has `survey`, `data` and `eraseAll` of the modules.
    """
    page = window.new_page()
    # A document of the site itself that loads no script.
    page.goto(f"/s/{slug}/offline.json")
    start_engine(page, slug)
    return page


def start_engine(page: Page, slug: str) -> None:
    page.evaluate(OPEN, [f"/phone/{build().id}", slug])


def freeze(page: Page, answers: dict[str, Any], number: str = "") -> str:
    """Seal and queue answers of a new form, or of the form with a number; return its number."""
    code = """([given, number]) => survey.freeze({ ...survey.newForm(), ...(number ? { number } : {}) }, given, "sv")"""
    return str(page.evaluate(code, [answers, number]))


def becomes(page: Page, number: str, state: str) -> None:
    """Wait until an answer is `sent`, or waits after an attempt (`tried`), or is `closed`, `late` or `refused`."""
    found = page.evaluate(
        """async ([number, state]) => {
          let now;
          // Asking the server for something else takes a moment even where a test has stopped the page's clock.
          for (let n = 0; n < 1500 && now !== state; n += 1) {
            const entry = (await survey.states()).find((e) => e.number === number);
            now = !entry ? "sent" : entry.state === "waiting" ? (entry.tries ? "tried" : "new") : entry.state;
            if (now !== state) await fetch(`/s/worker.js?${n}`).catch(() => {});
          }
          return now;
        }""",
        [number, state],
    )
    assert found == state


def quiet(page: Page) -> None:
    """Wait until no tab sends anything."""
    page.evaluate("navigator.locks.request('kryssklick send', () => {})")


class OwnBrowser:
    """A Chromium of one's own with a profile on the disk, which a test may kill as a phone does.

    Attributes:
        profile: The profile's folder.
        context: Its windows, while it runs.
    """

    def __init__(self, playwright: Playwright, profile: Path) -> None:
        self._playwright = playwright
        self.profile = profile

    @contextmanager
    def running(self) -> Iterator[BrowserContext]:
        """Run it; on leaving it is killed with all its processes, without a warning."""
        (self.profile / "DevToolsActivePort").unlink(missing_ok=True)
        command = [CHROMIUM, *ARGUMENTS, "--headless=new", "--remote-debugging-port=0", "--lang=sv-SE"]
        process = subprocess.Popen(
            [*command, f"--user-data-dir={self.profile}", "about:blank"],
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        try:
            browser = self._playwright.chromium.connect_over_cdp(f"http://127.0.0.1:{self._port(process)}")
            context = browser.contexts[0]
            context.set_default_timeout(8000)
            yield context
        finally:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _port(self, process: subprocess.Popen[bytes]) -> int:
        file = self.profile / "DevToolsActivePort"
        while not (file.exists() and file.read_text().count("\n")):
            assert process.poll() is None, "Chromium did not start"
            time.sleep(0.05)
        return int(file.read_text().split()[0])


def cut_off(window: BrowserContext) -> None:
    """Take the network away from pages and from the service worker, which may have one where its pages have none."""
    window.set_offline(True)
    for worker in window.service_workers:
        worker.evaluate("""() => {
          self.reach ||= self.fetch;
          self.fetch = () => Promise.reject(new TypeError("no network"));
        }""")


def reconnect(window: BrowserContext) -> None:
    """Give back what `cut_off` took."""
    window.set_offline(False)
    for worker in window.service_workers:
        worker.evaluate("() => { self.fetch = self.reach || self.fetch; }")


def languages(page: Page, slug: str) -> list[str]:
    """Return the languages that a survey is kept in."""
    return list(
        page.evaluate(
            """async (slug) => {
              for (const name of await caches.keys()) {
                if (!name.startsWith(`kryssklick ${slug} `)) continue;
                const kept = await (await caches.open(name)).match("/s/kept.json", { ignoreSearch: true });
                if (kept) return (await kept.json()).languages;
              }
              return [];
            }""",
            slug,
        )
    )


def opens(page: Page, address: str, language: str = "sv") -> None:
    """See that a survey opens: its questions are there and its script runs."""
    page.goto(address)
    expect(page.locator("html")).to_have_attribute("lang", language)
    assert page.locator(".question").count() == 6
    assert page.evaluate("getComputedStyle(document.body).margin") == "0px"


SLOW_MS = 20_000
"""A key out of words or digits is made slowly on purpose, and this machine may have others to serve."""


def button(page: Page, name: str) -> Locator:
    """Return the button of a name that is to be seen."""
    return page.get_by_role("button", name=name, exact=True).filter(visible=True)


def press(page: Page, *names: str) -> None:
    """Press buttons, one after the other."""
    for name in names:
        button(page, name).click()


def heading(page: Page, text: str) -> None:
    """Expect a screen, by its heading."""
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=SLOW_MS)
