"""Other looks at a part of an image in which something was not found, with what may hide it taken away.

Dirt on a feeder's glass draws dark lines along the feed and a printer's worn drum leaves light ones: both are thinner
than what is looked for, and straight. 1-bit scanners add specks, and pale toner leaves gaps.
"""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from omr.pictures import Gray

LINES_MM = (0.55, 0.8)
"""Widest line that is taken out; a marker's modules are 1 mm."""


def other_looks(gray: Gray, px_per_mm: float) -> Iterator[Gray]:
    """Yield a part of an image anew, the likeliest look first.

    Args:
        gray: The part.
        px_per_mm: Its pixels a mm.
    """
    for line_mm in LINES_MM:
        size = max(3, round(line_mm * px_per_mm))
        for kernel in (np.ones((1, size), np.uint8), np.ones((size, 1), np.uint8)):
            without_dark = cv2.morphologyEx(gray, cv2.MORPH_CLOSE, kernel)
            yield np.asarray(without_dark, np.uint8)
            yield np.asarray(cv2.morphologyEx(gray, cv2.MORPH_OPEN, kernel), np.uint8)
            yield np.asarray(cv2.morphologyEx(without_dark, cv2.MORPH_OPEN, kernel), np.uint8)
    yield np.asarray(cv2.medianBlur(gray, 5), np.uint8)


def is_bare(gray: Gray) -> bool:
    """Tell whether there is too little dark in a part of an image for a marker: it has 8 × 8 mm, half of it black."""
    some = gray[::4, ::4]
    white = float(np.percentile(some, 80)) if some.size else 255.0
    return int(np.count_nonzero(some < DARK * white)) < LEAST_DARK


DARK = 0.85
"""Gray value, in that of the paper, under which something may be part of a marker in the palest toner."""

LEAST_DARK = 12
"""Dark pixels, of every fourth in both directions; a marker has thirty at 100 dpi."""
