"""Clean scans, counted in memory while the reader is worked on; `simulator_accuracy.py` counts piles.

python tests/simulator_clean.py --sheets 200 --seed 1
"""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import numpy as np
import simulator
import simulator_sheets
from simulator import Cross, Hand, Page, Printer, Scanner

from forms.answers import Mark
from forms.layout import Layout
from omr import images
from omr.images import PageImage, Picture
from omr.pictures import as_png
from omr.policy import POLICY
from omr.reader import examine
from omr.readings import PageReading

KINDS = {
    "gray 300": Scanner(dpi=300),
    "gray 200": Scanner(dpi=200),
    "gray 150": Scanner(dpi=150),
    "colour 300": Scanner(dpi=300, mode="colour"),
    "colour 200": Scanner(dpi=200, mode="colour"),
    "bilevel 300": Scanner(dpi=300, mode="bilevel"),
    "bilevel 200": Scanner(dpi=200, mode="bilevel"),
    "bilevel pale": Scanner(dpi=300, mode="bilevel", threshold=0.47),
}
"""Kinds of clean scan."""

PALE = "bilevel pale"
"""Pencil about as dark as the threshold of a 1-bit scanner: much of it is not in the picture any more."""

HEAD = "kind           marks not empty misread uncertain refused stray texts wrong    worst fit"
"""Columns of the table."""


@dataclass
class Tally:
    """Counts over pages."""

    marks: Counter[tuple[str, str]] = field(default_factory=Counter)
    refused: Counter[str] = field(default_factory=Counter)
    misread: list[str] = field(default_factory=list)
    unsure: list[str] = field(default_factory=list)
    stray: list[str] = field(default_factory=list)
    texts: Counter[tuple[bool, bool]] = field(default_factory=Counter)
    worst_mm: float = 0.0

    def add(self, other: Tally) -> None:
        """Take in other counts."""
        self.marks += other.marks
        self.refused += other.refused
        self.misread += other.misread
        self.unsure += other.unsure
        self.stray += other.stray
        self.texts += other.texts
        self.worst_mm = max(self.worst_mm, other.worst_mm)


@cache
def paper() -> tuple[list[Page], Layout]:
    """Return the pages of one printed sheet."""
    data, layout = simulator_sheets.sheets()
    return simulator.printed(data, layout)[0], layout


def varied(scanner: Scanner, rng: np.random.Generator) -> Scanner:
    """Return a scanner of a kind as it comes across a page: skew, shift, turn, print scale, sharpness."""
    fields = {
        "skew_deg": float(rng.uniform(-5, 5)) if rng.random() < 0.5 else float(rng.normal(0, 0.7)),
        "quarter_turns": int(rng.integers(4)),
        "stretch": float(rng.uniform(0.995, 1.015)),
        "x": float(rng.normal(0, 1.0)),
        "y": float(rng.normal(0, 1.0)),
        "blur": float(rng.uniform(0.03, 0.09)),
        "noise": float(rng.uniform(1.5, 5)),
        "white": int(rng.integers(228, 254)),
        "black": int(rng.integers(15, 50)),
        "quality": int(rng.integers(55, 92)),
        "threshold": scanner.threshold if scanner.threshold > 0.46 else float(rng.uniform(0.25, 0.4)),
        "printer": Printer(float(rng.uniform(0.96, 1.01)), float(rng.normal(0, 0.7)), float(rng.normal(0, 0.7)), 0.95),
    }
    return Scanner(**{n: getattr(scanner, n) for n in ("dpi", "mode")} | fields)  # type: ignore[arg-type]


def hand(kind: str, rng: np.random.Generator) -> Hand:
    """Return somebody who writes."""
    pen = simulator.PENCIL if kind == PALE else simulator.PENS[int(rng.integers(len(simulator.PENS)))]
    return Hand(pen, float(rng.uniform(0.1, 0.4)), float(rng.uniform(0.02, 0.08)), float(rng.uniform(0.85, 1.15)))


def page_image(pixels: simulator.Pixels, scanner: Scanner) -> PageImage:
    """Return the page image that a scanner's picture becomes."""
    if scanner.mode == "bilevel":
        made = images.decode(as_png(pixels))
    else:
        made = images.decode(Picture(simulator.encode_jpeg(pixels, scanner), "image/jpeg"))
    assert isinstance(made, PageImage)
    return made


def one(kind: str, seed: int) -> Tally:
    """Fill in, scan and read one sheet."""
    rng = np.random.default_rng([seed, sum(kind.encode())])
    pages, layout = paper()
    tally = Tally()
    actions = simulator_sheets.answers(rng)
    writer = hand(kind, rng)
    scanner = varied(KINDS[kind], rng)
    truth = simulator.truth(layout, actions)
    styles = {(a.question, a.option): a.style for a in actions if isinstance(a, Cross)}
    written = {(a.question, a.option) for a in actions if isinstance(a, simulator.Write)}
    for page in pages:
        pixels = simulator.scan(simulator.fill_in(page, actions, writer, rng), scanner, rng)
        outcome = examine(page_image(pixels, scanner), {layout.id: layout}, POLICY).outcome
        where = f"{kind} seed {seed} page {page.number} pen {writer.pen.width} {writer.pen.dark}"
        if not isinstance(outcome, PageReading):
            tally.refused[outcome.code] += 1
            print(where, outcome, scanner, file=sys.stderr)
            continue
        tally.worst_mm = max(tally.worst_mm, outcome.quality.residual_mm)
        for mark in outcome.marks:
            true = truth[mark.question, mark.option]
            tally.marks[true, mark.state] += 1
            if mark.state is not true:
                style = styles.get((mark.question, mark.option), "empty")
                told = tally.unsure if mark.state is Mark.UNCERTAIN else tally.misread
                told.append(f"{where}: {mark.question}.{mark.option} {style} {true}->{mark.state} {mark.p}")
        tally.stray += [f"{where}: {s.question}.{s.option}" for s in outcome.stray_ink]
        for text in outcome.texts:
            tally.texts[(text.question, text.option) in written, text.ink] += 1
    return tally


def main() -> None:
    """Print a table."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--sheets", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--kind", action="append", choices=list(KINDS))
    parser.add_argument("--verbose", action="store_true")
    parser.add_argument("--jobs", type=int, default=1)
    given = parser.parse_args()
    total = Tally()
    print(HEAD)
    with ProcessPoolExecutor(given.jobs) as pool:
        for kind in given.kind or KINDS:
            tally = Tally()
            for part in pool.map(
                one, [kind] * given.sheets, range(given.seed * 10**6, given.seed * 10**6 + given.sheets), chunksize=4
            ):
                tally.add(part)
            row(kind, tally)
            total.add(tally)
            print("\n".join(tally.misread), end="\n" if tally.misread else "", flush=True)
            if given.verbose:
                print("\n".join((tally.unsure + tally.stray)[:40]), flush=True)
    row("all", total)


def row(name: str, tally: Tally) -> None:
    """Print one row."""
    marks = tally.marks
    every = sum(marks.values())
    marked = sum(n for (true, _), n in marks.items() if true is not Mark.EMPTY)
    unsure = sum(n for (_, state), n in marks.items() if state is Mark.UNCERTAIN)
    misread = sum(n for (true, state), n in marks.items() if state not in (true, Mark.UNCERTAIN))
    texts = sum(n for (written, ink), n in tally.texts.items() if written is not ink)
    share = f"{100 * unsure / max(1, every):.3f} %"
    figures = f"{name:12} {every:7} {marked:9} {misread:7} {share:>9} {sum(tally.refused.values()):7}"
    print(f"{figures} {len(tally.stray):5} {texts:11} {tally.worst_mm:9.2f} mm", flush=True)


if __name__ == "__main__":
    main()
