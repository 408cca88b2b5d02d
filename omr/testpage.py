"""A scanned printer test page → what the printer and the scanner do to a page.

The markers say where the page lies, as on any sheet; how large it is follows from the resolution that the scanner
worked at. Nothing here knows a survey: the test page is the same everywhere.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from forms.answers import Mark
from forms.layout import Rectangle
from forms.markers import TEST_PAGE_FIRST
from forms.testpage import EDGE_LINE_MM, PATCH_MM, SAMPLES, edge_lines, layout
from omr.images import PageImage
from omr.interpret import states
from omr.markers import Found, black_level
from omr.measure import measure
from omr.outlines import place_boxes
from omr.policy import Policy
from omr.printtest import EDGES, PrintTest
from omr.readings import Refusal, RefusalCode
from omr.register import Floats, Floats32, Laid, Registration, register
from omr.samples import sample

TEST_IDS = range(TEST_PAGE_FIRST, TEST_PAGE_FIRST + 4)
"""Ids of a test page's markers."""

SCANNERS_DPI = (100, 150, 200, 240, 250, 300, 400, 600, 1200)
"""Resolutions that scanners work at."""

NEAR = 0.12
"""A print may be off by so much; a picture whose own resolution is further from what is measured doesn't know it."""

STEP_MM = 0.1
"""Distance of two samples."""

SEEN = 0.25
"""How much darker than the paper at both its sides a line must be, as a part of solid print."""

EVEN = 0.7
"""Least darkness of each row and column of the black field, as a part of its own middle."""


def is_test_page(found: Sequence[Found]) -> bool:
    """Tell whether the markers found are those of a test page."""
    tests = sum(f.id in TEST_IDS for f in found)
    return tests > len(found) - tests


def test_page_refusal(image: PageImage, found: Sequence[Found], policy: Policy) -> Refusal:
    """Measure a test page; it is refused like any page that is no answer, and tells what was found.

    Args:
        image: The page image.
        found: Its markers.
        policy: Thresholds of the reading.
    """
    tests = [f for f in found if f.id in TEST_IDS]
    page = register(tests, layout().markers, policy.worst_fit_mm)
    if page is None:
        return Refusal(RefusalCode.TEST_PAGE, sha256=image.sha256, test=PrintTest(min(len(tests), 2)))
    return Refusal(RefusalCode.TEST_PAGE, sha256=image.sha256, test=measured(image, tests, page, policy))


def measured(image: PageImage, found: Sequence[Found], page: Registration, policy: Policy) -> PrintTest:
    """Measure a test page whose place in the image is known."""
    laid = Laid(image.gray, page, black_level(image.gray, found))
    white = float(np.percentile(image.gray[::4, ::4], 60))
    across, down = (float(np.hypot(*step)) / 100 * image.shrink for step in _hundred_mm(page))
    nominal = _nominal_dpi(image, page, 25.4 * (across + down) / 2)
    marks = _boxes(laid, policy)
    two_tone = bool(np.isin(image.gray[::3, ::3], (0, 255)).mean() > 0.98) and image.shrink == 1
    return PrintTest(
        corners=len(found),
        across_percent=None if nominal is None else 2540 * across / nominal,
        down_percent=None if nominal is None else 2540 * down / nominal,
        skew_deg=(page.rotation_deg + 45) % 90 - 45,
        dpi=25.4 * (across + down) / 2,
        black=None if two_tone else max(0.0, 1 - laid.black / max(white, 1.0)),
        even=_even(laid, white),
        reach_mm=_reach(laid, white),
        samples=marks[: len(SAMPLES)],
        pen=marks[len(SAMPLES) :],
    )


def _hundred_mm(page: Registration) -> tuple[Floats, Floats]:
    """Return what 100 mm across and down the middle of the page are in the image."""
    left, right, top, bottom = page.to_px(np.array([[55.0, 148.5], [155.0, 148.5], [105.0, 98.5], [105.0, 198.5]]))
    return right - left, bottom - top


def _nominal_dpi(image: PageImage, page: Registration, measured_dpi: float) -> float | None:
    """Return what the scanner worked at; None where nobody can know, as for a photo."""
    flat = np.abs(page.matrix[2, :2]).max() * 300 < 0.01 * abs(page.matrix[2, 2])
    known = [dpi for dpi in SCANNERS_DPI if image.dpi is not None and abs(image.dpi - dpi) < 1.0]
    if image.dpi is None:
        known = [dpi for dpi in SCANNERS_DPI if _is_a4(image.size_px, dpi)]
    near = [dpi for dpi in known if abs(measured_dpi / dpi - 1) < NEAR]
    return float(min(near, key=lambda dpi: abs(measured_dpi - dpi))) if near and flat else None


def _is_a4(size_px: tuple[int, int], dpi: int) -> bool:
    short, long = sorted(size_px)
    return abs(short / dpi * 25.4 - 210) < 8 and abs(long / dpi * 25.4 - 297) < 12


def _boxes(laid: Laid, policy: Policy) -> tuple[Mark, ...]:
    """Read the boxes as on a sheet, in the order of the layout: `SAMPLES`, `PEN`."""
    boxes = np.array([[f.x, f.y, f.w, f.h] for f in layout().fields], np.float64)
    places = place_boxes(laid, boxes)
    judged = states(measure(laid, places.boxes(boxes)), places, policy)
    return tuple(state for state, _ in judged)


def _even(laid: Laid, white: float) -> bool:
    """Tell whether the black field is even: no pale row or column, few pale spots."""
    x, y, w, h = PATCH_MM
    inset = 0.6
    shape = round((h - 2 * inset) / STEP_MM), round((w - 2 * inset) / STEP_MM)
    patch = sample(laid, np.array([[x + inset, y + inset]]), shape, STEP_MM)[0]
    dark = _darkness(patch, laid, white)
    middle = float(np.median(dark))
    if middle <= 0:
        return False
    least = min(float(dark.mean(0).min()), float(dark.mean(1).min()))
    return least >= EVEN * middle and float(np.mean(dark < 0.5 * middle)) < 0.02


def _darkness(gray: Floats32, laid: Laid, white: float) -> Floats32:
    return np.asarray(np.clip((white - gray) / max(white - laid.black, 30.0), 0, 1.2), np.float32)


def _reach(laid: Laid, white: float) -> tuple[int | None, ...]:
    """Return for each edge the least distance at which its line is seen, with all lines further in."""
    seen: dict[int, list[tuple[int, bool]]] = {edge: [] for edge in range(len(EDGES))}
    for edge, away, at in edge_lines():
        seen[edge].append((away, _is_seen(laid, white, at)))
    reach: list[int | None] = []
    for edge in range(len(EDGES)):
        least = None
        for away, visible in sorted(seen[edge], reverse=True):
            if not visible:
                break
            least = away
        reach.append(least)
    return tuple(reach)


def _is_seen(laid: Laid, white: float, at: Rectangle) -> bool:
    """Tell whether a short line stands on the page, clearly darker than what lies at both its sides."""
    upright = at.h > at.w
    half, along = 1.4, EDGE_LINE_MM[0] - 2.0
    cx, cy = at.x + at.w / 2, at.y + at.h / 2
    w, h = (2 * half, along) if upright else (along, 2 * half)
    height, width = laid.gray.shape
    ends = laid.page.to_px(np.array([[cx - w / 2, cy - h / 2], [cx + w / 2, cy + h / 2], [cx, cy]]))
    if (ends[2] < 0).any() or (ends[2] > (width, height)).any():
        return False
    patch = sample(laid, np.array([[cx - w / 2, cy - h / 2]]), (round(h / STEP_MM), round(w / STEP_MM)), STEP_MM)[0]
    profile = _darkness(patch, laid, white).mean(0 if upright else 1)
    off = (np.arange(len(profile)) + 0.5) * STEP_MM - half
    line = float(profile[np.abs(off) <= 0.5].max())
    beside = max(float(profile[off < -0.9].mean()), float(profile[off > 0.9].mean()))
    return line - beside > SEEN
