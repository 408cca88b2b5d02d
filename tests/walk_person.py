"""A person on a walk with a phone whose network comes and goes: from opening a survey to sending, with detours.

What is seen is held against the person's own record at every step (walk_record.py). Others walk otherwise
(walk_kinds.py): with a draft locked by four words, at a tablet that goes from hand to hand, without script.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random

from phone_helpers import PhoneSite, stored
from playwright.sync_api import BrowserContext, Error, Page
from walk_record import Record, Said, Screen, seen, some_words

from forms.answers import from_payload
from forms.model import Kind, Question
from forms.places import codes

PATIENCE = 400
"""How often a page is looked at before it is said that it never showed what it should."""

LONG_ENOUGH = 45
"""Steps after which a walk makes no more detours."""

Answers = tuple[str, Said]
"""Language and content of a response."""


class WentWrong(AssertionError):
    """What a person saw is not what it should have been."""


@dataclass
class Network:
    """The way to the server: changed by walks, which end with a good one.

    Attributes:
        site: Whose gate it is.
        window: The phone.
        mode: How it is now: `good`, `offline`, or one of the gate's ways.
    """

    site: PhoneSite
    window: BrowserContext
    mode: str = "good"

    def be(self, mode: str) -> None:
        """Change it."""
        self.mode = mode
        self.site.gate.always("pass" if mode in ("good", "offline") else mode)
        self.window.set_offline(mode == "offline")

    def flap(self, chance: Random) -> None:
        """Let it be whatever it may be."""
        self.be(chance.choice(["good", "good", "offline", "offline", "500", "lose", "portal"]))


@dataclass
class Walk:
    """One person on one phone, from opening the survey to sending.

    Attributes:
        slug: The survey.
        record: What was answered by the person's own account.
        network: The way to the server, and the phone.
        chance: What decides.
        steps: What was done, for the report of a failure.
        whose: Whose phone it was said to be: `mine`, `shared`, or empty: not yet.
        reviewed: Questions that were asked when the review page was last seen; None: it was not.
        counted: Whether the screen was shown after the last answer: what it counts is settled when it is shown.
    """

    slug: str
    record: Record
    network: Network
    chance: Random
    steps: list[str] = field(default_factory=list)
    whose: str = ""
    reviewed: list[str] | None = None
    counted: bool = True

    def __post_init__(self) -> None:
        self.page: Page = self.network.window.new_page()
        self.language = "sv"

    @property
    def draft_shown(self) -> str:
        """The screen that a draft on the phone is met with."""
        return "resume"

    # What is seen.

    def look(self, *wanted: str) -> Screen:
        """Wait until the page shows something, or one of some screens, and hold it against the record."""
        found = None
        for _ in range(PATIENCE):
            found = seen(self.page, self.record.instrument)
            if found is not None and (not wanted or found.at in wanted):
                break
            self.page.wait_for_timeout(20)
        else:
            raise WentWrong(f"wanted {wanted}, seen {found}")
        assert found is not None
        self.language = found.language
        self.check(found)
        return found

    def check(self, screen: Screen) -> None:
        """Compare what a page shows with the record."""
        record = self.record
        # Before somebody goes on with a draft its answers are not in the page.
        if not screen.at.startswith("state:") and screen.at not in ("resume", "erase"):
            self.same(screen.answers, record.payload(record.given()), "answers in the fields")
        asked = record.asked()
        if screen.at in asked:
            if self.counted:
                self.same(screen.number, (asked.index(screen.at) + 1, len(asked)), "number of the question")
            self.same(screen.skips, not record.answered(screen.at), "skips")
        elif screen.at == "review":
            self.reviewed = asked
            self.same(screen.blank, tuple(not record.answered(q) for q in asked), "answers on the review page")
        elif screen.at not in ("about", "safe", "resume", "erase") and not screen.at.startswith("state:"):
            raise WentWrong(f"at {screen.at!r}, asked are {asked}")

    @staticmethod
    def same(found: object, expected: object, what: str) -> None:
        """Fail with both where they differ."""
        if found != expected:
            raise WentWrong(f"{what}: {found!r}, expected {expected!r}")

    # What is done.

    def did(self, what: str) -> None:
        """Note a step."""
        self.steps.append(f"{what} [{self.network.mode}]")

    def press(self, what: str, inside: str = "") -> None:
        """Press a button by what it does."""
        self.did(f"press {what}")
        self.counted = what not in ("ask", "unask", "send")
        self.page.locator(f"{inside} [data-do={what}]").filter(visible=True).first.click()

    def load(self) -> None:
        """Open the survey; where neither the network nor the phone has it, the person waits for a network."""
        try:
            self.page.goto(f"/s/{self.slug}")
        except Error:
            self.network.be("good")
            self.page.goto(f"/s/{self.slug}")
        self.arrived()

    def arrived(self) -> None:
        """Do what a person does where a page that was loaded lacks something."""

    def choose(self, question: Question) -> None:
        """Answer a question some way."""
        chance, record = self.chance, self.record
        self.counted = False
        place = f"f-{question.id}"
        others = [o.id for o in question.options if o.other]
        if question.kind in (Kind.TEXT, Kind.NUMBER):
            text = self.text_for(question)
            self.did(f"write {text!r} at {question.id}")
            self.page.locator(f"#{place}").fill(text)
            record.write(question, None, text)
        elif question.kind is Kind.PLACE:
            values = [*chance.sample(sorted(codes()[question.places]), 3), *(f"={o.id}" for o in question.options), ""]
            value = chance.choice(values)
            self.did(f"choose {value!r} at {question.id}")
            self.page.locator(f"#{place}").select_option(value=value)
            record.place(question, value)
        elif question.kind is not Kind.MULTIPLE and record.options.get(question.id) and chance.random() < 0.15:
            self.did(f"clear {question.id}")
            self.page.locator(f"#q-{question.id} .clear label").click()
            record.options[question.id] = []
        else:
            for _ in range(chance.randint(1, 3) if question.kind is Kind.MULTIPLE else 1):
                option = chance.choice(question.options).id
                self.did(f"tap {option} at {question.id}")
                self.page.locator(f"label[for='{place}-{option}'], label:has(#{place}-{option})").first.click()
                record.tap(question, option)
        chosen, written = record.options.get(question.id, []), record.texts.get(question.id, {})
        own = [o for o in others if o in chosen or written.get(o)]
        if own and chance.random() < 0.7:
            option, text = chance.choice(own), some_words(chance, 100)
            self.did(f"write {text!r} beside {option} at {question.id}")
            self.page.locator(f"#{place}-{option}-own").fill(text.replace("\n", " "))
            record.write(question, option, text.replace("\n", " "))

    def text_for(self, question: Question) -> str:
        """Return something for a question's own field; what has to be mended too."""
        if question.kind is Kind.TEXT:
            text = some_words(self.chance, question.max_length)
            return text if question.lines > 1 else text.replace("\n", " ")
        if self.chance.random() < 0.15:
            return self.chance.choice(["många", str(question.maximum + 1), "-1", "1.5"])
        return str(self.chance.randint(question.minimum, question.maximum))

    def saved(self, at: str) -> None:
        """On one's own phone: wait until what was answered last is kept, a moment after it was written."""
        if self.whose != "mine":
            return
        expected = self.record.payload(self.record.given())
        bodies = None
        for _ in range(PATIENCE):
            bodies = [d["body"] for d in stored(self.page)["drafts"] if d["slug"] == self.slug]
            if bodies and self.record.payload(from_payload(bodies[0]["given"])) == expected and bodies[0]["at"] == at:
                return
            self.page.wait_for_timeout(20)
        raise WentWrong(f"the draft was not saved: {bodies}, expected {expected} at {at}")

    def begin_again(self, at: str, how: str) -> None:
        """Load the page anew in one of several ways, and find there what was promised."""
        self.saved(at)
        self.did(how)
        self.counted = True
        kept = self.kept
        self.same(kept, self.whose == "mine" or at == self.draft_shown, "a draft on the phone")
        if how == "kill":
            self.page.close()
            self.page = self.network.window.new_page()
        if how == "another tab":
            # The first tab stays open, as on a phone where nobody closes any.
            self.page = self.network.window.new_page()
        if how == "leave":
            self.go_away()
        if how == "reload":
            try:
                self.page.reload()
            except Error:
                self.network.be("good")
                self.page.reload()
            self.arrived()
        else:
            self.load()
        self.reviewed = None
        if not kept:
            self.record.forget()
        self.whose = ""
        screen = self.look()
        self.same(screen.at, self.draft_shown if kept else "about", f"where one is after: {how}")

    def go_away(self) -> None:
        """Leave the page by its own way out."""
        self.page.locator("a.leave").click()
        self.page.wait_for_url("**/away")

    @property
    def kept(self) -> bool:
        """Whether there is a draft of this survey on the phone."""
        return any(d["slug"] == self.slug for d in stored(self.page)["drafts"])

    def change_language(self) -> None:
        """Ask for the other language; without network it may not be had."""
        other = "en" if self.language == "sv" else "sv"
        before = self.look().at
        self.did(f"language {other}")
        self.page.locator(f"[name=show][value={other}]").filter(visible=True).click()
        for _ in range(PATIENCE):
            screen = self.look()
            if screen.language == other or screen.told == "no-language":
                break
            self.page.wait_for_timeout(20)
        else:
            raise WentWrong(f"the language did not become {other}")
        self.counted = screen.language == other
        if screen.told == "no-language" and self.network.mode != "offline":
            raise WentWrong(f"{other} was not to be had")
        self.same(screen.at, before, "screen after the language was changed")

    def detour(self, screen: Screen) -> None:
        """Do something that leads nowhere and must lose nothing."""
        self.chance.choice(self.ways(screen))()

    def ways(self, screen: Screen) -> list[Callable[[], None]]:
        """Return the detours that there are on a screen."""
        ways: list[Callable[[], None]] = [
            self.change_language,
            lambda: self.network.flap(self.chance),
            lambda: self.network.flap(self.chance),
            lambda: self.begin_again(screen.at, self.chance.choice(["reload", "kill", "another tab", "leave"])),
            self.ask_to_erase,
        ]
        if screen.depth:
            ways += [self.browser_back, self.browser_back]
        return ways

    def ask_to_erase(self) -> None:
        """Ask for everything to be erased, and think better of it."""
        at = self.look().at
        self.press("ask")
        self.look("erase")
        self.press("unask")
        self.look(at)

    def browser_back(self) -> None:
        """Go back as the browser does, and see that nothing is lost."""
        self.did("browser back")
        self.page.evaluate(
            "new Promise((done) => { addEventListener('popstate', done, { once: true }); history.back() })"
        )
        self.look()

    def move(self, screen: Screen) -> None:
        """Go on from a question, or back."""
        asked = self.record.asked()
        if self.chance.random() < 0.15:
            self.press("back", "#steps")
            self.look()
            return
        self.press("next")
        after = self.look()
        if screen.at in self.record.faulty():
            self.same(after.at, screen.at, "screen where something has to be mended")
            return
        rest = [*asked[asked.index(screen.at) + 1 :], "review"]
        fresh = [q for q in rest if q == "review" or self.reviewed is None or q not in self.reviewed]
        self.same(after.at, fresh[0], "next screen")

    def change(self, question: str) -> None:
        """Go from the review page to one of its questions."""
        self.did(f"change {question}")
        self.counted = True
        self.page.locator(f"#review [data-go='{question}']").click()
        self.look(question)
        self.choose(self.record.instrument.by_id[question])
        self.look(question)

    def send(self) -> Answers | None:
        """Press Send; None: something stood in the way, and it was told."""
        self.did("send")
        button = self.page.locator("#end .actions button")
        # A second tap while the first is at work does nothing.
        button.click(click_count=self.chance.choice([1, 1, 2]))
        faulty = self.record.faulty()
        if faulty or self.record.empty:
            screen = self.look("review")
            self.same(screen.told, "faults" if faulty else "empty", "told")
            self.change(faulty[0] if faulty else self.chance.choice(self.record.asked()))
            return None
        sent = (self.language, self.record.said())
        self.after_sending()
        return sent

    def after_sending(self) -> None:
        """Do something more, or nothing; the answer is out of one's hands."""
        states = ("state:sending", "state:waiting", "state:sent")
        self.look(*states)
        for _ in range(self.chance.randint(0, 3)):
            what = self.chance.choice(["flap", "reload", "send", "back"])
            self.did(f"after sending: {what}")
            if what == "flap":
                self.network.flap(self.chance)
            elif what == "back":
                self.page.go_back(wait_until="commit")
                self.page.wait_for_timeout(50)
                return
            elif what == "reload":
                self.record.forget()
                self.load()
                self.look("about")
                return
            elif self.look(*states).at == "state:waiting":
                self.press("send")

    def step(self, screen: Screen) -> Answers | None:
        """Do one thing; what it returns has been sent."""
        if len(self.steps) < LONG_ENOUGH and self.chance.random() < 0.25:
            self.detour(screen)
        elif screen.at == "about":
            self.press("safe", "#about")
        elif screen.at == "safe":
            self.say_whose()
            self.look(*self.record.asked())
        elif screen.at == "resume":
            self.resume()
        elif screen.at == "review":
            asked = self.record.asked()
            # What others hang on: their answers go with it, or are asked for anew.
            deciding = [q for q in asked if q in self.record.deciding]
            if self.chance.random() < (0.7 if deciding else 0.35) and len(self.steps) < LONG_ENOUGH:
                self.change(self.chance.choice(deciding or asked))
            else:
                return self.send()
        else:
            question = self.record.instrument.by_id[screen.at]
            if self.chance.random() < 0.8:
                self.choose(question)
            self.move(self.look(screen.at))
        return None

    def say_whose(self) -> None:
        """Say whose phone it is."""
        self.whose = self.chance.choice(["mine", "shared"])
        self.press(self.whose)

    def resume(self) -> None:
        """Go on with what the phone has kept, or throw it away."""
        if self.chance.random() < 0.85:
            self.whose = "mine"
            self.press("resume")
            self.look(*self.record.asked(), "review", "about", "safe")
            return
        self.press("restart")
        self.record.forget()
        self.look("about")

    def whole(self) -> Answers:
        """Walk from the beginning to the end."""
        self.load()
        self.look("about", self.draft_shown)
        while True:
            sent = self.step(self.look())
            if sent is not None:
                return sent
            if len(self.steps) > 10 * LONG_ENOUGH:
                raise WentWrong("the walk does not end")
