"""Whether the reader is fair: turning, rescanning and the place on the page move the rate of no option.

    python tests/count_fairness.py --sheets 200

After VVSG 2.0, 1.1.6-J and K. Sheets are filled in so that each option of each question is crossed equally often, half
of them so faintly that the reader asks about some: only where it sometimes says otherwise could it be unfair. Each
sheet is scanned as it lies, turned by quarter turns, and again with other noise. For each way, and each column and row
of boxes, the marks that were read as made are held against those of all others with Fisher's exact test; the level is
divided by the number of tests (Bonferroni). Run by hand; test_fair.py takes a few sheets.
"""

from __future__ import annotations

import argparse
import math
import sys
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import simulator
import simulator_sheets
from simulator import Cross, Hand, Page, Pen, Scanner

from forms.answers import Mark
from omr.pictures import PageImage, Picture, from_gray
from omr.reader import read_page
from omr.readings import PageReading

DATA, LAYOUT = simulator_sheets.sheets()
LAYOUTS = {LAYOUT.id: LAYOUT}
QUESTIONS, OPTIONS = [f"q{n}" for n in range(1, 9)], "abcd"
SCANNER = Scanner(dpi=150)
FAINT, CLEAR = Hand(pen=Pen(0.4, 0.21), off=0.3), Hand(pen=simulator.BALLPOINT, off=0.3)

LEVEL = 0.001
"""Chance that a fair reader fails any of the tests of a run."""

PLAIN = "as it lies"

WAYS = {PLAIN: (0, 0), "90°": (1, 0), "180°": (2, 0), "270°": (3, 0), "again": (0, 1), "once more": (0, 2)}
"""How a sheet is scanned: quarter turns, and which noise."""

TRUE = (Mark.CROSSED, Mark.EMPTY)
"""What a box may truly be: the others of its question are empty."""


@dataclass(slots=True)
class Counts:
    """What was read, by way, column, row and true state.

    Attributes:
        read: Way, option, question, true state, state read > number.
        refused: Ways of images that were not read.
    """

    read: Counter[tuple[str, str, str, Mark, Mark]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)

    def split(self, at: int, true: Mark) -> Mapping[str, tuple[int, int]]:
        """Return, for each way (0), option (1) or question (2), how many marks were read as made, and how many not."""
        found: dict[str, tuple[int, int]] = {}
        for key, n in self.read.items():
            # What was scanned six times is still one mark: options and questions are compared in one scan of each.
            if key[3] is true and (at == 0 or key[0] == PLAIN):
                right, other = found.get(str(key[at]), (0, 0))
                hit = key[4] is true
                found[str(key[at])] = right + n * hit, other + n * (not hit)
        return found


def fisher(a: int, b: int, c: int, d: int) -> float:
    """Return the two-sided p-value of Fisher's exact test of a table of two rows, a b and c d."""
    row, column, total = a + b, a + c, a + b + c + d

    def log_choose(n: int, k: int) -> float:
        return math.lgamma(n + 1) - math.lgamma(k + 1) - math.lgamma(n - k + 1)

    def log_p(x: int) -> float:
        return log_choose(row, x) + log_choose(total - row, column - x) - log_choose(total, column)

    seen = log_p(a)
    every = (log_p(x) for x in range(max(0, row + column - total), min(row, column) + 1))
    return min(1.0, sum(math.exp(p) for p in every if p <= seen + 1e-9))


@dataclass(frozen=True, slots=True)
class Told:
    """One test: a way, column or row against all others.

    Attributes:
        what: What is tested, and of which marks.
        right: Marks read as made, of `marks`.
        marks: Number of marks.
        rest: Share read as made among all others.
        p: Two-sided p-value.
    """

    what: str
    right: int
    marks: int
    rest: float
    p: float


def tests(counts: Counts) -> tuple[Told, ...]:
    """Return all tests of a run."""
    told = []
    for at, kind in enumerate(("way", "option", "question")):
        for true in TRUE:
            split = counts.split(at, true)
            rights, others = (sum(v[n] for v in split.values()) for n in (0, 1))
            for name, (right, other) in sorted(split.items()):
                rest = rights - right, others - other
                share = rest[0] / max(1, sum(rest))
                p = fisher(right, other, *rest)
                told.append(Told(f"{kind} {name}, {true.value}", right, right + other, share, p))
    return tuple(told)


def unfair(counts: Counts) -> list[Told]:
    """Return the tests that a fair reader would not fail."""
    every = tests(counts)
    return [t for t in every if t.p < LEVEL / len(every)]


def _image(gray: np.ndarray) -> PageImage:
    return from_gray(np.ascontiguousarray(gray), Picture(b"", "image/png"), 150.0)


def _pages(sheets: int) -> Iterator[tuple[int, Page, Mapping[str, str]]]:
    """Yield filled-in first pages and what is crossed on them, by question."""
    (printed, *_), *_ = simulator.printed(DATA, LAYOUT)
    for number in range(sheets):
        rng = np.random.default_rng([7, number])
        crossed = {q: OPTIONS[(n + number // 2) % 4] for n, q in enumerate(QUESTIONS)}
        actions = [Cross(q, option) for q, option in crossed.items()]
        page = replace(printed, printed=printed.printed.copy())
        yield number, simulator.fill_in(page, actions, (FAINT, CLEAR)[number % 2], rng), crossed


def count(sheets: int) -> Counts:
    """Fill in, scan in every way, and read.

    Args:
        sheets: How many; a multiple of eight crosses every option equally often with either pen.
    """
    counts = Counts()
    for number, page, crossed in _pages(sheets):
        for way, (turns, noise) in WAYS.items():
            scanned = simulator.scan(page, SCANNER, np.random.default_rng([8, number, noise]))
            outcome = read_page(_image(np.rot90(scanned, -turns)), LAYOUTS)
            if not isinstance(outcome, PageReading):
                counts.refused[way] += 1
                continue
            for mark in outcome.marks:
                if mark.question in crossed:
                    true = Mark.CROSSED if crossed[mark.question] == mark.option else Mark.EMPTY
                    counts.read[way, mark.option, mark.question, true, mark.state] += 1
    return counts


def main() -> None:
    """Count, print the tests; exit code 1 where the reader is not fair."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sheets", type=int, default=200)
    counts = count(parser.parse_args().sheets)
    every, failed = tests(counts), unfair(counts)
    print("| test | read as made | of | others | p |\n| --- | ---: | ---: | ---: | ---: |")
    for t in every:
        print(f"| {t.what} | {100 * t.right / max(1, t.marks):.2f} % | {t.marks} | {100 * t.rest:.2f} % | {t.p:.3f} |")
    misread = sum(n for k, n in counts.read.items() if k[4] not in (k[3], Mark.UNCERTAIN))
    print(f"\n{len(every)} tests at {LEVEL} in all; refused: {dict(counts.refused)}; silent misreads: {misread}.")
    print("\n".join(f"UNFAIR: {t}" for t in failed) or "No option, question or way of scanning is read otherwise.")
    sys.exit(bool(failed))


if __name__ == "__main__":
    main()
