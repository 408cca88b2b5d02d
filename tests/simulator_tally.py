"""Holds readings against the farm's truth and counts. The reader is a black box: only its readings are looked at."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator_paper import paper
from simulator_truth import BoxTruth, PageTruth, Written

from forms.answers import Answer, Given, Mark, Reason, judge
from forms.model import Question

Json = dict[str, Any]

FIELDS = ("pages", "marks", "doubtful", "refused", "faults", "texts", "stray", "questions", "chances")
"""The counters of a tally."""

STEPS = 10
"""Classes of claimed chances of error in each power of ten."""

FINEST = 70
"""Smallest class: a chance of error of one in ten million, which no sample here could show."""


@dataclass(slots=True)
class Tally:
    """Counts over pages; keys are words joined by " > ", what is true first.

    Attributes:
        pages: `all`, `usable`, `read`, `refused usable`, `to refuse`.
        marks: State that is true > state read, of marks that nobody would doubt.
        doubtful: State as made > state read, of doubtful marks.
        refused: Codes of refusals of usable pages.
        faults: What must never be: `wrong identity`, `no outcome`, `read though to be refused`, `wrong code`,
            `missing box`.
        texts: `written` or `bare` > `ink` or `none`, of text fields.
        stray: How it was made > `found` or `missed`; `nothing > found`.
        questions: `asked a person`, `right`, `wrong`, `unasked` (section 5 asks for a person and none was asked),
            `in doubt` (a box that a person would doubt).
        chances: Class of the chance of error that the probabilities claim > `right` or `wrong`, of marks that nobody
            would doubt, whatever the policy made of them: the likeliest state against the true one.
        misread: Silent misreads in full, for study.
    """

    pages: Counter[str] = field(default_factory=Counter)
    marks: Counter[str] = field(default_factory=Counter)
    doubtful: Counter[str] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    texts: Counter[str] = field(default_factory=Counter)
    stray: Counter[str] = field(default_factory=Counter)
    questions: Counter[str] = field(default_factory=Counter)
    chances: Counter[str] = field(default_factory=Counter)
    misread: list[Json] = field(default_factory=list)

    def add(self, other: Tally) -> None:
        """Take in other counts."""
        for name in FIELDS:
            getattr(self, name).update(getattr(other, name))
        self.misread += other.misread

    def to_json(self) -> Json:
        """Return the counts as JSON."""
        return {name: dict(getattr(self, name)) for name in FIELDS} | {"misread": self.misread}

    @classmethod
    def from_json(cls, plain: Json) -> Tally:
        """Read back what `to_json` wrote."""
        tally = cls(misread=list(plain["misread"]))
        for name in FIELDS:
            getattr(tally, name).update(plain[name])
        return tally

    @property
    def total(self) -> int:
        """Number of marks looked at, doubtful ones included."""
        return self.marks.total() + self.doubtful.total()

    @property
    def made(self) -> int:
        """Number of marks that are not empty."""
        return self.total - sum(n for k, n in (self.marks + self.doubtful).items() if k.startswith("empty >"))

    @property
    def silent(self) -> int:
        """Number of silent misreads of marks that nobody would doubt."""
        return sum(n for k, n in self.marks.items() if _is_silent(*k.split(" > ")))

    @property
    def silent_doubtful(self) -> int:
        """Number of doubtful marks read as a state in which they were not made."""
        return sum(n for k, n in self.doubtful.items() if _is_silent(*k.split(" > ")))

    @property
    def uncertain(self) -> int:
        """Number of marks sent to a person that nobody would doubt."""
        return sum(n for k, n in self.marks.items() if k.endswith("> uncertain"))


def _is_silent(true: str, read: str) -> bool:
    return read not in (true, "uncertain")


def upper_bound(faults: int, trials: int) -> float:
    """Return the 95 % upper bound of a rate after `faults` in `trials`: 3/n for none, exact Poisson else."""
    if not trials:
        return 1.0
    low, high = float(faults), faults + 10 + 4 * math.sqrt(faults + 1)
    for _ in range(60):
        middle = (low + high) / 2
        below = sum(math.exp(-middle + k * math.log(middle) - math.lgamma(k + 1)) for k in range(faults + 1))
        low, high = (middle, high) if below > 0.05 else (low, middle)
    return min(1.0, high / trials)


def compare(pages: Iterable[PageTruth], readings: Mapping[tuple[str, int], list[Json]]) -> Tally:
    """Hold the readings of a shard against its truth.

    Args:
        pages: The truth.
        readings: Readings as in the contract, by file name and image.
    """
    tally = Tally()
    for page in pages:
        found = readings.get((page.file, page.image), [])
        tally.pages["all"] += 1
        if len(found) != 1:
            tally.faults["no outcome"] += 1
        elif page.refused:
            _to_refuse(tally, page, found[0])
        else:
            _page(tally, page, found[0])
    return tally


def _to_refuse(tally: Tally, page: PageTruth, reading: Json) -> None:
    tally.pages["to refuse"] += 1
    if reading["status"] == "read":
        tally.faults["read though to be refused"] += 1
    elif reading["code"] not in page.refused:
        tally.faults["wrong code"] += 1


def _page(tally: Tally, page: PageTruth, reading: Json) -> None:
    tally.pages["usable"] += page.usable
    if reading["status"] != "read":
        tally.pages["refused usable"] += page.usable
        if page.usable:
            tally.refused[reading["code"]] += 1
        return
    tally.pages["read"] += 1
    if (reading["layout"], reading["page"], reading["serial"]) != (page.layout, page.page, page.serial):
        tally.faults["wrong identity"] += 1
        return
    marks = {(m["question"], m["option"]): m for m in reading["marks"]}
    for box in page.written.boxes:
        mark = marks.get((box.question, box.option))
        if mark is None:
            tally.faults["missing box"] += 1
            continue
        pair = f"{box.state} > {mark['state']}"
        (tally.doubtful if box.doubtful else tally.marks)[pair] += 1
        if mark["p"] and not box.doubtful:
            tally.chances[claim(box.state, mark["p"])] += 1
        if _is_silent(box.state, mark["state"]) and not box.doubtful:
            tally.misread.append(_told(page, box, mark))
    _texts(tally, page.written, reading)
    _stray(tally, page.written, reading)
    _questions(tally, page, reading)


def claim(true: str, p: Mapping[str, float]) -> str:
    """Return the class of the chance of error that a reading's probabilities claim, and whether they are right.

    Args:
        true: The true state.
        p: Probabilities of the states, as in the contract.
    """
    likeliest = max(p, key=lambda state: p[state])
    error = max(1.0 - p[likeliest], 10.0 ** -(FINEST / STEPS))
    return f"{min(FINEST, math.floor(-STEPS * math.log10(error)))} > {'right' if likeliest == true else 'wrong'}"


def _told(page: PageTruth, box: BoxTruth, mark: Json) -> Json:
    return {
        "file": page.file,
        "image": page.image,
        "paper": page.paper,
        "page": page.page,
        "question": box.question,
        "option": box.option,
        "how": box.how,
        "nib": page.nib,
        "hand": page.hand,
        "true": str(box.state),
        "read": mark["state"],
        "p": mark["p"],
        "box_px": mark["box_px"],
    }


def _texts(tally: Tally, written: Written, reading: Json) -> None:
    found = {(t["question"], t["option"]): bool(t["ink"]) for t in reading["texts"]}
    for place, used in (written.texts or {}).items():
        tally.texts[f"{'written' if used else 'bare'} > {'ink' if found.get(place) else 'none'}"] += 1


def _stray(tally: Tally, written: Written, reading: Json) -> None:
    found = {(s["question"], s["option"]) for s in reading["stray_ink"]}
    asked = {question for question, _ in found}
    for stray in written.stray:
        # Ink at an option's words may be told of that option or of its question as a whole.
        seen = (stray.question, stray.option) in found or stray.question in asked
        if stray.how == "note beside":
            seen = not asked.isdisjoint(stray.near)
        tally.stray[f"{stray.how} > {'found' if seen else 'missed'}"] += 1
    true = {q for s in written.stray for q in (s.question, *s.near)}
    tally.stray["nothing > found"] += sum(question not in true for question, _ in found)


def _questions(tally: Tally, page: PageTruth, reading: Json) -> None:
    """Count what would enter the dataset, question by question, as section 5 says."""
    asked = paper(page.paper).instrument.by_id
    boxes: dict[str, list[BoxTruth]] = {}
    for box in page.written.boxes:
        boxes.setdefault(box.question, []).append(box)
    states = {(m["question"], m["option"]): Mark(m["state"]) for m in reading["marks"]}
    stray = [(s["question"], s["option"]) for s in reading["stray_ink"]]
    inked = [(t["question"], t["option"]) for t in reading["texts"] if t["ink"]]
    used = [place for place, true in (page.written.texts or {}).items() if true]
    for name, several in boxes.items():
        if any(b.doubtful for b in several):
            tally.questions["in doubt"] += 1
            continue
        drawn = [(s.question, s.option) for s in page.written.stray if s.how != "note beside"]
        true = _judged(asked[name], {b.option: b.state for b in several}, drawn, used)
        read = _judged(asked[name], {b.option: states[name, b.option] for b in several}, stray, inked)
        tally.questions[verdict(true, read)] += 1


def _judged(
    question: Question,
    marks: Mapping[str, Mark],
    stray: Iterable[tuple[str, str | None]],
    inked: Iterable[tuple[str, str | None]],
) -> Answer:
    texts = {option: None for name, option in inked if name == question.id}
    return judge(question, Given(marks, texts, frozenset(option for name, option in stray if name == question.id)))


def verdict(true: Answer, read: Answer) -> str:
    """Tell what became of a question: `asked a person`, `right`, `wrong` or `unasked`.

    Args:
        true: What section 5 makes of what the person did.
        read: What it makes of what was read.
    """
    due, asked = ({w.option for w in a.waiting if w.reason is not Reason.TRANSCRIBE} for a in (true, read))
    if None in asked:
        return "asked a person"
    if None not in due and (set(true.options) ^ set(read.options)) - due - asked:
        return "wrong"
    if due - asked:
        return "unasked"
    return "asked a person" if asked else "right"
