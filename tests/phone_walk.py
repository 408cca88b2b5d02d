"""Seeded random walks: people answer generated instruments on phones whose network comes and goes.

    .venv/bin/python tests/phone_walk.py [--walks 200] [--seed 1] [--only GROUP] [--log]

Each walk goes through the real interface in real Chromium against the real server: on one's own phone or a shared one,
forwards, back, by the browser's back, over the review page, in two languages, with pages that are loaded again, closed
and opened in another tab, while the network is lost, answers with errors, or takes an answer and tells nobody. Four
walks share an instrument and two phones; one of the phones has a service worker. In the end the dataset must hold
exactly what the people have answered by their own account, once each. Exit code 1 where it does not; a walk that failed
is told with all its steps, and `--only` walks its group again.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from random import Random

from phone_helpers import NOTHING_STORED, PhoneSite, phone_site, stored
from playwright.sync_api import BrowserContext, Error, Page
from strategies import toml_of
from walk_record import Record, Said, Screen, drawn, seen, some_words
from web_helpers import PARAMETERS

from forms.answers import from_payload
from forms.model import Instrument, Kind, Question
from forms.places import codes
from webapp.dataset.surveys import Settings

PER_GROUP = 4
"""Walks through one instrument."""

PATIENCE = 400
"""How often a page is looked at before it is said that it never showed what it should."""

LONG_ENOUGH = 45
"""Steps after which a walk makes no more detours."""

BACK = "new Promise((done) => { addEventListener('popstate', done, { once: true }); history.back() })"

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
        self.same(kept, self.whose == "mine" or at == "resume", "a draft on the phone")
        if how == "kill":
            self.page.close()
            self.page = self.network.window.new_page()
        if how == "another tab":
            # The first tab stays open, as on a phone where nobody closes any.
            self.page = self.network.window.new_page()
        if how == "leave":
            self.page.locator("a.leave").click()
            self.page.wait_for_url("**/away")
        if how == "reload":
            try:
                self.page.reload()
            except Error:
                self.network.be("good")
                self.page.reload()
        else:
            self.load()
        self.reviewed = None
        if not kept:
            self.record.forget()
        self.whose = ""
        screen = self.look()
        self.same(screen.at, "resume" if kept else "about", f"where one is after: {how}")

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
        ways: list[Callable[[], None]] = [
            self.change_language,
            lambda: self.network.flap(self.chance),
            lambda: self.network.flap(self.chance),
            lambda: self.begin_again(screen.at, self.chance.choice(["reload", "kill", "another tab", "leave"])),
            self.ask_to_erase,
        ]
        if screen.depth:
            ways += [self.browser_back, self.browser_back]
        self.chance.choice(ways)()

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
            self.whose = self.chance.choice(["mine", "shared"])
            self.press(self.whose)
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
        self.look("about", "resume")
        while True:
            sent = self.step(self.look())
            if sent is not None:
                return sent
            if len(self.steps) > 10 * LONG_ENOUGH:
                raise WentWrong("the walk does not end")


@contextmanager
def telling(walk: Walk, group: int, number: int) -> Iterator[None]:
    """Tell all steps of a walk that went wrong."""
    try:
        yield
    except (AssertionError, Error) as error:
        said = "\n  ".join([f"group {group}, walk {number}: {error}", *walk.steps])
        raise WentWrong(said) from error


def walk_group(site: PhoneSite, instrument: Instrument, seed: int, group: int, *, log: bool = False) -> int:
    """Let four people walk through one instrument on two phones, and compare the dataset with what they answered.

    Returns:
        How many responses there are.

    Raises:
        WentWrong: What a person saw, or the dataset, is not what it should be.
    """
    slug = f"vandring-{group}"
    parameters = {"support": PARAMETERS["support"], "contact": PARAMETERS["contact"]}
    settings = Settings(grace_days=0)
    site.instance.surveys.create(slug, toml_of(instrument), "x.toml", parameters=parameters, settings=settings)
    survey = site.instance.surveys.open(slug)
    sent: list[Answers] = []
    with site.window() as plain, site.window(workers=True) as keeping:
        for window in (plain, keeping):
            window.route(
                "**/away", lambda route: route.fulfill(body="<title>Weather</title>", content_type="text/html")
            )
        for number in range(PER_GROUP):
            chance = Random(f"{seed} {group} {number}")
            network = Network(site, chance.choice([plain, keeping]))
            walk = Walk(slug, Record(survey.instrument), network, chance)
            with telling(walk, group, number):
                sent.append(walk.whole())
            if log:
                print(*walk.steps, sep="\n  ", file=sys.stderr)
            if chance.random() < 0.5:
                walk.page.close()
        for window in (plain, keeping):
            leave_nothing(site, window, slug)
    site.instance.close_survey(slug)
    site.instance.tray.advance()
    quarantined = site.instance.tray.quarantined(survey)
    if quarantined:
        raise WentWrong(f"group {group}: quarantined {quarantined}")
    found = [
        (
            r.language,
            {a.question: (a.options, tuple(sorted(a.texts, key=str))) for a in r.answers if a.options or a.texts},
        )
        for r in site.instance.responses.all(survey)
    ]
    if sorted(map(str, found)) != sorted(map(str, sent)):
        raise WentWrong(f"group {group}: in the dataset {found}, sent {sent}")
    return len(found)


def leave_nothing(site: PhoneSite, window: BrowserContext, slug: str) -> None:
    """Give a phone its network back and see that everything that waits is sent, and that nothing is left."""
    Network(site, window).be("good")
    for page in window.pages:
        page.close()
    page = window.new_page()
    page.goto(f"/s/{slug}")
    left: object = None
    for _ in range(PATIENCE):
        left = stored(page)
        if left == NOTHING_STORED:
            return
        page.wait_for_timeout(25)
    raise WentWrong(f"left on the phone: {left}")


def main() -> int:
    """Walk and tell."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--walks", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--only", type=int, help="walk this group alone")
    parser.add_argument("--log", action="store_true", help="tell every step on stderr")
    given = parser.parse_args()
    groups = range(-(-given.walks // PER_GROUP))
    found, wrong = 0, 0
    with tempfile.TemporaryDirectory() as folder, phone_site(Path(folder)) as site:
        for group, instrument in zip(groups, drawn(len(groups), given.seed), strict=True):
            if given.only not in (None, group):
                continue
            try:
                found += walk_group(site, instrument, given.seed, group, log=given.log)
            except WentWrong as error:
                wrong += 1
                print(error, file=sys.stderr)
    print(f"{found} responses, {wrong} groups went wrong")
    return int(wrong > 0)


if __name__ == "__main__":
    sys.exit(main())
