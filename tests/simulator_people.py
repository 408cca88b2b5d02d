"""People with pens: what they do to a printed page, and the truth of it.

A `Person` has a nib, a `Habit` of the hand and `Ways` of answering. `write(surface, …)` draws on the page and returns
what was meant. Whether a mark is `doubtful` is judged from what was drawn, by what a careful person could see on the
paper itself: never by what any reader makes of it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import pairwise

import numpy as np
from simulator_ink import NIBS, Nib, Points, Surface, smooth, trembled
from simulator_paper import paper
from simulator_truth import BoxTruth, StrayTruth, Written

from forms.answers import Mark
from forms.layout import Field, FieldKind, Layout
from forms.model import Kind

FILLED_SHARE = 0.93
"""A careful person calls a box filled when so much of its inside is covered …"""

FILLED_GAP_MM = 0.45
"""… and no bare spot in it is wider than this."""

CROSS_SHARE = 0.85
"""A cross that covers more of the box's inside may be taken for a fill."""

SCRIBBLE_SHARE = 0.7
"""The same of a scribble, which leaves no paper in plain shapes."""

SPECK_SHARE = 0.035
"""Ink from elsewhere that covers more of a box's inside than this may be taken for a mark: 0.5 of 15 mm²."""

LEAST_SHARE = 0.06
"""A mark of which less lies in its box may be taken for none: 0.9 of 15 mm²."""

OF_TEXT_MM = 3.0
"""Ink so near to a text field belongs to the field, as the contract of readings says."""

NEAR_MM = 12.0
"""A person who looks at a question sees a note so far from it."""

BESIDE_MM, BETWEEN_MM = 5.0, 1.0
"""A note in no question's area, so near to one at its side, or above or below it, belongs to a question."""

ASIDE_MM = 0.3
"""A mark whose middle lies farther than this outside its box may be meant for none."""


@dataclass(frozen=True, slots=True)
class Habit:
    """How a hand moves.

    Attributes:
        name: Of the habit.
        off: Standard deviation of where a mark's middle comes to lie, mm.
        tremor: Amplitude of trembling, mm.
        size: Size of marks as a part of the box.
        spread: How much that varies.
        overshoot: Mean length by which a stroke runs on, mm.
        slant: Lean of all strokes, degrees; to the left below zero.
        haste: 0 to 1: how often a cross is made without lifting the pen, how bent strokes are.
        bias: Largest constant displacement of this person's marks, mm.
    """

    name: str
    off: float = 0.3
    tremor: float = 0.04
    size: float = 1.0
    spread: float = 0.14
    overshoot: float = 0.15
    slant: float = 0.0
    haste: float = 0.15
    bias: float = 0.2


HABITS = {
    "neat": Habit("neat", 0.15, 0.02, 0.9, 0.07, 0.05, 0.0, 0.0, 0.1),
    "ordinary": Habit("ordinary"),
    "hurried": Habit("hurried", 0.5, 0.05, 1.2, 0.25, 0.5, 8.0, 0.8, 0.3),
    "trembling": Habit("trembling", 0.4, 0.28, 1.1, 0.2, 0.3, 0.0, 0.05, 0.3),
    "displaced": Habit("displaced", 0.25, 0.05, 0.95, 0.15, 0.15, 0.0, 0.2, 1.6),
    "overshooting": Habit("overshooting", 0.35, 0.05, 1.5, 0.25, 1.0, 5.0, 0.3, 0.3),
    "left-handed": Habit("left-handed", 0.35, 0.05, 1.05, 0.15, 0.25, -22.0, 0.2, 0.3),
}
"""Hands, from neat to trembling."""

STYLES = ("cross", "tick", "slash", "scribble", "heavy cross", "dot")
"""How people mark a box."""


@dataclass(frozen=True, slots=True)
class Ways:
    """How a person answers.

    Attributes:
        styles: How often a mark is made in each of `STYLES`.
        skips: Chance that a question is left empty.
        several: Chance of each option of a multiple choice.
        corrects: Chance that a question holds a correction: one box crossed and filled over or filled at once.
        gapped: Chance that a fill is left with gaps.
        rests: Chance that a pen rested in an empty box, by question.
        strikes: Chance that words of an option are struck out, by question.
        circles: Chance that words are circled.
        underlines: Chance that words are underlined.
        notes: Notes on a page in the margins or between the questions, on average.
        writes: Chance that a text field is used.
    """

    styles: tuple[float, ...] = (0.70, 0.13, 0.06, 0.05, 0.055, 0.005)
    skips: float = 0.06
    several: float = 0.36
    corrects: float = 0.06
    gapped: float = 0.03
    rests: float = 0.002
    strikes: float = 0.002
    circles: float = 0.004
    underlines: float = 0.004
    notes: float = 0.08
    writes: float = 0.5


@dataclass(frozen=True, slots=True)
class Person:
    """Who writes."""

    nib: Nib = NIBS["ballpoint blue"]
    habit: Habit = HABITS["ordinary"]
    ways: Ways = field(default_factory=Ways)


def somebody(
    rng: np.random.Generator, nibs: Mapping[str, float], habits: Mapping[str, float], ways: Ways | None = None
) -> Person:
    """Return a person with a pen and a hand drawn by weight."""
    nib, habit = (str(rng.choice(list(w), p=np.array(list(w.values())) / sum(w.values()))) for w in (nibs, habits))
    return Person(NIBS[nib], HABITS[habit], ways or Ways())


@dataclass(slots=True)
class _Mark:
    """What was meant in one box, and whether that is in doubt from the start."""

    state: Mark
    how: str
    doubtful: bool = False


@dataclass(slots=True, eq=False)
class _Writer:
    """One person at one page."""

    surface: Surface
    person: Person
    rng: np.random.Generator
    layout: Layout
    page: int
    bias: Points = field(init=False)
    marks: dict[int, _Mark] = field(default_factory=dict)
    stray: list[StrayTruth] = field(default_factory=list)
    noted: set[tuple[str, str | None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        angle, far = self.rng.uniform(0, 2 * np.pi), self.person.habit.bias * self.rng.uniform(0.4, 1)
        self.bias = far * np.array([np.cos(angle), np.sin(angle)])

    # --- marks in boxes -------------------------------------------------------------------------------------------

    def _shape(self, style: str) -> list[Points]:
        """Return a mark's strokes around (0, 0), the box's half being 1."""
        bend = self.rng.normal(0, 0.05 + 0.15 * self.person.habit.haste, 4)
        down = np.array([[-0.9, -0.9], [bend[0], bend[1]], [0.95, 0.95]])
        up = np.array([[0.9, -0.95], [bend[2], bend[3]], [-0.95, 0.9]])
        if style in ("cross", "heavy cross") and self.rng.random() < self.person.habit.haste:
            # Without lifting the pen: down one diagonal, round a loop, back over the other.
            side = self.rng.uniform(1.05, 1.35)
            once = [np.vstack([down, [[side, 0.1]], up[:1], up[1:]])]
        elif style in ("cross", "heavy cross"):
            once = [down, up]
        elif style == "tick":
            once = [np.array([[-0.8, 0.0], [-0.25, 0.8], [1.1, -1.15]])]
        elif style == "slash":
            once = [np.array([[0.95, -1.0], [bend[0], bend[1]], [-0.95, 1.0]])]
        else:
            once = [self._zigzag()]
        if style == "heavy cross":
            once = once + [s + self.rng.normal(0, 0.07, s.shape) for s in once]
        return once

    def _zigzag(self) -> Points:
        # A broad pen goes fewer times, so that paper shows.
        turns = int(np.clip(round(self.rng.uniform(0.6, 1.2) / self.person.nib.width), 1, 4))
        ys = np.linspace(-0.8, 0.8, 2 * turns + 1)
        path = np.column_stack([np.where(np.arange(len(ys)) % 2, 0.8, -0.8), ys])
        return path + self.rng.normal(0, 0.12, path.shape)

    def _led(self, stroke: Points, middle: Points, half: float) -> Points:
        """Return a stroke in mm as this hand leads it: sized, leaning, running on at its end, trembling."""
        habit, rng = self.person.habit, self.rng
        lean = np.tan(np.radians(habit.slant + rng.normal(0, 4)))
        path = stroke * half + rng.normal(0, 0.06 * half, stroke.shape)
        path = np.column_stack([path[:, 0] - lean * path[:, 1], path[:, 1]])
        run = path[-1] - path[-2]
        path[-1] += run / max(0.1, float(np.hypot(*run))) * min(rng.exponential(habit.overshoot), 4.0)
        return trembled(smooth(path + middle), habit.tremor, rng)

    def cross(self, n: int, style: str) -> None:
        """Mark a box in a style of `STYLES`."""
        box, habit, rng = self.surface.boxes[n], self.person.habit, self.rng
        middle = np.array([box.x + box.w / 2, box.y + box.h / 2]) + self.bias + rng.normal(0, habit.off, 2)
        if style == "dot":
            self.dot(n, Mark.CROSSED, "dot")
            return
        half = box.w / 2 * float(np.clip(habit.size * rng.normal(1, habit.spread), 0.55, 1.9))
        paths = [self._led(s, middle, half) for s in self._shape(style)]
        self.surface.draw(paths, self.person.nib, rng)
        aside = float(np.abs(middle - [box.x + box.w / 2, box.y + box.h / 2]).max()) - box.w / 2 > ASIDE_MM
        self.marks[n] = _Mark(Mark.CROSSED, style, doubtful=aside)

    def dot(self, n: int, state: Mark, how: str) -> None:
        """Leave a dot in a box, for an answer or because the pen rested there."""
        box, rng = self.surface.boxes[n], self.rng
        middle = np.array([box.x + box.w / 2, box.y + box.h / 2]) + rng.normal(0, 0.5, 2)
        path = smooth(middle + rng.normal(0, 0.12, (4, 2)))
        self.surface.draw([path], self.person.nib, rng, width=self.person.nib.width * rng.uniform(1.0, 2.2))
        self.marks[n] = _Mark(state, how, doubtful=True)

    def fill(self, n: int, *, gapped: bool) -> None:
        """Fill a box all over, as the sheet's example asks; or give up before all of it is covered."""
        rng, nib = self.rng, self.person.nib
        how = ("gapped fill" if gapped else "fill") + (f" over {self.marks[n].how}" if n in self.marks else "")
        passes = 1 if gapped else int(rng.integers(1, 4))
        for turn in range(8):
            if turn >= passes and (gapped or self._is_full(n)):
                break
            # A person looks at the box and goes over it again until the paper no longer shines through.
            wide = nib.width * (rng.uniform(1.5, 2.4) if gapped else rng.uniform(0.5, 0.85))
            self._hatch(n, step=wide, angle=float(rng.uniform(-25, 25)) + 90 * ((turn + (rng.random() < 0.3)) % 2))
        self.marks[n] = _Mark(Mark.FILLED, how, doubtful=gapped)

    def _is_full(self, n: int) -> bool:
        return self.surface.share(n) >= FILLED_SHARE and self.surface.gap_mm(n) <= FILLED_GAP_MM

    def _hatch(self, n: int, *, step: float, angle: float) -> None:
        """Go to and fro over a box, a little over its edges."""
        box, habit, rng = self.surface.boxes[n], self.person.habit, self.rng
        half = box.w / 2
        reach = max(half - self.person.nib.width / 2 + float(np.clip(rng.normal(0.12, 0.2), -0.2, 1.0)), 0.4)
        rows = np.arange(-reach, reach + step, step)
        ends = np.where(np.arange(2 * len(rows)) // 2 % 2 == 0, 1, -1) * np.where(np.arange(2 * len(rows)) % 2, 1, -1)
        # Strokes at an angle would leave corners bare: they are as long as the square is wide there.
        path = np.column_stack([ends * reach, np.repeat(rows, 2)])
        a = np.radians(angle % 90 if abs(angle % 90) < 45 else angle % 90 - 90)
        lean = np.column_stack([path[:, 0], path[:, 1] + np.tan(a) * 0.5 * path[:, 0]])
        lean = lean[:, ::-1] if abs(angle) > 45 else lean
        middle = np.array([box.x + half, box.y + half]) + 0.25 * self.bias + rng.normal(0, 0.25 * habit.off, 2)
        lean = lean + rng.normal(0, 0.05 + 0.1 * habit.haste, lean.shape)
        straight = np.concatenate([np.linspace(p, q, 8, endpoint=False) for p, q in pairwise(lean)])
        self.surface.draw([trembled(straight + middle, 0.6 * habit.tremor, rng)], self.person.nib, rng)

    # --- ink elsewhere --------------------------------------------------------------------------------------------

    def strike(self, words: Field) -> None:
        """Strike an option's words out."""
        y = words.y + words.h * self.rng.uniform(0.45, 0.65)
        rise = self.rng.normal(0, 0.4)
        path = np.array([[words.x - 0.7, y + rise], [words.x + words.w / 2, y], [words.x + words.w + 0.9, y - rise]])
        self._ink([path])
        self._strayed(words, "struck out")

    def circle(self, words: Field) -> None:
        """Draw a ring around an option's words, often round its box as well."""
        turn = np.linspace(0, self.rng.uniform(1.95, 2.25) * np.pi, 14) + self.rng.uniform(0, 6)
        left, right = words.x - self.rng.uniform(0.8, 1.8), words.x + words.w + 1.6
        box = next((b for b in self.surface.boxes if (b.question, b.option) == (words.question, words.option)), None)
        if box is not None and self.rng.random() < 0.3:
            left = box.x - 2.2
        middle = np.array([(left + right) / 2, words.y + words.h / 2])
        radius = np.array([(right - left) / 2, words.h / 2 + self.rng.uniform(0.5, 1.3)])
        self._ink([middle + np.column_stack([np.cos(turn), np.sin(turn)]) * radius])
        self._strayed(words, "circled")

    def underline(self, words: Field) -> None:
        """Underline an option's words."""
        y = words.y + words.h - self.rng.uniform(0.0, 0.5)
        path = np.array([[words.x, y], [words.x + words.w / 2, y + 0.2], [words.x + words.w, y - 0.1]])
        self._ink([path])
        self._strayed(words, "underlined")

    def note(self) -> None:
        """Write a few words in a margin or below a question, where no box stands."""
        rng = self.rng
        for _ in range(12):
            x, y, length = rng.uniform(8, 175), rng.uniform(40, 270), rng.uniform(8, 24)
            if not len(self.surface.near(np.array([x - 2, y - 4]), np.array([x + length + 2, y + 4]))):
                break
        else:
            return
        self.scrawl(x, y, length, 1.6)
        off = {a.question: _off(a, x, y, length) for a in self.layout.on_page(self.page, FieldKind.AREA)}
        near = tuple(q for q, (across, down) in off.items() if max(across, down) <= NEAR_MM)
        hit = [q for q, far in off.items() if max(far) < 0]
        for question in hit:
            self._noted(question, x, y, length, near)
        beside = [q for q, (across, down) in off.items() if across <= BESIDE_MM and down <= BETWEEN_MM]
        if beside and not hit:
            self.stray.append(StrayTruth(beside[0], None, "note beside", near))

    def _noted(self, question: str, x: float, y: float, length: float, near: tuple[str, ...]) -> None:
        """Record a note in a question's area: in or close to a text field, at an option's words, or elsewhere."""
        for place in self.layout.on_page(self.page, FieldKind.TEXT):
            off_x = max(place.x - x - length / 2, x + length / 2 - place.x - place.w)
            if place.question == question and max(off_x, place.y - y, y - place.y - place.h) <= OF_TEXT_MM:
                self.noted.add((place.question, place.option))
                return
        words = [w for w in self.layout.on_page(self.page, FieldKind.WORDS) if w.question == question]
        options = [w.option for w in words if max(_off(w, x, y, length)) < 0] or [None]
        self.stray += [StrayTruth(question, option, "note", near) for option in options]

    def scrawl(self, x: float, y: float, length: float, high: float = 1.9) -> None:
        """Write wavy words: what handwriting is to a machine that does not read it."""
        at, rng = x, self.rng
        while at < x + length - 2:
            word = min(float(rng.uniform(5, 14)), x + length - at)
            steps = max(4, int(word / 0.9))
            xs = at + np.linspace(0, word, steps) + rng.normal(0, 0.3, steps)
            tall = np.where(rng.random(steps) < 0.25, 1.0, 0.5)
            self._ink([np.column_stack([xs, y + high * tall * np.where(np.arange(steps) % 2, 1, -1)])])
            at += word + 2.2

    def _ink(self, strokes: list[Points]) -> None:
        habit = self.person.habit
        paths = [trembled(smooth(s), habit.tremor, self.rng) for s in strokes]
        self.surface.draw(paths, self.person.nib, self.rng)

    def _strayed(self, words: Field, how: str) -> None:
        self.stray.append(StrayTruth(words.question, words.option, how))

    # --- the truth ------------------------------------------------------------------------------------------------

    def judged(self) -> tuple[BoxTruth, ...]:
        """Return what was done to each box, doubtful where a careful person who sees the paper would doubt."""
        told = []
        for n, box in enumerate(self.surface.boxes):
            share = self.surface.share(n)
            mark = self.marks.get(n)
            if mark is None:
                doubtful = share > SPECK_SHARE
                mark = _Mark(Mark.EMPTY, "from elsewhere" if doubtful else "", doubtful)
            elif mark.state is Mark.FILLED:
                mark.doubtful = mark.doubtful or not self._is_full(n)
            elif mark.state is Mark.CROSSED:
                most = SCRIBBLE_SHARE if mark.how == "scribble" else CROSS_SHARE
                unclear = share > most or share < LEAST_SHARE
                mark.doubtful = mark.doubtful or unclear
            told.append(BoxTruth(box.question, box.option or "", mark.state, mark.doubtful, mark.how))
        return tuple(told)


def _off(place: Field, x: float, y: float, length: float) -> tuple[float, float]:
    """Return how far a note is from a place, across the page and down; less than 0 where it overlaps, mm."""
    return max(place.x - x - length, x - place.x - place.w), max(place.y - y - 1.5, y - 1.5 - place.y - place.h)


def write(surface: Surface, name: str, page: int, person: Person, rng: np.random.Generator) -> Written:
    """Fill in a page.

    Args:
        surface: The page; drawn on.
        name: Name of the paper.
        page: Number of the page.
        person: Who writes.
        rng: All chance.
    """
    layout, instrument = paper(name).layout, paper(name).instrument
    writer = _Writer(surface, person, rng, layout, page)
    ways = person.ways
    by_question: dict[str, list[int]] = {}
    for n, box in enumerate(surface.boxes):
        by_question.setdefault(box.question, []).append(n)
    words = {(w.question, w.option): w for w in layout.on_page(page, FieldKind.WORDS)}
    for question, boxes in by_question.items():
        _answer(writer, boxes, several=instrument.by_id[question].kind is Kind.MULTIPLE)
        for chance, act in (
            (ways.strikes, writer.strike),
            (ways.circles, writer.circle),
            (ways.underlines, writer.underline),
        ):
            if rng.random() < chance:
                box = surface.boxes[int(rng.choice(boxes))]
                act(words[box.question, box.option])
    for _ in range(rng.poisson(ways.notes)):
        writer.note()
    texts = {}
    for place in layout.on_page(page, FieldKind.TEXT):
        used = bool(rng.random() < ways.writes)
        texts[place.question, place.option] = used or (place.question, place.option) in writer.noted
        if used:
            long = min(place.w - 5, rng.uniform(15, 70))
            writer.scrawl(place.x + 2.5, place.y + min(place.h, 9.0) / 2, long, 1.5)
    return Written(writer.judged(), texts, tuple(writer.stray))


def _answer(writer: _Writer, boxes: list[int], *, several: bool) -> None:
    """Answer one question."""
    ways, rng = writer.person.ways, writer.rng
    if several:
        chosen = [n for n in boxes if rng.random() < ways.several]
    else:
        chosen = [int(rng.choice(boxes))] if rng.random() >= ways.skips else []
    for n in chosen:
        writer.cross(n, str(rng.choice(STYLES, p=np.array(ways.styles) / sum(ways.styles))))
    left = [n for n in boxes if n not in chosen]
    if left and rng.random() < ways.corrects * (1 + several):
        wrong = int(rng.choice(left))
        if rng.random() < 0.6:
            writer.cross(wrong, "cross")
        writer.fill(wrong, gapped=bool(rng.random() < ways.gapped))
        left.remove(wrong)
    if left and rng.random() < ways.rests:
        writer.dot(int(rng.choice(left)), Mark.EMPTY, "pen rested")
