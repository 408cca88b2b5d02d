"""Over plain HTTP on a meeting place's network: one long page, everything answered and sent once, nothing promised."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from browser_helpers import PHONE, axe_faults, small_targets
from meeting_place import ADDRESS, PORT, missing, network
from playwright.sync_api import Browser, BrowserContext, Page, expect
from web_helpers import make_instance

from webapp.dataset.instance import Instance

pytestmark = pytest.mark.skipif(bool(missing()), reason=missing())

WORDS = "Ord som ingen annan ska läsa"
SENT = "Tack. Dina svar har kommit fram."
HERE = f"http://{ADDRESS}:{PORT}"
OVERHEARD = "den som lyssnar på det här nätet"
QUESTIONS = 6
AGAIN = """([url, body]) => {
  const headers = { "Content-Type": "application/x-www-form-urlencoded" };
  return fetch(url, { method: "POST", headers, body }).then((answer) => answer.text());
}"""


@dataclass
class Place:
    """A meeting place: its laptop's data, and a browser in its network.

    Attributes:
        instance: The folder of the data.
        said: What the server said when it started.
        browser: Chromium.
    """

    instance: Path
    said: str
    browser: Browser

    def waiting(self) -> int:
        """Return how many answers lie in the tray."""
        with Instance.open(self.instance) as instance:
            return instance.tray.waiting(instance.surveys.get("prov"))


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("place")
    make_instance(folder / "i").close()
    with network() as made, made.serving(folder / "i") as said, made.browsing(folder) as browser:
        yield Place(folder / "i", "".join(said), browser)


@pytest.fixture(params=[True, False], ids=["script", "no script"])
def window(place: Place, request: pytest.FixtureRequest) -> Iterator[BrowserContext]:
    window = place.browser.new_context(
        base_url=HERE,
        viewport=PHONE,  # type: ignore[arg-type]
        java_script_enabled=request.param,
        locale="sv-SE",
    )
    window.set_default_timeout(8000)
    yield window
    window.close()


def complaints(page: Page) -> list[str]:
    """Return what the page will have complained about."""
    found: list[str] = []
    page.on("console", lambda m: found.append(m.text) if m.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: found.append(str(error)))
    return found


def answer(page: Page) -> None:
    """Answer every question of the long page."""
    page.get_by_label("Ja", exact=True).check()
    page.get_by_label("4", exact=True).check()
    page.get_by_label("Vården").check()
    page.get_by_label("Vilken kommun?").select_option(label="Mölndal")
    page.get_by_label("Hur många möten?").fill("2")
    page.get_by_label("Vill du berätta mer?").fill(WORDS)


def test_the_address_that_phones_can_reach_is_told(place: Place) -> None:
    assert f"{HERE}/" in place.said


def test_one_long_page_takes_everything_and_promises_nothing(place: Place, window: BrowserContext) -> None:
    page = window.new_page()
    wrong = complaints(page)
    page.goto("/s/prov")
    before = place.waiting()
    assert page.locator(".question").filter(visible=True).count() == QUESTIONS
    assert page.locator("[data-tool], [data-do]").filter(visible=True).count() == 0
    shown = page.locator("body").inner_text()
    assert OVERHEARD in shown
    assert "Stäng fliken när du är klar." in shown
    assert not re.search(r"utan nät|sparas här|sparat på den här|INTE skickade", shown)
    answer(page)
    assert page.evaluate("[isSecureContext, typeof crypto.subtle, typeof caches]") == [False, "undefined", "undefined"]
    assert page.evaluate("[localStorage.length, sessionStorage.length, document.cookie]") == [0, 0, ""]
    assert place.waiting() == before
    page.get_by_role("button", name="Skicka mina svar").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(SENT)
    assert place.waiting() == before + 1
    assert window.cookies() == []
    assert wrong == []


def test_sending_twice_counts_once(place: Place, window: BrowserContext) -> None:
    page = window.new_page()
    page.goto("/s/prov")
    before = place.waiting()
    answer(page)
    with page.expect_request(lambda request: request.method == "POST") as sent:
        page.get_by_role("button", name="Skicka mina svar").dblclick()
    expect(page.get_by_role("heading", level=1)).to_have_text(SENT)
    assert place.waiting() == before + 1
    # As a browser does that lost the answer and is told to send the same page again.
    other = place.browser.new_page()
    other.goto(f"{HERE}/static/sign.svg")
    shown = other.evaluate(AGAIN, [sent.value.url, sent.value.post_data])
    other.close()
    assert SENT in shown
    assert place.waiting() == before + 1


def test_what_was_filled_in_is_nowhere_until_it_is_sent(place: Place, window: BrowserContext) -> None:
    page = window.new_page()
    page.goto("/s/prov")
    before = place.waiting()
    answer(page)
    page.get_by_label("Hur många möten?").fill("många")
    page.get_by_role("button", name="Skicka mina svar").click()
    expect(page.get_by_role("alert")).to_contain_text("En sak att rätta")
    expect(page.get_by_label("Vill du berätta mer?")).to_have_value(WORDS)
    # The page came back from the server, which keeps nothing of it.
    assert place.waiting() == before
    words = WORDS.encode()
    files = [file for file in place.instance.rglob("*") if file.is_file()]
    assert not [file for file in files if words in file.read_bytes()]


def test_nothing_is_wrong_with_the_page(place: Place) -> None:
    page = place.browser.new_page(base_url=HERE, viewport=PHONE)  # type: ignore[arg-type]
    page.goto("/s/prov")
    assert axe_faults(page) == []
    assert small_targets(page) == []
    page.close()
