"""A respondent's main path in WebKitGTK, the nearest to iPhones, and in Firefox; skipped where they are not there."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import other_browsers
import pytest
from browser_helpers import serving
from cable import Cable, cable
from other_browsers import STARTS, DriverError, OtherBrowser, firefox, firefox_missing, webkit, webkit_missing
from phone_helpers import NOTHING_STORED, STORED
from web_helpers import DEFINITION, PARAMETERS, make_instance

from webapp.app import create_app
from webapp.config import Config
from webapp.dataset.instance import Instance
from webapp.dataset.surveys import Settings

WORDS = "Ord som ingen annan ska läsa"
SENT = "Tack. Dina svar har kommit fram."
HEADING = "h1, [aria-level='1']"

Opener = Callable[[str, Path], AbstractContextManager[OtherBrowser]]

BROWSERS = [
    pytest.param(webkit, id="webkit", marks=pytest.mark.skipif(bool(webkit_missing()), reason=webkit_missing())),
    pytest.param(firefox, id="firefox", marks=pytest.mark.skipif(bool(firefox_missing()), reason=firefox_missing())),
]


@dataclass
class Site:
    """A server at the end of a cable, and a browser at the other.

    Attributes:
        instance: The server's data.
        cable: Between them.
        browser: The browser.
    """

    instance: Instance
    cable: Cable
    browser: OtherBrowser

    def survey(self, slug: str) -> None:
        """Open one more survey with the questions of `prov`."""
        settings = Settings(grace_days=0)
        self.instance.surveys.create(slug, DEFINITION, "prov.toml", parameters=PARAMETERS, settings=settings)
        self.instance.surveys.open(slug)

    def answers(self, slug: str) -> list[dict[str, Any]]:
        """Close a survey and return what its responses hold."""
        self.instance.close_survey(slug)
        self.instance.tray.advance()
        found = self.instance.responses.all(self.instance.surveys.get(slug))
        return [{a.question: list(a.options) or a.own_text for a in r.answers if a.options or a.texts} for r in found]

    def stored(self) -> object:
        """Return what is stored on the phone."""
        return self.browser.promised(f"return ({STORED})()")


@pytest.fixture(scope="module")
def instance(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Instance, Cable]]:
    with make_instance(tmp_path_factory.mktemp("other") / "i") as instance:
        app = create_app(Config(instance.path), instance)
        with serving(app) as address, cable(address) as laid:
            yield instance, laid


@pytest.fixture(scope="module", params=BROWSERS)
def site(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, instance: tuple[Instance, Cable]
) -> Iterator[Site]:
    opener: Opener = request.param
    with opener(f"http://localhost:{instance[1].port}", tmp_path_factory.mktemp("browser")) as browser:
        yield Site(*instance, browser)


@pytest.fixture
def slug(site: Site, request: pytest.FixtureRequest) -> str:
    name = "".join(sign if sign.isalnum() else "-" for sign in request.node.name.removeprefix("test_"))
    slug = name[-40:].strip("-")
    site.survey(slug)
    return slug


def press(browser: OtherBrowser, *buttons: str) -> None:
    for button in buttons:
        browser.click(f"[data-do={button}]:not([hidden] *):not(template *)")


def begin(browser: OtherBrowser, slug: str, whose: str) -> None:
    browser.go(f"/s/{slug}")
    browser.click("#about [data-do=safe]")
    browser.click(f"[data-do={whose}]")
    browser.says(HEADING, "Fick du en plan?")


def tick(browser: OtherBrowser, question: str, option: str) -> None:
    """Press an option's row, where it is."""
    browser.click(f"label[for='f-{question}-{option}'], label:has(#f-{question}-{option})")


def on(browser: OtherBrowser, heading: str) -> None:
    browser.click("#next")
    browser.says(HEADING, heading)


def test_everything_is_answered_looked_through_and_sent(site: Site, slug: str) -> None:
    browser = site.browser
    begin(browser, slug, "mine")
    tick(browser, "fick", "ja")
    on(browser, "Hur bra var den?")
    tick(browser, "bra", "4")
    on(browser, "Vilka var med?")
    for option in ("vard", "ingen", "kommun"):
        tick(browser, "vilka", option)
    on(browser, "Vilken kommun?")
    browser.write(".find input", "möl")
    browser.click(".find li button")
    on(browser, "Hur många möten?")
    browser.write("#f-antal", "många")
    browser.click("#next")
    browser.says(".mend", "bara siffror")
    browser.run("document.getElementById('f-antal').value = ''")
    browser.write("#f-antal", "3")
    on(browser, "Vill du berätta mer?")
    browser.write("#f-mer", WORDS)
    browser.click("[name=show][value=en]")
    browser.says(HEADING, "Anything more?")
    assert browser.run("return document.getElementById('f-mer').value") == WORDS
    browser.back()
    browser.says(HEADING, "How many meetings?")
    on(browser, "Anything more?")
    browser.becomes(f"return JSON.stringify(await ({STORED})()).includes({WORDS!r})", value=True)
    browser.reload()
    browser.says(HEADING, "You were at question 6")
    press(browser, "resume")
    browser.says(HEADING, "Anything more?")
    on(browser, "Look through your answers")
    browser.click("#review [data-go=fick]")
    browser.says(HEADING, "Did you get a plan?")
    tick(browser, "fick", "nej")
    on(browser, "Look through your answers")
    browser.says(".gone dd", "4")
    browser.click("#end .actions button")
    browser.says(HEADING, "Thank you. Your answers have arrived.")
    assert site.stored() == NOTHING_STORED
    assert site.answers(slug) == [{"fick": ["nej"], "vilka": ["kommun"], "kommun": "1481", "antal": "3", "mer": WORDS}]


KEPT = """
for (const name of await caches.keys()) {
  if (!name.startsWith(`kryssklick ${location.pathname.slice(3)} `)) continue;
  const kept = await (await caches.open(name)).match("/s/kept.json", { ignoreSearch: true });
  if (kept) return (await kept.json()).languages.length;
}
return 0;
"""


def test_without_network_it_opens_is_answered_waits_and_goes_in_the_end(site: Site, slug: str) -> None:
    browser = site.browser
    browser.go(f"/s/{slug}")
    browser.becomes(KEPT, 2)
    browser.go("/s/worker.js")
    site.cable.cut()
    try:
        begin(browser, slug, "shared")
        tick(browser, "fick", "nej")
        on(browser, "Vilka var med?")
        browser.click("[name=show][value=en]")
        browser.says(HEADING, "Who was there?")
        tick(browser, "vilka", "vard")
        for heading in ("Which municipality?", "How many meetings?", "Anything more?", "Look through your answers"):
            on(browser, heading)
        browser.click("#end .actions button")
        browser.says(HEADING, "Your answers are NOT sent yet")
        browser.go(f"/s/{slug}")
        browser.says("#queued", "INTE skickade än")
        assert WORDS not in str(site.stored())
    finally:
        site.cable.mend()
    browser.click("#queued [data-do=send]")
    browser.becomes("return document.getElementById('queued').hidden", value=True)
    assert site.stored() == NOTHING_STORED
    assert site.answers(slug) == [{"fick": ["nej"], "vilka": ["vard"]}]


def test_everything_is_erased(site: Site, slug: str) -> None:
    browser = site.browser
    begin(browser, slug, "mine")
    tick(browser, "fick", "nej")
    on(browser, "Vilka var med?")
    press(browser, "ask")
    browser.says(HEADING, "Radera allt från den här telefonen?")
    press(browser, "erase")
    browser.says(HEADING, "Allt är raderat")
    assert browser.promised("return (await indexedDB.databases()).length") == 0
    assert browser.promised("return (await caches.keys()).length") == 0
    assert site.answers(slug) == []


def test_one_long_page_is_enough_without_script(site: Site, slug: str) -> None:
    browser = site.browser
    browser.scripts(False)
    try:
        browser.go(f"/s/{slug}")
        assert browser.text("[data-tool]") == ""
        tick(browser, "fick", "nej")
        tick(browser, "vilka", "vard")
        browser.write("#f-mer", WORDS)
        browser.click("#end .actions button")
        browser.says("h1", SENT)
    finally:
        browser.scripts(True)
    assert site.answers(slug) == [{"fick": ["nej"], "vilka": ["vard"], "mer": WORDS}]


@pytest.mark.skipif(bool(webkit_missing()), reason=webkit_missing())
def test_a_driver_that_does_not_come_up_is_tried_again_and_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "WebKitWebDriver").symlink_to(sys.executable)  # which takes none of the driver's options
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    asked = []
    monkeypatch.setattr(other_browsers, "free_port", lambda: asked.append(1) or 9)
    with pytest.raises(DriverError, match="has ended with 2") as caught, webkit("http://localhost", tmp_path):
        pass
    assert len(asked) == STARTS
    assert "It said: unknown option --host" in caught.value.__notes__[0]
