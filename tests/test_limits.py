"""Limits of darkness: told at single pixels they are those that are told for a whole page."""

from __future__ import annotations

import numpy as np
import pytest

from omr import limits
from omr.limits import Limits


@pytest.mark.parametrize("shape", [(1754, 1240), (877, 620), (621, 877), (97, 41)])
@pytest.mark.parametrize("cells", [(29, 20), (20, 29), (14, 10), (3, 2)])
def test_limits_at_pixels_are_those_of_the_page(shape: tuple[int, int], cells: tuple[int, int]) -> None:
    rng = np.random.default_rng(shape[0] + cells[0])
    made = Limits(rng.uniform(90, 255, cells).astype(np.float32), rng.uniform(40, 250, cells).astype(np.float32))
    # All edges, where the outermost cells reach beyond their middles, and places in between.
    y, x = (rng.integers(0, n, 20_000) for n in shape)
    y[:4000:4], y[1:4000:4], x[2:4000:4], x[3:4000:4] = 0, shape[0] - 1, 0, shape[1] - 1
    for told, share in zip(made.at((0.22, 0.5), shape, x, y), (0.22, 0.5), strict=True):
        assert np.array_equal(told, made.spread(share, shape)[y, x])


def test_many_pixels_are_told_as_few_are(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(5)
    made = Limits(rng.uniform(90, 255, (29, 20)).astype(np.float32), np.full((29, 20), 200, np.float32))
    y, x = rng.integers(0, 1754, 500), rng.integers(0, 1240, 500)
    few = made.at((0.5,), (1754, 1240), x, y)
    monkeypatch.setattr(limits, "MOST_POINTS", 10)
    assert np.array_equal(made.at((0.5,), (1754, 1240), x, y), few)
