"""What no hand put on paper: lines from edge to edge and rings of cups; and that what a hand draws stays."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from omr.spills import spilled

Points = NDArray[np.float64]

RNG = np.random.default_rng(5)


def line(length_mm: float, wobble_mm: float, *, slant: float = 0.01, down: bool = True, at: float = 90.0) -> Points:
    """Return points of a line from 40 mm on, with gaps where print hides it."""
    along = np.arange(40.0, 40.0 + length_mm, 0.17)
    along = along[(along % 8) > 2.5]
    across = at + slant * (along - 150) + wobble_mm * np.sin(along / 9.0)
    points = np.column_stack([across, along] if down else [along, across])
    return np.concatenate([points, points + np.array([0.17, 0.0])])


def ring(radius_mm: float, sides: float = 1.0, arc_deg: float = 250.0) -> Points:
    """Return points of a ring of two edges; `sides` makes it an oval."""
    turn = np.radians(np.arange(0, arc_deg, 0.3))
    edges = [np.column_stack([np.cos(turn) * (radius_mm + d) * sides, np.sin(turn) * (radius_mm + d)]) for d in (-1, 1)]
    noise = RNG.normal(0, 0.15, (2 * len(turn), 2))
    return np.asarray(np.concatenate(edges) + np.array([100, 150]) + noise, np.float64)


def share(points: Points, *, pale: bool = True) -> float:
    """Return the share of points that count as spilled."""
    return float(spilled(points, np.full(len(points), pale)).mean())


@pytest.mark.parametrize("slant", [-0.03, 0.0, 0.02])
def test_a_line_down_the_whole_page_is_the_printer_s(slant: float) -> None:
    assert share(line(235, 0.1, slant=slant)) > 0.97
    assert share(line(235, 0.1, slant=slant), pale=False) > 0.97


@pytest.mark.parametrize(
    "points",
    [line(120, 0.0), line(235, 2.5), line(150, 0.0, down=False), line(170, 0.3)],
    ids=["through a column of boxes", "by hand", "under a question", "long by hand"],
)
def test_what_a_hand_may_draw_stays(points: Points) -> None:
    assert share(points) == 0


def test_a_column_of_writing_is_no_line() -> None:
    block = np.column_stack([RNG.uniform(60, 75, 20_000), RNG.uniform(40, 260, 20_000)])
    assert share(block, pale=False) == 0


def test_a_pale_ring_of_a_cup_is_spilled_and_a_dark_one_is_not() -> None:
    assert share(ring(38)) > 0.97
    assert share(ring(38), pale=False) == 0


@pytest.mark.parametrize("points", [ring(12), ring(12, sides=4), ring(38, arc_deg=60)], ids=["small", "oval", "arc"])
def test_a_circle_around_an_answer_is_no_ring(points: Points) -> None:
    assert share(points) == 0


def test_writing_beside_a_ring_stays_and_the_same_points_tell_the_same() -> None:
    writing = RNG.uniform([20, 20], [50, 30], (600, 2))
    points = np.concatenate([ring(40), writing])
    pale = np.ones(len(points), np.bool_)
    found = spilled(points, pale)
    assert not found[-600:].any()
    assert np.array_equal(found, spilled(points, pale))


def test_nothing_is_nothing() -> None:
    assert spilled(np.zeros((0, 2)), np.zeros(0, np.bool_)).size == 0
