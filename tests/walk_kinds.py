"""People on walks of other kinds: with a locked draft, at a tablet that goes from hand to hand, without script."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from phone_helpers import stored
from playwright.sync_api import Page, Route
from walk_person import LONG_ENOUGH, PATIENCE, Answers, Network, Walk, WentWrong
from walk_record import PlainRecord, Record, Screen, some_words

from forms.answers import from_payload
from forms.model import Kind, Question
from forms.places import codes
from webapp.views.posted import read_given

PIN = "2580"
"""What leads out of tablet mode."""

LOCKED = """async (slug) => {
  const db = await new Promise((yes) => { indexedDB.open("kryssklick").onsuccess = (e) => yes(e.target.result); });
  const draft = await new Promise((yes) => {
    db.transaction("drafts").objectStore("drafts").get(slug).onsuccess = (e) => yes(e.target.result);
  });
  db.close();
  const at = (name) => caches.match(`/s/${slug}/${name}`, { cacheName: "kryssklick-key" });
  const wrapped = await at("wrapped");
  return {
    bare: Boolean(await at("key")),
    wrapped: wrapped ? await wrapped.json() : null,
    draft: draft ? { nonce: [...draft.body.nonce], bytes: [...new Uint8Array(draft.body.bytes)] } : null,
  };
}"""
"""What lies on the phone of a locked draft."""


class LockedWalk(Walk):
    """Somebody whose own phone others may look in: what is filled in lies under four words alone."""

    words = ""
    raw = b""

    @property
    def draft_shown(self) -> str:
        """The screen that a draft is met with: until it is locked as any other."""
        return "erase" if self.words else "resume"

    def say_whose(self) -> None:
        """Lock at once, or a moment later; who came back here has locked already, and may take other words."""
        later = self.chance.random() < 0.5
        if later:
            self.whose = "mine"
            self.press("mine")
            self.look(*self.record.asked())
        if not (later and self.words):
            self.lock()

    def lock(self) -> None:
        """Have four words shown, perhaps others, perhaps think better of it first, and lock."""
        self.ask_for_words()
        if self.chance.random() < 0.2:
            self.press("no-lock")
            self.look("safe", *self.record.asked())
            self.ask_for_words()
        if self.chance.random() < 0.3:
            before = self.shown()
            self.press("words")
            self.until(lambda: self.shown() not in ("", before), "other words")
        self.words, self.raw = self.shown(), b""
        self.press("lock-now")
        self.whose = "mine"
        self.look(*self.record.asked())

    def ask_for_words(self) -> None:
        """Press until the words are there: fetching them takes a network."""
        self.press("lock")
        for _ in range(PATIENCE):
            if self.shown():
                return
            if self.look().told == "no-more" and self.network.mode != "good":
                self.network.be("good")
                self.press("lock")
            self.page.wait_for_timeout(20)
        raise WentWrong("no four words were shown")

    def shown(self) -> str:
        """Return the words on the screen."""
        return " ".join(self.page.locator("#erase .code li").all_inner_texts())

    def until(self, holds: Callable[[], bool], what: str) -> None:
        """Wait for something."""
        for _ in range(PATIENCE):
            if holds():
                return
            self.page.wait_for_timeout(20)
        raise WentWrong(f"it never came: {what}")

    def saved(self, at: str) -> None:
        """Wait until what was answered last lies on the phone, and open it as nobody can but with the words."""
        if not self.words or self.whose != "mine":
            super().saved(at)
            return
        expected, body = self.record.payload(self.record.given()), None
        for _ in range(PATIENCE):
            kept = self.page.evaluate(LOCKED, self.slug)
            self.same(kept["bare"], False, "a key on the phone that needs no words")
            body = self.opened(kept)
            if self.record.payload(from_payload(body["given"])) == expected and body["at"] == at:
                return
            self.page.wait_for_timeout(20)
        raise WentWrong(f"the draft was not saved: {body}, expected {expected} at {at}")

    def opened(self, kept: dict[str, Any]) -> dict[str, Any]:
        """Open a locked draft with the words alone."""
        if not self.raw:
            folded = unicodedata.normalize("NFD", self.words).encode("ascii", "ignore").decode().lower()
            wrapped = kept["wrapped"]
            secret = hashlib.pbkdf2_hmac("sha256", folded.encode(), bytes(wrapped["salt"]), wrapped["rounds"])
            self.raw = AESGCM(secret).decrypt(bytes(wrapped["nonce"]), bytes(wrapped["bytes"]), None)
        draft = kept["draft"]
        return dict(json.loads(AESGCM(self.raw).decrypt(bytes(draft["nonce"]), bytes(draft["bytes"]), None)))

    def arrived(self) -> None:
        """Wait for a network where neither it nor the phone has what opens a lock."""
        if not self.words:
            return
        for _ in range(PATIENCE):
            if self.page.locator("#told[data-shown=no-more]").count():
                self.did("wait for a network")
                self.network.be("good")
                self.page.goto(f"/s/{self.slug}")
                return
            if self.page.locator("#erase h1:visible, #about h1:visible").count():
                return
            self.page.wait_for_timeout(20)
        raise WentWrong("a locked draft was met with nothing")

    def step(self, screen: Screen) -> Answers | None:
        """Do one thing; a draft that is met locked is opened first."""
        if screen.at != "erase":
            return super().step(screen)
        if len(self.steps) < LONG_ENOUGH and self.chance.random() < 0.25:
            self.detour(screen)
        else:
            self.open()
        return None

    def ways(self, screen: Screen) -> list[Callable[[], None]]:
        """Return the detours on a screen; over a lock there is no question to have erased anything."""
        found = super().ways(screen)
        return [way for way in found if screen.at != "erase" or way != self.ask_to_erase]

    def open(self) -> None:
        """Write the words, perhaps wrong ones first, or let the draft go."""
        if self.chance.random() < 0.15:
            self.press("forgot")
            self.until(lambda: self.page.locator("[data-do=anew]:visible").count() == 1, "what becomes without words")
            if self.chance.random() < 0.5:
                self.press("anew")
                self.words = ""
                self.record.forget()
                self.look("about")
                return
            self.press("not-forgot")
        field = self.page.locator("#words")
        if self.chance.random() < 0.3:
            self.did("write wrong words")
            field.fill(" ".join(reversed(self.words.split())) + " x")
            self.press("open")
            self.until(lambda: self.page.inner_text("#not-words") != "", "that these are not the words")
        self.did("write the words")
        field.fill(self.chance.choice([self.words, self.words.upper(), self.words.replace(" ", ", ")]))
        self.press("open")
        self.whose = "mine"
        self.look(*self.record.asked(), "review", "about", "safe")


class TabletWalk(Walk):
    """Somebody at a meeting, whose turn at the tablet it is."""

    def say_whose(self) -> None:
        """Begin: on a tablet it is nobody's own."""
        self.whose = "shared"
        self.press("shared")

    def ways(self, screen: Screen) -> list[Callable[[], None]]:
        """Return the detours: there is nothing to erase, but a way for staff."""
        found = super().ways(screen)
        return [self.look_as_staff if way == self.ask_to_erase else way for way in found]

    def go_away(self) -> None:
        """Press what stands in the place of the way out."""
        self.press("next-person")
        self.page.wait_for_url(f"**/s/{self.slug}?lang=*")

    def look_as_staff(self) -> None:
        """See how many answers wait, and no more; without the PIN nobody gets further."""
        at = self.look().at
        self.press("staff")
        self.look("erase")
        waiting = len(stored(self.page)["queue"])
        told = self.page.locator("#erase [data-count=waiting]")
        for _ in range(PATIENCE):
            if re.findall(r"\d+", told.inner_text()) == [str(waiting)]:
                break
            # It may be sent this very moment.
            waiting = len(stored(self.page)["queue"])
            self.page.wait_for_timeout(20)
        else:
            raise WentWrong(f"{told.inner_text()!r} where {waiting} wait")
        self.press("no-staff")
        self.look(at)

    def after_sending(self) -> None:
        """Hand the tablet over one way or another: it is blank for whoever comes next."""
        self.look("state:tablet-done")
        self.record.forget()
        self.whose = ""
        how = self.chance.choice(["next", "reload", "back", "stay"])
        self.did(f"after sending: {how}")
        if how == "stay":
            return
        if how == "next":
            self.press("next-person")
        elif how == "reload":
            self.load()
        else:
            # Nothing is behind the thanks but the thanks, or the blank page.
            self.page.go_back(wait_until="commit")
            self.look("about", "state:tablet-done")
            return
        self.look("about")


def begin_tablet_mode(page: Page, slug: str) -> None:
    """Put a device into the mode."""
    page.goto(f"/s/{slug}#tablet")
    page.locator("#pin").fill(PIN)
    page.locator("[data-do=tablet-start]").click()
    page.locator("#erase [data-do=next-person]").click()
    page.locator("#about [data-do=safe]").wait_for()


def end_tablet_mode(page: Page, slug: str) -> None:
    """Lead a device out of the mode."""
    page.goto(f"/s/{slug}")
    page.locator("[data-do=staff]").click()
    page.locator("#pin").fill(PIN)
    page.locator("[data-do=tablet-leave]").click()
    page.locator("a.leave").wait_for()
    if page.evaluate("caches.has('kryssklick-tablet')"):
        raise WentWrong("the device is still in tablet mode")


FIELDS = "[...new FormData(document.getElementById('answers'))]"


@dataclass
class ScriptlessWalk:
    """Somebody whose browser runs no script: one long page, which the server shows again until it is good.

    Attributes:
        slug: The survey.
        record: What was answered by the person's own account; no script tidies it up.
        network: The way to the server, and the browser.
        chance: What decides.
        steps: What was done.
    """

    slug: str
    record: PlainRecord
    network: Network
    chance: Random
    steps: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page: Page = self.network.window.new_page()
        self.language = "sv"
        self.without: tuple[str, ...] = ()

    def whole(self) -> Answers:
        """Fill in the page, send it, and mend what the server says until it is taken."""
        self.load()
        while True:
            for question in self.chance.sample(self.record.instrument.questions, self.some()):
                self.answer(question)
            self.check()
            if len(self.steps) < LONG_ENOUGH and self.chance.random() < 0.4:
                self.detour()
                continue
            if self.send():
                return self.language, self.record.said()
            self.check()
            if len(self.steps) > 10 * LONG_ENOUGH:
                raise WentWrong("the walk does not end")
            for faulty in self.record.faulty():
                self.mend(self.record.instrument.by_id[faulty])

    def some(self) -> int:
        """Return how many questions are answered in one go."""
        return self.chance.randint(1, len(self.record.instrument.questions))

    def load(self) -> None:
        """Open the page; nothing of before is in it."""
        self.steps.append("load")
        self.page.goto(f"/s/{self.slug}?lang={self.language}")
        self.record.forget()
        self.without = ()
        self.check()

    def check(self) -> None:
        """Compare the fields with the record."""
        fields: dict[str, list[str]] = {}
        for name, value in self.page.evaluate(FIELDS):
            fields.setdefault(name, []).append(value)
        found = Record.payload(read_given(self.record.instrument, fields))
        Walk.same(found, self.record.payload(self.record.given()), "answers in the fields")

    def answer(self, question: Question) -> None:
        """Answer one question some way."""
        chance, record, place = self.chance, self.record, f"f-{question.id}"
        self.steps.append(f"answer {question.id}")
        if question.kind is Kind.PLACE:
            values = [*chance.sample(sorted(codes()[question.places]), 3), *(f"={o.id}" for o in question.options), ""]
            value = chance.choice(values)
            self.page.locator(f"#{place}").select_option(value=value)
            record.place(question, value)
        elif question.options and (question.kind is not Kind.NUMBER or chance.random() < 0.5):
            option = chance.choice(question.options).id
            box = self.page.locator(f"#{place}-{option}")
            box.check() if not box.is_checked() or question.kind is not Kind.MULTIPLE else box.uncheck()
            record.tap(question, option)
        else:
            self.write(question, None, self.text_for(question))
        # A field beside an option stands open once that is chosen, and stays while something is written in it.
        others = [o.id for o in question.options if o.other and self.page.locator(f"#{place}-{o.id}-own").is_visible()]
        if others and chance.random() < 0.5:
            self.write(question, chance.choice(others), some_words(chance, 100).replace("\n", " "))

    def text_for(self, question: Question) -> str:
        """Return something for a question's own field; what has to be mended too."""
        if question.kind is Kind.NUMBER:
            good = str(self.chance.randint(question.minimum, question.maximum))
            return self.chance.choice([good, good, good, "många", str(question.maximum + 1)])
        text = some_words(self.chance, question.max_length)
        return text if question.lines > 1 else text.replace("\n", " ")

    def write(self, question: Question, option: str | None, text: str) -> None:
        """Write in a field of a question."""
        self.page.locator(f"#f-{question.id}" + (f"-{option}-own" if option else "")).fill(text)
        self.record.write(question, option, text)

    def mend(self, question: Question) -> None:
        """Take everything at a question back, as somebody does who is told of a fault there."""
        self.steps.append(f"mend {question.id}")
        for option in question.options:
            if option.other and self.record.texts.get(question.id, {}).get(option.id):
                self.write(question, option.id, "")
        if question.kind is Kind.PLACE:
            self.page.locator(f"#f-{question.id}").select_option(value="")
        elif self.record.texts.get(question.id, {}).get(None):
            self.write(question, None, "")
        for box in self.page.locator(f"#q-{question.id} input[type=checkbox]:checked").all():
            box.uncheck()
        clear = self.page.locator(f"#q-{question.id} .clear input")
        if clear.count():
            clear.check()
        self.record.options[question.id] = []
        self.record.texts[question.id] = {}

    def detour(self) -> None:
        """Do something that must lose nothing, or begin anew."""
        how = self.chance.choice(["language", "enter", "anew", "lost"])
        self.steps.append(f"detour: {how}")
        line = self.page.locator("#answers .question input[type=text]").filter(visible=True)
        if how == "language":
            self.language = "en" if self.language == "sv" else "sv"
            with self.page.expect_navigation():
                self.page.locator(f"button.link[name=show][value={self.language}]").click()
        elif how == "enter" and line.count():
            with self.page.expect_navigation():
                line.first.press("Enter")
        elif how == "anew":
            self.load()
        elif how == "lost":
            self.lose(lambda route: route.abort("aborted"))
        # What was to be left out is not told any more.
        self.without = self.told_without()
        self.check()

    def told_without(self) -> tuple[str, ...]:
        """Return the questions that the page says are left out if it is sent as it is."""
        shown = self.page.locator("input[name=without]")
        return tuple((shown.get_attribute("value") or "").split()) if shown.count() else ()

    def lose(self, way: Callable[[Route], None]) -> None:
        """Press Send, and let the request go a way on which the browser hears nothing; it stays where it is."""
        gone: list[str] = []

        def once(route: Route) -> None:
            way(route)
            gone.append(route.request.url)

        self.page.route(re.compile(rf"/s/{self.slug}\?"), once, times=1)
        self.page.locator("#end .actions button").click(no_wait_after=True)
        for _ in range(PATIENCE):
            if gone:
                return
            self.page.wait_for_timeout(20)
        raise WentWrong("nothing was sent")

    def send(self) -> bool:
        """Send, perhaps twice, perhaps with an answer that gets lost; whether it has arrived."""
        faulty, gone = self.record.faulty(), self.record.gone()
        agreed = set(self.without) == set(gone)
        good = not faulty and agreed and not self.record.empty
        if good and self.chance.random() < 0.4:
            self.steps.append("send, and the answer gets lost")
            self.lose(taken_and_lost)
            self.check()
        self.steps.append("send")
        button = self.page.locator("#summary button, #end .actions button")
        with self.page.expect_navigation():
            button.nth(self.chance.randrange(button.count())).click(click_count=self.chance.choice([1, 1, 2]))
        self.page.locator("#summary, #closed").first.wait_for()
        Walk.same("/thanks" in self.page.url, good, "whether it has arrived")
        self.without = self.told_without()
        Walk.same(self.without, () if faulty or agreed else gone, "what is told to be left out")
        return good


def taken_and_lost(route: Route) -> None:
    """Let the server take something, and what it says get lost."""
    route.fetch(max_redirects=0)
    route.abort("aborted")
