"""What a person on a walk has answered by their own account, and what a page of real Chromium says of itself.

A walk (phone_walk.py) keeps this record from what it taps and writes, never from what the page then holds; the two are
compared at every step, and with the dataset in the end.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from random import Random
from typing import Any

from hypothesis import HealthCheck, Phase, given, seed, settings
from playwright.sync_api import Page
from strategies import instruments

from forms.answers import Given, Mark, clean, route, submission_faults, to_payload, without_passed_over
from forms.model import Instrument, Kind, Question, questions_in
from forms.places import codes
from webapp.views.posted import read_given

Said = dict[str, tuple[tuple[str, ...], tuple[tuple[str | None, str], ...]]]
"""What a response holds: question → options in the instrument's order, and texts by option, sorted."""

WORDS = ("Det gick bra", "åäö ÅÄÖ é", "Två\nrader", "  blanka runtom ", "😀 🇸🇪", "<b>&amp;</b>", "=o0", "{n} %s", "ok")


def drawn(count: int, number: int) -> list[Instrument]:
    """Draw so many generated instruments, the same for the same number."""
    found: list[Instrument] = []

    # The first that Hypothesis draws is the simplest there is, the same every time.
    @seed(number)
    @settings(
        max_examples=count + 1,
        phases=[Phase.generate],
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
    @given(instruments())
    def take(instrument: Instrument) -> None:
        found.append(instrument)

    take()
    return found[-count:]


@dataclass
class Record:
    """What a person has answered.

    Attributes:
        instrument: What is asked.
        options: Chosen options by question.
        texts: Own words by question and option; None: the question's own field.
    """

    instrument: Instrument
    options: dict[str, list[str]] = field(default_factory=dict)
    texts: dict[str, dict[str | None, str]] = field(default_factory=dict)

    def given(self) -> dict[str, Given]:
        """Return it as the rulebook takes it."""
        return {
            q.id: Given(dict.fromkeys(self.options.get(q.id, ()), Mark.CROSSED), self.texts.get(q.id, {}))
            for q in self.instrument.questions
        }

    def forget(self) -> None:
        """Nothing is answered any more."""
        self.options.clear()
        self.texts.clear()

    def asked(self) -> list[str]:
        """Return the questions that are asked, in order."""
        return [a.question for a in route(self.instrument, self.given()) if a.asked]

    @property
    def deciding(self) -> set[str]:
        """Questions that it depends on whether others are asked."""
        conditions = [q.asked_if for q in self.instrument.questions if q.asked_if is not None]
        return {question for condition in conditions for question in questions_in(condition)}

    def faulty(self) -> list[str]:
        """Return the questions that have to be mended before anything is sent."""
        kept, _ = without_passed_over(self.instrument, self.given())
        return [f.question for f in submission_faults(self.instrument, kept, codes())]

    def answered(self, question: str) -> bool:
        """Tell whether a question holds anything."""
        return question in self.payload(self.given())

    @property
    def empty(self) -> bool:
        """Whether nothing would be sent."""
        return not self.payload(without_passed_over(self.instrument, self.given())[0])

    @staticmethod
    def payload(given: dict[str, Given]) -> dict[str, object]:
        """Return answers in one form for comparison: in the instrument's order, empty ones left out."""
        sides: dict[str, Any] = to_payload(given)
        return {q: {"options": sorted(s["options"]), "texts": s["texts"]} for q, s in sorted(sides.items())}

    def said(self) -> Said:
        """Return what the dataset must hold once this has been sent."""
        kept, _ = without_passed_over(self.instrument, self.given())
        found: Said = {}
        for answer in route(self.instrument, kept):
            if answer.options or answer.texts:
                texts = sorted(((o, clean(t)) for o, t in answer.texts), key=str)
                found[answer.question] = (answer.options, tuple(texts))
        return found

    def tap(self, question: Question, option: str) -> None:
        """Choose an option as a finger does: in a multiple choice a second tap takes it back."""
        before = self.options.get(question.id, [])
        if question.kind is not Kind.MULTIPLE:
            self.options[question.id] = [option]
        elif option in before:
            self.options[question.id] = [o for o in before if o != option]
        else:
            alone = {o.id for o in question.options if o.exclusive}
            beside = [] if option in alone else [o for o in before if o not in alone]
            self.options[question.id] = [*beside, option]

    def write(self, question: Question, option: str | None, text: str) -> None:
        """Write in a field; words beside "other" choose it. An empty field holds nothing."""
        texts = self.texts.setdefault(question.id, {})
        texts.pop(option, None)
        if text.strip():
            texts[option] = text
        if option and text.strip() and option not in self.options.get(question.id, []):
            self.tap(question, option)

    def place(self, question: Question, value: str) -> None:
        """Choose in a list of places: a code, `=` and an option, or nothing."""
        self.write(question, None, "" if value.startswith("=") else value)
        self.options[question.id] = [value[1:]] if value.startswith("=") else []


class PlainRecord(Record):
    """What somebody has answered in whose browser no script makes one answer fit the other."""

    def tap(self, question: Question, option: str) -> None:
        """Choose an option: in a multiple choice beside whatever else is chosen."""
        before = self.options.get(question.id, [])
        if question.kind is not Kind.MULTIPLE:
            self.options[question.id] = [option]
        else:
            self.options[question.id] = [o for o in before if o != option] if option in before else [*before, option]

    def write(self, question: Question, option: str | None, text: str) -> None:
        """Write in a field; words beside "other" choose nothing."""
        texts = self.texts.setdefault(question.id, {})
        texts.pop(option, None)
        if text.strip():
            texts[option] = text

    def gone(self) -> tuple[str, ...]:
        """Return the questions whose answers are left out."""
        return without_passed_over(self.instrument, self.given())[1]


@dataclass(frozen=True, slots=True)
class Screen:
    """What a page shows.

    Attributes:
        at: `about`, `safe`, `resume`, `review`, `erase`, a question's id, `state:` and what is told there, or empty:
            nothing of ours.
        answers: What its fields hold, as `Record.payload` gives it.
        number: The question's number and how many there are, as told; zeros elsewhere.
        language: The page's language.
        told: What the alert says, by the name of its template.
        skips: Whether the button says that the question is skipped.
        depth: How many steps the browser can go back within this form.
        blank: On the review page, whether each question in its list has no answer.
    """

    at: str
    answers: dict[str, object]
    number: tuple[int, int]
    language: str
    told: str
    skips: bool
    depth: int
    blank: tuple[bool, ...]


SEEN = """() => {
  const at = (id) => document.getElementById(id);
  const seen = (e) => Boolean(e && e.offsetParent);
  // In tablet mode nothing is left of the page's own tools once an answer is sealed.
  const ready = [...document.querySelectorAll("[data-tool]")].some((e) => !e.hidden) || seen(at("state"));
  const outer = ["erase", "about", "safe", "resume", "review"].find((id) => seen(at(id)));
  const question = [...document.querySelectorAll(".question")].filter(seen).map((e) => e.id.slice(2));
  const state = seen(at("state")) ? `state:${at("state").dataset.shown}` : "";
  const form = at("answers");
  return {
    ready, at: outer || question.join(" ") || state,
    fields: form ? [...new FormData(form)] : [],
    place: seen(at("place")) ? at("place").textContent : "",
    language: document.documentElement.lang,
    told: seen(at("told")) ? at("told").dataset.shown : "",
    skips: seen(at("next")) && at("next").classList.contains("quiet"),
    depth: (history.state && history.state.depth) || 0,
    blank: seen(at("review")) ? [...document.querySelectorAll("#review .lists dd")].map((e) => e.matches(".soft")) : [],
  };
}"""


def seen(page: Page, instrument: Instrument) -> Screen | None:
    """Return what a page shows; None: it is not ready yet, or is no page of ours."""
    found = page.evaluate(SEEN)
    if not found["ready"]:
        return None
    fields: dict[str, list[str]] = {}
    for name, value in found["fields"]:
        fields.setdefault(name, []).append(value)
    numbers = [int(n) for n in re.findall(r"\d+", found["place"])] or [0, 0]
    return Screen(
        found["at"],
        Record.payload(read_given(instrument, fields)),
        (numbers[0], numbers[1]),
        found["language"],
        found["told"],
        found["skips"],
        found["depth"],
        tuple(found["blank"]),
    )


def some_words(chance: Random, most: int) -> str:
    """Return something to write."""
    return " ".join(chance.choices(WORDS, k=chance.randint(1, 3)))[:most]
