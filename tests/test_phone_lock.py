"""The lock of a draft: four words on one's own phone, and nothing on the disk that opens without them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
from browser_helpers import SMALL, axe_faults, sideways, small_targets
from phone_helpers import (
    LOCAL,
    NOTHING_STORED,
    SLOW_MS,
    OwnBrowser,
    PhoneSite,
    button,
    heading,
    module_page,
    phone_site,
    press,
    run_module,
    stored,
)
from playwright.sync_api import BrowserContext, Page, expect

WORDS = Path(__file__).parent.parent / "webapp" / "static" / "words"
SECRET = "Vinterkatten QX"
MINE, LOCKED = "Ja, bara min", "Min, men någon annan kan titta"
SENT = "Tack. Dina svar har kommit fram."


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("lock")) as site:
        yield site


@pytest.fixture
def window(site: PhoneSite) -> Iterator[BrowserContext]:
    with site.window() as window:
        yield window


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
    page.get_by_label("Dina fyra ord, i rätt ordning").fill(words)
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


def found_in(folder: Path, *wanted: bytes) -> list[str]:
    """Return the files of a profile that hold any of some bytes."""
    files = (f for f in folder.rglob("*") if f.is_file() and not f.is_symlink())
    return [str(f.relative_to(folder)) for f in files if any(w in f.read_bytes() for w in wanted)]


def both(text: str) -> tuple[bytes, bytes]:
    return text.encode(), text.encode("utf-16-le")


BARE = "caches.match(`/s/disk/key`).then((r) => r.arrayBuffer()).then((b) => [...new Uint8Array(b)])"


def test_who_comes_back_and_takes_other_words_goes_on(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("andra")
    page = window.new_page()
    first = begin_locked(page, "/s/andra")
    page.get_by_label("Nej", exact=True).filter(visible=True).check()
    press(page, "Tillbaka")
    page.get_by_role("button", name=LOCKED).click()
    second = four_words(page)
    press(page, "Jag har skrivit upp dem: lås")
    heading(page, "Fick du en plan?")
    expect(page.get_by_label("Nej", exact=True).filter(visible=True)).to_be_checked()
    assert page.evaluate(KEYS) == ["/s/andra/wrapped"]
    page.reload()
    unlock(page, first)
    expect(page.locator("#not-words")).to_contain_text("Det är inte de orden", timeout=SLOW_MS)
    unlock(page, second)
    heading(page, "Fick du en plan?")


def test_nothing_on_the_disk_opens_a_locked_draft(tmp_path: Path, site: PhoneSite) -> None:
    """What was written before the lock is shut too: its key is gone from the disk, killed browser or not."""
    site.survey("disk")
    own = OwnBrowser(site.playwright, tmp_path / "profile")
    with own.running() as window:
        page = window.new_page()
        page.goto(f"{site.address}/s/disk")
        press(page, "Fortsätt")
        page.get_by_role("button", name=MINE).click()
        heading(page, "Fick du en plan?")
        write(page, SECRET + " innan")
        key = bytes(page.evaluate(BARE))
        assert len(key) == 32
        # The search finds what is there.
        assert found_in(own.profile, key)
        press(page, "Lås det med fyra ord")
        words = four_words(page)
        press(page, "Jag har skrivit upp dem: lås")
        heading(page, "Vill du berätta mer?")
        expect(page.locator("#kept")).to_contain_text("krypterat", timeout=SLOW_MS)
        page.locator("#f-mer").fill(SECRET + " efter")
        page.wait_for_timeout(600)
        # Four words in a row stand nowhere; in the list that was fetched each stands on a line of its own.
        wanted = [key, *both(SECRET), *both(words), *both(words.replace(" ", ""))]
        for _ in range(40):
            if not found_in(own.profile, *wanted):
                break
            page.wait_for_timeout(50)
        assert found_in(own.profile, *wanted) == []
    assert found_in(own.profile, *wanted) == []
    with own.running() as window:
        window.set_offline(True)
        page = window.new_page()
        page.goto(f"{site.address}/s/disk")
        heading(page, "Det du har fyllt i är låst")
        unlock(page, words)
        heading(page, "Vill du berätta mer?")
        expect(page.locator("#f-mer")).to_have_value(SECRET + " efter")
    assert found_in(own.profile, *wanted) == []


def test_who_has_lost_the_words_begins_anew(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("glomt")
    page = window.new_page()
    begin_locked(page, "/s/glomt")
    page.reload()
    press(page, "Jag har inte orden")
    heading(page, "Radera det och börja om?")
    press(page, "Nej, gå tillbaka")
    heading(page, "Det du har fyllt i är låst")
    press(page, "Radera allt från den här telefonen", "Nej, gå tillbaka")
    heading(page, "Det du har fyllt i är låst")
    press(page, "Jag har inte orden", "Radera det och börja om")
    heading(page, "Ett prov")
    assert stored(page) == NOTHING_STORED
    assert page.evaluate("caches.has('kryssklick-key')") is False
    press(page, "Fortsätt")
    page.get_by_role("button", name=MINE).click()
    expect(page.locator("#kept")).to_have_text("Det du fyller i är sparat på den här telefonen. Inget är skickat.")


def test_the_words_change_until_they_are_taken_and_nothing_is_locked_before(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("byta")
    page = window.new_page()
    page.goto("/s/byta")
    press(page, "Fortsätt")
    page.get_by_role("button", name=LOCKED).click()
    seen = [four_words(page)]
    press(page, "Visa fyra andra ord")
    seen.append(four_words(page))
    assert seen[0] != seen[1]
    press(page, "Lås inte")
    expect(page.get_by_role("button", name=MINE)).to_be_visible()
    assert stored(page) == NOTHING_STORED
    # In the other language the words are of that language.
    press(page, "English")
    page.get_by_role("button", name="Mine, but somebody may look in it").click()
    heading(page, "Write down these four words")
    english = (WORDS / "en.txt").read_text().split()
    assert set(page.locator(".code li").all_inner_texts()) <= set(english)
    # The browser's own back leads away from them.
    page.go_back()
    expect(page.locator(".code")).to_have_count(0)


def test_without_the_list_of_words_it_is_told_and_nothing_else_changes(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("utan-ord")
    page = window.new_page()
    page.route("**/words/**", lambda route: route.abort())
    page.goto("/s/utan-ord")
    press(page, "Fortsätt")
    page.get_by_role("button", name=LOCKED).click()
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Det gick inte att hämta")
    page.get_by_role("button", name=MINE).click()
    heading(page, "Fick du en plan?")


def test_a_locked_draft_is_not_written_over_where_its_script_can_not_come(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("utan-skript")
    page = window.new_page()
    words = begin_locked(page, "/s/utan-skript")
    page.route("**/more/lock*", lambda route: route.abort())
    page.reload()
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Det gick inte att hämta")
    expect(page.locator("form#answers")).to_be_hidden()
    page.unroute("**/more/lock*")
    page.reload()
    unlock(page, words)
    heading(page, "Fick du en plan?")


FULL = "() => { IDBObjectStore.prototype.put = () => { throw new DOMException('full', 'QuotaExceededError') } }"


def test_where_the_lock_can_not_be_kept_it_is_not_called_one(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("fullt")
    page = window.new_page()
    page.goto("/s/fullt")
    press(page, "Fortsätt")
    page.get_by_role("button", name=MINE).click()
    heading(page, "Fick du en plan?")
    page.evaluate(FULL)
    press(page, "Lås det med fyra ord")
    four_words(page)
    press(page, "Jag har skrivit upp dem: lås")
    expect(page.get_by_role("alert").filter(visible=True)).to_contain_text("Det är INTE låst", timeout=SLOW_MS)
    expect(page.locator("#kept")).not_to_contain_text("krypterat")
    page.reload()
    heading(page, "Du var på fråga 1")


def test_after_ten_idle_minutes_a_locked_draft_asks_for_its_words_again(
    window: BrowserContext, site: PhoneSite
) -> None:
    site.survey("vilar")
    page = window.new_page()
    page.clock.install()
    words = begin_locked(page, "/s/vilar")
    page.locator("#q-fick").get_by_label("Nej", exact=True).check()
    page.clock.fast_forward(1000)
    page.clock.fast_forward(10 * 60_000 + 6000)
    heading(page, "Det du har fyllt i är låst")
    unlock(page, words)
    heading(page, "Fick du en plan?")
    expect(page.locator("#q-fick").get_by_label("Nej", exact=True)).to_be_checked()


def test_another_language_asks_for_the_words_too(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("tungor")
    page = window.new_page()
    words = begin_locked(page, "/s/tungor")
    page.reload()
    heading(page, "Det du har fyllt i är låst")
    press(page, "English")
    heading(page, "What you have filled in is locked")
    expect(page.locator("form#answers")).to_be_hidden()
    page.get_by_label("Your four words, in their order").fill(words)
    page.keyboard.press("Enter")
    heading(page, "Did you get a plan?")


def test_nothing_is_wrong_with_any_screen_of_the_lock(window: BrowserContext, site: PhoneSite) -> None:
    site.survey("syns")
    wrong: list[str] = []
    page = window.new_page()
    page.set_viewport_size(SMALL)  # type: ignore[arg-type]

    def look(name: str) -> None:
        wrong.extend(f"{name}: {fault}" for fault in axe_faults(page))
        page.emulate_media(color_scheme="dark")
        wrong.extend(f"{name} in the dark: {fault}" for fault in axe_faults(page, "color-contrast"))
        page.emulate_media(color_scheme="light")
        wrong.extend(f"{name}: {target}" for target in small_targets(page))
        if sideways(page):
            wrong.append(f"{name} scrolls sideways")

    page.goto("/s/syns")
    # The keyboard alone.
    button(page, "Fortsätt").press("Enter")
    page.get_by_role("button", name=LOCKED).press("Enter")
    four_words(page)
    look("words")
    button(page, "Jag har skrivit upp dem: lås").press("Enter")
    heading(page, "Fick du en plan?")
    look("locked")
    page.reload()
    heading(page, "Det du har fyllt i är låst")
    look("unlock")
    page.get_by_label("Dina fyra ord").press("Enter")
    expect(page.locator("#not-words")).not_to_be_empty()
    look("wrong words")
    button(page, "Jag har inte orden").press("Enter")
    heading(page, "Radera det och börja om?")
    look("forgotten")
    assert wrong == []


@pytest.mark.parametrize("language", ["sv", "en"])
def test_words_are_many_plain_and_told_apart(language: str) -> None:
    words = (WORDS / f"{language}.txt").read_text(encoding="utf-8").split("\n")[:-1]
    assert len(words) == len(set(words)) >= 2048
    assert all(re.fullmatch("[a-zåäö]{3,9}", word) for word in words)
    # As they count when they are written: small letters without rings and dots.
    bare = [word.translate(str.maketrans("åäö", "aao")) for word in words]
    assert len(set(bare)) == len(bare)
    known = set(bare)
    letters = "abcdefghijklmnopqrstuvwxyz"
    near = []
    for word in bare:
        parts = [(word[:n], word[n:]) for n in range(len(word) + 1)]
        changed = {a + c + b[1:] for a, b in parts if b for c in letters} | {a + b[1:] for a, b in parts if b}
        changed |= {a + b[1] + b[0] + b[2:] for a, b in parts if len(b) > 1}
        near += [(word, other) for other in changed & known if other != word]
    # A slip of one letter never makes another word of the list.
    assert near == []


def test_words_are_drawn_evenly_and_read_kindly(site: PhoneSite) -> None:
    with closing(module_page(site.browser, LOCAL)) as page:
        drawn = run_module(page, "code", "return m.draw(v, 3000)", ["a", "b", "c"])
        assert all(850 < drawn.count(word) < 1150 for word in "abc")
        said = run_module(page, "code", "return v.map(m.plain)", [" Åska,ÖGLA; é\n", "a1b", "", "A\u030aska"])
        assert said == ["aska ogla e", "a b", "", "aska"]
        code = """
          const shut = await m.closed(v, Uint8Array.of(1, 2, 3));
          const again = await m.opened(v, JSON.parse(JSON.stringify(shut)));
          const other = await m.opened(v + "x", shut);
          const hex = (of) => Array.from(new Uint8Array(of));
          const known = hex(await m.stretched(v, Uint8Array.of(1, 2, 3, 4), 1000));
          return { rounds: shut.rounds, again: [...again], other: other === undefined, known };
        """
        told = run_module(page, "code", code, "fyra ord i rad")
    assert told["rounds"] >= 600_000
    assert told["again"] == [1, 2, 3]
    assert told["other"] is True
    assert bytes(told["known"]) == hashlib.pbkdf2_hmac("sha256", b"fyra ord i rad", bytes([1, 2, 3, 4]), 1000)
