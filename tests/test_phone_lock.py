"""The lock of a draft: four words on one's own phone, and nothing on the disk that opens without them."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from phone_helpers import NOTHING_STORED, PhoneSite, phone_site, stored
from playwright.sync_api import BrowserContext, Locator, Page, expect

WORDS = Path(__file__).parent.parent / "webapp" / "static" / "words"
SECRET = "Vinterkatten QX"
MINE, LOCKED = "Ja, bara min", "Min, men någon annan kan titta"
SENT = "Tack. Dina svar har kommit fram."
SLOW_MS = 20_000
"""A key out of words is made slowly on purpose, and this machine may have others to serve."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("lock")) as site:
        yield site


@pytest.fixture
def window(site: PhoneSite) -> Iterator[BrowserContext]:
    with site.window() as window:
        yield window


def button(page: Page, name: str) -> Locator:
    return page.get_by_role("button", name=name, exact=True).filter(visible=True)


def press(page: Page, *names: str) -> None:
    for name in names:
        button(page, name).click()


def heading(page: Page, text: str) -> None:
    expect(page.get_by_role("heading", level=1)).to_have_text(text, timeout=SLOW_MS)


def four_words(page: Page) -> str:
    heading(page, "Skriv upp de här fyra orden")
    return " ".join(page.locator(".code li").all_inner_texts())


def begin_locked(page: Page, address: str) -> str:
    """Begin on one's own phone with four words; return them."""
    page.goto(address)
    press(page, "Fortsätt")
    page.get_by_role("button", name=LOCKED).click()
    words = four_words(page)
    press(page, "Jag har skrivit upp dem: lås")
    heading(page, "Fick du en plan?")
    return words


def write(page: Page, text: str = SECRET) -> None:
    """Answer the first question with no, skip the rest, write in the last, and wait until it is on the phone."""
    page.get_by_label("Nej", exact=True).filter(visible=True).check()
    press(page, "Nästa", *["Hoppa över"] * 3)
    before = stored_bytes(page)
    page.locator("#f-mer").fill(text)
    for _ in range(100):
        if stored_bytes(page) != before:
            return
        page.wait_for_timeout(50)
    raise AssertionError("The draft was not saved.")


def stored_bytes(page: Page) -> str:
    """Return what lies in the database as drafts, whatever it is encrypted with."""
    return str(
        page.evaluate("""async () => {
          const db = await new Promise((yes) => {
            indexedDB.open("kryssklick").onsuccess = (e) => yes(e.target.result);
          });
          const all = await new Promise((yes) => {
            db.transaction("drafts").objectStore("drafts").getAll().onsuccess = (e) => yes(e.target.result);
          });
          db.close();
          return all.map((d) => [...new Uint8Array(d.body.bytes)].join()).join(" ");
        }""")
    )


def unlock(page: Page, words: str) -> None:
    page.get_by_label("Dina fyra ord, i sin ordning").fill(words)
    press(page, "Öppna")


KEYS = "caches.open('kryssklick-key').then((c) => c.keys()).then((k) => k.map((r) => new URL(r.url).pathname))"


def test_what_is_locked_opens_with_the_words_alone(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("las")
    page = window.new_page()
    words = begin_locked(page, "/s/las")
    expect(page.locator("#kept")).to_contain_text("krypterat med dina fyra ord")
    expect(button(page, "Lås det med fyra ord")).to_have_count(0)
    write(page)
    assert page.evaluate(KEYS) == ["/s/las/wrapped"]
    page.reload()
    heading(page, "Det du har fyllt i är låst")
    assert SECRET not in page.content()
    expect(page.locator("form#answers")).to_be_hidden()
    first, *rest = words.split()
    for wrong in ("", "bara tre ord", " ".join([*rest, first])):
        unlock(page, wrong)
        expect(page.locator("#not-words")).to_contain_text("Det är inte de orden", timeout=SLOW_MS)
        expect(page.get_by_label("Dina fyra ord")).to_be_focused()
    # Whatever keyboard, whatever between the words.
    unlock(page, words.upper().translate(str.maketrans("ÅÄÖ", "AAO")).replace(" ", ", "))
    heading(page, "Vill du berätta mer?")
    expect(page.locator("#f-mer")).to_have_value(SECRET)
    expect(page.locator("#kept")).to_contain_text("krypterat med dina fyra ord")
    assert page.evaluate(KEYS) == ["/s/las/wrapped"]
    # What is changed from now on lies under the same words.
    write_again = SECRET + " igen"
    page.locator("#f-mer").fill(write_again)
    press(page, "Nästa")
    page.reload()
    unlock(page, words)
    heading(page, "Titta igenom dina svar")
    press(page, "Skicka mina svar")
    heading(page, SENT)
    assert stored(page) == NOTHING_STORED
    assert page.evaluate("caches.has('kryssklick-key')") is False
    assert site.answers("las") == [{"fick": ["nej"], "mer": write_again}]
