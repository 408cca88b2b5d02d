"""What makes a probability of a score: numbers that are fitted to what is simulated, and written here by the fit.

Of marks, by `tests/fit_marks.py`: a score is what `interpret.chances` says, as log-odds; boxes about which there is a
doubt have numbers of their own. Of what text fields may say, by `tests/fit_suggestions.py`: steps of what Tesseract
says, since a number of which it is nearly sure is wrong as often as not.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from forms.layout import Reads

Floats = NDArray[np.float64]

Shares = tuple[float, float, float]

MOST_ODDS = 12.0
"""Log-odds beyond which a score says no more."""


@dataclass(frozen=True, slots=True)
class Line:
    """Calibrated log-odds are `slope` × score + `offset`."""

    slope: float
    offset: float

    def odds(self, score: Floats) -> Floats:
        """Return probabilities of scores (log-odds)."""
        return np.asarray(1 / (1 + np.exp(-(self.slope * score + self.offset))), np.float64)


@dataclass(frozen=True, slots=True)
class Calibration:
    """Scores → probabilities.

    Attributes:
        name: Of the fit.
        marks: Number of simulated marks it rests on.
        marked: Whether anything was meant for the box: without a doubt, with one.
        filled: Whether what was meant is a fill: without a doubt, with one.
        most: What is claimed at most for empty, crossed and filled: without a doubt 1 − 3/n, n marks read as that
            state; with one, the share of such marks that were.
    """

    name: str
    marks: int
    marked: tuple[Line, Line]
    filled: tuple[Line, Line]
    most: tuple[Shares, Shares]

    def probabilities(self, chances: Floats, doubted: NDArray[np.bool_]) -> Floats:
        """Return calibrated probabilities.

        Args:
            chances: N × 3: empty, crossed, filled.
            doubted: Boxes that a person must look at, N.

        Returns:
            N × 3, each row adding up to 1.
        """
        marked, filled = scores(chances)
        is_marked = np.where(doubted, self.marked[1].odds(marked), self.marked[0].odds(marked))
        is_filled = np.where(doubted, self.filled[1].odds(filled), self.filled[0].odds(filled))
        p = np.column_stack([1 - is_marked, is_marked * (1 - is_filled), is_marked * is_filled])
        best = p.argmax(1)
        rows = np.arange(len(p))
        over = np.maximum(p[rows, best] - np.array(self.most)[doubted.astype(np.intp), best], 0.0)
        # What is not claimed for the likeliest state is shared by the other two.
        p += over[:, None] / 2
        p[rows, best] -= 1.5 * over
        return np.asarray(p, np.float64)


def scores(chances: Floats) -> tuple[Floats, Floats]:
    """Return log-odds of marked against empty and of filled against crossed, N each, for N × 3 chances."""
    least = np.exp(-MOST_ODDS)
    empty, crossed, filled = np.maximum(chances, 0).T
    marked = np.log((crossed + filled + least) / (empty + least))
    return np.asarray(marked, np.float64), np.asarray(np.log((filled + least) / (crossed + least)), np.float64)


CALIBRATION = Calibration(
    name="c4",
    marks=246046,
    marked=(Line(0.7106, -0.1868), Line(0.1157, 0.1455)),
    filled=(Line(0.6397, -0.2608), Line(0.3591, -0.2109)),
    most=((0.999984, 0.999946, 0.998886), (0.765, 0.688871, 0.75)),
)
"""The calibration in use."""


@dataclass(frozen=True, slots=True)
class Step:
    """Guesses that are about as sure.

    Attributes:
        least: What Tesseract says of them at least, 0 to 1; of a place times its likeness with the name.
        guesses: How many were simulated.
        right: How many of them were right.
    """

    least: float
    guesses: int
    right: int

    @property
    def likely(self) -> float:
        """How likely one of them is right: at most 1 − 3/n, which is what n of them support."""
        return max(min(self.right, self.guesses - 3), 0) / self.guesses


@dataclass(frozen=True, slots=True)
class TextCalibration:
    """What Tesseract says of a text → how likely that is right.

    Attributes:
        name: Of the fit.
        steps: By what fields hold, the first from 0 on; later ones are likelier right.
    """

    name: str
    steps: Mapping[Reads, tuple[Step, ...]]

    def probability(self, reads: Reads, confidence: float) -> float:
        """Return how likely a guess is right, in whole hundredths, rounded down.

        Args:
            reads: What the field holds.
            confidence: What Tesseract says, 0 to 1; of a place times its likeness with the name.
        """
        step = max((s for s in self.steps[reads] if s.least <= max(confidence, 0.0)), key=lambda s: s.least)
        return math.floor(100 * step.likely) / 100


TEXTS = TextCalibration(
    name="s1",
    steps={
        Reads.FREE: (
            Step(0.0, 61, 14),
            Step(0.47, 60, 15),
            Step(0.8, 61, 24),
            Step(0.91, 220, 199),
            Step(0.96, 220, 218),
        ),
        Reads.DIGITS: (Step(0.0, 61, 41), Step(0.89, 120, 117), Step(0.96, 252, 252)),
        Reads.PLACE: (Step(0.0, 60, 60), Step(0.779, 139, 139), Step(0.96, 185, 185)),
    },
)
"""The calibration of text fields in use."""
