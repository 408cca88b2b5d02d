"""The contact keeper's room in real Chromium: the key is made, locked and opened there, and nowhere else."""

from __future__ import annotations

import json
import re
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from browser_helpers import DESKTOP, SMALL, axe_faults, sideways, small_targets
from contact_helpers import DETAILS, SECRETS, a_keeper, found_on_disk, leave, sign_up
from phone_helpers import OwnBrowser, PhoneSite, phone_site, stored
from playwright.sync_api import Page, expect
from web_helpers import PASSWORD, add_user

from webapp.dataset.accounts import Role
from webapp.dataset.contactfile import CONTACTS
from webapp.dataset.contacts import SEAL_BYTES
from webapp.dataset.sealing import KEY_ID_BYTES, VERSION

WORDS = "fyra gula hästar äter gräs"
NEW_WORDS = "tunga moln över stilla vatten"


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[PhoneSite]:
    with phone_site(tmp_path_factory.mktemp("keeper")) as site:
        yield site


@dataclass
class Room:
    """A keeper who has signed in and made a key.

    Attributes:
        state: The signed-in browser's cookies.
        recovery: The recovery key, as the screen showed it.
        sent: All that the browser sent while the key was made.
    """

    state: Any
    recovery: str
    sent: list[str]


def enter(page: Page, name: str) -> None:
    page.goto("/sign-in?next=/keeper")
    page.fill("#name", name)
    page.fill("#password", PASSWORD)
    page.click("main form button")


def make_key(page: Page, words: str = WORDS) -> str:
    """Make a key by keyboard alone; return the recovery key."""
    expect(page.locator("#make h1")).to_be_visible()
    page.focus("#make-new")
    page.keyboard.type(words)
    page.keyboard.press("Tab")
    page.keyboard.type(words)
    page.keyboard.press("Enter")
    expect(page.locator("#recovery h1")).to_be_focused()
    recovery = page.inner_text("#code")
    assert re.fullmatch(r"(?:[0-9A-HJKMNP-TV-Z]{4} ){7}[0-9A-HJKMNP-TV-Z]{4}", recovery)
    assert axe_faults(page) == []
    page.focus("#recovery input[type=checkbox]")
    page.keyboard.press("Space")
    page.keyboard.press("Tab")
    page.keyboard.type("inte mitt lösenord")
    page.keyboard.press("Enter")
    expect(page.locator("#told .more")).to_contain_text("lösenord")
    expect(page.locator("#code")).to_have_text(recovery)
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(page.locator("#opened")).to_be_visible()
    return recovery


@pytest.fixture(scope="module")
def room(site: PhoneSite) -> Room:
    add_user(site.instance, "vera", Role.CONTACT_KEEPER)
    window = site.browser.new_context(base_url=site.address)
    page = window.new_page()
    enter(page, "vera")
    expect(page.locator("#make h1")).to_be_visible()
    assert not site.instance.contacts.offered(site.instance.surveys.get("prov"))
    assert axe_faults(page) == []
    sent: list[str] = []
    page.on("request", lambda r: sent.append(f"{r.url} {r.post_data}"))
    recovery = make_key(page)
    expect(page.locator("#told h2")).to_have_text("Nyckeln är sparad")
    assert page.inner_text("#code") == ""
    expect(page.locator("#alone")).to_be_visible()
    state = window.storage_state()
    window.close()
    return Room(state, recovery, sent)


@contextmanager
def visit(site: PhoneSite, room: Room, *, stop_clock: bool = False, **settings: object) -> Iterator[Page]:
    """Come back to the room on another day."""
    chosen = {"viewport": DESKTOP, "locale": "sv-SE"} | settings
    window = site.browser.new_context(base_url=site.address, storage_state=room.state, **chosen)  # type: ignore[arg-type]
    window.set_default_timeout(10_000)
    page = window.new_page()
    if stop_clock:
        page.clock.install()
    page.goto("/keeper")
    yield page
    window.close()


def unlock(page: Page, words: str = WORDS) -> None:
    page.fill("#open-passphrase", words)
    page.press("#open-passphrase", "Enter")


def empty(site: PhoneSite) -> None:
    """Take away what earlier tests signed up."""
    survey = site.instance.surveys.get("prov")
    site.instance.contacts.delete(survey, [bytes.fromhex(s.number) for s in site.instance.contacts.all(survey)])


def nothing_stored(page: Page) -> None:
    kept = stored(page)
    # The session's cookie is not for scripts to see.
    assert (kept["drafts"], kept["queue"], kept["other"]) == ([], [], [0, 0, ""])


def test_neither_passphrase_nor_recovery_key_nor_private_key_is_sent(site: PhoneSite, room: Room) -> None:
    sent = " ".join(room.sent)
    assert "/keeper/key" in sent
    assert "600000" in sent
    for secret in (WORDS, WORDS.replace(" ", "+"), room.recovery, room.recovery.replace(" ", "")):
        assert secret not in sent
    (key,) = site.instance.keepers.of("vera")
    assert [k.id for k in site.instance.keepers.current()] == [key.id]
    assert found_on_disk(site.instance, WORDS, room.recovery, room.recovery.replace(" ", "")) == []
    assert site.instance.contacts.offered(site.instance.surveys.get("prov"))


def test_what_somebody_signs_up_is_read_there(site: PhoneSite, room: Room) -> None:
    empty(site)
    with site.window() as window:
        page = window.new_page()
        page.goto("/s/prov/sign-up?lang=en")
        page.fill("#f-namn", "<b>Kim</b> Åkerspöke")
        page.fill("#f-na", "070-000 11 22")
        page.check("#f-tolk-ja")
        page.fill("#f-tolk-ja-own", "somaliska")
        page.click(".send button")
        expect(page.locator("#state h1")).to_be_visible()
    sign_up(site.instance)
    with visit(site, room) as page:
        expect(page.locator("#locked")).to_contain_text("2 anmälningar finns här.")
        unlock(page, f" {WORDS.replace(' ', '  ')} ")
        expect(page.locator(".sign-up")).to_have_count(2)
        card = page.locator(".sign-up", has_text="<b>Kim</b>")
        expect(card.locator("h3")).to_have_text("<b>Kim</b> Åkerspöke")
        expect(card.locator("dd")).to_have_text(
            ["070-000 11 22", "inte besvarat", "inte besvarat", "inte besvarat", "Ja, språk: somaliska", "English"]
        )
        other = page.locator(".sign-up", has_text="bara tisdagar")
        expect(other.locator("dd").nth(3)).to_have_text("Med sällskap")
        nothing_stored(page)
        page.emulate_media(media="print")
        expect(page.locator(".sign-up dd").first).to_be_visible()
        for hidden in ("[data-do=lock]", "[data-do=delete]", "#keepers", "#alone", ".top .end"):
            expect(page.locator(hidden).first).to_be_hidden()


def test_a_wrong_passphrase_opens_nothing(site: PhoneSite, room: Room) -> None:
    with visit(site, room) as page:
        for words in ("fel", WORDS.upper(), PASSWORD):
            unlock(page, words)
            expect(page.locator("#told h2")).to_have_text("Det är inte lösenfrasen")
            expect(page.locator("#opened")).to_be_hidden()
        assert axe_faults(page) == []
        unlock(page)
        expect(page.locator("#opened")).to_be_visible()


def test_a_passphrase_has_to_be_long_and_the_same_twice(site: PhoneSite) -> None:
    add_user(site.instance, "ny", Role.CONTACT_KEEPER)
    window = site.browser.new_context(base_url=site.address)
    page = window.new_page()
    enter(page, "ny")
    for first, second, told in (
        (WORDS, WORDS + "x", "Lösenfraserna är inte lika"),
        ("kort", "kort", "för lätt att gissa"),
        ("aaaa bbbb aaaa bbbb", "aaaa bbbb aaaa bbbb", "för lätt att gissa"),
        (f"jag heter ny, {WORDS}", f"jag heter ny, {WORDS}", "användarnamn"),
    ):
        page.fill("#make-new", first)
        page.fill("#make-again", second)
        page.click("#make form .actions button")
        expect(page.locator("#told h2")).to_contain_text(told.replace("Lösenfraserna", "De två lösenfraserna"))
    assert page.get_attribute("#make-new", "type") == "password"
    page.click("#make [data-do=reveal]")
    assert page.get_attribute("#make-new", "type") == "text"
    window.close()
    assert site.instance.keepers.of("ny") == ()


def test_the_recovery_key_opens_it_and_a_new_passphrase_takes_over(
    site: PhoneSite, room: Room, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A new passphrase is worked through as often as is asked for now, however long ago the key was made."""
    for module in ("dataset.keepers", "views.keeper"):
        monkeypatch.setattr(f"webapp.{module}.LEAST_ITERATIONS", 600_100)
    empty(site)
    sign_up(site.instance)
    with visit(site, room) as page:
        page.click("#locked details:first-of-type summary")

        def recover(code: str, words: str) -> None:
            page.fill("#recover-key", code)
            page.fill("#recover-new", words)
            page.fill("#recover-again", words)
            page.click("#locked details:first-of-type .actions button")

        swapped = room.recovery[:-1] + ("0" if room.recovery[-1] != "0" else "1")
        for wrong in (swapped, "ABCD", "!!!!"):
            recover(wrong, NEW_WORDS)
            expect(page.locator("#told h2")).to_have_text("Det är inte återställningsnyckeln")
        recover(room.recovery.lower().replace(" ", "-").replace("0", "o").replace("1", "l"), NEW_WORDS)
        expect(page.locator("#told h2")).to_have_text("Den nya lösenfrasen gäller från och med nu")
        expect(page.locator(".sign-up")).to_have_count(1)
        page.click("[data-do=lock]")
        unlock(page)
        expect(page.locator("#told h2")).to_have_text("Det är inte lösenfrasen")
        unlock(page, NEW_WORDS)
        expect(page.locator(".sign-up")).to_have_count(1)
        page.click("#opened summary")
        page.fill("#change-old", NEW_WORDS)
        page.fill("#change-new", WORDS)
        page.fill("#change-again", WORDS)
        page.click("#opened details .actions button")
        expect(page.locator("#told h2")).to_have_text("Den nya lösenfrasen gäller från och med nu")
    (key,) = site.instance.keepers.of("vera")
    assert json.loads(key.locks)["passphrase"]["iterations"] == 600_100


def test_one_is_deleted_after_being_asked_once(site: PhoneSite, room: Room) -> None:
    empty(site)
    numbers = sorted(sign_up(site.instance).hex() for _ in range(2))
    with visit(site, room) as page:
        unlock(page)
        first = page.locator(".sign-up").first
        first.locator("[data-do=delete]").click()
        expect(first.locator("[data-do=gone]")).to_be_focused()
        assert axe_faults(page) == []
        first.locator("[data-do=keep]").click()
        expect(first.locator("[data-do=delete]")).to_be_focused()
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#told h2")).to_have_text("Anmälan är borttagen")
        expect(page.locator(".sign-up")).to_have_count(1)
        left = site.instance.contacts.all(site.instance.surveys.get("prov"))
        assert [s.number for s in left] == numbers[1:]
        page.locator("[data-do=delete]").click()
        page.locator("[data-do=gone]").click()
        expect(page.locator("#none")).to_be_visible()
        expect(page.locator("#cards h2")).to_have_count(0)


def test_one_that_was_tampered_with_is_told_and_the_others_open(site: PhoneSite, room: Room) -> None:
    empty(site)
    numbers = [sign_up(site.instance) for _ in range(3)]
    file = sqlite3.connect(site.instance.path / CONTACTS)
    sealed = file.execute("SELECT sealed FROM sign_ups WHERE number = ?", (numbers[0],)).fetchone()[0]
    flipped = sealed[:-1] + bytes([sealed[-1] ^ 1])
    file.execute("UPDATE sign_ups SET sealed = ? WHERE number = ?", (flipped, numbers[0]))
    # What belongs to another number is no better.
    file.execute("UPDATE sign_ups SET sealed = ? WHERE number = ?", (sealed, numbers[1]))
    file.commit()
    file.close()
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)
        expect(page.locator(".sign-up", has_text="Kim Åkerspöke")).to_have_count(1)
        expect(page.locator(".damaged h3")).to_have_text("Går inte att öppna: 2")
        expect(page.locator(".damaged .others")).to_be_hidden()
        assert axe_faults(page) == []


def flood(site: PhoneSite, number: int) -> None:
    """Send what looks like a sign-up from outside and holds nothing."""
    survey, contacts = site.instance.surveys.get("prov"), site.instance.contacts
    for _ in range(number):
        seals = [key.id for key in site.instance.keepers.current()]
        rest = SEAL_BYTES - 1 - KEY_ID_BYTES - 1
        body = b"".join(bytes([VERSION]) + key + b"\x04" + secrets.token_bytes(rest) for key in seals)
        contacts.submit(survey, secrets.token_bytes(16), body)


def test_all_that_can_not_be_opened_is_deleted_at_once_after_being_asked_once(site: PhoneSite, room: Room) -> None:
    empty(site)
    a_keeper(site.instance, "disa")
    before = [sign_up(site.instance).hex()]
    flood(site, 60)
    survey = site.instance.surveys.get("prov")
    with visit(site, room, viewport=SMALL) as page:
        unlock(page)
        note = page.locator(".damaged")
        expect(note.locator("h3")).to_have_text("Går inte att öppna: 60")
        expect(note.locator(".others")).to_contain_text("disa")
        expect(page.locator(".sign-up")).to_have_count(1)
        assert axe_faults(page) == []
        assert small_targets(page) == []
        assert not sideways(page)
        note.locator("[data-do=delete]").click()
        expect(note.locator("[data-do=gone]")).to_be_focused()
        expect(note.locator(".sure-to")).to_contain_text("60")
        assert axe_faults(page) == []
        note.locator("[data-do=keep]").click()
        expect(note.locator("[data-do=delete]")).to_be_focused()
        assert site.instance.contacts.count(survey) == 61
        # What came meanwhile was not counted when it was asked, and is not deleted.
        before.append(sign_up(site.instance).hex())
        page.keyboard.press("Enter")
        page.keyboard.press("Enter")
        expect(page.locator("#told h2")).to_have_text("Det som inte gick att öppna är borttaget")
        expect(page.locator("#told .more")).to_have_text("60")
        expect(note).to_have_count(0)
        expect(page.locator(".sign-up")).to_have_count(1)
    assert sorted(s.number for s in site.instance.contacts.all(survey)) == sorted(before)
    leave(site.instance, "disa")


def test_what_only_others_can_open_is_never_among_what_is_deleted(site: PhoneSite, room: Room) -> None:
    empty(site)
    (own,) = [key.id for key in site.instance.keepers.of("vera") if key.current]
    hide = "UPDATE keeper_keys SET current = ? WHERE id = ?"
    file = sqlite3.connect(site.instance.path / CONTACTS)
    with file:
        file.execute(hide, (0, own))
    other = a_keeper(site.instance, "ebba")
    hers = sign_up(site.instance).hex()
    with file:
        file.execute(hide, (1, own))
    file.close()
    flood(site, 1)
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator(".closed .number")).to_have_text("1")
        page.locator(".damaged [data-do=delete]").click()
        page.locator(".damaged [data-do=gone]").click()
        expect(page.locator("#told .more")).to_have_text("1")
        expect(page.locator(".closed .number")).to_have_text("1")
        expect(page.locator("#none")).to_be_hidden()
    (left,) = site.instance.contacts.all(site.instance.surveys.get("prov"))
    assert left.number == hers
    assert other.open(left)["answers"] == DETAILS
    leave(site.instance, "ebba")


def test_it_locks_itself_and_by_the_button(site: PhoneSite, room: Room) -> None:
    empty(site)
    sign_up(site.instance)
    with visit(site, room, stop_clock=True) as page:
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)
        page.clock.run_for(4.5 * 60_000)
        expect(page.locator("#told h2")).to_have_text("Är du kvar?")
        page.click("[data-do=stay]")
        page.clock.run_for(4 * 60_000)
        expect(page.locator(".sign-up")).to_have_count(1)
        page.clock.run_for(61_000)
        expect(page.locator("#told h2")).to_have_text("Sidan har låst sig")
        assert not any(text in page.content() for text in SECRETS)
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)
        page.click("[data-do=lock]")
        expect(page.locator("#locked h1")).to_be_focused()
        assert not any(text in page.content() for text in SECRETS)
        page.reload()
        expect(page.locator("#locked")).to_be_visible()


def test_what_was_under_way_when_the_page_was_left_opens_nothing(site: PhoneSite, room: Room) -> None:
    """The browser may keep the page for “back” in the very moment in which the passphrase is worked through."""
    empty(site)
    sign_up(site.instance)
    with visit(site, room) as page:
        page.evaluate(
            """words => {
                const {prototype} = SubtleCrypto, {deriveKey} = prototype;
                prototype.deriveKey = function (...all) {
                    prototype.deriveKey = deriveKey;
                    dispatchEvent(new Event("pagehide"));
                    return deriveKey.apply(this, all);
                };
                document.getElementById("open-passphrase").value = words;
                document.querySelector("[data-does=unlock]").requestSubmit();
            }""",
            WORDS,
        )
        expect(page.locator("body[aria-busy]")).to_have_count(0)
        expect(page.locator("#locked")).to_be_visible()
        expect(page.locator("#opened")).to_be_hidden()
        assert not any(text in page.content() for text in SECRETS)
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)


def test_what_strangers_write_is_text_whatever_they_send(site: PhoneSite, room: Room) -> None:
    """A modified client may seal anything at all; it must not hide what others wrote either."""
    empty(site)
    evil = '</dd><img src=x onerror="document.title=1"><script>document.title=2</script>\u202e'
    answers = {
        "namn": {"texts": {"": evil}, "options": [evil, "__proto__", "constructor", 7, None, ["a"], {"toString": 1}]},
        "na": {"texts": evil, "options": {"length": 3}},
        "tolk": {"options": ["ja"], "texts": {"ja": {"a": evil}}},
        "__proto__": {"x": evil},
        "meddelande": evil,
        "sallskap": None,
    }
    contacts, number = site.instance.contacts, secrets.token_bytes(16)
    sealed = contacts.seal_on_arrival(number, answers, {"toString": 1})  # type: ignore[arg-type] # as only they would
    contacts.submit(site.instance.surveys.get("prov"), number, sealed)
    sign_up(site.instance)
    with visit(site, room) as page:
        faults: list[str] = []
        page.on("pageerror", lambda error: faults.append(str(error)))
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(2)
        card = page.locator(".sign-up", has_text="onerror")
        assert card.locator("img, script").count() == 0
        assert "native code" not in card.inner_text()
        assert page.title().startswith("Kontaktuppgifter")
        assert faults == []


def test_a_deputy_opens_what_comes_from_then_on(site: PhoneSite, room: Room) -> None:
    empty(site)
    sign_up(site.instance)
    add_user(site.instance, "dag", Role.CONTACT_KEEPER)
    window = site.browser.new_context(base_url=site.address)
    page = window.new_page()
    enter(page, "dag")
    make_key(page, NEW_WORDS)
    expect(page.locator("#alone")).to_be_hidden()
    expect(page.locator(".closed .number")).to_have_text("1")
    expect(page.locator(".closed .names")).to_have_text("vera")
    assert axe_faults(page) == []
    sign_up(site.instance)
    page.reload()
    unlock(page, NEW_WORDS)
    expect(page.locator(".sign-up")).to_have_count(1)
    window.close()
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(2)
        expect(page.locator("#keepers")).to_contain_text("dag")
        expect(page.locator("#keepers")).to_contain_text("vera")
    (size,) = {
        len(b"".join(s.seals.values())) for s in site.instance.contacts.all(site.instance.surveys.get("prov"))
    } - {SEAL_BYTES}
    assert size == 2 * SEAL_BYTES


def test_after_all_is_lost_a_new_key_opens_what_comes_and_the_old_one_what_came(site: PhoneSite) -> None:
    empty(site)
    add_user(site.instance, "glom", Role.CONTACT_KEEPER)
    window = site.browser.new_context(base_url=site.address)
    page = window.new_page()
    enter(page, "glom")
    make_key(page, WORDS)
    sign_up(site.instance)
    page.reload()
    page.click("#locked details:last-of-type summary")
    page.click("[data-do=anew]")
    expect(page.locator("#make .note")).to_contain_text("öppnas inte med den nya")
    make_key(page, NEW_WORDS)
    sign_up(site.instance)
    page.reload()
    unlock(page, NEW_WORDS)
    expect(page.locator(".sign-up")).to_have_count(1)
    expect(page.locator(".closed .number")).to_have_text("1")
    page.click("[data-do=lock]")
    unlock(page, WORDS)
    expect(page.locator(".sign-up")).to_have_count(1)
    window.close()
    assert [k.current for k in site.instance.keepers.of("glom")] == [True, False]


def test_where_nothing_can_be_opened_it_says_why(site: PhoneSite, room: Room) -> None:
    with visit(site, room, java_script_enabled=False) as page:
        expect(page.locator("#cannot h2")).to_have_text("De går inte att öppna här")
        expect(page.locator("input:visible")).to_have_count(0)
    window = site.browser.new_context(base_url=site.address, storage_state=room.state)
    page = window.new_page()
    # As over plain HTTP on a meeting place's network.
    page.add_init_script("Object.defineProperty(self, 'isSecureContext', { value: false })")
    page.goto("/keeper")
    expect(page.locator("#cannot")).to_contain_text("https://")
    expect(page.locator("input:visible")).to_have_count(0)
    window.close()


def test_when_the_session_has_ended_nothing_is_lost_and_one_signs_in_again(site: PhoneSite, room: Room) -> None:
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator("#opened")).to_be_visible()
        page.click("[data-do=lock]")
        page.context.set_offline(True)
        unlock(page)
        expect(page.locator("#told h2")).to_have_text("Det gick inte att nå servern")
        page.context.set_offline(False)
        page.context.clear_cookies()
        unlock(page)
        page.wait_for_url("**/sign-in?next=/keeper")


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_is_good_to_use_on_small_screens(site: PhoneSite, room: Room, scheme: str) -> None:
    empty(site)
    sign_up(site.instance, details={**DETAILS, "na": {"options": [], "texts": {"": "enlångadress@" + "x" * 200}}})
    with visit(site, room, viewport=SMALL, color_scheme=scheme) as page:
        for details in page.locator("#locked details summary").all():
            details.click()
        assert axe_faults(page) == []
        assert small_targets(page) == []
        assert not sideways(page)
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)
        page.click("#opened summary")
        assert axe_faults(page) == []
        assert small_targets(page) == []
        assert not sideways(page)


def test_nothing_that_was_opened_lies_in_the_browsers_files(
    site: PhoneSite, room: Room, tmp_path_factory: pytest.TempPathFactory
) -> None:
    empty(site)
    sign_up(site.instance)
    profile = tmp_path_factory.mktemp("profile")
    with OwnBrowser(site.playwright, profile).running() as window:
        window.add_cookies(room.state["cookies"])
        page = window.new_page()
        page.goto(f"{site.address}/keeper")
        unlock(page)
        expect(page.locator(".sign-up h3")).to_have_text("Kim Åkerspöke")
    wanted = [text.encode(code) for text in (*SECRETS, WORDS) for code in ("utf-8", "utf-16-le")]
    files = [f for f in profile.rglob("*") if f.is_file() and not f.is_symlink()]
    assert len(files) > 20
    assert [(f.name, w) for f in files for w in wanted if w in f.read_bytes()] == []


def test_a_keeper_made_elsewhere_is_one_of_those_it_is_sealed_to(site: PhoneSite, room: Room) -> None:
    keeper = a_keeper(site.instance, "elsa")
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator("#keepers")).to_contain_text(keeper.name)


def test_paper_carries_what_paper_needs(site: PhoneSite, room: Room) -> None:
    empty(site)
    sign_up(site.instance)
    add_user(site.instance, "pia", Role.CONTACT_KEEPER)
    window = site.browser.new_context(base_url=site.address)
    page = window.new_page()
    enter(page, "pia")
    page.fill("#make-new", WORDS)
    page.fill("#make-again", WORDS)
    page.press("#make-again", "Enter")
    expect(page.locator("#recovery h1")).to_be_focused()
    where = page.locator("#recovery .on-paper", has_text="/keeper")
    expect(where).to_be_hidden()
    page.emulate_media(media="print")
    expect(page.locator("#code")).to_be_visible()
    expect(where).to_contain_text(f"{site.address}/keeper")
    for hidden in ("#recovery input", "#recovery button", "#recovery .on-screen"):
        for one in page.locator(hidden).all():
            expect(one).to_be_hidden()
    window.close()
    with visit(site, room) as page:
        unlock(page)
        expect(page.locator(".sign-up")).to_have_count(1)
        # A heading that the script leads to is not framed, least of all on paper.
        expect(page.locator("#opened h1")).to_have_css("outline-style", "none")
        page.emulate_media(media="print")
        expect(page.locator("#opened > .on-paper")).to_contain_text("förstör det när intervjuerna är klara")
