"""Fits how likely suggestions at text fields are right, and writes `omr/calibration.py`. Run by hand, not by pytest.

    python tests/fit_suggestions.py --pages 600

Texts, numbers and places are typed in several fonts, or written sign by sign as neat hands do, and scanned in several
ways. It fits on half of the pages and prints how well that holds on the other half: a reliability table, and of which
fields a suggestion is shown and how many of those shown are wrong. Tesseract has to be there, and for the numbers that
are kept the fonts named here.
"""

from __future__ import annotations

import argparse
import math
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from pathlib import Path

import cv2
import numpy as np
import simulator
import simulator_clean
import simulator_sheets
from PIL import Image, ImageDraw, ImageFont
from simulator import Hand, Pen, Scanner
from simulator_pen import DPI

import forms
import omr.calibration
from forms import places
from forms.layout import Field, FieldKind, Reads
from omr.calibration import Step, TextCalibration
from omr.handwriting import Crop, guesses
from omr.policy import POLICY
from omr.reader import examine

FONTS = (
    "DejaVuSans.ttf",
    "DejaVuSerif.ttf",
    "DejaVuSansMono.ttf",
    "LiberationSans-Regular.ttf",
    "LiberationSerif-Regular.ttf",
    "LiberationMono-Regular.ttf",
    "LiberationSans-Italic.ttf",
)
"""What is typed or printed in, besides the sheets' own font."""

HANDS = (
    cv2.FONT_HERSHEY_SIMPLEX,
    cv2.FONT_HERSHEY_DUPLEX,
    cv2.FONT_HERSHEY_COMPLEX_SMALL,
    cv2.FONT_HERSHEY_SCRIPT_SIMPLEX,
)
"""Shapes of the signs that neat hands draw one by one; the last is the one that hangs together most."""

TYPED = 0.5
"""Share of fields that are typed."""

SENTENCES = (
    "det var ett bra möte men ingen frågade mig vad jag ville",
    "jag fick inget papper efteråt",
    "min syster var med och alla lyssnade på läkaren",
    "vi satt länge och väntade på ny tid i mars",
    "tack för hjälpen",
    "kontakten bytte jobb och planen följdes inte",
)
"""What stories are made of."""

LEAST_GUESSES = 60
"""In a step."""

BINS = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98, 1.0)
"""Edges of the table's classes of what is claimed."""

DATA, LAYOUT = simulator_sheets.sheets()
PAGES = simulator.printed(DATA, LAYOUT)[0]


@dataclass(frozen=True, slots=True)
class Tried:
    """One text field that was read.

    Attributes:
        reads: What it holds.
        typed: Whether it was typed.
        confidence: What Tesseract said; None where it made no guess.
        right: Whether the guess is what was written.
    """

    reads: Reads
    typed: bool
    confidence: float | None
    right: bool


def collect(numbers: Iterable[int]) -> list[Tried]:
    """Fill in pages, scan and read them.

    Args:
        numbers: Seeds, one a page.
    """
    crops: list[Crop] = []
    wanted: list[tuple[Reads, bool, str]] = []
    for number in numbers:
        rng = np.random.default_rng([41, number])
        page = next(p for p in PAGES if any(f.question == "number" for f in p.layout.on_page(p.number, FieldKind.TEXT)))
        pixels, written = page.printed.copy(), {}
        for field in page.layout.on_page(page.number, FieldKind.TEXT):
            typed, text = bool(rng.random() < TYPED), _text(field, rng)
            (_type if typed else _draw)(pixels, field, text, rng)
            written[field.question, field.option] = (field.reads or Reads.FREE, typed, text)
        scanner = _scanner(rng)
        filled = simulator.fill_in(replace(page, printed=pixels), [], Hand(Pen(0.5, 0.9)), rng)
        image = simulator_clean.page_image(simulator.scan(filled, scanner, rng), scanner)
        examined = examine(image, {LAYOUT.id: LAYOUT}, POLICY)
        for n, crop in examined.crops.items():
            told = examined.outcome.texts[n]
            crops.append(crop)
            wanted.append(written[told.question, told.option])
    found = guesses(crops)
    return [
        Tried(reads, typed, None if guess is None else guess.confidence, guess is not None and guess.text == text)
        for (reads, typed, text), guess in zip(wanted, found, strict=True)
    ]


def _text(field: Field, rng: np.random.Generator) -> str:
    if field.reads is Reads.DIGITS:
        return str(int(rng.integers(0, 10 ** int(rng.integers(1, 5)))))
    if field.reads is Reads.PLACE:
        names = list(dict.fromkeys(p.name for found in places.lists().values() for p in found))
        return str(rng.choice(names))
    words = [str(w) for w in rng.choice(" ".join(SENTENCES).split(), int(rng.integers(1, 5)))]
    return " ".join(words).capitalize()


@cache
def _fonts() -> tuple[str, ...]:
    """Return the fonts that are there; numbers that are kept were fitted with all of them."""
    here = [str(Path(forms.__file__).parent / "fonts" / "AtkinsonHyperlegible-Regular.ttf")]
    for name in FONTS:
        try:
            ImageFont.truetype(name, 10)
        except OSError:
            continue
        here.append(name)
    return tuple(here)


def _type(pixels: simulator.Pixels, field: Field, text: str, rng: np.random.Generator) -> None:
    """Type a text: some typewriters are pale, some letters small."""
    font = ImageFont.truetype(str(rng.choice(_fonts())), round(rng.uniform(3.2, 5.2) * DPI / 25.4))
    left, top = (round(v * DPI / 25.4) for v in (field.x + rng.uniform(2, 4), field.y + rng.uniform(1.0, 2.5)))
    image = Image.fromarray(pixels)
    ImageDraw.Draw(image).text((left, top), text, fill=int(rng.integers(15, 130)), font=font)
    pixels[:] = np.asarray(image)


def _draw(pixels: simulator.Pixels, field: Field, text: str, rng: np.random.Generator) -> None:
    """Write a text sign by sign, each a little larger, higher or more aslant than the last; å, ä and ö get dots."""
    shape, gray, wide = int(rng.choice(HANDS)), int(rng.integers(20, 140)), int(rng.integers(5, 12))
    size, shake = rng.uniform(1.7, 2.8), rng.uniform(0.0, 0.12)
    x, foot = (v * DPI / 25.4 for v in (field.x + rng.uniform(2, 4), field.y + rng.uniform(6.0, 7.5)))
    for sign in text:
        plain = {"å": "a", "ä": "a", "ö": "o", "Å": "A", "Ä": "A", "Ö": "O"}.get(sign, sign)
        scale = size * rng.normal(1, shake / 2)
        (width, high), _ = cv2.getTextSize(plain, shape, scale, wide)
        cell = np.zeros((3 * high + 60, 2 * width + 120), np.uint8)
        cv2.putText(cell, plain, (60, 2 * high), shape, scale, 255, wide, cv2.LINE_AA)
        if plain != sign:
            dots = [width // 2] if sign in "åÅ" else [width // 3, 2 * width // 3]
            over = 2 * high - round((0.95 if sign.islower() else 1.3) * high)
            for at in dots:
                cv2.circle(cell, (60 + at, over), round(0.7 * wide), 255, -1, cv2.LINE_AA)
        lean = np.array([[1, -rng.normal(0.08, shake), 2 * high * 0.08], [0, 1, rng.normal(0, 30 * shake)]])
        cell = cv2.warpAffine(cell, lean, cell.shape[::-1])
        left, top = round(x) - 60, round(foot) - 2 * high
        part = pixels[top : top + cell.shape[0], left : left + cell.shape[1]]
        ink = cell[: part.shape[0], : part.shape[1]].astype(np.float32) / 255
        part[:] = np.clip(part - ink * np.maximum(part.astype(np.float32) - gray, 0), 0, 255).astype(np.uint8)
        x += width * rng.normal(1.12, shake) if sign != " " else 40


def _scanner(rng: np.random.Generator) -> Scanner:
    mode = str(rng.choice(["gray", "gray", "colour", "bilevel"]))
    return Scanner(
        dpi=int(rng.choice([200, 300] if mode == "bilevel" else [150, 200, 300])),
        mode=mode,
        skew_deg=float(rng.uniform(-2.5, 2.5)),
        blur=float(rng.uniform(0.04, 0.12)),
        noise=float(rng.uniform(1, 6)),
        white=int(rng.integers(205, 252)),
        black=int(rng.integers(15, 50)),
        quality=int(rng.integers(35, 92)),
    )


def fit(tried: Iterable[Tried]) -> TextCalibration:
    """Fit a calibration: as many steps as there are, each more often right than those before."""
    every = [t for t in tried if t.confidence is not None]
    return TextCalibration("s1", {r: _steps([t for t in every if t.reads is r]) for r in Reads})


def _steps(guesses: list[Tried]) -> tuple[Step, ...]:
    """Part guesses into steps; neighbours of which the surer is no likelier right are made one."""
    ordered = sorted((t.confidence or 0.0, t.right) for t in guesses)
    steps: list[Step] = []
    first = 0
    for at in range(1, len(ordered) + 1):
        # Guesses that are equally sure go together, and so do the last few.
        alike = at < len(ordered) and ordered[at][0] == ordered[at - 1][0]
        if alike or at - first < LEAST_GUESSES or 0 < len(ordered) - at < LEAST_GUESSES:
            continue
        part = ordered[first:at]
        least = 0.0 if first == 0 else math.ceil(1000 * part[0][0]) / 1000
        steps.append(Step(least, len(part), sum(right for _, right in part)))
        while len(steps) > 1 and steps[-2].likely >= steps[-1].likely:
            last, before = steps.pop(), steps.pop()
            steps.append(Step(before.least, before.guesses + last.guesses, before.right + last.right))
        first = at
    return tuple(steps)


def reliability(tried: Iterable[Tried], calibration: TextCalibration) -> str:
    """Return two Markdown tables: what is claimed and how often it is right; and what is shown of which fields."""
    every = list(tried)
    claims = [(calibration.probability(t.reads, t.confidence), t) for t in every if t.confidence is not None]
    rows = ["| holds | claimed | guesses | mean claimed | right |", "| --- | --- | ---: | ---: | ---: |"]
    for reads in Reads:
        for low, high in pairwise(BINS):
            some = [(p, t.right) for p, t in claims if t.reads is reads and low <= p and (p < high or high == 1.0)]
            if some:
                p, right = np.array(some, np.float64).mean(0)
                rows.append(f"| {reads} | {low} to {high} | {len(some)} | {p:.3f} | {right:.3f} |")
    rows += ["", "| holds | how | fields | shown | of these wrong |", "| --- | --- | ---: | ---: | ---: |"]
    for reads in Reads:
        for typed, how in ((True, "typed"), (False, "by hand")):
            some = [t for t in every if t.reads is reads and t.typed is typed]
            shown = [t for p, t in claims if p >= POLICY.suggest and t.reads is reads and t.typed is typed]
            wrong = sum(not t.right for t in shown)
            rows.append(f"| {reads} | {how} | {len(some)} | {len(shown)} | {wrong} |")
    return "\n".join(rows)


def write(calibration: TextCalibration) -> None:
    """Put the numbers into `omr/calibration.py`."""
    path = Path(omr.calibration.__file__)
    rows = "".join(f"        Reads.{reads.name}: {steps!r},\n" for reads, steps in calibration.steps.items())
    rows = re.sub(r"least=|guesses=|right=", "", rows)
    numbers = f'TEXTS = TextCalibration(\n    name="{calibration.name}",\n    steps={{\n{rows}    }},\n)\n'
    text = re.sub(r"TEXTS = TextCalibration\(\n.*?\n\)\n", lambda _: numbers, path.read_text("utf-8"), flags=re.S)
    path.write_text(text, encoding="utf-8")


def main() -> None:
    """Fit, write, check."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=int, default=600)
    given = parser.parse_args()
    middle = given.pages // 2
    calibration = fit(collect(range(middle)))
    write(calibration)
    print(reliability(collect(range(middle, given.pages)), calibration))


if __name__ == "__main__":
    main()
